//! What an operator says itself when a call finds no kernel (P144): a front end that knows more than the table does.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::error::Error;
use crate::key::DispatchKey;
use crate::operator::Operator;

type Reporter = dyn Fn(DispatchKey) -> Option<Error> + Send + Sync;

/// By the operator's name, of which there is one each.
static REPORTERS: RwLock<Option<HashMap<&'static str, Arc<Reporter>>>> = RwLock::new(None);

/// A reporter of an operator; dropping it takes it away.
#[must_use = "the reporter goes away when this is dropped"]
pub struct MissingKernelReporter(&'static Operator);

impl Operator {
    /// Has a function make the error of calls that find no kernel; where it gives none, the usual one is reported (better than P144,
    /// which asserts). A second function for the operator replaces the first.
    pub fn report_missing_kernel(
        &'static self,
        reporter: impl Fn(DispatchKey) -> Option<Error> + Send + Sync + 'static,
    ) -> MissingKernelReporter {
        let reporter: Arc<Reporter> = Arc::new(reporter);
        let replaced = REPORTERS.write().get_or_insert_default().insert(self.name(), reporter);
        drop(replaced);
        MissingKernelReporter(self)
    }
}

impl Drop for MissingKernelReporter {
    fn drop(&mut self) {
        let removed = REPORTERS.write().as_mut().and_then(|reporters| reporters.remove(self.0.name()));
        drop(removed);
    }
}

impl fmt::Debug for MissingKernelReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MissingKernelReporter({})", self.0)
    }
}

/// The operator's own error, if it has one for the key.
#[cold]
pub(crate) fn reported(operator: &Operator, key: DispatchKey) -> Option<Error> {
    let reporter = REPORTERS.read().as_ref()?.get(operator.name())?.clone();
    reporter(key)
}
