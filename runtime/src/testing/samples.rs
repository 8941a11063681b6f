//! Arguments an operator accepts: those a crate gives, or found by trying.

use keyway_schema::{Argument, BaseType, Schema, Type};

use crate::device::{Device, MemoryFormat};
use crate::dtype::DType;
use crate::error::Result;
use crate::inputs::default_value;
use crate::operator::Operator;
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::testing::{call_boxed, deep_copy, given};
use crate::value::{List, Value, accepted_tags};

/// How many calls are tried at most.
const TRIES: usize = 20_000;
/// How many accepted sets of arguments are kept.
const KEPT: usize = 4;

pub(super) struct Samples {
    pub(super) arguments: Vec<Vec<Value>>,
    pub(super) last_error: String,
}

impl Samples {
    pub(super) fn is_empty(&self) -> bool {
        self.arguments.is_empty()
    }
}

/// The given arguments that are accepted. Without any, tries the product of the candidates of each argument, the first
/// argument varying slowest, and takes the first accepted one and then some far apart.
pub(super) fn find_samples(operator: &'static Operator, schema: &Schema) -> Samples {
    let given = given::of(operator, schema);
    if !given.is_empty() {
        return accepted(operator, given);
    }
    let candidates: Vec<Vec<Value>> = schema.arguments.iter().map(candidates).collect();
    let mut found = Samples { arguments: Vec::new(), last_error: "nothing was tried".to_owned() };
    let total: usize = candidates.iter().map(Vec::len).product();
    let mut at = 0;
    for _ in 0..TRIES {
        if at >= total || found.arguments.len() == KEPT {
            break;
        }
        let arguments = nth(&candidates, at);
        match call_boxed(operator, &copied(&arguments)) {
            Ok(_) => {
                found.arguments.push(arguments);
                // On to another first argument or at least another part of the product.
                at += (total / KEPT).max(1);
            }
            Err(error) => {
                found.last_error = error.to_string();
                at += 1;
            }
        }
    }
    found
}

/// Those of the given arguments that the operator accepts.
fn accepted(operator: &'static Operator, given: Vec<Vec<Value>>) -> Samples {
    let mut found = Samples { arguments: Vec::new(), last_error: "nothing was given".to_owned() };
    for arguments in given {
        match call_boxed(operator, &copied(&arguments)) {
            Ok(_) => found.arguments.push(arguments),
            Err(error) => found.last_error = error.to_string(),
        }
    }
    found
}

/// The `n`th element of the product.
fn nth(candidates: &[Vec<Value>], mut n: usize) -> Vec<Value> {
    let mut arguments = vec![Value::None; candidates.len()];
    for (argument, candidates) in arguments.iter_mut().zip(candidates).rev() {
        *argument = candidates[n % candidates.len()].clone();
        n /= candidates.len();
    }
    arguments
}

fn candidates(argument: &Argument) -> Vec<Value> {
    if argument.is_out {
        return [DType::Float32, DType::Int64, DType::Bool].map(|dtype| zeros(&[0], dtype)).to_vec();
    }
    let mut candidates = of_type(&argument.ty);
    if let Some(word @ Value::Str(_)) = default_value(argument) {
        // Which words an operator knows is its own affair; its default is one of them.
        candidates.insert(0, word);
    }
    candidates
}

fn of_type(ty: &Type) -> Vec<Value> {
    match ty {
        Type::Base(base) => of_base(*base),
        Type::Optional(inner) => match **inner {
            Type::Base(BaseType::Scalar | BaseType::Int | BaseType::SymInt) | Type::List(..) => {
                of_type(inner).into_iter().chain([Value::None]).collect()
            }
            Type::Base(BaseType::Tensor) => vec![Value::None, float(&[2, 3]).into(), float(&[3]).into()],
            _ => vec![Value::None],
        },
        Type::List(element, _) => match **element {
            Type::Base(BaseType::Tensor) => {
                vec![vec![float(&[2, 3]), float(&[2, 3])].into(), vec![float(&[3]), float(&[3])].into()]
            }
            Type::Base(BaseType::Int | BaseType::SymInt) => {
                let lists: [&[i64]; 6] = [&[0], &[1, 0], &[2, 3], &[3, 2], &[3, 3], &[6]];
                lists.map(Value::from).to_vec()
            }
            Type::Base(BaseType::Float) => vec![vec![0.5, 1.0].into()],
            Type::Base(BaseType::Bool) => vec![vec![true, false].into()],
            Type::Optional(_) => {
                vec![vec![Some(index(&[2]))].into(), vec![Some(float(&[2, 3])), None].into()]
            }
            _ => vec![Value::None],
        },
        Type::Class { .. } => vec![Value::None],
    }
}

