//! Metadata that a Python class answers itself: sizes, strides, device and layout (P126 to P130).
//!
//! A question is put to `__torch_dispatch__` as a call of an operator with the tensor alone. Operators for the questions that the list does
//! not have are defined here; their kernel is what the tensor stores.

use std::collections::HashSet;

use keyway::schema::{BaseType, Type};
use keyway::{
    AliasKey, Handler, Kernel, Library, LibraryKind, MemoryFormat, MetadataAnswer, MetadataPolicy,
    MetadataQuery, ModeStackGuard, Operator, Tensor, Value, capture_modes, pop_mode,
};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::cpython::interpreter;
use crate::exceptions::OrRaise;
use crate::object::object_at;
use crate::overload::of_operator;
use crate::tensor::{PyTensor, type_name, wrap};
use crate::values::{Refusal, from_python, to_python};

/// The questions: operator, result, and what is asked.
const QUESTIONS: [(&str, &str, MetadataQuery); 9] = [
    ("aten::is_contiguous", "bool", MetadataQuery::IsContiguous(MemoryFormat::Contiguous)),
    ("aten::is_non_overlapping_and_dense", "bool", MetadataQuery::IsNonOverlappingAndDense),
    ("aten::dim", "int", MetadataQuery::Dim),
    ("aten::sym_size", "SymInt[]", MetadataQuery::Sizes),
    ("aten::sym_stride", "SymInt[]", MetadataQuery::Strides),
    ("aten::sym_numel", "SymInt", MetadataQuery::Numel),
    ("aten::sym_storage_offset", "SymInt", MetadataQuery::StorageOffset),
    ("prim::device", "Device", MetadataQuery::Device),
    ("prim::layout", "Layout", MetadataQuery::Layout),
];

/// Defines the operators that are not there, for the process.
///
/// # Errors
/// What definitions report.
pub(crate) fn define_questions() -> keyway::Result<()> {
    let known: HashSet<&str> = keyway::operators().iter().map(|operator| operator.name()).collect();
    for (name, result, query) in QUESTIONS {
        if known.contains(name) {
            continue;
        }
        let (namespace, rest) = name.split_once("::").unwrap_or_default();
        let mut library = Library::open(LibraryKind::Fragment, namespace, None)?;
        library.def(&format!("{rest}(Tensor self) -> {result}"))?;
        let kernel = Kernel::closure(move |_, _, stack| {
            let tensor = stack.pop()?;
            let answer = tensor.as_tensor().map_or(Ok(Value::None), |tensor| tensor.metadata(query))?;
            stack.push(answer);
            Ok(())
        });
        library.kernel(rest, AliasKey::CompositeExplicitAutograd, kernel)?;
        std::mem::forget(library);
    }
    Ok(())
}

fn operator_of(query: MetadataQuery) -> keyway::Result<&'static Operator> {
    let is_same = |asked: &MetadataQuery| asked.name() == query.name();
    let found = QUESTIONS.iter().find(|(_, _, asked)| is_same(asked));
    keyway::find_operator(found.map_or(query.name(), |(name, _, _)| name))
}

/// The schema type of an answer.
fn type_of(query: MetadataQuery) -> Type {
    Type::Base(match query {
        MetadataQuery::IsContiguous(_) | MetadataQuery::IsNonOverlappingAndDense => BaseType::Bool,
        MetadataQuery::Sizes | MetadataQuery::Strides => {
            return Type::List(Box::new(Type::Base(BaseType::Int)), None);
        }
        MetadataQuery::Device => BaseType::Device,
        MetadataQuery::Layout => BaseType::Layout,
        _ => BaseType::Int,
    })
}

/// Asks a mode or the class of a tensor (P127 to P129).
pub(crate) fn ask(
    py: Python<'_>,
    handler: Handler<'_>,
    tensor: &Tensor,
    query: MetadataQuery,
) -> PyResult<MetadataAnswer> {
    let tensor = wrap(py, tensor.clone())?;
    let mut restored = None;
    let asked = match handler {
        Handler::Mode(mode) => {
            // Off while its handler runs, as for calls (P62): it is the topmost.
            restored = Some(ModeStackGuard::install(capture_modes()));
            pop_mode().or_raise(py)?;
            object_at(py, mode.address(interpreter()).or_raise(py)?)
        }
        Handler::Subclass(_) => tensor.clone(),
    };
    let func = of_operator(py, operator_of(query).or_raise(py)?)?;
    let types = match tensor.get_type().is(py.get_type::<PyTensor>()) {
        true => PyTuple::empty(py),
        false => PyTuple::new(py, [tensor.get_type()])?,
    };
    let arguments = (func, types, (tensor,), PyDict::new(py));
    let answer = asked.call_method1(intern!(py, "__torch_dispatch__"), arguments)?;
    drop(restored);
    if answer.is(py.NotImplemented()) {
        return Ok(MetadataAnswer::Declined);
    }
    if answer.is_none() {
        return Ok(MetadataAnswer::Stored);
    }
    let ty = type_of(query);
    let is_list = answer.is_instance_of::<PyTuple>() || answer.is_instance_of::<PyList>();
    if matches!(ty, Type::List(..)) && !is_list {
        return Err(PyRuntimeError::new_err(format!("{} must be a list or a tuple", query.name())));
    }
    match from_python(&answer, &ty) {
        Ok(value) => Ok(MetadataAnswer::Value(value)),
        Err(Refusal::Raised(error)) => Err(error),
        Err(Refusal::Kind) => {
            let (name, given) = (query.name(), type_name(&answer));
            Err(PyRuntimeError::new_err(format!("{name} returned invalid type {given}, expected {ty}")))
        }
    }
}

/// What a tensor says to a question, by its class or by itself, as Python has it.
pub(crate) fn answer<'py>(
    py: Python<'py>,
    tensor: &Tensor,
    query: MetadataQuery,
) -> PyResult<Bound<'py, PyAny>> {
    to_python(py, &tensor.metadata(query).or_raise(py)?)
}

/// Sizes or strides as a class answers them; none if it leaves them to the tensor.
pub(crate) fn answered_list(
    py: Python<'_>,
    tensor: &Tensor,
    query: MetadataQuery,
) -> PyResult<Option<Vec<i64>>> {
    if tensor.metadata_policy() == MetadataPolicy::default() {
        return Ok(None);
    }
    Ok(tensor.metadata(query).or_raise(py)?.as_ints().map(<[i64]>::to_vec))
}

/// The policy that the arguments of a constructor ask for.
///
/// # Errors
/// `ValueError` for a policy that there is not.
pub(crate) fn policy(sizes_strides: Option<&str>, device: bool, layout: bool) -> PyResult<MetadataPolicy> {
    let (sizes, strides) = match sizes_strides {
        None => (false, false),
        Some("strides") => (false, true),
        Some("sizes") => (true, true),
        Some(other) => {
            return Err(PyValueError::new_err(format!(
                "Unknown sizes_strides_policy: {other}; expected 'strides' or 'sizes'"
            )));
        }
    };
    Ok(MetadataPolicy { strides, sizes, device, layout })
}
