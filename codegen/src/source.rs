//! A source text with its name, and where the lines in it start.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::model::Place;

/// A text that was read, and what to call it in reports. Cheap to clone.
#[derive(Clone, Default)]
pub struct Source {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    name: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Source {
    /// A text under a name, `ops.yaml` for instance. A byte-order mark at its start is dropped.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text: String = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Source { inner: Arc::new(Inner { name: name.into(), text, line_starts }) }
    }

    /// What to call it.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The line and column of a byte. A byte after the end is taken for the end.
    pub fn place(&self, byte: usize) -> Place {
        let text = self.text();
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.inner.line_starts.partition_point(|start| *start <= byte);
        let start = self.inner.line_starts[line - 1];
        Place { line, column: text[start..byte].chars().count() + 1 }
    }

    /// The span moved into the text and onto character boundaries.
    pub(crate) fn clamp(&self, span: &Range<usize>) -> Range<usize> {
        let text = self.text();
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = span.end.clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let source = Source::new("x", "\u{feff}aé\nb");
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        assert_eq!(source.place(3), Place { line: 1, column: 3 });
        assert_eq!(source.place(4), Place { line: 2, column: 1 });
        assert_eq!(source.place(999), Place { line: 2, column: 2 });
        assert_eq!(Source::new("x", "").place(0), Place { line: 1, column: 1 });
    }
}
