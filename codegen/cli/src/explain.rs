//! `keyway explain`: what an error code means.

use std::io::{self, Write};

use keyway_schema::Code;

use crate::Outcome;

/// Arguments of `keyway explain`.
#[derive(clap::Args)]
pub(crate) struct Explain {
    /// The code, KW0006 for instance; all codes if left out
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let Some(text) = self.code else {
            for code in Code::ALL {
                writeln!(out, "{code}  {}", code.title())?;
            }
            return Ok(Outcome::Well);
        };
        match text.parse::<Code>() {
            Ok(code) => {
                writeln!(
                    out,
                    "{code}: {}\n\n{}\n\nClauses: {}",
                    code.title(),
                    code.explanation(),
                    code.clauses()
                )?;
                Ok(Outcome::Well)
            }
            Err(error) => {
                eprintln!("error: `{text}` is {error}");
                eprintln!("help: `keyway explain` lists all codes");
                Ok(Outcome::Badly)
            }
        }
    }
}
