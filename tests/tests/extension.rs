//! A crate that extends another crate's list: operators of its own namespace on top of the other's, and kernels that take
//! the place of the other's.

use keyway::{Device, ErrorKind, OutputMeta, Result, Tensor, find_operator, kernel, structured};
use keyway_ops::plans::Plan;
use keyway_ops::{TensorMethods, aten};

include!(concat!(env!("OUT_DIR"), "/extension/operators.rs"));

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec().unwrap()
}

fn tensor(elements: &[f64]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

#[kernel("extension::double_", CompositeExplicitAutograd)]
fn double_(self_: &Tensor) -> Result<()> {
    self_.add_(self_).map(|_| ())
}

#[structured("extension::ramp.out")]
fn ramp_shape(self_: &Tensor) -> Result<OutputMeta> {
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[kernel("extension::ramp.out", CPU, structured)]
fn ramp_out(self_: &Tensor, out: &Tensor) -> Result<()> {
    let mut memory = out.storage().write()?;
    let elements = memory.elements::<f64>()?.iter_mut().take(self_.numel());
    elements.enumerate().for_each(|(position, element)| *element = position as f64);
    Ok(())
}

/// Takes the place of the bundled kernel: it keeps the sign.
#[kernel("aten::relu", CPU, overriding)]
fn leaky_relu(self_: &Tensor) -> Result<Tensor> {
    self_.mul_scalar(2.0)
}

/// Takes the place of all three forms.
#[kernel("aten::tanh.out", CPU, structured, overriding)]
fn flat_tanh(_plan: &Plan, _self: &Tensor, out: &Tensor) -> Result<()> {
    out.zero_().map(|_| ())
}

#[kernel("aten::sqrt.out", CPU)]
fn second_root(_self: &Tensor, _out: &Tensor) -> Result<()> {
    Ok(())
}

#[test]
fn both_lists_are_in_one_registry() {
    assert!(find_operator("extension::ramp").is_ok() && find_operator("aten::add.Tensor").is_ok());
    assert!(extension::is_extension_op("ramp.out") && !extension::is_extension_op("add.Tensor"));
    assert!(aten::is_aten_op("add.Tensor") && !aten::is_aten_op("ramp"));
}

#[test]
fn derived_and_structured_kernels_copy_with_the_operators_of_the_base() {
    let x = tensor(&[1.0, 2.5]);
    assert_eq!((numbers(&extension::double(&x).unwrap()), numbers(&x)), (vec![2.0, 5.0], vec![1.0, 2.5]));
    let out = tensor(&[]);
    extension::double::out.call(&x, &out).unwrap();
    assert_eq!(numbers(&out), [2.0, 5.0]);
    assert_eq!(numbers(&extension::ramp(&x).unwrap()), [0.0, 1.0]);
    assert_eq!(numbers(extension::ramp_::default.call(&x).unwrap()), [0.0, 1.0]);
    let shape = Tensor::zeros(&[2, 3], x.dtype(), Device::META).unwrap();
    assert_eq!(extension::ramp(&shape).unwrap().sizes(), [2, 3]);
}

#[test]
fn a_kernel_that_says_so_overrides_one_of_another_crate() {
    let x = tensor(&[-1.0, 2.0]);
    assert_eq!(numbers(&x.relu().unwrap()), [-2.0, 4.0]);
    assert_eq!(numbers(&x.tanh().unwrap()), [0.0, 0.0]);
    assert_eq!(numbers(x.tanh_().unwrap()), [0.0, 0.0]);
}

#[test]
fn a_second_kernel_that_does_not_say_so_is_a_conflict() {
    let error = aten::sqrt::out.call(&tensor(&[4.0]), &tensor(&[0.0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateKernel);
    assert_eq!(numbers(&tensor(&[4.0]).sqrt().unwrap()), [2.0]);
}
