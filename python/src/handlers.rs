//! How a call is put to Python code, and how its results are taken back (P90 to P112, P196).

use keyway::schema::{BaseType, Type};
use keyway::{Answer, Call, GivenArguments, Handler, Kernel, KeySet, Operator, Stack, Tensor, Value};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use smallvec::SmallVec;

use crate::cpython::{attached, interpreter};
use crate::exceptions::OrRaise;
use crate::key_sets::PyKeySet;
use crate::object::object_at;
use crate::overload;
use crate::parked;
use crate::tensor::{PyTensor, tensor_of, type_name, wrap};
use crate::values::{Refusal, from_python, to_python};

/// Offers a call to a mode or to the class of a tensor.
pub(crate) fn offer(py: Python<'_>, handler: Handler<'_>, call: &mut Call<'_>) -> PyResult<Answer> {
    let object = match handler {
        Handler::Mode(mode) => object_at(py, mode.address(interpreter()).or_raise(py)?),
        Handler::Subclass(tensor) => wrap(py, tensor.clone())?,
    };
    let func = overload::of_operator(py, call.operator())?;
    let (args, kwargs) = Arguments::of(py, &call.given_arguments())?.into_objects(py)?;
    let types = types(py, call)?;
    let name = intern!(py, "__torch_dispatch__");
    let result = object.call_method1(name, (func, types, args, kwargs))?;
    take_answer(py, result, call)
}

/// Puts a call to a rule: `rule(mode, func, types, args, kwargs)`, or the class instead of the mode (P70).
pub(crate) fn offer_to_rule(
    py: Python<'_>,
    rule: &Py<PyAny>,
    class: &Py<PyAny>,
    call: &mut Call<'_>,
) -> PyResult<Answer> {
    let speaks_for = match call.mode() {
        Some(mode) => object_at(py, mode.address(interpreter()).or_raise(py)?),
        None => class.bind(py).clone(),
    };
    let func = overload::of_operator(py, call.operator())?;
    let (args, kwargs) = Arguments::of(py, &call.given_arguments())?.into_objects(py)?;
    let types = types(py, call)?;
    let result = rule.bind(py).call1((speaks_for, func, types, args, kwargs))?;
    take_answer(py, result, call)
}

/// The classes among the arguments (P93). Classes of Rust show as `Tensor`.
fn types<'py>(py: Python<'py>, call: &Call<'_>) -> PyResult<Bound<'py, PyTuple>> {
    let mut types = call.types().peekable();
    if types.peek().is_none() {
        return Ok(PyTuple::empty(py));
    }
    let own = interpreter();
    let objects = types.map(|ty| match ty.as_foreign() {
        Some((interpreter, address)) if interpreter == own => object_at(py, address),
        _ => py.get_type::<PyTensor>().into_any(),
    });
    PyTuple::new(py, objects.collect::<SmallVec<[_; 4]>>())
}

/// Arguments as Python has them: without those that equal their defaults (P99).
pub(crate) struct Arguments<'py> {
    positional: SmallVec<[Bound<'py, PyAny>; 4]>,
    named: Option<Bound<'py, PyDict>>,
}

impl<'py> Arguments<'py> {
    pub(crate) fn of(py: Python<'py>, given: &GivenArguments<'_>) -> PyResult<Arguments<'py>> {
        let mut positional = SmallVec::new();
        for value in given.positional {
            positional.push(to_python(py, value)?);
        }
        if given.named.is_empty() {
            return Ok(Arguments { positional, named: None });
        }
        let named = PyDict::new(py);
        for (name, value) in &given.named {
            named.set_item(*name, to_python(py, value)?)?;
        }
        Ok(Arguments { positional, named: Some(named) })
    }

    /// Puts an argument before the others.
    pub(crate) fn put_first(&mut self, object: Bound<'py, PyAny>) {
        self.positional.insert(0, object);
    }

    /// A tuple and a dictionary, as handlers take them.
    fn into_objects(self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let positional = PyTuple::new(py, self.positional)?;
        Ok((positional, self.named.unwrap_or_else(|| PyDict::new(py))))
    }

    /// Calls a function with them; a few need no tuple.
    pub(crate) fn call(self, function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let named = self.named.as_ref();
        match &self.positional[..] {
            [a] => function.call((a,), named),
            [a, b] => function.call((a, b), named),
            [a, b, c] => function.call((a, b, c), named),
            any => function.call(PyTuple::new(function.py(), any)?, named),
        }
    }
}

fn take_answer(py: Python<'_>, result: Bound<'_, PyAny>, call: &mut Call<'_>) -> PyResult<Answer> {
    if result.is(py.NotImplemented()) {
        return Ok(Answer::Declined);
    }
    let operator = call.operator();
    let (stack, base) = call.stack_for_results();
    take_results(&result, operator, "__torch_dispatch__", stack, base)?;
    parked::park(result);
    Ok(Answer::Done)
}

/// Puts what Python code returned in place of the arguments, checked by the schema (P106 to P110, better than P107).
pub(crate) fn take_results(
    result: &Bound<'_, PyAny>,
    operator: &'static Operator,
    by: &str,
    stack: &mut Stack,
    base: usize,
) -> PyResult<()> {
    let Some(schema) = operator.schema() else {
        return Err(PyRuntimeError::new_err(format!("{operator}: its definition is gone")));
    };
    match &schema.returns[..] {
        [] if result.is_none() => stack.truncate(base),
        [] => {
            return Err(PyRuntimeError::new_err(format!(
                "Expected {by} for {operator} to return None but it returned something else instead."
            )));
        }
        [one] => {
            let value = result_of(result, &one.ty, operator)?;
            stack.truncate(base);
            stack.push(value);
        }
        several => {
            let items = sequence(result, operator)?;
            if items.len() != several.len() {
                return Err(PyRuntimeError::new_err(format!(
                    "{operator}: {by} returned {} results, the schema has {}",
                    items.len(),
                    several.len()
                )));
            }
            let values = items.iter().zip(several).map(|(item, one)| result_of(&item, &one.ty, operator));
            let values = values.collect::<PyResult<Vec<Value>>>()?;
            stack.truncate(base);
            values.into_iter().for_each(|value| stack.push(value));
        }
    }
    Ok(())
}

