//! The rules of creation operators: which options this library can serve, and how long ranges are.
//!
//! Host and `Meta` kernels share them.

use keyway::{DType, Device, Error, ErrorKind, Geometry, Layout, MemoryFormat, Result, Scalar, Tensor};

use crate::memory_format::new_geometry;
use crate::number_range::in_range;
use crate::promotion::{DEFAULT_FLOAT, to_complex};
use crate::room;

/// A new tensor with the options of a creation operator.
pub(crate) fn new_tensor(
    sizes: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Device,
    pin_memory: Option<bool>,
    format: Option<MemoryFormat>,
) -> Result<Tensor> {
    check_options(layout, pin_memory)?;
    let geometry = new_geometry(sizes, format.unwrap_or(MemoryFormat::Contiguous))?;
    Tensor::zeros_strided(geometry, dtype.unwrap_or(DEFAULT_FLOAT), device)
}

/// Refuses what no backend of this library has.
pub(crate) fn check_options(layout: Option<Layout>, pin_memory: Option<bool>) -> Result<()> {
    if layout.is_some_and(|layout| layout != Layout::Strided) {
        return Err(Error::not_implemented("`layout` must be strided; other layouts have no kernels here"));
    }
    if pin_memory == Some(true) {
        return Err(Error::not_implemented("`pin_memory` must be false; there is no pinned memory here"));
    }
    Ok(())
}

/// A range of numbers: where it starts, its step, how many there are and what dtype they have.
#[derive(Debug, PartialEq)]
pub(crate) struct Range {
    /// The first number.
    pub(crate) start: Scalar,
    /// The distance between neighbours.
    pub(crate) step: Scalar,
    /// How many numbers.
    pub(crate) len: i64,
    /// The dtype of the numbers.
    pub(crate) dtype: DType,
}

impl Range {
    /// The numbers from `start` towards `end`, without it.
    pub(crate) fn new(start: Scalar, end: Scalar, step: Scalar, dtype: Option<DType>) -> Result<Range> {
        let integral = [start, end, step].iter().all(|number| number.is_integral());
        let dtype = dtype.unwrap_or(if integral { DType::Int64 } else { DEFAULT_FLOAT });
        let (from, to, by) = (start.to_f64(), end.to_f64(), step.to_f64());
        if by == 0.0 || by.is_nan() {
            return Err(Error::new(ErrorKind::Runtime, format!("`step` must not be zero, it is {step}")));
        }
        if !from.is_finite() || !to.is_finite() {
            let message = format!("`start` and `end` must be finite, they are {start} and {end}");
            return Err(Error::new(ErrorKind::Runtime, message));
        }
        if (by > 0.0 && to < from) || (by < 0.0 && to > from) {
            return Err(Error::new(
                ErrorKind::Runtime,
                format!("a step of {step} does not lead from {start} to {end}; change its sign"),
            ));
        }
        [start, end, step].into_iter().try_for_each(|number| in_range(number, dtype))?;
        let len = match integral {
            true => integer_steps(start.to_i64(), end.to_i64(), step.to_i64()),
            false => ((to - from) / by).ceil(),
        };
        match len < i64::MAX as f64 {
            true => Ok(Range { start, step, len: len as i64, dtype }),
            false => {
                Err(Error::new(ErrorKind::Runtime, format!("the range from {start} to {end} is too long")))
            }
        }
    }
}

/// The number of steps between two integers, rounded up and exact below 2^53.
fn integer_steps(start: i64, end: i64, step: i64) -> f64 {
    let (distance, step) = (i128::from(end) - i128::from(start), i128::from(step));
    ((distance + step - step.signum()) / step) as f64
}

/// A new tensor with strides of its own, for a creation operator.
pub(crate) fn new_strided(
    sizes: &[i64],
    strides: &[i64],
    dtype: Option<DType>,
    layout: Option<Layout>,
    device: Device,
    pin_memory: Option<bool>,
) -> Result<Tensor> {
    check_options(layout, pin_memory)?;
    let geometry = Geometry::new(sizes, strides, 0)?;
    Tensor::zeros_strided(geometry, dtype.unwrap_or(DEFAULT_FLOAT), device)
}

/// Refuses a negative number of steps.
pub(crate) fn check_steps(steps: i64) -> Result<()> {
    match steps >= 0 {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Runtime, format!("`steps` must not be negative, it is {steps}"))),
    }
}

