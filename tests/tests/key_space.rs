//! The open key space: backends and functionalities added at run time are keys like all others (law 11).
//!
//! Keys stay for the process, so every test adds keys of names of its own and none counts all keys. What happens when
//! there is no room left is in `key_limits.rs`, a process of its own.

use std::any::Any;
use std::cell::RefCell;
use std::sync::LazyLock;

use keyway::{
    AliasKey, Backend, DType, Device, DispatchKey, ErrorKind, Functionality, Geometry, Kernel, KeySet,
    Library, LocalKeySets, OpaqueStorage, Operator, Origin, RegistrationKey, Result, Scalar, Stack, Storage,
    Tensor, check_invariants, collected_problems, kernel, register_fallback, register_kernel, with_excluded,
    with_included, with_key_sets,
};
use keyway_tests::conformance::Random;
use keyway_tests::typed;

/// More backends than the built-in ones.
static MANY: LazyLock<Vec<Backend>> =
    LazyLock::new(|| (0..33).map(|n| Backend::add(&format!("Npu{n}")).unwrap()).collect());

fn blocks() -> impl Iterator<Item = Functionality> + Clone {
    Functionality::all().filter(|f| f.is_per_backend())
}

/// The keys of an added backend.
fn keys_of(backend: Backend) -> Vec<DispatchKey> {
    blocks().map(|block| DispatchKey::of(block, backend)).collect()
}

/// Nothing included, nothing excluded.
const BARE: LocalKeySets = LocalKeySets { included: KeySet::EMPTY, excluded: KeySet::EMPTY };

fn defined(namespace: &str) -> (Library, &'static Operator) {
    let mut library = Library::define(namespace).unwrap();
    let operator = library.def("f(Tensor x) -> Tensor").unwrap();
    (library, operator)
}

thread_local! {
    static TRACE: RefCell<Vec<DispatchKey>> = const { RefCell::new(Vec::new()) };
}

/// A kernel that notes its key and passes the call on to the keys below, as long as there are some.
fn layer(key: DispatchKey) -> Kernel {
    Kernel::closure(move |operator, keys, stack| {
        TRACE.with_borrow_mut(|trace| trace.push(key));
        let below = keys & KeySet::after(key).without(DispatchKey::PythonDispatcher);
        if below.iter().next().is_some() { operator.redispatch_boxed(below, stack) } else { Ok(()) }
    })
}

/// The keys whose kernels a call with exactly these keys reaches, in order.
fn traced(operator: &'static Operator, keys: KeySet) -> Result<Vec<DispatchKey>> {
    let x = Tensor::zeros(&[1], DType::Float32, Device::META)?;
    x.set_key_set(keys);
    TRACE.take();
    operator.call([x.into()])?;
    Ok(TRACE.take())
}

#[test]
fn every_key_of_an_added_backend_prints_and_parses() {
    for &backend in MANY.iter() {
        assert_eq!(Backend::find(backend.name()).unwrap(), backend);
        let prefixes = ["", "Quantized", "Sparse", "SparseCsr", "NestedTensor", "Autograd", "Autocast"];
        assert_eq!(keys_of(backend).len(), prefixes.len());
        for (key, prefix) in keys_of(backend).into_iter().zip(prefixes) {
            assert_eq!(key.to_string(), format!("{prefix}{backend}"));
            assert_eq!(key.to_string().parse::<DispatchKey>().unwrap(), key);
            assert_eq!(key.to_string().parse::<RegistrationKey>().unwrap(), key.into());
            assert_eq!((key.backend(), KeySet::of(key).highest()), (Some(backend), key));
            assert!(DispatchKey::all().any(|listed| listed == key) && KeySet::FULL.contains(key));
        }
    }
    let error = "AutogradNpu0x".parse::<DispatchKey>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownKey);
    assert!(error.to_string().contains("did you mean `AutogradNpu0`"), "{error}");
}

