//! The fuzzer's corpus of lists as plain tests: each, cut and damaged, keeps the promises of reading.
//!
//! The corpus is the folder `fuzz/corpus/list` and the broken lists; what the fuzzer finds goes to the first.

mod contract;

use std::path::{Path, PathBuf};

use proptest::prelude::*;

fn corpus() -> Vec<Vec<u8>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        files(own.join("tests/broken")).chain(files(own.join("../fuzz/corpus/list"))).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    paths.sort();
    assert!(paths.len() >= 90, "{} lists", paths.len());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn every_list_of_the_corpus_and_beginnings_of_it_keep_the_promises() {
    for bytes in corpus() {
        contract::check(&bytes);
        // Long ones are cut at fewer places.
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
            contract::check(&bytes[..at]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_lists_of_the_corpus_keep_the_promises(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<usize>(), "[-:,{}&*!|>'\"?#% \\n\\ta-z\\[\\]]{0,4}", 0..6usize), 1..5),
    ) {
        let corpus = corpus();
        let mut bytes = which.get(&corpus).clone();
        bytes.truncate(4_000);
        for (at, piece, removed) in places {
            let at = at % (bytes.len() + 1);
            let end = bytes.len().min(at + removed);
            bytes.splice(at..end, piece.bytes());
            contract::check(&bytes);
        }
        let half = bytes.len() / 2;
        bytes.truncate(half);
        bytes.extend(other.get(&corpus).iter().take(2_000));
        contract::check(&bytes);
    }
}
