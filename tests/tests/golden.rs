//! The operators of `ops.yaml` against calls recorded from PyTorch.
//!
//! `tests/golden` holds a part of the samples. The environment variable `KEYWAY_CONFORMANCE` names a folder with all
//! of them, in its folder `golden/public`.

use std::path::{Path, PathBuf};

use keyway_tests::golden::run_folder;

fn check(folder: &Path) {
    keyway_ops::register();
    let report = run_folder(folder);
    println!("{report}");
    assert!(report.failures().is_empty(), "{} samples failed; see the report above", report.failures().len());
    assert!(report.totals().0 > 0, "no sample of {} could be run", folder.display());
}

#[test]
fn the_samples_of_this_repository_pass() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"));
}

#[test]
fn all_samples_pass() {
    match std::env::var_os("KEYWAY_CONFORMANCE") {
        Some(folder) => check(&PathBuf::from(folder).join("golden/public")),
        None => println!("skipped: KEYWAY_CONFORMANCE does not name a folder with samples"),
    }
}
