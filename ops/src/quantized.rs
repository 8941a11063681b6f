//! Quantisation: how integers stand for numbers, and a fallback for operators that have no kernel for quantised tensors.
//!
//! A number is `(integer - zero_point) * scale`. Kernels are in `cpu::quantized`; what is refused is said here, for host
//! and `Meta` kernels alike.

use std::any::Any;
use std::sync::Arc;

use keyway::{
    DType, Device, DispatchKey, Error, ErrorKind, Geometry, Kernel, KeySet, Library, Operator, QScheme,
    Quantizer, Result, Stack, Storage, Tensor,
};

use crate::aten;

/// One scale and zero point for all elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerTensorAffine {
    /// The difference of the numbers that neighbouring integers stand for.
    pub scale: f64,
    /// The integer that stands for zero.
    pub zero_point: i64,
}

impl Quantizer for PerTensorAffine {
    fn scheme(&self) -> QScheme {
        QScheme::PerTensorAffine
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A scale and zero point for each position of one dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct PerChannelAffine {
    /// See [`PerTensorAffine`], for each position.
    pub scales: Vec<f64>,
    /// See [`PerTensorAffine`], for each position.
    pub zero_points: Vec<i64>,
    /// The dimension.
    pub axis: usize,
}

impl Quantizer for PerChannelAffine {
    fn scheme(&self) -> QScheme {
        QScheme::PerChannelAffine
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cold]
pub(crate) fn refused(message: String) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

/// The quantizer of a tensor, if it is of this type.
pub(crate) fn quantizer<Q: Quantizer>(x: &Tensor) -> Result<&Q> {
    let held = x.quantizer().ok_or_else(|| refused(format!("a tensor of {} is not quantised", x.dtype())))?;
    held.as_any().downcast_ref().ok_or_else(|| {
        refused(format!("not for a tensor whose scheme is {:?}; ask `qscheme` first", held.scheme()))
    })
}

/// The integers a quantised dtype has.
pub(crate) fn bounds(dtype: DType) -> Result<(i64, i64)> {
    match dtype {
        DType::QInt8 => Ok((i8::MIN.into(), i8::MAX.into())),
        DType::QUInt8 => Ok((0, u8::MAX.into())),
        DType::QInt32 => Ok((i32::MIN.into(), i32::MAX.into())),
        other => Err(refused(format!("`dtype` must be qint8, quint8 or qint32, it is {other}"))),
    }
}

/// What can be quantised, and to which zero points.
pub(crate) fn check(x: &Tensor, zero_points: &[i64], dtype: DType) -> Result<()> {
    if x.dtype() != DType::Float32 {
        return Err(refused(format!("`self` must be float32 to be quantised, it is {}", x.dtype())));
    }
    let (least, largest) = bounds(dtype)?;
    match zero_points.iter().find(|zero_point| !(least..=largest).contains(*zero_point)) {
        None => Ok(()),
        Some(wrong) => Err(refused(format!("`zero_point` is {wrong}, {dtype} has {least} to {largest}"))),
    }
}

/// The axis of per-channel parameters, of which there must be one for each position.
pub(crate) fn check_channels(x: &Tensor, scales: &Tensor, zero_points: &Tensor, axis: i64) -> Result<usize> {
    if scales.dim() != 1 || scales.sizes() != zero_points.sizes() {
        return Err(refused(format!(
            "scales and zero points must be vectors of one length, their sizes are {:?} and {:?}",
            scales.sizes(),
            zero_points.sizes()
        )));
    }
    let at = usize::try_from(axis).ok().filter(|&axis| axis < x.dim());
    match at {
        Some(axis) if x.sizes()[axis] == scales.sizes()[0] => Ok(axis),
        _ => Err(refused(format!(
            "`axis` {axis} of sizes {:?} does not have {} positions, as many as there are scales",
            x.sizes(),
            scales.sizes()[0]
        ))),
    }
}

/// The range of integers of `fake_` operators.
pub(crate) fn check_range(zero_points: &[i64], least: i64, largest: i64) -> Result<()> {
    if least > largest {
        let message = format!("`quant_min` must not be above `quant_max`, they are {least} and {largest}");
        return Err(refused(message));
    }
    match zero_points.iter().find(|zero_point| !(least..=largest).contains(*zero_point)) {
        None => Ok(()),
        Some(wrong) => Err(refused(format!(
            "`zero_point` must be between `quant_min` and `quant_max`, {least} and {largest}; it is {wrong}"
        ))),
    }
}

/// A quantised tensor in row-major order, with memory on the host.
pub(crate) fn empty(
    sizes: &[i64],
    dtype: DType,
    device: Device,
    quantizer: Arc<dyn Quantizer>,
) -> Result<Tensor> {
    let geometry = Geometry::contiguous(sizes)?;
    let storage = match device.backend == keyway::Backend::Meta {
        true => Storage::absent(),
        false => Storage::zeroed(geometry.numel() * dtype.size()),
    };
    Tensor::quantized(storage, dtype, device, geometry, quantizer)
}

/// Operators without a kernel for quantised tensors compute with the numbers these stand for, as long as this lives. What
/// they give is not quantised.
#[derive(Debug)]
#[must_use = "dropping it switches the fallback off"]
pub struct DequantizeFallback {
    /// Takes the fallback away when it is dropped.
    _registration: Library,
}

impl DequantizeFallback {
    /// Switches the fallback on, for all threads.
    ///
    /// ```
    /// use keyway::{DType, ErrorKind, Tensor};
    /// use keyway_ops::{aten, quantized::DequantizeFallback};
    /// let x = Tensor::from_slice(&[1.0f32, -2.0], &[2])?;
    /// let x = aten::quantize_per_tensor(&x, 0.5, 0, DType::QInt8)?;
    /// assert_eq!(aten::neg(&x).unwrap_err().kind(), ErrorKind::NoKernel);
    /// let fallback = DequantizeFallback::enable()?;
    /// assert_eq!(aten::neg(&x)?.to_vec::<f32>()?, [-1.0, 2.0]);
    /// drop(fallback);
    /// assert!(aten::neg(&x).is_err());
    /// # Ok::<(), keyway::Error>(())
    /// ```
    ///
    /// # Errors
    /// `DuplicateFallback` if there is a fallback for quantised tensors already.
    pub fn enable() -> Result<DequantizeFallback> {
        let mut library = Library::implement_at("_", DispatchKey::QuantizedCPU);
        library.fallback(Kernel::boxed(dequantized).named("dequantized"))?;
        Ok(DequantizeFallback { _registration: library })
    }
}

/// Calls the operator with numbers in place of quantised tensors.
fn dequantized(operator: &'static Operator, _keys: KeySet, stack: &mut Stack) -> Result<()> {
    let schema = operator.schema().map_or(0, |schema| schema.arguments.len());
    let base = stack.base_of(schema)?;
    let writes = |position: usize| {
        operator
            .schema()
            .is_some_and(|schema| schema.arguments[position].alias.as_ref().is_some_and(|a| a.is_write))
    };
    for (position, value) in stack[base..].iter_mut().enumerate() {
        if writes(position) && value.tensors().any(|tensor| tensor.quantizer().is_some()) {
            return Err(Error::not_implemented(
                "it writes to a quantised tensor and has no kernel for those; dequantise the tensor first",
            )
            .in_operator(operator.name()));
        }
        value.map_tensors(&mut |tensor| match tensor.quantizer() {
            Some(_) => aten::dequantize::self_.call(tensor).map(Some),
            None => Ok(None),
        })?;
    }
    operator.call_boxed(stack)
}
