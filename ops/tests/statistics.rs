//! Quantiles, differences, means of numbers, special functions, and elements combined at positions: values that are known.

use keyway::{Complex, DType, Result, Scalar, Tensor};
use keyway_ops::{TensorMethods, aten};

fn tensor(elements: &[f64], sizes: &[i64]) -> Tensor {
    Tensor::from_slice(elements, sizes).unwrap()
}

fn values(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::Float64).unwrap().to_vec::<f64>().unwrap()
}

#[test]
fn quantiles_are_elements_or_between_two_of_them() -> Result<()> {
    let x = tensor(&[4.0, 1.0, 3.0, 2.0, 8.0, 6.0], &[2, 3]);
    let median = x.quantile_number(0.5)?;
    assert_eq!((median.sizes(), values(&median)), (&[][..], vec![3.5]));
    let shares = tensor(&[0.0, 0.25, 1.0], &[3]);
    let rows = aten::quantile::default.call(&x, &shares, Some(1), false, "linear")?;
    assert_eq!((rows.sizes(), values(&rows)), (&[3, 2][..], vec![1.0, 2.0, 2.0, 4.0, 4.0, 8.0]));
    let columns = aten::quantile::default.call(&x, &shares, Some(0), true, "higher")?;
    assert_eq!(
        (columns.sizes(), values(&columns)),
        (&[3, 1, 3][..], vec![2.0, 1.0, 3.0, 4.0, 8.0, 6.0, 4.0, 8.0, 6.0])
    );
    for (way, expected) in
        [("lower", 1.0), ("higher", 3.0), ("nearest", 1.0), ("midpoint", 2.0), ("linear", 1.5)]
    {
        let found = aten::quantile::scalar.call(&tensor(&[3.0, 1.0], &[2]), 0.25, None, false, way)?;
        assert_eq!(values(&found), [expected], "{way}");
    }
    assert!(tensor(&[f64::NAN, 1.0], &[2]).quantile_number(0.5)?.item()?.to_f64().is_nan());
    assert!(x.quantile_number(1.5).is_err());
    Ok(())
}

#[test]
fn differences_and_means_of_numbers() -> Result<()> {
    let x = tensor(&[1.0, 4.0, 9.0, 16.0], &[4]);
    assert_eq!(values(&x.diff()?), [3.0, 5.0, 7.0]);
    assert_eq!(
        values(&aten::diff::default.call(&x, 2, 0, None, Some(&tensor(&[25.0], &[1])))?),
        [2.0, 2.0, 2.0]
    );
    let flags = Tensor::from_slice(&[true, true, false], &[3])?;
    assert_eq!(flags.diff()?.to_vec::<bool>()?, [false, true]);
    let holes = tensor(&[1.0, f64::NAN, 5.0, f64::NAN], &[2, 2]);
    assert_eq!(values(&holes.nanmean()?), [3.0]);
    let columns = values(&aten::nanmean::default.call(&holes, Some(&[0]), false, None)?);
    assert!(columns[0] == 3.0 && columns[1].is_nan());
    Ok(())
}

#[test]
fn special_functions_have_their_known_values() -> Result<()> {
    let x = tensor(&[1.0, 0.5, 5.0, -0.5], &[4]);
    let near = |found: &Tensor, expected: &[f64]| {
        values(found)
            .iter()
            .zip(expected)
            .for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{a} is not {b}"));
    };
    let root_of_pi = std::f64::consts::PI.sqrt();
    near(&x.lgamma()?, &[0.0, root_of_pi.ln(), 24f64.ln(), (2.0 * root_of_pi).ln()]);
    near(&tensor(&[0.0, 0.5, 1.0], &[3]).sinc()?, &[1.0, 2.0 / std::f64::consts::PI, 0.0]);
    let step = tensor(&[-1.0, 0.0, 2.0, f64::NAN], &[4]).heaviside(&tensor(&[0.25], &[1]))?;
    assert_eq!(values(&step), [0.0, 0.25, 1.0, 0.0]);
    let (a, b) = (Tensor::from_slice(&[12i64, -18, 0], &[3])?, Tensor::from_slice(&[18i64, 12, 5], &[3])?);
    assert_eq!((a.gcd(&b)?.to_vec::<i64>()?, a.lcm(&b)?.to_vec::<i64>()?), (vec![6, 6, 5], vec![36, 36, 0]));
    let next = aten::nextafter(&tensor(&[1.0], &[1]), &tensor(&[2.0], &[1]))?;
    assert_eq!(values(&next), [1.0 + f64::EPSILON]);
    assert_eq!(values(&tensor(&[1.5], &[1]).ldexp(&tensor(&[3.0], &[1]))?), [12.0]);
    assert_eq!(Tensor::from_slice(&[2i32], &[1])?.float_power_scalar(-1)?.dtype(), DType::Float64);
    Ok(())
}

