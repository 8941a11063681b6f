//! Sets of keys: recorded expressions, and the rows KS-* of the catalogue of behaviours.
//!
//! Where sets differ from PyTorch's on purpose ([`ON_PURPOSE`]), what they mean is compared. Keys that are added at run
//! time stay for the process, so none is added here: see `key_space.rs`.

use std::collections::BTreeSet;

use keyway::{
    AliasKey, Backend, DType, Device, DispatchKey, ErrorKind, Functionality, KeySet, LocalKeySets,
    RegistrationKey, Tensor, local_key_sets,
};
use keyway_tests::conformance::{self, key_sets};

/// Differences from PyTorch that are meant, by clause of the specification.
const ON_PURPOSE: [(&str, &str); 8] = [
    ("D17", "every key's printed name parses; PyTorch prints 42 run-time keys that it cannot parse"),
    ("D25", "a set is two words, so that keys can be added at run time; no word is compared"),
    ("D27", "alias keys and `Undefined` are in no set; asking for an alias cannot be written (D33)"),
    ("D31", "the mask after `Undefined` has every backend; PyTorch's loses `Meta` by accident"),
    ("D35", "two sets share functionalities or not; a backend in common is not a key in common"),
    ("D43", "the highest of a block without a backend is `CPU`'s key, which its table look-up means (D46)"),
    ("D49", "sets print in braces, and blocks without a backend and backends alone print too"),
    ("D55", "AutocastFunctionality, the block of added backends' autocast keys, lists no built-in key"),
];

/// Rows that cannot be asked here, and why.
const NOT_APPLICABLE: [(&str, &str); 4] = [
    ("KS-19", "there is no end marker to read: an iterator over the empty set gives `None` (asked so below)"),
    ("KS-27", "key numbers are not public; the counts they must agree in are asked below"),
    (
        "KS-44",
        "sparse, quantised, nested and oneDNN tensors are made by whoever brings them; `Meta` is asked",
    ),
    ("KS-52", "sets are not serialised; names are, and parse back (KS-51)"),
];

fn check(file: &serde_json::Value) -> key_sets::Report {
    let report = key_sets::check(file);
    let differ = |clause: &str| report.on_purpose.iter().filter(|(_, by)| *by == clause).count();
    let (highest, printed) = (differ("D43"), differ("D49"));
    println!("{} cases, {} results, on purpose: {highest} D43, {printed} D49", report.cases, report.results);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    for (id, clause) in &report.on_purpose {
        assert!(ON_PURPOSE.iter().any(|(listed, _)| listed == clause), "{id}: {clause} is not listed");
    }
    report
}

#[test]
fn the_expressions_of_this_repository_give_what_is_recorded() {
    assert_eq!(check(&conformance::own("key_sets.json")).cases, 40);
}

#[test]
fn all_expressions_give_what_is_recorded() {
    if let Some(file) = conformance::all("key_sets.json") {
        assert!(check(&file).cases > 100);
    }
}

/// What is left out above is explained, and every clause once.
#[test]
fn differences_are_listed_once() {
    let clauses: BTreeSet<_> = ON_PURPOSE.iter().map(|(clause, _)| clause).collect();
    assert_eq!(clauses.len(), ON_PURPOSE.len());
    assert!(NOT_APPLICABLE.iter().all(|(id, why)| id.starts_with("KS-") && !why.is_empty()));
}

fn blocks() -> impl Iterator<Item = Functionality> {
    Functionality::all().filter(|f| f.is_per_backend() && *f != Functionality::AutocastFunctionality)
}

fn per_backend_keys() -> Vec<DispatchKey> {
    blocks().flat_map(|block| Backend::all().map(move |backend| DispatchKey::of(block, backend))).collect()
}

fn set(keys: impl IntoIterator<Item = DispatchKey>) -> KeySet {
    KeySet::from_iter(keys)
}

/// KS-01, KS-02, KS-03, KS-04.
#[test]
fn a_run_time_key_is_its_block_and_its_backend() {
    for (key, backend) in [(DispatchKey::CPU, Backend::CPU), (DispatchKey::Lazy, Backend::Lazy)] {
        let keys = KeySet::of(key);
        assert!(keys.contains(key) && keys.contains_backend(backend));
        assert!(keys.contains_all(KeySet::of_block(Functionality::Dense)));
    }
    let united = KeySet::of_block(Functionality::Dense) | KeySet::of_backend(Backend::CPU);
    assert_eq!(united, KeySet::of(DispatchKey::CPU));
    let autograd = KeySet::of(DispatchKey::AutogradCUDA);
    assert!(autograd.contains_all(KeySet::of_block(Functionality::AutogradFunctionality)));
    assert!(autograd.contains_backend(Backend::CUDA) && !autograd.contains_backend(Backend::CPU));
}

