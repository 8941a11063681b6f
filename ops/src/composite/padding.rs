//! Padding: a number around the elements, or elements again.

use keyway::{Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::composite::pooling::part;
use crate::memory_format::{new_geometry, suggested_format};
use crate::room;
use crate::shape::window::refused;

/// Padding before and after the elements of each dimension; it is given from the last dimension on.
fn around(x: &Tensor, pad: &[i64]) -> Result<Vec<(i64, i64)>> {
    let (pairs, rest) = pad.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > x.dim() {
        return Err(refused(format!(
            "`pad` must have two values for each of at most {} dimensions, it is {pad:?}",
            x.dim()
        )));
    }
    let mut around = vec![(0, 0); x.dim()];
    around.iter_mut().rev().zip(pairs).for_each(|(to, &[before, after])| *to = (before, after));
    Ok(around)
}

#[kernel("aten::constant_pad_nd", CompositeExplicitAutograd)]
fn constant_pad_nd(self_: &Tensor, pad: &[i64], value: Scalar) -> Result<Tensor> {
    let around = around(self_, pad)?;
    let sizes: Vec<i64> =
        self_.sizes().iter().zip(&around).map(|(size, pad)| padded_size(*size, *pad)).collect();
    if sizes.iter().any(|&size| size < 0) {
        return Err(refused(format!(
            "`pad` {pad:?} takes more than there is from sizes {:?}",
            self_.sizes()
        )));
    }
    if around.iter().all(|(before, after)| *before <= 0 && *after <= 0) {
        let kept = kept(self_, &around)?;
        return aten::clone::default.call(&kept, None);
    }
    let geometry = new_geometry(&sizes, suggested_format(self_.geometry()))?;
    let (dtype, device) = (Some(self_.dtype()), Some(self_.device()));
    let out = aten::empty::memory_format.call(&sizes, dtype, None, device, None, None)?;
    out.set_geometry(geometry)?;
    aten::fill_::Scalar.call(&out, value)?;
    let kept = kept(self_, &around)?;
    let starts: Vec<i64> = around.iter().map(|(before, _)| (*before).max(0)).collect();
    aten::copy_::default.call(&part(&out, &starts, kept.sizes())?, &kept, false)?;
    Ok(out)
}

/// The elements that negative padding leaves.
fn kept(x: &Tensor, around: &[(i64, i64)]) -> Result<Tensor> {
    let starts: Vec<i64> = around.iter().map(|(before, _)| before.min(&0).saturating_neg()).collect();
    let sizes: Vec<i64> = x
        .sizes()
        .iter()
        .zip(around)
        .map(|(size, (before, after))| padded_size(*size, (*before.min(&0), *after.min(&0))))
        .collect();
    part(x, &starts, &sizes)
}

/// The size of a padded dimension; one that no tensor has where numbers end.
fn padded_size(size: i64, (before, after): (i64, i64)) -> i64 {
    let padded = i128::from(size) + i128::from(before) + i128::from(after);
    padded.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// How elements are repeated.
#[derive(Clone, Copy)]
enum Repeated {
    /// Mirrored at the first and the last element, which are not repeated.
    Reflect,
    /// The first and the last element.
    Replicate,
    /// From the other end.
    Circular,
}

impl Repeated {
    /// The positions of the elements of a padded dimension.
    fn positions(self, size: i64, (before, after): (i64, i64)) -> Result<Vec<i64>> {
        let largest = before.max(after);
        let fits = match self {
            Repeated::Reflect => largest < size,
            Repeated::Replicate => size > 0,
            Repeated::Circular => largest <= size,
        };
        let padded = padded_size(size, (before, after));
        if !fits || padded < 0 {
            return Err(refused(format!(
                "`pad` of {before} and {after} is too much for a dimension of size {size} in this mode"
            )));
        }
        let place = |at: i64| match self {
            Repeated::Reflect if at < 0 => -at,
            Repeated::Reflect if at >= size => 2 * (size - 1) - at,
            Repeated::Reflect => at,
            Repeated::Replicate => at.clamp(0, size - 1),
            Repeated::Circular => at.rem_euclid(size),
        };
        room::collected(padded as usize, (before.saturating_neg()..size.saturating_add(after)).map(place))
    }
}

#[kernel("aten::pad", CompositeImplicitAutograd)]
fn pad(self_: &Tensor, pad: &[i64], mode: &str, value: Option<f64>) -> Result<Tensor> {
    let repeated = match mode {
        "constant" => {
            return aten::constant_pad_nd::default.call(self_, pad, Scalar::Float(value.unwrap_or(0.0)));
        }
        "reflect" => Repeated::Reflect,
        "replicate" => Repeated::Replicate,
        "circular" => Repeated::Circular,
        other => {
            let message = format!(
                "`mode` must be \"constant\", \"reflect\", \"replicate\" or \"circular\", it is {other:?}"
            );
            return Err(Error::new(ErrorKind::NotImplemented, message));
        }
    };
    if value.is_some_and(|value| value != 0.0) {
        return Err(refused(format!("`value` has no meaning in the mode {mode:?}")));
    }
    let padded = pad.len() / 2;
    if padded == 0 || !matches!(self_.dim().checked_sub(padded), Some(1 | 2)) {
        return Err(Error::not_implemented(format!(
            "the mode {mode:?} pads all dimensions but one or two; `pad` {pad:?} does not, of sizes {:?}",
            self_.sizes()
        )));
    }
    let around = around(self_, pad)?;
    let mut out = self_.clone();
    for (dim, padding) in around.into_iter().enumerate().filter(|(_, padding)| *padding != (0, 0)) {
        let positions = repeated.positions(out.sizes()[dim], padding)?;
        let index = Tensor::from_slice(&positions, &[positions.len() as i64])?;
        out = aten::index_select::default.call(&out, dim as i64, &index)?;
    }
    Ok(out)
}

/// Other names of `pad` in one mode, for rows and for planes.
macro_rules! pads {
    ($($operator:tt $kernel:ident = $mode:literal, $values:literal;)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel(self_: &Tensor, padding: &[i64]) -> Result<Tensor> {
            match padding.len() {
                $values => aten::pad::default.call(self_, padding, $mode, None),
                other => Err(refused(format!("`padding` must have {} values, it has {other}", $values))),
            }
        }
    )*};
}
pads! {
    "aten::reflection_pad1d" reflection_pad1d = "reflect", 2;
    "aten::reflection_pad2d" reflection_pad2d = "reflect", 4;
    "aten::replication_pad1d" replication_pad1d = "replicate", 2;
    "aten::replication_pad2d" replication_pad2d = "replicate", 4;
}
