//! Views: one kernel for all backends each, since a view is arithmetic on sizes and strides. Their copying twins are made
//! by the generator.
//!
//! The arithmetic itself is in [`shape::view`](crate::shape::view).

use keyway::{Geometry, MemoryFormat, Result, Tensor, kernel};

use crate::aten;
use crate::shape::{diagonal as rules_of_diagonals, pieces, view as rules};

/// A copy of a view over memory of its own.
fn copied(view: &Tensor) -> Result<Tensor> {
    aten::clone::default.call(view, Some(MemoryFormat::Contiguous))
}

/// A view for each rule that makes one geometry of another.
macro_rules! views {
    ($($name:literal: fn $view:ident($($argument:ident: $type:ty),*) = $rule:expr;)*) => {$(
        #[kernel($name, CompositeExplicitAutograd)]
        fn $view(self_: &Tensor $(, $argument: $type)*) -> Result<Tensor> {
            let rule = $rule;
            self_.view_as(rule(self_.geometry() $(, $argument)*)?)
        }
    )*};
}

views! {
    "aten::view": fn view(size: &[i64]) = rules::reshaped;
    "aten::as_strided": fn as_strided(size: &[i64], stride: &[i64], storage_offset: Option<i64>) = rules::as_strided;
    "aten::alias": fn alias() = same;
    "aten::detach": fn detach() = same;
    "aten::expand": fn expand(size: &[i64], implicit: bool) = |from: &Geometry, size, _| rules::expanded(from, size);
    "aten::permute": fn permute(dims: &[i64]) = rules::permuted;
    "aten::transpose.int": fn transpose(dim0: i64, dim1: i64) = rules::transposed;
    "aten::t": fn t() = rules::matrix_transposed;
    "aten::unsqueeze": fn unsqueeze(dim: i64) = rules::unsqueezed;
    "aten::squeeze": fn squeeze() = rules::squeezed;
    "aten::squeeze.dim": fn squeeze_dim(dim: i64) = rules::squeezed_dim;
    "aten::squeeze.dims": fn squeeze_dims(dim: &[i64]) = pieces::squeezed_dims;
    "aten::diagonal": fn diagonal(offset: i64, dim1: i64, dim2: i64) = rules_of_diagonals::diagonal;
    "aten::unfold": fn unfold(dimension: i64, size: i64, step: i64) = rules_of_diagonals::unfolded;
    "aten::_unsafe_view": fn _unsafe_view(size: &[i64]) = rules::reshaped;
    "aten::select.int": fn select(dim: i64, index: i64) = rules::selected;
    "aten::slice.Tensor": fn slice(dim: i64, start: Option<i64>, end: Option<i64>, step: i64) = rules::sliced;
}

fn same(geometry: &Geometry) -> Result<Geometry> {
    Ok(geometry.clone())
}

#[kernel("aten::split.Tensor", CompositeExplicitAutograd)]
fn split(self_: &Tensor, split_size: i64, dim: i64) -> Result<Vec<Tensor>> {
    let pieces = rules::split(self_.geometry(), split_size, dim)?;
    pieces.into_iter().map(|piece| self_.view_as(piece)).collect()
}

#[kernel("aten::split_with_sizes", CompositeExplicitAutograd)]
fn split_with_sizes(self_: &Tensor, split_sizes: &[i64], dim: i64) -> Result<Vec<Tensor>> {
    let views = pieces::split_with_sizes(self_.geometry(), split_sizes, dim)?;
    views.into_iter().map(|piece| self_.view_as(piece)).collect()
}

#[kernel("aten::unbind.int", CompositeExplicitAutograd)]
fn unbind(self_: &Tensor, dim: i64) -> Result<Vec<Tensor>> {
    let slices = pieces::unbind(self_.geometry(), dim)?;
    slices.into_iter().map(|slice| self_.view_as(slice)).collect()
}

/// In-place views: the geometry of `self` changes, its memory stays.
macro_rules! in_place_views {
    ($($name:literal: fn $view:ident($($argument:ident: $type:ty),*) = $rule:expr;)*) => {$(
        #[kernel($name, CompositeExplicitAutograd)]
        fn $view(self_: &Tensor $(, $argument: $type)*) -> Result<()> {
            let rule = $rule;
            self_.set_geometry(rule(self_.geometry() $(, $argument)*)?)
        }
    )*};
}
in_place_views! {
    "aten::as_strided_": fn as_strided_(size: &[i64], stride: &[i64], storage_offset: Option<i64>) = rules::as_strided;
    "aten::squeeze_": fn squeeze_() = rules::squeezed;
    "aten::squeeze_.dim": fn squeeze_dim_(dim: i64) = rules::squeezed_dim;
    "aten::squeeze_.dims": fn squeeze_dims_(dim: &[i64]) = pieces::squeezed_dims;
    "aten::unsqueeze_": fn unsqueeze_(dim: i64) = rules::unsqueezed;
    "aten::transpose_": fn transpose_(dim0: i64, dim1: i64) = rules::transposed;
    "aten::t_": fn t_() = rules::matrix_transposed;
}

#[kernel("aten::reshape", CompositeImplicitAutograd)]
fn reshape(self_: &Tensor, shape: &[i64]) -> Result<Tensor> {
    match rules::try_reshaped(self_.geometry(), shape)? {
        Some(_) => aten::view::default.call(self_, shape),
        None => aten::view::default.call(&copied(self_)?, shape),
    }
}

#[kernel("aten::flatten.using_ints", CompositeImplicitAutograd)]
fn flatten(self_: &Tensor, start_dim: i64, end_dim: i64) -> Result<Tensor> {
    match rules::flattened(self_.sizes(), start_dim, end_dim)? {
        Some(size) => aten::reshape::default.call(self_, &size),
        None => Ok(self_.clone()),
    }
}

#[kernel("aten::narrow", CompositeImplicitAutograd)]
fn narrow(self_: &Tensor, dim: i64, start: i64, length: i64) -> Result<Tensor> {
    let start = rules::narrow_start(self_.sizes(), dim, start, length)?;
    aten::slice::Tensor.call(self_, dim, Some(start), Some(start + length), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::{DType, Device};

    #[test]
    fn views_share_memory_and_twins_do_not() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
        let (view, copy) = (t(&x).unwrap(), aten::t_copy(&x).unwrap());
        assert!(view.shares_storage(&x) && !copy.shares_storage(&x));
        assert_eq!(copy.to_vec::<i64>().unwrap(), [1, 4, 2, 5, 3, 6]);
        assert_eq!(copy.strides(), [2, 1]);
    }

    #[test]
    fn reshaping_copies_only_where_it_must() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
        assert!(reshape(&x, &[3, -1]).unwrap().shares_storage(&x));
        let flat = flatten(&t(&x).unwrap(), 0, -1).unwrap();
        assert_eq!(flat.to_vec::<i64>().unwrap(), [1, 4, 2, 5, 3, 6]);
        assert!(flatten(&x, 1, 1).unwrap().is_same(&x));
    }

    #[test]
    fn views_work_without_data() {
        let x = Tensor::zeros(&[2, 3], DType::Float32, Device::META).unwrap();
        assert_eq!(expand(&narrow(&x, 1, -3, 1).unwrap(), &[4, -1, 5], false).unwrap().sizes(), [4, 2, 5]);
        assert_eq!(split(&x, 2, 1).unwrap().len(), 2);
    }
}