#[test]
fn elements_are_combined_at_positions() -> Result<()> {
    let x = tensor(&[1.0, 2.0, 3.0], &[3]);
    let index = Tensor::from_slice(&[0i64, 0, 2], &[3])?;
    let source = tensor(&[10.0, 20.0, 30.0], &[3]);
    assert_eq!(values(&x.scatter_combine(0, &index, &source, "add")?), [31.0, 2.0, 33.0]);
    assert_eq!(values(&x.scatter_combine(0, &index, &source, "multiply")?), [200.0, 2.0, 90.0]);
    assert_eq!(values(&x.scatter_combine_value(0, &index, 3, "multiply")?), [9.0, 2.0, 9.0]);
    assert!(x.scatter_combine(0, &index, &source, "sum").is_err());
    let grid = tensor(&[0.0; 6], &[3, 2]).t()?;
    grid.put__with(&Tensor::from_slice(&[4i64, -6], &[2])?, &tensor(&[7.0, 8.0], &[2]), false)?;
    assert_eq!(values(&grid), [8.0, 0.0, 0.0, 0.0, 7.0, 0.0]);
    let (unique, inverse, counts) = aten::unique_dim::default.call(
        &Tensor::from_slice(&[3i64, 4, 1, 2, 3, 4], &[3, 2])?,
        0,
        true,
        true,
        true,
    )?;
    assert_eq!((unique.to_vec::<i64>()?, inverse.to_vec::<i64>()?), (vec![1, 2, 3, 4], vec![1, 0, 1]));
    assert_eq!(counts.to_vec::<i64>()?, [1, 2]);
    let blocks = aten::block_diag(&[tensor(&[1.0, 2.0], &[2]), tensor(&[3.0], &[])])?;
    assert_eq!((blocks.sizes(), values(&blocks)), (&[2, 3][..], vec![1.0, 2.0, 0.0, 0.0, 0.0, 3.0]));
    Ok(())
}

#[test]
fn windows_of_signals_fall_off_to_both_ends() -> Result<()> {
    let near = |found: &Tensor, expected: &[f64]| {
        assert_eq!(found.sizes(), [expected.len() as i64]);
        values(found).iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{a} is not {b}"));
    };
    near(&aten::bartlett_window_periodic(5, false)?, &[0.0, 0.5, 1.0, 0.5, 0.0]);
    near(&aten::bartlett_window(4)?, &[0.0, 0.5, 1.0, 0.5]);
    near(&aten::hann_window_periodic(5, false)?, &[0.0, 0.5, 1.0, 0.5, 0.0]);
    near(&aten::hamming_window_periodic(3, false)?, &[0.08, 1.0, 0.08]);
    near(&aten::blackman_window_periodic(3, false)?, &[0.0, 1.0, 0.0]);
    near(&aten::hann_window(1)?, &[1.0]);
    assert!(aten::hann_window(-1).is_err());
    Ok(())
}

