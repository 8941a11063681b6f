//! Logging: each call with its shapes, calls inside others indented, errors and panics too.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use anstyle::{AnsiColor, Style};
use keyway::{Answer, Call, DispatchMode, Mode, Operator, Result};
use parking_lot::Mutex;

use crate::call_text::{arguments_text, values_text};

/// Writes each call that it is offered as a line: `aten::mm(float32[2, 3], float32[3, 4]) -> float32[2, 4]`.
///
/// Composite operators are decomposed before modes are offered calls. [`Logging::composite_mode`] is offered them as well; what
/// they consist of then stands below them, indented. [`Logging::section`] indents by hand.
///
/// ```
/// use keyway::{Tensor, with_mode};
/// use keyway_modes::Logging;
/// use keyway_ops::TensorMethods;
///
/// let x = Tensor::from_slice(&[1.0f32; 6], &[2, 3])?;
/// let y = Tensor::from_slice(&[1.0f32; 12], &[3, 4])?;
/// let log = Logging::collecting();
/// with_mode(&log.mode(), || with_mode(&log.composite_mode(), || x.matmul(&y)))???;
/// assert_eq!(
///     log.lines(),
///     [
///         "aten::matmul(float32[2, 3], float32[3, 4])",
///         "  aten::mm(float32[2, 3], float32[3, 4]) -> float32[2, 4]",
///         "  -> float32[2, 4]",
///     ]
/// );
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone)]
pub struct Logging(Arc<Shared>);

struct Shared {
    sink: Box<dyn Fn(&LogLine) + Send + Sync>,
    /// What is open on each thread, outermost first.
    open: Mutex<HashMap<ThreadId, Vec<Open>>>,
    collected: Option<Mutex<Vec<LogLine>>>,
}

/// A call or a section that has not ended.
struct Open {
    line: LogLine,
    is_written: bool,
    /// The operator, if it is one that was seen before decomposition and not yet after it.
    expected: Option<&'static Operator>,
}

/// One line of a log. Prints as plain text; [`LogLine::styled`] has colours.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// How far it is indented.
    pub depth: usize,
    /// The operator's full name or the section's; nothing for a line that ends what stands above it.
    pub name: String,
    /// The arguments as text; `None` for a section.
    pub arguments: Option<String>,
    /// How it ended; `None` where that is said by a line further down.
    pub outcome: Option<LogOutcome>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogOutcome {
    /// It returned: the results as text.
    Returned(String),
    /// It reported an error: the message.
    Failed(String),
    /// It panicked.
    Panicked,
}

impl Logging {
    /// A log that hands each line to a function.
    pub fn to(sink: impl Fn(&LogLine) + Send + Sync + 'static) -> Logging {
        Logging(Arc::new(Shared { sink: Box::new(sink), open: Mutex::default(), collected: None }))
    }

    /// A log on standard error, in colours where it is a terminal that shows them.
    pub fn to_stderr() -> Logging {
        Logging::to(|line| anstream::eprintln!("{}", line.styled()))
    }

    /// A log of plain text on a writer. What cannot be written is lost: a full disk does not fail a computation.
    pub fn to_writer(writer: impl Write + Send + 'static) -> Logging {
        let writer = Mutex::new(writer);
        Logging::to(move |line| {
            let _ = writeln!(writer.lock(), "{line}");
        })
    }

    /// A log that keeps its lines, for [`Logging::lines`].
    pub fn collecting() -> Logging {
        let collected = Some(Mutex::default());
        Logging(Arc::new(Shared { sink: Box::new(|_| ()), open: Mutex::default(), collected }))
    }

    /// The mode: offered calls after decomposition.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// A mode that is offered calls before composite operators are decomposed; to be put on together with [`Logging::mode`].
    pub fn composite_mode(&self) -> Mode {
        Mode::new(CompositeLogging(self.clone()))
    }

    /// Runs `f` with what it calls under a heading.
    pub fn section<R>(&self, name: &str, f: impl FnOnce() -> R) -> R {
        let heading = LogLine { depth: 0, name: name.to_owned(), arguments: None, outcome: None };
        let ending = self.open(heading, None);
        let result = f();
        ending.close(LogOutcome::Returned(String::new()));
        result
    }

    /// The lines a collecting log has, without colours. Empty for others.
    pub fn lines(&self) -> Vec<String> {
        self.collected_lines().iter().map(LogLine::to_string).collect()
    }

    /// The lines a collecting log has. Empty for others.
    pub fn collected_lines(&self) -> Vec<LogLine> {
        self.0.collected.as_ref().map(|lines| lines.lock().clone()).unwrap_or_default()
    }

