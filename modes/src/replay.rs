//! Running a graph: the calls that were recorded, in their order, on other inputs or on the same ones.

use keyway::{Device, Error, ErrorKind, List, Result, Storage, Tensor, Value};

use crate::elements::fingerprint;
use crate::graph::{Constant, Graph, GraphCall, Operand, ResultSlot, ResultTensor, Statement, ValueId, View};

impl Graph {
    /// Runs it on inputs of the sizes and dtypes it was traced with. Calls that write do so to these inputs; constants are made
    /// anew for each run.
    ///
    /// # Errors
    /// `Value` for inputs that do not fit, each named by its number; `Value` naming the operator for a number read from a tensor
    /// that is another one than it was, since what was recorded after it may depend on it; those of the calls.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        Run { graph: self, held: vec![None; self.values.len()], checks: false }.run(inputs)
    }

    /// Runs it and compares each result with the fingerprint it was recorded with, for graphs of
    /// [`Tracing::with_fingerprints`](crate::Tracing::with_fingerprints).
    ///
    /// ```
    /// use keyway::{Tensor, with_mode};
    /// use keyway_modes::{Graph, Tracing};
    /// use keyway_ops::TensorMethods;
    ///
    /// let x = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
    /// let recording = Tracing::with_fingerprints(&[]);
    /// let y = with_mode(&recording.mode(), || x.exp()?.sum())??;
    /// let record = recording.finish(&[y])?.to_text()?;
    ///
    /// // Later, elsewhere:
    /// record.parse::<Graph>()?.check(&[])?;
    /// let forged = record.replace("1.0, 2.0", "1.0, 2.5");
    /// let error = forged.parse::<Graph>()?.check(&[]).unwrap_err();
    /// assert_eq!(error.operator(), Some("aten::exp"));
    /// # Ok::<(), keyway::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::run`]; `Value` naming the first operator whose result is another one than was recorded.
    pub fn check(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        Run { graph: self, held: vec![None; self.values.len()], checks: true }.run(inputs)
    }
}

/// A run that is under way.
struct Run<'g> {
    graph: &'g Graph,
    /// The tensors there are so far, by number.
    held: Vec<Option<Tensor>>,
    checks: bool,
}

