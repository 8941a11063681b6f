//! The mode stack and what modes see (P48 to P89, MODE-01 to MODE-61).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyway::{
    DeclineRule, ModeGuard, SnapshotGuard, ThreadState, any_modes_set, current_mode, mode_at, mode_in_slot,
    mode_stack, modes_enabled, pop_mode, put_mode, set_mode, unset_mode, with_decline_rule,
    with_dispatch_disabled, with_mode, with_modes_disabled, with_restored_snapshot,
};

use super::*;

/// MODE-01, MODE-02, MODE-40, MODE-43: factories and plain tensors are seen; arguments that equal their defaults are left out.
#[test]
fn a_mode_sees_every_call_without_the_defaults() -> Result<()> {
    let log = Log::default();
    let given = {
        let log = log.clone();
        mode("given", &Log::default(), move |call| {
            let given = call.given_arguments();
            let named: Vec<String> =
                given.named.iter().map(|(name, value)| format!("{name}={value}")).collect();
            log.write(format!("{} {} {named:?}", call.operator(), given.positional.len()));
            forward(call)
        })
    };
    let x = tensor(&[1.0, 2.0]);
    with_mode(&given, || -> Result<()> {
        call("aten::zeros", [vec![2i64].into()])?;
        add(&x, &x)?;
        let add = find_operator("aten::add.Tensor")?;
        add.call_named([(&x).into(), (&x).into()], [("alpha", Value::Int(1))])?;
        add.call_named([(&x).into(), (&x).into()], [("alpha", Value::Int(2))])?;
        call("aten::sum.dim_IntList", [(&x).into(), vec![0i64].into(), Value::Bool(true)])?;
        call("aten::sum.dim_IntList", [(&x).into(), vec![0i64].into(), Value::Bool(false)])?;
        Ok(())
    })??;
    let seen = log.take();
    assert!(seen[0].starts_with("aten::zeros 1 []"), "{seen:?}");
    assert_eq!(
        seen[seen.len() - 5..],
        [
            "aten::add.Tensor 2 []",
            "aten::add.Tensor 2 []",
            "aten::add.Tensor 2 [\"alpha=2\"]",
            "aten::sum.dim_IntList 3 []",
            "aten::sum.dim_IntList 2 []",
        ]
    );
    assert_untouched();
    Ok(())
}

/// MODE-06, MODE-08, P82: one mode may be on the stack several times, and is there again when entered again.
#[test]
fn a_mode_may_be_entered_again_and_inside_itself() -> Result<()> {
    let log = Log::default();
    let mode = mode("M", &log, forward);
    let x = tensor(&[1.0]);
    with_mode(&mode, || with_mode(&mode, || add(&x, &x)))???;
    assert_eq!(log.take(), ["M aten::add.Tensor 1 true []", "M aten::add.Tensor 0 false []"]);
    with_mode(&mode, || add(&x, &x))??;
    assert_eq!(log.take().len(), 1);
    assert_untouched();
    Ok(())
}

/// MODE-09, MODE-12, P257: an error comes out as it is, and the mode goes on seeing calls.
#[test]
fn an_error_of_a_handler_reaches_the_caller_and_leaves_the_mode_on() -> Result<()> {
    let log = Log::default();
    let boom = mode("Boom", &log, |call| match call.operator().name() {
        "aten::add.Tensor" => fail(call),
        _ => forward(call),
    });
    let outer = mode("Outer", &log, |_| Err(Error::value("outer")));
    let x = tensor(&[1.0]);
    with_mode(&outer, || {
        with_mode(&boom, || {
            assert!(add(&x, &x).unwrap_err().to_string().contains("boom"), "the inner one's error");
            assert_eq!(mode_stack_len(), 2);
            assert!(mul(&x, &x).unwrap_err().to_string().contains("outer"));
            assert_eq!(with_restored_snapshot(|| ()).unwrap_err().kind(), ErrorKind::NoSnapshot);
        })
    })??;
    assert_eq!(log.take().len(), 3);
    assert_untouched();
    Ok(())
}

