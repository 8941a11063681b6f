//! Checking that `Meta` kernels promise what other kernels give.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keyway::{
    Answer, Call, DispatchMode, Error, ErrorKind, Mode, Operator, Result, Stack, Tensor, Value,
    find_operator, with_mode, with_modes_disabled,
};

use crate::fake::FakeMode;

/// Runs every call on fake tensors first, and compares what that gives with what the call gives: number and sizes of the results,
/// strides, dtypes and devices. Operators whose results depend on elements ([`keyway::Operator::has_tag`] `data_dependent_output`,
/// `dynamic_output_shape`), themselves or called on the way, and calls with tensors of a class are left alone.
///
/// ```
/// use keyway::{DispatchKey, Library, Result, Tensor, Value, with_mode};
/// use keyway_modes::MetaCheck;
///
/// let mut library = Library::define("promised")?;
/// let f = library.def("f(Tensor self) -> Tensor")?;
/// library.kernel_fn("f", DispatchKey::CPU, |_: &Tensor| -> Result<Tensor> { Tensor::from_slice(&[1.0f32], &[1]) })?;
/// library.kernel_fn("f", DispatchKey::Meta, |x: &Tensor| -> Result<Tensor> { Ok(x.clone()) })?;
/// let x = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
/// let error = with_mode(&MetaCheck::new().mode(), || f.call([Value::from(&x)]).map(drop))?.unwrap_err();
/// assert!(error.to_string().contains("result 0 is float32[1] with strides [1] on cpu, its Meta kernel promised float32[2]"), "{error}");
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MetaCheck(Arc<AtomicU64>);

impl MetaCheck {
    /// A check.
    pub fn new() -> MetaCheck {
        MetaCheck::default()
    }

    /// The mode. A call that gives something else than was promised ends with a `SchemaMismatch` that names the operator and the
    /// result; one that works but has no `Meta` kernel, or one that refuses, with that error.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// How many calls gave what was promised.
    pub fn checked(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl DispatchMode for MetaCheck {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        let operator = call.operator();
        if call.types().next().is_some() || operator.needs_data() {
            call.forward()?;
            return Ok(Answer::Done);
        }
        let mut promised: Stack = call.arguments().iter().cloned().collect();
        let fake = FakeMode::new();
        for value in promised.iter_mut() {
            value.map_tensors(&mut |tensor| match tensor.is_wrapped_number() {
                true => Ok(None),
                false => fake.convert(tensor).map(Some),
            })?;
        }
        // Modes below are to see the call once.
        let refused =
            with_modes_disabled(|_| with_mode(&fake.mode(), || operator.call_boxed(&mut promised)))?.err();
        call.forward()?;
        match refused {
            // An operator called on the way needs data, so that there is no promise.
            Some(error) if named(&error).is_some_and(keyway::Operator::needs_data) => {
                return Ok(Answer::Done);
            }
            Some(error) => return Err(error),
            None => {}
        }
        for (at, (given, promised)) in call.results().iter().zip(promised.iter()).enumerate() {
            let (given, promised) = (layouts(given), layouts(promised));
            if given != promised {
                let message = format!(
                    "result {at} is {}, its Meta kernel promised {}; correct one of the kernels",
                    given.join(" and "),
                    promised.join(" and ")
                );
                return Err(Error::new(ErrorKind::SchemaMismatch, message).in_operator(operator.name()));
            }
        }
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Answer::Done)
    }

    fn name(&self) -> &str {
        "Meta check"
    }
}

/// The operator that an error is about.
fn named(error: &Error) -> Option<&'static Operator> {
    find_operator(error.operator()?).ok()
}

/// What is promised about the tensors of a value.
fn layouts(value: &Value) -> Vec<String> {
    let layout = |tensor: &Tensor| {
        format!(
            "{}{:?} with strides {:?} on {}",
            tensor.dtype(),
            tensor.sizes(),
            tensor.strides(),
            tensor.device()
        )
    };
    value.tensors().map(layout).collect()
}

impl fmt::Display for MetaCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls gave what their Meta kernels promise", self.checked())
    }
}
