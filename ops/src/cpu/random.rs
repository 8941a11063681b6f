//! Tensors filled with random numbers on the host.
//!
//! Elements are filled in the order of their memory. What is drawn for one element is in
//! [`distributions`](crate::random::distributions), what is refused in [`arguments`](crate::random::arguments).

use keyway::{DType, Dims, Error, ErrorKind, Generator, Geometry, Result, Tensor, bf16, f16, kernel};

use crate::aten;
use crate::composite::out::resize;
use crate::cpu::elements::{computed, dispatch_dtype, write};
use crate::cpu::number::{Float, Number};
use crate::cpu::plain;
use crate::cpu::walk::walk;
use crate::random::{Engine, arguments, distributions as draws, draw};

/// Fills a tensor number by number.
fn fill<T: Number>(
    filled: &Tensor,
    generator: Option<&Generator>,
    mut next: impl FnMut(&mut Engine) -> T,
) -> Result<()> {
    draw(generator, |engine| {
        write::<T, 0, _>(filled, [], |mut elements, _| {
            let memory = elements.as_memory();
            walk(filled.sizes(), [filled.strides()], |[at], [step], len| {
                (0..len).for_each(|k| memory[at + k * step] = next(engine));
            });
            Ok(())
        })
    })?
}

/// Kernels that fill with fractions, drawn in double precision.
macro_rules! fractions {
    ($($operator:tt $kernel:ident($($argument:ident),*) = $check:expr, $next:expr;)*) => {$(
        #[kernel($operator, CPU)]
        fn $kernel(self_: &Tensor, $($argument: f64,)* generator: Option<&Generator>) -> Result<()> {
            $check(self_, $($argument),*)?;
            dispatch_dtype!(all: self_.dtype(), T => {
                fill(self_, generator, |engine| T::from_f64($next(engine, $($argument),*)))
            })
        }
    )*};
}
fractions! {
    "aten::log_normal_" log_normal_(mean, std) = arguments::log_normal, draws::log_normal;
    "aten::exponential_" exponential_(lambd) = arguments::exponential, draws::exponential;
    "aten::cauchy_" cauchy_(median, sigma) = arguments::cauchy, draws::cauchy;
}

#[kernel("aten::uniform_", CPU)]
fn uniform_(self_: &Tensor, from: f64, to: f64, generator: Option<&Generator>) -> Result<()> {
    arguments::uniform(self_, from, to)?;
    match self_.dtype() {
        dtype if dtype.is_complex() => uniform_(&parts(self_)?, from, to, generator),
        DType::Float64 => fill(self_, generator, |engine| draws::double_uniform(engine) * (to - from) + from),
        dtype => {
            let (from, to) = (from as f32, to as f32);
            dispatch_dtype!(all: dtype, T => fill(self_, generator, |engine| {
                (draws::single_uniform(engine) * (to - from) + from).cast::<T>()
            }))
        }
    }
}

/// From so many elements on, normal numbers are made in blocks of so many.
const BLOCK: usize = 16;

#[kernel("aten::normal_", CPU)]
fn normal_(self_: &Tensor, mean: f64, std: f64, generator: Option<&Generator>) -> Result<()> {
    arguments::normal(self_, mean, std)?;
    if self_.dtype().is_complex() {
        // Real and imaginary parts share the variance.
        return normal_(&parts(self_)?, mean, std / 2f64.sqrt(), generator);
    }
    if self_.numel() < BLOCK || !self_.is_contiguous() {
        return dispatch_dtype!(all: self_.dtype(), T => {
            fill(self_, generator, |engine| T::from_f64(draws::normal(engine, mean, std)))
        });
    }
    dispatch_dtype!(floats: self_.dtype(), T => {
        let round: fn(T) -> T = match self_.dtype() {
            DType::Float16 => |x| x.cast::<f16>().cast(),
            DType::BFloat16 => |x| x.cast::<bf16>().cast(),
            _ => |x| x,
        };
        let (mean, std) = (round(T::from_f64(mean)), round(T::from_f64(std)));
        plain::compute::<T, 0>(self_, [], |elements, _| {
            draw(generator, |engine| Normal { mean, std, round }.fill(elements, engine))
        })
    })
}

