//! Choosing elements by position.

use std::borrow::Cow;

use crate::aten;
use crate::cpu::elements::{Elements, Inputs, as_bits, computed, dispatch_dtype, filled};
use crate::cpu::number::Number;
use crate::shape::dimension::{extent, wrap};
use crate::shape::indexing as rules;
use keyway::{DType, Error, ErrorKind, Result, Tensor, kernel};

/// The positions an index holds, in row-major order.
fn positions<'a>(inputs: &'a Inputs<'_, 2>, dtype: DType) -> Result<Cow<'a, [i64]>> {
    match dtype {
        DType::Int64 => inputs.get::<i64>(1)?.to_dense(),
        _ => Ok(inputs.get::<i32>(1)?.to_dense()?.iter().map(|&position| i64::from(position)).collect()),
    }
}

/// A new tensor of the input's dtype, made of its elements by a kernel that sees them as bits.
pub(super) fn moved(x: &Tensor, kernel: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let made = kernel(&as_bits(x)?)?;
    Tensor::from_storage(made.storage().clone(), x.dtype(), made.device(), made.geometry().clone())
}

fn checked(position: i64, size: i64, kind: ErrorKind) -> Result<usize> {
    match (0..size).contains(&position) {
        true => Ok(position as usize),
        false => Err(Error::new(
            kind,
            format!("index holds {position}, which is out of range for a dimension of size {size}"),
        )),
    }
}

#[kernel("aten::index_select", CPU)]
fn index_select(self_: &Tensor, dim: i64, index: &Tensor) -> Result<Tensor> {
    let (sizes, d) = rules::index_select(self_.sizes(), dim, index)?;
    let size = extent(self_.sizes(), d);
    // Elements lie as [before the dimension, along it, after it].
    let inner: usize = self_.sizes().iter().skip(d + 1).map(|&size| size as usize).product();
    moved(self_, |self_| {
        dispatch_dtype!(bits: self_.dtype(), T => computed(&sizes, [self_, index], |out: &mut [T], inputs| {
            let chosen = positions(inputs, index.dtype())?;
            let chosen: Vec<usize> =
                chosen.iter().map(|&position| checked(position, size, ErrorKind::Index)).collect::<Result<_>>()?;
            if out.is_empty() {
                return Ok(());
            }
            let source = inputs.get::<T>(0)?.to_dense()?;
            let blocks = source.chunks_exact(size as usize * inner);
            for (to, from) in out.chunks_exact_mut(chosen.len() * inner).zip(blocks) {
                match inner {
                    1 => to.iter_mut().zip(&chosen).for_each(|(to, &position)| *to = from[position]),
                    inner => to.chunks_exact_mut(inner).zip(&chosen).for_each(|(to, &position)| {
                        to.copy_from_slice(&from[position * inner..][..inner]);
                    }),
                }
            }
            Ok(())
        }))
    })
}

#[kernel("aten::gather.out", CPU, structured)]
fn gather(self_: &Tensor, dim: i64, index: &Tensor, _sparse_grad: bool, out: &Tensor) -> Result<()> {
    if index.numel() == 0 {
        return Ok(());
    }
    let d = wrap(dim, self_.dim())?;
    let size = extent(self_.sizes(), d);
    let (out, from) = (as_bits(out)?, as_bits(self_)?);
    dispatch_dtype!(bits: out.dtype(), T => filled(&out, [&from, index], |out: &mut [T], inputs| {
        let positions = positions(inputs, index.dtype())?;
        gather_elements(out, inputs.get::<T>(0)?, &positions, index.sizes(), d, size)
    }))
}

/// Row after row of the index; `d` is the dimension along which the index says where to go.
fn gather_elements<T: Number>(
    out: &mut [T],
    source: Elements<'_, T>,
    positions: &[i64],
    sizes: &[i64],
    d: usize,
    size: i64,
) -> Result<()> {
    let (strides, from) = (source.geometry().strides(), source.as_memory());
    let step = strides.get(d).map_or(0, |&stride| stride as usize);
    // Along every other dimension the source is followed in step with the index.
    let follow = |e: usize| if e == d { 0 } else { strides[e] as usize };
    let (outer, inner, inner_step) = match sizes.split_last() {
        Some((&inner, outer)) => (outer, inner as usize, follow(outer.len())),
        None => (sizes, 1, 0),
    };
    let mut at = vec![0; outer.len()];
    for (row, positions) in out.chunks_exact_mut(inner).zip(positions.chunks_exact(inner)) {
        let start: usize = at.iter().enumerate().map(|(e, &position)| position * follow(e)).sum();
        for (j, (to, &position)) in row.iter_mut().zip(positions).enumerate() {
            *to = from[start + j * inner_step + checked(position, size, ErrorKind::Runtime)? * step];
        }
        for e in (0..at.len()).rev() {
            at[e] += 1;
            if at[e] < outer[e] as usize {
                break;
            }
            at[e] = 0;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::Geometry;

    fn transposed() -> Tensor {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
        x.view_as(Geometry::new(&[3, 2], &[1, 3], 0).unwrap()).unwrap()
    }

    #[test]
    fn slices_are_chosen_and_may_repeat() {
        let index = Tensor::from_slice(&[1i32, 1, 0], &[3]).unwrap();
        let chosen = index_select(&transposed(), 1, &index).unwrap();
        assert_eq!(chosen.to_vec::<i64>().unwrap(), [4, 4, 1, 5, 5, 2, 6, 6, 3]);
        let outside = Tensor::from_slice(&[-1i64], &[1]).unwrap();
        assert_eq!(index_select(&transposed(), 1, &outside).unwrap_err().kind(), ErrorKind::Index);
    }

    #[test]
    fn elements_are_gathered() {
        let index = Tensor::from_slice(&[2i64, 0, 1, 1], &[2, 2]).unwrap();
        assert_eq!(aten::gather(&transposed(), 0, &index).unwrap().to_vec::<i64>().unwrap(), [3, 4, 2, 5]);
        let number = Tensor::from_slice(&[7f32], &[]).unwrap();
        let zero = Tensor::from_slice(&[0i64], &[]).unwrap();
        assert_eq!(aten::gather(&number, 0, &zero).unwrap().to_vec::<f32>().unwrap(), [7.0]);
    }
}
