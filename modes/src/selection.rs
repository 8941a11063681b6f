//! Recording which operators a program needs, for builds that leave the others out.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use keyway::{Observer, ObserverGuard, RecordStart, Scope};
use parking_lot::Mutex;

/// Records the operators that are called, in the form that selective builds read: one full name a line.
///
/// A build needs what users call and what kernels call, before and after composite operators are decomposed. A mode is off while
/// a kernel runs, so this is an [`Observer`], which sees every call there is. Operators that are told not to be observed
/// ([`keyway::Operator::set_observed`]) are missing, and without the runtime's feature `observers` so are all.
///
/// ```
/// use keyway::Tensor;
/// use keyway_codegen::select::Selection;
/// use keyway_modes::SelectionRecorder;
/// use keyway_ops::TensorMethods;
///
/// let (x, y) = (Tensor::from_slice(&[1.0f32; 4], &[2, 2])?, Tensor::from_slice(&[1.0f32; 4], &[2, 2])?);
/// let recorder = SelectionRecorder::new();
/// let guard = recorder.record_thread();
/// x.matmul(&y)?.relu()?;
/// drop(guard);
/// assert_eq!(recorder.names(), ["aten::matmul", "aten::mm", "aten::relu"]);
/// let selection = Selection::from_list(&recorder.to_list());
/// assert_eq!(selection, Selection::new().operators(recorder.names()));
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SelectionRecorder(Arc<Mutex<BTreeSet<&'static str>>>);

impl SelectionRecorder {
    /// A recorder that has seen nothing.
    pub fn new() -> SelectionRecorder {
        SelectionRecorder::default()
    }

    /// Records the calls of this thread until the guard is dropped.
    #[must_use = "recording ends when the guard is dropped"]
    pub fn record_thread(&self) -> ObserverGuard {
        self.observer().add_to_thread()
    }

    /// Records the calls of all threads until the guard is dropped.
    #[must_use = "recording ends when the guard is dropped"]
    pub fn record_process(&self) -> ObserverGuard {
        self.observer().add_to_process()
    }

    fn observer(&self) -> Observer {
        let seen = self.0.clone();
        let observer = Observer::at_start(move |record: &RecordStart<'_>| {
            if let Some(operator) = record.operator() {
                seen.lock().insert(operator.name());
            }
            Ok(())
        });
        observer.scopes([Scope::Function])
    }

    /// The full names of the operators that were called, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.lock().iter().copied().collect()
    }

    /// The names one a line under a comment: what `keyway_codegen::select::Selection::from_list` reads.
    pub fn to_list(&self) -> String {
        let names = self.names();
        let head = format!("# {} operators, recorded from a run\n", names.len());
        names.iter().fold(head, |list, name| list + name + "\n")
    }

    /// The same as YAML, for a build's selection with tags besides: what `Selection::from_yaml` reads.
    pub fn to_yaml(&self) -> String {
        let names = self.names();
        let head = String::from(if names.is_empty() { "operators: []\n" } else { "operators:\n" });
        names.iter().fold(head, |list, name| list + "- \"" + name + "\"\n")
    }

    /// Writes the list to a file: YAML if its name ends in `.yaml` or `.yml`, else a line for each operator.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let text = match path.extension().and_then(|end| end.to_str()) {
            Some("yaml" | "yml") => self.to_yaml(),
            _ => self.to_list(),
        };
        std::fs::write(path, text)
    }
}
