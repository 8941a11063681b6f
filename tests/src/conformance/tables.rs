//! Sets of registrations, made and undone in several orders, and the cells of the tables they give.

use std::cell::Cell as Slot;
use std::collections::{BTreeMap, VecDeque};

use keyway::{
    AliasKey, DType, Device, DispatchKey, ErrorKind, Kernel, KeySet, Library, Operator, Registration,
    RegistrationKey, Tensor, register_fallback, register_kernel,
};
use serde_json::Value as Json;

use super::{Random, cases, texts};

/// What a key's cell holds: a kernel's name, `fallthrough`, `missing` or `ambiguous`, and the reason if recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The kernel.
    pub kernel: String,
    /// Why that one: the words of a table dump.
    pub why: Option<String>,
}

/// A set of registrations and the table recorded for it.
#[derive(Debug)]
pub struct Case {
    /// The case's name in the file.
    pub id: String,
    /// Keys and kernels.
    pub registrations: Vec<(String, String)>,
    /// Which registrations are undone after all were made.
    pub removed: Vec<usize>,
    /// Fallbacks of this case.
    pub fallbacks: Vec<(String, String)>,
    /// The cells, by key.
    pub expected: BTreeMap<String, Cell>,
    /// Which kernel a call with a plain tensor reaches, by the tensor's kind.
    pub calls: BTreeMap<String, String>,
}

impl Case {
    /// The cases of a file.
    pub fn read(file: &Json) -> Vec<Case> {
        cases(file).iter().map(Case::of).collect()
    }

    fn of(json: &Json) -> Case {
        let pairs = |json: &Json| json.as_array().into_iter().flatten().map(pair).collect();
        let entries = |json: &Json| -> BTreeMap<String, String> {
            let entries = json.as_object().into_iter().flatten();
            entries.map(|(key, text)| (key.clone(), text.as_str().unwrap_or_default().to_owned())).collect()
        };
        let cell = |(key, kernel): (String, String)| {
            let why = json["why"][&key].as_str().map(str::to_owned);
            (key, Cell { kernel, why })
        };
        let removed = json["removed"].as_array().into_iter().flatten();
        Case {
            id: json["id"].as_str().unwrap_or_default().to_owned(),
            registrations: pairs(&json["registrations"]),
            removed: removed.filter_map(|at| Some(at.as_u64()? as usize)).collect(),
            fallbacks: pairs(&json["extra_fallbacks"]),
            expected: entries(&json["expected"]).into_iter().map(cell).collect(),
            calls: entries(&json["first_operator_kernel_for_plain_tensor"]),
        }
    }

    /// The kernel in force at exactly this key.
    pub fn active(&self, key: &str) -> Option<&str> {
        let mut newest_first = self.registrations.iter().enumerate().rev();
        let is_in_force = |at: usize| !self.removed.contains(&at);
        newest_first.find(|(at, (held, _))| held == key && is_in_force(*at)).map(|(_, (_, k))| k.as_str())
    }

    /// The fallback this case brings for a key.
    pub fn fallback(&self, key: &str) -> Option<&str> {
        self.fallbacks.iter().find(|(held, _)| held == key).map(|(_, kernel)| kernel.as_str())
    }

    /// The orders to register in: as given, backwards, and some at random. Kernels of one key keep their order, since
    /// the later one hides the earlier one.
    pub fn orders(&self, random: &mut Random) -> Vec<Vec<usize>> {
        let count = self.registrations.len();
        let mut orders = vec![(0..count).collect(), (0..count).rev().collect()];
        orders.extend((0..3).map(|_| random.order(count)));
        orders.into_iter().map(|order| self.in_turn(order)).collect()
    }

    fn in_turn(&self, order: Vec<usize>) -> Vec<usize> {
        let mut turns: BTreeMap<RegistrationKey, VecDeque<usize>> = BTreeMap::new();
        for (at, (key, _)) in self.registrations.iter().enumerate() {
            turns.entry(registration_key(key)).or_default().push_back(at);
        }
        let key = |at: usize| registration_key(&self.registrations[at].0);
        order.into_iter().filter_map(|at| turns.get_mut(&key(at))?.pop_front()).collect()
    }
}

fn pair(json: &Json) -> (String, String) {
    let [first, second] = <[String; 2]>::try_from(texts(json)).expect("a pair of texts");
    (first, second)
}

/// The key to register at. PyTorch stores what is registered at `Undefined` under the implicit composite (D102); here
/// nothing can be registered at `Undefined`, so such a case says what it means.
pub fn registration_key(name: &str) -> RegistrationKey {
    match name {
        "Undefined" => AliasKey::CompositeImplicitAutograd.into(),
        name => name.parse().unwrap_or_else(|e| panic!("{e}")),
    }
}

