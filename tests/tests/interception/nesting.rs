//! Whatever is nested, and whatever fails where, the thread is left as it was (P23, P40, law 5); and nothing leaks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicIsize, Ordering};

use keyway::{
    KeySet, SnapshotGuard, StashedSnapshotGuard, capture_modes, with_dispatch_disabled, with_included,
    with_mode, with_modes_disabled, with_restored_snapshot,
};
use proptest::prelude::*;

use super::*;

/// What a handler, or the code between two scopes, does.
#[derive(Clone, Debug)]
enum Act {
    Forward,
    Decline,
    Fail,
    Panic,
    CallPlain,
    CallClass,
    Mode(Vec<Act>, Vec<Act>),
    Slot(Vec<Act>, Vec<Act>),
    PreDispatch(Vec<Act>, Vec<Act>),
    Disabled(Vec<Act>),
    NoModes(Vec<Act>),
    Include(Vec<Act>),
    Snapshot(Vec<Act>),
    Stashed(Vec<Act>),
    Reentrant(Vec<Act>),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let leaf = prop_oneof![
        4 => Just(Act::Forward),
        1 => Just(Act::Decline),
        1 => Just(Act::Fail),
        1 => Just(Act::Panic),
        4 => Just(Act::CallPlain),
        3 => Just(Act::CallClass),
    ];
    let act = leaf.prop_recursive(4, 24, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            (some(), some()).prop_map(|(handler, body)| Act::Mode(handler, body)),
            (some(), some()).prop_map(|(handler, body)| Act::Slot(handler, body)),
            (some(), some()).prop_map(|(handler, body)| Act::PreDispatch(handler, body)),
            some().prop_map(Act::Disabled),
            some().prop_map(Act::NoModes),
            some().prop_map(Act::Include),
            some().prop_map(Act::Snapshot),
            some().prop_map(Act::Stashed),
            some().prop_map(Act::Reentrant),
        ]
    });
    prop::collection::vec(act, 1..4)
}

/// What has to be the same before and after.
fn state() -> (LocalKeySets, Option<LocalKeySets>, String) {
    let modes = capture_modes();
    (local_key_sets(), snapshot(), format!("{modes:?} {:?}", modes.pre_dispatch().collect::<Vec<_>>()))
}

/// Does one act and checks that the thread is as before, whether it returned, failed or panicked.
fn perform(act: &Act, call: &mut Option<&mut Call<'_>>) -> Result<Option<Answer>> {
    let before = state();
    let outcome = catch_unwind(AssertUnwindSafe(|| perform_unchecked(act, call)));
    assert_eq!(state(), before, "{act:?}");
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn perform_all(acts: &[Act], call: &mut Option<&mut Call<'_>>) -> Result<Option<Answer>> {
    for act in acts {
        if let Some(answer) = perform(act, call)? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

fn perform_unchecked(act: &Act, call: &mut Option<&mut Call<'_>>) -> Result<Option<Answer>> {
    let x = tensor(&[1.0]);
    match act {
        Act::Forward => match call {
            Some(call) => call.forward().map(|()| Some(Answer::Done)),
            None => Ok(None),
        },
        Act::Decline => Ok(call.as_ref().map(|_| Answer::Declined)),
        Act::Fail => Err(Error::value("on purpose")),
        Act::Panic => panic!("on purpose"),
        Act::CallPlain => add(&x, &x).map(|_| None),
        Act::CallClass => {
            let class = A::tensor(&x, &Log::default(), A::unwrap);
            add(&class, &x).map(|_| None)
        }
        Act::Mode(handler, body) => scope(acting(handler, None, false), body),
        Act::Slot(handler, body) => scope(acting(handler, Some(ModeSlot::Proxy), false), body),
        Act::PreDispatch(handler, body) => scope(acting(handler, None, true), body),
        Act::Disabled(body) => with_dispatch_disabled(|| perform_all(body, call)),
        Act::NoModes(body) => with_modes_disabled(|_| perform_all(body, call)),
        Act::Include(body) => {
            with_included(KeySet::of(DispatchKey::Python).with(DispatchKey::PythonTLSSnapshot), || {
                perform_all(body, call)
            })
        }
        Act::Snapshot(body) => {
            let _snapshot = SnapshotGuard::set_if_none();
            perform_all(body, call)
        }
        Act::Stashed(body) => {
            let _stashed = StashedSnapshotGuard::stash();
            perform_all(body, call)
        }
        Act::Reentrant(body) => with_restored_snapshot(|| perform_all(body, call))?,
    }
}

fn scope(mode: Mode, body: &[Act]) -> Result<Option<Answer>> {
    with_mode(&mode, || perform_all(body, &mut None))?
}

/// A mode that performs acts, at most a few levels deep, and forwards if none of them answered.
fn acting(acts: &[Act], slot: Option<ModeSlot>, is_pre_dispatch: bool) -> Mode {
    let acts = acts.to_vec();
    let handler = move |call: &mut Call<'_>| {
        let answer = perform_all(&acts, &mut Some(&mut *call))?;
        match answer {
            Some(answer) => Ok(answer),
            None => forward(call),
        }
    };
    Mode::new(Told { slot, is_pre_dispatch, ..told("acting", &Log::default(), handler) })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_thread_is_left_as_it_was(acts in acts()) {
        std::panic::set_hook(Box::new(|info| {
            if info.payload().downcast_ref::<&str>() != Some(&"on purpose") {
                eprintln!("{info}");
            }
        }));
        let outcome = catch_unwind(AssertUnwindSafe(|| perform_all(&acts, &mut None)));
        if let Err(panic) = outcome
            && panic.downcast_ref::<&str>() != Some(&"on purpose")
        {
            std::panic::resume_unwind(panic);
        }
        assert_untouched();
    }
}

/// P237, P60: modes, wrappers and the calls they see leave nothing behind, over a million dispatches.
#[test]
fn a_million_dispatches_leave_nothing_behind() -> Result<()> {
    static ALIVE: AtomicIsize = AtomicIsize::new(0);
    struct Counted;
    impl Counted {
        fn new() -> Counted {
            ALIVE.fetch_add(1, Ordering::Relaxed);
            Counted
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::Relaxed);
        }
    }
    struct Held(Tensor, Counted);
    impl TensorSubclass for Held {
        fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
            call.map_arguments(|tensor| Ok(tensor.subclass::<Held>().map(|held| held.0.clone())))?;
            call.forward()?;
            call.map_results(|inner| Ok(Some(held(inner))))?;
            Ok(Answer::Done)
        }
    }
    fn held(inner: &Tensor) -> Tensor {
        Tensor::wrapper(Held(inner.clone(), Counted::new()), WrapperMetadata::like(inner))
    }
    let calls: usize = 1_000_000;
    let x = tensor(&[1.0]);
    let neg = find_operator("aten::neg")?;
    struct Forwarding;
    impl DispatchMode for Forwarding {
        fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
            forward(call)
        }
    }
    let mut wrapper = held(&x);
    with_mode(&Mode::new(Forwarding), || -> Result<()> {
        for _ in 0..calls / 2 {
            let mut stack: keyway::Stack = [Value::from(&wrapper)].into_iter().collect();
            neg.call_boxed(&mut stack)?;
            let Value::Tensor(next) = stack.pop()? else { unreachable!("checked by the schema") };
            wrapper = next;
        }
        Ok(())
    })??;
    assert_eq!(ALIVE.load(Ordering::Relaxed), 1, "the last result");
    drop(wrapper);
    assert_eq!(ALIVE.load(Ordering::Relaxed), 0);
    assert_untouched();
    Ok(())
}
