//! What operators allocate: an operator on elements, its result and nothing else. Alone in its program, since every allocation of the
//! process is counted.

use std::alloc::System;

use keyway::{Result, Tensor, release_freed_memory};
use keyway_ops::TensorMethods;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ELEMENTS: usize = 1 << 20;
const BYTES: usize = ELEMENTS * size_of::<f32>();
/// Heads of tensors, plans, guards.
const BESIDE: usize = 4 << 10;

/// How many bytes a call allocates that finds no freed block to use again.
fn allocated<R>(call: impl Fn() -> Result<R>) -> Result<usize> {
    // What is made once for a thread or an operator is not counted.
    drop(call()?);
    release_freed_memory();
    let region = Region::new(ALLOCATOR);
    let result = call()?;
    let bytes = region.change().bytes_allocated;
    drop(result);
    Ok(bytes)
}

#[test]
fn an_elementwise_operator_allocates_its_result_and_nothing_else() -> Result<()> {
    keyway_ops::register();
    let x = Tensor::from_slice(&vec![0.5_f32; ELEMENTS], &[1024, 1024])?;
    let turned = x.t()?;
    let row = Tensor::from_slice(&[2.0_f32; 1024], &[1024])?;
    let out = Tensor::from_slice(&vec![0.0_f32; ELEMENTS], &[1024, 1024])?;
    type Case<'a> = (&'a str, usize, Box<dyn Fn() -> Result<Tensor> + 'a>);
    let cases: [Case<'_>; 9] = [
        ("add", BYTES, Box::new(|| x.add(&x))),
        ("mul of a row, broadcast", BYTES, Box::new(|| x.mul(&row))),
        ("add of a transposed view", BYTES, Box::new(|| x.add(&turned))),
        ("exp", BYTES, Box::new(|| x.exp())),
        ("relu", BYTES, Box::new(|| x.relu())),
        ("lt", ELEMENTS, Box::new(|| x.lt_tensor(&row))),
        ("add_, in place", 0, Box::new(|| out.add_(&x).cloned())),
        ("exp.out", 0, Box::new(|| keyway_ops::aten::exp::out.call(&x, &out).cloned())),
        ("transpose, a view", 0, Box::new(|| x.t())),
    ];
    for (name, result, call) in cases {
        let bytes = allocated(call)?;
        assert!(
            (result..=result + BESIDE).contains(&bytes),
            "{name} allocates {bytes} bytes for a result of {result}"
        );
    }
    Ok(())
}
