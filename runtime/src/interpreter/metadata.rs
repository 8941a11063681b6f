//! Metadata that a class answers itself: sizes, strides, device and layout of wrappers that are not what they store (P126 to P131).
//!
//! Kernels read what a tensor stores ([`Tensor::geometry`]); these questions are for front ends and for code above the dispatcher.
//! They reach handlers without an operator call, so each opens the snapshot itself (P33).

use crate::device::{Layout, MemoryFormat};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Dims, contiguous_strides};
use crate::interpreter::candidates;
use crate::interpreter::snapshot::SnapshotGuard;
use crate::key::DispatchKey;
use crate::local::local_key_sets;
use crate::mode;
use crate::tensor::Tensor;
use crate::value::Value;

/// Which questions about its metadata a class answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetadataPolicy {
    /// Strides and whether they are contiguous.
    pub strides: bool,
    /// In addition sizes, the number of dimensions and elements, and the storage offset.
    pub sizes: bool,
    /// The device.
    pub device: bool,
    /// The layout.
    pub layout: bool,
}

/// A question about a tensor (P127).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataQuery {
    /// Whether elements lie in the order of a format: a `Bool`.
    IsContiguous(MemoryFormat),
    /// Whether each place of the storage's part is used once: a `Bool`.
    IsNonOverlappingAndDense,
    /// The number of dimensions: an `Int`.
    Dim,
    /// The sizes: a list of `Int`.
    Sizes,
    /// The strides: a list of `Int`.
    Strides,
    /// The number of elements: an `Int`.
    Numel,
    /// The first element's place: an `Int`.
    StorageOffset,
    /// The device: a `Device`.
    Device,
    /// The layout: a `Layout`.
    Layout,
}

impl MetadataQuery {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            MetadataQuery::IsContiguous(_) => "is_contiguous",
            MetadataQuery::IsNonOverlappingAndDense => "is_non_overlapping_and_dense",
            MetadataQuery::Dim => "dim",
            MetadataQuery::Sizes => "sizes",
            MetadataQuery::Strides => "strides",
            MetadataQuery::Numel => "numel",
            MetadataQuery::StorageOffset => "storage_offset",
            MetadataQuery::Device => "device",
            MetadataQuery::Layout => "layout",
        }
    }

    fn is_covered_by(self, policy: MetadataPolicy) -> bool {
        match self {
            MetadataQuery::IsContiguous(_)
            | MetadataQuery::IsNonOverlappingAndDense
            | MetadataQuery::Strides => policy.strides || policy.sizes,
            MetadataQuery::Device => policy.device,
            MetadataQuery::Layout => policy.layout,
            _ => policy.sizes,
        }
    }

    /// Whether "the stored value" is an answer a class may give (P128).
    fn may_be_stored(self) -> bool {
        !matches!(self, MetadataQuery::Dim | MetadataQuery::Device | MetadataQuery::Layout)
    }

    fn accepts(self, value: &Value) -> bool {
        use MetadataQuery::*;
        match self {
            IsContiguous(_) | IsNonOverlappingAndDense => matches!(value, Value::Bool(_)),
            Dim | Numel | StorageOffset => matches!(value, Value::Int(_)),
            Sizes | Strides => value.as_ints().is_some(),
            Device => matches!(value, Value::Device(_)),
            Layout => matches!(value, Value::Layout(_)),
        }
    }

    fn expected(self) -> &'static str {
        use MetadataQuery::*;
        match self {
            IsContiguous(_) | IsNonOverlappingAndDense => "bool",
            Dim | Numel | StorageOffset => "int",
            Sizes | Strides => "int[]",
            Device => "Device",
            Layout => "Layout",
        }
    }
}

/// What a mode or a class says to a question.
#[derive(Clone, Debug)]
pub enum MetadataAnswer {
    /// It leaves the question to the next.
    Declined,
    /// The stored value is right.
    Stored,
    /// This is the answer.
    Value(Value),
}

