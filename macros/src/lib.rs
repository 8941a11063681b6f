//! The attribute macros of Keyway, re-exported by the crate `keyway`.
//!
//! A skin: everything is in ordinary modules with unit tests. The macros know names of keys and the shape of operator
//! names, both from `keyway-schema`; they never read an operator list. That an operator exists, and what its kernels
//! take and return, is checked by the compiler against the generated handle.

mod attribute;
mod expand;
mod mistake;
mod structured;

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
/// The word `overriding` says that the kernel takes the place of one that another crate has for the operator and the key:
/// `#[kernel("aten::relu", CPU, overriding)]`. Without it two are a conflict: in one crate the compiler refuses it, of two
/// crates every call of the operator names both places.
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
/// no kernel of its own there. A key that is added at run time stands in quotes, `#[fallback("Npu")]`; the fallback
/// waits until it is there.
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

/// The shape function of a structured operator: it says what the results will be, for every backend and every form.
///
/// ```ignore
/// // In ops.yaml: `add.out` is `structured: True`, `add.Tensor` and `add_.Tensor` say `structured_delegate: add.out`.
/// #[structured("aten::add.out")]
/// fn add_shape(self_: &Tensor, other: &Tensor, alpha: Scalar) -> Result<OutputMeta> {
///     OutputMeta::contiguous(&broadcast(self_, other)?, promote(self_, other), self_.device())
/// }
///
/// #[kernel("aten::add.out", CPU, structured)]
/// fn add(self_: &Tensor, other: &Tensor, alpha: Scalar, out: &Tensor) -> Result<()> { ... } // fills `out`
/// ```
///
/// It is written for the out operator, in the crate of the operator list, and takes that operator's arguments without
/// `out`. From it and each kernel with the word `structured` come the functional, the in-place and the out form at the
/// kernel's keys; from it alone come those of `Meta`. A kernel gets tensors that are exactly as described, none of which
/// shares memory with an input, unless it says `in_place`: `#[kernel("aten::add.out", CPU, structured, in_place)]`. Its
/// one result may then be an input, element for element, so that `x.add_(y)` computes where `x` is.
///
/// With `structured_inherits` in the entry, kernels get first, by reference, what the function returned: a type of the
/// author's own that implements `keyway::StructuredMeta`. With `precomputed`, the function returns a pair of that and the
/// generated struct `aten::structured_add_out::Precomputed`, whose fields kernels get in place of arguments. A backend
/// with memory of its own says how results are made: `#[kernel("aten::add.out", "NPU", structured, allocate = empty)]`,
/// a function from `&OutputMeta` to `Result<Tensor>`.
///
/// Planning, making and filling a result costs more than computing few elements. `shortcut = few_sums` names a function that the
/// functional form asks first: from the shape function's arguments to `Option<Tensor>`, where `None` leaves it to the plan. What
/// it gives must be what the plan would have given. It stands for operators of one result.
#[proc_macro_attribute]
pub fn structured(attribute: TokenStream, item: TokenStream) -> TokenStream {
    structured::structured(attribute.into(), item.into()).into()
}
