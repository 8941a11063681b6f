//! Generates the operators of `tests.yaml`.

fn main() {
    keyway_codegen::Build::new("tests.yaml").run();
}
