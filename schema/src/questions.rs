//! Questions a schema answers about itself: its kind, what it writes, which arguments are what.
//!
//! Everything here is computed from the parsed form alone. Facts that need an entry's tags or its dispatch table belong
//! to the generator.

use std::ops::Range;

use crate::model::{
    AliasAfter, AliasInfo, Argument, BaseType, OperatorName, Return, Schema, SchemaKind, Type,
};
use crate::words::INPLACE_DUNDERS;

impl OperatorName {
    /// What stands between the double underscores of a dunder name (Y16): `__and__` gives `and`.
    pub fn dunder(&self) -> Option<&str> {
        let inner = self.name.strip_prefix("__")?.strip_suffix("__")?;
        (!inner.is_empty() && !inner.contains('_')).then_some(inner)
    }

    /// Whether the name promises to write to `self`: a trailing `_`, or an in-place dunder (Y16, Y18).
    pub fn is_inplace(&self) -> bool {
        match self.dunder() {
            Some(inner) => inner.strip_prefix('i').is_some_and(|op| INPLACE_DUNDERS.contains(&op)),
            None => self.name.ends_with('_'),
        }
    }

    /// Whether it is the functional twin of a mutable operator, `..._functional` (Y19).
    pub fn is_functional_twin(&self) -> bool {
        self.dunder().is_none() && self.name.ends_with("_functional")
    }

    /// The name without what marks its kind: `_`, dunder underscores, `_functional` (Y20). Groups related operators.
    ///
    /// ```
    /// use keyway_schema::OperatorName;
    /// let root = |text: &str| text.parse::<OperatorName>().unwrap().root_name().to_owned();
    /// assert_eq!(root("aten::add_.Tensor"), "add");
    /// assert_eq!(root("__iadd__"), "add");
    /// ```
    pub fn root_name(&self) -> &str {
        if let Some(inner) = self.dunder() {
            return if self.is_inplace() { &inner[1..] } else { inner };
        }
        let base = self.name.strip_suffix('_').unwrap_or(&self.name);
        base.strip_suffix("_functional").unwrap_or(base)
    }

    /// Name and overload run together, `add__Tensor` for `add_.Tensor`: what a generated item is called (Y21).
    pub fn unambiguous_name(&self) -> String {
        match self.overload.as_str() {
            "" => self.name.clone(),
            overload => format!("{}_{overload}", self.name),
        }
    }
}

impl Type {
    /// The type under all optionals and lists; `None` for a custom class.
    pub fn base(&self) -> Option<BaseType> {
        match self {
            Type::Base(base) => Some(*base),
            Type::Class { .. } => None,
            Type::Optional(of) | Type::List(of, _) => of.base(),
        }
    }

    /// Whether it is a tensor under any optionals and lists.
    pub fn is_tensor_like(&self) -> bool {
        self.base() == Some(BaseType::Tensor)
    }

    /// Whether it is exactly `Tensor`.
    pub fn is_plain_tensor(&self) -> bool {
        *self == Type::Base(BaseType::Tensor)
    }

    /// Whether `None` may stand for the value or for one of its elements (Y43).
    pub fn is_nullable(&self) -> bool {
        match self {
            Type::Base(_) | Type::Class { .. } => false,
            Type::Optional(_) => true,
            Type::List(of, _) => of.is_nullable(),
        }
    }

    /// The element type, for a list.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(of, _) => Some(of),
            _ => None,
        }
    }
}

impl AliasInfo {
    /// Whether the value is in the wildcard set after the call: `(a -> *)` (Y47).
    pub fn becomes_wildcard(&self) -> bool {
        self.after == Some(AliasAfter::Wildcard)
    }
}

impl Argument {
    /// Whether the operator may write through it.
    pub fn is_write(&self) -> bool {
        self.alias.as_ref().is_some_and(|alias| alias.is_write)
    }

    /// Whether it is a scratch buffer: an out argument named `_scratch_...` (Y198).
    pub fn is_scratch(&self) -> bool {
        self.is_out && self.name.starts_with("_scratch_")
    }
}

impl Return {
    /// Whether it is a written argument handed back.
    pub fn is_write(&self) -> bool {
        self.alias.as_ref().is_some_and(|alias| alias.is_write)
    }
}

