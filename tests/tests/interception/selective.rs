//! Handlers that want some operators: others pass them (P230's wish), at no cost that a table could show.

use keyway::{KeySet, ThreadState, with_mode};

use super::*;

fn set(names: &[&str]) -> OperatorSet {
    keyway::collect();
    OperatorSet::new(names.iter().map(|name| find_operator(name).unwrap())).unwrap()
}

fn choosy(name: &'static str, log: &Log, names: &[&str]) -> Mode {
    Mode::new(Told { wants: Some(set(names)), ..told(name, log, forward) })
}

#[test]
fn a_mode_is_offered_the_operators_it_named_alone() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[2.0]);
    with_mode(&choosy("choosy", &log, &["aten::mul.Tensor"]), || -> Result<()> {
        assert!(!local_key_sets().included.contains(DispatchKey::Python));
        assert_eq!(elements(&add(&x, &x)?), [4.0]);
        assert_eq!(elements(&mul(&x, &x)?), [4.0]);
        assert_eq!(elements(&keyway_ops::aten::mul::Tensor.call(&x, &x)?.into()), [4.0]);
        Ok(())
    })??;
    assert_eq!(log.take(), ["choosy aten::mul.Tensor 0 false []"; 2]);
    assert_untouched();
    Ok(())
}

/// The modes below one that does not want the call are asked as if it had forwarded: it is off for them too.
#[test]
fn modes_that_do_not_want_a_call_are_passed_in_their_order() -> Result<()> {
    let log = Log::default();
    let (all, choosy) = (mode("all", &log, forward), choosy("choosy", &log, &["aten::mul.Tensor"]));
    let x = tensor(&[2.0]);
    with_mode(&all, || {
        with_mode(&choosy, || -> Result<()> {
            add(&x, &x)?;
            assert_eq!(log.take(), ["all aten::add.Tensor 0 false []"]);
            mul(&x, &x)?;
            assert_eq!(log.take(), ["choosy aten::mul.Tensor 1 true []", "all aten::mul.Tensor 0 false []"]);
            Ok(())
        })
    })???;
    with_mode(&choosy, || {
        with_mode(&all, || {
            mul(&x, &x)?;
            assert_eq!(log.take(), ["all aten::mul.Tensor 1 false []", "choosy aten::mul.Tensor 0 false []"]);
            add(&x, &x)
        })
    })???;
    assert_untouched();
    Ok(())
}

struct Choosy {
    log: Log,
    wants: OperatorSet,
}

impl TensorSubclass for Choosy {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        self.log.write(format!("class {}", call.operator()));
        call.answer([tensor(&[7.0]).into()])?;
        Ok(Answer::Done)
    }

    fn operators(&self) -> Option<&OperatorSet> {
        Some(&self.wants)
    }
}

/// A class that wants nothing carries neither Python key; its tensor with data is used like a plain one.
#[test]
fn a_class_is_offered_the_operators_it_named_alone() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[2.0]);
    let of = |names: &[&str]| {
        let class = Choosy { log: log.clone(), wants: set(names) };
        Tensor::wrapper(class, WrapperMetadata::like(&x).sharing(&x))
    };
    let (nothing, products) = (of(&[]), of(&["aten::mul.Tensor"]));
    assert!(!nothing.key_set().shares_functionality(KeySet::of(DispatchKey::Python)));
    assert_eq!(elements(&add(&nothing, &x)?), [4.0]);
    assert_eq!(elements(&mul(&nothing, &x)?), [4.0], "wanted by another class, not by this one");
    assert_eq!(elements(&add(&products, &x)?), [4.0]);
    assert!(log.take().is_empty());
    assert_eq!(elements(&mul(&products, &x)?), [7.0]);
    assert_eq!(log.take(), ["class aten::mul.Tensor"]);
    // Inside another mode's handler it is still asked, as a class that wants everything is.
    with_mode(&mode("M", &log, forward), || mul(&x, &products))??;
    assert_eq!(log.take(), ["M aten::mul.Tensor 0 false [\"Choosy\"]", "class aten::mul.Tensor"]);
    let off = keyway::with_dispatch_disabled(|| mul(&products, &products))?;
    assert_eq!(elements(&off), [4.0]);
    assert_untouched();
    Ok(())
}

/// The key of such handlers is part of what a thread's state carries.
#[test]
fn a_choosy_mode_is_carried_to_another_thread() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[2.0]);
    let choosy = choosy("choosy", &log, &["aten::mul.Tensor"]);
    let state = with_mode(&choosy, ThreadState::capture)?;
    std::thread::scope(|scope| {
        scope.spawn(|| state.with(|| mul(&x, &x).and_then(|_| add(&x, &x)))).join().unwrap()
    })?;
    assert_eq!(log.take().len(), 1);
    Ok(())
}
