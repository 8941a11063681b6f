//! Activations and their gradients on the host: the functions of one element, or of one and its gradient.
//!
//! Dtypes and shapes come from [`pointwise`](crate::pointwise).

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

use keyway::{Element, Result, Scalar, Tensor, kernel};
use pulp::Simd;

use crate::aten;
use crate::cpu::dense::{binary, unary, wide_unary};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::error_function::ErrorFunction;
use crate::cpu::number::{Float, Number};
use crate::cpu::unary::Sigmoid;
use crate::cpu::vectorised::WideFunction;
use crate::pointwise::{self, Approximation, Plan};

/// Kernels of a function of one element, and numbers that are converted to its type.
macro_rules! functions {
    ($($operator:tt $kernel:ident($($number:ident),*) |$x:ident| $value:expr;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, $($number: Scalar,)* out: &Tensor) -> Result<()> {
            dispatch_dtype!(floats: plan.compute(), T => {
                $(let $number = T::from_scalar($number);)*
                unary(plan, out, self_, |$x: T| $value)
            })
        }
    )*};
}
functions! {
    "aten::mish.out" mish() |x| x * softplus_of(x).tanh();
    "aten::elu.out" elu(alpha, scale, input_scale)
        |x| if x < T::ZERO { (x * input_scale).exp_m1() * (alpha * scale) } else { x * scale };
    "aten::leaky_relu.out" leaky_relu(negative_slope) |x| if x > T::ZERO { x } else { x * negative_slope };
    "aten::hardsigmoid.out" hardsigmoid() |x| three_lines(x) / T::from_f64(6.0);
    "aten::softplus.out" softplus(beta, threshold)
        |x| if x * beta > threshold { x } else { (x * beta).exp().ln_1p() / beta };
    "aten::softshrink.out" softshrink(lambd)
        |x| if x > lambd { x - lambd } else if x < -lambd { x + lambd } else { x * T::ZERO };
    "aten::hardshrink.out" hardshrink(lambd) |x| if x >= -lambd && x <= lambd { T::ZERO } else { x };
}

/// Kernels of a gradient, from that of the result and the element of the input or the result.
macro_rules! gradients {
    ($($operator:tt $kernel:ident($argument:ident $(, $number:ident)*) |$grad:ident, $x:ident| $value:expr;)*) => {$(
        #[kernel($operator, CPU, structured)]
        fn $kernel(
            plan: &Plan,
            grad_output: &Tensor,
            $argument: &Tensor,
            $($number: Scalar,)*
            grad_input: &Tensor,
        ) -> Result<()> {
            dispatch_dtype!(floats: plan.compute(), T => {
                $(let $number = T::from_scalar($number);)*
                binary(plan, grad_input, grad_output.into(), $argument.into(), |$grad: T, $x: T| $value)
            })
        }
    )*};
}
gradients! {
    "aten::silu_backward.grad_input" silu_backward(self_) |grad, x| {
        let s = sigmoid(x);
        grad * s * (T::ONE + x * (T::ONE - s))
    };
    "aten::hardsigmoid_backward.grad_input" hardsigmoid_backward(self_) |grad, x| {
        let bound = T::from_f64(3.0);
        if x > -bound && x < bound { grad / T::from_f64(6.0) } else { T::ZERO }
    };
    "aten::softplus_backward.grad_input" softplus_backward(self_, beta, threshold) |grad, x| {
        let z = (x * beta).exp();
        if x * beta > threshold { grad } else { grad * z / (z + T::ONE) }
    };
    "aten::sigmoid_backward.grad_input" sigmoid_backward(output) |grad, y| grad * (T::ONE - y) * y;
    "aten::tanh_backward.grad_input" tanh_backward(output) |grad, y| grad * (T::ONE - y * y);
}

fn sigmoid<T: Float>(x: T) -> T {
    Sigmoid.of::<pulp::Scalar>(x)
}

struct Silu;

impl<T: Float> WideFunction<T> for Silu {
    #[inline(always)]
    fn of<S: Simd>(&self, x: T) -> T {
        x * Sigmoid.of::<S>(x)
    }
}

#[kernel("aten::silu.out", CPU, structured, in_place)]
fn silu(plan: &Plan, self_: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(floats: plan.compute(), T => wide_unary::<T>(plan, out, self_, Silu))
}