/// P51, P34: keys that a scope took out stay out when a mode comes back from a call inside it, wherever the mode stood.
#[test]
fn a_mode_that_comes_back_includes_no_key_that_it_did_not_find() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    for slot in [None, Some(ModeSlot::Proxy)] {
        let forwarding = Mode::new(Told { slot, ..told("M", &log, forward) });
        let _snapshot = SnapshotGuard::set_if_none();
        with_mode(&forwarding, || {
            with_restored_snapshot(|| -> Result<()> {
                let inside = local_key_sets();
                assert!(!inside.included.contains(DispatchKey::Python), "as it was before the mode");
                let class = A::tensor(&x, &log, A::unwrap);
                add(&class, &x)?;
                assert_eq!(local_key_sets(), inside);
                Ok(())
            })
        })???;
        assert_eq!(log.take().len(), 2, "the class brought the call to the mode first");
    }
    assert_untouched();
    Ok(())
}

/// MODE-10, MODE-11, MODE-61, P55, P57, P84: questions about the stack, and what an empty one answers.
#[test]
fn the_stack_can_be_asked() -> Result<()> {
    let log = Log::default();
    let (a, b) = (mode("a", &log, forward), mode("b", &log, forward));
    assert!(current_mode().is_none() && mode_stack().is_empty() && !modes_enabled());
    assert_eq!(pop_mode().unwrap_err().kind(), ErrorKind::ModeStack);
    assert_eq!(mode_at(0).unwrap_err().kind(), ErrorKind::ModeStack);
    put_mode(&a)?;
    put_mode(&b)?;
    assert!(current_mode().unwrap().is_same(&b) && mode_at(0)?.is_same(&a) && modes_enabled());
    assert_eq!(format!("{:?}", mode_stack()), "[Mode(a), Mode(b)]");
    assert!(mode_at(2).unwrap_err().to_string().contains("too big"));
    assert!(pop_mode()?.is_same(&b) && pop_mode()?.is_same(&a));
    assert_untouched();
    Ok(())
}

/// P49, P56, P258: slots lie below users' modes in their own order, whatever the order of entering.
#[test]
fn slots_have_their_own_order_below_users_modes() -> Result<()> {
    let log = Log::default();
    let in_slot = |name, slot| Mode::new(Told { slot: Some(slot), ..told(name, &log, forward) });
    let fake = in_slot("Fake", ModeSlot::Fake);
    let functional = in_slot("Functional", ModeSlot::Functional);
    let user = mode("U", &log, forward);
    let x = tensor(&[1.0]);
    set_mode(&fake)?;
    put_mode(&user)?;
    set_mode(&functional)?;
    assert_eq!(format!("{:?}", mode_stack()), "[Mode(Fake), Mode(Functional), Mode(U)]");
    assert!(set_mode(&fake).unwrap_err().to_string().contains("already exists"));
    assert_eq!(set_mode(&user).unwrap_err().kind(), ErrorKind::ModeStack);
    add(&x, &x)?;
    let names: Vec<String> =
        log.take().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["U", "Functional", "Fake"]);
    with_modes_disabled(|modes| {
        assert_eq!(format!("{modes:?}"), "[Mode(Fake), Mode(Functional), Mode(U)]");
        assert_untouched();
    });
    assert_eq!(mode_stack_len(), 3);
    assert!(unset_mode(ModeSlot::Fake).is_some() && unset_mode(ModeSlot::Fake).is_none());
    assert!(mode_in_slot(ModeSlot::Functional).unwrap().is_same(&functional));
    assert!(pop_mode()?.is_same(&user) && pop_mode()?.is_same(&functional));
    assert_untouched();
    Ok(())
}

/// MODE-49, P53, P87: infrastructure can be left out of the question.
#[test]
fn infrastructure_can_be_left_out_of_the_count() -> Result<()> {
    let log = Log::default();
    let infra = Mode::new(Told { slot: Some(ModeSlot::Proxy), ..told("I", &log, forward) });
    with_mode(&infra, || {
        assert_eq!((any_modes_set(false), any_modes_set(true)), (true, false));
        with_mode(&mode("U", &log, forward), || {
            assert_eq!((any_modes_set(false), any_modes_set(true)), (true, true));
        })
    })??;
    assert_eq!((any_modes_set(false), any_modes_set(true)), (false, false));
    Ok(())
}

