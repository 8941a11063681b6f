//! Checking kernels against schemas.

use keyway::{
    Answer, Call, Device, ErrorKind, Result, Tensor, TensorSubclass, Value, WrapperMetadata, with_mode,
};
use keyway_modes::{ObservedCall, SchemaCheck};
use keyway_ops::{TensorMethods, aten};

use super::{Network, Odd, call, waves, wrap};

/// What calls did, without those of kernels: the name, arguments that changed, arguments that results share memory with.
fn observed(program: impl FnOnce() -> Result<()>) -> Vec<ObservedCall> {
    let check = SchemaCheck::observing();
    with_mode(&check.mode(), program).unwrap().unwrap();
    check.observed()
}

fn did(operator: &'static str, mutated: &[usize], aliases: &[(usize, usize)]) -> ObservedCall {
    ObservedCall { operator, mutated: mutated.to_vec(), aliases: aliases.to_vec() }
}

/// SCH-39, SCH-40: operators in their order; functional ones write and share nothing.
#[test]
fn calls_are_observed_in_their_order() {
    let x = waves(&[2, 3]);
    let seen = observed(|| x.relu()?.sin().map(drop));
    assert_eq!(seen, [did("aten::relu", &[], &[]), did("aten::sin", &[], &[])]);
    assert_eq!(SchemaCheck::new().observed(), []);
}

/// SCH-41: an in-place operator, and one that gives a tensor other sizes and strides, write the argument that is their result.
#[test]
fn in_place_calls_write_the_argument_that_they_return() {
    let mut odd = Odd::new("odd_restride");
    let restride = odd.with("restride_(Tensor(a!) self) -> Tensor(a!)", |x: &Tensor| -> Result<()> {
        x.set_geometry(keyway::Geometry::new(&[2, 2], &[1, 2], 0)?)
    });
    let x = waves(&[4]);
    let seen = observed(|| {
        x.add_(&waves(&[4]))?;
        restride.call([(&x).into()]).map(drop)
    });
    assert_eq!(
        seen,
        [did("aten::add_.Tensor", &[0], &[(0, 0)]), did("odd_restride::restride_", &[0], &[(0, 0)])]
    );
}

/// SCH-42: a tensor added to itself is written as both arguments, and both are the result.
#[test]
fn a_tensor_given_twice_is_written_twice() {
    let x = waves(&[4]);
    assert_eq!(observed(|| x.add_(&x).map(drop)), [did("aten::add_.Tensor", &[0, 1], &[(0, 0), (1, 0)])]);
}

/// SCH-43: two out arguments are written, each of them one result.
#[test]
fn out_arguments_are_each_written_and_returned() {
    let (x, values) = (waves(&[4]), Tensor::from_slice(&[0.0f32; 0], &[0]).unwrap());
    let indices = Tensor::from_slice(&[0i64; 0], &[0]).unwrap();
    let seen = observed(|| aten::sort::values.call(&x, 0, false, &values, &indices).map(drop));
    assert_eq!(seen, [did("aten::sort.values", &[3, 4], &[(3, 0), (4, 1)])]);
}

/// SCH-45: results are those without the mode: another default, lists of tensors, several results, an empty list, a device.
#[test]
fn results_are_those_without_the_mode() {
    let (x, y) = (waves(&[2, 3]), waves(&[2, 3]));
    let program = || -> Result<Vec<Tensor>> {
        let (values, indices) = x.sort_with(1, true)?;
        let mut results = vec![
            aten::add::Tensor.call(&x, &y, 3.into())?,
            aten::cat::default.call(&[x.clone(), y.clone()], 1)?,
            values,
            aten::sum::dim_IntList.call(&x, Some(&[]), false, None)?,
            aten::ones::default.call(&[2], None, None, Some(Device::CPU), None)?,
            aten::add::out.call(&x, &y, 1.into(), &Tensor::from_slice(&[0.0f32; 0], &[0])?)?.clone(),
        ];
        assert_eq!(indices.sizes(), [2, 3]);
        results.extend(x.split_with(1, 1)?);
        Ok(results)
    };
    let elements = |tensors: Vec<Tensor>| -> Vec<(Vec<i64>, Vec<f32>)> {
        tensors.iter().map(|x| (x.sizes().to_vec(), x.to_vec().unwrap())).collect()
    };
    let check = SchemaCheck::new();
    let checked = with_mode(&check.mode(), program).unwrap().unwrap();
    assert_eq!(elements(checked), elements(program().unwrap()));
}

/// A class over a tensor's own memory, which does on the way what no schema says.
struct Sly {
    inner: Tensor,
    does: fn(&mut Call<'_>) -> Result<()>,
}

impl TensorSubclass for Sly {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        (self.does)(call)?;
        Ok(Answer::Done)
    }
}

