//! Activations made of others.

use keyway::{DType, Error, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::composite::out::write_results;

/// The factors with which a network's layers keep mean and variance.
const SELU: (Scalar, Scalar) =
    (Scalar::Float(1.673_263_242_354_377_2), Scalar::Float(1.050_700_987_355_480_5));
const ONE: Scalar = Scalar::Int(1);

#[kernel("aten::selu", CompositeImplicitAutograd)]
fn selu(self_: &Tensor) -> Result<Tensor> {
    aten::elu::default.call(self_, SELU.0, SELU.1, ONE)
}

#[kernel("aten::selu_", CompositeImplicitAutograd)]
fn selu_(self_: &Tensor) -> Result<()> {
    aten::elu_::default.call(self_, SELU.0, SELU.1, ONE).map(|_| ())
}

/// How much exponentials are stretched for an `alpha`.
fn stretch(alpha: Scalar) -> Result<Scalar> {
    match alpha.to_f64() {
        0.0 => Err(Error::new(keyway::ErrorKind::Runtime, "`alpha` must not be zero")),
        alpha => Ok(Scalar::Float(1.0 / alpha)),
    }
}

#[kernel("aten::celu", CompositeExplicitAutograd)]
fn celu(self_: &Tensor, alpha: Scalar) -> Result<Tensor> {
    aten::elu::default.call(self_, alpha, ONE, stretch(alpha)?)
}

#[kernel("aten::celu_", CompositeExplicitAutograd)]
fn celu_(self_: &Tensor, alpha: Scalar) -> Result<()> {
    aten::elu_::default.call(self_, alpha, ONE, stretch(alpha)?).map(|_| ())
}

/// Bounds in the kind of numbers of the tensor, so that they do not change its dtype.
fn bounds(x: &Tensor, min: Scalar, max: Scalar) -> Result<(Option<Scalar>, Option<Scalar>)> {
    if x.dtype() == DType::Bool {
        return Err(Error::not_implemented("not implemented for bool; convert it to another dtype first"));
    }
    let bound = |number: Scalar| match x.dtype().is_floating_point() {
        true => number,
        false => Scalar::Int(number.to_i64()),
    };
    Ok((Some(bound(min)), Some(bound(max))))
}

#[kernel("aten::hardtanh", CompositeExplicitAutograd)]
fn hardtanh(self_: &Tensor, min_val: Scalar, max_val: Scalar) -> Result<Tensor> {
    let out = aten::empty_like(self_)?;
    hardtanh_out(self_, min_val, max_val, &out)?;
    Ok(out)
}

#[kernel("aten::hardtanh_", CompositeExplicitAutograd)]
fn hardtanh_(self_: &Tensor, min_val: Scalar, max_val: Scalar) -> Result<()> {
    let (min, max) = bounds(self_, min_val, max_val)?;
    aten::clamp_::default.call(self_, min, max).map(|_| ())
}

#[kernel("aten::hardtanh.out", CompositeExplicitAutograd)]
fn hardtanh_out(self_: &Tensor, min_val: Scalar, max_val: Scalar, out: &Tensor) -> Result<()> {
    let (min, max) = bounds(self_, min_val, max_val)?;
    aten::clamp::out.call(self_, min, max, out).map(|_| ())
}

#[kernel("aten::relu6", CompositeImplicitAutograd)]
fn relu6(self_: &Tensor) -> Result<Tensor> {
    aten::hardtanh::default.call(self_, Scalar::Int(0), Scalar::Int(6))
}

#[kernel("aten::relu6_", CompositeImplicitAutograd)]
fn relu6_(self_: &Tensor) -> Result<()> {
    aten::hardtanh_::default.call(self_, Scalar::Int(0), Scalar::Int(6)).map(|_| ())
}

#[kernel("aten::prelu", CompositeImplicitAutograd)]
fn prelu(self_: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let mut sizes = vec![1; self_.dim()];
    if weight.numel() != 1 {
        let channels = self_.sizes().get(1).copied().unwrap_or(1);
        if self_.dim() == 0 || weight.numel() as i64 != channels {
            return Err(Error::shape(format!(
                "`weight` must have one element, or one for each of the {channels} channels of sizes {:?}; its sizes \
                 are {:?}",
                self_.sizes(),
                weight.sizes()
            )));
        }
        sizes[1] = channels;
    }
    aten::_prelu_kernel::default.call(self_, &aten::reshape::default.call(weight, &sizes)?)
}

#[kernel("aten::_prelu_kernel_backward", CompositeExplicitAutograd)]
fn _prelu_kernel_backward(grad_output: &Tensor, self_: &Tensor, weight: &Tensor) -> Result<(Tensor, Tensor)> {
    let positive = aten::gt::Scalar.call(self_, Scalar::Int(0))?;
    let zero = aten::zeros_like(grad_output)?;
    let of_input =
        aten::r#where::self_.call(&positive, grad_output, &aten::mul::Tensor.call(weight, grad_output)?)?;
    let of_weight =
        aten::r#where::self_.call(&positive, &zero, &aten::mul::Tensor.call(self_, grad_output)?)?;
    Ok((of_input, of_weight))
}

#[kernel("aten::log_sigmoid", CompositeImplicitAutograd)]
fn log_sigmoid(self_: &Tensor) -> Result<Tensor> {
    Ok(aten::log_sigmoid_forward::default.call(self_)?.0)
}

#[kernel("aten::log_sigmoid.out", CompositeImplicitAutograd)]
fn log_sigmoid_out(self_: &Tensor, out: &Tensor) -> Result<()> {
    let buffer = aten::empty_like(self_)?;
    aten::log_sigmoid_forward::output.call(self_, out, &buffer).map(|_| ())
}

#[kernel("aten::log_sigmoid_forward.output", CompositeExplicitAutograd)]
fn log_sigmoid_forward_output(self_: &Tensor, output: &Tensor, buffer: &Tensor) -> Result<()> {
    let (result, held) = aten::log_sigmoid_forward::default.call(self_)?;
    write_results([(output, &result), (buffer, &held)])
}

/// The gradient is the sigmoid of the negative element, from an exponential that cannot overflow.
#[kernel("aten::log_sigmoid_backward", CompositeExplicitAutograd)]
fn log_sigmoid_backward(grad_output: &Tensor, self_: &Tensor, _buffer: &Tensor) -> Result<Tensor> {
    let small = self_.abs()?.neg()?.exp()?;
    let share = small.div(&small.add_scalar(1)?)?;
    let rest = share.neg()?.add_scalar(1)?;
    let slope = aten::r#where::self_.call(&self_.lt_scalar(0)?, &rest, &share)?;
    grad_output.mul(&slope)
}
