//! Windows over planes and blocks, resizing and sampling: results are those of PyTorch for the same numbers, gradients are the
//! transposes of what they are the gradients of, wrong arguments are named.

use keyway::{DType, Device, ErrorKind, MemoryFormat, Result, Tensor};
use keyway_ops::{TensorMethods, aten};

/// Numbers without a pattern, the same ones each time.
fn numbers(sizes: &[i64]) -> Tensor {
    let count: i64 = sizes.iter().product();
    let elements: Vec<f64> = (0..count).map(|i| ((i * i * 7 + i * 3 + 1) % 23) as f64 / 5.0 - 2.0).collect();
    Tensor::from_slice(&elements, sizes).unwrap()
}

fn assert_close(x: &Tensor, sizes: &[i64], expected: &[f64]) {
    assert_eq!(x.sizes(), sizes);
    let elements = x.to_vec::<f64>().unwrap();
    let close = elements.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-6);
    assert!(close && elements.len() == expected.len(), "{elements:?} is not {expected:?}");
}

fn block() -> Tensor {
    numbers(&[1, 1, 2, 3, 4])
}

#[test]
fn means_of_blocks() -> Result<()> {
    let pool = aten::avg_pool3d::default;
    let means = pool.call(&block(), &[2, 2, 2], &[1, 2, 2], &[0, 1, 1], false, false, None)?;
    assert_close(&means, &[1, 1, 1, 2, 3], &[-0.9, -0.05, -0.5, -0.35, -0.175, -0.15]);
    let means = pool.call(&block(), &[2, 2, 3], &[2, 2, 2], &[1, 0, 1], true, true, Some(5))?;
    let expected = [-0.44, 0.48, 0.16, 0.52, 0.6, -0.12, -0.8, -0.76, 0.0, -0.44, -0.96, -0.36];
    assert_close(&means, &[1, 1, 2, 2, 3], &expected);
    let grad = numbers(&[1, 1, 1, 2, 2]);
    let back = aten::avg_pool3d_backward::default;
    let back = back.call(&grad, &block(), &[2, 2, 2], &[2, 1, 2], &[0; 3], false, true, None)?;
    let half = [-0.225, -0.225, 0.025, 0.025, -0.175, -0.175, -0.125, -0.125, 0.05, 0.05, -0.15, -0.15];
    assert_close(&back, &[1, 1, 2, 3, 4], &[half, half].concat());
    Ok(())
}

#[test]
fn largest_elements_of_blocks_and_the_way_back() -> Result<()> {
    let pool = aten::max_pool3d_with_indices::default;
    let (largest, at) = pool.call(&block(), &[2, 2, 2], &[1, 1, 2], &[1, 0, 0], &[1, 1, 2], true)?;
    let expected = [1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 0.4, 0.4, -0.2, -1.0];
    assert_close(&largest, &[1, 1, 3, 2, 2], &expected);
    assert_eq!(at.to_vec::<i64>()?, [6, 6, 6, 6, 6, 6, 6, 6, 14, 14, 20, 22]);
    let (largest, at) = pool.call(&block(), &[1, 2, 2], &[], &[0], &[1], false)?;
    let back = aten::max_unpool3d::default.call(&largest, &at, &[2, 3, 4], &[1, 2, 2], &[0; 3])?;
    let mut expected = [0.0; 24];
    (expected[1], expected[7], expected[14]) = (0.2, 2.0, 0.4);
    assert_close(&back, &[1, 1, 2, 3, 4], &expected);
    let unpool = aten::max_unpool3d::default.call(&largest, &at, &[2, 3, 2], &[1, 2, 2], &[0; 3]);
    assert!(unpool.unwrap_err().to_string().contains("`indices` hold"));
    let planes =
        aten::max_unpool2d(&numbers(&[1, 1, 2]), &Tensor::from_slice(&[3i64, 0], &[1, 1, 2])?, &[2, 2])?;
    assert_close(&planes, &[1, 2, 2], &[0.2, 0.0, 0.0, -1.8]);
    Ok(())
}

#[test]
fn adaptive_windows_cover_blocks() -> Result<()> {
    let means = aten::adaptive_avg_pool3d(&block(), &[1, 2, 3])?;
    assert_close(&means, &[1, 1, 1, 2, 3], &[-0.775, -0.275, 0.15, -0.375, -0.175, -0.05]);
    let (largest, at) = aten::adaptive_max_pool3d(&block(), &[1, 2, 3])?;
    assert_close(&largest, &[1, 1, 1, 2, 3], &[0.2, 1.6, 2.0, 2.0, 2.0, 2.0]);
    assert_eq!(at.to_vec::<i64>()?, [1, 6, 7, 9, 9, 7]);
    let one = aten::adaptive_avg_pool3d(&block(), &[1, 1, 1])?;
    assert_close(&one, &[1, 1, 1, 1, 1], &[block().mean()?.item()?.to_f64()]);
    Ok(())
}

