//! Generates the operators of `sample.yaml`.

fn main() {
    keyway_codegen::Build::new("sample.yaml").run();
}
