//! Mistakes in an operator list: collecting them, and showing them to people.
//!
//! Phases report to a [`Sink`]; the sink must be checked, which yields either "no mistakes" or [`Diagnostics`]. Nothing
//! here knows what the mistakes are about.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use keyway_schema::{Code, SchemaError};

use crate::source::Source;

/// One mistake and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, in bytes of the source's text.
    pub span: Range<usize>,
    /// A few words to stand under the place; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that matter, with a few words each.
    pub related: Vec<(Range<usize>, String)>,
}

impl Diagnostic {
    /// A mistake without label, help and other places.
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            message: message.into(),
            span,
            label: String::new(),
            help: None,
            related: Vec::new(),
        }
    }

    /// Adds the words under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }

    /// A mistake in a schema, with its place given in bytes of the source.
    pub(crate) fn from_schema(error: SchemaError, span: Range<usize>) -> Self {
        Diagnostic {
            code: error.code,
            message: error.message,
            span,
            label: error.label,
            help: error.help,
            related: Vec::new(),
        }
    }
}

/// Where phases report to. Shared by reference; [`Sink::check`] consumes it.
///
/// A sink that is dropped unchecked would swallow mistakes, so in debug builds that panics.
#[derive(Debug)]
pub struct Sink {
    reports: RefCell<Option<Vec<Diagnostic>>>,
}

impl Sink {
    /// An empty sink.
    #[expect(clippy::new_without_default, reason = "a sink must be checked, so it is made on purpose")]
    pub fn new() -> Self {
        Sink { reports: RefCell::new(Some(Vec::new())) }
    }

    /// Takes a report.
    pub fn report(&self, diagnostic: Diagnostic) {
        if let Some(reports) = self.reports.borrow_mut().as_mut() {
            reports.push(diagnostic);
        }
    }

    /// Whether nothing was reported so far.
    pub fn is_empty(&self) -> bool {
        self.reports.borrow().as_ref().is_none_or(Vec::is_empty)
    }

    /// Ends the collecting.
    ///
    /// # Errors
    ///
    /// All reports, sorted by place, if there are any.
    pub fn check(self, source: &Source) -> Result<(), Diagnostics> {
        let reports = self.reports.borrow_mut().take().unwrap_or_default();
        if reports.is_empty() { Ok(()) } else { Err(Diagnostics::new(source.clone(), reports)) }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.reports.borrow().is_some() && !std::thread::panicking() {
            debug_assert!(false, "a diagnostics sink was dropped without being checked");
        }
    }
}

/// How to show mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rendering {
    /// With the lines of the source, without colour.
    Plain,
    /// With the lines of the source, in the colours of a terminal.
    Coloured,
}

/// All mistakes of a source, sorted by place. Never empty.
#[derive(Clone)]
pub struct Diagnostics {
    source: Source,
    reports: Vec<Diagnostic>,
}

impl Diagnostics {
    pub(crate) fn new(source: Source, mut reports: Vec<Diagnostic>) -> Self {
        reports.sort_by(|a, b| {
            (a.span.start, a.span.end, a.code, &a.message).cmp(&(
                b.span.start,
                b.span.end,
                b.code,
                &b.message,
            ))
        });
        reports.dedup();
        Diagnostics { source, reports }
    }

    /// A single mistake of a file as a whole.
    pub(crate) fn of_file(name: &str, code: Code, message: String) -> Self {
        let report = Diagnostic::new(code, 0..0, message).help(code.hint());
        Diagnostics::new(Source::new(name, ""), vec![report])
    }

