//! Contexts, ends after errors and panics, and observers that fail.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use keyway::{
    AliasKey, ErrorKind, Kernel, Library, Observer, Outcome, Result, Stack, Value, has_observers, with_record,
};
use keyway_tests::typed;

use crate::{Log, alone, scale, tensor};

/// RF-16, D259: the context of a start goes to the end of the same record and observer, and is dropped with it.
#[test]
fn a_context_goes_from_a_start_to_its_end() {
    let _alone = alone();
    let shared = Arc::new(());
    let given = shared.clone();
    let context = move |name: &str| (name.to_owned(), given.clone());
    let observer = || {
        let context = context.clone();
        Observer::new(
            move |record| Ok(context(record.name())),
            |record, context| {
                assert_eq!(context.unwrap().0, record.name());
                Ok(())
            },
        )
    };
    let (own, all) = (observer().add_to_thread(), observer().add_to_process());
    with_record("outer", || {
        with_record("inner", || ());
        // Two observers hold `given`, `context` one more, `shared` itself; and two contexts are open.
        assert_eq!(Arc::strong_count(&shared), 4 + 2);
    });
    assert_eq!(Arc::strong_count(&shared), 4);
    assert_eq!((own.failures(), all.failures()), (0, 0));
}

/// D258: an error of the kernel ends the record without outputs and goes on to the caller.
#[test]
fn an_error_of_the_kernel_runs_the_ends() {
    let _alone = alone();
    let log = Log::default();
    let ends = log.clone();
    let _guard = Observer::new(
        |_| Ok(()),
        move |record, _| {
            let Outcome::Failed(error) = record.outcome() else { panic!("{record:?}") };
            ends.write(format!("{:?} {}", error.kind(), record.outputs().len()))
        },
    )
    .outputs()
    .add_to_thread();
    let (x, low) = (tensor(&[1.0, 2.0, 3.0]), tensor(&[0.0]));
    let typed = typed::split::out.call(&x, &low, &low).unwrap_err();
    let boxed = typed::split::out.operator().call_boxed(&mut Stack::from_iter([&x, &low, &low])).unwrap_err();
    assert_eq!((typed.kind(), boxed.kind()), (ErrorKind::Shape, ErrorKind::Shape));
    assert_eq!(log.take(), ["Shape 0", "Shape 0"]);
}

/// D258: a panic of the kernel ends the record during unwinding, also where the end panics too, and goes on.
#[test]
fn a_panic_of_the_kernel_runs_the_ends() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let ends = log.clone();
    let mut library = Library::define("panics")?;
    let operator = library.def("f(int x) -> int")?;
    let kernel = Kernel::closure(|_, _, _| panic!("of the kernel"));
    library.kernel("f", AliasKey::CompositeExplicitAutograd, kernel)?;
    let silent = |_: &keyway::ObserverFailure<'_>| ();
    let bad = Observer::new(|_| Ok(()), |_, _: Option<()>| panic!("of the end")).on_failure(silent);
    let bad = bad.add_to_thread();
    let _good = Observer::new(|_| Ok(()), move |record, _| ends.write(format!("{:?}", record.outcome())))
        .add_to_thread();
    let panic = catch_unwind(AssertUnwindSafe(|| operator.call([Value::Int(1)]))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"of the kernel"));
    let panic = catch_unwind(|| with_record("r", || panic!("of the kernel"))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"of the kernel"));
    assert_eq!(log.take(), ["Panicked", "Panicked"]);
    assert_eq!(bad.failures(), 2);
    scale()?;
    assert_eq!(log.take(), ["Returned"]);
    Ok(())
}

/// D257: errors and panics of observers are counted, told to the hook, and never reach the call; an end whose start
/// failed runs without a context.
#[test]
fn failures_of_observers_do_not_disturb_the_call() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let (told, ends) = (log.clone(), log.clone());
    let failing = Observer::new(
        |record| match record.name() {
            "typed::scale" => Err(keyway::Error::new(ErrorKind::Runtime, "no")),
            _ => panic!("{} at the start", record.name()),
        },
        move |_, context: Option<()>| -> Result<()> {
            ends.write(format!("{context:?}"))?;
            Err(keyway::Error::new(ErrorKind::Runtime, "no end"))
        },
    )
    .on_failure(move |failure| {
        told.write(failure.to_string()).unwrap();
        panic!("hooks may panic too");
    })
    .add_to_thread();
    let _good = log.observer("good").add_to_thread();
    let id = failing.id();
    assert_eq!(scale()?.to_vec::<f32>()?, [3.0]);
    let expected = [
        format!("observer {id} failed at the start of typed::scale: no"),
        "good starts typed::scale".to_owned(),
        "None".to_owned(),
        format!("observer {id} failed at the end of typed::scale: no end"),
        "good ends typed::scale".to_owned(),
    ];
    assert_eq!(log.take(), expected);
    typed::keys::default.call(&tensor(&[1.0]))?;
    assert_eq!(
        log.take()[0],
        format!("observer {id} failed at the start of typed::keys: panicked: typed::keys at the start")
    );
    assert_eq!(failing.failures(), 4);
    Ok(())
}

/// What an observer calls is not observed, so that it does not observe itself for ever.
#[test]
fn observers_may_call_operators() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let guard =
        Observer::new(|_| scale().map(drop), |_, _| scale().map(|_| with_record("r", || ()))).add_to_thread();
    let _names = log.names().add_to_thread();
    scale()?;
    assert_eq!((log.take(), guard.failures()), (vec!["typed::scale".to_owned()], 0));
    Ok(())
}

/// An observer may drop its own guard, and what it captured may call operators when it goes.
#[test]
fn an_observer_may_remove_itself() -> Result<()> {
    struct CallsWhenDropped;
    impl Drop for CallsWhenDropped {
        fn drop(&mut self) {
            scale().unwrap();
            panic!("swallowed too");
        }
    }
    let _alone = alone();
    let guard = Arc::new(Mutex::new(None));
    let (own, captured) = (guard.clone(), CallsWhenDropped);
    let observer = Observer::at_start(move |_| {
        let _ = &captured;
        drop(own.lock().unwrap().take());
        Ok(())
    });
    *guard.lock().unwrap() = Some(observer.add_to_thread());
    assert_eq!(scale()?.to_vec::<f32>()?, [3.0]);
    scale()?;
    assert!(!has_observers());
    Ok(())
}

/// Every outcome leaves the thread observed as before: an observer that panics does not leave it busy.
#[test]
fn a_panicking_observer_leaves_the_thread_observed() {
    let _alone = alone();
    let log = Log::default();
    let _bad = Observer::at_start(|_| panic!("on purpose")).on_failure(|_| ()).add_to_thread();
    let _good = log.names().add_to_thread();
    let calls = AssertUnwindSafe(|| (0..3).for_each(|_| with_record("r", || ())));
    assert!(catch_unwind(calls).is_ok());
    assert_eq!(log.take(), ["r", "r", "r"]);
}
