//! Properties of keys, sets and tables, against a naive model in names, in a key space that is full.
//!
//! All 48 backends and 15 functionalities are added, at random places, so that every bit of a set means something.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use keyway::{AliasKey, Backend, DispatchKey, Functionality, KeySet, RegistrationKey, check_invariants};
use keyway_tests::conformance::Random;
use keyway_tests::conformance::tables::{Case, Registered};
use keyway_tests::key_model::{Names, Parts, Universe};
use proptest::prelude::*;
use proptest::sample::select;

/// The key space and the model of it.
static UNIVERSE: LazyLock<Universe> = LazyLock::new(|| {
    let mut universe = Universe::builtin();
    let mut random = Random::new(48);
    for n in 0..48 {
        Backend::add(&format!("Device{n}")).unwrap();
        universe.add_backend(&format!("Device{n}"));
    }
    for n in 0..15 {
        let keys = universe.keys();
        let (beside, (functionality, _)) = &keys[random.below(keys.len())];
        let (name, key) = (format!("Layer{n}"), beside.parse::<DispatchKey>().unwrap());
        let (above, backend_like) = [(true, true), (true, false), (false, false)][random.below(3)];
        let added = match (above, backend_like) {
            (true, true) => key.add_backend_above(&name),
            (true, false) => key.add_above(&name),
            (false, _) => key.add_below(&name),
        };
        assert_eq!(added.unwrap().to_string(), name);
        universe.add_functionality(&name, functionality, above, backend_like);
    }
    universe
});

static KEYS: LazyLock<Vec<(String, Parts)>> = LazyLock::new(|| UNIVERSE.keys());

/// A set and the model's idea of it, built by the same steps.
#[derive(Clone, Debug)]
struct Both {
    set: KeySet,
    names: Names,
}

fn key() -> impl Strategy<Value = (DispatchKey, Parts)> {
    select(&KEYS[..]).prop_map(|(name, parts)| (name.parse().unwrap(), parts))
}

fn backend() -> impl Strategy<Value = Backend> {
    select(UNIVERSE.backends()).prop_map(|name| Backend::find(&name).unwrap())
}

fn block() -> impl Strategy<Value = Functionality> {
    select(Functionality::all().filter(|f| f.is_per_backend()).collect::<Vec<_>>())
}

fn without_functionality(backend: Backend) -> Names {
    Names { functionalities: [].into(), backends: [backend.name().to_owned()].into() }
}

/// Sets of one part, and masks.
fn simple() -> impl Strategy<Value = Both> {
    prop_oneof![
        1 => Just(Both { set: KeySet::EMPTY, names: Names::default() }),
        8 => key().prop_map(|(key, parts)| Both { set: KeySet::of(key), names: Names::of(parts) }),
        2 => block().prop_map(|block| Both {
            set: KeySet::of_block(block),
            names: Names::of((block.name().to_owned(), None)),
        }),
        2 => backend().prop_map(|backend| Both {
            set: KeySet::of_backend(backend),
            names: without_functionality(backend),
        }),
        2 => key().prop_map(|(key, parts)| Both { set: KeySet::after(key), names: UNIVERSE.after(&parts.0) }),
    ]
}

/// What is done to a set.
#[derive(Clone, Debug)]
enum Step {
    Union(Both),
    Intersection(Both),
    Difference(Both),
    With((DispatchKey, Parts)),
    Without((DispatchKey, Parts)),
    WithoutBackend(Backend),
    After((DispatchKey, Parts)),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => simple().prop_map(Step::Union),
        1 => simple().prop_map(Step::Intersection),
        1 => simple().prop_map(Step::Difference),
        8 => key().prop_map(Step::With),
        2 => key().prop_map(Step::Without),
        1 => backend().prop_map(Step::WithoutBackend),
        1 => key().prop_map(Step::After),
    ]
}

impl Both {
    fn then(self, step: Step) -> Both {
        let Both { set, names } = self;
        match step {
            Step::Union(b) => Both { set: set | b.set, names: names.union(&b.names) },
            Step::Intersection(b) => Both { set: set & b.set, names: names.intersection(&b.names) },
            Step::Difference(b) => Both { set: set - b.set, names: names.difference(&b.names) },
            Step::With((key, parts)) => Both { set: set.with(key), names: names.union(&Names::of(parts)) },
            Step::Without((key, parts)) => {
                Both { set: set.without(key), names: names.difference(&Names::of(parts)) }
            }
            Step::WithoutBackend(backend) => {
                let mut names = names;
                names.backends.remove(backend.name());
                Both { set: set.without_backend(backend), names }
            }
            Step::After((key, parts)) => {
                Both { set: set & KeySet::after(key), names: names.intersection(&UNIVERSE.after(&parts.0)) }
            }
        }
    }
}

