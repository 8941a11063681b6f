//! Comparing results.

use crate::dtype::DType;
use crate::error::Result;
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::value::Value;
use crate::with_element;

/// Elements as numbers, the parts of complex ones one after the other; every dtype there is fits doubles but for large
/// integers, which are compared as far as doubles go.
fn numbers(tensor: &Tensor) -> Vec<f64> {
    let parts = |scalar| match scalar {
        Scalar::Complex(re, im) => [Some(re), Some(im)],
        real => [Some(real.to_f64()), None],
    };
    scalars(tensor).unwrap_or_else(|e| panic!("{e}")).into_iter().flat_map(parts).flatten().collect()
}

fn scalars(tensor: &Tensor) -> Result<Vec<Scalar>> {
    with_element!(tensor.dtype().underlying(), T => Ok(tensor.integers()?.to_vec::<T>()?.into_iter().map(Into::into).collect()))
}

fn tensors(values: &[Value]) -> Vec<&Tensor> {
    values.iter().flat_map(Value::tensors).collect()
}

/// Same kinds, sizes, strides, dtypes and elements, bit for bit.
pub(super) fn assert_same_values(what: &str, a: &[Value], b: &[Value]) {
    assert_same_layout(what, a, b);
    for (a, b) in tensors(a).into_iter().zip(tensors(b)) {
        let bits = |tensor| numbers(tensor).into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(a), bits(b), "{what}: elements {:?} and {:?}", numbers(a), numbers(b));
    }
}

/// Same kinds, sizes, strides and dtypes; numbers that are not tensors equal.
pub(super) fn assert_same_layout(what: &str, a: &[Value], b: &[Value]) {
    assert_eq!(a.len(), b.len(), "{what}: number of results");
    for (a, b) in a.iter().zip(b) {
        assert_eq!(a.kind_name(), b.kind_name(), "{what}: kinds of results");
        if a.tensors().next().is_none() && a.as_scalar().is_some() {
            assert_eq!(a.to_string(), b.to_string(), "{what}: results");
        }
    }
    let (a, b) = (tensors(a), tensors(b));
    assert_eq!(a.len(), b.len(), "{what}: number of tensors");
    for (a, b) in a.into_iter().zip(b) {
        assert_eq!(
            (a.dtype(), a.sizes(), a.strides()),
            (b.dtype(), b.sizes(), b.strides()),
            "{what}: layout"
        );
    }
}

/// Same sizes and elements; dtypes may differ where the form writes into an argument of its own dtype.
pub(super) fn assert_equal_numbers(what: &str, own: &[Value], expected: &[Value]) {
    let (own, expected) = (tensors(own), tensors(expected));
    assert_eq!(own.len(), expected.len(), "{what}: number of tensors");
    for (own, expected) in own.into_iter().zip(expected) {
        assert_eq!(own.sizes(), expected.sizes(), "{what}: sizes");
        let in_own_dtype =
            |v: &f64| if own.dtype() == DType::Bool { f64::from(u8::from(*v != 0.0)) } else { *v };
        let expected: Vec<f64> = numbers(expected).iter().map(in_own_dtype).collect();
        let own = numbers(own);
        let same = own
            .iter()
            .zip(&expected)
            .all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || a == b);
        assert!(same, "{what}: elements {own:?} and {expected:?}");
    }
}
