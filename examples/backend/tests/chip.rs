//! The backend does what the host does, with its own kernels and with the fallback.

use std::sync::OnceLock;

use chip::{Chip, ChipMemory, fall_back_to_host, to_chip, to_host, traced};
use keyway::{
    DType, Device, DispatchKey, ErrorKind, Functionality, Kernel, KeySet, Library, Origin, Registration,
    Result, Scalar, Stack, Tensor, Value, register_kernel,
};
use keyway_ops::{TensorMethods, aten};

/// The backend with its fallback, which all tests of this file share.
fn chip() -> Result<Chip> {
    static FALLBACK: OnceLock<Registration> = OnceLock::new();
    let chip = chip::register()?;
    FALLBACK.get_or_init(|| fall_back_to_host().expect("nobody else registers it"));
    Ok(chip)
}

fn numbers(elements: &[f32], sizes: &[i64]) -> Result<Tensor> {
    Tensor::from_slice(elements, sizes)
}

/// The elements of a tensor anywhere, as doubles.
fn elements(tensor: &Tensor) -> Result<Vec<f64>> {
    let host = if tensor.device() == Device::CPU { tensor.clone() } else { to_host(tensor)? };
    host.to_dtype(DType::Float64)?.to_vec()
}

/// Runs a computation on the host and on the chip.
fn compare(name: &str, inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Vec<Tensor>>) -> Result<()> {
    let on_chip = inputs.iter().map(to_chip).collect::<Result<Vec<_>>>()?;
    let (expected, found) = (f(inputs)?, f(&on_chip)?);
    assert_eq!(expected.len(), found.len(), "{name}");
    for (expected, found) in expected.iter().zip(&found) {
        assert!(found.storage().downcast::<ChipMemory>().is_some(), "{name} left the chip");
        assert_eq!((expected.sizes(), expected.dtype()), (found.sizes(), found.dtype()), "{name}");
        assert_eq!(elements(expected)?, elements(found)?, "{name}");
    }
    Ok(())
}

