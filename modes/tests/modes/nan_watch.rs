//! Watching for NaN and infinities.

use keyway::{ErrorKind, Tensor, with_mode};
use keyway_modes::{NanWatch, NonFinite};
use keyway_ops::{TensorMethods, aten};

fn tensor(elements: &[f32]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

#[test]
fn the_first_operator_is_named_with_its_arguments() {
    let x = tensor(&[1.0, 0.0, 4.0]);
    let watch = NanWatch::failing();
    let error = with_mode(&watch.mode(), || x.neg()?.sqrt()?.sum()).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::Value, Some("aten::sqrt")));
    let message = error.to_string();
    assert!(message.contains("2 of 3 elements of result 0 of aten::sqrt(float32[3]) are NaN"), "{message}");
    assert_eq!(watch.origin().unwrap().operator, "aten::sqrt");
}

#[test]
fn what_is_passed_on_is_told_from_what_is_made() {
    let (x, bad) = (tensor(&[1.0, 2.0]), tensor(&[f32::NAN, 1.0]));
    let watch = NanWatch::recording();
    with_mode(&watch.mode(), || {
        let y = x.add(&bad)?;
        y.mul_(&x)?;
        x.log()?.div(&x.sub(&x)?)
    })
    .unwrap()
    .unwrap();
    let found: Vec<_> = watch.findings().iter().map(|f| (f.operator, f.kind, f.came_in.clone())).collect();
    assert_eq!(
        found,
        [
            ("aten::add.Tensor", NonFinite::Nan, vec!["`other`".to_owned()]),
            ("aten::mul_.Tensor", NonFinite::Nan, vec!["`self`".to_owned()]),
            ("aten::div.Tensor", NonFinite::Nan, vec![]),
        ]
    );
    assert_eq!(watch.origin().unwrap().operator, "aten::div.Tensor");
    assert!(watch.findings()[0].to_string().ends_with("so were elements of `other`"));
}

#[test]
fn infinities_can_be_fine_and_out_arguments_do_not_come_in() {
    let x = tensor(&[0.0, 1.0]);
    let only_nan = NanWatch::failing().only_nan();
    with_mode(&only_nan.mode(), || x.reciprocal()).unwrap().unwrap();
    let watch = NanWatch::recording();
    let out = tensor(&[f32::NAN, f32::NAN]);
    with_mode(&watch.mode(), || aten::reciprocal::out.call(&x, &out).map(drop)).unwrap().unwrap();
    let finding = watch.origin().unwrap();
    assert_eq!((finding.kind, finding.count, finding.numel), (NonFinite::Infinite, 1, 2));
}

/// Strided views are looked at where they lie; integers have no NaN; what is not on the host is counted.
#[test]
fn only_the_elements_of_a_result_count() {
    let all = Tensor::from_slice(&[1.0f32, f32::NAN, 2.0, f32::NAN], &[2, 2]).unwrap();
    let column = all.t().unwrap().select(0, 0).unwrap();
    let watch = NanWatch::failing();
    let meta = Tensor::zeros(&[2], keyway::DType::Float32, keyway::Device::META).unwrap();
    with_mode(&watch.mode(), || {
        column.unsqueeze(0)?;
        Tensor::from_slice(&[i64::MAX], &[1])?.neg()?;
        meta.relu()
    })
    .unwrap()
    .unwrap();
    assert_eq!((watch.findings().len(), watch.unseen()), (0, 1));
    with_mode(&watch.mode(), || all.t().map(drop)).unwrap().unwrap_err();
}
