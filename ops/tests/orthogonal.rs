//! Decompositions with orthogonal factors multiply to what was decomposed, and their values are those of PyTorch; signs of QR are
//! those of LAPACK.

use keyway::{Complex, DType, Device, ErrorKind, Result, Scalar, Tensor};
use keyway_ops::{TensorMethods, aten};

/// Numbers without a pattern, the same ones each time.
fn numbers(sizes: &[i64]) -> Tensor {
    let count: i64 = sizes.iter().product();
    let elements: Vec<f64> = (0..count).map(|i| ((i * i * 7 + i * 3 + 1) % 23) as f64 / 5.0 - 2.0).collect();
    Tensor::from_slice(&elements, sizes).unwrap()
}

/// The same with imaginary parts.
fn complex_numbers(sizes: &[i64]) -> Tensor {
    let real = numbers(sizes).to_vec::<f64>().unwrap();
    let imaginary = real.iter().rev();
    let elements: Vec<Complex<f64>> =
        real.iter().zip(imaginary).map(|(&re, &im)| Complex::new(re, im)).collect();
    Tensor::from_slice(&elements, sizes).unwrap()
}

fn adjoint(x: &Tensor) -> Tensor {
    x.transpose(-2, -1).unwrap().conj_physical().unwrap()
}

fn distance(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.sizes(), b.sizes());
    a.sub(b).unwrap().abs().unwrap().sum().unwrap().item().unwrap().to_f64()
}

/// The columns are of length one and at right angles to each other.
fn assert_orthonormal(columns: &Tensor) {
    let products = adjoint(columns).matmul(columns).unwrap();
    let size = columns.sizes()[columns.dim() - 1];
    let one = aten::eye(size).unwrap().to_dtype(columns.dtype()).unwrap().expand(products.sizes()).unwrap();
    assert!(distance(&products, &one) < 1e-10, "the columns of {:?} are not orthonormal", columns.sizes());
}

fn assert_close(x: &Tensor, expected: &[f64]) {
    let elements = x.contiguous().unwrap().to_vec::<f64>().unwrap();
    let close = elements.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-6);
    assert!(close && elements.len() == expected.len(), "{elements:?} is not {expected:?}");
}

/// Matrices of all shapes, real and complex, one of them without full rank.
fn matrices() -> Vec<Tensor> {
    let column = numbers(&[5, 1]);
    vec![
        numbers(&[4, 3]),
        numbers(&[3, 4]),
        numbers(&[2, 5, 5]),
        complex_numbers(&[4, 3]),
        complex_numbers(&[2, 3, 4]),
        column.matmul(&numbers(&[1, 3])).unwrap(),
        numbers(&[6, 1]),
        Tensor::zeros(&[3, 2], DType::Float64, Device::CPU).unwrap(),
    ]
}

#[test]
fn qr_multiplies_to_the_matrix() -> Result<()> {
    for x in matrices() {
        let [rows, columns] = [2, 1].map(|from_end| x.sizes()[x.dim() - from_end]);
        for (mode, kept) in [("reduced", rows.min(columns)), ("complete", rows)] {
            let (q, r) = aten::linalg_qr::default.call(&x, mode)?;
            assert_eq!((q.sizes()[q.dim() - 1], r.sizes()[r.dim() - 2]), (kept, kept));
            assert_orthonormal(&q);
            assert!(distance(&q.matmul(&r)?, &x) < 1e-10);
            assert!(distance(&r.triu()?, &r) == 0.0);
            let (none, only) = aten::linalg_qr::default.call(&x, "r")?;
            assert_eq!((none.sizes(), only.sizes()[only.dim() - 2]), (&[0][..], rows.min(columns)));
        }
    }
    let (q, r) = aten::linalg_qr(&numbers(&[4, 3]))?;
    let expected = [
        -0.536895, -0.637333, -0.189441, -0.35793, -0.352087, 0.656842, 0.47724, -0.622565, -0.444284,
        0.59655, -0.2868, 0.579036,
    ];
    assert_close(&q, &expected);
    assert_close(&r, &[3.352611, 1.801581, -0.071586, 0.0, -1.831476, -0.24514, 0.0, 0.0, -1.083874]);
    let (_, r) = aten::linalg_qr(&complex_numbers(&[3, 2]))?;
    assert!(aten::imag(&r.diagonal()?)?.abs()?.max()?.item()?.to_f64() < 1e-12);
    let error = aten::linalg_qr::default.call(&numbers(&[2, 2]), "q").unwrap_err();
    assert!(error.to_string().contains("`mode`"), "{error}");
    Ok(())
}

