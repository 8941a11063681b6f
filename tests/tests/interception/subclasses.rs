//! Tensor subclasses in Rust (P91 to P95, P117 to P125, P132, SUB-01 to SUB-66).

use std::sync::Arc;

use keyway::{Geometry, HandlerType, KeySet, Rule, register_rule, with_mode, with_restored_snapshot};

use super::*;

/// SUB-10, P92: left to right, one entry a class, and a class before the one it extends.
#[test]
fn classes_are_asked_in_order_derived_ones_first() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let a = || A::tensor(&x, &log, |_, _| Err(Error::value("A's error")));
    let b = || B::tensor(&x, &log, |_, _| Err(Error::value("B's error")));
    for (left, right, whose) in [(a(), a(), "A"), (a(), b(), "B"), (b(), a(), "B"), (b(), b(), "B")] {
        let error = add(&left, &right).unwrap_err();
        assert!(error.to_string().contains(&format!("{whose}'s error")), "{error}");
    }
    let n = N::tensor(&x, &log, |_, call| decline(call));
    log.take();
    let tensors = vec![n, a(), a(), b()];
    assert!(call("aten::cat", [tensors.into()]).unwrap_err().to_string().contains("B's error"));
    assert_eq!(
        log.take(),
        ["N aten::cat 0 [\"N\", \"B\", \"A\"]", "B aten::cat 0 [\"N\", \"B\", \"A\"]"],
        "types are the same for each"
    );
    assert_untouched();
    Ok(())
}

/// SUB-14, P68: when all decline, the error names each.
#[test]
fn when_all_decline_each_is_named() {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let (a, n) = (A::tensor(&x, &log, |_, c| decline(c)), N::tensor(&x, &log, |_, c| decline(c)));
    let error = with_mode(&mode("M", &log, decline), || add(&a, &n)).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AllDeclined);
    let text = error.to_string();
    for part in ["aten::add.Tensor", "mode M", "subclass", "::A", "::N"] {
        assert!(text.contains(part), "{text}");
    }
    assert_untouched();
}

/// MODE-19, MODE-20, P250: modes come before arguments whatever the classes are.
#[test]
fn modes_come_before_classes() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let (a, b) = (A::tensor(&x, &log, A::unwrap), B::tensor(&x, &log, B::unwrap));
    with_mode(&mode("M", &log, fail), || {
        for (left, right) in [(&a, &a), (&b, &b), (&a, &b)] {
            assert!(add(left, right).unwrap_err().to_string().contains("boom"));
        }
    })?;
    Ok(())
}

/// MODE-21, MODE-23, P65: a mode that knows not the class declines; the class is asked once, its inner call meets the mode again.
#[test]
fn a_declining_mode_meets_the_inner_call_of_the_class() -> Result<()> {
    let (log, class_log) = (Log::default(), Log::default());
    let unless_class = |name| {
        mode(name, &log, |call| if call.types().next().is_some() { decline(call) } else { forward(call) })
    };
    let x = tensor(&[1.0]);
    let a = A::tensor(&x, &class_log, A::unwrap);
    let (outer, inner) = (unless_class("outer"), unless_class("inner"));
    with_mode(&outer, || add(&a, &a))??;
    assert_eq!(log.take().len(), 2);
    assert_eq!(class_log.take(), ["A aten::add.Tensor 1 [\"A\"]"]);
    with_mode(&outer, || with_mode(&inner, || add(&a, &a)))???;
    assert_eq!(class_log.take().len(), 1);
    assert_untouched();
    Ok(())
}

/// SUB-02: an out tensor of a class is written through it and is what the caller gets.
#[test]
fn an_out_tensor_of_a_class_is_given_back() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0, 2.0]);
    let out = A::tensor(&tensor(&[0.0, 0.0]), &log, A::unwrap);
    let add_out = find_operator("aten::add.out")?;
    let mut results = add_out.call_named([(&x).into(), (&x).into()], [("out", (&out).into())])?;
    assert!(results.pop()?.as_tensor().unwrap().is_same(&out));
    assert_eq!(out.subclass::<A>().unwrap().inner.to_vec::<f32>()?, [2.0, 4.0]);
    assert_eq!(log.take(), ["A aten::add.out 0 [\"A\"]"]);
    Ok(())
}

