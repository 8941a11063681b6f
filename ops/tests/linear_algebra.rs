//! Linear algebra: decompositions multiply to what was decomposed, solutions solve, equations of subscripts are the products
//! they describe, and norms are those of their definitions.

use keyway::{Complex, DType, ErrorKind, Result, Scalar, Tensor};
use keyway_ops::{TensorMethods, aten};

fn tensor(elements: &[f64], sizes: &[i64]) -> Tensor {
    Tensor::from_slice(elements, sizes).unwrap()
}

/// Numbers without a pattern, the same ones each time.
fn numbers(sizes: &[i64]) -> Tensor {
    let count: i64 = sizes.iter().product();
    let elements: Vec<f64> = (0..count).map(|i| ((i * i * 7 + i * 3 + 1) % 23) as f64 / 5.0 - 2.0).collect();
    tensor(&elements, sizes)
}

/// Matrices without symmetry whose diagonals are large enough for an inverse.
fn squares(batch: i64, size: i64) -> Tensor {
    let one = aten::eye(size).unwrap().to_dtype(DType::Float64).unwrap();
    numbers(&[batch, size, size]).add(&one.mul_scalar(7).unwrap()).unwrap()
}

fn assert_close(a: &Tensor, b: &Tensor) {
    assert_eq!((a.sizes(), a.dtype()), (b.sizes(), b.dtype()));
    let close = a.isclose_with(b, 1e-9, 1e-9, false).unwrap();
    assert!(close.all().unwrap().item().unwrap().to_bool(), "{:?} is not {:?}", values(a), values(b));
}

fn values(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::Float64).unwrap().to_vec::<f64>().unwrap()
}

#[test]
fn an_inverse_times_the_matrix_is_one() -> Result<()> {
    for size in [1, 2, 3, 5] {
        let a = squares(2, size);
        let one = aten::eye(size)?.to_dtype(DType::Float64)?.expand(&[2, size, size])?;
        let inverse = aten::linalg_inv(&a)?;
        assert_close(&inverse.matmul(&a)?, &one.clone_tensor_with(Some(keyway::MemoryFormat::Contiguous))?);
        // Column by column, as libraries of linear algebra have them.
        assert_eq!(inverse.strides(), [size * size, 1, size]);
        assert_close(&aten::linalg_matrix_power(&a, -2)?, &inverse.matmul(&inverse)?);
    }
    Ok(())
}

#[test]
fn solutions_solve_from_both_sides_and_for_vectors() -> Result<()> {
    let a = squares(2, 3);
    let right = numbers(&[2, 3, 4]);
    assert_close(&a.matmul(&aten::linalg_solve(&a, &right)?)?, &right);
    let left = numbers(&[5, 3]);
    let solved = aten::linalg_solve::default.call(&a, &left, false)?;
    assert_close(&solved.matmul(&a)?, &left.expand(&[2, 5, 3])?);
    let vectors = numbers(&[2, 3]);
    let solved = aten::linalg_solve(&a, &vectors)?;
    assert_close(&a.matmul(&solved.unsqueeze(-1)?)?.squeeze_dim(-1)?, &vectors);
    for (upper, left) in [(false, true), (true, true), (false, false), (true, false)] {
        let triangle = if upper { a.triu()? } else { a.tril()? };
        let b = if left { right.clone() } else { right.transpose(1, 2)? };
        let solved = aten::linalg_solve_triangular::default.call(&triangle, &b, upper, left, false)?;
        let back = if left { triangle.matmul(&solved)? } else { solved.matmul(&triangle)? };
        assert_close(&back, &b);
    }
    Ok(())
}

#[test]
fn determinants_multiply_and_their_logarithms_add_up() -> Result<()> {
    let (a, b) = (squares(3, 4), numbers(&[3, 4, 4]));
    let product = a.matmul(&b)?.det()?;
    assert_close(&product, &a.det()?.mul(&b.det()?)?);
    let (sign, logarithm) = aten::linalg_slogdet(&a.matmul(&b)?)?;
    assert_close(&sign.mul(&logarithm.exp()?)?, &product);
    assert_eq!(tensor(&[0.0, 1.0, 1.0, 0.0], &[2, 2]).det()?.item()?, Scalar::Float(-1.0));
    assert_eq!(tensor(&[1.0, 2.0, 2.0, 4.0], &[2, 2]).det()?.item()?, Scalar::Float(0.0));
    assert!(tensor(&[0.0, 1.0, 1.0, 0.0], &[2, 2]).logdet()?.item()?.to_f64().is_nan());
    Ok(())
}

