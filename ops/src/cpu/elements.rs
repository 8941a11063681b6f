//! Typed access to the elements of host tensors, without unsafe code.
//!
//! Kernels get at elements only through this room: [`read_all`] and [`write`] open the storages, each once and
//! in one global order, so that no two kernels can wait for each other. [`Elements`] and [`ElementsMut`] show them as
//! a plain slice when they lie in row-major order without gaps, and as an `ndarray` view in any case.
//! [`dispatch_dtype!`] turns a dtype into a Rust type. No operator's rule belongs here.

use std::borrow::Cow;

use keyway::{DType, Device, Element, Error, Geometry, Result, StorageRead, StorageWrite, Tensor};
use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn, ShapeBuilder, StrideShape};

use crate::cpu::conversion::converted;
use crate::cpu::number::Number;
use crate::room;

/// The elements of one tensor, open for reading.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a, T> {
    storage: &'a [T],
    geometry: &'a Geometry,
}

impl<'a, T: Element> Elements<'a, T> {
    /// The elements in order, if they lie in row-major order without gaps.
    #[inline]
    pub(crate) fn as_slice(&self) -> Option<&'a [T]> {
        let (storage, geometry) = (self.storage, self.geometry);
        geometry.is_contiguous().then(|| &storage[range(geometry, storage.len())])
    }

    /// Sizes and strides of what was opened: those of a copy if the tensor had to be copied first.
    #[inline]
    pub(crate) fn geometry(&self) -> &'a Geometry {
        self.geometry
    }

    /// The elements with their sizes and strides.
    pub(crate) fn view(&self) -> Result<ArrayViewD<'a, T>> {
        let from = first(self.geometry, self.storage.len());
        ArrayViewD::from_shape(shape(self.geometry), &self.storage[from..])
            .map_err(|e| unfit(self.geometry, &e))
    }

    /// The elements in row-major order, borrowed where they lie so and copied where not.
    pub(crate) fn to_dense(self) -> Result<Cow<'a, [T]>> {
        match self.as_slice() {
            Some(slice) => Ok(slice.into()),
            None => Ok(row_major(self.view()?).into()),
        }
    }

    /// The elements with their dimensions in another order, in row-major order of that, copied only where needed.
    pub(crate) fn to_dense_permuted(self, order: &[usize]) -> Result<Cow<'a, [T]>> {
        match order.is_sorted() {
            true => self.to_dense(),
            false => Ok(row_major(self.view()?.permuted_axes(order)).into()),
        }
    }

    /// The storage from the first element on, in the order of memory, for kernels that step by strides themselves.
    pub(crate) fn as_memory(&self) -> &'a [T] {
        &self.storage[first(self.geometry, self.storage.len())..]
    }
}

/// The elements of one tensor, open for writing.
pub(crate) struct ElementsMut<'a, T> {
    storage: &'a mut [T],
    geometry: &'a Geometry,
}

impl<T: Element> ElementsMut<'_, T> {
    /// The elements in order, if they lie in row-major order without gaps.
    #[inline]
    pub(crate) fn as_slice(&mut self) -> Option<&mut [T]> {
        let range = range(self.geometry, self.storage.len());
        self.geometry.is_contiguous().then(|| &mut self.storage[range])
    }

    /// The storage from the first element on, in the order of memory: just the elements if they have no gaps.
    #[inline]
    pub(crate) fn as_memory(&mut self) -> &mut [T] {
        let from = first(self.geometry, self.storage.len());
        &mut self.storage[from..]
    }

    /// The elements with their sizes and strides. Fails if two indices mean the same element.
    pub(crate) fn view(&mut self) -> Result<ArrayViewMutD<'_, T>> {
        let from = first(self.geometry, self.storage.len());
        ArrayViewMutD::from_shape(shape(self.geometry), &mut self.storage[from..])
            .map_err(|e| unfit(self.geometry, &e))
    }
}

/// A copy of the elements in row-major order.
fn row_major<T: Element>(view: ArrayViewD<'_, T>) -> Vec<T> {
    view.as_standard_layout().into_owned().into_raw_vec_and_offset().0
}

fn range(geometry: &Geometry, held: usize) -> std::ops::Range<usize> {
    let from = first(geometry, held);
    from..from + geometry.numel()
}

/// Where the elements start; an empty tensor may start beyond its storage.
fn first(geometry: &Geometry, held: usize) -> usize {
    (geometry.offset() as usize).min(held)
}

