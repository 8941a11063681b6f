//! Graphs of operator calls: what tracing makes, and replay runs.
//!
//! A graph is plain data: inputs, statements in the order they ran, outputs. Tensors are numbered values. `write` makes its text,
//! `read` takes it back, `literal` is what both know about values that are not tensors, `crate::replay` runs it.

mod literal;
mod read;
mod write;

use std::collections::HashMap;

use keyway::{DType, Device, Geometry, Operator, Scalar, Tensor, Value};

/// A tensor of a graph, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub(crate) u32);

impl ValueId {
    /// Its place among [`Graph::values`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a graph knows about a tensor: how it was when it was first seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueInfo {
    /// The element type.
    pub dtype: DType,
    /// Extents of the dimensions.
    pub sizes: keyway::Dims,
    /// Where its data is.
    pub device: Device,
}

impl ValueInfo {
    pub(crate) fn of(tensor: &Tensor) -> ValueInfo {
        let sizes = keyway::Dims::from_slice(tensor.sizes());
        ValueInfo { dtype: tensor.dtype(), sizes, device: tensor.device() }
    }
}

/// Calls in the order they ran, with the tensors that go in and come out.
///
/// It prints as text, with long constants cut short:
///
/// ```text
/// graph(%0: float32[2, 3]):
///   %1: float32[3] = constant([1.0, 2.0, 3.0])
///   %2: float32[2, 3] = aten::add.Tensor(%0, %1, alpha=2)
///   return %2
/// ```
///
/// [`Graph::to_text`] is the whole of it, which parses back.
///
/// ```
/// use keyway::Tensor;
/// use keyway_modes::{Graph, trace};
/// use keyway_ops::TensorMethods;
///
/// let (x, bias) = (Tensor::from_slice(&[1.0f32, -2.0], &[2])?, Tensor::from_slice(&[0.5f32, 0.5], &[2])?);
/// let (graph, _) = trace(&[x], |inputs| Ok(vec![inputs[0].add(&bias)?.relu()?]))?;
/// let text = "\
/// graph(%0: float32[2]):
///   %1: float32[2] = constant([0.5, 0.5])
///   %2: float32[2] = aten::add.Tensor(%0, %1)
///   %3: float32[2] = aten::relu(%2)
///   return %3
/// ";
/// assert_eq!(graph.to_text()?, text);
/// let again: Graph = text.parse()?;
/// let outputs = again.run(&[Tensor::from_slice(&[-1.0f32, 2.0], &[2])?])?;
/// assert_eq!(outputs[0].to_vec::<f32>()?, [0.0, 2.5]);
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) values: Vec<ValueInfo>,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) outputs: Vec<ValueId>,
}

/// One line of a graph.
#[derive(Clone, Debug)]
pub enum Statement {
    /// A tensor that was there before: neither an input nor the result of a recorded call.
    Constant(ValueId, Constant),
    /// A tensor over the memory of another one, which no recorded call made.
    View(View),
    /// A call.
    Call(GraphCall),
}

/// A tensor that was there before, as it was when it was first used.
#[derive(Clone, Debug)]
pub enum Constant {
    /// A copy of its memory; each run makes a tensor of its own from it.
    Data {
        /// The element type.
        dtype: DType,
        /// Sizes, strides and offset.
        geometry: Geometry,
        /// The whole memory.
        bytes: Vec<u8>,
    },
    /// A tensor on `Meta`.
    Meta {
        /// The element type.
        dtype: DType,
        /// Sizes, strides and offset.
        geometry: Geometry,
    },
    /// A plain number as a tensor.
    Number(Scalar),
    /// The tensor itself, as its memory cannot be copied. Such a graph runs, but has no text.
    Held(Tensor),
}

/// A tensor over the memory of another one.
#[derive(Clone, Debug)]
pub struct View {
    /// The view.
    pub value: ValueId,
    /// The tensor whose memory it shares.
    pub base: ValueId,
    /// Sizes, strides and offset of the view.
    pub geometry: Geometry,
    /// Sizes, strides and offset that the base had: where the view lies is known for these only.
    pub base_geometry: Geometry,
}

