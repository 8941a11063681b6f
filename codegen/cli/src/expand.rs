//! `keyway expand`: the Rust that is generated, for one operator or for the whole list.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use keyway_codegen::{Build, BuildError, emit};
use keyway_schema::Code;

use crate::show::{find, not_found};
use crate::{File, Outcome, terminal};

/// Arguments of `keyway expand`.
#[derive(clap::Args)]
pub(crate) struct Expand {
    #[command(flatten)]
    file: File,
    /// The operator: NAME or NAME.OVERLOAD
    #[arg(value_name = "OP", required_unless_present = "out")]
    operator: Option<String>,
    /// Write all generated files to this folder, as a build script does
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Expand {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        if let Some(folder) = &self.out {
            return self.write_all(folder, out);
        }
        let Some(list) = self.file.load() else { return Ok(Outcome::Badly) };
        let operator = self.operator.as_deref().unwrap_or_default();
        let found = find(&list, operator);
        if found.is_empty() {
            not_found(&list, operator);
            return Ok(Outcome::Badly);
        }
        for entry in found {
            match emit::emit_operator(entry) {
                Ok(text) => writeln!(out, "{text}")?,
                Err(unsupported) => {
                    let (code, operator) = (Code::ImpossibleType, unsupported.operator);
                    terminal::error(format_args!("[{code}] {operator}: {}", unsupported.reason));
                    return Ok(Outcome::Badly);
                }
            }
        }
        Ok(Outcome::Well)
    }

    fn write_all(&self, folder: &std::path::Path, out: &mut impl Write) -> io::Result<Outcome> {
        let start = Instant::now();
        match Build::new(&self.file.file).out_dir(folder).generate() {
            Ok(()) => {
                let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
                writeln!(out, "written to {} ({milliseconds:.0} ms)", folder.display())?;
                Ok(Outcome::Well)
            }
            Err(BuildError::List(found)) => {
                terminal::mistakes(&found, false);
                Ok(Outcome::Badly)
            }
            Err(error) => {
                terminal::error(error);
                Ok(Outcome::Badly)
            }
        }
    }
}
