//! Typed, boxed and redispatched calls reach the same kernels; arguments are checked by the schema.

use keyway::{
    DType, Device, DispatchKey, ErrorKind, KeySet, Result, Scalar, Stack, Tensor, Value, find_operator,
    kernel, with_excluded,
};
use keyway_tests::typed;

fn tensor(elements: &[f32]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

fn elements(value: &Value) -> Vec<f32> {
    value.as_tensor().unwrap().to_vec::<f32>().unwrap()
}

#[test]
fn a_typed_a_boxed_and_a_redispatched_call_agree() -> Result<()> {
    let x = tensor(&[1.0, 2.0]);
    let typed = typed::scale::default.call(&x, Scalar::Int(3))?;
    let mut stack = Stack::from_iter([Value::from(&x), Value::Int(3)]);
    typed::scale::default.operator().call_boxed(&mut stack)?;
    let passed_on = typed::scale::default.redispatch(KeySet::of(DispatchKey::CPU), &x, Scalar::Int(3))?;
    for result in [Value::from(typed), stack.pop()?, passed_on.into()] {
        assert_eq!(elements(&result), [3.0, 6.0]);
    }
    Ok(())
}

/// D217: what lies below the arguments is left alone.
#[test]
fn a_boxed_call_leaves_the_stack_below_alone() -> Result<()> {
    let mut stack = Stack::from_iter([Value::Int(77), tensor(&[1.0]).into(), Value::Int(3)]);
    typed::scale::default.operator().call_boxed(&mut stack)?;
    assert!(matches!(stack[..], [Value::Int(77), Value::Tensor(_)]), "{stack:?}");
    Ok(())
}

/// D221: values by position, then by name, then defaults.
#[test]
fn defaults_are_filled_in_by_position_and_by_name() -> Result<()> {
    let scale = find_operator("typed::scale")?;
    assert_eq!(elements(&scale.call([tensor(&[1.0]).into()])?.pop()?), [2.0]);
    let mut named = scale.inputs([tensor(&[1.0]).into()], [("by", Value::Int(5))])?;
    scale.call_boxed(&mut named)?;
    assert_eq!(elements(&named.pop()?), [5.0]);
    let x = || Value::from(tensor(&[1.0]));
    for (inputs, kind, words) in [
        (scale.inputs([x(), Value::Int(1), Value::Int(1)], []), ErrorKind::TooManyInputs, "takes 2"),
        (scale.inputs([], []), ErrorKind::MissingInput, "`self`"),
        (scale.inputs([x()], [("of", Value::Int(1))]), ErrorKind::UnknownInput, "`of`"),
        (scale.inputs([x()], [("self", x())]), ErrorKind::UnknownInput, "given twice"),
    ] {
        let error = inputs.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    Ok(())
}

/// D220, D225, D309: arity and kinds are checked, and nothing is converted.
#[test]
fn wrong_arguments_are_errors_that_name_them() {
    let scale = typed::scale::default.operator();
    let error = scale.call_boxed(&mut Stack::from_iter([tensor(&[1.0])])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StackTooShort);
    assert_eq!(error.operator(), Some("typed::scale"));
    let error = scale.call_boxed(&mut Stack::from_iter([Value::Int(1), Value::Int(1)])).unwrap_err();
    assert_eq!(error.to_string(), "typed::scale: argument `self` (position 0) must be Tensor, it is int");
    let error = scale
        .redispatch_boxed(KeySet::of(DispatchKey::CPU), &mut Stack::from_iter([Value::None, Value::Int(1)]));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::WrongValueKind);
}

#[test]
fn every_kind_of_argument_crosses_both_ways() -> Result<()> {
    let x = tensor(&[1.0]);
    let typed = typed::everything::default.call(
        &x,
        Some(&x),
        &[x.clone(), x.clone()],
        1,
        &[2, 3],
        Some(&[4]),
        5.0,
        true,
        "six",
        Scalar::Float(7.5),
        DType::Float64,
        None,
        Some(Device::CPU),
        None,
        &[true, false],
        Some(&[0.5]),
    )?;
    let values = [
        Value::from(&x),
        Value::from(&x),
        vec![x.clone(), x.clone()].into(),
        Value::Int(1),
        vec![2i64, 3].into(),
        vec![4i64].into(),
        Value::Float(5.0),
        Value::Bool(true),
        "six".into(),
        Value::Float(7.5),
        Value::DType(DType::Float64),
        Value::None,
        Value::Device(Device::CPU),
        Value::None,
        vec![true, false].into(),
        vec![0.5].into(),
    ];
    let mut stack: Stack = values.into_iter().collect();
    typed::everything::default.operator().call_boxed(&mut stack)?;
    assert_eq!(typed.1, 39);
    assert!(matches!(stack[..], [Value::Tensor(_), Value::Int(39), Value::List(_)]), "{stack:?}");
    assert!(stack[0].as_tensor().unwrap().is_same(&typed.0) && stack[2].tensors().count() == 2);
    Ok(())
}

/// D227 to D230, D319.10: in-place and out results are the arguments themselves.
#[test]
fn in_place_and_out_results_are_their_arguments() -> Result<()> {
    let x = tensor(&[1.0, -2.0]);
    assert!(typed::negate_::default.call(&x)?.is_same(&x));
    let mut stack = Stack::from_iter([x.clone()]);
    typed::negate_::default.operator().call_boxed(&mut stack)?;
    assert!(stack[0].as_tensor().unwrap().is_same(&x));
    assert_eq!(x.to_vec::<f32>()?, [1.0, -2.0]);

    let (low, high) = (tensor(&[0.0]), tensor(&[0.0]));
    let (a, b) = typed::split::out.call(&x, &low, &high)?;
    assert!(a.is_same(&low) && b.is_same(&high));
    assert_eq!((low.to_vec::<f32>()?, high.to_vec::<f32>()?), (vec![1.0], vec![-2.0]));
    Ok(())
}

/// D200, D201: a kernel sees its own key highest and every lower key that takes part.
#[test]
fn a_kernel_that_asks_for_keys_gets_those_it_was_dispatched_with() -> Result<()> {
    let x = tensor(&[1.0]);
    assert_eq!(typed::keys::default.call(&x)?, 1, "autograd and ADInplaceOrView fall through and are masked");
    assert_eq!(typed::keys::default.redispatch(KeySet::of(DispatchKey::CPU), &x)?, 1);
    with_excluded(KeySet::of(DispatchKey::CPU), || {
        let error = typed::keys::default.call(&x).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::NoKernelForUndefined,
            "D62: excluding CPU excludes Dense: {error}"
        );
    });
    Ok(())
}