impl Schema {
    /// Arguments that can be given by position, in order.
    pub fn positional(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|a| !a.keyword_only)
    }

    /// Keyword-only arguments that are not out arguments, in order.
    pub fn keyword_only(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|a| a.keyword_only && !a.is_out)
    }

    /// Out arguments, scratch buffers included, in order (Y29).
    pub fn out_arguments(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|a| a.is_out)
    }

    /// The index of the first positional argument called `self` (Y30).
    pub fn self_index(&self) -> Option<usize> {
        self.arguments.iter().position(|a| a.name == "self" && !a.keyword_only)
    }

    /// The first positional argument called `self`, of whatever type (Y30).
    pub fn self_argument(&self) -> Option<&Argument> {
        self.self_index().map(|i| &self.arguments[i])
    }

    /// The argument with this name.
    pub fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|a| a.name == name)
    }

    /// What kind of variant the operator is; the first that fits of in-place, scratch, out, mutable, functional (Y194).
    ///
    /// A functional one may still write to `self` (Y195): ask [`Schema::is_mutable`] where that matters.
    pub fn kind(&self) -> SchemaKind {
        if self.name.is_inplace() {
            return SchemaKind::Inplace;
        }
        if self.out_arguments().any(Argument::is_scratch) {
            return SchemaKind::Scratch;
        }
        if self.out_arguments().next().is_some() {
            return SchemaKind::Out;
        }
        if self.written_after_self().next().is_some() { SchemaKind::Mutable } else { SchemaKind::Functional }
    }

    /// Written positional arguments after `self`; all written positional ones when there is no `self`.
    pub fn written_after_self(&self) -> impl Iterator<Item = &Argument> {
        let after = self.self_index().map_or(0, |i| i + 1);
        self.arguments.iter().skip(after).filter(|a| !a.keyword_only && a.is_write())
    }

    /// Whether the operator writes to any argument, out arguments included (Y50).
    pub fn is_mutable(&self) -> bool {
        self.arguments.iter().any(Argument::is_write)
    }

    /// Whether a result shares memory with an argument that is not written: a return with a plain annotation, or an
    /// argument that enters the wildcard set (Y214, less what depends on tags).
    pub fn is_view(&self) -> bool {
        self.returns.iter().any(|r| r.alias.as_ref().is_some_and(|a| !a.is_write))
            || self.arguments.iter().any(|a| a.alias.as_ref().is_some_and(AliasInfo::becomes_wildcard))
    }

    /// Whether any argument is a tensor under optionals and lists.
    pub fn has_tensor_arguments(&self) -> bool {
        self.arguments.iter().any(|a| a.ty.is_tensor_like())
    }

    /// Whether any return is a tensor under optionals and lists.
    pub fn has_tensor_returns(&self) -> bool {
        self.returns.iter().any(|r| r.ty.is_tensor_like())
    }

    /// Whether any argument but the out arguments holds symbolic integers (Y41).
    pub fn has_symint_arguments(&self) -> bool {
        self.arguments.iter().any(|a| !a.is_out && a.ty.base() == Some(BaseType::SymInt))
    }

    /// Whether any argument is a random number generator.
    pub fn has_generator_argument(&self) -> bool {
        self.arguments.iter().any(|a| a.ty.base() == Some(BaseType::Generator))
    }

    /// The indices of the tensor options (Y31): four keyword-only arguments `dtype`, `layout`, `device`, `pin_memory`
    /// in a row, each of its type, plain or optional.
    pub fn tensor_options(&self) -> Option<Range<usize>> {
        self.arguments.windows(4).position(is_tensor_options).map(|start| start..start + 4)
    }

    /// The argument a return shares memory with: the one argument in all of the return's alias sets. `None` if the
    /// return is new or the sets fit several arguments.
    pub fn aliased_argument(&self, returned: &Return) -> Option<usize> {
        let sets = &returned.alias.as_ref()?.before;
        let mut fitting = self.arguments.iter().enumerate().filter(|(_, a)| {
            a.alias.as_ref().is_some_and(|alias| alias.before.iter().any(|set| sets.contains(set)))
        });
        match (fitting.next(), fitting.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        }
    }

    /// Whether two values of a call may share memory, as far as the annotations say (Y44). A list is no tensor: what is
    /// said of it is said of its elements, see [`Schema::may_contain_alias`]. A place that is not there shares nothing.
    ///
    /// ```
    /// use keyway_schema::{Schema, Slot::{Argument, Return}};
    /// let schema: Schema = "f_(Tensor(a!) self, Tensor other) -> Tensor(a!)".parse().unwrap();
    /// assert!(schema.may_alias(Argument(0), Return(0)) && !schema.may_alias(Argument(1), Return(0)));
    /// ```
    pub fn may_alias(&self, a: Slot, b: Slot) -> bool {
        let is_list = |slot| self.slot(slot).is_some_and(|(ty, _)| is_list(ty));
        !is_list(a) && !is_list(b) && self.share_a_set(a, b)
    }

    /// Whether two values of a call, or elements of them, may share memory (Y47): the elements of a list are in its sets, and
    /// an argument in the wildcard set after the call may be in any of them.
    pub fn may_contain_alias(&self, a: Slot, b: Slot) -> bool {
        self.share_a_set(a, b)
    }

    fn slot(&self, slot: Slot) -> Option<(&Type, Option<&AliasInfo>)> {
        match slot {
            Slot::Argument(index) => self.arguments.get(index).map(|a| (&a.ty, a.alias.as_ref())),
            Slot::Return(index) => self.returns.get(index).map(|r| (&r.ty, r.alias.as_ref())),
        }
    }

    fn share_a_set(&self, a: Slot, b: Slot) -> bool {
        let alias = |slot| self.slot(slot).and_then(|(_, alias)| alias);
        let (Some(a), Some(b)) = (alias(a), alias(b)) else { return false };
        let sets = |info: &AliasInfo| -> Vec<char> {
            match &info.after {
                Some(AliasAfter::Sets(after)) => info.before.iter().chain(after).copied().collect(),
                Some(AliasAfter::Wildcard) | None => info.before.clone(),
            }
        };
        sets(a).iter().any(|set| sets(b).contains(set))
    }
}

fn is_list(ty: &Type) -> bool {
    match ty {
        Type::List(..) => true,
        Type::Optional(of) => is_list(of),
        Type::Base(_) | Type::Class { .. } => false,
    }
}

/// A value of a call: an argument or a return, by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// An argument.
    Argument(usize),
    /// A return.
    Return(usize),
}

pub(crate) fn is_tensor_options(window: &[Argument]) -> bool {
    const BUNDLE: [(&str, BaseType); 4] = [
        ("dtype", BaseType::ScalarType),
        ("layout", BaseType::Layout),
        ("device", BaseType::Device),
        ("pin_memory", BaseType::Bool),
    ];
    window.len() == BUNDLE.len()
        && window.iter().zip(BUNDLE).all(|(argument, (name, base))| {
            let plain = match &argument.ty {
                Type::Optional(of) => of,
                ty => ty,
            };
            argument.keyword_only && argument.name == name && *plain == Type::Base(base)
        })
}
