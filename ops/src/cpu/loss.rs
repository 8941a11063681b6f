//! The loss of target classes on the host, and its gradient.

use keyway::{Error, ErrorKind, Result, Tensor, kernel};

use crate::aten;
use crate::composite::loss::of_two_classes;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Number;
use crate::cpu::plain::{compute, optional, store, to_vec, with};
use crate::shape::loss::{NegativeLikelihood, Reduction};

/// The target class of each sample and its weight; none for those that are left out.
fn weighted_classes(
    target: &Tensor,
    weight: Option<&Tensor>,
    classes: usize,
    ignore_index: i64,
) -> Result<Vec<Option<(usize, f64)>>> {
    let weights = optional::<f64>(weight)?;
    let weighted = |class: i64| match usize::try_from(class) {
        _ if class == ignore_index => Ok(None),
        Ok(at) if at < classes => Ok(Some((at, weights.as_ref().map_or(1.0, |weights| weights[at])))),
        _ => Err(Error::index(format!(
            "`target` holds the class {class}; there are {classes}, counted from 0"
        ))),
    };
    to_vec::<i64>(target)?.into_iter().map(weighted).collect()
}

#[kernel("aten::binary_cross_entropy", CPU)]
fn binary_cross_entropy(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
) -> Result<Tensor> {
    let outside = to_vec::<f64>(self_)?.into_iter().find(|x| !(0.0..=1.0).contains(x));
    match outside {
        None => of_two_classes(self_, target, weight, reduction),
        Some(x) => Err(Error::new(
            ErrorKind::Runtime,
            format!("`self` must hold probabilities, from 0 to 1, it holds {x}; put a sigmoid before it"),
        )),
    }
}

#[kernel("aten::nll_loss_forward.output", CPU, structured)]
fn nll_loss_forward(
    plan: &NegativeLikelihood,
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    _reduction: i64,
    ignore_index: i64,
    output: &Tensor,
    total_weight: &Tensor,
) -> Result<()> {
    let chosen = weighted_classes(target, weight, plan.classes(), ignore_index)?;
    let losses = with::<f64, 1, _>([self_], |[scores]| {
        let loss = |(sample, chosen): (usize, &Option<(usize, f64)>)| {
            chosen.map_or(0.0, |(class, weight)| -weight * scores[sample * plan.classes() + class])
        };
        Ok(chosen.iter().enumerate().map(loss).collect::<Vec<f64>>())
    })?;
    let total: f64 = chosen.iter().flatten().map(|(_, weight)| weight).sum();
    match plan.reduction() {
        Reduction::None => {
            store(output, &losses)?;
            return store(total_weight, &[0.0]);
        }
        Reduction::Mean => store(output, &[losses.iter().sum::<f64>() / total])?,
        Reduction::Sum => store(output, &[losses.iter().sum::<f64>()])?,
    }
    store(total_weight, &[total])
}

#[kernel("aten::nll_loss_backward.grad_input", CPU, structured)]
fn nll_loss_backward(
    plan: &NegativeLikelihood,
    grad_output: &Tensor,
    _self: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    _reduction: i64,
    ignore_index: i64,
    total_weight: &Tensor,
    grad_input: &Tensor,
) -> Result<()> {
    let chosen = weighted_classes(target, weight, plan.classes(), ignore_index)?;
    let grads = to_vec::<f64>(grad_output)?;
    let total = to_vec::<f64>(total_weight)?.first().copied().unwrap_or(f64::NAN);
    let of_sample = |sample: usize| match plan.reduction() {
        Reduction::None => grads[sample],
        Reduction::Mean => grads[0] / total,
        Reduction::Sum => grads[0],
    };
    dispatch_dtype!(floats: grad_input.dtype(), T => compute::<T, 0>(grad_input, [], |out, _| {
        out.fill(T::ZERO);
        for (sample, (class, weight)) in chosen.iter().enumerate().filter_map(|(sample, chosen)| Some((sample, (*chosen)?))) {
            out[sample * plan.classes() + class] = T::from_f64(-weight * of_sample(sample));
        }
        Ok(())
    }))
}
