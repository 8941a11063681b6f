//! The span tree of a YAML document.

use std::borrow::Cow;
use std::ops::Range;

use keyway_schema::Code;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use crate::diagnostics::{Diagnostic, Sink};
use crate::source::Source;

/// Deeper than any operator list nests.
const DEEPEST: usize = 16;

/// More than any text of an operator list has, in bytes. The longest schema of PyTorch has 492 (Y7).
const LONGEST: usize = 64 * 1024;

/// More fields than any entry and more lines than any table has.
const WIDEST: usize = 1_000;

/// A node and the bytes it stands on.
#[derive(Debug)]
pub(crate) struct Node<'s> {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value<'s>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Value<'s> {
    /// A scalar, unescaped; `plain` says that it was written without quotes. `places` leads
    /// from its text to the source.
    Scalar { text: Cow<'s, str>, plain: bool, places: Places },
    /// A sequence.
    Sequence(Vec<Node<'s>>),
    /// A mapping, in the order of the source, with repeated keys (which were reported).
    Mapping(Vec<(Node<'s>, Node<'s>)>),
    /// Something that was reported and refused.
    Refused,
}

/// Where the bytes of a scalar's text stand in the source.
#[derive(Debug)]
pub(crate) enum Places {
    /// Letter by letter from here on.
    Verbatim(usize),
    /// Each byte, and the end, at a place of its own: there are escapes or line breaks.
    Mapped(Vec<usize>),
    /// It could not be followed.
    Unknown,
}

/// What YAML takes a plain scalar for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Null,
    Bool(bool),
    Number,
    Text,
}

impl<'s> Node<'s> {
    /// The text of a scalar.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What a scalar is; `None` for other nodes.
    pub(crate) fn class(&self) -> Option<Class> {
        match &self.value {
            Value::Scalar { text, plain: true, .. } => Some(class_of(text)),
            Value::Scalar { .. } => Some(Class::Text),
            _ => None,
        }
    }

    /// What the node is called in messages.
    pub(crate) fn kind_name(&self) -> &'static str {
        match (&self.value, self.class()) {
            (Value::Sequence(_), _) => "a list",
            (Value::Mapping(_), _) => "a mapping",
            (_, Some(Class::Null)) => "nothing",
            (_, Some(Class::Bool(_))) => "True or False",
            (_, Some(Class::Number)) => "a number",
            _ => "text",
        }
    }

    /// The bytes of the source for bytes of the scalar; all of the scalar if it is not written letter by letter.
    pub(crate) fn inside(&self, range: &Range<usize>) -> Range<usize> {
        match &self.value {
            Value::Scalar { places: Places::Verbatim(start), .. } => start + range.start..start + range.end,
            Value::Scalar { places: Places::Mapped(bytes), .. } => match bytes.get(range.start..=range.end) {
                Some([start, .., end]) => *start..*end,
                Some([only]) => *only..*only,
                _ => self.span.clone(),
            },
            _ => self.span.clone(),
        }
    }
}

/// YAML 1.2's core rules, as `serde_yaml` applies them.
fn class_of(text: &str) -> Class {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Class::Null,
        "true" | "True" | "TRUE" => Class::Bool(true),
        "false" | "False" | "FALSE" => Class::Bool(false),
        _ if is_number(text) => Class::Number,
        _ => Class::Text,
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned.as_bytes() {
        [b'0', b'x', rest @ ..] => !rest.is_empty() && rest.iter().all(u8::is_ascii_hexdigit),
        [b'0', b'o', rest @ ..] => !rest.is_empty() && rest.iter().all(|b| (b'0'..=b'7').contains(b)),
        [b'0', b'b', rest @ ..] => !rest.is_empty() && rest.iter().all(|b| matches!(b, b'0' | b'1')),
        [b'0', b'0'..=b'9', ..] => unsigned.contains('.') && unsigned.parse::<f64>().is_ok(),
        [b'0'..=b'9' | b'.', ..] => {
            unsigned.parse::<f64>().is_ok()
                || matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
        }
        _ => false,
    }
}