#[test]
fn sums_of_exponentials_histograms_and_bounded_norms() -> Result<()> {
    let logs = tensor(&[1000.0, 1000.0, f64::NEG_INFINITY], &[3]).logcumsumexp(0)?;
    let both = 1000.0 + std::f64::consts::LN_2;
    assert_eq!(values(&logs), [1000.0, both, both]);
    assert_eq!(values(&tensor(&[f64::NEG_INFINITY, 2.0], &[2]).logcumsumexp(0)?), [f64::NEG_INFINITY, 2.0]);
    let x = tensor(&[0.0, 1.0, 1.5, 2.0, 5.0, f64::NAN], &[6]);
    assert_eq!(values(&aten::histc::default.call(&x, 2, Scalar::Int(0), Scalar::Int(2))?), [1.0, 3.0]);
    assert_eq!(
        values(&aten::histc::default.call(&x.narrow(0, 0, 5)?, 5, Scalar::Int(0), Scalar::Int(0))?),
        [1.0, 2.0, 1.0, 0.0, 1.0]
    );
    let slices = tensor(&[3.0, 4.0, 0.3, 0.4], &[2, 2]).renorm(2, 0, 1)?;
    let expected = [0.6, 0.8, 0.3, 0.4];
    values(&slices).iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{a} is not {b}"));
    let padded = aten::reflection_pad1d(&tensor(&[1.0, 2.0, 3.0], &[1, 3]), &[2, 1])?;
    assert_eq!(values(&padded), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    let dropped = values(&aten::feature_dropout(&tensor(&[1.0; 24], &[2, 3, 4]), 0.5, true)?);
    assert!(
        dropped.chunks(4).all(|channel| channel.iter().all(|x| *x == channel[0] && (*x == 0.0 || *x == 2.0)))
    );
    let kept = aten::alpha_dropout(&tensor(&[0.0; 1000], &[1000]), 0.25, true)?;
    assert!(kept.mean()?.item()?.to_f64().abs() < 0.2);
    Ok(())
}

#[test]
fn the_largest_elements_of_as_many_windows_as_asked_for() -> Result<()> {
    let x = tensor(&[1.0, 5.0, 2.0, 8.0, 3.0], &[1, 5]);
    // The windows overlap, so that they cover everything.
    let (largest, places) = aten::adaptive_max_pool1d(&x, &[2])?;
    assert_eq!((values(&largest), places.to_vec::<i64>()?), (vec![5.0, 8.0], vec![1, 3]));
    let image = tensor(&[1.0, 2.0, 3.0, 4.0, 9.0, f64::NAN], &[1, 2, 3]);
    let (largest, places) = aten::adaptive_max_pool2d(&image, &[1, 3])?;
    assert!(values(&largest)[2].is_nan() && values(&largest)[..2] == [4.0, 9.0]);
    let gradient =
        aten::adaptive_max_pool2d_backward(&tensor(&[1.0, 2.0, 3.0], &[1, 1, 3]), &image, &places)?;
    assert_eq!(values(&gradient), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
    Ok(())
}

#[test]
fn parts_of_complex_numbers_are_views_and_conjugates_are_computed() -> Result<()> {
    let z = aten::complex(&tensor(&[3.0, -1.0], &[2]), &tensor(&[-4.0, 0.0], &[2]))?;
    assert_eq!(z.to_vec::<Complex<f64>>()?, [Complex::new(3.0, -4.0), Complex::new(-1.0, 0.0)]);
    assert!(aten::real(&z)?.shares_storage(&z) && aten::imag(&z)?.shares_storage(&z));
    assert_eq!((values(&aten::real(&z)?), values(&aten::imag(&z)?)), (vec![3.0, -1.0], vec![-4.0, 0.0]));
    let turned = z.conj_physical()?;
    assert_eq!(turned.to_vec::<Complex<f64>>()?[0], Complex::new(3.0, 4.0));
    assert!(!turned.shares_storage(&z) && tensor(&[1.0], &[1]).conj_physical()?.sizes() == [1]);
    let back = aten::polar(&z.abs()?, &z.angle()?)?;
    assert!(back.sub(&z)?.abs()?.max()?.item()?.to_f64() < 1e-12);
    let angles = values(&tensor(&[2.0, -2.0, -0.0], &[3]).angle()?);
    assert_eq!(angles, [0.0, std::f64::consts::PI, 0.0]);
    assert!(aten::imag(&tensor(&[1.0], &[1])).is_err());
    z.conj_physical_()?;
    assert_eq!(z.select(0, 0)?.item()?, Scalar::Complex(3.0, 4.0));
    Ok(())
}
