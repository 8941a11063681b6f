//! Complex numbers and their parts. Parts are views, so conjugating in place is negating one of them.

use keyway::{DType, Error, Result, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::composite::out::{CASTS, EXACT, write_out};
use crate::promotion::DEFAULT_FLOAT;

/// One part of complex numbers as a view.
fn part(x: &Tensor, at: i64) -> Result<Tensor> {
    aten::view_as_real(x)?.select(-1, at)
}

#[kernel("aten::real", CompositeImplicitAutograd)]
fn real(self_: &Tensor) -> Result<Tensor> {
    if self_.dtype().is_complex() { part(self_, 0) } else { Ok(self_.clone()) }
}

#[kernel("aten::imag", CompositeImplicitAutograd)]
fn imag(self_: &Tensor) -> Result<Tensor> {
    match self_.dtype().is_complex() {
        true => part(self_, 1),
        false => Err(Error::new(
            keyway::ErrorKind::Runtime,
            format!("`self` is {}, which has no imaginary part", self_.dtype()),
        )),
    }
}

#[kernel("aten::conj_physical", CompositeImplicitAutograd)]
fn conj_physical(self_: &Tensor) -> Result<Tensor> {
    match self_.dtype().is_complex() {
        true => aten::_conj_physical(self_),
        false => Ok(self_.clone()),
    }
}

#[kernel("aten::_conj_physical", CompositeExplicitAutograd)]
fn _conj_physical(self_: &Tensor) -> Result<Tensor> {
    let copy = self_.clone_tensor()?;
    conj_physical_(&copy)?;
    Ok(copy)
}

#[kernel("aten::conj_physical_", CompositeExplicitAutograd)]
fn conj_physical_(self_: &Tensor) -> Result<()> {
    match self_.dtype().is_complex() {
        true => part(self_, 1)?.neg_().map(|_| ()),
        false => Ok(()),
    }
}

#[kernel("aten::conj_physical.out", CompositeExplicitAutograd)]
fn conj_physical_out(self_: &Tensor, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_], &_conj_physical(self_)?, CASTS)
}

#[kernel("aten::angle", CompositeExplicitAutograd)]
fn angle(self_: &Tensor) -> Result<Tensor> {
    if self_.dtype().is_complex() {
        return part(self_, 1)?.atan2(&part(self_, 0)?);
    }
    // What is not a number has itself as its angle.
    let x = match self_.dtype().is_floating_point() {
        true => self_.clone(),
        false => self_.to_dtype(DEFAULT_FLOAT)?,
    };
    let zero = aten::zeros_like(&x)?;
    let half_turn = zero.add_scalar(std::f64::consts::PI)?;
    let of_number = aten::r#where::self_.call(&x.lt_scalar(0)?, &half_turn, &zero)?;
    aten::r#where::self_.call(&x.isnan()?, &x, &of_number)
}

#[kernel("aten::angle.out", CompositeExplicitAutograd)]
fn angle_out(self_: &Tensor, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_], &angle(self_)?, CASTS)
}

/// Both parts must be floating-point numbers of one dtype that complex numbers are made of.
fn check_parts(names: [&str; 2], parts: [&Tensor; 2]) -> Result<()> {
    let [a, b] = parts.map(Tensor::dtype);
    match a == b && matches!(a, DType::Float32 | DType::Float64) {
        true => Ok(()),
        false => Err(Error::new(
            keyway::ErrorKind::Runtime,
            format!(
                "`{}` and `{}` must both be float32 or both float64, they are {a} and {b}",
                names[0], names[1]
            ),
        )),
    }
}

#[kernel("aten::complex", CompositeExplicitAutograd)]
fn complex(real: &Tensor, imag: &Tensor) -> Result<Tensor> {
    check_parts(["real", "imag"], [real, imag])?;
    let parts = aten::broadcast_tensors(&[real.clone(), imag.clone()])?;
    aten::view_as_complex(&aten::stack::default.call(&parts, -1)?)
}

#[kernel("aten::complex.out", CompositeExplicitAutograd)]
fn complex_out(real: &Tensor, imag: &Tensor, out: &Tensor) -> Result<()> {
    write_out(out, &[&real, &imag], &complex(real, imag)?, EXACT)
}

#[kernel("aten::polar", CompositeExplicitAutograd)]
fn polar(abs: &Tensor, angle: &Tensor) -> Result<Tensor> {
    check_parts(["abs", "angle"], [abs, angle])?;
    complex(&abs.mul(&angle.cos()?)?, &abs.mul(&angle.sin()?)?)
}

#[kernel("aten::polar.out", CompositeExplicitAutograd)]
fn polar_out(abs: &Tensor, angle: &Tensor, out: &Tensor) -> Result<()> {
    write_out(out, &[&abs, &angle], &polar(abs, angle)?, EXACT)
}