#[test]
fn factors_of_cholesky_multiply_to_the_matrix_of_which_one_triangle_is_read() -> Result<()> {
    let half = squares(2, 3);
    let a = half.matmul(&half.transpose(1, 2)?)?;
    let lower = aten::linalg_cholesky(&a.tril()?)?;
    assert_close(&lower.matmul(&lower.transpose(1, 2)?)?, &a);
    let upper = aten::linalg_cholesky::default.call(&a.triu()?, true)?;
    assert_close(&upper.transpose(1, 2)?.matmul(&upper)?, &a);
    let complex =
        [Complex::new(2.0f64, 0.0), Complex::new(0.0, -1.0), Complex::new(0.0, 1.0), Complex::new(2.0, 0.0)];
    let a = Tensor::from_slice(&complex, &[2, 2])?;
    let lower = aten::linalg_cholesky(&a)?;
    let back = lower.matmul(&lower.transpose(0, 1)?.conj_physical()?)?;
    assert!(back.sub(&a)?.abs()?.max()?.item()?.to_f64() < 1e-12);
    Ok(())
}

#[test]
fn what_has_no_inverse_is_an_error_that_names_the_matrix() {
    let batch = tensor(&[1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 4.0], &[2, 2, 2]);
    for error in [aten::linalg_inv(&batch).unwrap_err(), aten::linalg_solve(&batch, &batch).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Runtime);
        assert!(error.to_string().contains("matrix 1 of the batch is singular"), "{error}");
    }
    let error = aten::linalg_cholesky(&tensor(&[1.0, 2.0, 2.0, 1.0], &[2, 2])).unwrap_err();
    assert!(error.to_string().contains("leading minor of order 2"), "{error}");
    let error = aten::linalg_det(&tensor(&[1.0, 2.0], &[1, 2])).unwrap_err();
    assert!(error.to_string().contains("square"), "{error}");
}

#[test]
fn equations_of_subscripts_are_the_products_they_describe() -> Result<()> {
    let (a, b, c) = (numbers(&[2, 3]), numbers(&[3, 4]), numbers(&[5, 2, 3]));
    let einsum = |equation: &str, tensors: &[&Tensor]| {
        aten::einsum(equation, &tensors.iter().map(|&tensor| tensor.clone()).collect::<Vec<_>>())
    };
    assert_close(&einsum("ij,jk->ik", &[&a, &b])?, &a.mm(&b)?);
    assert_close(&einsum("ij,jk", &[&a, &b])?, &a.mm(&b)?);
    assert_close(&einsum("ij, jk -> ki", &[&a, &b])?, &a.mm(&b)?.t()?);
    assert_close(&einsum("ij->ji", &[&a])?, &a.t()?);
    assert_close(&einsum("ij->", &[&a])?, &a.sum()?);
    assert_close(&einsum("ij,ij->ij", &[&a, &a])?, &a.mul(&a)?);
    assert_close(
        &einsum("i,j->ij", &[&a.select(0, 0)?, &b.select(0, 1)?])?,
        &a.select(0, 0)?.outer(&b.select(0, 1)?)?,
    );
    assert_close(&einsum("bij,jk->bik", &[&c, &b])?, &c.matmul(&b)?);
    assert_close(&einsum("...ij,jk->...ik", &[&c, &b])?, &c.matmul(&b)?);
    assert_close(&einsum("bij,bij->b", &[&c, &c])?, &c.mul(&c)?.sum_dim(Some(&[1, 2]))?);
    assert_close(
        &einsum("bij,jk,bk->bi", &[&c, &b, &numbers(&[5, 4])])?,
        &c.matmul(&b)?.mul(&numbers(&[5, 1, 4]))?.sum_dim(Some(&[2]))?,
    );
    let square = numbers(&[3, 3]);
    assert_close(&einsum("ii->i", &[&square])?, &square.diagonal()?.clone_tensor()?);
    assert_close(&einsum("ii", &[&square])?, &square.trace()?);
    for wrong in ["ij,jk->iz", "ij", "i,jk", "ij,kj->ii", "ij,jk->i-"] {
        assert!(einsum(wrong, &[&a, &b]).is_err(), "{wrong}");
    }
    let product = aten::tensordot(&c, &numbers(&[3, 4, 2]), &[1, 2], &[2, 0])?;
    assert_close(&product, &einsum("bij,jki->bk", &[&c, &numbers(&[3, 4, 2])])?);
    Ok(())
}

