//! The profiler: events, their nesting and times, the table, and the trace that Perfetto opens.

use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use keyway::{
    DispatchKey, Ending, Profile, Profiler, RecordBuilder, Result, Scalar, Scope, Tensor, Value,
    has_observers, logical_thread_id, with_record,
};
use keyway_tests::typed;
use serde_json::Value as Json;

/// One test at a time: some profile every thread.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tensor(elements: &[f32]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

fn names(profile: &Profile) -> Vec<&str> {
    profile.events().iter().map(|event| &*event.name).collect()
}

/// Spends some time that a clock can see.
fn spend(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}

/// D251: one event for each fresh call, inside the one that made it.
#[test]
fn events_are_nested_as_the_calls_are() -> Result<()> {
    let _alone = alone();
    let x = tensor(&[1.0, 2.0]);
    let profiling = Profiler::new().start();
    with_record("step", || typed::twice::default.call(&x))?;
    typed::keys::default.operator().call([Value::from(&x)])?;
    let profile = profiling.finish();
    typed::keys::default.call(&x)?;

    assert_eq!(names(&profile), ["step", "typed::twice", "typed::scale", "typed::keys"]);
    let facts: Vec<_> = profile.events().iter().map(|e| (e.depth, e.parent, e.key, e.scope)).collect();
    let operator = |depth, parent| (depth, parent, DispatchKey::CPU, Scope::Function);
    let step = (0, None, DispatchKey::Undefined, Scope::User);
    assert_eq!(facts, [step, operator(1, Some(0)), operator(2, Some(1)), operator(0, None)]);
    assert!(profile.events().iter().all(|e| e.ending == Ending::Returned && e.thread == logical_thread_id()));
    assert_eq!(profile.events()[1].operator, Some(typed::twice::default.operator()));
    assert!(!has_observers(), "the profiler takes its observer away");
    Ok(())
}

/// An event's time holds those inside; its own time does not.
#[test]
fn times_add_up() {
    let _alone = alone();
    let (outer, inner) = (Duration::from_millis(4), Duration::from_millis(2));
    let profiling = Profiler::new().start();
    with_record("outer", || {
        spend(outer);
        with_record("inner", || spend(inner));
        with_record("inner", || spend(inner));
    });
    let profile = profiling.finish();
    let [a, b, c] = profile.events() else { panic!("{profile:?}") };
    assert!(a.start <= b.start && b.start + b.duration <= c.start);
    assert!(c.start + c.duration <= a.start + a.duration && a.start + a.duration <= profile.wall_time());
    assert!(b.duration >= inner && c.duration >= inner && a.duration >= outer + 2 * inner);
    assert_eq!(a.self_time, a.duration - b.duration - c.duration);
    assert!(a.self_time >= outer && b.self_time == b.duration);

    let table = profile.table();
    let rows: Vec<_> = table.rows().iter().map(|row| (row.name.as_str(), row.calls)).collect();
    assert!(rows == [("outer", 1), ("inner", 2)] || rows == [("inner", 2), ("outer", 1)], "{table}");
    assert!(table.rows().is_sorted_by(|a, b| a.self_time >= b.self_time), "{table}");
}

/// Shapes are collected only when asked for, of tensors in lists too, and rows are told apart by them.
#[test]
fn shapes_are_for_those_who_ask() -> Result<()> {
    let _alone = alone();
    let run = |profiler: Profiler| -> Result<Profile> {
        let profiling = profiler.start();
        for elements in [&[1.0, 2.0][..], &[1.0, 2.0], &[3.0]] {
            typed::scale::default.call(&tensor(elements), Scalar::Int(2))?;
        }
        Ok(profiling.finish())
    };
    let without = run(Profiler::new())?;
    assert!(without.events().iter().all(|event| event.shapes.is_empty()));
    assert_eq!(without.table().rows().len(), 1);
    let with = run(Profiler::new().shapes())?;
    assert_eq!(with.events()[2].shapes, [[1]]);
    let mut rows: Vec<_> = with.table().rows().iter().map(|r| (r.shapes.clone(), r.calls)).collect();
    rows.sort();
    assert_eq!(rows, [(vec![vec![1]], 1), (vec![vec![2]], 2)]);
    assert!(with.table().to_string().contains("[2]"), "{}", with.table());
    Ok(())
}

/// Ends say how: an error, a panic, or not at all; and the profiler goes on.
#[test]
fn endings_are_told_apart() {
    let _alone = alone();
    let profiling = Profiler::new().start();
    let (x, low) = (tensor(&[1.0, 2.0, 3.0]), tensor(&[0.0]));
    assert!(typed::split::out.call(&x, &low, &low).is_err());
    assert!(std::panic::catch_unwind(|| with_record("bad", || panic!("on purpose"))).is_err());
    let open = RecordBuilder::new("open").open();
    with_record("inside", || ());
    let profile = profiling.finish();
    drop(open);
    let endings: Vec<_> = profile.events().iter().map(|event| (&*event.name, event.ending)).collect();
    let expected = [
        ("typed::split.out", Ending::Failed),
        ("bad", Ending::Panicked),
        ("open", Ending::Open),
        ("inside", Ending::Returned),
    ];
    assert_eq!(endings, expected);
    let open = &profile.events()[2];
    assert_eq!(open.start + open.duration, profile.wall_time(), "cut off where the profile ends");
}

