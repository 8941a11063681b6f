//! A profile summed up by operator, key and shapes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::key::DispatchKey;
use crate::profiler::profile::{Profile, ProfileEvent};

/// The rows of a profile, dearest first. Prints as aligned columns.
#[derive(Clone, Debug)]
pub struct ProfileTable {
    rows: Vec<ProfileRow>,
    threads: usize,
    wall: Duration,
}

/// What one operator cost at one key, with one list of shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileRow {
    /// The operator's full name, or a record's.
    pub name: String,
    /// The key of the first kernel that ran.
    pub key: DispatchKey,
    /// How many events there are.
    pub calls: usize,
    /// The time in it, with what it calls. An event inside another one of the same row counts once.
    pub total: Duration,
    /// The time in it, without the events inside.
    pub self_time: Duration,
    /// The sizes of its tensor arguments, if they were collected.
    pub shapes: Vec<Vec<i64>>,
}

impl ProfileTable {
    pub(super) fn of(profile: &Profile) -> ProfileTable {
        let events = profile.events();
        let mut rows: Vec<ProfileRow> = Vec::new();
        let mut positions: HashMap<Group<'_>, usize> = HashMap::new();
        for event in events {
            let at = *positions.entry(group(event)).or_insert_with(|| {
                rows.push(ProfileRow {
                    name: event.name.clone().into_owned(),
                    key: event.key,
                    calls: 0,
                    total: Duration::ZERO,
                    self_time: Duration::ZERO,
                    shapes: event.shapes.clone(),
                });
                rows.len() - 1
            });
            rows[at].calls += 1;
            rows[at].self_time += event.self_time;
            if !outer(events, event).any(|outer| group(outer) == group(event)) {
                rows[at].total += event.duration;
            }
        }
        rows.sort_by(|a, b| {
            let order = |row: &ProfileRow| (Reverse(row.self_time), Reverse(row.total));
            order(a).cmp(&order(b)).then_with(|| (&a.name, a.key).cmp(&(&b.name, b.key)))
        });
        ProfileTable { rows, threads: profile.threads().len(), wall: profile.wall_time() }
    }

    /// The rows.
    pub fn rows(&self) -> &[ProfileRow] {
        &self.rows
    }
}

type Group<'a> = (&'a str, DispatchKey, &'a [Vec<i64>]);

fn group(event: &ProfileEvent) -> Group<'_> {
    (&event.name, event.key, &event.shapes)
}

/// The events that an event is inside of, innermost first.
fn outer<'a>(events: &'a [ProfileEvent], event: &ProfileEvent) -> impl Iterator<Item = &'a ProfileEvent> {
    std::iter::successors(event.parent.map(|at| &events[at]), |outer| outer.parent.map(|at| &events[at]))
}

/// The columns: their titles, and whether they stand to the right.
const COLUMNS: [(&str, bool); 8] = [
    ("operator", false),
    ("key", false),
    ("calls", true),
    ("total", true),
    ("mean", true),
    ("self", true),
    ("self %", true),
    ("shapes", false),
];

impl fmt::Display for ProfileTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let observed: Duration = self.rows.iter().map(|row| row.self_time).sum();
        let has_shapes = self.rows.iter().any(|row| !row.shapes.is_empty());
        let shown = if has_shapes { COLUMNS.len() } else { COLUMNS.len() - 1 };
        let titles = COLUMNS.map(|(title, _)| title.to_owned());
        let cells: Vec<_> =
            std::iter::once(titles).chain(self.rows.iter().map(|r| r.cells(observed))).collect();
        let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
            cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        });
        for row in &cells {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate().take(shown) {
                let (width, gap) = (widths[column], if column == 0 { "" } else { "  " });
                line += &match COLUMNS[column].1 {
                    true => format!("{gap}{cell:>width$}"),
                    false => format!("{gap}{cell:<width$}"),
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        let calls: usize = self.rows.iter().map(|row| row.calls).sum();
        write!(
            f,
            "{calls} events in {} threads, {} observed in {}",
            self.threads,
            time(observed),
            time(self.wall)
        )
    }
}

impl ProfileRow {
    fn cells(&self, observed: Duration) -> [String; COLUMNS.len()] {
        let share = self.self_time.as_secs_f64() / observed.as_secs_f64().max(f64::MIN_POSITIVE);
        let mean = self.total.as_secs_f64() / self.calls.max(1) as f64;
        let shapes: Vec<String> = self.shapes.iter().map(|sizes| format!("{sizes:?}")).collect();
        [
            self.name.escape_debug().to_string(),
            if self.key == DispatchKey::Undefined { String::new() } else { self.key.to_string() },
            self.calls.to_string(),
            time(self.total),
            time(Duration::from_secs_f64(mean)),
            time(self.self_time),
            format!("{:.1}", 100.0 * share),
            shapes.join(" "),
        ]
    }
}

/// A time with three digits or more and the unit that fits.
fn time(duration: Duration) -> String {
    let ns = duration.as_nanos();
    let (value, unit) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (ns as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (ns as f64 / 1e6, "ms"),
        _ => (ns as f64 / 1e9, "s"),
    };
    let digits = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn event(name: &'static str, parent: Option<usize>, start: u64, duration: u64) -> ProfileEvent {
        ProfileEvent {
            name: Cow::Borrowed(name),
            parent,
            start: Duration::from_nanos(start),
            duration: Duration::from_nanos(duration),
            ..ProfileEvent::default()
        }
    }

    /// Time of its own is without what is inside; a recursion's total counts once.
    #[test]
    fn rows_are_summed_and_sorted_and_aligned() {
        let mut events = vec![
            event("a", None, 0, 10_000),
            event("b", Some(0), 1_000, 6_000),
            event("a", Some(1), 2_000, 5_500),
            event("b", Some(0), 8_000, 1_000),
        ];
        events[2].key = DispatchKey::CPU;
        events[0].key = DispatchKey::CPU;
        let table = Profile::new(events, Vec::new(), Duration::from_millis(1_500)).table();
        let numbers = |row: &ProfileRow| (row.calls, row.total.as_nanos(), row.self_time.as_nanos());
        assert_eq!(
            table.rows().iter().map(numbers).collect::<Vec<_>>(),
            [(2, 10_000, 8_500), (2, 7_000, 1_500)]
        );
        let expected = "\
operator  key  calls    total     mean     self  self %
a         CPU      2  10.0 us  5.00 us  8.50 us    85.0
b                  2  7.00 us  3.50 us  1.50 us    15.0
4 events in 0 threads, 10.0 us observed in 1.50 s";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        let texts = [0, 999, 1_000, 12_345, 123_456, 1_000_000, 60_000_000_000]
            .map(|ns| time(Duration::from_nanos(ns)));
        assert_eq!(texts, ["0 ns", "999 ns", "1.00 us", "12.3 us", "123 us", "1.00 ms", "60.0 s"]);
    }
}
