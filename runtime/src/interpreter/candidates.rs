//! Who gets a call: modes from the top, then the classes among the arguments, in order (P64 to P71, P91 to P93).

use std::any::{Any, TypeId};
use std::fmt;
use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind, Result};
use crate::interpreter::call::{Answer, Call};
use crate::interpreter::foreign::ObjectAddress;
use crate::interpreter::metadata::{MetadataAnswer, MetadataQuery};
use crate::interpreter::subclass::TensorSubclass;
use crate::interpreter::{Handler, InterpreterRef, rules};
use crate::mode::{self, DeclineRule, DispatchMode, RunningMode, is_intercepted};
use crate::operator::Operator;
use crate::tensor::Tensor;
use crate::value::Value;

/// The exact type of a mode or of a tensor subclass.
#[derive(Clone, Copy)]
pub struct HandlerType(Kind);

#[derive(Clone, Copy)]
enum Kind {
    Native(TypeId, &'static str),
    /// The interpreter's number, and the type's address there.
    Foreign(u8, ObjectAddress),
}

impl HandlerType {
    /// A mode's type in Rust.
    pub fn of_mode<M: DispatchMode>() -> HandlerType {
        HandlerType(Kind::Native(TypeId::of::<M>(), std::any::type_name::<M>()))
    }

    /// A tensor subclass in Rust.
    pub fn of_subclass<S: TensorSubclass>() -> HandlerType {
        HandlerType(Kind::Native(TypeId::of::<S>(), std::any::type_name::<S>()))
    }

    /// A type of an interpreter.
    pub fn foreign(interpreter: InterpreterRef, ty: ObjectAddress) -> HandlerType {
        HandlerType(Kind::Foreign(interpreter.number(), ty))
    }

    pub(crate) fn native(id: TypeId, name: &'static str) -> HandlerType {
        HandlerType(Kind::Native(id, name))
    }

    /// The interpreter and the type's address, if it is not one of Rust.
    pub fn as_foreign(self) -> Option<(InterpreterRef, ObjectAddress)> {
        match self.0 {
            Kind::Native(..) => None,
            Kind::Foreign(number, ty) => Some((InterpreterRef::numbered(number)?, ty)),
        }
    }
}

impl PartialEq for HandlerType {
    fn eq(&self, other: &HandlerType) -> bool {
        match (self.0, other.0) {
            (Kind::Native(a, _), Kind::Native(b, _)) => a == b,
            (Kind::Foreign(a, x), Kind::Foreign(b, y)) => a == b && x == y,
            _ => false,
        }
    }
}

impl Eq for HandlerType {}

impl Hash for HandlerType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Kind::Native(id, _) => id.hash(state),
            Kind::Foreign(number, ty) => (number, ty).hash(state),
        }
    }
}

impl fmt::Display for HandlerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Native(_, name) => f.write_str(name),
            Kind::Foreign(number, ty) => {
                match InterpreterRef::numbered(number).and_then(InterpreterRef::alive) {
                    Some(vtable) => f.write_str(&vtable.type_name(ty)),
                    None => write!(f, "a type of interpreter {number}"),
                }
            }
        }
    }
}

impl fmt::Debug for HandlerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A class among the arguments, with its first tensor.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) ty: HandlerType,
    pub(super) tensor: Tensor,
}

/// Those of a call: hardly ever more than two.
pub(super) type Candidates = SmallVec<[Candidate; 2]>;

/// Whether a tensor among the arguments has a class that handles operators.
#[inline]
pub(super) fn any_intercepted(arguments: &[Value]) -> bool {
    arguments.iter().any(|argument| match argument {
        Value::Tensor(tensor) => is_intercepted(tensor.key_set()),
        Value::List(_) => argument.tensors().any(|tensor| is_intercepted(tensor.key_set())),
        _ => false,
    })
}

/// Looks through the arguments and the elements of lists, left to right (P17, P91); nothing is nested deeper.
#[inline(never)]
pub(super) fn find(arguments: &[Value]) -> Candidates {
    let mut candidates = Candidates::new();
    let tensors = arguments.iter().flat_map(Value::tensors);
    for tensor in tensors.filter(|tensor| is_intercepted(tensor.key_set())) {
        if let Some(ty) = type_of(tensor) {
            insert(&mut candidates, ty, tensor);
        }
    }
    candidates
}

/// The class of a tensor: a Rust one, or that of the object in its slot.
fn type_of(tensor: &Tensor) -> Option<HandlerType> {
    if let Some(subclass) = tensor.held_subclass() {
        return Some(HandlerType::native(Any::type_id(&**subclass), subclass.name()));
    }
    let (interpreter, object) = tensor.object_slot().get()?;
    let vtable = interpreter.alive()?;
    let ty = vtable.type_of(object);
    vtable.intercepts(ty).then_some(HandlerType::foreign(interpreter, ty))
}

