//! A call as a handler sees it: the operator, its arguments, the classes among them, and the place for the results.

use crate::error::{Error, ErrorKind, Result};
use crate::interpreter::candidates::{Candidate, HandlerType};
use crate::interpreter::foreign::ForeignObject;
use crate::operator::Operator;
use crate::stack::Stack;
use crate::tensor::Tensor;
use crate::value::Value;

/// What a handler says about a call it was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// The results are in place.
    Done,
    /// It leaves the call to the next in order (NotImplemented). The arguments must be as they were.
    Declined,
}

/// An operator call on offer to a handler. Arguments have their defaults filled in (P99); results replace them.
#[derive(Debug)]
pub struct Call<'a> {
    operator: &'static Operator,
    stack: &'a mut Stack,
    base: usize,
    candidates: &'a [Candidate],
    state: State,
    mode: Option<ForeignObject>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Offered,
    /// Arguments were replaced.
    Changed,
    Answered,
}

/// The arguments as their user could have given them: by position, then by name, without those equal to their defaults.
#[derive(Clone, Debug)]
pub struct GivenArguments<'a> {
    /// The leading ones.
    pub positional: &'a [Value],
    /// Keyword-only ones, in schema order.
    pub named: Vec<(&'static str, &'a Value)>,
}

impl<'a> GivenArguments<'a> {
    /// Splits an operator's arguments, defaults filled in, as P99 does: trailing positional ones and any keyword-only ones that
    /// equal their defaults are left out, as far as they have one.
    pub fn split(operator: &'static Operator, arguments: &'a [Value]) -> GivenArguments<'a> {
        let Some(definition) = operator.definition() else {
            return GivenArguments { positional: arguments, named: Vec::new() };
        };
        let is_default = |position: usize| {
            let default = definition.defaults.0[position].as_ref();
            default.is_some_and(|default| arguments[position].is_equal_plain(default))
        };
        let count = arguments.len().min(definition.defaults.0.len());
        let limit = definition.positional.min(count);
        let mut end = limit;
        while end > 0 && is_default(end - 1) {
            end -= 1;
        }
        let rest = (limit..count).filter(|&position| !is_default(position));
        let name = |position: usize| definition.schema.arguments[position].name.as_str();
        let named = rest.map(|position| (name(position), &arguments[position]));
        GivenArguments { positional: &arguments[..end], named: named.collect() }
    }
}

