//! Indexing composed of its in-place forms, and of simpler indexing.

use keyway::{Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::broadcast::broadcast_sizes;
use crate::shape::dimension::{extent, wrap};
use crate::shape::window::refused;

#[kernel("aten::index_put_", CompositeExplicitAutograd)]
fn index_put_(self_: &Tensor, indices: &[Option<Tensor>], values: &Tensor, accumulate: bool) -> Result<()> {
    aten::_index_put_impl_::default.call(self_, indices, values, accumulate, false).map(|_| ())
}

#[kernel("aten::index_put", CompositeExplicitAutograd)]
fn index_put(
    self_: &Tensor,
    indices: &[Option<Tensor>],
    values: &Tensor,
    accumulate: bool,
) -> Result<Tensor> {
    let copy = aten::clone::default.call(self_, None)?;
    index_put_(&copy, indices, values, accumulate)?;
    Ok(copy)
}

#[kernel("aten::index_fill.int_Scalar", CompositeExplicitAutograd)]
fn index_fill(self_: &Tensor, dim: i64, index: &Tensor, value: Scalar) -> Result<Tensor> {
    let copy = aten::clone::default.call(self_, None)?;
    aten::index_fill_::int_Scalar.call(&copy, dim, index, value).cloned()
}

#[kernel("aten::index_fill.int_Tensor", CompositeExplicitAutograd)]
fn index_fill_tensor(self_: &Tensor, dim: i64, index: &Tensor, value: &Tensor) -> Result<Tensor> {
    let copy = aten::clone::default.call(self_, None)?;
    aten::index_fill_::int_Tensor.call(&copy, dim, index, value).cloned()
}

#[kernel("aten::index_fill_.int_Tensor", CompositeExplicitAutograd)]
fn index_fill_tensor_(self_: &Tensor, dim: i64, index: &Tensor, value: &Tensor) -> Result<()> {
    match value.dim() {
        0 => aten::index_fill_::int_Scalar
            .call(self_, dim, index, aten::item::default.call(value)?)
            .map(|_| ()),
        rank => Err(Error::new(
            ErrorKind::Runtime,
            format!("`value` must have no dimensions, it has {rank}; pass one element of it"),
        )),
    }
}

#[kernel("aten::masked_scatter", CompositeExplicitAutograd)]
fn masked_scatter(self_: &Tensor, mask: &Tensor, source: &Tensor) -> Result<Tensor> {
    let sizes = broadcast_sizes(self_.sizes(), mask.sizes())?;
    let wide = aten::expand::default.call(self_, &sizes, false)?;
    let copy = aten::clone::default.call(&wide, Some(keyway::MemoryFormat::Contiguous))?;
    aten::masked_scatter_::default.call(&copy, mask, source).cloned()
}

#[kernel("aten::nonzero_numpy", CompositeImplicitAutograd)]
#[kernel("aten::where", CompositeImplicitAutograd)]
fn nonzero_numpy(self_: &Tensor) -> Result<Vec<Tensor>> {
    let x = if self_.dim() == 0 { aten::unsqueeze::default.call(self_, 0)? } else { self_.clone() };
    aten::unbind::int.call(&aten::nonzero::default.call(&x)?, 1)
}

#[kernel("aten::argwhere", CompositeImplicitAutograd)]
fn argwhere(self_: &Tensor) -> Result<Tensor> {
    aten::nonzero::default.call(self_)
}

/// Along the other dimensions elements and positions are broadcast against each other.
#[kernel("aten::take_along_dim", CompositeImplicitAutograd)]
fn take_along_dim(self_: &Tensor, indices: &Tensor, dim: Option<i64>) -> Result<Tensor> {
    if indices.dtype() != keyway::DType::Int64 {
        return Err(Error::dtype(format!("`indices` must be int64, they are {}", indices.dtype())));
    }
    let Some(dim) = dim else {
        let flat = |x: &Tensor| aten::reshape::default.call(x, &[-1]);
        return aten::gather::default.call(&flat(self_)?, 0, &flat(indices)?, false);
    };
    if self_.dim() != indices.dim() {
        return Err(Error::shape(format!(
            "`indices` of sizes {:?} must have as many dimensions as `self` of sizes {:?}",
            indices.sizes(),
            self_.sizes()
        )));
    }
    let d = wrap(dim, self_.dim())?;
    let without = |sizes: &[i64]| {
        let mut sizes = sizes.to_vec();
        sizes.get_mut(d).into_iter().for_each(|size| *size = 1);
        sizes
    };
    let common = broadcast_sizes(&without(self_.sizes()), &without(indices.sizes()))?;
    let spread = |x: &Tensor| {
        let mut sizes = common.clone();
        if let (Some(size), Some(&own)) = (sizes.get_mut(d), x.sizes().get(d)) {
            *size = own;
        }
        aten::expand::default.call(x, &sizes, false)
    };
    // Positions outside of the dimension are taken modulo its size, as ATen does here and only here.
    let size = extent(self_.sizes(), d);
    let inside = match size {
        0 => indices.clone(),
        size => aten::remainder::Scalar.call(indices, Scalar::Int(size))?,
    };
    aten::gather::default.call(&spread(self_)?, d as i64, &spread(&inside)?, false)
}

#[kernel("aten::put", CompositeExplicitAutograd)]
fn put(self_: &Tensor, index: &Tensor, source: &Tensor, accumulate: bool) -> Result<Tensor> {
    let out = aten::clone::default.call(self_, None)?;
    put_(&out, index, source, accumulate)?;
    Ok(out)
}

/// Elements are counted in row-major order, wherever they lie.
#[kernel("aten::put_", CompositeExplicitAutograd)]
fn put_(self_: &Tensor, index: &Tensor, source: &Tensor, accumulate: bool) -> Result<()> {
    if index.numel() != source.numel() || self_.dtype() != source.dtype() {
        return Err(refused(format!(
            "`source` must have as many elements as `index`, {}, and the dtype of `self`, {}; it has {} of {}",
            index.numel(),
            self_.dtype(),
            source.numel(),
            source.dtype()
        )));
    }
    let flat = |x: &Tensor| aten::reshape::default.call(x, &[-1]);
    let elements = flat(self_)?;
    aten::index_put_::default.call(&elements, &[Some(flat(index)?)], &flat(source)?, accumulate)?;
    // Where they did not lie in a row, they were copied.
    match elements.shares_storage(self_) {
        true => Ok(()),
        false => {
            let elements = aten::view::default.call(&elements, self_.sizes())?;
            aten::copy_::default.call(self_, &elements, false).map(|_| ())
        }
    }
}
