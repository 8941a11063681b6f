//! Text to span tree: reading the file, YAML, and nothing about operators.
//!
//! The tree comes from the events of `saphyr-parser`, which carry places; `serde_yaml` then reads the same text and must
//! agree with the tree, so that a file means the same to every reader (`agreement`). Refused here: anchors, aliases,
//! merge keys, tags, several documents, a field twice.

mod agreement;
pub(crate) mod tree;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use keyway_schema::Code;

pub(crate) use agreement::disagreement;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::source::Source;

/// The largest list that is read, in bytes. PyTorch's has 0.6 MB.
const LARGEST: usize = 16 * 1024 * 1024;

/// Refuses a text of so many bytes if that is more than any list has.
pub(crate) fn refuse_large(name: &str, bytes: usize) -> Result<(), Diagnostics> {
    match bytes > LARGEST {
        true => Err(Diagnostics::of_file(name, Code::TooLarge, "the file has more than 16 MiB".to_owned())),
        false => Ok(()),
    }
}

impl Source {
    /// Reads a file. Reports call it by the path as given.
    ///
    /// # Errors
    ///
    /// If it cannot be read (KW0201), is not UTF-8 (KW0202), or is larger than any list (KW0210).
    pub fn read(path: impl AsRef<Path>) -> Result<Source, Diagnostics> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        // One byte more than is allowed tells that there is more; a device may never end.
        let read = File::open(path).and_then(|file| file.take(LARGEST as u64 + 1).read_to_end(&mut bytes));
        read.map_err(|e| {
            Diagnostics::of_file(&name, Code::CannotRead, format!("cannot read the file: {e}"))
        })?;
        Source::from_bytes(name, bytes)
    }

    /// A source from bytes.
    ///
    /// # Errors
    ///
    /// If they are not UTF-8 (KW0202), or more than any list has (KW0210).
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Source, Diagnostics> {
        let name = name.into();
        refuse_large(&name, bytes.len())?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text)),
            Err(error) => {
                let bytes = error.as_bytes();
                if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
                    return Err(Diagnostics::of_file(
                        &name,
                        Code::NotUtf8,
                        "the file is UTF-16, not UTF-8".to_owned(),
                    ));
                }
                // The replacement character stands where the first wrong byte does.
                let (at, shown) = (error.utf8_error().valid_up_to(), String::from_utf8_lossy(bytes));
                let report = Diagnostic::new(Code::NotUtf8, at..at, "the file is not UTF-8")
                    .label("this byte belongs to no character")
                    .help("save the file as UTF-8");
                Err(Diagnostics::new(Source::new(name, shown), vec![report]))
            }
        }
    }
}