/// SUB-04, SUB-05, SUB-25: tensors in lists take part; list results are checked like others.
#[test]
fn classes_are_found_in_lists() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0, 2.0, 3.0, 4.0]);
    let a = A::tensor(&x, &log, A::unwrap);
    let list: Value = vec![x.clone(), a.clone()].into();
    let joined = call("aten::cat", [list])?;
    assert_eq!(joined.as_tensor().unwrap().subclass::<A>().unwrap().inner.numel(), 8);
    let parts = call("aten::split.Tensor", [(&a).into(), Value::Int(2)])?;
    assert!(parts.tensors().count() == 2 && parts.tensors().all(|part| part.subclass::<A>().is_some()));
    Ok(())
}

/// SUB-06: a wrong kind of result is an error.
#[test]
fn a_class_cannot_answer_with_another_kind() {
    let log = Log::default();
    let a = A::tensor(&tensor(&[1.0]), &log, |_, call| {
        call.answer(["text".into()])?;
        Ok(Answer::Done)
    });
    for name in ["aten::neg", "aten::clone"] {
        assert_eq!(call(name, [(&a).into()]).unwrap_err().kind(), ErrorKind::WrongValueKind);
    }
}

/// SUB-08, SUB-09, SUB-21, SUB-22, P122 to P125: a wrapper says what it was told to, and holds no data.
#[test]
fn a_wrapper_has_metadata_and_no_data() -> Result<()> {
    let log = Log::default();
    let base = tensor(&[0.0; 24]);
    let geometry = Geometry::new(&[2, 3], &[1, 4], 5)?;
    let strided = base.view_as(geometry)?;
    let wrapper = A::tensor(&strided, &log, A::unwrap);
    assert_eq!((wrapper.sizes(), wrapper.strides(), wrapper.storage_offset()), (&[2, 3][..], &[1, 4][..], 5));
    assert_eq!((wrapper.dtype(), wrapper.device()), (DType::Float32, Device::CPU));
    assert!(wrapper.to_vec::<f32>().is_err() && wrapper.storage().read().is_err());
    let huge = WrapperMetadata::new(&[1_000_000, 1_000_000], DType::Float32, Device::CPU)?;
    assert_eq!(Tensor::foreign_wrapper(huge.clone()).numel(), 1_000_000_000_000);
    let conjugate = KeySet::of(DispatchKey::Conjugate);
    let keyed = Tensor::foreign_wrapper(huge.with_keys(conjugate)).key_set();
    assert!(keyed.contains_all(conjugate) && keyed.contains(DispatchKey::Python));
    assert!(keyed.contains(DispatchKey::PythonTLSSnapshot), "P7: both or none");
    Ok(())
}

/// P115, SUB-66's counterpart: with dispatch off the CPU kernel meets a tensor without data, which is an error and no crash.
#[test]
fn a_wrapper_with_dispatch_off_is_an_error() {
    let log = Log::default();
    let a = A::tensor(&tensor(&[1.0]), &log, A::unwrap);
    let result = keyway::with_dispatch_disabled(|| add(&a, &a));
    assert!(result.is_err() && log.take().is_empty());
}

/// SUB-07, P132: a copy of the head asks the class once, and no operator is called.
#[test]
fn a_shallow_copy_asks_the_class() -> Result<()> {
    struct Kept(Tensor);
    impl TensorSubclass for Kept {
        fn handle(&self, _: &mut Call<'_>) -> Result<Answer> {
            Err(Error::value("no operator is called"))
        }

        fn detach(&self, _: &Tensor) -> Result<Option<Arc<dyn TensorSubclass>>> {
            Ok(Some(Arc::new(Kept(self.0.clone()))))
        }
    }
    let x = tensor(&[1.0, 2.0]);
    let kept = Tensor::wrapper(Kept(x.clone()), WrapperMetadata::like(&x));
    let copy = kept.shallow_copy()?;
    assert!(copy.subclass::<Kept>().is_some_and(|held| held.0.is_same(&x)) && !copy.is_same(&kept));
    assert!(copy.shares_storage(&kept));
    let plain = x.shallow_copy()?;
    assert!(!plain.is_same(&x) && plain.shares_storage(&x));
    Ok(())
}

