//! Modes: handlers that are offered every operator call of a thread while they are on its stack (P48 to P89).
//!
//! A mode is a Rust trait object ([`DispatchMode`]) or an object of an interpreter ([`Mode::foreign`]); both stand on one stack. Scopes
//! ([`with_mode`], [`ModeGuard`]) take off what they put on and nothing else (better than P80). Everything is per thread and
//! carried by [`ThreadState`](crate::ThreadState) (better than P79, P172).
//!
//! Below: `stack` (the data structure), `scopes` (the thread's stack and who may change it when), `running` (a mode while its handler
//! runs), `operator_set` (what a mode or class wants). No concrete mode is known here.

mod operator_set;
mod running;
mod scopes;
mod stack;

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::interpreter::{Answer, Call, ForeignObject, Handler, HandlerType, MetadataAnswer, MetadataQuery};
use crate::key_set::KeySet;
use crate::tensor::Tensor;

pub use operator_set::OperatorSet;
pub(crate) use operator_set::{
    INTERCEPTED, is_intercepted, selective_key, without_interception, without_selective,
};
pub(crate) use running::RunningMode;
pub use scopes::{
    DeclineRule, ModeGuard, ModeStackGuard, ModeToken, any_modes_set, capture_modes, current_mode,
    disable_dispatch, enter_mode, leave_mode, mode_at, mode_in_slot, mode_stack, mode_stack_len,
    modes_enabled, pop_mode, put_mode, set_mode, unset_mode, with_decline_rule, with_dispatch_disabled,
    with_mode, with_modes_disabled,
};
pub(crate) use scopes::{any_before_dispatch, decline_rule};
pub use stack::{ModeSlot, ModeStack};

/// A handler that is offered the operator calls of the threads whose stack it is on.
///
/// While it handles a call it is off itself, and so are the modes above it (P62): what it calls is offered to the modes below.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use keyway::{Answer, Call, DispatchMode, Mode, Result, with_mode};
///
/// #[derive(Default)]
/// struct Counting(AtomicUsize);
///
/// impl DispatchMode for Counting {
///     fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         call.forward()?;
///         Ok(Answer::Done)
///     }
/// }
///
/// let mode = Mode::new(Counting::default());
/// with_mode(&mode, || { /* every operator called here is counted */ })?;
/// assert_eq!(mode.downcast::<Counting>().unwrap().0.load(Ordering::Relaxed), 0);
/// # Ok::<(), keyway::Error>(())
/// ```
pub trait DispatchMode: Any + Send + Sync {
    /// Handles a call, with its arguments and the place for its results.
    ///
    /// # Errors
    /// What the caller is to see.
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer>;

    /// A name for messages.
    fn name(&self) -> &str {
        std::any::type_name_of_val(self)
    }

    /// The type that rules are registered for (P70).
    fn handler_type(&self) -> HandlerType {
        HandlerType::native(type_id_of(self), std::any::type_name_of_val(self))
    }

    /// The operators it wants; the others pass it at the cost of one bit test. `None` for all. Asked once, when it becomes a
    /// [`Mode`].
    fn operators(&self) -> Option<OperatorSet> {
        None
    }

    /// The slot of infrastructure it belongs to, below all other modes (P50). Asked once.
    fn slot(&self) -> Option<ModeSlot> {
        None
    }

    /// Whether it is offered calls before autograd and before composite operators are decomposed, instead of after (P47, P171).
    /// Asked once.
    fn is_pre_dispatch(&self) -> bool {
        false
    }

    /// Whether it counts as infrastructure for [`any_modes_set`] (P87). Placement is by [`DispatchMode::slot`] alone (P50).
    fn is_infrastructure(&self) -> bool {
        self.slot().is_some()
    }

    /// Answers a question about a tensor whose class has a policy for it, while it is the topmost mode (P130).
    ///
    /// # Errors
    /// What the caller is to see.
    fn metadata(&self, tensor: &Tensor, query: MetadataQuery) -> Result<MetadataAnswer> {
        let _ = (tensor, query);
        Ok(MetadataAnswer::Declined)
    }

    /// The copy of a tensor's head that [`Tensor::shallow_copy`] gives while it is the topmost mode (P132). `None` leaves it to
    /// the runtime.
    ///
    /// # Errors
    /// What the caller is to see.
    fn detach(&self, tensor: &Tensor) -> Result<Option<Tensor>> {
        let _ = tensor;
        Ok(None)
    }
}