#[test]
fn chains_powers_and_products_of_vectors() -> Result<()> {
    let (a, b, v) = (numbers(&[3, 4]), numbers(&[4, 2]), numbers(&[3]));
    assert_close(&aten::linalg_multi_dot(&[v.clone(), a.clone(), b.clone()])?, &v.matmul(&a)?.matmul(&b)?);
    let square = numbers(&[3, 3]);
    assert_close(&square.matrix_power(5)?, &aten::linalg_multi_dot(&vec![square.clone(); 5])?);
    assert_close(&square.matrix_power(0)?, &aten::eye(3)?.to_dtype(DType::Float64)?);
    let (x, y) = (tensor(&[1.0, 0.0, 0.0], &[3]), tensor(&[0.0, 1.0, 0.0], &[3]));
    assert_eq!(values(&x.cross(&y)?), [0.0, 0.0, 1.0]);
    assert_close(&aten::linalg_vecdot(&a, &a)?, &a.mul(&a)?.sum_dim(Some(&[1]))?);
    // The first vector is conjugated.
    let i = Tensor::from_slice(&[Complex::new(0.0f32, 1.0), Complex::new(2.0, 0.0)], &[2])?;
    assert_eq!(i.vdot(&i)?.item()?, Scalar::Complex(5.0, 0.0));
    assert_eq!(i.dot(&i)?.item()?, Scalar::Complex(3.0, 0.0));
    assert_eq!(Tensor::from_slice(&[1i32, 2, 3, 4], &[2, 2])?.trace()?.item()?, Scalar::Int(5));
    Ok(())
}

#[test]
fn norms_are_those_of_their_definitions() -> Result<()> {
    let x = tensor(&[3.0, -4.0, 0.0, 1.0], &[2, 2]);
    let vector =
        |order: f64| aten::linalg_vector_norm::default.call(&x, Scalar::Float(order), None, false, None);
    for (order, norm) in
        [(0.0, 3.0), (1.0, 8.0), (2.0, 26f64.sqrt()), (f64::INFINITY, 4.0), (f64::NEG_INFINITY, 0.0)]
    {
        assert_eq!(vector(order)?.item()?, Scalar::Float(norm), "{order}");
    }
    assert!((vector(3.0)?.item()?.to_f64() - 92f64.cbrt()).abs() < 1e-12);
    let matrix = |order: f64| aten::linalg_matrix_norm(&x, order);
    assert_eq!(matrix(1.0)?.item()?, Scalar::Float(5.0));
    assert_eq!(matrix(-1.0)?.item()?, Scalar::Float(3.0));
    assert_eq!(matrix(f64::INFINITY)?.item()?, Scalar::Float(7.0));
    // Of two rows and columns, the singular values multiply to the determinant.
    let product = matrix(2.0)?.mul(&matrix(-2.0)?)?.item()?.to_f64();
    assert!((product - x.det()?.abs()?.item()?.to_f64()).abs() < 1e-12);
    assert_eq!(x.norm()?.item()?, x.reshape(&[4])?.norm()?.item()?);
    let complex = Tensor::from_slice(&[Complex::new(3.0f32, 4.0)], &[1])?;
    assert_eq!((complex.norm()?.item()?, complex.norm()?.dtype()), (Scalar::Float(5.0), DType::Float32));
    let error = aten::linalg_vector_norm(&Tensor::from_slice(&[1i64], &[1])?).unwrap_err();
    assert!(error.to_string().contains("floating-point `dtype`"), "{error}");
    Ok(())
}
