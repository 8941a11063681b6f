//! Objects of an interpreter: addresses, owned handles, and the slot in a tensor (P147 to P162).
//!
//! The runtime never looks behind an address; it counts holders through the vtable, from any thread.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::interpreter::InterpreterRef;

/// The address of an object that an interpreter knows; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectAddress(pub std::num::NonZeroUsize);

impl ObjectAddress {
    /// The address as a number; `None` for 0.
    #[inline]
    pub fn new(address: usize) -> Option<ObjectAddress> {
        std::num::NonZeroUsize::new(address).map(ObjectAddress)
    }

    /// The number.
    #[inline]
    pub fn get(self) -> usize {
        self.0.get()
    }
}

/// An owned handle to an interpreter's object (the role of SafePyObject, P158): cloning and dropping count holders through the
/// vtable and are legal on any thread. Dropped after its interpreter it leaks the object and touches nothing (P161).
pub struct ForeignObject {
    address: ObjectAddress,
    interpreter: InterpreterRef,
}

impl ForeignObject {
    /// A handle that takes over one count the caller holds.
    pub fn adopt(interpreter: InterpreterRef, address: ObjectAddress) -> ForeignObject {
        ForeignObject { address, interpreter }
    }

    /// A handle of its own, counted now.
    pub fn acquire(interpreter: InterpreterRef, address: ObjectAddress) -> ForeignObject {
        if let Some(vtable) = interpreter.alive() {
            vtable.acquire(address);
        }
        ForeignObject { address, interpreter }
    }

    /// The interpreter it belongs to.
    pub fn interpreter(&self) -> InterpreterRef {
        self.interpreter
    }

    /// The address, for the interpreter that owns the object.
    ///
    /// # Errors
    /// `ForeignInterpreter` for another one (P158).
    #[inline]
    pub fn address(&self, interpreter: InterpreterRef) -> Result<ObjectAddress> {
        if interpreter == self.interpreter {
            return Ok(self.address);
        }
        Err(of_another(self.interpreter, interpreter))
    }

    /// Gives the count to the caller (P158).
    #[must_use = "the caller holds the object now"]
    pub fn release(self) -> ObjectAddress {
        let address = self.address;
        std::mem::forget(self);
        address
    }
}

impl Clone for ForeignObject {
    fn clone(&self) -> ForeignObject {
        ForeignObject::acquire(self.interpreter, self.address)
    }
}

impl Drop for ForeignObject {
    fn drop(&mut self) {
        if let Some(vtable) = self.interpreter.alive() {
            vtable.release(self.address);
        }
    }
}

impl fmt::Debug for ForeignObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object {:#x} of {:?}", self.address.get(), self.interpreter)
    }
}

#[cold]
fn of_another(owner: InterpreterRef, asks: InterpreterRef) -> Error {
    let message = format!("the object belongs to {owner:?}, {asks:?} asks for it");
    Error::new(ErrorKind::ForeignInterpreter, message)
}

/// The place in a tensor for the one object that stands for it in an interpreter (P147, P157).
///
/// The slot is claimed once by one interpreter and never by another (P146). Normally the object owns the tensor and the slot only
/// knows its address; an interpreter whose object has no other holder left, while Rust still holds the tensor, gives its last count to
/// the slot ([`ObjectSlot::keep`]) so that identity and attributes survive (P150), and takes it back when it is needed again.
#[derive(Debug, Default)]
pub struct ObjectSlot {
    address: AtomicUsize,
    interpreter: AtomicU8,
    keeps: AtomicBool,
}

impl ObjectSlot {
    pub(crate) const fn new() -> ObjectSlot {
        ObjectSlot {
            address: AtomicUsize::new(0),
            interpreter: AtomicU8::new(0),
            keeps: AtomicBool::new(false),
        }
    }

    /// The object, for the interpreter that owns it; `None` if there is none.
    ///
    /// # Errors
    /// `ForeignInterpreter` if another interpreter's object is there.
    #[inline]
    pub fn load(&self, interpreter: InterpreterRef) -> Result<Option<ObjectAddress>> {
        match self.interpreter.load(Ordering::Acquire) {
            0 => Ok(None),
            number if number == interpreter.number() => {
                Ok(ObjectAddress::new(self.address.load(Ordering::Acquire)))
            }
            number => Err(of_another(InterpreterRef::numbered(number).unwrap_or(interpreter), interpreter)),
        }
    }

    /// Puts an object into an empty slot and returns it, or the one that was there first (P151).
    ///
    /// # Errors
    /// `ForeignInterpreter` if the slot is another interpreter's.
    #[inline]
    pub fn claim(&self, interpreter: InterpreterRef, object: ObjectAddress) -> Result<ObjectAddress> {
        let number = interpreter.number();
        let claimed = self.interpreter.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire);
        if let Err(other) = claimed
            && other != number
        {
            return Err(of_another(InterpreterRef::numbered(other).unwrap_or(interpreter), interpreter));
        }
        let stored = self.address.compare_exchange(0, object.get(), Ordering::AcqRel, Ordering::Acquire);
        Ok(stored.err().and_then(ObjectAddress::new).unwrap_or(object))
    }

    /// The interpreter and the object, if there is one.
    #[inline]
    pub fn get(&self) -> Option<(InterpreterRef, ObjectAddress)> {
        let number = self.interpreter.load(Ordering::Acquire);
        if number == 0 {
            return None;
        }
        let address = ObjectAddress::new(self.address.load(Ordering::Acquire))?;
        Some((InterpreterRef::numbered(number)?, address))
    }

    /// Puts an object into the slot of a tensor that nobody else holds: no other object can be on its way there.
    #[inline]
    pub fn fill(&self, interpreter: InterpreterRef, object: ObjectAddress) {
        self.address.store(object.get(), Ordering::Release);
        self.interpreter.store(interpreter.number(), Ordering::Release);
    }

    /// Empties the slot: the object is going away (P153). The claim stays. Returns whether the slot held a count of it.
    #[inline]
    pub fn clear(&self) -> bool {
        self.address.store(0, Ordering::Release);
        self.take_back()
    }

    /// The slot takes over one count of its object, to be released with the tensor. `false` if it has one already.
    pub fn keep(&self) -> bool {
        !self.keeps.swap(true, Ordering::AcqRel)
    }

    /// Gives the count back to the caller, who holds it now. `false` if the slot had none.
    #[inline]
    pub fn take_back(&self) -> bool {
        // Hardly ever, and looking costs less than a swap.
        self.is_keeping() && self.keeps.swap(false, Ordering::AcqRel)
    }

    /// Whether the slot holds a count of its object.
    #[inline]
    pub fn is_keeping(&self) -> bool {
        self.keeps.load(Ordering::Acquire)
    }
}

impl Drop for ObjectSlot {
    fn drop(&mut self) {
        if !*self.keeps.get_mut() {
            return;
        }
        if let Some((interpreter, object)) = self.get()
            && let Some(vtable) = interpreter.alive()
        {
            vtable.release(object);
        }
    }
}
