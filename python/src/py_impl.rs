//! Python functions as kernels of one operator while the Python dispatcher is on (P163 to P170).
//!
//! With the dispatcher on, each layer of a call asks the operator's tables here first: a function for exactly the layer's key, one for
//! an alias key that stands for it, or, at `Python`, one for the class of the topmost mode. Else the kernel of Rust runs, and what it
//! redispatches asks again.

use std::sync::Arc;

use keyway::schema::Schema;
use keyway::{
    AliasKey, DispatchKey, GivenArguments, KeySet, ModeStackGuard, Operator, RegistrationKey, Stack,
    capture_modes, current_mode, pop_mode,
};
use pyo3::exceptions::{PyAssertionError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyString, PyType};

use crate::cpython::interpreter;
use crate::exceptions::OrRaise;
use crate::handlers::{Arguments, take_results};
use crate::key_sets::registration_key;
use crate::object::{AttachedCell, object_at};
use crate::overload::{OpOverload, of_operator};
use crate::tensor::type_name;

type Function = Arc<Py<PyAny>>;

/// The functions of one operator.
#[derive(Clone, Default)]
pub(crate) struct Tables {
    kernels: Vec<(RegistrationKey, Function)>,
    modes: Vec<(Arc<Py<PyType>>, Function)>,
}

/// The alias keys that answer for a key, in their order (P174).
const ALIASES: [AliasKey; 4] = [
    AliasKey::CompositeExplicitAutogradNonFunctional,
    AliasKey::CompositeExplicitAutograd,
    AliasKey::CompositeImplicitAutograd,
    AliasKey::Autograd,
];

impl Tables {
    /// The function for a key: its own, or, where no kernel of Rust is registered at the key, that of an alias.
    fn at(&self, operator: &'static Operator, key: DispatchKey) -> Option<Function> {
        let held = |wanted: RegistrationKey| self.kernels.iter().find(|(held, _)| *held == wanted);
        let own = held(key.into());
        let found = own.or_else(|| match operator.has_kernel_at(key) {
            true => None,
            false => {
                let mut aliases = ALIASES.into_iter().filter(|&alias| KeySet::of_alias(alias).contains(key));
                aliases.find_map(|alias| held(alias.into()))
            }
        });
        found.map(|(_, function)| function.clone())
    }
}

/// Runs an operator by its tables: the first of the keys, from the highest down, at which there is a function or a kernel.
pub(crate) fn dispatch(
    py: Python<'_>,
    operator: &'static Operator,
    keys: KeySet,
    stack: &mut Stack,
) -> PyResult<()> {
    let tables = of_operator(py, operator)?.get().tables.get(py);
    let Some(tables) = tables else { return operator.redispatch_boxed(keys, stack).or_raise(py) };
    let mut left = keys;
    while !left.is_empty() {
        let key = left.highest();
        if let Some(function) = tables.at(operator, key) {
            return run(py, operator, &function, None, stack);
        }
        match key {
            DispatchKey::Python if offered_to_mode(py, operator, &tables, stack)? => return Ok(()),
            // What it does is of use to handlers, which the layers below open themselves.
            DispatchKey::PythonTLSSnapshot if !tables.modes.is_empty() => {}
            // The interpreter's own layers: what their handlers call asks the dispatcher again.
            DispatchKey::Python | DispatchKey::PythonTLSSnapshot | DispatchKey::PreDispatch => {
                return operator.redispatch_boxed(left, stack).or_raise(py);
            }
            _ => match operator.computed_kernel(key) {
                Ok(kernel) if kernel.is_fallthrough() => {}
                Ok(kernel) => {
                    let keys = left.with(DispatchKey::PythonDispatcher);
                    return kernel.call_boxed(keys, stack).or_raise(py);
                }
                Err(_) => break,
            },
        }
        left = left & KeySet::after(key).without(DispatchKey::PythonDispatcher);
    }
    operator.redispatch_boxed(keys, stack).or_raise(py)
}

