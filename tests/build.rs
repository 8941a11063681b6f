//! Generates the operators of `tests.yaml`, and in folders of their own those of the lists that extend the bundled one.

use std::path::PathBuf;

use keyway_codegen::Build;

fn main() {
    Build::new("tests.yaml").run();
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    for name in ["extension", "fragment"] {
        let list = Build::new(format!("{name}.yaml")).extends("keyway_ops", "../ops.yaml");
        list.out_dir(folder.join(name)).run();
    }
}
