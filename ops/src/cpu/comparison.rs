//! Comparisons on the host. Operands are promoted first; results are `bool`.

use keyway::{Error, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::binary;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Number;
use crate::pointwise::Plan;
use crate::promotion::Operand;

/// Kernels of one comparison: with a tensor, with a number.
macro_rules! comparisons {
    ($($tensor:tt $with_tensor:ident, $scalar:tt $with_number:ident, $compare:ident of $set:ident = $operator:tt;)*) => {$(
        #[kernel($tensor, CPU, structured, in_place)]
        fn $with_tensor(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
            $compare(plan, out, self_.into(), other.into())
        }

        #[kernel($scalar, CPU, structured, in_place)]
        fn $with_number(plan: &Plan, self_: &Tensor, other: Scalar, out: &Tensor) -> Result<()> {
            $compare(plan, out, self_.into(), other.into())
        }

        fn $compare(plan: &Plan, out: &Tensor, a: Operand<'_>, b: Operand<'_>) -> Result<()> {
            dispatch_dtype!($set: plan.compute(), T => binary(plan, out, a, b, |a: T, b: T| a $operator b))
        }
    )*};
}
comparisons! {
    "aten::eq.Tensor_out" eq, "aten::eq.Scalar_out" eq_scalar, equal of values = ==;
    "aten::ne.Tensor_out" ne, "aten::ne.Scalar_out" ne_scalar, unequal of values = !=;
    "aten::lt.Tensor_out" lt, "aten::lt.Scalar_out" lt_scalar, less of ordered = <;
    "aten::le.Tensor_out" le, "aten::le.Scalar_out" le_scalar, less_or_equal of ordered = <=;
    "aten::gt.Tensor_out" gt, "aten::gt.Scalar_out" gt_scalar, greater of ordered = >;
    "aten::ge.Tensor_out" ge, "aten::ge.Scalar_out" ge_scalar, greater_or_equal of ordered = >=;
}

/// Kernels of two truth values.
macro_rules! logic {
    ($($operator:tt $kernel:ident = $function:tt;)*) => {$(
        #[kernel($operator, CPU, structured, in_place)]
        fn $kernel(plan: &Plan, self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
            dispatch_dtype!(values: plan.compute(), T => {
                binary(plan, out, self_.into(), other.into(), |a: T, b: T| a.is_true() $function b.is_true())
            })
        }
    )*};
}
logic! {
    "aten::logical_and.out" logical_and = &;
    "aten::logical_or.out" logical_or = |;
    "aten::logical_xor.out" logical_xor = ^;
}

#[kernel("aten::equal", CPU)]
fn equal_tensors(self_: &Tensor, other: &Tensor) -> Result<bool> {
    if self_.dtype() != other.dtype() {
        return Err(Error::dtype(format!(
            "`self` is {} and `other` {}; convert one of them",
            self_.dtype(),
            other.dtype()
        )));
    }
    if self_.sizes() != other.sizes() {
        return Ok(false);
    }
    let same = aten::eq::Tensor.call(self_, other)?;
    Ok(aten::all::default.call(&same)?.item()?.to_bool())
}
