//! `Meta` kernels of pointwise operators that are not structured: the planned result, without elements.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::number_range::in_range;
use crate::pointwise::{self, Plan};

/// Kernels that return the plan of one rule, which takes all their arguments.
macro_rules! planned {
    ($($operator:tt $kernel:ident($($argument:ident: $type:ty),*) = $rule:expr;)*) => {$(
        #[kernel($operator, Meta)]
        fn $kernel($($argument: $type),*) -> Result<Tensor> {
            let rule = $rule;
            rule($($argument.into()),*)?.empty()
        }
    )*};
}
planned! {
    "aten::add.Scalar" add_scalar_meta(self_: &Tensor, other: Scalar, alpha: Scalar) = pointwise::sum;
    "aten::sub.Scalar" sub_scalar_meta(self_: &Tensor, other: Scalar, alpha: Scalar) = pointwise::difference;
    "aten::mul.Scalar" mul_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::product;
    "aten::div.Scalar" div_scalar_meta(self_: &Tensor, other: Scalar) = pointwise::quotient;
    "aten::div.Scalar_mode" div_scalar_mode_meta(self_: &Tensor, other: Scalar, mode: Option<&str>)
        = pointwise::rounded_quotient;
    "aten::isnan" isnan_meta(self_: &Tensor) = pointwise::test;
    "aten::isinf" isinf_meta(self_: &Tensor) = pointwise::test;
    "aten::masked_fill.Scalar" masked_fill_meta(self_: &Tensor, mask: &Tensor, value: Scalar) = masked_fill;
    "aten::relu" relu_meta(self_: &Tensor) = pointwise::arithmetic_function;
    "aten::hardswish" hardswish_meta(self_: &Tensor) = pointwise::activation;
    "aten::_prelu_kernel" _prelu_kernel_meta(self_: &Tensor, weight: &Tensor) = pointwise::prelu;
}

fn masked_fill(x: &Tensor, mask: &Tensor, value: Scalar) -> Result<Plan> {
    in_range(value, x.dtype())?;
    pointwise::masked_fill(x, mask)
}

#[kernel("aten::hardtanh_backward", Meta)]
fn hardtanh_backward_meta(
    grad_output: &Tensor,
    self_: &Tensor,
    _min: Scalar,
    _max: Scalar,
) -> Result<Tensor> {
    pointwise::gradient(grad_output, self_)?.empty()
}

#[kernel("aten::log_sigmoid_forward", Meta)]
fn log_sigmoid_forward_meta(self_: &Tensor) -> Result<(Tensor, Tensor)> {
    let plan = pointwise::contiguous_activation(self_)?;
    Ok((plan.empty()?, plan.empty()?))
}
