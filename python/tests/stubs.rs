//! The stub file of the package is what the generator makes of the bundled list, with the members that tensors have besides operators.
//!
//! `KEYWAY_BLESS=1` writes it anew.

use std::path::Path;

use keyway_codegen::{Source, emit, load};

#[test]
fn the_stub_file_is_that_of_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let list = load(Source::new("ops.yaml", read("../ops.yaml"))).expect("the bundled list is right");
    let text = emit::stubs(&list, &read("stubs/tensor_members.pyi"), &read("python/keyway/__init__.pyi"));
    let path = root.join("python/keyway/_operators.pyi");
    if std::env::var_os("KEYWAY_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the stub file can be written");
    }
    assert!(
        std::fs::read_to_string(&path).is_ok_and(|held| held == text),
        "python/python/keyway/_operators.pyi is not that of ops.yaml; KEYWAY_BLESS=1 writes it anew"
    );
}
