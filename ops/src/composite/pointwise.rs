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
    "aten::arccos" arccos(self_: &Tensor) -> Tensor = aten::acos::default;
    "aten::arccosh" arccosh(self_: &Tensor) -> Tensor = aten::acosh::default;
    "aten::arcsin" arcsin(self_: &Tensor) -> Tensor = aten::asin::default;
    "aten::arcsinh" arcsinh(self_: &Tensor) -> Tensor = aten::asinh::default;
    "aten::arctan" arctan(self_: &Tensor) -> Tensor = aten::atan::default;
    "aten::arctanh" arctanh(self_: &Tensor) -> Tensor = aten::atanh::default;
    "aten::fix" fix(self_: &Tensor) -> Tensor = aten::trunc::default;
    "aten::arctan2" arctan2(self_: &Tensor, other: &Tensor) -> Tensor = aten::atan2::default;
    "aten::not_equal.Tensor" not_equal(self_: &Tensor, other: &Tensor) -> Tensor = aten::ne::Tensor;
    "aten::not_equal.Scalar" not_equal_scalar(self_: &Tensor, other: Scalar) -> Tensor = aten::ne::Scalar;
    "aten::greater_equal.Tensor" greater_equal(self_: &Tensor, other: &Tensor) -> Tensor = aten::ge::Tensor;
    "aten::greater_equal.Scalar" greater_equal_scalar(self_: &Tensor, other: Scalar) -> Tensor = aten::ge::Scalar;
    "aten::less_equal.Tensor" less_equal(self_: &Tensor, other: &Tensor) -> Tensor = aten::le::Tensor;
    "aten::less_equal.Scalar" less_equal_scalar(self_: &Tensor, other: Scalar) -> Tensor = aten::le::Scalar;
    "aten::greater.Tensor" greater(self_: &Tensor, other: &Tensor) -> Tensor = aten::gt::Tensor;
    "aten::greater.Scalar" greater_scalar(self_: &Tensor, other: Scalar) -> Tensor = aten::gt::Scalar;
    "aten::less.Tensor" less(self_: &Tensor, other: &Tensor) -> Tensor = aten::lt::Tensor;
    "aten::less.Scalar" less_scalar(self_: &Tensor, other: Scalar) -> Tensor = aten::lt::Scalar;
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
    "aten::arccos_" arccos_(self_: &Tensor) = aten::acos_::default;
    "aten::arccos.out" arccos_out(self_: &Tensor, out: &Tensor) = aten::acos::out;
    "aten::arccosh_" arccosh_(self_: &Tensor) = aten::acosh_::default;
    "aten::arccosh.out" arccosh_out(self_: &Tensor, out: &Tensor) = aten::acosh::out;
    "aten::arcsin_" arcsin_(self_: &Tensor) = aten::asin_::default;
    "aten::arcsin.out" arcsin_out(self_: &Tensor, out: &Tensor) = aten::asin::out;
    "aten::arcsinh_" arcsinh_(self_: &Tensor) = aten::asinh_::default;
    "aten::arcsinh.out" arcsinh_out(self_: &Tensor, out: &Tensor) = aten::asinh::out;
    "aten::arctan_" arctan_(self_: &Tensor) = aten::atan_::default;
    "aten::arctan.out" arctan_out(self_: &Tensor, out: &Tensor) = aten::atan::out;
    "aten::arctanh_" arctanh_(self_: &Tensor) = aten::atanh_::default;
    "aten::arctanh.out" arctanh_out(self_: &Tensor, out: &Tensor) = aten::atanh::out;
    "aten::fix_" fix_(self_: &Tensor) = aten::trunc_::default;
    "aten::fix.out" fix_out(self_: &Tensor, out: &Tensor) = aten::trunc::out;
    "aten::arctan2_" arctan2_(self_: &Tensor, other: &Tensor) = aten::atan2_::default;
    "aten::not_equal_.Tensor" not_equal_(self_: &Tensor, other: &Tensor) = aten::ne_::Tensor;
    "aten::not_equal_.Scalar" not_equal_scalar_(self_: &Tensor, other: Scalar) = aten::ne_::Scalar;
    "aten::greater_equal_.Tensor" greater_equal_(self_: &Tensor, other: &Tensor) = aten::ge_::Tensor;
    "aten::greater_equal_.Scalar" greater_equal_scalar_(self_: &Tensor, other: Scalar) = aten::ge_::Scalar;
    "aten::less_equal_.Tensor" less_equal_(self_: &Tensor, other: &Tensor) = aten::le_::Tensor;
    "aten::less_equal_.Scalar" less_equal_scalar_(self_: &Tensor, other: Scalar) = aten::le_::Scalar;
    "aten::greater_.Tensor" greater_(self_: &Tensor, other: &Tensor) = aten::gt_::Tensor;
    "aten::greater_.Scalar" greater_scalar_(self_: &Tensor, other: Scalar) = aten::gt_::Scalar;
    "aten::less_.Tensor" less_(self_: &Tensor, other: &Tensor) = aten::lt_::Tensor;
    "aten::less_.Scalar" less_scalar_(self_: &Tensor, other: Scalar) = aten::lt_::Scalar;
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

/// Two raised to a tensor, as a tensor.
fn power_of_two(exponent: &Tensor) -> Result<Tensor> {
    aten::pow::Scalar.call(Scalar::Float(2.0), exponent)
}

#[kernel("aten::ldexp.Tensor", CompositeImplicitAutograd)]
fn ldexp(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    aten::mul::Tensor.call(self_, &power_of_two(other)?)
}

#[kernel("aten::ldexp_", CompositeImplicitAutograd)]
fn ldexp_(self_: &Tensor, other: &Tensor) -> Result<()> {
    aten::mul_::Tensor.call(self_, &power_of_two(other)?).map(|_| ())
}

#[kernel("aten::ldexp.out", CompositeImplicitAutograd)]
fn ldexp_out(self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    aten::mul::out.call(self_, &power_of_two(other)?, out).map(|_| ())
}

/// Double precision, of complex numbers where there are some.
fn widest(x: &Tensor, complex: bool) -> Result<Tensor> {
    let dtype = if complex { keyway::DType::Complex128 } else { keyway::DType::Float64 };
    aten::to::dtype.call(x, dtype, false, false, None)
}

fn is_complex(number: Scalar) -> bool {
    matches!(number, Scalar::Complex(..))
}

#[kernel("aten::float_power.Tensor_Tensor", CompositeImplicitAutograd)]
fn float_power(self_: &Tensor, exponent: &Tensor) -> Result<Tensor> {
    let complex = self_.dtype().is_complex() || exponent.dtype().is_complex();
    aten::pow::Tensor_Tensor.call(&widest(self_, complex)?, &widest(exponent, complex)?)
}

#[kernel("aten::float_power.Scalar", CompositeImplicitAutograd)]
fn float_power_of_scalar(self_: Scalar, exponent: &Tensor) -> Result<Tensor> {
    let complex = is_complex(self_) || exponent.dtype().is_complex();
    aten::pow::Scalar.call(self_, &widest(exponent, complex)?)
}

#[kernel("aten::float_power.Tensor_Scalar", CompositeImplicitAutograd)]
fn float_power_scalar(self_: &Tensor, exponent: Scalar) -> Result<Tensor> {
    let complex = self_.dtype().is_complex() || is_complex(exponent);
    aten::pow::Tensor_Scalar.call(&widest(self_, complex)?, exponent)
}
