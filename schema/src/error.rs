//! What the parser and the checks report: a code, a place in the text, what is wrong and what to write.

use std::fmt;
use std::ops::Range;

use crate::codes::Code;

/// One mistake in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// Which kind of mistake.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, in bytes of the text that was parsed. Always inside it and on character boundaries.
    pub span: Range<usize>,
    /// A few words to stand under the place; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl SchemaError {
    /// A mistake without label and help.
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        SchemaError { code, message: message.into(), span, label: String::new(), help: None }
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
}

impl fmt::Display for SchemaError {
    /// `[KW0006] unknown type `double` (at byte 4); help: write `float``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {} (at byte {})", self.code, self.message, self.span.start)?;
        match &self.help {
            Some(help) => write!(f, "; help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SchemaError {}

/// All mistakes of one text, as an error value. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaErrors(pub Vec<SchemaError>);

impl fmt::Display for SchemaErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaErrors {}