/// One entry for each exact type; a new one goes before the first whose type it extends, else to the end (P92).
fn insert(candidates: &mut Candidates, ty: HandlerType, tensor: &Tensor) {
    if candidates.iter().any(|held| held.ty == ty) {
        return;
    }
    let place = candidates.iter().position(|held| extends(ty, tensor, held.ty)).unwrap_or(candidates.len());
    candidates.insert(place, Candidate { ty, tensor: tensor.clone() });
}

fn extends(ty: HandlerType, tensor: &Tensor, of: HandlerType) -> bool {
    match (ty.0, of.0) {
        (Kind::Native(..), Kind::Native(of, _)) => {
            tensor.held_subclass().is_some_and(|subclass| subclass.extends().contains(&of))
        }
        (Kind::Foreign(a, ty), Kind::Foreign(b, of)) if a == b => {
            let vtable = InterpreterRef::numbered(a).and_then(InterpreterRef::alive);
            vtable.is_some_and(|vtable| vtable.is_subtype(ty, of))
        }
        _ => false,
    }
}

/// Offers a call to the modes, from the topmost that wants the operator down, each with itself and those above it off (P62, P64).
/// One that declines passes it to the next below (better than P66), unless the thread keeps PyTorch's rule. `running` is that mode
/// and `take` takes those below it: the usual ones, or those before dispatch.
#[inline]
pub(super) fn ask_modes(
    running: &mut RunningMode,
    take: fn(&mut RunningMode, &'static Operator) -> bool,
    call: &mut Call<'_>,
    declined: &mut Vec<String>,
) -> Result<Answer> {
    let Some(mode) = running.mode() else { return Ok(Answer::Declined) };
    let handler = mode.handler();
    let answer = match rules::find(call.operator(), || handler.handler_type()) {
        Some(rule) => {
            call.set_mode(mode.as_foreign().cloned());
            let answer = rule(call)?;
            call.set_mode(None);
            answer
        }
        None => handler.handle(call)?,
    };
    let mut answer = call.settled(answer, || format!("the mode {}", handler.name()))?;
    if answer == Answer::Declined {
        declined.push(format!("mode {}", handler.name()));
        answer = ask_below(take, call, declined)?;
    }
    running.finish()?;
    Ok(answer)
}

#[cold]
fn ask_below(
    take: fn(&mut RunningMode, &'static Operator) -> bool,
    call: &mut Call<'_>,
    declined: &mut Vec<String>,
) -> Result<Answer> {
    let mut next = RunningMode::none();
    if mode::decline_rule() == DeclineRule::Arguments || !take(&mut next, call.operator()) {
        return Ok(Answer::Declined);
    }
    ask_modes(&mut next, take, call, declined)
}

/// Offers a call to the classes among the arguments, in order, with all modes on (P65).
pub(super) fn ask_subclasses(
    candidates: &[Candidate],
    call: &mut Call<'_>,
    declined: &mut Vec<String>,
) -> Result<Answer> {
    for candidate in candidates {
        let subclass = candidate.tensor.held_subclass();
        if let Some(wanted) = subclass.and_then(|subclass| subclass.operators())
            && !wanted.contains(call.operator())
        {
            continue;
        }
        let answer = match rules::find(call.operator(), || candidate.ty) {
            Some(rule) => rule(call)?,
            None => match (subclass, candidate.ty.as_foreign()) {
                (Some(subclass), _) => subclass.handle(call)?,
                (None, Some((interpreter, ty))) => {
                    let vtable = interpreter.needed_for("a tensor's class")?;
                    if !vtable.wants(ty, call.operator()) {
                        continue;
                    }
                    vtable.dispatch(Handler::Subclass(&candidate.tensor), call)?
                }
                (None, None) => continue,
            },
        };
        if call.settled(answer, || format!("the tensor subclass {}", candidate.ty))? == Answer::Done {
            return Ok(Answer::Done);
        }
        declined.push(format!("tensor subclass {}", candidate.ty));
    }
    Ok(Answer::Declined)
}

/// Asks a tensor's class about its metadata.
pub(super) fn ask_metadata(tensor: &Tensor, query: MetadataQuery) -> Result<MetadataAnswer> {
    if let Some(subclass) = tensor.held_subclass() {
        return subclass.metadata(tensor, query);
    }
    match tensor.object_slot().get() {
        Some((interpreter, _)) => {
            let vtable = interpreter.needed_for("a tensor's class")?;
            vtable.metadata(Handler::Subclass(tensor), tensor, query)
        }
        None => Ok(MetadataAnswer::Stored),
    }
}

/// Nobody took the call (P68).
#[cold]
pub(super) fn all_declined(operator: &'static Operator, declined: &[String]) -> Error {
    let list: String = declined.iter().map(|who| format!("\n  - {who}")).collect();
    let message = format!("Multiple dispatch failed for {operator}; all handlers declined:{list}");
    Error::new(ErrorKind::AllDeclined, message).in_operator(operator.name())
}