/// SUB-40, P20, P37: re-entrant dispatch inside a class's handler, under a mode and without.
#[test]
fn a_class_may_dispatch_as_its_caller_did() -> Result<()> {
    fn reentrant(this: &A, call: &mut Call<'_>) -> Result<Answer> {
        let inner = this.inner.clone();
        let operator = call.operator();
        assert!(local_key_sets().excluded.contains(DispatchKey::AutogradCPU), "P10");
        let result = with_restored_snapshot(|| {
            assert!(!local_key_sets().excluded.contains(DispatchKey::AutogradCPU), "P34");
            operator.call([(&inner).into()])
        })??;
        call.answer(result.iter().cloned())?;
        Ok(Answer::Done)
    }
    let log = Log::default();
    let a = A::tensor(&tensor(&[1.0]), &log, reentrant);
    assert_eq!(elements(&call("aten::clone", [(&a).into()])?), [1.0]);
    let under = with_mode(&mode("M", &log, forward), || call("aten::clone", [(&a).into()]))??;
    assert!(under.as_tensor().unwrap().subclass::<A>().is_none() && elements(&under) == [1.0]);
    // The factory case that fails in PyTorch (P225): nobody is left to ask, so the call goes on.
    let factory = mode("last", &log, |call| {
        with_restored_snapshot(|| find_operator("aten::zeros")?.call([vec![2i64].into()]))??;
        forward(call)
    });
    with_mode(&factory, || add(&tensor(&[1.0]), &tensor(&[1.0])))??;
    assert_untouched();
    Ok(())
}

/// SUB-44, SUB-46: a plain tensor carries no Python keys, nor does a view of a wrapper.
#[test]
fn plain_tensors_and_views_are_not_intercepted() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let shared = WrapperMetadata::like(&x).sharing(&x);
    let held = A { inner: x.clone(), log, does: A::unwrap };
    let wrapper = Tensor::wrapper(held, shared);
    assert!(wrapper.shares_storage(&x), "P137");
    let view = wrapper.view_as(wrapper.geometry().clone())?;
    for tensor in [&x, &view] {
        assert!(!tensor.key_set().contains(DispatchKey::Python), "{}", tensor.key_set());
        assert!(!tensor.key_set().contains(DispatchKey::PythonTLSSnapshot));
    }
    Ok(())
}

/// SUB-61, P70, P71 decided: a rule for one operator and a class; when it declines, the next class is asked.
#[test]
fn a_rule_stands_for_a_classs_handler() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[3.0]);
    let (a, n) = (A::tensor(&x, &log, A::unwrap), N::tensor(&x, &log, N::unwrap));
    let operator = find_operator("aten::mul.Tensor")?;
    let rule = |log: &Log| -> Rule {
        let log = log.clone();
        Arc::new(move |call| {
            log.write("rule");
            decline(call)
        })
    };
    let _rule = register_rule(operator, HandlerType::of_subclass::<A>(), rule(&log))?;
    assert_eq!(mul(&a, &a).unwrap_err().kind(), ErrorKind::AllDeclined);
    assert_eq!(log.take(), ["rule"]);
    let n_unwraps_both = N::tensor(&x, &log, |_, call| {
        call.answer([tensor(&[9.0]).into()])?;
        Ok(Answer::Done)
    });
    assert_eq!(elements(&mul(&a, &n_unwraps_both)?), [9.0]);
    assert_eq!(log.take(), ["rule", "N aten::mul.Tensor 0 [\"A\", \"N\"]"]);
    mul(&n, &n)?;
    Ok(())
}

/// SUB-66, P95: nothing is switched off for the class itself; it is asked again.
#[test]
fn a_class_that_calls_on_with_itself_is_asked_again() -> Result<()> {
    fn three_deep(this: &A, call: &mut Call<'_>) -> Result<Answer> {
        if this.log.0.lock().unwrap().len() < 3 { forward(call) } else { this.unwrap(call) }
    }
    let log = Log::default();
    let a = A::tensor(&tensor(&[1.0]), &log, three_deep);
    call("aten::neg", [(&a).into()])?;
    assert_eq!(log.take().len(), 3);
    assert_untouched();
    Ok(())
}
