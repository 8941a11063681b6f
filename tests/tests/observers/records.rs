//! What observers see of calls and of records by hand.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, Weak};

use keyway::{
    DType, DispatchKey, ErrorKind, Kernel, KeySet, Observer, ObserverGuard, Outcome, RecordBuilder, Result,
    Scalar, Scope, Stack, Value, find_operator, logical_thread_id, register_kernel, set_default_node_id,
    set_sequence_numbers, with_included, with_record,
};
use keyway_tests::typed;

use crate::{Log, alone, calls, counting, scale, tensor, written};

/// RF-02, D260: a record by hand starts when it is opened and ends when it is left.
#[test]
fn a_record_by_hand_starts_and_ends() {
    let _alone = alone();
    let log = Log::default();
    let _guard = log.observer("a").add_to_thread();
    with_record("load", || assert_eq!(log.take(), ["a starts load"]));
    assert_eq!(log.take(), ["a ends load"]);
}

/// RF-09, D240: each observer sees its scopes; none given means all.
#[test]
fn an_observer_sees_its_scopes_only() -> Result<()> {
    let _alone = alone();
    let counts: [Arc<AtomicU64>; 4] = Default::default();
    let scopes = [vec![Scope::Function], vec![Scope::User], vec![Scope::ScriptFunction, Scope::User], vec![]];
    let _guards: Vec<ObserverGuard> = counts
        .iter()
        .zip(scopes)
        .map(|(count, scopes)| counting(count).scopes(scopes).add_to_thread())
        .collect();
    scale()?;
    assert_eq!([1, 0, 0, 1], counts.each_ref().map(|count| calls(count)));
    with_record("load", || ());
    assert_eq!([0, 1, 1, 1], counts.each_ref().map(|count| calls(count)));
    RecordBuilder::new("script").scope(Scope::ScriptFunction).open().finish(&[]);
    assert_eq!([0, 0, 1, 1], counts.each_ref().map(|count| calls(count)));
    Ok(())
}

/// RF-10, D249, better than D250: typed and boxed calls show the same, whatever lies below on the stack.
#[test]
fn typed_and_boxed_calls_show_the_same_inputs_and_outputs() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let _guard = log.values().add_to_thread();
    let x = tensor(&[1.0, 2.0]);
    let typed = typed::scale::default.call(&x, Scalar::Int(3))?;
    let seen = log.take();
    let mut stack = Stack::from_iter([Value::Int(77), Value::from(&x), Value::Int(3)]);
    typed::scale::default.operator().call_boxed(&mut stack)?;
    assert_eq!(seen, ["in float32[2] on cpu 3", "out float32[2] on cpu"]);
    assert_eq!(log.take(), seen);
    assert_eq!(typed.to_vec::<f32>()?, [3.0, 6.0]);
    assert_eq!(stack.pop()?.as_tensor().unwrap().to_vec::<f32>()?, [3.0, 6.0]);
    assert_eq!(stack.len(), 1);

    let (low, high) = (tensor(&[0.0]), tensor(&[0.0]));
    let (a, b) = typed::split::out.call(&x, &low, &high)?;
    assert!(a.is_same(&low) && b.is_same(&high));
    let seen = log.take();
    typed::split::out.operator().call_boxed(&mut Stack::from_iter([&x, &low, &high]))?;
    assert_eq!(log.take(), seen);
    assert_eq!(
        seen,
        [
            "in float32[2] on cpu float32[1] on cpu float32[1] on cpu",
            "out float32[1] on cpu float32[1] on cpu"
        ]
    );
    Ok(())
}

/// RF-10: the inputs are the very tensors, with their names; the results of an in-place form are its arguments.
#[test]
fn inputs_and_outputs_are_the_calls_own() -> Result<()> {
    let _alone = alone();
    let x = tensor(&[1.0]);
    let (input, output) = (x.clone(), x.clone());
    let guard = Observer::new(
        move |record| {
            let named: Vec<_> =
                record.named_inputs().map(|(name, value)| (name, value.as_tensor())).collect();
            assert!(matches!(named[..], [("self", Some(tensor))] if tensor.is_same(&input)), "{named:?}");
            assert_eq!((record.input_count(), record.output_count()), (1, 1));
            Ok(())
        },
        move |record, _| {
            assert!(matches!(record.outcome(), Outcome::Returned));
            assert!(record.outputs()[0].as_tensor().unwrap().is_same(&output));
            Ok(())
        },
    )
    .inputs()
    .outputs()
    .add_to_thread();
    typed::negate_::default.call(&x)?;
    typed::negate_::default.operator().call_boxed(&mut Stack::from_iter([&x]))?;
    assert_eq!(guard.failures(), 0);
    Ok(())
}

