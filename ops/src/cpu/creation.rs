//! Creation on the host: what `empty` and the ranges need to know about memory and numbers.

use keyway::{Complex, DType, Device, Element, Layout, MemoryFormat, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::composite::with_elements;
use crate::cpu::conversion::store;
use crate::cpu::elements::{dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::creation::{Range, check_options, check_steps, new_strided, new_tensor, spaced_dtype, triangle};

#[kernel("aten::empty.memory_format", CPU)]
fn empty(
    size: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
    memory_format: Option<MemoryFormat>,
) -> Result<Tensor> {
    new_tensor(size, dtype, layout, device.unwrap_or(Device::CPU), pin_memory, memory_format)
}

#[kernel("aten::arange.start_step", CPU)]
fn arange_start_step(
    start: Scalar,
    end: Scalar,
    step: Scalar,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    let range = Range::new(start, end, step, dtype)?;
    let device = device.unwrap_or(Device::CPU);
    let out = new_tensor(&[range.len], Some(range.dtype), layout, device, pin_memory, None)?;
    dispatch_dtype!(all: range.dtype, T => fill_range::<T>(&out, &range))?;
    Ok(out)
}

/// Integers are counted exactly, floats in double precision from the start, so that errors do not add up.
fn fill_range<T: Number + Element>(out: &Tensor, range: &Range) -> Result<()> {
    write::<T, 0, _>(out, [], |mut elements, _| {
        let elements = elements.as_memory();
        if range.dtype.is_floating_point() {
            let (start, step) = (range.start.to_f64(), range.step.to_f64());
            for (i, element) in elements.iter_mut().enumerate() {
                *element = T::from_f64(start + step * i as f64);
            }
        } else {
            let (start, step) = (range.start.to_i64(), range.step.to_i64());
            for (i, element) in elements.iter_mut().enumerate() {
                *element = T::from_i64(start.wrapping_add(step.wrapping_mul(i as i64)));
            }
        }
        Ok(())
    })
}

#[kernel("aten::empty_strided", CPU)]
fn empty_strided(
    size: &[i64],
    stride: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    new_strided(size, stride, dtype, layout, device.unwrap_or(Device::CPU), pin_memory)
}

/// The positions of a triangle, rows before columns.
fn positions_of(
    triangle: &[(i64, i64)],
    (dtype, layout, pin_memory): (Option<DType>, Option<Layout>, Option<bool>),
) -> Result<Tensor> {
    check_options(layout, pin_memory)?;
    let (rows, columns) = (triangle.iter().map(|at| at.0), triangle.iter().map(|at| at.1));
    let positions: Vec<i64> = rows.chain(columns).collect();
    let out = Tensor::from_slice(&positions, &[2, triangle.len() as i64])?;
    aten::to::dtype.call(&out, dtype.unwrap_or(DType::Int64), false, false, None)
}

/// Kernels of the triangles of a matrix.
macro_rules! triangles {
    ($($operator:tt $kernel:ident = $below:literal;)*) => {$(
        #[kernel($operator, CPU)]
        fn $kernel(
            row: i64,
            col: i64,
            offset: i64,
            dtype: Option<DType>,
            layout: Option<Layout>,
            _device: Option<Device>,
            pin_memory: Option<bool>,
        ) -> Result<Tensor> {
            positions_of(&triangle(row, col, offset, $below)?, (dtype, layout, pin_memory))
        }
    )*};
}
triangles! {
    "aten::tril_indices" tril_indices = true;
    "aten::triu_indices" triu_indices = false;
}

#[kernel("aten::linspace", CPU)]
fn linspace(
    start: Scalar,
    end: Scalar,
    steps: i64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    check_steps(steps)?;
    let dtype = Some(spaced_dtype(start, end, dtype));
    let out = new_tensor(&[steps], dtype, layout, device.unwrap_or(Device::CPU), pin_memory, None)?;
    fill_spaced(&out, start, end, None)?;
    Ok(out)
}

#[kernel("aten::linspace.out", CPU)]
fn linspace_out(start: Scalar, end: Scalar, steps: i64, out: &Tensor) -> Result<()> {
    check_steps(steps)?;
    with_elements(out, steps)?;
    fill_spaced(out, start, end, None)
}

#[kernel("aten::logspace", CPU)]
fn logspace(
    start: Scalar,
    end: Scalar,
    steps: i64,
    base: f64,
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Option<Device>,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    check_steps(steps)?;
    let dtype = Some(spaced_dtype(start, end, dtype));
    let out = new_tensor(&[steps], dtype, layout, device.unwrap_or(Device::CPU), pin_memory, None)?;
    fill_spaced(&out, start, end, Some(base))?;
    Ok(out)
}

#[kernel("aten::logspace.out", CPU)]
fn logspace_out(start: Scalar, end: Scalar, steps: i64, base: f64, out: &Tensor) -> Result<()> {
    check_steps(steps)?;
    with_elements(out, steps)?;
    fill_spaced(out, start, end, Some(base))
}

/// Evenly spaced numbers, counted from the nearer end; with a base, its powers by them.
fn fill_spaced(out: &Tensor, start: Scalar, end: Scalar, base: Option<f64>) -> Result<()> {
    let steps = out.numel();
    let row = Tensor::zeros(out.sizes(), out.dtype(), Device::CPU)?;
    let of_integers = out.dtype().is_integer();
    let at = |i: usize, start: Complex<f64>, end: Complex<f64>| {
        let step = (end - start) / (steps.max(2) - 1) as f64;
        let from = if i < steps / 2 { start + step * i as f64 } else { end - step * (steps - 1 - i) as f64 };
        if steps == 1 { start } else { from }
    };
    let number = |of: Scalar| match of_integers {
        true => Complex::new(of.to_i64() as f64, 0.0),
        false => Complex::new(of.to_f64(), of.imaginary()),
    };
    let numbers = (0..steps).map(|i| at(i, number(start), number(end)));
    let powers: Vec<Complex<f64>> = match base {
        None => numbers.collect(),
        Some(base) if out.dtype().is_complex() => numbers.map(|x| Complex::new(base, 0.0).powc(x)).collect(),
        Some(base) => numbers.map(|x| Complex::new(base.powf(x.re), 0.0)).collect(),
    };
    store(&row, &powers)?;
    aten::copy_::default.call(out, &row, false).map(|_| ())
}