/// The real and imaginary parts of complex elements, as a last dimension of two.
fn parts(x: &Tensor) -> Result<Tensor> {
    let dtype = if x.dtype() == DType::Complex64 { DType::Float32 } else { DType::Float64 };
    let doubled = |of: &[i64], last| of.iter().map(|step| step * 2).chain([last]).collect::<Dims>();
    let sizes = x.sizes().iter().copied().chain([2]).collect::<Dims>();
    let geometry = Geometry::new(&sizes, &doubled(x.strides(), 1), x.storage_offset() * 2)?;
    Tensor::from_storage(x.storage().clone(), dtype, x.device(), geometry)
}

/// Normal numbers made in blocks. Each step is rounded to the dtype of the elements.
struct Normal<T> {
    mean: T,
    std: T,
    round: fn(T) -> T,
}

impl<T: Float> Normal<T> {
    /// Uniform numbers, then block by block made normal ones. What is left at the end is the end of one more block, drawn
    /// anew.
    fn fill(&self, elements: &mut [T], engine: &mut Engine) {
        let mut uniform = |elements: &mut [T]| {
            elements.iter_mut().for_each(|element| {
                let drawn = match T::DTYPE {
                    DType::Float64 => T::from_f64(draws::double_uniform(engine)),
                    _ => draws::single_uniform(engine).cast(),
                };
                *element = (self.round)(drawn);
            });
        };
        uniform(elements);
        let (blocks, rest) = elements.as_chunks_mut::<BLOCK>();
        blocks.iter_mut().for_each(|block| self.transform(block));
        if !rest.is_empty()
            && let Some(block) = elements.last_chunk_mut::<BLOCK>()
        {
            uniform(block);
            self.transform(block);
        }
    }

    /// Makes normal numbers of uniform ones, in pairs half a block apart.
    fn transform(&self, block: &mut [T; BLOCK]) {
        let round = self.round;
        let (firsts, seconds) = block.split_at_mut(BLOCK / 2);
        for (first, second) in firsts.iter_mut().zip(seconds) {
            let logarithm = round(round(T::ONE - *first).ln());
            let radius = round(round(T::from_f64(-2.0) * logarithm).sqrt());
            let angle = round(T::from_f64(2.0 * std::f64::consts::PI) * *second);
            let stretched = |x: T| round(round(round(radius * round(x)) * self.std) + self.mean);
            *first = stretched(angle.cos());
            *second = stretched(angle.sin());
        }
    }
}

#[kernel("aten::geometric_", CPU)]
fn geometric_(self_: &Tensor, p: f64, generator: Option<&Generator>) -> Result<()> {
    arguments::geometric(self_, p)?;
    dispatch_dtype!(all: self_.dtype(), T => {
        fill(self_, generator, |engine| T::from_f64(draws::geometric(engine, p)))
    })
}

#[kernel("aten::bernoulli_.float", CPU)]
fn bernoulli_(self_: &Tensor, p: f64, generator: Option<&Generator>) -> Result<()> {
    arguments::bernoulli(self_, p)?;
    dispatch_dtype!(all: self_.dtype(), T => {
        fill(self_, generator, |engine| T::from_i64(draws::bernoulli(engine, p).into()))
    })
}

/// The probabilities are expanded to the filled tensor and read in the order of its memory.
#[kernel("aten::bernoulli_.Tensor", CPU)]
fn bernoulli_tensor_(self_: &Tensor, p: &Tensor, generator: Option<&Generator>) -> Result<()> {
    arguments::bernoulli_each(self_, p)?;
    let p = p.view_as(crate::shape::view::expanded(p.geometry(), self_.sizes())?)?;
    let is_double = p.dtype() == DType::Float64;
    let probabilities = plain::to_vec::<f64>(&in_order_of(&p, self_)?)?;
    if !probabilities.iter().all(|p| (0.0..=1.0).contains(p)) {
        return Err(Error::new(ErrorKind::Runtime, "`p` holds a number that is no probability from 0 to 1"));
    }
    let mut probabilities = probabilities.into_iter();
    dispatch_dtype!(all: self_.dtype(), T => fill(self_, generator, |engine| {
        let p = probabilities.next().unwrap_or_default();
        let succeeds = match is_double {
            true => draws::bernoulli(engine, p),
            false => draws::single_bernoulli(engine, p as f32),
        };
        T::from_i64(succeeds.into())
    }))
}

