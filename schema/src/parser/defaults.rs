//! Default values: numbers, strings, lists, words (Y51 to Y57).
//!
//! Only the form is decided here; whether a value fits its argument's type is a rule of `check`.

use super::Parser;
use super::lexer::{Kind, Token};
use crate::codes::Code;
use crate::error::SchemaError;
use crate::model::Default;
use crate::suggest::nearest;
use crate::words;

/// Words that stand for a value, beside the dtypes.
const WORDS: [&str; 6] = ["None", "True", "False", "Mean", "contiguous_format", "strided"];

impl Parser<'_> {
    /// A default value. `None` if it was not understood.
    pub(super) fn default(&mut self) -> Option<Default> {
        match self.peek().kind {
            Kind::OpenBracket => self.list(),
            Kind::Str | Kind::UnclosedStr => self.string(),
            _ => self.atom(),
        }
    }

    /// `[a,b]`: no space after the comma (Y25).
    fn list(&mut self) -> Option<Default> {
        self.bump();
        let mut items = Vec::new();
        self.tight();
        while !self.at(Kind::CloseBracket) {
            items.push(self.atom()?);
            if self.eat(Kind::Comma).is_some() {
                self.tight();
                if self.at(Kind::CloseBracket) {
                    self.unexpected(Code::BadDefault, "a value");
                    return None;
                }
            } else if !self.at(Kind::CloseBracket) {
                self.unexpected(Code::BadDefault, "`,` or `]`");
                return None;
            }
        }
        self.eat(Kind::CloseBracket)?;
        Some(Default::List(items))
    }

    /// A number or a word.
    fn atom(&mut self) -> Option<Default> {
        let token = self.peek();
        match token.kind {
            Kind::Number | Kind::Minus => self.number(),
            Kind::Ident => {
                self.bump();
                self.word(token)
            }
            Kind::Dot => {
                self.unexpected(Code::BadNumber, "a value").help =
                    Some("a number starts with a digit: write `0.5`, not `.5`".to_owned());
                None
            }
            Kind::Unknown if self.slice(token) == "+" => {
                self.unexpected(Code::BadNumber, "a value").help =
                    Some("write the number without `+`".to_owned());
                None
            }
            _ => {
                self.unexpected(Code::BadDefault, "a default value");
                None
            }
        }
    }

    fn word(&mut self, token: Token) -> Option<Default> {
        match self.slice(token) {
            "None" => Some(Default::None),
            "True" => Some(Default::Bool(true)),
            "False" => Some(Default::Bool(false)),
            word if WORDS.contains(&word) || words::dtype(word).is_some() => {
                Some(Default::Symbol(word.to_owned()))
            }
            word => {
                let mut error = SchemaError::new(
                    Code::UnknownWord,
                    token.span(),
                    format!("`{word}` is not a default value"),
                );
                error.help = instead_of(word);
                self.error(error);
                None
            }
        }
    }

    fn number(&mut self) -> Option<Default> {
        let start = self.peek().start;
        if self.eat(Kind::Minus).is_some() {
            self.tight();
            if !self.at(Kind::Number) {
                self.unexpected(Code::BadNumber, "a number after `-`");
                return None;
            }
        }
        let end = self.bump().end;
        let text = &self.text[start..end];
        match read_number(text) {
            Ok(value) => Some(value),
            Err(help) => {
                self.error(
                    SchemaError::new(Code::BadNumber, start..end, format!("`{text}` is not a number"))
                        .help(help),
                );
                None
            }
        }
    }

    fn string(&mut self) -> Option<Default> {
        let token = self.bump();
        let text = self.slice(token);
        let problem =
            |message: &str, help: &str| SchemaError::new(Code::BadString, token.span(), message).help(help);
        if token.kind == Kind::UnclosedStr {
            let quote = &text[..1];
            self.error(problem("the string is not closed", &format!("end it with {quote}")));
            return None;
        }
        if text.contains('=') || text.contains(", ") {
            self.error(problem(
                "a string default contains neither `=` nor a comma with a space",
                "other readers of schemas split there; choose another value or make it optional",
            ));
        }
        match unescape(&text[1..text.len() - 1]) {
            Ok(value) => Some(Default::Str { value, text: text.to_owned() }),
            Err(escape) => {
                self.error(problem(
                    &format!("`{escape}` is not an escape"),
                    r"escapes are \\ \' \x22 \a \b \f \n \v \t and three octal digits"
                        .replace(r"\x22", "\\\"")
                        .as_str(),
                ));
                None
            }
        }
    }
}

/// A number of the portable dialect that prints as it was written, or what to do about it (Y9, Y56, Y279).
fn read_number(text: &str) -> Result<Default, &'static str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    if whole == digits.len() {
        if (whole > 1 && digits.starts_with('0')) || text == "-0" {
            return Err("write it without leading zeros, and zero as `0`");
        }
        return text.parse().map(Default::Int).map_err(|_| "whole numbers fit 64 bits: -2^63 to 2^63-1");
    }
    if !is_decimal(&digits[whole..]) {
        return Err("numbers are decimal: digits, optionally `.` and digits, optionally `e` and an exponent");
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Default::Float { value, text: text.to_owned() }),
        _ => Err("the number does not fit a 64-bit float"),
    }
}

/// `[.[digits]][e[+-]digits]`, not empty.
fn is_decimal(rest: &str) -> bool {
    let rest = rest.strip_prefix('.').map_or(rest, |r| r.trim_start_matches(|c: char| c.is_ascii_digit()));
    let Some(exponent) = rest.strip_prefix('e') else {
        return rest.is_empty();
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The value of what stands between the quotes (Y57), or the escape that is none.
fn unescape(inner: &str) -> Result<String, String> {
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some(c @ ('\\' | '\'' | '"')) => value.push(c),
            Some('a') => value.push('\u{7}'),
            Some('b') => value.push('\u{8}'),
            Some('f') => value.push('\u{c}'),
            Some('n') => value.push('\n'),
            Some('v') => value.push('\u{b}'),
            Some('t') => value.push('\t'),
            Some(first @ '0'..='3') => value.push(octal(first, &mut chars)?),
            Some(other) => return Err(format!("\\{other}")),
            None => return Err("\\".to_owned()),
        }
    }
    Ok(value)
}

fn octal(first: char, rest: &mut std::str::Chars<'_>) -> Result<char, String> {
    let mut code = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        let digit = rest.next().and_then(|c| c.to_digit(8)).ok_or_else(|| format!("\\{first}"))?;
        code = code * 8 + digit;
    }
    char::from_u32(code).ok_or_else(|| format!("\\{first}"))
}

fn instead_of(word: &str) -> Option<String> {
    let write = match word {
        "true" => "True",
        "false" => "False",
        "none" | "null" | "nil" | "nullopt" => "None",
        "Sum" => return Some("of the reductions only `Mean` is a word; write `2`".to_owned()),
        "inf" | "nan" | "infinity" => {
            return Some("infinities cannot be defaults; make the argument optional".to_owned());
        }
        "channels_last" | "preserve_format" => {
            return Some(
                "of the memory formats only `contiguous_format` is a default; make the argument optional"
                    .to_owned(),
            );
        }
        _ => nearest(word, WORDS.into_iter().chain(words::DTYPES.iter().map(|d| d.0)))?,
    };
    Some(format!("write `{write}`"))
}
