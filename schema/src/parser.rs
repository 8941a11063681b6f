//! Text to schema: an error-tolerant parser for the portable dialect (Y9).
//!
//! The contract: parsing never fails and never panics. It gives back what it understood, where each part stands, and
//! all mistakes, each with a place inside the text. If there are no mistakes, printing the schema gives the text back.
//!
//! `lexer` makes tokens; `frame` reads name, parameter list and returns, `types` types with their alias annotations,
//! `defaults` default values. Rules that need more than one part are not decided here but in `check`.

mod defaults;
mod frame;
mod lexer;
mod types;

use std::ops::Range;
use std::str::FromStr;

use lexer::{Kind, Token};

use crate::codes::Code;
use crate::error::{SchemaError, SchemaErrors};
use crate::model::{OperatorName, Schema};
use crate::words;

/// Where the parts of an argument stand, in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentSpans {
    /// The type with its annotation.
    pub ty: Range<usize>,
    /// What stands between the parentheses of the annotation.
    pub alias: Option<Range<usize>>,
    /// The name.
    pub name: Range<usize>,
    /// The default value, after `=`.
    pub default: Option<Range<usize>>,
}

/// Where the parts of a return stand, in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnSpans {
    /// The type with its annotation.
    pub ty: Range<usize>,
    /// What stands between the parentheses of the annotation.
    pub alias: Option<Range<usize>>,
    /// The name, if there is one.
    pub name: Option<Range<usize>>,
}

/// Where the parts of a schema stand, in bytes of the text. The lists run beside those of the [`Schema`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// Namespace, name and overload.
    pub name: Range<usize>,
    /// The namespace, if one is written.
    pub namespace: Option<Range<usize>>,
    /// The name alone.
    pub base_name: Range<usize>,
    /// The overload, if one is written.
    pub overload: Option<Range<usize>>,
    /// For each argument.
    pub arguments: Vec<ArgumentSpans>,
    /// The returns as a whole.
    pub all_returns: Range<usize>,
    /// For each return.
    pub returns: Vec<ReturnSpans>,
}

/// What became of a text: the schema as far as it was understood, and every mistake.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The schema. Parts that were not understood are missing from it; `None` if not even its name was.
    pub schema: Option<Schema>,
    /// Where the parts of `schema` stand.
    pub spans: Spans,
    /// The mistakes, by place. Empty exactly if the text is a schema.
    pub errors: Vec<SchemaError>,
}

impl Parsed {
    /// The schema if there are no mistakes.
    ///
    /// # Errors
    ///
    /// All mistakes.
    pub fn into_result(self) -> Result<Schema, SchemaErrors> {
        match self.schema {
            Some(schema) if self.errors.is_empty() => Ok(schema),
            _ => Err(SchemaErrors(self.errors)),
        }
    }
}

/// Parses a schema and checks its rules.
///
/// ```
/// let parsed = keyway_schema::parse("add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor");
/// let schema = parsed.into_result().unwrap();
/// assert_eq!(schema.name.overload, "Tensor");
///
/// let parsed = keyway_schema::parse("scale(Tensor self, double by) -> Tensor");
/// assert_eq!(parsed.errors[0].help.as_deref(), Some("write `float`"));
/// assert_eq!(parsed.errors[0].span, 19..25);
/// ```
pub fn parse(text: &str) -> Parsed {
    let mut parser = Parser::new(text);
    let (schema, spans) = parser.schema();
    let mut errors = parser.errors;
    if let Some(schema) = &schema {
        crate::check::check(schema, &spans, errors.is_empty(), &mut errors);
    }
    for error in &mut errors {
        error.help.get_or_insert_with(|| error.code.hint());
    }
    errors.sort_by_key(|e| (e.span.start, e.span.end, e.code));
    Parsed { schema, spans, errors }
}

/// Parses the name of an operator: `name`, `name.overload`, either with `namespace::` before it.
///
/// # Errors
///
/// All mistakes in the name.
pub fn parse_name(text: &str) -> Result<OperatorName, SchemaErrors> {
    let mut parser = Parser::new(text);
    let mut spans = Spans::default();
    let name = parser.operator_name(&mut spans);
    parser.tight();
    if name.is_some() && !parser.at(Kind::End) {
        parser.unexpected(Code::BadName, "the end of the name");
    }
    let mut errors = parser.errors;
    if let Some(name) = &name {
        crate::check::check_name(name, &spans, &mut errors);
    }
    match name {
        Some(name) if errors.is_empty() => Ok(name),
        _ => Err(SchemaErrors(errors)),
    }
}

