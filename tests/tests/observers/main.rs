//! Observers run around calls, see what they asked for, and never disturb the call (dispatch.md D239 to D261).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyway::{Observer, Result, Scalar, Tensor, Value};
use keyway_tests::typed;

mod coming_and_going;
mod failures;
mod records;

/// One test at a time: observers of the process see the calls of all.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tensor(elements: &[f32]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

/// What observers wrote down, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn write(&self, line: String) -> Result<()> {
        self.0.lock().unwrap().push(line);
        Ok(())
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// An observer that writes its name, and what it is at.
    fn observer(&self, name: &'static str) -> Observer {
        let (starts, ends) = (self.clone(), self.clone());
        Observer::new(
            move |record| starts.write(format!("{name} starts {}", record.full_name())),
            move |record, _| ends.write(format!("{name} ends {}", record.full_name())),
        )
    }

    /// An observer that writes the names of what it sees.
    fn names(&self) -> Observer {
        let log = self.clone();
        Observer::at_start(move |record| log.write(record.full_name().to_owned()))
    }

    /// An observer that writes inputs and outputs.
    fn values(&self) -> Observer {
        let (starts, ends) = (self.clone(), self.clone());
        Observer::new(
            move |record| starts.write(written("in", record.inputs())),
            move |record, _| ends.write(written("out", record.outputs())),
        )
        .inputs()
        .outputs()
    }
}

fn written(what: &str, values: &[Value]) -> String {
    values.iter().fold(what.to_owned(), |text, value| format!("{text} {value}"))
}

/// An observer that counts.
fn counting(count: &Arc<AtomicU64>) -> Observer {
    let count = count.clone();
    Observer::at_start(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    })
}

fn calls(count: &AtomicU64) -> u64 {
    count.swap(0, Ordering::Relaxed)
}

fn scale() -> Result<Tensor> {
    typed::scale::default.call(&tensor(&[1.0]), Scalar::Int(3))
}
