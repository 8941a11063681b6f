//! Text to tokens. Never fails: what it does not know becomes a token of its own.
//!
//! Whitespace is not a token; each token knows where the whitespace before it starts, so the parser can insist on the
//! one right amount without being derailed by another.

use std::ops::Range;

/// What a token is. `End` stands once, last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ident,
    Number,
    Str,
    UnclosedStr,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    Comma,
    Question,
    Bang,
    Pipe,
    Star,
    Equals,
    Arrow,
    ColonColon,
    Dot,
    Ellipsis,
    Minus,
    Unknown,
    End,
}

/// A token: where it stands and where the whitespace before it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) gap_start: usize,
}

impl Token {
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    pub(super) fn gap(&self) -> Range<usize> {
        self.gap_start..self.start
    }
}

/// All tokens of a text, ending in one [`Kind::End`].
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 3 + 2);
    let mut at = 0;
    loop {
        let gap_start = at;
        at += text[at..].chars().take_while(|c| c.is_whitespace()).map(char::len_utf8).sum::<usize>();
        let rest = &text[at..];
        if rest.is_empty() {
            tokens.push(Token { kind: Kind::End, start: at, end: at, gap_start });
            return tokens;
        }
        let (kind, length) = token(rest);
        tokens.push(Token { kind, start: at, end: at + length, gap_start });
        at += length;
    }
}

/// The first token of a text that is not empty and does not start with whitespace, and its length.
fn token(rest: &str) -> (Kind, usize) {
    let bytes = rest.as_bytes();
    match bytes[0] {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => (Kind::Ident, run(bytes, is_name_byte)),
        b'0'..=b'9' => (Kind::Number, number(bytes)),
        quote @ (b'\'' | b'"') => string(rest, quote),
        b'-' if rest.starts_with("->") => (Kind::Arrow, 2),
        b':' if rest.starts_with("::") => (Kind::ColonColon, 2),
        b'.' if rest.starts_with("...") => (Kind::Ellipsis, 3),
        byte => match punctuation(byte) {
            Some(kind) => (kind, 1),
            None => (Kind::Unknown, rest.chars().next().map_or(1, char::len_utf8)),
        },
    }
}

fn punctuation(byte: u8) -> Option<Kind> {
    Some(match byte {
        b'(' => Kind::OpenParen,
        b')' => Kind::CloseParen,
        b'[' => Kind::OpenBracket,
        b']' => Kind::CloseBracket,
        b',' => Kind::Comma,
        b'?' => Kind::Question,
        b'!' => Kind::Bang,
        b'|' => Kind::Pipe,
        b'*' => Kind::Star,
        b'=' => Kind::Equals,
        b'.' => Kind::Dot,
        b'-' => Kind::Minus,
        _ => return None,
    })
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|b| belongs(**b)).count()
}

/// The length of a number with all that is stuck to it, so that `0x1F` and `1foo` are one token each.
fn number(bytes: &[u8]) -> usize {
    let mut length = run(bytes, |b| b.is_ascii_digit());
    if bytes.get(length) == Some(&b'.') {
        length += 1;
        length += run(&bytes[length..], |b| b.is_ascii_digit());
    }
    if let Some(b'e' | b'E') = bytes.get(length) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        if bytes.get(length + 1 + sign).is_some_and(u8::is_ascii_digit) {
            length += 1 + sign;
        }
    }
    length + run(&bytes[length..], is_name_byte)
}

/// A string up to its closing quote, or up to the end of the line if there is none.
fn string(rest: &str, quote: u8) -> (Kind, usize) {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b if b == quote => return (Kind::Str, at + 1),
            b'\n' => break,
            b'\\' if bytes.get(at + 1).is_some_and(|b| *b != b'\n') => at += 2,
            _ => at += 1,
        }
    }
    // An escape may have skipped the first byte of a longer character.
    let mut end = at.min(bytes.len());
    while !rest.is_char_boundary(end) {
        end += 1;
    }
    (Kind::UnclosedStr, end)
}
