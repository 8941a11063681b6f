//! The fuzzer's corpus and what it finds, as plain tests: each text, cut and damaged, keeps the parser's promises.
//!
//! The corpus is the folder `fuzz/corpus/schema`; a text that the fuzzer finds goes there.

mod contract;

use std::path::Path;

use proptest::prelude::*;

/// The texts of the corpus, one a line; a line of a file is a text of its own.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/schema");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        texts.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned));
    }
    texts.sort();
    assert!(texts.len() >= 60, "{} texts", texts.len());
    texts
}

#[test]
fn every_text_of_the_corpus_and_every_beginning_of_one_keeps_the_promises() {
    for text in corpus() {
        contract::check(&text);
        for (at, _) in text.char_indices() {
            contract::check(&text[..at]);
            contract::check(&text[at..]);
        }
    }
}

/// A change that a fuzzer would make.
#[derive(Clone, Debug)]
enum Change {
    Insert(usize, String),
    Remove(usize, usize),
    Repeat(usize, usize),
    Splice(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        Just("Tensor(a!)".to_owned()),
        Just("[]".to_owned()),
        Just("?".to_owned()),
        Just(", *, ".to_owned()),
        Just(" -> ".to_owned()),
        Just("=".to_owned()),
        "\\PC{1,3}",
    ];
    prop_oneof![
        (any::<usize>(), piece).prop_map(|(at, text)| Change::Insert(at, text)),
        (any::<usize>(), 1..9usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<usize>(), 1..20usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (any::<usize>(), any::<usize>()).prop_map(|(at, other)| Change::Splice(at, other)),
    ]
}

fn changed(text: &str, change: &Change, corpus: &[String]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let place = |at: usize| at % (text.chars().count() + 1);
    match change {
        Change::Insert(at, piece) => letters.splice(place(*at)..place(*at), piece.chars()).for_each(drop),
        Change::Remove(at, length) => {
            let at = place(*at);
            let end = letters.len().min(at + length);
            letters.drain(at..end).for_each(drop);
        }
        Change::Repeat(at, length) => {
            let at = place(*at);
            let piece: Vec<char> = letters[at..letters.len().min(at + length)].to_vec();
            letters.splice(at..at, piece).for_each(drop);
        }
        Change::Splice(at, other) => {
            letters.truncate(place(*at));
            letters.extend(corpus[other % corpus.len()].chars().skip(at % 40));
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_texts_of_the_corpus_keep_the_promises(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let corpus = corpus();
        let mut text = which.get(&corpus).clone();
        for change in &changes {
            text = changed(&text, change, &corpus);
            contract::check(&text);
        }
    }
}
