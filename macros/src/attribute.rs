//! What stands in the parentheses of `#[kernel(...)]` and `#[fallback(...)]`.

use keyway_schema::keys::{self, Key};
use keyway_schema::{Code, OperatorName, parse_name, suggest};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, LitStr, Path, Result, Token};

use crate::mistake;

/// `"aten::add.Tensor", CPU, CUDA, boxed`.
pub(crate) struct KernelAttribute {
    pub(crate) operator: OperatorName,
    pub(crate) operator_span: Span,
    pub(crate) keys: Vec<KeyName>,
    /// The word `boxed`, if it is there.
    pub(crate) boxed: Option<Span>,
    /// The word `structured`, if it is there.
    pub(crate) structured: Option<Span>,
    /// What makes the tensors that a structured kernel fills: `allocate = path`.
    pub(crate) allocate: Option<Path>,
    /// What the functional form of a structured kernel asks first: `shortcut = path`.
    pub(crate) shortcut: Option<Path>,
    /// The word `in_place`, if it is there: a structured kernel's result may go where it reads from.
    pub(crate) in_place: Option<Span>,
    /// Whether the word `overriding` is there.
    pub(crate) overriding: bool,
}

/// `"aten::add.out"`, the operator of a shape function.
pub(crate) struct StructuredAttribute {
    pub(crate) operator: OperatorName,
    pub(crate) operator_span: Span,
}

/// `Tracer, Python`.
pub(crate) struct FallbackAttribute {
    pub(crate) keys: Vec<KeyName>,
}

/// A key that something can be registered at: a built-in one by its name, one added at run time in quotes.
pub(crate) enum KeyName {
    Runtime(Ident),
    Alias(Ident),
    Added(LitStr),
}

impl Parse for KeyName {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(KeyName::Added);
        }
        KeyName::of(input.parse()?)
    }
}

/// The words after the operator's name.
enum Word {
    Key(Result<KeyName>),
    Boxed(Span),
    Structured(Span),
    Overriding(Span),
    InPlace(Span),
    Allocate(Path),
    Shortcut(Path),
}

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(syn::Ident) {
            let word: Ident = input.fork().parse()?;
            match word.to_string().as_str() {
                "boxed" => return Ok(Word::Boxed(input.parse::<Ident>()?.span())),
                "structured" => return Ok(Word::Structured(input.parse::<Ident>()?.span())),
                "overriding" => return Ok(Word::Overriding(input.parse::<Ident>()?.span())),
                "in_place" => return Ok(Word::InPlace(input.parse::<Ident>()?.span())),
                "allocate" => return named_path(input).map(Word::Allocate),
                "shortcut" => return named_path(input).map(Word::Shortcut),
                _ => {}
            }
        }
        // An unknown key is kept, so that all of them are reported.
        Ok(Word::Key(input.parse()))
    }
}

/// The path after a word and `=`.
fn named_path(input: ParseStream<'_>) -> Result<Path> {
    input.parse::<Ident>()?;
    input.parse::<Token![=]>()?;
    input.parse()
}

impl KeyName {
    fn of(name: Ident) -> Result<KeyName> {
        let text = name.to_string();
        let refuse = |code, why: String| Err(mistake::at(code, name.span(), why));
        match keys::parse(&text) {
            Some(Key::Alias { .. }) => Ok(KeyName::Alias(name)),
            Some(Key::Plain { .. } | Key::PerBackend { .. }) => Ok(KeyName::Runtime(name)),
            Some(Key::BuildingBlock { .. }) => refuse(
                Code::NoRegistrationKey,
                format!("`{text}` is a building block of key sets: name a backend's key, such as `CPU`"),
            ),
            Some(Key::Undefined) => refuse(
                Code::NoRegistrationKey,
                "`Undefined` is the absence of a key: use `CompositeExplicitAutograd`".to_owned(),
            ),
            None => {
                let known = keys::registrable_names();
                match suggest::nearest(&text, known.iter().map(String::as_str)) {
                    Some(near) => refuse(
                        Code::UnknownKey,
                        format!("there is no dispatch key `{text}`; did you mean `{near}`?"),
                    ),
                    None => refuse(
                        Code::UnknownKey,
                        format!("there is no dispatch key `{text}`; one added at run time stands in quotes"),
                    ),
                }
            }
        }
    }

    /// The key's name as it is written.
    pub(crate) fn name(&self) -> String {
        match self {
            KeyName::Alias(name) | KeyName::Runtime(name) => name.to_string(),
            KeyName::Added(name) => name.value(),
        }
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        match self {
            KeyName::Alias(name) | KeyName::Runtime(name) => name.span(),
            KeyName::Added(name) => name.span(),
        }
    }

