//! Registration at run time: whole or not at all, owned, in any order; fallbacks and fallthrough.

use keyway::{
    AliasKey, DispatchKey, ErrorKind, Kernel, KeySet, Library, Operator, RegistrationKey, Result, Stack,
    Tensor, Value, dangling_operators, find_operator, register_fallback, register_kernel, with_included,
};

/// A kernel that answers with a number.
fn answers(number: i64) -> Kernel {
    Kernel::closure(move |operator, _, stack| {
        stack.truncate(stack.base_of(operator.schema().map_or(0, |schema| schema.arguments.len()))?);
        stack.push(number);
        Ok(())
    })
}

fn call(operator: &'static Operator) -> Result<i64> {
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    match operator.call([x.into()])?.pop()? {
        Value::Int(number) => Ok(number),
        other => panic!("{other:?}"),
    }
}

/// D107, D319.4: three kernels at one key, dropped in any order, show the newest that is left.
#[test]
fn dropping_in_any_order_shows_what_is_beneath() -> Result<()> {
    let mut library = Library::define("drop_order")?;
    let operator = library.def("f(Tensor x) -> int")?;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut held: Vec<_> = (0..3)
            .map(|n| Some(register_kernel("drop_order::f", DispatchKey::CPU, answers(n), true).unwrap()))
            .collect();
        for (dropped, n) in order.into_iter().enumerate() {
            held[n] = None;
            let newest = (0..3).filter(|n| held[*n as usize].is_some()).max();
            match newest {
                Some(newest) => {
                    assert_eq!(call(operator)?, newest, "after dropping {:?}", &order[..=dropped])
                }
                None => assert_eq!(call(operator).unwrap_err().kind(), ErrorKind::NoKernel),
            }
        }
    }
    Ok(())
}

