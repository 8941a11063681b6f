//! Every mistake that the dispatcher knows (dispatch.md D288, D319.12): what it is called and what its message carries,
//! or why it cannot be made.
//!
//! Among the rows are REG-04 and REG-10 (only a name), REG-07, REG-12, REG-16, REG-19, REG-21, REG-22, REG-24, REG-31,
//! REG-42, REG-50 (a second kernel for a key), REG-53, DSP-14, DSP-27, DSP-29, BOX-67, BOX-72, FB-08 and FB-12. BOX-65, a
//! kernel without a function, cannot be made; REG-41 and BOX-45, a kernel that takes a tensor by value, does not compile.

use keyway::{
    AliasKey, Device, DispatchKey, Error, ErrorKind, Kernel, KeySet, Library, LibraryKind, Observer,
    Operator, RegistrationKey, Result, Stack, Tensor, Value, check_invariants, dangling_operators,
    find_operator, register_kernel, set_default_node_id,
};

/// What becomes of a mistake.
enum Row {
    /// An error of a kind, whose message has these words, and names this many places of this file.
    Error(ErrorKind, &'static [&'static str], usize, fn() -> Error),
    /// It cannot be made, and why; the function shows what happens instead.
    Impossible(&'static str, fn()),
    /// It belongs to a layer that has tests of its own.
    Elsewhere(&'static str),
}
use ErrorKind::*;
use Row::{Elsewhere, Error as Fails, Impossible};

const CPU: DispatchKey = DispatchKey::CPU;

fn library(namespace: &str) -> Library {
    Library::define(namespace).unwrap()
}

/// A defined operator `namespace::f` without kernels. Its library is left for good.
fn operator(namespace: &str, schema: &str) -> &'static Operator {
    let mut library = library(namespace);
    let operator = library.def(schema).unwrap();
    library.keep();
    operator
}

fn boxed() -> Kernel {
    Kernel::boxed(|_, _, _| Ok(()))
}

fn tensor() -> Tensor {
    Tensor::from_slice(&[1.0f32], &[1]).unwrap()
}

fn call(operator: &'static Operator, arguments: impl IntoIterator<Item = Value>) -> Error {
    operator.call_boxed(&mut arguments.into_iter().collect()).unwrap_err()
}

