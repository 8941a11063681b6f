//! The elements of tensors as bytes in row-major order: what comparisons, fingerprints and searches work on.

use keyway::{DType, Result, Tensor};

/// Runs `f` on the elements' bytes; they are copied only where they do not lie in row-major order.
///
/// # Errors
/// `Runtime` if the data is not on the host.
pub(crate) fn with_bytes<R>(tensor: &Tensor, f: impl FnOnce(&[u8]) -> R) -> Result<R> {
    let read = tensor.storage().read()?;
    let bytes = read.bytes();
    let (size, numel) = (tensor.dtype().size(), tensor.numel());
    if tensor.is_contiguous() {
        let start = tensor.storage_offset() as usize * size;
        let end = start + numel * size;
        return Ok(f(if numel == 0 { &[] } else { &bytes[start..end] }));
    }
    let mut gathered = Vec::with_capacity(numel * size);
    for_each_position(tensor, |position| gathered.extend_from_slice(&bytes[position * size..][..size]));
    Ok(f(&gathered))
}

fn for_each_position(tensor: &Tensor, mut visit: impl FnMut(usize)) {
    let (sizes, strides) = (tensor.sizes(), tensor.strides());
    for at in 0..tensor.numel() as i64 {
        let (mut rest, mut position) = (at, tensor.storage_offset());
        for (&size, &stride) in sizes.iter().zip(strides).rev() {
            position += rest % size * stride;
            rest /= size;
        }
        visit(position as usize);
    }
}

/// A number for a tensor's dtype, sizes and elements: equal tensors have equal ones, on every machine of one byte order. `None`
/// if it has no data on the host.
pub(crate) fn fingerprint(tensor: &Tensor) -> Option<u64> {
    let mut hash = Fnv::default();
    hash.add(tensor.dtype().name().as_bytes());
    tensor.sizes().iter().for_each(|size| hash.add(&size.to_le_bytes()));
    with_bytes(tensor, |bytes| hash.add(bytes)).ok()?;
    Some(hash.0)
}

/// FNV-1a: the same everywhere and for ever, unlike the standard library's hashers.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Whether both have the same dtype, sizes and elements, bit for bit.
///
/// # Errors
/// `Runtime` if the data of one is not on the host.
pub(crate) fn is_identical(a: &Tensor, b: &Tensor) -> Result<bool> {
    if a.dtype() != b.dtype() || a.sizes() != b.sizes() {
        return Ok(false);
    }
    with_bytes(a, |a| with_bytes(b, |b| a == b))?
}

/// How many elements are NaN and how many infinite; nothing for dtypes that have neither.
///
/// # Errors
/// `Runtime` if the data is not on the host.
pub(crate) fn count_non_finite(tensor: &Tensor) -> Result<(usize, usize)> {
    fn count(elements: impl Iterator<Item = f64>) -> (usize, usize) {
        elements.fold((0, 0), |(nan, infinite), element| {
            (nan + usize::from(element.is_nan()), infinite + usize::from(element.is_infinite()))
        })
    }
    match tensor.dtype() {
        DType::Float32 => with_bytes(tensor, |bytes| {
            let (elements, _) = bytes.as_chunks();
            count(elements.iter().map(|&element| f64::from(f32::from_ne_bytes(element))))
        }),
        DType::Float64 => with_bytes(tensor, |bytes| {
            let (elements, _) = bytes.as_chunks();
            count(elements.iter().map(|&element| f64::from_ne_bytes(element)))
        }),
        _ => Ok((0, 0)),
    }
}
