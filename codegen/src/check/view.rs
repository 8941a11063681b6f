//! Rules of views, their copies and their in-place forms (yaml.md section 3.6).

use keyway_schema::Code;

use super::group::short;
use crate::diagnostics::{Diagnostic, Sink};
use crate::model::{OperatorEntry, ViewGroup};
use crate::resolve::fields::Fields;

/// Reports every rule that is broken.
pub(super) fn check(operators: &[OperatorEntry], views: &[ViewGroup], fields: &[Fields<'_>], sink: &Sink) {
    for group in views {
        let view = &operators[group.view];
        match group.copy {
            None => missing_copy(view, sink),
            Some(copy) => copy_form(&operators[copy], fields.get(copy), sink),
        }
        if let Some(inplace) = group.inplace {
            inplace_form(view, &operators[inplace], sink);
        }
    }
}

/// Y143, Y216.
fn missing_copy(view: &OperatorEntry, sink: &Sink) {
    if !view.demands_copy() || !view.derive {
        return;
    }
    let mut copy = view.name().clone();
    copy.name.push_str("_copy");
    let message = format!(
        "`{}` is a view with kernels of its own, but nothing copies what it shares",
        short(view.name())
    );
    sink.report(
        Diagnostic::new(Code::MissingCopy, view.span.clone(), message)
            .help(format!("add an operator `{}` with the tag `view_copy`", short(&copy))),
    );
}

/// Y144.
fn copy_form(copy: &OperatorEntry, fields: Option<&Fields<'_>>, sink: &Sink) {
    if copy.has_tag("view_copy") {
        return;
    }
    let place = fields.map_or_else(|| copy.span.clone(), |fields| fields.value_place("func"));
    let message = format!("`{}` is the copy of a view, but is not tagged so", short(copy.name()));
    sink.report(Diagnostic::new(Code::ViewGroupForm, place, message).help("add `tags: view_copy`"));
}

/// Y145.
fn inplace_form(view: &OperatorEntry, inplace: &OperatorEntry, sink: &Sink) {
    for key in ["CompositeImplicitAutograd", "CompositeImplicitAutogradNestedTensor"] {
        if view.has_kernel(key) && !inplace.is_implicit_composite() && !inplace.has_kernel(key) {
            let message = format!(
                "`{}` is an implicit composite, but its in-place form `{}` is not",
                short(view.name()),
                short(inplace.name())
            );
            sink.report(
                Diagnostic::new(Code::ViewGroupForm, inplace.span.clone(), message)
                    .help("remove its dispatch table"),
            );
            return;
        }
    }
}
