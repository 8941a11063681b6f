//! Results of a class's handler that share memory as the schema says they do (P136, P137).
//!
//! A class that unwraps, calls and wraps again makes results with memory of their own, while a caller of a view operator may count
//! on sharing. The schema knows which results those are.

use crate::error::Result;
use crate::interpreter::call::{Answer, Call};
use crate::storage::Storage;
use crate::tensor::Tensor;
use crate::value::{List, Value};

/// What a result shares with an argument.
enum Shares {
    /// The memory.
    View(Storage),
    /// It is the argument, which takes over a changed geometry; the dispatcher gives the argument back itself.
    Same(Tensor),
}

impl Call<'_> {
    /// Has `handle` answer, then gives the results the sharing that the schema promises: a view gets the memory of the argument it is
    /// a view of, and an argument that was changed in place the geometry of its result. No operator is called for it.
    ///
    /// ```
    /// # use keyway::{Answer, Call, Result, Tensor, TensorSubclass, WrapperMetadata};
    /// struct Wrapped(Tensor);
    /// impl TensorSubclass for Wrapped {
    ///     fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
    ///         call.with_aliasing(|call| {
    ///             call.map_arguments(|tensor| Ok(tensor.subclass::<Wrapped>().map(|held| held.0.clone())))?;
    ///             call.forward()?;
    ///             call.map_results(|inner| {
    ///                 Ok(Some(Tensor::wrapper(Wrapped(inner.clone()), WrapperMetadata::like(inner))))
    ///             })?;
    ///             Ok(Answer::Done)
    ///         })
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of `handle`, and of the change of a geometry.
    pub fn with_aliasing(&mut self, handle: impl FnOnce(&mut Self) -> Result<Answer>) -> Result<Answer> {
        let shared = self.shared();
        let answer = handle(self)?;
        if answer == Answer::Done {
            for (position, shares) in shared {
                match self.result_mut(position) {
                    Some(result) => apply(&shares, result)?,
                    None => break,
                }
            }
        }
        Ok(answer)
    }

    fn shared(&self) -> Vec<(usize, Shares)> {
        let Some(schema) = self.operator().schema() else { return Vec::new() };
        let arguments = self.arguments();
        let shares = schema.returns.iter().enumerate().filter_map(|(position, returned)| {
            let tensor = arguments.get(schema.aliased_argument(returned)?)?.as_tensor()?;
            let shares = match returned.is_write() {
                true => Shares::Same(tensor.clone()),
                false => Shares::View(tensor.storage().clone()),
            };
            Some((position, shares))
        });
        shares.collect()
    }
}

fn apply(shares: &Shares, result: &mut Value) -> Result<()> {
    match (shares, result) {
        (Shares::View(storage), Value::Tensor(view)) => share(view, storage),
        (Shares::View(storage), Value::List(list)) => {
            if let List::Tensor(views) = std::sync::Arc::make_mut(list) {
                views.iter_mut().for_each(|view| share(view, storage));
            }
        }
        (Shares::Same(argument), Value::Tensor(result)) if argument.geometry() != result.geometry() => {
            argument.set_geometry(result.geometry().clone())?;
        }
        _ => (),
    }
    Ok(())
}

fn share(view: &mut Tensor, storage: &Storage) {
    if !view.storage().is_same(storage) {
        *view = view.over(storage.clone());
    }
}
