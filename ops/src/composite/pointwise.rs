//! Functions of elements that are made of others, and other names of operators.

use keyway::{Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;

#[kernel("aten::deg2rad", CompositeExplicitAutograd)]
fn deg2rad(self_: &Tensor) -> Result<Tensor> {
    aten::mul::Scalar.call(self_, Scalar::Float(std::f64::consts::PI / 180.0))
}

#[kernel("aten::deg2rad_", CompositeExplicitAutograd)]
fn deg2rad_(self_: &Tensor) -> Result<()> {
    aten::mul_::Scalar.call(self_, Scalar::Float(std::f64::consts::PI / 180.0)).map(|_| ())
}

#[kernel("aten::deg2rad.out", CompositeExplicitAutograd)]
fn deg2rad_out(self_: &Tensor, out: &Tensor) -> Result<()> {
    let factor = Tensor::wrapped_number(Scalar::Float(std::f64::consts::PI / 180.0))?;
    aten::mul::out.call(self_, &factor, out).map(|_| ())
}

#[kernel("aten::rad2deg", CompositeExplicitAutograd)]
fn rad2deg(self_: &Tensor) -> Result<Tensor> {
    aten::mul::Scalar.call(self_, Scalar::Float(180.0 / std::f64::consts::PI))
}

#[kernel("aten::rad2deg_", CompositeExplicitAutograd)]
fn rad2deg_(self_: &Tensor) -> Result<()> {
    aten::mul_::Scalar.call(self_, Scalar::Float(180.0 / std::f64::consts::PI)).map(|_| ())
}

#[kernel("aten::rad2deg.out", CompositeExplicitAutograd)]
fn rad2deg_out(self_: &Tensor, out: &Tensor) -> Result<()> {
    let factor = Tensor::wrapped_number(Scalar::Float(180.0 / std::f64::consts::PI))?;
    aten::mul::out.call(self_, &factor, out).map(|_| ())
}

#[kernel("aten::positive", CompositeImplicitAutograd)]
fn positive(self_: &Tensor) -> Result<Tensor> {
    match self_.dtype() == keyway::DType::Bool {
        true => Err(Error::new(ErrorKind::Runtime, "`self` is bool, which has no sign; convert it first")),
        false => Ok(self_.clone()),
    }
}

/// Operators that are another one under another name.
macro_rules! aliases {
    ($($operator:tt $kernel:ident($($argument:ident: $type:ty),*) -> $result:ty = $callee:expr;)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel($($argument: $type),*) -> Result<$result> {
            $callee.call($($argument),*).map(Into::into)
        }
    )*};
}
aliases! {
    "aten::absolute" absolute(self_: &Tensor) -> Tensor = aten::abs::default;
    "aten::negative" negative(self_: &Tensor) -> Tensor = aten::neg::default;
    "aten::clip" clip(self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>) -> Tensor = aten::clamp::default;
    "aten::multiply.Tensor" multiply(self_: &Tensor, other: &Tensor) -> Tensor = aten::mul::Tensor;
    "aten::subtract.Tensor" subtract(self_: &Tensor, other: &Tensor, alpha: Scalar) -> Tensor = aten::sub::Tensor;
    "aten::divide.Tensor" divide(self_: &Tensor, other: &Tensor) -> Tensor = aten::div::Tensor;
    "aten::true_divide.Tensor" true_divide(self_: &Tensor, other: &Tensor) -> Tensor = aten::div::Tensor;
}

/// The same for operators that write to an argument.
macro_rules! writing_aliases {
    ($($operator:tt $kernel:ident($($argument:ident: $type:ty),*) = $callee:expr;)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel($($argument: $type),*) -> Result<()> {
            $callee.call($($argument),*).map(|_| ())
        }
    )*};
}
writing_aliases! {
    "aten::absolute_" absolute_(self_: &Tensor) = aten::abs_::default;
    "aten::absolute.out" absolute_out(self_: &Tensor, out: &Tensor) = aten::abs::out;
    "aten::negative_" negative_(self_: &Tensor) = aten::neg_::default;
    "aten::negative.out" negative_out(self_: &Tensor, out: &Tensor) = aten::neg::out;
    "aten::clip_" clip_(self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>) = aten::clamp_::default;
    "aten::clip.out" clip_out(self_: &Tensor, min: Option<Scalar>, max: Option<Scalar>, out: &Tensor)
        = aten::clamp::out;
}

#[kernel("aten::isfinite", CompositeImplicitAutograd)]
fn isfinite(self_: &Tensor) -> Result<Tensor> {
    let unbounded = aten::isinf::default.call(self_)?;
    let undefined = aten::isnan::default.call(self_)?;
    aten::logical_not::default.call(&aten::logical_or::default.call(&unbounded, &undefined)?)
}

#[kernel("aten::isreal", CompositeImplicitAutograd)]
fn isreal(self_: &Tensor) -> Result<Tensor> {
    match self_.dtype().is_complex() {
        // A complex number that is its absolute value, or the negative of it.
        true => {
            let size = aten::abs::default.call(self_)?;
            let positive = aten::eq::Tensor.call(self_, &size)?;
            let negative = aten::eq::Tensor.call(self_, &aten::neg::default.call(&size)?)?;
            aten::logical_or::default.call(&positive, &negative)
        }
        false => aten::ones_like::default.call(self_, Some(keyway::DType::Bool), None, None, None, None),
    }
}

#[kernel("aten::isclose", CompositeImplicitAutograd)]
fn isclose(self_: &Tensor, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<Tensor> {
    if self_.dtype() != other.dtype() {
        return Err(Error::dtype(format!(
            "`self` is {} and `other` {}; convert one of them",
            self_.dtype(),
            other.dtype()
        )));
    }
    if rtol < 0.0 || atol < 0.0 {
        let message = format!("`rtol` and `atol` must not be negative, they are {rtol} and {atol}");
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    let mut close = aten::eq::Tensor.call(self_, other)?;
    if equal_nan {
        let both = aten::logical_and::default
            .call(&aten::isnan::default.call(self_)?, &aten::isnan::default.call(other)?)?;
        close = aten::logical_or::default.call(&close, &both)?;
    }
    if rtol == 0.0 && atol == 0.0 {
        return Ok(close);
    }
    let (a, b) = (with_fractions(self_)?, with_fractions(other)?);
    let relative = aten::abs::default.call(&aten::mul::Scalar.call(&b, Scalar::Float(rtol))?)?;
    let allowed = aten::add::Scalar.call(&relative, Scalar::Float(atol), Scalar::Int(1))?;
    let error = aten::abs::default.call(&aten::sub::Tensor.call(&a, &b, Scalar::Int(1))?)?;
    let within = aten::logical_and::default
        .call(&aten::isfinite::default.call(&error)?, &aten::le::Tensor.call(&error, &allowed)?)?;
    aten::logical_or::default.call(&close, &within)
}

/// Differences of integers may leave their range and `bool` has none: they are taken in double precision.
fn with_fractions(x: &Tensor) -> Result<Tensor> {
    match x.dtype().is_floating_point() || x.dtype().is_complex() {
        true => Ok(x.clone()),
        false => aten::_to_copy::default.call(x, Some(keyway::DType::Float64), None, None, None, false, None),
    }
}

#[kernel("aten::allclose", CompositeExplicitAutograd)]
fn allclose(self_: &Tensor, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<bool> {
    let close = aten::isclose::default.call(self_, other, rtol, atol, equal_nan)?;
    Ok(aten::item::default.call(&aten::all::default.call(&close)?)?.to_bool())
}
