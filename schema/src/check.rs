//! Rules across the parts of a schema (yaml.md sections 2.2, 3.4 and Y281).
//!
//! Each rule is a function that reports what breaks it. The parser runs them all; there is no need to call them.

use std::ops::Range;

use crate::codes::Code;
use crate::error::SchemaError;
use crate::model::{Argument, BaseType, Default, OperatorName, Schema, SchemaKind, Type};
use crate::parser::Spans;
use crate::questions::is_tensor_options;

/// What the rules need: the schema, its places, and where reports go.
struct Checker<'s> {
    schema: &'s Schema,
    spans: &'s Spans,
    errors: &'s mut Vec<SchemaError>,
}

/// Reports every rule the schema breaks. `whole` says whether the text was understood completely; if not, only the
/// rules are checked that a missing part cannot break.
pub(crate) fn check(schema: &Schema, spans: &Spans, whole: bool, errors: &mut Vec<SchemaError>) {
    check_name(&schema.name, spans, errors);
    let mut checker = Checker { schema, spans, errors };
    checker.unique_names();
    checker.default_types();
    if whole {
        checker.default_order();
        checker.writes_before_self();
        checker.returns_are_owned();
        checker.out_and_returns();
        checker.inplace();
        checker.functional_only();
    }
}

/// Rules for the name alone (Y15, Y16, Y19, Y22, Y59).
pub(crate) fn check_name(name: &OperatorName, spans: &Spans, errors: &mut Vec<SchemaError>) {
    let base = spans.base_name.clone();
    if name.name.ends_with("_out") {
        errors.push(
            SchemaError::new(Code::OperatorName, base.clone(), "an operator's name does not end in `_out`")
                .help(format!("make it an overload: `{}.out`", name.name.trim_end_matches("_out"))),
        );
    }
    if name.dunder().is_some_and(|inner| inner.starts_with('i')) && !name.is_inplace() {
        errors.push(
            SchemaError::new(Code::OperatorName, base.clone(), format!("`{}` is not an in-place operator of Python", name.name))
                .help("names `__i...__` are kept for __iadd__, __isub__, __imul__, __idiv__, __imod__, __ipow__, __ilshift__, __irshift__, __iand__, __ixor__, __ior__"),
        );
    }
    if name.is_inplace()
        && name.name.trim_end_matches('_').ends_with("_functional")
        && name.dunder().is_none()
    {
        errors.push(
            SchemaError::new(Code::OperatorName, base, "`_functional` names the twin that does not write")
                .help("remove the `_` at the end or the `_functional`"),
        );
    }
    let overload = &name.overload;
    if overload == "default" || overload.starts_with("__") {
        let span = spans.overload.clone().unwrap_or_default();
        errors.push(
            SchemaError::new(Code::BadOverload, span, format!("an overload cannot be called `{overload}`"))
                .help(if overload == "default" {
                    "leave it out: an operator without an overload name is the default one"
                } else {
                    "names that start with `__` are kept for internal use"
                }),
        );
    }
}

