//! Typed handles of operators that are known only at run time.
//!
//! A handle is asked for by Rust types and checked against the schema when it is made, so that calls through it cannot
//! be of another type (better than dispatch.md D131, D132, which trust whatever kernel came first). Calls are boxed.

use std::fmt;
use std::marker::PhantomData;

use keyway_schema::Type;

use crate::arguments::Arguments;
use crate::boxing;
use crate::error::{Error, ErrorKind, Result};
use crate::inference::{InferredSchema, Parameter, ResultTypes};
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;

/// The arguments of a call as a tuple of up to sixteen: `()`, `(&Tensor,)`, `(&Tensor, i64)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of argument types",
    note = "write the arguments as a tuple, one alone with a comma: operator.typed::<(&Tensor,), Tensor>()"
)]
pub trait ArgumentTypes {
    /// The tuple with a call's lifetime.
    type Arguments<'a>: Arguments<'a>;

    #[doc(hidden)]
    fn types() -> Vec<Type>;
}

macro_rules! argument_types {
    ($($($p:ident)*;)*) => {$(
        impl<$($p: Parameter),*> ArgumentTypes for ($($p,)*) {
            type Arguments<'a> = ($($p::Argument<'a>,)*);

            fn types() -> Vec<Type> {
                vec![$($p::argument_type()),*]
            }
        }
    )*};
}

argument_types! {
    ;
    A; A B; A B C; A B C D;
    A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
    A B C D E F G H I; A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L;
    A B C D E F G H I J K L M; A B C D E F G H I J K L M N; A B C D E F G H I J K L M N O;
    A B C D E F G H I J K L M N O P;
}

/// An operator with the types its calls have. Made by [`Operator::typed`].
///
/// To keep one in a struct, name its borrowed arguments `'static`: `TypedHandle<(&'static Tensor, i64), Tensor>`; calls
/// take any lifetime.
pub struct TypedHandle<A, R> {
    operator: &'static Operator,
    types: PhantomData<fn(A) -> R>,
}

impl Operator {
    /// A handle for typed calls of an operator that is known only at run time: the arguments as a tuple of Rust types,
    /// and the result, as a kernel function would have them.
    ///
    /// A result may be asked for as `Option<Tensor>` where the schema says `Tensor`: kernels leave results undefined that were not
    /// asked for, the gradients of a mask say.
    ///
    /// Operators of an operator list have handles that are checked when compiled and call without boxing; use those
    /// where the operator is known.
    ///
    /// ```
    /// use keyway::{DispatchKey, ErrorKind, Library, Result, Tensor};
    /// let mut library = Library::define("handles")?;
    /// let scale = library.def("scale(Tensor x, int by=2) -> Tensor")?;
    /// library.kernel_fn("scale", DispatchKey::CPU, |x: &Tensor, by: i64| -> Result<Tensor> {
    ///     let scaled: Vec<f32> = x.to_vec::<f32>()?.into_iter().map(|v| v * by as f32).collect();
    ///     Tensor::from_slice(&scaled, x.sizes())
    /// })?;
    /// let handle = scale.typed::<(&Tensor, i64), Tensor>()?;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
    /// assert_eq!(handle.call((&x, 3))?.to_vec::<f32>()?, [3.0, 6.0]);
    /// let error = scale.typed::<(&Tensor, f64), Tensor>().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
    /// # Ok::<(), keyway::Error>(())
    /// ```
    ///
    /// # Errors
    /// `SignatureMismatch` with the first difference between the schema and the types; `MissingDef`.
    pub fn typed<A: ArgumentTypes, R: ResultTypes>(&'static self) -> Result<TypedHandle<A, R>> {
        let schema = self.schema().ok_or_else(|| self.undefined())?;
        let asked = InferredSchema::new(A::types(), R::types()).with_undefined_results(schema);
        if let Some(difference) = asked.difference(schema) {
            let place = self.definition_place();
            let place = place.map_or("in an operator list".to_owned(), |place| format!("at {place}"));
            let message = format!(
                "{difference}; the definition {place} is `{schema}`, the handle's types are `{asked}`"
            );
            return Err(Error::new(ErrorKind::SignatureMismatch, message).in_operator(self.name()));
        }
        Ok(TypedHandle { operator: self, types: PhantomData })
    }
}

impl<A: ArgumentTypes, R: ResultTypes> TypedHandle<A, R> {
    /// The operator.
    pub fn operator(&self) -> &'static Operator {
        self.operator
    }

    /// Dispatches a call by its arguments and the thread's key sets.
    ///
    /// # Errors
    /// As [`Operator::call_boxed`]; also if the operator has been defined anew with another schema.
    pub fn call(&self, arguments: A::Arguments<'_>) -> Result<R> {
        let mut stack = Stack::new();
        arguments.push(&mut stack);
        self.operator.call_boxed(&mut stack)?;
        self.results(stack)
    }

    /// Dispatches a call by a key set, without looking at the arguments or the thread (D208).
    ///
    /// # Errors
    /// As [`TypedHandle::call`].
    pub fn redispatch(&self, keys: KeySet, arguments: A::Arguments<'_>) -> Result<R> {
        let mut stack = Stack::new();
        arguments.push(&mut stack);
        self.operator.redispatch_boxed(keys, &mut stack)?;
        self.results(stack)
    }

    fn results(&self, mut stack: Stack) -> Result<R> {
        if R::COUNT == 0 {
            // Written arguments that the caller did not ask back.
            stack.truncate(0);
        }
        boxing::take_results(self.operator, &mut stack)
    }
}

impl<A, R> Clone for TypedHandle<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, R> Copy for TypedHandle<A, R> {}

impl<A, R> fmt::Debug for TypedHandle<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.operator.fmt(f)
    }
}
