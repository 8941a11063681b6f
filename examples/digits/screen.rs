//! Headings and tables on the terminal; colours only where there is one.

use anstream::println;
use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

const HEADING: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
const GOOD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const FAINT: Style = Style::new().dimmed();

/// The heading of a screen, and a sentence below it.
pub(crate) fn heading(number: u32, title: &str, sentence: &str) {
    println!("\n{HEADING}{number}  {title}{HEADING:#}");
    println!("{FAINT}   {sentence}{FAINT:#}\n");
}

/// A result that matters.
pub(crate) fn result(words: &str, value: &str) {
    println!("   {words} {GOOD}{value}{GOOD:#}");
}

/// A line below a table.
pub(crate) fn note(words: &str) {
    println!("   {FAINT}{words}{FAINT:#}");
}

/// Prints a table; columns from `numbers` on are aligned to the right.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    numbers: usize,
) {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.to_string().lines() {
        println!("   {line}");
    }
}

/// Prints an image of 8x8 pixels, brighter for larger numbers.
pub(crate) fn images(images: &[&[f64]], captions: &[String]) {
    const SHADES: [&str; 5] = ["  ", "░░", "▒▒", "▓▓", "██"];
    for row in 0..8 {
        let line = images.iter().map(|image| {
            let pixels = image[row * 8..row * 8 + 8].iter();
            pixels.map(|&pixel| SHADES[((pixel / 16.0 * 4.0).round() as usize).min(4)]).collect::<String>()
        });
        println!("   {}", line.collect::<Vec<_>>().join("   "));
    }
    let captions = captions.iter().map(|caption| format!("{FAINT}{caption:<16}{FAINT:#}"));
    println!("   {}\n", captions.collect::<Vec<_>>().join("   "));
}