impl Checker<'_> {
    fn report(&mut self, error: SchemaError) {
        self.errors.push(error);
    }

    fn unique_names(&mut self) {
        for (i, argument) in self.schema.arguments.iter().enumerate() {
            if self.schema.arguments[..i].iter().any(|a| a.name == argument.name) {
                let span = self.spans.arguments[i].name.clone();
                self.report(
                    SchemaError::new(
                        Code::DuplicateArgument,
                        span,
                        format!("a second argument called `{}`", argument.name),
                    )
                    .help("give it another name"),
                );
            }
        }
        for (i, returned) in self.schema.returns.iter().enumerate() {
            if returned.name.is_some() && self.schema.returns[..i].iter().any(|r| r.name == returned.name) {
                let span = self.return_span(i);
                self.report(
                    SchemaError::new(Code::DuplicateReturn, span, "a second return with the same name")
                        .help("give it another name"),
                );
            }
        }
    }

    fn default_types(&mut self) {
        for (argument, spans) in self.schema.arguments.iter().zip(&self.spans.arguments) {
            let (Some(default), Some(span)) = (&argument.default, &spans.default) else {
                continue;
            };
            if !default_fits(&argument.ty, default) {
                let message = format!("`{default}` is not a default for `{}`", argument.ty);
                let help = default_help(&argument.ty, default);
                self.errors.push(
                    SchemaError::new(Code::DefaultType, span.clone(), message)
                        .label(format!("the type is `{}`", argument.ty))
                        .help(help),
                );
            }
        }
    }

    fn default_order(&mut self) {
        let mut defaulted: Option<&Argument> = None;
        for (argument, spans) in self.schema.arguments.iter().zip(&self.spans.arguments) {
            if argument.keyword_only {
                return;
            }
            match (&argument.default, defaulted) {
                (Some(_), _) => defaulted = Some(argument),
                (None, Some(before)) => {
                    let message =
                        format!("`{}` has no default, but `{}` before it has", argument.name, before.name);
                    self.errors.push(
                        SchemaError::new(Code::DefaultOrder, spans.name.clone(), message)
                            .help("give it a default, move it forward, or put `*` before it"),
                    );
                }
                (None, None) => {}
            }
        }
    }

    /// Y30, Y132.
    fn writes_before_self(&mut self) {
        let Some(self_index) = self.schema.self_index() else { return };
        for i in 0..self_index {
            if self.schema.arguments[i].is_write() {
                let span = self.spans.arguments[i].ty.clone();
                self.report(
                    SchemaError::new(Code::WriteBeforeSelf, span, "an argument before `self` is written")
                        .help("move it after `self`"),
                );
            }
        }
    }

    /// Y119, Y120, Y121, and that a return's sets are those of arguments (Y281).
    fn returns_are_owned(&mut self) {
        let schema = self.schema;
        let written = schema.returns.iter().filter(|r| r.is_write()).count();
        if written != 0 && written != schema.returns.len() {
            let span = self.spans.all_returns.clone();
            self.report(
                SchemaError::new(
                    Code::MixedReturns,
                    span,
                    "some returns are written arguments and some are not",
                )
                .help("return either only written arguments or only new values"),
            );
        }
        for i in 0..schema.returns.len() {
            if let Some(error) = self.disowned(i) {
                self.report(error);
            }
        }
    }

    /// What is wrong with the annotation of a return, if anything.
    fn disowned(&self, i: usize) -> Option<SchemaError> {
        let schema = self.schema;
        let alias = schema.returns[i].alias.as_ref()?;
        let owned = |a: &Argument| a.alias.as_ref() == Some(alias);
        let error = |code, message: String| SchemaError::new(code, self.return_span(i), message);
        if let Some(wrong) = schema.written_after_self().find(|a| owned(a)) {
            let message = format!(
                "`{}` is written and returned, but is neither `self` nor an out argument",
                wrong.name
            );
            let help = format!("do not return it, call it `self`, or make it an out argument: `*, {wrong}`");
            return Some(error(Code::MutableReturned, message).help(help));
        }
        if i < schema.out_arguments().count() {
            return None; // That return i is out argument i is a rule of its own.
        }
        let has_owner = schema.out_arguments().any(owned) || schema.self_argument().is_some_and(owned);
        if alias.is_write && !has_owner {
            let message = format!("no `self` and no out argument is `({alias})`");
            let help = "give the return the annotation of the argument that it is";
            return Some(error(Code::UnownedReturn, message).help(help));
        }
        let set = alias.before.iter().find(|set| !self.set_is_known(**set))?;
        let help = format!("annotate the argument it shares memory with: `Tensor({set})`");
        Some(error(Code::UnknownReturnAlias, format!("no argument is in the alias set `{set}`")).help(help))
    }

    /// Whether an argument is in the set. A list that enters the wildcard set counts: its elements alias it (Y47).
    fn set_is_known(&self, set: char) -> bool {
        self.schema
            .arguments
            .iter()
            .any(|a| a.alias.as_ref().is_some_and(|alias| alias.before.contains(&set)))
    }

    /// Y118, Y122, Y123, Y127.
    fn out_and_returns(&mut self) {
        let schema = self.schema;
        let outs: Vec<&Argument> = schema.out_arguments().collect();
        if outs.is_empty() {
            return;
        }
        if schema.name.is_inplace() {
            let span = self.spans.base_name.clone();
            self.report(
                SchemaError::new(Code::InplaceOut, span, "an in-place operator has no out arguments")
                    .help("remove the `_` at the end of the name, or the out arguments"),
            );
            return;
        }
        if !self.outs_line_up(&outs) {
            return;
        }
        let span = self.spans.all_returns.clone();
        let plain = outs.iter().all(|out| out.ty.is_plain_tensor());
        let expected = outs.iter().filter(|out| !out.is_scratch()).count();
        if !plain && !schema.returns.is_empty() {
            let message = "an operator with a list as out argument returns nothing";
            self.report(SchemaError::new(Code::ListOutReturns, span, message).help("write ` -> ()`"));
        } else if plain && schema.returns.len() != expected {
            let message = format!("{expected} out argument(s), but {} return(s)", schema.returns.len());
            self.report(
                SchemaError::new(Code::OutReturnCount, span, message)
                    .help("return every out argument, in order, but not those named `_scratch_...`"),
            );
        }
    }

    /// Y118. Whether the returns are the out arguments, as far as both go.
    fn outs_line_up(&mut self, outs: &[&Argument]) -> bool {
        let before = self.errors.len();
        for (i, (out, returned)) in outs.iter().zip(&self.schema.returns).enumerate() {
            if out.alias != returned.alias {
                let message = format!("return {} is not the out argument `{}`", i + 1, out.name);
                let written = out.alias.as_ref().map(|a| format!("({a})")).unwrap_or_default();
                let help = format!("returns are the out arguments in order: write `Tensor{written}`");
                let span = self.return_span(i);
                self.report(SchemaError::new(Code::OutReturnAlias, span, message).help(help));
            }
        }
        self.errors.len() == before
    }

    /// Y124, Y125.
    fn inplace(&mut self) {
        let schema = self.schema;
        if !schema.name.is_inplace() {
            return;
        }
        let Some(receiver) = schema.self_argument().filter(|a| a.is_write()) else {
            let span = self.spans.base_name.clone();
            self.report(
                SchemaError::new(Code::InplaceSelf, span, "an in-place operator writes `self`")
                    .help("take `Tensor(a!) self`, or remove the `_` at the end of the name"),
            );
            return;
        };
        let fits = match (receiver.ty.is_plain_tensor(), schema.returns.as_slice()) {
            (true, [only]) => only.alias == receiver.alias,
            (true, _) => false,
            (false, returns) => returns.is_empty(),
        };
        if !fits && schema.out_arguments().next().is_none() {
            let span = self.spans.all_returns.clone();
            let alias = receiver.alias.as_ref().map(|a| format!("({a})")).unwrap_or_default();
            let (message, help) = if receiver.ty.is_plain_tensor() {
                ("an in-place operator returns `self` and nothing else", format!("write ` -> Tensor{alias}`"))
            } else {
                ("an in-place operator on a list returns nothing", "write ` -> ()`".to_owned())
            };
            self.report(SchemaError::new(Code::InplaceReturn, span, message).help(help));
        }
    }

    /// Y22, Y31, Y126.
    fn functional_only(&mut self) {
        let schema = self.schema;
        if schema.arguments.windows(4).filter(|w| is_tensor_options(w)).count() > 1 {
            let span = self.spans.name.clone();
            self.report(
                SchemaError::new(Code::OptionsTwice, span, "the tensor options stand twice")
                    .help("keep one set of them"),
            );
        }
        if schema.kind() == SchemaKind::Functional {
            return;
        }
        let kind = schema.kind();
        if let Some(options) = schema.tensor_options() {
            let span =
                self.spans.arguments[options.start].ty.start..self.spans.arguments[options.end - 1].name.end;
            self.report(
                SchemaError::new(
                    Code::NotFunctional,
                    span,
                    format!("an operator of the kind {kind} takes no tensor options"),
                )
                .help(
                    "dtype, layout and device are those of the tensors it writes: remove the four arguments",
                ),
            );
        }
        if schema.name.overload.contains("functional") {
            let span = self.spans.overload.clone().unwrap_or_default();
            self.report(
                SchemaError::new(
                    Code::NotFunctional,
                    span,
                    format!("the overload says functional, but the operator is {kind}"),
                )
                .help("rename the overload, or write to nothing"),
            );
        }
    }

    fn return_span(&self, index: usize) -> Range<usize> {
        self.spans.returns.get(index).map_or(self.spans.all_returns.clone(), |s| s.ty.clone())
    }
}