fn both() -> impl Strategy<Value = Both> {
    (simple(), prop::collection::vec(step(), 0..12))
        .prop_map(|(start, steps)| steps.into_iter().fold(start, Both::then))
}

/// The set that a printed one names.
fn parse(printed: &str) -> KeySet {
    let inner = printed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).expect("braces");
    inner.split(", ").filter(|name| !name.is_empty()).fold(KeySet::EMPTY, |set, name| {
        let block = Functionality::all().find(|f| f.is_per_backend() && f.name() == name);
        set | match (name.strip_prefix("backend "), block) {
            (Some(backend), _) => KeySet::of_backend(Backend::find(backend).unwrap()),
            (None, Some(block)) => KeySet::of_block(block),
            (None, None) => KeySet::of(name.parse().unwrap()),
        }
    })
}

proptest! {
    /// D26, D34, D41 to D43, D48: whatever a set was built by, it is what the model says.
    #[test]
    fn sets_are_what_the_model_says(Both { set, names } in both()) {
        let keys: Vec<String> = set.iter().map(|key| key.to_string()).collect();
        prop_assert_eq!(keys, UNIVERSE.listed(&names));
        prop_assert_eq!(set.highest().to_string(), UNIVERSE.highest(&names));
        prop_assert_eq!(set.is_empty(), names == Names::default());
        for (key, (name, parts)) in DispatchKey::all().zip(KEYS.iter()) {
            prop_assert_eq!(set.contains(key), names.has(parts), "{}", name);
        }
        for backend in Backend::all() {
            prop_assert_eq!(set.contains_backend(backend), names.backends.contains(backend.name()));
        }
        let highest = UNIVERSE.backends().iter().rev().find(|b| names.backends.contains(*b));
        prop_assert_eq!(set.highest_backend().map(Backend::name), highest.map(String::as_str));
    }

    /// D34, D35, D36: two sets.
    #[test]
    fn pairs_of_sets_are_what_the_model_says(a in both(), b in both()) {
        prop_assert_eq!(a.set == b.set, a.names == b.names);
        prop_assert_eq!(a.set.contains_all(b.set), a.names.includes(&b.names));
        let common = a.names.intersection(&b.names);
        prop_assert_eq!(a.set.shares_functionality(b.set), !common.functionalities.is_empty());
        let mut grown = a.set;
        grown |= b.set;
        prop_assert_eq!(grown, a.set | b.set);
    }

    #[test]
    fn the_laws_of_sets_hold(a in both(), b in both(), c in both()) {
        let (a, b, c) = (a.set, b.set, c.set);
        prop_assert_eq!((a | b, a & b), (b | a, b & a));
        prop_assert_eq!(((a | b) | c, (a & b) & c), (a | (b | c), a & (b & c)));
        prop_assert_eq!((a & (b | c), a | (b & c)), ((a & b) | (a & c), (a | b) & (a | c)));
        prop_assert_eq!((a | a, a & a, a | (a & b), a & (a | b)), (a, a, a, a));
        prop_assert_eq!((a | KeySet::EMPTY, a & KeySet::FULL, a - KeySet::EMPTY), (a, a, a));
        prop_assert!((a | b).contains_all(a) && a.contains_all(a & b) && a.contains_all(a - b));
        prop_assert!(!(a - b).shares_functionality(b));
        prop_assert_eq!((a - b) - c, a - (b | c));
        prop_assert!(a.contains_all(a.iter().collect()), "what it lists is in it");
    }

    /// D17, D49: printing loses nothing, for keys and for sets.
    #[test]
    fn printing_and_parsing_are_inverse(Both { set, .. } in both(), (key, _) in key()) {
        prop_assert_eq!(parse(&set.to_string()), set, "{}", set);
        prop_assert_eq!(key.to_string().parse::<DispatchKey>().unwrap(), key);
    }

    /// D20: a name that is no key's is refused, and never panics.
    #[test]
    fn other_names_are_refused(name in "\\PC{0,12}|(Sparse|Autograd|Csr|Quantized)?(CPU|Meta|Device[0-9]{1,3}|Layer)[a-z]?") {
        let is_known = KEYS.iter().any(|(known, _)| *known == name) || name == "Undefined";
        prop_assert_eq!(name.parse::<DispatchKey>().is_ok(), is_known, "`{}`", name);
    }

    /// Order: of keys, of functionalities, of what a mask lets through.
    #[test]
    fn keys_are_ordered_as_they_are_listed(a in 0..KEYS.len(), b in 0..KEYS.len()) {
        let key = |at: usize| KEYS[at].0.parse::<DispatchKey>().unwrap();
        prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
        let rank = |at: usize| UNIVERSE.functionalities().iter().position(|f| *f == KEYS[at].1.0).unwrap();
        prop_assert_eq!(key(a).functionality().cmp(&key(b).functionality()), rank(a).cmp(&rank(b)));
        let let_through = rank(b) < rank(a) || KEYS[b].0 == "PythonDispatcher";
        prop_assert_eq!(KeySet::after(key(a)).contains(key(b)), let_through);
    }
}