/// Better than P80, P259, MODE-60: a scope takes off its own mode whatever the order, and says that the order was wrong.
#[test]
fn leaving_in_the_wrong_order_is_an_error_and_takes_off_no_other() -> Result<()> {
    let log = Log::default();
    let (a, b) = (mode("a", &log, forward), mode("b", &log, forward));
    let (in_a, in_b) = (ModeGuard::enter(&a)?, ModeGuard::enter(&b)?);
    assert_eq!(in_a.leave().unwrap_err().kind(), ErrorKind::ModeStack);
    assert_eq!(format!("{:?}", mode_stack()), "[Mode(b)]");
    in_b.leave()?;
    let (in_a, in_b) = (ModeGuard::enter(&a)?, ModeGuard::enter(&b)?);
    drop(in_a);
    drop(in_b);
    assert_untouched();
    Ok(())
}

/// Better than P62, P242: what a handler leaves behind is taken off and reported; a scope left while its mode runs stays left.
#[test]
fn a_handler_cannot_unbalance_the_stack() -> Result<()> {
    let log = Log::default();
    let left_behind = mode("L", &log, forward);
    let careless = mode("careless", &log, move |call| {
        put_mode(&left_behind)?;
        forward(call)
    });
    let greedy = mode("greedy", &log, |call| {
        pop_mode()?;
        forward(call)
    });
    let below = mode("below", &log, forward);
    let x = tensor(&[1.0]);
    let error = with_mode(&careless, || add(&x, &x))?.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModeStack, "{error}");
    assert_untouched();
    put_mode(&below)?;
    let error = with_mode(&greedy, || add(&x, &x))?.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModeStack, "{error}");
    assert_untouched();
    Ok(())
}

/// A guard that is dropped by the very handler of its mode.
#[test]
fn a_scope_left_by_its_own_handler_does_not_come_back() -> Result<()> {
    thread_local! {
        static HELD: std::cell::RefCell<Option<ModeGuard>> = const { std::cell::RefCell::new(None) };
    }
    let log = Log::default();
    let leaving = mode("leaving", &log, |call| {
        let guard = HELD.with(|held| held.borrow_mut().take());
        if let Some(guard) = guard {
            assert_eq!(guard.leave().unwrap_err().kind(), ErrorKind::ModeStack);
        }
        forward(call)
    });
    let guard = ModeGuard::enter(&leaving)?;
    HELD.with(|held| *held.borrow_mut() = Some(guard));
    let x = tensor(&[1.0]);
    add(&x, &x)?;
    assert_eq!(log.take().len(), 1);
    assert_untouched();
    Ok(())
}

/// MODE-15, SUB-65, P28: a composite operator is decomposed before modes see it.
#[test]
fn a_mode_sees_what_a_composite_operator_is_made_of() -> Result<()> {
    let log = Log::default();
    let (x, w) = (Tensor::from_slice(&[1.0f32, 2.0], &[1, 2])?, Tensor::from_slice(&[3.0f32, 4.0], &[2, 1])?);
    let matmul = || call("aten::matmul", [(&x).into(), (&w).into()]);
    with_mode(&mode("M", &log, forward), matmul)??;
    assert_eq!(log.take(), ["M aten::mm 0 false []"]);
    // P47: one that asked for calls before that sees the operator itself.
    let whole = Mode::new(Told { is_pre_dispatch: true, ..told("P", &log, forward) });
    assert_eq!(elements(&with_mode(&whole, matmul)??), [11.0]);
    let seen = log.take();
    assert!(seen.len() == 1 && seen[0].starts_with("P aten::matmul"), "{seen:?}");
    assert_untouched();
    Ok(())
}

/// P243, P70: modes before dispatch pass a call down as others do, and a rule stands for their handlers too.
#[test]
fn modes_before_dispatch_are_asked_as_others_are() -> Result<()> {
    let log = Log::default();
    let before = |name, does: fn(&mut Call<'_>) -> Result<Answer>| {
        Mode::new(Told { is_pre_dispatch: true, ..told(name, &log, does) })
    };
    let (lower, upper) = (before("lower", forward), before("upper", decline));
    let x = tensor(&[1.0]);
    with_mode(&lower, || with_mode(&upper, || add(&x, &x)))???;
    assert_eq!(log.take(), ["upper aten::add.Tensor 0 false []", "lower aten::add.Tensor 0 false []"]);
    with_mode(&upper, || add(&x, &x))??;
    assert_eq!(log.take().len(), 1, "declined by all, the call goes on");
    /// A type of its own: rules are the process's, and other tests have modes of the usual one.
    struct Ruled;
    impl DispatchMode for Ruled {
        fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
            fail(call)
        }

        fn is_pre_dispatch(&self) -> bool {
            true
        }
    }
    let operator = find_operator("aten::add.Tensor")?;
    let _rule = keyway::register_rule(operator, keyway::HandlerType::of_mode::<Ruled>(), Arc::new(forward))?;
    assert_eq!(elements(&with_mode(&Mode::new(Ruled), || add(&x, &x))??), [2.0]);
    assert_untouched();
    Ok(())
}

