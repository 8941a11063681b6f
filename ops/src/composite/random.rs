//! Random tensors: made, then filled by the in-place operators. Dropout.

use keyway::{
    DType, Device, Generator, Layout, MemoryFormat, Result, Scalar, Tensor, contiguous_strides, kernel,
};

use crate::aten;
use crate::broadcast::broadcast_sizes;
use crate::composite::creation::{Options, new_like};
use crate::composite::out::resize;
use crate::random::arguments;
use crate::shape::window::refused;

/// A new tensor, to be filled.
fn empty(size: &[i64], (dtype, layout, device, pin_memory): Options) -> Result<Tensor> {
    aten::empty::memory_format.call(size, dtype, layout, device, pin_memory, None)
}

/// The operators that make a tensor of a size, without and with a generator, and their out forms: two arguments of the
/// schema, and how a tensor is filled.
macro_rules! sized {
    ($($plain:tt $plain_fn:ident, $plain_out:tt $plain_out_fn:ident, $drawn:tt $drawn_fn:ident,
       $drawn_out:tt $drawn_out_fn:ident: ($($argument:ident: $type:ty),*) = $fill:expr;)*) => {$(
        #[kernel($plain, CompositeExplicitAutograd)]
        fn $plain_fn($($argument: $type,)* size: &[i64], dtype: Option<DType>, layout: Option<Layout>,
            device: Option<Device>, pin_memory: Option<bool>) -> Result<Tensor> {
            $drawn_fn($($argument,)* size, None, dtype, layout, device, pin_memory)
        }

        #[kernel($drawn, CompositeExplicitAutograd)]
        fn $drawn_fn($($argument: $type,)* size: &[i64], generator: Option<&Generator>, dtype: Option<DType>,
            layout: Option<Layout>, device: Option<Device>, pin_memory: Option<bool>) -> Result<Tensor> {
            let out = empty(size, (dtype, layout, device, pin_memory))?;
            let fill: fn(&Tensor, $($type,)* Option<&Generator>) -> Result<()> = $fill;
            fill(&out, $($argument,)* generator)?;
            Ok(out)
        }

        #[kernel($plain_out, CompositeExplicitAutograd)]
        fn $plain_out_fn($($argument: $type,)* size: &[i64], out: &Tensor) -> Result<()> {
            $drawn_out_fn($($argument,)* size, None, out)
        }

        #[kernel($drawn_out, CompositeExplicitAutograd)]
        fn $drawn_out_fn($($argument: $type,)* size: &[i64], generator: Option<&Generator>, out: &Tensor)
            -> Result<()> {
            resize(out, size, &contiguous_strides(size))?;
            let fill: fn(&Tensor, $($type,)* Option<&Generator>) -> Result<()> = $fill;
            fill(out, $($argument,)* generator)
        }
    )*};
}
sized! {
    "aten::rand" rand, "aten::rand.out" rand_out, "aten::rand.generator" rand_generator,
        "aten::rand.generator_out" rand_generator_out: () = uniform;
    "aten::randn" randn, "aten::randn.out" randn_out, "aten::randn.generator" randn_generator,
        "aten::randn.generator_out" randn_generator_out: () = standard_normal;
    "aten::randint" randint, "aten::randint.out" randint_out, "aten::randint.generator" randint_generator,
        "aten::randint.generator_out" randint_generator_out: (high: i64) = below;
    "aten::randint.low" randint_low, "aten::randint.low_out" randint_low_out,
        "aten::randint.low_generator" randint_low_generator,
        "aten::randint.low_generator_out" randint_low_generator_out: (low: i64, high: i64) = between;
}

fn uniform(out: &Tensor, generator: Option<&Generator>) -> Result<()> {
    aten::uniform_::default.call(out, 0.0, 1.0, generator).map(|_| ())
}

fn standard_normal(out: &Tensor, generator: Option<&Generator>) -> Result<()> {
    aten::normal_::default.call(out, 0.0, 1.0, generator).map(|_| ())
}

fn below(out: &Tensor, high: i64, generator: Option<&Generator>) -> Result<()> {
    between(out, 0, high, generator)
}

fn between(out: &Tensor, low: i64, high: i64, generator: Option<&Generator>) -> Result<()> {
    aten::random_::from.call(out, low, Some(high), generator).map(|_| ())
}

