//! Matrix products: floats by the `gemm` crate, integers and complex numbers by plain loops. Operands are used with their strides, not
//! copied.

use keyway::{Complex, DType, Element, Result, Scalar, Tensor, kernel};
use ndarray::{
    ArrayView2, ArrayView3, ArrayViewD, ArrayViewMut2, ArrayViewMut3, Axis, Dimension, Ix1, Ix2, Ix3,
};

use crate::aten;
use crate::cpu::elements::{Elements, Inputs, dispatch_dtype, filled};
use crate::cpu::gemm_call::gemm;
use crate::cpu::number::Number;
use crate::shape::matmul as rules;

/// A number that matrices can be made of.
trait Product: Number {
    /// What a sum of products is accumulated in.
    type Accumulator: Number;

    /// `out = alpha * a * b`, or `beta * out + alpha * a * b` with a `beta`.
    fn product(
        out: ArrayViewMut2<'_, Self>,
        a: ArrayView2<'_, Self>,
        b: ArrayView2<'_, Self>,
        alpha: Self,
        beta: Option<Self>,
    );
}

macro_rules! float_products {
    ($($t:ty => $accumulator:ty),*) => {$(
        impl Product for $t {
            type Accumulator = $accumulator;

            fn product(
                out: ArrayViewMut2<'_, Self>,
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                alpha: Self,
                beta: Option<Self>,
            ) {
                gemm(out, a, b, alpha, beta);
            }
        }
    )*};
}
float_products!(f32 => f64, f64 => f64);

macro_rules! plain_products {
    ($($t:ty => $accumulator:ty),*) => {$(
        impl Product for $t {
            type Accumulator = $accumulator;

            fn product(
                out: ArrayViewMut2<'_, Self>,
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                alpha: Self,
                beta: Option<Self>,
            ) {
                plain_product(out, a, b, alpha, beta);
            }
        }
    )*};
}
plain_products!(u8 => u8, i32 => i32, i64 => i64, Complex<f32> => Complex<f64>, Complex<f64> => Complex<f64>);

/// Row by row, so that the inner loop runs along the rows of `b` and of the result.
fn plain_product<T: Number>(
    mut out: ArrayViewMut2<'_, T>,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    alpha: T,
    beta: Option<T>,
) {
    for (mut to, row) in out.rows_mut().into_iter().zip(a.rows()) {
        to.mapv_inplace(|held| beta.map_or(T::ZERO, |beta| held.times(beta)));
        for (&x, others) in row.iter().zip(b.rows()) {
            let x = x.times(alpha);
            to.zip_mut_with(&others, |to, &y| *to = to.plus(x.times(y)));
        }
    }
}

/// The elements with a number of dimensions that was checked before.
fn fixed<'a, T: Number, D: Dimension>(elements: Elements<'a, T>) -> Result<ndarray::ArrayView<'a, T, D>> {
    with_rank(elements.view()?)
}

fn with_rank<T, D: Dimension>(view: ArrayViewD<'_, T>) -> Result<ndarray::ArrayView<'_, T, D>> {
    let rank = view.ndim();
    view.into_dimensionality().map_err(|cause| {
        keyway::Error::shape(format!("a view of {rank} dimensions is of another rank: {cause}"))
    })
}

/// Has a kernel fill `out` from matrices of its dtype; in a dtype there are products for, if there are none for that.
fn in_wide_dtype<const N: usize>(
    out: &Tensor,
    tensors: [&Tensor; N],
    kernel: impl FnOnce(&Tensor, [&Tensor; N]) -> Result<()>,
) -> Result<()> {
    let wide = match out.dtype() {
        DType::Int8 | DType::Int16 => DType::Int32,
        DType::Float16 | DType::BFloat16 => DType::Float32,
        _ => return kernel(out, tensors),
    };
    let mut widened = Vec::with_capacity(N);
    for tensor in tensors {
        widened.push(aten::_to_copy::default.call(tensor, Some(wide), None, None, None, false, None)?);
    }
    let wide_out = Tensor::zeros(out.sizes(), wide, out.device())?;
    kernel(&wide_out, std::array::from_fn(|position| &widened[position]))?;
    aten::copy_::default.call(out, &wide_out, false).map(|_| ())
}

/// The same with a tensor of some sizes that is made first.
fn made_in_wide_dtype<const N: usize>(
    sizes: &[i64],
    tensors: [&Tensor; N],
    kernel: impl FnOnce(&Tensor, [&Tensor; N]) -> Result<()>,
) -> Result<Tensor> {
    let out = Tensor::zeros(sizes, tensors[0].dtype(), tensors[0].device())?;
    in_wide_dtype(&out, tensors, kernel)?;
    Ok(out)
}

fn matrix_out<'a, T>(out: &'a mut [T], sizes: &[i64]) -> Result<ArrayViewMut2<'a, T>> {
    ArrayViewMut2::from_shape((sizes[0] as usize, sizes[1] as usize), out)
        .map_err(|cause| keyway::Error::shape(format!("the result does not have sizes {sizes:?}: {cause}")))
}

