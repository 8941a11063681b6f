//! From `ops.yaml` to typed Rust operators.
//!
//! The way of the data: text, span tree ([`source`], `load`), entries (`resolve`), checks (`check`), Rust source. A
//! phase uses only what the phases before it made, and nothing is emitted before everything is checked.

mod build;
mod check;
pub mod diagnostics;
pub mod emit;
mod load;
pub mod model;
mod resolve;
pub mod source;
pub mod vocabulary;

pub use build::{Build, BuildError};
pub use diagnostics::{Diagnostic, Diagnostics, Rendering};
pub use model::{OperatorEntry, OperatorList};
pub use source::Source;

/// Reads and checks an operator list.
///
/// ```
/// use keyway_codegen::{Source, load};
///
/// let list = load(Source::new("ops.yaml", "- func: relu(Tensor self) -> Tensor\n")).unwrap();
/// assert_eq!(list.operators[0].kernels()[0].key, "CompositeImplicitAutograd");
///
/// let mistakes = load(Source::new("ops.yaml", "- func: relu(tensor self) -> Tensor\n")).unwrap_err();
/// assert_eq!(mistakes.lines(), ["ops.yaml:1:14: error[KW0006]: unknown type `tensor`; help: write `Tensor`"]);
/// ```
///
/// # Errors
///
/// All mistakes in the text, sorted by place. Only a text that is not YAML hides mistakes behind the first one.
pub fn load(source: Source) -> Result<OperatorList, Diagnostics> {
    let sink = diagnostics::Sink::new();
    let mut operators = Vec::new();
    if let Some(tree) = load::tree::read(&source, &sink) {
        let drafts = resolve::resolve(&source, &tree, &sink);
        check::check(&drafts, &sink);
        if sink.is_empty() {
            load::agree(&source, &tree, &sink);
        }
        operators = drafts.into_iter().filter_map(|draft| draft.entry).collect();
    }
    sink.check(&source)?;
    Ok(OperatorList { source, operators })
}
