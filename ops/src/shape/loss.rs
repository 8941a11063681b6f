//! Losses: how they are reduced, and which classes fit which scores.

use keyway::{DType, Dims, Error, ErrorKind, OutputMeta, Result, StructuredMeta, Tensor};

use super::window::refused;

/// What becomes of the losses of all elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    /// They stay.
    None,
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
}

impl Reduction {
    /// The one of a number in a schema.
    pub(crate) fn of(number: i64) -> Result<Reduction> {
        match number {
            0 => Ok(Reduction::None),
            1 => Ok(Reduction::Mean),
            2 => Ok(Reduction::Sum),
            other => {
                Err(refused(format!("`reduction` must be 0 (none), 1 (mean) or 2 (sum), it is {other}")))
            }
        }
    }
}

/// The loss of target classes, whose scores are logarithms of probabilities.
#[derive(Clone, Debug)]
pub struct NegativeLikelihood {
    outputs: Vec<OutputMeta>,
    reduction: Reduction,
    classes: usize,
}

impl NegativeLikelihood {
    pub(crate) fn reduction(&self) -> Reduction {
        self.reduction
    }

    /// How many classes there are.
    pub(crate) fn classes(&self) -> usize {
        self.classes
    }
}

impl StructuredMeta for NegativeLikelihood {
    type Plan = NegativeLikelihood;
    type Precomputed = ();

    fn outputs(&self) -> &[OutputMeta] {
        &self.outputs
    }

    fn plan(&self) -> &NegativeLikelihood {
        self
    }

    fn precomputed(&self) -> &() {
        &()
    }
}

/// Checks scores and classes; gives how many classes there are, and the sizes of the losses.
fn classes(scores: &Tensor, target: &Tensor, weight: Option<&Tensor>) -> Result<(i64, Dims)> {
    let sizes = scores.sizes();
    let (classes, samples) = match sizes {
        [classes] => (*classes, &[][..]),
        [_, classes] => (*classes, &sizes[..1]),
        _ => return Err(refused(format!("`self` must have 1 or 2 dimensions, its sizes are {sizes:?}"))),
    };
    let one_of_one = samples.is_empty() && target.sizes() == [1];
    if target.sizes() != samples && !one_of_one {
        return Err(refused(format!(
            "`target` of sizes {:?} must have one class for each of the samples of `self` of sizes {sizes:?}",
            target.sizes()
        )));
    }
    if let Some(weight) = weight.filter(|weight| weight.sizes() != [classes]) {
        let message =
            format!("`weight` must have one dimension of {classes} classes, it has {:?}", weight.sizes());
        return Err(refused(message));
    }
    if !scores.dtype().is_floating_point() {
        return Err(Error::not_implemented(format!(
            "not implemented for {}; convert `self` to a floating-point dtype first",
            scores.dtype()
        )));
    }
    match target.dtype() {
        DType::Int64 | DType::UInt8 => Ok((classes, samples.into())),
        other => {
            Err(Error::new(ErrorKind::Runtime, format!("`target` must be int64 or uint8, it is {other}")))
        }
    }
}

/// `nll_loss_forward`: the losses and the sum of weights.
pub(crate) fn likelihood(
    scores: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
) -> Result<NegativeLikelihood> {
    let (classes, samples) = classes(scores, target, weight)?;
    let reduction = Reduction::of(reduction)?;
    let sizes = if reduction == Reduction::None { &samples[..] } else { &[] };
    let output = |sizes| OutputMeta::contiguous(sizes, scores.dtype(), scores.device());
    Ok(NegativeLikelihood {
        outputs: vec![output(sizes)?, output(&[])?],
        reduction,
        classes: classes as usize,
    })
}

/// The gradient of that.
pub(crate) fn likelihood_gradient(
    grad: &Tensor,
    scores: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: i64,
) -> Result<NegativeLikelihood> {
    let (classes, samples) = classes(scores, target, weight)?;
    let reduction = Reduction::of(reduction)?;
    let expected = if reduction == Reduction::None { samples.iter().product() } else { 1 };
    if grad.numel() as i64 != expected {
        return Err(refused(format!(
            "`grad_output` must have {expected} elements, its sizes are {:?}",
            grad.sizes()
        )));
    }
    let output = OutputMeta::contiguous(scores.sizes(), scores.dtype(), scores.device())?;
    Ok(NegativeLikelihood { outputs: vec![output], reduction, classes: classes as usize })
}