#[rustfmt::skip]
const ROWS: [(&str, Row); 61] = [
    ("parse unknown key", Fails(UnknownKey, &["`CPUU`", "`CPU`"], 0, || "CPUU".parse::<RegistrationKey>().unwrap_err())),
    ("device type not registrable", Impossible("a device has a backend, and every backend has keys", || {
        assert_eq!(RegistrationKey::from(Device::META), DispatchKey::Meta.into());
    })),
    ("expand alias of Undefined", Impossible("KeySet::of_alias takes an AliasKey, Undefined is none", || {
        assert!(AliasKey::ALL.iter().all(|alias| !KeySet::of_alias(*alias).is_empty()));
    })),
    ("second library with same namespace", Fails(DuplicateLibrary, &["`err_twice`", "fragment"], 2, || {
        let _first = library("err_twice");
        Library::define("err_twice").unwrap_err()
    })),
    ("FRAGMENT with _", Fails(WildcardNotAllowed, &["fragment", "`_`"], 1, || Library::fragment("_").unwrap_err())),
    ("DEF with _", Fails(WildcardNotAllowed, &["block of definitions", "`_`"], 1, || Library::define("_").unwrap_err())),
    ("DEF/FRAGMENT with key", Fails(KeyNotAllowed, &["fragment of `err_key`", "CPU"], 1, || {
        Library::open(LibraryKind::Fragment, "err_key", Some(CPU.into())).unwrap_err()
    })),
    ("def inside IMPL", Fails(DefNotAllowedHere, &["`f(int x) -> int`", "block of kernels of `err_impl`"], 2, || {
        Library::implement("err_impl").def("f(int x) -> int").unwrap_err()
    })),
    ("schema names another namespace", Fails(NamespaceMismatch, &["`other`", "`err_mine`"], 1, || {
        library("err_mine").def("other::f(int x) -> int").unwrap_err()
    })),
    ("def with only a name", Fails(SchemaExpected, &["`f.over`", "only a name"], 0, || {
        library("err_only").def("f.over").unwrap_err()
    })),
    ("def by name with boxed function", Fails(CannotInferSchema, &["err_infer::f", "schema"], 1, || {
        library("err_infer").def_kernel("err_infer::f", boxed()).unwrap_err()
    })),
    ("malformed schema text", Fails(SchemaSyntax, &["`f(Tensr x) -> int`", "at byte 2", "`Tensor`"], 0, || {
        library("err_syntax").def("f(Tensr x) -> int").unwrap_err()
    })),
    ("reserved overload name", Fails(IllegalOverload, &["default"], 0, || {
        library("err_overload").def("f.default(int x) -> int").unwrap_err()
    })),
    ("required positional after default", Fails(SchemaInvalid, &["`y`"], 0, || {
        library("err_order").def("f(int x=1, int y) -> int").unwrap_err()
    })),
    ("more than 64 arguments", Impossible("tensor positions are a list, not bits of a word", || {
        let arguments: Vec<String> = (0..70).map(|n| format!("Tensor x{n}")).collect();
        let f = operator("err_many", &format!("f({}) -> Tensor", arguments.join(", ")));
        let mut kernels = Library::implement("err_many");
        kernels.kernel("f", CPU, Kernel::boxed(|_, _, stack| { stack.truncate(1); Ok(()) })).unwrap();
        f.call((0..70).map(|_| tensor().into())).unwrap();
    })),
    ("duplicate def", Fails(DuplicateDef, &["err_dup::f", "defined already"], 2, || {
        let mut library = library("err_dup");
        library.def("f(int x) -> int").unwrap();
        library.def("f(int x) -> int").unwrap_err()
    })),
    ("impl with full schema text", Fails(NameExpected, &["`f(int x) -> int`"], 0, || {
        library("err_full").kernel("f(int x) -> int", CPU, boxed()).unwrap_err()
    })),
    ("impl names another namespace", Fails(NamespaceMismatch, &["other::f", "`err_ns`"], 1, || {
        Library::implement("err_ns").kernel("other::f", CPU, boxed()).unwrap_err()
    })),
    ("impl key differs from block key", Fails(KeyMismatch, &["CUDA", "CPU", "`err_block`"], 1, || {
        Library::implement_at("err_block", CPU).kernel("f", DispatchKey::CUDA, boxed()).unwrap_err()
    })),
    ("impl in _, unqualified", Fails(WildcardNotAllowed, &["f: ", "all namespaces"], 1, || {
        let mut all = Library::implement("_");
        let qualified = all.kernel("err_all::f", CPU, boxed()).unwrap_err();
        assert_eq!(qualified.kind(), WildcardNotAllowed);
        all.kernel("f", CPU, boxed()).unwrap_err()
    })),
    ("inferred schema differs", Fails(SchemaMismatch, &["err_types::f", "argument 1 (`x`) is declared Tensor, not int"], 2, || {
        let mut library = library("err_types");
        library.def("f(Tensor x) -> int").unwrap();
        library.kernel_fn("f", CPU, |x: i64| -> Result<i64> { Ok(x) }).unwrap_err()
    })),
    ("kernel signatures differ", Fails(SignatureMismatch, &["err_signature::f", "CPU"], 1, || {
        let mut library = library("err_signature");
        library.def("f(Tensor x) -> Tensor").unwrap();
        let typed = keyway_tests::typed::twice::default.kernel(|_, x| Ok(x.clone()));
        library.kernel("f", CPU, typed).unwrap_err()
    })),
    ("kernel overridden", Fails(DuplicateKernel, &["err_override::f", "CPU", "overriding"], 2, || {
        let mut library = library("err_override");
        library.kernel("f", CPU, boxed()).unwrap();
        library.kernel("f", CPU, boxed()).unwrap_err()
    })),
    ("fallback outside IMPL", Fails(FallbackNotAllowedHere, &["block of definitions of `err_outside`"], 1, || {
        library("err_outside").fallback_at(DispatchKey::HIP, boxed()).unwrap_err()
    })),
    ("fallback without key", Fails(KeyRequired, &["fallback_at"], 1, || {
        Library::implement("_").fallback(boxed()).unwrap_err()
    })),
    ("fallback for one namespace", Fails(FallbackMustBeGlobal, &["`err_global`", "implement_at(\"_\", key)"], 1, || {
        Library::implement_at("err_global", DispatchKey::HIP).fallback(boxed()).unwrap_err()
    })),
    ("second fallback for key", Fails(DuplicateFallback, &["IPU"], 2, || {
        let mut all = Library::implement_at("_", DispatchKey::IPU);
        all.fallback(boxed()).unwrap();
        all.fallback(boxed()).unwrap_err()
    })),
    ("deregister with empty list", Impossible("a registration is owned, and removes its own kernel once", || {
        drop(register_kernel("err_owned::f", CPU, boxed(), false).unwrap());
        assert!(dangling_operators().iter().all(|operator| operator.name() != "err_owned::f"));
    })),
    ("duplicate Python module", Impossible("the module belongs to the definition, and there is one", || {
        let mut library = library("err_module_once");
        library.fake_module("fakes");
        assert_eq!(library.def("f(int x) -> int").unwrap().fake_module(), Some("fakes"));
    })),
    ("verify wait timed out", Impossible("interpreters share one registry and verify nothing", || ())),
    ("operator unknown", Fails(UnknownOperator, &["`typed::scael.out`"], 0, || find_operator("typed::scael.out").unwrap_err())),
    ("operator without def", Fails(MissingDef, &["err_undefined::f", "define"], 0, || {
        let _kernel = register_kernel("err_undefined::f", CPU, boxed(), false).unwrap();
        find_operator("err_undefined::f").unwrap_err()
    })),
    ("schema access without schema", Fails(MissingDef, &["err_no_schema::f"], 0, || {
        let mut library = library("err_no_schema");
        let named = library.name("f").unwrap();
        assert!(named.schema().is_none());
        named.inputs([], []).unwrap_err()
    })),
    ("typed access with wrong type", Fails(SignatureMismatch, &["err_handle::f", "declared int, not float", "(Tensor _0, float _1)"], 1, || {
        operator("err_handle", "f(Tensor x, int y) -> Tensor").typed::<(&Tensor, f64), Tensor>().unwrap_err()
    })),
    ("kernel-at-key query misses", Fails(NoKernelAtKey, &["err_at::f", "CUDA", "CPU"], 0, || {
        let mut library = library("err_at");
        library.kernel("f", CPU, boxed()).unwrap();
        library.name("f").unwrap().kernel_at(DispatchKey::CUDA).unwrap_err()
    })),
    ("computed query with alias", Fails(UnknownKey, &["`Autograd`", "alias"], 0, || {
        // A run-time key is another type than an alias key; only a name can be the wrong one.
        "Autograd".parse::<DispatchKey>().unwrap_err()
    })),
    ("stale safe kernel", Fails(KernelGone, &["err_gone::f", "old"], 1, || {
        let f = operator("err_gone", "f(int x) -> int");
        let kernel = register_kernel("err_gone::f", CPU, boxed().named("old"), false).unwrap();
        let handle = f.computed_kernel(CPU).unwrap();
        drop(kernel);
        handle.call_boxed(KeySet::EMPTY, &mut Stack::from_iter([1i64])).unwrap_err()
    })),
    ("no kernel for key", Fails(NoKernel, &["err_missing::f", "CPU", "CUDA", "#[kernel("], 0, || {
        let f = operator("err_missing", "f(Tensor x) -> int");
        let _other = register_kernel("err_missing::f", DispatchKey::CUDA, boxed(), false).unwrap();
        call(f, [tensor().into()])
    })),
    ("no key left", Fails(NoKernelForUndefined, &["err_nothing::f", "no argument brings one", "CPU"], 0, || {
        let f = operator("err_nothing", "f(int x) -> int");
        let _other = register_kernel("err_nothing::f", CPU, boxed(), false).unwrap();
        call(f, [1i64.into()])
    })),
    ("Meta without kernel", Fails(NoMetaKernel, &["err_meta::f", "Meta"], 0, || {
        call(operator("err_meta", "f(Tensor x) -> int"), [meta().into()])
    })),
    ("Meta, module declared, no interpreter", Fails(FakeImplNotLoaded, &["err_fake::f", "`fakes`"], 0, || {
        let mut library = library("err_fake");
        library.fake_module("fakes");
        call(library.def("f(Tensor x) -> int").unwrap(), [meta().into()])
    })),
    ("ambiguous AutogradOther", Fails(AmbiguousAutogradOther, &["err_ambiguous::f", "AutogradOther"], 0, || {
        let f = operator("err_ambiguous", "f(Tensor x) -> int");
        let mut kernels = Library::implement("err_ambiguous");
        kernels.default_kernel("f", boxed()).unwrap();
        kernels.kernel("f", DispatchKey::FPGA, boxed()).unwrap();
        f.redispatch_boxed(KeySet::of(DispatchKey::AutogradOther), &mut Stack::from_iter([tensor()])).unwrap_err()
    })),
    ("fallthrough executed", Fails(FallthroughReached, &["err_through::f", "fallthrough"], 0, || {
        let f = operator("err_through", "f(int x) -> int");
        let _skipped = register_kernel("err_through::f", CPU, Kernel::fallthrough(), false).unwrap();
        f.computed_kernel(CPU).unwrap().call_boxed(KeySet::of(CPU), &mut Stack::from_iter([1i64])).unwrap_err()
    })),
    ("table not equal to recomputation", Impossible("tables are computed whole, never patched", || {
        assert_eq!(check_invariants(), []);
    })),
    ("callBoxedForDispatchKey, nothing there", Fails(NoKernel, &["err_for_key::f", "FPGA"], 0, || {
        let f = operator("err_for_key", "f(int x) -> int");
        f.call_boxed_for_key(DispatchKey::FPGA, &mut Stack::from_iter([1i64])).unwrap_err()
    })),
    ("wrong tensor tag", Fails(WrongValueKind, &["typed::scale", "`self` (position 0) must be Tensor, it is int"], 0, || {
        let none = call(keyway_tests::typed::scale::default.operator(), [keyway::Value::None, 1i64.into()]);
        assert!(none.to_string().contains("must be Tensor, it is None"), "{none}");
        call(keyway_tests::typed::scale::default.operator(), [1i64.into(), 1i64.into()])
    })),
    ("wrong primitive tag", Fails(WrongValueKind, &["err_primitive::f", "`x` (position 0) must be float, it is int"], 0, || {
        let f = operator("err_primitive", "f(float x) -> float");
        let _kernel = register_kernel("err_primitive::f", AliasKey::CompositeExplicitAutograd, boxed(), false).unwrap();
        call(f, [1i64.into()])
    })),
    ("stack too short in callBoxed", Fails(StackTooShort, &["typed::scale", "2", "1"], 0, || {
        call(keyway_tests::typed::scale::default.operator(), [tensor().into()])
    })),
    ("wrong number of results", Fails(WrongResultCount, &["err_results::f", "2", "1"], 0, || {
        let f = operator("err_results", "f(int x) -> int");
        let two = Kernel::boxed(|_, _, stack| { stack.push(1i64); Ok(()) });
        let _kernel = register_kernel("err_results::f", AliasKey::CompositeExplicitAutograd, two, false).unwrap();
        call(f, [1i64.into()])
    })),
    ("pop on empty stack", Fails(StackEmpty, &["empty"], 0, || Stack::new().pop().unwrap_err())),
    ("too many inputs", Fails(TooManyInputs, &["typed::scale(Tensor self", "takes 2", "3 were given"], 0, || {
        inputs([tensor().into(), 1i64.into(), 1i64.into()], [])
    })),
    ("missing input", Fails(MissingInput, &["typed::scale(Tensor self", "`self` (Tensor) is missing"], 0, || inputs([], []))),
    ("wrong input type", Fails(WrongInputType, &["typed::scale(Tensor self", "`by` (position 1) must be Scalar, str was given"], 0, || {
        inputs([tensor().into(), "two".into()], [])
    })),
    ("unknown named input", Fails(UnknownInput, &["typed::scale(Tensor self", "`of` is not in its schema"], 0, || {
        let twice = inputs([tensor().into()], [("self", tensor().into())]);
        assert_eq!((twice.kind(), twice.to_string().contains("given twice")), (UnknownInput, true));
        inputs([tensor().into()], [("of", 1i64.into())])
    })),
    ("unsupported native type", Elsewhere("a trait bound; see the cases of tests/compile_fail")),
    ("sampling probability out of range", Fails(ErrorKind::Value, &["1.5"], 0, || {
        Observer::at_start(|_| Ok(())).sampled(1.5).unwrap_err()
    })),
    ("unknown callback handle", Impossible("an observer belongs to a guard", || {
        drop(Observer::at_start(|_| Ok(())).add_to_thread());
    })),
    ("callback throws", Impossible("a failing observer is counted and told to its hook, the call goes on", || {
        let observer = Observer::at_start(|_| Err(Error::value("on purpose"))).add_to_thread();
        keyway_tests::typed::keys::default.call(&tensor()).unwrap();
        assert_eq!(observer.failures(), 1);
    })),
    ("negative default node id", Fails(ErrorKind::Value, &["-1"], 0, || set_default_node_id(-1).unwrap_err())),
    ("autograd fallback mode Error", Impossible("there is no process-wide autograd mode (better than D317)", || ())),
    ("backward through fallback", Impossible("the runtime records no gradients; autograd is skipped without a kernel", || {
        assert!(keyway_tests::typed::scale::default.operator().computed_kernel(DispatchKey::AutogradCPU).unwrap().is_fallthrough());
    })),
];

