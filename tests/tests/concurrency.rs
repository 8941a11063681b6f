//! Registering and dropping kernels while other threads call them (law 4, D264 to D270).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::{Duration, Instant};
use std::{env, thread};

use keyway::{
    DispatchKey, ErrorKind, Kernel, KeySet, Library, Operator, Registration, Result, Scalar, Stack, Tensor,
    ThreadState, Value, local_key_sets, register_fallback, register_kernel, with_included,
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

/// D264, law 4: what a kernel captured lives as long as a call is inside the kernel, and no longer than that.
#[test]
fn captured_state_is_released_when_the_last_call_has_left() -> Result<()> {
    let mut library = Library::define("released")?;
    let f = library.def("f(Tensor x) -> int")?;
    let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let captured = Arc::new(7i64);
    let watched = Arc::downgrade(&captured);
    let kernel = {
        let (entered, leave) = (entered.clone(), leave.clone());
        Kernel::from_fn(move |_: &Tensor| -> Result<i64> {
            entered.wait();
            leave.wait();
            Ok(*captured)
        })
    };
    let registration = register_kernel("released::f", DispatchKey::CPU, kernel, false)?;
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    thread::scope(|scope| {
        let inside = scope.spawn(|| call(f, &x));
        entered.wait();
        drop(registration);
        assert!(watched.upgrade().is_some(), "a call is inside");
        assert_eq!(call(f, &x).unwrap_err().kind(), ErrorKind::NoKernel, "later calls do not find it");
        leave.wait();
        assert_eq!(inside.join().unwrap().unwrap(), 7);
    });
    assert!(watched.upgrade().is_none(), "nobody is inside");
    let idle = Arc::new(());
    let watched = Arc::downgrade(&idle);
    let holds = Kernel::closure(move |_, _, _| {
        let _held = &idle;
        Ok(())
    });
    drop(register_fallback(DispatchKey::MAIA, holds)?);
    assert!(watched.upgrade().is_none());
    Ok(())
}

/// D302: what a kernel captured may register and drop when it is itself dropped.
#[test]
fn captured_state_may_register_when_it_is_dropped() -> Result<()> {
    struct Registers(Arc<Mutex<Option<Registration>>>);
    impl Drop for Registers {
        fn drop(&mut self) {
            let next = register_kernel("dropping::f", DispatchKey::CPU, answers(2), false).unwrap();
            *self.0.lock().unwrap() = Some(next);
        }
    }
    let mut library = Library::define("dropping")?;
    let f = library.def("f(Tensor x) -> int")?;
    let next = Arc::new(Mutex::new(None));
    let state = Registers(next.clone());
    let kernel = Kernel::closure(move |_, _, _| {
        let _whole = &state;
        Ok(())
    });
    drop(register_kernel("dropping::f", DispatchKey::CPU, kernel, false)?);
    assert_eq!(call(f, &Tensor::from_slice(&[1.0f32], &[1])?)?, 2);
    Ok(())
}

/// D136: a handle means one registration, though another like it takes its place in memory.
#[test]
fn a_handle_does_not_mean_the_next_registration() -> Result<()> {
    let mut library = Library::define("handles")?;
    let f = library.def("f(Tensor x) -> int")?;
    let register = |answer| register_kernel("handles::f", DispatchKey::CPU, answers(answer), false);
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    let first = register(1)?;
    let handle = f.kernel_at(DispatchKey::CPU)?;
    drop(first);
    let _second = register(2)?;
    let mut stack = Stack::from_iter([&x]);
    let error = handle.call_boxed(KeySet::of(DispatchKey::CPU), &mut stack).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KernelGone);
    f.kernel_at(DispatchKey::CPU)?.call_boxed(KeySet::of(DispatchKey::CPU), &mut stack)?;
    assert!(matches!(stack.pop()?, Value::Int(2)));
    Ok(())
}

/// D74, D270: the workers of a pool run each job with the state of the thread that gave it, and keep none of it.
#[test]
fn workers_of_a_pool_dispatch_as_the_threads_that_gave_the_work() -> Result<()> {
    type Job = Box<dyn FnOnce() + Send>;
    let mut library = Library::define("pool")?;
    let f = library.def("f(Tensor x) -> int")?;
    library.kernel("f", DispatchKey::CPU, answers(1))?;
    library.kernel("f", DispatchKey::Tracer, answers(2))?;
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Mutex::new(queue);
    let work = || {
        while let Ok(job) = { queue.lock().unwrap().recv() } {
            job();
            assert_eq!(local_key_sets(), keyway::LocalKeySets::DEFAULT, "nothing of a job stays");
        }
    };
    let (results, answered) = mpsc::channel();
    let give = move |traced: bool| {
        let (state, x, results) = (ThreadState::capture(), x.clone(), results.clone());
        let job = move || results.send((traced, state.with(|| call(f, &x).unwrap()))).unwrap();
        jobs.send(Box::new(job)).unwrap();
    };
    thread::scope(|scope| {
        (0..2).for_each(|_| drop(scope.spawn(work)));
        for _ in 0..50 {
            give(false);
            with_included(KeySet::of(DispatchKey::Tracer), || give(true));
        }
        for (traced, answer) in answered.iter().take(100) {
            assert_eq!(answer, if traced { 2 } else { 1 });
        }
        drop(give);
    });
    Ok(())
}
