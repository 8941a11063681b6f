//! Generates the operators of the examples' own lists.

fn main() {
    keyway_codegen::Build::new("digits/digits.yaml").run();
}