fn meta() -> Tensor {
    Tensor::zeros(&[1], keyway::DType::Float32, Device::META).unwrap()
}

fn inputs<const N: usize, const M: usize>(
    positional: [Value; N],
    named: [(&'static str, Value); M],
) -> Error {
    keyway_tests::typed::scale::default.operator().inputs(positional, named).unwrap_err()
}

#[test]
fn every_mistake_is_a_clean_error_or_cannot_be_made() {
    for (case, row) in &ROWS {
        match row {
            Fails(kind, words, places, make) => check(case, &make(), *kind, words, *places),
            Impossible(why, instead) => {
                assert!(!why.is_empty(), "{case}");
                instead();
            }
            Elsewhere(place) => assert!(!place.is_empty(), "{case}"),
        }
    }
    assert_eq!(check_invariants(), []);
}

fn check(case: &str, error: &Error, kind: ErrorKind, words: &[&str], places: usize) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{case}: {text}");
    for word in words {
        assert!(text.contains(word), "{case}: `{word}` is not in: {text}");
    }
    assert_eq!(text.matches("errors.rs:").count(), places, "{case}: {text}");
    assert!(text.len() <= 320 && text.lines().count() <= 3, "{case}: {} bytes: {text}", text.len());
}

/// D118, D302: what failed to be registered is not there.
#[test]
fn a_failed_registration_leaves_nothing_behind() {
    let mut library = library("err_atomic");
    library.def_fn("f", |x: i64, x1: i64| -> Result<i64> { Ok(x + x1) }).unwrap();
    assert!(library.def("g(Tensr x) -> int").is_err());
    assert!(library.kernel_fn("f", CPU, |x: i64| -> Result<i64> { Ok(x) }).is_err());
    assert!(
        library
            .def_kernel("h(int x) -> int", Kernel::from_fn(|x: f64| -> Result<i64> { Ok(x as i64) }))
            .is_err()
    );
    library.kernel_fn("k", AliasKey::CompositeImplicitAutograd, |x: f64| -> Result<f64> { Ok(x) }).unwrap();
    assert_eq!(library.def("k(int x) -> int").unwrap_err().kind(), SchemaMismatch);
    for name in ["g", "h"] {
        assert_eq!(
            find_operator(&format!("err_atomic::{name}")).unwrap_err().kind(),
            UnknownOperator,
            "{name}"
        );
    }
    assert_eq!(find_operator("err_atomic::k").unwrap_err().kind(), MissingDef);
    assert!(!find_operator("err_atomic::f").unwrap().has_kernel_at(CPU));
    library.def("k(float x) -> float").unwrap();
    assert_eq!(
        library.def_kernel("k", Kernel::from_fn(|x: f64| -> Result<f64> { Ok(x) })).unwrap_err().kind(),
        DuplicateDef
    );
}