#[test]
fn convolutions_of_blocks() -> Result<()> {
    let (weight, bias) = (numbers(&[2, 1, 2, 2, 2]), numbers(&[2]));
    let conv = aten::conv3d::default;
    let out = conv.call(&block(), &weight, Some(&bias), &[1, 1, 2], &[0, 1, 0], &[1], 1)?;
    let expected = [
        -5.16, 0.84, -1.96, -8.24, -7.8, -8.0, -1.28, -3.72, -3.04, 1.76, 0.4, -1.68, -0.52, 7.56, 6.96, 2.12,
    ];
    assert_close(&out, &[1, 2, 1, 4, 2], &expected);
    let weight = numbers(&[2, 1, 2, 1, 2]);
    let transposed = aten::conv_transpose3d::input;
    let out = transposed.call(
        &numbers(&[1, 2, 1, 2, 2]),
        &weight,
        None,
        &[1, 2, 1],
        &[0; 3],
        &[0; 3],
        1,
        &[1; 3],
    )?;
    let expected = [
        3.24, -0.72, 0.4, 0.0, 0.0, 0.0, -0.72, 1.28, -1.44, -0.72, 1.28, -1.44, 0.0, 0.0, 0.0, 2.72, 5.44,
        5.44,
    ];
    assert_close(&out, &[1, 1, 2, 3, 3], &expected);
    Ok(())
}

#[test]
fn planes_in_other_sizes() -> Result<()> {
    let x = numbers(&[1, 1, 2, 3]);
    let size = [3, 5];
    let nearest = aten::upsample_nearest2d(&x, &size)?;
    let rows = [-1.8, -1.8, 0.2, 0.2, 0.4];
    assert_close(&nearest, &[1, 1, 3, 5], &[rows, rows, [-1.2, -1.2, 0.0, 0.0, -0.6]].concat());
    let exact = aten::_upsample_nearest_exact2d(&x, &size)?;
    let row = [-1.2, -1.2, 0.0, -0.6, -0.6];
    assert_close(&exact, &[1, 1, 3, 5], &[[-1.8, -1.8, 0.2, 0.4, 0.4], row, row].concat());
    let linear = aten::upsample_bilinear2d(&x, &size, false)?;
    let expected = [-1.8, -1.0, 0.2, 0.32, 0.4, -1.5, -0.86, 0.1, -0.02, -0.1, -1.2, -0.72, 0.0, -0.36, -0.6];
    assert_close(&linear, &[1, 1, 3, 5], &expected);
    let aligned = aten::upsample_bilinear2d(&x, &size, true)?;
    let expected = [-1.8, -0.8, 0.2, 0.3, 0.4, -1.5, -0.7, 0.1, 0.0, -0.1, -1.2, -0.6, 0.0, -0.3, -0.6];
    assert_close(&aligned, &[1, 1, 3, 5], &expected);
    let cubic = aten::upsample_bicubic2d(&x, &size, false)?;
    let expected = [
        -2.05075, -1.068539, 0.217361, 0.531261, 0.512672, -1.6536, -0.8648, 0.1, 0.0928, -0.1192, -1.25645,
        -0.661061, -0.017361, -0.345661, -0.751072,
    ];
    assert_close(&cubic, &[1, 1, 3, 5], &expected);
    let aligned = aten::upsample_bicubic2d(&x, &size, true)?;
    let expected = [
        -1.8, -0.81875, 0.2, 0.4875, 0.4, -1.5, -0.68125, 0.1, 0.15, -0.1, -1.2, -0.54375, 0.0, -0.1875, -0.6,
    ];
    assert_close(&aligned, &[1, 1, 3, 5], &expected);
    Ok(())
}

#[test]
fn rows_and_blocks_in_other_sizes() -> Result<()> {
    let rows = numbers(&[1, 2, 3]);
    let linear = aten::upsample_linear1d(&rows, &[5], false)?;
    assert_close(&linear, &[1, 2, 5], &[-1.8, -1.0, 0.2, 0.32, 0.4, -1.2, -0.72, 0.0, -0.36, -0.6]);
    let scaled = aten::upsample_nearest1d::vec.call(&rows, None, Some(&[1.7]))?;
    assert_close(&scaled, &[1, 2, 5], &[-1.8, -1.8, 0.2, 0.2, 0.4, -1.2, -1.2, 0.0, 0.0, -0.6]);
    let linear = aten::upsample_trilinear3d(&block(), &[1, 2, 3], false)?;
    assert_close(&linear, &[1, 1, 1, 2, 3], &[-0.845833, -0.1625, -0.083333, -0.095833, -0.0125, -0.533333]);
    let exact = aten::_upsample_nearest_exact3d(&block(), &[1, 2, 3])?;
    assert_close(&exact, &[1, 1, 1, 2, 3], &[0.0, 0.4, 0.2, -0.2, -1.0, -1.8]);
    Ok(())
}

