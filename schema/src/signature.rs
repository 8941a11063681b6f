//! The signature of a schema: what the variants of one operator have in common (Y199 to Y201).
//!
//! Functional, in-place, mutable and out variants belong together if their signatures are equal. A signature is itself a
//! schema, so it can be compared and printed.

use crate::model::{AliasInfo, Argument, OperatorName, Return, Schema};

/// Whether names of returns stay, and what becomes of the words that mark copies of views.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For comparing: no names of returns.
    Signature,
    /// For comparing views with their copies: in addition `_copy` is dropped and `_scatter` is `_inverse`.
    ViewSignature,
    /// For deriving the functional variant: names of returns stay, written arguments come back as `NAME_out`.
    Functional,
}

impl OperatorName {
    /// The name without what marks a variant: the `_` or the dunder `i` of in-place ones and the `_functional` of a
    /// twin. Unlike [`OperatorName::root_name`] it keeps dunder underscores.
    ///
    /// ```
    /// use keyway_schema::OperatorName;
    /// let base = |text: &str| text.parse::<OperatorName>().unwrap().variant_base();
    /// assert_eq!(base("add_.Tensor"), "add");
    /// assert_eq!(base("__iand__"), "__and__");
    /// assert_eq!(base("normal_functional"), "normal");
    /// ```
    pub fn variant_base(&self) -> String {
        match self.dunder() {
            Some(inner) if self.is_inplace() => format!("__{}__", &inner[1..]),
            Some(_) => self.name.clone(),
            None => self.root_name().to_owned(),
        }
    }
}

impl Schema {
    /// What this operator has in common with its variants: no overload, no mark of a variant in the name, no out
    /// arguments, no tensor options, no annotations, no names of returns. Written arguments that are not returned are
    /// returns of it. Defaults stay.
    ///
    /// ```
    /// use keyway_schema::Schema;
    /// let signature = |text: &str| text.parse::<Schema>().unwrap().signature();
    /// let functional = signature("relu(Tensor self) -> Tensor");
    /// assert_eq!(functional, signature("relu_(Tensor(a!) self) -> Tensor(a!)"));
    /// assert_eq!(functional, signature("relu.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)"));
    /// ```
    pub fn signature(&self) -> Schema {
        self.in_form(Form::Signature)
    }

    /// As [`Schema::signature`], and the same for a view and its copy: `_copy` is dropped from a name that ends in it,
    /// and a final `_scatter` becomes `_inverse`.
    pub fn view_signature(&self) -> Schema {
        self.in_form(Form::ViewSignature)
    }

    /// The functional variant of this operator, under the signature's name: nothing is written, and what was written
    /// is returned, after the operator's own returns, as `NAME_out`.
    pub fn functional_form(&self) -> Schema {
        self.in_form(Form::Functional)
    }

    fn in_form(&self, form: Form) -> Schema {
        let options = self.tensor_options().unwrap_or(0..0);
        let arguments = self.arguments.iter().enumerate();
        let arguments = arguments
            .filter(|(i, argument)| !argument.is_out && !options.contains(i))
            .map(|(_, argument)| Argument { alias: None, ..argument.clone() })
            .collect();
        let keeps_names = form == Form::Functional;
        let own = self.returns.iter().map(|returned| Return {
            name: returned.name.clone().filter(|_| keeps_names),
            ty: returned.ty.clone(),
            alias: None,
        });
        let written = self.written_but_not_returned().into_iter().map(|argument| Return {
            name: keeps_names.then(|| format!("{}_out", argument.name)),
            ty: argument.ty.clone(),
            alias: None,
        });
        let mut name = self.name.variant_base();
        if form == Form::ViewSignature {
            name = without_copy(name);
        }
        Schema {
            name: OperatorName { namespace: self.name.namespace.clone(), name, overload: String::new() },
            arguments,
            returns: own.chain(written).collect(),
        }
    }

    /// Written arguments that no return hands back: `self`, then out arguments, then the others.
    pub fn written_but_not_returned(&self) -> Vec<&Argument> {
        let returned = |alias: &AliasInfo| self.returns.iter().any(|r| r.alias.as_ref() == Some(alias));
        let receiver = self.self_argument().into_iter();
        receiver
            .chain(self.out_arguments())
            .chain(self.written_after_self())
            .filter(|argument| {
                argument.alias.as_ref().is_some_and(|alias| alias.is_write && !returned(alias))
            })
            .collect()
    }
}

fn without_copy(name: String) -> String {
    if name.ends_with("_copy") {
        return name.replace("_copy", "");
    }
    match name.strip_suffix("_scatter") {
        Some(base) => format!("{base}_inverse"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Schema {
        text.parse().unwrap()
    }

    #[test]
    fn the_signature_drops_what_variants_differ_in() {
        let signature = |text: &str| schema(text).signature().to_string();
        assert_eq!(
            signature("foo_.bar(Tensor(a!) self, *, Scalar alpha=1) -> Tensor(a!)"),
            "foo(Tensor self, *, Scalar alpha=1) -> Tensor"
        );
        assert_eq!(
            signature(
                "f(int[] n, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, int m=0) -> Tensor"
            ),
            "f(int[] n, *, int m=0) -> Tensor"
        );
        assert_eq!(
            signature(
                "f.out(Tensor self, *, Tensor(a!) values, Tensor(b!) at) -> (Tensor(a!) x, Tensor(b!) y)"
            ),
            "f(Tensor self) -> (Tensor, Tensor)"
        );
    }

    #[test]
    fn written_arguments_are_returns_of_the_functional_form() {
        let form = |text: &str| schema(text).functional_form().to_string();
        assert_eq!(
            form("f(Tensor self, Tensor(a!) m) -> Tensor"),
            "f(Tensor self, Tensor m) -> (Tensor, Tensor m_out)"
        );
        assert_eq!(
            form("f_(Tensor(a!)[] self, Tensor(b!)[] g) -> ()"),
            "f(Tensor[] self, Tensor[] g) -> (Tensor[] self_out, Tensor[] g_out)"
        );
        assert_eq!(
            form("f_(Tensor(a!) self, Tensor(b!) g) -> Tensor(a!)"),
            "f(Tensor self, Tensor g) -> (Tensor, Tensor g_out)"
        );
    }

    #[test]
    fn a_view_and_its_copy_have_one_view_signature() {
        let signature = |text: &str| schema(text).view_signature().to_string();
        assert_eq!(
            signature("foo_copy(Tensor self) -> Tensor"),
            signature("foo(Tensor(a) self) -> Tensor(a)")
        );
        assert_eq!(
            signature("s_scatter(Tensor self, Tensor src) -> Tensor"),
            signature("s_inverse(Tensor(a) self, Tensor src) -> Tensor(a)")
        );
    }
}
