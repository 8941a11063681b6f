//! From JSON to values: arguments by the schema, tensors with their whole storage.

use std::sync::Arc;

use keyway::schema::{Argument, BaseType, Type};
use keyway::{
    DType, Device, Element, Geometry, Layout, MemoryFormat, Operator, Scalar, Stack, Storage, Tensor, Value,
    with_element,
};
use keyway_ops::quantized::PerTensorAffine;
use serde_json::Value as Json;

type Read<T> = Result<T, String>;

/// The stack for a sample's call.
pub(super) fn arguments(sample: &Json, operator: &'static Operator) -> Read<Stack> {
    let schema = operator.schema().ok_or("the operator has no schema")?;
    let mut reader = Reader { tensors: Vec::new() };
    let mut positional = Vec::new();
    for (json, argument) in sample["args"].as_array().into_iter().flatten().zip(&schema.arguments) {
        positional.push(reader.value(json, &argument.ty)?);
    }
    let mut named = Vec::new();
    for (name, json) in sample["kwargs"].as_object().into_iter().flatten() {
        let is_named = |argument: &&Argument| argument.name == *name;
        let argument =
            schema.arguments.iter().find(is_named).ok_or_else(|| format!("no argument `{name}`"))?;
        named.push((name.as_str(), reader.value(json, &argument.ty)?));
    }
    operator.inputs(positional, named).map_err(|error| error.to_string())
}

/// Reads values, and remembers tensors for those that share their storage.
struct Reader {
    tensors: Vec<Tensor>,
}

impl Reader {
    fn value(&mut self, json: &Json, ty: &Type) -> Read<Value> {
        match (json, ty) {
            (Json::Null, _) => Ok(Value::None),
            (_, Type::Optional(inner)) => self.value(json, inner),
            (_, Type::List(element, _)) => self.list(json, element),
            (Json::Object(object), _) if object.contains_key("t") => Ok(self.tensor(&object["t"])?.into()),
            (_, Type::Base(BaseType::Tensor)) => {
                let wrapped = Tensor::wrapped_number(number(json)?).map_err(|e| e.to_string())?;
                Ok(wrapped.into())
            }
            (_, Type::Base(BaseType::Float)) => Ok(Value::Float(number(json)?.to_f64())),
            (Json::String(text), _) => symbol(text),
            _ => number(json).map(Value::from),
        }
    }

    fn list(&mut self, json: &Json, element: &Type) -> Read<Value> {
        let elements = json.as_array().map_or(std::slice::from_ref(json), |elements| elements);
        match element {
            Type::Base(BaseType::Int | BaseType::SymInt) => {
                let ints: Read<Vec<i64>> = elements.iter().map(|e| Ok(number(e)?.to_i64())).collect();
                Ok(ints?.into())
            }
            Type::Base(BaseType::Tensor) => {
                let tensors: Read<Vec<Tensor>> =
                    elements.iter().map(|element| self.tensor(&element["t"])).collect();
                Ok(tensors?.into())
            }
            Type::Optional(inner) if **inner == Type::Base(BaseType::Tensor) => {
                let tensor = |element: &Json| match element {
                    Json::Null => Ok(None),
                    element => self.tensor(&element["t"]).map(Some),
                };
                let tensors: Read<Vec<Option<Tensor>>> = elements.iter().map(tensor).collect();
                Ok(tensors?.into())
            }
            Type::Base(BaseType::Float) => {
                let floats: Read<Vec<f64>> = elements.iter().map(|e| Ok(number(e)?.to_f64())).collect();
                Ok(floats?.into())
            }
            Type::Base(BaseType::Scalar) => {
                let numbers: Read<Vec<Scalar>> = elements.iter().map(number).collect();
                Ok(numbers?.into())
            }
            Type::Base(BaseType::Bool) => {
                let bools: Option<Vec<bool>> = elements.iter().map(Json::as_bool).collect();
                Ok(bools.ok_or("a list of bools with other values")?.into())
            }
            other => Err(format!("lists of {other}")),
        }
    }

    fn tensor(&mut self, json: &Json) -> Read<Tensor> {
        let tensor = tensor(json, &self.tensors)?;
        self.tensors.push(tensor.clone());
        Ok(tensor)
    }
}

/// A tensor as recorded; `earlier` are those whose storage it may share.
fn tensor(json: &Json, earlier: &[Tensor]) -> Read<Tensor> {
    let dtype = dtype(json["dtype"].as_str().unwrap_or_default())?;
    let offset = json["offset"].as_i64().unwrap_or_default();
    let geometry =
        Geometry::new(&ints(&json["sizes"])?, &ints(&json["strides"])?, offset).map_err(|e| e.to_string())?;
    let storage = match json["share"].as_u64() {
        Some(k) => earlier.get(k as usize).ok_or("it shares an unknown storage")?.storage().clone(),
        None => storage(&json["storage"], dtype.underlying())?,
    };
    if let Some((scale, zero_point)) = quantizer(json) {
        let quantizer = Arc::new(PerTensorAffine { scale, zero_point });
        return Tensor::quantized(storage, dtype, Device::CPU, geometry, quantizer)
            .map_err(|e| e.to_string());
    }
    Tensor::from_storage(storage, dtype, Device::CPU, geometry).map_err(|e| e.to_string())
}

/// The scale and zero point of a quantised tensor.
pub(super) fn quantizer(json: &Json) -> Option<(f64, i64)> {
    Some((json["q"]["scale"].as_f64()?, json["q"]["zero_point"].as_i64()?))
}

