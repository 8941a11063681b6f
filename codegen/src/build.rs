//! The face for build scripts: read, check, emit, write.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

use crate::emit::{Base, Options, Unselected, Unsupported};
use crate::select::{Selected, Selection, SelectionError};
use crate::{Diagnostics, OperatorList, Rendering, Source, emit};

/// Generates the typed operators of an operator list, from a build script.
///
/// ```no_run
/// // build.rs, inside `fn main`:
/// keyway_codegen::Build::new("ops.yaml").run();
/// ```
///
/// The crate then takes the operators in with `keyway::include_operators!();`, and into an integration test their
/// generated tests with `keyway::operator_tests!();`.
#[derive(Clone, Debug)]
pub struct Build {
    list: PathBuf,
    out_dir: Option<PathBuf>,
    selection: Selection,
    /// Files that name selected operators.
    selection_files: Vec<PathBuf>,
    unselected: Unselected,
    /// The crate and the list that this one extends.
    base: Option<(String, PathBuf)>,
}

impl Build {
    /// A build from the list at `path`, relative to the package's folder.
    pub fn new(path: impl Into<PathBuf>) -> Build {
        Build {
            list: path.into(),
            out_dir: None,
            selection: Selection::new(),
            selection_files: Vec::new(),
            unselected: Unselected::Kept,
            base: None,
        }
    }

    /// Writes to this folder and not to the build script's `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Build {
        self.out_dir = Some(folder.into());
        self
    }

    /// Extends the list at `path`, which the crate `krate` was generated from. Where a namespace of this list has no
    /// operators that copy and write (`serves`), kernels of derived variants and structured operators use that crate's, which
    /// must be a dependency. An operator that both lists have is an error.
    ///
    /// ```no_run
    /// keyway_codegen::Build::new("mine.yaml").extends("keyway_ops", "../keyway/ops.yaml").run();
    /// ```
    #[must_use]
    pub fn extends(mut self, krate: impl Into<String>, path: impl Into<PathBuf>) -> Build {
        self.base = Some((krate.into(), path.into()));
        self
    }

    /// Builds only the operators that are asked for, and what they need; several calls add up. Others keep their handles, so
    /// that their kernels compile, but the kernels are dropped, and calls say that the operator was not selected.
    ///
    /// ```no_run
    /// use keyway_codegen::Build;
    /// use keyway_codegen::select::Selection;
    ///
    /// Build::new("ops.yaml").select(Selection::new().operators(["add.Tensor", "mm"]).tags(["core"])).run();
    /// ```
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Build {
        self.selection = self.selection.and(selection);
        self
    }

    /// As [`Build::select`], with what a file names: a list, a YAML or a recorded trace, see [`Selection::read`]. The build
    /// script runs again when the file changes.
    #[must_use]
    pub fn select_from(mut self, path: impl Into<PathBuf>) -> Build {
        self.selection_files.push(path.into());
        self
    }

    /// As [`Build::select_from`], with the file that an environment variable names; without it everything is built. So
    /// that who builds a program can choose what of a library is in it.
    #[must_use]
    pub fn select_by_variable(self, variable: &str) -> Build {
        println!("cargo::rerun-if-env-changed={variable}");
        match env::var_os(variable).filter(|path| !path.is_empty()) {
            Some(path) => self.select_from(path),
            None => self,
        }
    }

    /// Generates nothing for operators that are not selected: a smaller crate to build, in which naming one is an error of
    /// the compiler. For lists whose kernels are written elsewhere.
    #[must_use]
    pub fn leave_out_unselected(mut self) -> Build {
        self.unselected = Unselected::LeftOut;
        self
    }

    /// Generates, and on any mistake prints all of them and ends the build script.
    pub fn run(&self) {
        let base = self.base.as_ref().map(|(_, path)| path);
        for path in std::iter::once(&self.list).chain(&self.selection_files).chain(base) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        if let Err(error) = self.generate() {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }

    /// Generates `operators.rs` with the files it takes in, and `operator_tests.rs`. A file whose content is right
    /// already is left alone; files of operators that are gone are removed.
    ///
    /// # Errors
    /// All mistakes in the list and in the selection; schema types nothing can be generated for; no folder to write to, or one that cannot be
    /// written.
    pub fn generate(&self) -> Result<(), BuildError> {
        let list = crate::load(Source::read(&self.list)?)?;
        let folder = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR").map(PathBuf::from).ok_or(BuildError::NoOutDir)?,
        };
        let selected = self.selected(&list)?;
        let base = self
            .base
            .as_ref()
            .map(|(krate, path)| Ok::<_, Diagnostics>((krate, crate::load(Source::read(path)?)?)));
        let base = base.transpose()?;
        let options = Options {
            selected: selected.as_ref(),
            unselected: self.unselected,
            base: base.as_ref().map(|(krate, list)| Base { krate, list }),
        };
        let files = emit::emit_with(&list, &options).map_err(|unsupported| BuildError::Unsupported {
            list: list.source.name().to_owned(),
            unsupported,
        })?;
        let kept: HashSet<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
        remove_others(&folder.join("operators"), &kept)?;
        files.iter().try_for_each(|file| write(&folder.join(&file.path), &file.text))
    }
}