/// A view of one tensor whose row-major order is the order in which another of its sizes is filled.
fn in_order_of(x: &Tensor, filled: &Tensor) -> Result<Tensor> {
    let mut order: Vec<usize> = (0..filled.dim()).collect();
    order.sort_by_key(|&d| {
        std::cmp::Reverse(if filled.sizes()[d] == 1 { i64::MAX } else { filled.strides()[d] })
    });
    let order: Vec<i64> = order.into_iter().map(|d| d as i64).collect();
    x.view_as(crate::shape::view::permuted(x.geometry(), &order)?)
}

#[kernel("aten::random_", CPU)]
fn random_(self_: &Tensor, generator: Option<&Generator>) -> Result<()> {
    let range = arguments::all_integers(self_)?;
    let is_wide = matches!(self_.dtype(), DType::Int64 | DType::Float64);
    dispatch_dtype!(all: self_.dtype(), T => fill(self_, generator, |engine| {
        let word = if is_wide { engine.double_word() } else { engine.word().into() };
        T::from_i64((word % range) as i64)
    }))
}

#[kernel("aten::random_.from", CPU)]
fn random_from_(self_: &Tensor, from: i64, to: Option<i64>, generator: Option<&Generator>) -> Result<()> {
    let (range, base) = arguments::integers(self_, from, to)?;
    dispatch_dtype!(all: self_.dtype(), T => {
        fill(self_, generator, |engine| T::from_i64(draws::integer(engine, range, base)))
    })
}

#[kernel("aten::random_.to", CPU)]
fn random_to_(self_: &Tensor, to: i64, generator: Option<&Generator>) -> Result<()> {
    random_from_(self_, 0, Some(to), generator)
}

/// From so many integers on, one word is not enough to choose one of them.
const LONG: i64 = (u32::MAX / 20) as i64;

/// Each position changes places with one of those after it.
#[kernel("aten::randperm.generator_out", CPU)]
fn randperm_generator_out(n: i64, generator: Option<&Generator>, out: &Tensor) -> Result<()> {
    arguments::permutation(n, out.dtype())?;
    resize(out, &[n], &[1])?;
    let mut order: Vec<i64> = (0..n).collect();
    draw(generator, |engine| {
        for i in 0..order.len().saturating_sub(1) {
            let rest = (order.len() - i) as u64;
            let word = if n < LONG { engine.word().into() } else { engine.double_word() };
            order.swap(i, i + (word % rest) as usize);
        }
    })?;
    dispatch_dtype!(all: out.dtype(), T => write::<T, 0, _>(out, [], |mut elements, _| {
        elements.view()?.iter_mut().zip(&order).for_each(|(to, &from)| *to = T::from_i64(from));
        Ok(())
    }))
}

#[kernel("aten::multinomial", CPU)]
fn multinomial(
    self_: &Tensor,
    num_samples: i64,
    replacement: bool,
    generator: Option<&Generator>,
) -> Result<Tensor> {
    let sizes = arguments::multinomial(self_, num_samples, replacement)?;
    dispatch_dtype!(floats: self_.dtype(), T => {
        let weights = plain::to_vec::<T>(self_)?;
        let categories = self_.sizes()[self_.dim() - 1].max(1) as usize;
        check_weights(&weights, categories)?;
        // One of several is the first of an order, with or without replacement.
        if !replacement || num_samples == 1 {
            return in_order(self_, num_samples, generator);
        }
        computed::<i64, 0>(&sizes, [], |out, _| draw(generator, |engine| {
            let rows = out.chunks_exact_mut(num_samples as usize).zip(weights.chunks_exact(categories));
            rows.for_each(|(out, weights)| with_replacement(out, weights, engine));
        }))
    })
}