/// P243 decided: a mode that declines passes the call to the next below; P66 on demand.
#[test]
fn a_mode_that_declines_passes_the_call_down() -> Result<()> {
    let log = Log::default();
    let (lower, upper) = (mode("lower", &log, forward), mode("upper", &log, decline));
    let x = tensor(&[1.0]);
    with_mode(&lower, || {
        with_mode(&upper, || {
            assert_eq!(elements(&add(&x, &x)?), [2.0]);
            assert_eq!(log.take(), ["upper aten::add.Tensor 1 true []", "lower aten::add.Tensor 0 false []"]);
            let error = with_decline_rule(DeclineRule::Arguments, || add(&x, &x)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AllDeclined);
            assert!(
                error.to_string().contains("- mode upper") && !error.to_string().contains("lower"),
                "{error}"
            );
            assert_eq!(log.take().len(), 1);
            Ok(())
        })
    })??
}

/// MODE-27, P58, P114: switched off, modes stay where they are and see nothing.
#[test]
fn dispatch_to_modes_can_be_switched_off_for_a_stretch() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    with_mode(&mode("M", &log, forward), || {
        with_dispatch_disabled(|| {
            assert!(!modes_enabled() && mode_stack_len() == 1);
            add(&x, &x)
        })?;
        assert!(log.take().is_empty());
        add(&x, &x)
    })??;
    assert_eq!(log.take().len(), 1);
    Ok(())
}

/// MODE-34, MODE-37, MODE-38, P106, P107: results are checked in number and kind; a handler that does nothing is caught.
#[test]
fn results_of_handlers_are_checked() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let answering = |values: Vec<Value>| {
        mode("M", &Log::default(), move |call| {
            call.answer(values.clone())?;
            Ok(Answer::Done)
        })
    };
    for (values, kind) in [
        (vec!["text".into()], ErrorKind::WrongValueKind),
        (vec![(&x).into(), (&x).into()], ErrorKind::WrongResultCount),
        (vec![], ErrorKind::WrongResultCount),
    ] {
        let error = with_mode(&answering(values), || add(&x, &x))?.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let typed = with_mode(&answering(vec!["text".into()]), || keyway_ops::aten::neg::default.call(&x))?;
        assert_eq!(typed.unwrap_err().kind(), ErrorKind::WrongValueKind);
    }
    let idle = mode("idle", &log, |_| Ok(Answer::Done));
    assert!(with_mode(&idle, || add(&x, &x))?.unwrap_err().to_string().contains("left no results"));
    let undecided = mode("undecided", &log, |call| {
        call.forward()?;
        Ok(Answer::Declined)
    });
    assert!(with_mode(&undecided, || add(&x, &x))?.unwrap_err().to_string().contains("declined after"));
    let twice = mode("twice", &log, |call| {
        call.forward()?;
        forward(call)
    });
    assert!(
        with_mode(&twice, || add(&x, &x))?.unwrap_err().to_string().contains("answered the call already")
    );
    assert_untouched();
    Ok(())
}

/// MODE-39, P110: a handler may answer a tensor with none. A boxed caller gets it; a typed one, whose type has no place for it, an error.
#[test]
fn a_handler_may_answer_with_no_tensor() -> Result<()> {
    let none = mode("none", &Log::default(), |call| {
        call.answer([Value::None])?;
        Ok(Answer::Done)
    });
    let x = tensor(&[1.0]);
    with_mode(&none, || {
        assert!(matches!(add(&x, &x), Ok(Value::None)));
        let typed = keyway_ops::aten::neg::default.call(&x).unwrap_err();
        assert_eq!((typed.kind(), typed.operator()), (ErrorKind::WrongValueKind, Some("aten::neg")));
    })
}