/// D4: an added backend outranks the built-in ones and those added before; `Meta` outranks them all.
#[test]
fn added_backends_stand_below_meta() {
    let order: Vec<Backend> = [Backend::CPU, Backend::CUDA, Backend::PrivateUse3]
        .into_iter()
        .chain(MANY.iter().copied())
        .chain([Backend::Meta])
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    let listed: Vec<Backend> = Backend::all().filter(|backend| order.contains(backend)).collect();
    assert_eq!(listed, order);
    let (_library, operator) = defined("ranks");
    let dense = |backend| DispatchKey::of(Functionality::Dense, backend);
    let _kernels =
        order.iter().map(|&b| register_kernel("ranks::f", dense(b), layer(dense(b)), false).unwrap());
    let _kernels: Vec<_> = _kernels.collect();
    for pair in order.windows(2) {
        let keys = KeySet::from_iter([dense(pair[1]), dense(pair[0])]);
        assert_eq!(keys.highest(), dense(pair[1]));
        assert_eq!(traced(operator, keys).unwrap(), [dense(pair[1])]);
    }
}

/// D55: alias keys stand for the keys of added backends too.
#[test]
fn alias_keys_take_added_backends_in() {
    use AliasKey::*;
    for &backend in MANY.iter() {
        let serves = |alias| -> String {
            let names = keys_of(backend).into_iter().filter(|&key| KeySet::of_alias(alias).contains(key));
            names.map(|key| key.to_string().replace(backend.name(), "+")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(serves(Autograd), "Autograd+");
        assert_eq!(serves(CompositeExplicitAutograd), "+ Quantized+ Sparse+ SparseCsr+");
        assert_eq!(serves(CompositeExplicitAutogradNonFunctional), "+ Quantized+ SparseCsr+");
        assert_eq!(serves(CompositeImplicitAutogradNestedTensor), "NestedTensor+");
        let all = "+ Quantized+ Sparse+ SparseCsr+ NestedTensor+ Autograd+";
        assert_eq!(serves(CompositeImplicitAutograd), all);
        assert_eq!(serves(FuncTorchBatchedDecomposition), "");
    }
}

/// 231 keys: each takes a kernel, is in table and dump, and calls reach it.
#[test]
fn every_key_of_an_added_backend_registers_and_dispatches() {
    let (mut library, operator) = defined("many");
    let keys: Vec<DispatchKey> = MANY.iter().copied().flat_map(keys_of).collect();
    assert_eq!(keys.len(), 33 * 7);
    library.kernel("f", AliasKey::CompositeImplicitAutograd, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    let row = |key| operator.table().into_iter().find(|row| row.key == key);
    assert_eq!(row(keys[0]).unwrap().origin, Origin::MathKernel);
    for &key in &keys {
        library.kernel("f", key, layer(key).named("own")).unwrap();
    }
    let dump = operator.dump_table();
    let rows = operator.table();
    for key in keys {
        let row = rows.iter().find(|row| row.key == key).unwrap();
        assert_eq!((row.kernel, row.origin), ("own", Origin::Kernel), "{key}");
        assert!(dump.contains(&format!("\n{key}: own")) && operator.has_kernel_at(key), "{key}");
        assert_eq!(with_key_sets(BARE, || traced(operator, KeySet::of(key))).unwrap(), [key]);
    }
    assert_eq!(check_invariants(), []);
}

/// D139: a kernel of an added backend keeps its autograd key from decomposing, as one of a built-in backend does.
#[test]
fn an_added_backend_has_its_own_autograd_key() {
    let (mut library, operator) = defined("own_autograd");
    let (backend, other) = (MANY[5], MANY[6]);
    library.kernel("f", AliasKey::CompositeImplicitAutograd, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    library
        .kernel("f", DispatchKey::of(Functionality::Dense, backend), Kernel::boxed(|_, _, _| Ok(())))
        .unwrap();
    let origin = |backend| {
        let key = DispatchKey::of(Functionality::AutogradFunctionality, backend);
        operator.table().into_iter().find(|row| row.key == key).map(|row| row.origin)
    };
    assert_eq!(origin(backend), Some(Origin::BackendFallback));
    assert_eq!(origin(other), Some(Origin::MathKernel));
    library.kernel("f", AliasKey::Autograd, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    assert_eq!(origin(backend), Some(Origin::AutogradKernel));
    let sparse = DispatchKey::of(Functionality::Sparse, other);
    library.kernel("f", sparse, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    let other = operator.table().into_iter().find(|row| row.key == DispatchKey::AutogradOther).unwrap();
    assert_eq!(other.origin, Origin::AmbiguousAutogradOther);
}

/// Memory that only the backend `Foo` knows.
#[derive(Debug)]
struct FooMemory(Vec<f32>);

impl OpaqueStorage for FooMemory {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn on(backend: Backend, elements: &[f32]) -> Tensor {
    let storage = Storage::opaque(FooMemory(elements.to_vec()));
    let geometry = Geometry::contiguous(&[elements.len() as i64]).unwrap();
    Tensor::from_storage(storage, DType::Float32, Device::of(backend), geometry).unwrap()
}

#[kernel("typed::scale", "Foo")]
fn scale_on_foo(x: &Tensor, by: Scalar) -> Result<Tensor> {
    let memory: &FooMemory = x.storage().downcast().expect("a tensor on Foo");
    let scaled: Vec<f32> = memory.0.iter().map(|v| v * by.to_f64() as f32).collect();
    Ok(on(x.device().backend, &scaled))
}

#[kernel("typed::keys", "Observed")]
fn observe(keys: KeySet, x: &Tensor) -> Result<i64> {
    let below = keys & KeySet::after("Observed".parse()?);
    Ok(1000 + typed::keys::default.redispatch(below, x)?)
}

/// The fallback of a key by name, which waits as well.
#[keyway::fallback("SparseFoo")]
fn sparse(_: &'static Operator, _: KeySet, stack: &mut Stack) -> Result<()> {
    stack.truncate(0);
    stack.push(77i64);
    Ok(())
}

/// A kernel for a key by name waits until the key is there.
#[test]
fn a_named_kernel_waits_for_its_backend() {
    let waits = |what: &str| collected_problems().iter().any(|p| p.contains("waits") && p.contains(what));
    let scale = typed::scale::default.operator();
    assert!(waits("\"SparseFoo\""));
    assert!(waits("\"Foo\"") && !scale.dump_state().contains("Foo"));
    assert_eq!("Foo".parse::<DispatchKey>().unwrap_err().kind(), ErrorKind::UnknownKey);
    let foo = Backend::add("Foo").unwrap();
    assert!(!waits("\"Foo\"") && scale.dump_state().contains("Foo: "));

    assert!(!waits("SparseFoo"));
    let sparse = on(foo, &[1.0]);
    sparse.set_key_set(KeySet::of("SparseFoo".parse().unwrap()));
    assert_eq!(typed::keys::default.call(&sparse).unwrap(), 77);

    let x = on(foo, &[1.0, 2.0]);
    assert_eq!((x.device(), x.device().to_string()), (Device::of(foo), "foo".to_owned()));
    let names: Vec<String> = x.key_set().iter().map(|key| key.to_string()).collect();
    assert_eq!(names, ["Foo", "ADInplaceOrView", "AutogradFoo", "AutocastFoo"]);
    let scaled = typed::scale::default.call(&x, Scalar::Int(3)).unwrap();
    assert_eq!(scaled.storage().downcast::<FooMemory>().unwrap().0, [3.0, 6.0]);
    let boxed = scale.call([x.clone().into(), Scalar::Int(4).into()]).unwrap().pop().unwrap();
    let keyway::Value::Tensor(boxed) = boxed else { panic!("{boxed:?}") };
    assert_eq!(boxed.storage().downcast::<FooMemory>().unwrap().0, [4.0, 8.0]);
    // A composite kernel calls on; the backend's own is found again inside.
    let twice = typed::twice::default.call(&x).unwrap();
    assert_eq!(twice.storage().downcast::<FooMemory>().unwrap().0, [2.0, 4.0]);

    let error = typed::negate_::default.call(&x).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::NoKernel, Some("Foo".parse().unwrap())));
    let late = typed::scale::default.kernel(|_, x, _| Ok(x.clone()));
    let autocast: DispatchKey = "AutocastFoo".parse().unwrap();
    let _late = register_kernel("typed::scale", autocast, late, false).unwrap();
    let scale = || typed::scale::default.call(&x, Scalar::Int(3)).unwrap();
    assert!(!scale().is_same(&x), "D285: autocast is excluded until it is switched on");
    let on = LocalKeySets { excluded: KeySet::EMPTY, ..LocalKeySets::DEFAULT };
    assert!(with_key_sets(on, scale).is_same(&x));
    let host = Tensor::from_slice(&[1.0f32], &[1]).unwrap();
    let scaled = with_key_sets(on, || typed::scale::default.call(&host, Scalar::Int(3))).unwrap();
    assert_eq!(scaled.to_vec::<f32>().unwrap(), [3.0], "its autocast key is not CPU's");
}

/// A typed and a boxed kernel, registered at run time, take tensors whose memory only they know.
#[test]
fn kernels_registered_at_run_time_take_tensors_of_their_backend() {
    let (typed_backend, boxed_backend) = (MANY[10], MANY[11]);
    let name = "typed::scale";
    let typed = typed::scale::default.kernel(|_, x, by| scale_on_foo(x, by));
    let _typed = register_kernel(name, npu_key(typed_backend), typed, false).unwrap();
    let boxed = Kernel::boxed(|_, _, stack| {
        let (keyway::Value::Int(by), keyway::Value::Tensor(x)) = (stack.pop()?, stack.pop()?) else {
            panic!("not its arguments")
        };
        stack.push(scale_on_foo(&x, Scalar::Int(by))?);
        Ok(())
    });
    let boxed = register_kernel(name, npu_key(boxed_backend), boxed, false).unwrap();
    for backend in [typed_backend, boxed_backend] {
        let scaled = typed::scale::default.call(&on(backend, &[1.5]), Scalar::Int(2)).unwrap();
        assert_eq!(scaled.device(), Device::of(backend));
        assert_eq!(scaled.storage().downcast::<FooMemory>().unwrap().0, [3.0]);
    }
    drop(boxed);
    let error = typed::scale::default.call(&on(boxed_backend, &[1.0]), Scalar::Int(2)).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::NoKernel, Some(npu_key(boxed_backend))));
}

#[test]
fn a_named_kernel_waits_for_its_functionality() {
    let x = Tensor::from_slice(&[1.0f32], &[1]).unwrap();
    let before = typed::keys::default.call(&x).unwrap();
    let key = DispatchKey::Tracer.add_above("Observed").unwrap();
    assert_eq!(typed::keys::default.call(&x).unwrap(), before);
    let observed = with_included(KeySet::of(key), || typed::keys::default.call(&x)).unwrap();
    assert!(observed > 1000, "{observed}");
    assert_eq!(check_invariants(), []);
}

/// D191: an alias fallback, and an alias kernel, serve a backend that is added after them.
#[test]
fn what_is_registered_at_an_alias_key_serves_later_backends() {
    let (mut library, operator) = defined("before");
    library.kernel("f", AliasKey::CompositeExplicitAutograd, layer(DispatchKey::Undefined)).unwrap();
    let nested = AliasKey::CompositeImplicitAutogradNestedTensor;
    let fallback = register_fallback(nested, layer(DispatchKey::NestedTensorCPU)).unwrap();
    let _ = operator.table();
    let late = Backend::add("Late").unwrap();
    let key = |block| DispatchKey::of(block, late);
    let reached = |keys| with_key_sets(BARE, || traced(operator, keys));
    let dense = KeySet::of(key(Functionality::Dense));
    assert_eq!(reached(dense).unwrap(), [DispatchKey::Undefined]);
    let nested_key = key(Functionality::NestedTensor);
    assert_eq!(reached(KeySet::of(nested_key)).unwrap(), [DispatchKey::NestedTensorCPU]);
    let twice = register_fallback(nested_key, Kernel::fallthrough()).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::DuplicateFallback, "{twice}");
    drop(fallback);
    assert_eq!(reached(KeySet::of(nested_key)).unwrap_err().key(), Some(nested_key));
}

/// Functionalities at stated places, in the order in which calls reach them, the highest last.
static LAYERS: LazyLock<Vec<DispatchKey>> = LazyLock::new(|| {
    let under = DispatchKey::CPU.add_below("UnderDense").unwrap();
    let chip = DispatchKey::MkldnnCPU.add_backend_above("OwnChip").unwrap();
    let above_sparse = DispatchKey::SparseCUDA.add_above("AboveSparse").unwrap();
    let above_python = DispatchKey::Python.add_above("AbovePython").unwrap();
    let below_autograd = DispatchKey::AutogradOther.add_below("BelowAutograd").unwrap();
    let above_autograd = DispatchKey::AutogradCPU.add_above("AboveAutograd").unwrap();
    let first = DispatchKey::AutocastCPU.add_below("First").unwrap();
    let third = first.add_above("Third").unwrap();
    let second = third.add_below("Second").unwrap();
    let top = DispatchKey::PythonDispatcher.add_above("Top").unwrap();
    vec![
        under,
        DispatchKey::CPU,
        DispatchKey::MkldnnCPU,
        chip,
        DispatchKey::SparseCPU,
        above_sparse,
        DispatchKey::SparseCsrCPU,
        DispatchKey::Python,
        above_python,
        DispatchKey::FuncTorchDynamicLayerBackMode,
        DispatchKey::ADInplaceOrView,
        below_autograd,
        DispatchKey::AutogradOther,
        DispatchKey::AutogradCPU,
        above_autograd,
        DispatchKey::AutogradNestedTensor,
        DispatchKey::Tracer,
        first,
        second,
        third,
        DispatchKey::AutocastCPU,
        DispatchKey::PreDispatch,
        DispatchKey::PythonDispatcher,
        top,
    ]
});

#[test]
fn added_functionalities_stand_at_their_places() {
    assert!(LAYERS.is_sorted(), "{LAYERS:?}");
    let all: Vec<DispatchKey> = DispatchKey::all().collect();
    assert!(all.is_sorted());
    let listed: Vec<_> = all.iter().copied().filter(|key| LAYERS.contains(key)).collect();
    assert_eq!(listed, *LAYERS);
    let set = KeySet::from_iter(LAYERS.iter().rev().copied());
    assert!(set.iter().eq(LAYERS.iter().copied()), "{set}");
    let names: Vec<String> = LAYERS.iter().map(|key| key.to_string()).collect();
    assert_eq!(set.to_string(), format!("{{{}}}", names.join(", ")));
    for (at, &key) in LAYERS.iter().enumerate() {
        assert_eq!(key.to_string().parse::<DispatchKey>().unwrap(), key);
        let lower = KeySet::from_iter(LAYERS[..=at].iter().copied());
        assert_eq!(lower.highest(), key);
        let after = KeySet::after(key);
        for (other_at, &other) in LAYERS.iter().enumerate() {
            let kept = other_at < at || other == DispatchKey::PythonDispatcher;
            assert_eq!(after.contains(other), kept, "{other} after {key}");
        }
    }
}

/// An operator with a layer at each of [`LAYERS`].
fn layered(namespace: &str) -> (Library, &'static Operator) {
    let (mut library, operator) = defined(namespace);
    for &key in LAYERS.iter() {
        library.kernel("f", key, layer(key)).unwrap();
    }
    (library, operator)
}

/// Calls reach any subset of the layers from the highest to the lowest.
#[test]
fn dispatch_goes_down_the_order() {
    let (_library, operator) = layered("down");
    let (table, state) = (operator.dump_table(), operator.dump_state());
    for key in LAYERS.iter() {
        let has_line = |dump: &str| dump.lines().any(|line| line.starts_with(&format!("{key}: ")));
        assert!(has_line(&table) && has_line(&state), "{key}");
    }
    let mut random = Random::new(17);
    for _ in 0..300 {
        let keys: KeySet = LAYERS.iter().copied().filter(|_| random.below(3) == 0).collect();
        let Some(highest) = keys.iter().last() else { continue };
        assert_eq!(keys.highest(), highest);
        let mut expected: Vec<DispatchKey> = keys.iter().collect();
        expected.reverse();
        // A layer above it passes on without the Python dispatcher: see `layer`.
        let hidden = expected[0] != DispatchKey::PythonDispatcher;
        expected.retain(|&key| !(hidden && key == DispatchKey::PythonDispatcher));
        assert_eq!(with_key_sets(BARE, || traced(operator, keys)).unwrap(), expected, "{keys}");
    }
    assert_eq!(check_invariants(), []);
}

/// Random layers fall through for one operator, by its own kernel or by a fallback.
#[test]
fn added_keys_fall_through() {
    let keys: KeySet = LAYERS.iter().copied().filter(|&key| key != DispatchKey::PythonDispatcher).collect();
    let mut random = Random::new(23);
    for round in 0..30 {
        let (mut library, operator) = defined(&format!("falls{round}"));
        // The lowest is kept, so that what the layers pass on to always ends somewhere.
        let layers = LAYERS.iter().copied();
        let skipped: Vec<DispatchKey> = layers.skip(1).filter(|_| random.below(2) == 0).collect();
        for &key in LAYERS.iter() {
            let own = if skipped.contains(&key) { Kernel::fallthrough() } else { layer(key) };
            library.kernel("f", key, own).unwrap();
        }
        let expected: Vec<_> = keys.iter().filter(|key| !skipped.contains(key)).collect();
        let mut reached = with_key_sets(BARE, || traced(operator, keys)).unwrap();
        reached.reverse();
        assert_eq!(reached, expected, "without {skipped:?}");
    }
    let (mut library, operator) = defined("falls_back");
    library.kernel("f", DispatchKey::CPU, layer(DispatchKey::CPU)).unwrap();
    let key = DispatchKey::Tracer.add_above("Skipped").unwrap();
    let keys = KeySet::from_iter([DispatchKey::CPU, key]);
    let missing = traced(operator, keys).unwrap_err();
    assert_eq!((missing.kind(), missing.key()), (ErrorKind::NoKernel, Some(key)));
    let _skipped = register_fallback(key, Kernel::fallthrough()).unwrap();
    assert_eq!(traced(operator, keys).unwrap(), [DispatchKey::CPU]);
    library.kernel("f", key, layer(key)).unwrap();
    assert_eq!(traced(operator, keys).unwrap(), [key, DispatchKey::CPU]);
}

/// D59, D61: exclusion and inclusion of added keys.
#[test]
fn added_keys_are_included_and_excluded() {
    let (_library, operator) = layered("local");
    let name = |text: &str| text.parse::<DispatchKey>().unwrap();
    let (second, third, top) = (name("Second"), name("Third"), name("Top"));
    let keys = KeySet::from_iter([DispatchKey::CPU, second]);
    let traced = |keys| traced(operator, keys).unwrap();
    with_key_sets(BARE, || {
        assert_eq!(with_included(KeySet::of(third), || traced(keys)), [third, second, DispatchKey::CPU]);
        assert_eq!(with_excluded(KeySet::of(second), || traced(keys)), [DispatchKey::CPU]);
        let both = with_included(KeySet::of(top), || with_excluded(KeySet::of(top), || traced(keys)));
        assert_eq!(both, [second, DispatchKey::CPU], "exclusion wins");
        keyway::set_included(top, true);
        assert_eq!(traced(keys), [top, second, DispatchKey::CPU]);
        keyway::set_excluded(second, true);
        assert_eq!(traced(keys), [top, DispatchKey::CPU]);
        keyway::set_included(top, false);
        keyway::set_excluded(second, false);
        assert_eq!(traced(keys), [second, DispatchKey::CPU]);
    });
}

/// D2, D52: an added functionality that is a backend of its own takes composites, and shares `AutogradOther`.
#[test]
fn an_added_backend_functionality_takes_composites() {
    LazyLock::force(&LAYERS);
    let (mut library, operator) = defined("own_chip");
    let chip: DispatchKey = "OwnChip".parse().unwrap();
    let row = |key| operator.table().into_iter().find(|row| row.key == key).map(|row| row.origin);
    library.kernel("f", AliasKey::CompositeImplicitAutograd, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    assert_eq!(row(chip), Some(Origin::MathKernel));
    assert_eq!(row("AboveSparse".parse().unwrap()), None, "a layer is no backend");
    assert_eq!(row(DispatchKey::AutogradOther), Some(Origin::MathKernel));
    library.kernel("f", chip, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    assert_eq!(row(DispatchKey::AutogradOther), Some(Origin::AmbiguousAutogradOther));
    library.kernel("f", AliasKey::CompositeExplicitAutograd, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    assert_eq!((row(chip), chip.backend()), (Some(Origin::Kernel), None));
    let dump = operator.dump_state();
    assert!(dump.contains("OwnChip: "), "{dump}");
}

/// Names that are taken, in any part, and names that are no words, are refused and add nothing.
#[test]
fn taken_and_bad_names_are_refused() {
    let npu = MANY[0];
    LazyLock::force(&LAYERS);
    let backends = [
        "CPU",
        "cpu",
        "META",
        "npu0",
        "Meta",
        "Npu0",
        "Other",
        "Functionality",
        "Dense",
        "Undefined",
        "NestedTensor",
    ];
    // `Autograd` + `Npu0`, `SparseCsr` + `Npu0`, an alias key, a functionality.
    let parts = ["AutogradNpu0", "CsrNpu0", "Autograd", "CompositeExplicitAutograd", "Third", "CatchAllNot "];
    for name in backends.into_iter().chain(parts) {
        let error = Backend::add(name).unwrap_err();
        let kind = if name.ends_with(' ') { ErrorKind::Value } else { ErrorKind::DuplicateKey };
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
    for name in ["Third", "Tracer", "CPU", "SparseNpu0", "Npu0", "Dense", "Autograd", "Undefined"] {
        let error = DispatchKey::Tracer.add_above(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateKey, "{name}: {error}");
    }
    for name in ["", "1st", "two words", "dash-ed", "_x", "é", "a::b", "a.b"] {
        assert_eq!(Backend::add(name).unwrap_err().kind(), ErrorKind::Value, "`{name}`");
        assert_eq!(npu_key(npu).add_below(name).unwrap_err().kind(), ErrorKind::Value, "`{name}`");
        assert_eq!(name.parse::<DispatchKey>().unwrap_err().kind(), ErrorKind::UnknownKey, "`{name}`");
    }
    assert_eq!(Backend::find("Nothing").unwrap_err().kind(), ErrorKind::UnknownKey);
    let nowhere = DispatchKey::Undefined.add_below("Nowhere").unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::Value, "{nowhere}");
    assert!("Nowhere".parse::<DispatchKey>().is_err());
}

fn npu_key(backend: Backend) -> DispatchKey {
    DispatchKey::of(Functionality::Dense, backend)
}
