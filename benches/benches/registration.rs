//! What registration and look-up cost with as many operators as PyTorch's list has, and how calls scale over threads.
//!
//! Times of this machine in this run, beside the goals; nothing is gated here.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use keyway::{
    DispatchKey, Kernel, Library, Operator, Registration, Result, Tensor, find_operator, register_fallback,
    register_kernel,
};
use keyway_benches::bench;

/// Operators in PyTorch's list after derivation.
const OPERATORS: usize = 3_110;

fn main() -> Result<()> {
    let names: Vec<String> = (0..OPERATORS).map(|n| format!("operator_{n}")).collect();
    println!("{:52} {:>12} {:>12}", "", "measured", "goal");
    row("size of an operator's entry", &format!("{} B", size_of::<Operator>()), "512 B");
    let mut library = Library::define("registration")?;
    let start = Instant::now();
    for name in &names {
        library.def(&format!("{name}(Tensor self, Tensor other) -> Tensor"))?;
    }
    row("a definition, schema parsed", &each(start.elapsed(), OPERATORS), "1 us");

    let full: Vec<String> = names.iter().map(|name| format!("registration::{name}")).collect();
    let start = Instant::now();
    let kernels = full.iter().map(|name| register_kernel(name, DispatchKey::CPU, nothing(), false));
    let kernels: Vec<Registration> = kernels.collect::<Result<_>>()?;
    row("a kernel", &each(start.elapsed(), OPERATORS), "0.5 us");

    let start = Instant::now();
    for name in &full {
        black_box(find_operator(black_box(name))?);
    }
    row("a look-up by name, all in turn", &each(start.elapsed(), OPERATORS), "15 ns");
    let start = Instant::now();
    for name in full.iter().take(100).cycle().take(100 * OPERATORS) {
        black_box(find_operator(black_box(name))?);
    }
    row("a look-up by name, of a hundred in turn", &each(start.elapsed(), 100 * OPERATORS), "15 ns");
    tables_and_fallbacks(&full)?;
    let start = Instant::now();
    drop(kernels);
    row("taking a kernel away", &each(start.elapsed(), OPERATORS), "1 us");
    row("calls by two threads over calls by one", &format!("{:.2}", scaling()), "1.9");
    Ok(())
}

fn tables_and_fallbacks(names: &[String]) -> Result<()> {
    let operators: Vec<_> = names.iter().map(|name| find_operator(name)).collect::<Result<_>>()?;
    let start = Instant::now();
    operators.iter().for_each(|operator| {
        black_box(operator.explain(keyway::KeySet::EMPTY, keyway::LocalKeySets::DEFAULT));
    });
    row("computing and printing a table", &each(start.elapsed(), OPERATORS), "-");
    let start = Instant::now();
    let fallback = register_fallback(DispatchKey::FPGA, nothing())?;
    row("a fallback, with all tables there", &each(start.elapsed(), 1), "50 us");
    drop(fallback);
    Ok(())
}

fn nothing() -> Kernel {
    Kernel::boxed(|_, _, _| Ok(()))
}

fn row(what: &str, measured: &str, goal: &str) {
    println!("{what:52} {measured:>12} {goal:>12}");
}

fn each(total: Duration, times: usize) -> String {
    let nanoseconds = total.as_secs_f64() * 1e9 / times as f64;
    match nanoseconds {
        small if small < 1_000.0 => format!("{small:.1} ns"),
        large => format!("{:.2} us", large / 1e3),
    }
}

/// Throughput of typed calls on two threads over that on one.
fn scaling() -> f64 {
    let rates = [1, 2].map(|threads| (0..5).map(|_| calls_per_second(threads)).fold(0.0, f64::max));
    rates[1] / rates[0]
}

fn calls_per_second(threads: usize) -> f64 {
    const CALLS: usize = 20_000_000;
    let barrier = Barrier::new(threads);
    let times: Vec<Duration> = thread::scope(|scope| {
        let spawn = |_| {
            scope.spawn(|| {
                let x = Tensor::zeros(&[1], keyway::DType::Float32, keyway::Device::CPU).expect("it fits");
                barrier.wait();
                let start = Instant::now();
                for _ in 0..CALLS {
                    let _ = black_box(bench::one::default.call(black_box(&x)));
                }
                start.elapsed()
            })
        };
        let spawned: Vec<_> = (0..threads).map(spawn).collect();
        spawned.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    let slowest = times.iter().max().copied().unwrap_or_default();
    (CALLS * threads) as f64 / slowest.as_secs_f64()
}
