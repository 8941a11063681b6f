//! Registering and dropping kernels while other threads call them (law 4, D264 to D270).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use keyway::{
    DispatchKey, Kernel, KeySet, Library, Operator, Result, Scalar, Tensor, Value, local_key_sets,
    register_fallback, register_kernel, with_included,
};
use keyway_tests::typed;

/// How long the threads run: 1 second, or as many as `KEYWAY_STRESS_SECONDS` says.
fn duration() -> Duration {
    let seconds = env::var("KEYWAY_STRESS_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// A kernel whose captured state knows when it is dropped.
struct State {
    alive: Arc<AtomicBool>,
    answer: i64,
}

impl Drop for State {
    fn drop(&mut self) {
        self.alive.store(false, Ordering::SeqCst);
    }
}

fn answers(answer: i64) -> Kernel {
    let alive = Arc::new(AtomicBool::new(true));
    let state = State { alive: alive.clone(), answer };
    Kernel::closure(move |_, _, stack| {
        // The whole of it is captured, not a copy of the number.
        let state = &state;
        assert!(alive.load(Ordering::SeqCst), "a kernel ran after its state was dropped");
        stack.pop()?;
        stack.push(state.answer);
        assert!(alive.load(Ordering::SeqCst), "a kernel's state was dropped while it ran");
        Ok(())
    })
}

fn call(operator: &'static Operator, x: &Tensor) -> Result<i64> {
    match operator.call([x.into()])?.pop()? {
        Value::Int(answer) => Ok(answer),
        other => panic!("{other:?}"),
    }
}

/// Two threads call, typed and boxed, while a third registers and drops kernels and a fallback of the same operators.
#[test]
fn calls_see_the_old_or_the_new_kernel_while_others_come_and_go() {
    let mut library = Library::define("stress").unwrap();
    let operator = library.def("f(Tensor x) -> int").unwrap();
    library.kernel("f", DispatchKey::CPU, answers(1)).unwrap();
    let (stop, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    let x = Tensor::from_slice(&[1.0f32, 2.0], &[2]).unwrap();
    let changes = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let answer = call(operator, &x).unwrap();
                    assert!((1..=2).contains(&answer), "{answer}");
                    let scaled = typed::scale::default.call(&x, Scalar::Int(3)).unwrap();
                    let first = scaled.to_vec::<f32>().unwrap()[0];
                    assert!(first == 3.0 || first == -1.0, "{first}");
                    calls.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        let (start, mut changes) = (Instant::now(), 0u64);
        while start.elapsed() < duration() {
            let above = register_kernel("stress::f", DispatchKey::CPU, answers(2), true).unwrap();
            let typed =
                typed::scale::default.kernel(|_, x, _| Tensor::from_slice(&[-1.0f32, -1.0], x.sizes()));
            let other = register_kernel("typed::scale", DispatchKey::CPU, typed, true).unwrap();
            let fallback = register_fallback(DispatchKey::Metal, Kernel::fallthrough()).unwrap();
            drop((above, fallback, other));
            changes += 6;
        }
        stop.store(true, Ordering::Relaxed);
        changes
    });
    assert!(changes > 100, "{changes} changes");
    assert!(calls.load(Ordering::Relaxed) > 100, "{calls:?} calls");
    assert_eq!(call(operator, &x).unwrap(), 1);
}

/// D74, D270: a new thread has the defaults; captured state can be installed on it for a scope.
#[test]
fn a_threads_state_is_its_own_and_can_be_carried_to_another() {
    let tracer = KeySet::of(DispatchKey::Tracer);
    with_included(tracer, || {
        let state = keyway::ThreadState::capture();
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(!local_key_sets().included.contains_all(tracer), "nothing is inherited");
                state.with(|| assert!(local_key_sets().included.contains_all(tracer)));
                assert!(!local_key_sets().included.contains_all(tracer), "and nothing stays");
            });
        });
    });
}