/// The items of a list or tuple; a tensor does not count as one (P108).
fn sequence<'py>(result: &Bound<'py, PyAny>, operator: &Operator) -> PyResult<Bound<'py, PyTuple>> {
    if let Ok(tuple) = result.cast::<PyTuple>() {
        return Ok(tuple.clone());
    }
    if let Ok(list) = result.cast::<PyList>() {
        return Ok(list.to_tuple());
    }
    let kind = type_name(result);
    Err(PyTypeError::new_err(format!("{operator}: Object of type '{kind}' is not an instance of 'sequence'")))
}

fn result_of(result: &Bound<'_, PyAny>, ty: &Type, operator: &Operator) -> PyResult<Value> {
    // A generator of tensors is as good as a list (P110).
    let listed = match ty {
        Type::List(..) if result.hasattr(intern!(result.py(), "__next__"))? => {
            Some(result.py().get_type::<PyList>().call1((result,))?)
        }
        _ => None,
    };
    let result = listed.as_ref().unwrap_or(result);
    match from_python(result, ty) {
        Ok(value) => Ok(value),
        Err(Refusal::Raised(error)) => Err(error),
        // As a tensor that is not defined; callers in Rust that need one are told so.
        Err(Refusal::Kind) if *ty == Type::Base(BaseType::Tensor) && result.is_none() => Ok(Value::None),
        Err(Refusal::Kind) if *ty == Type::Base(BaseType::Bool) && result.is_none() => Ok(Value::Bool(false)),
        Err(Refusal::Kind) if *ty == Type::Base(BaseType::Bool) => Ok(Value::Bool(result.is_truthy()?)),
        Err(Refusal::Kind) => {
            let shown = result.repr().map_or_else(|_| type_name(result), |text| text.to_string());
            let shown: String = shown.chars().take(80).collect();
            Err(PyRuntimeError::new_err(format!("{operator}: Unable to cast {shown} to {ty}")))
        }
    }
}

/// How a Python function is called as a kernel.
#[derive(Clone, Default)]
pub(crate) struct Calling {
    /// With the key set of the call first.
    pub(crate) with_keyset: bool,
    /// With the operator before the arguments.
    pub(crate) with_operator: bool,
    /// The function's module, for one whose results may share no memory with its arguments or each other.
    pub(crate) module: Option<String>,
}

/// A Python function as a kernel: called as `([keyset,] [operator,] *args, **kwargs)` (P197).
pub(crate) fn kernel(function: Py<PyAny>, how: Calling) -> Kernel {
    Kernel::closure(move |operator, keys, stack| {
        attached(|py| run_kernel(py, &function, &how, operator, keys, stack))
            .map_err(|error| error.in_operator(operator.name()))
    })
    .named("Python function")
}

fn run_kernel(
    py: Python<'_>,
    function: &Py<PyAny>,
    how: &Calling,
    operator: &'static Operator,
    keys: KeySet,
    stack: &mut Stack,
) -> PyResult<()> {
    let count = operator.schema().map_or(0, |schema| schema.arguments.len());
    let base = stack.base_of(count).or_raise(py)?;
    let mut arguments = Arguments::of(py, &GivenArguments::split(operator, &stack[base..]))?;
    if how.with_operator {
        arguments.put_first(overload::of_operator(py, operator)?.into_any());
    }
    if how.with_keyset {
        arguments.put_first(Bound::new(py, PyKeySet(keys))?.into_any());
    }
    let result = arguments.call(function.bind(py))?;
    if let Some(module) = &how.module {
        check_aliases(operator, module, &stack[base..], &result)?;
    }
    take_results(&result, operator, "PythonKernelHolder", stack, base)?;
    parked::park(result);
    Ok(())
}

/// Holds a custom operator to the rule that its results share no memory with its arguments or with each other (P191).
fn check_aliases(
    operator: &Operator,
    module: &str,
    arguments: &[Value],
    result: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let mut results = SmallVec::<[Tensor; 2]>::new();
    add_tensors(result, &mut results)?;
    for (at, output) in results.iter().enumerate() {
        let is_shared = |other: &Tensor| other.shares_storage(output);
        if results[..at].iter().any(is_shared) || arguments.iter().flat_map(Value::tensors).any(is_shared) {
            return Err(PyRuntimeError::new_err(format!(
                "{operator} (with implementation in {module}): The output of this custom operator (1) must not also be an \
                 input to this custom operator and (2) may not alias any inputs to this custom operator or other returns. \
                 Clone it."
            )));
        }
    }
    Ok(())
}

/// The tensors of an object, in lists and tuples too.
fn add_tensors(object: &Bound<'_, PyAny>, found: &mut SmallVec<[Tensor; 2]>) -> PyResult<()> {
    if let Some(tensor) = tensor_of(object) {
        found.push(tensor);
    } else if object.is_instance_of::<PyTuple>() || object.is_instance_of::<PyList>() {
        for item in object.try_iter()? {
            add_tensors(&item?, found)?;
        }
    }
    Ok(())
}
