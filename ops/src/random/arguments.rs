//! What random operators accept: dtypes, probabilities, ranges. No number is drawn here.
//!
//! Host and `Meta` kernels share these checks.

use keyway::{DType, Dims, Error, ErrorKind, Result, Scalar, Tensor};

use crate::number_range::in_range;
use crate::overlap::forbid_internal_overlap;

#[cold]
fn refused(message: String) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

/// A tensor that can be filled with fractions.
fn fractions(filled: &Tensor) -> Result<()> {
    forbid_internal_overlap(filled)?;
    match filled.dtype().is_floating_point() {
        true => Ok(()),
        false => Err(Error::not_implemented(format!(
            "not implemented for {}; its numbers are fractions, which need a floating-point dtype",
            filled.dtype()
        ))),
    }
}

/// A probability that lies between the bounds, which it may be.
fn probability(p: f64) -> Result<()> {
    match (0.0..=1.0).contains(&p) {
        true => Ok(()),
        false => Err(refused(format!("`p` is a probability from 0 to 1, it is {p}"))),
    }
}

/// A tensor that can be filled with fractions or with pairs of them.
fn fractions_or_pairs(filled: &Tensor) -> Result<()> {
    if filled.dtype().is_complex() { forbid_internal_overlap(filled) } else { fractions(filled) }
}

/// Refuses a dtype that has no order.
fn ordered(filled: &Tensor) -> Result<()> {
    forbid_internal_overlap(filled)?;
    match filled.dtype().is_complex() {
        true => {
            Err(Error::not_implemented(format!("not implemented for {}; use a real dtype", filled.dtype())))
        }
        false => Ok(()),
    }
}

/// `uniform_`.
pub(crate) fn uniform(filled: &Tensor, from: f64, to: f64) -> Result<()> {
    fractions_or_pairs(filled)?;
    match from <= to {
        true => Ok(()),
        false => Err(refused(format!("`from` must not be above `to`, they are {from} and {to}"))),
    }
}

/// A standard deviation.
pub(crate) fn deviation(std: f64) -> Result<()> {
    match std >= 0.0 {
        true => Ok(()),
        false => Err(refused(format!("`std` must not be negative, it is {std}"))),
    }
}

/// `normal_`.
pub(crate) fn normal(filled: &Tensor, _mean: f64, std: f64) -> Result<()> {
    fractions_or_pairs(filled)?;
    deviation(std)
}

/// `log_normal_`.
pub(crate) fn log_normal(filled: &Tensor, _mean: f64, std: f64) -> Result<()> {
    fractions(filled)?;
    match std > 0.0 {
        true => Ok(()),
        false => Err(refused(format!("`std` must be above 0, it is {std}"))),
    }
}

/// `exponential_`.
pub(crate) fn exponential(filled: &Tensor, rate: f64) -> Result<()> {
    fractions(filled)?;
    match rate > 0.0 {
        true => Ok(()),
        false => Err(refused(format!("`lambd` must be above 0, it is {rate}"))),
    }
}

/// `cauchy_`.
pub(crate) fn cauchy(filled: &Tensor, _median: f64, sigma: f64) -> Result<()> {
    fractions(filled)?;
    match sigma > 0.0 {
        true => Ok(()),
        false => Err(refused(format!("`sigma` must be above 0, it is {sigma}"))),
    }
}

/// `geometric_`.
pub(crate) fn geometric(filled: &Tensor, p: f64) -> Result<()> {
    ordered(filled)?;
    if filled.dtype() == DType::Bool {
        return Err(Error::not_implemented(
            "not implemented for bool, which cannot hold a count; convert it first",
        ));
    }
    match p > 0.0 && p < 1.0 {
        true => Ok(()),
        false => Err(refused(format!("`p` must be above 0 and below 1, it is {p}"))),
    }
}

/// `bernoulli_` with one probability.
pub(crate) fn bernoulli(filled: &Tensor, p: f64) -> Result<()> {
    forbid_internal_overlap(filled)?;
    probability(p)
}

