//! Dispatch tables: recorded sets of registrations, and the rows TB-* of the catalogue of behaviours.
//!
//! Each set is registered on fresh operators in five orders, compared cell by cell with what is recorded, called with
//! plain tensors, and undone in a random order, comparing with a fresh operator that has what is left. The fallbacks
//! PyTorch brings and Keyway does not are registered for the whole process, so these tests have a binary of their own.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard};

use keyway::{
    AliasKey, DispatchKey, ErrorKind, Kernel, KeySet, Library, Origin, Tensor, Value, check_invariants,
    register_kernel,
};
use keyway_tests::conformance::tables::{
    Case, Cell, Registered, register_builtin_fallbacks, register_fallbacks,
};
use keyway_tests::conformance::{self, Random};

/// A cell that differs from PyTorch's on purpose.
struct Difference {
    clause: &'static str,
    /// What the cell holds here, if this difference is about it.
    here: fn(&Case, &str, &Cell) -> Option<Cell>,
}

/// Besides these, by clause:
/// - D102: nothing can be registered at `Undefined`; cases that do so say the implicit composite, which PyTorch means.
/// - D152: no table is ever stale, so cases marked as stale in PyTorch need no exception: they are compared and called
///   like all others.
/// - D159: a call that finds nothing but fallthroughs is `FallthroughReached`, not an internal error.
const ON_PURPOSE: [Difference; 3] = [
    // The fallback that says a shape rule is missing is the same in both; it has another name.
    Difference {
        clause: "D168",
        here: |_, key, cell| {
            (key == "Meta" && cell.kernel == "builtin_Meta").then(|| fallback("no Meta kernel"))
        },
    },
    // Autograd keys of every backend are skipped; PyTorch leaves gaps.
    Difference {
        clause: "D272",
        here: |_, key, cell| (is_autograd(key) && cell.kernel == "missing").then(|| fallback("fallthrough")),
    },
    // PyTorch forgets that AutogradHIP, AutogradVE and AutogradMTIA have a backend, and decomposes past its kernel.
    Difference {
        clause: "D144",
        here: |case, key, cell| {
            let forgotten = key.strip_prefix("Autograd").filter(|b| ["HIP", "VE", "MTIA"].contains(b))?;
            case.active(forgotten)?;
            (cell.why.as_deref() == Some("math kernel")).then(|| match case.active("Autograd") {
                Some(kernel) => Cell { kernel: kernel.to_owned(), why: Some("autograd kernel".to_owned()) },
                None => fallback(case.fallback(key).unwrap_or("fallthrough")),
            })
        },
    },
];

/// Calls recorded from a live table that was stale, though the case does not say so: its own cells say otherwise (D152).
const STALE_CALLS: [(&str, &str, &str); 1] = [("HT-064", "Meta", "g")];

/// Rows that are no set of registrations: asked below, or why not.
const OTHER_ROWS: [(&str, &str); 7] = [
    ("TB-71", "every case here is registered and undone in several orders; proptest draws more"),
    ("TB-72", "below"),
    ("TB-73", "below"),
    ("TB-76", "after every case"),
    ("TB-77", "below"),
    ("TB-78", "below, and every recorded reason is compared"),
    ("TB-80", "there is no simulator beside the table; the dispatcher refuses no pair of composites (D148)"),
];

fn is_autograd(key: &str) -> bool {
    key.starts_with("Autograd")
}

fn fallback(kernel: &str) -> Cell {
    Cell { kernel: kernel.to_owned(), why: Some("backend fallback".to_owned()) }
}

/// The process with PyTorch's fallbacks, for one test at a time: fallbacks serve every operator.
fn process() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static BUILTIN: LazyLock<()> =
        LazyLock::new(|| register_builtin_fallbacks(&conformance::own("dispatch_tables.json")));
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    LazyLock::force(&BUILTIN);
    guard
}

/// What came of some cases.
#[derive(Debug, Default)]
struct Report {
    cases: usize,
    cells: usize,
    calls: usize,
    removals: usize,
    on_purpose: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

impl Report {
    fn run(&mut self, case: &Case, random: &mut Random) {
        let _fallbacks = register_fallbacks(case);
        for order in case.orders(random) {
            let mut registered = Registered::new(case, &order);
            case.removed.iter().for_each(|&at| registered.remove(at));
            let what = format!("{} in the order {order:?}", case.id);
            self.compare(case, &registered, &what);
            self.call(case, &registered, &what);
            self.undo(case, registered, random, &what);
        }
        self.cases += 1;
        self.failures.extend(check_invariants().iter().map(|violation| format!("{}: {violation}", case.id)));
    }

