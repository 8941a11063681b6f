//! Compiles the runtime's own files against the model checker's primitives.

fn main() {
    println!("cargo::rustc-cfg=keyway_model");
}
