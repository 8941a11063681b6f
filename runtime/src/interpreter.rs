//! Interpreters: what intercepts operators in another language, or in Rust, and the generic fallbacks that hand calls over.
//!
//! A call that reaches the key `Python` is offered to the thread's modes ([`crate::mode`]) and then to the tensor subclasses among
//! its arguments (interpreter.md P12 to P28, P64 to P73). Handlers in Rust are trait objects ([`TensorSubclass`],
//! [`DispatchMode`](crate::DispatchMode)); those of another language belong to an [`Interpreter`], the table of functions through
//! which the runtime reaches objects it knows only by address. Both kinds share one mode stack and one order.
//!
//! Here are the vtable and its registration; below: `fallbacks` (the boxed kernels of the four keys), `snapshot` (re-entrant
//! dispatch), `call` (what a handler is given), `candidates` (who is asked), `rules`, `foreign` (owned handles and the tensor's
//! object slot), `subclass`, `metadata`, `aliasing`, `missing_kernel`, `programmable` (the Python dispatcher's state). No concrete interpreter, mode or operator is known.

mod aliasing;
mod call;
mod candidates;
mod device_trace;
mod fallbacks;
mod foreign;
mod metadata;
mod missing_kernel;
mod programmable;
mod rules;
mod snapshot;
mod subclass;

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub use call::{Answer, Call, GivenArguments};
pub use candidates::HandlerType;
pub use device_trace::{DeviceEvent, set_device_tracer, trace_device};
pub(crate) use fallbacks::{FALLBACKS, SERVED};
pub use foreign::{ForeignObject, ObjectAddress, ObjectSlot};
pub use metadata::{MetadataAnswer, MetadataPolicy, MetadataQuery};
pub use missing_kernel::MissingKernelReporter;
pub(crate) use missing_kernel::reported;
pub use programmable::{PythonDispatcherGuard, python_dispatcher, with_python_dispatcher};
pub use rules::{Rule, RuleRegistration, register_rule};
pub use snapshot::{
    RestoredSnapshotGuard, SnapshotGuard, StashedSnapshotGuard, snapshot, with_restored_snapshot,
};
pub use subclass::{TensorSubclass, WrapperMetadata};

use crate::error::{Error, ErrorKind, Result};
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;
use crate::tensor::Tensor;

/// The handler of an interpreter that a call is offered to.
#[derive(Clone, Copy, Debug)]
pub enum Handler<'a> {
    /// A mode: the object that was put on the stack.
    Mode(&'a ForeignObject),
    /// A tensor whose class intercepts operators: the first argument of that class.
    Subclass(&'a Tensor),
}

/// The vtable of an interpreter (P139): how the runtime reaches objects that it knows by address only.
///
/// Methods take whatever lock their interpreter needs (the GIL) themselves, and may be called from any thread. They may be called
/// late: a thread that was inside when [`InterpreterRef::retire`] ran can still enter; nothing is freed, so an implementation only
/// has to look whether its interpreter is still alive (better than P142).
pub trait Interpreter: Send + Sync + 'static {
    /// A name for messages.
    fn name(&self) -> &str;

    /// Counts one more holder of an object.
    fn acquire(&self, object: ObjectAddress);

    /// Counts one holder less.
    fn release(&self, object: ObjectAddress);

    /// Counts one more holder unless the object is going away already (P152).
    fn try_acquire(&self, object: ObjectAddress) -> bool;

    /// How many hold the object now.
    fn holders(&self, object: ObjectAddress) -> usize;

    /// The exact type of an object.
    fn type_of(&self, object: ObjectAddress) -> ObjectAddress;

    /// The name of a type, for messages.
    fn type_name(&self, ty: ObjectAddress) -> String;

    /// Whether a type is the other one or derives from it; decides the order in which classes are asked (P92).
    fn is_subtype(&self, ty: ObjectAddress, of: ObjectAddress) -> bool;

    /// Whether objects of the type intercept operators; others are passed over (P69).
    fn intercepts(&self, ty: ObjectAddress) -> bool {
        let _ = ty;
        true
    }

    /// Whether objects of the type want calls of an operator; they are passed over for others, as classes of Rust are that name what
    /// they want.
    fn wants(&self, ty: ObjectAddress, operator: &'static Operator) -> bool {
        let _ = (ty, operator);
        true
    }

    /// Offers a call to a handler.
    ///
    /// # Errors
    /// What the handler reports.
    fn dispatch(&self, handler: Handler<'_>, call: &mut Call<'_>) -> Result<Answer>;

    /// Runs an operator through the interpreter's own dispatch tables (P42, P163). `keys` are without `PythonDispatcher`.
    ///
    /// # Errors
    /// What the kernel it chooses reports. Without an implementation, `NotImplemented`.
    fn python_dispatcher(&self, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
        let _ = (keys, stack);
        let message = format!("the interpreter {} has no dispatch tables of its own", self.name());
        Err(Error::not_implemented(message).in_operator(operator.name()))
    }

    /// Asks a handler about a tensor's metadata (P126 to P130).
    ///
    /// # Errors
    /// What the handler reports.
    fn metadata(
        &self,
        handler: Handler<'_>,
        tensor: &Tensor,
        query: MetadataQuery,
    ) -> Result<MetadataAnswer> {
        let _ = (handler, tensor, query);
        Ok(MetadataAnswer::Declined)
    }

    /// Hears of something that happened on a device, if it is the process's tracer (P143). It cannot fail.
    fn trace_device(&self, event: &DeviceEvent) {
        let _ = event;
    }

    /// A copy of a tensor's head over the same memory, made by the tensor's class (P132). `None` leaves it to the runtime.
    ///
    /// # Errors
    /// What the class reports.
    fn detach(&self, tensor: &Tensor) -> Result<Option<Tensor>> {
        let _ = tensor;
        Ok(None)
    }
}