/// Law 3, better than D105: a second kernel is an error unless asked for, and changes nothing.
#[test]
fn a_second_kernel_is_refused_unless_overriding_is_asked_for() -> Result<()> {
    let mut library = Library::define("second")?;
    let operator = library.def("f(Tensor x) -> int")?;
    library.kernel("f", DispatchKey::CPU, answers(1))?;
    let error = library.kernel("f", DispatchKey::CPU, answers(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateKernel);
    assert_eq!(error.to_string().matches("registration.rs:").count(), 2, "{error}");
    assert_eq!(call(operator)?, 1);
    let mut above = Library::implement("second");
    above.override_kernel("second::f", DispatchKey::CPU, answers(3))?;
    assert_eq!(call(operator)?, 3);
    drop(above);
    assert_eq!(call(operator)?, 1);
    Ok(())
}

/// D96, D108, D319.5: kernels before the definition, definition gone before the kernels, another definition.
#[test]
fn kernels_and_definitions_come_and_go_in_any_order() -> Result<()> {
    let mut kernels = Library::implement("coming");
    kernels.kernel("f", AliasKey::CompositeExplicitAutograd, answers(4))?;
    assert_eq!(find_operator("coming::f").unwrap_err().kind(), ErrorKind::MissingDef);
    assert!(dangling_operators().iter().any(|operator| operator.name() == "coming::f"));
    let mut definition = Library::fragment("coming")?;
    let operator = definition.def("f(Tensor x) -> int")?;
    assert_eq!(call(operator)?, 4);
    drop(definition);
    assert_eq!(call(operator).unwrap_err().kind(), ErrorKind::MissingDef);
    let mut definition = Library::fragment("coming")?;
    assert_eq!(definition.def("coming::f(Tensor x, int y=0) -> int")?, operator);
    assert_eq!(call(operator)?, 4);
    Ok(())
}

/// D99, D122, D183, D188: conflicts and misplaced names are errors, and nothing is registered.
#[test]
fn conflicts_leave_everything_as_it_was() -> Result<()> {
    let mut library = Library::define("conflicts")?;
    library.def("f(Tensor x) -> int")?;
    let cases = [
        (library.def("f(Tensor x) -> int").unwrap_err(), ErrorKind::DuplicateDef),
        (library.def("other::g(Tensor x) -> int").unwrap_err(), ErrorKind::NamespaceMismatch),
        (library.def("g(Tensr x) -> int").unwrap_err(), ErrorKind::SchemaSyntax),
        (Library::define("conflicts").unwrap_err(), ErrorKind::DuplicateLibrary),
        (
            Library::implement("conflicts").def("g(Tensor x) -> int").unwrap_err(),
            ErrorKind::DefNotAllowedHere,
        ),
        (library.kernel("other::f", DispatchKey::CPU, answers(0)).unwrap_err(), ErrorKind::NamespaceMismatch),
    ];
    for (error, kind) in cases {
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert_eq!(find_operator("conflicts::g").unwrap_err().kind(), ErrorKind::UnknownOperator);
    drop(library);
    Library::define("conflicts")?;
    Ok(())
}

/// D121: a typed kernel belongs to one signature.
#[test]
fn a_typed_kernel_of_another_signature_is_refused() -> Result<()> {
    let mut library = Library::define("mistyped")?;
    library.def("f(Tensor x) -> Tensor")?;
    let typed = || keyway_tests::typed::twice::default.kernel(|_, x| Ok(x.clone()));
    assert_eq!(
        library.kernel("f", DispatchKey::CPU, typed()).unwrap_err().kind(),
        ErrorKind::SignatureMismatch
    );
    let error = register_fallback(DispatchKey::FPGA, typed()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
    Ok(())
}

/// D119, D191: a fallback serves every operator without a kernel of its own there.
#[test]
fn a_fallback_serves_every_operator_until_it_is_dropped() -> Result<()> {
    let mut library = Library::define("fallback")?;
    let (f, g) = (library.def("f(Tensor x) -> int")?, library.def("g(Tensor x) -> int")?);
    for name in ["f", "g"] {
        library.kernel(name, DispatchKey::CPU, answers(1))?;
    }
    library.kernel("g", DispatchKey::Batched, answers(2))?;
    let fallback = register_fallback(DispatchKey::Batched, answers(3))?;
    let error = register_fallback(DispatchKey::Batched, answers(4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateFallback);
    let included = KeySet::of(DispatchKey::Batched);
    assert_eq!(with_included(included, || (call(f).unwrap(), call(g).unwrap())), (3, 2));
    assert_eq!((call(f)?, call(g)?), (1, 1));
    drop(fallback);
    assert_eq!(with_included(included, || call(f)).unwrap_err().key(), Some(DispatchKey::Batched));
    Ok(())
}

/// D157, D158: a fallthrough is skipped; a kernel of the operator's own overrides it.
#[test]
fn a_fallthrough_is_skipped() -> Result<()> {
    let mut library = Library::define("fallthrough")?;
    let (f, g) = (library.def("f(Tensor x) -> int")?, library.def("g(Tensor x) -> int")?);
    for name in ["f", "g"] {
        library.kernel(name, DispatchKey::CPU, answers(1))?;
    }
    let skipped = register_fallback(DispatchKey::DeferredInit, Kernel::fallthrough())?;
    library.kernel("g", DispatchKey::DeferredInit, answers(2))?;
    let both = with_included(KeySet::of(DispatchKey::DeferredInit), || (call(f).unwrap(), call(g).unwrap()));
    assert_eq!(both, (1, 2));
    drop(skipped);
    Ok(())
}

/// D90, D319.7: a fallthrough at one backend's key only.
#[test]
fn a_fallthrough_at_one_backend_skips_that_backend_only() -> Result<()> {
    let mut library = Library::define("one_backend")?;
    let operator = library.def("f(Tensor x, Tensor y) -> int")?;
    library.kernel("f", DispatchKey::CPU, answers(1))?;
    library.kernel("f", DispatchKey::Meta, answers(2))?;
    library.kernel("f", DispatchKey::AutogradCPU, Kernel::fallthrough())?;
    library.kernel("f", DispatchKey::AutogradMeta, answers(3))?;
    let cpu = Tensor::from_slice(&[1.0f32], &[1])?;
    let meta = Tensor::zeros(&[1], keyway::DType::Float32, keyway::Device::META)?;
    let answer =
        |x: &Tensor, y: &Tensor| operator.call([x.into(), y.into()]).and_then(|mut stack| stack.pop());
    assert!(matches!(answer(&cpu, &cpu)?, Value::Int(1)));
    assert!(matches!(answer(&cpu, &meta)?, Value::Int(3)), "D85: the highest backend wins");
    assert!(matches!(answer(&meta, &cpu)?, Value::Int(3)));
    Ok(())
}

/// D142: no kernel is right for all backends that share AutogradOther.
#[test]
fn an_ambiguous_autograd_other_says_what_to_register() -> Result<()> {
    let mut library = Library::define("ambiguous")?;
    let operator = library.def("f(Tensor x) -> int")?;
    library.kernel("f", AliasKey::CompositeImplicitAutograd, answers(1))?;
    library.kernel("f", DispatchKey::FPGA, answers(2))?;
    let mut stack = Stack::from_iter([Tensor::from_slice(&[1.0f32], &[1])?]);
    let error = operator.redispatch_boxed(KeySet::of(DispatchKey::AutogradOther), &mut stack).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AmbiguousAutogradOther, "{error}");
    Ok(())
}

/// D226, D309: a boxed kernel that leaves the wrong results is found out, boxed and typed.
#[test]
fn wrong_results_of_a_boxed_kernel_are_errors() -> Result<()> {
    let mut library = Library::define("results")?;
    let operator = library.def("f(Tensor x) -> int")?;
    library.kernel("f", DispatchKey::CPU, Kernel::boxed(|_, _, _| Ok(())))?;
    assert_eq!(call(operator).unwrap_err().kind(), ErrorKind::WrongValueKind, "it left its argument");
    library.override_kernel(
        "f",
        DispatchKey::CPU,
        Kernel::boxed(|_, _, stack| {
            stack.push(1i64);
            Ok(())
        }),
    )?;
    assert_eq!(call(operator).unwrap_err().kind(), ErrorKind::WrongResultCount);
    let name = "typed::twice";
    let _above = register_kernel(name, DispatchKey::QuantizedCPU, Kernel::boxed(|_, _, _| Ok(())), false)?;
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    let keys = KeySet::of(DispatchKey::QuantizedCPU);
    assert!(keyway_tests::typed::twice::default.redispatch(keys, &x)?.is_same(&x));
    Ok(())
}

#[test]
fn keys_that_nothing_can_be_registered_at_are_refused_by_name() {
    for name in ["Dense", "Undefined", "AutogradFunctionality", "cpu", ""] {
        assert_eq!(name.parse::<RegistrationKey>().unwrap_err().kind(), ErrorKind::UnknownKey, "{name}");
    }
}
