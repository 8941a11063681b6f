//! Generates the operators of `ops.yaml`.

fn main() {
    keyway_codegen::Build::new("ops.yaml").run();
}
