//! What came of the samples, per overload.

use std::collections::BTreeMap;
use std::fmt;

/// What came of one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as recorded.
    Passed,
    /// Something was not, and what.
    Failed(String),
    /// This library cannot express the call, and why.
    Unsupported(String),
}

/// The outcomes of many samples.
#[derive(Debug, Default)]
pub struct Report {
    overloads: BTreeMap<String, Counts>,
    failures: Vec<(String, String)>,
    reasons: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
struct Counts {
    passed: usize,
    failed: usize,
    unsupported: usize,
}

impl Report {
    /// Adds a sample's outcome.
    pub fn add(&mut self, operator: String, id: String, outcome: Outcome) {
        let counts = self.overloads.entry(operator).or_default();
        match outcome {
            Outcome::Passed => counts.passed += 1,
            Outcome::Failed(reason) => {
                counts.failed += 1;
                self.failures.push((id, reason));
            }
            Outcome::Unsupported(reason) => {
                counts.unsupported += 1;
                *self.reasons.entry(reason).or_default() += 1;
            }
        }
    }

    /// How many samples passed, failed, and were unsupported.
    pub fn totals(&self) -> (usize, usize, usize) {
        self.overloads.values().fold((0, 0, 0), |(passed, failed, unsupported), counts| {
            (passed + counts.passed, failed + counts.failed, unsupported + counts.unsupported)
        })
    }

    /// How many samples passed of each overload, `NAMESPACE::NAME.OVERLOAD`, by name.
    pub fn passed(&self) -> impl Iterator<Item = (&str, usize)> {
        self.overloads.iter().map(|(overload, counts)| (overload.as_str(), counts.passed))
    }

    /// The samples that failed, with what was wrong.
    pub fn failures(&self) -> &[(String, String)] {
        &self.failures
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (operator, counts) in &self.overloads {
            if counts.passed + counts.failed > 0 {
                let Counts { passed, failed, unsupported } = counts;
                writeln!(f, "{operator:40} {passed:4} passed {failed:4} failed {unsupported:4} unsupported")?;
            }
        }
        for (reason, samples) in self.reasons.iter().filter(|(reason, _)| !reason.ends_with("is not listed"))
        {
            writeln!(f, "unsupported: {reason}: {samples} samples")?;
        }
        for (id, reason) in &self.failures {
            writeln!(f, "FAILED {id}: {reason}")?;
        }
        let (passed, failed, unsupported) = self.totals();
        write!(f, "{passed} passed, {failed} failed, {unsupported} unsupported")
    }
}
