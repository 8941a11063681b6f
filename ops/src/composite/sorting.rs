//! Sorting without saying what happens to equal elements, and the positions alone.

use keyway::{Result, Scalar, Tensor, kernel};

use crate::aten;

#[kernel("aten::sort", CompositeExplicitAutograd)]
fn sort(self_: &Tensor, dim: i64, descending: bool) -> Result<(Tensor, Tensor)> {
    aten::sort::stable.call(self_, Some(false), dim, descending)
}

#[kernel("aten::argsort", CompositeImplicitAutograd)]
fn argsort(self_: &Tensor, dim: i64, descending: bool) -> Result<Tensor> {
    Ok(aten::sort::default.call(self_, dim, descending)?.1)
}

#[kernel("aten::argsort.stable", CompositeImplicitAutograd)]
fn argsort_stable(self_: &Tensor, stable: bool, dim: i64, descending: bool) -> Result<Tensor> {
    Ok(aten::sort::stable.call(self_, Some(stable), dim, descending)?.1)
}

#[kernel("aten::msort", CompositeImplicitAutograd)]
fn msort(self_: &Tensor) -> Result<Tensor> {
    Ok(aten::sort::default.call(self_, 0, false)?.0)
}

#[kernel("aten::isin.Tensor_Scalar", CompositeExplicitAutograd)]
fn isin_tensor_scalar(
    elements: &Tensor,
    test_element: Scalar,
    _unique: bool,
    invert: bool,
) -> Result<Tensor> {
    match invert {
        true => aten::ne::Scalar.call(elements, test_element),
        false => aten::eq::Scalar.call(elements, test_element),
    }
}

#[kernel("aten::isin.Scalar_Tensor", CompositeExplicitAutograd)]
fn isin_scalar_tensor(element: Scalar, test_elements: &Tensor, unique: bool, invert: bool) -> Result<Tensor> {
    aten::isin::Tensor_Tensor.call(&Tensor::wrapped_number(element)?, test_elements, unique, invert)
}