/// `bernoulli_` with a tensor of probabilities.
pub(crate) fn bernoulli_each(filled: &Tensor, p: &Tensor) -> Result<()> {
    forbid_internal_overlap(filled)?;
    match p.dtype().is_floating_point() {
        true => Ok(()),
        false => Err(Error::dtype(format!("`p` must be floating-point, it is {}", p.dtype()))),
    }
}

/// How many integers there are and the smallest one; as many as 64 bits have is 0.
pub(crate) fn integers(filled: &Tensor, from: i64, to: Option<i64>) -> Result<(u64, i64)> {
    ordered(filled)?;
    let dtype = filled.dtype();
    let last = match to {
        Some(to) if from < to => to - 1,
        Some(to) => return Err(refused(format!("`from` must be below `to`, they are {from} and {to}"))),
        None => largest(dtype),
    };
    for (name, bound) in [("from", from), ("to - 1", last)] {
        let negative = bound < 0 && matches!(dtype, DType::UInt8 | DType::Bool);
        if negative || (dtype == DType::Bool && bound > 1) || in_range(Scalar::Int(bound), dtype).is_err() {
            return Err(refused(format!(
                "`{name}` is {bound}, which {dtype} does not hold; use another dtype"
            )));
        }
    }
    if from > last {
        return Err(refused(format!("`from` must not be above {last}, it is {from}")));
    }
    Ok((last.wrapping_sub(from).wrapping_add(1) as u64, from))
}

/// The largest integer up to which a dtype holds all.
fn largest(dtype: DType) -> i64 {
    match dtype {
        DType::Bool => 1,
        DType::UInt8 => u8::MAX.into(),
        DType::Int8 => i8::MAX.into(),
        DType::Int16 => i16::MAX.into(),
        DType::Int32 => i32::MAX.into(),
        DType::Float16 => 1 << keyway::f16::MANTISSA_DIGITS,
        DType::BFloat16 => 1 << keyway::bf16::MANTISSA_DIGITS,
        DType::Float32 => 1 << f32::MANTISSA_DIGITS,
        DType::Float64 => 1 << f64::MANTISSA_DIGITS,
        _ => i64::MAX,
    }
}

/// How many integers `random_` chooses from: from zero up to the largest.
pub(crate) fn all_integers(filled: &Tensor) -> Result<u64> {
    ordered(filled)?;
    Ok(largest(filled.dtype()) as u64 + 1)
}

/// The number of integers to be ordered, which the dtype has to hold.
pub(crate) fn permutation(n: i64, dtype: DType) -> Result<()> {
    if n < 0 {
        return Err(Error::shape(format!("`n` must not be negative, it is {n}")));
    }
    match n - 1 <= largest(dtype) && dtype != DType::Bool {
        true => Ok(()),
        false => Err(refused(format!("{dtype} does not hold the integers below {n}; use another dtype"))),
    }
}

/// The sizes of what `multinomial` draws.
pub(crate) fn multinomial(weights: &Tensor, samples: i64, replacement: bool) -> Result<Dims> {
    let sizes = weights.sizes();
    let (rows, categories) = match sizes {
        [categories] => (&[][..], *categories),
        [_, categories] => (&sizes[..1], *categories),
        _ => {
            return Err(Error::shape(format!("`self` must have 1 or 2 dimensions, its sizes are {sizes:?}")));
        }
    };
    if !weights.dtype().is_floating_point() {
        let message = format!("`self` must be floating-point, it is {}", weights.dtype());
        return Err(refused(message));
    }
    if samples <= 0 {
        return Err(refused(format!("`num_samples` must be positive, it is {samples}")));
    }
    if !replacement && samples > categories {
        let message = format!("{samples} of {categories} cannot be drawn without replacement");
        return Err(refused(message));
    }
    if categories > 1 << f32::MANTISSA_DIGITS {
        return Err(refused(format!("at most 2^24 categories, not {categories}")));
    }
    Ok([rows, &[samples]].concat().into())
}

/// The probability of dropout.
pub(crate) fn dropout(p: f64) -> Result<()> {
    probability(p)
}