    /// The mistakes, by place.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.reports.iter()
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.reports.len()
    }

    /// What they are about.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// One line for each mistake: `file:line:column: error[KW0012]: ...; help: ...`.
    pub fn lines(&self) -> Vec<String> {
        self.reports.iter().map(|report| self.line(report)).collect()
    }

    fn line(&self, report: &Diagnostic) -> String {
        let place = self.source.place(report.span.start);
        let mut line = format!(
            "{}:{}:{}: error[{}]: {}",
            self.source.name(),
            place.line,
            place.column,
            report.code,
            report.message
        );
        if let Some(help) = &report.help {
            line.push_str("; help: ");
            line.push_str(help);
        }
        line
    }

    /// All mistakes with the lines they are about, as rustc shows its own.
    pub fn render(&self, rendering: Rendering) -> String {
        let renderer = match rendering {
            Rendering::Plain => Renderer::plain(),
            Rendering::Coloured => Renderer::styled(),
        };
        let rendered: Vec<String> = self.reports.iter().map(|report| self.one(report, &renderer)).collect();
        rendered.join("\n\n")
    }

    fn one(&self, report: &Diagnostic, renderer: &Renderer) -> String {
        let code = report.code.to_string();
        let title = Level::ERROR.primary_title(report.message.as_str()).id(code);
        let mut group = if self.source.text().is_empty() {
            Group::with_title(title).element(Origin::path(self.source.name()))
        } else {
            title.element(self.snippet(report))
        };
        if let Some(help) = &report.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    /// The lines from the first place to the last one, not the whole text: rendering reads all it is given.
    fn snippet<'a>(&'a self, report: &'a Diagnostic) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let text = self.source.text();
        let spans = || std::iter::once(&report.span).chain(report.related.iter().map(|(span, _)| span));
        let spans: Vec<Range<usize>> = spans().map(|span| self.source.clamp(span)).collect();
        let first = spans.iter().map(|s| s.start).min().unwrap_or(0);
        let last = spans.iter().map(|s| s.end).max().unwrap_or(0);
        let start = text[..first].rfind('\n').map_or(0, |i| i + 1);
        let end = text[last..].find('\n').map_or(text.len(), |i| last + i);
        let local = |span: &Range<usize>| span.start - start..span.end - start;
        let mut primary = AnnotationKind::Primary.span(local(&spans[0]));
        if !report.label.is_empty() {
            primary = primary.label(report.label.as_str());
        }
        let mut snippet = Snippet::source(&text[start..end])
            .path(self.source.name())
            .line_start(self.source.place(start).line)
            .annotation(primary);
        for (span, (_, words)) in spans[1..].iter().zip(&report.related) {
            snippet = snippet.annotation(AnnotationKind::Context.span(local(span)).label(words.as_str()));
        }
        snippet
    }
}

impl fmt::Display for Diagnostics {
    /// The plain rendering and a last line with the count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.len() == 1 { "" } else { "s" };
        write!(
            f,
            "{}\n\nerror: {} mistake{plural} in {}",
            self.render(Rendering::Plain),
            self.len(),
            self.source.name()
        )
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines()).finish()
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_come_sorted_and_once() {
        let source = Source::new("x.yaml", "ab\ncd\n");
        let sink = Sink::new();
        sink.report(Diagnostic::new(Code::UnknownTag, 3..4, "second").help("do"));
        sink.report(Diagnostic::new(Code::UnknownTag, 0..1, "first"));
        sink.report(Diagnostic::new(Code::UnknownTag, 0..1, "first"));
        let lines = sink.check(&source).unwrap_err().lines();
        assert_eq!(
            lines,
            ["x.yaml:1:1: error[KW0311]: first", "x.yaml:2:1: error[KW0311]: second; help: do"]
        );
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "without being checked")]
    fn dropping_a_sink_unchecked_panics() {
        drop(Sink::new());
    }

    #[test]
    fn places_outside_the_text_are_shown_at_its_end() {
        let source = Source::new("x.yaml", "é");
        let report = Diagnostic::new(Code::UnknownTag, 1..900, "m").related(700..800, "there");
        let rendered = Diagnostics::new(source, vec![report]).render(Rendering::Plain);
        assert!(rendered.contains("x.yaml:1:"), "{rendered}");
    }
}