fn of_base(base: BaseType) -> Vec<Value> {
    match base {
        BaseType::Tensor => {
            let floats: [&[i64]; 4] = [&[2, 3], &[3, 3], &[3], &[2, 3, 3]];
            let mut tensors: Vec<Value> = floats.map(|sizes| float(sizes).into()).to_vec();
            tensors.extend(
                [index(&[3]), index(&[3, 3]), mask(&[2, 3]), float(&[1]), float(&[6])].map(Value::from),
            );
            tensors.extend([float(&[]), index(&[]), float(&[3, 2]), complex()].map(Value::from));
            tensors
        }
        BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex => [1, 0, 2].map(Value::Int).to_vec(),
        BaseType::Float => vec![Value::Float(0.5)],
        BaseType::Bool | BaseType::SymBool => [false, true].map(Value::Bool).to_vec(),
        BaseType::Str => ["floor", "none", "ij", "sum"].map(Value::from).to_vec(),
        BaseType::Scalar => vec![Scalar::Int(2).into(), Scalar::Float(1.5).into()],
        BaseType::ScalarType => vec![Value::DType(DType::Float32)],
        BaseType::Device => vec![Value::Device(Device::CPU)],
        BaseType::MemoryFormat => vec![Value::MemoryFormat(MemoryFormat::Contiguous)],
        _ => vec![Value::None],
    }
}

/// Positive and negative numbers, all different, none zero.
pub(super) fn float(sizes: &[i64]) -> Tensor {
    let numel: i64 = sizes.iter().product();
    let elements: Vec<f32> =
        (0..numel).map(|i| (((i * 7) % numel.max(1)) as f32 - numel as f32 / 3.0) * 0.5 + 0.25).collect();
    made(Tensor::from_slice(&elements, sizes))
}

fn index(sizes: &[i64]) -> Tensor {
    let numel: i64 = sizes.iter().product();
    made(Tensor::from_slice(&(0..numel).map(|i| (i * 2) % 3).collect::<Vec<i64>>(), sizes))
}

fn complex() -> Tensor {
    made(Tensor::from_slice(
        &[num_complex::Complex::new(0.5f32, -1.0), num_complex::Complex::new(2.0, 0.25)],
        &[2],
    ))
}

fn mask(sizes: &[i64]) -> Tensor {
    let numel: i64 = sizes.iter().product();
    made(Tensor::from_slice(&(0..numel).map(|i| i % 3 == 0).collect::<Vec<bool>>(), sizes))
}

pub(super) fn zeros(sizes: &[i64], dtype: DType) -> Value {
    made(Tensor::zeros(sizes, dtype, Device::CPU)).into()
}

pub(super) fn made(tensor: Result<Tensor>) -> Tensor {
    tensor.unwrap_or_else(|e| panic!("a sample tensor cannot be made: {e}"))
}

/// The values with tensors of their own, so that a call that writes does not disturb the next.
pub(super) fn copied(values: &[Value]) -> Vec<Value> {
    let copy = |tensor: &Tensor| made(deep_copy(tensor));
    values
        .iter()
        .map(|value| match value {
            Value::Tensor(tensor) => copy(tensor).into(),
            Value::List(list) => match &**list {
                List::Tensor(tensors) => tensors.iter().map(copy).collect::<Vec<_>>().into(),
                _ => value.clone(),
            },
            _ => value.clone(),
        })
        .collect()
}

/// The values with every tensor, or else the `device` argument, on `Meta`; nothing if neither is there.
pub(super) fn on_meta(schema: &Schema, values: &[Value]) -> Option<Vec<Value>> {
    let meta = |tensor: &Tensor| match tensor.quantizer() {
        Some(quantizer) => {
            let geometry = made_geometry(tensor.sizes());
            let storage = crate::Storage::absent();
            made(Tensor::quantized(storage, tensor.dtype(), Device::META, geometry, quantizer.clone()))
        }
        None => made(Tensor::zeros(tensor.sizes(), tensor.dtype(), Device::META)),
    };
    let mut moved: Vec<Value> = values
        .iter()
        .map(|value| match value {
            Value::Tensor(tensor) => meta(tensor).into(),
            Value::List(list) => match &**list {
                List::Tensor(tensors) => tensors.iter().map(meta).collect::<Vec<_>>().into(),
                _ => value.clone(),
            },
            Value::Storage(_) => Value::Storage(crate::Storage::absent()),
            _ => value.clone(),
        })
        .collect();
    if values.iter().flat_map(Value::tensors).next().is_none() {
        let device = schema.arguments.iter().position(|argument| argument.name == "device")?;
        moved[device] = Value::Device(Device::META);
    }
    Some(moved)
}

fn made_geometry(sizes: &[i64]) -> crate::Geometry {
    crate::Geometry::contiguous(sizes).unwrap_or_else(|e| panic!("the sizes of a sample are impossible: {e}"))
}

/// A value that the type does not accept.
pub(super) fn wrong_value(ty: &Type) -> Option<Value> {
    let accepted = accepted_tags(ty);
    [Value::Str("wrong".to_owned().into()), Value::Device(Device::CPU)]
        .into_iter()
        .find(|v| v.tag() & accepted == 0)
}
