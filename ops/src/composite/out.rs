//! Out forms: the functional operator, then a copy into `out`, which is resized where its sizes differ.
//!
//! Each line names an out form, its kernel with the arguments before `out`, the functional operator, and whether `out`
//! may have another dtype than the result. A few out forms compute in the dtype of `out`; they are written out below.

use keyway::{DType, Geometry, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::composite::reductions::log_of_sum;
use crate::copying::{check_castable, check_same_dtype};
use crate::overlap::{ReadArgument, forbid_internal_overlap};

/// Which dtypes an out form accepts for `out`, as a check of `out` against the result.
pub(crate) type DtypeRule = fn(&Tensor, &Tensor) -> Result<()>;
/// Any dtype that can hold the result's kind of numbers.
pub(crate) const CASTS: DtypeRule = check_castable;
/// Only the dtype of the result.
pub(crate) const EXACT: DtypeRule = check_same_dtype;

/// Writes a result to `out`.
pub(crate) fn write_out(
    out: &Tensor,
    arguments: &[&dyn ReadArgument],
    result: &Tensor,
    dtypes: DtypeRule,
) -> Result<()> {
    dtypes(out, result)?;
    resize(out, result.sizes(), result.strides())?;
    forbid_internal_overlap(out)?;
    arguments.iter().try_for_each(|argument| argument.forbid_overlap_with(out))?;
    aten::copy_::default.call(out, result, false)?;
    Ok(())
}

/// Writes several results, each to its out argument of the same dtype.
pub(crate) fn write_results<const N: usize>(results: [(&Tensor, &Tensor); N]) -> Result<()> {
    results.iter().try_for_each(|(out, result)| EXACT(out, result))?;
    results.iter().try_for_each(|(out, result)| write_out(out, &[], result, EXACT))
}

/// Gives `out` new sizes and strides, unless it has the sizes already.
pub(crate) fn resize(out: &Tensor, sizes: &[i64], strides: &[i64]) -> Result<()> {
    match out.sizes() == sizes {
        true => Ok(()),
        false => out.set_geometry(Geometry::new(sizes, strides, out.storage_offset())?),
    }
}

/// Makes `out` a vector of so many elements, unless it has as many already.
pub(crate) fn with_elements(out: &Tensor, len: i64) -> Result<()> {
    match out.numel() as i64 == len {
        true => Ok(()),
        false => resize(out, &[len], &[1]),
    }
}

macro_rules! out_forms {
    ($($operator:tt $kernel:ident($($argument:ident: $type:ty),*) = $functional:expr, $dtypes:expr;)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel($($argument: $type,)* out: &Tensor) -> Result<()> {
            let result = $functional.call($($argument),*)?;
            write_out(out, &[$(&$argument),*], &result, $dtypes)
        }
    )*};
}
out_forms! {
    "aten::softmax.int_out" softmax_out(self_: &Tensor, dim: i64, dtype: Option<DType>)
        = aten::softmax::int, EXACT;
    "aten::log_softmax.int_out" log_softmax_out(self_: &Tensor, dim: i64, dtype: Option<DType>)
        = aten::log_softmax::int, EXACT;
    "aten::adaptive_avg_pool2d.out" adaptive_avg_pool2d_out(self_: &Tensor, output_size: &[i64])
        = aten::adaptive_avg_pool2d::default, EXACT;
    "aten::adaptive_avg_pool3d.out" adaptive_avg_pool3d_out(self_: &Tensor, output_size: &[i64])
        = aten::adaptive_avg_pool3d::default, EXACT;
    "aten::adaptive_avg_pool3d_backward.grad_input" adaptive_avg_pool3d_backward_out(
        grad_output: &Tensor, self_: &Tensor
    ) = aten::_adaptive_avg_pool3d_backward::default, EXACT;
    "aten::max_pool3d_with_indices_backward.grad_input" max_pool3d_with_indices_backward_out(
        grad_output: &Tensor, self_: &Tensor, kernel_size: &[i64], stride: &[i64], padding: &[i64],
        dilation: &[i64], ceil_mode: bool, indices: &Tensor
    ) = aten::max_pool3d_with_indices_backward::default, EXACT;
    "aten::max_unpool2d.out" max_unpool2d_out(self_: &Tensor, indices: &Tensor, output_size: &[i64])
        = aten::max_unpool2d::default, EXACT;
    "aten::max_unpool3d.out" max_unpool3d_out(
        self_: &Tensor, indices: &Tensor, output_size: &[i64], stride: &[i64], padding: &[i64]
    ) = aten::max_unpool3d::default, EXACT;
    "aten::hardswish.out" hardswish_out(self_: &Tensor) = aten::hardswish::default, CASTS;
    "aten::addmv.out" addmv_out(self_: &Tensor, mat: &Tensor, vec: &Tensor, beta: Scalar, alpha: Scalar)
        = aten::addmv::default, EXACT;
    "aten::baddbmm.out" baddbmm_out(self_: &Tensor, batch1: &Tensor, batch2: &Tensor, beta: Scalar, alpha: Scalar)
        = aten::baddbmm::default, EXACT;
    "aten::addbmm.out" addbmm_out(self_: &Tensor, batch1: &Tensor, batch2: &Tensor, beta: Scalar, alpha: Scalar)
        = aten::addbmm::default, EXACT;
    "aten::addr.out" addr_out(self_: &Tensor, vec1: &Tensor, vec2: &Tensor, beta: Scalar, alpha: Scalar)
        = aten::addr::default, CASTS;
    "aten::vdot.out" vdot_out(self_: &Tensor, other: &Tensor) = aten::vdot::default, EXACT;
    "aten::linear.out" linear_out(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>)
        = aten::linear::default, EXACT;
    "aten::mse_loss.out" mse_loss_out(self_: &Tensor, target: &Tensor, reduction: i64)
        = aten::mse_loss::default, CASTS;
    "aten::mv.out" mv_out(self_: &Tensor, vec: &Tensor) = aten::mv::default, EXACT;
    "aten::dot.out" dot_out(self_: &Tensor, tensor: &Tensor) = aten::dot::default, EXACT;
    "aten::index_select.out" index_select_out(self_: &Tensor, dim: i64, index: &Tensor)
        = aten::index_select::default, EXACT;
    "aten::index.Tensor_out" index_out(self_: &Tensor, indices: &[Option<Tensor>]) = aten::index::Tensor, EXACT;
    "aten::masked_select.out" masked_select_out(self_: &Tensor, mask: &Tensor)
        = aten::masked_select::default, EXACT;
    "aten::nonzero.out" nonzero_out(self_: &Tensor) = aten::nonzero::default, EXACT;
    "aten::take.out" take_out(self_: &Tensor, index: &Tensor) = aten::take::default, EXACT;
    "aten::nansum.out" nansum_out(self_: &Tensor, dim: Option<&[i64]>, keepdim: bool, dtype: Option<DType>)
        = aten::nansum::default, EXACT;
    "aten::cat.out" cat_out(tensors: &[Tensor], dim: i64) = aten::cat::default, CASTS;
    "aten::binary_cross_entropy.out" binary_cross_entropy_out(
        self_: &Tensor, target: &Tensor, weight: Option<&Tensor>, reduction: i64
    ) = aten::binary_cross_entropy::default, CASTS;
    "aten::binary_cross_entropy_backward.grad_input" binary_cross_entropy_backward_out(
        grad_output: &Tensor, self_: &Tensor, target: &Tensor, weight: Option<&Tensor>, reduction: i64
    ) = aten::binary_cross_entropy_backward::default, CASTS;
    "aten::log_sigmoid_backward.grad_input" log_sigmoid_backward_out(
        grad_output: &Tensor, self_: &Tensor, buffer: &Tensor
    ) = aten::log_sigmoid_backward::default, CASTS;
    "aten::searchsorted.Tensor_out" searchsorted_out(
        sorted_sequence: &Tensor, self_: &Tensor, out_int32: bool, right: bool, side: Option<&str>,
        sorter: Option<&Tensor>
    ) = aten::searchsorted::Tensor, EXACT;
    "aten::bucketize.Tensor_out" bucketize_out(self_: &Tensor, boundaries: &Tensor, out_int32: bool, right: bool)
        = aten::bucketize::Tensor, EXACT;
    "aten::stack.out" stack_out(tensors: &[Tensor], dim: i64) = aten::stack::default, CASTS;
}

