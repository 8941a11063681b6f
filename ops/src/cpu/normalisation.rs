//! Normalisation on the host: elements less their mean, divided by their deviation, over rows, groups or channels.

use keyway::{Geometry, KeySet, Operator, Result, Stack, Tensor, Value, kernel};
use pulp::NullaryFnOnce;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use crate::aten;
use crate::cpu::boxed::{answer, argument};
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::{Float, Number};
use crate::cpu::plain::{compute, optional, store, to_vec, with};
use crate::cpu::reductions::Summed;
use crate::cpu::vectorised::vectorised;
use crate::shape::normalisation::{self as rules, Channels};
use crate::threads::{for_each_piece, spread};

/// How many partial sums are kept, so that loops vectorise and rounding errors stay small.
const PARTS: usize = 64;

/// The mean and the mean squared distance from it.
#[inline(always)]
fn moments<T: Float + Summed<Accumulator = f64>>(row: &[T]) -> (f64, f64) {
    if row.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    let mean = T::sum(row) / row.len() as f64;
    let center = T::from_f64(mean);
    let mut partial = [T::ZERO; PARTS];
    let (blocks, rest) = row.as_chunks::<PARTS>();
    let mut add = |row: &[T]| {
        partial.iter_mut().zip(row).for_each(|(sum, &x)| {
            let distance = x - center;
            *sum = *sum + distance * distance;
        })
    };
    blocks.iter().for_each(|block| add(block));
    add(rest);
    (mean, T::sum(&partial) / row.len() as f64)
}

/// A factor and what is added, for the positions of a row: weight and bias, which may be missing.
struct Affine<T> {
    weight: Option<Vec<T>>,
    bias: Option<Vec<T>>,
}

impl<T: Number> Affine<T> {
    fn of(weight: Option<&Tensor>, bias: Option<&Tensor>) -> Result<Affine<T>> {
        Ok(Affine { weight: optional(weight)?, bias: optional(bias)? })
    }

    /// Those of one position.
    fn at(&self, position: usize) -> (T, T) {
        let of =
            |values: &Option<Vec<T>>, missing| values.as_ref().map_or(missing, |values| values[position]);
        (of(&self.weight, T::ONE), of(&self.bias, T::ZERO))
    }
}

#[kernel("aten::native_layer_norm", CPU)]
fn native_layer_norm(
    input: &Tensor,
    normalized_shape: &[i64],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    let rows = rules::layer(input, normalized_shape, weight, bias)?;
    let [out, mean, rstd] = [input.sizes(), &rows.statistics, &rows.statistics]
        .map(|sizes| Tensor::unfilled_strided(Geometry::contiguous(sizes)?, input.dtype(), input.device()));
    let (out, mean, rstd) = (out?, mean?, rstd?);
    dispatch_dtype!(floats: input.dtype(), T => {
        let affine = Affine::<T>::of(weight, bias)?;
        let (mut means, mut rstds) = (vec![T::ZERO; mean.numel()], vec![T::ZERO; mean.numel()]);
        compute::<T, 1>(&out, [input], |out, [x]| {
            let normalise = |x: &[T], out: &mut [T], mean_of: &mut T, rstd_of: &mut T| {
                (*mean_of, *rstd_of) = vectorised(x.len(), Row { x, out, affine: &affine, eps });
            };
            let len = rows.len.max(1);
            spread(x.len(), |threads| match threads {
                1 => {
                    let rows = x.chunks_exact(len).zip(out.chunks_exact_mut(len));
                    let statistics = means.iter_mut().zip(&mut rstds);
                    rows.zip(statistics).for_each(|((x, out), (mean, rstd))| normalise(x, out, mean, rstd));
                }
                _ => {
                    let rows = x.par_chunks_exact(len).zip(out.par_chunks_exact_mut(len));
                    let statistics = means.par_iter_mut().zip(&mut rstds);
                    rows.zip(statistics).for_each(|((x, out), (mean, rstd))| normalise(x, out, mean, rstd));
                }
            });
            Ok(())
        })?;
        store(&mean, &means)?;
        store(&rstd, &rstds)
    })?;
    Ok((out, mean, rstd))
}

