//! A handle that does not keep its tensor.

use std::fmt;
use std::sync::{Arc, Weak};

use super::{Head, Tensor};

/// A handle that does not keep its tensor: for interpreters, whose objects are kept by a tensor that Rust alone holds.
#[derive(Clone)]
pub struct WeakTensor(Weak<Head>);

impl Tensor {
    /// A handle that does not keep the tensor.
    pub fn downgrade(&self) -> WeakTensor {
        WeakTensor(Arc::downgrade(&self.0))
    }
}

impl WeakTensor {
    /// The tensor, if somebody still holds it.
    pub fn upgrade(&self) -> Option<Tensor> {
        self.0.upgrade().map(Tensor)
    }
}

impl fmt::Debug for WeakTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakTensor")
    }
}