#[kernel("aten::sort.values", CompositeExplicitAutograd)]
fn sort_out(self_: &Tensor, dim: i64, descending: bool, values: &Tensor, indices: &Tensor) -> Result<()> {
    let (sorted, positions) = aten::sort::default.call(self_, dim, descending)?;
    EXACT(values, &sorted)?;
    write_out(indices, &[&self_], &positions, EXACT)?;
    write_out(values, &[&self_], &sorted, EXACT)
}

#[kernel("aten::max_pool3d_with_indices.out", CompositeExplicitAutograd)]
fn max_pool3d_with_indices_out(
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
    out: &Tensor,
    indices: &Tensor,
) -> Result<()> {
    let pool = aten::max_pool3d_with_indices::default;
    let (largest, positions) = pool.call(self_, kernel_size, stride, padding, dilation, ceil_mode)?;
    write_results([(out, &largest), (indices, &positions)])
}

/// A floating-point input in the dtype of `out` if that is double precision, for results that are computed so.
fn in_wider_dtype(x: &Tensor, out: &Tensor) -> Result<Tensor> {
    match out.dtype() == DType::Float64 && x.dtype().is_floating_point() {
        true => aten::to::dtype.call(x, out.dtype(), false, false, None),
        false => Ok(x.clone()),
    }
}