impl FromStr for Schema {
    type Err = SchemaErrors;

    fn from_str(text: &str) -> Result<Self, SchemaErrors> {
        parse(text).into_result()
    }
}

impl FromStr for OperatorName {
    type Err = SchemaErrors;

    fn from_str(text: &str) -> Result<Self, SchemaErrors> {
        parse_name(text)
    }
}

/// The state of a parse: the tokens, how far it is, and what was wrong so far.
struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    next: usize,
    errors: Vec<SchemaError>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Parser { text, tokens: lexer::tokens(text), next: 0, errors: Vec::new() }
    }

    /// The token that comes next; `End` again and again at the end.
    fn peek(&self) -> Token {
        self.tokens[self.next]
    }

    fn at(&self, kind: Kind) -> bool {
        self.peek().kind == kind
    }

    /// Takes the next token.
    fn bump(&mut self) -> Token {
        let token = self.peek();
        if token.kind != Kind::End {
            self.next += 1;
        }
        token
    }

    /// Takes the next token if it is of this kind and nothing stands before it.
    fn eat(&mut self, kind: Kind) -> Option<Token> {
        if !self.at(kind) {
            return None;
        }
        self.tight();
        Some(self.bump())
    }

    /// Forgives the whitespace before the next token, when it was reported as part of something else.
    fn forgive_gap(&mut self) {
        let token = &mut self.tokens[self.next];
        token.gap_start = token.start;
    }

    fn slice(&self, token: Token) -> &'t str {
        &self.text[token.span()]
    }

    /// Where the last token that was taken ended.
    fn last_end(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |last| self.tokens[last].end)
    }

    fn error(&mut self, error: SchemaError) {
        self.errors.push(error);
    }

    /// Reports whitespace before the next token.
    fn tight(&mut self) {
        let token = self.peek();
        if token.gap().is_empty() {
            return;
        }
        let before = if token.kind == Kind::End {
            "at the end".to_owned()
        } else {
            format!("before {}", self.describe(token))
        };
        self.error(
            SchemaError::new(Code::Whitespace, token.gap(), format!("no space is allowed {before}"))
                .label("whitespace")
                .help("remove it"),
        );
    }

    /// Reports anything but one space before the next token.
    fn spaced(&mut self, between: &str) {
        let token = self.peek();
        let gap = &self.text[token.gap()];
        if gap == " " {
            return;
        }
        let message = format!("exactly one space is needed {between}");
        let (span, help) = match gap {
            "" => (token.span(), "put a space before it"),
            _ => (token.gap(), "write one space"),
        };
        self.error(SchemaError::new(Code::Whitespace, span, message).help(help));
    }

    /// What a token is called in messages.
    fn describe(&self, token: Token) -> String {
        match token.kind {
            Kind::End => "the end of the schema".to_owned(),
            Kind::UnclosedStr => "a string without its closing quote".to_owned(),
            _ => format!("`{}`", self.slice(token)),
        }
    }

    /// Reports the next token as not the expected one. Returns the report for additions.
    fn unexpected(&mut self, code: Code, expected: &str) -> &mut SchemaError {
        let token = self.peek();
        let message = format!("expected {expected}, found {}", self.describe(token));
        self.error(SchemaError::new(code, token.span(), message).label(format!("expected {expected}")));
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }

    /// Takes a name. Reports what is not one, and what is reserved (Y59).
    fn name(&mut self, what: &str) -> Option<Token> {
        if !self.at(Kind::Ident) {
            let stuck = self.at(Kind::Number);
            let error = self.unexpected(Code::BadName, what);
            if stuck {
                error.help = Some("names do not start with a digit".to_owned());
            }
            return None;
        }
        let token = self.bump();
        let word = self.slice(token);
        if words::is_reserved(word) {
            self.error(
                SchemaError::new(
                    Code::ReservedWord,
                    token.span(),
                    format!("`{word}` is reserved and cannot be {what}"),
                )
                .label("reserved word")
                .help(format!(
                    "choose another name, `{word}_{}` for instance",
                    if what.contains("argument") { "" } else { "op" }
                )),
            );
        }
        Some(token)
    }

    /// Skips to the next `,` or `)` at this level of brackets, or to the end.
    fn skip_item(&mut self) {
        let mut depth = 0usize;
        loop {
            match self.peek().kind {
                Kind::End => return,
                Kind::Comma | Kind::CloseParen | Kind::Arrow if depth == 0 => return,
                Kind::OpenParen | Kind::OpenBracket => depth += 1,
                Kind::CloseParen | Kind::CloseBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.bump();
        }
    }
}