/// KS-05, KS-06, KS-21: no part of the product can be left out; backends vary fastest.
#[test]
fn a_set_is_a_product() {
    use DispatchKey as K;
    let blocks =
        KeySet::of_block(Functionality::Dense) | KeySet::of_block(Functionality::AutogradFunctionality);
    let backends = KeySet::of_backend(Backend::CPU) | KeySet::of_backend(Backend::CUDA);
    let same = [
        set([K::AutogradCUDA, K::CPU]),
        set([K::CUDA, K::AutogradCPU]),
        blocks | backends,
        set([K::AutogradCUDA, K::AutogradCPU, K::CUDA, K::CPU]),
    ];
    assert!(same.iter().all(|keys| *keys == same[0]), "{same:?}");
    assert!(same[0].iter().eq([K::CPU, K::CUDA, K::AutogradCPU, K::AutogradCUDA]));
    let with_fpga = (blocks | backends).with(K::FPGA);
    assert!(with_fpga.iter().eq([K::CPU, K::CUDA, K::FPGA, K::AutogradCPU, K::AutogradCUDA]));
}

/// KS-08, KS-19, KS-53.
#[test]
fn the_empty_set_has_nothing() {
    let empty = KeySet::default();
    assert!(empty.is_empty() && empty == KeySet::EMPTY && empty.iter().next().is_none());
    assert!(DispatchKey::all().all(|key| !empty.contains(key)));
    assert!(!empty.contains(DispatchKey::Undefined));
    assert_eq!(empty.highest(), DispatchKey::Undefined);
    assert_eq!((empty.highest_functionality(), empty.highest_backend()), (None, None));
    let (cpu, again) = (KeySet::of(DispatchKey::CPU), KeySet::of(DispatchKey::CPU));
    assert!(cpu == again && cpu != KeySet::of(DispatchKey::CUDA) && cpu != empty);
}

/// KS-09, KS-10.
#[test]
fn sets_of_one_bit() {
    for backend in Backend::all() {
        let alone = KeySet::of_backend(backend);
        assert!(alone == alone | alone && !alone.is_empty() && alone.contains_backend(backend));
        assert_eq!((alone.highest(), alone.iter().count()), (DispatchKey::Undefined, 0), "{backend}");
    }
    let plain = DispatchKey::all().filter(|key| key.backend().is_none()).map(KeySet::of);
    for alone in plain.chain(blocks().map(KeySet::of_block)) {
        assert!(KeySet::EMPTY | alone == alone && alone | alone == alone, "{alone}");
        assert!((alone - alone).is_empty(), "{alone}");
    }
}

/// KS-12, KS-13, KS-15: 96 keys, 4560 pairs.
#[test]
fn per_backend_keys_alone_and_in_pairs() {
    let keys = per_backend_keys();
    assert_eq!(keys.len(), 96);
    for (at, &key) in keys.iter().enumerate() {
        let (block, backend) = (key.functionality().unwrap(), key.backend().unwrap());
        assert_eq!(KeySet::of(key), KeySet::of_block(block) | KeySet::of_backend(backend));
        assert_eq!(KeySet::of(key).without(key), KeySet::of_backend(backend), "{key}");
        for &other in &keys[at + 1..] {
            let both = KeySet::of(key) | KeySet::of(other);
            assert!(both.contains(key) && both.contains(other), "{key} {other}");
            assert!(both.contains_backend(backend) && both.contains_backend(other.backend().unwrap()));
            assert!(both.contains_all(KeySet::of_block(block)));
        }
    }
}

