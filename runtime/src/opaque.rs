//! Values that kernels pass along and the runtime does not look into: generators, streams, quantisation schemes, objects
//! of classes that schemas name.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{DispatchKey, Functionality};
use crate::key_set::KeySet;

/// A source of random numbers on a device; cloning shares it.
///
/// It holds a seed, and where in the stream that belongs to it the next numbers are: as a count for kernels that compute
/// them from their place, or as an engine of the kernels' own. What numbers come of it is for the kernels.
#[derive(Clone, Debug)]
pub struct Generator(Arc<GeneratorState>);

#[derive(Debug)]
struct GeneratorState {
    device: Device,
    keys: KeySet,
    position: Mutex<Position>,
}

/// Where in a seed's stream a generator is.
#[derive(Debug)]
struct Position {
    seed: u64,
    /// How many places were reserved.
    reserved: u64,
    /// What kernels draw from, if there are such.
    engine: Option<Box<dyn Any + Send>>,
}

impl Position {
    fn start(seed: u64) -> Position {
        Position { seed, reserved: 0, engine: None }
    }
}

impl Generator {
    /// A generator at the start of the stream of a seed. Calls that take it are dispatched to its device.
    pub fn new(device: Device, seed: u64) -> Generator {
        Generator::with_keys(device, seed, KeySet::of(DispatchKey::of(Functionality::Dense, device.backend)))
    }

    /// A generator that brings these keys to the calls that take it: `CustomRNGKeyId`, say, for one whose numbers are
    /// made elsewhere (D6, D76).
    pub fn with_keys(device: Device, seed: u64, keys: KeySet) -> Generator {
        Generator(Arc::new(GeneratorState { device, keys, position: Mutex::new(Position::start(seed)) }))
    }

    /// The keys it brings to a call, typed or boxed (D76; better than D79).
    #[inline]
    pub fn key_set(&self) -> KeySet {
        self.0.keys
    }

    /// Where the numbers are made.
    pub fn device(&self) -> Device {
        self.0.device
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.0.position.lock().seed
    }

    /// Starts the stream of another seed.
    pub fn set_seed(&self, seed: u64) {
        *self.0.position.lock() = Position::start(seed);
    }

    /// Takes so many places of the stream for a kernel: the seed, and where the kernel's part starts.
    pub fn reserve(&self, count: u64) -> (u64, u64) {
        let mut position = self.0.position.lock();
        let start = position.reserved;
        position.reserved = start.wrapping_add(count);
        (position.seed, start)
    }

    /// Draws from the engine that makes this generator's numbers, alone: other threads wait. The first call, and the first
    /// after a new seed, makes the engine of the seed. `draw` must not use the generator.
    ///
    /// # Errors
    /// `Runtime` if the generator has an engine of another type: kernels of another backend draw from it.
    pub fn draw<E: Any + Send, R>(
        &self,
        start: impl FnOnce(u64) -> E,
        draw: impl FnOnce(&mut E) -> R,
    ) -> Result<R> {
        let mut position = self.0.position.lock();
        let seed = position.seed;
        let engine = position.engine.get_or_insert_with(|| Box::new(start(seed)));
        match engine.downcast_mut() {
            Some(engine) => Ok(draw(engine)),
            None => Err(Error::new(
                ErrorKind::Runtime,
                "the generator makes numbers of another kind: its engine is that of another backend's kernels",
            )),
        }
    }

    /// Puts an engine in place of the one there is, as one that was saved before.
    pub fn set_engine(&self, seed: u64, engine: impl Any + Send) {
        *self.0.position.lock() = Position { engine: Some(Box::new(engine)), ..Position::start(seed) };
    }

    /// Whether both are the same generator.
    pub fn is_same(&self, other: &Generator) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A queue of work on a device, by the number its backend knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// The device.
    pub device: Device,
    /// The backend's number.
    pub id: i64,
}

/// How quantised elements stand for numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QScheme {
    /// One scale and zero point.
    PerTensorAffine,
    /// A scale and zero point for each slice.
    PerChannelAffine,
    /// One scale.
    PerTensorSymmetric,
    /// A scale for each slice.
    PerChannelSymmetric,
    /// A scale and zero point in floating point for each slice.
    PerChannelAffineFloat,
}

/// An object of a class that a schema names; cloning shares it.
#[derive(Clone)]
pub struct Object(Arc<ObjectContents>);

struct ObjectContents {
    class: String,
    value: Box<dyn Any + Send + Sync>,
}

impl Object {
    /// An object of the class with this name, `NAMESPACE.NAME` in a schema.
    pub fn new(class: impl Into<String>, value: impl Any + Send + Sync) -> Object {
        Object(Arc::new(ObjectContents { class: class.into(), value: Box::new(value) }))
    }

    /// The name of its class.
    pub fn class(&self) -> &str {
        &self.0.class
    }

    /// The value, if it is of this type.
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.value.downcast_ref()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.class())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Argument, Value};

    #[test]
    fn kernels_take_disjoint_parts_of_a_stream() {
        let generator = Generator::new(Device::CPU, 7);
        assert_eq!((generator.reserve(4), generator.clone().reserve(1)), ((7, 0), (7, 4)));
        generator.set_seed(8);
        assert_eq!(generator.reserve(1), (8, 0));
    }

    #[test]
    fn an_engine_is_made_once_a_seed_and_drawn_from_by_one_kind_of_kernel() {
        let generator = Generator::new(Device::CPU, 7);
        let next = |step: &mut u64| {
            *step += 1;
            *step
        };
        let drawn = || generator.draw(|seed| seed, next).unwrap();
        assert_eq!((drawn(), drawn()), (8, 9));
        assert!(generator.draw(|_| 0u8, |_| ()).unwrap_err().to_string().contains("another backend"));
        generator.set_seed(1);
        assert_eq!(drawn(), 2);
        generator.set_engine(7, 8u64);
        assert_eq!((generator.seed(), drawn()), (7, 9));
    }

    #[test]
    fn opaque_values_come_back_from_the_stack() {
        let generator = Generator::new(Device::CPU, 7);
        let value = Argument::into_value(&generator);
        assert!(<&Generator>::from_value(&value).is_some_and(|found| found.is_same(&generator)));
        assert!(<&Object>::from_value(&value).is_none());
        let value = Argument::into_value(&Object::new("a.B", 5_i32));
        let object = <&Object>::from_value(&value).unwrap();
        assert_eq!((object.class(), object.downcast_ref::<i32>()), ("a.B", Some(&5)));
        let stream = Stream { device: Device::CPU, id: 3 };
        let value: Value = stream.into();
        assert_eq!(Stream::from_value(&value), Some(stream));
    }
}