fn shape(geometry: &Geometry) -> StrideShape<IxDyn> {
    let dims = |of: &[i64]| match of.len() {
        // Small ones without a detour through the heap.
        0..=4 => {
            let mut held = [0; 4];
            held.iter_mut().zip(of).for_each(|(to, &from)| *to = from as usize);
            IxDyn(&held[..of.len()])
        }
        _ => IxDyn(&of.iter().map(|&d| d as usize).collect::<Vec<_>>()),
    };
    match geometry.numel() {
        // Strides of an empty tensor may be anything, and lead nowhere.
        0 => dims(geometry.sizes()).into(),
        _ => dims(geometry.sizes()).strides(dims(geometry.strides())),
    }
}

#[cold]
fn unfit(geometry: &Geometry, cause: &ndarray::ShapeError) -> Error {
    Error::shape(format!(
        "elements of sizes {:?} and strides {:?} cannot be reached one by one ({cause}); clone the tensor first",
        geometry.sizes(),
        geometry.strides()
    ))
}

/// The inputs of a call, open for reading.
pub(crate) struct Inputs<'a, const N: usize> {
    tensors: [&'a Tensor; N],
    guards: [Option<StorageRead<'a>>; N],
}

impl<const N: usize> Inputs<'_, N> {
    /// The elements of the input at a position.
    pub(crate) fn get<T: Element>(&self, position: usize) -> Result<Elements<'_, T>> {
        let tensor = self.tensors[position];
        expect_dtype::<T>(tensor)?;
        let guard = self.guards[position].as_ref().expect("every input is opened before it is handed out");
        Ok(Elements { storage: guard.elements()?, geometry: tensor.geometry() })
    }

    /// The input at a position as it was opened: a copy where it was in the memory to be written.
    pub(crate) fn tensor(&self, position: usize) -> &Tensor {
        self.tensors[position]
    }

    /// The storage of the input at a position.
    pub(crate) fn bytes(&self, position: usize) -> &[u8] {
        self.guards[position].as_ref().expect("every input is opened before it is handed out").bytes()
    }

    /// The elements of the input at a position as another type, in row-major order.
    pub(crate) fn converted<T: Number>(&self, position: usize) -> Result<Vec<T>> {
        let tensor = self.tensors[position];
        converted(self.bytes(position), tensor.dtype(), tensor.geometry())
    }
}

fn expect_dtype<T: Element>(tensor: &Tensor) -> Result<()> {
    match tensor.dtype() == T::DTYPE {
        true => Ok(()),
        false => Err(Error::dtype(format!("expected a tensor of {}, it holds {}", T::DTYPE, tensor.dtype()))),
    }
}

/// Opens a tensor for reading, if there is room for the copies that kernels make.
#[inline]
fn open(input: &Tensor) -> Result<StorageRead<'_>> {
    room::expect_for_copy(input)?;
    input.storage().read()
}

