//! Which kernel a call reaches: by the keys of its arguments, by the thread's sets, through layers, and by fallbacks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyway::{
    AliasKey, DispatchKey, ErrorKind, Kernel, KeySet, Library, Operator, Result, Stack, Tensor, Value,
    set_excluded, with_excluded, with_included,
};

const CPU: DispatchKey = DispatchKey::CPU;
const CUDA: DispatchKey = DispatchKey::CUDA;
const XLA: DispatchKey = DispatchKey::XLA;
const AUTOGRAD_CPU: DispatchKey = DispatchKey::AutogradCPU;
const MODE: DispatchKey = DispatchKey::TESTING_ONLY_GenericMode;
const WRAPPER: DispatchKey = DispatchKey::TESTING_ONLY_GenericWrapper;

fn tensor(keys: impl IntoIterator<Item = DispatchKey>) -> Tensor {
    let tensor = Tensor::from_slice(&[1.0f32], &[1]).unwrap();
    tensor.set_key_set(KeySet::from_iter(keys));
    tensor
}

/// A kernel that answers with a word, whatever it is called with.
fn says(word: &'static str) -> Kernel {
    Kernel::closure(move |operator, _, stack| {
        let arguments = operator.schema().map_or(0, |schema| schema.arguments.len());
        stack.truncate(stack.base_of(arguments)?);
        stack.push(word);
        Ok(())
    })
}

/// A kernel that puts its word in front of what the layers below the key answer.
fn passes(word: &'static str, key: DispatchKey) -> Kernel {
    Kernel::closure(move |operator, keys, stack| {
        operator.redispatch_boxed(keys & KeySet::after(key), stack)?;
        let Value::Str(below) = stack.pop()? else { unreachable!("checked by the schema") };
        stack.push(&*format!("{word} {below}"));
        Ok(())
    })
}

fn answer(
    operator: &'static Operator,
    arguments: impl IntoIterator<Item = Value>,
) -> Result<String, ErrorKind> {
    let answer = operator.call(arguments).and_then(|mut stack| stack.pop());
    answer.map(|word| word.to_string().replace('"', "")).map_err(|error| error.kind())
}

fn ask(
    operator: &'static Operator,
    keys: impl IntoIterator<Item = DispatchKey>,
) -> Result<String, ErrorKind> {
    answer(operator, [tensor(keys).into()])
}

fn said(word: &str) -> Result<String, ErrorKind> {
    Ok(word.to_owned())
}

