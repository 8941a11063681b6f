//! Tables of plain text with aligned columns.

/// A column: its title, and whether its cells stand to the right.
pub(crate) type Column = (&'static str, bool);

/// The titles and rows with each column as wide as its widest cell; without a last line break.
pub(crate) fn aligned<const N: usize>(columns: [Column; N], rows: &[[String; N]]) -> String {
    let titles = columns.map(|(title, _)| title.to_owned());
    let lines: Vec<&[String; N]> = std::iter::once(&titles).chain(rows).collect();
    let widths: [usize; N] =
        std::array::from_fn(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0));
    let shown = lines.iter().map(|line| {
        let cells = line.iter().zip(columns).zip(widths);
        let cells = cells.map(|((cell, (_, to_the_right)), width)| match to_the_right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    shown.collect::<Vec<_>>().join("\n")
}
