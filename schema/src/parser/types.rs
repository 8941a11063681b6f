//! Types and alias annotations.

use std::ops::Range;

use super::Parser;
use super::lexer::{Kind, Token};
use crate::codes::Code;
use crate::error::SchemaError;
use crate::model::{AliasAfter, AliasInfo, BaseType, Type};
use crate::suggest::nearest;
use crate::words;

/// More suffixes than any schema needs; keeps types, which nest, from nesting without bound.
const MOST_SUFFIXES: usize = 8;

/// Where a type stands: arguments may carry arrows in their annotations, returns may not (Y46).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Argument,
    Return,
}

/// A type with its annotation.
pub(super) struct Typed {
    pub(super) ty: Type,
    pub(super) alias: Option<AliasInfo>,
    pub(super) span: Range<usize>,
    pub(super) alias_span: Option<Range<usize>>,
}

/// A suffix as written.
enum Suffix {
    Optional,
    List(Option<u32>),
}

impl Parser<'_> {
    /// A base type, its annotation and its suffixes.
    pub(super) fn ty(&mut self, place: Place) -> Option<Typed> {
        let start = self.peek().start;
        let base = self.base_type()?;
        let (mut alias, mut alias_span) = (None, None);
        if self.at(Kind::OpenParen) {
            (alias, alias_span) = self.annotation(&base, place, start)?;
        }
        let ty = self.suffixes(base, alias.is_some(), start);
        if self.at(Kind::OpenParen) && self.peek().gap().is_empty() {
            self.misplaced_annotation(&ty);
            return None;
        }
        Some(Typed { ty, alias, span: start..self.last_end(), alias_span })
    }

    fn base_type(&mut self) -> Option<Type> {
        if !self.at(Kind::Ident) {
            self.unexpected(Code::UnknownType, "a type");
            return None;
        }
        let token = self.bump();
        let word = self.slice(token);
        if word == "__torch__" {
            return self.class_type(token);
        }
        match words::base_type(word) {
            Some(base) => Some(Type::Base(base)),
            None => {
                self.unknown_type(token);
                None
            }
        }
    }

    fn unknown_type(&mut self, token: Token) {
        let word = self.slice(token);
        let mut error = SchemaError::new(Code::UnknownType, token.span(), format!("unknown type `{word}`"))
            .label("not a type");
        error.help = instead_of(word);
        self.error(error);
    }

    /// `__torch__.torch.classes.NAMESPACE.NAME`, after its first word.
    fn class_type(&mut self, first: Token) -> Option<Type> {
        let mut words: Vec<String> = Vec::with_capacity(4);
        while words.len() < 4 && self.eat(Kind::Dot).is_some() {
            self.tight();
            let token = self.name("a part of a class's name")?;
            words.push(self.slice(token).to_owned());
        }
        match <[String; 4]>::try_from(words) {
            Ok([torch, classes, namespace, name]) if torch == "torch" && classes == "classes" => {
                Some(Type::Class { namespace, name })
            }
            _ => {
                let span = first.start..self.last_end();
                self.error(
                    SchemaError::new(Code::UnknownType, span, "a malformed class type")
                        .help("write `__torch__.torch.classes.NAMESPACE.NAME`"),
                );
                None
            }
        }
    }

    /// Suffixes, from left to right (Y38). Reports impossible ones and leaves them out.
    fn suffixes(&mut self, base: Type, annotated: bool, start: usize) -> Type {
        let mut ty = base;
        let mut count = 0;
        let mut sized = false;
        while let Some((suffix, span)) = self.suffix() {
            count += 1;
            let repeated = matches!((&suffix, &ty), (Suffix::Optional, Type::Optional(_)));
            let problem = if repeated {
                Some(("`?` stands twice", "write one `?`"))
            } else if sized && !matches!((&suffix, &ty), (Suffix::Optional, Type::List(..))) {
                Some((
                    "only one `?` may follow a sized list",
                    "leave the size out, `[]`, or remove what follows",
                ))
            } else if annotated && (count > 1 || matches!(suffix, Suffix::List(Some(_)))) {
                Some(("an annotated tensor takes one `?` or one `[]`", "write `Tensor(a)?` or `Tensor(a)[]`"))
            } else if count > MOST_SUFFIXES {
                Some(("too many suffixes", "no type needs more than two"))
            } else {
                None
            };
            if let Some((message, help)) = problem {
                let code = if annotated { Code::AliasPlace } else { Code::BadTypeSuffix };
                let written = start..span.end;
                self.error(SchemaError::new(code, written, message).help(help));
                while self.suffix().is_some() {}
                return ty;
            }
            ty = match suffix {
                Suffix::Optional => Type::Optional(Box::new(ty)),
                Suffix::List(size) => {
                    sized = size.is_some();
                    Type::List(Box::new(ty), size)
                }
            };
        }
        ty
    }

    fn suffix(&mut self) -> Option<(Suffix, Range<usize>)> {
        if !self.peek().gap().is_empty() {
            return None;
        }
        let start = self.peek().start;
        if self.eat(Kind::Question).is_some() {
            return Some((Suffix::Optional, start..self.last_end()));
        }
        self.eat(Kind::OpenBracket)?;
        let mut size = None;
        if self.at(Kind::Number) {
            self.tight();
            let token = self.bump();
            size = self.list_size(token);
        }
        if self.eat(Kind::CloseBracket).is_none() {
            self.unexpected(Code::BadTypeSuffix, "`]`").help =
                Some("a list is `[]`, or `[3]` with a size".to_owned());
            while !matches!(self.peek().kind, Kind::CloseBracket | Kind::Comma | Kind::CloseParen | Kind::End)
            {
                self.bump();
            }
            self.eat(Kind::CloseBracket);
        }
        Some((Suffix::List(size), start..self.last_end()))
    }

    fn list_size(&mut self, token: Token) -> Option<u32> {
        let text = self.slice(token);
        let size = text.parse().ok().filter(|size| *size > 0 && !text.starts_with('0'));
        if size.is_none() {
            self.error(
                SchemaError::new(Code::BadTypeSuffix, token.span(), format!("`{text}` is not a list size"))
                    .help(
                        "a size is a whole number from 1, without leading zeros; without a size write `[]`",
                    ),
            );
        }
        size
    }

    /// `(alias)` directly after a base type. `None` if it was not understood.
    fn annotation(
        &mut self,
        base: &Type,
        place: Place,
        start: usize,
    ) -> Option<(Option<AliasInfo>, Option<Range<usize>>)> {
        if *base != Type::Base(BaseType::Tensor) {
            let word = &self.text[start..self.last_end()];
            let message = format!("`{word}` cannot carry an alias annotation");
            self.unexpected(Code::AliasPlace, "a name");
            let last = self.errors.len() - 1;
            self.errors[last].message = message;
            self.errors[last].help = Some("only tensors share memory: `Tensor(a)`".to_owned());
            return None;
        }
        self.tight();
        self.bump();
        self.tight();
        let inner = self.peek().start;
        let alias = self.alias(place);
        let inner_end = self.last_end().max(inner);
        if alias.is_some() && !self.at(Kind::CloseParen) {
            self.bad_alias("`)` to close the annotation");
            if self.at(Kind::Ident) {
                // The name of the argument: only the parenthesis is missing.
                return Some((alias, Some(inner..inner_end)));
            }
        }
        while !matches!(self.peek().kind, Kind::CloseParen | Kind::Comma | Kind::End) {
            self.bump();
        }
        self.eat(Kind::CloseParen)?;
        Some((Some(alias?), Some(inner..inner_end)))
    }

    /// `a`, `a!`, `a|b`, each optionally with ` -> *` or ` -> b` (Y45).
    fn alias(&mut self, place: Place) -> Option<AliasInfo> {
        let start = self.peek().start;
        let before = self.alias_sets()?;
        let mut is_write = false;
        if let Some(bang) = self.eat(Kind::Bang) {
            is_write = true;
            if before.len() > 1 {
                let span = start..bang.end;
                self.error(
                    SchemaError::new(Code::BadAlias, span, "a written value is in one alias set")
                        .help("write `(a!)`"),
                );
            }
        }
        let mut after = None;
        if self.at(Kind::Arrow) {
            if place == Place::Return {
                let span = self.peek().span();
                self.error(
                    SchemaError::new(Code::AliasPlace, span, "a return's annotation has no arrow")
                        .help("say only the set it is in: `Tensor(a)`"),
                );
                return None;
            }
            after = Some(self.alias_after(before.len(), start)?);
        }
        Some(AliasInfo { before, is_write, after })
    }

    fn alias_after(&mut self, before: usize, start: usize) -> Option<AliasAfter> {
        self.spaced("before `->`");
        self.bump();
        self.spaced("after `->`");
        if self.at(Kind::Star) {
            self.bump();
            return Some(AliasAfter::Wildcard);
        }
        let sets = self.alias_sets()?;
        if before > 1 && sets.len() > 1 {
            let span = start..self.last_end();
            self.error(
                SchemaError::new(Code::BadAlias, span, "two sets before and two sets after")
                    .help("at most one side of the arrow has two letters"),
            );
        }
        Some(AliasAfter::Sets(sets))
    }

    fn alias_sets(&mut self) -> Option<Vec<char>> {
        let mut sets = vec![self.alias_letter()?];
        if self.eat(Kind::Pipe).is_some() {
            self.tight();
            sets.push(self.alias_letter()?);
        }
        if self.at(Kind::Pipe) {
            self.bad_alias("at most two letters");
            return None;
        }
        Some(sets)
    }

    fn alias_letter(&mut self) -> Option<char> {
        let token = self.peek();
        let mut chars = self.slice(token).chars();
        match (token.kind, chars.next(), chars.next()) {
            (Kind::Ident, Some(letter @ 'a'..='z'), None) => {
                self.bump();
                Some(letter)
            }
            _ => {
                self.bad_alias("one lower-case letter");
                None
            }
        }
    }

    fn bad_alias(&mut self, expected: &str) {
        self.unexpected(Code::BadAlias, expected).help =
            Some("an annotation is `(a)`, `(a!)` for a written value, `(a|b)`, or `(a -> *)`".to_owned());
    }

    /// `Tensor?(a)`, `Tensor[](a)`.
    fn misplaced_annotation(&mut self, ty: &Type) {
        let open = self.bump().start;
        self.skip_item();
        let inner_end = self.last_end();
        if self.at(Kind::CloseParen) {
            self.bump();
        }
        let mut error =
            SchemaError::new(Code::AliasPlace, open..inner_end.max(open + 1), "an annotation after a suffix");
        if ty.is_tensor_like() {
            error.help = Some("write it directly after `Tensor`: `Tensor(a)?`, `Tensor(a)[]`".to_owned());
        }
        self.error(error);
    }
}

/// What to write for a word that is a type elsewhere, or nearly one here.
fn instead_of(word: &str) -> Option<String> {
    let write = match word {
        "double" | "Float" | "float64" | "f64" | "f32" => "float",
        "int64_t" | "Int" | "Long" | "long" | "i64" => "int",
        "Bool" | "boolean" => "bool",
        "String" | "string" | "char" => "str",
        "number" | "complex" | "SymFloat" => "Scalar",
        "dtype" | "DType" => "ScalarType",
        "DimVector" => "int[]",
        "BoolTensor" | "t" | "T" => "Tensor",
        "TensorOptions" => {
            return Some(
                "write out the four arguments: `ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None`"
                    .to_owned(),
            );
        }
        "Dimname" => return Some("named dimensions are gone; use an int".to_owned()),
        "Optional" => return Some("an optional is written with `?` after its type".to_owned()),
        "List" | "Tuple" | "Dict" | "Union" => {
            return Some("of the containers there are only lists, `[]`".to_owned());
        }
        _ => nearest(word, words::BASE_TYPES.iter().map(|base| base.as_str()))?,
    };
    Some(format!("write `{write}`"))
}
