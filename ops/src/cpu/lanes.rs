//! Elements along dimensions as slices: what reductions, scans, softmax and sorting have in common.
//!
//! A lane is the run of elements that differ only in the chosen dimensions. Where those are the last ones of a dense
//! tensor lanes are borrowed, else the elements are brought into that order first. What is computed from a lane is
//! the kernels' business.

use std::borrow::Cow;

use keyway::{Dims, Element, Geometry, Result, Tensor};
use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::cpu::conversion::{self, converted};
use crate::cpu::elements::{Inputs, dispatch_dtype, read_all, write, write_apart};
use crate::cpu::number::Number;
use crate::shape::dimension::{Axes, extent};
use crate::threads::for_each_piece;

/// The elements of an input as type `T`, the lanes along the axes one after the other.
fn lanes_of<'a, T: Number>(inputs: &'a Inputs<'_, 1>, x: &Tensor, order: &[usize]) -> Result<Cow<'a, [T]>> {
    if x.dtype() == T::DTYPE {
        return inputs.get::<T>(0)?.to_dense_permuted(order);
    }
    let geometry = x.geometry();
    let permuted = |of: &[i64]| order.iter().map(|&d| of[d]).collect::<Dims>();
    let (sizes, strides) = (permuted(geometry.sizes()), permuted(geometry.strides()));
    let permuted = Geometry::new(&sizes, &strides, geometry.offset())?;
    Ok(converted::<T>(inputs.bytes(0), x.dtype(), &permuted)?.into())
}

/// The number of elements of a lane along the axes.
fn lane_len(sizes: &[i64], axes: Axes) -> usize {
    (0..sizes.len()).filter(|&d| axes.contains(d)).map(|d| sizes[d] as usize).product()
}

/// Reduces each lane along the axes to one element of `out`, which lies in row-major order. Elements are converted to `T`
/// before, results to the dtype of `out` afterwards.
pub(crate) fn reduce<T: Number, R: Number>(
    out: &Tensor,
    x: &Tensor,
    axes: Axes,
    kernel: impl Fn(&[T]) -> R,
) -> Result<()> {
    let len = lane_len(x.sizes(), axes);
    fill(out, x, |out: &mut [R], inputs| {
        let lanes = lanes_of::<T>(inputs, x, &axes.innermost(x.dim()))?;
        match len {
            0 => out.fill_with(|| kernel(&[])),
            len => out.iter_mut().zip(lanes.chunks_exact(len)).for_each(|(to, lane)| *to = kernel(lane)),
        }
        Ok(())
    })
}

/// Has a kernel fill a tensor in row-major order with results, which are converted to its dtype.
fn fill<R: Number>(
    out: &Tensor,
    x: &Tensor,
    kernel: impl FnOnce(&mut [R], &Inputs<'_, 1>) -> Result<()>,
) -> Result<()> {
    if !out.is_contiguous() {
        return Err(not_row_major());
    }
    if out.dtype() != R::DTYPE {
        let mut results = vec![R::ZERO; out.numel()];
        read_all([x], |inputs| kernel(&mut results, inputs))?;
        return conversion::store(out, &results);
    }
    write_apart(out, [x], |mut elements, inputs| {
        kernel(elements.as_slice().ok_or_else(not_row_major)?, inputs)
    })
}

#[cold]
fn not_row_major() -> keyway::Error {
    keyway::Error::shape("the tensor to be filled does not lie in row-major order")
}

/// The dimensions in order, the chosen one last. A tensor without dimensions has none to order.
fn order_of(rank: usize, dim: usize) -> Vec<usize> {
    (0..rank).filter(|&d| d != dim).chain((0..rank).filter(|&d| d == dim)).collect()
}

/// Computes each lane along a dimension from that of the input, to a tensor in row-major order. Elements are converted to
/// `T` before, results to the dtype of the tensor afterwards.
pub(crate) fn map_to<T: Number>(
    out: &Tensor,
    x: &Tensor,
    dim: usize,
    kernel: impl Fn(&[T], &mut [T]) + Send + Sync,
) -> Result<()> {
    let len = extent(x.sizes(), dim).max(1) as usize;
    let order = order_of(x.dim(), dim);
    fill(out, x, |out: &mut [T], inputs| {
        let lanes = lanes_of::<T>(inputs, x, &order)?;
        let compute = |to: &mut [T]| {
            for_each_piece(to, len, len, |at, to| kernel(&lanes[at * len..][..len], to));
        };
        if order.is_sorted() {
            compute(out);
            return Ok(());
        }
        let mut computed = vec![T::ZERO; out.len()];
        compute(&mut computed);
        let mut out = ArrayViewMutD::from_shape(shape(x.sizes()), out).map_err(unreachable_shape)?;
        out.assign(&in_place(&computed, x.sizes(), &order)?);
        Ok(())
    })
}

/// Calls a kernel with the lanes of a tensor along a dimension, in the order [`store`] takes results in. Elements are
/// converted to `T` before.
pub(crate) fn for_each<T: Number>(x: &Tensor, dim: usize, mut kernel: impl FnMut(&[T])) -> Result<()> {
    let len = extent(x.sizes(), dim).max(1) as usize;
    read_all([x], |inputs| {
        let lanes = lanes_of::<T>(inputs, x, &order_of(x.dim(), dim))?;
        lanes.chunks_exact(len).for_each(&mut kernel);
        Ok(())
    })
}

/// Writes results, lane after lane along a dimension, to a tensor of any strides and dtype.
pub(crate) fn store<R: Number>(out: &Tensor, dim: usize, results: &[R]) -> Result<()> {
    if out.dtype() == R::DTYPE {
        return store_elements(out, dim, results);
    }
    let len = Geometry::contiguous(&[results.len() as i64])?;
    dispatch_dtype!(all: out.dtype(), T => {
        let results = converted::<T>(bytemuck::cast_slice(results), R::DTYPE, &len)?;
        store_elements(out, dim, &results)
    })
}

fn store_elements<R: Element>(out: &Tensor, dim: usize, results: &[R]) -> Result<()> {
    let order = order_of(out.dim(), dim);
    write::<R, 0, _>(out, [], |mut elements, _| {
        match elements.as_slice() {
            Some(slice) if order.is_sorted() => slice.copy_from_slice(results),
            _ => elements.view()?.assign(&in_place(results, out.sizes(), &order)?),
        }
        Ok(())
    })
}

/// Elements that lie with the dimensions in another order, each back in its place.
fn in_place<'a, T>(elements: &'a [T], sizes: &[i64], order: &[usize]) -> Result<ArrayViewD<'a, T>> {
    let lying: Vec<i64> = order.iter().map(|&d| sizes[d]).collect();
    let mut inverse = vec![0; order.len()];
    order.iter().enumerate().for_each(|(position, &d)| inverse[d] = position);
    let view = ArrayViewD::from_shape(shape(&lying), elements).map_err(unreachable_shape)?;
    Ok(view.permuted_axes(&inverse[..]))
}