/// Reads the one document of a source. `None` if reading had to stop; that was reported.
pub(crate) fn read<'s>(source: &'s Source, sink: &Sink) -> Option<Node<'s>> {
    let mut reader = Reader {
        text: source.text(),
        events: Parser::new_from_str(source.text()),
        offsets: Offsets::of(source.text()),
        sink,
    };
    reader.document()
}

struct Reader<'s, 'k> {
    text: &'s str,
    events: Parser<'s, StrInput<'s>>,
    offsets: Offsets,
    sink: &'k Sink,
}

impl<'s> Reader<'s, '_> {
    fn document(&mut self) -> Option<Node<'s>> {
        let mut document = None;
        loop {
            let (event, span) = self.event()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if document.is_some() => {
                    self.report(Code::YamlFeature, span, "a second document", "keep one document in a file");
                    return None;
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.event()?;
                    document = Some(self.node(event, span, 0)?);
                }
                _ => {}
            }
        }
        if document.is_none() {
            self.report(
                Code::NotAList,
                0..0,
                "the file has no entries",
                "an entry starts with `- func: `; a list without entries is `[]`",
            );
        }
        document
    }

    fn event(&mut self) -> Option<(Event<'s>, Range<usize>)> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Some((event, self.offsets.range(span))),
            Some(Err(error)) => {
                self.syntax_error(&error);
                None
            }
            None => None,
        }
    }

    fn node(&mut self, event: Event<'s>, span: Range<usize>, depth: usize) -> Option<Node<'s>> {
        if depth > DEEPEST {
            self.report(
                Code::TooDeep,
                span,
                "nesting that is too deep",
                "an operator list nests four levels deep",
            );
            return None;
        }
        let (anchor, tagged) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor != 0 {
            self.report(Code::YamlFeature, span.clone(), "an anchor (`&`)", "write each entry out in full");
        }
        if tagged {
            self.report(
                Code::YamlFeature,
                span.clone(),
                "a tag (`!`)",
                "remove it; to make text of something, quote it",
            );
        }
        match event {
            Event::Scalar(text, ..) if text.len() > LONGEST => {
                let message = format!("a text of {} bytes", text.len());
                self.report(
                    Code::TooLarge,
                    span.start..span.start,
                    message,
                    "a text has at most 65,536 bytes",
                );
                Some(Node { span, value: Value::Refused })
            }
            Event::Scalar(text, style, ..) => Some(self.scalar(text, style, span)),
            Event::SequenceStart(..) => self.sequence(span, depth),
            Event::MappingStart(..) => self.mapping(span, depth),
            Event::Alias(_) => {
                self.report(
                    Code::YamlFeature,
                    span.clone(),
                    "an alias (`*`)",
                    "write the value out, or quote it if it is text",
                );
                Some(Node { span, value: Value::Refused })
            }
            _ => Some(Node { span, value: Value::Refused }),
        }
    }

    fn scalar(&self, text: Cow<'s, str>, style: ScalarStyle, span: Range<usize>) -> Node<'s> {
        let plain = style == ScalarStyle::Plain;
        let quote = usize::from(matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
        let start = span.start + quote;
        let places = match self.text.get(start..) {
            Some(rest) if rest.starts_with(&*text) => Places::Verbatim(start),
            Some(_) => follow(self.text, &text, start..span.end).map_or(Places::Unknown, Places::Mapped),
            None => Places::Unknown,
        };
        Node { span, value: Value::Scalar { text, plain, places } }
    }

    fn sequence(&mut self, start: Range<usize>, depth: usize) -> Option<Node<'s>> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.event()?;
            if event == Event::SequenceEnd {
                return Some(Node {
                    span: start.start..self.end(&start, &span),
                    value: Value::Sequence(items),
                });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(&mut self, start: Range<usize>, depth: usize) -> Option<Node<'s>> {
        let mut pairs: Vec<(Node<'s>, Node<'s>)> = Vec::new();
        loop {
            let (event, span) = self.event()?;
            if event == Event::MappingEnd {
                return Some(Node {
                    span: start.start..self.end(&start, &span),
                    value: Value::Mapping(pairs),
                });
            }
            if pairs.len() == WIDEST {
                self.report(Code::TooLarge, span, "a mapping of more than 1,000 fields", "split it");
                return None;
            }
            let mut key = self.node(event, span, depth + 1)?;
            let (event, span) = self.event()?;
            let mut value = self.node(event, span, depth + 1)?;
            if !self.check_key(&key, &pairs) {
                (key.value, value.value) = (Value::Refused, Value::Refused);
            }
            pairs.push((key, value));
        }
    }

    /// Block collections end where the next thing starts; that is too far for a report.
    fn end(&self, start: &Range<usize>, end: &Range<usize>) -> usize {
        let body = self.text.get(start.start..end.end).unwrap_or_default();
        start.start + body.trim_end().len()
    }

    /// Whether the key may stay.
    fn check_key(&self, key: &Node<'s>, before: &[(Node<'s>, Node<'s>)]) -> bool {
        match (key.scalar(), key.class()) {
            (Some("<<"), Some(Class::Text)) => {
                self.report(
                    Code::YamlFeature,
                    key.span.clone(),
                    "a merge key (`<<`)",
                    "write each entry out in full",
                );
                return false;
            }
            (Some(text), _) => {
                if let Some((first, _)) = before.iter().find(|(k, _)| k.scalar() == Some(text)) {
                    self.sink.report(
                        Diagnostic::new(
                            Code::DuplicateKey,
                            key.span.clone(),
                            format!("`{text}` stands twice"),
                        )
                        .label("the second one")
                        .help("keep one of the two")
                        .related(first.span.clone(), "the first one"),
                    );
                }
            }
            (None, _) => {
                self.report(
                    Code::YamlFeature,
                    key.span.clone(),
                    "a key that is not text",
                    "quote text that starts with `[`, `{`, `*` or `&`",
                );
                return false;
            }
        }
        true
    }

    fn syntax_error(&self, error: &ScanError) {
        let at = self.offsets.byte(error.marker().index()).min(self.text.len());
        let at = if error.info().contains("tab") { indenting_tab(self.text, at) } else { at };
        let line_start = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let help = syntax_help(error.info(), line);
        self.report(Code::YamlSyntax, at..at, format!("not YAML: {}", error.info()), help);
    }

    fn report(&self, code: Code, span: Range<usize>, message: impl Into<String>, help: &str) {
        let message: String = message.into();
        let message = if code == Code::YamlFeature {
            format!("{message} is not allowed in an operator list")
        } else {
            message
        };
        self.sink.report(Diagnostic::new(code, span, message).help(help));
    }
}

/// The first tab that indents a line from the one of `at` on; `at` if there is none. A scalar that goes on in the next line is
/// reported where it begins, which is not where the tab is.
fn indenting_tab(text: &str, at: usize) -> usize {
    let mut start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    for line in text[start..].split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indent].find('\t') {
            return start + tab;
        }
        start += line.len();
    }
    at
}