fn check_weights<T: Number>(weights: &[T], categories: usize) -> Result<()> {
    let refused = |problem: &str| Err(Error::new(ErrorKind::Runtime, format!("`self` holds {problem}")));
    if let Some(wrong) =
        weights.iter().map(|weight| weight.cast::<f64>()).find(|w| !w.is_finite() || *w < 0.0)
    {
        return refused(&format!("the weight {wrong}; weights must be finite and not negative"));
    }
    match weights.chunks_exact(categories).any(|row| row.iter().all(|&weight| weight == T::ZERO)) {
        true => refused("a row of weights that are all zero; one must be positive"),
        false => Ok(()),
    }
}

/// The positions with the largest ratio of weight to an exponential number.
fn in_order(weights: &Tensor, samples: i64, generator: Option<&Generator>) -> Result<Tensor> {
    let times = aten::empty_like(weights)?;
    exponential_(&times, 1.0, generator)?;
    let ratios = aten::div::Tensor.call(weights, &times)?;
    match samples {
        1 => aten::argmax::default.call(&ratios, Some(-1), true),
        _ => Ok(aten::topk::default.call(&ratios, samples, -1, true, true)?.1),
    }
}

/// Draws positions of one row of weights, each by where a uniform number falls among the running sums.
fn with_replacement<T: Number>(out: &mut [i64], weights: &[T], engine: &mut Engine) {
    let mut sum = T::ZERO;
    let mut running: Vec<T> = weights
        .iter()
        .map(|&weight| {
            sum = sum.plus(weight);
            sum
        })
        .collect();
    let total = sum.cast::<f64>();
    running.iter_mut().for_each(|sum| *sum = T::from_f64(sum.cast::<f64>() / total));
    if let Some(last) = running.last_mut() {
        *last = T::ONE;
    }
    for position in out {
        let uniform = draws::double_uniform(engine);
        *position = running.partition_point(|sum| sum.cast::<f64>() < uniform) as i64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::Device;

    #[test]
    fn filling_follows_memory_and_streams_go_on() {
        let generator = Generator::new(Device::CPU, 5);
        let x = Tensor::zeros(&[2, 3], DType::Float32, Device::CPU).unwrap();
        let flipped = x.view_as(keyway::Geometry::new(&[3, 2], &[1, 3], 0).unwrap()).unwrap();
        uniform_(&flipped, 0.0, 1.0, Some(&generator)).unwrap();
        let y = Tensor::zeros(&[6], DType::Float32, Device::CPU).unwrap();
        uniform_(&y, 0.0, 1.0, Some(&Generator::new(Device::CPU, 5))).unwrap();
        assert_eq!(x.to_vec::<f32>().unwrap(), y.to_vec::<f32>().unwrap());
        uniform_(&y, 0.0, 1.0, Some(&generator)).unwrap();
        assert_ne!(x.to_vec::<f32>().unwrap(), y.to_vec::<f32>().unwrap());
    }

    #[test]
    fn draws_with_replacement_follow_the_weights() {
        let weights = Tensor::from_slice(&[0.0f64, 3.0, 1.0], &[3]).unwrap();
        let drawn = multinomial(&weights, 4_000, true, Some(&Generator::new(Device::CPU, 1))).unwrap();
        let drawn = drawn.to_vec::<i64>().unwrap();
        let of = |position| drawn.iter().filter(|&&at| at == position).count();
        assert!(of(0) == 0 && (2_900..3_100).contains(&of(1)), "{} {} {}", of(0), of(1), of(2));
        let all = multinomial(&weights, 2, false, Some(&Generator::new(Device::CPU, 1))).unwrap();
        let mut all = all.to_vec::<i64>().unwrap();
        all.sort();
        assert_eq!(all, [1, 2]);
    }
}