/// The sum of the products of elements.
fn dot(a: &Tensor, b: &Tensor) -> f64 {
    a.mul(b).unwrap().sum().unwrap().item().unwrap().to_f64()
}

#[test]
fn gradients_of_resizing_are_its_transpose() -> Result<()> {
    let (x, grad) = (numbers(&[1, 1, 2, 3]), numbers(&[1, 1, 3, 5]));
    let (small, large) = ([1, 1, 2, 3], [3, 5]);
    for aligned in [false, true] {
        let pairs = [
            (
                aten::upsample_bilinear2d(&x, &large, aligned)?,
                aten::upsample_bilinear2d_backward(&grad, &large, &small, aligned)?,
            ),
            (
                aten::upsample_bicubic2d(&x, &large, aligned)?,
                aten::upsample_bicubic2d_backward(&grad, &large, &small, aligned)?,
            ),
            (
                aten::upsample_nearest2d(&x, &large)?,
                aten::upsample_nearest2d_backward(&grad, &large, &small)?,
            ),
            (
                aten::_upsample_nearest_exact2d(&x, &large)?,
                aten::_upsample_nearest_exact2d_backward(&grad, &large, &small)?,
            ),
        ];
        for (resized, back) in pairs {
            assert_eq!(back.sizes(), small);
            assert!((dot(&resized, &grad) - dot(&x, &back)).abs() < 1e-9);
        }
    }
    Ok(())
}

#[test]
fn places_of_a_grid() -> Result<()> {
    let x = numbers(&[1, 1, 2, 3]);
    let grid = numbers(&[1, 2, 3, 2]).mul_scalar(0.7)?;
    let expected: [(i64, i64, bool, [f64; 6]); 9] = [
        (0, 0, false, [-0.15576, 0.18744, 0.184, -0.0192, -0.0378, 0.1024]),
        (0, 1, true, [-1.458, 0.22208, 0.142, -0.6, -0.252, 0.11]),
        (0, 2, true, [-1.05656, 0.22208, 0.142, -0.3472, -0.1448, 0.11384]),
        (0, 2, false, [-1.416, 0.284, 0.184, -0.6, -0.378, 0.32]),
        (1, 0, false, [0.0, 0.2, 0.2, 0.0, 0.0, 0.0]),
        (1, 1, false, [-1.2, 0.2, 0.2, -0.6, -0.6, 0.4]),
        (2, 0, true, [-1.507621, 0.476126, 0.168252, -0.571208, -0.202201, 0.132386]),
        (2, 1, false, [-1.418237, 0.562072, 0.187091, -0.638366, -0.314652, 0.343204]),
        (2, 2, true, [-1.229429, 0.468177, 0.159296, -0.468176, -0.094901, 0.212814]),
    ];
    for (mode, padding, aligned, expected) in expected {
        let samples = aten::grid_sampler(&x, &grid, mode, padding, aligned)?;
        assert_close(&samples, &[1, 1, 2, 3], &expected);
    }
    let blocks = aten::grid_sampler(&block(), &numbers(&[1, 1, 2, 2, 3]).mul_scalar(0.6)?, 0, 2, false)?;
    assert_close(&blocks, &[1, 1, 1, 2, 2], &[-1.0908, -0.27624, -1.632, -0.768]);
    for (mode, padding) in [(3, 0), (0, 3)] {
        assert!(aten::grid_sampler(&x, &grid, mode, padding, true).unwrap_err().to_string().contains("mode"));
    }
    assert!(aten::grid_sampler(&block(), &numbers(&[1, 1, 2, 2, 3]), 2, 0, true).is_err());
    Ok(())
}

#[test]
fn grids_of_affine_maps() -> Result<()> {
    let planes = aten::affine_grid_generator(&numbers(&[1, 2, 3]), &[1, 1, 2, 3], false)?;
    let expected = [1.5, 0.2, 0.3, -0.6, -0.9, -1.4, 1.7, 0.2, 0.5, -0.6, -0.7, -1.4];
    assert_close(&planes, &[1, 2, 3, 2], &expected);
    let blocks = aten::affine_grid_generator(&numbers(&[1, 3, 4]), &[1, 1, 2, 1, 2], true)?;
    let expected = [0.2, 0.4, -2.8, -3.4, 0.4, -1.6, 1.0, 3.6, 0.4, -2.6, 3.6, 1.6];
    assert_close(&blocks, &[1, 2, 1, 2, 3], &expected);
    assert!(aten::affine_grid_generator(&numbers(&[1, 2, 2]), &[1, 1, 2, 3], true).is_err());
    Ok(())
}

