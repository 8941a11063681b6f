//! A profile in the trace event format that Perfetto and chrome://tracing open.

use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::time::Duration;

use crate::key::DispatchKey;
use crate::profiler::profile::{Profile, ProfileEvent};

impl Profile {
    /// Writes the profile as a Chrome trace: JSON with one complete event (`"ph": "X"`) for each event, times in
    /// microseconds since the profiler started. Writes piece by piece: give it a `BufWriter` for a file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_chrome_trace(&self, mut to: impl Write) -> io::Result<()> {
        let process = std::process::id();
        to.write_all(b"{\"displayTimeUnit\": \"ns\", \"traceEvents\": [")?;
        write!(to, "\n{{\"ph\": \"M\", \"name\": \"process_name\", \"pid\": {process}, \"tid\": 0, ")?;
        write!(to, "\"args\": {{\"name\": \"keyway\"}}}}")?;
        for thread in self.threads() {
            let (number, name) = (thread.number, thread.name.as_deref());
            let name = name.map_or_else(|| format!("thread {number}"), str::to_owned);
            write!(
                to,
                ",\n{{\"ph\": \"M\", \"name\": \"thread_name\", \"pid\": {process}, \"tid\": {number}, "
            )?;
            write!(to, "\"args\": {{\"name\": {}}}}}", Json(&name))?;
        }
        for event in self.events() {
            write!(to, ",\n{}", Complete { event, process })?;
        }
        to.write_all(b"\n]}\n")
    }
}

/// A complete event.
struct Complete<'a> {
    event: &'a ProfileEvent,
    process: u32,
}

impl fmt::Display for Complete<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ProfileEvent { name, scope, key, thread, start, duration, .. } = self.event;
        write!(f, "{{\"ph\": \"X\", \"name\": {}, \"cat\": {}, ", Json(name), Json(scope.name()))?;
        write!(f, "\"ts\": {}, \"dur\": {}, ", Microseconds(*start), Microseconds(*duration))?;
        write!(f, "\"pid\": {}, \"tid\": {thread}, \"args\": {{", self.process)?;
        write!(f, "\"ending\": {}", Json(self.event.ending.name()))?;
        if *key != DispatchKey::Undefined {
            write!(f, ", \"key\": {}", Json(&key.to_string()))?;
        }
        if self.event.sequence_number >= 0 {
            write!(f, ", \"sequence_number\": {}", self.event.sequence_number)?;
        }
        if !self.event.shapes.is_empty() {
            // Lists of numbers are written the same way in both languages.
            write!(f, ", \"shapes\": {:?}", self.event.shapes)?;
        }
        f.write_str("}}")
    }
}

/// A time in microseconds, to the nanosecond.
struct Microseconds(Duration);

impl fmt::Display for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0.as_nanos();
        write!(f, "{}.{:03}", ns / 1_000, ns % 1_000)
    }
}

/// A string of JSON.
struct Json<'a>(&'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                // Also what some readers take for the end of a line.
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                    write!(f, "\\u{:04x}", u32::from(c))?
                }
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let text = Json("a \"b\" \\ \n\t\r\0 \u{7f} \u{2028} é 🦀").to_string();
        assert_eq!(text, r#""a \"b\" \\ \n\t\u000d\u0000 \u007f \u2028 é 🦀""#);
    }

    #[test]
    fn times_are_microseconds_to_the_nanosecond() {
        assert_eq!(Microseconds(Duration::from_nanos(12_345_006)).to_string(), "12345.006");
    }
}
