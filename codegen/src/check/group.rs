//! Rules of the variants of one signature (yaml.md sections 3.5 and 3.7).

use std::collections::BTreeSet;

use keyway_schema::{Code, OperatorName};

use crate::derive::{Derivation, base_of, can_have_out, grouped_with, is_exempt};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::Sink;
use crate::model::{DEFAULT_NAMESPACE, Group, OperatorEntry};
use crate::resolve::fields::Fields;

/// What the rules need.
pub(super) struct Groups<'e> {
    pub(super) operators: &'e [OperatorEntry],
    pub(super) derivation: &'e Derivation,
    /// The fields of the written entries, by position.
    pub(super) fields: &'e [Fields<'e>],
    pub(super) sink: &'e Sink,
}

/// Reports every rule that is broken.
pub(super) fn check(groups: &Groups<'_>) {
    groups.conflicts();
    groups.references();
    for group in &groups.derivation.groups {
        groups.can_be_completed(group);
        groups.autogen(group);
        groups.structured(group);
        groups.twins(group);
    }
}

impl Groups<'_> {
    fn report(&self, code: Code, entry: &OperatorEntry, message: String, help: impl Into<String>) {
        self.sink.report(Diagnostic::new(code, entry.span.clone(), message).help(help));
    }

    /// Y147.
    fn conflicts(&self) {
        for conflict in &self.derivation.conflicts {
            let [first, second] = [&self.operators[conflict.first], &self.operators[conflict.second]];
            let message = format!(
                "`{}` and `{}` have the same signature and are both {}",
                short(first.name()),
                short(second.name()),
                second.kind()
            );
            self.sink.report(
                Diagnostic::new(Code::SameSignature, second.span.clone(), message)
                    .help("give one of the two other arguments, or remove it")
                    .related(first.span.clone(), "the other one"),
            );
        }
    }

    /// Y282.
    fn references(&self) {
        for (entry, fields) in self.operators.iter().zip(self.fields) {
            let Some(name) = entry.grouped_with.as_ref().filter(|_| fields.has("grouped_with")) else {
                continue;
            };
            if grouped_with(entry, self.operators).is_none() {
                let place = fields.value_place("grouped_with");
                self.sink.report(
                    Diagnostic::new(Code::GroupedWith, place, format!("there is no operator `{name}`"))
                        .help("name an operator of this list, `name.overload`"),
                );
            }
        }
    }

    /// Y142, Y151, Y152. Only operators of the default namespace owe each other all variants.
    fn can_be_completed(&self, group: &Group) {
        let members = || group.members().map(|member| &self.operators[member]);
        let implicit = members().all(OperatorEntry::is_implicit_composite);
        if is_exempt(group, self.operators) || (implicit && !members().any(|entry| entry.has_tag("core"))) {
            return;
        }
        let Some(base) = base_of(group) else { return };
        let (base, count) = (&self.operators[base], group.members().count());
        if base.namespace() != DEFAULT_NAMESPACE {
            return;
        }
        let name = short(base.name());
        if group.out.is_some() && count == 1 {
            let message = format!("`{name}` writes to out arguments, and no operator returns what it writes");
            let help = "add the functional operator of the same arguments, or write `derive: False`";
            self.report(Code::LoneOut, base, message, help);
        } else if group.out.is_none() && !can_have_out(base) {
            let message = format!("`{name}` returns no tensor, so it has no out variant");
            let help = "remove its dispatch table if it is made of other operators, or write `derive: False`";
            self.report(Code::NoOutVariant, base, message, help);
        } else if group.functional.is_none() && count > 1 {
            let message = format!("`{name}` has other variants, but no functional one");
            let help =
                "add the functional operator, or name the out variant in `autogen` so that both are derived";
            self.report(Code::NoFunctional, base, message, help);
        }
    }

    /// Y141, Y185: what `autogen` names is what is derived, in complete groups and in others.
    fn autogen(&self, group: &Group) {
        let members = || group.members().map(|member| &self.operators[member]);
        let named: BTreeSet<String> =
            members().flat_map(|entry| &entry.autogen).map(ToString::to_string).collect();
        let derived: BTreeSet<String> =
            members().filter(|entry| entry.derived.is_some()).map(|entry| short(entry.name())).collect();
        let skipped =
            |name: &String| self.derivation.not_derived.iter().any(|known| known.to_string() == *name);
        if named == derived || (derived.is_empty() && named.iter().all(skipped)) {
            return;
        }
        let Some(base) = base_of(group) else { return };
        let writer = members().position(|entry| !entry.autogen.is_empty());
        let at = writer.and_then(|nth| group.members().nth(nth)).unwrap_or(base);
        let (entry, fields) = (&self.operators[at], self.fields.get(at));
        let missing: Vec<&str> = named.difference(&derived).map(String::as_str).collect();
        let message = if missing.is_empty() {
            let unnamed: Vec<&str> = derived.difference(&named).map(String::as_str).collect();
            format!("`{}` is derived too, but `autogen` does not name it", unnamed.join("`, `"))
        } else {
            format!(
                "`{}` is not derived from the variants of `{}`",
                missing.join("`, `"),
                short(entry.name())
            )
        };
        let help = if derived.is_empty() {
            "remove it; a name with `out` in it asks for the out variant".to_owned()
        } else {
            format!("write `autogen: {}`", derived.into_iter().collect::<Vec<_>>().join(", "))
        };
        let place = fields.map_or_else(|| entry.span.clone(), |fields| fields.value_place("autogen"));
        self.sink.report(Diagnostic::new(Code::AutogenNames, place, message).help(help));
    }

    /// Y136, Y139, Y140.
    fn structured(&self, group: &Group) {
        if !group.is_complete() {
            return;
        }
        let members = || group.members().map(|member| &self.operators[member]);
        let Some(out) = group.out.map(|out| &self.operators[out]).filter(|out| out.structured) else {
            if let Some(entry) = members().find(|entry| entry.is_of_structured_group()) {
                let message =
                    format!("`{}` delegates, but its own out variant is not structured", short(entry.name()));
                let help =
                    "delegate to the out operator of the same arguments, and write `structured: True` there";
                self.report(Code::StructuredGroup, entry, message, help);
            }
            return;
        };
        let name = short(out.name());
        for entry in members().filter(|entry| !entry.structured) {
            let fits = entry.structured_delegate.as_ref().is_some_and(|delegate| {
                delegate.name == out.name().name && delegate.overload == out.name().overload
            });
            if !fits {
                let message =
                    format!("`{}` does not delegate to its structured out variant", short(entry.name()));
                self.report(
                    Code::StructuredGroup,
                    entry,
                    message,
                    format!("write `structured_delegate: {name}`"),
                );
            }
        }
        if out.is_implicit_composite() || out.has_kernel("CompositeImplicitAutogradNestedTensor") {
            let message = format!("`{name}` is structured and has an implicit composite kernel");
            self.report(Code::StructuredGroup, out, message, "remove that line of `dispatch`");
        }
    }

    /// Y138.
    fn twins(&self, group: &Group) {
        let (Some(mutable), Some(functional)) = (group.mutable, group.functional) else { return };
        let (mutable, functional) = (&self.operators[mutable], &self.operators[functional]);
        if group.is_complete() && !functional.name().is_functional_twin() {
            let message = format!(
                "`{}` writes an argument, so `{}` is not its functional form",
                short(mutable.name()),
                short(functional.name())
            );
            let help = format!("call it `{}_functional`", mutable.name().name);
            self.report(Code::MutableTwin, functional, message, help);
        }
    }
}

/// The name as an entry writes it, without the namespace.
pub(super) fn short(name: &OperatorName) -> String {
    OperatorName { namespace: None, ..name.clone() }.to_string()
}
