//! What every operator must satisfy, whatever it computes: the checks behind generated operator tests.
//!
//! The generator writes one test for each operator of a list; it hands over the operator with its typed calls, and
//! [`check_operator`] does the rest by the schema alone: finds arguments the operator accepts, and compares the ways of
//! calling it, its in-place and out forms with the functional one, and `Meta` with the host. Like a test, it panics
//! where an operator does not hold what its schema promises. No operator is known here.

mod comparison;
mod given;
mod samples;

use keyway_schema::{Argument, Schema, SchemaKind};

use crate::error::{Error, ErrorKind, Result};
use crate::key::RegistrationKey;
use crate::key_set::KeySet;
use crate::local::local_key_sets;
use crate::operator::Operator;
use crate::registry;
use crate::stack::Stack;
use crate::tensor::Tensor;
use crate::value::Value;
use comparison::{assert_same_layout, assert_same_values};
pub use given::{GivenSamples, elements, floats};
use samples::{copied, find_samples, on_meta, wrong_value};

/// A typed call in terms of values.
pub type TypedCall<'f> = &'f dyn Fn(&[Value]) -> Result<Vec<Value>>;
/// A typed redispatch in terms of values.
pub type TypedRedispatch<'f> = &'f dyn Fn(KeySet, &[Value]) -> Result<Vec<Value>>;

/// The argument at a position, for the typed calls that generated tests make.
///
/// # Errors
/// `WrongValueKind` if the value is of another kind.
pub fn argument<'a, A: crate::Argument<'a>>(values: &'a [Value], position: usize) -> Result<A> {
    A::from_value(&values[position]).ok_or_else(|| {
        Error::new(ErrorKind::WrongValueKind, format!("the value at {position} is of another kind"))
    })
}

/// Typed results as values.
pub fn values<R: crate::Returns>(results: R) -> Vec<Value> {
    let mut stack = Stack::new();
    results.push(&mut stack);
    stack.drain_from(0).collect()
}

/// Checks one operator:
///
/// - its schema prints back to the text it is parsed from;
/// - it has a kernel at each key that its entry promises;
/// - its typed call, its boxed call and its redispatch give the same results for the same arguments; of an operator that draws
///   from a generator (tag `nondeterministic_seeded`), the same sizes, strides and dtypes;
/// - an in-place or out form gives what the functional form gives, and gives back its own argument;
/// - on `Meta` it gives the sizes, strides and dtype that it gives on the host;
/// - a boxed call with a value of the wrong kind is an error that names the argument.
///
/// # Panics
/// If one of these does not hold, or if no arguments are found that the operator accepts.
pub fn check_operator(
    operator: &'static Operator,
    promised: &[&str],
    call: TypedCall<'_>,
    redispatch: TypedRedispatch<'_>,
) {
    let schema = operator.schema().unwrap_or_else(|| panic!("{operator} has no schema"));
    check_schema(operator, schema);
    for key in promised {
        let key: RegistrationKey = key.parse().unwrap_or_else(|e| panic!("{e}"));
        assert!(
            operator.has_kernel_at(key),
            "{operator}: its entry promises a kernel at {key}, none is registered"
        );
    }
    let samples = find_samples(operator, schema);
    assert!(
        !samples.is_empty(),
        "{operator}: none of the tried arguments was accepted; the last answer was: {}",
        samples.last_error
    );
    for sample in &samples.arguments {
        check_calls_agree(operator, schema, sample, call, redispatch);
        check_meta(operator, schema, sample);
    }
    check_against_functional(operator, schema, &samples.arguments);
    check_wrong_kinds(operator, schema, &samples.arguments[0]);
}

/// Arguments that an operator accepts, found by trying: some that are far apart. Empty if none was found or if it has no schema.
pub fn sample_arguments(operator: &'static Operator) -> Vec<Vec<Value>> {
    let samples = operator.schema().map(|schema| find_samples(operator, schema));
    samples.map(|samples| samples.arguments).unwrap_or_default()
}

/// The same arguments with tensors of their own, for a call that writes to them.
pub fn copied_arguments(arguments: &[Value]) -> Vec<Value> {
    copied(arguments)
}

