//! Promotion: the laws of dtypes over all pairs and triples, and the rule of categories.

use keyway::{DType, Device, Scalar, Tensor};
use keyway_ops::{TensorMethods, aten};

/// The dtypes that are promoted.
fn dtypes() -> impl Iterator<Item = DType> + Clone {
    DType::ALL.into_iter().filter(|dtype| !dtype.is_quantized())
}

fn promoted(a: DType, b: DType) -> DType {
    aten::promote_types(a, b).unwrap()
}

/// `bool`, integer, floating-point or complex, in this order.
fn kind(dtype: DType) -> usize {
    match dtype {
        DType::Bool => 0,
        dtype if dtype.is_integer() => 1,
        dtype if dtype.is_floating_point() => 2,
        _ => 3,
    }
}

#[test]
fn promotion_is_commutative_associative_and_idempotent() {
    for (a, b) in dtypes().flat_map(|a| dtypes().map(move |b| (a, b))) {
        assert_eq!(promoted(a, b), promoted(b, a), "{a} and {b}");
        assert_eq!(promoted(a, a), a);
        assert_eq!(promoted(a, promoted(a, b)), promoted(a, b), "{a} and {b}");
        for c in dtypes() {
            assert_eq!(promoted(promoted(a, b), c), promoted(a, promoted(b, c)), "{a}, {b} and {c}");
        }
    }
}

#[test]
fn a_promoted_dtype_has_the_higher_kind() {
    for (a, b) in dtypes().flat_map(|a| dtypes().map(move |b| (a, b))) {
        assert_eq!(kind(promoted(a, b)), kind(a).max(kind(b)), "{a} and {b}");
        // What one dtype cannot be cast to, it does not become.
        assert!(aten::can_cast(a, promoted(a, b)).unwrap() && aten::can_cast(b, promoted(a, b)).unwrap());
    }
}

fn tensor(sizes: &[i64], dtype: DType) -> Tensor {
    Tensor::zeros(sizes, dtype, Device::CPU).unwrap()
}

fn number(dtype: DType) -> Scalar {
    match kind(dtype) {
        0 => Scalar::Bool(true),
        1 => Scalar::Int(1),
        2 => Scalar::Float(1.0),
        _ => Scalar::Complex(1.0, 1.0),
    }
}

/// Operands with dimensions rank before those without, and these before numbers: a lower one matters only with a higher kind.
#[test]
fn a_lower_category_matters_only_with_a_higher_kind() {
    for (a, b) in dtypes().flat_map(|a| dtypes().map(move |b| (a, b))) {
        let (dimensioned, single) = (tensor(&[2], a), tensor(&[], b));
        let result = dimensioned.mul(&single).unwrap().dtype();
        match kind(b) > kind(a) {
            true => assert_eq!(kind(result), kind(b), "{a}[2] and {b}[]"),
            false => assert_eq!(result, a, "{a}[2] and {b}[]"),
        }
        for x in [dimensioned, tensor(&[], a)] {
            let result = x.mul_scalar(number(b)).unwrap().dtype();
            match kind(b) > kind(a) {
                true => assert_eq!(kind(result), kind(b), "{a}{:?} and a number like {b}", x.sizes()),
                false => assert_eq!(result, a, "{a}{:?} and a number like {b}", x.sizes()),
            }
            // A number has no precision of its own.
            assert!(kind(a) < 2 || kind(b) > kind(a) || result.size() == a.size());
        }
    }
}

#[test]
fn operators_agree_with_what_they_are_asked_beforehand() {
    for (a, b) in dtypes().flat_map(|a| dtypes().map(move |b| (a, b))) {
        for (x, y) in [
            (tensor(&[2], a), tensor(&[], b)),
            (tensor(&[], a), tensor(&[2], b)),
            (tensor(&[1], a), tensor(&[1], b)),
        ] {
            let asked = aten::result_type::Tensor.call(&x, &y).unwrap();
            assert_eq!(x.mul(&y).unwrap().dtype(), asked);
            assert_eq!(x.maximum(&y).map_or(asked, |found| found.dtype()), asked);
            assert_eq!(aten::r#where::self_.call(&tensor(&[2], DType::Bool), &x, &y).unwrap().dtype(), asked);
        }
    }
}