impl Tensor {
    /// Answers a question about the tensor: by the modes that are on and by its class if it has a policy for the question, else by
    /// what it stores.
    ///
    /// # Errors
    /// What a handler reports; `AllDeclined` if the class declined; `WrongValueKind` for an answer of another kind (P129).
    pub fn metadata(&self, query: MetadataQuery) -> Result<Value> {
        let is_on = !local_key_sets().excluded.contains(DispatchKey::Python);
        if !is_on || !query.is_covered_by(self.metadata_policy()) {
            return Ok(self.stored(query));
        }
        let _snapshot = SnapshotGuard::set_if_none();
        if let Some(mode) = mode::current_mode() {
            match mode.handler().metadata(self, query)? {
                MetadataAnswer::Declined => (),
                answer => return self.settled(query, answer),
            }
        }
        let answer = candidates::ask_metadata(self, query)?;
        if matches!(answer, MetadataAnswer::Declined) {
            let message =
                format!("Multiple dispatch failed for {}; the tensor's class declined", query.name());
            return Err(Error::new(ErrorKind::AllDeclined, message));
        }
        self.settled(query, answer)
    }

    fn settled(&self, query: MetadataQuery, answer: MetadataAnswer) -> Result<Value> {
        let given = match answer {
            MetadataAnswer::Value(value) if query.accepts(&value) => return Ok(value),
            MetadataAnswer::Stored | MetadataAnswer::Declined if query.may_be_stored() => {
                return Ok(self.stored(query));
            }
            MetadataAnswer::Value(value) => value.kind_name(),
            MetadataAnswer::Stored | MetadataAnswer::Declined => "nothing",
        };
        let message =
            format!("{} returned invalid type {given}, expected {}", query.name(), query.expected());
        Err(Error::new(ErrorKind::WrongValueKind, message))
    }

    fn stored(&self, query: MetadataQuery) -> Value {
        let list = |dims: &[i64]| Value::from(dims.to_vec());
        match query {
            MetadataQuery::IsContiguous(format) => {
                Value::Bool(is_in_format(format, self.sizes(), self.strides()))
            }
            MetadataQuery::IsNonOverlappingAndDense => Value::Bool(is_dense(self.sizes(), self.strides())),
            MetadataQuery::Dim => Value::Int(self.dim() as i64),
            MetadataQuery::Sizes => list(self.sizes()),
            MetadataQuery::Strides => list(self.strides()),
            MetadataQuery::Numel => Value::Int(self.numel() as i64),
            MetadataQuery::StorageOffset => Value::Int(self.storage_offset()),
            MetadataQuery::Device => Value::Device(self.device()),
            MetadataQuery::Layout => Value::Layout(Layout::Strided),
        }
    }
}

/// Whether the dimensions lie in the order of a format, which one for four or five dimensions is for those alone.
fn is_in_format(format: MemoryFormat, sizes: &[i64], strides: &[i64]) -> bool {
    let order: &[usize] = match (format, sizes.len()) {
        (MemoryFormat::Contiguous | MemoryFormat::Preserve, _) => return in_order(sizes, strides),
        (MemoryFormat::ChannelsLast, 4) => &[0, 2, 3, 1],
        (MemoryFormat::ChannelsLast3d, 5) => &[0, 2, 3, 4, 1],
        _ => return false,
    };
    let pick = |dims: &[i64]| -> Dims { order.iter().map(|&dim| dims[dim]).collect() };
    in_order(&pick(sizes), &pick(strides))
}

fn in_order(sizes: &[i64], strides: &[i64]) -> bool {
    let expected = contiguous_strides(sizes);
    let fits = |dim: usize| sizes[dim] == 1 || strides[dim] == expected[dim];
    sizes.contains(&0) || (0..sizes.len()).all(fits)
}

/// Whether the elements fill a stretch without gaps or overlaps, in some order of the dimensions.
fn is_dense(sizes: &[i64], strides: &[i64]) -> bool {
    if sizes.contains(&0) {
        return true;
    }
    let mut dims: Vec<(i64, i64)> =
        strides.iter().copied().zip(sizes.iter().copied()).filter(|&(_, size)| size != 1).collect();
    dims.sort_by(|a, b| b.cmp(a));
    let sizes: Dims = dims.iter().map(|&(_, size)| size).collect();
    contiguous_strides(&sizes).iter().eq(dims.iter().map(|(stride, _)| stride))
}
