//! Elements in other places on the host: reversed, in triangles, repeated by counts.

use keyway::{DType, Error, ErrorKind, MemoryFormat, Result, Tensor, kernel};
use ndarray::Axis;

use crate::aten;
use crate::cpu::elements::{as_bits, dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::memory_format::geometry_like;
use crate::room;
use crate::shape::dimension::Axes;

#[kernel("aten::flip", CPU)]
fn flip(self_: &Tensor, dims: &[i64]) -> Result<Tensor> {
    let out = flipped(self_, dims)?;
    let axes = Axes::of(dims, self_.dim())?;
    let (to, from) = (as_bits(&out)?, as_bits(self_)?);
    dispatch_dtype!(bits: to.dtype(), T => write::<T, 1, _>(&to, [&from], |mut out, inputs| {
        let mut source = inputs.get::<T>(0)?.view()?;
        let reversed = (0..self_.dim()).filter(|&d| !dims.is_empty() && axes.contains(d));
        reversed.for_each(|d| source.invert_axis(Axis(d)));
        out.view()?.assign(&source);
        Ok(())
    }))?;
    Ok(out)
}

/// The result of `flip` without elements.
pub(crate) fn flipped(x: &Tensor, dims: &[i64]) -> Result<Tensor> {
    Axes::of(dims, x.dim())?;
    Tensor::zeros_strided(geometry_like(x.geometry(), MemoryFormat::Preserve)?, x.dtype(), x.device())
}

/// Kernels of the triangles of matrices: which columns of a row are kept.
macro_rules! triangles {
    ($($operator:tt $kernel:ident($row:ident, $diagonal:ident, $columns:ident) = $kept:expr;)*) => {$(
        #[kernel($operator, CPU, structured)]
        fn $kernel(self_: &Tensor, diagonal: i64, out: &Tensor) -> Result<()> {
            triangle(self_, out, |$row: i64, $columns: i64| {
                let $diagonal = diagonal;
                $kept
            })
        }
    )*};
}
triangles! {
    "aten::tril.out" tril(row, diagonal, columns)
        = 0..row.saturating_add(diagonal).saturating_add(1).clamp(0, columns);
    "aten::triu.out" triu(row, diagonal, columns) = row.saturating_add(diagonal).clamp(0, columns)..columns;
}

/// Copies the kept columns of every row, and writes zeros elsewhere.
fn triangle(x: &Tensor, out: &Tensor, kept: impl Fn(i64, i64) -> std::ops::Range<i64>) -> Result<()> {
    let (&[.., rows, columns], false) = (x.sizes(), x.numel() == 0) else { return Ok(()) };
    let (to, from) = (as_bits(out)?, as_bits(x)?);
    dispatch_dtype!(bits: to.dtype(), T => write::<T, 1, _>(&to, [&from], |mut out, inputs| {
        let source = inputs.get::<T>(0)?.to_dense()?;
        let out = out.as_slice().ok_or_else(|| Error::shape("the result of a triangle lies in row-major order"))?;
        let lines = out.chunks_exact_mut(columns as usize).zip(source.chunks_exact(columns as usize));
        for (row, (to, from)) in (0..rows).cycle().zip(lines) {
            let kept = kept(row, columns);
            let kept = kept.start as usize..kept.end as usize;
            to.fill(T::ZERO);
            to[kept.clone()].copy_from_slice(&from[kept]);
        }
        Ok(())
    }))
}

/// Each position as many times as its element says.
#[kernel("aten::repeat_interleave.Tensor", CPU)]
fn repeat_interleave(repeats: &Tensor, output_size: Option<i64>) -> Result<Tensor> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Runtime, message));
    if repeats.dim() != 1 {
        return refuse(format!("`repeats` must be a vector, its sizes are {:?}", repeats.sizes()));
    }
    if !matches!(repeats.dtype(), DType::Int64 | DType::Int32) {
        return refuse(format!("`repeats` must be int64 or int32, it is {}", repeats.dtype()));
    }
    let counts = aten::to::dtype.call(repeats, DType::Int64, false, false, None)?.to_vec::<i64>()?;
    if let Some(negative) = counts.iter().find(|&&count| count < 0) {
        return refuse(format!("`repeats` must not be negative, it holds {negative}"));
    }
    let len = counts.iter().fold(0usize, |len, &count| len.saturating_add(count as usize));
    let repeated = |(&count, position)| std::iter::repeat_n(position, count as usize);
    let positions: Vec<i64> = room::collected(len, counts.iter().zip(0i64..).flat_map(repeated))?;
    if output_size.is_some_and(|size| size != positions.len() as i64) {
        return refuse(format!("`output_size` is {output_size:?}, `repeats` add up to {}", positions.len()));
    }
    let out = Tensor::from_slice(&positions, &[positions.len() as i64])?;
    aten::to::dtype.call(&out, repeats.dtype(), false, false, None)
}