impl Build {
    /// What is selected; nothing if all operators are built.
    fn selected(&self, list: &OperatorList) -> Result<Option<Selected>, SelectionError> {
        let read = |all: Selection, path: &PathBuf| Selection::read(path).map(|one| all.and(one));
        let selection = self.selection_files.iter().try_fold(self.selection.clone(), read)?;
        match selection.is_empty() && self.selection_files.is_empty() {
            true => Ok(None),
            false => selection.apply(list).map(Some),
        }
    }
}

/// Removes what an earlier list left behind.
fn remove_others(folder: &Path, kept: &HashSet<PathBuf>) -> Result<(), BuildError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).map_err(|cause| BuildError::Write { path, cause })?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), BuildError> {
    if fs::read_to_string(path).is_ok_and(|held| held == text) {
        return Ok(());
    }
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text))
        .map_err(|cause| BuildError::Write { path: path.to_owned(), cause })
}

/// Why nothing was generated.
#[derive(Debug)]
pub enum BuildError {
    /// The list has mistakes.
    List(Diagnostics),
    /// The selection means nothing for the list.
    Selection(SelectionError),
    /// Entries that nothing can be generated for yet.
    Unsupported {
        /// The list's name.
        list: String,
        /// The entries.
        unsupported: Vec<Unsupported>,
    },
    /// Neither `OUT_DIR` nor [`Build::out_dir`] says where to write.
    NoOutDir,
    /// A file cannot be written.
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

impl From<Diagnostics> for BuildError {
    fn from(mistakes: Diagnostics) -> BuildError {
        BuildError::List(mistakes)
    }
}

impl From<SelectionError> for BuildError {
    fn from(error: SelectionError) -> BuildError {
        BuildError::Selection(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::List(mistakes) => f.write_str(&mistakes.render(Rendering::Plain)),
            BuildError::Selection(error) => error.fmt(f),
            BuildError::Unsupported { list, unsupported } => {
                for (at, Unsupported { operator, reason }) in unsupported.iter().enumerate() {
                    let end = if at == 0 { "" } else { "\n" };
                    write!(
                        f,
                        "{end}{list}: error[{}]: {operator}: {reason}",
                        keyway_schema::Code::ImpossibleType
                    )?;
                }
                Ok(())
            }
            BuildError::NoOutDir => f.write_str(
                "OUT_DIR is not set: call this from a build script, or say where to write with `out_dir`",
            ),
            BuildError::Write { path, cause } => write!(f, "{} cannot be written: {cause}", path.display()),
        }
    }
}

impl std::error::Error for BuildError {}
