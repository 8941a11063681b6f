//! Elements at positions named by index tensors and masks, for several dimensions at once, and positions counted through
//! all dimensions.
//!
//! What is chosen is described by three lists of offsets: of the dimensions before the indexed ones, of the indexed ones
//! together, and of those after them. Each element of the result is at the sum of one of each.

use keyway::{Device, Dims, Element, Error, ErrorKind, Geometry, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::{as_bits, dispatch_dtype, write};
use crate::cpu::indexing::moved;
use crate::cpu::masks::true_positions;
use crate::cpu::number::Number;
use crate::overlap::forbid_internal_overlap;
use crate::room;
use crate::shape::advanced_indexing::{Indexed, indexed, is_mask};

/// Which elements of a tensor are chosen.
struct Selection {
    sizes: Dims,
    before: Vec<usize>,
    chosen: Vec<usize>,
    after: Vec<usize>,
}

impl Selection {
    fn of(x: &Tensor, indices: &[Option<Tensor>]) -> Result<Selection> {
        let indices = without_masks(x, indices)?;
        let geometries: Vec<Option<&Geometry>> =
            indices.iter().map(|index| index.as_ref().map(Tensor::geometry)).collect();
        let plan = indexed(x.sizes(), &geometries)?;
        let chosen = chosen_offsets(x.geometry(), &plan, &indices)?;
        let offsets = |dims: &[usize]| offsets_of(x.geometry(), dims);
        Ok(Selection {
            before: offsets(&plan.before)?,
            chosen,
            after: offsets(&plan.after)?,
            sizes: plan.sizes,
        })
    }

    /// Calls `visit` with the offset of each chosen element, in the order of the result.
    fn for_each(&self, mut visit: impl FnMut(usize)) {
        for before in &self.before {
            for chosen in &self.chosen {
                self.after.iter().for_each(|after| visit(before + chosen + after));
            }
        }
    }
}

/// Masks as the positions of their true elements, one vector for each dimension they cover.
fn without_masks(x: &Tensor, indices: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
    let mut positions = Vec::with_capacity(indices.len());
    for index in indices {
        match index {
            Some(mask) if is_mask(mask)? => {
                let from = positions.len();
                let covered = x.sizes().get(from..from + mask.dim());
                if covered != Some(mask.sizes()) {
                    return Err(Error::index(format!(
                        "a mask of sizes {:?} does not fit the dimensions of sizes {:?} from {from} on",
                        mask.sizes(),
                        x.sizes()
                    )));
                }
                positions.extend(true_positions(mask)?.into_iter().map(Some));
            }
            other => positions.push(other.clone()),
        }
    }
    Ok(positions)
}

/// The offsets of the elements along some dimensions, the last one varying fastest.
fn offsets_of(geometry: &Geometry, dims: &[usize]) -> Result<Vec<usize>> {
    dims.iter().try_fold(vec![0], |offsets, &d| {
        let (size, stride) = (geometry.sizes()[d] as usize, geometry.strides()[d] as usize);
        let next = offsets.iter().flat_map(|from| (0..size).map(move |at| from + at * stride));
        room::collected(offsets.len().saturating_mul(size), next)
    })
}

/// The offsets that the indices name together.
fn chosen_offsets(geometry: &Geometry, plan: &Indexed, indices: &[Option<Tensor>]) -> Result<Vec<usize>> {
    let mut offsets = room::elements(plan.positions.iter().product::<i64>() as usize, 0usize)?;
    for (d, index) in indices.iter().enumerate() {
        let Some(index) = index else { continue };
        let index = aten::to::dtype.call(index, i64::DTYPE, false, false, None)?;
        let positions = aten::expand::default.call(&index, &plan.positions, false)?.to_vec::<i64>()?;
        let (size, stride) = (geometry.sizes()[d], geometry.strides()[d] as usize);
        for (offset, position) in offsets.iter_mut().zip(positions) {
            *offset += from_front(position, size, d)? * stride;
        }
    }
    Ok(offsets)
}

fn from_front(position: i64, size: i64, dimension: usize) -> Result<usize> {
    match (-size..size).contains(&position) {
        true => Ok(position.rem_euclid(size) as usize),
        false => Err(Error::index(format!(
            "index {position} is out of range for dimension {dimension} of size {size}"
        ))),
    }
}

#[kernel("aten::index.Tensor", CPU)]
fn index(self_: &Tensor, indices: &[Option<Tensor>]) -> Result<Tensor> {
    let selection = Selection::of(self_, indices)?;
    gathered(self_, &selection.sizes, |visit| selection.for_each(visit))
}

/// A new tensor of the elements at offsets from the first one, in their order.
fn gathered(x: &Tensor, sizes: &[i64], offsets: impl FnOnce(&mut dyn FnMut(usize))) -> Result<Tensor> {
    moved(x, |x| {
        dispatch_dtype!(bits: x.dtype(), T => {
            let out = Tensor::zeros(sizes, x.dtype(), Device::CPU)?;
            write::<T, 1, _>(&out, [x], |mut out, inputs| {
                let source = inputs.get::<T>(0)?.as_memory();
                let mut to = out.as_memory().iter_mut();
                offsets(&mut |offset| {
                    if let Some(to) = to.next() {
                        *to = source[offset];
                    }
                });
                Ok(())
            })?;
            Ok(out)
        })
    })
}

#[kernel("aten::_index_put_impl_", CPU)]
fn _index_put_impl_(
    self_: &Tensor,
    indices: &[Option<Tensor>],
    values: &Tensor,
    accumulate: bool,
    _unsafe: bool,
) -> Result<()> {
    if self_.dtype() != values.dtype() {
        return Err(Error::dtype(format!(
            "`values` must have the dtype of `self`, {}, they have {}",
            self_.dtype(),
            values.dtype()
        )));
    }
    forbid_internal_overlap(self_)?;
    let selection = Selection::of(self_, indices)?;
    let values = aten::expand::default.call(values, &selection.sizes, false).map_err(|_| {
        Error::shape(format!(
            "values of sizes {:?} do not broadcast to {:?}, the sizes of what is indexed",
            values.sizes(),
            &selection.sizes[..]
        ))
    })?;
    match accumulate {
        true => dispatch_dtype!(all: self_.dtype(), T => put::<T>(self_, &values, &selection, T::plus)),
        false => {
            let (to, from) = (as_bits(self_)?, as_bits(&values)?);
            dispatch_dtype!(bits: to.dtype(), T => put::<T>(&to, &from, &selection, |_, value| value))
        }
    }
}

fn put<T: Number>(
    x: &Tensor,
    values: &Tensor,
    selection: &Selection,
    combine: impl Fn(T, T) -> T,
) -> Result<()> {
    write::<T, 1, _>(x, [values], |mut out, inputs| {
        let values = inputs.get::<T>(0)?.to_dense()?;
        let (out, mut values) = (out.as_memory(), values.iter());
        selection.for_each(|offset| {
            if let Some(&value) = values.next() {
                out[offset] = combine(out[offset], value);
            }
        });
        Ok(())
    })
}

#[kernel("aten::take", CPU)]
fn take(self_: &Tensor, index: &Tensor) -> Result<Tensor> {
    crate::shape::advanced_indexing::take(index)?;
    let positions = aten::to::dtype.call(index, i64::DTYPE, false, false, None)?.to_vec::<i64>()?;
    let len = self_.numel() as i64;
    let places: Vec<usize> = positions
        .into_iter()
        .map(|position| match (-len..len).contains(&position) {
            true => Ok(position.rem_euclid(len) as usize),
            false => Err(Error::new(
                ErrorKind::Index,
                format!("index {position} is out of range for a tensor of {len} elements"),
            )),
        })
        .collect::<Result<_>>()?;
    let dims: Vec<usize> = (0..self_.dim()).collect();
    let offsets = offsets_of(self_.geometry(), &dims)?;
    gathered(self_, index.sizes(), |visit| places.iter().for_each(|&place| visit(offsets[place])))
}
