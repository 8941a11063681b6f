//! Python's operators on tensors: `+`, `==`, `@` and the rest, each a boxed call of one operator.
//!
//! The other operand may be a number. Where the operator has an overload for numbers, that is called; where it has none, the number becomes
//! a tensor which ranks below others in type promotion, and a handler sees it as a number again (P102). Which overload a handler sees is
//! what users of PyTorch know: `x + 1` is `add.Tensor`, `x < 1` is `lt.Scalar`, `1 - x` is `rsub.Scalar`.

use std::sync::OnceLock;

use keyway::{Operator, Scalar, Stack, Tensor, Value};
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::exceptions::OrRaise;
use crate::memory::of_array;
use crate::overload::call;
use crate::tensor::{PyTensor, expect_tensor, tensor_of};
use crate::values::{Refusal, scalar};

/// An operator that is looked up at its first use.
struct Named(&'static str, OnceLock<&'static Operator>);

impl Named {
    const fn new(name: &'static str) -> Named {
        Named(name, OnceLock::new())
    }

    #[inline]
    fn get(&self, py: Python<'_>) -> PyResult<&'static Operator> {
        match self.1.get() {
            Some(operator) => Ok(operator),
            None => {
                let operator = keyway::find_operator(self.0).or_raise(py)?;
                Ok(self.1.get_or_init(|| operator))
            }
        }
    }
}

/// What is called for a number on the left and a tensor on the right.
enum NumberLeft {
    /// The overload for tensors.
    AsTensor,
    /// An overload that takes them in this order.
    First(Named),
    /// An overload that takes the tensor first.
    Second(Named),
}

/// The overloads behind an operator of Python with two operands.
struct Binary {
    tensors: Named,
    number_right: Option<Named>,
    number_left: NumberLeft,
    /// Whether a factor of the second operand follows the operands.
    has_factor: bool,
}

impl Binary {
    /// Numbers are tensors to it.
    const fn of_tensors(name: &'static str) -> Binary {
        Binary {
            tensors: Named::new(name),
            number_right: None,
            number_left: NumberLeft::AsTensor,
            has_factor: false,
        }
    }

    /// It has an overload for a number on the right, and perhaps one for a number on the left.
    const fn with_numbers(name: &'static str, right: &'static str, number_left: NumberLeft) -> Binary {
        Binary {
            tensors: Named::new(name),
            number_right: Some(Named::new(right)),
            number_left,
            has_factor: false,
        }
    }

    /// It has an overload for a number on the right.
    const fn with_right(name: &'static str, right: &'static str) -> Binary {
        Binary::with_numbers(name, right, NumberLeft::AsTensor)
    }

    /// It has an overload for a number on the right, and its operands may be swapped.
    const fn commutative(name: &'static str, right: &'static str) -> Binary {
        Binary::with_numbers(name, right, NumberLeft::Second(Named::new(right)))
    }

    /// A sum, or a difference with what is called for a number on the left.
    const fn with_factor(name: &'static str, number_left: NumberLeft) -> Binary {
        Binary { tensors: Named::new(name), number_right: None, number_left, has_factor: true }
    }

    /// Calls the overload for these operands; `NotImplemented` for others, which may know the operator themselves.
    #[inline]
    fn call<'py>(&self, left: &Bound<'py, PyAny>, right: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = left.py();
        let (Some(left), Some(right)) = (operand(left)?, operand(right)?) else {
            return Ok(py.NotImplemented().into_bound(py));
        };
        let (operator, first, second) = match (&self.number_right, &self.number_left, left, right) {
            (Some(operator), _, left @ Operand::Tensor(_), Operand::Number(right)) => {
                (operator, left.tensor(), Ok(right.into()))
            }
            (_, NumberLeft::First(operator), Operand::Number(left), right @ Operand::Tensor(_)) => {
                (operator, Ok(left.into()), right.tensor())
            }
            (_, NumberLeft::Second(operator), Operand::Number(left), right @ Operand::Tensor(_)) => {
                (operator, right.tensor(), Ok(left.into()))
            }
            (_, _, left, right) => (&self.tensors, left.tensor(), right.tensor()),
        };
        let mut stack = Stack::new();
        stack.push(first.or_raise(py)?);
        stack.push(second.or_raise(py)?);
        if self.has_factor {
            stack.push(Value::Int(1));
        }
        call(py, operator.get(py)?, &mut stack)
    }
}

static ADD: Binary = Binary::with_factor("aten::add.Tensor", NumberLeft::AsTensor);
static SUB: Binary =
    Binary::with_factor("aten::sub.Tensor", NumberLeft::Second(Named::new("aten::rsub.Scalar")));
