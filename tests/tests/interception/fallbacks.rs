//! Fallbacks of a mode key that pass calls on, in Rust (FB-16, FB-17, FB-19; FB-02 to FB-04 stand in tables and dispatching too).

use keyway::{Kernel, KeySet, Library, Stack, with_included};

use super::*;

fn library() -> Library {
    keyway::collect();
    Library::implement("_")
}

/// A fallback that writes its name and the keys it was given, and passes the call on without its own key.
fn passing(name: &'static str, key: DispatchKey, log: &Log) -> Kernel {
    let log = log.clone();
    Kernel::closure(move |operator, keys: KeySet, stack: &mut Stack| {
        log.write(format!("{name} {operator} {}", keys.contains(DispatchKey::TESTING_ONLY_GenericMode)));
        operator.redispatch_boxed(keys & KeySet::after(key), stack)
    })
}

/// FB-16, FB-17: the upper is asked first, the lower gets what is left; each knows the operator, and the keys hold its own.
/// FB-19: with a fallthrough above, the lower runs alone.
#[test]
fn fallbacks_of_two_keys_run_from_the_top_down() -> Result<()> {
    let (upper, lower) = (DispatchKey::TESTING_ONLY_GenericMode, DispatchKey::TESTING_ONLY_GenericWrapper);
    let log = Log::default();
    let x = tensor(&[1.0]);
    let keys = KeySet::of(upper).with(lower);
    let mut low = library();
    low.fallback_at(lower, passing("lower", lower, &log))?;
    let mut up = library();
    up.fallback_at(upper, passing("upper", upper, &log))?;
    assert_eq!(elements(&with_included(keys, || add(&x, &x))?), [2.0]);
    assert_eq!(log.take(), ["upper aten::add.Tensor true", "lower aten::add.Tensor false"]);
    drop(up);
    let mut through = library();
    through.fallback_at(upper, Kernel::fallthrough())?;
    assert_eq!(elements(&with_included(keys, || add(&x, &x))?), [2.0]);
    assert_eq!(log.take(), ["lower aten::add.Tensor false"]);
    Ok(())
}