/// KS-17, KS-18, KS-27, KS-48, KS-49: the order of the universe.
#[test]
fn the_full_set_has_every_key_in_order() {
    let all: Vec<DispatchKey> = KeySet::FULL.iter().collect();
    assert_eq!(all.len(), 136);
    assert!(all.is_sorted() && all.iter().all(|&key| KeySet::FULL.contains(key)));
    assert!(DispatchKey::all().eq(all.iter().copied()));
    assert!(!KeySet::FULL.contains(DispatchKey::Undefined));
    let backends: Vec<_> = Backend::all().map(Backend::name).collect();
    let order = "CPU CUDA HIP XLA MPS IPU XPU HPU VE Lazy MTIA MAIA PrivateUse1 PrivateUse2 PrivateUse3 Meta";
    assert_eq!(backends.join(" "), order);
    let expected = "Dense FPGA Vulkan Metal Quantized CustomRNGKeyId MkldnnCPU Sparse SparseCsr NestedTensor \
        BackendSelect Fake Python FuncTorchDynamicLayerBackMode Functionalize Conjugate Negative ZeroTensor \
        ADInplaceOrView AutogradOther AutogradFunctionality AutogradNestedTensor Tracer";
    let names: Vec<_> = Functionality::all().map(Functionality::name).collect();
    assert_eq!(names[..23].join(" "), expected);
    assert_eq!(names.last(), Some(&"PythonDispatcher"));
    for (lower, higher) in Backend::all().zip(Backend::all().skip(1)) {
        let both = set([lower, higher].map(|backend| DispatchKey::of(Functionality::Dense, backend)));
        assert_eq!(both.highest().backend(), Some(higher));
    }
}

/// KS-23: the highest key among the backends' own blocks.
#[test]
fn the_highest_backend_key_is_found_by_a_mask() {
    use DispatchKey as K;
    let blocks =
        [Functionality::Dense, Functionality::Quantized, Functionality::Sparse, Functionality::SparseCsr];
    let mask = blocks.into_iter().fold(KeySet::EMPTY, |mask, block| mask | KeySet::of_block(block));
    let mask = Backend::all().fold(mask, |mask, backend| mask | KeySet::of_backend(backend));
    for (keys, highest) in [
        ([K::AutogradCPU, K::CPU], K::CPU),
        ([K::Functionalize, K::SparseCUDA], K::SparseCUDA),
        ([K::CUDA, K::QuantizedCUDA], K::QuantizedCUDA),
    ] {
        assert_eq!((set(keys) & mask).highest(), highest);
    }
}

/// KS-25, KS-26, KS-51, D16 to D20: a distinct name for each, and each parses back, also the 42 of D19.
#[test]
fn names_are_distinct_and_parse_back() {
    let names = key_sets::all_names();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    let backends: BTreeSet<_> = Backend::all().map(Backend::name).collect();
    assert_eq!(backends.len(), 16);
    assert!(names.iter().all(|name| !name.to_lowercase().contains("unknown") && !name.is_empty()));
    for key in DispatchKey::all() {
        assert_eq!(key.to_string().parse::<DispatchKey>().unwrap(), key);
        assert_eq!(key.to_string().parse::<RegistrationKey>().unwrap(), key.into());
    }
    for alias in AliasKey::ALL {
        assert_eq!(alias.to_string().parse::<RegistrationKey>().unwrap(), alias.into());
    }
    for backend in Backend::all() {
        assert_eq!(Backend::find(backend.name()).unwrap(), backend);
    }
    for unknown in
        ["cpu", "", "Named", "CatchAll", " CPU", "CPU ", "AutocastMeta", "SparseCsr", "UnknownUnknown"]
    {
        let error = unknown.parse::<DispatchKey>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownKey, "{unknown}");
        assert!(error.to_string().contains(&format!("`{unknown}`")), "{error}");
    }
}

/// KS-28, KS-29, D27: `Undefined` adds nothing, and an alias key is no key of a set: asking cannot be written.
#[test]
fn what_is_no_key_of_a_set() {
    let keys = set([DispatchKey::Undefined, DispatchKey::CPU, DispatchKey::Undefined, DispatchKey::Tracer]);
    assert!(keys.iter().eq([DispatchKey::CPU, DispatchKey::Tracer]));
    for alias in AliasKey::ALL {
        assert_eq!(alias.to_string().parse::<DispatchKey>().unwrap_err().kind(), ErrorKind::UnknownKey);
    }
    assert!(matches!("CPU".parse(), Ok(RegistrationKey::Runtime(DispatchKey::CPU))));
}

/// KS-30, KS-33, D35, D39.
#[test]
fn differences_keep_backends() {
    use DispatchKey as K;
    let left = set([K::CPU, K::AutogradCUDA]) - KeySet::of(K::CPU);
    assert!(left.iter().eq([K::AutogradCPU, K::AutogradCUDA]));
    let common = KeySet::of(K::CPU) & KeySet::of(K::CUDA);
    assert!(!common.is_empty() && common.iter().next().is_none());
    assert_eq!(common, KeySet::of_block(Functionality::Dense));
    assert_eq!(common.highest(), K::CPU, "D43: PyTorch gives a marker, its table look-up CPU's slot");
    assert_eq!(common.to_string(), "{Dense}");
    let no_key = KeySet::of_block(Functionality::AutocastFunctionality) | KeySet::of_backend(Backend::CPU);
    assert_eq!(
        no_key.to_string(),
        "{AutocastFunctionality, backend CPU}",
        "only the empty set prints as {{}}"
    );
    assert!(!KeySet::of(K::AutogradCPU).shares_functionality(KeySet::of(K::CPU)));
    assert_eq!(set([K::CPU, K::CUDA]).without_backend(Backend::CUDA), KeySet::of(K::CPU));
}

