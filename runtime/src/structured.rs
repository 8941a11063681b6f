//! Structured kernels: what a shape function says once, and the three forms that are made of it.
//!
//! An operator is structured when its functional, in-place and out forms differ only in where the result goes (yaml.md
//! Y175 to Y180). Its author writes a shape function, which says what the result will be, and one kernel a backend, which
//! fills a tensor that is there. The generator and `#[kernel(..., structured)]` make the forms, which call what is here:
//! a functional form makes the tensor, an in-place form checks `self`, an out form resizes its argument. A kernel gets a
//! tensor that is exactly as its shape function said; where the caller's differs in dtype or strides, or shares memory
//! with an input, the kernel fills another one, which is copied afterwards. A kernel that says `in_place` also fills an
//! input itself, where the two are the same elements in the same order: `x.add_(y)` makes no tensor then.

use smallvec::SmallVec;

use crate::device::Device;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Geometry;
use crate::tensor::Tensor;

/// Which dtypes an argument that is written may have, given the dtype of the result and then its own.
pub type DTypeRule = fn(DType, DType) -> Result<()>;

/// What a shape function says about one result: sizes and strides, dtype, device.
#[derive(Clone, Debug)]
pub struct OutputMeta {
    geometry: Geometry,
    dtype: DType,
    device: Device,
    accepts: DTypeRule,
}

impl OutputMeta {
    /// A result with this geometry, which must have no gaps. An out argument must have its dtype.
    pub fn new(geometry: Geometry, dtype: DType, device: Device) -> OutputMeta {
        OutputMeta { geometry, dtype, device, accepts: same_dtype }
    }

    /// A result of these sizes in row-major order.
    ///
    /// # Errors
    /// `Shape` for impossible sizes.
    pub fn contiguous(sizes: &[i64], dtype: DType, device: Device) -> Result<OutputMeta> {
        Ok(OutputMeta::new(Geometry::contiguous(sizes)?, dtype, device))
    }

    /// The same result, for out and in-place arguments of the dtypes that a rule accepts.
    #[must_use]
    pub fn accepting(self, accepts: DTypeRule) -> OutputMeta {
        OutputMeta { accepts, ..self }
    }

    /// The same result in another dtype.
    #[must_use]
    pub fn with_dtype(self, dtype: DType) -> OutputMeta {
        OutputMeta { dtype, ..self }
    }

    /// Sizes and strides.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.device
    }

    /// A tensor as said, on the host or on `Meta`, whose elements are whatever they are ([`Tensor::unfilled_strided`]).
    ///
    /// # Errors
    /// As [`Tensor::zeros_strided`]; another backend makes its memory itself and says so to `#[kernel]` with `allocate`.
    pub fn allocate(&self) -> Result<Tensor> {
        Tensor::unfilled_strided(self.geometry.clone(), self.dtype, self.device)
    }

    /// Whether a kernel can fill this tensor without another one in between.
    fn fits(&self, tensor: &Tensor) -> bool {
        let geometry = tensor.geometry();
        tensor.dtype() == self.dtype
            && geometry.sizes() == self.geometry.sizes()
            && geometry.strides() == self.geometry.strides()
    }
}

#[cold]
fn another_dtype(result: DType, held: DType) -> Error {
    Error::dtype(format!("`out` must have the dtype of the result, {result}, it has {held}"))
}

fn same_dtype(result: DType, held: DType) -> Result<()> {
    if result == held { Ok(()) } else { Err(another_dtype(result, held)) }
}

/// What a shape function returns: what it says about each result, and what it hands to kernels.
///
/// [`OutputMeta`] is the simplest, an array of them stands for several results. A type of the author's own that also holds
/// what was found out on the way is named in `structured_inherits` (Y178): each kernel then gets it first, by reference.
/// With `precomputed` (Y179) the function returns a pair of one of these and the values that replace arguments.
#[diagnostic::on_unimplemented(
    message = "KW0513: `{Self}` does not describe results",
    label = "`OutputMeta`, an array of them, or a type of your own that implements `StructuredMeta`",
    note = "`keyway explain KW0513` says more"
)]
pub trait StructuredMeta {
    /// What kernels of an entry with `structured_inherits` get.
    type Plan;
    /// The values of `precomputed`; `()` without.
    type Precomputed;

    /// What is said about each result.
    fn outputs(&self) -> &[OutputMeta];

    /// The plan.
    fn plan(&self) -> &Self::Plan;

    /// The precomputed values.
    fn precomputed(&self) -> &Self::Precomputed;
}

