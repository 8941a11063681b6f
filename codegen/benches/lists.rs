//! What reading, deriving and generating cost: for the bundled list, and for PyTorch's if `KEYWAY_CONFORMANCE` names the folder that
//! has it.

use std::fmt;
use std::path::Path;

use divan::Bencher;
use keyway_codegen::{OperatorList, Source, emit, load};

fn main() {
    divan::main();
}

/// A list by its name.
#[derive(Clone)]
struct Input {
    name: &'static str,
    text: String,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

fn inputs() -> Vec<Input> {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops.yaml");
    let pytorch = std::env::var_os("KEYWAY_CONFORMANCE")
        .map(|folder| Path::new(&folder).join("data/native_functions.yaml"));
    let named = [("bundled", Some(bundled)), ("pytorch", pytorch)];
    let read = |(name, path): (&'static str, Option<std::path::PathBuf>)| {
        path.map(|path| Input { name, text: std::fs::read_to_string(path).expect("the list can be read") })
    };
    named.into_iter().filter_map(read).collect()
}

fn loaded(input: &Input) -> OperatorList {
    load(Source::new(input.name, input.text.as_str())).expect("the list has no mistakes")
}

/// From text to the checked and derived list: what `keyway check` does.
#[divan::bench(args = inputs())]
fn check(bencher: Bencher<'_, '_>, input: &Input) {
    bencher.bench_local(|| loaded(input));
}

/// From the checked list to the text of all files.
#[divan::bench(args = inputs())]
fn generate(bencher: Bencher<'_, '_>, input: &Input) {
    let list = loaded(input);
    bencher.bench_local(|| emit::emit(&list).map(|files| files.len()).expect("each type has a Rust type"));
}
