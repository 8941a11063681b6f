//! Bags of rows, integrals of samples, covariances, choices and distances: results are those of PyTorch for the same numbers.

use keyway::{DType, Device, Result, Scalar, Tensor};
use keyway_ops::{TensorMethods, aten};

/// Numbers without a pattern, the same ones each time.
fn numbers(sizes: &[i64]) -> Tensor {
    let count: i64 = sizes.iter().product();
    let elements: Vec<f64> = (0..count).map(|i| ((i * i * 7 + i * 3 + 1) % 23) as f64 / 5.0 - 2.0).collect();
    Tensor::from_slice(&elements, sizes).unwrap()
}

fn vector(elements: &[i64]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

fn assert_close(x: &Tensor, sizes: &[i64], expected: &[f64]) {
    assert_eq!(x.sizes(), sizes);
    let elements = x.contiguous().unwrap().to_vec::<f64>().unwrap();
    let close = elements.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-6);
    assert!(close && elements.len() == expected.len(), "{elements:?} is not {expected:?}");
}

#[test]
fn rows_are_combined_in_bags() -> Result<()> {
    let weight = numbers(&[5, 3]);
    let (indices, offsets) = (vector(&[1, 2, 4, 4, 0, 3]), vector(&[0, 2, 2, 5]));
    let bag = aten::embedding_bag::default;
    let cases: [(i64, [f64; 12], &[i64]); 3] = [
        (0, [0.4, 2.0, 0.0, 0.0, 0.0, 0.0, -1.8, -2.2, 1.2, 2.0, 1.6, -0.6], &[0, 0, 0, 0]),
        (1, [0.2, 1.0, 0.0, 0.0, 0.0, 0.0, -0.6, -0.733333, 0.4, 2.0, 1.6, -0.6], &[2, 0, 3, 1]),
        (2, [1.6, 2.0, 0.6, 0.0, 0.0, 0.0, 0.0, 0.2, 0.4, 2.0, 1.6, -0.6], &[2, 0, 3, 1]),
    ];
    for (mode, expected, expected_sizes) in cases {
        let (out, bag_of, sizes, from) =
            bag.call(&weight, &indices, &offsets, false, mode, false, None, false)?;
        assert_close(&out, &[4, 3], &expected);
        assert_eq!(bag_of.to_vec::<i64>()?, [0, 0, 2, 2, 2, 3]);
        assert_eq!(sizes.to_vec::<i64>()?, expected_sizes);
        let places: &[i64] = if mode == 2 { &[2, 2, 2, 0, 0, 0, 4, 0, 4, 3, 3, 3] } else { expected_sizes };
        assert_eq!(from.to_vec::<i64>()?, places);
    }
    let weighted = bag.call(&weight, &indices, &offsets, false, 0, false, Some(&numbers(&[6])), false)?.0;
    let expected = [2.48, 0.4, 1.2, 0.0, 0.0, 0.0, 0.0, 0.96, -0.32, -1.2, -0.96, 0.36];
    assert_close(&weighted, &[4, 3], &expected);
    let ended = bag.call(&weight, &indices, &vector(&[0, 2, 2, 6]), false, 1, false, None, true)?;
    assert_close(&ended.0, &[3, 3], &[0.2, 1.0, 0.0, 0.0, 0.0, 0.0, 0.05, -0.15, 0.15]);
    let padded = aten::embedding_bag::padding_idx;
    let (out, _, sizes, _) =
        padded.call(&weight, &indices, &offsets, false, 1, false, None, false, Some(-1))?;
    assert_close(&out, &[4, 3], &[0.2, 1.0, 0.0, 0.0, 0.0, 0.0, -1.8, 0.2, 0.4, 2.0, 1.6, -0.6]);
    assert_eq!(sizes.to_vec::<i64>()?, [2, 0, 1, 1]);
    Ok(())
}