/// The normalisation of one row, as work that is vectorised. Gives the mean and the inverse of the deviation.
struct Row<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
    affine: &'a Affine<T>,
    eps: f64,
}

impl<T: Float + Summed<Accumulator = f64>> NullaryFnOnce for Row<'_, T> {
    type Output = (T, T);

    #[inline(always)]
    fn call(self) -> (T, T) {
        let (mean, variance) = moments(self.x);
        let (mean, rstd) = (T::from_f64(mean), T::from_f64(1.0 / (variance + self.eps).sqrt()));
        normalise_row(self.x, self.out, mean, rstd, self.affine);
        (mean, rstd)
    }
}

/// One row, in the forms that weight and bias leave.
#[inline(always)]
fn normalise_row<T: Float>(x: &[T], out: &mut [T], mean: T, rstd: T, affine: &Affine<T>) {
    let pairs = out.iter_mut().zip(x);
    match (&affine.weight, &affine.bias) {
        (None, None) => pairs.for_each(|(out, &x)| *out = (x - mean) * rstd),
        (Some(weight), None) => {
            pairs.zip(weight).for_each(|((out, &x), &weight)| *out = (x - mean) * rstd * weight);
        }
        (None, Some(bias)) => pairs.zip(bias).for_each(|((out, &x), &bias)| *out = (x - mean) * rstd + bias),
        (Some(weight), Some(bias)) => {
            pairs.zip(weight.iter().zip(bias)).for_each(|((out, &x), (&weight, &bias))| {
                *out = (x - mean) * rstd * weight + bias;
            })
        }
    }
}

/// Gradients by the chain rule through mean and deviation. Those that the mask leaves out are undefined.
#[kernel("aten::native_layer_norm_backward", CPU, boxed)]
fn native_layer_norm_backward(_operator: &'static Operator, _keys: KeySet, stack: &mut Stack) -> Result<()> {
    answer(stack, 8, |arguments: &[Value]| {
        let [grad, input, mean, rstd] = [0, 1, 3, 4].map(|position| argument::<&Tensor>(arguments, position));
        let (grad, input, mean, rstd) = (grad?, input?, mean?, rstd?);
        let weight: Option<&Tensor> = argument(arguments, 5)?;
        let (shape, mask): (&[i64], &[bool]) = (argument(arguments, 2)?, argument(arguments, 7)?);
        let rows = rules::layer(input, shape, weight, argument(arguments, 6)?)?;
        let zeros = |sizes| Tensor::zeros(sizes, input.dtype(), input.device());
        let (of_input, of_weight, of_bias) = (zeros(input.sizes())?, zeros(shape)?, zeros(shape)?);
        dispatch_dtype!(floats: input.dtype(), T => {
            let weight = Affine::<f64>::of(weight, None)?;
            let (means, rstds) = (to_vec::<f64>(mean)?, to_vec::<f64>(rstd)?);
            let (mut weights, mut biases) = (vec![0.0; rows.len], vec![0.0; rows.len]);
            compute::<T, 2>(&of_input, [grad, input], |out, [grad, x]| {
                let chunks = grad.chunks_exact(rows.len.max(1)).zip(x.chunks_exact(rows.len.max(1)));
                let chunks = chunks.zip(out.chunks_exact_mut(rows.len.max(1)));
                for (((grad, x), out), (&mean, &rstd)) in chunks.zip(means.iter().zip(&rstds)) {
                    let normalised = |x: T| (x.cast::<f64>() - mean) * rstd;
                    let (mut sum, mut product) = (0.0, 0.0);
                    for (k, (&grad, &x)) in grad.iter().zip(x).enumerate() {
                        let (grad, x) = (grad.cast::<f64>(), normalised(x));
                        weights[k] += grad * x;
                        biases[k] += grad;
                        sum += grad * weight.at(k).0;
                        product += grad * weight.at(k).0 * x;
                    }
                    let len = rows.len as f64;
                    for (k, ((&grad, &x), out)) in grad.iter().zip(x).zip(out).enumerate() {
                        let own = grad.cast::<f64>() * weight.at(k).0;
                        *out = T::from_f64(rstd * (own - (sum + normalised(x) * product) / len));
                    }
                }
                Ok(())
            })?;
            store(&of_weight, &weights)?;
            store(&of_bias, &biases)
        })?;
        let mut asked = mask.iter();
        Ok([of_input, of_weight, of_bias]
            .map(|gradient| asked.next().is_some_and(|&asked| asked).then_some(gradient)))
    })
}

