//! Counting: how often each operator was called.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use keyway::{Answer, Call, DispatchMode, Mode, Result};
use parking_lot::Mutex;

use crate::table::aligned;

/// Counts the calls of each operator. Prints as a table, the most called first.
///
/// ```
/// use keyway::{Tensor, with_mode};
/// use keyway_modes::Counting;
/// use keyway_ops::TensorMethods;
///
/// let x = Tensor::from_slice(&[-1.0f32, 2.0], &[2])?;
/// let counts = Counting::new();
/// with_mode(&counts.mode(), || x.relu()?.add(&x)?.relu())??;
/// assert_eq!((counts.of("aten::relu"), counts.of("aten::mul.Tensor"), counts.total()), (2, 0, 3));
/// assert_eq!(
///     counts.to_string(),
///     "operator          calls\n\
///      aten::relu            2\n\
///      aten::add.Tensor      1\n\
///      3 calls of 2 operators"
/// );
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Counting(Arc<Mutex<HashMap<&'static str, Counts>>>);

#[derive(Clone, Copy, Default)]
struct Counts {
    started: u64,
    returned: u64,
}

/// The calls of one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperatorCount {
    /// Its full name.
    pub operator: &'static str,
    /// How often it was called.
    pub calls: u64,
    /// How many of these did not return: they failed, panicked, or are still running.
    pub unreturned: u64,
}

impl Counting {
    /// Counts of nothing yet.
    pub fn new() -> Counting {
        Counting::default()
    }

    /// The mode.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// The operators that were called: the most called first, then by name.
    pub fn rows(&self) -> Vec<OperatorCount> {
        let counts = self.0.lock();
        let mut rows: Vec<OperatorCount> = counts
            .iter()
            .map(|(&operator, counts)| OperatorCount {
                operator,
                calls: counts.started,
                unreturned: counts.started - counts.returned,
            })
            .collect();
        rows.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.operator.cmp(b.operator)));
        rows
    }

    /// How often the operator of this full name was called.
    pub fn of(&self, operator: &str) -> u64 {
        self.0.lock().get(operator).map_or(0, |counts| counts.started)
    }

    /// How many calls there were.
    pub fn total(&self) -> u64 {
        self.0.lock().values().map(|counts| counts.started).sum()
    }

    /// Forgets what was counted.
    pub fn clear(&self) {
        self.0.lock().clear();
    }
}

impl DispatchMode for Counting {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        let name = call.operator().name();
        self.0.lock().entry(name).or_default().started += 1;
        call.forward()?;
        // Cleared meanwhile, it counts as neither.
        if let Some(counts) = self.0.lock().get_mut(name) {
            counts.returned = (counts.returned + 1).min(counts.started);
        }
        Ok(Answer::Done)
    }

    fn name(&self) -> &str {
        "counting"
    }
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let table = match rows.iter().any(|row| row.unreturned > 0) {
            true => {
                let cells = |row: &OperatorCount| {
                    [row.operator.to_owned(), row.calls.to_string(), row.unreturned.to_string()]
                };
                let cells: Vec<_> = rows.iter().map(cells).collect();
                aligned([("operator", false), ("calls", true), ("unreturned", true)], &cells)
            }
            false => {
                let cells: Vec<_> =
                    rows.iter().map(|row| [row.operator.to_owned(), row.calls.to_string()]).collect();
                aligned([("operator", false), ("calls", true)], &cells)
            }
        };
        let calls: u64 = rows.iter().map(|row| row.calls).sum();
        write!(f, "{table}\n{calls} calls of {} operators", rows.len())
    }
}

impl fmt::Debug for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counting").field(&self.rows()).finish()
    }
}
