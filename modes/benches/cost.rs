//! What the modes cost on real operators: one-element adds, alone and under each mode.
//!
//! Held to: one fake add in 1 us, tracing 100 adds in 0.3 ms.

use divan::{Bencher, black_box};
use keyway::{DType, Device, Mode, Result, Tensor, with_mode};
use keyway_modes::{Counting, FakeMode, FlopCounting, Graph, NanWatch, SchemaCheck, trace};
use keyway_ops::TensorMethods;

fn main() {
    keyway_ops::register();
    divan::main();
}

fn one() -> Tensor {
    Tensor::from_slice(&[1.0f32], &[1]).expect("one element fills one place")
}

/// Times an add of `x` to itself under a mode.
fn add_under(bencher: Bencher<'_, '_>, mode: Option<Mode>, x: &Tensor) {
    let run = || bencher.bench_local(|| black_box(x).add(black_box(x)));
    match mode {
        Some(mode) => with_mode(&mode, run).expect("the stack takes a mode"),
        None => run(),
    }
}

#[divan::bench]
fn add(bencher: Bencher<'_, '_>) {
    add_under(bencher, None, &one());
}

#[divan::bench]
fn add_counted(bencher: Bencher<'_, '_>) {
    add_under(bencher, Some(Counting::new().mode()), &one());
}

#[divan::bench]
fn add_with_flops_counted(bencher: Bencher<'_, '_>) {
    add_under(bencher, Some(FlopCounting::new().mode()), &one());
}

#[divan::bench]
fn add_watched_for_nan(bencher: Bencher<'_, '_>) {
    add_under(bencher, Some(NanWatch::failing().mode()), &one());
}

#[divan::bench]
fn add_checked_against_its_schema(bencher: Bencher<'_, '_>) {
    add_under(bencher, Some(SchemaCheck::new().mode()), &one());
}

#[divan::bench]
fn fake_add(bencher: Bencher<'_, '_>) {
    let fake = FakeMode::new();
    let x = fake.tensor(&[1], DType::Float32, Device::CPU).expect("sizes that can be");
    add_under(bencher, Some(fake.mode()), &x);
}

fn hundred_adds(inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let mut sum = inputs[0].clone();
    for _ in 0..100 {
        sum = sum.add(&inputs[0])?;
    }
    Ok(vec![sum])
}

#[divan::bench]
fn hundred_adds_traced(bencher: Bencher<'_, '_>) {
    let x = [one()];
    bencher.bench_local(|| trace(black_box(&x), hundred_adds));
}

#[divan::bench]
fn hundred_adds_replayed(bencher: Bencher<'_, '_>) {
    let x = [one()];
    let (graph, _) = trace(&x, hundred_adds).expect("adds do not fail");
    bencher.bench_local(|| graph.run(black_box(&x)));
}

#[divan::bench]
fn hundred_adds_read_from_text(bencher: Bencher<'_, '_>) {
    let (graph, _) = trace(&[one()], hundred_adds).expect("adds do not fail");
    let text = graph.to_text().expect("adds have a text");
    bencher.bench_local(|| black_box(&text).parse::<Graph>());
}