/// What to do about text that is not YAML.
fn syntax_help(info: &str, line: &str) -> &'static str {
    let field = line.trim_start().trim_start_matches("- ");
    if info.contains("unprintable") {
        "remove the control character"
    } else if info.contains("tab") || line.trim_start_matches(' ').starts_with('\t') {
        "indent with spaces, not with tabs"
    } else if info.contains("quoted scalar") {
        "close the quotes on the line where they are opened"
    } else if info.contains("flow") {
        "close the bracket on the line where it is opened"
    } else if field.starts_with("func") {
        "quote the schema if it contains `: ` or ` #`"
    } else {
        "check the indentation and the quotes here and in the line before"
    }
}

/// Follows a scalar's text through its spelling in the source: doubled and escaped quotes, and line breaks that read as
/// one space. Gives the place of each byte and of the end; `None` for other escapes.
fn follow(source: &str, text: &str, within: Range<usize>) -> Option<Vec<usize>> {
    let mut at = within.start;
    if source[at..].starts_with(['|', '>']) {
        at += source[at..].find('\n')?; // The header of a block says nothing.
    }
    let mut places = Vec::with_capacity(text.len() + 1);
    for wanted in text.chars() {
        let rest = source.get(at..within.end)?;
        let blank = rest.len() - rest.trim_start().len();
        let skipped = match wanted {
            _ if rest.starts_with(wanted) && !(wanted == ' ' && rest[..blank].contains('\n')) => {
                usize::from(wanted == '\'' && rest.starts_with("''"))
            }
            ' ' | '\n' if blank > 0 => blank - 1,
            '"' | '\\' if rest.starts_with('\\') => 1,
            _ if blank > 0 && rest[blank..].starts_with(wanted) => blank,
            _ => return None,
        };
        at += skipped;
        places.extend((0..wanted.len_utf8()).map(|i| at + i));
        at += wanted.len_utf8();
    }
    places.push(at);
    Some(places)
}