/// MODE-46, MODE-47, MODE-48: a mode may answer with tensors of a class; making one calls no operator.
#[test]
fn a_mode_may_answer_with_a_class() -> Result<()> {
    let (log, class_log) = (Log::default(), Log::default());
    let wraps = {
        let class_log = class_log.clone();
        mode("wraps", &log, move |call| {
            call.map_arguments(|tensor| Ok(tensor.subclass::<A>().map(|held| held.inner.clone())))?;
            call.forward()?;
            call.map_results(|plain| Ok(Some(A::tensor(plain, &class_log, A::unwrap))))?;
            Ok(Answer::Done)
        })
    };
    let x = tensor(&[1.0]);
    let result = with_mode(&wraps, || {
        let once = add(&x, &x)?;
        with_mode(&mode("passes", &log, forward), || mul(once.as_tensor().unwrap(), &x))?
    })??;
    assert_eq!(result.as_tensor().unwrap().subclass::<A>().unwrap().inner.to_vec::<f32>()?, [2.0]);
    assert!(class_log.take().is_empty(), "the class's own handler never ran");
    assert_untouched();
    Ok(())
}

/// MODE-33, P60: the stack keeps its modes.
#[test]
fn the_stack_keeps_its_modes_alive() -> Result<()> {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    impl DispatchMode for Counted {
        fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
            forward(call)
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let guard = ModeGuard::enter(&Mode::new(Counted(dropped.clone())))?;
    let x = tensor(&[1.0]);
    add(&x, &x)?;
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    guard.leave()?;
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    Ok(())
}

/// MODE-57, P70: a rule stands for the handler, for one operator and one exact type.
#[test]
fn a_rule_stands_for_a_modes_handler() -> Result<()> {
    struct Ruled(Log);
    impl DispatchMode for Ruled {
        fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
            self.0.write(format!("handler {}", call.operator()));
            forward(call)
        }
    }
    let log = Log::default();
    let ruled = Mode::new(Ruled(log.clone()));
    let operator = {
        keyway::collect();
        find_operator("aten::add.Tensor")?
    };
    let rule: keyway::Rule = {
        let log = log.clone();
        Arc::new(move |call| {
            log.write(format!("rule {} {}", call.operator(), mode_stack_len()));
            forward(call)
        })
    };
    let ty = keyway::HandlerType::of_mode::<Ruled>();
    let registered = keyway::register_rule(operator, ty, rule.clone())?;
    let twice = keyway::register_rule(operator, ty, rule).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::DuplicateRule);
    assert!(twice.to_string().contains("modes.rs"), "{twice}");
    let x = tensor(&[1.0]);
    with_mode(&ruled, || add(&x, &x).and_then(|_| mul(&x, &x)))??;
    drop(registered);
    with_mode(&ruled, || add(&x, &x))??;
    assert_eq!(
        log.take(),
        ["rule aten::add.Tensor 0", "handler aten::mul.Tensor", "handler aten::add.Tensor"]
    );
    Ok(())
}

/// P206 to P210: a thread begins without modes; one that installs another's state has its modes.
#[test]
fn a_threads_modes_are_its_own_and_can_be_carried() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    with_mode(&mode("M", &log, forward), || {
        let state = ThreadState::capture();
        std::thread::scope(|scope| {
            let fresh = scope.spawn(|| {
                assert_untouched();
                add(&x, &x).map(|_| assert!(!any_modes_set(false)))
            });
            fresh.join().unwrap()?;
            assert!(log.take().is_empty());
            let carried = scope.spawn(|| {
                state.with(|| add(&x, &x))?;
                assert_untouched();
                Ok::<_, Error>(())
            });
            carried.join().unwrap()
        })?;
        assert_eq!(log.take().len(), 1);
        Ok(())
    })?
}

/// Two threads with stacks of their own, at the same time.
#[test]
fn two_threads_have_two_stacks() -> Result<()> {
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let count = |depth: usize| {
            move || {
                let log = Log::default();
                let x = tensor(&[1.0]);
                let guards: Vec<_> =
                    (0..depth).map(|_| ModeGuard::enter(&mode("M", &log, forward)).unwrap()).collect();
                for _ in 0..500 {
                    add(&x, &x).unwrap();
                }
                guards.into_iter().rev().for_each(|guard| guard.leave().unwrap());
                log.take().len()
            }
        };
        let threads = [scope.spawn(count(1)), scope.spawn(count(3))];
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(counts, [500, 1500]);
    Ok(())
}
