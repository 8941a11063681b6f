//! Conformance data: what PyTorch 2.15 gives for sets of keys and for dispatch tables.
//!
//! `tests/conformance` holds a part of it, so that a fresh clone has something to run. The environment variable
//! `KEYWAY_CONFORMANCE` names a folder with all of it, in its folder `data`.

pub mod key_sets;
mod random;
pub mod tables;

use std::path::{Path, PathBuf};

pub use random::Random;
use serde_json::Value as Json;

/// The part of a file that this repository holds.
///
/// # Panics
/// If it cannot be read.
pub fn own(file: &str) -> Json {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance").join(file))
}

/// A whole file, or `None`, which is said on the standard output, if nobody named a folder that holds it.
///
/// # Panics
/// If a folder is named and the file cannot be read.
pub fn all(file: &str) -> Option<Json> {
    match std::env::var_os("KEYWAY_CONFORMANCE") {
        Some(folder) => Some(read(&PathBuf::from(folder).join("data").join(file))),
        None => {
            println!("skipped: KEYWAY_CONFORMANCE does not name a folder with data/{file}");
            None
        }
    }
}

fn read(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The texts of an array, none if it is something else.
pub(crate) fn texts(json: &Json) -> Vec<String> {
    let texts = json.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
}

/// The cases of a file.
pub(crate) fn cases(json: &Json) -> &[Json] {
    json["cases"].as_array().map_or(&[], Vec::as_slice)
}
