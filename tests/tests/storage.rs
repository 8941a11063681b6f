//! Memory of other owners as storages, and storages that other owners use (docs/decisions/0025).

use keyway::{DType, Device, ErrorKind, Geometry, HostMemory, Result, Storage, Tensor};

/// What another library would own.
#[derive(Debug)]
struct Lent {
    bytes: Vec<u8>,
    is_writable: bool,
}

impl HostMemory for Lent {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        self.is_writable.then_some(&mut self.bytes)
    }
}

fn lent(is_writable: bool) -> Result<Tensor> {
    let storage = Storage::host(Lent { bytes: vec![1, 2, 3], is_writable });
    Tensor::from_storage(storage, DType::UInt8, Device::CPU, Geometry::contiguous(&[3])?)
}

#[test]
fn memory_of_another_owner_is_read_and_written_in_place() -> Result<()> {
    let x = lent(true)?;
    x.storage().write()?.bytes()[1] = 9;
    assert_eq!(x.to_vec::<u8>()?, [1, 9, 3]);
    assert_eq!(x.storage().byte_len(), Some(3));
    Ok(())
}

#[test]
fn an_owner_may_forbid_writing() -> Result<()> {
    let x = lent(false)?;
    let error = x.storage().write().map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Runtime);
    assert!(error.to_string().contains("read-only"), "{error}");
    assert!(!x.storage().pin()?.is_writable());
    assert_eq!(x.to_vec::<u8>()?, [1, 2, 3]);
    Ok(())
}

#[test]
fn memory_of_another_owner_keeps_its_length() -> Result<()> {
    let x = lent(true)?;
    x.set_geometry(Geometry::contiguous(&[2])?)?;
    let error = x.set_geometry(Geometry::contiguous(&[4])?).unwrap_err();
    assert!(error.to_string().contains("belongs to another library"), "{error}");
    assert_eq!(x.to_vec::<u8>()?, [1, 2]);
    Ok(())
}

#[test]
fn pinned_memory_stays_until_the_last_pin_goes() -> Result<()> {
    let x = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
    let pins = [x.storage().pin()?, x.storage().pin()?];
    assert_eq!(pins[0].address(), pins[1].address());
    assert!(pins[0].is_writable() && pins[0].storage().is_same(x.storage()));
    let [first, second] = pins;
    drop(first);
    let error = x.set_geometry(Geometry::contiguous(&[100])?).unwrap_err();
    assert!(error.to_string().contains("shared with another library"), "{error}");
    drop(second);
    x.set_geometry(Geometry::contiguous(&[100])?)?;
    assert_eq!(x.to_vec::<f32>()?[..3], [1.0, 2.0, 0.0]);
    Ok(())
}

#[test]
fn a_weak_storage_ends_with_its_memory() -> Result<()> {
    let storage = Storage::zeroed(8);
    let weak = storage.downgrade();
    assert!(weak.upgrade().is_some_and(|same| same.is_same(&storage)));
    drop(storage);
    assert!(weak.upgrade().is_none());
    assert!(Storage::absent().pin().is_err());
    Ok(())
}

#[test]
fn views_share_a_version_counter_that_grows_with_each_write() -> Result<()> {
    let x = Tensor::from_slice(&[1_i64; 20], &[20])?;
    let view = x.view_as(Geometry::new(&[10], &[2], 0)?)?;
    let copy = Tensor::from_slice(&x.to_vec::<i64>()?, &[20])?;
    let before = (x.version(), copy.version());
    assert_eq!(x.version(), before.0, "reading is not counted");
    for count in 1..=3 {
        view.storage().write()?.bytes()[0] = 5;
        assert_eq!(
            (x.version(), view.version(), copy.version()),
            (before.0 + count, before.0 + count, before.1)
        );
    }
    Ok(())
}

#[test]
fn a_refused_write_is_not_counted_and_a_backend_counts_its_own() -> Result<()> {
    let x = lent(false)?;
    assert!(x.storage().write().is_err());
    assert_eq!(x.version(), 0);
    x.storage().bump_version();
    assert_eq!(x.version(), 1);
    Ok(())
}