thread_local! {
    static FIRST: Slot<Option<&'static str>> = const { Slot::new(None) };
}

/// A kernel that notes its name and gives its argument back.
fn kernel(name: &str) -> Kernel {
    if name == "fallthrough" {
        return Kernel::fallthrough();
    }
    let name: &'static str = String::leak(name.to_owned());
    let note = move |_: &'static Operator, _: KeySet, _: &mut keyway::Stack| {
        FIRST.set(FIRST.get().or(Some(name)));
        Ok(())
    };
    Kernel::closure(note).named(name)
}

/// Registers the fallbacks that PyTorch brings and Keyway leaves to those who need them, under their recorded names,
/// until the process ends. Autograd's pass the call on, which is all the others would be asked for.
///
/// # Panics
/// If one cannot be registered.
pub fn register_builtin_fallbacks(file: &Json) {
    for (key, name) in file["fallbacks_always_present"].as_array().into_iter().flatten().map(pair) {
        if name == "fallthrough" || key == "Meta" {
            continue;
        }
        let name: &'static str = String::leak(name);
        let passes_on = Kernel::closure(|operator, keys, stack| {
            operator.redispatch_boxed(keys & KeySet::after_autograd(), stack)
        });
        register_fallback(registration_key(&key), passes_on.named(name)).expect("no other is there").keep();
    }
}

/// The fallbacks of a case, for as long as they are held.
///
/// # Panics
/// If one cannot be registered.
pub fn register_fallbacks(case: &Case) -> Vec<Registration> {
    let register = |(key, name): &(String, String)| register_fallback(registration_key(key), kernel(name));
    case.fallbacks.iter().map(|fallback| register(fallback).expect("no other is there")).collect()
}

/// An operator of its own with some registrations, each of which can be undone.
#[derive(Debug)]
pub struct Registered {
    /// The operator.
    pub operator: &'static Operator,
    held: Vec<Option<Registration>>,
    _library: Library,
}

impl Registered {
    /// A fresh operator with those registrations of a case that an order names, made in that order.
    ///
    /// # Panics
    /// If something cannot be registered.
    pub fn new(case: &Case, order: &[usize]) -> Registered {
        let name = format!("conformance::case_{}", fresh_number());
        let mut library = Library::fragment("conformance").expect("it is a fragment");
        let operator = library.def(&format!("{name}(Tensor x) -> Tensor")).expect("the name is fresh");
        let mut held: Vec<Option<Registration>> = case.registrations.iter().map(|_| None).collect();
        for &at in order {
            let (key, name) = &case.registrations[at];
            let registered = register_kernel(operator.name(), registration_key(key), kernel(name), true);
            held[at] = Some(registered.unwrap_or_else(|e| panic!("{}: {e}", case.id)));
        }
        Registered { operator, held, _library: library }
    }

    /// Undoes one registration.
    pub fn remove(&mut self, at: usize) {
        self.held[at] = None;
    }

    /// Which registrations are in force, in the order of the file.
    pub fn left(&self) -> Vec<usize> {
        (0..self.held.len()).filter(|&at| self.held[at].is_some()).collect()
    }

    /// What every key's cell holds; keys that are not listed have nothing.
    pub fn cells(&self) -> BTreeMap<String, Cell> {
        let rows = self.operator.table().into_iter();
        let cell = |row: keyway::TableRow| {
            let why = row.origin.to_string();
            let kernel = match row.origin {
                keyway::Origin::AmbiguousAutogradOther => "ambiguous",
                _ if row.is_fallthrough => "fallthrough",
                _ => row.kernel,
            };
            (row.key.to_string(), Cell { kernel: kernel.to_owned(), why: Some(why) })
        };
        rows.map(cell).collect()
    }

    /// The first kernel that a call reaches with a tensor of this kind, or how it is refused.
    ///
    /// # Panics
    /// If there is no such kind.
    pub fn call(&self, kind: &str) -> Result<&'static str, ErrorKind> {
        FIRST.set(None);
        match self.operator.call([plain_tensor(kind).into()]) {
            Ok(_) => Ok(FIRST.get().unwrap_or("nothing")),
            Err(error) => Err(error.kind()),
        }
    }
}

fn fresh_number() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn plain_tensor(kind: &str) -> Tensor {
    let tensor = |device| Tensor::zeros(&[2], DType::Float32, device).expect("two zeros");
    match kind {
        "CPU" => tensor(Device::CPU),
        "Meta" => tensor(Device::META),
        "SparseCPU" => {
            let sparse = tensor(Device::CPU);
            sparse.set_key_set(sparse.key_set().without(DispatchKey::CPU).with(DispatchKey::SparseCPU));
            sparse
        }
        other => panic!("there is no plain tensor of the kind {other}"),
    }
}
