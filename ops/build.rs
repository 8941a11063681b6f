//! Generates the operators of `ops.yaml`; with `KEYWAY_SELECT=FILE` only those that the file names, the others without their
//! kernels.

fn main() {
    keyway_codegen::Build::new("../ops.yaml").select_by_variable("KEYWAY_SELECT").run();
}
