//! Sorted sequences that elements are looked for in: what fits them.

use keyway::{DType, Device, Error, ErrorKind, OutputMeta, Result, Tensor};

/// A sorted sequence and how its equal elements count.
pub(crate) struct Search<'a> {
    /// The sorted rows.
    pub(crate) sorted: &'a Tensor,
    /// Positions that sort the rows, if they are not sorted themselves.
    pub(crate) sorter: Option<&'a Tensor>,
    /// Whether places are behind equal elements.
    pub(crate) right: bool,
    /// The same as a word.
    pub(crate) side: Option<&'a str>,
}

/// The dtype of places.
pub(crate) fn search_dtype(out_int32: bool) -> DType {
    if out_int32 { DType::Int32 } else { DType::Int64 }
}

/// Checks a search, and says whether places are behind equal elements.
pub(crate) fn searched(search: &Search<'_>, sought: Option<&Tensor>) -> Result<bool> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Runtime, message));
    let right = match search.side {
        None => search.right,
        Some("left") if search.right => {
            return refuse("`side` is \"left\" and `right` is true; give one of them".to_owned());
        }
        Some("left") => false,
        Some("right") => true,
        Some(other) => return refuse(format!("`side` must be \"left\" or \"right\", it is {other:?}")),
    };
    let sorted = search.sorted;
    if sorted.dim() == 0 {
        return refuse("`sorted_sequence` must have a dimension".to_owned());
    }
    if let Some(sorter) = search.sorter
        && (sorter.sizes() != sorted.sizes() || sorter.dtype() != DType::Int64)
    {
        return refuse(format!(
            "`sorter` must be int64 of the sizes of `sorted_sequence`, {:?}, it is {} of {:?}",
            sorted.sizes(),
            sorter.dtype(),
            sorter.sizes()
        ));
    }
    let Some(sought) = sought else { return Ok(right) };
    let leading = |tensor: &Tensor| tensor.sizes()[..tensor.dim().saturating_sub(1)].to_vec();
    if sorted.dim() != 1 && (sorted.dim() != sought.dim() || leading(sorted) != leading(sought)) {
        return refuse(format!(
            "`sorted_sequence` of sizes {:?} must be a vector or have the sizes of `self`, {:?}, but for the last",
            sorted.sizes(),
            sought.sizes()
        ));
    }
    match sorted.dtype() == sought.dtype() {
        true => Ok(right),
        false => refuse(format!(
            "`sorted_sequence` is {} and `self` {}; convert one of them",
            sorted.dtype(),
            sought.dtype()
        )),
    }
}

/// Boundaries are a vector.
pub(crate) fn boundaries(boundaries: &Tensor) -> Result<()> {
    match boundaries.dim() {
        1 => Ok(()),
        rank => Err(Error::new(
            ErrorKind::Runtime,
            format!("`boundaries` must be a vector, it has {rank} dimensions"),
        )),
    }
}

/// Whether each of some elements is one of others.
pub(crate) fn membership(sizes: &[i64], device: Device) -> Result<OutputMeta> {
    OutputMeta::contiguous(sizes, DType::Bool, device)
}