#[test]
fn singular_values_lie_between_orthonormal_columns() -> Result<()> {
    for x in matrices() {
        for full in [false, true] {
            let (u, s, vh) = aten::linalg_svd::default.call(&x, full, None)?;
            assert_orthonormal(&u);
            assert_orthonormal(&adjoint(&vh));
            let count = s.sizes()[s.dim() - 1];
            let (left, right) = (
                aten::narrow::default.call(&u, -1, 0, count)?,
                aten::narrow::default.call(&vh, -2, 0, count)?,
            );
            let product = left.mul(&s.unsqueeze(-2)?.to_dtype(x.dtype())?)?.matmul(&right)?;
            assert!(distance(&product, &x) < 1e-10, "{:?}", x.sizes());
            let values = s.to_vec::<f64>()?;
            let rows = values.chunks(count as usize);
            assert!(rows.into_iter().all(|row| row.is_sorted_by(|a, b| a >= b && *b >= 0.0)));
            assert!(distance(&aten::linalg_svdvals(&x)?, &s) < 1e-10);
        }
    }
    assert_close(&aten::linalg_svdvals(&numbers(&[4, 3]))?, &[3.923042, 1.60308, 1.058242]);
    let (_, _, v) = aten::svd(&numbers(&[4, 3]))?;
    let (_, _, vh) = aten::linalg_svd(&numbers(&[4, 3]))?;
    assert!(distance(&adjoint(&vh), &v) < 1e-12);
    let (u, s, v) = aten::svd::default.call(&numbers(&[4, 3]), true, false)?;
    assert_eq!((u.sizes(), s.sizes(), v.sizes()), (&[4, 4][..], &[3][..], &[3, 3][..]));
    Ok(())
}

#[test]
fn eigenvectors_are_only_stretched() -> Result<()> {
    for x in [numbers(&[2, 5, 5]), complex_numbers(&[4, 4]), numbers(&[1, 1])] {
        for uplo in ["L", "U"] {
            let (values, vectors) = aten::linalg_eigh::default.call(&x, uplo)?;
            let triangle = if uplo == "L" { x.tril()? } else { x.triu()? };
            let strict = if uplo == "L" {
                aten::tril::default.call(&x, -1)?
            } else {
                aten::triu::default.call(&x, 1)?
            };
            let mut whole = triangle.add(&adjoint(&strict))?;
            if whole.dtype().is_complex() {
                let diagonal = aten::imag(&x.diagonal()?)?;
                let turn = aten::complex(&diagonal.mul_scalar(0)?, &diagonal)?;
                whole = whole.sub(&aten::diag_embed(&turn)?)?;
            }
            assert_orthonormal(&vectors);
            let stretched = vectors.mul(&values.unsqueeze(-2)?.to_dtype(x.dtype())?)?;
            assert!(distance(&whole.matmul(&vectors)?, &stretched) < 1e-9);
            assert!(distance(&aten::linalg_eigvalsh::default.call(&x, uplo)?, &values) < 1e-10);
        }
    }
    assert_close(&aten::linalg_eigvalsh(&numbers(&[3, 3]))?, &[-3.730538, 0.151431, 2.379108]);
    assert_close(
        &aten::linalg_eigvalsh::default.call(&numbers(&[3, 3]), "U")?,
        &[-1.91301, -0.278397, 0.991407],
    );
    let error = aten::linalg_eigh::default.call(&numbers(&[2, 2]), "X").unwrap_err();
    assert!(error.to_string().contains("`UPLO`"), "{error}");
    Ok(())
}

#[test]
fn pseudo_inverses_ranks_and_condition_numbers() -> Result<()> {
    let x = numbers(&[4, 3]);
    let inverse = aten::linalg_pinv::default.call(&x, 1e-9, false)?;
    assert!(distance(&inverse.matmul(&x)?, &aten::eye(3)?.to_dtype(DType::Float64)?) < 1e-10);
    assert!(distance(&aten::pinverse(&x)?, &inverse) < 1e-10);
    let expected = [2.97619, -2.916667, 1.785714, -2.916667, 2.708333, -1.25, 1.785714, -1.25, 1.071429];
    let hermitian = aten::linalg_pinv::atol_rtol_float.call(&numbers(&[3, 3]), None, None, true)?;
    assert_close(&hermitian, &expected);
    let product = numbers(&[4, 1]).matmul(&numbers(&[1, 3]))?;
    let rank = |x: &Tensor, tol: Option<f64>| {
        let rank = match tol {
            Some(tol) => aten::linalg_matrix_rank::default.call(x, tol, false),
            None => aten::linalg_matrix_rank::atol_rtol_float.call(x, None, None, false),
        };
        rank.unwrap().item().unwrap()
    };
    assert_eq!((rank(&product, None), rank(&x, None), rank(&x, Some(1.9))), (1.into(), 3.into(), 1.into()));
    let square = numbers(&[3, 3]);
    let condition = |p: Option<Scalar>| aten::linalg_cond::default.call(&square, p).unwrap();
    for (p, expected) in
        [(None, 4.637152), (Some(Scalar::Int(-2)), 0.21565), (Some(Scalar::Int(1)), 9.176768)]
    {
        assert_close(&condition(p), &[expected]);
    }
    assert_close(&aten::linalg_cond::p_str.call(&square, "nuc")?, &[13.133584]);
    let zeros = Tensor::zeros(&[2, 2], DType::Float64, Device::CPU)?;
    assert_close(&aten::linalg_matrix_norm(&x, 2)?, &[3.923042]);
    assert_close(&aten::linalg_matrix_norm(&x, -2)?, &[1.058242]);
    assert_close(&aten::linalg_norm::ord_str.call(&x, "nuc", None, false, None)?, &[6.584364]);
    let norms = aten::nuclear_norm::dim.call(&numbers(&[2, 3, 2]), &[0, 2], true)?;
    assert_eq!(norms.sizes(), [1, 3, 1]);
    assert_close(&norms, &[4.204759, 3.0, 2.280351]);
    assert!(aten::linalg_cond(&zeros)?.item()?.to_f64().is_nan());
    assert_eq!(
        aten::linalg_cond::default.call(&zeros, Some(Scalar::Int(1)))?.item()?.to_f64(),
        f64::INFINITY
    );
    Ok(())
}