fn check_schema(operator: &Operator, schema: &Schema) {
    let text = operator.generated_schema().map_or_else(|| schema.to_string(), str::to_owned);
    assert_eq!(schema.to_string(), text, "{operator}: the schema does not print back");
    assert_eq!(schema.name.to_string(), operator.name(), "the schema is of another operator");
}

/// Calls it boxed.
pub(crate) fn call_boxed(operator: &'static Operator, arguments: &[Value]) -> Result<Vec<Value>> {
    let mut stack: Stack = arguments.iter().cloned().collect();
    operator.call_boxed(&mut stack)?;
    Ok(stack.drain_from(0).collect())
}

fn check_calls_agree(
    operator: &'static Operator,
    schema: &Schema,
    sample: &[Value],
    call: TypedCall<'_>,
    redispatch: TypedRedispatch<'_>,
) {
    let [for_call, for_boxed, for_redispatch] = [copied(sample), copied(sample), copied(sample)];
    let keys = sample.iter().flat_map(Value::tensors).fold(KeySet::EMPTY, |keys, t| keys | t.key_set());
    let typed = call(&for_call).unwrap_or_else(|e| panic!("typed call: {e}"));
    let boxed = call_boxed(operator, &for_boxed).unwrap_or_else(|e| panic!("boxed call: {e}"));
    let passed_on = redispatch(local_key_sets().apply(keys), &for_redispatch)
        .unwrap_or_else(|e| panic!("redispatch: {e}"));
    let assert_same = if draws_numbers(operator) { assert_same_layout } else { assert_same_values };
    assert_same(&format!("{operator}: typed and boxed call"), &typed, &boxed);
    assert_same(&format!("{operator}: typed call and redispatch"), &typed, &passed_on);
    assert_same(&format!("{operator}: arguments after typed and boxed call"), &for_call, &for_boxed);
    for (ret, (typed, boxed)) in schema.returns.iter().zip(typed.iter().zip(&boxed)) {
        let Some(position) = written_argument(schema, ret) else { continue };
        for (result, arguments) in [(typed, &for_call), (boxed, &for_boxed)] {
            let same =
                result.as_tensor().zip(arguments[position].as_tensor()).is_some_and(|(a, b)| a.is_same(b));
            assert!(same, "{operator}: the result is not the argument `{}`", schema.arguments[position].name);
        }
    }
}

/// Whether its results are numbers that a generator makes, other ones at each call.
fn draws_numbers(operator: &'static Operator) -> bool {
    operator.has_tag("nondeterministic_seeded")
}

fn written_argument(schema: &Schema, ret: &keyway_schema::Return) -> Option<usize> {
    let alias = ret.alias.as_ref().filter(|alias| alias.is_write)?;
    let is_it = |a: &Argument| a.alias.as_ref().is_some_and(|own| own.is_write && own.before == alias.before);
    schema.arguments.iter().position(is_it)
}

/// The functional form beside an in-place or out form: same base name, and every argument that is not an out argument under
/// the same name and type; what it takes besides must have defaults.
pub fn functional_form(schema: &Schema) -> Option<&'static Operator> {
    let base = schema.name.name.strip_suffix('_').unwrap_or(&schema.name.name);
    let candidates = registry::operators().into_iter().filter_map(|operator| {
        let other = operator.schema()?;
        let fits = other.name.name == base
            && other.name.namespace == schema.name.namespace
            && other.kind() == SchemaKind::Functional
            && schema
                .arguments
                .iter()
                .filter(|a| !a.is_out)
                .all(|a| other.argument(&a.name).is_some_and(|b| b.ty == a.ty))
            && other.arguments.iter().all(|b| b.default.is_some() || schema.argument(&b.name).is_some());
        fits.then_some((other.arguments.len(), operator))
    });
    candidates.min_by_key(|(arguments, _)| *arguments).map(|(_, operator)| operator)
}

/// An out form may take what the functional form refuses (the dtype of its result from `out`, say), so not every sample
/// can be compared; one must be.
fn check_against_functional(operator: &'static Operator, schema: &Schema, samples: &[Vec<Value>]) {
    if !matches!(schema.kind(), SchemaKind::Inplace | SchemaKind::Out) || draws_numbers(operator) {
        return;
    }
    let Some(functional) = functional_form(schema) else { return };
    let compared = samples.iter().filter(|sample| agrees_with(functional, operator, schema, sample)).count();
    assert!(compared > 0, "{operator}: its functional form {functional} accepts none of its samples");
}