impl<'a> Call<'a> {
    pub(super) fn new(
        operator: &'static Operator,
        stack: &'a mut Stack,
        base: usize,
        candidates: &'a [Candidate],
    ) -> Call<'a> {
        Call { operator, stack, base, candidates, state: State::Offered, mode: None }
    }

    /// The interpreter's mode that a rule speaks for, while one does (P70).
    pub fn mode(&self) -> Option<&ForeignObject> {
        self.mode.as_ref()
    }

    pub(super) fn set_mode(&mut self, mode: Option<ForeignObject>) {
        self.mode = mode;
    }

    /// The operator.
    #[inline]
    pub fn operator(&self) -> &'static Operator {
        self.operator
    }

    /// All arguments in schema order; the results once there are some.
    #[inline]
    pub fn values(&self) -> &[Value] {
        self.stack.get(self.base..).unwrap_or_default()
    }

    /// All arguments in schema order; empty once the call is answered.
    pub fn arguments(&self) -> &[Value] {
        if self.state == State::Answered { &[] } else { self.values() }
    }

    /// The argument of this name.
    pub fn argument(&self, name: &str) -> Option<&Value> {
        let schema = self.operator.schema()?;
        self.arguments().get(schema.arguments.iter().position(|argument| argument.name == name)?)
    }

    /// The results; empty while the call is not answered.
    pub fn results(&self) -> &[Value] {
        if self.state == State::Answered { self.values() } else { &[] }
    }

    /// The classes among the arguments in the order they are asked, each once: the same for every handler (P93).
    pub fn types(&self) -> impl Iterator<Item = HandlerType> + '_ {
        self.candidates.iter().map(|candidate| candidate.ty)
    }

    /// The first tensor of each class of [`Call::types`].
    pub fn overloaded(&self) -> impl Iterator<Item = &Tensor> + '_ {
        self.candidates.iter().map(|candidate| &candidate.tensor)
    }

    /// The arguments without those that equal their defaults: [`GivenArguments::split`].
    pub fn given_arguments(&self) -> GivenArguments<'_> {
        GivenArguments::split(self.operator, self.arguments())
    }

    /// Calls the operator with the arguments as they are now; its results become those of this call. Modes below and the
    /// classes among the arguments are asked in turn.
    ///
    /// # Errors
    /// Those of the call; `Runtime` if this call is answered already.
    #[inline]
    pub fn forward(&mut self) -> Result<()> {
        self.answer_with(|operator, stack| operator.call_boxed(stack))
    }

    /// Runs something else on the stack, which takes the arguments off it and leaves results: another operator of the same
    /// schema, or a redispatch.
    ///
    /// # Errors
    /// Those of `run`; `Runtime` if this call is answered already.
    #[inline]
    pub fn answer_with(
        &mut self,
        run: impl FnOnce(&'static Operator, &mut Stack) -> Result<()>,
    ) -> Result<()> {
        self.not_answered()?;
        self.state = State::Answered;
        run(self.operator, self.stack)
    }

    /// Answers with these results.
    ///
    /// # Errors
    /// None; that they are what the schema says is checked when the handler returns.
    pub fn answer(&mut self, results: impl IntoIterator<Item = Value>) -> Result<()> {
        self.state = State::Answered;
        self.stack.truncate(self.base);
        results.into_iter().for_each(|value| self.stack.push(value));
        Ok(())
    }

    /// Replaces an argument, for [`Call::forward`].
    ///
    /// # Errors
    /// `Runtime` if the call is answered already; `Index` if there is no such argument.
    pub fn set_argument(&mut self, position: usize, value: impl Into<Value>) -> Result<()> {
        self.not_answered()?;
        self.state = State::Changed;
        let operator = self.operator;
        let slot = self.stack.get_mut(self.base..).and_then(|arguments| arguments.get_mut(position));
        let slot = slot.ok_or_else(|| {
            Error::index(format!("there is no argument {position}")).in_operator(operator.name())
        })?;
        *slot = value.into();
        Ok(())
    }

    /// Replaces tensors among the arguments, in lists too: `f` gives the replacement or `None` to keep one.
    ///
    /// # Errors
    /// Those of `f`; `Runtime` if the call is answered already.
    pub fn map_arguments(&mut self, f: impl FnMut(&Tensor) -> Result<Option<Tensor>>) -> Result<()> {
        self.not_answered()?;
        self.state = State::Changed;
        self.map_values(f)
    }

    /// Replaces tensors among the results, in lists too: `f` gives the replacement or `None` to keep one.
    ///
    /// # Errors
    /// Those of `f`; `Runtime` if the call is not answered yet.
    pub fn map_results(&mut self, f: impl FnMut(&Tensor) -> Result<Option<Tensor>>) -> Result<()> {
        if self.state != State::Answered {
            let message = "its handler works on results before there are any; forward or answer first";
            return Err(Error::new(ErrorKind::Runtime, message).in_operator(self.operator.name()));
        }
        self.map_values(f)
    }

    fn map_values(&mut self, mut f: impl FnMut(&Tensor) -> Result<Option<Tensor>>) -> Result<()> {
        let values = self.stack.get_mut(self.base..).unwrap_or_default();
        values.iter_mut().try_for_each(|value| value.map_tensors(&mut f))
    }

    /// The stack and the position of the first argument or result, for interpreters that convert values themselves. What is
    /// left from there on are the results.
    pub fn stack_for_results(&mut self) -> (&mut Stack, usize) {
        self.state = State::Answered;
        (self.stack, self.base)
    }

    pub(super) fn result_mut(&mut self, position: usize) -> Option<&mut Value> {
        if self.state != State::Answered {
            return None;
        }
        self.stack.get_mut(self.base..)?.get_mut(position)
    }

    fn not_answered(&self) -> Result<()> {
        if self.state != State::Answered {
            return Ok(());
        }
        let message = "its handler answered the call already; a handler forwards once";
        Err(Error::new(ErrorKind::Runtime, message).in_operator(self.operator.name()))
    }

    /// What the handler said, if that fits what it did.
    #[inline]
    pub(super) fn settled(&self, answer: Answer, by: impl FnOnce() -> String) -> Result<Answer> {
        match (answer, self.state) {
            (Answer::Done, State::Answered) | (Answer::Declined, State::Offered) => Ok(answer),
            (Answer::Done, _) => Err(self.misbehaved(&by(), "says it is done but left no results")),
            (Answer::Declined, _) => {
                Err(self.misbehaved(&by(), "declined after it had changed the arguments or answered"))
            }
        }
    }

    #[cold]
    fn misbehaved(&self, who: &str, what: &str) -> Error {
        Error::new(ErrorKind::Runtime, format!("{who} {what}")).in_operator(self.operator.name())
    }
}