/// D240, D249: an observer that did not ask sees nothing, though another one asked.
#[test]
fn inputs_and_outputs_are_for_those_who_asked() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let (starts, ends) = (log.clone(), log.clone());
    let _modest = Observer::new(
        move |record| starts.write(format!("{} of {}", record.inputs().len(), record.input_count())),
        move |record, _| ends.write(format!("{}", record.outputs().len())),
    )
    .add_to_thread();
    let _curious = Observer::at_start(|_| Ok(())).inputs().outputs().add_to_thread();
    scale()?;
    assert_eq!(log.take(), ["0 of 2", "0"]);
    Ok(())
}

/// D249: the inputs are gone before the kernel runs.
#[test]
fn inputs_are_gone_before_the_kernel_runs() -> Result<()> {
    let _alone = alone();
    let seen = Arc::new(Mutex::new(Weak::new()));
    let kept = seen.clone();
    let kernel = Kernel::closure(move |_, _, _| {
        let gone = kept.lock().unwrap().upgrade().is_none();
        Err(keyway::Error::value(if gone { "gone" } else { "still there" }))
    });
    let _kernel = register_kernel("typed::everything", DispatchKey::CPU, kernel, true)?;
    let guard = Observer::at_start(move |record| {
        let Value::Str(text) = &record.inputs()[8] else { panic!("{:?}", record.inputs()) };
        *seen.lock().unwrap() = Arc::downgrade(text);
        Ok(())
    })
    .inputs()
    .add_to_thread();
    let x = tensor(&[1.0]);
    let by = Scalar::Int(1);
    let (dtype, none) = (DType::Float32, None);
    let called = typed::everything::default.call(
        &x,
        None,
        &[],
        1,
        &[],
        None,
        1.0,
        true,
        "",
        by,
        dtype,
        None,
        None,
        None,
        &[],
        none,
    );
    let error = called.unwrap_err();
    assert!(error.to_string().ends_with("gone"), "{error}");
    assert_eq!(guard.failures(), 0);
    Ok(())
}

/// RF-19, D255: ids are positive where an observer asked for them, else 0.
#[test]
fn ids_are_for_those_who_asked() {
    let _alone = alone();
    let log = Log::default();
    let ids = || {
        let log = log.clone();
        Observer::at_start(move |record| log.write(record.id().to_string()))
    };
    let without = ids().add_to_thread();
    with_record("r", || ());
    assert_eq!(log.take(), ["0"]);
    drop(without);
    let _with = ids().ids().add_to_thread();
    (0..2).for_each(|_| with_record("r", || ()));
    let ids: Vec<u64> = log.take().iter().map(|id| id.parse().unwrap()).collect();
    assert!(ids[0] > 0 && ids[1] > ids[0], "{ids:?}");
}

/// RF-20, D253: a record of an operator has its name, overload, schema, keys and thread.
#[test]
fn a_record_of_an_operator_names_it() -> Result<()> {
    let _alone = alone();
    let guard = Observer::at_start(|record| {
        let names = (record.full_name(), record.name(), record.overload_name());
        assert_eq!(names, ("typed::split.out", "typed::split", "out"));
        assert_eq!(record.operator(), Some(typed::split::out.operator()));
        assert_eq!(record.schema().unwrap().arguments.len(), 3);
        assert_eq!((record.key(), record.scope()), (DispatchKey::CPU, Scope::Function));
        assert_eq!((record.sequence_number(), record.thread()), (-1, logical_thread_id()));
        assert_eq!((record.forward_thread(), record.debug_handle(), record.is_async()), (0, -1, false));
        Ok(())
    })
    .add_to_thread();
    let (x, low, high) = (tensor(&[1.0, 2.0]), tensor(&[0.0]), tensor(&[0.0]));
    typed::split::out.call(&x, &low, &high)?;
    assert_eq!(guard.failures(), 0);
    Ok(())
}