#[kernel("aten::mm.out", CPU, structured)]
fn mm(self_: &Tensor, mat2: &Tensor, out: &Tensor) -> Result<()> {
    let sizes = out.sizes();
    in_wide_dtype(out, [self_, mat2], |out, [self_, mat2]| {
        dispatch_dtype!(arithmetic: out.dtype(), T => filled(out, [self_, mat2], |out: &mut [T], inputs| {
            let (a, b) = (fixed::<T, Ix2>(inputs.get(0)?)?, fixed(inputs.get(1)?)?);
            T::product(matrix_out(out, sizes)?, a, b, T::ONE, None);
            Ok(())
        }))
    })
}

#[kernel("aten::addmm.out", CPU, structured)]
fn addmm(
    self_: &Tensor,
    mat1: &Tensor,
    mat2: &Tensor,
    beta: Scalar,
    alpha: Scalar,
    out: &Tensor,
) -> Result<()> {
    let sizes = out.sizes();
    in_wide_dtype(out, [self_, mat1, mat2], |out, [self_, mat1, mat2]| {
        dispatch_dtype!(arithmetic: out.dtype(), T => filled(out, [self_, mat1, mat2], |out: &mut [T], inputs| {
            let (a, b) = (fixed::<T, Ix2>(inputs.get(1)?)?, fixed(inputs.get(2)?)?);
            let mut out = matrix_out(out, sizes)?;
            let beta = T::from_scalar(beta);
            // A factor of zero takes even not-a-number away.
            let beta = (beta != T::ZERO).then_some(beta);
            if beta.is_some() {
                assign_broadcast(&mut out, inputs)?;
            }
            T::product(out, a, b, T::from_scalar(alpha), beta);
            Ok(())
        }))
    })
}

fn assign_broadcast<T: Number>(out: &mut ArrayViewMut2<'_, T>, inputs: &Inputs<'_, 3>) -> Result<()> {
    let added = inputs.get::<T>(0)?.view()?;
    match added.broadcast(out.raw_dim()) {
        Some(added) => {
            out.assign(&added);
            Ok(())
        }
        None => Err(keyway::Error::shape(format!("{:?} does not expand to {:?}", added.shape(), out.dim()))),
    }
}

