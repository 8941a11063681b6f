//! Rows chosen by class.

use keyway::{DType, Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::indexing::index_dtype;

#[kernel("aten::embedding", CompositeExplicitAutograd)]
fn embedding(
    weight: &Tensor,
    indices: &Tensor,
    _padding_idx: i64,
    _scale_grad_by_freq: bool,
    _sparse: bool,
) -> Result<Tensor> {
    let &[_, width] = weight.sizes() else {
        return Err(Error::shape(format!("`weight` must be a matrix, its sizes are {:?}", weight.sizes())));
    };
    index_dtype(indices)?;
    let rows = aten::index_select::default.call(weight, 0, &indices.reshape(&[-1])?)?;
    match indices.dim() {
        1 => Ok(rows),
        _ => aten::view::default.call(&rows, &[indices.sizes(), &[width]].concat()),
    }
}

#[cold]
fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

/// The number of classes, at least as many as there are.
fn class_count(classes: &Tensor, asked: i64) -> Result<i64> {
    let is_meta = classes.device().backend == keyway::Backend::Meta;
    if asked > 0 && (is_meta || classes.numel() == 0) {
        return Ok(asked);
    }
    if classes.numel() == 0 {
        return Err(refused("`self` has no elements to tell the number of classes from; give `num_classes`"));
    }
    let (least, largest) = (classes.min()?.item()?.to_i64(), classes.max()?.item()?.to_i64());
    match asked {
        _ if least < 0 => Err(refused(format!("`self` holds the class {least}, which must not be negative"))),
        -1 => Ok(largest + 1),
        asked if asked < 1 => Err(refused(format!("`num_classes` must be positive or -1, it is {asked}"))),
        asked if largest >= asked => {
            Err(refused(format!("`self` holds the class {largest}, `num_classes` is {asked}")))
        }
        asked => Ok(asked),
    }
}

#[kernel("aten::one_hot", CompositeImplicitAutograd)]
fn one_hot(self_: &Tensor, num_classes: i64) -> Result<Tensor> {
    if self_.dtype() != DType::Int64 {
        return Err(refused(format!("`self` must be int64, it is {}; convert it first", self_.dtype())));
    }
    let count = Scalar::Int(class_count(self_, num_classes)?);
    let classes = aten::arange::default.call(count, None, None, Some(self_.device()), None)?;
    self_.unsqueeze(-1)?.eq_tensor(&classes)?.to_dtype(DType::Int64)
}

#[kernel("aten::embedding_bag", CompositeImplicitAutograd)]
fn embedding_bag(
    weight: &Tensor,
    indices: &Tensor,
    offsets: &Tensor,
    scale_grad_by_freq: bool,
    mode: i64,
    sparse: bool,
    per_sample_weights: Option<&Tensor>,
    include_last_offset: bool,
) -> Result<(Tensor, Tensor, Tensor, Tensor)> {
    embedding_bag_padding_idx(
        weight,
        indices,
        offsets,
        scale_grad_by_freq,
        mode,
        sparse,
        per_sample_weights,
        include_last_offset,
        None,
    )
}

/// The row that does not count may be counted from the end.
#[kernel("aten::embedding_bag.padding_idx", CompositeImplicitAutograd)]
fn embedding_bag_padding_idx(
    weight: &Tensor,
    indices: &Tensor,
    offsets: &Tensor,
    scale_grad_by_freq: bool,
    mode: i64,
    sparse: bool,
    per_sample_weights: Option<&Tensor>,
    include_last_offset: bool,
    padding_idx: Option<i64>,
) -> Result<(Tensor, Tensor, Tensor, Tensor)> {
    let rows = weight.sizes().first().copied().unwrap_or(0);
    let padding = match padding_idx {
        None => -1,
        Some(at) if (-rows..rows).contains(&at) => at.rem_euclid(rows),
        Some(at) => return Err(refused(format!("`padding_idx` is {at}, `weight` has {rows} rows"))),
    };
    let bag = aten::_embedding_bag::default;
    bag.call(
        weight,
        indices,
        offsets,
        scale_grad_by_freq,
        mode,
        sparse,
        per_sample_weights,
        include_last_offset,
        padding,
    )
}
