//! Windows of signals: weights that fall off to both ends.

use keyway::{DType, Device, Layout, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::promotion::DEFAULT_FLOAT;
use crate::shape::window::refused;

/// Where and how a tensor is made.
type Options = (Option<DType>, Option<Layout>, Option<Device>, Option<bool>);

/// A window of so many weights, made of the positions over the last one. One that is as long as a period ends before the weight
/// that begins the next period.
fn window(
    length: i64,
    periodic: bool,
    (dtype, layout, device, pin_memory): Options,
    weights: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let dtype = dtype.unwrap_or(DEFAULT_FLOAT);
    if length < 0 || !(dtype.is_floating_point() || dtype.is_complex()) {
        return Err(refused(format!(
            "`window_length` must not be negative and `dtype` be floating-point, they are {length} and {dtype}"
        )));
    }
    if length <= 1 {
        return aten::ones::default.call(&[length], Some(dtype), layout, device, pin_memory);
    }
    let count = if periodic { length.saturating_add(1) } else { length };
    let arange = aten::arange::default;
    let positions = arange.call(Scalar::Int(count), Some(dtype), layout, device, pin_memory)?;
    let weights = weights(&positions.mul_scalar(1.0 / (count - 1) as f64)?)?;
    if periodic { weights.narrow(0, 0, length) } else { Ok(weights) }
}

/// The cosine of so many turns.
fn cosine(x: &Tensor, turns: f64) -> Result<Tensor> {
    x.mul_scalar(2.0 * std::f64::consts::PI * turns)?.cos()
}

fn triangle(x: &Tensor) -> Result<Tensor> {
    let rising = x.mul_scalar(2)?;
    rising.minimum(&rising.neg()?.add_scalar(2)?)
}

fn blackman(x: &Tensor) -> Result<Tensor> {
    cosine(x, 2.0)?.mul_scalar(0.08)?.sub(&cosine(x, 1.0)?.mul_scalar(0.5)?)?.add_scalar(0.42)
}

fn raised(x: &Tensor, alpha: f64, beta: f64) -> Result<Tensor> {
    cosine(x, 1.0)?.mul_scalar(-beta)?.add_scalar(alpha)
}

/// The kernels of a window: as long as a period, and as asked for.
macro_rules! windows {
    ($($default:tt $whole:ident, $periodic:tt $some:ident = $weights:expr;)*) => {$(
        #[kernel($default, CompositeExplicitAutograd)]
        fn $whole(
            window_length: i64,
            dtype: Option<DType>,
            layout: Option<Layout>,
            device: Option<Device>,
            pin_memory: Option<bool>,
        ) -> Result<Tensor> {
            window(window_length, true, (dtype, layout, device, pin_memory), $weights)
        }

        #[kernel($periodic, CompositeExplicitAutograd)]
        fn $some(
            window_length: i64,
            periodic: bool,
            dtype: Option<DType>,
            layout: Option<Layout>,
            device: Option<Device>,
            pin_memory: Option<bool>,
        ) -> Result<Tensor> {
            window(window_length, periodic, (dtype, layout, device, pin_memory), $weights)
        }
    )*};
}
windows! {
    "aten::bartlett_window" bartlett_window, "aten::bartlett_window.periodic" bartlett_window_periodic = triangle;
    "aten::blackman_window" blackman_window, "aten::blackman_window.periodic" blackman_window_periodic = blackman;
    "aten::hann_window" hann_window, "aten::hann_window.periodic" hann_window_periodic = |x: &Tensor| raised(x, 0.5, 0.5);
    "aten::hamming_window" hamming_window, "aten::hamming_window.periodic" hamming_window_periodic
        = |x: &Tensor| raised(x, 0.54, 0.46);
}

#[kernel("aten::hamming_window.periodic_alpha", CompositeExplicitAutograd)]
fn hamming_window_periodic_alpha(
    window_length: i64,
    periodic: bool,
    alpha: f64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    window(window_length, periodic, (dtype, layout, device, pin_memory), |x| raised(x, alpha, 0.46))
}

#[kernel("aten::hamming_window.periodic_alpha_beta", CompositeExplicitAutograd)]
fn hamming_window_periodic_alpha_beta(
    window_length: i64,
    periodic: bool,
    alpha: f64,
    beta: f64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    window(window_length, periodic, (dtype, layout, device, pin_memory), |x| raised(x, alpha, beta))
}
