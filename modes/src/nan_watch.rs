//! Watching for NaN and infinities: the first operator that made one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keyway::schema::Argument;
use keyway::{Answer, Call, DispatchMode, Error, ErrorKind, Mode, Operator, Result, Tensor, Value};
use parking_lot::Mutex;

use crate::call_text::call_text;
use crate::elements::count_non_finite;

/// What kind of element was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonFinite {
    /// Not a number.
    Nan,
    /// An infinity of either sign.
    Infinite,
}

/// An operator whose results have elements that are not finite.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Its full name.
    pub operator: &'static str,
    /// The call with the arguments' shapes.
    pub call: String,
    /// Which result, or which written argument: `result 0`, `self`.
    pub place: String,
    /// NaN if there is one, else an infinity.
    pub kind: NonFinite,
    /// How many elements of this kind there are.
    pub count: usize,
    /// How many elements there are.
    pub numel: usize,
    /// The arguments that had such elements before the call. If there is one, the operator passed on what came in.
    pub came_in: Vec<String>,
}

impl Finding {
    /// Whether the operator made it: no argument had an element that is not finite.
    pub fn is_origin(&self) -> bool {
        self.came_in.is_empty()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { call, place, count, numel, came_in, kind, .. } = self;
        let kind = match kind {
            NonFinite::Nan => "NaN",
            NonFinite::Infinite => "infinite",
        };
        write!(f, "{count} of {numel} elements of {place} of {call} are {kind}; ")?;
        match came_in.is_empty() {
            true => f.write_str("its arguments were finite"),
            false => write!(f, "so were elements of {}", came_in.join(" and ")),
        }
    }
}

/// Looks at what every call leaves, and reports elements that are NaN or infinite. Tensors without data on the host are not
/// looked at; [`NanWatch::unseen`] counts them.
///
/// ```
/// use keyway::{Tensor, with_mode};
/// use keyway_modes::NanWatch;
/// use keyway_ops::TensorMethods;
///
/// let x = Tensor::from_slice(&[4.0f32, -1.0], &[2])?;
/// let failed = with_mode(&NanWatch::failing().mode(), || x.sqrt()?.add(&x))?;
/// let message = failed.unwrap_err().to_string();
/// assert!(message.contains("1 of 2 elements of result 0 of aten::sqrt(float32[2]) are NaN"), "{message}");
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone)]
pub struct NanWatch(Arc<Shared>);

struct Shared {
    fails: bool,
    infinities: bool,
    findings: Mutex<Vec<Finding>>,
    unseen: AtomicU64,
}

impl NanWatch {
    /// A watch that makes the first such call an error.
    pub fn failing() -> NanWatch {
        NanWatch::build(true, true)
    }

    /// A watch that lets calls go on and keeps what it finds.
    pub fn recording() -> NanWatch {
        NanWatch::build(false, true)
    }

    fn build(fails: bool, infinities: bool) -> NanWatch {
        NanWatch(Arc::new(Shared {
            fails,
            infinities,
            findings: Mutex::default(),
            unseen: AtomicU64::new(0),
        }))
    }

    /// A new watch like this one for which infinities are fine: masks of attention, for one, are made of them.
    #[must_use]
    pub fn only_nan(self) -> NanWatch {
        NanWatch::build(self.0.fails, false)
    }

    /// The mode.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// What was found, in the order it was.
    pub fn findings(&self) -> Vec<Finding> {
        self.0.findings.lock().clone()
    }

    /// The first operator that made a NaN or an infinity, rather than pass one on.
    pub fn origin(&self) -> Option<Finding> {
        self.0.findings.lock().iter().find(|finding| finding.is_origin()).cloned()
    }

    /// How many results could not be looked at, because their data is not on the host.
    pub fn unseen(&self) -> u64 {
        self.0.unseen.load(Ordering::Relaxed)
    }

    /// The kind and number of elements that are not to be there.
    ///
    /// # Errors
    /// Data that is not on the host.
    fn look(&self, tensor: &Tensor) -> Result<Option<(NonFinite, usize)>> {
        Ok(match count_non_finite(tensor)? {
            (0, infinite) if infinite > 0 && self.0.infinities => Some((NonFinite::Infinite, infinite)),
            (nan, _) if nan > 0 => Some((NonFinite::Nan, nan)),
            _ => None,
        })
    }

    /// The first tensor of the values that has such elements.
    fn find<'v>(&self, values: impl IntoIterator<Item = (String, &'v Value)>) -> Option<Bad> {
        values.into_iter().find_map(|(place, value)| {
            value.tensors().find_map(|tensor| {
                let (kind, count) = self.look(tensor).ok()??;
                Some(Bad { place: place.clone(), kind, count, numel: tensor.numel() })
            })
        })
    }

    /// The names of the arguments that have such elements.
    fn names_of_bad<'v>(&self, values: impl Iterator<Item = (String, &'v Value)>) -> Vec<String> {
        values
            .filter(|(name, value)| self.find([(name.clone(), *value)]).is_some())
            .map(|(name, _)| name)
            .collect()
    }
}

/// A tensor with elements that are not finite.
struct Bad {
    place: String,
    kind: NonFinite,
    count: usize,
    numel: usize,
}

/// The names and values of the arguments of a kind.
fn arguments<'v>(
    operator: &'static Operator,
    values: &'v [Value],
    is_meant: impl Fn(&Argument) -> bool,
) -> impl Iterator<Item = (String, &'v Value)> {
    let arguments = operator.schema().map_or(&[][..], |schema| &schema.arguments);
    let meant = arguments.iter().zip(values).filter(move |(argument, _)| is_meant(argument));
    meant.map(|(argument, value)| (format!("`{}`", argument.name), value))
}

impl DispatchMode for NanWatch {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        let operator = call.operator();
        let given = call.arguments().to_vec();
        // What is about to be overwritten has to be looked at now. What is in an out argument does not come in.
        let is_changed = |argument: &Argument| argument.is_write() && !argument.is_out;
        let mut came_in = self.names_of_bad(arguments(operator, &given, is_changed));
        call.forward()?;
        let unseen = call.results().iter().flat_map(Value::tensors);
        let unseen = unseen.filter(|tensor| tensor.storage().read().is_err()).count();
        self.0.unseen.fetch_add(unseen as u64, Ordering::Relaxed);
        let results = call.results().iter().enumerate().map(|(at, value)| (format!("result {at}"), value));
        let bad = self.find(results).or_else(|| self.find(arguments(operator, &given, Argument::is_write)));
        let Some(Bad { place, kind, count, numel }) = bad else { return Ok(Answer::Done) };
        came_in.extend(self.names_of_bad(arguments(operator, &given, |argument| !argument.is_write())));
        let text = call_text(operator, &given);
        let finding = Finding { operator: operator.name(), call: text, place, kind, count, numel, came_in };
        let message = finding.to_string();
        self.0.findings.lock().push(finding);
        match self.0.fails {
            true => Err(Error::new(ErrorKind::Value, message).in_operator(operator.name())),
            false => Ok(Answer::Done),
        }
    }

    fn name(&self) -> &str {
        "NaN watch"
    }
}

impl fmt::Debug for NanWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NanWatch").field("findings", &self.findings()).finish_non_exhaustive()
    }
}