/// D15: only a building block has a key for each backend.
#[test]
fn a_functionality_without_backends_has_no_key_of_a_backend() {
    for functionality in Functionality::all().filter(|f| !f.is_per_backend()) {
        assert_eq!(
            DispatchKey::of(functionality, Backend::CUDA),
            DispatchKey::Undefined,
            "{functionality:?}"
        );
    }
}

/// KS-37, KS-39, D30, D31.
#[test]
fn masks_keep_what_is_below() {
    use DispatchKey as K;
    let mask = KeySet::after_autograd();
    assert!(!mask.contains(K::AutogradOther) && !mask.contains(K::AutogradCPU));
    assert!(mask.contains(K::ADInplaceOrView) && mask.contains(K::CPU) && mask.contains(K::PythonDispatcher));
    let keys = set([K::Tracer, K::AutogradCPU, K::CPU]);
    assert_eq!((keys & KeySet::after(K::Tracer)).highest(), K::AutogradCPU);
    assert_eq!((keys & KeySet::after(K::AutogradOther)).highest(), K::CPU);
    assert!(KeySet::after(K::CPU).iter().eq([K::PythonDispatcher]));
    assert!(KeySet::after(K::AutogradCPU).contains(K::AutogradOther));
    assert!(Backend::all().all(|backend| KeySet::after(K::Undefined).contains_backend(backend)));
    let all_below = DispatchKey::all().filter(|key| KeySet::after(K::PythonDispatcher).contains(*key));
    assert_eq!(all_below.count(), 136);
}

/// KS-43, KS-44, KS-47.
#[test]
fn key_sets_of_plain_tensors_and_of_a_fresh_thread() {
    use DispatchKey as K;
    let host = Tensor::zeros(&[2], DType::Float32, Device::CPU).unwrap();
    assert!(host.key_set().iter().eq([K::CPU, K::ADInplaceOrView, K::AutogradCPU, K::AutocastCPU]));
    let meta = Tensor::zeros(&[2], DType::Float32, Device::META).unwrap();
    assert!(meta.key_set().iter().eq([K::Meta, K::ADInplaceOrView, K::AutogradMeta]));
    let fresh = std::thread::spawn(local_key_sets).join().unwrap();
    assert_eq!(fresh, LocalKeySets::DEFAULT);
    assert!(fresh.included.iter().eq([K::BackendSelect, K::ADInplaceOrView]));
    let autocast: Vec<_> = fresh.excluded.iter().collect();
    assert_eq!(autocast.len(), 10);
    assert!(autocast.iter().all(|key| key.to_string().starts_with("Autocast")));
}

/// D55, D57: what each alias key stands for, by name.
#[test]
fn alias_keys_stand_for_their_members() {
    let members = |alias| KeySet::of_alias(alias).iter().map(|key| key.to_string()).collect::<BTreeSet<_>>();
    let autograd = members(AliasKey::Autograd);
    assert!(autograd.contains("AutogradOther") && autograd.contains("AutogradNestedTensor"));
    let explicit = members(AliasKey::CompositeExplicitAutograd);
    let functional = members(AliasKey::CompositeExplicitAutogradNonFunctional);
    let withheld: BTreeSet<_> = explicit.difference(&functional).collect();
    let is_withheld = |name: &str| {
        name.ends_with("XLA")
            || name.ends_with("Lazy")
            || (name.starts_with("Sparse") && !name.starts_with("SparseCsr"))
    };
    assert!(explicit.iter().all(|name| withheld.contains(name) == is_withheld(name)));
    let implicit = members(AliasKey::CompositeImplicitAutograd);
    assert!(implicit.is_superset(&explicit) && implicit.is_superset(&autograd));
    assert!(implicit.is_superset(&members(AliasKey::CompositeImplicitAutogradNestedTensor)));
    assert!(!implicit.contains("Functionalize"), "D56");
    assert_eq!(members(AliasKey::FuncTorchBatchedDecomposition), BTreeSet::from(["FuncTorchBatched".into()]));
}
