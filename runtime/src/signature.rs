//! Signatures: the adapters between typed and boxed calls, written once per signature.
//!
//! The generator emits one [`signature!`](crate::signature) line for each distinct signature of an operator list
//! (yaml.md Y231: 1,166 serve PyTorch's 3,110 operators). Everything the line expands to is a thin call into the
//! runtime.

use crate::error::Result;
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;

/// A kernel's type: the function type, and how to call such a function from the stack. Implemented by
/// [`signature!`](crate::signature); not meant to be implemented by hand.
pub trait Signature: 'static {
    /// The function's type. Its first argument is the key set of the call.
    type Fn: Copy + Send + Sync + 'static;

    /// Takes the arguments from the stack, calls the function, pushes the results.
    ///
    /// # Errors
    /// What the function reports, and `WrongValueKind` for a value that is not what the signature says.
    fn call_boxed(f: Self::Fn, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()>;
}

/// Declares a signature: a type with `call` and `redispatch`, and the adapters between typed and boxed calls.
///
/// After the arrow stands either the result type, or in brackets the positions of the arguments that are returned,
/// for in-place and out forms: their kernels return `Result<()>` and cannot return anything else (law 1).
///
/// ```
/// keyway::signature! {
///     /// `(Tensor, Tensor, Scalar) -> Tensor`
///     pub Binary = (a: &keyway::Tensor, b: &keyway::Tensor, alpha: keyway::Scalar) -> keyway::Tensor
/// }
/// keyway::signature! {
///     /// `(Tensor(a!), Tensor) -> Tensor(a!)`
///     pub Inplace = (a: &keyway::Tensor, b: &keyway::Tensor) -> [0]
/// }
/// ```
#[macro_export]
macro_rules! signature {
    ($(#[$meta:meta])* $vis:vis $name:ident = ($($arg:ident: $ty:ty),* $(,)?) -> [$($index:literal),* $(,)?]) => {
        $crate::signature! { @type $(#[$meta])* $vis $name ($($arg: $ty),*) -> () }

        impl $crate::Signature for $name {
            type Fn = fn($crate::KeySet, $($ty),*) -> $crate::Result<()>;

            #[inline]
            fn call_boxed(
                f: Self::Fn,
                operator: &'static $crate::Operator,
                keys: $crate::KeySet,
                stack: &mut $crate::Stack,
            ) -> $crate::Result<()> {
                let base = stack.base_of($name::ARITY)?;
                let arguments = &stack[base..];
                $crate::signature! { @call arguments operator f keys ($($arg: $ty),*) }?;
                $crate::boxing::keep_arguments(stack, base, [$($index),*]);
                $crate::Result::Ok(())
            }
        }

        impl $name {
            fn unpack(operator: &'static $crate::Operator, stack: &mut $crate::Stack) -> $crate::Result<()> {
                $crate::boxing::check_count(operator, stack, [$($index),*].len())
            }

            fn observe(
                operator: &'static $crate::Operator,
                keys: $crate::KeySet,
                found: ::std::option::Option<$crate::KeySet>,
                inputs: &dyn ::std::ops::Fn(&mut $crate::Stack),
                run: &dyn ::std::ops::Fn() -> $crate::Result<()>,
            ) -> $crate::Result<()> {
                $crate::observer::in_place(operator, keys, found, &[$($index),*], inputs, run)
            }
        }
    };

    ($(#[$meta:meta])* $vis:vis $name:ident = ($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty) => {
        $crate::signature! { @type $(#[$meta])* $vis $name ($($arg: $ty),*) -> $ret }

        impl $crate::Signature for $name {
            type Fn = fn($crate::KeySet, $($ty),*) -> $crate::Result<$ret>;

            #[inline]
            fn call_boxed(
                f: Self::Fn,
                operator: &'static $crate::Operator,
                keys: $crate::KeySet,
                stack: &mut $crate::Stack,
            ) -> $crate::Result<()> {
                let base = stack.base_of($name::ARITY)?;
                let arguments = &stack[base..];
                let results = $crate::signature! { @call arguments operator f keys ($($arg: $ty),*) }?;
                stack.truncate(base);
                $crate::Returns::push(results, stack);
                $crate::Result::Ok(())
            }
        }

        impl $name {
            fn unpack(operator: &'static $crate::Operator, stack: &mut $crate::Stack) -> $crate::Result<$ret> {
                $crate::boxing::take_results(operator, stack)
            }

            fn observe(
                operator: &'static $crate::Operator,
                keys: $crate::KeySet,
                found: ::std::option::Option<$crate::KeySet>,
                inputs: &dyn ::std::ops::Fn(&mut $crate::Stack),
                run: &dyn ::std::ops::Fn() -> $crate::Result<$ret>,
            ) -> $crate::Result<$ret> {
                $crate::observer::returning(operator, keys, found, inputs, run)
            }
        }
    };

    // The type with its typed entry points.
    (@type $(#[$meta:meta])* $vis:vis $name:ident ($($arg:ident: $ty:ty),*) -> $ret:ty) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $name;

        impl $crate::__private::TakesArguments<{ $name::ARITY }> for $name {
            type Function = <$name as $crate::Signature>::Fn;
        }

        #[allow(clippy::too_many_arguments, reason = "the schema decides how many there are")]
        impl $name {
            const ARITY: usize = <[&str]>::len(&[$(stringify!($arg)),*]);

            /// Dispatches a call by its arguments and the thread's key sets.
            #[inline]
            $vis fn call(operator: &'static $crate::TypedOperator<$name>, $($arg: $ty),*) -> $crate::Result<$ret> {
                let keys = $crate::KeySet::EMPTY $(| $crate::Argument::keys(&$arg))*;
                let keys = $crate::local_key_sets().apply(keys) | $crate::observer::observed_mark();
                Self::redispatch(operator, keys, $($arg),*)
            }

            /// Dispatches a call by a key set, without looking at the arguments or the thread.
            #[inline]
            $vis fn redispatch(
                operator: &'static $crate::TypedOperator<$name>,
                keys: $crate::KeySet,
                $($arg: $ty),*
            ) -> $crate::Result<$ret> {
                match operator.find(keys) {
                    ::std::option::Option::Some((f, keys)) => f(keys, $($arg),*),
                    ::std::option::Option::None => Self::unusual(operator, keys, $($arg),*),
                }
            }

            /// A call while there is an observer somewhere.
            #[cold]
            #[inline(never)]
            fn observed(
                operator: &'static $crate::TypedOperator<$name>,
                keys: $crate::KeySet,
                $($arg: $ty),*
            ) -> $crate::Result<$ret> {
                #[allow(unused_variables, reason = "a signature may have no argument")]
                let inputs = |stack: &mut $crate::Stack| {
                    $(stack.push($crate::Argument::into_value($arg));)*
                };
                let found = operator.find(keys);
                let run = || match found {
                    ::std::option::Option::Some((f, keys)) => f(keys, $($arg),*),
                    ::std::option::Option::None => Self::unusual(operator, keys, $($arg),*),
                };
                Self::observe(operator.operator(), keys, found.map(|found| found.1), &inputs, &run)
            }

            /// Boxed kernels, first calls, missing kernels.
            #[inline(never)]
            fn unusual(
                operator: &'static $crate::TypedOperator<$name>,
                keys: $crate::KeySet,
                $($arg: $ty),*
            ) -> $crate::Result<$ret> {
                if let ::std::option::Option::Some(keys) = keys.unobserved() {
                    return Self::observed(operator, keys, $($arg),*);
                }
                match operator.resolve(keys)? {
                    $crate::Resolved::Typed(f, keys) => f(keys, $($arg),*),
                    $crate::Resolved::Boxed(kernel, keys) => {
                        #[allow(unused_mut, reason = "a signature may have no argument")]
                        let mut stack = $crate::Stack::new();
                        $(stack.push($crate::Argument::into_value($arg));)*
                        kernel.call_boxed(operator.operator(), keys, &mut stack)?;
                        Self::unpack(operator.operator(), &mut stack)
                    }
                }
            }
        }
    };

    // A call with arguments borrowed from the stack; counts positions by shadowing.
    (@call $arguments:ident $operator:ident $f:ident $keys:ident ($($arg:ident: $ty:ty),*)) => {{
        #[allow(unused_mut, unused_variables, unused_assignments, reason = "a signature may have no argument")]
        {
            let mut position = 0;
            $(
                let $arg: $ty = $crate::boxing::argument($operator, $arguments, position)?;
                position += 1;
            )*
            $f($keys, $($arg),*)
        }
    }};
}
