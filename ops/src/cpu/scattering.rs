//! Elements written to, or combined with those at, positions along a dimension. The position in the other dimensions is
//! that in the index.

use keyway::{Element, Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::{as_bits, dispatch_dtype, write_apart};
use crate::cpu::number::{Number, Ordered};
use crate::cpu::walk::walk;
use crate::shape::dimension::wrap;
use crate::shape::indexing::Reduce;

/// The tensor in the dtype of a Rust type; itself if it has it.
fn in_dtype<T: Element>(x: &Tensor) -> Result<Tensor> {
    aten::to::dtype.call(x, T::DTYPE, false, false, None)
}

/// Calls `visit` with each element of `out` at a position that the index holds, its place, and the element of `src` that
/// belongs to it. `out` and `src` have memory of their own.
fn visit_targets<T: Number>(
    out: &Tensor,
    dim: i64,
    index: &Tensor,
    src: &Tensor,
    mut visit: impl FnMut(&mut T, usize, T),
) -> Result<()> {
    if index.numel() == 0 {
        return Ok(());
    }
    let d = wrap(dim, out.dim())?;
    let index = aten::contiguous::default.call(&in_dtype::<i64>(index)?, keyway::MemoryFormat::Contiguous)?;
    let (size, step) =
        (out.sizes().get(d).copied().unwrap_or(1), out.strides().get(d).map_or(0, |&stride| stride as usize));
    let mut followed = out.strides().to_vec();
    if let Some(stride) = followed.get_mut(d) {
        *stride = 0;
    }
    write_apart::<T, 2, _>(out, [&index, src], |mut elements, inputs| {
        let (positions, source) = (inputs.get::<i64>(0)?, inputs.get::<T>(1)?);
        let (positions, source, out) = (positions.as_memory(), source.as_memory(), elements.as_memory());
        let mut outcome = Ok(());
        let strides = [index.strides(), &followed[..], src.strides()];
        walk(index.sizes(), strides, |[at, to, from], [at_step, to_step, from_step], len| {
            for k in 0..len {
                match in_range(positions[at + k * at_step], size) {
                    Ok(position) => {
                        let place = to + k * to_step + position * step;
                        visit(&mut out[place], place, source[from + k * from_step]);
                    }
                    Err(error) if outcome.is_ok() => outcome = Err(error),
                    Err(_) => {}
                }
            }
        });
        outcome
    })
}

fn in_range(position: i64, size: i64) -> Result<usize> {
    match (0..size).contains(&position) {
        true => Ok(position as usize),
        false => Err(Error::new(
            ErrorKind::Runtime,
            format!("`index` holds {position}, which is out of range for a dimension of size {size}"),
        )),
    }
}

#[kernel("aten::scatter.src_out", CPU, structured)]
fn scatter_src(self_: &Tensor, dim: i64, index: &Tensor, src: &Tensor, out: &Tensor) -> Result<()> {
    aten::copy_::default.call(out, self_, false)?;
    let (to, from) = (as_bits(out)?, as_bits(src)?);
    dispatch_dtype!(bits: to.dtype(), T => visit_targets::<T>(&to, dim, index, &from, |to, _, x| *to = x))
}

#[kernel("aten::scatter.value_out", CPU, structured)]
fn scatter_value(self_: &Tensor, dim: i64, index: &Tensor, value: Scalar, out: &Tensor) -> Result<()> {
    scatter_src(self_, dim, index, &everywhere(value, self_, index)?, out)
}

#[kernel("aten::scatter_add.out", CPU, structured)]
fn scatter_add(self_: &Tensor, dim: i64, index: &Tensor, src: &Tensor, out: &Tensor) -> Result<()> {
    dispatch_dtype!(values: out.dtype(), T => {
        let (sums, src) = (own_copy::<T>(self_)?, in_dtype::<T>(src)?);
        visit_targets::<T>(&sums, dim, index, &src, |sum, _, x| *sum = sum.plus(x))?;
        aten::copy_::default.call(out, &sums, false).map(|_| ())
    })
}

/// A copy in row-major order that nobody else holds.
fn own_copy<T: Element>(x: &Tensor) -> Result<Tensor> {
    let format = Some(keyway::MemoryFormat::Contiguous);
    aten::_to_copy::default.call(x, Some(T::DTYPE), None, None, None, false, format)
}

#[kernel("aten::scatter_reduce.two_out", CPU, structured)]
fn scatter_reduce(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    src: &Tensor,
    reduce: &str,
    include_self: bool,
    out: &Tensor,
) -> Result<()> {
    let reduce = Reduce::of(reduce)?;
    dispatch_dtype!(ordered: out.dtype(), T => {
        let (held, src) = (own_copy::<T>(self_)?, in_dtype::<T>(src)?);
        // How many elements were combined; the first one replaces what is there unless that counts.
        let mut counts = vec![i64::from(include_self); held.numel()];
        visit_targets::<T>(&held, dim, index, &src, |to, place, x| {
            *to = if counts[place] == 0 { x } else { combined(reduce, *to, x) };
            counts[place] += 1;
        })?;
        if reduce == Reduce::Mean {
            divide_by(&held, &counts, T::DTYPE.is_floating_point())?;
        }
        aten::copy_::default.call(out, &held, false).map(|_| ())
    })
}

#[kernel("aten::scatter.reduce_out", CPU, structured)]
fn scatter_combine(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    src: &Tensor,
    reduce: &str,
    out: &Tensor,
) -> Result<()> {
    if Reduce::of_scatter(reduce)? == Reduce::Sum {
        return scatter_add(self_, dim, index, src, out);
    }
    dispatch_dtype!(values: out.dtype(), T => {
        let (products, src) = (own_copy::<T>(self_)?, in_dtype::<T>(src)?);
        visit_targets::<T>(&products, dim, index, &src, |product, _, x| *product = product.times(x))?;
        aten::copy_::default.call(out, &products, false).map(|_| ())
    })
}

#[kernel("aten::scatter.value_reduce_out", CPU, structured)]
fn scatter_combine_value(
    self_: &Tensor,
    dim: i64,
    index: &Tensor,
    value: Scalar,
    reduce: &str,
    out: &Tensor,
) -> Result<()> {
    scatter_combine(self_, dim, index, &everywhere(value, self_, index)?, reduce, out)
}

/// One number in the sizes of an index.
fn everywhere(value: Scalar, x: &Tensor, index: &Tensor) -> Result<Tensor> {
    let number = aten::scalar_tensor::default.call(value, Some(x.dtype()), None, None, None)?;
    aten::expand::default.call(&number, index.sizes(), false)
}

fn combined<T: Ordered>(reduce: Reduce, a: T, b: T) -> T {
    match reduce {
        Reduce::Sum | Reduce::Mean => a.plus(b),
        Reduce::Product => a.times(b),
        Reduce::Largest if b > a || b.is_nan() => b,
        Reduce::Smallest if b < a || b.is_nan() => b,
        Reduce::Largest | Reduce::Smallest => a,
    }
}

/// Sums become means, rounded downwards for integers.
fn divide_by(sums: &Tensor, counts: &[i64], has_fractions: bool) -> Result<()> {
    let counts: Vec<i64> = counts.iter().map(|&count| count.max(1)).collect();
    let counts = Tensor::from_slice(&counts, sums.sizes())?;
    let rounding = (!has_fractions).then_some("floor");
    aten::div_::Tensor_mode.call(sums, &counts, rounding).map(|_| ())
}