/// A registered interpreter: a number that stays valid for the process, also when the interpreter is gone.
#[derive(Clone, Copy)]
pub struct InterpreterRef(&'static Registered);

struct Registered {
    number: u8,
    vtable: Box<dyn Interpreter>,
    alive: AtomicBool,
}

const PLACES: usize = 64;
static INTERPRETERS: [OnceLock<Registered>; PLACES] = [const { OnceLock::new() }; PLACES];

/// Registers an interpreter. It stays for the process, as tensors and handles may name it at any time (P139).
///
/// # Errors
/// `Value` when 64 were registered already.
pub fn register_interpreter(vtable: impl Interpreter) -> Result<InterpreterRef> {
    let mut vtable: Box<dyn Interpreter> = Box::new(vtable);
    for (at, place) in INTERPRETERS.iter().enumerate() {
        // 0 stands for "none" in a tensor's slot.
        let registered = Registered { number: at as u8 + 1, vtable, alive: AtomicBool::new(true) };
        match place.set(registered) {
            Ok(()) => return place.get().map(InterpreterRef).ok_or_else(no_place),
            Err(again) => vtable = again.vtable,
        }
    }
    Err(no_place())
}

#[cold]
fn no_place() -> Error {
    Error::value("64 interpreters were registered already, which is all that fit")
}

impl InterpreterRef {
    /// The name it gave itself, or that of no interpreter once it is gone.
    pub fn name(self) -> &'static str {
        if self.is_alive() { self.0.vtable.name() } else { "an interpreter that is gone" }
    }

    /// Whether it still takes calls.
    #[inline]
    pub fn is_alive(self) -> bool {
        self.0.alive.load(Ordering::Acquire)
    }

    /// Says that the interpreter is gone (P140): from now on its objects are neither counted nor called. Objects that tensors
    /// and handles still hold are left alone, which may leak them but never touches freed memory.
    pub fn retire(self) {
        self.0.alive.store(false, Ordering::Release);
    }

    /// The vtable, while the interpreter is there.
    #[inline]
    pub(crate) fn alive(self) -> Option<&'static dyn Interpreter> {
        if self.is_alive() { Some(&*self.0.vtable) } else { None }
    }

    /// The vtable for work that cannot be done without the interpreter.
    ///
    /// # Errors
    /// `InterpreterGone`.
    #[inline]
    pub(crate) fn needed_for(self, what: &str) -> Result<&'static dyn Interpreter> {
        self.alive().ok_or_else(|| {
            let message =
                format!("{what} belongs to an interpreter that is gone; drop it before the interpreter");
            Error::new(ErrorKind::InterpreterGone, message)
        })
    }

    pub(crate) fn number(self) -> u8 {
        self.0.number
    }

    #[inline]
    pub(crate) fn numbered(number: u8) -> Option<InterpreterRef> {
        INTERPRETERS.get(usize::from(number).checked_sub(1)?)?.get().map(InterpreterRef)
    }
}

impl PartialEq for InterpreterRef {
    fn eq(&self, other: &InterpreterRef) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for InterpreterRef {}

impl fmt::Debug for InterpreterRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interpreter {} ({})", self.0.number, self.name())
    }
}
