//! Python's operators on tensors: `+`, `==`, `@` and the rest, each a boxed call of one operator.
//!
//! The other operand may be a number, which ranks below tensors in type promotion; a handler sees it as a number (P102).

use std::sync::OnceLock;

use keyway::{Operator, Stack, Tensor, Value};
use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::exceptions::OrRaise;
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

static ADD: Named = Named::new("aten::add.Tensor");
static SUB: Named = Named::new("aten::sub.Tensor");
static MUL: Named = Named::new("aten::mul.Tensor");
static DIV: Named = Named::new("aten::div.Tensor");
static DIV_MODE: Named = Named::new("aten::div.Tensor_mode");
static MATMUL: Named = Named::new("aten::matmul");
static POW: Named = Named::new("aten::pow.Tensor_Tensor");
static POW_SCALAR: Named = Named::new("aten::pow.Tensor_Scalar");
static POW_OF_SCALAR: Named = Named::new("aten::pow.Scalar");
static NEG: Named = Named::new("aten::neg");
static ABS: Named = Named::new("aten::abs");
static NOT: Named = Named::new("aten::logical_not");
static ADD_: Named = Named::new("aten::add_.Tensor");
static SUB_: Named = Named::new("aten::sub_.Tensor");
static MUL_: Named = Named::new("aten::mul_.Tensor");
static DIV_: Named = Named::new("aten::div_.Tensor");
static EQ: Named = Named::new("aten::eq.Tensor");
static NE: Named = Named::new("aten::ne.Tensor");
static LT: Named = Named::new("aten::lt.Tensor");
static LE: Named = Named::new("aten::le.Tensor");
static GT: Named = Named::new("aten::gt.Tensor");
static GE: Named = Named::new("aten::ge.Tensor");

/// An operand: a tensor, or a number as one. `None` for anything else, which may know the operator itself.
///
/// # Errors
/// `OverflowError` for an integer that does not fit.
#[inline]
fn operand(object: &Bound<'_, PyAny>) -> PyResult<Option<Tensor>> {
    if let Some(tensor) = tensor_of(object) {
        return Ok(Some(tensor));
    }
    match scalar(object) {
        Ok(number) => Ok(Tensor::wrapped_number(number).ok()),
        Err(Refusal::Kind) => Ok(None),
        Err(Refusal::Raised(error)) => Err(error),
    }
}

/// Calls an operator with two operands and what follows them.
#[inline]
fn binary<'py>(
    operator: &Named,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
    rest: Option<Value>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = left.py();
    let (Some(left), Some(right)) = (operand(left)?, operand(right)?) else {
        return Ok(py.NotImplemented().into_bound(py));
    };
    let mut stack = Stack::new();
    stack.push(left);
    stack.push(right);
    if let Some(rest) = rest {
        stack.push(rest);
    }
    call(py, operator.get(py)?, &mut stack)
}

fn unary<'py>(operator: &Named, object: &Bound<'py, PyTensor>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let mut stack = Stack::new();
    stack.push(expect_tensor(object.as_any())?);
    call(py, operator.get(py)?, &mut stack)
}

fn floored() -> Option<Value> {
    Some("floor".into())
}

/// The factor of the second operand of a sum.
const ONE: Option<Value> = Some(Value::Int(1));

#[pymethods]
impl PyTensor {
    fn __add__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&ADD, slf.as_any(), other, ONE)
    }

    fn __radd__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&ADD, slf.as_any(), other, ONE)
    }

    fn __sub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&SUB, slf.as_any(), other, ONE)
    }

    fn __rsub__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&SUB, other, slf.as_any(), ONE)
    }

    fn __mul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&MUL, slf.as_any(), other, None)
    }

    fn __rmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&MUL, slf.as_any(), other, None)
    }

    fn __truediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&DIV, slf.as_any(), other, None)
    }

    fn __rtruediv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&DIV, other, slf.as_any(), None)
    }

    fn __floordiv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&DIV_MODE, slf.as_any(), other, floored())
    }

    fn __rfloordiv__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&DIV_MODE, other, slf.as_any(), floored())
    }

    fn __matmul__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match tensor_of(other) {
            Some(_) => binary(&MATMUL, slf.as_any(), other, None),
            None => Ok(slf.py().NotImplemented().into_bound(slf.py())),
        }
    }

    fn __pow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        modulo: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if modulo.is_some_and(|modulo| !modulo.is_none()) {
            return Err(PyTypeError::new_err("tensors have no pow() with a modulus"));
        }
        match (tensor_of(other), scalar(other)) {
            (Some(_), _) => binary(&POW, slf.as_any(), other, None),
            (None, Ok(exponent)) => {
                let mut stack =
                    Stack::from_iter([Value::Tensor(expect_tensor(slf.as_any())?), exponent.into()]);
                call(py, POW_SCALAR.get(py)?, &mut stack)
            }
            _ => Ok(py.NotImplemented().into_bound(py)),
        }
    }

    fn __rpow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
        _modulo: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Ok(base) = scalar(other) else { return Ok(py.NotImplemented().into_bound(py)) };
        let mut stack = Stack::from_iter([Value::from(base), Value::Tensor(expect_tensor(slf.as_any())?)]);
        call(py, POW_OF_SCALAR.get(py)?, &mut stack)
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
        if expect_tensor(slf.as_any())?.dtype() != keyway::DType::Bool {
            return Err(PyTypeError::new_err("~ is for tensors of bool"));
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
        binary(operator, slf.as_any(), other, None)
    }

    // In place, Python wants the left operand back, so these are functions that `keyway/_tensor.py` names `__iadd__` and so on.

    fn _iadd<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&ADD_, slf.as_any(), other, ONE)
    }

    fn _isub<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&SUB_, slf.as_any(), other, ONE)
    }

    fn _imul<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&MUL_, slf.as_any(), other, None)
    }

    fn _itruediv<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        binary(&DIV_, slf.as_any(), other, None)
    }
}