fn storage(json: &Json, dtype: DType) -> Read<Storage> {
    let elements = json.as_array().ok_or("a storage without values")?;
    let numbers: Read<Vec<Scalar>> = elements.iter().map(|json| element(json, dtype)).collect();
    let numbers = numbers?;
    let storage: keyway::Result<Storage> = with_element!(dtype, T => {
        Ok(Storage::from_slice(&numbers.iter().map(|&number| T::from_scalar(number)).collect::<Vec<T>>()))
    });
    storage.map_err(|e| e.to_string())
}

/// One element of a storage of some dtype.
pub(super) fn element(json: &Json, dtype: DType) -> Read<Scalar> {
    match (json, dtype) {
        (Json::Bool(v), DType::Bool) => Ok(Scalar::Bool(*v)),
        (Json::Array(parts), _) if dtype.is_complex() && parts.len() == 2 => {
            Ok(Scalar::Complex(float(&parts[0])?, float(&parts[1])?))
        }
        (_, dtype) if dtype.is_floating_point() => float(json).map(Scalar::Float),
        (Json::Number(v), dtype) if dtype.is_integer() => {
            v.as_i64().map(Scalar::Int).ok_or_else(|| format!("{v} is no 64-bit integer"))
        }
        _ => Err(format!("{json} is no element of {dtype}")),
    }
}

/// A list of integers.
pub(super) fn ints(json: &Json) -> Read<Vec<i64>> {
    let ints: Option<Vec<i64>> = json.as_array().and_then(|list| list.iter().map(Json::as_i64).collect());
    ints.ok_or_else(|| format!("{json} is no list of integers"))
}

/// A floating-point number, which may be written as a word.
pub(super) fn float(json: &Json) -> Read<f64> {
    match json.as_str() {
        Some("nan") => Ok(f64::NAN),
        Some("inf") => Ok(f64::INFINITY),
        Some("-inf") => Ok(f64::NEG_INFINITY),
        _ => json.as_f64().ok_or_else(|| format!("{json} is no number")),
    }
}

/// A plain number.
pub(super) fn number(json: &Json) -> Read<Scalar> {
    match json {
        Json::Bool(v) => Ok(Scalar::Bool(*v)),
        Json::Number(v) => v.as_i64().map(Scalar::Int).ok_or_else(|| format!("{v} is no 64-bit integer")),
        Json::Object(object) if object.contains_key("f") => float(&object["f"]).map(Scalar::Float),
        Json::Object(object) if object.contains_key("c") => {
            Ok(Scalar::Complex(float(&object["c"][0])?, float(&object["c"][1])?))
        }
        other => Err(format!("{other} is no number")),
    }
}

/// A dtype of this library.
pub(super) fn dtype(name: &str) -> Read<DType> {
    name.parse().map_err(|_| format!("dtype {name}"))
}

/// A word with its kind: `dtype:int64`, `str:floor`.
pub(super) fn symbol(text: &str) -> Read<Value> {
    let (kind, word) = text.split_once(':').ok_or_else(|| format!("the word {text}"))?;
    match (kind, word) {
        ("dtype", word) => dtype(word).map(Value::DType),
        ("str", word) => Ok(word.into()),
        ("device", "cpu") => Ok(Value::Device(Device::CPU)),
        ("device", "meta") => Ok(Value::Device(Device::META)),
        ("layout", "strided") => Ok(Value::Layout(Layout::Strided)),
        ("memory_format", "contiguous_format") => Ok(Value::MemoryFormat(MemoryFormat::Contiguous)),
        ("memory_format", "preserve_format") => Ok(Value::MemoryFormat(MemoryFormat::Preserve)),
        ("memory_format", "channels_last") => Ok(Value::MemoryFormat(MemoryFormat::ChannelsLast)),
        ("memory_format", "channels_last_3d") => Ok(Value::MemoryFormat(MemoryFormat::ChannelsLast3d)),
        _ => Err(text.to_owned()),
    }
}

/// The arguments with every tensor on `Meta`, and whether there was one. Plain numbers stay on the host.
pub(super) fn to_meta(stack: &Stack) -> (Stack, bool) {
    let mut any = false;
    let mut meta = |tensor: &Tensor| {
        if tensor.is_wrapped_number() {
            return tensor.clone();
        }
        any = true;
        if let Some(quantizer) = tensor.quantizer() {
            let (geometry, dtype) = (tensor.geometry().clone(), tensor.dtype());
            return Tensor::quantized(Storage::absent(), dtype, Device::META, geometry, quantizer.clone())
                .expect("memory without contents is long enough");
        }
        Tensor::zeros_strided(tensor.geometry().clone(), tensor.dtype(), Device::META)
            .expect("a geometry that host memory has is possible")
    };
    let moved = stack.iter().map(|value| match value {
        Value::Tensor(tensor) => Value::from(meta(tensor)),
        Value::List(list) => match &**list {
            keyway::List::Tensor(tensors) => tensors.iter().map(&mut meta).collect::<Vec<_>>().into(),
            keyway::List::OptionalTensor(tensors) => {
                tensors.iter().map(|tensor| tensor.as_ref().map(&mut meta)).collect::<Vec<_>>().into()
            }
            _ => value.clone(),
        },
        other => other.clone(),
    });
    let moved = moved.collect();
    (moved, any)
}