    /// The key as an expression of type `RegistrationKey`, or the name of one added at run time.
    pub(crate) fn expression(&self) -> std::result::Result<TokenStream, &LitStr> {
        match self {
            KeyName::Alias(name) => {
                Ok(quote_spanned!(name.span()=> ::keyway::RegistrationKey::Alias(::keyway::AliasKey::#name)))
            }
            KeyName::Runtime(name) => Ok(
                quote_spanned!(name.span()=> ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::#name)),
            ),
            KeyName::Added(name) => Err(name),
        }
    }
}

impl Parse for KernelAttribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let example = "#[kernel(\"aten::add.Tensor\", CPU)]";
        if !input.peek(LitStr) {
            let message = format!("the operator's full name comes first, in quotes: {example}");
            return Err(mistake::at(Code::BadAttribute, input.span(), message));
        }
        let literal: LitStr = input.parse()?;
        let operator = operator_name(&literal)?;
        let mut attribute = KernelAttribute {
            operator,
            operator_span: literal.span(),
            keys: Vec::new(),
            boxed: None,
            structured: None,
            allocate: None,
            shortcut: None,
            in_place: None,
            overriding: false,
        };
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut errors = Errors::default();
        for word in Punctuated::<Word, Token![,]>::parse_terminated(input)? {
            match word {
                Word::Boxed(span) => attribute.boxed = Some(span),
                Word::Structured(span) => attribute.structured = Some(span),
                Word::Allocate(path) => attribute.allocate = Some(path),
                Word::Shortcut(path) => attribute.shortcut = Some(path),
                Word::Overriding(_) => attribute.overriding = true,
                Word::InPlace(span) => attribute.in_place = Some(span),
                Word::Key(key) => attribute.keys.extend(errors.take(key)),
            }
        }
        errors.finish()?;
        attribute.check_structured()?;
        if attribute.keys.is_empty() {
            let message = format!("name the key to register at: {example}");
            return Err(mistake::at(Code::BadAttribute, literal.span(), message));
        }
        attribute.check_keys()?;
        Ok(attribute)
    }
}

impl KernelAttribute {
    /// A structured kernel is typed, and only it has tensors to make and to fill.
    fn check_structured(&self) -> Result<()> {
        let refuse = |span, message: &str| Err(mistake::at(Code::BadAttribute, span, message));
        if let (None, Some(path)) = (self.structured, &self.shortcut) {
            return refuse(path.span(), "only a structured kernel has forms to shorten: add `structured`");
        }
        match (self.structured, self.boxed, &self.allocate, self.in_place) {
            (Some(_), Some(boxed), ..) => {
                refuse(boxed, "a structured kernel is typed: leave one of the two words out")
            }
            (None, _, Some(path), _) => {
                refuse(path.span(), "only a structured kernel has tensors to make: add `structured`")
            }
            (None, _, _, Some(span)) => {
                refuse(span, "only a structured kernel is given what it fills: add `structured`")
            }
            _ => Ok(()),
        }
    }

    /// A key stands once.
    fn check_keys(&self) -> Result<()> {
        let mut errors = Errors::default();
        for (i, key) in self.keys.iter().enumerate() {
            if self.keys[..i].iter().any(|before| before.name() == key.name()) {
                let message = format!("`{}` stands twice: one operator has one kernel for a key", key.name());
                errors.take(Err::<(), _>(mistake::at(Code::KernelTwice, key.span(), message)));
            }
        }
        errors.finish()
    }
}

impl Parse for StructuredAttribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(LitStr) {
            let message = "name the out operator, in quotes: #[structured(\"aten::add.out\")]";
            return Err(mistake::at(Code::BadAttribute, input.span(), message));
        }
        let literal: LitStr = input.parse()?;
        if !input.is_empty() {
            let message = "nothing else belongs here: the shape function serves every backend";
            return Err(mistake::at(Code::BadAttribute, input.span(), message));
        }
        Ok(StructuredAttribute { operator: operator_name(&literal)?, operator_span: literal.span() })
    }
}

fn operator_name(literal: &LitStr) -> Result<OperatorName> {
    let text = literal.value();
    let name = parse_name(&text).map_err(|errors| {
        mistake::at(
            Code::BadAttribute,
            literal.span(),
            format!("`{text}` is not an operator's name: {errors}"),
        )
    })?;
    match name.namespace {
        Some(_) => Ok(name),
        None => {
            let message = format!("the operator's namespace is missing: write \"aten::{text}\" or your own");
            Err(mistake::at(Code::NamespaceMissing, literal.span(), message))
        }
    }
}

impl Parse for FallbackAttribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            let message = "name the key it is the fallback of: #[fallback(Tracer)]";
            return Err(mistake::at(Code::BadAttribute, input.span(), message));
        }
        let mut errors = Errors::default();
        let words = Punctuated::<Word, Token![,]>::parse_terminated(input)?;
        let refuse = |span, message: &str| Err(mistake::at(Code::BadAttribute, span, message));
        let key = |word| match word {
            Word::Key(key) => key,
            Word::Boxed(span) => refuse(span, "a fallback is always boxed: leave the word out"),
            Word::Structured(span) => refuse(span, "a fallback is boxed and cannot be structured"),
            Word::Allocate(path) => refuse(path.span(), "a fallback makes no tensors"),
            Word::Shortcut(path) => refuse(path.span(), "a fallback has no forms to shorten"),
            Word::Overriding(span) => refuse(span, "a fallback overrides none: leave the word out"),
            Word::InPlace(span) => {
                refuse(span, "a fallback is boxed and fills no tensors: leave the word out")
            }
        };
        let keys = words.into_iter().filter_map(|word| errors.take(key(word))).collect();
        errors.finish()?;
        Ok(FallbackAttribute { keys })
    }
}

/// Errors joined into one, so that all of them are reported.
#[derive(Default)]
struct Errors(Option<Error>);

impl Errors {
    fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        match (result, &mut self.0) {
            (Ok(value), _) => Some(value),
            (Err(error), Some(held)) => {
                held.combine(error);
                None
            }
            (Err(error), held @ None) => {
                *held = Some(error);
                None
            }
        }
    }

    fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