/// D165 to D168: short errors that say what there is and what to write.
#[test]
fn a_missing_kernel_is_an_error_of_a_few_lines() {
    let x = tensor(&[1.0]);
    let error = typed::unimplemented::default.call(&x).unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::NoKernel, Some(DispatchKey::CPU)));
    assert!(error.to_string().contains("#[kernel(\"typed::unimplemented\", CPU)]"), "{error}");
    assert!(error.to_string().lines().count() <= 3, "{error}");

    let meta = Tensor::zeros(&[1], DType::Float32, Device::META).unwrap();
    let error = typed::scale::default.call(&meta, Scalar::Int(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoMetaKernel, "{error}");
}

#[test]
fn an_error_of_a_kernel_names_its_operator() {
    let (x, low) = (tensor(&[1.0, 2.0, 3.0]), tensor(&[0.0]));
    let error = typed::split::out.call(&x, &low, &low).unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::Shape, Some("typed::split.out")));
}

/// Claims a key for which the operator's own crate has a kernel.
#[kernel("typed::claimed", CPU)]
fn claimed_again(x: &Tensor) -> Result<Tensor> {
    Ok(x.clone())
}

/// Law 3: two kernels for one key are an error that names both places.
#[test]
fn two_kernels_for_one_key_are_reported_by_every_call() {
    let error = typed::claimed::default.call(&tensor(&[1.0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateKernel);
    for place in ["typed_kernels.rs:", "calling.rs:"] {
        assert_eq!(error.to_string().matches(place).count(), 1, "{error}");
    }
}

#[test]
fn an_unknown_operator_names_the_nearest() {
    let error = find_operator("typed::scael").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOperator);
    assert!(error.to_string().contains("`typed::scale`"), "{error}");
}
