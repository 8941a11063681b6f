//! Which keys arguments bring to a call: by the schema, the same for typed and boxed calls (better than D77, D79), and
//! what a call is told that has none left.

use keyway::{
    AliasKey, Backend, DType, Device, DispatchKey, ErrorKind, Generator, Kernel, KeySet, Library, Result,
    Tensor, Value, register_kernel, with_excluded, with_included,
};
use keyway_tests::typed;

/// A tensor that brings one key and no other.
fn tensor(key: DispatchKey) -> Tensor {
    let tensor = Tensor::zeros(&[1], DType::Float32, Device::META).unwrap();
    tensor.set_key_set(KeySet::of(key));
    tensor
}

fn bits(value: Value) -> i64 {
    match value {
        Value::Int(bits) => bits,
        other => panic!("{other:?}"),
    }
}

/// D76 to D81, D308, DSP-09 to DSP-12: generators, and tensors in each kind of list, alone and together.
#[test]
fn every_kind_of_argument_brings_its_keys_typed_and_boxed() -> Result<()> {
    let operator = typed::sources::default.operator();
    let generator = Generator::new(Device { backend: Backend::XLA, index: None }, 1);
    let (cpu, cuda, meta) = (tensor(DispatchKey::CPU), tensor(DispatchKey::CUDA), tensor(DispatchKey::Meta));
    for present in 0..16 {
        let has = |bit: i64| present >> bit & 1 == 1;
        let g = has(2).then_some(&generator);
        let list = [cuda.clone()];
        let a: Option<&[Tensor]> = has(1).then_some(&list);
        let b = if has(3) { vec![None, Some(meta.clone())] } else { vec![None] };
        let c = if has(0) { vec![cpu.clone()] } else { vec![] };
        let typed = typed::sources::default.call(g, a, &b, &c)?;
        let boxed = operator.call([
            g.cloned().into(),
            a.map(<[Tensor]>::to_vec).into(),
            b.clone().into(),
            c.clone().into(),
        ])?;
        assert_eq!(typed, bits(boxed.clone().pop()?), "{present:04b}");
        // Each of the four brings the dense functionality and its own backend (D26).
        assert_eq!(typed, present, "{typed:04b} instead of {present:04b}");
    }
    Ok(())
}

/// D6, D76: a generator may bring a key of its own, which reroutes the operators that take it.
#[test]
fn a_generator_with_its_own_key_reroutes_the_call() -> Result<()> {
    let keys = KeySet::of(DispatchKey::CustomRNGKeyId);
    let generator = Generator::with_keys(Device::CPU, 1, keys);
    assert_eq!(generator.key_set(), keys);
    let operator = typed::sources::default.operator();
    let arguments = || {
        [
            generator.clone().into(),
            Value::None,
            Vec::<Option<Tensor>>::new().into(),
            Vec::<Tensor>::new().into(),
        ]
    };
    let typed = || typed::sources::default.call(Some(&generator), None, &[], &[]);
    assert_eq!(typed()?, 0, "the composite serves it, with no backend's key");
    assert_eq!(bits(operator.call(arguments())?.pop()?), 0);
    let rerouted = Kernel::boxed(|_, _, stack| {
        stack.truncate(0);
        stack.push(99i64);
        Ok(())
    });
    let _kernel = register_kernel("typed::sources", DispatchKey::CustomRNGKeyId, rerouted, false)?;
    assert_eq!(typed()?, 99);
    assert_eq!(bits(operator.call(arguments())?.pop()?), 99);
    Ok(())
}

fn one() -> Kernel {
    Kernel::boxed(|_, _, stack| {
        stack.truncate(0);
        stack.push(1i64);
        Ok(())
    })
}

/// D160, D307: a call that has no key left is told which fell through and which the thread excludes, in three lines.
#[test]
fn a_call_without_a_key_left_is_told_what_became_of_its_keys() -> Result<()> {
    let mut library = Library::define("masked")?;
    let f = library.def("f(Tensor x) -> int")?;
    library.kernel("f", DispatchKey::CUDA, one())?;
    library.kernel("f", DispatchKey::CPU, Kernel::fallthrough())?;
    library.kernel("f", DispatchKey::Negative, Kernel::fallthrough())?;
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    let call = |x: &Tensor| f.call([x.into()]).unwrap_err();
    let check = |error: keyway::Error, words: &[&str]| {
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::NoKernelForUndefined, "{text}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(text.lines().count() <= 3 && text.contains("keyway explain masked::f"), "{text}");
    };
    check(call(&x), &["AutogradCPU, CPU fell through", "kernels for CPU, CUDA, Negative"]);
    let cuda = tensor(DispatchKey::CUDA);
    with_excluded(KeySet::of(DispatchKey::CUDA), || {
        check(call(&cuda), &["left to dispatch to: CUDA excluded by the thread"])
    });
    with_included(KeySet::of(DispatchKey::Negative), || {
        check(call(&x), &["AutogradCPU, Negative, CPU fell through"]);
        with_excluded(KeySet::AUTOGRAD, || {
            check(
                call(&x),
                &[
                    "Negative, CPU fell through, ",
                    "AutogradNestedTensor, AutogradCPU, AutogradOther excluded by the thread",
                ],
            )
        });
    });
    Ok(())
}

/// D159: when even the kernel for calls without a key is to be skipped, that is what the error says.
#[test]
fn a_fallthrough_everywhere_is_an_error_of_its_own() -> Result<()> {
    let mut library = Library::define("through")?;
    let f = library.def("f(Tensor x) -> int")?;
    library.kernel("f", AliasKey::CompositeImplicitAutograd, Kernel::fallthrough())?;
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    let error = f.call([(&x).into()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FallthroughReached, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("CPU fell through; its kernel for calls without a key only says to go on"),
        "{text}"
    );
    assert!(text.lines().count() <= 3, "{text}");
    Ok(())
}

/// DSP-13, BOX-33, BOX-34: the schema language has no dictionaries, so none hides tensors from the dispatch: a schema
/// with one is refused where it stands.
#[test]
fn a_schema_with_a_dictionary_is_refused() -> Result<()> {
    let mut library = Library::define("dictionaries")?;
    for ty in ["Dict(str, str)", "Dict(int, Tensor)"] {
        let error = library.def(&format!("f({ty} x) -> int")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaSyntax, "{error}");
        assert!(error.to_string().contains("at byte 2"), "{error}");
    }
    assert!(keyway::find_operator("dictionaries::f").is_err());
    Ok(())
}
