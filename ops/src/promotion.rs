//! Type promotion: which dtype an operator computes in, given its operands.
//!
//! Operands fall into three categories: tensors with dimensions, tensors without, and plain numbers. A lower category
//! changes the dtype only if it brings a higher kind of number (`bool`, integer, floating-point). Rules about sizes
//! are in [`broadcast`](crate::broadcast), what operators do with the promoted dtype in [`pointwise`](crate::pointwise).

use keyway::{DType, Device, Result, Scalar, Tensor};

/// The dtype of floating-point numbers that no tensor gave a dtype.
pub(crate) const DEFAULT_FLOAT: DType = DType::Float32;

/// An operand of a pointwise operator: what the overloads for tensors and for numbers have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operand<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A plain number, which broadcasts like a tensor without dimensions.
    Number(Scalar),
}

impl Operand<'_> {
    /// Extents of the dimensions; a number has none.
    pub(crate) fn sizes(&self) -> &[i64] {
        match self {
            Operand::Tensor(tensor) => tensor.sizes(),
            Operand::Number(_) => &[],
        }
    }

    /// The dtype it has before promotion.
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Operand::Tensor(tensor) => tensor.dtype(),
            Operand::Number(number) => number.dtype(),
        }
    }

    /// The tensor, if it is one.
    #[inline]
    pub(crate) fn tensor(&self) -> Option<&Tensor> {
        match self {
            Operand::Tensor(tensor) => Some(tensor),
            Operand::Number(_) => None,
        }
    }

    fn category(&self) -> Category {
        match self {
            Operand::Tensor(tensor) if tensor.is_wrapped_number() => Category::Number,
            Operand::Tensor(tensor) if tensor.dim() == 0 => Category::ZeroDimensional,
            Operand::Tensor(_) => Category::Dimensioned,
            Operand::Number(_) => Category::Number,
        }
    }
}

impl<'a> From<&'a Tensor> for Operand<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Operand::Tensor(tensor)
    }
}

impl From<Scalar> for Operand<'_> {
    fn from(number: Scalar) -> Self {
        Operand::Number(number)
    }
}

#[derive(Clone, Copy)]
enum Category {
    Dimensioned,
    ZeroDimensional,
    Number,
}

/// The dtype that holds the values of two others, as tensors of one category.
pub(crate) fn promote(a: DType, b: DType) -> DType {
    let (low, high) = if rank(a) <= rank(b) { (a, b) } else { (b, a) };
    match (low, high) {
        (low, high) if low == high => high,
        (DType::UInt8, DType::Int8) => DType::Int16,
        (DType::Float16, DType::BFloat16) => DType::Float32,
        (DType::Float64, DType::Complex64) => DType::Complex128,
        (_, high) => high,
    }
}

/// Dtypes in the order of promotion; the pairs neither of which holds the other are not decided by it.
fn rank(dtype: DType) -> usize {
    const ORDER: [DType; 12] = [
        DType::Bool,
        DType::UInt8,
        DType::Int8,
        DType::Int16,
        DType::Int32,
        DType::Int64,
        DType::Float16,
        DType::BFloat16,
        DType::Float32,
        DType::Float64,
        DType::Complex64,
        DType::Complex128,
    ];
    ORDER.iter().position(|&other| other == dtype).unwrap_or(ORDER.len())
}

/// `bool`, integer, floating-point or complex, in this order.
fn kind(dtype: DType) -> u8 {
    match dtype {
        DType::Bool => 0,
        other if other.is_complex() => 3,
        other => 1 + u8::from(other.is_floating_point()),
    }
}

/// The complex dtype whose parts are of a floating-point one, as far as there is one.
pub(crate) fn to_complex(dtype: DType) -> DType {
    if dtype == DType::Float64 { DType::Complex128 } else { DType::Complex64 }
}

/// The dtype of a plain number in promotion: floating-point and complex numbers have no precision of their own.
fn as_default(dtype: DType) -> DType {
    match dtype {
        other if other.is_complex() => to_complex(DEFAULT_FLOAT),
        other if other.is_floating_point() => DEFAULT_FLOAT,
        other => other,
    }
}