    fn compare(&mut self, case: &Case, registered: &Registered, what: &str) {
        let cells = registered.cells();
        for (key, recorded) in &case.expected {
            let difference = ON_PURPOSE.iter().find_map(|d| Some((d.clause, (d.here)(case, key, recorded)?)));
            if let Some((clause, _)) = difference {
                *self.on_purpose.entry(clause).or_default() += 1;
            }
            let expected = difference.map_or(recorded.clone(), |(_, cell)| cell);
            let missing = Cell { kernel: "missing".to_owned(), why: Some("missing".to_owned()) };
            let cell = cells.get(key).unwrap_or(&missing);
            self.cells += 1;
            if cell.kernel != expected.kernel || (expected.why.is_some() && cell.why != expected.why) {
                self.failures.push(format!("{what}: {key} should be {expected:?}, it is {cell:?}"));
            }
        }
    }

    fn call(&mut self, case: &Case, registered: &Registered, what: &str) {
        for (kind, recorded) in &case.calls {
            let stale = STALE_CALLS.iter().find(|(id, stale, _)| *id == case.id && stale == kind);
            let recorded = stale.map_or(recorded.as_str(), |(.., here)| here);
            let called = registered.call(kind);
            let agrees = match (recorded, called) {
                ("error:missing", Err(ErrorKind::NoKernel | ErrorKind::NoMetaKernel)) => true,
                ("error:missing", Err(ErrorKind::NoKernelForUndefined)) => true,
                ("error:fallthrough-everywhere", Err(ErrorKind::FallthroughReached)) => true,
                (recorded, called) => called == Ok(recorded),
            };
            self.calls += 1;
            if !agrees {
                self.failures
                    .push(format!("{what}: called with {kind}, recorded {recorded}, here {called:?}"));
            }
        }
    }

    /// TB-71: after each removal, the table of what is left.
    fn undo(&mut self, case: &Case, mut registered: Registered, random: &mut Random, what: &str) {
        for at in random.order(case.registrations.len()) {
            if case.removed.contains(&at) {
                continue;
            }
            registered.remove(at);
            let left = registered.left();
            self.removals += 1;
            if registered.cells() != Registered::new(case, &left).cells() {
                self.failures.push(format!("{what}, undone: with {left:?} it is not the table of those"));
            }
        }
    }
}

fn check(cases: &[Case]) -> Report {
    let _process = process();
    let mut report = Report::default();
    let mut random = Random::new(0x5eed);
    cases.iter().for_each(|case| report.run(case, &mut random));
    let Report { cases, cells, calls, removals, on_purpose, failures } = &report;
    println!("{cases} cases, {cells} cells, {calls} calls, {removals} removals, on purpose: {on_purpose:?}");
    assert!(failures.is_empty(), "{} of them fail:\n{}", failures.len(), failures.join("\n"));
    report
}

#[test]
fn the_tables_of_this_repository_are_as_recorded() {
    let report = check(&Case::read(&conformance::own("dispatch_tables.json")));
    assert!(ON_PURPOSE.iter().all(|d| report.on_purpose.contains_key(d.clause)), "{report:?}");
}

#[test]
fn all_tables_are_as_recorded() {
    if let Some(file) = conformance::all("dispatch_tables.json") {
        assert!(check(&Case::read(&file)).cases > 100);
    }
}

/// TB-01 to TB-70, by the ids in the file.
#[test]
fn the_tables_of_the_catalogue_are_as_recorded() {
    let cases = Case::read(&conformance::own("table_rows.json"));
    println!("{}", cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>().join(" "));
    assert_eq!(cases.len() + OTHER_ROWS.len(), 49, "rows TB-*");
    check(&cases);
}

fn answers(number: i64) -> Kernel {
    Kernel::closure(move |_, _, stack| {
        stack.pop()?;
        stack.push(number);
        Ok(())
    })
}

/// TB-72, D117: what is refused leaves state and table as they were, and later undoings work.
#[test]
fn a_refused_registration_changes_nothing() {
    let _process = process();
    let mut library = Library::define("refused").unwrap();
    let operator = library.def("f(Tensor x) -> int").unwrap();
    let kernel = register_kernel("refused::f", DispatchKey::CPU, answers(1), false).unwrap();
    let before = (operator.dump_state(), operator.table());
    assert_eq!(library.def("f(Tensor x, Tensor y) -> int").unwrap_err().kind(), ErrorKind::DuplicateDef);
    let again = register_kernel("refused::f", DispatchKey::CPU, answers(2), false).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::DuplicateKernel);
    let other = Kernel::from_fn(|x: i64| -> keyway::Result<i64> { Ok(x + 1) });
    let other = register_kernel("refused::f", DispatchKey::CUDA, other, false).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::SchemaMismatch);
    assert_eq!((operator.dump_state(), operator.table()), before);
    drop(kernel);
    assert!(operator.kernel_keys().is_empty());
    drop(library);
    assert!(operator.schema().is_none());
}

