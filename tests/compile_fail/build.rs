//! Generates the operators of `sample.yaml`, and a macro that takes them in elsewhere.

use std::path::Path;
use std::{env, fs};

fn main() {
    keyway_codegen::Build::new("sample.yaml").run();
    let folder = env::var("OUT_DIR").expect("Cargo sets OUT_DIR for build scripts");
    let operators = Path::new(&folder).join("operators.rs");
    let text = format!(
        "/// Takes in the operators of `sample.yaml`.\n#[macro_export]\nmacro_rules! sample_operators {{\n    () => {{\n        \
         include!({operators:?});\n    }};\n}}\n"
    );
    fs::write(Path::new(&folder).join("sample_operators.rs"), text).expect("OUT_DIR can be written");
}
