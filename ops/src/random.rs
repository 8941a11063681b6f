//! Random numbers: the default generator, and the state of generators as bytes.
//!
//! A [`Generator`] on the CPU makes the numbers that PyTorch's makes from the same seed: 32-bit words of the Mersenne
//! Twister (`mersenne`), which kernels turn into the numbers of a distribution (`distributions`). A kernel draws all
//! its numbers in one go, so that calls of several threads do not mix theirs.

pub(crate) mod arguments;
pub(crate) mod distributions;
mod mersenne;

use std::sync::LazyLock;

use keyway::{Device, Error, ErrorKind, Generator, Result, Tensor};

pub(crate) use mersenne::Engine;

/// The seed of the default generator until [`manual_seed`] gives it another one.
pub const DEFAULT_SEED: u64 = 67_280_421_310_721;

static DEFAULT: LazyLock<Generator> = LazyLock::new(|| Generator::new(Device::CPU, DEFAULT_SEED));

/// The generator of calls on the CPU that name none. All threads share it.
pub fn default_generator() -> &'static Generator {
    &DEFAULT
}

/// Starts the default generator's stream of a seed.
///
/// ```
/// use keyway_ops::{aten, random::manual_seed};
/// manual_seed(0);
/// let first = aten::rand(&[2])?.to_vec::<f32>()?;
/// manual_seed(0);
/// assert_eq!(first, aten::rand(&[2])?.to_vec::<f32>()?);
/// # Ok::<(), keyway::Error>(())
/// ```
pub fn manual_seed(seed: u64) {
    DEFAULT.set_seed(seed);
}

/// Where a generator is in its stream, for [`set_state`]: a `uint8` tensor of 5056 bytes, as PyTorch's
/// `Generator.get_state` gives.
///
/// # Errors
/// `Runtime` for a generator that is not on the CPU.
pub fn state(generator: &Generator) -> Result<Tensor> {
    check_device(generator)?;
    let bytes = generator.draw(Engine::new, |engine| engine.to_bytes())?;
    Tensor::from_slice(&bytes, &[bytes.len() as i64])
}

/// Sets a generator to where it was when its [`state`] was taken.
///
/// # Errors
/// `Type` for a state that is not `uint8`, `Runtime` for bytes that are no state, and for a generator that is not on the
/// CPU.
pub fn set_state(generator: &Generator, state: &Tensor) -> Result<()> {
    check_device(generator)?;
    let engine = Engine::from_bytes(&state.to_vec::<u8>()?)?;
    generator.set_engine(engine.seed(), engine);
    Ok(())
}

fn check_device(generator: &Generator) -> Result<()> {
    match generator.device().backend == keyway::Backend::CPU {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Runtime,
            format!("the generator is on {}; numbers of the CPU need one on the CPU", generator.device()),
        )),
    }
}

/// Draws for a kernel on the CPU, from the generator it was given or else from the default one.
pub(crate) fn draw<R>(generator: Option<&Generator>, kernel: impl FnOnce(&mut Engine) -> R) -> Result<R> {
    let generator = generator.unwrap_or(&DEFAULT);
    check_device(generator)?;
    generator.draw(Engine::new, kernel)
}
