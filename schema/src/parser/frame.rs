//! The frame of a schema: name, parameter list, returns.

use std::ops::Range;

use super::lexer::Kind;
use super::types::Place;
use super::{ArgumentSpans, Parser, ReturnSpans, Spans};
use crate::codes::Code;
use crate::error::SchemaError;
use crate::model::{Argument, OperatorName, Return, Schema};

/// How far the parameter list is.
#[derive(Default)]
struct Parameters {
    arguments: Vec<Argument>,
    spans: Vec<ArgumentSpans>,
    /// Where `*` stood.
    star: Option<usize>,
    /// Whether an out argument was seen.
    out_seen: bool,
}

impl Parser<'_> {
    /// The whole text.
    pub(super) fn schema(&mut self) -> (Option<Schema>, Spans) {
        let mut spans = Spans::default();
        let Some(name) = self.operator_name(&mut spans) else {
            return (None, spans);
        };
        let parameters = self.parameters();
        spans.arguments = parameters.spans;
        let returns = self.arrow_and_returns(&mut spans);
        (Some(Schema { name, arguments: parameters.arguments, returns }), spans)
    }

    /// `[namespace::]name[.overload]` (Y14).
    pub(super) fn operator_name(&mut self, spans: &mut Spans) -> Option<OperatorName> {
        self.tight();
        let start = self.peek().start;
        let mut base = self.name("an operator's name")?;
        let mut namespace = None;
        if self.eat(Kind::ColonColon).is_some() {
            spans.namespace = Some(base.span());
            namespace = Some(self.slice(base).to_owned());
            self.tight();
            base = self.name("an operator's name")?;
            self.refuse_second_namespace();
        }
        spans.base_name = base.span();
        let mut overload = String::new();
        if self.eat(Kind::Dot).is_some() {
            self.tight();
            if let Some(token) = self.name("an overload's name") {
                spans.overload = Some(token.span());
                overload = self.slice(token).to_owned();
            }
            self.refuse_dotted_overload();
        }
        spans.name = start..self.last_end();
        Some(OperatorName { namespace, name: self.slice(base).to_owned(), overload })
    }

    fn refuse_second_namespace(&mut self) {
        while self.at(Kind::ColonColon) {
            let start = self.peek().start;
            self.bump();
            if self.at(Kind::Ident) {
                self.bump();
            }
            let span = start..self.last_end();
            self.error(
                SchemaError::new(Code::BadName, span, "an operator has one namespace")
                    .label("a second level")
                    .help("write `namespace::name`"),
            );
        }
    }

    fn refuse_dotted_overload(&mut self) {
        while self.at(Kind::Dot) {
            let start = self.peek().start;
            self.bump();
            if self.at(Kind::Ident) {
                self.bump();
            }
            let span = start..self.last_end();
            self.error(
                SchemaError::new(Code::BadName, span, "an overload's name has no dots")
                    .label("a second dot")
                    .help("use `_` in the overload's name"),
            );
        }
    }

    /// `(` arguments `)`.
    fn parameters(&mut self) -> Parameters {
        let mut list = Parameters::default();
        if self.eat(Kind::OpenParen).is_none() {
            self.no_parameters();
            while !matches!(self.peek().kind, Kind::OpenParen | Kind::Arrow | Kind::End) {
                self.bump();
            }
            if !self.at(Kind::OpenParen) {
                return list;
            }
            self.bump();
        }
        self.tight();
        if !self.at(Kind::CloseParen) {
            self.items(|parser| parser.parameter_item(&mut list));
        }
        self.refuse_trailing_star(&list);
        if self.eat(Kind::CloseParen).is_none() && !self.ended_in_a_mistake() {
            self.unexpected(Code::UnexpectedText, "`,` or `)`");
        }
        list
    }

    /// Reports what stands where `(` should.
    fn no_parameters(&mut self) {
        let token = self.peek();
        if matches!(token.kind, Kind::Unknown | Kind::Minus) && token.gap().is_empty() {
            let message = format!("{} cannot be a part of a name", self.describe(token));
            self.error(SchemaError::new(Code::BadName, token.span(), message));
            return;
        }
        self.unexpected(Code::UnexpectedText, "`(` and the arguments");
    }

    /// Whether the text ended too early and that was reported.
    fn ended_in_a_mistake(&self) -> bool {
        self.at(Kind::End) && self.errors.iter().any(|e| e.span.end >= self.last_end())
    }

    /// Items separated by a comma and one space, up to `)`. `item` reads one and says whether it understood it.
    fn items(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) {
        loop {
            let understood = item(self).is_some();
            if understood
                && !matches!(self.peek().kind, Kind::Comma | Kind::CloseParen | Kind::Arrow | Kind::End)
            {
                self.unexpected(Code::UnexpectedText, "`,` or `)`");
            }
            self.skip_item();
            if self.eat(Kind::Comma).is_none() {
                return;
            }
            if self.at(Kind::CloseParen) || self.at(Kind::End) {
                let span = self.last_end() - 1..self.last_end();
                self.error(
                    SchemaError::new(Code::UnexpectedText, span, "a comma with nothing after it")
                        .help("remove the comma"),
                );
                self.forgive_gap();
                return;
            }
            self.spaced("after a comma");
        }
    }

    fn parameter_item(&mut self, list: &mut Parameters) -> Option<()> {
        if self.at(Kind::Star) {
            let star = self.bump();
            if list.star.is_some() {
                self.error(
                    SchemaError::new(Code::KeywordMarker, star.span(), "`*` stands twice")
                        .label("the second one")
                        .help("remove it: everything after the first `*` is keyword-only"),
                );
            }
            list.star.get_or_insert(list.arguments.len());
            return Some(());
        }
        if self.at(Kind::Ellipsis) {
            let dots = self.bump();
            self.error(
                SchemaError::new(
                    Code::UnexpectedText,
                    dots.span(),
                    "variable arguments are not part of the language",
                )
                .help("take a list instead, `Tensor[] tensors`"),
            );
            return None;
        }
        let (argument, spans) = self.parameter(list)?;
        list.arguments.push(argument);
        list.spans.push(spans);
        Some(())
    }

    /// `type name[=default]`. After `*`, the first written one opens the out arguments (Y29).
    fn parameter(&mut self, list: &mut Parameters) -> Option<(Argument, ArgumentSpans)> {
        let typed = self.ty(Place::Argument)?;
        if matches!(self.peek().kind, Kind::Comma | Kind::CloseParen | Kind::Equals | Kind::End) {
            self.nameless(typed.span);
            return None;
        }
        self.spaced("between an argument's type and its name");
        let name = self.name("an argument's name")?;
        let (mut default, mut default_span) = (None, None);
        if self.eat(Kind::Equals).is_some() {
            self.tight();
            let start = self.peek().start;
            default = Some(self.default()?);
            default_span = Some(start..self.last_end());
        }
        let keyword_only = list.star.is_some();
        let is_out = keyword_only && typed.alias.as_ref().is_some_and(|alias| alias.is_write);
        self.out_order(list, is_out, name.span());
        let argument = Argument {
            name: self.slice(name).to_owned(),
            ty: typed.ty,
            alias: typed.alias,
            default,
            keyword_only,
            is_out,
        };
        let spans = ArgumentSpans {
            ty: typed.span,
            alias: typed.alias_span,
            name: name.span(),
            default: default_span,
        };
        Some((argument, spans))
    }

    fn nameless(&mut self, ty: Range<usize>) {
        let help = format!("write `{} NAME`", &self.text[ty.clone()]);
        self.error(
            SchemaError::new(Code::MissingArgumentName, ty, "the argument has no name")
                .label("a type alone")
                .help(help),
        );
    }

    /// Reports an argument after the out arguments that is none (Y29).
    fn out_order(&mut self, list: &mut Parameters, is_out: bool, name: Range<usize>) {
        if list.out_seen && !is_out {
            let message = "an argument that is not written stands after an out argument";
            self.error(
                SchemaError::new(Code::ReadAfterOut, name, message)
                    .help("move it before the first out argument, or annotate it `Tensor(a!)`"),
            );
        }
        list.out_seen |= is_out;
    }

    fn refuse_trailing_star(&mut self, list: &Parameters) {
        if list.star != Some(list.arguments.len()) || !self.errors.is_empty() {
            return;
        }
        let end = self.last_end();
        self.error(
            SchemaError::new(Code::KeywordMarker, end.saturating_sub(1)..end, "no argument stands after `*`")
                .help("remove the `*`, or put the keyword-only arguments after it"),
        );
    }

    /// ` -> returns` and the end of the text.
    fn arrow_and_returns(&mut self, spans: &mut Spans) -> Vec<Return> {
        if self.ended_in_a_mistake() {
            return Vec::new();
        }
        if !self.at(Kind::Arrow) {
            self.unexpected(Code::MissingReturns, "` -> ` and the returns").help =
                Some("write ` -> Tensor`, or ` -> ()` for nothing".to_owned());
            return Vec::new();
        }
        self.spaced("before `->`");
        self.bump();
        self.spaced("after `->`");
        let start = self.peek().start;
        let mut returns = Vec::new();
        if self.at(Kind::OpenParen) {
            self.return_list(&mut returns, &mut spans.returns);
        } else if self.at(Kind::Ellipsis) {
            self.unexpected(Code::BadReturns, "a type or `(`");
            self.bump();
        } else {
            self.return_item(&mut returns, &mut spans.returns);
        }
        spans.all_returns = start..self.last_end().max(start);
        self.end_of_schema();
        returns
    }

    fn return_list(&mut self, returns: &mut Vec<Return>, spans: &mut Vec<ReturnSpans>) {
        let open = self.bump();
        self.tight();
        if self.at(Kind::CloseParen) {
            self.bump();
            return;
        }
        let clean = self.errors.len();
        self.items(|parser| parser.return_item(returns, spans));
        if self.eat(Kind::CloseParen).is_none() {
            self.unexpected(Code::BadReturns, "`,` or `)`");
        } else if let ([only], true) = (returns.as_slice(), clean == self.errors.len()) {
            let span = open.start..self.last_end();
            self.error(
                SchemaError::new(Code::BadReturns, span, "a single return has no parentheses")
                    .help(format!("write `{only}`")),
            );
        }
    }

    /// `type [name]`.
    fn return_item(&mut self, returns: &mut Vec<Return>, spans: &mut Vec<ReturnSpans>) -> Option<()> {
        if self.at(Kind::OpenParen) {
            self.unexpected(Code::BadReturns, "a type").help =
                Some("returns are not nested; list them in one pair of parentheses".to_owned());
            return None;
        }
        let typed = self.ty(Place::Return)?;
        let mut name = None;
        if !matches!(self.peek().kind, Kind::Comma | Kind::CloseParen | Kind::End) {
            self.spaced("between a return's type and its name");
            name = Some(self.name("a return's name")?);
        }
        if self.at(Kind::Equals) {
            let start = self.bump().start;
            self.skip_item();
            let span = start..self.last_end();
            self.error(SchemaError::new(Code::BadReturns, span, "a return has no default").help("remove it"));
        }
        returns.push(Return {
            name: name.map(|n| self.slice(n).to_owned()),
            ty: typed.ty,
            alias: typed.alias,
        });
        spans.push(ReturnSpans { ty: typed.span, alias: typed.alias_span, name: name.map(|n| n.span()) });
        Some(())
    }

    fn end_of_schema(&mut self) {
        let token = self.peek();
        if token.kind == Kind::End {
            return self.tight();
        }
        if !self.errors.is_empty() {
            return; // What is left over is what an earlier mistake left unread.
        }
        let span = token.start..self.text.trim_end().len();
        self.error(
            SchemaError::new(Code::UnexpectedText, span, "the schema ends here, but text follows")
                .label("unexpected")
                .help("several returns stand in parentheses: `(Tensor, Tensor)`"),
        );
    }
}
