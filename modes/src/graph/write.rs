//! The text of a graph.

use std::fmt::{self, Write};

use keyway::{Device, Error, Geometry, Result};

use super::literal::{list_text, write_elements, write_plain};
use super::{
    Constant, Graph, GraphCall, Operand, ResultSlot, ResultTensor, Statement, ValueId, ValueInfo, View,
};

/// How many elements of a constant are shown to people.
const SHOWN: usize = 8;

impl Graph {
    /// The whole graph as text, which parses back to the same graph.
    ///
    /// # Errors
    /// `NotImplemented` for a value that has no text, as a generator or memory of a foreign backend; its operator is named.
    pub fn to_text(&self) -> Result<String> {
        self.text(usize::MAX, &|error| Err(error))
    }

    /// The text, with constants of more than `most` elements cut short. `otherwise` stands in for what has no text.
    fn text(&self, most: usize, otherwise: &dyn Fn(Error) -> Result<String>) -> Result<String> {
        let mut text = String::from("graph(");
        let inputs: Vec<String> = self.inputs.iter().map(|&input| self.declared(input)).collect();
        text += &inputs.join(", ");
        let mut written = vec![false; self.values.len()];
        self.inputs.iter().for_each(|input| written[input.index()] = true);
        text += "):\n";
        for statement in &self.statements {
            if let Statement::Constant(value, _) | Statement::View(View { value, .. }) = statement {
                written[value.index()] = true;
            }
            let line = match statement {
                Statement::Constant(value, constant) => {
                    let right = constant_text(constant, most).or_else(otherwise)?;
                    format!("{} = {right}", self.declared(*value))
                }
                Statement::View(view) => format!("{} = {}", self.declared(view.value), view_text(view)),
                Statement::Call(call) => self.call_text(call, &mut written, otherwise)?,
            };
            text += "  ";
            text += &line;
            text.push('\n');
        }
        let outputs: Vec<String> = self.outputs.iter().map(|&output| name(output)).collect();
        // Writing to a string does not fail.
        let _ = match outputs.is_empty() {
            true => writeln!(text, "  return"),
            false => writeln!(text, "  return {}", outputs.join(", ")),
        };
        Ok(text)
    }

    /// `%2: float32[2, 3] on meta`.
    fn declared(&self, value: ValueId) -> String {
        let ValueInfo { dtype, sizes, device } = &self.values[value.index()];
        let on = if *device == Device::CPU { String::new() } else { format!(" on {device}") };
        format!("{}: {dtype}{:?}{on}", name(value), sizes.as_slice())
    }

    fn call_text(
        &self,
        call: &GraphCall,
        written: &mut [bool],
        otherwise: &dyn Fn(Error) -> Result<String>,
    ) -> Result<String> {
        let results: Result<Vec<String>> = call
            .results
            .iter()
            .map(|result| match result {
                ResultSlot::Tensor(tensor) => Ok(self.result_text(tensor, written)),
                ResultSlot::Tensors(tensors) => {
                    Ok(list_text(tensors.iter().map(|tensor| self.result_text(tensor, written))))
                }
                ResultSlot::Plain(value) => write_plain(value).or_else(otherwise),
            })
            .collect();
        let results = match results.map_err(|error| error.in_operator(call.operator.name()))? {
            results if results.is_empty() => "()".to_owned(),
            results => results.join(", "),
        };
        let positional = call.positional.iter().map(|operand| operand_text(operand).or_else(otherwise));
        let named = call.named.iter().map(|(name, operand)| {
            operand_text(operand).or_else(otherwise).map(|text| format!("{name}={text}"))
        });
        let arguments: Result<Vec<String>> = positional.chain(named).collect();
        let arguments = arguments.map_err(|error| error.in_operator(call.operator.name()))?;
        Ok(format!("{results} = {}({})", call.operator, arguments.join(", ")))
    }

    /// A result with what it is, or its name alone if it was there before: its sizes may be others by now.
    fn result_text(&self, result: &ResultTensor, written: &mut [bool]) -> String {
        let is_new = !std::mem::replace(&mut written[result.value.index()], true);
        let text = if is_new { self.declared(result.value) } else { name(result.value) };
        match result.fingerprint {
            Some(fingerprint) => format!("{text} #{fingerprint:016x}"),
            None => text,
        }
    }
}

fn name(value: ValueId) -> String {
    format!("%{}", value.0)
}

fn operand_text(operand: &Operand) -> Result<String> {
    Ok(match operand {
        Operand::Tensor(value) => name(*value),
        Operand::Tensors(values) => list_text(values.iter().map(|&value| name(value))),
        Operand::OptionalTensors(values) => {
            list_text(values.iter().map(|value| value.map_or_else(|| "None".to_owned(), name)))
        }
        Operand::Plain(value) => write_plain(value)?,
    })
}

fn constant_text(constant: &Constant, most: usize) -> Result<String> {
    match constant {
        Constant::Data { dtype, geometry, bytes } => {
            let elements = write_elements(*dtype, bytes, most)?;
            // Sizes are in the declaration, and say all about memory that is just filled in row-major order.
            match geometry.is_row_major()
                && geometry.offset() == 0
                && geometry.numel() * dtype.size() == bytes.len()
            {
                true => Ok(format!("constant({elements})")),
                false => Ok(format!("constant({elements}, {})", placement(geometry))),
            }
        }
        Constant::Meta { geometry, .. } => Ok(format!("meta({})", placement(geometry))),
        Constant::Number(number) => Ok(format!("number({})", write_plain(&(*number).into())?)),
        Constant::Held(tensor) => Err(Error::not_implemented(format!(
            "a constant of {tensor:?} cannot be copied, so it has no text"
        ))),
    }
}

fn view_text(view: &View) -> String {
    let (base, own) = (placement(&view.base_geometry), placement(&view.geometry));
    format!("view({}, {own}, where={:?}, {base})", name(view.base), view.base_geometry.sizes())
}

fn placement(geometry: &Geometry) -> String {
    format!("strides={:?}, offset={}", geometry.strides(), geometry.offset())
}

impl fmt::Display for Graph {
    /// With constants of more than eight elements cut short.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(SHOWN, &|_| Ok("...".to_owned())).map_err(|_| fmt::Error)?)
    }
}
