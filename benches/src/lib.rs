//! The cases that benchmarks time and count: each a closure that does one call.
//!
//! The operators are those of `bench.yaml`, whose kernels do nothing. A case is the same code for wall-clock and for
//! instruction counts.

pub mod counting;
mod interception;
mod registration;

use std::hint::black_box;

use keyway::{
    DType, Device, DispatchKey, KeySet, Observer, ObserverGuard, Operator, RecordStart, Result, Scalar,
    Stack, Tensor, kernel,
};

keyway::include_operators!();

#[kernel("bench::one", CPU)]
#[kernel("bench::one_", CPU)]
fn one(x: &Tensor) -> Result<()> {
    black_box(x);
    Ok(())
}

#[kernel("bench::seven", CPU)]
#[kernel("bench::seven_", CPU)]
fn seven(a: &Tensor, b: &Tensor, c: &Tensor, d: i64, e: f64, f: bool, g: Scalar) -> Result<()> {
    black_box((a, b, c, d, e, f, g));
    Ok(())
}

#[kernel("bench::intercepted", CPU)]
fn intercepted(x: &Tensor) -> Result<f64> {
    black_box(x);
    Ok(1.0)
}

#[kernel("bench::observed_one", CPU)]
fn observed_one(x: &Tensor) -> Result<i64> {
    black_box(x);
    Ok(1)
}

#[kernel("bench::observed_seven", CPU)]
fn observed_seven(a: &Tensor, b: &Tensor, c: &Tensor, d: i64, e: f64, f: bool, g: Scalar) -> Result<i64> {
    black_box((a, b, c, d, e, f, g));
    Ok(1)
}

#[kernel("bench::boxed_one", CPU, boxed)]
#[kernel("bench::boxed_seven", CPU, boxed)]
fn boxed_nothing(operator: &'static Operator, _: KeySet, stack: &mut Stack) -> Result<()> {
    let arguments = if *operator == *bench::boxed_one::default.operator() { 1 } else { 7 };
    stack.truncate(stack.len() - arguments);
    Ok(())
}

/// The bare function that a typed call is compared with.
#[inline(never)]
fn bare_one(x: &Tensor) -> Result<()> {
    black_box(x);
    Ok(())
}

/// One thing to measure.
pub struct Case {
    /// Its name, as in the budget file.
    pub name: &'static str,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
    /// Does it so many times, in a loop of its own.
    pub repeat: Box<dyn FnMut(u64)>,
}

/// A case from an expression, so that the loop is compiled around the very code.
#[macro_export]
macro_rules! case {
    ($name:literal, $setup:expr, |$state:pat_param| $body:expr) => {{
        let mut once = $setup;
        let mut many = $setup;
        $crate::Case {
            name: $name,
            run: Box::new(move || {
                let $state = &mut once;
                let _ = ::std::hint::black_box($body);
            }),
            repeat: Box::new(move |n| {
                for _ in 0..n {
                    let $state = &mut many;
                    let _ = ::std::hint::black_box($body);
                }
            }),
        }
    }};
}

fn tensor() -> Tensor {
    Tensor::zeros(&[1], DType::Float32, Device::CPU).expect("one element fits")
}

fn lower_keys() -> KeySet {
    tensor().key_set() & KeySet::after(DispatchKey::AutogradCPU)
}

/// Every case.
pub fn cases() -> Vec<Case> {
    let seven = || (tensor(), tensor(), tensor());
    let two = Scalar::Int(2);
    let mut cases = vec![
        case!("bare function call", tensor(), |x| bare_one(black_box(x))),
        case!("typed call, 1 tensor", tensor(), |x| bench::one::default.call(black_box(x))),
        case!("typed call, 7 arguments", seven(), |(a, b, c)| {
            bench::seven::default.call(black_box(a), b, c, 1, 0.5, true, two)
        }),
        case!("redispatch, 1 tensor", (tensor(), lower_keys()), |(x, keys)| {
            bench::one::default.redispatch(*keys, black_box(x))
        }),
        // The stack is reused and the result is the next call's argument, so no reference count is touched.
        case!("boxed call of a typed kernel, 1 tensor", Stack::from_iter([tensor()]), |stack| {
            bench::one_::default.operator().call_boxed(black_box(stack))
        }),
        case!(
            "boxed call of a typed kernel, 7 arguments",
            (Stack::from_iter([tensor()]), seven()),
            |(stack, (b, c, _))| {
                push_six(black_box(stack), b, c);
                bench::seven_::default.operator().call_boxed(stack)
            }
        ),
        case!("boxed call of a typed kernel, 1 tensor, fresh stack", tensor(), |x| {
            let mut stack = Stack::new();
            stack.push(&*black_box(x));
            bench::one::default.operator().call_boxed(&mut stack)
        }),
        case!("typed call of a boxed kernel, 1 tensor", tensor(), |x| {
            bench::boxed_one::default.call(black_box(x))
        }),
        case!("typed call of a boxed kernel, 7 arguments", seven(), |(a, b, c)| {
            bench::boxed_seven::default.call(black_box(a), b, c, 1, 0.5, true, two)
        }),
        case!("observed typed call, 1 tensor", (tensor(), None), |(x, observer)| {
            observer.get_or_insert_with(observer_of_nothing);
            bench::observed_one::default.call(black_box(x))
        }),
        case!("observed boxed call, 1 tensor", (tensor(), None), |(x, observer)| {
            observer.get_or_insert_with(observer_of_nothing);
            let mut stack = Stack::new();
            stack.push(&*black_box(x));
            bench::observed_one::default.operator().call_boxed(&mut stack)
        }),
        case!("observed typed call with inputs, 7 arguments", (seven(), None), |((a, b, c), observer)| {
            observer.get_or_insert_with(observer_of_inputs);
            bench::observed_seven::default.call(black_box(a), b, c, 1, 0.5, true, two)
        }),
    ];
    cases.extend(interception::cases());
    cases.extend(registration::cases());
    cases
}

/// Added when its case first runs, so that other cases are not observed.
fn observer_of_nothing() -> ObserverGuard {
    Observer::new(|_| Ok(()), |_, _| Ok(())).add_to_thread()
}

fn observer_of_inputs() -> ObserverGuard {
    let observe = |record: &RecordStart<'_>| {
        black_box(record.inputs());
        Ok(())
    };
    Observer::at_start(observe).inputs().add_to_thread()
}

/// The arguments after the first: two tensors, whose counts go up here and down when the call is over.
fn push_six(stack: &mut Stack, b: &Tensor, c: &Tensor) {
    stack.push(b);
    stack.push(c);
    stack.push(1i64);
    stack.push(0.5f64);
    stack.push(true);
    stack.push(Scalar::Int(2));
}
