//! Results, memory and errors against what was recorded.

use keyway::{DType, Element, Error, ErrorKind, Operator, Scalar, Storage, Tensor, Value, with_element};
use keyway_ops::quantized::PerTensorAffine;
use serde_json::Value as Json;

use super::read;

type Compared = Result<(), String>;

/// Compares an error's kind with the exception that was recorded. Keyway's kinds are finer where PyTorch has one.
pub(super) fn error(error: &Error, exception: &str) -> Compared {
    let fits = match exception {
        "IndexError" => error.kind() == ErrorKind::Index,
        "ValueError" => error.kind() == ErrorKind::Value,
        "TypeError" => error.kind() == ErrorKind::Type,
        "NotImplementedError" => error.kind() == ErrorKind::NotImplemented,
        _ => matches!(error.kind(), ErrorKind::Shape | ErrorKind::Type | ErrorKind::Runtime),
    };
    match fits {
        true => Ok(()),
        false => Err(format!("it fails with {error:?}, a {exception} was recorded")),
    }
}

/// Compares results, written arguments, aliases and identities.
pub(super) fn results(
    sample: &Json,
    operator: &'static Operator,
    arguments: &[Value],
    results: &[Value],
) -> Compared {
    let tolerance = Tolerance {
        relative: sample["tol"]["rtol"].as_f64().unwrap_or_default(),
        absolute: sample["tol"]["atol"].as_f64().unwrap_or_default(),
    };
    let expected = sample["result"].as_array().ok_or("no results were recorded")?;
    if expected.len() != results.len() {
        return Err(format!("{} results, {} were recorded", results.len(), expected.len()));
    }
    for (position, (result, expected)) in results.iter().zip(expected).enumerate() {
        value(result, expected, tolerance).map_err(|reason| format!("result {position}: {reason}"))?;
        aliases(result, &sample["aliases"][position], &sample["same"][position], arguments)
            .map_err(|reason| format!("result {position}: {reason}"))?;
    }
    let schema = operator.schema().ok_or("the operator has no schema")?;
    for (name, expected) in sample["mutated"].as_object().into_iter().flatten() {
        let position = schema.arguments.iter().position(|argument| argument.name == *name);
        let argument = position.map(|position| &arguments[position]).and_then(Value::as_tensor);
        let argument = argument.ok_or_else(|| format!("`{name}` is no tensor argument"))?;
        written(argument, &expected["t"], tolerance).map_err(|reason| format!("`{name}`: {reason}"))?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Tolerance {
    relative: f64,
    absolute: f64,
}

impl Tolerance {
    fn allows(self, got: f64, want: f64) -> bool {
        got == want
            || (got.is_nan() && want.is_nan())
            || (got.is_finite() && (got - want).abs() <= self.absolute + self.relative * want.abs())
    }
}

fn value(got: &Value, expected: &Json, tolerance: Tolerance) -> Compared {
    match (got, expected) {
        (Value::None, Json::Null) => Ok(()),
        (Value::Tensor(tensor), Json::Object(object)) if object.contains_key("t") => {
            elements(tensor, &object["t"], tolerance)
        }
        (Value::List(list), Json::Array(expected)) => match &**list {
            keyway::List::Tensor(tensors) if tensors.len() == expected.len() => {
                let mut pairs = tensors.iter().zip(expected);
                pairs.try_for_each(|(tensor, expected)| elements(tensor, &expected["t"], tolerance))
            }
            _ => Err(format!("a list of another kind or length: {list:?}")),
        },
        // Dtypes may be recorded by their code.
        (Value::DType(dtype), Json::Number(code)) => match code.as_u64() == Some(*dtype as u64) {
            true => Ok(()),
            false => Err(format!("{dtype}, the dtype of code {code} was recorded")),
        },
        (got, expected) => {
            if let Some(word) = expected.as_str() {
                return match read::symbol(word)?.to_string() == got.to_string() {
                    true => Ok(()),
                    false => Err(format!("{got}, {word} was recorded")),
                };
            }
            let (scalar, want) = (got.as_scalar(), read::number(expected)?);
            let same_kind = scalar.is_some_and(|got| got.dtype() == want.dtype());
            let close = |got: Scalar| {
                tolerance.allows(got.to_f64(), want.to_f64())
                    && tolerance.allows(got.imaginary(), want.imaginary())
            };
            match same_kind && scalar.is_some_and(close) {
                true => Ok(()),
                false => Err(format!("{got}, {want} was recorded")),
            }
        }
    }
}

/// Compares dtype, geometry and the elements the geometry reaches.
fn elements(got: &Tensor, expected: &Json, tolerance: Tolerance) -> Compared {
    same_geometry(got, expected)?;
    same_quantizer(got, expected)?;
    let Some(storage) = expected["storage"].as_array() else { return Ok(()) };
    let positions = positions(got);
    let want = positions.iter().map(|&position| storage.get(position).unwrap_or(&Json::Null));
    let held = got.storage().read().map_err(|error| error.to_string())?;
    let from = got.storage_offset() as usize - expected["offset"].as_u64().unwrap_or_default() as usize;
    for (at, (position, want)) in positions.iter().zip(want).enumerate() {
        let bytes = held.bytes();
        element(got.dtype().underlying(), bytes, position + from, want, tolerance)
            .map_err(|reason| format!("element {at}: {reason}"))?;
    }
    Ok(())
}

fn same_geometry(got: &Tensor, expected: &Json) -> Compared {
    let dtype = read::dtype(expected["dtype"].as_str().unwrap_or_default())?;
    let (sizes, strides) = (read::ints(&expected["sizes"])?, read::ints(&expected["strides"])?);
    let offset = expected["offset"].as_i64().unwrap_or_default();
    let got = (got.dtype(), got.sizes(), got.strides(), got.storage_offset());
    match got == (dtype, &sizes[..], &strides[..], offset) {
        true => Ok(()),
        false => Err(format!("{got:?}, recorded were {:?}", (dtype, sizes, strides, offset))),
    }
}

/// Compares the scale and zero point of quantised tensors.
fn same_quantizer(got: &Tensor, expected: &Json) -> Compared {
    let held = got.quantizer().and_then(|quantizer| quantizer.as_any().downcast_ref::<PerTensorAffine>());
    let got = held.map(|held| (held.scale, held.zero_point));
    match got == read::quantizer(expected) {
        true => Ok(()),
        false => Err(format!("quantised by {got:?}, {} was recorded", expected["q"])),
    }
}

/// Compares a written argument with its whole storage, unless parts of that are undefined.
fn written(got: &Tensor, expected: &Json, tolerance: Tolerance) -> Compared {
    elements(got, expected, tolerance)?;
    let Some(storage) = expected["storage"].as_array() else { return Ok(()) };
    let held = got.storage().read().map_err(|error| error.to_string())?;
    let bytes = held.bytes();
    if storage.contains(&Json::Null) {
        return Ok(());
    }
    if bytes.len() != storage.len() * got.dtype().size() {
        return Err(format!(
            "the storage has {} bytes, recorded were {} elements",
            bytes.len(),
            storage.len()
        ));
    }
    let mut elements = storage.iter().enumerate();
    elements.try_for_each(|(position, want)| {
        element(got.dtype().underlying(), bytes, position, want, tolerance)
            .map_err(|reason| format!("storage at {position}: {reason}"))
    })
}

/// Compares one element of a storage.
fn element(dtype: DType, bytes: &[u8], position: usize, want: &Json, tolerance: Tolerance) -> Compared {
    let bytes = &bytes[position * dtype.size()..][..dtype.size()];
    let (held, want) = (first(dtype, bytes).map_err(|error| error.to_string())?, read::element(want, dtype)?);
    let rounded: keyway::Result<Scalar> = with_element!(dtype, T => Ok(T::from_scalar(want).into()));
    let want = rounded.map_err(|error| error.to_string())?;
    let fits = match (held, want) {
        (Scalar::Int(held), Scalar::Int(want)) => held == want,
        (held, want) => {
            tolerance.allows(held.to_f64(), want.to_f64())
                && tolerance.allows(held.imaginary(), want.imaginary())
        }
    };
    match fits {
        true => Ok(()),
        false => Err(format!("{held}, {want} was recorded")),
    }
}

/// The element that bytes are.
fn first(dtype: DType, bytes: &[u8]) -> keyway::Result<Scalar> {
    with_element!(dtype, T => Ok(Storage::from_slice(bytes).read()?.elements::<T>()?[0].into()))
}

/// The positions of the elements relative to the storage, in row-major order.
fn positions(tensor: &Tensor) -> Vec<usize> {
    let mut positions = vec![tensor.storage_offset() as usize];
    for (&size, &stride) in tensor.sizes().iter().zip(tensor.strides()) {
        let step = |at: &usize| (0..size as usize).map(|i| at + i * stride as usize).collect::<Vec<_>>();
        positions = positions.iter().flat_map(step).collect();
    }
    positions
}

/// Compares which argument a result shares memory with, and whether it is that very argument.
fn aliases(result: &Value, alias: &Json, same: &Json, arguments: &[Value]) -> Compared {
    if let (Value::List(_), Json::Array(expected)) = (result, alias) {
        let mut pairs = result.tensors().zip(expected);
        return pairs.try_for_each(|(tensor, alias)| shares(tensor, alias, &Json::Null, arguments));
    }
    match result.as_tensor() {
        Some(tensor) => shares(tensor, alias, same, arguments),
        None => Ok(()),
    }
}

fn shares(result: &Tensor, alias: &Json, same: &Json, arguments: &[Value]) -> Compared {
    let shared = |value: &Value| value.tensors().any(|tensor| tensor.shares_storage(result));
    let got = arguments.iter().position(shared).map(|position| position as u64);
    if got != alias.as_u64() {
        return Err(format!("it shares the memory of argument {got:?}, {alias} was recorded"));
    }
    let is_argument = arguments.iter().flat_map(Value::tensors).any(|tensor| tensor.is_same(result));
    match is_argument == same.as_bool().unwrap_or(false) {
        true => Ok(()),
        false => Err(format!("whether it is the argument itself: {is_argument}")),
    }
}

/// Dtype, sizes and strides of a result.
pub(super) fn describe(value: &Value) -> String {
    let of = |tensor: &Tensor| format!("{} {:?} {:?}", tensor.dtype(), tensor.sizes(), tensor.strides());
    value.tensors().map(of).collect::<Vec<_>>().join("; ")
}
