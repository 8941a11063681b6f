//! `keyway new`: a crate with one operator, that builds, runs and tests itself.
//!
//! The files are those of the folder `skeleton`, with the crate's name, the namespace of its operators, and where
//! Keyway is taken from filled in.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::terminal::{self, HEADING, styled};

/// Arguments of `keyway new`.
#[derive(clap::Args)]
pub(crate) struct New {
    /// The folder to make; its last part is the crate's name
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The crate's name, if it is not that of the folder
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Take Keyway from this checkout of it, not from its repository
    #[arg(long, value_name = "CHECKOUT")]
    path: Option<PathBuf>,
}

/// The files of a new crate.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("../skeleton/Cargo.toml.txt")),
    (".gitignore", "/target\n"),
    ("ops.yaml", include_str!("../skeleton/ops.yaml")),
    ("build.rs", include_str!("../skeleton/build.rs")),
    ("src/lib.rs", include_str!("../skeleton/src/lib.rs")),
    ("src/kernels.rs", include_str!("../skeleton/src/kernels.rs")),
    ("src/main.rs", include_str!("../skeleton/src/main.rs")),
    ("tests/operators.rs", include_str!("../skeleton/tests/operators.rs")),
];

impl New {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        let words = match self.words() {
            Ok(words) => words,
            Err((message, help)) => {
                terminal::error(message);
                terminal::help(help);
                return Ok(Outcome::Badly);
            }
        };
        if let Err(error) = write_files(&self.folder, &words) {
            terminal::error(format_args!("{} cannot be written: {error}", self.folder.display()));
            return Ok(Outcome::Badly);
        }
        for (file, _) in FILES {
            writeln!(out, "{} {}", styled(HEADING, "wrote"), self.folder.join(file).display())?;
        }
        writeln!(out, "\nNext: cd {} && cargo run && cargo test", self.folder.display())?;
        Ok(Outcome::Well)
    }

    /// What is filled in for what, or a mistake with what to do.
    fn words(&self) -> Result<[(&'static str, String); 7], (String, &'static str)> {
        let folder = self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = self.name.as_deref().unwrap_or(folder);
        let namespace = name.replace('-', "_");
        if keyway_schema::parse_name(&format!("{namespace}::scaled_add")).is_err() {
            return Err((
                format!("`{name}` cannot name a crate and the namespace of its operators"),
                "give another with `--name`: letters, digits, `-` and `_`, the first a letter",
            ));
        }
        if self.folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            let message = format!("{} has files in it", self.folder.display());
            return Err((message, "name a folder that is empty or not there yet"));
        }
        let from = |room: &str| match &self.path {
            None => Ok(format!("git = {:?}", env!("CARGO_PKG_REPOSITORY"))),
            Some(checkout) => match checkout.join(room).canonicalize() {
                Ok(folder) if folder.join("Cargo.toml").exists() => Ok(format!("path = {folder:?}")),
                _ => Err((
                    format!(
                        "{} is not a checkout of Keyway: there is no `{room}/Cargo.toml` in it",
                        checkout.display()
                    ),
                    "name the folder that holds `runtime`, `codegen` and `ops`",
                )),
            },
        };
        Ok([
            ("{name}", name.to_owned()),
            ("{crate}", namespace.clone()),
            ("mine", namespace),
            ("{keyway}", from("runtime")?),
            ("{keyway-codegen}", from("codegen")?),
            ("{keyway-ops}", from("ops")?),
            ("{rust}", env!("CARGO_PKG_RUST_VERSION").to_owned()),
        ])
    }
}

fn write_files(folder: &Path, words: &[(&'static str, String)]) -> io::Result<()> {
    for (file, text) in FILES {
        let path = folder.join(file);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let filled = words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value));
        std::fs::write(path, filled)?;
    }
    Ok(())
}