#[kernel("aten::bmm.out", CPU, structured)]
fn bmm(self_: &Tensor, mat2: &Tensor, out: &Tensor) -> Result<()> {
    in_wide_dtype(out, [self_, mat2], |out, [self_, mat2]| {
        dispatch_dtype!(arithmetic: out.dtype(), T => filled(out, [self_, mat2], |out: &mut [T], inputs| {
            let (a, b): (ArrayView3<'_, T>, _) = (fixed(inputs.get(0)?)?, fixed::<T, Ix3>(inputs.get(1)?)?);
            let mut out = ArrayViewMut3::from_shape((a.dim().0, a.dim().1, b.dim().2), out)
                .map_err(|cause| keyway::Error::shape(cause.to_string()))?;
            for ((out, a), b) in out.axis_iter_mut(Axis(0)).zip(a.axis_iter(Axis(0))).zip(b.axis_iter(Axis(0))) {
                T::product(out, a, b, T::ONE, None);
            }
            Ok(())
        }))
    })
}

#[kernel("aten::mv", CPU)]
fn mv(self_: &Tensor, vec: &Tensor) -> Result<Tensor> {
    let sizes = rules::matrix_vector(self_.sizes(), vec.sizes())?;
    rules::same_dtype(&[("self", self_), ("vec", vec)])?;
    made_in_wide_dtype(&sizes, [self_, vec], |out, [self_, vec]| {
        dispatch_dtype!(arithmetic: out.dtype(), T => filled(out, [self_, vec], |out: &mut [T], inputs| {
            let (matrix, vector) = (fixed::<T, Ix2>(inputs.get(0)?)?, fixed::<T, Ix1>(inputs.get(1)?)?);
            T::product(matrix_out(out, &[sizes[0], 1])?, matrix, vector.insert_axis(Axis(1)), T::ONE, None);
            Ok(())
        }))
    })
}

/// The sum of the products of two vectors' elements, in eight partial sums.
fn inner_product<T: Product>(a: &[T], b: &[T]) -> T {
    let mut partial = [T::Accumulator::ZERO; 8];
    let mut add = |a: &[T], b: &[T]| {
        for ((sum, &x), &y) in partial.iter_mut().zip(a).zip(b) {
            *sum = sum.plus(x.cast::<T::Accumulator>().times(y.cast()));
        }
    };
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    a_blocks.iter().zip(b_blocks).for_each(|(a, b)| add(a, b));
    add(a_rest, b_rest);
    partial.into_iter().fold(T::Accumulator::ZERO, Number::plus).cast()
}

#[kernel("aten::dot", CPU)]
fn dot(self_: &Tensor, tensor: &Tensor) -> Result<Tensor> {
    rules::vectors(self_.sizes(), tensor.sizes())?;
    rules::same_dtype(&[("self", self_), ("tensor", tensor)])?;
    made_in_wide_dtype(&[], [self_, tensor], |out, [self_, tensor]| {
        dispatch_dtype!(arithmetic: out.dtype(), T => filled(out, [self_, tensor], |out: &mut [T], inputs| {
            out[0] = inner_product(&inputs.get(0)?.to_dense()?, &inputs.get(1)?.to_dense()?);
            Ok(())
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyway::{DType, Geometry};

    #[test]
    fn integers_wrap_and_strides_are_followed() {
        let x = Tensor::from_slice(&[1u8, 2, 3, 100], &[2, 2]).unwrap();
        let flipped = x.view_as(Geometry::new(&[2, 2], &[1, 2], 0).unwrap()).unwrap();
        let product = aten::mm(&x, &flipped).unwrap();
        assert_eq!(product.to_vec::<u8>().unwrap(), [5, 203, 203, 9u8.wrapping_add(16)]);
        assert_eq!(product.dtype(), DType::UInt8);
    }

    #[test]
    fn a_beta_of_zero_takes_the_summand_away() {
        let nan = Tensor::from_slice(&[f32::NAN], &[]).unwrap();
        let x = Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
        let product = aten::addmm::default.call(&nan, &x, &x, Scalar::Int(0), Scalar::Int(2)).unwrap();
        assert_eq!(product.to_vec::<f32>().unwrap(), [14.0, 20.0, 30.0, 44.0]);
    }

    #[test]
    fn vectors_and_matrices() {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4], &[2, 2]).unwrap();
        let v = Tensor::from_slice(&[5i64, 6], &[2]).unwrap();
        assert_eq!(mv(&x, &v).unwrap().to_vec::<i64>().unwrap(), [17, 39]);
        assert_eq!(dot(&v, &v).unwrap().to_vec::<i64>().unwrap(), [61]);
        assert!(dot(&v, &x).is_err() && mv(&v, &x).is_err());
    }
}
