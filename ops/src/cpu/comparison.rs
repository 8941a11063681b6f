//! Comparisons on the host. Operands are promoted first; results are `bool`.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::dense::binary;
use crate::cpu::elements::dispatch_dtype;
use crate::pointwise;
use crate::promotion::Operand;

/// Kernels of one comparison: with a tensor, with a number.
macro_rules! comparisons {
    ($($tensor:tt $with_tensor:ident, $scalar:tt $with_number:ident, $compare:ident = $operator:tt;)*) => {$(
        #[kernel($tensor, CPU)]
        fn $with_tensor(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
            $compare(self_.into(), other.into())
        }

        #[kernel($scalar, CPU)]
        fn $with_number(self_: &Tensor, other: Scalar) -> Result<Tensor> {
            $compare(self_.into(), other.into())
        }

        fn $compare(a: Operand<'_>, b: Operand<'_>) -> Result<Tensor> {
            let plan = pointwise::comparison(a, b)?;
            dispatch_dtype!(all: plan.compute, T => binary(plan, a, b, |a: T, b: T| a $operator b))
        }
    )*};
}
comparisons! {
    "aten::eq.Tensor" eq, "aten::eq.Scalar" eq_scalar, equal = ==;
    "aten::ne.Tensor" ne, "aten::ne.Scalar" ne_scalar, unequal = !=;
    "aten::lt.Tensor" lt, "aten::lt.Scalar" lt_scalar, less = <;
    "aten::le.Tensor" le, "aten::le.Scalar" le_scalar, less_or_equal = <=;
    "aten::gt.Tensor" gt, "aten::gt.Scalar" gt_scalar, greater = >;
    "aten::ge.Tensor" ge, "aten::ge.Scalar" ge_scalar, greater_or_equal = >=;
}