fn type_id_of<M: DispatchMode + ?Sized>(mode: &M) -> TypeId {
    Any::type_id(mode)
}

/// A mode that can be put on stacks; cloning shares it.
#[derive(Clone)]
pub struct Mode(Arc<Body>);

struct Body {
    handler: Box<dyn DispatchMode>,
    wanted: Option<OperatorSet>,
    slot: Option<ModeSlot>,
    is_pre_dispatch: bool,
}

impl Mode {
    /// A mode of Rust.
    pub fn new(handler: impl DispatchMode) -> Mode {
        let (wanted, slot) = (handler.operators(), handler.slot());
        let is_pre_dispatch = handler.is_pre_dispatch();
        Mode(Arc::new(Body { handler: Box::new(handler), wanted, slot, is_pre_dispatch }))
    }

    /// A mode that is an object of an interpreter: calls are offered to it through the vtable.
    pub fn foreign(object: ForeignObject, traits: ForeignModeTraits) -> Mode {
        Mode::new(ForeignMode { object, traits })
    }

    /// The mode of Rust, if it is of this type.
    pub fn downcast<M: DispatchMode>(&self) -> Option<&M> {
        let handler: &dyn Any = &*self.0.handler;
        handler.downcast_ref()
    }

    /// The object, if it is one of an interpreter.
    pub fn as_foreign(&self) -> Option<&ForeignObject> {
        self.downcast::<ForeignMode>().map(|mode| &mode.object)
    }

    /// The handler.
    #[inline]
    pub fn handler(&self) -> &dyn DispatchMode {
        &*self.0.handler
    }

    /// Its slot of infrastructure, if it has one.
    pub fn slot(&self) -> Option<ModeSlot> {
        self.0.slot
    }

    /// The operators it wants; `None` for all.
    pub fn operators(&self) -> Option<&OperatorSet> {
        self.0.wanted.as_ref()
    }

    /// Whether both are the same mode.
    pub fn is_same(&self, other: &Mode) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn is_pre_dispatch(&self) -> bool {
        self.0.is_pre_dispatch
    }

    /// The keys by which calls come to it (P51).
    #[inline]
    fn keys(&self) -> KeySet {
        if self.0.wanted.is_none() { INTERCEPTED } else { selective_key() }
    }

    #[inline]
    pub(crate) fn wants(&self, operator: &'static crate::operator::Operator) -> bool {
        self.0.wanted.as_ref().is_none_or(|wanted| wanted.contains(operator))
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mode({})", self.handler().name())
    }
}

/// What an interpreter says about a mode of its own.
#[derive(Clone, Debug)]
pub struct ForeignModeTraits {
    /// A name for messages.
    pub name: String,
    /// The exact type, for rules.
    pub ty: HandlerType,
    /// As [`DispatchMode::operators`].
    pub operators: Option<OperatorSet>,
    /// As [`DispatchMode::slot`].
    pub slot: Option<ModeSlot>,
    /// As [`DispatchMode::is_pre_dispatch`].
    pub is_pre_dispatch: bool,
    /// As [`DispatchMode::is_infrastructure`].
    pub is_infrastructure: bool,
}

/// A mode whose handler is an interpreter's.
struct ForeignMode {
    object: ForeignObject,
    traits: ForeignModeTraits,
}

impl DispatchMode for ForeignMode {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        let vtable = self.object.interpreter().needed_for("a mode on the stack")?;
        vtable.dispatch(Handler::Mode(&self.object), call)
    }

    fn name(&self) -> &str {
        &self.traits.name
    }

    fn handler_type(&self) -> HandlerType {
        self.traits.ty
    }

    fn operators(&self) -> Option<OperatorSet> {
        self.traits.operators.clone()
    }

    fn slot(&self) -> Option<ModeSlot> {
        self.traits.slot
    }

    fn is_pre_dispatch(&self) -> bool {
        self.traits.is_pre_dispatch
    }

    fn is_infrastructure(&self) -> bool {
        self.traits.is_infrastructure
    }

    fn metadata(&self, tensor: &Tensor, query: MetadataQuery) -> Result<MetadataAnswer> {
        let vtable = self.object.interpreter().needed_for("a mode on the stack")?;
        vtable.metadata(Handler::Mode(&self.object), tensor, query)
    }

    fn detach(&self, tensor: &Tensor) -> Result<Option<Tensor>> {
        self.object.interpreter().needed_for("a mode on the stack")?.detach(tensor)
    }
}
