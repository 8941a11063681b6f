//! `keyway completions`: what a shell needs to complete this command's words.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Arguments, Outcome};

/// Arguments of `keyway completions`.
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "keyway", &mut script);
        out.write_all(&script)?;
        Ok(Outcome::Well)
    }
}
