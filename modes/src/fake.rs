//! Fake tensors: sizes, strides, dtype and device without data, computed by `Meta` kernels.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use keyway::{
    Answer, Call, DType, Device, DispatchKey, DispatchMode, Error, ErrorKind, HandlerType, Mode, ModeSlot,
    Operator, Result, Tensor, TensorSubclass, Value, WeakTensor, WrapperMetadata, disable_dispatch,
};
use parking_lot::Mutex;
use smallvec::SmallVec;

/// What a fake tensor holds: the `Meta` tensor that stands for its data.
pub struct FakeTensor {
    meta: Tensor,
}

impl FakeTensor {
    /// The tensor on `Meta` that operators compute on; it shares its (absent) memory with those of views.
    pub fn meta(&self) -> &Tensor {
        &self.meta
    }

    /// Takes over sizes, strides and memory of the fake tensor that holds it: composite operators may have changed that one by
    /// hand.
    fn follow(&self, fake: &Tensor) -> Result<()> {
        follow(&self.meta, fake)
    }
}

/// Has one tensor show what another one shows.
fn follow(tensor: &Tensor, shown: &Tensor) -> Result<()> {
    match tensor.geometry() == shown.geometry() && tensor.shares_storage(shown) {
        true => Ok(()),
        false => tensor.set_storage(shown.storage().clone(), shown.geometry().clone()),
    }
}

/// Whether a tensor is fake.
pub fn is_fake(tensor: &Tensor) -> bool {
    tensor.subclass::<FakeTensor>().is_some()
}

fn fake_of(meta: Tensor, device: Device) -> Tensor {
    let metadata = WrapperMetadata { device, ..WrapperMetadata::like(&meta).sharing(&meta) };
    Tensor::wrapper(FakeTensor { meta }, metadata)
}

/// The mode in which operators compute no elements: every tensor they make is fake. It keeps the devices that data would be on,
/// and checks that they fit, so a program can be tried out for a machine that is not there.
///
/// Real tensors among arguments are converted, unless an operator would write to them, which is an error. An operator whose
/// result depends on elements is an error that names it. A fake tensor stays fake outside of the mode.
///
/// ```
/// use keyway::{Backend, DType, Device, with_mode};
/// use keyway_modes::FakeMode;
/// use keyway_ops::{TensorMethods, aten};
///
/// let fake = FakeMode::new();
/// let cuda = Device { backend: Backend::CUDA, index: Some(1) };
/// let x = fake.tensor(&[64, 1 << 20], DType::Float32, cuda)?;
/// let product = with_mode(&fake.mode(), || {
///     let weights = aten::zeros::default.call(&[1 << 20, 1000], None, None, Some(cuda), None)?;
///     x.matmul(&weights)?.relu()
/// })??;
/// assert_eq!((product.sizes(), product.device()), (&[64, 1000][..], cuda));
/// let error = TensorMethods::item(&product.sum()?).unwrap_err();
/// assert!(error.to_string().contains("aten::_local_scalar_dense"), "{error}");
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct FakeMode(Arc<Mutex<Converted>>);

impl FakeMode {
    /// A mode.
    pub fn new() -> FakeMode {
        FakeMode::default()
    }

    /// The mode to put on: into the slot of fake tensors, below all modes of users.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// A fake tensor in row-major order.
    ///
    /// # Errors
    /// `Shape` for impossible sizes.
    pub fn tensor(&self, sizes: &[i64], dtype: DType, device: Device) -> Result<Tensor> {
        Ok(fake_of(Tensor::zeros(sizes, dtype, Device::META)?, device))
    }

    /// The fake tensor that stands for a real one: the same one each time while the real one lives, with memory that is shared
    /// where the real ones share it. A fake tensor stands for itself.
    ///
    /// # Errors
    /// `NotImplemented` for a tensor of another class.
    pub fn convert(&self, tensor: &Tensor) -> Result<Tensor> {
        match tensor.subclass::<FakeTensor>() {
            Some(_) => Ok(tensor.clone()),
            None => self.0.lock().fake(tensor),
        }
    }
}

/// The fakes of real tensors, by the address of their memory.
#[derive(Default)]
struct Converted {
    by_memory: HashMap<usize, SmallVec<[(WeakTensor, Tensor); 1]>>,
    /// At how many entries to look for those whose tensors are gone.
    crowded: usize,
}