fn sly(inner: &Tensor, does: fn(&mut Call<'_>) -> Result<()>) -> Tensor {
    let metadata = WrapperMetadata { storage: Some(inner.storage().clone()), ..WrapperMetadata::like(inner) };
    Tensor::wrapper(Sly { inner: inner.clone(), does }, metadata)
}

fn unwrapped(call: &mut Call<'_>) -> Result<()> {
    call.map_arguments(|tensor| Ok(tensor.subclass::<Sly>().map(|sly| sly.inner.clone())))?;
    call.forward()
}

/// SCH-46: a class that writes to its argument is found, in the first call and in a later one.
#[test]
fn a_class_that_writes_to_its_argument_is_found() {
    let writes_in_sub: fn(&mut Call<'_>) -> Result<()> = |call| {
        let first = call.arguments()[0].as_tensor().cloned();
        let is_sub = call.operator().name() == "aten::sub.Tensor";
        unwrapped(call)?;
        match first {
            Some(x) if is_sub => write_one(&x),
            _ => Ok(()),
        }
    };
    for before in [0, 2] {
        let x = sly(&waves(&[3]), writes_in_sub);
        let program = || {
            (0..before).try_for_each(|_| x.exp().map(drop))?;
            x.sub(&waves(&[3])).map(drop)
        };
        let error = with_mode(&SchemaCheck::new().mode(), program).unwrap().unwrap_err();
        let expected = "aten::sub.Tensor: the argument `self` was written to without being marked `!`";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// SCH-47: a class whose result is its argument's memory is found, at the end and in the middle of a chain.
#[test]
fn a_class_that_gives_its_argument_back_is_found() {
    let shares_in_add: fn(&mut Call<'_>) -> Result<()> = |call| {
        let first = call.arguments()[0].as_tensor().cloned();
        let is_add = call.operator().name() == "aten::add.Tensor";
        match first {
            Some(x) if is_add => call.answer([x.view_as(x.geometry().clone())?.into()]),
            _ => unwrapped(call),
        }
    };
    for after in [false, true] {
        let x = sly(&waves(&[3]), shares_in_add);
        let program = || -> Result<()> {
            x.sin()?;
            let sum = x.add(&waves(&[3]))?;
            if after { sum.cos().map(drop) } else { Ok(()) }
        };
        let error = with_mode(&SchemaCheck::new().mode(), program).unwrap().unwrap_err();
        let expected = "aten::add.Tensor: result 0 shares memory with the argument `self`";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// SCH-48, SCH-49: two results that are one tensor; an operator that says it is pure and returns a view, or writes.
#[test]
fn operators_that_say_they_are_pure_are_held_to_it() {
    let mut odd = Odd::new("odd_pure");
    let mut pure = |schema: &str| {
        odd.library.def_with_alias_analysis(schema, keyway::AliasAnalysis::Pure).unwrap();
        schema.split('(').next().unwrap().to_owned()
    };
    let (view, writes, twice) = (
        pure("view(Tensor x) -> Tensor"),
        pure("writes(Tensor x) -> Tensor"),
        pure("twice(Tensor x) -> (Tensor, Tensor)"),
    );
    let library = &mut odd.library;
    let cpu = keyway::DispatchKey::CPU;
    library.kernel_fn(&view, cpu, |x: &Tensor| -> Result<Tensor> { x.t() }).unwrap();
    library
        .kernel_fn(&writes, cpu, |x: &Tensor| -> Result<Tensor> {
            write_one(x)?;
            x.exp()
        })
        .unwrap();
    library
        .kernel_fn(&twice, cpu, |x: &Tensor| -> Result<(Tensor, Tensor)> {
            let y = x.exp()?;
            Ok((y.clone(), y))
        })
        .unwrap();
    for (name, expected) in [
        ("odd_pure::view", "result 0 shares memory with the argument `x`"),
        ("odd_pure::writes", "the argument `x` was written to"),
        ("odd_pure::twice", "results 0 and 1 share memory"),
    ] {
        let message = broken(keyway::find_operator(name).unwrap(), vec![waves(&[2, 2]).into()]);
        assert!(message.contains(expected), "{message}");
    }
}

/// The message for a call of an operator whose kernel is not what its schema says.
fn broken(operator: &'static keyway::Operator, arguments: Vec<Value>) -> String {
    let error =
        with_mode(&SchemaCheck::new().mode(), || operator.call(arguments).map(drop)).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::SchemaMismatch, Some(operator.name())));
    error.to_string()
}

fn write_one(x: &Tensor) -> Result<()> {
    x.storage().write()?.elements::<f32>()?[0] = 99.0;
    Ok(())
}

#[test]
fn the_bundled_operators_do_what_their_schemas_say() {
    let (x, y) = (waves(&[2, 3]), waves(&[3]));
    let check = SchemaCheck::new();
    with_mode(&check.mode(), || {
        Network::new().run(&waves(&[2, 4]))?;
        x.add_(&y)?;
        x.add_(&x)?;
        x.t()?.copy_(&waves(&[3, 2]))?;
        x.split_with(1, 1)?;
        x.view(&[6])?.contiguous()?;
        x.reshape(&[3, 2])?;
        x.t()?.reshape(&[6])?;
        x.sort()?;
        let out = Tensor::from_slice(&[0.0f32; 0], &[0])?;
        aten::add::out.call(&x, &y, 1.into(), &out)?;
        aten::sort::values.call(&x, 0, false, &out, &Tensor::from_slice(&[0i64; 0], &[0])?)?;
        aten::cat::default.call(&[x.clone(), x.clone()], 0)?;
        aten::zeros::default.call(&[2], None, None, Some(Device::META), None)?.relu()?;
        wrap(&x).relu()
    })
    .unwrap()
    .unwrap();
    assert!(check.checked() >= 20, "{check}");
}

#[test]
fn hidden_writes_are_found() {
    let mut odd = Odd::new("odd_writes");
    let f = odd.with("f(Tensor self, Tensor other) -> Tensor", |x: &Tensor, y: &Tensor| -> Result<Tensor> {
        write_one(y)?;
        x.exp()
    });
    let message = broken(f, vec![waves(&[2]).into(), waves(&[2]).into()]);
    assert!(message.contains("the argument `other` was written to without being marked `!`"), "{message}");
    // Elements outside of a view are somebody's, too.
    let rest = waves(&[4]).slice_with(0, Some(2), None, 1).unwrap();
    assert!(broken(f, vec![waves(&[2]).into(), rest.into()]).contains("`other`"));
}

/// The same memory given to a written and to a read argument changes, and rightly.
#[test]
fn memory_that_is_written_through_another_argument_may_change() {
    let mut odd = Odd::new("odd_shared");
    let f = odd
        .with("f_(Tensor(a!) self, Tensor other) -> Tensor(a!)", |x: &Tensor, _: &Tensor| -> Result<()> {
            write_one(x)
        });
    let x = waves(&[2, 2]);
    with_mode(&SchemaCheck::new().mode(), || f.call([(&x).into(), x.t().unwrap().into()]).map(drop))
        .unwrap()
        .unwrap();
    with_mode(&SchemaCheck::new().mode(), || f.call([(&x).into(), (&x).into()]).map(drop)).unwrap().unwrap();
}

#[test]
fn hidden_aliases_are_found() {
    let mut odd = Odd::new("odd_aliases");
    let itself = odd.with("itself(Tensor self) -> Tensor", |x: &Tensor| -> Result<Tensor> { Ok(x.clone()) });
    assert!(
        broken(itself, vec![waves(&[2]).into()]).contains("result 0 shares memory with the argument `self`")
    );
    let listed =
        odd.with("listed(Tensor[] tensors) -> Tensor", |x: &[Tensor]| -> Result<Tensor> { x[1].t() });
    let tensors = vec![waves(&[2, 2]), waves(&[2, 2])];
    assert!(broken(listed, vec![tensors.into()]).contains("the argument `tensors`"));
    let twice =
        odd.with("twice(Tensor self) -> (Tensor, Tensor)", |x: &Tensor| -> Result<(Tensor, Tensor)> {
            let y = x.exp()?;
            Ok((y.clone(), y))
        });
    assert!(broken(twice, vec![waves(&[2]).into()]).contains("results 0 and 1 share memory"));
}

#[test]
fn sizes_that_change_are_found() {
    let mut odd = Odd::new("odd_sizes");
    let f = odd.with("f(Tensor self) -> int", |x: &Tensor| -> Result<i64> {
        x.set_geometry(keyway::Geometry::contiguous(&[1, 2])?)?;
        Ok(1)
    });
    let message = broken(f, vec![waves(&[2]).into()]);
    assert!(message.contains("`self` changed its sizes or strides ([2] before, [1, 2] now)"), "{message}");
    let meta = Tensor::zeros(&[2], keyway::DType::Float32, Device::META).unwrap();
    let mut odd_meta = Odd::new("odd_sizes_meta");
    let g = odd_meta.library.def("g(Tensor self) -> Tensor").unwrap();
    odd_meta
        .library
        .kernel_fn("g", keyway::DispatchKey::Meta, |x: &Tensor| -> Result<Tensor> {
            x.view_as(keyway::Geometry::contiguous(&[2])?)
        })
        .unwrap();
    assert!(broken(g, vec![meta.into()]).contains("result 0 shares memory"));
}

#[test]
fn errors_pass_unchanged() {
    let mut odd = Odd::new("odd_check");
    let fails = odd.failing();
    let check = SchemaCheck::new();
    let error = with_mode(&check.mode(), || call(fails, &waves(&[1]))).unwrap().unwrap_err();
    assert_eq!((error.to_string().as_str(), check.checked()), ("on purpose", 0));
}