/// The dtype of evenly spaced numbers: floating-point, or complex where an end is.
pub(crate) fn spaced_dtype(start: Scalar, end: Scalar, dtype: Option<DType>) -> DType {
    let is_complex = start.dtype().is_complex() || end.dtype().is_complex();
    dtype.unwrap_or(if is_complex { to_complex(DEFAULT_FLOAT) } else { DEFAULT_FLOAT })
}

/// The positions of a triangle of a matrix: its rows below (`tril`) or above (`triu`) a diagonal.
pub(crate) fn triangle(row: i64, col: i64, offset: i64, below: bool) -> Result<Vec<(i64, i64)>> {
    check_extent("row", row)?;
    check_extent("col", col)?;
    let columns = |r: i64| {
        let bound = r.saturating_add(offset);
        match below {
            true => 0..bound.saturating_add(1).clamp(0, col),
            false => bound.clamp(0, col)..col,
        }
    };
    // Rows without positions are not walked through: there may be any number of them.
    let (first, end) = match below {
        true => (offset.saturating_neg().saturating_sub(1).clamp(0, row), row),
        false => (0, col.saturating_sub(offset).clamp(0, row)),
    };
    let left = left_of_diagonal(row, col, offset.saturating_add(i64::from(below)));
    let count = if below { left } else { i128::from(row) * i128::from(col) - left };
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    room::collected(count, (first..end).flat_map(|r| columns(r).map(move |c| (r, c))))
}

/// How many positions of a matrix are left of a diagonal that cuts row `r` at column `r + shift`.
fn left_of_diagonal(row: i64, col: i64, shift: i64) -> i128 {
    let (row, col, shift) = (i128::from(row), i128::from(col), i128::from(shift));
    let first = (-shift).clamp(0, row);
    let whole = (col - shift).clamp(first, row);
    let growing = whole - first;
    growing * (first + shift) + growing * (growing - 1) / 2 + (row - whole) * col
}

/// Refuses a negative number of rows or columns.
pub(crate) fn check_extent(name: &str, extent: i64) -> Result<()> {
    match extent >= 0 {
        true => Ok(()),
        false => Err(Error::shape(format!("`{name}` must not be negative, it is {extent}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len(start: Scalar, end: Scalar, step: Scalar) -> i64 {
        Range::new(start, end, step, None).unwrap().len
    }

    #[test]
    fn ranges_stop_before_their_end() {
        use Scalar::{Float, Int};
        assert_eq!(len(Int(0), Int(10), Int(3)), 4);
        assert_eq!(len(Int(5), Int(0), Int(-2)), 3);
        assert_eq!(len(Int(2), Int(2), Int(1)), 0);
        assert_eq!(len(Float(-1.0), Int(1), Float(0.3)), 7);
        assert_eq!(Range::new(Int(0), Float(3.5), Int(1), Some(DType::Int64)).unwrap().len, 4);
    }

    #[test]
    fn steps_must_lead_to_the_end() {
        use Scalar::{Float, Int};
        assert!(Range::new(Int(0), Int(5), Int(-1), None).is_err());
        assert!(Range::new(Int(0), Int(5), Int(0), None).is_err());
        assert!(Range::new(Int(0), Float(f64::INFINITY), Int(1), None).is_err());
    }

    #[test]
    fn triangles_have_rows_in_order() {
        assert_eq!(triangle(2, 2, 0, true).unwrap(), [(0, 0), (1, 0), (1, 1)]);
        assert_eq!(triangle(2, 3, 1, false).unwrap(), [(0, 1), (0, 2), (1, 2)]);
        assert!(triangle(3, 3, -9, true).unwrap().is_empty() && triangle(-1, 2, 0, true).is_err());
        for (row, col, offset, below) in (0..160).map(|n| (n % 4, n / 4 % 4, n / 16 % 5 - 2, n >= 80)) {
            let inside = |r: i64, c: i64| if below { c <= r + offset } else { c >= r + offset };
            let expected: Vec<_> =
                (0..row).flat_map(|r| (0..col).map(move |c| (r, c))).filter(|&(r, c)| inside(r, c)).collect();
            assert_eq!(triangle(row, col, offset, below).unwrap(), expected);
        }
        for offset in [i64::MIN, -1, 0, i64::MAX] {
            assert!(triangle(i64::MAX, 0, offset, true).unwrap().is_empty());
            assert_eq!(triangle(i64::MAX, i64::MAX, offset, true).is_err(), offset > i64::MIN);
        }
    }
}
