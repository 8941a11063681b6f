//! What reading a list promises for every text whatever: the tests and the fuzzer hold it to the same.

use keyway_codegen::{Rendering, Source, load};

/// Loads the bytes and checks what was promised: no panic, either a list or mistakes, places inside the text and in order,
/// help for each, and that all of them can be shown.
pub(crate) fn check(bytes: &[u8]) {
    let found = match Source::from_bytes("list.yaml", bytes.to_vec()).and_then(load) {
        Ok(list) => {
            for entry in list.written() {
                assert!(list.source.text().get(entry.span.clone()).is_some());
            }
            return;
        }
        Err(found) => found,
    };
    let text = found.source().text();
    let mut last = 0;
    for report in found.iter() {
        assert!(text.get(report.span.clone()).is_some(), "{report:?}");
        assert!(report.help.is_some(), "{report:?}");
        assert!(report.span.start >= last, "{report:?}");
        last = report.span.start;
    }
    assert_eq!(found.lines().len(), found.len());
    assert!(!found.render(Rendering::Plain).is_empty());
}
