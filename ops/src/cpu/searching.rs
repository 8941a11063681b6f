//! Elements looked for among others.

use keyway::{Device, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::lanes::{for_each, store};
use crate::cpu::number::{Number, Ordered};
use crate::shape::searching::{Search, search_dtype, searched};

/// Whether a sorted element comes before the place of a sought one.
fn is_before<T: Ordered>(held: T, sought: T, right: bool) -> bool {
    match (held.is_nan(), sought.is_nan()) {
        (true, _) => right && sought.is_nan(),
        (_, true) => true,
        _ if right => held <= sought,
        _ => held < sought,
    }
}

/// The places of elements in sorted rows: in one for all, or in the row of the same position.
fn places<T: Ordered>(
    sorted: &Tensor,
    sorter: Option<&Tensor>,
    sought: &Tensor,
    right: bool,
) -> Result<Vec<i64>> {
    let sorted = match sorter {
        Some(sorter) => aten::gather::default.call(sorted, -1, sorter, false)?,
        None => sorted.clone(),
    };
    let mut rows: Vec<Vec<T>> = Vec::new();
    for_each::<T>(&sorted, sorted.dim().saturating_sub(1), |row| rows.push(row.to_vec()))?;
    let mut found = Vec::with_capacity(sought.numel());
    let mut at = 0;
    let is_one = sorted.dim() <= 1;
    let empty = Vec::new();
    for_each::<T>(sought, sought.dim().saturating_sub(1), |lane| {
        let row = rows.get(if is_one { 0 } else { at }).unwrap_or(&empty);
        found.extend(lane.iter().map(|&x| row.partition_point(|&held| is_before(held, x, right)) as i64));
        at += 1;
    })?;
    Ok(found)
}

#[kernel("aten::searchsorted.Tensor", CPU)]
fn searchsorted(
    sorted_sequence: &Tensor,
    self_: &Tensor,
    out_int32: bool,
    right: bool,
    side: Option<&str>,
    sorter: Option<&Tensor>,
) -> Result<Tensor> {
    let search = Search { sorted: sorted_sequence, sorter, right, side };
    let right = searched(&search, Some(self_))?;
    let out = Tensor::zeros(self_.sizes(), search_dtype(out_int32), Device::CPU)?;
    dispatch_dtype!(numbers: sorted_sequence.dtype(), T => {
        let found = places::<T>(sorted_sequence, sorter, self_, right)?;
        store(&out, out.dim(), &found)
    })?;
    Ok(out)
}

#[kernel("aten::searchsorted.Scalar", CPU)]
fn searchsorted_scalar(
    sorted_sequence: &Tensor,
    self_: Scalar,
    out_int32: bool,
    right: bool,
    side: Option<&str>,
    sorter: Option<&Tensor>,
) -> Result<Tensor> {
    let dtype = Some(sorted_sequence.dtype());
    let sought =
        aten::scalar_tensor::default.call(self_, dtype, None, Some(sorted_sequence.device()), None)?;
    searchsorted(sorted_sequence, &sought, out_int32, right, side, sorter)
}

#[kernel("aten::bucketize.Tensor", CPU)]
fn bucketize(self_: &Tensor, boundaries: &Tensor, out_int32: bool, right: bool) -> Result<Tensor> {
    crate::shape::searching::boundaries(boundaries)?;
    searchsorted(boundaries, self_, out_int32, right, None, None)
}

#[kernel("aten::bucketize.Scalar", CPU)]
fn bucketize_scalar(self_: Scalar, boundaries: &Tensor, out_int32: bool, right: bool) -> Result<Tensor> {
    crate::shape::searching::boundaries(boundaries)?;
    searchsorted_scalar(boundaries, self_, out_int32, right, None, None)
}

#[kernel("aten::isin.Tensor_Tensor_out", CPU, structured)]
fn isin(
    elements: &Tensor,
    test_elements: &Tensor,
    _assume_unique: bool,
    invert: bool,
    out: &Tensor,
) -> Result<()> {
    let dtype = crate::promotion::result_dtype(&[elements.into(), test_elements.into()])?;
    dispatch_dtype!(ordered: dtype, T => {
        let compare = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal);
        let mut known: Vec<T> = Vec::new();
        let flat = aten::reshape::default.call(test_elements, &[-1])?;
        for_each::<T>(&flat, 0, |lane| known.extend(lane.iter().copied().filter(|x| !x.is_nan())))?;
        known.sort_by(compare);
        let mut found = Vec::with_capacity(elements.numel());
        for_each::<T>(elements, elements.dim().saturating_sub(1), |lane| {
            let is_known = |x: &T| !x.is_nan() && known.binary_search_by(|held| compare(held, x)).is_ok();
            found.extend(lane.iter().map(|x| is_known(x) != invert));
        })?;
        store(out, out.dim(), &found)
    })
}

#[kernel("aten::isin.Tensor_Scalar_out", CPU, structured)]
fn isin_number(
    elements: &Tensor,
    test_element: Scalar,
    unique: bool,
    invert: bool,
    out: &Tensor,
) -> Result<()> {
    isin(elements, &Tensor::wrapped_number(test_element)?, unique, invert, out)
}

#[kernel("aten::isin.Scalar_Tensor_out", CPU, structured)]
fn is_number_in(
    element: Scalar,
    test_elements: &Tensor,
    unique: bool,
    invert: bool,
    out: &Tensor,
) -> Result<()> {
    isin(&Tensor::wrapped_number(element)?, test_elements, unique, invert, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_left_or_right_of_equal_elements() {
        let sorted = Tensor::from_slice(&[1i64, 3, 3, 5], &[4]).unwrap();
        let sought = Tensor::from_slice(&[3i64, 0, 9], &[3]).unwrap();
        let places = |right| {
            searchsorted(&sorted, &sought, false, right, None, None).unwrap().to_vec::<i64>().unwrap()
        };
        assert_eq!((places(false), places(true)), (vec![1, 0, 4], vec![3, 0, 4]));
    }
}