impl Run<'_> {
    fn run(mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.take(inputs)?;
        for statement in &self.graph.statements {
            match statement {
                Statement::Constant(value, constant) => self.put(*value, made(constant)?),
                Statement::View(view) => self.view(view)?,
                Statement::Call(call) => self.call(call)?,
            }
        }
        self.graph.outputs.iter().map(|&output| self.get(output)).collect()
    }

    fn take(&mut self, inputs: &[Tensor]) -> Result<()> {
        let wanted = &self.graph.inputs;
        if inputs.len() != wanted.len() {
            let message = format!("the graph takes {} inputs, {} were given", wanted.len(), inputs.len());
            return Err(Error::value(message));
        }
        for (at, (&value, input)) in wanted.iter().zip(inputs).enumerate() {
            let info = &self.graph.values[value.index()];
            if info.dtype != input.dtype() || *info.sizes != *input.sizes() {
                let message = format!(
                    "input {at} must be {}{:?} as in the graph, it is {}{:?}; trace again for other sizes",
                    info.dtype,
                    info.sizes.as_slice(),
                    input.dtype(),
                    input.sizes()
                );
                return Err(Error::value(message));
            }
            self.put(value, input.clone());
        }
        Ok(())
    }

    fn put(&mut self, value: ValueId, tensor: Tensor) {
        self.held[value.index()] = Some(tensor);
    }

    fn get(&self, value: ValueId) -> Result<Tensor> {
        let held = self.held[value.index()].clone();
        held.ok_or_else(|| Error::value(format!("%{} is used before there is anything in it", value.index())))
    }

    fn view(&mut self, view: &View) -> Result<()> {
        let base = self.get(view.base)?;
        if *base.geometry() != view.base_geometry {
            let message = format!(
                "%{} lies in memory in another way than when a view of it was recorded; pass a tensor with strides {:?} and offset {}",
                view.base.index(),
                view.base_geometry.strides(),
                view.base_geometry.offset()
            );
            return Err(Error::value(message));
        }
        self.put(view.value, base.view_as(view.geometry.clone())?);
        Ok(())
    }

    fn call(&mut self, call: &GraphCall) -> Result<()> {
        let positional: Result<Vec<Value>> =
            call.positional.iter().map(|operand| self.value(operand)).collect();
        let named = call.named.iter().map(|(name, operand)| Ok((*name, self.value(operand)?)));
        let named: Result<Vec<_>> = named.collect();
        let mut stack = call.operator.inputs(positional?, named?)?;
        call.operator.call_boxed(&mut stack)?;
        if stack.len() != call.results.len() {
            return Err(differs(call, "another number of results"));
        }
        for (slot, value) in call.results.iter().zip(stack.iter()) {
            self.keep(call, slot, value)?;
        }
        Ok(())
    }

    fn value(&self, operand: &Operand) -> Result<Value> {
        Ok(match operand {
            Operand::Tensor(value) => self.get(*value)?.into(),
            Operand::Tensors(values) => {
                let tensors: Result<Vec<Tensor>> = values.iter().map(|&value| self.get(value)).collect();
                tensors?.into()
            }
            Operand::OptionalTensors(values) => {
                let get = |value: &Option<ValueId>| value.map(|value| self.get(value)).transpose();
                let tensors: Result<Vec<Option<Tensor>>> = values.iter().map(get).collect();
                tensors?.into()
            }
            Operand::Plain(value) => value.clone(),
        })
    }

    fn keep(&mut self, call: &GraphCall, slot: &ResultSlot, value: &Value) -> Result<()> {
        match (slot, value) {
            (ResultSlot::Tensor(result), Value::Tensor(tensor)) => self.keep_tensor(call, result, tensor),
            (ResultSlot::Tensors(results), Value::List(list)) => match &**list {
                List::Tensor(tensors) if tensors.len() == results.len() => {
                    let mut pairs = results.iter().zip(tensors);
                    pairs.try_for_each(|(result, tensor)| self.keep_tensor(call, result, tensor))
                }
                _ => Err(differs(call, "another list of tensors")),
            },
            // The text of a plain value is exact.
            (ResultSlot::Plain(recorded), value) if recorded.to_string() == value.to_string() => Ok(()),
            (ResultSlot::Plain(recorded), value) => {
                Err(differs(call, &format!("{value} and not {recorded}")))
            }
            _ => Err(differs(call, "a value of another kind")),
        }
    }

    fn keep_tensor(&mut self, call: &GraphCall, result: &ResultTensor, tensor: &Tensor) -> Result<()> {
        let is_same =
            !self.checks || result.fingerprint.is_none() || fingerprint(tensor) == result.fingerprint;
        if !is_same {
            return Err(differs(call, &format!("other elements, or other sizes ({tensor:?})")));
        }
        self.put(result.value, tensor.clone());
        Ok(())
    }
}

#[cold]
fn differs(call: &GraphCall, what: &str) -> Error {
    let message = format!("in this run it gave {what}, which is not what was recorded");
    Error::new(ErrorKind::Value, message).in_operator(call.operator.name())
}

/// A constant as a tensor of its own.
fn made(constant: &Constant) -> Result<Tensor> {
    match constant {
        Constant::Data { dtype, geometry, bytes } => {
            Tensor::from_storage(Storage::from_slice(bytes), *dtype, Device::CPU, geometry.clone())
        }
        Constant::Meta { dtype, geometry } => Tensor::zeros_strided(geometry.clone(), *dtype, Device::META),
        Constant::Number(number) => Tensor::wrapped_number(*number),
        Constant::Held(tensor) => Ok(tensor.clone()),
    }
}
