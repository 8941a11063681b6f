//! Instructions of the dispatcher's calls, against `budget.txt` ([`keyway_benches::counting`]).

use std::process::ExitCode;

fn main() -> ExitCode {
    keyway_benches::counting::main(keyway_benches::cases, concat!(env!("CARGO_MANIFEST_DIR"), "/budget.txt"))
}