/// The softplus with its default arguments; beyond the threshold the sum is the element itself.
fn softplus_of<T: Float>(x: T) -> T {
    x.exp().ln_1p()
}

/// Three more than the element, bounded to 0 and 6.
fn three_lines<T: Float>(x: T) -> T {
    let moved = x + T::from_f64(3.0);
    let above = if moved < T::ZERO { T::ZERO } else { moved };
    if above > T::from_f64(6.0) { T::from_f64(6.0) } else { above }
}

/// The factor of the normal density, and that of the approximation by tanh: 2 / sqrt(pi) / sqrt(2).
const DENSITY: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * 0.5;
const SLOPE: f64 = SQRT_2 * FRAC_2_SQRT_PI * 0.5;
const CUBIC: f64 = 0.044715;

#[kernel("aten::gelu.out", CPU, structured, in_place)]
fn gelu(plan: &Plan, self_: &Tensor, approximate: &str, out: &Tensor) -> Result<()> {
    let approximation = Approximation::of(approximate)?;
    dispatch_dtype!(floats: plan.compute(), T => match approximation {
        Approximation::None => wide_unary::<T>(plan, out, self_, Gelu),
        Approximation::Tanh => wide_unary::<T>(plan, out, self_, GeluByTanh),
    })
}

struct Gelu;

impl<T: ErrorFunction> WideFunction<T> for Gelu {
    #[inline(always)]
    fn of<S: Simd>(&self, x: T) -> T {
        x * x.normal_distribution::<S>()
    }
}

struct GeluByTanh;

impl<T: ErrorFunction> WideFunction<T> for GeluByTanh {
    #[inline(always)]
    fn of<S: Simd>(&self, x: T) -> T {
        T::from_f64(0.5) * x * (T::ONE + stretched(x).quick_tanh::<S>())
    }
}

/// What the approximation takes the tanh of.
#[inline(always)]
fn stretched<T: Float>(x: T) -> T {
    T::from_f64(SLOPE) * (x + T::from_f64(CUBIC) * x * x * x)
}

#[kernel("aten::gelu_backward.grad_input", CPU, structured)]
fn gelu_backward(
    plan: &Plan,
    grad_output: &Tensor,
    self_: &Tensor,
    approximate: &str,
    grad_input: &Tensor,
) -> Result<()> {
    let (grads, xs) = (grad_output.into(), self_.into());
    let approximation = Approximation::of(approximate)?;
    dispatch_dtype!(floats: plan.compute(), T => match approximation {
        Approximation::None => binary(plan, grad_input, grads, xs, |grad: T, x: T| {
            let density = (T::from_f64(-0.5) * x * x).exp() * T::from_f64(DENSITY);
            grad * (x.normal_distribution::<pulp::Scalar>() + x * density)
        }),
        Approximation::Tanh => binary(plan, grad_input, grads, xs, |grad: T, x: T| {
            let (half, tanh) = (T::from_f64(0.5), stretched(x).tanh());
            let inner = T::from_f64(SLOPE) * (T::ONE + T::from_f64(3.0 * CUBIC) * x * x);
            grad * (half * (T::ONE + tanh) + half * x * (T::ONE - tanh * tanh) * inner)
        }),
    })
}

#[kernel("aten::elu_backward.grad_input", CPU, structured)]
fn elu_backward(
    plan: &Plan,
    grad_output: &Tensor,
    alpha: Scalar,
    scale: Scalar,
    input_scale: Scalar,
    is_result: bool,
    self_or_result: &Tensor,
    grad_input: &Tensor,
) -> Result<()> {
    let (grads, xs) = (grad_output.into(), self_or_result.into());
    dispatch_dtype!(floats: plan.compute(), T => {
        let (scale, inner) = (T::from_scalar(scale), T::from_scalar(input_scale));
        let negative = T::from_scalar(alpha) * scale;
        binary(plan, grad_input, grads, xs, |grad: T, x: T| match (x > T::ZERO, is_result) {
            (true, _) => grad * scale,
            (false, true) => grad * inner * (x + negative),
            (false, false) => grad * inner * negative * (x * inner).exp(),
        })
    })
}

