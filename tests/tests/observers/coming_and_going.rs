//! Which observers run, and when: order, scopes of threads and of the process, sampling, the switch, guards.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keyway::{
    ErrorKind, ObservationGuard, Observer, RecordStart, Result, ThreadObservers, ThreadState,
    clear_process_observers, clear_thread_observers, has_observers, has_process_observers,
    has_thread_observers, is_observation_on, with_observation, with_record,
};

use crate::{Log, alone, calls, counting, scale};

/// RF-01, D244: the questions say who has observers that are enabled.
#[test]
fn the_questions_tell_the_process_from_the_thread() {
    let _alone = alone();
    let answers = || (has_observers(), has_process_observers(), has_thread_observers());
    assert_eq!(answers(), (false, false, false));
    let own = Observer::at_start(|_| Ok(())).add_to_thread();
    assert_eq!(answers(), (true, false, true));
    with_observation(false, || assert_eq!(answers(), (true, false, true)));
    own.disable();
    assert_eq!(answers(), (false, false, false));
    drop(own);
    let all = Observer::at_start(|_| Ok(())).add_to_process();
    assert_eq!(answers(), (true, true, false));
    drop(all);
    assert_eq!(answers(), (false, false, false));
}

/// RF-04, D247: the process's observers in order of addition, then the thread's; ends in the same order, inner first.
#[test]
fn observers_run_in_order_of_addition() {
    let _alone = alone();
    let log = Log::default();
    let _own = log.observer("own").add_to_thread();
    let _first = log.observer("first").add_to_process();
    let _second = log.observer("second").add_to_process();
    with_record("outer", || with_record("inner", || ()));
    let lines = log.take();
    let expected = |what: &str| ["first", "second", "own"].map(|name| format!("{name} {what}"));
    let all =
        ["starts outer", "starts inner", "ends inner", "ends outer"].iter().flat_map(|what| expected(what));
    assert_eq!(lines, all.collect::<Vec<_>>());
}

/// RF-12, D241, D246: probability 0 never, 1 always, and in between as often as it says.
#[test]
fn sampling_is_as_frequent_as_it_says() -> Result<()> {
    let _alone = alone();
    let count = Arc::new(AtomicU64::new(0));
    for (probability, expected) in
        [(0.0, 0..=0), (1.0, 10_000..=10_000), (0.5, 4700..=5300), (0.1, 850..=1150)]
    {
        let _guard = counting(&count).sampled(probability)?.add_to_thread();
        (0..10_000).for_each(|_| with_record("step", || ()));
        let seen = calls(&count);
        assert!(expected.contains(&seen), "{seen} of 10000 at {probability}");
    }
    for probability in [1.5, -0.1, f64::NAN] {
        let error = Observer::at_start(|_| Ok(())).sampled(probability).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{error}");
    }
    Ok(())
}

/// D246, D247: sampled observers keep their place in the order, and an end runs if and only if its start did.
#[test]
fn sampled_and_unsampled_observers_mix() -> Result<()> {
    let _alone = alone();
    let log = Log::default();
    let _first = log.observer("first").sampled(0.3)?.add_to_thread();
    let _second = log.observer("second").add_to_thread();
    let _third = log.observer("third").sampled(0.6)?.add_to_thread();
    let mut sizes = [0; 4];
    for _ in 0..2000 {
        with_record("r", || ());
        let lines = log.take();
        let (starts, ends) = lines.split_at(lines.len() / 2);
        let names = |lines: &[String]| -> Vec<String> {
            lines.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(starts), names(ends));
        assert!(names(starts).is_sorted(), "`first` < `second` < `third`: {starts:?}");
        assert!(names(starts).contains(&"second".to_owned()));
        sizes[starts.len()] += 1;
    }
    // 0.7 * 0.4, 0.3 * 0.4 + 0.7 * 0.6, 0.3 * 0.6
    for (size, share) in [(1, 0.28), (2, 0.54), (3, 0.18)] {
        assert!((f64::from(sizes[size]) / 2000.0 - share).abs() < 0.06, "{sizes:?}");
    }
    Ok(())
}

/// RF-03, RF-13, D244: the switch turns all observers of this thread off and on, and restores what was.
#[test]
fn the_switch_is_scoped() {
    let _alone = alone();
    let log = Log::default();
    let _own = log.names().add_to_thread();
    let _all = log.names().add_to_process();
    {
        let _off = ObservationGuard::off();
        with_record("A", || ());
        {
            let _on = ObservationGuard::on();
            with_record("B", || ());
            with_observation(false, || with_record("C", || ()));
            assert!(is_observation_on());
        }
        with_record("D", || ());
        assert!(catch_unwind(|| with_observation(true, || panic!("on purpose"))).is_err());
        assert!(!is_observation_on(), "restored after a panic");
    }
    assert_eq!(log.take(), ["B", "B"]);
}

/// RF-14, law 3: guards may be dropped in any order.
#[test]
fn guards_are_dropped_in_any_order() {
    let _alone = alone();
    let log = Log::default();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut guards = [
            Some(log.observer("0").add_to_process()),
            Some(log.observer("1").add_to_thread()),
            Some(log.observer("2").add_to_process()),
        ];
        for n in order {
            guards[n] = None;
            with_record("r", || ());
            let lines = log.take();
            assert_eq!(lines.len(), 2 * guards.iter().flatten().count());
            assert!(!lines.iter().any(|line| line.starts_with(&n.to_string())), "{n} is gone: {lines:?}");
        }
    }
}