#[kernel("aten::native_group_norm", CPU)]
#[allow(non_snake_case, reason = "the arguments of the schema")]
fn native_group_norm(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    N: i64,
    C: i64,
    HxW: i64,
    group: i64,
    eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    let rows = rules::groups(input, [weight, bias], [N, C, HxW], group)?;
    let [out, mean, rstd] = [input.sizes(), &rows.statistics, &rows.statistics]
        .map(|sizes| Tensor::zeros(sizes, input.dtype(), input.device()));
    let (out, mean, rstd) = (out?, mean?, rstd?);
    dispatch_dtype!(floats: input.dtype(), T => {
        let affine = Affine::<T>::of(weight, bias)?;
        let (mut means, mut rstds) = (vec![T::ZERO; mean.numel()], vec![T::ZERO; mean.numel()]);
        let (inner, channels) = (HxW as usize, C as usize);
        compute::<T, 1>(&out, [input], |out, [x]| {
            let pairs = x.chunks_exact(rows.len.max(1)).zip(out.chunks_exact_mut(rows.len.max(1))).enumerate();
            for (row, (x, out)) in pairs {
                let (mean, variance) = moments(x);
                (means[row], rstds[row]) = (T::from_f64(mean), T::from_f64(1.0 / (variance + eps).sqrt()));
                let first = row * rows.len / inner.max(1);
                let planes = x.chunks_exact(inner.max(1)).zip(out.chunks_exact_mut(inner.max(1))).enumerate();
                for (plane, (x, out)) in planes {
                    let (weight, bias) = affine.at((first + plane) % channels);
                    let scale = rstds[row] * weight;
                    let offset = bias - means[row] * scale;
                    out.iter_mut().zip(x).for_each(|(out, &x)| *out = x * scale + offset);
                }
            }
            Ok(())
        })?;
        store(&mean, &means)?;
        store(&rstd, &rstds)
    })?;
    Ok((out, mean, rstd))
}

/// Mean and variance of each channel.
fn channel_moments<T: Float>(x: &[T], channels: &Channels) -> Vec<(f64, f64)> {
    let count = channels.count as usize;
    let per_channel = (x.len() / count.max(1)) as f64;
    let planes = || x.chunks_exact(channels.inner.max(1)).enumerate();
    let mut moments = vec![(0.0, 0.0); count];
    for (plane, x) in planes() {
        moments[plane % count].0 += x.iter().map(|x| x.cast::<f64>()).sum::<f64>();
    }
    moments.iter_mut().for_each(|moments| moments.0 /= per_channel);
    for (plane, x) in planes() {
        let (mean, variance) = &mut moments[plane % count];
        *variance += x.iter().map(|x| (x.cast::<f64>() - *mean).powi(2)).sum::<f64>();
    }
    moments.iter_mut().for_each(|moments| moments.1 /= per_channel);
    moments
}