/// Calls the function for the topmost mode's class, if there is one, with that mode off (P170).
fn offered_to_mode(
    py: Python<'_>,
    operator: &'static Operator,
    tables: &Tables,
    stack: &mut Stack,
) -> PyResult<bool> {
    let Some(mode) = current_mode() else { return Ok(false) };
    let Some(object) = mode.as_foreign() else { return Ok(false) };
    let object = object_at(py, object.address(interpreter()).or_raise(py)?);
    let class = object.get_type();
    let Some((_, function)) = tables.modes.iter().find(|(held, _)| held.bind(py).is(&class)) else {
        return Ok(false);
    };
    let _restored = ModeStackGuard::install(capture_modes());
    pop_mode().or_raise(py)?;
    run(py, operator, function, Some(object), stack)?;
    Ok(true)
}

fn run(
    py: Python<'_>,
    operator: &'static Operator,
    function: &Py<PyAny>,
    first: Option<Bound<'_, PyAny>>,
    stack: &mut Stack,
) -> PyResult<()> {
    let count = operator.schema().map_or(0, |schema: &Schema| schema.arguments.len());
    let base = stack.base_of(count).or_raise(py)?;
    let mut arguments = Arguments::of(py, &GivenArguments::split(operator, &stack[base..]))?;
    if let Some(first) = first {
        arguments.put_first(first);
    }
    let result = arguments.call(function.bind(py))?;
    take_results(&result, operator, "Python dispatcher", stack, base)
}

/// Registers a function in the tables of an operator.
///
/// # Errors
/// `AssertionError` for a class that has one, for the key `Python` and for what is neither key nor class; `RuntimeError` for a key that has
/// one (P168).
fn register(
    overload: &Bound<'_, OpOverload>,
    at: &Bound<'_, PyAny>,
    function: Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = overload.py();
    let this = overload.get();
    let mut tables = this.tables.get(py).map(|tables| (*tables).clone()).unwrap_or_default();
    let function = Arc::new(function.unbind());
    if let Ok(class) = at.cast::<PyType>() {
        if tables.modes.iter().any(|(held, _)| held.bind(py).is(class)) {
            let message = format!("{} has a python impl for {} already", this.operator, class.name()?);
            return Err(PyAssertionError::new_err(message));
        }
        tables.modes.push((Arc::new(class.clone().unbind()), function));
    } else if let Ok(name) = at.cast::<PyString>() {
        let key = registration_key(py, &name.to_cow()?)?;
        if key == RegistrationKey::from(DispatchKey::Python) {
            let message = "Please register a mode for the DispatchKey.Python key instead.";
            return Err(PyAssertionError::new_err(message));
        }
        if tables.kernels.iter().any(|(held, _)| *held == key) {
            let message = format!("Trying to override a python impl for {key} on operator {}", this.operator);
            return Err(PyRuntimeError::new_err(message));
        }
        tables.kernels.push((key, function));
    } else {
        return Err(PyAssertionError::new_err(format!("expected DispatchKey, got {}", type_name(at))));
    }
    this.tables.replace(py, Some(Arc::new(tables)));
    Ok(())
}

#[pymethods]
impl OpOverload {
    /// A decorator: what runs at a key (its name), or for a class of modes, while `enable_python_dispatcher()` is on. A function for a key
    /// is called as `(*args, **kwargs)`, one for a class with the mode first, which is off meanwhile.
    fn py_impl<'py>(
        slf: &Bound<'py, Self>,
        key_or_class: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyCFunction>> {
        let (overload, at) = (slf.clone().unbind(), key_or_class.clone().unbind());
        PyCFunction::new_closure(slf.py(), None, None, move |args, _| -> PyResult<Py<PyAny>> {
            let function = args.get_item(0)?;
            register(overload.bind(args.py()), at.bind(args.py()), function.clone())?;
            Ok(function.unbind())
        })
    }
}

/// The tables of an operator, none while they are empty.
pub(crate) type TablesCell = AttachedCell<Option<Arc<Tables>>>;