/// The operators that make a tensor like another one, without and with a generator.
macro_rules! like {
    ($($plain:tt $plain_fn:ident, $drawn:tt $drawn_fn:ident: ($($argument:ident: $type:ty),*) = $fill:expr;)*) => {$(
        #[kernel($plain, CompositeExplicitAutograd)]
        fn $plain_fn(self_: &Tensor, $($argument: $type,)* dtype: Option<DType>, layout: Option<Layout>,
            device: Option<Device>, pin_memory: Option<bool>, memory_format: Option<MemoryFormat>) -> Result<Tensor> {
            $drawn_fn(self_, $($argument,)* None, dtype, layout, device, pin_memory, memory_format)
        }

        #[kernel($drawn, CompositeExplicitAutograd)]
        fn $drawn_fn(self_: &Tensor, $($argument: $type,)* generator: Option<&Generator>, dtype: Option<DType>,
            layout: Option<Layout>, device: Option<Device>, pin_memory: Option<bool>,
            memory_format: Option<MemoryFormat>) -> Result<Tensor> {
            let out = new_like(self_, (dtype, layout, device, pin_memory), memory_format)?;
            let fill: fn(&Tensor, $($type,)* Option<&Generator>) -> Result<()> = $fill;
            fill(&out, $($argument,)* generator)?;
            Ok(out)
        }
    )*};
}
like! {
    "aten::rand_like" rand_like, "aten::rand_like.generator" rand_like_generator: () = uniform;
    "aten::randn_like" randn_like, "aten::randn_like.generator" randn_like_generator: () = standard_normal;
    "aten::randint_like" randint_like, "aten::randint_like.generator" randint_like_generator: (high: i64) = below;
    "aten::randint_like.low_dtype" randint_like_low,
        "aten::randint_like.low_generator_dtype" randint_like_low_generator: (low: i64, high: i64) = between;
}

#[kernel("aten::randperm", CompositeExplicitAutograd)]
fn randperm(
    n: i64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    randperm_generator(n, None, dtype, layout, device, pin_memory)
}

#[kernel("aten::randperm.generator", CompositeExplicitAutograd)]
fn randperm_generator(
    n: i64,
    generator: Option<&Generator>,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let dtype = dtype.unwrap_or(DType::Int64);
    arguments::permutation(n, dtype)?;
    let out = empty(&[n], (Some(dtype), layout, device, pin_memory))?;
    aten::randperm::generator_out.call(n, generator, &out)?;
    Ok(out)
}

#[kernel("aten::randperm.out", CompositeExplicitAutograd)]
fn randperm_out(n: i64, out: &Tensor) -> Result<()> {
    aten::randperm::generator_out.call(n, None, out).map(|_| ())
}

#[kernel("aten::bernoulli", CompositeExplicitAutograd)]
fn bernoulli(self_: &Tensor, generator: Option<&Generator>) -> Result<Tensor> {
    let out = aten::empty_like(self_)?;
    aten::bernoulli_::Tensor.call(&out, self_, generator)?;
    Ok(out)
}

#[kernel("aten::bernoulli.out", CompositeExplicitAutograd)]
fn bernoulli_out(self_: &Tensor, generator: Option<&Generator>, out: &Tensor) -> Result<()> {
    resize(out, self_.sizes(), &contiguous_strides(self_.sizes()))?;
    aten::bernoulli_::Tensor.call(out, self_, generator).map(|_| ())
}

#[kernel("aten::bernoulli.p", CompositeExplicitAutogradNonFunctional)]
fn bernoulli_p(self_: &Tensor, p: f64, generator: Option<&Generator>) -> Result<Tensor> {
    let out = aten::empty_like(self_)?;
    aten::bernoulli_::float.call(&out, p, generator)?;
    Ok(out)
}

#[kernel("aten::multinomial.out", CompositeExplicitAutograd)]
fn multinomial_out(
    self_: &Tensor,
    num_samples: i64,
    replacement: bool,
    generator: Option<&Generator>,
    out: &Tensor,
) -> Result<()> {
    let drawn = aten::multinomial::default.call(self_, num_samples, replacement, generator)?;
    crate::copying::check_same_dtype(out, &drawn)?;
    resize(out, drawn.sizes(), drawn.strides())?;
    aten::copy_::default.call(out, &drawn, false).map(|_| ())
}

/// A mean or a standard deviation: one number, or one for each element.
#[derive(Clone, Copy)]
enum Parameter<'a> {
    Number(f64),
    Each(&'a Tensor),
}

impl Parameter<'_> {
    fn sizes(&self) -> &[i64] {
        match self {
            Parameter::Number(_) => &[],
            Parameter::Each(tensor) => tensor.sizes(),
        }
    }
}

