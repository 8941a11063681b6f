//! The modes on the bundled operators: what they tell, what they leave alone, and what they do about errors, panics, threads,
//! other modes and tensor subclasses.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyway::{
    Answer, Call, Error, ErrorKind, Library, Operator, Result, Tensor, TensorSubclass, WrapperMetadata,
};
use keyway_ops::TensorMethods;

mod counting;
mod every_operator;
mod fake;
mod flops;
mod logging;
mod nan_watch;
mod schema_check;
mod selection;
mod together;
mod tracing;

/// Two layers.
struct Network {
    first: Tensor,
    bias: Tensor,
    second: Tensor,
}

impl Network {
    fn new() -> Network {
        Network { first: waves(&[4, 3]), bias: waves(&[3]), second: waves(&[3, 2]) }
    }

    fn run(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = x.matmul(&self.first)?.add(&self.bias)?.relu()?;
        hidden.matmul(&self.second)?.softmax(1)
    }
}

/// Numbers that differ.
fn waves(sizes: &[i64]) -> Tensor {
    let numel: i64 = sizes.iter().product();
    let elements: Vec<f32> = (0..numel).map(|i| (i as f32 * 0.7).sin()).collect();
    Tensor::from_slice(&elements, sizes).unwrap()
}

/// A class that unwraps its tensors, calls, and wraps the results.
struct Wrapper(Tensor);

impl TensorSubclass for Wrapper {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        call.map_arguments(|tensor| Ok(tensor.subclass::<Wrapper>().map(|wrapper| wrapper.0.clone())))?;
        call.forward()?;
        call.map_results(|plain| Ok(Some(wrap(plain))))?;
        Ok(Answer::Done)
    }
}

fn wrap(plain: &Tensor) -> Tensor {
    Tensor::wrapper(Wrapper(plain.clone()), WrapperMetadata::like(plain))
}

/// Operators of a namespace of its own whose kernels fail, panic, or do what a schema does not say.
struct Odd {
    library: Library,
}

impl Odd {
    fn new(namespace: &str) -> Odd {
        Odd { library: Library::define(namespace).unwrap() }
    }

    fn failing(&mut self) -> &'static Operator {
        self.with("fails(Tensor self) -> Tensor", |_: &Tensor| -> Result<Tensor> {
            Err(Error::new(ErrorKind::Runtime, "on purpose"))
        })
    }

    fn panicking(&mut self) -> &'static Operator {
        self.with("panics(Tensor self) -> Tensor", |_: &Tensor| -> Result<Tensor> { panic!("on purpose") })
    }

    fn with<Marker>(
        &mut self,
        schema: &str,
        kernel: impl keyway::KernelFunction<Marker>,
    ) -> &'static Operator {
        let operator = self.library.def(schema).unwrap();
        let name = operator.name().split("::").last().unwrap();
        self.library.kernel_fn(name, keyway::DispatchKey::CPU, kernel).unwrap();
        operator
    }
}

fn call(operator: &'static Operator, x: &Tensor) -> Result<Tensor> {
    let mut stack = operator.call([x.into()])?;
    Ok(stack.pop()?.as_tensor().expect("the operator gives a tensor").clone())
}

fn panics(f: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(f)).expect_err("a panic");
}
