//! Argument structs: callers name only what they change, and the rest are the schema's defaults (Y263, Y264).

use keyway::{DType, Device, MemoryFormat, Tensor};
use keyway_ops::{TensorMethods, aten};

#[test]
fn only_what_changes_is_named() {
    let options = aten::empty::options::memory_format { dtype: Some(DType::Int64), ..Default::default() };
    let made = aten::empty_with(&[2, 3], options).unwrap();
    assert_eq!((made.sizes(), made.dtype(), made.device()), (&[2, 3][..], DType::Int64, Device::CPU));
    let options = aten::empty::options::memory_format {
        device: Some(Device::META),
        memory_format: Some(MemoryFormat::ChannelsLast),
        ..Default::default()
    };
    let made = aten::empty::memory_format.call_with(&[1, 2, 3, 4], options).unwrap();
    assert_eq!((made.device(), made.strides()), (Device::META, &[24, 1, 8, 2][..]));
}

#[test]
fn defaults_are_those_of_the_schema() {
    let x = Tensor::from_slice(&[1i64, 2, 3, 4], &[4]).unwrap();
    let whole = aten::slice::Tensor.call_with(&x, Default::default()).unwrap();
    assert_eq!(whole.to_vec::<i64>().unwrap(), x.slice().unwrap().to_vec::<i64>().unwrap());
    let options = aten::slice::options::Tensor { start: Some(1), step: 2, ..Default::default() };
    assert_eq!(aten::slice::Tensor.call_with(&x, options).unwrap().to_vec::<i64>().unwrap(), [2, 4]);
}
