//! What operators that carry networks cost on one thread: `cargo bench -p keyway-ops --bench families`.

use keyway::{Result, Tensor};
use keyway_ops::{TensorMethods, aten, random::manual_seed, threads};

fn main() {
    keyway_ops::register();
    made_of(threads::set(1));
    divan::main();
}

fn numbers(sizes: &[i64]) -> Tensor {
    manual_seed(7);
    made(aten::randn(sizes))
}

fn made_of<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

fn made(tensor: Result<Tensor>) -> Tensor {
    tensor.unwrap_or_else(|error| panic!("{error}"))
}

/// How many calls are timed at once where one takes less than the clock can tell.
const CALLS: u32 = 1000;

#[divan::bench(args = ["add", "mul", "exp"])]
fn one_element(bencher: divan::Bencher<'_, '_>, operator: &str) {
    let x = numbers(&[1]);
    let call: fn(&Tensor) -> Result<Tensor> = match operator {
        "add" => |x| x.add(x),
        "mul" => |x| x.mul(x),
        _ => |x| x.exp(),
    };
    bencher.counter(divan::counter::ItemsCount::new(CALLS)).bench_local(|| {
        for _ in 0..CALLS {
            divan::black_box(made(call(divan::black_box(&x))));
        }
    });
}

#[divan::bench(args = ["add", "mul", "relu", "sum", "exp", "tanh", "sigmoid"])]
fn pointwise_1m(bencher: divan::Bencher<'_, '_>, operator: &str) {
    let (x, y) = (numbers(&[1 << 20]), numbers(&[1 << 20]));
    let call: fn(&Tensor, &Tensor) -> Result<Tensor> = match operator {
        "add" => |x, y| x.add(y),
        "mul" => |x, y| x.mul(y),
        "relu" => |x, _| x.relu(),
        "sum" => |x, _| x.sum(),
        "exp" => |x, _| x.exp(),
        "tanh" => |x, _| x.tanh(),
        _ => |x, _| x.sigmoid(),
    };
    bencher.bench_local(|| made(call(&x, &y)));
}

#[divan::bench(args = [256, 512, 1024])]
fn matmul(bencher: divan::Bencher<'_, '_>, n: i64) {
    let (a, b) = (numbers(&[n, n]), numbers(&[n, n]));
    bencher.bench(|| made(a.matmul(&b)));
}

#[divan::bench]
fn softmax_1024_1024(bencher: divan::Bencher<'_, '_>) {
    let x = numbers(&[1024, 1024]);
    bencher.bench(|| made(x.softmax(1)));
}

#[divan::bench]
fn layer_norm_1024_768(bencher: divan::Bencher<'_, '_>) {
    let (x, weight, bias) = (numbers(&[1024, 768]), numbers(&[768]), numbers(&[768]));
    let normalise = aten::layer_norm::default;
    bencher.bench(|| made(normalise.call(&x, &[768], Some(&weight), Some(&bias), 1e-5, false)));
}

#[divan::bench(args = ["none", "tanh"])]
fn gelu_1m(bencher: divan::Bencher<'_, '_>, approximate: &str) {
    let x = numbers(&[1 << 20]);
    bencher.bench(|| made(aten::gelu::default.call(&x, approximate)));
}

#[divan::bench(args = [0, 1])]
fn conv2d_224(bencher: divan::Bencher<'_, '_>, padding: i64) {
    let (x, weight) = (numbers(&[1, 3, 224, 224]), numbers(&[16, 3, 3, 3]));
    bencher.bench(|| made(aten::conv2d::default.call(&x, &weight, None, &[1, 1], &[padding; 2], &[1, 1], 1)));
}

#[divan::bench]
fn normal_1m(bencher: divan::Bencher<'_, '_>) {
    bencher.bench(|| made(aten::randn(&[1 << 20])));
}
