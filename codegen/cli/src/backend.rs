//! `keyway backend`: the kernels that a backend has to write.

use std::io::{self, Write};
use std::path::PathBuf;

use keyway_codegen::{Source, backend, emit};
use keyway_schema::Code;
use serde::Serialize;

use crate::{File, Outcome, json, terminal};

/// Arguments of `keyway backend`.
#[derive(clap::Args)]
pub(crate) struct Backend {
    #[command(flatten)]
    file: File,
    /// The file of the backend: its key, and the operators it has kernels for
    #[arg(value_name = "BACKEND")]
    backend: PathBuf,
    /// Print JSON: the key and the operators
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    backend: String,
    supported: Vec<String>,
    autograd: Vec<String>,
}

impl Backend {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let Some(list) = self.file.load() else { return Ok(Outcome::Badly) };
        let found = match Source::read(&self.backend).and_then(|source| backend::read(source, &list)) {
            Ok(found) => found,
            Err(mistakes) => {
                terminal::mistakes(&mistakes, false);
                return Ok(Outcome::Badly);
            }
        };
        if self.json {
            let names = |positions: &[usize]| {
                positions.iter().map(|&position| list.operators[position].name().to_string()).collect()
            };
            let (supported, autograd) = (names(&found.supported), names(&found.autograd));
            return json::write(out, &Report { backend: found.key, supported, autograd })
                .map(|()| Outcome::Well);
        }
        match emit::kernels_of_backend(&list, &found) {
            Ok(text) => write!(out, "{text}").map(|()| Outcome::Well),
            Err(unsupported) => {
                for emit::Unsupported { operator, reason } in unsupported {
                    terminal::error(format_args!("[{}] {operator}: {reason}", Code::ImpossibleType));
                }
                Ok(Outcome::Badly)
            }
        }
    }
}