#[test]
fn wrong_bags_are_named() -> Result<()> {
    let (weight, indices) = (numbers(&[5, 3]), vector(&[1, 2, 4]));
    let refused = [
        (aten::embedding_bag(&weight, &indices, &vector(&[1, 2])), "`offsets` must start at 0"),
        (aten::embedding_bag(&weight, &indices, &vector(&[0, 9])), "rise to at most 3"),
        (aten::embedding_bag(&weight, &vector(&[7]), &vector(&[0])), "`indices` hold 7"),
        (aten::embedding_bag(&numbers(&[3]), &indices, &vector(&[0])), "`weight` must be a matrix"),
        (
            aten::embedding_bag::default.call(&weight, &indices, &vector(&[0]), false, 3, false, None, false),
            "`mode`",
        ),
        (
            aten::embedding_bag::default.call(
                &weight,
                &indices,
                &vector(&[0]),
                false,
                1,
                false,
                Some(&numbers(&[3])),
                false,
            ),
            "`per_sample_weights` are for sums",
        ),
    ];
    for (result, part) in refused {
        let text = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    let empty = Tensor::zeros(&[0], DType::Int64, Device::CPU)?;
    assert_close(&aten::embedding_bag(&weight, &empty, &vector(&[0]))?.0, &[1, 3], &[0.0; 3]);
    Ok(())
}

#[test]
fn integrals_of_samples() -> Result<()> {
    let y = numbers(&[2, 4]);
    assert_close(&aten::trapezoid::x.call(&y, &numbers(&[4]), -1)?, &[2], &[-0.9, -3.38]);
    let so_far = aten::cumulative_trapezoid::dx.call(&y, Scalar::Float(0.5), 0)?;
    assert_close(&so_far, &[1, 4], &[-0.45, -0.1, 0.5, 0.2]);
    let whole = aten::trapz::dx.call(&y, 0.5, -1)?;
    let last = aten::cumulative_trapezoid::dx.call(&y, Scalar::Float(0.5), -1)?;
    let last = aten::select::int.call(&last, -1, -1)?;
    assert_close(&whole, &[2], &last.contiguous()?.to_vec::<f64>()?);
    let empty = Tensor::zeros(&[2, 0], DType::Float64, Device::CPU)?;
    assert_close(&aten::trapezoid::dx.call(&empty, Scalar::Int(1), -1)?, &[2], &[0.0, 0.0]);
    assert!(aten::trapezoid::x.call(&y, &numbers(&[]), -1).unwrap_err().to_string().contains("`x`"));
    assert!(aten::trapezoid::x.call(&y, &numbers(&[3]), -1).unwrap_err().to_string().contains("`x`"));
    Ok(())
}

#[test]
fn covariances_and_correlations() -> Result<()> {
    let x = numbers(&[2, 4]);
    assert_close(&aten::cov(&x)?, &[2, 2], &[1.146667, -0.026667, -0.026667, 1.556667]);
    let shares = Tensor::from_slice(&[0.1f64, 0.2, 0.3, 0.4], &[4])?;
    let weighted = aten::cov::default.call(&x, 0, Some(&vector(&[1, 2, 1, 1])), Some(&shares))?;
    assert_close(&weighted, &[2, 2], &[0.656389, -0.347778, -0.347778, 1.342222]);
    assert_close(&aten::corrcoef(&x)?, &[2, 2], &[1.0, -0.01996, -0.01996, 1.0]);
    assert_eq!(aten::cov(&numbers(&[4]))?.dim(), 0);
    let error = aten::cov::default.call(&x, 1, Some(&shares), None).unwrap_err();
    assert!(error.to_string().contains("`fweights`"), "{error}");
    Ok(())
}

#[test]
fn choices_and_distances() -> Result<()> {
    let x = vector(&[1, 2, 3]);
    let pairs = aten::combinations::default.call(&x, 2, true)?;
    assert_eq!(
        (pairs.sizes(), pairs.to_vec::<i64>()?),
        (&[6i64, 2][..], vec![1, 1, 1, 2, 1, 3, 2, 2, 2, 3, 3, 3])
    );
    assert_eq!(aten::combinations(&x)?.to_vec::<i64>()?, [1, 2, 1, 3, 2, 3]);
    assert_eq!(aten::combinations::default.call(&x, 4, false)?.sizes(), [0, 4]);
    let distances = aten::pdist::default.call(&numbers(&[3, 2]), 3.0)?;
    assert_close(&distances, &[3], &[2.374735, 1.851204, 0.654213]);
    let bounds = vector(&[1, 3, 5]);
    let place = aten::bucketize::Scalar.call(Scalar::Int(3), &bounds, false, true)?;
    assert_eq!(place.item()?, 2.into());
    Ok(())
}
