//! The fallback of the chip's key: every operator that the chip has no kernel for runs on the host.
//!
//! One boxed function serves operators of all signatures, also those nobody has thought of yet. The schema tells it all
//! it needs: which arguments are written, and what they are called.

use std::collections::BTreeMap;

use keyway::{Device, DispatchKey, Error, ErrorKind, Kernel, KeySet, List, Operator, Registration, Result};
use keyway::{Stack, Tensor, Value, register_fallback};
use parking_lot::Mutex;

use crate::mirror::Mirror;

static CALLS: Mutex<BTreeMap<&'static str, u32>> = Mutex::new(BTreeMap::new());

/// Lets operators fall back to the host for as long as the result lives. Without it, an operator that the chip has no
/// kernel for is an error.
///
/// # Errors
/// `DuplicateFallback` if it is in force already.
pub fn fall_back_to_host() -> Result<Registration> {
    let key = crate::register()?.key();
    register_fallback(key, Kernel::boxed(fallback).named("chip::on_host"))
}

/// The operators that ran on the host since this was last asked, and how often.
pub fn take_fallen_back() -> BTreeMap<&'static str, u32> {
    std::mem::take(&mut *CALLS.lock())
}

fn fallback(operator: &'static Operator, _keys: KeySet, stack: &mut Stack) -> Result<()> {
    on_host(operator, stack)
}

/// Runs an operator on the host, for a kernel of the chip that does not do what it was asked.
pub(crate) fn call_on_host<const N: usize>(
    operator: &'static Operator,
    arguments: [Value; N],
) -> Result<Tensor> {
    let mut stack = Stack::from_iter(arguments);
    on_host(operator, &mut stack)?;
    match stack.pop()? {
        Value::Tensor(tensor) => Ok(tensor),
        other => {
            let message = format!("its result is {}, not a tensor", other.kind_name());
            Err(Error::new(ErrorKind::WrongValueKind, message).in_operator(operator.name()))
        }
    }
}

/// Copies the arguments to the host, runs the host's kernel, copies the results to the chip.
fn on_host(operator: &'static Operator, stack: &mut Stack) -> Result<()> {
    let Some(schema) = operator.schema() else {
        return Err(Error::new(ErrorKind::MissingDef, "it has no schema").in_operator(operator.name()));
    };
    *CALLS.lock().entry(operator.name()).or_default() += 1;
    let mut mirror = Mirror::default();
    let device = crate::register()?.device();
    let base = stack.base_of(schema.arguments.len())?;
    let arguments = stack[base..].to_vec();
    for (value, argument) in stack[base..].iter_mut().zip(&schema.arguments) {
        let to_host = |tensor: &Tensor| argument_on_host(&mut mirror, tensor, device, &argument.name);
        *value = match &*value {
            Value::Device(wanted) if wanted.backend == device.backend => Value::Device(Device::CPU),
            other => with_tensors(other, to_host).map_err(|error| error.in_operator(operator.name()))?,
        };
    }

    // Layers above, autograd among them, had their turn on the way here: only the host's own kernel is left to run.
    operator.redispatch_boxed(KeySet::of(DispatchKey::CPU), stack)?;

    for (value, _) in arguments.iter().zip(&schema.arguments).filter(|(_, argument)| argument.is_write()) {
        value.tensors().try_for_each(|tensor| mirror.write_back(tensor))?;
    }
    for result in &mut stack[base..] {
        *result = with_tensors(result, |tensor| mirror.on_chip(tensor, device))?;
    }
    Ok(())
}

fn argument_on_host(mirror: &mut Mirror, tensor: &Tensor, device: Device, argument: &str) -> Result<Tensor> {
    match tensor.device() {
        of if of.backend == device.backend => mirror.on_host(tensor),
        // A number in the guise of a tensor may be anywhere.
        Device::CPU if tensor.dim() == 0 => {
            mirror.keep_on_host(tensor);
            Ok(tensor.clone())
        }
        elsewhere => Err(mixed_devices(argument, elsewhere, device)),
    }
}

pub(crate) fn mixed_devices(argument: &str, elsewhere: Device, device: Device) -> Error {
    let message = format!(
        "`{argument}` is on {elsewhere}, other arguments are on {device}; copy it with `chip::to_chip` (only \
         tensors without dimensions may stay on the host)"
    );
    Error::new(ErrorKind::Runtime, message)
}

/// The value with another tensor for each in it.
fn with_tensors(value: &Value, mut change: impl FnMut(&Tensor) -> Result<Tensor>) -> Result<Value> {
    match value {
        Value::Tensor(tensor) => change(tensor).map(Value::from),
        Value::List(list) => match &**list {
            List::Tensor(tensors) => Ok(tensors.iter().map(change).collect::<Result<Vec<_>>>()?.into()),
            List::OptionalTensor(tensors) => {
                let mut change = |tensor: &Option<Tensor>| tensor.as_ref().map(&mut change).transpose();
                Ok(tensors.iter().map(&mut change).collect::<Result<Vec<_>>>()?.into())
            }
            _ => Ok(value.clone()),
        },
        _ => Ok(value.clone()),
    }
}
