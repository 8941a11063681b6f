//! What kernels make of dtypes they do not compute in, and that moving elements does not look at them.

use keyway::{Complex, DType, Device, Element, Result, Scalar, Tensor, f16, with_element};
use keyway_ops::aten;

fn tensor<T: Element>(elements: &[T]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

#[test]
fn comparisons_use_the_dtype_of_the_operation() {
    let x = tensor(&[f16::from_f32(0.1)]);
    let same = aten::eq::Scalar.call(&x, Scalar::Float(0.1)).unwrap();
    assert_eq!(same.to_vec::<bool>().unwrap(), [true]);
    let wide = tensor(&[0.1f64]).view_as(keyway::Geometry::contiguous(&[]).unwrap()).unwrap();
    assert_eq!(aten::eq::Tensor.call(&x, &wide).unwrap().to_vec::<bool>().unwrap(), [true]);
}

#[test]
fn narrow_integers_wrap_around() {
    let sum = aten::add::Scalar.call(&tensor(&[127i8, -1]), Scalar::Int(1), Scalar::Int(1)).unwrap();
    assert_eq!(sum.to_vec::<i8>().unwrap(), [-128, 0]);
    let power = aten::pow::Tensor_Scalar.call(&tensor(&[3i16]), Scalar::Int(11)).unwrap();
    assert_eq!(power.to_vec::<i16>().unwrap(), [3i16.wrapping_pow(11)]);
}

#[test]
fn half_precision_is_rounded_once() {
    let inputs: Vec<f16> = (-400..400).map(|step| f16::from_f32(step as f32 * 0.02)).collect();
    let sigmoid = aten::sigmoid::default.call(&tensor(&inputs)).unwrap().to_vec::<f16>().unwrap();
    for (x, y) in inputs.into_iter().zip(sigmoid) {
        let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
        assert!((f64::from(y) - exact).abs() <= exact * 0.000_49, "sigmoid({x}) is {y}");
    }
}

#[test]
fn complex_numbers_keep_the_precision_of_what_they_meet() {
    let sum = aten::add::Scalar.call(&tensor(&[1.5f64]), Scalar::Complex(0.0, 1.0), Scalar::Int(1)).unwrap();
    assert_eq!(sum.to_vec::<Complex<f64>>().unwrap(), [Complex::new(1.5, 1.0)]);
    let size = aten::abs::default.call(&tensor(&[Complex::new(3.0f32, -4.0)])).unwrap();
    assert_eq!(size.to_vec::<f32>().unwrap(), [5.0]);
}

/// The numbers 0, 1, 0, 1, 1, 0 in a dtype, as three rows.
fn rows<T: Element>() -> Result<Tensor> {
    let elements: Vec<T> = [0, 1, 0, 1, 1, 0].map(|number| T::from_scalar(Scalar::Int(number))).to_vec();
    Tensor::from_slice(&elements, &[3, 2])
}

/// Moves of elements, each with the places that the result's elements come from.
fn moves(x: &Tensor) -> Result<Vec<(Tensor, Vec<usize>)>> {
    let index = tensor(&[2i64, 0]);
    let mask = tensor(&[true, false, true]);
    Ok(vec![
        (aten::index_select::default.call(x, 0, &index)?, vec![4, 5, 0, 1]),
        (aten::index::Tensor.call(x, &[Some(index.clone()), Some(tensor(&[1i64, 0]))])?, vec![5, 0]),
        (aten::index::Tensor.call(x, &[Some(mask)])?, vec![0, 1, 4, 5]),
        (aten::flip::default.call(x, &[0, 1])?, vec![5, 4, 3, 2, 1, 0]),
        (aten::roll::default.call(x, &[1], &[0])?, vec![4, 5, 0, 1, 2, 3]),
        (aten::cat::default.call(&[x.clone(), x.clone()], 1)?, vec![0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5]),
        (aten::t_copy::default.call(x)?, vec![0, 2, 4, 1, 3, 5]),
        (aten::take::default.call(x, &tensor(&[-1i64, 3]))?, vec![5, 3]),
    ])
}

fn check_moves<T: Element>() -> Result<()> {
    let x = rows::<T>()?;
    let elements = x.to_vec::<T>()?;
    for (moved, places) in moves(&x)? {
        let expected: Vec<T> = places.iter().map(|&place| elements[place]).collect();
        assert_eq!(moved.to_vec::<T>()?, expected, "{}", T::DTYPE);
    }
    Ok(())
}

/// The dtypes whose elements are numbers of their own; quantised ones need a quantizer.
fn with_elements() -> impl Iterator<Item = DType> {
    DType::ALL.into_iter().filter(|dtype| !dtype.is_quantized())
}

#[test]
fn elements_of_every_dtype_move_alike() {
    for dtype in with_elements() {
        with_element!(dtype, T => check_moves::<T>()).unwrap();
    }
}

#[test]
fn every_dtype_is_converted_to_every_other() {
    for (from, to) in with_elements().flat_map(|from| with_elements().map(move |to| (from, to))) {
        let x = with_element!(from, T => rows::<T>()).unwrap();
        let there = aten::to::dtype.call(&x, to, false, false, None).unwrap();
        let back = aten::to::dtype.call(&there, DType::Int64, false, false, None).unwrap();
        assert_eq!((there.dtype(), there.device()), (to, Device::CPU));
        assert_eq!(back.to_vec::<i64>().unwrap(), [0, 1, 0, 1, 1, 0], "{from} to {to}");
    }
}