/// Keys to register at: often alias keys and keys that they meet.
fn registration_key() -> impl Strategy<Value = String> {
    let met =
        ["CPU", "Meta", "XLA", "HIP", "SparseCPU", "QuantizedDevice3", "NestedTensorCPU", "FPGA", "Device7"];
    let autograd =
        ["AutogradOther", "AutogradCPU", "AutogradNestedTensor", "AutogradDevice7", "FuncTorchBatched"];
    prop_oneof![
        3 => select(&AliasKey::ALL[..]).prop_map(|alias| alias.to_string()),
        2 => select([met.as_slice(), autograd.as_slice()].concat()).prop_map(str::to_owned),
        2 => select(&KEYS[..]).prop_map(|(name, _)| name),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let registration = (registration_key(), prop::bool::weighted(0.15));
    prop::collection::vec(registration, 0..10).prop_map(|registrations| {
        let kernel = |at: usize, falls: bool| if falls { "fallthrough".to_owned() } else { format!("k{at}") };
        let registrations = registrations.into_iter().enumerate();
        let registrations = registrations.map(|(at, (key, falls))| (key, kernel(at, falls))).collect();
        Case {
            id: String::new(),
            registrations,
            removed: vec![],
            fallbacks: vec![],
            expected: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    })
}

/// What the model says of every key, `Undefined` first.
fn modelled(case: &Case, left: &[usize]) -> BTreeMap<String, (String, String)> {
    let registered = left.iter().map(|&at| case.registrations[at].clone()).collect();
    let undefined = ("Undefined".to_owned(), ("Undefined".to_owned(), None));
    let keys = std::iter::once(&undefined).chain(KEYS.iter());
    let cells = keys.map(|(name, parts)| (name, UNIVERSE.resolve(name, parts, &registered)));
    let cells = cells.filter(|(_, (_, why))| *why != "missing");
    cells.map(|(name, (kernel, why))| (name.clone(), (kernel, why.to_owned()))).collect()
}

fn computed(registered: &Registered) -> BTreeMap<String, (String, String)> {
    let cells = registered.cells().into_iter();
    cells.map(|(name, cell)| (name, (cell.kernel, cell.why.unwrap_or_default()))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// TB-71, D137, D155: a table is the model's for every order, and after every removal that of what is left.
    #[test]
    fn tables_depend_on_what_is_in_force_alone(case in case(), seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let all: Vec<usize> = (0..case.registrations.len()).collect();
        let expected = modelled(&case, &all);
        for order in case.orders(&mut random) {
            let mut registered = Registered::new(&case, &order);
            prop_assert_eq!(&computed(&registered), &expected, "in the order {:?}", order);
            for at in random.order(all.len()) {
                registered.remove(at);
                let left = registered.left();
                let cells = registered.cells();
                prop_assert_eq!(&cells, &Registered::new(&case, &left).cells(), "{:?} left", &left);
                prop_assert_eq!(computed(&registered), modelled(&case, &left), "{:?} left", &left);
            }
        }
        prop_assert_eq!(check_invariants(), vec![]);
    }
}

/// D55: every alias key stands for what the model says.
#[test]
fn alias_keys_stand_for_what_the_model_says() {
    for alias in AliasKey::ALL {
        let members = KEYS.iter().filter(|(_, parts)| UNIVERSE.is_member(&alias.to_string(), parts));
        let members: Vec<&str> = members.map(|(name, _)| name.as_str()).collect();
        let expanded: Vec<String> = KeySet::of_alias(alias).iter().map(|key| key.to_string()).collect();
        assert_eq!(expanded, members, "{alias}");
        assert!(matches!(alias.to_string().parse(), Ok(RegistrationKey::Alias(parsed)) if parsed == alias));
    }
}

/// The model and the runtime list the same keys in the same order.
#[test]
fn the_key_space_is_the_models() {
    let names: Vec<&String> = KEYS.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 136 + 48 * 7 + 15);
    assert!(DispatchKey::all().map(|key| key.to_string()).eq(names.into_iter().cloned()));
    assert!(Functionality::all().map(Functionality::name).eq(UNIVERSE.functionalities()));
    assert!(Backend::all().map(Backend::name).eq(UNIVERSE.backends()));
    assert!(Functionality::all().all(|f| f.is_per_backend() == UNIVERSE.is_block(f.name())));
}
