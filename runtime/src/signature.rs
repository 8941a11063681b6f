//! Signatures: a kernel's type, and the adapters between typed and boxed calls.
//!
//! The generator emits one [`signature!`](crate::signature) line for each distinct signature of an operator list
//! (yaml.md Y231: 1,166 serve PyTorch's 3,110 operators). A line expands to types and one function that takes a tuple
//! apart; everything else is generic and stands here and in [`crate::TypedOperator`], compiled for the signatures that
//! are called and where they are called (docs/decisions/0023).

use crate::arguments::Arguments;
use crate::boxing::{self, Returns};
use crate::error::Result;
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;

/// A kernel's type: the function, its arguments and its results. Implemented by [`signature!`](crate::signature);
/// not meant to be implemented by hand.
pub trait Signature: 'static {
    /// The function's type. Its first argument is the key set of the call.
    type Fn: Copy + Send + Sync + 'static;

    /// The arguments with the lifetime of a call, as a tuple.
    type Arguments<'a>: Arguments<'a>;

    /// What the function returns; nothing for in-place and out forms.
    type Returns: Returns;

    /// For in-place and out forms the positions of the arguments that are the results, else empty.
    const GIVEN_BACK: &'static [usize];

    /// Calls the function.
    ///
    /// # Errors
    /// What the function reports.
    fn apply(f: Self::Fn, keys: KeySet, arguments: Self::Arguments<'_>) -> Result<Self::Returns>;
}

/// How many arguments a signature has.
const fn arity<S: Signature>() -> usize {
    <S::Arguments<'static> as Arguments<'static>>::COUNT
}

/// Takes the arguments from the stack, calls the function, leaves the results.
///
/// # Errors
/// What the function reports, and `WrongValueKind` for a value that is not what the signature says.
#[inline]
pub(crate) fn call_boxed<S: Signature>(
    f: S::Fn,
    operator: &'static Operator,
    keys: KeySet,
    stack: &mut Stack,
) -> Result<()> {
    let base = stack.base_of(arity::<S>())?;
    let arguments = S::Arguments::from_values(operator, &stack[base..])?;
    let results = S::apply(f, keys, arguments)?;
    if S::GIVEN_BACK.is_empty() {
        stack.truncate(base);
        results.push(stack);
    } else {
        boxing::keep_arguments(stack, base, S::GIVEN_BACK);
    }
    Ok(())
}

/// Takes the results of a boxed kernel that ran on a stack of its own. What it left for results that are arguments is
/// dropped: the arguments are the results (D227, D228).
///
/// # Errors
/// `WrongResultCount` and `WrongValueKind`, naming the operator and what was left on the stack.
pub(crate) fn take_results<S: Signature>(operator: &Operator, stack: &mut Stack) -> Result<S::Returns> {
    if !S::GIVEN_BACK.is_empty() {
        boxing::check_count(operator, stack, S::GIVEN_BACK.len())?;
        stack.truncate(0);
    }
    boxing::take_results(operator, stack)
}

/// Declares a signature: a type that names a kernel's arguments and results.
///
/// Borrowed arguments are written with the lifetime of a call. After the arrow stands either the result type, or in
/// brackets the positions of the arguments that are returned, for in-place and out forms: their kernels return
/// `Result<()>` and cannot return anything else (law 1).
///
/// ```
/// keyway::signature! {
///     /// `(Tensor, Tensor, Scalar) -> Tensor`
///     pub Binary<'a> = (a: &'a keyway::Tensor, b: &'a keyway::Tensor, alpha: keyway::Scalar) -> keyway::Tensor
/// }
/// keyway::signature! {
///     /// `(Tensor(a!), Tensor) -> Tensor(a!)`
///     pub Inplace<'a> = (a: &'a keyway::Tensor, b: &'a keyway::Tensor) -> [0]
/// }
/// ```
#[macro_export]
macro_rules! signature {
    (
        $(#[$meta:meta])* $vis:vis $name:ident<$call:lifetime> = ($($arg:ident: $ty:ty),* $(,)?)
            -> [$($index:literal),* $(,)?]
    ) => {
        $crate::signature! { @type [$(#[$meta])*] $vis $name $call ($($arg: $ty),*) () [$($index),*] }
    };

    (
        $(#[$meta:meta])* $vis:vis $name:ident<$call:lifetime> = ($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty
    ) => {
        $crate::signature! { @type [$(#[$meta])*] $vis $name $call ($($arg: $ty),*) $ret [] }
    };

    (
        @type [$(#[$meta:meta])*] $vis:vis $name:ident $call:lifetime ($($arg:ident: $ty:ty),*)
            $ret:ty [$($index:literal),*]
    ) => {
        $(#[$meta])*
        $vis struct $name;

        impl $crate::__private::TakesArguments<{ <[&str]>::len(&[$(stringify!($arg)),*]) }> for $name {
            type Function = <$name as $crate::Signature>::Fn;
        }

        impl $crate::Signature for $name {
            type Fn = for<$call> fn($crate::KeySet, $($ty),*) -> $crate::Result<$ret>;
            type Arguments<$call> = ($($ty,)*);
            type Returns = $ret;
            const GIVEN_BACK: &'static [usize] = &[$($index),*];

            #[inline]
            fn apply(
                f: Self::Fn,
                keys: $crate::KeySet,
                ($($arg,)*): Self::Arguments<'_>,
            ) -> $crate::Result<Self::Returns> {
                f(keys, $($arg),*)
            }
        }
    };
}