/// TB-73, D152: the explicit composite runs whichever came first.
#[test]
fn the_explicit_composite_runs_in_both_orders() {
    let _process = process();
    let mut library = Library::define("composites").unwrap();
    let (explicit, implicit) = (AliasKey::CompositeExplicitAutograd, AliasKey::CompositeImplicitAutograd);
    for (name, order) in [("f", [explicit, implicit]), ("g", [implicit, explicit])] {
        let operator = library.def(&format!("{name}(Tensor x) -> int")).unwrap();
        for key in order {
            library.kernel(name, key, answers(key as i64)).unwrap();
            let _ = operator.table();
        }
        let x = Tensor::from_slice(&[1.0f32], &[1]).unwrap();
        let answer = operator.call([x.into()]).unwrap().pop().unwrap();
        assert!(matches!(answer, Value::Int(answer) if answer == explicit as i64), "{name}: {answer:?}");
    }
}

/// TB-77, D175: the state of an operator, line by line.
#[test]
fn the_state_is_dumped_by_key_and_the_newest_first() {
    let _process = process();
    let mut library = Library::define("dumped").unwrap();
    let operator = library.def("f(Tensor x) -> int").unwrap();
    library.kernel("f", AliasKey::CompositeImplicitAutograd, answers(1).named("composite")).unwrap();
    library.kernel("f", DispatchKey::CPU, answers(2).named("older")).unwrap();
    library.override_kernel("f", DispatchKey::CPU, answers(3).named("newer")).unwrap();
    library.kernel("f", DispatchKey::Tracer, Kernel::fallthrough()).unwrap();
    let dump = operator.dump_state();
    let lines: Vec<&str> = dump.lines().collect();
    assert_eq!(lines[..2], ["name: dumped::f", "schema: dumped::f(Tensor x) -> int"]);
    assert!(lines[2].starts_with("debug: registered at ") && lines[2].contains("table_conformance.rs"));
    let starts = ["CPU: ", "CPU (inactive): ", "Tracer: ", "CompositeImplicitAutograd[alias]: "];
    assert_eq!(lines.len(), 3 + starts.len(), "{dump}");
    for (line, (start, name)) in
        lines[3..].iter().zip(starts.into_iter().zip(["newer", "older", "fallthrough", "composite"]))
    {
        assert!(line.starts_with(start) && line.contains(name) && line.contains("boxed"), "{line}");
    }
    drop(library);
    assert!(operator.dump_state().contains("schema: (none)"));
}

/// TB-78, D137, D138: the reasons are the known words, and keys without a kernel are left out.
#[test]
fn every_line_of_a_dumped_table_says_why() {
    let _process = process();
    let mut library = Library::define("reasons").unwrap();
    let operator = library.def("f(Tensor x) -> int").unwrap();
    for key in AliasKey::ALL.into_iter().filter(|key| *key != AliasKey::CompositeExplicitAutograd) {
        library.kernel("f", key, answers(0).named("alias")).unwrap();
    }
    library.kernel("f", DispatchKey::MkldnnCPU, answers(0).named("own")).unwrap();
    library.kernel("f", DispatchKey::CUDA, answers(0).named("own")).unwrap();
    let dump = operator.dump_table();
    let why = |key: &str| {
        let line =
            dump.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ").map(str::to_owned));
        line.map(|line| line[line.rfind('[').unwrap()..].trim_matches(['[', ']']).to_owned())
    };
    for (key, reason) in [
        ("Undefined", Origin::DefaultBackendKernel),
        ("CUDA", Origin::Kernel),
        ("SparseCPU", Origin::MathKernel),
        ("NestedTensorCPU", Origin::NestedKernel),
        ("BackendSelect", Origin::BackendFallback),
        ("AutogradOther", Origin::AmbiguousAutogradOther),
        ("AutogradCUDA", Origin::AutogradKernel),
        ("FuncTorchBatched", Origin::BatchedKernel),
    ] {
        assert_eq!(why(key), Some(reason.to_string()), "{key}");
    }
    assert_eq!(why("TESTING_ONLY_GenericMode"), None);
    assert_eq!(dump.lines().count(), operator.table().len());
    assert!(KeySet::FULL.iter().any(|key| why(&key.to_string()).is_none()));
}