/// Standard normal numbers, multiplied and moved.
fn fill_normal(
    out: &Tensor,
    mean: Parameter<'_>,
    std: Parameter<'_>,
    generator: Option<&Generator>,
) -> Result<()> {
    resize_to_parameters(out, mean, std)?;
    standard_normal(out, generator)?;
    match std {
        Parameter::Number(std) => {
            arguments::deviation(std)?;
            aten::mul_::Scalar.call(out, Scalar::Float(std))?
        }
        Parameter::Each(std) => aten::mul_::Tensor.call(out, std)?,
    };
    match mean {
        Parameter::Number(mean) => aten::add_::Scalar.call(out, Scalar::Float(mean), Scalar::Int(1))?,
        Parameter::Each(mean) => aten::add_::Tensor.call(out, mean, Scalar::Int(1))?,
    };
    Ok(())
}

fn resize_to_parameters(out: &Tensor, mean: Parameter<'_>, std: Parameter<'_>) -> Result<()> {
    let sizes = broadcast_sizes(mean.sizes(), std.sizes())?;
    resize(out, &sizes, &contiguous_strides(&sizes))
}

/// Normal numbers like the first tensor among the parameters.
fn new_normal(
    mean: Parameter<'_>,
    std: Parameter<'_>,
    generator: Option<&Generator>,
    like: &Tensor,
) -> Result<Tensor> {
    let sizes = broadcast_sizes(mean.sizes(), std.sizes())?;
    let out = empty(&sizes, (Some(like.dtype()), None, Some(like.device()), None))?;
    fill_normal(&out, mean, std, generator)?;
    Ok(out)
}

macro_rules! normals {
    ($($operator:tt $kernel:ident, $out_form:tt $out_kernel:ident: ($mean:ident: $mean_type:ty, $std:ident: $std_type:ty)
       = $mean_is:ident, $std_is:ident, $like:ident;)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel($mean: $mean_type, $std: $std_type, generator: Option<&Generator>) -> Result<Tensor> {
            new_normal(Parameter::$mean_is($mean), Parameter::$std_is($std), generator, $like)
        }

        #[kernel($out_form, CompositeExplicitAutograd)]
        fn $out_kernel($mean: $mean_type, $std: $std_type, generator: Option<&Generator>, out: &Tensor) -> Result<()> {
            fill_normal(out, Parameter::$mean_is($mean), Parameter::$std_is($std), generator)
        }
    )*};
}
normals! {
    "aten::normal.Tensor_float" normal_tensor_float, "aten::normal.Tensor_float_out" normal_tensor_float_out:
        (mean: &Tensor, std: f64) = Each, Number, mean;
    "aten::normal.float_Tensor" normal_float_tensor, "aten::normal.float_Tensor_out" normal_float_tensor_out:
        (mean: f64, std: &Tensor) = Number, Each, std;
    "aten::normal.Tensor_Tensor" normal_tensor_tensor, "aten::normal.Tensor_Tensor_out" normal_tensor_tensor_out:
        (mean: &Tensor, std: &Tensor) = Each, Each, mean;
}

#[kernel("aten::normal.float_float", CompositeExplicitAutograd)]
fn normal_float_float(
    mean: f64,
    std: f64,
    size: &[i64],
    generator: Option<&Generator>,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let out = empty(size, (dtype, layout, device, pin_memory))?;
    aten::normal_::default.call(&out, mean, std, generator)?;
    Ok(out)
}

#[kernel("aten::normal.float_float_out", CompositeExplicitAutograd)]
fn normal_float_float_out(
    mean: f64,
    std: f64,
    size: &[i64],
    generator: Option<&Generator>,
    out: &Tensor,
) -> Result<()> {
    resize(out, size, &contiguous_strides(size))?;
    aten::normal_::default.call(out, mean, std, generator).map(|_| ())
}

#[kernel("aten::normal_functional", CompositeExplicitAutograd)]
fn normal_functional(self_: &Tensor, mean: f64, std: f64, generator: Option<&Generator>) -> Result<Tensor> {
    let out = aten::empty_like(self_)?;
    aten::normal_::default.call(&out, mean, std, generator)?;
    Ok(out)
}

#[kernel("aten::dropout", CompositeImplicitAutograd)]
fn dropout(input: &Tensor, p: f64, train: bool) -> Result<Tensor> {
    arguments::dropout(p)?;
    if p == 0.0 || !train || input.numel() == 0 {
        return Ok(input.clone());
    }
    aten::mul::Tensor.call(input, &kept_and_scaled(input, p)?)
}