/// Records by hand may end in any order.
#[test]
fn records_that_end_out_of_order_keep_their_times() {
    let _alone = alone();
    let profiling = Profiler::new().start();
    let (first, second) = (RecordBuilder::new("first").open(), RecordBuilder::new("second").open());
    drop(first);
    with_record("third", || ());
    drop(second);
    with_record("fourth", || ());
    let profile = profiling.finish();
    assert_eq!(profile.events().iter().map(|e| e.parent).collect::<Vec<_>>(), [None, Some(0), Some(1), None]);
}

/// A profiler of a thread sees that thread, one of all threads sees all, and each event knows its thread.
#[test]
fn threads_are_told_apart() {
    let _alone = alone();
    let (all, own) = (Profiler::new().all_threads().start(), Profiler::new().start());
    let barrier = Barrier::new(2);
    let work = |name: &str| {
        barrier.wait();
        for _ in 0..100 {
            with_record(name, || with_record("inner", || ()));
        }
    };
    let there = std::thread::scope(|scope| {
        let named = std::thread::Builder::new().name("worker \"2\"".to_owned());
        let spawned = named.spawn_scoped(scope, || {
            work("there");
            logical_thread_id()
        });
        work("here");
        spawned.unwrap().join().unwrap()
    });
    let (own, all) = (own.finish(), all.finish());
    assert!(own.events().iter().all(|event| event.thread == logical_thread_id()));
    assert_eq!((own.events().len(), all.events().len()), (200, 400));
    for event in all.events() {
        let parent = event.parent.map(|parent| &all.events()[parent]);
        assert!(parent.is_none_or(|parent| parent.thread == event.thread && parent.start <= event.start));
        assert!(parent.is_some() == (event.name == "inner"));
        assert!(event.name != "there" || event.thread == there);
    }
    let names: Vec<_> = all.threads().iter().map(|t| (t.number, t.name.as_deref())).collect();
    assert!(names.contains(&(there, Some("worker \"2\""))), "{names:?}");
}

/// Profilers of one thread do not disturb each other; scopes choose; a pause leaves a gap.
#[test]
fn profilers_can_be_nested_paused_and_scoped() -> Result<()> {
    let _alone = alone();
    let outer = Profiler::new().scopes([Scope::User]).start();
    with_record("a", || ());
    let inner = Profiler::new().start();
    with_record("b", || typed::keys::default.call(&tensor(&[1.0])))?;
    inner.pause();
    with_record("c", || ());
    inner.resume();
    with_record("d", || ());
    let (inner, outer) = (inner.finish(), outer.finish());
    assert_eq!(names(&outer), ["a", "b", "c", "d"]);
    assert_eq!(names(&inner), ["b", "typed::keys", "d"]);
    Ok(())
}

/// The trace is JSON of complete events with microseconds, process, thread, name and arguments.
#[test]
fn the_trace_is_what_perfetto_opens() -> Result<()> {
    let _alone = alone();
    let name = "a \"quoted\"\\\n\u{1}\u{2028} é";
    let profiling = Profiler::new().shapes().start();
    with_record(name, || typed::twice::default.call(&tensor(&[1.0, 2.0])))?;
    RecordBuilder::new("node").scope(Scope::BackwardFunction).sequence_number(7).open().finish(&[]);
    let profile = profiling.finish();
    let mut trace = Vec::new();
    profile.write_chrome_trace(&mut trace).unwrap();

    let trace: Json = serde_json::from_slice(&trace).unwrap_or_else(|error| panic!("{error}"));
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<_>>();
    let names: Vec<_> = of("M").iter().map(|event| event["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["process_name", "thread_name"]);
    let complete = of("X");
    assert_eq!(complete.len(), profile.events().len());
    for (json, event) in complete.iter().zip(profile.events()) {
        assert_eq!(json["name"], *event.name);
        assert_eq!(json["cat"], event.scope.name());
        assert_eq!(json["pid"], std::process::id());
        assert_eq!(json["tid"], event.thread);
        for (field, time) in [("ts", event.start), ("dur", event.duration)] {
            let micros = json[field].as_f64().unwrap();
            assert!((micros - time.as_nanos() as f64 / 1e3).abs() < 1e-3, "{micros} is {time:?}");
        }
    }
    assert_eq!(complete[0]["name"], name);
    assert_eq!(complete[1]["args"]["key"], "CPU");
    assert_eq!(complete[1]["args"]["shapes"], serde_json::json!([[2]]));
    assert_eq!(complete[3]["args"]["sequence_number"], 7);
    assert_eq!(complete[3]["args"].get("key"), None);
    Ok(())
}

/// An empty profile prints and traces.
#[test]
fn an_empty_profile_is_a_profile() {
    let _alone = alone();
    let profile = Profiler::new().start().finish();
    assert!(profile.events().is_empty() && profile.table().rows().is_empty());
    assert!(profile.table().to_string().starts_with("operator  key  calls"), "{}", profile.table());
    let mut trace = Vec::new();
    profile.write_chrome_trace(&mut trace).unwrap();
    assert!(serde_json::from_slice::<Json>(&trace).is_ok());
}

/// What is late does not disturb a finished profile, nor the next one.
#[test]
fn a_record_that_outlives_its_profile_is_harmless() {
    let _alone = alone();
    let first = Profiler::new().start();
    let open = RecordBuilder::new("open").open();
    assert_eq!(names(&first.finish()), ["open"]);
    let second = Profiler::new().start();
    drop(open);
    with_record("next", || ());
    let second = second.finish();
    assert_eq!((names(&second), second.events()[0].parent), (vec!["next"], None));
}
