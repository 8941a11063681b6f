//! What may be written where: the checks of copies, in-place forms and out forms. No element is looked at here.

use keyway::{DType, Error, Result, Tensor};

use crate::broadcast::broadcast_sizes;
use crate::overlap::{ReadArgument, forbid_internal_overlap};
use crate::promotion::can_cast;

/// What a copy amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyKind {
    /// Source and target are the same elements.
    Nothing,
    /// Elements have to be written.
    Elements,
}

/// Checks that `src` can be copied into `target`: sizes, overlaps.
pub(crate) fn check_copy(target: &Tensor, src: &Tensor) -> Result<CopyKind> {
    let same_memory = target.shares_storage(src) && target.dtype() == src.dtype();
    if target.is_same(src) || (same_memory && target.geometry() == src.geometry()) {
        return Ok(CopyKind::Nothing);
    }
    check_sizes(target, src.sizes())?;
    forbid_internal_overlap(target)?;
    src.forbid_overlap_with(target)?;
    Ok(CopyKind::Elements)
}

/// Refuses sizes that do not broadcast to those of the written tensor.
fn check_sizes(target: &Tensor, sizes: &[i64]) -> Result<()> {
    if target.sizes() == sizes {
        return Ok(());
    }
    match broadcast_sizes(target.sizes(), sizes)?[..] == *target.sizes() {
        true => Ok(()),
        false => Err(Error::shape(format!(
            "the source has sizes {sizes:?}, which do not broadcast to {:?} of the written tensor",
            target.sizes()
        ))),
    }
}

/// Checks that the result of an operator can replace the elements of `target`: sizes, dtype, overlaps with itself.
pub(crate) fn check_update(target: &Tensor, result: &Tensor) -> Result<()> {
    if target.sizes() != result.sizes() {
        return Err(Error::shape(format!(
            "the result has sizes {:?}, `self` has {:?}: an in-place form cannot change them",
            result.sizes(),
            target.sizes()
        )));
    }
    check_castable(target, result)?;
    forbid_internal_overlap(target)
}

/// Refuses to write a result to a tensor whose dtype cannot hold its kind of numbers.
pub(crate) fn check_castable(target: &Tensor, result: &Tensor) -> Result<()> {
    castable(result.dtype(), target.dtype())
}

/// Accepts results of one dtype for a tensor of another that can hold their kind of numbers.
pub(crate) fn castable(result: DType, target: DType) -> Result<()> {
    match can_cast(result, target) {
        true => Ok(()),
        false => Err(Error::dtype(format!(
            "the result is {result}, which cannot be written to a tensor of {target}; convert one of them"
        ))),
    }
}

/// Refuses to write a result to a tensor of another dtype.
pub(crate) fn check_same_dtype(target: &Tensor, result: &Tensor) -> Result<()> {
    same_dtype(result.dtype(), target.dtype())
}

/// Accepts results of one dtype only.
pub(crate) fn same_dtype(result: DType, target: DType) -> Result<()> {
    match target == result {
        true => Ok(()),
        false => {
            Err(Error::dtype(format!("`out` must have the dtype of the result, {result}, it has {target}")))
        }
    }
}

/// Truth values go to `bool` and to `uint8`.
pub(crate) fn truth_value(result: DType, target: DType) -> Result<()> {
    if target == DType::UInt8 { Ok(()) } else { same_dtype(result, target) }
}
