//! Joining along a new dimension, and joining on backends that have no kernel for it.

use keyway::{Error, ErrorKind, Result, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::composite::pooling::part;
use crate::promotion::{DEFAULT_FLOAT, Operand, result_dtype};
use crate::shape::joining::{self, is_passed_over, stack_dim};
use crate::shape::window::refused;

#[kernel("aten::stack", CompositeExplicitAutograd)]
fn stack(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let dim = stack_dim(tensors, dim)? as i64;
    let widened: Vec<Tensor> =
        tensors.iter().map(|tensor| aten::unsqueeze::default.call(tensor, dim)).collect::<Result<_>>()?;
    aten::cat::default.call(&widened, dim)
}

/// For backends without a kernel of their own, and for an empty list, which names no backend.
#[kernel("aten::cat", CompositeExplicitAutograd)]
fn cat_in_slices(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    let joined = joining::cat(tensors, dim)?;
    let (dim, device) = (joined.dim as i64, tensors[0].device());
    let sizes = joined.geometry.sizes();
    let out = aten::empty::memory_format.call(sizes, Some(joined.dtype), None, Some(device), None, None)?;
    let mut start = 0;
    for tensor in tensors.iter().filter(|tensor| !is_passed_over(tensor)) {
        let end = start + tensor.sizes()[joined.dim];
        aten::copy_::default.call(
            &aten::slice::Tensor.call(&out, dim, Some(start), Some(end), 1)?,
            tensor,
            false,
        )?;
        start = end;
    }
    Ok(out)
}

#[kernel("aten::concat", CompositeImplicitAutograd)]
#[kernel("aten::concatenate", CompositeImplicitAutograd)]
fn concat(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
    aten::cat::default.call(tensors, dim)
}

#[kernel("aten::concat.out", CompositeImplicitAutograd)]
fn concat_out(tensors: &[Tensor], dim: i64, out: &Tensor) -> Result<()> {
    aten::cat::out.call(tensors, dim, out).map(|_| ())
}

/// The tensors, each with at least so many dimensions by an operator that sees to it.
fn at_least(tensors: &[Tensor], widen: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Vec<Tensor>> {
    match tensors.is_empty() {
        true => Err(Error::new(ErrorKind::Runtime, "tensors must not be an empty list")),
        false => tensors.iter().map(widen).collect(),
    }
}

#[kernel("aten::hstack", CompositeImplicitAutograd)]
fn hstack(tensors: &[Tensor]) -> Result<Tensor> {
    let widened = at_least(tensors, |tensor| aten::atleast_1d::default.call(tensor))?;
    aten::cat::default.call(&widened, if widened[0].dim() == 1 { 0 } else { 1 })
}

#[kernel("aten::vstack", CompositeImplicitAutograd)]
#[kernel("aten::row_stack", CompositeImplicitAutograd)]
fn vstack(tensors: &[Tensor]) -> Result<Tensor> {
    aten::cat::default.call(&at_least(tensors, |tensor| aten::atleast_2d::default.call(tensor))?, 0)
}

#[kernel("aten::dstack", CompositeImplicitAutograd)]
fn dstack(tensors: &[Tensor]) -> Result<Tensor> {
    aten::cat::default.call(&at_least(tensors, |tensor| aten::atleast_3d::default.call(tensor))?, 2)
}

#[kernel("aten::column_stack", CompositeImplicitAutograd)]
fn column_stack(tensors: &[Tensor]) -> Result<Tensor> {
    let as_columns = |tensor: &Tensor| match tensor.dim() {
        0 | 1 => aten::reshape::default.call(tensor, &[tensor.numel() as i64, 1]),
        _ => Ok(tensor.clone()),
    };
    hstack(&at_least(tensors, as_columns)?)
}

#[kernel("aten::meshgrid", CompositeImplicitAutograd)]
fn meshgrid(tensors: &[Tensor]) -> Result<Vec<Tensor>> {
    let sizes: Vec<i64> = tensors.iter().map(|tensor| tensor.numel() as i64).collect();
    let spread = |(d, tensor): (usize, &Tensor)| {
        if tensor.dim() > 1 {
            return Err(Error::new(ErrorKind::Runtime, "coordinates must be vectors or single numbers"));
        }
        let along: Vec<i64> = (0..sizes.len()).map(|other| if other == d { sizes[d] } else { 1 }).collect();
        aten::expand::default.call(&aten::reshape::default.call(tensor, &along)?, &sizes, false)
    };
    tensors.iter().enumerate().map(spread).collect()
}

#[kernel("aten::meshgrid.indexing", CompositeImplicitAutograd)]
fn meshgrid_indexing(tensors: &[Tensor], indexing: &str) -> Result<Vec<Tensor>> {
    match indexing {
        "xy" if tensors.len() >= 2 => {
            let mut swapped = tensors.to_vec();
            swapped.swap(0, 1);
            let mut grids: Vec<Tensor> = aten::meshgrid::default
                .call(&swapped)?
                .iter()
                .map(|grid| aten::transpose::int.call(grid, 0, 1))
                .collect::<Result<_>>()?;
            grids.swap(0, 1);
            Ok(grids)
        }
        "ij" | "xy" => aten::meshgrid::default.call(tensors),
        other => Err(Error::new(
            ErrorKind::Runtime,
            format!("`indexing` must be \"ij\" or \"xy\", it is {other:?}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_filled_one_by_one() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4], &[2, 2]).unwrap();
        let y = Tensor::from_slice(&[0.5f32, 0.25], &[2, 1]).unwrap();
        let joined = cat_in_slices(&[x, y], 1).unwrap();
        assert_eq!(joined.to_vec::<f32>().unwrap(), [1.0, 2.0, 0.5, 3.0, 4.0, 0.25]);
        assert_eq!(aten::cat::default.call(&[], 0).unwrap_err().kind(), keyway::ErrorKind::Value);
    }
}

/// A matrix for each tensor: vectors are rows, and single elements matrices of one.
#[kernel("aten::block_diag", CompositeExplicitAutograd)]
fn block_diag(tensors: &[Tensor]) -> Result<Tensor> {
    let mut blocks = Vec::new();
    for tensor in tensors {
        match tensor.dim() {
            0..=2 => blocks.push(aten::atleast_2d::default.call(tensor)?),
            _ => {
                return Err(refused(format!(
                    "`tensors` must have at most 2 dimensions each, one has the sizes {:?}",
                    tensor.sizes()
                )));
            }
        }
    }
    let operands: Vec<Operand<'_>> = blocks.iter().map(Operand::from).collect();
    let dtype = if blocks.is_empty() { DEFAULT_FLOAT } else { result_dtype(&operands)? };
    let device = blocks.first().map(Tensor::device);
    let sizes =
        blocks.iter().fold([0, 0], |[rows, columns], b| [rows + b.sizes()[0], columns + b.sizes()[1]]);
    let sizes = if blocks.is_empty() { [1, 0] } else { sizes };
    let out = aten::zeros::default.call(&sizes, Some(dtype), None, device, None)?;
    let mut at = [0, 0];
    for block in &blocks {
        aten::copy_::default.call(&part(&out, &at, block.sizes())?, block, false)?;
        at = [at[0] + block.sizes()[0], at[1] + block.sizes()[1]];
    }
    Ok(out)
}

#[kernel("aten::cartesian_prod", CompositeImplicitAutograd)]
fn cartesian_prod(tensors: &[Tensor]) -> Result<Tensor> {
    if let Some(other) = tensors.iter().find(|tensor| tensor.dim() != 1) {
        return Err(refused(format!("`tensors` must be vectors, one has the sizes {:?}", other.sizes())));
    }
    if let [one] = tensors {
        return Ok(one.clone());
    }
    let grids = aten::meshgrid::indexing.call(tensors, "ij")?;
    let flat: Vec<Tensor> = grids.iter().map(aten::ravel).collect::<Result<_>>()?;
    aten::stack::default.call(&flat, 1)
}

/// All ways to choose so many of some positions, in order.
fn choices(count: i64, chosen: i64, with_replacement: bool) -> Result<Vec<i64>> {
    /// More of them would fill memory before anybody could use them.
    const MOST: usize = 1 << 24;
    let mut all: Vec<Vec<i64>> = vec![Vec::new()];
    for _ in 0..chosen {
        let mut longer = Vec::new();
        for choice in &all {
            let first = choice.last().map_or(0, |&last| if with_replacement { last } else { last + 1 });
            longer.extend((first..count).map(|next| [&choice[..], &[next]].concat()));
            if longer.len().saturating_mul(chosen as usize) > MOST {
                return Err(refused(format!("there are too many ways to choose {chosen} of {count}")));
            }
        }
        all = longer;
    }
    Ok(all.concat())
}

#[kernel("aten::combinations", CompositeImplicitAutograd)]
fn combinations(self_: &Tensor, r: i64, with_replacement: bool) -> Result<Tensor> {
    let &[count] = self_.sizes() else {
        return Err(refused(format!("`self` must be a vector, its sizes are {:?}", self_.sizes())));
    };
    match r {
        0 => return self_.new_empty(&[0]),
        r if r < 0 => return Err(refused(format!("`r` must not be negative, it is {r}"))),
        _ => {}
    }
    let chosen = choices(count, r, with_replacement)?;
    let index = Tensor::from_slice(&chosen, &[chosen.len() as i64])?;
    aten::index_select::default.call(self_, 0, &index)?.view(&[-1, r])
}