#[test]
fn slices_are_combined_at_positions() -> Result<()> {
    let (x, source) = (numbers(&[3, 2]), numbers(&[3, 2]).add_scalar_with(0.5, 1)?);
    let index = Tensor::from_slice(&[0i64, 2, 0], &[3])?;
    let expected = [
        ("prod", true, [1.17, -0.014, 0.4, -1.2, 0.0, 0.42]),
        ("prod", false, [-0.65, -0.07, 0.4, -1.2, 0.9, -0.7]),
        ("mean", true, [-0.866667, 0.266667, 0.4, -1.2, 0.45, -0.65]),
        ("mean", false, [-0.4, 0.3, 0.4, -1.2, 0.9, -0.7]),
        ("amax", true, [0.5, 0.7, 0.4, -1.2, 0.9, -0.6]),
        ("amin", false, [-1.3, -0.1, 0.4, -1.2, 0.9, -0.7]),
    ];
    for (reduce, include, expected) in expected {
        let result = aten::index_reduce::default.call(&x, 0, &index, &source, reduce, include)?;
        assert_close(&result, &[3, 2], &expected);
        let out = Tensor::zeros(&[0], DType::Float64, Device::CPU)?;
        aten::index_reduce::out.call(&x, 0, &index, &source, reduce, include, &out)?;
        assert_close(&out, &[3, 2], &expected);
        let own = x.clone_tensor()?;
        aten::index_reduce_::default.call(&own, 0, &index, &source, reduce, include)?;
        assert_close(&own, &[3, 2], &expected);
    }
    let [x, index, source] = [&[7i64, 8, 9][..], &[0, 0], &[-4, 2]]
        .map(|elements| Tensor::from_slice(elements, &[elements.len() as i64]).unwrap());
    let result = aten::index_reduce::default.call(&x, 0, &index, &source, "mean", true)?;
    assert_eq!(result.to_vec::<i64>()?, [1, 8, 9]);
    let error = aten::index_reduce::default.call(&x, 0, &index, &source, "sum", true).unwrap_err();
    assert!(error.to_string().contains("index_add"), "{error}");
    let beyond = Tensor::from_slice(&[0i64, 3], &[2])?;
    let error = aten::index_reduce::default.call(&x, 0, &beyond, &source, "prod", true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Index);
    Ok(())
}

#[test]
fn half_precision_is_rounded_once_and_channels_stay_last() -> Result<()> {
    let x = numbers(&[1, 2, 4, 4]).to_dtype(DType::BFloat16)?;
    let wide = aten::upsample_bilinear2d(&x.to_dtype(DType::Float32)?, &[3, 3], false)?;
    let narrow = aten::upsample_bilinear2d(&x, &[3, 3], false)?;
    assert_eq!(narrow.dtype(), DType::BFloat16);
    assert!(narrow.eq_tensor(&wide.to_dtype(DType::BFloat16)?)?.all()?.item()?.to_bool());
    let last = block().expand(&[2, 3, 2, 3, 4])?.clone_tensor_with(Some(MemoryFormat::ChannelsLast3d))?;
    let pooled = aten::avg_pool3d(&last, &[1, 2, 2])?;
    assert_eq!(pooled.strides(), [12, 1, 6, 6, 3]);
    Ok(())
}

#[test]
fn wrong_arguments_are_named() -> Result<()> {
    let x = block();
    let messages = [
        (aten::avg_pool3d(&numbers(&[3, 4]), &[2]).err(), "`self` must have 4 or 5 dimensions"),
        (aten::max_pool3d(&x, &[2, 2]).err(), "`kernel_size` has 2 values"),
        (aten::max_pool3d(&x, &[5, 1, 1]).err(), "does not fit extents"),
        (aten::avg_pool3d::default.call(&x, &[2], &[0], &[0], false, true, None).err(), "`stride`"),
        (aten::adaptive_avg_pool3d(&x, &[2, 2]).err(), "`output_size` must have 3 values"),
        (aten::upsample_linear1d(&x, &[2], false).err(), "must have 3 dimensions"),
        (
            aten::upsample_bicubic2d::vec.call(&x, Some(&[2, 2]), true, Some(&[1.0, 1.0])).err(),
            "and not both",
        ),
    ];
    for (error, part) in messages {
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    Ok(())
}
