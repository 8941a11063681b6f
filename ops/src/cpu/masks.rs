//! Elements chosen by whether they, or those of a mask, are true.

use keyway::{DType, Device, Error, ErrorKind, Geometry, Result, Tensor, kernel};

use crate::aten;
use crate::broadcast::broadcast_sizes;
use crate::cpu::elements::{as_bits, dispatch_dtype, write};
use crate::cpu::number::Number;
use crate::overlap::forbid_internal_overlap;
use crate::shape::indexing::masked_scatter as masked_scatter_rule;

/// Which elements are true, in row-major order.
fn truth(x: &Tensor) -> Result<Vec<bool>> {
    let truth = aten::to::dtype.call(x, DType::Bool, false, false, None)?;
    truth.to_vec::<bool>()
}

/// The positions of the true elements, in row-major order, one vector for each dimension.
pub(crate) fn true_positions(x: &Tensor) -> Result<Vec<Tensor>> {
    let places: Vec<i64> =
        truth(x)?.iter().zip(0..).filter(|(is_true, _)| **is_true).map(|(_, at)| at).collect();
    let mut step = x.numel() as i64;
    let along = x.sizes().iter().map(|&size| {
        step /= size.max(1);
        let positions: Vec<i64> = places.iter().map(|place| place / step.max(1) % size).collect();
        Tensor::from_slice(&positions, &[places.len() as i64])
    });
    along.collect()
}

/// One row for each true element; the numbers of one dimension lie side by side.
#[kernel("aten::nonzero", CPU)]
fn nonzero(self_: &Tensor) -> Result<Tensor> {
    let positions = true_positions(self_)?;
    let (count, rank) = match positions.first() {
        Some(first) => (first.numel() as i64, self_.dim() as i64),
        None => (truth(self_)?.iter().filter(|&&is_true| is_true).count() as i64, 0),
    };
    let geometry = Geometry::new(&[count, rank], &[1, count], 0)?;
    let out = Tensor::zeros_strided(geometry, DType::Int64, Device::CPU)?;
    for (d, along) in positions.iter().enumerate() {
        aten::copy_::default.call(&aten::select::int.call(&out, 1, d as i64)?, along, false)?;
    }
    Ok(out)
}

/// Refuses a mask that holds anything but truth values.
fn check_mask(mask: &Tensor) -> Result<()> {
    match mask.dtype() {
        DType::Bool | DType::UInt8 => Ok(()),
        other => Err(Error::new(ErrorKind::Runtime, format!("`mask` must be bool, it is {other}"))),
    }
}

#[kernel("aten::masked_select", CPU)]
fn masked_select(self_: &Tensor, mask: &Tensor) -> Result<Tensor> {
    check_mask(mask)?;
    let sizes = broadcast_sizes(self_.sizes(), mask.sizes())?;
    let chosen = truth(&aten::expand::default.call(mask, &sizes, false)?)?;
    let elements = aten::expand::default.call(&as_bits(self_)?, &sizes, false)?;
    let selected = dispatch_dtype!(bits: elements.dtype(), T => {
        let elements = elements.to_vec::<T>()?;
        let selected: Vec<T> =
            elements.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(x, _)| x).collect();
        Tensor::from_slice(&selected, &[selected.len() as i64])
    })?;
    Tensor::from_storage(selected.storage().clone(), self_.dtype(), Device::CPU, selected.geometry().clone())
}

#[kernel("aten::masked_scatter_", CPU)]
fn masked_scatter_(self_: &Tensor, mask: &Tensor, source: &Tensor) -> Result<()> {
    masked_scatter_rule(self_, mask, source)?;
    forbid_internal_overlap(self_)?;
    let chosen = truth(&aten::expand::default.call(mask, self_.sizes(), false)?)?;
    let wanted = chosen.iter().filter(|&&chosen| chosen).count();
    if wanted > source.numel() {
        return Err(Error::new(
            ErrorKind::Runtime,
            format!("`source` has {} elements, the mask chooses {wanted}", source.numel()),
        ));
    }
    let (to, from) = (as_bits(self_)?, as_bits(source)?);
    dispatch_dtype!(bits: to.dtype(), T => {
        let source = from.to_vec::<T>()?;
        let mut source = source.into_iter();
        write::<T, 0, _>(&to, [], |mut out, _| {
            for (to, chosen) in out.view()?.iter_mut().zip(chosen) {
                if chosen {
                    *to = source.next().unwrap_or(T::ZERO);
                }
            }
            Ok(())
        })
    })
}