impl Converted {
    fn fake(&mut self, real: &Tensor) -> Result<Tensor> {
        if real.key_set().contains(DispatchKey::Python) {
            return Err(Error::not_implemented(format!(
                "{real:?} is of a class of its own; unwrap it, or let its class handle the call first"
            )));
        }
        if self.by_memory.len() > self.crowded {
            self.by_memory.retain(|_, fakes| fakes.iter().any(|(real, _)| real.upgrade().is_some()));
            self.crowded = 2 * self.by_memory.len() + 64;
        }
        let fakes = self.by_memory.entry(real.storage().address()).or_default();
        // An address is used again once its memory is gone, so only tensors that live say what is there.
        fakes.retain(|(real, _)| real.upgrade().is_some());
        let held = fakes.iter().find(|(held, _)| held.upgrade().is_some_and(|held| held.is_same(real)));
        if let Some((_, fake)) = held {
            if fake.geometry() != real.geometry() {
                fake.set_geometry(real.geometry().clone())?;
            }
            return Ok(fake.clone());
        }
        let neighbour = fakes.first().and_then(|(_, fake)| fake.subclass::<FakeTensor>());
        let geometry = real.geometry().clone();
        let meta = match neighbour {
            Some(fake) => {
                Tensor::from_storage(fake.meta.storage().clone(), real.dtype(), Device::META, geometry)?
            }
            None => Tensor::zeros_strided(geometry, real.dtype(), Device::META)?,
        };
        let fake = fake_of(meta, real.device());
        fakes.push((real.downgrade(), fake.clone()));
        Ok(fake)
    }
}

impl DispatchMode for FakeMode {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        if !knows_all_classes(call) {
            return Ok(Answer::Declined);
        }
        run(call, &mut |tensor| self.convert(tensor))?;
        Ok(Answer::Done)
    }

    fn name(&self) -> &str {
        "fake tensors"
    }

    fn slot(&self) -> Option<ModeSlot> {
        Some(ModeSlot::Fake)
    }

    fn detach(&self, tensor: &Tensor) -> Result<Option<Tensor>> {
        match tensor.subclass::<FakeTensor>() {
            Some(fake) => Ok(Some(fake_of(fake.meta.shallow_copy()?, tensor.device()))),
            None => Ok(None),
        }
    }
}

impl TensorSubclass for FakeTensor {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        if !knows_all_classes(call) {
            return Ok(Answer::Declined);
        }
        // Modes are on while a class handles a call; they saw this one already.
        let _off = disable_dispatch();
        let mut converted = Converted::default();
        run(call, &mut |tensor| converted.fake(tensor))?;
        Ok(Answer::Done)
    }

    fn name(&self) -> &'static str {
        "FakeTensor"
    }

    fn detach(&self, _: &Tensor) -> Result<Option<Arc<dyn TensorSubclass>>> {
        Ok(Some(Arc::new(FakeTensor { meta: self.meta.shallow_copy()? })))
    }
}

/// Other classes unwrap their tensors first (P67).
fn knows_all_classes(call: &Call<'_>) -> bool {
    call.types().all(|ty| ty == HandlerType::of_subclass::<FakeTensor>())
}

/// A fake argument and the `Meta` tensor it holds.
type Pair = (Tensor, Tensor);

fn run(call: &mut Call<'_>, convert: &mut dyn FnMut(&Tensor) -> Result<Tensor>) -> Result<()> {
    let operator = call.operator();
    let device = device_of_result(operator, call.arguments())?;
    let pairs = fakes_of_arguments(operator, call.arguments(), convert)?;
    replace_devices(call, pairs.is_empty())?;
    let mut at = 0;
    call.map_arguments(|tensor| {
        if tensor.is_wrapped_number() {
            return Ok(None);
        }
        // In the order in which they were found.
        let (_, meta) = &pairs[at];
        at += 1;
        Ok(Some(meta.clone()))
    })?;
    call.forward().map_err(|error| explained(operator, error))?;
    for (fake, meta) in &pairs {
        follow(fake, meta)?;
    }
    call.map_results(|result| match pairs.iter().find(|(_, meta)| meta.is_same(result)) {
        Some((fake, _)) => Ok(Some(fake.clone())),
        None if result.device() == Device::META => Ok(Some(fake_of(result.clone(), device))),
        None => convert(result).map(Some),
    })
}

