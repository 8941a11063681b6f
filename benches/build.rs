//! Generates the operators of `bench.yaml`.

fn main() {
    keyway_codegen::Build::new("bench.yaml").run();
}
