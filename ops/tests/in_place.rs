//! In-place forms of pointwise operators give what the functional forms give, whatever lies where: they compute where
//! `self` is, unless its dtype, its strides or what else is read there forbid it.

use keyway::{DType, Error, Result, Tensor};
use keyway_ops::TensorMethods;

fn sample(dtype: DType) -> Tensor {
    let elements: Vec<f32> = (1..=12).map(|i| i as f32 * 0.5).collect();
    Tensor::from_slice(&elements, &[3, 4]).unwrap().to_dtype_with(dtype, false, true, None).unwrap()
}

/// Tensors over a copy of a sample: as it is, transposed, with gaps, one element.
fn layouts(dtype: DType) -> Vec<Tensor> {
    let gaps = |x: Tensor| x.slice_with(1, Some(0), Some(4), 2).unwrap();
    vec![
        sample(dtype),
        sample(dtype).t().unwrap(),
        gaps(sample(dtype)),
        sample(dtype).slice_with(1, Some(0), Some(1), 1).unwrap().slice_with(0, Some(1), Some(2), 1).unwrap(),
    ]
}

type Functional = fn(&Tensor, &Tensor) -> Result<Tensor>;
type InPlace = for<'a> fn(&'a Tensor, &Tensor) -> Result<&'a Tensor>;

const BINARY: [(&str, Functional, InPlace); 4] = [
    ("add", |x, y| x.add(y), |x, y| x.add_(y)),
    ("sub", |x, y| x.sub_with(y, 2), |x, y| x.sub__with(y, 2)),
    ("mul", |x, y| x.mul(y), |x, y| x.mul_(y)),
    ("div", |x, y| x.div(y), |x, y| x.div_(y)),
];

const UNARY: [(&str, Functional, InPlace); 5] = [
    ("neg", |x, _| x.neg(), |x, _| x.neg_()),
    ("exp", |x, _| x.exp(), |x, _| x.exp_()),
    ("sqrt", |x, _| x.sqrt(), |x, _| x.sqrt_()),
    (
        "clamp",
        |x, _| x.clamp_with(Some(1.into()), Some(2.into())),
        |x, _| x.clamp__with(Some(1.into()), Some(2.into())),
    ),
    ("pow", |x, _| x.pow_scalar(2), |x, _| x.pow_scalar_(2)),
];

fn agree(name: &str, x: &Tensor, y: &Tensor, functional: Functional, in_place: InPlace) {
    let refused = |error: &Error| error.to_string().contains("cannot") || error.to_string().contains("dtype");
    let expected = match functional(x, y) {
        Ok(expected) => expected,
        Err(error) => panic!("{name}: {error}"),
    };
    let storage = x.storage().clone();
    match in_place(x, y) {
        Ok(result) => {
            assert!(result.is_same(x) && x.storage().is_same(&storage), "{name}");
            let values = |x: &Tensor| {
                x.to_dtype_with(DType::Float64, false, false, None).unwrap().to_vec::<f64>().unwrap()
            };
            assert_eq!(values(x), values(&expected), "{name} of {} {:?}", x.dtype(), x.strides());
        }
        // An integer cannot hold what the function gives.
        Err(error) => assert!(refused(&error) && !x.dtype().is_floating_point(), "{name}: {error}"),
    }
}

const DTYPES: [DType; 4] = [DType::Float32, DType::Float64, DType::Float16, DType::Int64];

#[test]
fn a_second_operand_of_any_layout_and_dtype_is_read_as_it_was() {
    for (name, functional, in_place) in BINARY {
        for dtype in DTYPES {
            for at in 0..layouts(dtype).len() {
                let x = || layouts(dtype)[at].clone();
                let like = x().clone_tensor().unwrap();
                let column = like.slice_with(1, Some(0), Some(1), 1).unwrap();
                for y in [like.clone(), column, like.to_dtype_with(DType::Int64, false, true, None).unwrap()]
                {
                    agree(name, &x(), &y, functional, in_place);
                }
            }
        }
    }
}

#[test]
fn a_tensor_may_be_both_operands() {
    for (name, functional, in_place) in BINARY {
        for x in DTYPES.into_iter().flat_map(layouts) {
            agree(name, &x, &x, functional, in_place);
        }
    }
}

#[test]
fn functions_of_one_operand_replace_it() {
    for (name, functional, in_place) in UNARY {
        for x in DTYPES.into_iter().flat_map(layouts) {
            agree(name, &x, &x, functional, in_place);
        }
    }
}
