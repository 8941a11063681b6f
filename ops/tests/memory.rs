//! Replacing the memory of a tensor: what it shows then, and what stays with its views.

use keyway::{DType, Device, ErrorKind, Geometry, Result, Storage, Tensor};
use keyway_ops::TensorMethods;

fn numbers(count: i64) -> Tensor {
    Tensor::from_slice(&(0..count).map(|i| i as f32).collect::<Vec<f32>>(), &[count]).unwrap()
}

#[test]
fn a_tensor_shows_what_another_one_shows_and_its_views_stay() -> Result<()> {
    let (x, source) = (numbers(4), numbers(6).reshape(&[2, 3])?.t()?);
    let view = x.slice_with(0, Some(1), Some(3), 1)?;
    assert!(x.set_source_(&source)?.is_same(&x));
    assert!(x.is_set_to(&source)? && !view.is_set_to(&source)?);
    assert_eq!((x.sizes(), x.strides()), (&[3, 2][..], &[1, 3][..]));
    assert_eq!(view.to_vec::<f32>()?, [1.0, 2.0]);
    // Writes are seen through both.
    source.fill_(9)?;
    assert_eq!(x.to_vec::<f32>()?, [9.0; 6]);
    x.set_()?;
    assert_eq!((x.sizes(), x.to_vec::<f32>()?), (&[0][..], Vec::new()));
    assert_eq!(source.to_vec::<f32>()?, [9.0; 6]);
    Ok(())
}

#[test]
fn parts_of_memory_are_shown_and_memory_that_is_too_short_grows() -> Result<()> {
    let (x, source) = (numbers(1), numbers(6));
    x.set_source_part__with(&source.narrow(0, 1, 5)?, 1, &[2, 2], &[])?;
    assert_eq!((x.storage_offset(), x.to_vec::<f32>()?), (2, vec![2.0, 3.0, 4.0, 5.0]));
    let memory = Storage::from_slice(&[1f32, 2.0, 3.0]);
    x.set_storage_(&memory)?;
    assert_eq!(x.to_vec::<f32>()?, [1.0, 2.0, 3.0]);
    x.set_storage_part__with(&memory, 1, &[2, 2], &[2, 1])?;
    assert_eq!((x.to_vec::<f32>()?, memory.byte_len()), (vec![2.0, 3.0, 0.0, 0.0], Some(20)));
    Ok(())
}

#[test]
fn memory_of_another_kind_is_refused() -> Result<()> {
    let x = numbers(2);
    let error = x.set_source_(&Tensor::from_slice(&[1i64], &[1])?).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Type);
    let meta = Tensor::zeros(&[2], DType::Float32, Device::META)?;
    assert!(x.set_source_(&meta).is_err() && meta.set_storage_(x.storage()).is_err());
    let flipped = numbers(4).reshape(&[2, 2])?.t()?;
    let error = x.set_source_part__with(&flipped, 0, &[4], &[]).unwrap_err();
    assert!(error.to_string().contains("source.contiguous()"), "{error}");
    assert_eq!((x.sizes(), x.to_vec::<f32>()?), (&[2][..], vec![0.0, 1.0]));
    let other = Tensor::zeros(&[3], DType::Float32, Device::META)?;
    assert!(meta.set_source_(&other)?.is_set_to(&other)?);
    assert!(x.set_storage(x.storage().clone(), Geometry::contiguous(&[1 << 61])?).is_err());
    Ok(())
}