/// D253, D260: a record by hand has what it was opened with.
#[test]
fn a_record_by_hand_has_what_it_was_given() {
    let _alone = alone();
    assert_eq!(set_default_node_id(-1).unwrap_err().kind(), ErrorKind::Value);
    set_default_node_id(3).unwrap();
    let guard = Observer::new(
        |record| {
            assert_eq!((record.name(), record.overload_name(), record.operator()), ("a.b", "", None));
            assert_eq!((record.sequence_number(), record.forward_thread(), record.debug_handle()), (7, 2, 5));
            assert_eq!(
                (record.is_async(), record.node_id(), record.key()),
                (true, 3, DispatchKey::Undefined)
            );
            assert_eq!((record.input_count(), written("in", record.inputs())), (2, "in 1 2".to_owned()));
            Ok(())
        },
        |record, _| {
            assert_eq!(written("out", record.outputs()), "out 3");
            Ok(())
        },
    )
    .inputs()
    .outputs()
    .add_to_thread();
    let inputs = [Value::Int(1), Value::Int(2)];
    let record = RecordBuilder::new("a.b").inputs(&inputs).sequence_number(7).forward_thread(2);
    record.debug_handle(5).asynchronous().open().finish(&[Value::Int(3)]);
    assert_eq!(guard.failures(), 0);
}

/// D256: sequence numbers come from the autograd layer, for calls with autograd keys, and are -1 elsewhere.
#[test]
fn sequence_numbers_come_from_the_autograd_layer() -> Result<()> {
    let _alone = alone();
    set_sequence_numbers(|| 42)?;
    assert_eq!(set_sequence_numbers(|| 43).unwrap_err().kind(), ErrorKind::Runtime);
    let log = Log::default();
    let seen = log.clone();
    let _guard =
        Observer::at_start(move |record| seen.write(record.sequence_number().to_string())).add_to_thread();
    let x = tensor(&[1.0]);
    typed::keys::default.call(&x)?;
    keyway::with_excluded(KeySet::AUTOGRAD, || typed::keys::default.call(&x))?;
    with_record("by hand", || ());
    assert_eq!(log.take(), ["42", "-1", "-1"]);
    Ok(())
}

/// D251, better than D250: a fresh call inside a kernel is one event more, a redispatch none, typed and boxed.
#[test]
fn each_fresh_call_is_one_event_and_a_redispatch_none() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let _guard = log.observer("a").add_to_thread();
    let x = tensor(&[1.0]);
    let nested =
        ["a starts typed::twice", "a starts typed::scale", "a ends typed::scale", "a ends typed::twice"];
    typed::twice::default.call(&x)?;
    assert_eq!(log.take(), nested);
    find_operator("typed::twice")?.call([Value::from(&x)])?;
    assert_eq!(log.take(), nested);

    let keys = KeySet::of(DispatchKey::CPU);
    typed::scale::default.redispatch(keys, &x, Scalar::Int(2))?;
    let mut stack = Stack::from_iter([Value::from(&x), Value::Int(2)]);
    typed::scale::default.operator().redispatch_boxed(keys, &mut stack)?;
    assert_eq!(log.take(), [""; 0]);

    let mode = Kernel::boxed(|operator, keys, stack| {
        operator.redispatch_boxed(keys & KeySet::after(DispatchKey::Tracer), stack)
    });
    let _mode = register_kernel("typed::scale", DispatchKey::Tracer, mode, false)?;
    let tensors = with_included(KeySet::of(DispatchKey::Tracer), || scale().and(scale()))?;
    assert_eq!(tensors.to_vec::<f32>()?, [3.0]);
    assert_eq!(log.take().len(), 2 * 2, "a boxed kernel on the way of a typed call adds none");
    Ok(())
}

/// D207, D169: an error before the kernel is found is raised before any observer runs.
#[test]
fn errors_before_the_kernel_are_not_observed() {
    let _alone = alone();
    let log = Log::default();
    let _guard = log.observer("a").add_to_thread();
    let x = tensor(&[1.0]);
    assert_eq!(typed::unimplemented::default.call(&x).unwrap_err().kind(), ErrorKind::NoKernel);
    let boxed = |values: Vec<Value>| {
        typed::scale::default.operator().call_boxed(&mut values.into_iter().collect()).unwrap_err().kind()
    };
    assert_eq!(boxed(vec![]), ErrorKind::StackTooShort);
    assert_eq!(boxed(vec![Value::None, Value::None]), ErrorKind::WrongValueKind);
    assert_eq!(log.take(), [""; 0]);
}

/// D252, without names in the runtime: an operator can be left unobserved, and observed again.
#[test]
fn an_operator_can_be_left_unobserved() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let _guard = log.names().add_to_thread();
    let keys = typed::keys::default.operator();
    assert!(keys.is_observed());
    keys.set_observed(false);
    typed::keys::default.call(&tensor(&[1.0]))?;
    keys.call([Value::from(tensor(&[1.0]))])?;
    scale()?;
    keys.set_observed(true);
    typed::keys::default.call(&tensor(&[1.0]))?;
    assert_eq!(log.take(), ["typed::scale", "typed::keys"]);
    Ok(())
}