/// An operator `(Tensor x) -> str` with kernels at these keys that answer with their words.
fn layered(
    library: &mut Library,
    name: &str,
    kernels: &[(keyway::RegistrationKey, &'static str)],
) -> &'static Operator {
    let operator = library.def(&format!("{name}(Tensor x) -> str")).unwrap();
    for (key, word) in kernels {
        library.kernel(name, *key, says(word)).unwrap();
    }
    operator
}

/// DSP-01 to DSP-04, DSP-06, REG-68: autograd and composite kernels beside and instead of a backend's.
#[test]
fn autograd_and_composite_kernels() -> Result<()> {
    let mut library = Library::define("dsp_alias")?;
    let (autograd, composite) = (AliasKey::Autograd.into(), AliasKey::CompositeImplicitAutograd.into());
    let both = layered(&mut library, "both", &[(CPU.into(), "cpu"), (autograd, "autograd")]);
    assert_eq!((ask(both, [CPU, AUTOGRAD_CPU]), ask(both, [CPU])), (said("autograd"), said("cpu")));
    let only = layered(&mut library, "only", &[(autograd, "autograd")]);
    assert_eq!(
        (ask(only, [CPU]), ask(only, [CPU, AUTOGRAD_CPU])),
        (Err(ErrorKind::NoKernel), said("autograd"))
    );
    assert_eq!(ask(only, [XLA, DispatchKey::AutogradXLA]), said("autograd"));
    let outranked = layered(&mut library, "outranked", &[(composite, "composite"), (autograd, "autograd")]);
    assert_eq!(ask(outranked, [CPU, AUTOGRAD_CPU]), said("composite"));
    for keys in [
        vec![CPU],
        vec![XLA],
        vec![DispatchKey::SparseCPU],
        vec![CPU, AUTOGRAD_CPU],
        vec![XLA, DispatchKey::AutogradXLA],
        vec![DispatchKey::SparseCPU, AUTOGRAD_CPU],
    ] {
        assert_eq!(ask(outranked, keys.clone()), said("composite"), "{keys:?}");
    }
    let over = layered(&mut library, "over", &[(composite, "composite"), (CPU.into(), "cpu")]);
    assert_eq!((ask(over, [CPU]), ask(over, [CPU, AUTOGRAD_CPU])), (said("cpu"), said("cpu")));
    let cuda = [CUDA, DispatchKey::AutogradCUDA];
    assert_eq!((ask(over, [CUDA]), ask(over, cuda)), (said("composite"), said("composite")));
    Ok(())
}

/// DSP-07, DSP-10, DSP-11, DSP-14: several tensors, lists, optionals, no tensor at all.
#[test]
fn the_highest_backend_of_all_tensors_wins() -> Result<()> {
    let mut library = Library::define("dsp_many")?;
    let two = library.def("two(Tensor x, Tensor? y=None) -> str")?;
    let list = library.def("list(Tensor[] xs) -> str")?;
    let optionals = library.def("optionals(Tensor?[] xs) -> str")?;
    let none = library.def("none(int x) -> str")?;
    for name in ["two", "list", "optionals", "none"] {
        library.kernel(name, CPU, says("cpu"))?;
        library.kernel(name, CUDA, says("cuda"))?;
    }
    library.kernel("two", DispatchKey::PrivateUse1, says("private"))?;
    let (cpu, cuda, private) = (tensor([CPU]), tensor([CUDA]), tensor([DispatchKey::PrivateUse1]));
    assert_eq!(answer(two, [(&private).into(), (&cpu).into()]), said("private"));
    assert_eq!(answer(two, [(&cpu).into(), (&cuda).into()]), said("cuda"));
    assert_eq!(
        (answer(two, [(&cpu).into(), Value::None]), answer(two, [(&cpu).into()])),
        (said("cpu"), said("cpu"))
    );
    assert_eq!(answer(list, [vec![cpu.clone(), cuda.clone()].into()]), said("cuda"));
    assert_eq!(answer(list, [vec![cpu.clone()].into()]), said("cpu"));
    assert_eq!(answer(list, [Vec::<Tensor>::new().into()]), Err(ErrorKind::NoKernelForUndefined));
    assert_eq!(answer(optionals, [vec![None, Some(cuda)].into()]), said("cuda"));
    let error = none.call([Value::Int(1)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoKernelForUndefined);
    assert!(error.to_string().contains("CPU, CUDA"), "{error}");
    Ok(())
}

/// DSP-16, DSP-17, D201, D209: layers that pass a call on, each seeing what is below it.
#[test]
fn layers_pass_a_call_on() -> Result<()> {
    let mut library = Library::define("dsp_layers")?;
    let f = layered(&mut library, "f", &[(CPU.into(), "cpu")]);
    library.kernel("f", DispatchKey::BackendSelect, passes("select", DispatchKey::BackendSelect))?;
    assert_eq!(ask(f, [CPU]), said("select cpu"));
    library.kernel("f", AUTOGRAD_CPU, passes("autograd", AUTOGRAD_CPU))?;
    library.kernel("f", DispatchKey::Tracer, passes("tracer", DispatchKey::Tracer))?;
    let x = tensor([CPU, AUTOGRAD_CPU, DispatchKey::Tracer]);
    assert_eq!(answer(f, [(&x).into()]), said("tracer autograd select cpu"));
    assert_eq!(f.typed::<(&Tensor,), String>()?.call((&x,))?, "tracer autograd select cpu");
    Ok(())
}

/// DSP-20, DSP-22, D62 to D64: the thread's included and excluded keys.
#[test]
fn the_thread_adds_and_takes_away_keys() -> Result<()> {
    let mut library = Library::define("dsp_thread")?;
    let f = layered(
        &mut library,
        "f",
        &[(CPU.into(), "cpu"), (AUTOGRAD_CPU.into(), "autograd"), (MODE.into(), "mode")],
    );
    let mode = KeySet::of(MODE);
    assert_eq!(ask(f, [CPU]), said("cpu"));
    with_included(mode, || {
        assert_eq!(ask(f, [CPU]), said("mode"));
        with_excluded(mode, || assert_eq!(ask(f, [CPU]), said("cpu")));
        assert_eq!(ask(f, [CPU]), said("mode"));
    });
    assert_eq!(ask(f, [CPU]), said("cpu"));
    let needs_gradient = [CPU, AUTOGRAD_CPU];
    assert_eq!(ask(f, needs_gradient), said("autograd"));
    assert_eq!(with_excluded(KeySet::AUTOGRAD, || ask(f, needs_gradient)), said("cpu"));
    Ok(())
}

/// DSP-24, DSP-27, DSP-29, BOX-67.
#[test]
fn skipped_ambiguous_and_missing_layers() -> Result<()> {
    let mut library = Library::define("dsp_odd")?;
    let f = layered(&mut library, "f", &[(CPU.into(), "cpu"), (AliasKey::Autograd.into(), "autograd")]);
    library.kernel("f", AUTOGRAD_CPU, Kernel::fallthrough())?;
    assert_eq!(ask(f, [CPU, AUTOGRAD_CPU]), said("cpu"), "for this operator only");
    let held = f.computed_kernel(AUTOGRAD_CPU)?;
    let error =
        held.call_boxed(KeySet::of(AUTOGRAD_CPU), &mut Stack::from_iter([tensor([CPU])])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FallthroughReached);
    let composite = AliasKey::CompositeImplicitAutograd.into();
    let g = layered(&mut library, "g", &[(composite, "composite"), (DispatchKey::FPGA.into(), "fpga")]);
    let with_autograd = ask(g, [DispatchKey::FPGA, DispatchKey::AutogradOther]);
    assert_eq!(
        (with_autograd, ask(g, [DispatchKey::FPGA])),
        (Err(ErrorKind::AmbiguousAutogradOther), said("fpga"))
    );
    assert_eq!(ask(f, [DispatchKey::Meta]), Err(ErrorKind::NoMetaKernel));
    Ok(())
}

/// A kernel that appends the operator's name to its text argument.
fn appends_name(operator: &'static Operator, _: KeySet, stack: &mut Stack) -> Result<()> {
    let Value::Str(text) = stack.pop()? else { unreachable!("checked by the schema") };
    stack.pop()?;
    stack.push(&*format!("{text}{operator}"));
    Ok(())
}

/// FB-01 to FB-05, FB-08, on backends that no other test registers a fallback for.
#[test]
fn a_fallback_of_a_backend() -> Result<()> {
    const OWN: DispatchKey = DispatchKey::Lazy;
    let mut library = Library::define("fb_backend")?;
    let f = library.def("f(Tensor x, str text) -> str")?;
    let own = || [tensor([OWN]).into(), Value::from("hello ")];
    assert_eq!(answer(f, own()), Err(ErrorKind::NoKernel));
    let mut all = Library::implement_at("_", OWN);
    all.fallback(Kernel::boxed(appends_name))?;
    assert_eq!(answer(f, own()), said("hello fb_backend::f"));
    assert_eq!(answer(f, [tensor([CPU]).into(), "".into()]), Err(ErrorKind::NoKernel), "another backend");
    assert_eq!(all.fallback(Kernel::fallthrough()).unwrap_err().kind(), ErrorKind::DuplicateFallback);
    library.kernel("f", CUDA, says("cuda"))?;
    assert_eq!(answer(f, [tensor([CUDA]).into(), "".into()]), said("cuda"));
    let mut own_kernel = Library::implement_at("fb_backend", OWN);
    own_kernel.default_kernel("f", says("own"))?;
    assert_eq!(answer(f, own()), said("own"));
    drop(own_kernel);
    assert_eq!(answer(f, own()), said("hello fb_backend::f"));
    library.default_kernel("f", says("default"))?;
    assert_eq!(answer(f, own()), said("default"));
    Ok(())
}

/// FB-12.
#[test]
fn where_a_fallback_may_stand() -> Result<()> {
    let mut definitions = Library::define("fb_place")?;
    let mut all = Library::implement("_");
    for (error, kind) in [
        (definitions.fallback_at(MODE, says("no")), ErrorKind::FallbackNotAllowedHere),
        (Library::fragment("fb_place")?.fallback_at(MODE, says("no")), ErrorKind::FallbackNotAllowedHere),
        (Library::implement_at("fb_place", MODE).fallback(says("no")), ErrorKind::FallbackMustBeGlobal),
        (all.fallback(says("no")), ErrorKind::KeyRequired),
        (Library::implement_at("_", MODE).fallback_at(CPU, says("no")), ErrorKind::KeyMismatch),
    ] {
        assert_eq!(error.unwrap_err().kind(), kind);
    }
    Ok(())
}

/// A composite `outer(Tensor x) -> str` that calls `inner`, both with a CPU kernel beneath.
fn composite(library: &mut Library) -> Result<(&'static Operator, &'static Operator)> {
    let inner = layered(library, "inner", &[(CPU.into(), "inner")]);
    let outer = library.def_fn("outer", move |x: &Tensor| -> Result<String> {
        inner.typed::<(&Tensor,), String>()?.call((x,)).map(|word| format!("outer {word}"))
    })?;
    Ok((outer, inner))
}

/// FB-13, FB-15, FB-17, FB-19, DSP-19: modes and wrappers over any operator. One test, since fallbacks are everybody's.
#[test]
fn modes_and_wrappers_see_every_operator_once() -> Result<()> {
    let mut library = Library::define("fb_mode")?;
    let (outer, inner) = composite(&mut library)?;
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let mode = KeySet::of(MODE);

    let mut modes = Library::implement_at("_", MODE);
    modes.fallback(Kernel::closure(move |operator, _, stack| {
        counter.fetch_add(1, Ordering::Relaxed);
        with_excluded(mode, || operator.call_boxed(stack))
    }))?;
    let counted = with_included(mode, || (ask(outer, [CPU]), ask(inner, [CPU])));
    assert_eq!(counted, (said("outer inner"), said("inner")));
    assert_eq!(calls.load(Ordering::Relaxed), 2, "what a call is made of does not come back");
    assert_eq!(ask(outer, [CPU]), said("outer inner"));
    drop(modes);

    let mut modes = Library::implement_at("_", MODE);
    modes.fallback(Kernel::fallthrough())?;
    library.kernel("inner", MODE, passes("mode", MODE))?;
    let skipped = with_included(mode, || (ask(outer, [CPU]), ask(inner, [CPU])));
    assert_eq!(skipped, (said("outer mode inner"), said("mode inner")), "outer falls through");

    let mut wrappers = Library::implement_at("_", WRAPPER);
    wrappers.fallback(passes("wrapper", WRAPPER))?;
    assert_eq!((ask(inner, [WRAPPER, CPU]), ask(inner, [CPU])), (said("wrapper inner"), said("inner")));
    let both = with_included(mode, || ask(inner, [WRAPPER, CPU]));
    assert_eq!(both, said("mode wrapper inner"), "upper, then lower");
    Ok(())
}

/// FB-14: a fallback that takes wrappers off, calls, and puts them on again.
#[test]
fn a_wrapper_fallback_unwraps_and_wraps() -> Result<()> {
    const KEY: DispatchKey = DispatchKey::FuncTorchGradWrapper;
    let mut library = Library::define("fb_wrapper")?;
    let inner = library.def("inner(Tensor x) -> Tensor")?;
    library.kernel_fn("inner", CPU, |x: &Tensor| -> Result<Tensor> {
        assert!(!x.key_set().contains(KEY), "unwrapped");
        Ok(x.clone())
    })?;
    let outer = library.def_fn("outer", move |x: &Tensor| -> Result<Tensor> {
        inner.typed::<(&Tensor,), Tensor>()?.call((x,))
    })?;
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let mut wrappers = Library::implement_at("_", KEY);
    wrappers.fallback(Kernel::closure(move |operator, _, stack| {
        counter.fetch_add(1, Ordering::Relaxed);
        let wrapped = stack.pop()?;
        stack.push(tensor([CPU]));
        operator.call_boxed(stack)?;
        stack.pop()?;
        stack.push(wrapped);
        Ok(())
    }))?;
    let x = tensor([CPU, KEY]);
    let y = outer.call([(&x).into()])?.pop()?;
    assert!(y.as_tensor().is_some_and(|y| y.is_same(&x)));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    Ok(())
}

/// D69: keys that are set for good, until set otherwise.
#[test]
fn a_key_excluded_for_good_stays_excluded() -> Result<()> {
    let mut library = Library::define("dsp_for_good")?;
    let f = layered(&mut library, "f", &[(CPU.into(), "cpu"), (AUTOGRAD_CPU.into(), "autograd")]);
    set_excluded(AUTOGRAD_CPU, true);
    assert_eq!(ask(f, [CPU, AUTOGRAD_CPU]), said("cpu"));
    set_excluded(AUTOGRAD_CPU, false);
    assert_eq!(ask(f, [CPU, AUTOGRAD_CPU]), said("autograd"));
    Ok(())
}

/// DSP-30: an operator of the bundled list, by name and boxed, as by its typed handle.
#[test]
fn a_boxed_call_by_name_gives_what_the_typed_call_gives() -> Result<()> {
    keyway_ops::register();
    let x = Tensor::from_slice(&[0.5f32, 1.0], &[2])?;
    let boxed = keyway::find_operator("aten::sin")?.call([(&x).into()])?.pop()?;
    let typed = keyway_ops::aten::sin::default.call(&x)?;
    assert_eq!(boxed.as_tensor().unwrap().to_vec::<f32>()?, typed.to_vec::<f32>()?);
    Ok(())
}
