//! Functions of tensors as graphs: traced, printed, run again (P214's use, by the tracing mode of Rust).

use keyway::Tensor;
use keyway_modes::Graph;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::exceptions::{OrRaise, to_error};
use crate::overload;
use crate::tensor::{expect_tensor, tensor_of, type_name, wrap};

/// The operator calls of a function: `str()` shows them, calling it runs them on other tensors of the same sizes and dtypes.
#[pyclass(frozen, name = "Graph", module = "keyway")]
struct PyGraph {
    graph: Graph,
    /// Whether the function gave one tensor, and not a sequence of them.
    gives_one: bool,
}

#[pymethods]
impl PyGraph {
    /// A graph from its text.
    #[staticmethod]
    fn parse(py: Python<'_>, text: &str) -> PyResult<PyGraph> {
        let graph: Graph = text.parse().or_raise(py)?;
        let gives_one = graph.outputs().len() == 1;
        Ok(PyGraph { graph, gives_one })
    }

    /// The text that `parse` reads back, constants and all.
    fn to_text(&self, py: Python<'_>) -> PyResult<String> {
        self.graph.to_text().or_raise(py)
    }

    /// The full names of the operators, call by call.
    fn operators(&self) -> Vec<&'static str> {
        self.graph.calls().map(|call| call.operator.name()).collect()
    }

    /// Runs the calls on tensors in place of those that it was traced with.
    #[pyo3(signature = (*inputs))]
    fn __call__<'py>(&self, inputs: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = inputs.py();
        let tensors = inputs.iter().map(|input| expect_tensor(&input)).collect::<PyResult<Vec<_>>>()?;
        let outputs = self.graph.run(&tensors).or_raise(py)?;
        match &outputs[..] {
            [one] if self.gives_one => wrap(py, one.clone()),
            several => {
                let objects = several.iter().map(|output| wrap(py, output.clone()));
                Ok(PyTuple::new(py, objects.collect::<PyResult<Vec<_>>>()?)?.into_any())
            }
        }
    }

    fn __len__(&self) -> usize {
        self.graph.calls().count()
    }

    fn __str__(&self) -> String {
        self.graph.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Graph of {} calls>", self.graph.calls().count())
    }
}

/// What a traced function gave: one tensor, or a list or tuple of them.
fn outputs_of(result: &Bound<'_, PyAny>) -> PyResult<(Vec<Tensor>, bool)> {
    if let Some(tensor) = tensor_of(result) {
        return Ok((vec![tensor], true));
    }
    let items = match (result.cast::<PyTuple>(), result.cast::<PyList>()) {
        (Ok(tuple), _) => tuple.clone(),
        (_, Ok(list)) => list.to_tuple(),
        _ => {
            let message =
                format!("a traced function gives a tensor or a sequence of them, not {}", type_name(result));
            return Err(PyTypeError::new_err(message));
        }
    };
    let tensors = items.iter().map(|item| expect_tensor(&item)).collect::<PyResult<Vec<_>>>()?;
    Ok((tensors, false))
}

/// Calls a function with tensors and records the operators that it calls. Returns the graph and what the function returned.
///
/// Tensors that the function uses besides its inputs become constants of the graph. With `verify` the graph is run on copies of the
/// inputs, and ValueError says where it computes something else.
///
/// Of a tensor alone it is what the operator of this name gives: the sum of a matrix's diagonal.
#[pyfunction]
#[pyo3(signature = (function, *inputs, verify=false))]
fn trace<'py>(
    function: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyTuple>,
    verify: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    if inputs.is_empty() && tensor_of(function).is_some() {
        return overload::named(py, "aten::trace")?.call1((function,));
    }
    traced(function, inputs, verify)?.into_bound_py_any(py)
}

fn traced<'py>(
    function: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyTuple>,
    verify: bool,
) -> PyResult<(PyGraph, Bound<'py, PyAny>)> {
    let py = function.py();
    let tensors = inputs.iter().map(|input| expect_tensor(&input)).collect::<PyResult<Vec<_>>>()?;
    let mut given = None;
    let call = |_: &[Tensor]| {
        let result = function.call1(inputs);
        let outputs = result.and_then(|result| {
            let (outputs, gives_one) = outputs_of(&result)?;
            given = Some((result, gives_one));
            Ok(outputs)
        });
        outputs.map_err(|raised| to_error(py, raised))
    };
    let traced = match verify {
        true => keyway_modes::trace_verified(&tensors, call),
        false => keyway_modes::trace(&tensors, call),
    };
    let (graph, _) = traced.or_raise(py)?;
    let Some((result, gives_one)) = given else {
        return Err(PyTypeError::new_err("the traced function was not called"));
    };
    Ok((PyGraph { graph, gives_one }, result))
}

/// Adds the class and the function.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyGraph>()?;
    module.add_function(wrap_pyfunction!(trace, module)?)
}
