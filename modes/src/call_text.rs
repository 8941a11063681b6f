//! Calls as text: `aten::add.Tensor(float32[2, 3], float32[3], alpha=2)`.

use std::fmt::Write;

use keyway::{Device, GivenArguments, List, Operator, Tensor, Value};

/// A call as its user could have written it, with tensors as dtype, sizes and, off the host, device. Arguments that equal their
/// defaults are left out.
///
/// ```
/// use keyway::{Library, Value};
/// let mut library = Library::define("text")?;
/// let f = library.def("f(int x, *, float y=0.5, str z='a') -> int")?;
/// let arguments = [Value::Int(1), Value::Float(0.5), "b".into()];
/// assert_eq!(keyway_modes::call_text(f, &arguments), "text::f(1, z=\"b\")");
/// # Ok::<(), keyway::Error>(())
/// ```
pub fn call_text(operator: &'static Operator, arguments: &[Value]) -> String {
    let mut text = String::from(operator.name());
    text.push('(');
    text += &arguments_text(operator, arguments);
    text.push(')');
    text
}

/// What stands between the parentheses.
pub(crate) fn arguments_text(operator: &'static Operator, arguments: &[Value]) -> String {
    let given = GivenArguments::split(operator, arguments);
    let mut text = String::new();
    for value in given.positional {
        separate(&mut text);
        write_value(&mut text, value);
    }
    for (name, value) in given.named {
        separate(&mut text);
        text += name;
        text.push('=');
        write_value(&mut text, value);
    }
    text
}

/// Values with commas between them: the results of a call. `()` for none.
pub fn values_text(values: &[Value]) -> String {
    if values.is_empty() {
        return String::from("()");
    }
    let mut text = String::new();
    for value in values {
        separate(&mut text);
        write_value(&mut text, value);
    }
    text
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push_str(", ");
    }
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Tensor(tensor) => write_tensor(text, tensor),
        Value::List(list) => match &**list {
            List::Tensor(tensors) => write_tensors(text, tensors.iter().map(Some)),
            List::OptionalTensor(tensors) => write_tensors(text, tensors.iter().map(Option::as_ref)),
            _ => *text += &value.to_string(),
        },
        _ => *text += &value.to_string(),
    }
}

fn write_tensors<'a>(text: &mut String, tensors: impl Iterator<Item = Option<&'a Tensor>>) {
    text.push('[');
    for (at, tensor) in tensors.enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        match tensor {
            Some(tensor) => write_tensor(text, tensor),
            None => text.push_str("None"),
        }
    }
    text.push(']');
}

fn write_tensor(text: &mut String, tensor: &Tensor) {
    // Writing to a string does not fail.
    let _ = write!(text, "{}{:?}", tensor.dtype(), tensor.sizes());
    if tensor.device() != Device::CPU {
        let _ = write!(text, " on {}", tensor.device());
    }
}
