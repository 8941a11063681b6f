//! Tensors of Python classes: over the data of another tensor, or without data (P117 to P124).

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use keyway::{
    Device, Geometry, HandlerType, KeySet, MetadataPolicy, ModeStack, ModeStackGuard, Operator, OperatorSet,
    RuleRegistration, Tensor, WrapperMetadata,
};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::cpython::{attached, interpreter};
use crate::exceptions::OrRaise;
use crate::handlers;
use crate::key_sets::PyKeySet;
use crate::metadata::policy;
use crate::modes::operators_named;
use crate::object::{AttachedCell, address_of, state_of};
use crate::overload::operator_of;
use crate::tensor::{PyTensor, expect_tensor, has_handler, of_class, type_name};
use crate::types::{device_of, dtype_of};
use crate::values::Integers;

/// Another head over the same memory, which a class's handler is asked about.
pub(crate) fn intercepted(tensor: &Tensor) -> Tensor {
    Tensor::foreign_wrapper(WrapperMetadata::like(tensor).sharing(tensor))
}

/// What classes want, by the address of the class and of the attribute that says it, which is held.
type Wanted = HashMap<(usize, usize), (Py<PyAny>, Option<OperatorSet>), FixedState>;
static WANTED: Mutex<Wanted> = Mutex::new(HashMap::with_hasher(FixedState::with_seed(0)));

/// The operators that the attribute `dispatch_operators` of a class names; none for all.
///
/// # Errors
/// What reading the attribute and looking operators up report.
fn wanted(class: &Bound<'_, PyAny>) -> PyResult<Option<OperatorSet>> {
    // `Tensor` has it, so it is always found: an attribute that is missing costs an exception.
    let declared = class.getattr(intern!(class.py(), "dispatch_operators"))?;
    if declared.is_none() {
        return Ok(None);
    }
    let key = (address_of(class).get(), address_of(&declared).get());
    if let Some((_, known)) = WANTED.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(known.clone());
    }
    let operators = operators_named(class)?;
    let mut all = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(key, (declared.unbind(), operators.clone()));
    Ok(operators)
}

/// Classes as they were when their handler was found to want every operator, each at the place that the low bits of its state say.
static WANTING_ALL: [AttachedCell<Option<NonZeroU32>>; 64] = [const { AttachedCell::new(None) }; 64];

fn place_of(state: NonZeroU32) -> &'static AttachedCell<Option<NonZeroU32>> {
    &WANTING_ALL[state.get() as usize % WANTING_ALL.len()]
}

/// Whether a class is known to be one of tensors, with a handler that wants every operator, and has not changed since.
#[inline]
fn is_known_to_want_all(class: &Bound<'_, PyType>) -> bool {
    state_of(class).is_some_and(|state| place_of(state).get(class.py()) == Some(state))
}

/// Whether a class of tensors has a handler, having read which operators it wants.
///
/// # Errors
/// What reading the attribute `dispatch_operators` and looking operators up report.
fn has_readable_handler(class: &Bound<'_, PyType>) -> PyResult<bool> {
    if is_known_to_want_all(class) {
        return Ok(true);
    }
    let before = state_of(class);
    let wants_all = wanted(class.as_any())?.is_none();
    let has_handler = has_handler(class)?;
    if let Some(state) = before.filter(|_| wants_all && has_handler && before == state_of(class)) {
        place_of(state).replace(class.py(), Some(state));
    }
    Ok(has_handler)
}

/// Whether a class wants calls of an operator. One whose attribute cannot be read was refused when its tensors were made.
pub(crate) fn wants(class: &Bound<'_, PyAny>, operator: &'static Operator) -> bool {
    if class.cast::<PyType>().is_ok_and(is_known_to_want_all) {
        return true;
    }
    wanted(class).ok().flatten().is_none_or(|operators| operators.contains(operator))
}

/// The class, if it is one of tensors.
fn tensor_class<'a, 'py>(class: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyType>> {
    let Ok(class) = class.cast::<PyType>() else {
        return Err(PyTypeError::new_err(format!("cls must be a type (got {})", type_name(class))));
    };
    if is_known_to_want_all(class) || class.is_subclass_of::<PyTensor>()? {
        return Ok(class);
    }
    Err(PyTypeError::new_err(
        "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. \
         Make sure your class inherits from Tensor.",
    ))
}

/// A tensor of the class over the same memory as another one. Modes and handlers do not see it made (P120).
fn over<'py>(
    class: &Bound<'py, PyType>,
    data: &Tensor,
    policy: MetadataPolicy,
) -> PyResult<Bound<'py, PyAny>> {
    let _no_modes = ModeStackGuard::install(ModeStack::default());
    let head = match has_readable_handler(class)? {
        true => {
            Tensor::foreign_wrapper(WrapperMetadata { policy, ..WrapperMetadata::like(data).sharing(data) })
        }
        false => data.view_as(data.geometry().clone()).or_raise(class.py())?,
    };
    of_class(class, head)
}

#[pymethods]
impl PyTensor {
    /// The operators that a class's handler wants, as overloads or full names; None for all.
    #[classattr]
    #[pyo3(name = "dispatch_operators")]
    const DISPATCH_OPERATORS: Option<bool> = None;

