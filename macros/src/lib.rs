//! The attribute macros of Keyway, re-exported by the crate `keyway`.
//!
//! A skin: everything is in ordinary modules with unit tests. The macros know names of keys and the shape of operator
//! names, both from `keyway-schema`; they never read an operator list. That an operator exists, and what its kernels
//! take and return, is checked by the compiler against the generated handle.

mod attribute;
mod expand;

use proc_macro::TokenStream;

/// Registers a function as a kernel of an operator, at one or several dispatch keys.
///
/// ```ignore
/// use keyway::{Result, Scalar, Tensor, kernel};
/// use keyway_ops::aten; // the operator's namespace, made by the generator
///
/// #[kernel("aten::add.Tensor", CPU)]
/// fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> { ... }
///
/// #[kernel("aten::matmul", CompositeImplicitAutograd)]
/// fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> { ... }
///
/// /// The key set comes first when it is asked for.
/// #[kernel("aten::relu", Tracer)]
/// fn traced_relu(keys: KeySet, x: &Tensor) -> Result<Tensor> { ... }
///
/// /// A boxed kernel works on the stack.
/// #[kernel("aten::relu", Functionalize, boxed)]
/// fn any_relu(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> { ... }
/// ```
///
/// A key added at run time stands in quotes: `#[kernel("aten::relu", "NPU")]`; the kernel takes effect once the key is
/// there.
///
/// The namespace must be in scope as a module. The function's argument types, their order and number and its result
/// are checked against the operator's schema; a mistake is an error at that place of the function. Kernels of in-place
/// and out forms return `Result<()>`: what they give back is their argument. Several attributes on one function
/// register it several times. An error that the kernel returns gets the operator's name.
///
/// The kernel is registered when its crate is linked. A crate that is only listed in `Cargo.toml` and never named is
/// not linked: give it a `pub fn register() { keyway::collect() }` and call that.
#[proc_macro_attribute]
pub fn kernel(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::kernel(attribute.into(), item.into()).into()
}

/// Registers a boxed function as the fallback of one or several dispatch keys: it runs for every operator that has
/// no kernel of its own there.
///
/// ```ignore
/// #[fallback(TESTING_ONLY_GenericMode)]
/// fn log(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
///     println!("{operator}");
///     operator.redispatch_boxed(keys & KeySet::after(DispatchKey::TESTING_ONLY_GenericMode), stack)
/// }
/// ```
#[proc_macro_attribute]
pub fn fallback(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::fallback(attribute.into(), item.into()).into()
}