impl StructuredMeta for OutputMeta {
    type Plan = OutputMeta;
    type Precomputed = ();

    fn outputs(&self) -> &[OutputMeta] {
        std::slice::from_ref(self)
    }

    fn plan(&self) -> &OutputMeta {
        self
    }

    fn precomputed(&self) -> &() {
        &()
    }
}

impl<const N: usize> StructuredMeta for [OutputMeta; N] {
    type Plan = [OutputMeta; N];
    type Precomputed = ();

    fn outputs(&self) -> &[OutputMeta] {
        self
    }

    fn plan(&self) -> &[OutputMeta; N] {
        self
    }

    fn precomputed(&self) -> &() {
        &()
    }
}

impl<M: StructuredMeta<Precomputed = ()>, C> StructuredMeta for (M, C) {
    type Plan = M::Plan;
    type Precomputed = C;

    fn outputs(&self) -> &[OutputMeta] {
        self.0.outputs()
    }

    fn plan(&self) -> &M::Plan {
        self.0.plan()
    }

    fn precomputed(&self) -> &C {
        &self.1
    }
}

/// The kernel of `Meta`: a result has sizes, strides and a dtype there, and no elements to fill.
#[derive(Debug)]
pub struct WithoutElements;

/// Where the result of a form that writes goes.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// The arguments that are written, one for each result.
    pub targets: &'a [&'a Tensor],
    /// Every tensor that is read.
    pub inputs: &'a [&'a Tensor],
    /// Copies the second tensor's elements to the first.
    pub copy: fn(&Tensor, &Tensor) -> Result<()>,
    /// Makes a tensor to be filled.
    pub allocate: fn(&OutputMeta) -> Result<Tensor>,
    /// Whether the kernel may fill an input, element for element.
    pub in_place: bool,
}

impl Written<'_> {
    /// Whether an argument that is written is read as well.
    fn is_read(&self, target: &Tensor) -> bool {
        self.inputs.iter().any(|input| input.shares_storage(target))
    }

    /// Whether the kernel may fill an argument that is read as well. With several results, the first would be written
    /// before the second is computed.
    fn is_replaced(&self, target: &Tensor) -> bool {
        let other = |input: &&Tensor| input.shares_storage(target) && !same_elements(input, target);
        self.in_place && self.targets.len() == 1 && !self.inputs.iter().any(other)
    }
}

/// Whether two tensors over one memory are the same elements in the same order.
fn same_elements(a: &Tensor, b: &Tensor) -> bool {
    a.is_same(b) || (a.dtype() == b.dtype() && a.geometry() == b.geometry())
}

/// Runs a kernel for a functional form of several results, which are made first. An error names the operator.
///
/// # Errors
/// What the shape function, `allocate` and the kernel report; `Runtime` if the shape function says something about another
/// number of results.
#[inline]
pub fn fill<M: StructuredMeta, R: From<[Tensor; N]>, const N: usize>(
    operator: &'static str,
    meta: Result<M>,
    allocate: fn(&OutputMeta) -> Result<Tensor>,
    run: impl FnOnce(&M, &[Tensor; N]) -> Result<()>,
) -> Result<R> {
    let filled = meta.and_then(|meta| {
        let mut made: SmallVec<[Tensor; N]> = SmallVec::new();
        for output in meta.outputs() {
            made.push(allocate(output)?);
        }
        let made = made.into_inner().map_err(|made| another_number(made.len(), N))?;
        run(&meta, &made)?;
        Ok(made.into())
    });
    filled.map_err(|error| error.in_operator(operator))
}

/// [`fill`] for one result.
///
/// # Errors
/// As [`fill`].
#[inline]
pub fn fill_one<M: StructuredMeta>(
    operator: &'static str,
    meta: Result<M>,
    allocate: fn(&OutputMeta) -> Result<Tensor>,
    run: impl FnOnce(&M, &Tensor) -> Result<()>,
) -> Result<Tensor> {
    let filled = meta.and_then(|meta| {
        let made = match meta.outputs() {
            [one] => allocate(one)?,
            several => return Err(another_number(several.len(), 1)),
        };
        run(&meta, &made)?;
        Ok(made)
    });
    filled.map_err(|error| error.in_operator(operator))
}

#[cold]
fn another_number(said: usize, needed: usize) -> Error {
    let message = format!("the shape function describes {said} results, the operator has {needed}");
    Error::new(ErrorKind::Runtime, message)
}