/// Whether the value can stand for an argument of the type (Y54, Y55).
fn default_fits(ty: &Type, default: &Default) -> bool {
    match (ty, default) {
        (Type::Optional(_), Default::None) => true,
        (Type::Optional(of), _) => default_fits(of, default),
        (Type::List(of, _), Default::List(items)) => {
            is_list_element(of) && items.iter().all(|item| default_fits(of, item))
        }
        (Type::List(of, Some(_)), Default::Int(_) | Default::Float { .. } | Default::Bool(_)) => {
            is_list_element(of) && default_fits(of, default)
        }
        (Type::List(..) | Type::Class { .. }, _) => false,
        (Type::Base(base), _) => base_fits(*base, default),
    }
}

fn is_list_element(ty: &Type) -> bool {
    matches!(ty, Type::Base(BaseType::Int | BaseType::SymInt | BaseType::Float | BaseType::Bool))
}

fn base_fits(base: BaseType, default: &Default) -> bool {
    use BaseType as B;
    match default {
        Default::Bool(_) => matches!(base, B::Bool | B::SymBool | B::Scalar),
        Default::Int(_) => matches!(base, B::Int | B::SymInt | B::Float | B::Scalar | B::DeviceIndex),
        Default::Float { .. } => matches!(base, B::Float | B::Scalar),
        Default::Str { .. } => matches!(base, B::Str | B::Device),
        Default::None | Default::List(_) => false,
        Default::Symbol(word) => match word.as_str() {
            "Mean" => base == B::Int,
            "contiguous_format" => base == B::MemoryFormat,
            "strided" => base == B::Layout,
            _ => base == B::ScalarType,
        },
    }
}

