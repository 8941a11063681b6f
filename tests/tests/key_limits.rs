//! What happens when there is no room for another key: an error, and everything goes on.
//!
//! Keys stay for the process, so this is a process of its own.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, LazyLock};

use keyway::{
    AliasKey, Backend, DType, Device, DispatchKey, ErrorKind, Functionality, Kernel, KeySet, Library,
    LocalKeySets, Tensor, check_invariants, with_key_sets,
};

/// A key space without room.
struct Full {
    backends: Vec<Backend>,
    layers: Vec<DispatchKey>,
    refused: [ErrorKind; 2],
}

static FULL: LazyLock<Full> = LazyLock::new(|| {
    let (is_watched, is_full) = (Barrier::new(2), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| watch(&is_watched, &is_full));
        is_watched.wait();
        let full = fill();
        is_full.store(true, Ordering::Release);
        full
    })
});

/// Tables are never without a key that is there, also while keys are added, and calls go on.
fn watch(is_watched: &Barrier, is_full: &AtomicBool) {
    let mut library = Library::define("watched").unwrap();
    let operator = library.def("f(Tensor x) -> Tensor").unwrap();
    let x = Tensor::zeros(&[1], DType::Float32, Device::META).unwrap();
    library.kernel("f", AliasKey::CompositeImplicitAutograd, Kernel::boxed(|_, _, _| Ok(()))).unwrap();
    is_watched.wait();
    while !is_full.load(Ordering::Acquire) {
        operator.call([x.clone().into()]).unwrap();
        assert_eq!(check_invariants(), []);
    }
}

fn fill() -> Full {
    let mut backends = Vec::new();
    let no_backend = loop {
        match Backend::add(&format!("Full{}", backends.len())) {
            Ok(backend) => backends.push(backend),
            Err(error) => break error.kind(),
        }
    };
    // Each directly above the same key, so each below the one before: the narrowest places there are.
    let mut layers = Vec::new();
    let no_layer = loop {
        match DispatchKey::Tracer.add_above(&format!("Layer{}", layers.len())) {
            Ok(layer) => layers.push(layer),
            Err(error) => break error.kind(),
        }
    };
    Full { backends, layers, refused: [no_backend, no_layer] }
}

#[test]
fn too_many_keys_are_refused() {
    assert_eq!((FULL.backends.len(), FULL.layers.len()), (48, 15));
    assert_eq!(FULL.refused, [ErrorKind::Value; 2]);
    for name in ["More", "Again"] {
        assert_eq!(Backend::add(name).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(DispatchKey::CPU.add_below(name).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(DispatchKey::CPU.add_backend_above(name).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(name.parse::<DispatchKey>().unwrap_err().kind(), ErrorKind::UnknownKey);
    }
    assert_eq!(Backend::add("Full3").unwrap_err().kind(), ErrorKind::DuplicateKey);
    assert_eq!(DispatchKey::CPU.add_above("Layer3").unwrap_err().kind(), ErrorKind::DuplicateKey);
}

#[test]
fn a_full_space_is_in_order() {
    LazyLock::force(&FULL);
    let keys: Vec<DispatchKey> = DispatchKey::all().collect();
    assert_eq!(keys.len(), 136 + 48 * 7 + 15);
    assert!(keys.is_sorted() && KeySet::FULL.iter().eq(keys.iter().copied()));
    let names: BTreeSet<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), keys.len());
    for &key in &keys {
        assert_eq!(key.to_string().parse::<DispatchKey>().unwrap(), key);
        assert_eq!(KeySet::of(key).highest(), key);
    }
    assert_eq!(KeySet::FULL.highest(), DispatchKey::PythonDispatcher);
    let between: Vec<_> =
        keys.iter().filter(|&&key| DispatchKey::Tracer < key && key < DispatchKey::AutocastCPU).collect();
    assert!(between.into_iter().rev().eq(FULL.layers.iter()));
    let counts = AliasKey::ALL.map(|alias| KeySet::of_alias(alias).iter().count());
    assert_eq!(counts, [18 + 48, 103 + 6 * 48, 1, 17 + 48, 69 + 4 * 48, 47 + 3 * 48]);
}

/// Every key of a full space takes a kernel, and calls reach it.
#[test]
fn a_full_space_dispatches() {
    LazyLock::force(&FULL);
    let mut library = Library::define("full").unwrap();
    let operator = library.def("f(Tensor x) -> int").unwrap();
    let keys: Vec<DispatchKey> = DispatchKey::all().collect();
    for (at, &key) in keys.iter().enumerate() {
        let answers = Kernel::closure(move |_, _, stack| {
            stack.pop()?;
            stack.push(at as i64);
            Ok(())
        });
        library.kernel("f", key, answers).unwrap();
    }
    assert_eq!(operator.table().len(), keys.len());
    let x = Tensor::zeros(&[1], DType::Float32, Device::META).unwrap();
    let bare = LocalKeySets { included: KeySet::EMPTY, excluded: KeySet::EMPTY };
    for (at, &key) in keys.iter().enumerate() {
        x.set_key_set(KeySet::of(key));
        let answer = with_key_sets(bare, || operator.call([x.clone().into()])).unwrap().pop().unwrap();
        assert!(matches!(answer, keyway::Value::Int(answer) if answer == at as i64), "{key}: {answer:?}");
    }
    let last = FULL.backends[47];
    x.set_key_set(KeySet::from_iter([DispatchKey::CUDA, DispatchKey::of(Functionality::Dense, last)]));
    let both = with_key_sets(bare, || operator.call([x.clone().into()])).unwrap().pop().unwrap();
    let at = keys.iter().position(|&key| key == DispatchKey::of(Functionality::Dense, last)).unwrap();
    assert!(matches!(both, keyway::Value::Int(answer) if answer == at as i64), "{both:?}");
    assert_eq!(check_invariants(), []);
}
