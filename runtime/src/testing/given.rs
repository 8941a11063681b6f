//! Arguments that a crate gives for its own operators, where trying would not find any: a convolution's sizes have to fit
//! each other in more ways than a list of candidates has room for.

use keyway_schema::{Schema, SchemaKind};

use crate::dtype::{DType, Element};
use crate::operator::Operator;
use crate::testing::{functional_form, samples};
use crate::value::Value;

/// Arguments for one operator; [`operator_samples!`](crate::operator_samples) makes them known.
#[derive(Debug)]
pub struct GivenSamples {
    /// The operator, `NAMESPACE::NAME.OVERLOAD`.
    pub operator: &'static str,
    /// Makes the arguments of some calls, each in the schema's order; trailing ones with defaults may be missing.
    pub make: fn() -> Vec<Vec<Value>>,
}

inventory::collect!(GivenSamples);

/// A `float32` tensor of positive and negative numbers, all different and none zero.
pub fn floats(sizes: &[i64]) -> Value {
    samples::float(sizes).into()
}

/// A host tensor of elements.
///
/// # Panics
/// If there are not as many as the sizes need.
pub fn elements<T: Element>(elements: &[T], sizes: &[i64]) -> Value {
    samples::made(crate::Tensor::from_slice(elements, sizes)).into()
}

/// The arguments given for an operator. An in-place or out form without its own takes those of its functional form.
pub(super) fn of(operator: &'static Operator, schema: &Schema) -> Vec<Vec<Value>> {
    if let Some(given) = named(operator.name()) {
        return given.into_iter().filter_map(|arguments| completed(schema, arguments)).collect();
    }
    if !matches!(schema.kind(), SchemaKind::Inplace | SchemaKind::Out) {
        return Vec::new();
    }
    let functional = functional_form(schema);
    let given = functional.and_then(|functional| Some((functional.schema()?, named(functional.name())?)));
    let Some((functional, given)) = given else { return Vec::new() };
    let outs = schema.arguments.iter().filter(|argument| argument.is_out).count();
    let with_outs = |arguments: Vec<Value>| {
        let arguments = completed(functional, arguments)?;
        let own = |choice: usize| -> Option<Vec<Value>> {
            let mut dtypes = dtypes_of(choice);
            let value = |argument: &keyway_schema::Argument| match argument.is_out {
                true => Some(samples::zeros(&[0], dtypes.next()?)),
                false => {
                    let at = functional.arguments.iter().position(|other| other.name == argument.name)?;
                    arguments.get(at).cloned()
                }
            };
            schema.arguments.iter().map(value).collect()
        };
        Some((0..OUT_DTYPES.len().pow(outs as u32)).filter_map(own).collect::<Vec<_>>())
    };
    given.into_iter().filter_map(with_outs).flatten().collect()
}

/// What out arguments may be.
const OUT_DTYPES: [DType; 7] =
    [DType::Float32, DType::Int64, DType::Bool, DType::UInt8, DType::Float64, DType::Int32, DType::Complex64];

/// One choice of dtypes for any number of out arguments.
fn dtypes_of(choice: usize) -> impl Iterator<Item = DType> {
    let digits = std::iter::successors(Some(choice), |rest| Some(rest / OUT_DTYPES.len()));
    digits.map(|rest| OUT_DTYPES[rest % OUT_DTYPES.len()])
}

fn named(operator: &str) -> Option<Vec<Vec<Value>>> {
    let mut found = inventory::iter::<GivenSamples>().filter(|given| given.operator == operator).peekable();
    found.peek()?;
    Some(found.flat_map(|given| (given.make)()).collect())
}

/// The arguments with those that were left out, nothing if one of them has no default.
fn completed(schema: &Schema, mut arguments: Vec<Value>) -> Option<Vec<Value>> {
    for argument in schema.arguments.iter().skip(arguments.len()) {
        arguments.push(crate::inputs::default_value(argument)?);
    }
    Some(arguments)
}
