//! Runs the pytest suite of `python/tests` against the extension that Cargo just built.
//!
//! The package goes into a folder below the target folder, pytest, NumPy and mypy into a virtual environment beside it. Where Python 3.10 or
//! pip is missing the suite does not run, and says so; with `KEYWAY_REQUIRE_PYTHON` set that is a failure.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

/// Why the suite cannot run here.
struct Missing(String);

fn main() -> ExitCode {
    // `cargo test -- --list` and the like are for harnesses.
    if std::env::args().any(|argument| argument == "--list") {
        println!("pytest: test");
        return ExitCode::SUCCESS;
    }
    match environment().and_then(|python| Ok((python, package()?))) {
        Ok((python, site)) => run(&python, &site),
        Err(Missing(why)) => {
            eprintln!("\nSKIPPED: the tests of the Python package did not run: {why}\n");
            match std::env::var_os("KEYWAY_REQUIRE_PYTHON") {
                Some(_) => ExitCode::FAILURE,
                None => ExitCode::SUCCESS,
            }
        }
    }
}

fn run(python: &Path, site: &Path) -> ExitCode {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let status = Command::new(python)
        .args(["-X", "dev", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(tests)
        .env("PYTHONPATH", site)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{} cannot be run: {error}", python.display());
            ExitCode::FAILURE
        }
    }
}

/// The folder of build results that this test lies in: `target/debug`.
fn build_folder() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let folder = own.ancestors().find(|folder| folder.ends_with("deps")).and_then(Path::parent);
    folder.unwrap_or(Path::new(".")).to_owned()
}

fn failed(what: &str, output: &Output) -> Missing {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
    Missing(format!("{what} failed: {last}"))
}

/// The Python of an environment with pytest, NumPy and mypy, made at the first run.
fn environment() -> Result<PathBuf, Missing> {
    let base = ["python3", "python"].into_iter().find(|name| is_new_enough(name));
    let base = base.ok_or_else(|| Missing("there is no Python 3.10 or later on the path".to_owned()))?;
    let folder = build_folder().join("python-environment");
    let binaries = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = folder.join(binaries).join("python");
    if has_packages(&python) {
        return Ok(python);
    }
    let made = Command::new(base).args(["-m", "venv"]).arg(&folder).output();
    match made {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            return Err(failed("making a virtual environment (is python3-venv installed?)", &output));
        }
        Err(error) => return Err(Missing(format!("{base} cannot be run: {error}"))),
    }
    let arguments = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "pytest>=8",
        "numpy>=1.24",
        "mypy>=1.15",
    ];
    match Command::new(&python).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(python),
        Ok(output) => Err(failed("pip install pytest numpy mypy", &output)),
        Err(error) => Err(Missing(format!("pip cannot be run: {error}"))),
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn is_new_enough(python: &str) -> bool {
    succeeds(Command::new(python).args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]))
}

fn has_packages(python: &Path) -> bool {
    succeeds(Command::new(python).args(["-c", "import pytest, numpy, mypy"]))
}

/// A folder with the package as it would be installed: the Python files, and the extension that Cargo built.
fn package() -> Result<PathBuf, Missing> {
    let (build, site) = (build_folder(), build_folder().join("python-site"));
    let package = site.join("keyway");
    let copied = (|| -> std::io::Result<()> {
        let _ = std::fs::remove_dir_all(&package);
        std::fs::create_dir_all(&package)?;
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join("keyway");
        for entry in std::fs::read_dir(sources)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), package.join(entry.file_name()))?;
            }
        }
        let name = format!("{}_keyway{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        let extension =
            [build.join("deps").join(&name), build.join(&name)].into_iter().find(|path| path.exists());
        let extension = extension.ok_or_else(|| std::io::Error::other(format!("{name} was not built")))?;
        let suffix = match (cfg!(windows), cfg!(feature = "abi3")) {
            (true, _) => ".pyd",
            (false, true) => ".abi3.so",
            (false, false) => ".so",
        };
        std::fs::copy(extension, package.join(format!("_keyway{suffix}")))?;
        Ok(())
    })();
    // The sources are there and Cargo built the extension: anything else is a failure to see, not a reason to skip.
    match copied {
        Ok(()) => Ok(site),
        Err(error) => panic!("the package cannot be put together: {error}"),
    }
}