/// D243: disabled observers do not run, enabled ones do again, and cleared ones never.
#[test]
fn observers_are_disabled_enabled_and_cleared() {
    let _alone = alone();
    let log = Log::default();
    let (own, all) = (log.observer("own").add_to_thread(), log.observer("all").add_to_process());
    assert!(own.id() > 0 && all.id() > own.id(), "D242: numbers are unique and grow");
    own.disable();
    own.disable();
    with_record("r", || ());
    assert_eq!(log.take(), ["all starts r", "all ends r"]);
    own.enable();
    own.enable();
    all.disable();
    with_record("r", || ());
    assert_eq!(log.take(), ["own starts r", "own ends r"]);
    clear_thread_observers();
    clear_process_observers();
    all.enable();
    own.enable();
    with_record("r", || ());
    assert_eq!(log.take(), [""; 0]);
    drop((own, all));
    assert!(!has_observers());
}

/// A guard that is kept leaves its observer; one of a thread goes with the thread.
#[test]
fn a_kept_observer_of_a_thread_ends_with_it() {
    let _alone = alone();
    let held = Arc::new(());
    let inner = held.clone();
    let thread = std::thread::spawn(move || {
        let holds = move |_: &RecordStart<'_>| {
            drop(inner.clone());
            Ok(())
        };
        Observer::at_start(holds).add_to_thread().keep();
        assert!(has_thread_observers());
        with_record("r", || ());
    });
    thread.join().unwrap();
    assert!(!keyway::observer::is_observing() && Arc::strong_count(&held) == 1);
}

/// RF-15, D242, D270: an observer of a thread sees that thread only; the process's sees all.
#[test]
fn an_observer_of_a_thread_sees_that_thread_only() {
    let _alone = alone();
    let (all, own) = (Log::default(), Log::default());
    let _all = all.names().add_to_process();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _own = own.names().add_to_thread();
            with_record("there", || ());
        });
    });
    with_record("here", || ());
    assert_eq!(
        (all.take(), own.take()),
        (vec!["there".to_owned(), "here".to_owned()], vec!["there".to_owned()])
    );
}

/// RF-05, RF-18: they are part of the thread's whole state.
#[test]
fn observers_migrate_with_the_state_of_their_thread() {
    let _alone = alone();
    let log = Log::default();
    let _guard = log.names().add_to_thread();
    let (on, off) = (ThreadState::capture(), with_observation(false, ThreadState::capture));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            on.with(|| with_record("on", || off.with(|| with_record("off", || ()))));
            with_record("after", || ());
            assert!(is_observation_on() && !has_thread_observers());
        });
    });
    assert_eq!(log.take(), ["on"]);
}

/// RF-05, RF-18, D242: a thread's observers and its switch go along with its state.
#[test]
fn a_threads_observers_can_be_taken_along() {
    let _alone = alone();
    let log = Log::default();
    let guard = log.names().add_to_thread();
    let observers = ThreadObservers::capture();
    let off = with_observation(false, ThreadObservers::capture);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            with_record("before", || ());
            let own = log.observer("own").add_to_thread();
            {
                let _installed = observers.install();
                with_record("work", || ());
                let _off = off.install();
                with_record("off", || ());
            }
            with_record("after", || ());
            drop(own);
        });
    });
    assert_eq!(log.take(), ["work", "own starts after", "own ends after"]);
    with_record("here", || ());
    drop(guard);
    let _installed = observers.install();
    with_record("removed", || ());
    assert_eq!(log.take(), ["here"], "a removed observer runs nowhere");
}

/// Observers come and go inside what they observe: a start that ran gets its end, and new ones see what comes next.
#[test]
fn observers_come_and_go_inside_a_record() {
    let _alone = alone();
    let log = Log::default();
    let old = log.observer("old").add_to_thread();
    with_record("outer", || {
        drop(old);
        let new = log.observer("new").add_to_process();
        with_record("inner", || ());
        drop(new);
    });
    assert_eq!(log.take(), ["old starts outer", "new starts inner", "new ends inner", "old ends outer"]);
}

/// D243, better: observers are added, disabled and removed while other threads call; each thread sees every change
/// that happened before its call, and starts and ends pair.
#[test]
fn observers_come_and_go_while_other_threads_call() {
    let _alone = alone();
    let (starts, ends, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let counts = Arc::new((starts, ends, stop));
    let observer = || {
        let (start, end) = (counts.clone(), counts.clone());
        Observer::new(
            move |_| Ok(start.0.fetch_add(1, Ordering::Relaxed)),
            move |_, _| {
                end.1.fetch_add(1, Ordering::Relaxed);
                Ok(())
            },
        )
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut own = None;
                let mut turn = 0u64;
                while counts.2.load(Ordering::Relaxed) == 0 {
                    turn += 1;
                    own = turn
                        .is_multiple_of(7)
                        .then(|| observer().sampled(0.5).unwrap().add_to_thread())
                        .or(own);
                    own = own.filter(|_| !turn.is_multiple_of(11));
                    assert_eq!(scale().unwrap().to_vec::<f32>().unwrap(), [3.0]);
                }
            });
        }
        for turn in 0..1500 {
            let (a, b) = (observer().add_to_process(), observer().sampled(0.3).unwrap().add_to_process());
            a.disable();
            a.enable();
            let before = counts.0.load(Ordering::Relaxed);
            scale().unwrap();
            assert!(counts.0.load(Ordering::Relaxed) > before, "this thread sees `a` at once");
            if turn % 2 == 0 { drop((a, b)) } else { drop((b, a)) }
        }
        counts.2.store(1, Ordering::Relaxed);
    });
    assert_eq!(counts.0.load(Ordering::Relaxed), counts.1.load(Ordering::Relaxed));
    assert!(!keyway::observer::is_observing(), "nothing is left");
}
