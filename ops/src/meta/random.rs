//! Random numbers without data: what is refused, and nothing drawn.

use keyway::{DType, Generator, Result, Tensor, kernel};

use crate::aten;
use crate::composite::out::resize;
use crate::random::arguments;

/// Kernels that check the arguments of one that fills.
macro_rules! checked {
    ($($operator:tt $kernel:ident($($argument:ident: $type:ty),*) = $check:expr;)*) => {$(
        #[kernel($operator, Meta)]
        fn $kernel(self_: &Tensor, $($argument: $type,)* _generator: Option<&Generator>) -> Result<()> {
            let check = $check;
            check(self_, $($argument),*).map(|_| ())
        }
    )*};
}
checked! {
    "aten::uniform_" uniform_meta_(from: f64, to: f64) = arguments::uniform;
    "aten::normal_" normal_meta_(mean: f64, std: f64) = arguments::normal;
    "aten::log_normal_" log_normal_meta_(mean: f64, std: f64) = arguments::log_normal;
    "aten::exponential_" exponential_meta_(lambd: f64) = arguments::exponential;
    "aten::cauchy_" cauchy_meta_(median: f64, sigma: f64) = arguments::cauchy;
    "aten::geometric_" geometric_meta_(p: f64) = arguments::geometric;
    "aten::bernoulli_.float" bernoulli_meta_(p: f64) = arguments::bernoulli;
    "aten::bernoulli_.Tensor" bernoulli_tensor_meta_(p: &Tensor) = arguments::bernoulli_each;
    "aten::random_" random_meta_() = arguments::all_integers;
    "aten::random_.from" random_from_meta_(from: i64, to: Option<i64>) = arguments::integers;
    "aten::random_.to" random_to_meta_(to: i64) = |filled, to| arguments::integers(filled, 0, Some(to));
}

#[kernel("aten::randperm.generator_out", Meta)]
fn randperm_generator_out_meta(n: i64, _generator: Option<&Generator>, out: &Tensor) -> Result<()> {
    arguments::permutation(n, out.dtype())?;
    resize(out, &[n], &[1])
}

#[kernel("aten::multinomial", Meta)]
fn multinomial_meta(
    self_: &Tensor,
    num_samples: i64,
    replacement: bool,
    _generator: Option<&Generator>,
) -> Result<Tensor> {
    Tensor::zeros(&arguments::multinomial(self_, num_samples, replacement)?, DType::Int64, self_.device())
}
