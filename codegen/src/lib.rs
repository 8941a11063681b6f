//! From `ops.yaml` to typed Rust operators.
//!
//! The way of the data: text, span tree ([`source`], `load`), entries (`resolve`), checks (`check`), Rust source. A
//! phase uses only what the phases before it made, and nothing is emitted before everything is checked. Between checking
//! entries and checking the list as a whole, missing variants are derived (`derive`).

pub mod backend;
mod build;
mod check;
mod derive;
pub mod diagnostics;
pub mod diff;
pub mod emit;
mod load;
pub mod model;
mod resolve;
pub mod select;
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
    load::refuse_large(source.name(), source.text().len())?;
    let sink = diagnostics::Sink::new();
    let mut list = OperatorList { source: source.clone(), ..OperatorList::default() };
    if let Some(tree) = load::tree::read(&source, &sink) {
        std::thread::scope(|scope| {
            let second_reader = sink.is_empty().then(|| scope.spawn(|| load::disagreement(&source, &tree)));
            let drafts = resolve::resolve(&source, &tree, &sink);
            check::check(&drafts, &sink);
            complete(drafts, &mut list, &sink);
            let found = second_reader.and_then(|thread| thread.join().expect("a reader does not panic"));
            if let Some(report) = found.filter(|_| sink.is_empty()) {
                sink.report(report);
            }
        });
    }
    sink.check(&source)?;
    Ok(list)
}

/// Derives what the entries leave out, and checks the groups. Not with a broken schema or a repeated operator in the
/// list: its group would be found incomplete.
fn complete(drafts: Vec<resolve::Draft<'_>>, list: &mut OperatorList, sink: &diagnostics::Sink) {
    let mut names = std::collections::HashSet::new();
    let whole = drafts.iter().all(|draft| draft.entry.is_some() && names.insert(draft.name.as_ref()));
    let mut fields = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if let Some(entry) = draft.entry {
            list.operators.push(entry);
            fields.push(draft.fields);
        }
    }
    if !whole {
        return;
    }
    let derivation = derive::derive(&mut list.operators);
    list.view_groups = derive::view_groups(&list.operators);
    check::check_groups(&list.operators, &derivation, &list.view_groups, &fields, sink);
    (list.groups, list.not_derived) = (derivation.groups, derivation.not_derived);
}