/// From the character counts of events to bytes.
struct Offsets {
    /// The byte of each character, and of the end; empty if all characters are one byte long.
    bytes: Vec<usize>,
}

impl Offsets {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Offsets { bytes: Vec::new() };
        }
        Offsets { bytes: text.char_indices().map(|(i, _)| i).chain([text.len()]).collect() }
    }

    fn byte(&self, character: usize) -> usize {
        match self.bytes.last() {
            None => character,
            Some(end) => *self.bytes.get(character).unwrap_or(end),
        }
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spans of all scalars that stand letter by letter, cut out of the source again.
    fn check_spans(source: &Source, node: &Node<'_>) {
        match &node.value {
            Value::Scalar { text, .. } => {
                let span = node.inside(&(0..text.len()));
                assert_eq!(source.text()[span].replace("\'\'", "\'"), **text);
            }
            Value::Sequence(items) => items.iter().for_each(|item| check_spans(source, item)),
            Value::Mapping(pairs) => pairs.iter().for_each(|(key, value)| {
                check_spans(source, key);
                check_spans(source, value);
            }),
            Value::Refused => panic!("nothing is refused here"),
        }
    }

    #[test]
    fn scalars_know_their_places() {
        let text =
            "# ö 宽\r\n- func: f(Tensor x) -> ()\r\n  'tags': [\"core\", 'it\'\'s', 宽]\r\n-   ü: {}\n";
        let source = Source::new("x", text);
        let sink = Sink::new();
        let tree = read(&source, &sink).unwrap();
        sink.check(&source).unwrap();
        check_spans(&source, &tree);
    }

    #[test]
    fn scalars_are_classed_as_yaml_does() {
        for (text, class) in [
            ("", Class::Null),
            ("~", Class::Null),
            ("True", Class::Bool(true)),
            ("FALSE", Class::Bool(false)),
            ("yes", Class::Text),
            ("12", Class::Number),
            ("-0.5e3", Class::Number),
            ("0x1F", Class::Number),
            (".inf", Class::Number),
            ("012", Class::Text),
            ("1.2.3", Class::Text),
            ("add", Class::Text),
        ] {
            assert_eq!(class_of(text), class, "{text:?}");
        }
    }

    #[test]
    fn both_readers_class_plain_scalars_alike() {
        let words = [
            "~",
            "null",
            "Null",
            "True",
            "true",
            "TRUE",
            "yes",
            "on",
            "n",
            "1",
            "-1",
            "+1",
            "1_000",
            "0x1F",
            "0o17",
            "0b1",
            "017",
            "00",
            "1.",
            ".5",
            "1e3",
            "1e",
            "-.inf",
            ".nan",
            ".NaN",
            "inf",
            "nan",
            "1:30",
            "=",
            "2020-01-01",
            "0.1.2",
            "1e1000",
            "18446744073709551616",
            "+.inf",
            "-0x1F",
            "+0x1",
            "0x",
            "-017",
            "1.5e+3",
            "+",
            "e1",
        ];
        let mut differing = Vec::new();
        for word in words {
            let source = Source::new("x", format!("- [{word}]\n"));
            let sink = Sink::new();
            let tree = read(&source, &sink).unwrap_or_else(|| panic!("{word}"));
            sink.check(&source).unwrap_or_else(|mistakes| panic!("{word}: {mistakes}"));
            differing.extend(super::super::disagreement(&source, &tree).map(|_| word));
        }
        // A number no float holds is the one difference that is known, and it is reported.
        assert_eq!(differing, ["1e1000"]);
    }
}
