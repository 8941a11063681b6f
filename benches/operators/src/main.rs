//! Instructions of whole operators on few elements, dispatch and allocation included, against `budget.txt`:
//! `cargo run --release --bin operator-counts`.
//!
//! A program and not a bench, so that it shares the release build of the operator library with everything else.

use std::hint::black_box;
use std::process::ExitCode;

use keyway::{Scalar, Tensor};
use keyway_benches::{Case, case, counting};
use keyway_ops::{TensorMethods, aten};

fn one() -> Tensor {
    Tensor::from_slice(&[2.0f32], &[1]).expect("one element is one")
}

fn cases() -> Vec<Case> {
    vec![
        case!("add, 1 element", (one(), one()), |(x, y)| black_box(x).add(black_box(y))),
        case!("mul, 1 element", (one(), one()), |(x, y)| black_box(x).mul(black_box(y))),
        case!("exp, 1 element", one(), |x| black_box(x).exp()),
        case!("add of a number, 1 element", one(), |x| {
            aten::add::Scalar.call(black_box(x), Scalar::Float(1.5), Scalar::Int(1))
        }),
        case!("relu, 1 element", one(), |x| black_box(x).relu()),
        case!("sum, 1 element", one(), |x| black_box(x).sum()),
        case!("add_, 1 element", (one(), one()), |(x, y)| black_box(x).add_(black_box(y))),
    ]
}

fn main() -> ExitCode {
    keyway_ops::register();
    counting::main(cases, concat!(env!("CARGO_MANIFEST_DIR"), "/budget.txt"))
}
