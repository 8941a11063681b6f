//! Reductions over all elements without data. Structured ones have their kernels from shape functions.

use keyway::{DType, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::shape::dimension::wrap;
use crate::shape::indexing::kth_position;
use crate::shape::reduction;

#[kernel("aten::prod", Meta)]
fn prod_meta(self_: &Tensor, dtype: Option<DType>) -> Result<Tensor> {
    reduction::sum(self_, &[], false, dtype)?.empty()
}

#[kernel("aten::max", Meta)]
#[kernel("aten::min", Meta)]
fn extreme_meta(self_: &Tensor) -> Result<Tensor> {
    reduction::extremes(self_, &[], false)?.empty()
}

/// The spread of elements, and their mean.
macro_rules! spreads {
    ($($alone:tt $kernel:ident, $with_mean:tt $both:ident;)*) => {$(
        #[kernel($alone, Meta)]
        fn $kernel(
            self_: &Tensor,
            dim: Option<&[i64]>,
            _correction: Option<Scalar>,
            keepdim: bool,
        ) -> Result<Tensor> {
            reduction::variance(self_, dim.unwrap_or(&[]), keepdim)?.empty()
        }

        #[kernel($with_mean, Meta)]
        fn $both(
            self_: &Tensor,
            dim: Option<&[i64]>,
            correction: Option<Scalar>,
            keepdim: bool,
        ) -> Result<(Tensor, Tensor)> {
            let mean = reduction::mean(self_, dim.unwrap_or(&[]), keepdim, None)?.empty()?;
            Ok(($kernel(self_, dim, correction, keepdim)?, mean))
        }
    )*};
}
spreads! {
    "aten::var.correction" var_meta, "aten::var_mean.correction" var_mean_meta;
    "aten::std.correction" std_meta, "aten::std_mean.correction" std_mean_meta;
}

#[kernel("aten::nansum", Meta)]
fn nansum_meta(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>) -> Result<Tensor> {
    reduction::sum(self_, dim.unwrap_or(&[]), keepdim, dtype)?.empty()
}

#[kernel("aten::count_nonzero.dim_IntList", Meta)]
fn count_nonzero_meta(self_: &Tensor, dim: &[i64]) -> Result<Tensor> {
    reduction::counts(self_, dim)?.empty()
}

#[kernel("aten::median", Meta)]
#[kernel("aten::nanmedian", Meta)]
fn median_meta(self_: &Tensor) -> Result<Tensor> {
    reduction::one_of_all(self_)?.empty()
}

#[kernel("aten::median.dim", Meta)]
fn median_dim_meta(self_: &Tensor, dim: i64, keepdim: bool) -> Result<(Tensor, Tensor)> {
    let (elements, positions) = reduction::chosen_along(self_, dim, keepdim)?;
    Ok((elements.empty()?, positions.empty()?))
}

#[kernel("aten::kthvalue", Meta)]
fn kthvalue_meta(self_: &Tensor, k: i64, dim: i64, keepdim: bool) -> Result<(Tensor, Tensor)> {
    kth_position(self_.sizes(), k, dim)?;
    median_dim_meta(self_, dim, keepdim)
}

#[kernel("aten::cummax", Meta)]
#[kernel("aten::cummin", Meta)]
fn extremes_so_far_meta(self_: &Tensor, dim: i64) -> Result<(Tensor, Tensor)> {
    wrap(dim, self_.dim())?;
    let like = |dtype| Tensor::zeros(self_.sizes(), dtype, self_.device());
    Ok((like(self_.dtype())?, like(DType::Int64)?))
}

#[kernel("aten::histc", Meta)]
fn histc_meta(self_: &Tensor, bins: i64, _min: Scalar, _max: Scalar) -> Result<Tensor> {
    Tensor::zeros(&reduction::histogram(self_, bins)?, self_.dtype(), self_.device())
}
