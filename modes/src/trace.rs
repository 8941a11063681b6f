//! Tracing: recording calls as a graph.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use keyway::{
    Answer, Call, Device, DispatchMode, Error, GivenArguments, HandlerType, List, Mode, ModeSlot, Operator,
    Result, Storage, Tensor, Value, with_mode,
};
use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::elements::{fingerprint, is_identical};
use crate::fake::{FakeTensor, is_fake};
use crate::graph::{
    Constant, Graph, GraphCall, Operand, ResultSlot, ResultTensor, Statement, ValueId, ValueInfo, View,
};

/// Records calls: a mode in the slot of tracing, below modes of users and above fake tensors.
///
/// Tensors that calls use are inputs, results of calls before, views of these, or else constants, of which the graph keeps a copy
/// as they were when first used. Numbers that were read from tensors are part of the graph as they were. Calls that fail are
/// left out. While it records, a tracing holds on to all tensors it has seen.
///
/// [`trace`] does it all for a function.
///
/// ```
/// use keyway::{Tensor, with_mode};
/// use keyway_modes::Tracing;
/// use keyway_ops::TensorMethods;
///
/// let x = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
/// let tracing = Tracing::new(&[x.clone()]);
/// let y = with_mode(&tracing.mode(), || x.mul_scalar(3))??;
/// let graph = tracing.finish(&[y])?;
/// assert_eq!(graph.calls().count(), 1);
/// assert!(graph.to_string().contains("%1: float32[2] = aten::mul.Scalar(%0, 3)"), "{graph}");
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone)]
pub struct Tracing(Arc<Mutex<Recorder>>);

impl Tracing {
    /// A record whose graph has these inputs.
    pub fn new(inputs: &[Tensor]) -> Tracing {
        Tracing::build(inputs, false)
    }

    /// A record that keeps a fingerprint of each result, so that [`Graph::check`] can say which operator computes something else.
    /// Without inputs, the graph holds all it needs: its text is a record to be replayed anywhere.
    pub fn with_fingerprints(inputs: &[Tensor]) -> Tracing {
        Tracing::build(inputs, true)
    }

    fn build(inputs: &[Tensor], has_fingerprints: bool) -> Tracing {
        let mut recorder = Recorder { graph: Graph::default(), known: HashMap::new(), has_fingerprints };
        for input in inputs {
            let value = recorder.find(input).unwrap_or_else(|| recorder.add(input));
            recorder.graph.inputs.push(value);
        }
        Tracing(Arc::new(Mutex::new(recorder)))
    }

    /// The mode to put on.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// The graph of what was recorded so far, with these outputs.
    ///
    /// # Errors
    /// None today for tensors on the host or `Meta`; what reading an output's memory reports.
    pub fn finish(&self, outputs: &[Tensor]) -> Result<Graph> {
        let mut recorder = self.0.lock();
        let outputs: Result<Vec<ValueId>> = outputs.iter().map(|output| recorder.value_of(output)).collect();
        let graph = Graph { outputs: outputs?, ..recorder.graph.clone() };
        Ok(graph.tidied())
    }
}

