//! Schema checking: that a kernel writes to and aliases just what its schema says.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keyway::schema::{AliasInfo, Argument, Return, Schema};
use keyway::{Answer, Call, DispatchMode, Error, ErrorKind, Geometry, Mode, Operator, Result, Tensor, Value};
use parking_lot::Mutex;

/// Checks every call against the operator's schema:
///
/// - an argument that is not marked as written keeps its elements, sizes and strides, unless it shares memory with one that is;
/// - a result marked as a written argument is that argument;
/// - a result shares memory with an argument, or with another result, only where their alias sets meet.
///
/// Elements are compared on the host; of other tensors, sizes and aliases. [`SchemaCheck::observing`] also keeps what was written
/// and shared.
///
/// ```
/// use keyway::{DispatchKey, Library, Result, Tensor, Value, with_mode};
/// use keyway_modes::SchemaCheck;
///
/// let mut library = Library::define("checked")?;
/// let f = library.def("f(Tensor self) -> Tensor")?;
/// library.kernel_fn("f", DispatchKey::CPU, |x: &Tensor| -> Result<Tensor> { x.view_as(x.geometry().clone()) })?;
/// let x = Tensor::from_slice(&[1.0f32], &[1])?;
/// let error = with_mode(&SchemaCheck::new().mode(), || f.call([Value::from(&x)]).map(drop))?.unwrap_err();
/// assert!(error.to_string().starts_with("checked::f: result 0 shares memory with the argument `self`"), "{error}");
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SchemaCheck(Arc<State>);

#[derive(Debug, Default)]
struct State {
    checked: AtomicU64,
    observed: Option<Mutex<Vec<ObservedCall>>>,
}

/// What one call did.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedCall {
    /// The operator's name with its overload.
    pub operator: &'static str,
    /// The positions of arguments whose elements, sizes or strides are others than before, in order.
    pub mutated: Vec<usize>,
    /// The arguments that share memory with results: positions of both, in order.
    pub aliases: Vec<(usize, usize)>,
}

impl SchemaCheck {
    /// A check.
    pub fn new() -> SchemaCheck {
        SchemaCheck::default()
    }

    /// A check that also keeps what each call did. Written arguments are copied before each call for it.
    pub fn observing() -> SchemaCheck {
        SchemaCheck(Arc::new(State { checked: AtomicU64::new(0), observed: Some(Mutex::default()) }))
    }

    /// What the calls did that were found to be right, in their order; nothing unless made by
    /// [`SchemaCheck::observing`].
    pub fn observed(&self) -> Vec<ObservedCall> {
        self.0.observed.as_ref().map(|observed| observed.lock().clone()).unwrap_or_default()
    }

    /// The mode. A call whose kernel breaks a rule ends with a `SchemaMismatch` that names operator and argument; what the kernel
    /// did is done.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// How many calls were found to be right.
    pub fn checked(&self) -> u64 {
        self.0.checked.load(Ordering::Relaxed)
    }
}

impl DispatchMode for SchemaCheck {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        let operator = call.operator();
        let Some(schema) = operator.schema() else {
            call.forward()?;
            return Ok(Answer::Done);
        };
        let arguments = call.arguments().to_vec();
        let before = Before::of(schema, &arguments);
        let all = self.0.observed.as_ref().map(|_| arguments.iter().map(Seen::of).collect::<Vec<_>>());
        call.forward()?;
        let check = Check { operator, schema, arguments: &arguments, results: call.results() };
        check.arguments_are_kept(&before)?;
        check.results_are_as_said()?;
        check.results_are_apart()?;
        if let (Some(observed), Some(all)) = (&self.0.observed, all) {
            observed.lock().push(check.observed(&all)?);
        }
        self.0.checked.fetch_add(1, Ordering::Relaxed);
        Ok(Answer::Done)
    }

    fn name(&self) -> &str {
        "schema check"
    }
}

/// The tensors of an argument as they were before the call.
struct Seen(Vec<(Tensor, Geometry, Option<Vec<u8>>)>);

impl Seen {
    fn of(argument: &Value) -> Seen {
        let tensors = argument.tensors().map(|tensor| {
            let bytes = tensor.storage().read().ok().map(|read| read.bytes().to_vec());
            (tensor.clone(), tensor.geometry().clone(), bytes)
        });
        Seen(tensors.collect())
    }