/// A call of a graph.
#[derive(Clone, Debug)]
pub struct GraphCall {
    /// The operator.
    pub operator: &'static Operator,
    /// Arguments by position.
    pub positional: Vec<Operand>,
    /// Arguments by name; the rest are defaults.
    pub named: Vec<(&'static str, Operand)>,
    /// The results.
    pub results: Vec<ResultSlot>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A tensor.
    Tensor(ValueId),
    /// A list of tensors.
    Tensors(Vec<ValueId>),
    /// A list of tensors that may be missing.
    OptionalTensors(Vec<Option<ValueId>>),
    /// Anything else.
    Plain(Value),
}

/// A result of a call.
#[derive(Clone, Debug)]
pub enum ResultSlot {
    /// A tensor.
    Tensor(ResultTensor),
    /// A list of tensors.
    Tensors(Vec<ResultTensor>),
    /// Anything else. A run that gets something different is an error: what was recorded after it may depend on it.
    Plain(Value),
}

/// A tensor among the results of a call.
#[derive(Clone, Copy, Debug)]
pub struct ResultTensor {
    /// The value it is: a new one, or one from before that the call wrote to.
    pub value: ValueId,
    /// A number for its dtype, sizes and elements after the call, if it was recorded.
    pub fingerprint: Option<u64>,
}

impl Operand {
    fn values(&self) -> impl Iterator<Item = ValueId> + '_ {
        let (one, some, many): (_, &[ValueId], &[Option<ValueId>]) = match self {
            Operand::Tensor(value) => (Some(*value), &[], &[]),
            Operand::Tensors(values) => (None, values, &[]),
            Operand::OptionalTensors(values) => (None, &[], values),
            Operand::Plain(_) => (None, &[], &[]),
        };
        one.into_iter().chain(some.iter().copied()).chain(many.iter().flatten().copied())
    }

    fn values_mut(&mut self) -> Vec<&mut ValueId> {
        match self {
            Operand::Tensor(value) => vec![value],
            Operand::Tensors(values) => values.iter_mut().collect(),
            Operand::OptionalTensors(values) => values.iter_mut().flatten().collect(),
            Operand::Plain(_) => Vec::new(),
        }
    }
}

impl ResultSlot {
    /// The tensors of the result.
    pub fn tensors(&self) -> &[ResultTensor] {
        match self {
            ResultSlot::Tensor(tensor) => std::slice::from_ref(tensor),
            ResultSlot::Tensors(tensors) => tensors,
            ResultSlot::Plain(_) => &[],
        }
    }

    fn tensors_mut(&mut self) -> &mut [ResultTensor] {
        match self {
            ResultSlot::Tensor(tensor) => std::slice::from_mut(tensor),
            ResultSlot::Tensors(tensors) => tensors,
            ResultSlot::Plain(_) => &mut [],
        }
    }
}

impl GraphCall {
    /// All arguments that are not defaults, by position and then by name.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.positional.iter().chain(self.named.iter().map(|(_, operand)| operand))
    }
}

impl Graph {
    /// Its tensors.
    pub fn values(&self) -> &[ValueInfo] {
        &self.values
    }

    /// The tensors that a run is given.
    pub fn inputs(&self) -> &[ValueId] {
        &self.inputs
    }

    /// Its lines, in the order they ran.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Its calls, in the order they ran.
    pub fn calls(&self) -> impl Iterator<Item = &GraphCall> {
        self.statements.iter().filter_map(|statement| match statement {
            Statement::Call(call) => Some(call),
            _ => None,
        })
    }

    /// The tensors that a run gives back.
    pub fn outputs(&self) -> &[ValueId] {
        &self.outputs
    }

    /// The graph without constants and views that nothing uses, with its values numbered in the order of their lines.
    pub(crate) fn tidied(mut self) -> Graph {
        let mut used = vec![false; self.values.len()];
        self.outputs.iter().for_each(|value| used[value.index()] = true);
        for statement in self.statements.iter().rev() {
            match statement {
                Statement::Call(call) => {
                    call.operands().flat_map(Operand::values).for_each(|value| used[value.index()] = true);
                }
                Statement::View(view) if used[view.value.index()] => used[view.base.index()] = true,
                Statement::View(_) | Statement::Constant(..) => (),
            }
        }
        self.statements.retain(|statement| match statement {
            Statement::Constant(value, _) => used[value.index()],
            Statement::View(view) => used[view.value.index()],
            Statement::Call(_) => true,
        });
        self.renumber();
        self
    }

    fn renumber(&mut self) {
        let old = std::mem::take(&mut self.values);
        let mut numbers: HashMap<ValueId, ValueId> = HashMap::new();
        let mut values = Vec::with_capacity(old.len());
        let mut renumber = |value: &mut ValueId| {
            *value = *numbers.entry(*value).or_insert_with(|| {
                values.push(old[value.index()].clone());
                ValueId(values.len() as u32 - 1)
            });
        };
        self.inputs.iter_mut().for_each(&mut renumber);
        for statement in &mut self.statements {
            match statement {
                Statement::Constant(value, _) => renumber(value),
                Statement::View(view) => {
                    renumber(&mut view.base);
                    renumber(&mut view.value);
                }
                Statement::Call(call) => {
                    let named = call.named.iter_mut().map(|(_, operand)| operand);
                    let operands = call.positional.iter_mut().chain(named);
                    operands.flat_map(Operand::values_mut).for_each(&mut renumber);
                    let results = call.results.iter_mut().flat_map(ResultSlot::tensors_mut);
                    results.for_each(|tensor| renumber(&mut tensor.value));
                }
            }
        }
        self.outputs.iter_mut().for_each(&mut renumber);
        self.values = values;
    }
}
