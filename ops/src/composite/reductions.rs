//! Reductions of all elements, which are reductions along all dimensions.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::promotion::DEFAULT_FLOAT;
use crate::shape::dimension::wrap;
use crate::shape::window::refused;

#[kernel("aten::sum", CompositeExplicitAutograd)]
fn sum(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    aten::sum::dim_IntList.call(self_, Some(&[]), false, dtype)
}

#[kernel("aten::mean", CompositeExplicitAutograd)]
fn mean(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    aten::mean::dim.call(self_, Some(&[]), false, dtype)
}

/// What the variance of a sample, or of a whole population, is corrected by.
fn correction(unbiased: bool) -> Option<Scalar> {
    Some(Scalar::Int(i64::from(unbiased)))
}

/// The older overloads of one measure of spread, which say whether the elements are a sample.
macro_rules! spreads {
    ($($all:tt $whole:ident, $along:tt $some:ident, $out:tt $some_out:ident = $callee:expr, $callee_out:expr;)*) => {$(
        #[kernel($all, CompositeImplicitAutograd)]
        fn $whole(self_: &Tensor, unbiased: bool) -> Result<Tensor> {
            $callee.call(self_, None, correction(unbiased), false)
        }

        #[kernel($along, CompositeImplicitAutograd)]
        fn $some(self_: &Tensor, dim: Option<&[i64]>, unbiased: bool, keepdim: bool) -> Result<Tensor> {
            $callee.call(self_, dim, correction(unbiased), keepdim)
        }

        #[kernel($out, CompositeImplicitAutograd)]
        fn $some_out(
            self_: &Tensor,
            dim: Option<&[i64]>,
            unbiased: bool,
            keepdim: bool,
            out: &Tensor,
        ) -> Result<()> {
            $callee_out.call(self_, dim, correction(unbiased), keepdim, out).map(|_| ())
        }
    )*};
}
spreads! {
    "aten::var" var, "aten::var.dim" var_dim, "aten::var.out" var_out
        = aten::var::correction, aten::var::correction_out;
    "aten::std" std, "aten::std.dim" std_dim, "aten::std.out" std_out
        = aten::std::correction, aten::std::correction_out;
}

/// The same with the mean.
macro_rules! spreads_with_mean {
    ($($all:tt $whole:ident, $along:tt $some:ident = $callee:expr;)*) => {$(
        #[kernel($all, CompositeImplicitAutograd)]
        fn $whole(self_: &Tensor, unbiased: bool) -> Result<(Tensor, Tensor)> {
            $callee.call(self_, None, correction(unbiased), false)
        }

        #[kernel($along, CompositeImplicitAutograd)]
        fn $some(
            self_: &Tensor,
            dim: Option<&[i64]>,
            unbiased: bool,
            keepdim: bool,
        ) -> Result<(Tensor, Tensor)> {
            $callee.call(self_, dim, correction(unbiased), keepdim)
        }
    )*};
}
spreads_with_mean! {
    "aten::var_mean" var_mean, "aten::var_mean.dim" var_mean_dim = aten::var_mean::correction;
    "aten::std_mean" std_mean, "aten::std_mean.dim" std_mean_dim = aten::std_mean::correction;
}

#[kernel("aten::count_nonzero", CompositeExplicitAutograd)]
fn count_nonzero(self_: &Tensor, dim: Option<i64>) -> Result<Tensor> {
    aten::count_nonzero::dim_IntList.call(self_, dim.as_slice())
}

#[kernel("aten::logsumexp", CompositeExplicitAutograd)]
fn logsumexp(self_: &Tensor, dim: &[i64], keepdim: bool) -> Result<Tensor> {
    log_of_sum(self_, dim, keepdim, None)
}

/// `logsumexp` with the exponentials summed up in a dtype of the caller's choice.
pub(crate) fn log_of_sum(
    self_: &Tensor,
    dim: &[i64],
    keepdim: bool,
    sum_dtype: Option<DType>,
) -> Result<Tensor> {
    let x = match self_.dtype().is_floating_point() || self_.dtype().is_complex() {
        true => self_.clone(),
        false => aten::to::dtype.call(self_, DEFAULT_FLOAT, false, false, None)?,
    };
    if x.numel() == 0 {
        return aten::log::default.call(&aten::sum::dim_IntList.call(
            &aten::exp::default.call(&x)?,
            Some(dim),
            keepdim,
            sum_dtype,
        )?);
    }
    // Exponentials of differences to the largest elements are finite; infinite ones are no use for that.
    let largest = aten::amax::default.call(&x, dim, true)?;
    let is_infinite = aten::isinf::default.call(&largest)?;
    let shift = aten::masked_fill::Scalar.call(&largest, &is_infinite, Scalar::Int(0))?;
    let shifted = aten::exp::default.call(&aten::sub::Tensor.call(&x, &shift, Scalar::Int(1))?)?;
    let sums = aten::sum::dim_IntList.call(&shifted, Some(dim), keepdim, sum_dtype)?;
    let logs = aten::log::default.call(&sums)?;
    let shift = aten::view::default.call(&shift, logs.sizes())?;
    aten::add::Tensor.call(&logs, &shift, Scalar::Int(1))
}

/// What is not a number is left out of the sum and of the count.
#[kernel("aten::nanmean", CompositeImplicitAutograd)]
fn nanmean(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    if !self_.dtype().is_floating_point() && !self_.dtype().is_complex() {
        return Err(refused(format!("`self` must be floating-point or complex, it is {}", self_.dtype())));
    }
    let numbers = self_.isnan()?.logical_not()?;
    let count = aten::sum::dim_IntList.call(&numbers, dim, keepdim, None)?;
    aten::nansum::default.call(self_, dim, keepdim, dtype)?.div(&count)
}

#[kernel("aten::diff", CompositeImplicitAutograd)]
fn diff(
    self_: &Tensor,
    n: i64,
    dim: i64,
    prepend: Option<&Tensor>,
    append: Option<&Tensor>,
) -> Result<Tensor> {
    if self_.dim() == 0 || n < 0 {
        return Err(refused(format!(
            "`self` must have at least 1 dimension and `n` not be negative; they are {:?} and {n}",
            self_.sizes()
        )));
    }
    let parts: Vec<Tensor> = [prepend, Some(self_), append].into_iter().flatten().cloned().collect();
    let mut x = if let [one] = &parts[..] { one.clone() } else { aten::cat::default.call(&parts, dim)? };
    let d = wrap(dim, x.dim())?;
    for _ in 0..n.min(x.sizes()[d]) {
        let last = (x.sizes()[d] - 1).max(0);
        let (after, before) = (x.narrow(dim, i64::from(last > 0), last)?, x.narrow(dim, 0, last)?);
        x = match x.dtype() == DType::Bool {
            true => after.logical_xor(&before)?,
            false => after.sub(&before)?,
        };
    }
    Ok(x)
}