#[test]
fn results_are_those_of_the_host() -> Result<()> {
    chip()?;
    let a = numbers(&[1.5, -2.0, 3.0, -4.0, 5.0, 0.25], &[2, 3])?;
    let row = numbers(&[1.0, 0.5, -3.0], &[3])?;
    let integers = Tensor::from_slice(&[3i64, 1, 2], &[3])?;
    let inputs = [a, row, integers];
    type Computation = fn(&[Tensor]) -> Result<Vec<Tensor>>;
    let computations: [(&str, Computation); 16] = [
        ("add", |x| Ok(vec![x[0].add_with(&x[1], Scalar::Int(3))?])),
        ("mul", |x| Ok(vec![x[0].t()?.mul(&x[0].t()?)?])),
        ("relu", |x| Ok(vec![x[0].relu()?])),
        ("mm", |x| Ok(vec![x[0].mm(&x[0].t()?)?])),
        ("add of other dtypes", |x| Ok(vec![x[0].add(&x[2])?, x[2].add(&x[2])?])),
        ("sub and div", |x| Ok(vec![x[0].sub(&x[1])?, x[0].div(&x[1])?])),
        ("exp of a view", |x| Ok(vec![x[0].t()?.narrow(0, 1, 2)?.exp()?])),
        ("softmax", |x| Ok(vec![x[0].softmax(-1)?])),
        ("sum", |x| Ok(vec![x[0].sum_dim(Some(&[0]))?, x[2].sum_dim(None)?])),
        ("cat", |x| Ok(vec![aten::cat::default.call(&[x[0].clone(), x[0].clone()], 1)?])),
        ("topk", |x| x[0].topk_with(2, 1, true, true).map(|(values, indices)| vec![values, indices])),
        ("split", |x| x[0].split(1)),
        ("where", |x| Ok(vec![aten::r#where::self_.call(&x[0].gt_scalar(1)?, &x[0], &x[1])?])),
        ("reshape", |x| Ok(vec![x[0].t()?.reshape(&[6])?])),
        ("in place", |x| Ok(vec![x[0].clone_tensor()?.add_(&x[1])?.exp_()?.clone()])),
        ("index_select", |x| Ok(vec![x[0].index_select(1, &x[2].sub_scalar(1)?)?])),
    ];
    for (name, computation) in computations {
        compare(name, &inputs, computation)?;
    }
    Ok(())
}

#[test]
fn creation_finds_the_chip_by_its_device() -> Result<()> {
    let device = Some(chip()?.device());
    let full = aten::full::default.call(&[2, 2], Scalar::Float(1.5), None, None, device, None)?;
    // The chip has no kernel for ranges: the fallback gives the host its own device.
    let range = aten::arange::default.call(Scalar::Int(3), None, None, device, None)?;
    for (tensor, expected) in [(full, vec![1.5; 4]), (range, vec![0.0, 1.0, 2.0])] {
        assert!(tensor.storage().downcast::<ChipMemory>().is_some());
        assert_eq!((Some(tensor.device()), elements(&tensor)?), (device, expected));
    }
    Ok(())
}

#[test]
fn the_fallback_writes_through_views() -> Result<()> {
    chip()?;
    let x = to_chip(&numbers(&[1.0, 2.0, 3.0, 4.0], &[2, 2])?)?;
    let column = x.t()?.narrow(0, 0, 1)?;
    assert!(column.fill_(9.0)?.is_same(&column));
    let mut stack = Stack::from_iter([Value::from(&column), Value::Float(7.0)]);
    aten::fill_::Scalar.operator().call_boxed(&mut stack)?;
    assert!(stack.pop()?.as_tensor().is_some_and(|result| result.is_same(&column)));
    assert_eq!(elements(&x)?, [7.0, 2.0, 7.0, 4.0]);
    Ok(())
}

#[test]
fn out_forms_resize_memory_of_the_chip() -> Result<()> {
    let chip = chip()?;
    let x = to_chip(&numbers(&[1.0, 2.0, 3.0], &[3])?)?;
    let out = aten::empty::memory_format.call(&[0], None, None, Some(chip.device()), None, None)?;
    assert!(aten::add::out.call(&x, &x, Scalar::Int(1), &out)?.is_same(&out));
    assert_eq!(elements(&out)?, [2.0, 4.0, 6.0]);
    Ok(())
}

/// Operators that only the host knows, of signatures that the fallback was not written for.
#[test]
fn the_fallback_serves_operators_nobody_told_it_of() -> Result<()> {
    let chip = chip()?;
    let mut library = Library::define("unheard")?;
    let mut define = |schema: &str, kernel: fn(&mut [Value]) -> Result<Vec<Value>>| {
        let operator = library.def(schema)?;
        let kernel = Kernel::closure(move |operator, _, stack| {
            let base = stack.base_of(operator.schema().map_or(0, |schema| schema.arguments.len()))?;
            let results = kernel(&mut stack[base..])?;
            stack.truncate(base);
            results.into_iter().for_each(|result| stack.push(result));
            Ok(())
        });
        library.kernel(&operator.name()["unheard::".len()..], DispatchKey::CPU, kernel)?;
        Ok::<_, keyway::Error>(operator)
    };
    let tensor = |value: &Value| value.as_tensor().expect("the schema says so").clone();

    let doubled = define("doubled.out(Tensor x, *, Tensor(a!) out) -> Tensor(a!)", |arguments| {
        let (x, out) = (arguments[0].as_tensor().unwrap(), arguments[1].as_tensor().unwrap());
        aten::add::out.call(x, x, Scalar::Int(1), out)?;
        Ok(vec![out.into()])
    })?;
    let x = to_chip(&numbers(&[1.0, 2.0, 3.0], &[3])?)?;
    let out = aten::empty::memory_format.call(&[0], None, None, Some(chip.device()), None, None)?;
    let result = doubled.call_named([Value::from(&x)], [("out", Value::from(&out))])?.pop()?;
    assert!(tensor(&result).is_same(&out));
    assert_eq!(elements(&out)?, [2.0, 4.0, 6.0]);

    let clear = define("clear(Tensor(a!)[] xs, Tensor?[] others) -> ()", |arguments| {
        arguments[0].tensors().try_for_each(|x| x.zero_().map(drop))?;
        Ok(vec![])
    })?;
    let tail = x.narrow(0, 1, 2)?;
    let others: Vec<Option<Tensor>> = vec![None, Some(out.clone())];
    assert!(clear.call([vec![tail].into(), others.into()])?.is_empty());
    assert_eq!((elements(&x)?, elements(&out)?), (vec![1.0, 0.0, 0.0], vec![2.0, 4.0, 6.0]));

    // The copy on the host is of the whole block, so a view of the copy is a view on the chip.
    let last = define("last(Tensor(a) x) -> Tensor(a)", |arguments| {
        Ok(vec![arguments[0].as_tensor().unwrap().narrow(0, -1, 1)?.into()])
    })?;
    let view = tensor(&last.call([Value::from(&x)])?.pop()?);
    assert!(view.shares_storage(&x));
    view.fill_(5.0)?;
    assert_eq!(elements(&x)?, [1.0, 0.0, 5.0]);
    Ok(())
}

#[test]
fn copies_cross_devices_and_dtypes() -> Result<()> {
    chip()?;
    let target = to_chip(&numbers(&[0.0; 4], &[2, 2])?)?;
    target.t()?.copy_(&Tensor::from_slice(&[1i64, 2], &[2])?)?;
    assert_eq!(elements(&target)?, [1.0, 1.0, 2.0, 2.0]);
    let host = Tensor::from_slice(&[0i64; 4], &[2, 2])?;
    host.copy_(&target)?;
    assert_eq!(host.to_vec::<i64>()?, [1, 1, 2, 2]);
    assert_eq!(target.copy_(&numbers(&[1.0; 3], &[3])?).unwrap_err().kind(), ErrorKind::Shape);
    Ok(())
}

#[test]
fn memory_of_the_chip_is_not_for_the_host() -> Result<()> {
    chip()?;
    let x = to_chip(&numbers(&[1.0], &[1])?)?;
    assert_eq!(x.to_vec::<f32>().unwrap_err().kind(), ErrorKind::Runtime);
    Ok(())
}

#[test]
fn numbers_may_stay_on_the_host_and_tensors_may_not() -> Result<()> {
    chip()?;
    let x = to_chip(&numbers(&[1.0, 2.0], &[2])?)?;
    let half = Tensor::from_slice(&[0.5f64], &[])?;
    assert_eq!(elements(&x.mul(&half)?)?, [0.5, 1.0]);
    assert_eq!(elements(&x.div(&half)?)?, [2.0, 4.0]);
    let elsewhere = numbers(&[1.0, 2.0], &[2])?;
    for mixed in [x.add(&elsewhere), x.sub(&elsewhere)] {
        let error = mixed.unwrap_err();
        assert!(error.to_string().contains("`other` is on cpu"), "{error}");
        assert!(error.operator().is_some_and(|operator| operator.starts_with("aten::")), "{error}");
    }
    Ok(())
}

#[test]
fn the_keys_have_names() -> Result<()> {
    let chip = chip()?;
    let autograd = DispatchKey::of(Functionality::AutogradFunctionality, chip.device().backend);
    for (key, name) in [(chip.key(), "Chip"), (autograd, "AutogradChip"), (chip.trace_key(), "ChipTrace")] {
        assert_eq!((key.to_string().as_str(), name.parse::<DispatchKey>()?), (name, key));
    }
    assert!(chip.key() < autograd && autograd < chip.trace_key() && chip.trace_key() < DispatchKey::Tracer);
    let x = to_chip(&numbers(&[1.0], &[1])?)?;
    assert_eq!(x.key_set().to_string(), "{Chip, ADInplaceOrView, AutogradChip, AutocastChip}");
    assert!("AutogradChp".parse::<DispatchKey>().unwrap_err().to_string().contains("`AutogradChip`"));
    Ok(())
}

#[test]
fn tables_tell_who_serves_the_chip() -> Result<()> {
    let chip = chip()?;
    let row = |operator: &'static keyway::Operator, key: DispatchKey| {
        operator.table().into_iter().find(|row| row.key == key).map(|row| (row.kernel, row.origin))
    };
    let (mm, exp) = (aten::mm::default.operator(), aten::exp::default.operator());
    assert_eq!(row(mm, chip.key()), Some(("mm", Origin::Kernel)));
    assert_eq!(row(exp, chip.key()), Some(("chip::on_host", Origin::BackendFallback)));
    assert_eq!(row(exp, chip.trace_key()), Some(("chip::trace", Origin::BackendFallback)));
    assert_eq!(row(aten::t::default.operator(), chip.key()), Some(("t", Origin::DefaultBackendKernel)));
    assert!(mm.dump_table().contains("AutogradChip: fallthrough"), "{}", mm.dump_table());
    Ok(())
}

#[test]
fn autograd_is_passed_through_and_can_be_taken() -> Result<()> {
    let chip = chip()?;
    let x = to_chip(&numbers(&[1.0, -1.0], &[2])?)?;
    let next = || -> Result<DispatchKey> {
        let (result, calls) = traced(|| x.tanh())?;
        result?;
        Ok(calls[0].next)
    };
    assert_eq!(next()?, chip.key());
    let autograd: DispatchKey = "AutogradChip".parse()?;
    let kernel = aten::tanh::default
        .kernel(|keys, x| aten::tanh::default.redispatch(keys & KeySet::after_autograd(), x));
    let registration = register_kernel("aten::tanh", autograd, kernel, false)?;
    assert_eq!(next()?, autograd);
    drop(registration);
    assert_eq!(next()?, chip.key());
    Ok(())
}

#[test]
fn the_demonstration_runs() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_demo")).output().expect("it was built");
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    for expected in ["all 200 answers", "AutogradChip", "aten::exp: no kernel for Chip"] {
        assert!(printed.contains(expected), "`{expected}` is missing in:\n{printed}");
    }
}