/// The fakes of all tensors among the arguments, in order, with what they hold. Plain numbers stay as they are: they rank below
/// tensors in type promotion.
fn fakes_of_arguments(
    operator: &'static Operator,
    arguments: &[Value],
    convert: &mut dyn FnMut(&Tensor) -> Result<Tensor>,
) -> Result<SmallVec<[Pair; 4]>> {
    let mut pairs = SmallVec::new();
    for (position, value) in arguments.iter().enumerate() {
        for tensor in value.tensors().filter(|tensor| !tensor.is_wrapped_number()) {
            if let Some(fake) = tensor.subclass::<FakeTensor>() {
                fake.follow(tensor)?;
                pairs.push((tensor.clone(), fake.meta.clone()));
                continue;
            }
            let argument = operator.schema().map(|schema| &schema.arguments[position]);
            if let Some(argument) = argument.filter(|argument| argument.is_write()) {
                let message = format!(
                    "it would write to `{}`, a real tensor, without computing what; convert it with FakeMode::convert",
                    argument.name
                );
                return Err(Error::value(message).in_operator(operator.name()));
            }
            let fake = convert(tensor).map_err(|error| error.in_operator(operator.name()))?;
            if let Some(held) = fake.subclass::<FakeTensor>() {
                let meta = held.meta.clone();
                pairs.push((fake, meta));
            }
        }
    }
    Ok(pairs)
}

/// Operators whose tensor arguments may be on different devices: copies, and indexing by tensors on the host. Their results are
/// where the first argument is.
const MIX_DEVICES: [&str; 6] = [
    "aten::copy_",
    "aten::index.Tensor",
    "aten::index_put",
    "aten::index_put_",
    "aten::_index_put_impl_",
    "aten::set_.source_Tensor",
];

/// Where the results are: on the device that an argument names, else on that of the tensors, else on the host. Tensors without
/// dimensions on the host go with any device.
fn device_of_result(operator: &'static Operator, arguments: &[Value]) -> Result<Device> {
    let mut found: Option<&Tensor> = None;
    let mut weak = None;
    let mut named = None;
    for value in arguments {
        if let Value::Device(device) = value {
            named = Some(*device);
        }
        for tensor in value.tensors().filter(|tensor| !tensor.is_wrapped_number()) {
            match found {
                _ if tensor.dim() == 0 && tensor.device() == Device::CPU => weak = Some(Device::CPU),
                None => found = Some(tensor),
                Some(first)
                    if first.device() != tensor.device() && !MIX_DEVICES.contains(&operator.name()) =>
                {
                    let (a, b) = (first.device(), tensor.device());
                    let message =
                        format!("its tensors are on different devices, {a} and {b}; move one of them");
                    return Err(Error::value(message).in_operator(operator.name()));
                }
                Some(_) => (),
            }
        }
    }
    Ok(named.or(found.map(Tensor::device)).or(weak).unwrap_or(Device::CPU))
}

/// Sends operators to `Meta` that take their device from an argument.
fn replace_devices(call: &mut Call<'_>, has_no_tensor: bool) -> Result<()> {
    for position in 0..call.arguments().len() {
        if matches!(call.arguments()[position], Value::Device(_)) {
            call.set_argument(position, Device::META)?;
        }
    }
    if has_no_tensor {
        let schema = call.operator().schema();
        let position = schema.and_then(|schema| schema.arguments.iter().position(|a| a.name == "device"));
        if let Some(position) = position {
            call.set_argument(position, Device::META)?;
        }
    }
    Ok(())
}

/// An error of a `Meta` kernel in terms of fake tensors.
#[cold]
fn explained(operator: &'static Operator, error: Error) -> Error {
    let inner = error.operator().map_or_else(|| operator.name().to_owned(), str::to_owned);
    if operator.needs_data() {
        let message = "its result depends on elements, which a fake tensor does not have; keep it out of what is run on fake tensors";
        return Error::new(ErrorKind::NotImplemented, message).in_operator(inner);
    }
    if error.kind() == ErrorKind::NoKernel && error.key() == Some(DispatchKey::Meta) {
        let message = "it has no Meta kernel, so its result on fake tensors is not known; write #[kernel(\"...\", Meta)] for it";
        return Error::new(ErrorKind::NoMetaKernel, message).in_operator(inner).at_key(DispatchKey::Meta);
    }
    error
}

impl fmt::Debug for FakeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeMode")
    }
}

impl fmt::Debug for FakeTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FakeTensor").field(&self.meta).finish()
    }
}