/// The dtype operands are converted to before an operator computes with them.
#[inline]
pub(crate) fn result_dtype(operands: &[Operand<'_>]) -> Result<DType> {
    if let Some(dtype) = uniform_dtype(operands) {
        return Ok(dtype);
    }
    let mut categories: [Option<DType>; 3] = [None; 3];
    for operand in operands {
        let category = operand.category();
        let dtype = match (category, operand.dtype()) {
            (Category::Number, dtype) => as_default(dtype),
            (_, dtype) => dtype,
        };
        let slot = &mut categories[category as usize];
        *slot = Some(slot.map_or(dtype, |held| promote(held, dtype)));
    }
    let [dimensioned, zero_dimensional, numbers] = categories;
    let promoted = combine(dimensioned, combine(zero_dimensional, numbers));
    promoted.ok_or_else(|| keyway::Error::value("an operator needs at least one operand"))
}

/// The dtype all operands have, if they are tensors: then their categories do not matter.
#[inline]
fn uniform_dtype(operands: &[Operand<'_>]) -> Option<DType> {
    let dtype = operands.first()?.tensor()?.dtype();
    let has_it = |tensor: &Tensor| tensor.dtype() == dtype && !tensor.is_wrapped_number();
    operands.iter().all(|operand| operand.tensor().is_some_and(has_it)).then_some(dtype)
}

/// A lower category counts only if its kind is higher. Floating-point numbers keep their precision as complex ones.
fn combine(higher: Option<DType>, lower: Option<DType>) -> Option<DType> {
    match (higher, lower) {
        (Some(higher), Some(lower)) if higher.is_floating_point() && lower.is_complex() => {
            Some(to_complex(higher))
        }
        (Some(higher), Some(lower)) if kind(lower) > kind(higher) => Some(promote(higher, lower)),
        (higher, lower) => higher.or(lower),
    }
}

/// The dtype itself if it is floating-point or complex, else the default one: for functions with fractional values.
pub(crate) fn to_float(dtype: DType) -> DType {
    if kind(dtype) >= kind(DEFAULT_FLOAT) { dtype } else { DEFAULT_FLOAT }
}

/// Whether results of one dtype may be written to a tensor of another: never from a higher kind to a lower one.
pub(crate) fn can_cast(from: DType, to: DType) -> bool {
    kind(from) <= kind(to)
}

/// The dtype of a tensor made of a number, if none is asked for.
pub(crate) fn dtype_of_number(number: Scalar) -> DType {
    as_default(number.dtype())
}

/// The device the operands of one call are on: that of the first tensor which is more than a number on the host.
#[inline]
pub(crate) fn common_device(operands: &[Operand<'_>]) -> Device {
    let devices = operands.iter().filter_map(Operand::tensor).map(Tensor::device);
    devices.reduce(|held, next| if held == Device::CPU { next } else { held }).unwrap_or(Device::CPU)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(dtype: DType, sizes: &[i64]) -> Tensor {
        Tensor::zeros(sizes, dtype, Device::CPU).unwrap()
    }

    fn promoted(operands: &[Operand<'_>]) -> DType {
        result_dtype(operands).unwrap()
    }

    #[test]
    fn tensors_of_one_category_promote_to_the_higher_dtype() {
        use DType::*;
        for (a, b, both) in [
            (UInt8, Int32, Int32),
            (Bool, UInt8, UInt8),
            (Int64, Float32, Float32),
            (Float32, Float64, Float64),
            (Bool, Bool, Bool),
            (UInt8, Int8, Int16),
            (UInt8, Int16, Int16),
            (Float16, BFloat16, Float32),
            (Int64, Float16, Float16),
            (Float64, Complex64, Complex128),
            (BFloat16, Complex64, Complex64),
        ] {
            assert_eq!((promote(a, b), promote(b, a)), (both, both));
        }
    }

    #[test]
    fn a_lower_category_counts_only_with_a_higher_kind() {
        use DType::*;
        let (ints, floats) = (tensor(Int32, &[2]), tensor(Float32, &[2]));
        let (long, double) = (tensor(Int64, &[]), tensor(Float64, &[]));
        assert_eq!(promoted(&[(&ints).into(), (&long).into()]), Int32);
        assert_eq!(promoted(&[(&ints).into(), (&double).into()]), Float64);
        assert_eq!(promoted(&[(&floats).into(), (&double).into()]), Float32);
        assert_eq!(promoted(&[(&floats).into(), (&long).into()]), Float32);
    }

    #[test]
    fn numbers_rank_below_tensors_and_have_the_default_float() {
        use DType::*;
        let (bytes, flags, long) = (tensor(UInt8, &[2]), tensor(Bool, &[2]), tensor(Int64, &[]));
        assert_eq!(promoted(&[(&bytes).into(), Scalar::Int(300).into()]), UInt8);
        assert_eq!(promoted(&[(&bytes).into(), Scalar::Float(0.5).into()]), Float32);
        assert_eq!(promoted(&[(&flags).into(), Scalar::Int(1).into()]), Int64);
        assert_eq!(promoted(&[(&long).into(), Scalar::Bool(true).into()]), Int64);
        let wrapped = Tensor::wrapped_number(Scalar::Float(0.5)).unwrap();
        assert_eq!(promoted(&[(&bytes).into(), (&wrapped).into()]), Float32);
        assert!(result_dtype(&[]).is_err());
        let (halves, imaginary) = (tensor(Float16, &[2]), Scalar::Complex(0.0, 1.0));
        assert_eq!(promoted(&[(&halves).into(), Scalar::Float(0.5).into()]), Float16);
        assert_eq!(promoted(&[(&long).into(), imaginary.into()]), Complex64);
        assert_eq!(promoted(&[(&tensor(Float64, &[2])).into(), imaginary.into()]), Complex128);
    }

    #[test]
    fn casts_go_up_or_stay() {
        assert!(can_cast(DType::Int64, DType::UInt8) && can_cast(DType::Bool, DType::Float32));
        assert!(!can_cast(DType::Float32, DType::Int64) && !can_cast(DType::Int64, DType::Bool));
    }
}
