//! The operators that a mode or a tensor subclass wants, so that others pass it by.
//!
//! A handler that wants all operators brings the keys `Python` and `PythonTLSSnapshot` (P7). One that wants some brings a key of its
//! own instead, added above `PythonTLSSnapshot` when the first set is made: it falls through for every operator but those of a set,
//! which get a kernel there that turns it into the other two. So an operator that nobody named pays nothing: the table masks
//! the key away before a call is made.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::error::Result;
use crate::interpreter::SnapshotGuard;
use crate::kernel::Kernel;
use crate::key::DispatchKey;
use crate::key_set::KeySet;
use crate::local::local_key_sets;
use crate::operator::Operator;
use crate::registry::{register_fallback, register_kernel};
use crate::stack::Stack;

/// The two keys of handlers that want everything (P7).
pub(crate) const INTERCEPTED: KeySet = KeySet::of(DispatchKey::Python).with(DispatchKey::PythonTLSSnapshot);

static SELECTIVE: OnceLock<DispatchKey> = OnceLock::new();

/// The bit of that key, so that calls need not look it up; none while there is no such key.
static SELECTIVE_BIT: AtomicU64 = AtomicU64::new(0);

/// The key of handlers that want some operators; empty while there is none.
#[inline]
fn selective() -> KeySet {
    KeySet { functionalities: SELECTIVE_BIT.load(Ordering::Acquire), backends: 0 }
}

/// The keys a selective handler brings: its own one, and those of all if the key could not be added.
pub(crate) fn selective_key() -> KeySet {
    SELECTIVE.get().map_or(INTERCEPTED, |&key| KeySet::of(key))
}

/// The set without the key of selective handlers: what a handler's scope excludes.
#[inline]
pub(crate) fn without_selective(excluded: KeySet) -> KeySet {
    excluded - selective()
}

/// Whether a tensor with these keys has a class that handles operators (P7).
#[inline]
pub(crate) fn is_intercepted(keys: KeySet) -> bool {
    keys.shares_functionality(KeySet::of(DispatchKey::Python) | selective())
}

/// The set without the keys of classes that handle operators.
pub(crate) fn without_interception(keys: KeySet) -> KeySet {
    keys - INTERCEPTED - selective()
}

/// The keys to exclude so that nothing is intercepted (P114).
pub(crate) fn all_interception() -> KeySet {
    INTERCEPTED.with(DispatchKey::PreDispatch) | selective()
}

/// A set of operators. Cloning shares it; asking is one load and one bit test.
///
/// ```
/// use keyway::{Library, OperatorSet};
/// let mut library = Library::define("wanted")?;
/// let (f, g) = (library.def("f(int x) -> int")?, library.def("g(int x) -> int")?);
/// let set = OperatorSet::new([f])?;
/// assert!(set.contains(f) && !set.contains(g));
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone)]
pub struct OperatorSet(Arc<Bits>);

struct Bits {
    words: Box<[u64]>,
    operators: Box<[&'static Operator]>,
}

/// How many operators are in any set; each has its number from 1 on.
static NUMBERED: Mutex<u32> = Mutex::new(0);

impl OperatorSet {
    /// The set of these operators. The empty set is one too: its handler is never asked.
    ///
    /// # Errors
    /// What adding the key or a kernel at it reports: the 15 places for functionalities are taken.
    pub fn new(operators: impl IntoIterator<Item = &'static Operator>) -> Result<OperatorSet> {
        let key = added_key()?;
        let operators: Box<[_]> = operators.into_iter().collect();
        let mut words = Vec::new();
        for operator in &operators {
            let number = number_of(operator, key)? as usize;
            if words.len() <= number / 64 {
                words.resize(number / 64 + 1, 0);
            }
            words[number / 64] |= 1u64 << (number % 64);
        }
        Ok(OperatorSet(Arc::new(Bits { words: words.into(), operators })))
    }

    /// Whether the operator is in it.
    #[inline]
    pub fn contains(&self, operator: &'static Operator) -> bool {
        let number = operator.interception_number().load(Ordering::Relaxed) as usize;
        self.0.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The operators in it, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &'static Operator> + '_ {
        self.0.operators.iter().copied()
    }
}

impl fmt::Debug for OperatorSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The number of an operator, given to it when it comes into its first set, together with its kernel at the key.
fn number_of(operator: &'static Operator, key: DispatchKey) -> Result<u32> {
    let cell: &AtomicU32 = operator.interception_number();
    let mut numbered = NUMBERED.lock();
    let held = cell.load(Ordering::Relaxed);
    if held != 0 {
        return Ok(held);
    }
    let kernel = Kernel::boxed(intercept).named("selective interception");
    register_kernel(operator.name(), key, kernel, false)?.keep();
    *numbered += 1;
    cell.store(*numbered, Ordering::Relaxed);
    Ok(*numbered)
}

fn added_key() -> Result<DispatchKey> {
    static ADDING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = ADDING.lock();
    if let Some(&key) = SELECTIVE.get() {
        return Ok(key);
    }
    let key = DispatchKey::PythonTLSSnapshot.add_above("PythonSelective")?;
    register_fallback(key, Kernel::fallthrough())?.keep();
    SELECTIVE_BIT.store(KeySet::of(key).functionalities, Ordering::Release);
    Ok(*SELECTIVE.get_or_init(|| key))
}

/// An operator of a set was called where a selective handler is: from here on it goes as it would for one that wants everything.
fn intercept(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let _snapshot = SnapshotGuard::set_if_none();
    let keys = (keys - selective()) | (INTERCEPTED - local_key_sets().excluded);
    operator.redispatch_boxed(keys, stack)
}
