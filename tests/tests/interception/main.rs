//! Modes, tensor subclasses, snapshots and interpreters: who gets a call, in which order, and what is left afterwards
//! (interpreter.md sections 2 to 13, catalogue areas MODE, SUB and FB).

use std::any::TypeId;
use std::sync::{Arc, Mutex};

use keyway::{
    Answer, Call, DType, Device, DispatchKey, DispatchMode, Error, ErrorKind, LocalKeySets, Mode, ModeSlot,
    OperatorSet, Result, Tensor, TensorSubclass, Value, WrapperMetadata, find_operator, local_key_sets,
    mode_stack_len, snapshot,
};

mod fallbacks;
mod foreign;
mod modes;
mod nesting;
mod selective;
mod subclasses;
mod traces;
mod wrappers;

/// What handlers wrote down, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn write(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

type Does = dyn Fn(&mut Call<'_>) -> Result<Answer> + Send + Sync;

/// A mode that writes its name, the operator, the modes left and the classes it was told of, and does as it was told.
struct Told {
    name: &'static str,
    log: Log,
    slot: Option<ModeSlot>,
    wants: Option<OperatorSet>,
    is_pre_dispatch: bool,
    does: Box<Does>,
}

impl DispatchMode for Told {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        let python = local_key_sets().included.contains(DispatchKey::Python);
        let types: Vec<String> = call.types().map(|ty| short(&ty.to_string())).collect();
        let line = format!("{} {} {} {python} {types:?}", self.name, call.operator(), mode_stack_len());
        self.log.write(line);
        (self.does)(call)
    }

    fn name(&self) -> &str {
        self.name
    }

    fn slot(&self) -> Option<ModeSlot> {
        self.slot
    }

    fn operators(&self) -> Option<OperatorSet> {
        self.wants.clone()
    }

    fn is_pre_dispatch(&self) -> bool {
        self.is_pre_dispatch
    }
}

fn short(name: &str) -> String {
    name.rsplit("::").next().unwrap_or(name).to_owned()
}

fn forward(call: &mut Call<'_>) -> Result<Answer> {
    call.forward()?;
    Ok(Answer::Done)
}

fn decline(_: &mut Call<'_>) -> Result<Answer> {
    Ok(Answer::Declined)
}

fn fail(_: &mut Call<'_>) -> Result<Answer> {
    Err(Error::value("boom"))
}

fn told(
    name: &'static str,
    log: &Log,
    does: impl Fn(&mut Call<'_>) -> Result<Answer> + Send + Sync + 'static,
) -> Told {
    let log = log.clone();
    Told { name, log, slot: None, wants: None, is_pre_dispatch: false, does: Box::new(does) }
}

fn mode(
    name: &'static str,
    log: &Log,
    does: impl Fn(&mut Call<'_>) -> Result<Answer> + Send + Sync + 'static,
) -> Mode {
    Mode::new(told(name, log, does))
}

/// Classes that hold a plain tensor, and do with a call what they were made with. `B` extends `A`.
macro_rules! class {
    ($name:ident extends [$($base:ident)?]) => {
        struct $name {
            inner: Tensor,
            log: Log,
            does: fn(&$name, &mut Call<'_>) -> Result<Answer>,
        }

        impl $name {
            fn tensor(inner: &Tensor, log: &Log, does: fn(&$name, &mut Call<'_>) -> Result<Answer>) -> Tensor {
                let held = $name { inner: inner.clone(), log: log.clone(), does };
                Tensor::wrapper(held, WrapperMetadata::like(inner))
            }

            /// Calls on with what is inside and wraps the results.
            #[allow(dead_code, reason = "not every class is told to")]
            fn unwrap(&self, call: &mut Call<'_>) -> Result<Answer> {
                call.map_arguments(|tensor| Ok(tensor.subclass::<$name>().map(|held| held.inner.clone())))?;
                call.forward()?;
                call.map_results(|inner| Ok(Some($name::tensor(inner, &self.log, self.does))))?;
                Ok(Answer::Done)
            }
        }

        impl TensorSubclass for $name {
            fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
                let types: Vec<String> = call.types().map(|ty| short(&ty.to_string())).collect();
                let line = format!("{} {} {} {types:?}", stringify!($name), call.operator(), mode_stack_len());
                self.log.write(line);
                (self.does)(self, call)
            }

            fn extends(&self) -> &'static [TypeId] {
                const { &[$(TypeId::of::<$base>())?] }
            }
        }
    };
}
class!(A extends []);
class!(B extends [A]);
class!(N extends []);

fn tensor(elements: &[f32]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

fn elements(value: &Value) -> Vec<f32> {
    value.as_tensor().unwrap().to_vec().unwrap()
}

/// Calls an operator of the bundled list and gives its first result.
fn call(name: &str, arguments: impl IntoIterator<Item = Value>) -> Result<Value> {
    keyway::collect();
    find_operator(name)?.call(arguments)?.pop()
}

fn add(a: &Tensor, b: &Tensor) -> Result<Value> {
    call("aten::add.Tensor", [a.into(), b.into()])
}

fn mul(a: &Tensor, b: &Tensor) -> Result<Value> {
    call("aten::mul.Tensor", [a.into(), b.into()])
}

/// The thread is as a fresh one: no mode, no snapshot, its own key sets.
#[track_caller]
fn assert_untouched() {
    assert_eq!((mode_stack_len(), snapshot()), (0, None));
    assert_eq!(local_key_sets(), LocalKeySets::DEFAULT);
}