fn default_help(ty: &Type, default: &Default) -> String {
    match (ty, default) {
        (Type::List(_, Some(_)), Default::None) | (_, Default::None) => {
            format!("write `{ty}?` to allow `None`")
        }
        (Type::List(of, None), _) if is_list_element(of) && !matches!(default, Default::List(_)) => {
            format!("write a list, `[{default}]`")
        }
        (Type::List(of, _), _) if !is_list_element(of) => {
            format!("lists of `{of}` have no defaults; write `{ty}?` and `None`")
        }
        (Type::Base(BaseType::Tensor | BaseType::Generator), _) => format!("write `{ty}?` and `None`"),
        _ => match example(ty) {
            Some(example) => format!("write a value of that type, `{example}` for instance"),
            None if matches!(ty, Type::Optional(_)) => format!("the only default of `{ty}` is `None`"),
            None => format!("`{ty}` has no default values; write `{ty}?` and `None`"),
        },
    }
}

fn example(ty: &Type) -> Option<&'static str> {
    use BaseType as B;
    Some(match ty.base()? {
        B::Int | B::SymInt | B::DeviceIndex => "0",
        B::Float | B::Scalar => "1.0",
        B::Bool | B::SymBool => "False",
        B::Str => "\"text\"",
        B::ScalarType => "float",
        B::Layout => "strided",
        B::Device => "\"cpu\"",
        B::MemoryFormat => "contiguous_format",
        B::Tensor | B::QScheme | B::Generator | B::Storage | B::Stream => return None,
    })
}
