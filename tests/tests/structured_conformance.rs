//! Which bundled operators are structured, against PyTorch's list: those that are structured there are so here, but for a few
//! with a reason.
//!
//! The environment variable `KEYWAY_CONFORMANCE` names a folder with the list, in its folder `data`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keyway_codegen::{Source, load};

/// Operators, or all that begin so, that are structured in PyTorch's list and not here, and why.
const EXCEPTIONS: [(&str, &str); 10] = [
    ("reflection_pad1d", "composed of index_select for every backend at once"),
    ("replication_pad1d", "composed of index_select for every backend at once"),
    ("replication_pad2d", "composed of index_select for every backend at once"),
    ("mse_loss", "composed of pointwise operators and reductions for every backend at once"),
    ("smooth_l1_loss", "composed of pointwise operators and reductions for every backend at once"),
    ("_softmax_backward_data", "composed of pointwise operators and a sum for every backend at once"),
    ("_log_softmax_backward_data", "composed of pointwise operators and a sum for every backend at once"),
    ("addmv", "composed of addmm for every backend at once"),
    ("baddbmm", "composed of bmm and a weighted sum for every backend at once"),
    (
        "cat",
        "has a kernel for other backends beside that of the host, for which structured operators have no place",
    ),
];
/// The same for operators whose result has no size without data.
const NEEDS_DATA: [&str; 1] = ["index.Tensor"];

/// How the entries of a list are made: whether each is structured or delegates to one that is.
fn structured(path: &Path) -> BTreeMap<String, bool> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut entries = BTreeMap::new();
    for entry in &load(Source::new(path.display().to_string(), text)).expect("the list is right").operators {
        let name = entry.schema.name.to_string();
        let name = name.trim_start_matches("aten::").to_owned();
        entries.insert(name, entry.structured || entry.structured_delegate.is_some());
    }
    entries
}

fn is_exception(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or(name).trim_end_matches('_');
    let needs_data = NEEDS_DATA.iter().any(|exception| name.starts_with(exception));
    needs_data || EXCEPTIONS.iter().any(|(exception, _)| base == *exception)
}

#[test]
fn what_is_structured_in_pytorchs_list_is_structured_here() {
    let Some(folder) = std::env::var_os("KEYWAY_CONFORMANCE") else {
        println!("skipped: KEYWAY_CONFORMANCE does not name a folder with PyTorch's list");
        return;
    };
    let theirs = structured(&PathBuf::from(folder).join("data/native_functions.yaml"));
    let ours = structured(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops.yaml"));
    let wanted: Vec<&str> =
        ours.keys().filter(|name| theirs.get(*name) == Some(&true)).map(String::as_str).collect();
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|&name| !ours[name] && !is_exception(name)).collect();
    let excused: Vec<&str> =
        wanted.iter().copied().filter(|&name| !ours[name] && is_exception(name)).collect();
    println!(
        "{} of {} operators that are structured in PyTorch's list are so here; with a reason not: {excused:?}",
        wanted.len() - missing.len() - excused.len(),
        wanted.len()
    );
    assert!(missing.is_empty(), "not structured, and no reason is given: {missing:?}");
    let stale = EXCEPTIONS.map(|(name, _)| name).into_iter().chain(NEEDS_DATA);
    let stale: Vec<&str> =
        stale.filter(|exception| !excused.iter().any(|name| name.starts_with(exception))).collect();
    assert!(stale.is_empty(), "exceptions that are none any more: {stale:?}");
}