static MUL: Binary = Binary::of_tensors("aten::mul.Tensor");
static DIV: Binary = Binary::of_tensors("aten::div.Tensor");
static FLOOR_DIVIDE: Binary = Binary::of_tensors("aten::floor_divide");
static REMAINDER: Binary = Binary::with_numbers(
    "aten::remainder.Tensor",
    "aten::remainder.Scalar",
    NumberLeft::First(Named::new("aten::remainder.Scalar_Tensor")),
);
static POW: Binary = Binary::with_numbers(
    "aten::pow.Tensor_Tensor",
    "aten::pow.Tensor_Scalar",
    NumberLeft::First(Named::new("aten::pow.Scalar")),
);
static AND: Binary = Binary::commutative("aten::bitwise_and.Tensor", "aten::bitwise_and.Scalar");
static OR: Binary = Binary::commutative("aten::bitwise_or.Tensor", "aten::bitwise_or.Scalar");
static XOR: Binary = Binary::commutative("aten::bitwise_xor.Tensor", "aten::bitwise_xor.Scalar");
static LEFT_SHIFT: Binary =
    Binary::with_right("aten::bitwise_left_shift.Tensor", "aten::bitwise_left_shift.Tensor_Scalar");
static RIGHT_SHIFT: Binary =
    Binary::with_right("aten::bitwise_right_shift.Tensor", "aten::bitwise_right_shift.Tensor_Scalar");
static MATMUL: Binary = Binary::of_tensors("aten::matmul");

static ADD_: Binary = Binary::with_factor("aten::add_.Tensor", NumberLeft::AsTensor);
static SUB_: Binary = Binary::with_factor("aten::sub_.Tensor", NumberLeft::AsTensor);
static MUL_: Binary = Binary::of_tensors("aten::mul_.Tensor");
static DIV_: Binary = Binary::of_tensors("aten::div_.Tensor");
static FLOOR_DIVIDE_: Binary = Binary::of_tensors("aten::floor_divide_.Tensor");
static REMAINDER_: Binary = Binary::with_right("aten::remainder_.Tensor", "aten::remainder_.Scalar");
static POW_: Binary = Binary::with_right("aten::pow_.Tensor", "aten::pow_.Scalar");
static AND_: Binary = Binary::with_right("aten::bitwise_and_.Tensor", "aten::bitwise_and_.Scalar");
static OR_: Binary = Binary::with_right("aten::bitwise_or_.Tensor", "aten::bitwise_or_.Scalar");
static XOR_: Binary = Binary::with_right("aten::bitwise_xor_.Tensor", "aten::bitwise_xor_.Scalar");
static LEFT_SHIFT_: Binary = Binary::of_tensors("aten::bitwise_left_shift_.Tensor");
static RIGHT_SHIFT_: Binary = Binary::of_tensors("aten::bitwise_right_shift_.Tensor");

static EQ: Binary = Binary::with_right("aten::eq.Tensor", "aten::eq.Scalar");
static NE: Binary = Binary::with_right("aten::ne.Tensor", "aten::ne.Scalar");
static LT: Binary = Binary::with_right("aten::lt.Tensor", "aten::lt.Scalar");
static LE: Binary = Binary::with_right("aten::le.Tensor", "aten::le.Scalar");
static GT: Binary = Binary::with_right("aten::gt.Tensor", "aten::gt.Scalar");
static GE: Binary = Binary::with_right("aten::ge.Tensor", "aten::ge.Scalar");

static NEG: Named = Named::new("aten::neg");
static ABS: Named = Named::new("aten::abs");
static NOT: Named = Named::new("aten::bitwise_not");

/// An operand of an operator.
enum Operand {
    Tensor(Tensor),
    Number(Scalar),
}

impl Operand {
    /// As a tensor.
    #[inline]
    fn tensor(self) -> keyway::Result<Value> {
        match self {
            Operand::Tensor(tensor) => Ok(Value::Tensor(tensor)),
            Operand::Number(number) => Tensor::wrapped_number(number).map(Value::Tensor),
        }
    }
}

/// A tensor, a number, or an array of NumPy; `None` for anything else.
///
/// # Errors
/// `OverflowError` for an integer that does not fit, `TypeError` or `ValueError` for an array that is no tensor.
#[inline]
fn operand(object: &Bound<'_, PyAny>) -> PyResult<Option<Operand>> {
    if let Some(tensor) = tensor_of(object) {
        return Ok(Some(Operand::Tensor(tensor)));
    }
    match scalar(object) {
        Ok(number) => Ok(Some(Operand::Number(number))),
        Err(Refusal::Kind) => Ok(of_array(object)?.map(Operand::Tensor)),
        Err(Refusal::Raised(error)) => Err(error),
    }
}