    fn has_changed(&self) -> Result<bool> {
        for (tensor, geometry, bytes) in &self.0 {
            let has_other_bytes = match bytes {
                Some(bytes) => tensor.storage().read()?.bytes() != bytes,
                None => false,
            };
            if has_other_bytes || tensor.geometry() != geometry {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A tensor among the arguments as it was before the call.
struct Kept {
    argument: usize,
    tensor: Tensor,
    geometry: Geometry,
    /// The whole memory, unless it may change or is not on the host.
    bytes: Option<Vec<u8>>,
}

/// The tensors among the arguments that must be left as they were.
struct Before(Vec<Kept>);

impl Before {
    fn of(schema: &Schema, arguments: &[Value]) -> Before {
        let both = || schema.arguments.iter().zip(arguments).enumerate();
        let written = both().filter(|(_, (argument, _))| argument.is_write());
        let written: Vec<&Tensor> = written.flat_map(|(_, (_, value))| value.tensors()).collect();
        let mut kept = Vec::new();
        for (at, (_, value)) in both().filter(|(_, (argument, _))| !argument.is_write()) {
            for tensor in value.tensors() {
                // The same tensor may be given as a written argument too.
                if written.iter().any(|other| other.is_same(tensor)) {
                    continue;
                }
                let may_change = written.iter().any(|other| other.shares_storage(tensor));
                let bytes = match may_change {
                    true => None,
                    false => tensor.storage().read().ok().map(|read| read.bytes().to_vec()),
                };
                let geometry = tensor.geometry().clone();
                kept.push(Kept { argument: at, tensor: tensor.clone(), geometry, bytes });
            }
        }
        Before(kept)
    }
}

/// A call that returned.
struct Check<'a> {
    operator: &'static Operator,
    schema: &'static Schema,
    arguments: &'a [Value],
    results: &'a [Value],
}

impl Check<'_> {
    #[cold]
    fn broken(&self, message: String) -> Error {
        let message = format!("{message}; correct the kernel or the schema `{}`", self.schema);
        Error::new(ErrorKind::SchemaMismatch, message).in_operator(self.operator.name())
    }

    fn name_of(&self, argument: usize) -> &str {
        &self.schema.arguments[argument].name
    }

    /// What the call did, right or wrong.
    fn observed(&self, before: &[Seen]) -> Result<ObservedCall> {
        let mut mutated = Vec::new();
        for (position, seen) in before.iter().enumerate() {
            if seen.has_changed()? {
                mutated.push(position);
            }
        }
        let share = |argument: &Value, result: &Value| {
            argument.tensors().any(|a| result.tensors().any(|b| a.shares_storage(b)))
        };
        let results =
            |argument| (0..self.results.len()).filter(move |&at| share(argument, &self.results[at]));
        let arguments = self.arguments.iter().enumerate();
        let aliases =
            arguments.flat_map(|(position, argument)| results(argument).map(move |at| (position, at)));
        Ok(ObservedCall { operator: self.operator.name(), mutated, aliases: aliases.collect() })
    }

    fn arguments_are_kept(&self, before: &Before) -> Result<()> {
        for kept in &before.0 {
            let name = self.name_of(kept.argument);
            if *kept.tensor.geometry() != kept.geometry {
                let (old, new) = (kept.geometry.sizes(), kept.tensor.sizes());
                let message = format!(
                    "the argument `{name}` changed its sizes or strides ({old:?} before, {new:?} now) without being marked `!`"
                );
                return Err(self.broken(message));
            }
            let Some(bytes) = &kept.bytes else { continue };
            if kept.tensor.storage().read()?.bytes() != bytes {
                return Err(
                    self.broken(format!("the argument `{name}` was written to without being marked `!`"))
                );
            }
        }
        Ok(())
    }

    /// The arguments that a result may share memory with.
    fn may_alias(&self, returned: &Return, argument: &Argument) -> bool {
        argument.alias.as_ref().is_some_and(|own| {
            own.becomes_wildcard() || returned.alias.as_ref().is_some_and(|of| meet(own, of))
        })
    }

    fn results_are_as_said(&self) -> Result<()> {
        for (at, (returned, result)) in self.schema.returns.iter().zip(self.results).enumerate() {
            if let Some(written) = self.schema.aliased_argument(returned).filter(|_| returned.is_write()) {
                let given = self.arguments[written].tensors();
                if !given.zip(result.tensors()).all(|(given, result)| given.is_same(result)) {
                    let name = self.name_of(written);
                    return Err(
                        self.broken(format!("result {at} is not the argument `{name}` that it stands for"))
                    );
                }
            }
            for tensor in result.tensors() {
                self.shares_only_what_it_may(at, returned, tensor)?;
            }
        }
        Ok(())
    }

    fn shares_only_what_it_may(&self, at: usize, returned: &Return, result: &Tensor) -> Result<()> {
        let sharing = |value: &Value| value.tensors().any(|given| given.shares_storage(result));
        let positions = || (0..self.arguments.len()).filter(|&position| sharing(&self.arguments[position]));
        // Two arguments may share memory themselves; the result is right if it may alias one of them.
        if positions().any(|position| self.may_alias(returned, &self.schema.arguments[position])) {
            return Ok(());
        }
        match positions().next() {
            None => Ok(()),
            Some(position) => {
                let name = self.name_of(position);
                let message = format!(
                    "result {at} shares memory with the argument `{name}`, and no alias set of theirs says so"
                );
                Err(self.broken(message))
            }
        }
    }

    /// Results of different returns are apart unless both may be the same argument's memory.
    fn results_are_apart(&self) -> Result<()> {
        let returns = self.schema.returns.iter().zip(self.results).enumerate();
        for (second, (returned, result)) in returns.clone() {
            for (first, (other_return, other)) in returns.clone().take(second) {
                let meet = match (&returned.alias, &other_return.alias) {
                    (Some(own), Some(of)) => meet(own, of),
                    _ => false,
                };
                let shares = |a: &Tensor| other.tensors().any(|b| a.shares_storage(b));
                if !meet && result.tensors().any(shares) && !self.arguments_alias(returned, other_return) {
                    return Err(self.broken(format!(
                        "results {first} and {second} share memory, and no alias set of theirs says so"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Whether two returns stand for arguments that were given the same memory.
    fn arguments_alias(&self, a: &Return, b: &Return) -> bool {
        let given = |returned: &Return| Some(&self.arguments[self.schema.aliased_argument(returned)?]);
        given(a)
            .zip(given(b))
            .is_some_and(|(a, b)| a.tensors().any(|a| b.tensors().any(|b| a.shares_storage(b))))
    }
}

fn meet(a: &AliasInfo, b: &AliasInfo) -> bool {
    a.before.iter().any(|set| b.before.contains(set))
}

impl fmt::Display for SchemaCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls did what their schemas say", self.checked())
    }
}