#[kernel("aten::dropout_", CompositeImplicitAutograd)]
fn dropout_(self_: &Tensor, p: f64, train: bool) -> Result<()> {
    arguments::dropout(p)?;
    if p == 0.0 || !train || self_.numel() == 0 {
        return Ok(());
    }
    aten::mul_::Tensor.call(self_, &kept_and_scaled(self_, p)?).map(|_| ())
}

/// What elements are multiplied with: zero, or what makes up for those that are zero.
fn kept_and_scaled(x: &Tensor, p: f64) -> Result<Tensor> {
    if p == 1.0 {
        return aten::zeros_like(x);
    }
    let noise = aten::empty_like(x)?;
    aten::bernoulli_::float.call(&noise, 1.0 - p, None)?;
    aten::div_::Scalar.call(&noise, Scalar::Float(1.0 - p))?;
    Ok(noise)
}

/// Which channels of each sample are kept.
#[kernel("aten::feature_dropout", CompositeImplicitAutograd)]
fn feature_dropout(input: &Tensor, p: f64, train: bool) -> Result<Tensor> {
    arguments::dropout(p)?;
    if p == 0.0 || !train || input.numel() == 0 {
        return Ok(input.clone());
    }
    let [samples, channels, rest @ ..] = input.sizes() else {
        return Err(refused(format!(
            "`input` must have samples and channels, its sizes are {:?}",
            input.sizes()
        )));
    };
    let sizes = [&[*samples, *channels], &vec![1; rest.len()][..]].concat();
    let like = aten::new_empty::default.call(input, &sizes, None, None, None, None)?;
    aten::mul::Tensor.call(input, &kept_and_scaled(&like, p)?)
}

/// The value that `selu` does not go below, for what is dropped; scale and shift keep mean and variance.
#[kernel("aten::alpha_dropout", CompositeImplicitAutograd)]
fn alpha_dropout(input: &Tensor, p: f64, train: bool) -> Result<Tensor> {
    const LOWEST: f64 = 1.758_099_340_847_376_6;
    arguments::dropout(p)?;
    if p == 0.0 || !train || input.numel() == 0 {
        return Ok(input.clone());
    }
    if p == 1.0 {
        return aten::mul::Tensor.call(input, &aten::zeros_like(input)?);
    }
    let kept = aten::empty_like(input)?;
    aten::bernoulli_::float.call(&kept, 1.0 - p, None)?;
    let scale = 1.0 / ((LOWEST * LOWEST * p + 1.0) * (1.0 - p)).sqrt();
    let number = |number: f64| Scalar::Float(number);
    let dropped = aten::add::Scalar.call(&kept, number(-1.0), Scalar::Int(1))?;
    let shift = aten::mul::Scalar.call(&dropped, number(LOWEST * scale))?;
    let shift = aten::add::Scalar.call(&shift, number(LOWEST * scale * p), Scalar::Int(1))?;
    let scaled = aten::mul::Tensor.call(input, &aten::mul::Scalar.call(&kept, number(scale))?)?;
    aten::add::Tensor.call(&scaled, &shift, Scalar::Int(1))
}

#[kernel("aten::native_dropout", CompositeExplicitAutograd)]
fn native_dropout(input: &Tensor, p: f64, train: Option<bool>) -> Result<(Tensor, Tensor)> {
    arguments::dropout(p)?;
    let mask = new_like(input, (Some(DType::Bool), None, None, None), None)?;
    if input.numel() == 0 {
        return Ok((input.clone(), mask));
    }
    if !train.unwrap_or(true) {
        aten::fill_::Scalar.call(&mask, Scalar::Bool(true))?;
        return Ok((aten::clone::default.call(input, None)?, mask));
    }
    aten::bernoulli_::float.call(&mask, 1.0 - p, None)?;
    let scale = if p == 1.0 { 0.0 } else { 1.0 / (1.0 - p) };
    let kept = aten::mul::Tensor.call(input, &mask)?;
    Ok((aten::mul::Scalar.call(&kept, Scalar::Float(scale))?, mask))
}

#[kernel("aten::native_dropout_backward", CompositeExplicitAutograd)]
fn native_dropout_backward(grad_output: &Tensor, mask: &Tensor, scale: f64) -> Result<Tensor> {
    aten::mul::Scalar.call(&aten::mul::Tensor.call(grad_output, mask)?, Scalar::Float(scale))
}
