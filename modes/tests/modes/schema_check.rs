//! Checking kernels against schemas.

use keyway::{Device, ErrorKind, Result, Tensor, Value, with_mode};
use keyway_modes::SchemaCheck;
use keyway_ops::{TensorMethods, aten};

use super::{Network, Odd, call, waves, wrap};

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
