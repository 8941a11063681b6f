//! Whether a changed schema still fits what was written for the old one (Y75 to Y78), and why not.
//!
//! *Backward*: the new schema serves callers of the old one. *Forward*: the old schema serves callers of the new one.

use std::fmt;

use crate::model::{Argument, BaseType, Default, Return, Schema, Type};

/// Why a change breaks one direction; empty lists for a change that breaks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compatibility {
    /// What callers of the old schema stumble over.
    pub backward: Vec<String>,
    /// What callers of the new schema stumble over when they meet the old one.
    pub forward: Vec<String>,
}

impl Compatibility {
    /// Whether callers of the old schema can be served by the new one.
    pub fn is_backward(&self) -> bool {
        self.backward.is_empty()
    }

    /// Whether callers of the new schema can be served by the old one.
    pub fn is_forward(&self) -> bool {
        self.forward.is_empty()
    }

    fn both(&mut self, reason: impl fmt::Display) {
        self.backward.push(reason.to_string());
        self.forward.push(reason.to_string());
    }
}

/// Compares two versions of a schema.
///
/// ```
/// use keyway_schema::{Schema, compatibility};
/// let schema = |text: &str| text.parse::<Schema>().unwrap();
/// let found = compatibility(&schema("f(int n) -> Tensor"), &schema("f(int? n) -> Tensor"));
/// assert!(found.is_backward() && !found.is_forward());
/// assert_eq!(found.forward, ["`n` accepts `int?` now, not only `int`"]);
/// ```
pub fn compatibility(old: &Schema, new: &Schema) -> Compatibility {
    let mut found = Compatibility::default();
    if old.name != new.name {
        found.both(format_args!("it is called `{}`, not `{}`", new.name, old.name));
        return found;
    }
    if old.returns.len() != new.returns.len() {
        found.both(format_args!("it returns {} values, not {}", new.returns.len(), old.returns.len()));
        return found;
    }
    arguments(old, new, &mut found);
    outs(old, new, &mut found);
    for (i, (before, after)) in old.returns.iter().zip(&new.returns).enumerate() {
        returned(i, before, after, &mut found);
    }
    found
}

fn arguments(old: &Schema, new: &Schema, found: &mut Compatibility) {
    let inputs = |schema: &Schema| schema.arguments.iter().filter(|a| !a.is_out).cloned().collect::<Vec<_>>();
    let (before, after) = (inputs(old), inputs(new));
    for (old, new) in before.iter().zip(&after) {
        argument(old, new, found);
    }
    for gone in before.iter().skip(after.len()) {
        found.backward.push(format!("the argument `{}` is gone", gone.name));
    }
    for added in after.iter().skip(before.len()) {
        match &added.default {
            None => found.both(format_args!("the new argument `{}` has no default", added.name)),
            Some(_) if added.ty.element().is_some() => {
                found.forward.push(format!("the new argument `{}` is a list", added.name));
            }
            Some(_) => {}
        }
    }
}

fn argument(old: &Argument, new: &Argument, found: &mut Compatibility) {
    let name = &old.name;
    if old.name != new.name {
        found.both(format_args!("`{}` stands where `{name}` was", new.name));
        return;
    }
    if list_size(&old.ty) != list_size(&new.ty) {
        found.both(format_args!("the list size of `{name}` changed from `{}` to `{}`", old.ty, new.ty));
    }
    if old.alias != new.alias {
        found.both(format_args!("what `{name}` shares or is written changed"));
    }
    if new.keyword_only && !old.keyword_only {
        found.both(format_args!("`{name}` can no longer be given by position"));
    }
    if !is_subtype(&old.ty, &new.ty) {
        found.backward.push(format!("`{name}` is `{}`, which does not accept every `{}`", new.ty, old.ty));
    }
    if !is_subtype(&new.ty, &old.ty) {
        found.forward.push(format!("`{name}` accepts `{}` now, not only `{}`", new.ty, old.ty));
    }
    match (&old.default, &new.default) {
        (None, Some(_)) => found.forward.push(format!("`{name}` has a default now")),
        (Some(_), None) => found.both(format_args!("`{name}` has no default any more")),
        (Some(old), Some(new)) if !same_default(old, new) => {
            found.both(format_args!("the default of `{name}` changed from `{old}` to `{new}`"));
        }
        _ => {}
    }
}

/// Out arguments in order; more of them may come.
fn outs(old: &Schema, new: &Schema, found: &mut Compatibility) {
    let (before, after): (Vec<_>, Vec<_>) = (old.out_arguments().collect(), new.out_arguments().collect());
    for (old, new) in before.iter().zip(&after) {
        argument(old, new, found);
    }
    if after.len() < before.len() {
        found.both("an out argument is gone");
    } else if after.len() > before.len() {
        found.forward.push("there are more out arguments".to_owned());
    }
}

/// Results are read, so the new type must be one the old callers expect.
fn returned(index: usize, old: &Return, new: &Return, found: &mut Compatibility) {
    if old.name != new.name {
        found.backward.push(format!("result {index} has another name"));
    }
    if old.alias != new.alias {
        found.backward.push(format!("what result {index} shares changed"));
    }
    if !is_subtype(&new.ty, &old.ty) {
        found.backward.push(format!("result {index} is `{}`, not `{}`", new.ty, old.ty));
    }
}

/// Whether every value of `sub` is a value of `of`, as types are stored: symbolic integers and the enumerations are
/// integers, and a `Scalar` is any number.
fn is_subtype(sub: &Type, of: &Type) -> bool {
    match (sub, of) {
        (Type::Optional(sub), Type::Optional(of)) => is_subtype(sub, of),
        (sub, Type::Optional(of)) => is_subtype(sub, of),
        // A list can be changed, so its elements must be the same.
        (Type::List(sub, _), Type::List(of, _)) => stored_type(sub) == stored_type(of),
        (Type::Base(sub), Type::Base(of)) => {
            let number = matches!(stored(*sub), BaseType::Int | BaseType::Float | BaseType::Bool);
            stored(*sub) == stored(*of) || (number && *of == BaseType::Scalar)
        }
        _ => sub == of,
    }
}

/// The type with its bases as they are stored and without list sizes.
fn stored_type(ty: &Type) -> Type {
    match ty {
        Type::Base(base) => Type::Base(stored(*base)),
        Type::Class { .. } => ty.clone(),
        Type::Optional(of) => Type::Optional(Box::new(stored_type(of))),
        Type::List(of, _) => Type::List(Box::new(stored_type(of)), None),
    }
}

/// Y73.
fn stored(base: BaseType) -> BaseType {
    match base {
        BaseType::SymInt
        | BaseType::DeviceIndex
        | BaseType::ScalarType
        | BaseType::Layout
        | BaseType::MemoryFormat => BaseType::Int,
        BaseType::SymBool => BaseType::Bool,
        other => other,
    }
}

fn list_size(ty: &Type) -> Option<u32> {
    match ty {
        Type::List(_, size) => *size,
        Type::Optional(of) => list_size(of),
        _ => None,
    }
}

/// Defaults are compared by value: `1e-5` is `1e-05`, and `'a'` is `"a"` (Y280).
fn same_default(old: &Default, new: &Default) -> bool {
    match (old, new) {
        (Default::Float { value: old, .. }, Default::Float { value: new, .. }) => old == new,
        (Default::Str { value: old, .. }, Default::Str { value: new, .. }) => old == new,
        (Default::List(old), Default::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same_default(old, new))
        }
        (old, new) => old == new,
    }
}