    fn log(&self, call: &mut Call<'_>, is_composite: bool) -> Result<Answer> {
        let operator = call.operator();
        if !is_composite && self.is_expected(operator) {
            call.forward()?;
            return Ok(Answer::Done);
        }
        let arguments = Some(arguments_text(operator, call.arguments()));
        let line = LogLine { depth: 0, name: operator.name().to_owned(), arguments, outcome: None };
        let ending = self.open(line, is_composite.then_some(operator));
        match call.forward() {
            Ok(()) => ending.close(LogOutcome::Returned(values_text(call.results()))),
            Err(error) => {
                ending.close(LogOutcome::Failed(error.to_string()));
                return Err(error);
            }
        }
        Ok(Answer::Done)
    }

    /// Whether the call is the one that the innermost open line speaks of already.
    fn is_expected(&self, operator: &'static Operator) -> bool {
        let mut threads = self.0.open.lock();
        let innermost = threads.get_mut(&thread::current().id()).and_then(|open| open.last_mut());
        innermost.and_then(|open| open.expected.take_if(|expected| *expected == operator)).is_some()
    }

    /// Opens a line; lines around it that were waiting for their ends are written now.
    fn open(&self, mut line: LogLine, expected: Option<&'static Operator>) -> Ending<'_> {
        let mut due = Vec::new();
        {
            let mut threads = self.0.open.lock();
            let open = threads.entry(thread::current().id()).or_default();
            for outer in open.iter_mut().filter(|outer| !outer.is_written) {
                outer.is_written = true;
                due.push(outer.line.clone());
            }
            line.depth = open.len();
            open.push(Open { line, is_written: false, expected });
        }
        due.iter().for_each(|line| self.write(line));
        Ending { log: self, is_closed: false }
    }

    fn close(&self, outcome: LogOutcome) {
        let closed = {
            let mut threads = self.0.open.lock();
            let thread = thread::current().id();
            let Some(open) = threads.get_mut(&thread) else { return };
            let closed = open.pop();
            if open.is_empty() {
                threads.remove(&thread);
            }
            closed
        };
        let Some(Open { line, is_written, .. }) = closed else { return };
        match (is_written, line.arguments.is_some(), outcome) {
            (false, true, outcome) => self.write(&LogLine { outcome: Some(outcome), ..line }),
            (false, false, _) => self.write(&line),
            // A section has no results to tell.
            (true, false, LogOutcome::Returned(_)) => (),
            (true, _, outcome) => {
                let (depth, name) = (line.depth + 1, String::new());
                self.write(&LogLine { depth, name, arguments: None, outcome: Some(outcome) });
            }
        }
    }

    /// Without the lock on what is open: a sink may call operators.
    fn write(&self, line: &LogLine) {
        if let Some(collected) = &self.0.collected {
            collected.lock().push(line.clone());
        }
        (self.0.sink)(line);
    }
}

/// An open line that is closed once, by a panic if by nothing else.
struct Ending<'a> {
    log: &'a Logging,
    is_closed: bool,
}

impl Ending<'_> {
    fn close(mut self, outcome: LogOutcome) {
        self.is_closed = true;
        self.log.close(outcome);
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            self.log.close(LogOutcome::Panicked);
        }
    }
}

impl DispatchMode for Logging {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        self.log(call, false)
    }

    fn name(&self) -> &str {
        "logging"
    }
}

/// The half of a log that is offered calls before decomposition.
struct CompositeLogging(Logging);

impl DispatchMode for CompositeLogging {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        self.0.log(call, true)
    }

    fn name(&self) -> &str {
        "logging of composite operators"
    }

    fn is_pre_dispatch(&self) -> bool {
        true
    }
}

const NAME: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const RESULT: Style = AnsiColor::Green.on_default();
const PROBLEM: Style = AnsiColor::Red.on_default();
const PLAIN: Style = Style::new();

impl LogLine {
    /// The line with terminal colours.
    pub fn styled(&self) -> impl fmt::Display + '_ {
        Styled(self)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, [name, quiet, result, problem]: [Style; 4]) -> fmt::Result {
        write!(f, "{:1$}{name}{2}{name:#}", "", 2 * self.depth, self.name)?;
        if let Some(arguments) = &self.arguments {
            write!(f, "{quiet}({quiet:#}{arguments}{quiet}){quiet:#}")?;
        }
        let gap = if self.name.is_empty() { "" } else { " " };
        match &self.outcome {
            None => Ok(()),
            Some(LogOutcome::Returned(results)) => {
                write!(f, "{gap}{quiet}->{quiet:#} {result}{results}{result:#}")
            }
            Some(LogOutcome::Failed(message)) => write!(f, "{gap}{problem}failed: {message}{problem:#}"),
            Some(LogOutcome::Panicked) => write!(f, "{gap}{problem}panicked{problem:#}"),
        }
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, [PLAIN; 4])
    }
}

struct Styled<'a>(&'a LogLine);

impl fmt::Display for Styled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, [NAME, QUIET, RESULT, PROBLEM])
    }
}

impl fmt::Debug for Logging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logging").field("collected", &self.0.collected).finish_non_exhaustive()
    }
}
