//! Expressions of key sets, evaluated and compared with recorded results.
//!
//! An expression is an array: `["or", e, e]`, `["remove", e, K]` and so on, as the file's `grammar` says. PyTorch keeps
//! a set in one word and Keyway in two, so what is compared is what a set means: the keys it lists, its highest key,
//! whether it is empty, what it has.

use keyway::{AliasKey, Backend, DispatchKey, Functionality, KeySet, RegistrationKey};
use serde_json::Value as Json;

use super::{cases, texts};

/// What came of a file.
#[derive(Debug, Default)]
pub struct Report {
    /// How many cases were compared.
    pub cases: usize,
    /// How many single results were compared.
    pub results: usize,
    /// Cases that differ on purpose, by clause.
    pub on_purpose: Vec<(String, &'static str)>,
    /// What is wrong.
    pub failures: Vec<String>,
}

/// Compares every case of a file, and the lists at its head.
pub fn check(file: &Json) -> Report {
    let mut report = Report::default();
    report.expect("backends", texts(&file["backends_low_to_high"]), names(Backend::all()));
    report.expect("universe", texts(&file["universe_low_to_high"]), names(DispatchKey::all()));
    for (block, prefix) in file["per_backend_functionalities"].as_object().into_iter().flatten() {
        let key = DispatchKey::of(building_block(block).expect("it is a building block"), Backend::XPU);
        report.expect(block, format!("{}XPU", prefix.as_str().unwrap_or_default()), key.to_string());
    }
    cases(file).iter().for_each(|case| report.compare(case));
    report
}

fn names(keys: impl Iterator<Item = impl ToString>) -> Vec<String> {
    keys.map(|key| key.to_string()).collect()
}

impl Report {
    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, recorded: T, got: T) {
        self.results += 1;
        if recorded != got {
            self.failures.push(format!("{what}: recorded {recorded:?}, here {got:?}"));
        }
    }

    fn compare(&mut self, case: &Json) {
        let id = case["id"].as_str().unwrap_or_default();
        let set = evaluate(&case["expr"]);
        let keys = names(set.iter());
        self.cases += 1;
        self.expect(&format!("{id} empty"), case["is_empty"] == true, set.is_empty());
        let lists_nothing = !set.is_empty() && keys.is_empty();
        self.expect(&format!("{id} bits only"), case["has_backend_bits_only"] == true, lists_nothing);
        // D49: what a set holds besides the keys it lists is printed after them.
        if KeySet::from_iter(set.iter()) == set {
            self.expect(&format!("{id} printed"), format!("{{{}}}", keys.join(", ")), set.to_string());
        } else {
            assert!(set.to_string().starts_with(&format!("{{{}", keys.join(", "))), "{id}: {set}");
            self.on_purpose.push((id.to_owned(), "D49"));
        }
        self.expect(&format!("{id} keys"), texts(&case["keys_low_to_high"]), keys.clone());
        let mut sorted = keys;
        sorted.sort();
        self.expect(&format!("{id} sorted"), texts(&case["keys_sorted"]), sorted);
        for (name, has) in case["has"].as_object().into_iter().flatten() {
            let set_has = !set_of(name).is_empty() && set.contains_all(set_of(name));
            self.expect(&format!("{id} has {name}"), has == true, set_has);
        }
        self.compare_highest(id, set, case["highest"].as_str().unwrap_or_default());
    }

    /// D43, D46: the highest of a building block without a backend is a marker in PyTorch, which prints as
    /// `AutogradUndefined`; here it is the key that its table look-up uses, `AutogradCPU`.
    fn compare_highest(&mut self, id: &str, set: KeySet, recorded: &str) {
        let highest = set.highest();
        let block = set.highest_functionality().filter(|f| f.is_per_backend());
        match block {
            Some(block) if set.highest_backend().is_none() => {
                let prefix = DispatchKey::of(block, Backend::CPU).to_string();
                let prefix = prefix.strip_suffix("CPU").unwrap_or_default();
                self.expect(&format!("{id} highest"), recorded.to_owned(), format!("{prefix}Undefined"));
                self.expect(&format!("{id} highest here"), DispatchKey::of(block, Backend::CPU), highest);
                self.on_purpose.push((id.to_owned(), "D43"));
            }
            _ => self.expect(&format!("{id} highest"), recorded.to_owned(), highest.to_string()),
        }
    }
}

/// The building block of this name.
pub fn building_block(name: &str) -> Option<Functionality> {
    Functionality::all().find(|f| f.is_per_backend() && f.name() == name)
}

/// The set of a name: of a run-time key, or of a building block without a backend. Alias keys and `Undefined` are in no
/// set and add nothing (D27); here they cannot even be asked for.
fn set_of(name: &str) -> KeySet {
    if let Some(block) = building_block(name) {
        return KeySet::of_block(block);
    }
    match name.parse::<DispatchKey>() {
        Ok(key) => KeySet::of(key),
        Err(error) => match name.parse() {
            Ok(RegistrationKey::Alias(_)) => KeySet::EMPTY,
            _ => panic!("{error}"),
        },
    }
}

/// The value of an expression.
///
/// # Panics
/// If it is none.
pub fn evaluate(expression: &Json) -> KeySet {
    let part = |at: usize| evaluate(&expression[at]);
    let name = |at: usize| expression[at].as_str().expect("a key's name");
    match expression[0].as_str().expect("an operation") {
        "empty" => KeySet::EMPTY,
        "full" => KeySet::FULL,
        "key" => set_of(name(1)),
        "keys" => texts(&expression[1]).iter().fold(KeySet::EMPTY, |set, key| set | set_of(key)),
        "full_after" => after(name(1)),
        "or" => part(1) | part(2),
        "and" => part(1) & part(2),
        "sub" => part(1) - part(2),
        "add" => add(part(1), name(2)),
        "remove" => remove(part(1), name(2)),
        other => panic!("there is no operation `{other}`"),
    }
}

fn after(name: &str) -> KeySet {
    match building_block(name) {
        Some(block) => KeySet::after(DispatchKey::of(block, Backend::CPU)),
        None => KeySet::after(name.parse().expect("a run-time key")),
    }
}

fn add(set: KeySet, name: &str) -> KeySet {
    match name.parse::<DispatchKey>() {
        Ok(key) => set.with(key),
        Err(_) => set | set_of(name),
    }
}

fn remove(set: KeySet, name: &str) -> KeySet {
    match name.parse::<DispatchKey>() {
        Ok(key) => set.without(key),
        Err(_) => set - set_of(name),
    }
}

/// Every key name there is, alias keys and building blocks included.
pub fn all_names() -> Vec<String> {
    let blocks = Functionality::all().filter(|f| f.is_per_backend()).map(|f| f.name().to_owned());
    names(DispatchKey::all()).into_iter().chain(blocks).chain(names(AliasKey::ALL.into_iter())).collect()
}