#[test]
fn least_squares_come_nearest() -> Result<()> {
    let (x, b) = (numbers(&[4, 3]), numbers(&[4, 2]).add_scalar_with(1, 1)?);
    let solve =
        |x: &Tensor, b: &Tensor, driver: &str| aten::linalg_lstsq::default.call(x, b, None, Some(driver));
    let (solution, residuals, rank, values) = solve(&x, &b, "gelsd")?;
    assert_close(&solution, &[0.003641, -0.212651, 1.001144, 1.133167, -1.967333, -1.107782]);
    assert_close(&residuals, &[0.158502, 3.962547]);
    assert_eq!((rank.item()?, values.sizes()), (3.into(), &[3][..]));
    let low = numbers(&[4, 1]).matmul(&numbers(&[1, 3]))?;
    let (solution, residuals, rank, _) = solve(&low, &b, "gelsd")?;
    assert_close(&solution, &[0.107225, 0.604746, -0.011914, -0.067194, -0.023828, -0.134388]);
    assert_eq!((residuals.numel(), rank.item()?), (0, 1.into()));
    let (_, residuals, rank, values) = solve(&x, &b, "gels")?;
    assert_eq!((residuals.sizes(), rank.numel(), values.numel()), (&[2][..], 0, 0));
    let (solution, residuals, rank, values) = aten::linalg_lstsq(&x, &numbers(&[4]))?;
    assert_eq!((solution.sizes(), residuals.numel(), rank.numel(), values.numel()), (&[3][..], 0, 1, 0));
    let error = solve(&x, &b, "qr").unwrap_err();
    assert!(error.to_string().contains("`driver`"), "{error}");
    Ok(())
}

#[test]
fn what_cannot_be_decomposed_is_named() -> Result<()> {
    let unknown = Tensor::from_slice(&[1.0, f64::NAN, 0.0, 1.0], &[2, 2])?;
    let errors = [aten::linalg_svd(&unknown).err(), aten::linalg_eigh(&unknown.t()?).err()];
    for error in errors {
        let text = error.map(|error| (error.kind(), error.to_string()));
        assert!(text.as_ref().is_some_and(|(_, text)| text.contains("not numbers")), "{text:?}");
    }
    let integers = aten::eye(2)?.to_dtype(DType::Int64)?;
    assert_eq!(aten::linalg_qr(&integers).unwrap_err().kind(), ErrorKind::NotImplemented);
    assert!(aten::linalg_eigh(&numbers(&[2, 3])).unwrap_err().to_string().contains("square"));
    assert!(aten::linalg_svd(&numbers(&[3])).unwrap_err().to_string().contains("at least 2 dimensions"));
    // Many matrices without elements take neither time nor memory.
    let many = Tensor::zeros(&[1 << 40, 0, 3], DType::Float32, Device::CPU)?;
    assert_eq!(aten::linalg_svdvals(&many)?.sizes(), [1 << 40, 0]);
    assert!(aten::linalg_pinv::atol_rtol_float.call(&numbers(&[]), Some(0.1), Some(0.1), false).is_err());
    let empty = Tensor::zeros(&[0, 3], DType::Float32, Device::CPU)?;
    let (u, s, vh) = aten::linalg_svd(&empty)?;
    assert_eq!((u.sizes(), s.sizes(), vh.sizes()), (&[0, 0][..], &[0][..], &[3, 3][..]));
    assert_eq!(aten::linalg_pinv::default.call(&empty, 1e-3, false)?.sizes(), [3, 0]);
    assert_eq!(aten::linalg_matrix_rank::default.call(&empty, 1e-3, false)?.item()?, 0.into());
    Ok(())
}