    /// A tensor of class `cls` over the memory of `data`.
    #[staticmethod]
    #[pyo3(signature = (cls, data, require_grad=false, *, dispatch_sizes_strides_policy=None, dispatch_device=false,
                        dispatch_layout=false))]
    fn _make_subclass<'py>(
        cls: &Bound<'py, PyAny>,
        data: &Bound<'py, PyAny>,
        require_grad: bool,
        dispatch_sizes_strides_policy: Option<&str>,
        dispatch_device: bool,
        dispatch_layout: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        if require_grad {
            return Err(PyRuntimeError::new_err("gradients are not there yet: leave require_grad out"));
        }
        let class = tensor_class(cls)?;
        let tensor = expect_tensor(data)?;
        let has_object_of_another_class =
            tensor.key_set().contains(keyway::DispatchKey::Python) && !data.is_instance(class)?;
        if has_object_of_another_class {
            return Err(PyRuntimeError::new_err(format!(
                "Creating a new Tensor subclass {} but the raw Tensor object is already associated to a python object of \
                 type {} which is not a subclass of the requested type",
                class.name()?,
                type_name(data)
            )));
        }
        over(class, &tensor, policy(dispatch_sizes_strides_policy, dispatch_device, dispatch_layout)?)
    }

    /// A tensor of class `cls` over the memory of this one.
    fn as_subclass<'py>(slf: &Bound<'py, PyTensor>, cls: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        PyTensor::_make_subclass(cls, slf.as_any(), false, None, false, false)
    }

    /// A tensor of class `cls` with sizes, dtype and device but without data (P122). No operator is called.
    #[staticmethod]
    #[pyo3(signature = (cls, size, strides=None, storage_offset=None, *, dtype=None, layout=None, device=None,
                        extra_dispatch_keys=None, shares_storage_of=None, requires_grad=false,
                        dispatch_sizes_strides_policy=None, dispatch_device=false, dispatch_layout=false))]
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the Python function")]
    fn _make_wrapper_subclass<'py>(
        cls: &Bound<'py, PyAny>,
        size: Integers,
        strides: Option<Integers>,
        storage_offset: Option<i64>,
        dtype: Option<&Bound<'py, PyAny>>,
        layout: Option<&Bound<'py, PyAny>>,
        device: Option<&Bound<'py, PyAny>>,
        extra_dispatch_keys: Option<&PyKeySet>,
        shares_storage_of: Option<&Bound<'py, PyAny>>,
        requires_grad: bool,
        dispatch_sizes_strides_policy: Option<&str>,
        dispatch_device: bool,
        dispatch_layout: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = tensor_class(cls)?;
        let py = class.py();
        if !has_readable_handler(class)? {
            return Err(PyTypeError::new_err(format!("{} must define __torch_dispatch__", class.name()?)));
        }
        if requires_grad {
            return Err(PyRuntimeError::new_err("gradients are not there yet: leave requires_grad out"));
        }
        // There is one layout that tensors have; others are refused by the class that does not know them.
        let _ = layout;
        let dtype =
            dtype.map(|object| dtype_of(object).ok_or_else(|| no_value(object, "dtype"))).transpose()?;
        let device =
            device.map(|object| device_of(object)?.ok_or_else(|| no_value(object, "device"))).transpose()?;
        let storage =
            shares_storage_of.map(|tensor| Ok::<_, PyErr>(expect_tensor(tensor)?.storage().clone()));
        let metadata = WrapperMetadata {
            geometry: geometry(&size, strides, storage_offset)?.or_raise(py)?,
            dtype: dtype.unwrap_or(keyway::DType::Float32),
            device: device.unwrap_or(Device::CPU),
            storage: storage.transpose()?,
            extra_keys: extra_dispatch_keys.map_or(KeySet::EMPTY, |keys| keys.0),
            policy: policy(dispatch_sizes_strides_policy, dispatch_device, dispatch_layout)?,
        };
        of_class(class, Tensor::foreign_wrapper(metadata))
    }
}

fn no_value(object: &Bound<'_, PyAny>, what: &str) -> PyErr {
    PyTypeError::new_err(format!("a {what} is needed, not {}", type_name(object)))
}

fn geometry(
    size: &[i64],
    strides: Option<Integers>,
    offset: Option<i64>,
) -> PyResult<keyway::Result<Geometry>> {
    match (strides, offset) {
        (None, None) => Ok(Geometry::contiguous(size)),
        (None, Some(_)) => {
            Err(PyRuntimeError::new_err("setting storage offset without stride not supported"))
        }
        (Some(strides), offset) => Ok(Geometry::new(size, &strides, offset.unwrap_or(0))),
    }
}

/// A rule that is in force until it is dropped or destroyed.
#[pyclass(frozen, name = "_Rule", module = "keyway")]
struct Rule(AttachedCell<Option<std::sync::Arc<RuleRegistration>>>);

#[pymethods]
impl Rule {
    /// Takes the rule away.
    fn destroy(&self, py: Python<'_>) {
        self.0.replace(py, None);
    }
}

/// Registers `rule(mode_or_class, func, types, args, kwargs)` for an operator and exactly this class (P70).
#[pyfunction]
fn _register_torch_dispatch(
    op: &Bound<'_, PyAny>,
    class: &Bound<'_, PyType>,
    rule: &Bound<'_, PyAny>,
) -> PyResult<Rule> {
    let py = class.py();
    if !rule.is_callable() {
        return Err(PyTypeError::new_err(format!("a rule must be callable, got {}", type_name(rule))));
    }
    let handler = HandlerType::foreign(interpreter(), address_of(class.as_any()));
    let (function, speaks_for) = (rule.clone().unbind(), class.clone().into_any().unbind());
    let ask: keyway::Rule = std::sync::Arc::new(move |call| {
        attached(|py| handlers::offer_to_rule(py, &function, &speaks_for, call))
    });
    let registration = keyway::register_rule(operator_of(op)?, handler, ask).or_raise(py)?;
    Ok(Rule(AttachedCell::new(Some(std::sync::Arc::new(registration)))))
}

/// Adds the functions.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Rule>()?;
    module.add_function(wrap_pyfunction!(_register_torch_dispatch, module)?)
}