#[kernel("aten::logsumexp.out", CompositeExplicitAutograd)]
fn logsumexp_out(self_: &Tensor, dim: &[i64], keepdim: bool, out: &Tensor) -> Result<()> {
    let is_real = self_.dtype().is_floating_point() && out.dtype().is_floating_point();
    let result = log_of_sum(self_, dim, keepdim, is_real.then_some(out.dtype()))?;
    write_out(out, &[&self_], &result, CASTS)
}

/// Out forms of measures of spread, which are computed in the dtype of `out` if it is the wider one.
macro_rules! spreads {
    ($($operator:tt $kernel:ident = $functional:expr;)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel(
            self_: &Tensor,
            dim: Option<&[i64]>,
            correction: Option<Scalar>,
            keepdim: bool,
            out: &Tensor,
        ) -> Result<()> {
            let x = in_wider_dtype(self_, out)?;
            write_out(out, &[&self_], &$functional.call(&x, dim, correction, keepdim)?, CASTS)
        }
    )*};
}
spreads! {
    "aten::var.correction_out" var_correction_out = aten::var::correction;
    "aten::std.correction_out" std_correction_out = aten::std::correction;
}

#[kernel("aten::take_along_dim.out", CompositeImplicitAutograd)]
fn take_along_dim_out(self_: &Tensor, indices: &Tensor, dim: Option<i64>, out: &Tensor) -> Result<()> {
    let taken = aten::take_along_dim::default.call(self_, indices, dim)?;
    write_out(out, &[&self_, &indices], &taken, EXACT)
}

/// The square is a power, also of integers to `out`.
#[kernel("aten::square.out", CompositeImplicitAutograd)]
fn square_out(self_: &Tensor, out: &Tensor) -> Result<()> {
    aten::pow::Tensor_Scalar_out.call(self_, Scalar::Int(2), out).map(|_| ())
}

#[kernel("aten::matmul.out", CompositeImplicitAutograd)]
fn matmul_out(self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    write_out(out, &[&self_, &other], &aten::matmul::default.call(self_, other)?, EXACT)
}

macro_rules! implicit_out_forms {
    ($($operator:tt $kernel:ident($a:ident, $b:ident) = $functional:expr, $dtypes:expr;)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel($a: &Tensor, $b: &Tensor, out: &Tensor) -> Result<()> {
            write_out(out, &[&$a, &$b], &$functional.call($a, $b)?, $dtypes)
        }
    )*};
}
implicit_out_forms! {
    "aten::outer.out" outer_out(self_, vec2) = aten::outer::default, CASTS;
    "aten::ger.out" ger_out(self_, vec2) = aten::ger::default, CASTS;
    "aten::inner.out" inner_out(self_, other) = aten::inner::default, EXACT;
    "aten::kron.out" kron_out(self_, other) = aten::kron::default, CASTS;
}
