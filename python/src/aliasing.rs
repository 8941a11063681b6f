//! Results of a class's handler that share memory as the schema says (P136): what `keyway/_aliasing.py` asks and does.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::exceptions::OrRaise;
use crate::overload::operator_of;
use crate::tensor::{PyTensor, expect_tensor};

/// For each result of an operator the argument that it shares memory with: its position and name, and whether it is written to.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "it is a list of tuples in Python")]
fn _aliased_arguments(op: &Bound<'_, PyAny>) -> PyResult<Vec<Option<(usize, &'static str, bool)>>> {
    let operator = operator_of(op)?;
    let schema = operator
        .schema()
        .ok_or_else(|| PyRuntimeError::new_err(format!("Could not find schema for {}", operator.name())))?;
    let of_result = |returned| {
        let position = schema.aliased_argument(returned)?;
        Some((position, schema.arguments[position].name.as_str(), returned.is_write()))
    };
    Ok(schema.returns.iter().map(of_result).collect())
}

/// Gives a tensor the memory of another one; its sizes stay. No operator is called.
#[pyfunction]
fn _share_storage(tensor: &Bound<'_, PyTensor>, other: &Bound<'_, PyTensor>) -> PyResult<()> {
    let py = tensor.py();
    let (tensor, other) = (expect_tensor(tensor.as_any())?, expect_tensor(other.as_any())?);
    if tensor.shares_storage(&other) {
        return Ok(());
    }
    let geometry = tensor.geometry().clone();
    tensor.set_storage(other.storage().clone(), geometry).or_raise(py)
}

/// Gives a tensor the sizes, strides and offset of another one. No operator is called.
#[pyfunction]
fn _take_geometry(tensor: &Bound<'_, PyTensor>, other: &Bound<'_, PyTensor>) -> PyResult<()> {
    let py = tensor.py();
    let (tensor, other) = (expect_tensor(tensor.as_any())?, expect_tensor(other.as_any())?);
    match tensor.geometry() == other.geometry() {
        true => Ok(()),
        false => tensor.set_geometry(other.geometry().clone()).or_raise(py),
    }
}

/// Adds the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_aliased_arguments, module)?)?;
    module.add_function(wrap_pyfunction!(_share_storage, module)?)?;
    module.add_function(wrap_pyfunction!(_take_geometry, module)?)
}