fn unary<'py>(operator: &Named, object: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let mut stack = Stack::new();
    stack.push(expect_tensor(object.as_any())?);
    call(py, operator.get(py)?, &mut stack)
}

#[pymethods]
impl PyTensor {
    fn __add__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        ADD.call(slf.as_any(), other)
    }

    fn __radd__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        ADD.call(other, slf.as_any())
    }

    fn __sub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        SUB.call(slf.as_any(), other)
    }

    fn __rsub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        SUB.call(other, slf.as_any())
    }

    fn __mul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        MUL.call(slf.as_any(), other)
    }

    fn __rmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        MUL.call(other, slf.as_any())
    }

    fn __truediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        DIV.call(slf.as_any(), other)
    }

    fn __rtruediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        DIV.call(other, slf.as_any())
    }

    fn __floordiv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        FLOOR_DIVIDE.call(slf.as_any(), other)
    }

    fn __rfloordiv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        FLOOR_DIVIDE.call(other, slf.as_any())
    }

    fn __mod__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        REMAINDER.call(slf.as_any(), other)
    }

    fn __rmod__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        REMAINDER.call(other, slf.as_any())
    }

    fn __and__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        AND.call(slf.as_any(), other)
    }

    fn __rand__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        AND.call(other, slf.as_any())
    }

    fn __or__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        OR.call(slf.as_any(), other)
    }

    fn __ror__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        OR.call(other, slf.as_any())
    }

    fn __xor__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        XOR.call(slf.as_any(), other)
    }

    fn __rxor__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        XOR.call(other, slf.as_any())
    }

    fn __lshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        LEFT_SHIFT.call(slf.as_any(), other)
    }

    fn __rlshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        LEFT_SHIFT.call(other, slf.as_any())
    }

    fn __rshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        RIGHT_SHIFT.call(slf.as_any(), other)
    }

    fn __rrshift__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        RIGHT_SHIFT.call(other, slf.as_any())
    }

    fn __matmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match tensor_of(other) {
            Some(_) => MATMUL.call(slf.as_any(), other),
            None => Ok(slf.py().NotImplemented().into_bound(slf.py())),
        }
    }

    fn __pow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        modulo: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if modulo.is_some_and(|modulo| !modulo.is_none()) {
            return Err(PyTypeError::new_err("tensors have no pow() with a modulus"));
        }
        POW.call(slf.as_any(), other)
    }

    fn __rpow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        _modulo: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        POW.call(other, slf.as_any())
    }

    fn __neg__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        unary(&NEG, slf)
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyAny> {
        slf.as_any().clone()
    }

    fn __abs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        unary(&ABS, slf)
    }

    fn __invert__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let dtype = expect_tensor(slf.as_any())?.dtype();
        if dtype.is_floating_point() || dtype.is_complex() {
            return Err(PyTypeError::new_err(format!(
                "~ is for tensors of integers and of bool, not of {dtype}"
            )));
        }
        unary(&NOT, slf)
    }

    fn __richcmp__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        comparison: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let operator = match comparison {
            CompareOp::Eq => &EQ,
            CompareOp::Ne => &NE,
            CompareOp::Lt => &LT,
            CompareOp::Le => &LE,
            CompareOp::Gt => &GT,
            CompareOp::Ge => &GE,
        };
        operator.call(slf.as_any(), other)
    }

    // In place, Python wants the left operand back, so these are functions that `keyway/_tensor.py` names `__iadd__` and so on.

    fn _iadd<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        ADD_.call(slf.as_any(), other)
    }

    fn _isub<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        SUB_.call(slf.as_any(), other)
    }

    fn _imul<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        MUL_.call(slf.as_any(), other)
    }

    fn _itruediv<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        DIV_.call(slf.as_any(), other)
    }

    fn _ifloordiv<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        FLOOR_DIVIDE_.call(slf.as_any(), other)
    }

    fn _imod<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        REMAINDER_.call(slf.as_any(), other)
    }

    fn _iand<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        AND_.call(slf.as_any(), other)
    }

    fn _ior<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        OR_.call(slf.as_any(), other)
    }

    fn _ixor<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        XOR_.call(slf.as_any(), other)
    }

    fn _ilshift<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        LEFT_SHIFT_.call(slf.as_any(), other)
    }

    fn _irshift<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        RIGHT_SHIFT_.call(slf.as_any(), other)
    }

    fn _ipow<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        POW_.call(slf.as_any(), other)
    }
}
