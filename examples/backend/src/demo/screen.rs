//! Headings and columns on the terminal; colours only where there is one.

use anstream::println;
use anstyle::{AnsiColor, Color, Style};

const HEADING: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
const GOOD: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const FAINT: Style = Style::new().dimmed();

/// The heading of a part, and a sentence below it.
pub(crate) fn heading(number: u32, title: &str, sentence: &str) {
    println!("\n{HEADING}{number}  {title}{HEADING:#}\n   {FAINT}{sentence}{FAINT:#}\n");
}

/// What something is called, and what it is.
pub(crate) fn result(words: &str, value: impl std::fmt::Display) {
    println!("   {words:<34}{GOOD}{value}{GOOD:#}");
}

/// Lines of text, such as a message.
pub(crate) fn lines(text: impl std::fmt::Display) {
    text.to_string().lines().for_each(|line| println!("   {line}"));
}

/// A line with nothing on it.
pub(crate) fn gap() {
    println!();
}

/// Rows in columns as wide as they need to be.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].as_str()).chain([head[column]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0) + 3
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| -> String {
        cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect()
    };
    println!("   {FAINT}{}{FAINT:#}", line(head).trim_end());
    for row in rows {
        println!("   {}", line(row.each_ref().map(String::as_str)).trim_end());
    }
}