/// What batch normalisation is told.
struct Batch<'a> {
    affine: [Option<&'a Tensor>; 2],
    running: [Option<&'a Tensor>; 2],
    training: bool,
    momentum: f64,
    eps: f64,
}

impl Batch<'_> {
    fn normalise(&self, input: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
        let channels = rules::batch(input, self.affine, self.running, self.training)?;
        let out = Tensor::zeros_strided(channels.geometry.clone(), input.dtype(), input.device())?;
        let mean = rules::statistics(&channels, self.training, input)?;
        let rstd = rules::statistics(&channels, self.training, input)?;
        dispatch_dtype!(floats: input.dtype(), T => {
            let moments = match self.training {
                true => with::<T, 1, _>([input], |[x]| Ok(channel_moments(x, &channels)))?,
                false => self.running_moments()?,
            };
            let rstds: Vec<f64> = moments.iter().map(|moments| 1.0 / (moments.1 + self.eps).sqrt()).collect();
            if self.training {
                let means: Vec<f64> = moments.iter().map(|moments| moments.0).collect();
                store(&mean, &means)?;
                store(&rstd, &rstds)?;
                let elements = input.numel() as f64 / (channels.count as f64).max(1.0);
                self.follow(&moments, elements)?;
            }
            let affine = Affine::<f64>::of(self.affine[0], self.affine[1])?;
            let count = channels.count as usize;
            let lines: Vec<(T, T)> = (0..count)
                .map(|channel| {
                    let (weight, bias) = affine.at(channel);
                    let scale = rstds[channel] * weight;
                    (T::from_f64(scale), T::from_f64(bias - moments[channel].0 * scale))
                })
                .collect();
            let inner = channels.inner.max(1);
            compute::<T, 1>(&out, [input], |out, [x]| {
                for_each_piece(out, inner, inner, |plane, out| {
                    let (scale, offset) = lines[plane % count];
                    let x = &x[plane * inner..][..inner];
                    out.iter_mut().zip(x).for_each(|(out, &x)| *out = x * scale + offset);
                });
                Ok(())
            })
        })?;
        Ok((out, mean, rstd))
    }

    fn running_moments(&self) -> Result<Vec<(f64, f64)>> {
        let [means, variances] = self.running.map(optional::<f64>);
        Ok(means?.unwrap_or_default().into_iter().zip(variances?.unwrap_or_default()).collect())
    }

    /// Moves the running statistics towards those of this batch; the variance is that of a sample.
    fn follow(&self, moments: &[(f64, f64)], elements: f64) -> Result<()> {
        let sample = elements / (elements - 1.0);
        let own =
            |which: usize, moments: &(f64, f64)| if which == 0 { moments.0 } else { moments.1 * sample };
        for (which, running) in self.running.into_iter().enumerate() {
            let Some(running) = running else { continue };
            let held = to_vec::<f64>(running)?;
            let moved = held
                .iter()
                .zip(moments)
                .map(|(&held, moments)| (1.0 - self.momentum) * held + self.momentum * own(which, moments));
            store(running, &moved.collect::<Vec<f64>>())?;
        }
        Ok(())
    }
}

#[kernel("aten::native_batch_norm", CPU)]
fn native_batch_norm(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: Option<&Tensor>,
    running_var: Option<&Tensor>,
    training: bool,
    momentum: f64,
    eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    let running = [running_mean, running_var];
    Batch { affine: [weight, bias], running, training, momentum, eps }.normalise(input)
}

#[kernel("aten::_native_batch_norm_legit", CPU)]
fn _native_batch_norm_legit(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    running_mean: &Tensor,
    running_var: &Tensor,
    training: bool,
    momentum: f64,
    eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    let running = [Some(running_mean), Some(running_var)];
    Batch { affine: [weight, bias], running, training, momentum, eps }.normalise(input)
}

#[kernel("aten::_native_batch_norm_legit.no_stats", CPU)]
fn _native_batch_norm_legit_no_stats(
    input: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    training: bool,
    momentum: f64,
    eps: f64,
) -> Result<(Tensor, Tensor, Tensor)> {
    Batch { affine: [weight, bias], running: [None, None], training, momentum, eps }.normalise(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_accurate_far_from_zero() {
        let row: Vec<f32> = (0..1000).map(|i| 1000.0 + (i % 2) as f32).collect();
        let (mean, variance) = moments(&row);
        assert!((mean - 1000.5).abs() < 1e-6 && (variance - 0.25).abs() < 1e-6);
    }
}