/// Runs a kernel for an out form: checks dtypes, resizes, copies where the kernel cannot write itself. An error names the
/// operator.
///
/// # Errors
/// What the shape function and the kernel report; `Type` for a dtype or device that cannot take the result, `Shape` for
/// memory that overlaps.
#[inline]
pub fn write_out<M: StructuredMeta>(
    operator: &'static str,
    meta: Result<M>,
    written: Written<'_>,
    run: impl FnOnce(&M, &[&Tensor]) -> Result<()>,
) -> Result<()> {
    let done = meta.and_then(|meta| write(meta.outputs(), written, true, |filled| run(&meta, filled)));
    done.map_err(|error| error.in_operator(operator))
}

/// Runs a kernel for an in-place form: as [`write_out`], but sizes must be those of the result.
///
/// # Errors
/// As [`write_out`], and `Shape` for other sizes.
#[inline]
pub fn write_in_place<M: StructuredMeta>(
    operator: &'static str,
    meta: Result<M>,
    written: Written<'_>,
    run: impl FnOnce(&M, &[&Tensor]) -> Result<()>,
) -> Result<()> {
    let done = meta.and_then(|meta| write(meta.outputs(), written, false, |filled| run(&meta, filled)));
    done.map_err(|error| error.in_operator(operator))
}

fn write(
    outputs: &[OutputMeta],
    written: Written<'_>,
    may_resize: bool,
    run: impl FnOnce(&[&Tensor]) -> Result<()>,
) -> Result<()> {
    let targets = written.targets;
    if outputs.len() != targets.len() {
        return Err(another_number(outputs.len(), targets.len()));
    }
    let mut proxies: SmallVec<[Option<Tensor>; 2]> = SmallVec::new();
    for (target, output) in targets.iter().zip(outputs) {
        check_target(target, output, may_resize)?;
        let is_read = written.is_read(target);
        if !is_read && target.sizes() != output.geometry.sizes() {
            resize(target, output)?;
        }
        let fills_directly = output.fits(target) && (!is_read || written.is_replaced(target));
        proxies.push(if fills_directly { None } else { Some((written.allocate)(output)?) });
    }
    let filled: SmallVec<[&Tensor; 2]> =
        targets.iter().zip(&proxies).map(|(target, proxy)| proxy.as_ref().unwrap_or(target)).collect();
    run(&filled)?;
    for ((target, proxy), output) in targets.iter().zip(&proxies).zip(outputs) {
        let Some(proxy) = proxy else { continue };
        if target.sizes() != output.geometry.sizes() {
            resize(target, output)?;
        }
        check_memory(target, written.inputs)?;
        (written.copy)(target, proxy)?;
    }
    Ok(())
}

/// Gives an out argument the sizes and strides of the result.
fn resize(target: &Tensor, output: &OutputMeta) -> Result<()> {
    let (sizes, strides) = (output.geometry.sizes(), output.geometry.strides());
    target.set_geometry(Geometry::new(sizes, strides, target.storage_offset())?)
}

fn check_target(target: &Tensor, output: &OutputMeta, may_resize: bool) -> Result<()> {
    if !may_resize && target.sizes() != output.geometry.sizes() {
        return Err(Error::shape(format!(
            "the result has sizes {:?}, `self` has {:?}: an in-place form cannot change them",
            output.geometry.sizes(),
            target.sizes()
        )));
    }
    (output.accepts)(output.dtype, target.dtype())?;
    match target.device() == output.device {
        true => Ok(()),
        false => Err(Error::dtype(format!(
            "the result is on {}, but the argument that is written is on {}",
            output.device,
            target.device()
        ))),
    }
}

/// Refuses memory that is written and read at once, other than elements that are replaced one by one.
fn check_memory(target: &Tensor, inputs: &[&Tensor]) -> Result<()> {
    if target.repeats_elements() {
        return Err(Error::shape(
            "several elements of the written tensor are one place in memory; clone the tensor first",
        ));
    }
    match inputs.iter().any(|input| input.overlaps_partially(target)) {
        true => Err(Error::shape(
            "an input and the written tensor share a part of their memory; clone one of them first",
        )),
        false => Ok(()),
    }
}

/// What copies where no operator of the list does.
///
/// # Errors
/// Always: it says what the list lacks.
pub fn cannot_copy(_target: &Tensor, _source: &Tensor) -> Result<()> {
    Err(Error::not_implemented(
        "the result must be copied to the argument, and no operator of the list says `serves: write`; pass a tensor \
         of the result's dtype, sizes and strides",
    ))
}
