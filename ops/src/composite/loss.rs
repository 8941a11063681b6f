//! Losses composed of pointwise operators and reductions.

use keyway::{DType, Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::pointwise;
use crate::shape::loss::Reduction;
use crate::shape::window::refused;

/// The losses of all elements, or what becomes of them.
fn reduced(losses: Tensor, reduction: i64) -> Result<Tensor> {
    match Reduction::of(reduction)? {
        Reduction::None => Ok(losses),
        Reduction::Mean => losses.mean(),
        Reduction::Sum => losses.sum(),
    }
}

/// Where a condition holds one tensor, else the other.
fn chosen(condition: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    aten::r#where::self_.call(condition, a, b)
}

/// One less each element.
fn complement(x: &Tensor) -> Result<Tensor> {
    x.neg()?.add_scalar(1)
}

#[kernel("aten::mse_loss", CompositeExplicitAutograd)]
fn mse_loss(self_: &Tensor, target: &Tensor, reduction: i64) -> Result<Tensor> {
    pointwise::gradient(self_, target)?;
    let distance = self_.sub(target)?;
    reduced(distance.mul(&distance)?, reduction)
}

/// The factor that a mean gives to each gradient.
fn share(x: &Tensor, reduction: i64) -> Result<f64> {
    Ok(if Reduction::of(reduction)? == Reduction::Mean { 1.0 / x.numel() as f64 } else { 1.0 })
}

#[kernel("aten::mse_loss_backward", CompositeExplicitAutograd)]
fn mse_loss_backward(
    grad_output: &Tensor,
    self_: &Tensor,
    target: &Tensor,
    reduction: i64,
) -> Result<Tensor> {
    let twice = self_.sub(target)?.mul_scalar(2.0 * share(self_, reduction)?)?;
    twice.mul(grad_output)
}

#[kernel("aten::l1_loss", CompositeImplicitAutograd)]
fn l1_loss(self_: &Tensor, target: &Tensor, reduction: i64) -> Result<Tensor> {
    reduced(self_.sub(target)?.abs()?, reduction)
}

#[kernel("aten::huber_loss", CompositeExplicitAutograd)]
fn huber_loss(self_: &Tensor, target: &Tensor, reduction: i64, delta: f64) -> Result<Tensor> {
    if delta <= 0.0 {
        return Err(refused(format!("`delta` must be above 0, it is {delta}")));
    }
    let distance = self_.sub(target)?.abs()?;
    let near = distance.mul(&distance)?.mul_scalar(0.5)?;
    let far = distance.sub_scalar(0.5 * delta)?.mul_scalar(delta)?;
    reduced(chosen(&distance.lt_scalar(delta)?, &near, &far)?, reduction)
}

#[kernel("aten::smooth_l1_loss", CompositeExplicitAutograd)]
fn smooth_l1_loss(self_: &Tensor, target: &Tensor, reduction: i64, beta: f64) -> Result<Tensor> {
    if beta < 0.0 {
        return Err(refused(format!("`beta` must not be negative, it is {beta}")));
    }
    let distance = self_.sub(target)?.abs()?;
    if beta == 0.0 {
        return reduced(distance, reduction);
    }
    let near = distance.mul(&distance)?.mul_scalar(0.5 / beta)?;
    let far = distance.sub_scalar(0.5 * beta)?;
    reduced(chosen(&distance.lt_scalar(beta)?, &near, &far)?, reduction)
}

/// The logarithm of the sigmoid is never that of zero, whatever the score.
#[kernel("aten::binary_cross_entropy_with_logits", CompositeExplicitAutograd)]
fn binary_cross_entropy_with_logits(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    pos_weight: Option<&Tensor>,
    reduction: i64,
) -> Result<Tensor> {
    check_target(self_, target)?;
    let mut likely = aten::log_sigmoid(self_)?;
    if let Some(weight) = pos_weight {
        likely = weight.sub_scalar(1)?.mul(target)?.add_scalar(1)?.mul(&likely)?;
    }
    let losses = complement(target)?.mul(self_)?.sub(&likely)?;
    let losses = weight.map_or_else(|| Ok(losses.clone()), |weight| losses.mul(weight))?;
    reduced(losses, reduction)
}

fn check_target(x: &Tensor, target: &Tensor) -> Result<()> {
    match x.sizes() == target.sizes() {
        true => Ok(()),
        false => Err(Error::value(format!(
            "`target` must have the sizes of `self`, {:?}, it has {:?}",
            x.sizes(),
            target.sizes()
        ))),
    }
}

/// The losses of probabilities, whose logarithms are bounded so that no loss is infinite.
pub(crate) fn of_two_classes(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
) -> Result<Tensor> {
    check_target(self_, target)?;
    let bounded = |log: Tensor| log.clamp_min(-100);
    let likely = bounded(self_.log()?)?;
    let unlikely = bounded(self_.neg()?.log1p()?)?;
    let losses = target.sub_scalar(1)?.mul(&unlikely)?.sub(&target.mul(&likely)?)?;
    let losses = weight.map_or_else(|| Ok(losses.clone()), |weight| losses.mul(weight))?;
    reduced(losses, reduction)
}

#[kernel("aten::binary_cross_entropy_backward", CompositeExplicitAutograd)]
fn binary_cross_entropy_backward(
    grad_output: &Tensor,
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
) -> Result<Tensor> {
    check_target(self_, target)?;
    let spread = complement(self_)?.mul(self_)?.clamp_min(1e-12)?;
    let grad = grad_output.mul(&self_.sub(target)?)?.div(&spread)?;
    let grad = weight.map_or_else(|| Ok(grad.clone()), |weight| grad.mul(weight))?;
    match Reduction::of(reduction)? {
        Reduction::Mean => grad.div_scalar(self_.numel() as i64),
        _ => Ok(grad),
    }
}

/// The gradient of a loss that is a parabola near zero, within `width`, and a line beyond.
fn bent_gradient(
    grad_output: &Tensor,
    [x, target]: [&Tensor; 2],
    reduction: i64,
    width: f64,
    slope: f64,
) -> Result<Tensor> {
    let distance = x.sub(target)?;
    let near = distance.mul_scalar(slope / width)?;
    let far = distance.sgn()?.mul_scalar(slope)?;
    let own = chosen(&distance.abs()?.lt_scalar(width)?, &near, &far)?;
    own.mul_scalar(share(x, reduction)?)?.mul(grad_output)
}

#[kernel("aten::smooth_l1_loss_backward", CompositeExplicitAutograd)]
fn smooth_l1_loss_backward(
    grad_output: &Tensor,
    self_: &Tensor,
    target: &Tensor,
    reduction: i64,
    beta: f64,
) -> Result<Tensor> {
    bent_gradient(grad_output, [self_, target], reduction, beta, 1.0)
}

#[kernel("aten::huber_loss_backward", CompositeExplicitAutograd)]
fn huber_loss_backward(
    grad_output: &Tensor,
    self_: &Tensor,
    target: &Tensor,
    reduction: i64,
    delta: f64,
) -> Result<Tensor> {
    bent_gradient(grad_output, [self_, target], reduction, delta, delta)
}

#[kernel("aten::soft_margin_loss", CompositeExplicitAutograd)]
fn soft_margin_loss(self_: &Tensor, target: &Tensor, reduction: i64) -> Result<Tensor> {
    reduced(self_.neg()?.mul(target)?.exp()?.log1p()?, reduction)
}

/// With `full`, Stirling's approximation of the logarithm of the factorial of each target above one.
#[kernel("aten::poisson_nll_loss", CompositeImplicitAutograd)]
fn poisson_nll_loss(
    input: &Tensor,
    target: &Tensor,
    log_input: bool,
    full: bool,
    eps: f64,
    reduction: i64,
) -> Result<Tensor> {
    let mut losses = match log_input {
        true => input.exp()?.sub(&target.mul(input)?)?,
        false => input.sub(&target.mul(&input.add_scalar(eps)?.log()?)?)?,
    };
    if full {
        let curve = target.mul_scalar(2.0 * std::f64::consts::PI)?.log()?.mul_scalar(0.5)?;
        let stirling = target.mul(&target.log()?)?.sub(target)?.add(&curve)?;
        losses = losses.add(&stirling.masked_fill(&target.le_scalar(1)?, 0)?)?;
    }
    reduced(losses, reduction)
}

#[kernel("aten::cosine_embedding_loss", CompositeImplicitAutograd)]
fn cosine_embedding_loss(
    input1: &Tensor,
    input2: &Tensor,
    target: &Tensor,
    margin: f64,
    reduction: i64,
) -> Result<Tensor> {
    if !matches!(target.dim(), 0 | 1) || input1.dim() != target.dim() + 1 || input2.dim() != target.dim() + 1
    {
        return Err(refused(format!(
            "`target` must have one number for each vector of the inputs, whose sizes are {:?} and {:?}; it has {:?}",
            input1.sizes(),
            input2.sizes(),
            target.sizes()
        )));
    }
    let dims = [target.dim() as i64];
    let sums = |a: &Tensor, b: &Tensor| a.mul(b)?.sum_dim(Some(&dims));
    // So small that a direction is kept, and so large that its square can be divided by.
    let squares = |x: &Tensor| sums(x, x)?.add_scalar(1e-12);
    let cosine = sums(input1, input2)?.div(&squares(input1)?.mul(&squares(input2)?)?.sqrt()?)?;
    let zero = aten::zeros_like(&cosine)?;
    let like = chosen(&target.eq_scalar(1)?, &complement(&cosine)?, &zero)?;
    let above = cosine.sub_scalar(margin)?.clamp_min(0)?;
    reduced(like.add(&chosen(&target.eq_scalar(-1)?, &above, &zero)?)?, reduction)
}

#[kernel("aten::triplet_margin_loss", CompositeImplicitAutograd)]
fn triplet_margin_loss(
    anchor: &Tensor,
    positive: &Tensor,
    negative: &Tensor,
    margin: f64,
    p: f64,
    eps: f64,
    swap: bool,
    reduction: i64,
) -> Result<Tensor> {
    let distance = |a: &Tensor, b: &Tensor| aten::pairwise_distance::default.call(a, b, p, eps, false);
    let mut away = distance(anchor, negative)?;
    if swap {
        away = away.minimum(&distance(positive, negative)?)?;
    }
    let off = distance(anchor, positive)?.add_scalar(margin)?.sub(&away)?;
    reduced(off.clamp_min(0)?, reduction)
}

#[kernel("aten::margin_ranking_loss", CompositeImplicitAutograd)]
fn margin_ranking_loss(
    input1: &Tensor,
    input2: &Tensor,
    target: &Tensor,
    margin: f64,
    reduction: i64,
) -> Result<Tensor> {
    let off = target.neg()?.mul(&input1.sub(input2)?)?.add_scalar(margin)?;
    reduced(off.clamp_with(Some(Scalar::Int(0)), None)?, reduction)
}

#[kernel("aten::hinge_embedding_loss", CompositeImplicitAutograd)]
fn hinge_embedding_loss(self_: &Tensor, target: &Tensor, margin: f64, reduction: i64) -> Result<Tensor> {
    let zero = aten::zeros_like(self_)?;
    let below = complement(&self_.sub_scalar(margin - 1.0)?)?.clamp_with(Some(Scalar::Int(0)), None)?;
    let like = chosen(&target.eq_scalar(-1)?, &zero, self_)?;
    let unlike = chosen(&target.eq_scalar(1)?, &zero, &below)?;
    reduced(like.add(&unlike)?, reduction)
}

#[kernel("aten::kl_div", CompositeImplicitAutograd)]
fn kl_div(self_: &Tensor, target: &Tensor, reduction: i64, log_target: bool) -> Result<Tensor> {
    if log_target {
        return reduced(aten::exp(target)?.mul(&target.sub(self_)?)?, reduction);
    }
    // Nothing times the logarithm of nothing is nothing.
    let own = chosen(&target.eq_scalar(0)?, &aten::zeros_like(target)?, &target.log()?.mul(target)?)?;
    reduced(own.sub(&target.mul(self_)?)?, reduction)
}

#[kernel("aten::nll_loss", CompositeImplicitAutograd)]
fn nll_loss(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
    ignore_index: i64,
) -> Result<Tensor> {
    Ok(aten::nll_loss_forward::default.call(self_, target, weight, reduction, ignore_index)?.0)
}

/// Classes are the second dimension; all others are samples.
#[kernel("aten::nll_loss_nd", CompositeImplicitAutograd)]
fn nll_loss_nd(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
    ignore_index: i64,
) -> Result<Tensor> {
    let sizes = self_.sizes();
    if sizes.is_empty() {
        return Err(Error::value("`self` must have at least 1 dimension"));
    }
    if sizes.len() != 1 && target.sizes().first() != sizes.first() {
        return Err(Error::value(format!(
            "`target` of sizes {:?} must have as many samples as `self` of sizes {sizes:?}",
            target.sizes()
        )));
    }
    if sizes.len() <= 2 {
        return aten::nll_loss::default.call(self_, target, weight, reduction, ignore_index);
    }
    let samples = [&sizes[..1], &sizes[2..]].concat();
    if target.sizes() != samples {
        let message = format!("`target` must have the sizes {samples:?}, it has {:?}", target.sizes());
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    let order: Vec<i64> = (0..sizes.len() as i64).filter(|&d| d != 1).chain([1]).collect();
    let rows = aten::reshape::default.call(&aten::permute::default.call(self_, &order)?, &[-1, sizes[1]])?;
    let flat = aten::reshape::default.call(target, &[-1])?;
    let losses = aten::nll_loss::default.call(&rows, &flat, weight, reduction, ignore_index)?;
    match Reduction::of(reduction)? {
        Reduction::None => aten::view::default.call(&losses, &samples),
        _ => Ok(losses),
    }
}

#[kernel("aten::cross_entropy_loss", CompositeImplicitAutograd)]
fn cross_entropy_loss(
    self_: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
    ignore_index: i64,
    label_smoothing: f64,
) -> Result<Tensor> {
    if !(0.0..=1.0).contains(&label_smoothing) {
        return Err(refused(format!("`label_smoothing` must be from 0 to 1, it is {label_smoothing}")));
    }
    let class_dim = if self_.dim() == 1 { 0 } else { 1 };
    let scores = aten::log_softmax::int.call(self_, class_dim, None)?;
    let classes = self_.sizes().get(class_dim as usize).copied().unwrap_or(1);
    let smoothing = Smoothing { class_dim, classes, amount: label_smoothing };
    if self_.sizes() == target.sizes() {
        return of_probabilities(&scores, target, weight, reduction, smoothing);
    }
    let hard = aten::nll_loss_nd::default.call(&scores, target, weight, reduction, ignore_index)?;
    match label_smoothing > 0.0 {
        true => {
            let soft = smoothing.losses(&scores, target, weight, reduction, ignore_index)?;
            hard.mul_scalar(1.0 - label_smoothing)?.add(&soft.mul_scalar(label_smoothing / classes as f64)?)
        }
        false => Ok(hard),
    }
}

/// A share of each loss that goes to all classes alike.
#[derive(Clone, Copy)]
struct Smoothing {
    class_dim: i64,
    classes: i64,
    amount: f64,
}

impl Smoothing {
    /// Weights of the classes, in the dimension of the classes.
    fn along_classes(&self, weight: &Tensor, dims: usize) -> Result<Tensor> {
        let mut sizes = vec![1; dims];
        sizes[self.class_dim as usize] = self.classes;
        aten::view::default.call(weight, &sizes)
    }

    /// The losses if every class were a target.
    fn losses(
        &self,
        scores: &Tensor,
        target: &Tensor,
        weight: Option<&Tensor>,
        reduction: i64,
        ignore_index: i64,
    ) -> Result<Tensor> {
        let weighted = match weight {
            Some(weight) => scores.mul(&self.along_classes(weight, scores.dim())?)?,
            None => scores.clone(),
        };
        let ignored = target.eq_scalar(ignore_index)?;
        let losses = weighted.sum_dim(Some(&[self.class_dim]))?.neg()?.masked_fill(&ignored, 0)?;
        if Reduction::of(reduction)? != Reduction::Mean {
            return reduced(losses, reduction);
        }
        let kept = ignored.logical_not()?;
        let total = match weight {
            Some(weight) => {
                let classes = aten::reshape::default.call(&target.masked_fill(&ignored, 0)?, &[-1])?;
                let weights = aten::index_select::default.call(weight, 0, &classes)?;
                weights.mul(&aten::reshape::default.call(&kept, &[-1])?)?.sum()?
            }
            None => kept.sum()?,
        };
        losses.sum()?.div(&total)
    }
}

/// The loss of probabilities for all classes.
fn of_probabilities(
    scores: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
    smoothing: Smoothing,
) -> Result<Tensor> {
    if !target.dtype().is_floating_point() {
        return Err(refused(format!(
            "`target` of probabilities must be floating-point, it is {}",
            target.dtype()
        )));
    }
    let mut target = target.clone();
    if smoothing.amount > 0.0 {
        let share = smoothing.amount / smoothing.classes as f64;
        target = target.mul_scalar(1.0 - smoothing.amount)?.add_scalar(share)?;
    }
    if let Some(weight) = weight {
        target = target.mul(&smoothing.along_classes(weight, target.dim())?)?;
    }
    let losses = scores.mul(&target)?.neg()?;
    match Reduction::of(reduction)? {
        Reduction::None => losses.sum_dim(Some(&[smoothing.class_dim])),
        Reduction::Sum => losses.sum(),
        Reduction::Mean => {
            let samples = losses.numel() as f64 / smoothing.classes.max(1) as f64;
            losses.sum()?.div_scalar(samples)
        }
    }
}

#[kernel("aten::_softmax_backward_data", CompositeExplicitAutograd)]
fn _softmax_backward_data(
    grad_output: &Tensor,
    output: &Tensor,
    dim: i64,
    input_dtype: DType,
) -> Result<Tensor> {
    let weighted = grad_output.mul(output)?;
    let sums = aten::sum::dim_IntList.call(&weighted, Some(&[dim]), true, None)?;
    weighted.sub(&output.mul(&sums)?)?.to_dtype(input_dtype)
}

#[kernel("aten::_log_softmax_backward_data", CompositeExplicitAutograd)]
fn _log_softmax_backward_data(
    grad_output: &Tensor,
    output: &Tensor,
    dim: i64,
    input_dtype: DType,
) -> Result<Tensor> {
    let sums = aten::sum::dim_IntList.call(grad_output, Some(&[dim]), true, None)?;
    grad_output.sub(&output.exp()?.mul(&sums)?)?.to_dtype(input_dtype)
}