fn shape(sizes: &[i64]) -> Vec<usize> {
    sizes.iter().map(|&size| size as usize).collect()
}

#[cold]
fn unreachable_shape(cause: ndarray::ShapeError) -> keyway::Error {
    keyway::Error::shape(format!("results do not fill their sizes: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::DType;

    fn x() -> Tensor {
        Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6], &[2, 3]).unwrap()
    }

    #[test]
    fn lanes_are_reduced_wherever_they_lie() {
        let sum = |axes: Axes| {
            let out =
                Tensor::zeros(&axes.reduced(&[2, 3], false), DType::Int64, keyway::Device::CPU).unwrap();
            reduce::<i64, i64>(&out, &x(), axes, |lane| lane.iter().sum()).unwrap();
            out
        };
        assert_eq!(sum(Axes::one(0, 2).unwrap()).to_vec::<i64>().unwrap(), [5, 7, 9]);
        assert_eq!(sum(Axes::one(1, 2).unwrap()).to_vec::<i64>().unwrap(), [6, 15]);
        assert_eq!(sum(Axes::all(2).unwrap()).to_vec::<i64>().unwrap(), [21]);
        let empty = Tensor::zeros(&[0, 2], DType::Float32, keyway::Device::CPU).unwrap();
        let lens = Tensor::zeros(&[1, 2], DType::Int64, keyway::Device::CPU).unwrap();
        reduce::<f64, i64>(&lens, &empty, Axes::one(0, 2).unwrap(), |lane| lane.len() as i64).unwrap();
        assert_eq!((lens.sizes(), lens.to_vec::<i64>().unwrap()), (&[1i64, 2][..], vec![0, 0]));
    }

    #[test]
    fn lanes_are_mapped_and_converted() {
        let out = Tensor::zeros(&[2, 3], DType::Int64, keyway::Device::CPU).unwrap();
        let reversed = map_to::<f32>(&out, &x(), 0, |lane, out| {
            out.iter_mut().zip(lane.iter().rev()).for_each(|(to, &from)| *to = from);
        });
        reversed.unwrap();
        assert_eq!(out.to_vec::<i64>().unwrap(), [4, 5, 6, 1, 2, 3]);
    }

    #[test]
    fn results_are_stored_lane_by_lane() {
        let out = x();
        store(&out, 0, &[1i64, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(out.to_vec::<i64>().unwrap(), [1, 3, 5, 2, 4, 6]);
        let mut seen = Vec::new();
        for_each::<i64>(&out, 0, |lane| seen.push(lane.to_vec())).unwrap();
        assert_eq!(seen, [[1, 2], [3, 4], [5, 6]]);
    }
}
