//! Operators give for few elements, which have a shorter way, what they give for the same elements inside of a larger memory, which
//! have none (record 0031).

use keyway::schema::SchemaKind;
use keyway::testing::sample_arguments;
use keyway::{DType, Device, Geometry, Operator, Result, Scalar, Stack, Tensor, Value, with_element};
use keyway_ops::TensorMethods;

/// Numbers of every kind; what is not of a dtype is converted.
const NUMBERS: [f64; 6] = [0.5, -0.0, f64::NAN, -3.0, f64::INFINITY, 1e300];

/// Some of them, held by the tensor itself.
fn held(sizes: &[i64], dtype: DType, first: usize) -> Result<Tensor> {
    let count = sizes.iter().product::<i64>() as usize;
    let numbers: Vec<f64> = (0..count).map(|k| NUMBERS[(first + k) % NUMBERS.len()]).collect();
    let converted = Tensor::from_slice(&numbers, sizes)?.to_dtype(dtype)?;
    with_element!(dtype, T => Tensor::from_slice(&converted.to_vec::<T>()?, sizes))
}

/// The same elements after others.
fn inside(x: &Tensor) -> Result<Tensor> {
    let memory = Tensor::zeros(&[x.numel() as i64 + 3], x.dtype(), Device::CPU)?;
    let geometry = Geometry::new(x.sizes(), x.strides(), 3)?;
    let view = memory.view_as(geometry)?;
    view.copy_(x)?;
    Ok(view)
}

/// What a call says: elements as text, so that not-a-number is like itself, or the kind of the error.
fn said(operator: &'static Operator, arguments: &[Value]) -> String {
    let mut stack: Stack = arguments.iter().cloned().collect();
    let shown = |x: &Tensor| -> Result<String> {
        let elements = with_element!(x.dtype(), T => Ok(format!("{:?}", x.to_vec::<T>()?)))?;
        Ok(format!("{} {:?} {:?} {elements}", x.dtype(), x.sizes(), x.strides()))
    };
    match operator.call_boxed(&mut stack) {
        Ok(()) => stack
            .iter()
            .map(|value| value.as_tensor().map(|x| shown(x).unwrap()))
            .fold(String::new(), |all, one| all + &one.unwrap_or_else(|| "no tensor".to_owned())),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// The arguments of a sample with tensors of few elements instead of its own, and with the same inside of larger memories.
fn both(sample: &[Value], sizes: &[i64], dtypes: [DType; 2]) -> Result<[Vec<Value>; 2]> {
    let (mut few, mut spread) = (Vec::new(), Vec::new());
    for value in sample {
        match value {
            Value::Tensor(_) => {
                let x = held(sizes, dtypes[few.len() % 2], few.len())?;
                spread.push(inside(&x)?.into());
                few.push(x.into());
            }
            other => {
                few.push(other.clone());
                spread.push(other.clone());
            }
        }
    }
    Ok([few, spread])
}

#[test]
fn few_elements_give_what_the_same_inside_of_a_larger_memory_give() {
    keyway_ops::register();
    let pointwise = keyway::operators().into_iter().filter(|operator| {
        operator.name().starts_with("aten::")
            && operator.has_tag("pointwise")
            && !operator.has_tag("nondeterministic_seeded")
            && operator.schema().is_some_and(|schema| schema.kind() == SchemaKind::Functional)
    });
    let dtypes = [DType::Float32, DType::Float64, DType::Int64, DType::Bool, DType::Complex64];
    let (mut operators, mut agreed) = (0, 0);
    for operator in pointwise {
        operators += 1;
        for sample in sample_arguments(operator) {
            for sizes in [&[][..], &[1], &[3], &[1, 2], &[2, 2], &[0], &[5]] {
                for pair in dtypes
                    .map(|dtype| [dtype, dtype])
                    .into_iter()
                    .chain([[dtypes[0], dtypes[1]], [dtypes[0], dtypes[2]]])
                {
                    let [few, spread] = both(&sample, sizes, pair).unwrap();
                    let (few, spread) = (said(operator, &few), said(operator, &spread));
                    assert_eq!(few, spread, "{operator} on {sizes:?} of {pair:?}");
                    agreed += usize::from(few.contains('['));
                }
            }
        }
    }
    assert!(operators > 150 && agreed > 10_000, "{operators} operators, {agreed} results");
}

#[test]
fn plain_numbers_and_factors_take_the_way_of_all() {
    keyway_ops::register();
    let (one, number) =
        (held(&[1], DType::Float32, 0).unwrap(), Tensor::wrapped_number(Scalar::Float(2.5)).unwrap());
    let sum = one.add(&number).unwrap();
    assert_eq!((sum.dtype(), sum.to_vec::<f32>().unwrap()), (DType::Float32, vec![3.0]));
    let numbers = number.add(&number).unwrap();
    assert_eq!((numbers.dtype(), numbers.is_wrapped_number()), (DType::Float32, false));
    let weighted = keyway_ops::aten::add::Tensor.call(&one, &one, Scalar::Float(2.0)).unwrap();
    assert_eq!(weighted.to_vec::<f32>().unwrap(), [1.5]);
}
