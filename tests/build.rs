//! Generates the operators of `tests.yaml`, and in a folder of its own those of `extension.yaml`.

use std::path::PathBuf;

use keyway_codegen::Build;

fn main() {
    Build::new("tests.yaml").run();
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    Build::new("extension.yaml").extends("keyway_ops", "../ops.yaml").out_dir(folder.join("extension")).run();
}
