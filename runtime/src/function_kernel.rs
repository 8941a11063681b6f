//! Kernels from plain Rust functions and closures, for operators that are known only at run time.
//!
//! [`Kernel::from_fn`] takes any function of up to sixteen arguments that returns a [`Result`]; its types say what the
//! operator's schema must be, and registration checks that they do (dispatch.md D115 to D117). For operators of an
//! operator list, `#[kernel]` is the way: it is checked when compiled, and its kernels are called without boxing.

use crate::arguments::Arguments;
use crate::boxing::Returns;
use crate::error::Result;
use crate::inference::{InferredSchema, Parameter, ResultTypes};
use crate::kernel::Kernel;
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::stack::Stack;

/// A function or closure that can be a kernel: `Fn(arguments...) -> Result<results>`, optionally with the call's
/// [`KeySet`] as its first argument (D200). `Marker` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a kernel",
    label = "not a kernel function",
    note = "a kernel is a function or a `'static` closure that can be shared between threads, of up to sixteen \
            arguments, and returns keyway::Result",
    note = "arguments are borrowed: &Tensor, &[i64], &str, Option<&Tensor>; numbers are i64, f64 and bool; write a \
            closure's argument types out, as in `|x: &Tensor, n: i64| -> keyway::Result<Tensor>`"
)]
pub trait KernelFunction<Marker>: Send + Sync + 'static {
    /// The schema that its type implies.
    #[doc(hidden)]
    fn inferred() -> InferredSchema;

    /// Takes its arguments from the stack, runs, pushes its results.
    #[doc(hidden)]
    fn call(&self, operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()>;
}

/// Marks functions whose first argument is the key set.
#[doc(hidden)]
#[derive(Debug)]
pub struct WithKeys;

impl Kernel {
    /// A kernel from a function or a closure, which may capture state. The state is dropped with the registration,
    /// once no call is inside the kernel.
    ///
    /// It carries the schema its type implies, so a definition by name alone can take it from the kernel, and a
    /// definition with a schema is checked against it, whichever comes second. A kernel whose results are written
    /// arguments (in-place and out forms) may return nothing: the arguments are the results.
    ///
    /// ```
    /// use keyway::{AliasKey, Kernel, Library, Result, Value};
    /// let mut library = Library::define("from_fn")?;
    /// let times = library.def("times(int x, int by=2) -> int")?;
    /// library.kernel(
    ///     "times",
    ///     AliasKey::CompositeExplicitAutograd,
    ///     Kernel::from_fn(|x: i64, by: i64| -> Result<i64> { Ok(x * by) }),
    /// )?;
    /// assert!(matches!(times.call([Value::Int(21)])?.pop()?, Value::Int(42)));
    /// # Ok::<(), keyway::Error>(())
    /// ```
    pub fn from_fn<F: KernelFunction<Marker>, Marker>(f: F) -> Kernel {
        let kernel = Kernel::closure(move |operator, keys, stack| f.call(operator, keys, stack));
        kernel.named(own_name(std::any::type_name::<F>())).with_inferred(F::inferred())
    }
}

/// A function's own name from its path; closures have none.
fn own_name(path: &'static str) -> &'static str {
    match path.rsplit("::").next() {
        Some(name) if !path.contains("{{") && !path.contains('<') => name,
        _ => "",
    }
}

/// Replaces the arguments on the stack by the results; a function that returns nothing where the schema declares
/// results gives its written arguments back (D227, D228).
fn finish<R: Returns>(operator: &'static Operator, stack: &mut Stack, base: usize, results: R) {
    let given_back = match R::COUNT {
        0 => operator.written_arguments(&stack[base..]),
        _ => Default::default(),
    };
    stack.truncate(base);
    results.push(stack);
    given_back.into_iter().for_each(|(_, argument)| stack.push(argument));
}

macro_rules! kernel_functions {
    ($($($p:ident)*;)*) => {$(
        kernel_functions! { @one fn($($p),*) -> R; keys []; $($p)* }
        kernel_functions! { @one (WithKeys, fn($($p),*) -> R); keys [keys]; $($p)* }
    )*};
    (@one $marker:ty; $keys:ident [$($with:ident)?]; $($p:ident)*) => {
        impl<F, R, $($p),*> KernelFunction<$marker> for F
        where
            F: Send + Sync + 'static,
            F: Fn($(kernel_functions!(@type $with),)? $($p),*) -> Result<R>,
            F: for<'a> Fn($(kernel_functions!(@type $with),)? $($p::Argument<'a>),*) -> Result<R>,
            R: ResultTypes,
            $($p: Parameter,)*
        {
            fn inferred() -> InferredSchema {
                InferredSchema::new(vec![$($p::argument_type()),*], R::types())
            }

            #[allow(non_snake_case, unused, clippy::too_many_arguments, reason = "one macro for every arity")]
            fn call(&self, operator: &'static Operator, $keys: KeySet, stack: &mut Stack) -> Result<()> {
                /// Names the one of the two function types that takes this call's lifetime.
                fn run<R, $($p),*>(
                    f: impl Fn($(kernel_functions!(@type $with),)? $($p),*) -> Result<R>,
                    $keys: KeySet,
                    $($p: $p),*
                ) -> Result<R> {
                    f($($with,)? $($p),*)
                }
                let base = stack.base_of(<($($p::Argument<'_>,)*) as Arguments>::COUNT)?;
                let ($($p,)*) = <($($p::Argument<'_>,)*) as Arguments>::from_values(operator, &stack[base..])?;
                let results = run(self, $keys, $($p),*)?;
                finish(operator, stack, base, results);
                Ok(())
            }
        }
    };
    (@type $with:ident) => { KeySet };
}

kernel_functions! {
    ;
    A; A B; A B C; A B C D;
    A B C D E; A B C D E G; A B C D E G H; A B C D E G H I;
    A B C D E G H I J; A B C D E G H I J K; A B C D E G H I J K L; A B C D E G H I J K L M;
    A B C D E G H I J K L M N; A B C D E G H I J K L M N O; A B C D E G H I J K L M N O P;
    A B C D E G H I J K L M N O P Q;
}