/// Opens several tensors for reading.
pub(crate) fn read_all<const N: usize, R>(
    inputs: [&Tensor; N],
    kernel: impl FnOnce(&Inputs<'_, N>) -> Result<R>,
) -> Result<R> {
    let mut opened = Inputs { tensors: inputs, guards: [const { None }; N] };
    for position in in_lock_order(inputs) {
        opened.guards[position] = Some(open(inputs[position])?);
    }
    kernel(&opened)
}

/// Opens a tensor for writing and others for reading. Inputs in the output's memory are copied first, so the kernel
/// sees them as they were.
pub(crate) fn write<T: Element, const N: usize, R>(
    out: &Tensor,
    inputs: [&Tensor; N],
    kernel: impl FnOnce(ElementsMut<'_, T>, &Inputs<'_, N>) -> Result<R>,
) -> Result<R> {
    if inputs.iter().any(|input| input.shares_storage(out)) {
        let mut copies = [const { None }; N];
        for (copy, input) in copies.iter_mut().zip(inputs) {
            if input.shares_storage(out) {
                *copy = Some(dense_copy(input)?);
            }
        }
        let apart = std::array::from_fn(|position| copies[position].as_ref().unwrap_or(inputs[position]));
        return write_apart(out, apart, kernel);
    }
    write_apart(out, inputs, kernel)
}

/// Opens a tensor for writing and others, none of which is in its memory, for reading.
#[inline]
pub(crate) fn write_apart<T: Element, const N: usize, R>(
    out: &Tensor,
    inputs: [&Tensor; N],
    kernel: impl FnOnce(ElementsMut<'_, T>, &Inputs<'_, N>) -> Result<R>,
) -> Result<R> {
    expect_dtype::<T>(out)?;
    let mut opened = Inputs { tensors: inputs, guards: [const { None }; N] };
    let mut written: Option<StorageWrite<'_>> = None;
    for position in in_lock_order(inputs) {
        let storage = inputs[position].storage();
        if written.is_none() && storage.address() > out.storage().address() {
            written = Some(out.storage().write()?);
        }
        opened.guards[position] = Some(open(inputs[position])?);
    }
    let mut written = match written {
        Some(written) => written,
        None => out.storage().write()?,
    };
    kernel(ElementsMut { storage: written.elements()?, geometry: out.geometry() }, &opened)
}

/// Positions of the inputs by the address of their storage: the order every kernel takes its locks in.
fn in_lock_order<const N: usize>(inputs: [&Tensor; N]) -> [usize; N] {
    let mut order = std::array::from_fn(|position| position);
    order.sort_unstable_by_key(|&position| inputs[position].storage().address());
    order
}

/// A copy in row-major order over memory of its own.
pub(crate) fn dense_copy(x: &Tensor) -> Result<Tensor> {
    keyway::with_element!(x.dtype(), T => Tensor::from_slice(&x.to_vec::<T>()?, x.sizes()))
}

/// A new host tensor in row-major order, all of whose elements the kernel computes.
pub(crate) fn computed<T: Element, const N: usize>(
    sizes: &[i64],
    inputs: [&Tensor; N],
    kernel: impl FnOnce(&mut [T], &Inputs<'_, N>) -> Result<()>,
) -> Result<Tensor> {
    let out = Tensor::unfilled_strided(Geometry::contiguous(sizes)?, T::DTYPE, Device::CPU)?;
    filled(&out, inputs, kernel)?;
    Ok(out)
}

/// Has a kernel fill a tensor in row-major order, which is in no input's memory.
pub(crate) fn filled<T: Element, const N: usize>(
    out: &Tensor,
    inputs: [&Tensor; N],
    kernel: impl FnOnce(&mut [T], &Inputs<'_, N>) -> Result<()>,
) -> Result<()> {
    write_apart(out, inputs, |mut out, inputs| match out.as_slice() {
        Some(out) => kernel(out, inputs),
        None => Err(Error::shape("the tensor to be filled does not lie in row-major order")),
    })
}

/// Runs an expression with a type name bound to the element type of a dtype: `dispatch_dtype!(floats: x.dtype(),
/// T => sum::<T>(x))`. A dtype outside the set makes the expression return an error that names it.
///
/// The sets to compute in have few types, for each makes a kernel of its own: `float16` and `bfloat16` are computed in
/// `f32`, `int8` and `int16` in `i32`; operands are converted on the way in and results on the way out. `values` has every
/// dtype, `ordered` those without complex, `numbers` those without complex and `bool`, `arithmetic` those without
/// `bool`, `fractional` floating-point and complex ones, `integers` the integers without `bool`, `floats` floating-point
/// ones.
///
/// `all` has each dtype's own type, for what converts. `bits` has one type for each size of an element, for what only
/// moves elements: its tensors come from [`as_bits`].
macro_rules! dispatch_dtype {
    (all: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "supported", UInt8 => u8, Int8 => i8, Int16 => i16, Int32 => i32,
            Int64 => i64, Float16 => keyway::f16, BFloat16 => keyway::bf16, Float32 => f32, Float64 => f64,
            Complex64 => keyway::Complex<f32>, Complex128 => keyway::Complex<f64>, Bool => bool)
    };
    (bits: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "supported", UInt8 => u8, Int16 => i16, Int32 => i32, Int64 => i64,
            Complex128 => keyway::Complex<f64>)
    };
    (values: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "supported", UInt8 => u8, Int8 | Int16 | Int32 => i32, Int64 => i64,
            Float16 | BFloat16 | Float32 => f32, Float64 => f64, Complex64 => keyway::Complex<f32>,
            Complex128 => keyway::Complex<f64>, Bool => bool)
    };
    (ordered: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "real", UInt8 => u8, Int8 | Int16 | Int32 => i32, Int64 => i64,
            Float16 | BFloat16 | Float32 => f32, Float64 => f64, Bool => bool)
    };
    (numbers: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "real number", UInt8 => u8, Int8 | Int16 | Int32 => i32, Int64 => i64,
            Float16 | BFloat16 | Float32 => f32, Float64 => f64)
    };
    (arithmetic: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "number", UInt8 => u8, Int8 | Int16 | Int32 => i32, Int64 => i64,
            Float16 | BFloat16 | Float32 => f32, Float64 => f64, Complex64 => keyway::Complex<f32>,
            Complex128 => keyway::Complex<f64>)
    };
    (integers: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "integer", UInt8 => u8, Int8 | Int16 | Int32 => i32, Int64 => i64)
    };
    (fractional: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "floating-point or complex", Float16 | BFloat16 | Float32 => f32,
            Float64 => f64, Complex64 => keyway::Complex<f32>, Complex128 => keyway::Complex<f64>)
    };
    (floats: $dtype:expr, $t:ident => $body:expr) => {
        dispatch_dtype!(@ $dtype, $t, $body, "floating-point", Float16 | BFloat16 | Float32 => f32, Float64 => f64)
    };
    (@ $dtype:expr, $t:ident, $body:expr, $set:literal, $($($variant:ident)|+ => $element:ty),*) => {
        match $dtype {
            $($(keyway::DType::$variant)|+ => {
                type $t = $element;
                $body
            })*
            #[allow(unreachable_patterns, reason = "the set may name every dtype there is")]
            other => Err($crate::cpu::elements::unsupported(other, $set)),
        }
    };
}
pub(crate) use dispatch_dtype;