/// Traces a function of tensors: its graph and what it gave.
///
/// ```
/// use keyway::Tensor;
/// use keyway_modes::trace;
/// use keyway_ops::TensorMethods;
///
/// let (x, y) = (Tensor::from_slice(&[1i64, 2], &[2])?, Tensor::from_slice(&[3i64, 4], &[2])?);
/// let (graph, outputs) = trace(&[x.clone(), y], |t| Ok(vec![t[0].add(&t[1])?.mul(&t[0])?]))?;
/// assert_eq!(outputs[0].to_vec::<i64>()?, [4, 12]);
/// assert_eq!(graph.run(&[x.clone(), x])?[0].to_vec::<i64>()?, [2, 8]);
/// # Ok::<(), keyway::Error>(())
/// ```
///
/// # Errors
/// Those of `f`; `ModeStack` if something else is being traced on this thread.
pub fn trace(
    inputs: &[Tensor],
    f: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<(Graph, Vec<Tensor>)> {
    traced(Tracing::new(inputs), inputs, f)
}

fn traced(
    tracing: Tracing,
    inputs: &[Tensor],
    f: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<(Graph, Vec<Tensor>)> {
    let outputs = with_mode(&tracing.mode(), || f(inputs))??;
    Ok((tracing.finish(&outputs)?, outputs))
}

/// [`trace`], and a run of the graph on copies of the inputs, to see that it computes the same, bit for bit: results, outputs,
/// and what is left in inputs that were written to.
///
/// # Errors
/// As [`trace`] and [`Graph::check`]; `Value` if outputs or inputs differ after the run; `Runtime` for inputs whose data is not on
/// the host.
pub fn trace_verified(
    inputs: &[Tensor],
    f: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<(Graph, Vec<Tensor>)> {
    let copies = copies(inputs)?;
    let (graph, outputs) = traced(Tracing::with_fingerprints(inputs), inputs, f)?;
    let again = graph.check(&copies)?;
    let pairs = outputs.iter().zip(&again).map(|pair| ("output", pair));
    let pairs = pairs.enumerate().chain(inputs.iter().zip(&copies).map(|pair| ("input", pair)).enumerate());
    for (at, (what, (traced, run))) in pairs {
        if !is_identical(traced, run)? {
            let message = format!(
                "{what} {at} of the traced function is not what its graph computes; something besides operators changes it"
            );
            return Err(Error::value(message));
        }
    }
    Ok((graph, outputs))
}

/// Copies of tensors that share memory where the tensors do.
fn copies(tensors: &[Tensor]) -> Result<Vec<Tensor>> {
    let mut storages: HashMap<usize, Storage> = HashMap::new();
    let mut copies: Vec<Tensor> = Vec::with_capacity(tensors.len());
    for (at, tensor) in tensors.iter().enumerate() {
        if let Some(same) = tensors[..at].iter().position(|other| other.is_same(tensor)) {
            copies.push(copies[same].clone());
            continue;
        }
        let address = tensor.storage().address();
        let storage = match storages.get(&address) {
            Some(storage) => storage.clone(),
            None => Storage::from_slice(tensor.storage().read()?.bytes()),
        };
        storages.insert(address, storage.clone());
        copies.push(Tensor::from_storage(
            storage,
            tensor.dtype(),
            tensor.device(),
            tensor.geometry().clone(),
        )?);
    }
    Ok(copies)
}

struct Recorder {
    graph: Graph,
    /// The tensors that have a number, by the address of their memory. Held, so that no address is used again.
    known: HashMap<usize, SmallVec<[(Tensor, ValueId); 1]>>,
    has_fingerprints: bool,
}

impl Recorder {
    fn find(&self, tensor: &Tensor) -> Option<ValueId> {
        let over_this_memory = self.known.get(&tensor.storage().address())?;
        over_this_memory.iter().find(|(known, _)| known.is_same(tensor)).map(|(_, value)| *value)
    }

    /// A new number for a tensor.
    fn add(&mut self, tensor: &Tensor) -> ValueId {
        let value = ValueId(self.graph.values.len() as u32);
        self.graph.values.push(ValueInfo::of(tensor));
        self.known.entry(tensor.storage().address()).or_default().push((tensor.clone(), value));
        value
    }

    /// The number of a tensor that a call is about to use; new ones are constants, or views of known ones.
    fn value_of(&mut self, tensor: &Tensor) -> Result<ValueId> {
        if let Some(value) = self.find(tensor) {
            return Ok(value);
        }
        let over_this_memory = self.known.get(&tensor.storage().address());
        let base = over_this_memory
            .and_then(|known| known.iter().find(|(base, _)| base.dtype() == tensor.dtype()))
            .filter(|_| !is_fake(tensor))
            .map(|(base, value)| (*value, base.geometry().clone()));
        let constant = if base.is_none() { Some(constant_of(tensor)?) } else { None };
        let value = self.add(tensor);
        self.graph.statements.push(match (base, constant) {
            (Some((base, base_geometry)), _) => {
                Statement::View(View { value, base, geometry: tensor.geometry().clone(), base_geometry })
            }
            (None, Some(constant)) => Statement::Constant(value, constant),
            (None, None) => return Ok(value),
        });
        Ok(value)
    }

    fn operand(&mut self, value: &Value) -> Result<Operand> {
        Ok(match value {
            Value::Tensor(tensor) => Operand::Tensor(self.value_of(tensor)?),
            Value::List(list) => match &**list {
                List::Tensor(tensors) => {
                    let values: Result<_> = tensors.iter().map(|tensor| self.value_of(tensor)).collect();
                    Operand::Tensors(values?)
                }
                List::OptionalTensor(tensors) => {
                    let value =
                        |tensor: &Option<Tensor>| tensor.as_ref().map(|t| self.value_of(t)).transpose();
                    let values: Result<_> = tensors.iter().map(value).collect();
                    Operand::OptionalTensors(values?)
                }
                _ => Operand::Plain(value.clone()),
            },
            _ => Operand::Plain(value.clone()),
        })
    }

    /// The call as far as it is known before it runs.
    fn begin(&mut self, call: &Call<'_>) -> Result<GraphCall> {
        let given: GivenArguments<'_> = call.given_arguments();
        let positional: Result<_> = given.positional.iter().map(|value| self.operand(value)).collect();
        let named = given.named.into_iter().map(|(name, value)| Ok((name, self.operand(value)?)));
        let named: Result<_> = named.collect();
        Ok(GraphCall {
            operator: call.operator(),
            positional: positional?,
            named: named?,
            results: Vec::new(),
        })
    }

    fn end(&mut self, mut call: GraphCall, results: &[Value]) -> Result<()> {
        let operator = call.operator;
        let results: Result<_> = results.iter().map(|value| self.result(operator, value)).collect();
        call.results = results?;
        self.graph.statements.push(Statement::Call(call));
        Ok(())
    }

    fn result(&mut self, operator: &'static Operator, value: &Value) -> Result<ResultSlot> {
        Ok(match value {
            Value::Tensor(tensor) => ResultSlot::Tensor(self.result_tensor(tensor)),
            Value::List(list) => match &**list {
                List::Tensor(tensors) => {
                    ResultSlot::Tensors(tensors.iter().map(|tensor| self.result_tensor(tensor)).collect())
                }
                List::OptionalTensor(_) => {
                    let message =
                        "a result that is a list of tensors some of which may be missing cannot be traced";
                    return Err(Error::not_implemented(message).in_operator(operator.name()));
                }
                _ => ResultSlot::Plain(value.clone()),
            },
            _ => ResultSlot::Plain(value.clone()),
        })
    }

    fn result_tensor(&mut self, tensor: &Tensor) -> ResultTensor {
        let value = self.find(tensor).unwrap_or_else(|| self.add(tensor));
        let fingerprint = if self.has_fingerprints { fingerprint(tensor) } else { None };
        ResultTensor { value, fingerprint }
    }
}

/// A tensor that was there before, copied as it is now.
fn constant_of(tensor: &Tensor) -> Result<Constant> {
    if tensor.is_wrapped_number() {
        return tensor.item().map(Constant::Number);
    }
    let (dtype, geometry) = (tensor.dtype(), tensor.geometry().clone());
    if is_fake(tensor) {
        return Ok(Constant::Held(tensor.clone()));
    }
    if tensor.device() == Device::META {
        return Ok(Constant::Meta { dtype, geometry });
    }
    match tensor.storage().read() {
        Ok(read) if read.bytes().len().is_multiple_of(dtype.size()) => {
            Ok(Constant::Data { dtype, geometry, bytes: read.bytes().to_vec() })
        }
        _ => Ok(Constant::Held(tensor.clone())),
    }
}

impl DispatchMode for Tracing {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        // Other classes unwrap their tensors first; what they call is traced (P67).
        if call.types().any(|ty| ty != HandlerType::of_subclass::<FakeTensor>()) {
            return Ok(Answer::Declined);
        }
        let recorded = self.0.lock().begin(call)?;
        call.forward()?;
        self.0.lock().end(recorded, call.results())?;
        Ok(Answer::Done)
    }

    fn name(&self) -> &str {
        "tracing"
    }

    fn slot(&self) -> Option<ModeSlot> {
        Some(ModeSlot::Proxy)
    }
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tracing({} lines)", self.0.lock().graph.statements.len())
    }
}