#[kernel("aten::leaky_relu_backward.grad_input", CPU, structured)]
fn leaky_relu_backward(
    plan: &Plan,
    grad_output: &Tensor,
    self_: &Tensor,
    negative_slope: Scalar,
    _self_is_result: bool,
    grad_input: &Tensor,
) -> Result<()> {
    dispatch_dtype!(floats: plan.compute(), T => {
        let slope = T::from_scalar(negative_slope);
        let gradient = |grad: T, x: T| if x > T::ZERO { grad } else { grad * slope };
        binary(plan, grad_input, grad_output.into(), self_.into(), gradient)
    })
}

#[kernel("aten::threshold.out", CPU, structured, in_place)]
fn threshold(plan: &Plan, self_: &Tensor, threshold: Scalar, value: Scalar, out: &Tensor) -> Result<()> {
    dispatch_dtype!(numbers: plan.compute(), T => {
        let (threshold, value) = (T::from_scalar(threshold), T::from_scalar(value));
        unary(plan, out, self_, |x: T| if x <= threshold { value } else { x })
    })
}

#[kernel("aten::threshold_backward.grad_input", CPU, structured)]
fn threshold_backward(
    plan: &Plan,
    grad_output: &Tensor,
    self_: &Tensor,
    threshold: Scalar,
    grad_input: &Tensor,
) -> Result<()> {
    dispatch_dtype!(numbers: plan.compute(), T => {
        let threshold = T::from_scalar(threshold);
        let gradient = |grad: T, x: T| if x <= threshold { T::ZERO } else { grad };
        binary(plan, grad_input, grad_output.into(), self_.into(), gradient)
    })
}

#[kernel("aten::glu.out", CPU, structured)]
fn glu(plan: &Plan, self_: &Tensor, dim: i64, out: &Tensor) -> Result<()> {
    let (a, b) = pointwise::halves(self_, dim)?;
    dispatch_dtype!(floats: plan.compute(), T => {
        binary(plan, out, (&a).into(), (&b).into(), |a: T, b: T| a * sigmoid(b))
    })
}

#[kernel("aten::hardswish", CPU)]
fn hardswish(self_: &Tensor) -> Result<Tensor> {
    pointwise::activation(self_)?.filled(|plan, out| {
        dispatch_dtype!(floats: plan.compute(), T => {
            unary(plan, out, self_, |x: T| x * three_lines(x) / T::from_f64(6.0))
        })
    })
}

#[kernel("aten::hardtanh_backward", CPU)]
fn hardtanh_backward(
    grad_output: &Tensor,
    self_: &Tensor,
    min_val: Scalar,
    max_val: Scalar,
) -> Result<Tensor> {
    pointwise::gradient(grad_output, self_)?.filled(|plan, out| {
        dispatch_dtype!(floats: plan.compute(), T => {
            let (min, max) = (T::from_scalar(min_val), T::from_scalar(max_val));
            let gradient = |grad: T, x: T| if x <= min || x >= max { T::ZERO } else { grad };
            binary(plan, out, grad_output.into(), self_.into(), gradient)
        })
    })
}

#[kernel("aten::_prelu_kernel", CPU)]
fn _prelu_kernel(self_: &Tensor, weight: &Tensor) -> Result<Tensor> {
    pointwise::prelu(self_, weight)?.filled(|plan, out| {
        dispatch_dtype!(floats: plan.compute(), T => {
            let function = |x: T, weight: T| if x > T::ZERO { x } else { weight * x };
            binary(plan, out, self_.into(), weight.into(), function)
        })
    })
}

#[kernel("aten::log_sigmoid_forward", CPU)]
fn log_sigmoid_forward(self_: &Tensor) -> Result<(Tensor, Tensor)> {
    let plan = pointwise::contiguous_activation(self_)?;
    let buffer = plan.empty()?;
    let result = plan.filled(|plan, out| {
        dispatch_dtype!(floats: plan.compute(), T => {
            unary(plan, &buffer, self_, |x: T| (-Float::abs(x)).exp())?;
            unary(plan, out, self_, |x: T| {
                let least = if x > T::ZERO { T::ZERO } else { x };
                least - (-Float::abs(x)).exp().ln_1p()
            })
        })
    })?;
    Ok((result, buffer))
}
