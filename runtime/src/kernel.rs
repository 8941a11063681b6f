//! Kernels: typed functions, boxed functions, boxed closures, fallthrough.
//!
//! A typed kernel is a plain function of its operator's signature; it always has a boxed form too, made by the
//! signature's adapter. A boxed kernel works on the stack and serves any operator (dispatch.md D198 to D202).

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;

use crate::erased::Erased;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::inference::InferredSchema;
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::signature::{self, Signature};
use crate::stack::Stack;

/// The function of a boxed kernel: the operator that is called, the keys the call was dispatched with (the kernel's
/// own key is the highest, D201), and the stack with the arguments on top.
pub type BoxedFn = fn(&'static Operator, KeySet, &mut Stack) -> Result<()>;

type BoxedClosure = dyn Fn(&'static Operator, KeySet, &mut Stack) -> Result<()> + Send + Sync;

/// A kernel: what runs when a call reaches the key it is registered at.
pub struct Kernel {
    name: &'static str,
    place: Option<Place>,
    /// The typed function and the signature it belongs to.
    typed: Option<(Erased, TypeId)>,
    /// The schema that the type of the function it was made from implies.
    inferred: Option<Box<InferredSchema>>,
    /// Runs it on the stack: one indirect call, whatever it is.
    invoke: fn(&Kernel, &'static Operator, KeySet, &mut Stack) -> Result<()>,
    body: Body,
    /// How many registrations have moved into the place of an earlier one (`crate::retired`).
    uses: AtomicU64,
}

/// Which of the registrations that had one place in turn a kernel was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use(u64);

/// The function of a closure kernel. A call borrows it with no lock and no write that another thread sees, and it is
/// dropped when the last such call has left.
type SharedClosure = Arc<Box<BoxedClosure>>;

/// What is left of a kernel whose registration is gone: its state, if it had some. Dropping it may run a user's code.
#[must_use = "dropped after all locks are released"]
pub(crate) struct Remains(#[expect(dead_code, reason = "held to be dropped later")] Option<SharedClosure>);

/// What a kernel is besides its typed function.
enum Body {
    Typed,
    Function(BoxedFn),
    /// `None` once the registration that owned it is gone.
    Closure(ArcSwapOption<Box<BoxedClosure>>),
    Fallthrough,
    Ambiguous,
    Unselected,
}

impl Kernel {
    /// A typed kernel. Generated operators offer this as `aten::add::Tensor::kernel(f)`.
    pub const fn typed<S: Signature>(f: S::Fn) -> Kernel {
        let typed = Some((Erased::of(f), TypeId::of::<S>()));
        let mut kernel = Kernel::with(Body::Typed, call_typed::<S>);
        kernel.typed = typed;
        kernel
    }

    /// A boxed kernel or fallback.
    pub const fn boxed(f: BoxedFn) -> Kernel {
        Kernel::with(Body::Function(f), call_body)
    }

    /// A boxed kernel with state. The state is dropped with the registration, once no call is inside the kernel.
    pub fn closure(
        f: impl Fn(&'static Operator, KeySet, &mut Stack) -> Result<()> + Send + Sync + 'static,
    ) -> Kernel {
        Kernel::with(Body::Closure(ArcSwapOption::from_pointee(Box::new(f) as Box<BoxedClosure>)), call_body)
    }

    /// The kernel that is skipped: calls go on at the next key, at no cost (D157).
    pub const fn fallthrough() -> Kernel {
        Kernel::with(Body::Fallthrough, call_body).named("fallthrough")
    }

    pub(crate) const fn ambiguous() -> Kernel {
        Kernel::with(Body::Ambiguous, call_body).named("ambiguous AutogradOther")
    }

    /// The kernel of an operator that was not selected when its list was built: it is dropped, and nothing refers to
    /// the function that was written for it.
    pub const fn unselected() -> Kernel {
        Kernel::with(Body::Unselected, call_body)
    }

    pub(crate) fn is_unselected(&self) -> bool {
        matches!(self.body, Body::Unselected)
    }

    const fn with(
        body: Body,
        invoke: fn(&Kernel, &'static Operator, KeySet, &mut Stack) -> Result<()>,
    ) -> Kernel {
        let uses = AtomicU64::new(0);
        Kernel { name: "", place: None, typed: None, inferred: None, invoke, body, uses }
    }

    /// The kernel with a name for dumps and messages, usually its function's.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Kernel {
        self.name = name;
        self
    }

    /// The kernel with the place it was written at.
    #[must_use]
    pub const fn at(mut self, file: &'static str, line: u32) -> Kernel {
        self.place = Some(Place { file, line });
        self
    }

    /// The kernel with names for the arguments of the schema that its function's type implies. Names count when an
    /// operator is defined by the kernel; a kernel that carries no schema has none to name.
    #[must_use]
    pub fn with_argument_names(mut self, names: &[&str]) -> Kernel {
        if let Some(inferred) = &mut self.inferred {
            inferred.set_names(names);
        }
        self
    }

    /// The schema that the type of its function implies, for kernels made with [`Kernel::from_fn`].
    pub fn inferred(&self) -> Option<&InferredSchema> {
        self.inferred.as_deref()
    }

    pub(crate) fn with_inferred(mut self, inferred: InferredSchema) -> Kernel {
        self.inferred = Some(Box::new(inferred));
        self
    }

    /// Its name, empty if it was given none.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it was written or registered, if known.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// Whether it is the kernel that is skipped.
    pub fn is_fallthrough(&self) -> bool {
        matches!(self.body, Body::Fallthrough)
    }

    pub(crate) fn set_place(&mut self, place: Place) {
        self.place.get_or_insert(place);
    }

    /// The typed function, if it is of the signature with this id.
    pub(crate) fn typed_for(&self, signature: Option<TypeId>) -> Option<Erased> {
        self.typed.filter(|&(_, own)| Some(own) == signature).map(|(f, _)| f)
    }

    /// The signature of a typed kernel.
    pub(crate) fn signature(&self) -> Option<TypeId> {
        self.typed.map(|(_, own)| own)
    }

    /// Takes the state of a kernel whose registration is gone. Calls inside it keep their share until they return.
    pub(crate) fn retire(&self) -> Remains {
        match &self.body {
            Body::Closure(state) => Remains(state.swap(None)),
            _ => Remains(None),
        }
    }

    /// Whether both are the same but for the state they captured.
    pub(crate) fn is_like(&self, other: &Kernel) -> bool {
        let same_body = match (&self.body, &other.body) {
            (Body::Function(a), Body::Function(b)) => std::ptr::fn_addr_eq(*a, *b),
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        same_body
            && (self.name, self.place, self.typed) == (other.name, other.place, other.typed)
            && self.inferred == other.inferred
    }

    /// Moves another kernel's state into the place of this one, whose registration is gone and which it is like.
    pub(crate) fn revive(&self, like: Kernel) {
        // Before the state, so that whoever finds the new state sees that the place was used again.
        self.uses.fetch_add(1, Ordering::Release);
        if let (Body::Closure(place), Body::Closure(state)) = (&self.body, &like.body) {
            place.store(state.swap(None));
        }
    }

    /// The registration that has this place now.
    pub(crate) fn use_of_now(&self) -> Use {
        Use(self.uses.load(Ordering::Acquire))
    }

    /// Runs it whatever the table says, unless another registration has its place.
    pub(crate) fn call_given(
        &self,
        given: Use,
        operator: &'static Operator,
        keys: KeySet,
        stack: &mut Stack,
    ) -> Result<()> {
        let Body::Closure(state) = &self.body else { return self.call_boxed(operator, keys, stack) };
        let closure = state.load();
        match &*closure {
            Some(closure) if self.use_of_now() == given => closure(operator, keys, stack),
            _ => Err(self.gone(operator)),
        }
    }

    #[cold]
    pub(crate) fn gone(&self, operator: &'static Operator) -> Error {
        let message = format!("the registration of {self:?} is gone; ask for the kernel anew");
        Error::new(ErrorKind::KernelGone, message).in_operator(operator.name())
    }

    /// Whether the state that a call has found since the place had so many uses is of the registration that the call's
    /// table was made with. It is, in a place that was used once. In one that was used again the table may be older
    /// than the state: the table of now, together with an unchanged count, tells.
    #[inline]
    fn is_meant(&self, before: u64, operator: &'static Operator, keys: KeySet) -> bool {
        let uses = self.uses.load(Ordering::Acquire);
        uses == 0 || (operator.leads_to(keys, self) && self.uses.load(Ordering::Acquire) == before)
    }

    /// Runs it on the stack.
    ///
    /// # Errors
    /// What the kernel reports.
    #[doc(hidden)]
    #[inline]
    pub fn call_boxed(&self, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
        (self.invoke)(self, operator, keys, stack)
    }
}

fn call_body(kernel: &Kernel, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    match &kernel.body {
        Body::Function(f) => f(operator, keys, stack),
        Body::Closure(state) => {
            let before = kernel.uses.load(Ordering::Acquire);
            let closure = state.load();
            match &*closure {
                Some(closure) if kernel.is_meant(before, operator, keys) => closure(operator, keys, stack),
                // Its registration went away after the table was read; the table of now knows what is right.
                _ => {
                    drop(closure);
                    operator.redispatch_boxed(keys, stack)
                }
            }
        }
        Body::Ambiguous => Err(ambiguous(operator)),
        // None is called: a fallthrough is skipped by the table, a typed kernel has an adapter, an unselected one is
        // dropped.
        Body::Fallthrough | Body::Typed | Body::Unselected => operator.redispatch_boxed(keys, stack),
    }
}

fn call_typed<S: Signature>(
    kernel: &Kernel,
    operator: &'static Operator,
    keys: KeySet,
    stack: &mut Stack,
) -> Result<()> {
    let (f, _) = kernel.typed.expect("this adapter stands beside a typed function");
    #[allow(unsafe_code, reason = "the one place besides TypedOperator that restores a typed function")]
    // SAFETY: only `Kernel::typed::<S>` stores this adapter, beside a function erased from `S::Fn`.
    let f = unsafe { f.restore::<S::Fn>() };
    signature::call_boxed::<S>(f, operator, keys, stack)
}

#[cold]
fn ambiguous(operator: &Operator) -> Error {
    let message = "it has a CompositeImplicitAutograd kernel and one for a backend whose tensors carry AutogradOther, \
                   so no kernel is right for all of them; register one at AutogradOther (D142)";
    Error::new(ErrorKind::AmbiguousAutogradOther, message).in_operator(operator.name())
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "kernel" } else { self.name };
        match self.place {
            Some(place) => write!(f, "{name} ({place})"),
            None => f.write_str(name),
        }
    }
}