/// Compares one sample; `false` if the functional form does not accept it.
fn agrees_with(
    functional: &'static Operator,
    operator: &'static Operator,
    schema: &Schema,
    sample: &[Value],
) -> bool {
    // Without a dtype asked for, the result of an out form has that of its argument.
    let written = schema.arguments.iter().zip(sample).find(|(a, _)| a.is_out);
    let dtype = written.and_then(|(_, v)| v.as_tensor()).map(Tensor::dtype);
    let asked = |a: &Argument, v: Value| match (v, dtype) {
        (Value::None, Some(dtype)) if a.name == "dtype" => Value::DType(dtype),
        (v, _) => v,
    };
    let named = schema
        .arguments
        .iter()
        .zip(copied(sample))
        .filter(|(a, _)| !a.is_out)
        .map(|(a, v)| (a.name.as_str(), asked(a, v)));
    let mut stack = functional.inputs([], named).unwrap_or_else(|e| panic!("{operator}: {e}"));
    if functional.call_boxed(&mut stack).is_err() {
        return false;
    }
    let expected: Vec<Value> = stack.drain_from(0).collect();
    let own = call_boxed(operator, &copied(sample)).unwrap_or_else(|e| panic!("{e}"));
    comparison::assert_equal_numbers(&format!("{operator} and {functional}"), &own, &expected);
    true
}

fn check_meta(operator: &'static Operator, schema: &Schema, sample: &[Value]) {
    if operator.needs_data() || !schema.returns.iter().any(|ret| ret.ty.is_tensor_like()) {
        return;
    }
    let on_host = call_boxed(operator, &copied(sample)).unwrap_or_else(|e| panic!("{e}"));
    let on_meta = match on_meta(schema, sample) {
        Some(arguments) => call_boxed(operator, &arguments),
        None => return,
    };
    let on_meta = match on_meta {
        Err(error) if fails_for_want_of_data(&error) => return,
        on_meta => on_meta.unwrap_or_else(|e| panic!("on Meta: {e}")),
    };
    assert_same_layout(&format!("{operator}: on the host and on Meta"), &on_host, &on_meta);
}

/// Whether a call on `Meta` failed because an operator called on the way needs data, as an error says that begins with its
/// name.
pub fn fails_for_want_of_data(error: &Error) -> bool {
    let text = error.to_string();
    let is_named = |operator: &&'static Operator| {
        text.strip_prefix(operator.name()).is_some_and(|rest| rest.starts_with(':')) && operator.needs_data()
    };
    registry::operators().iter().any(is_named)
}

fn check_wrong_kinds(operator: &'static Operator, schema: &Schema, sample: &[Value]) {
    for (position, argument) in schema.arguments.iter().enumerate() {
        let Some(wrong) = wrong_value(&argument.ty) else { continue };
        let mut arguments = copied(sample);
        arguments[position] = wrong;
        let error = call_boxed(operator, &arguments).expect_err("a wrong kind must be refused");
        assert_eq!(error.kind(), ErrorKind::WrongValueKind, "{error}");
        assert!(error.to_string().contains(&format!("`{}`", argument.name)), "{error}");
    }
    let mut short: Stack = sample.iter().skip(1).cloned().collect();
    if !sample.is_empty() {
        let error = operator.call_boxed(&mut short).expect_err("a short stack must be refused");
        assert_eq!(error.kind(), ErrorKind::StackTooShort, "{error}");
    }
}

/// For samples and comparisons.
fn deep_copy(tensor: &Tensor) -> Result<Tensor> {
    if let Some(quantizer) = tensor.quantizer() {
        let integers = deep_copy(&tensor.integers()?)?;
        let (storage, geometry) = (integers.storage().clone(), integers.geometry().clone());
        return Tensor::quantized(storage, tensor.dtype(), tensor.device(), geometry, quantizer.clone());
    }
    let copy = Tensor::zeros(tensor.sizes(), tensor.dtype(), tensor.device())?;
    crate::with_element!(tensor.dtype(), T => {
        let elements = tensor.to_vec::<T>()?;
        copy.storage().write()?.elements::<T>()?[..elements.len()].copy_from_slice(&elements);
        Ok(copy)
    })
}