/// The same memory as integers of the elements' size, for kernels that move elements and do not look at them.
pub(crate) fn as_bits(x: &Tensor) -> Result<Tensor> {
    let dtype = match x.dtype().size() {
        1 => DType::UInt8,
        2 => DType::Int16,
        4 => DType::Int32,
        8 => DType::Int64,
        _ => DType::Complex128,
    };
    Tensor::from_storage(x.storage().clone(), dtype, x.device(), x.geometry().clone())
}

/// The error for a dtype a kernel does not compute with.
#[cold]
pub(crate) fn unsupported(dtype: DType, set: &str) -> Error {
    Error::not_implemented(format!("not implemented for {dtype}; convert to a {set} dtype first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transposed() -> Tensor {
        let x = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
        x.view_as(Geometry::new(&[3, 2], &[1, 3], 0).unwrap()).unwrap()
    }

    #[test]
    fn strided_elements_are_seen_in_order() {
        let seen = read_all([&transposed()], |inputs| {
            let x = inputs.get::<i64>(0)?;
            assert!(x.as_slice().is_none());
            Ok(x.to_dense()?.into_owned())
        });
        assert_eq!(seen.unwrap(), [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn broadcast_and_empty_tensors_can_be_read() {
        let x = Tensor::from_slice(&[7f32], &[1]).unwrap();
        let wide = x.view_as(Geometry::new(&[2, 3], &[0, 0], 0).unwrap()).unwrap();
        assert_eq!(read_all([&wide], |inputs| Ok(inputs.get::<f32>(0)?.view()?.len())).unwrap(), 6);
        let empty = x.view_as(Geometry::new(&[0, 3], &[3, 1], 9).unwrap()).unwrap();
        assert!(
            read_all([&empty], |inputs| {
                let x = inputs.get::<f32>(0)?;
                Ok(x.view()?.is_empty() && x.as_slice().unwrap().is_empty())
            })
            .unwrap()
        );
    }

    #[test]
    fn an_input_in_the_outputs_memory_is_read_as_it_was() {
        let x = Tensor::from_slice(&[1i64, 2, 3], &[3]).unwrap();
        let head = x.view_as(Geometry::new(&[2], &[1], 0).unwrap()).unwrap();
        let tail = x.view_as(Geometry::new(&[2], &[1], 1).unwrap()).unwrap();
        write::<i64, 1, _>(&tail, [&head], |mut out, inputs| {
            out.view()?.assign(&inputs.get::<i64>(0)?.view()?);
            Ok(())
        })
        .unwrap();
        assert_eq!(x.to_vec::<i64>().unwrap(), [1, 1, 2]);
    }

    #[test]
    fn an_output_that_overlaps_itself_is_an_error() {
        let x = Tensor::from_slice(&[1i64], &[1]).unwrap();
        let wide = x.view_as(Geometry::new(&[3], &[0], 0).unwrap()).unwrap();
        let failed = write::<i64, 0, _>(&wide, [], |mut out, _| out.view().map(|_| ()));
        assert!(failed.unwrap_err().to_string().contains("clone the tensor first"));
    }

    #[test]
    fn the_wrong_dtype_is_named() {
        let failed = read_all([&transposed()], |inputs| inputs.get::<f32>(0).map(|_| ()));
        assert_eq!(failed.unwrap_err().to_string(), "expected a tensor of float32, it holds int64");
        fn zero(dtype: DType) -> Result<bool> {
            dispatch_dtype!(floats: dtype, T => Ok(T::ZERO.is_true()))
        }
        let failed = zero(DType::Bool);
        assert_eq!(
            failed.unwrap_err().to_string(),
            "not implemented for bool; convert to a floating-point dtype first"
        );
    }
}
