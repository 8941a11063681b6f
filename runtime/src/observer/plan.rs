//! Which observers run at a step of one thread in one scope: kept until something changes (D245), sampled by
//! counting down (D246).

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::observer::registration::{Entry, Needs};
use crate::observer::scope::Scope;

/// The observers of one step, in the order they run: at least one, and it is apart since it is often the only one.
pub(super) struct Chosen {
    pub(super) first: Arc<Entry>,
    pub(super) more: Box<[Arc<Entry>]>,
    /// What any of them needs.
    pub(super) needs: Needs,
}

impl Chosen {
    fn of(mut entries: impl Iterator<Item = Arc<Entry>>) -> Option<Rc<Chosen>> {
        let first = entries.next()?;
        let more: Box<[Arc<Entry>]> = entries.collect();
        let needs = more.iter().map(|entry| entry.needs()).fold(first.needs(), |all, one| Needs {
            inputs: all.inputs | one.inputs,
            outputs: all.outputs | one.outputs,
            ids: all.ids | one.ids,
        });
        Some(Rc::new(Chosen { first, more, needs }))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.first).chain(&self.more).map(|entry| &**entry)
    }
}

/// What a thread keeps for one scope.
#[derive(Default)]
pub(super) struct Plan {
    /// The version of all that is observed that this plan is of; 0 before the first.
    pub(super) version: u64,
    planned: Vec<Planned>,
    /// Those that are not sampled.
    always: Option<Rc<Chosen>>,
    /// Steps until the next sample, that one included; and how many they were when last set.
    until_sample: u64,
    period: u64,
}

struct Planned {
    entry: Arc<Entry>,
    /// Steps to the observer's next sample, counted from the plan's last; `None` if it always runs.
    remaining: Option<u64>,
}

impl Plan {
    pub(super) fn new(version: u64, observers: &[Arc<Entry>], scope: Scope, random: &Random) -> Plan {
        let planned: Vec<Planned> = observers
            .iter()
            .filter(|entry| entry.runs_in(scope))
            .map(|entry| Planned {
                entry: entry.clone(),
                remaining: random.steps_to_sample(entry.probability()),
            })
            .collect();
        let always = planned.iter().filter(|p| p.remaining.is_none()).map(|p| p.entry.clone());
        let mut plan =
            Plan { version, always: Chosen::of(always), planned, until_sample: u64::MAX, period: u64::MAX };
        plan.start_period();
        plan
    }

    fn start_period(&mut self) {
        self.period = self.planned.iter().filter_map(|p| p.remaining).min().unwrap_or(u64::MAX);
        self.until_sample = self.period;
    }

    /// Takes a step.
    #[inline]
    pub(super) fn choose(&mut self, random: &Random) -> Option<Rc<Chosen>> {
        self.until_sample -= 1;
        if self.until_sample == 0 { self.sample(random) } else { self.always.clone() }
    }

    #[cold]
    fn sample(&mut self, random: &Random) -> Option<Rc<Chosen>> {
        let mut chosen = Vec::with_capacity(self.planned.len());
        for planned in &mut self.planned {
            if let Some(remaining) = &mut planned.remaining {
                *remaining -= self.period;
                if *remaining > 0 {
                    continue;
                }
                planned.remaining = random.steps_to_sample(planned.entry.probability());
            }
            chosen.push(planned.entry.clone());
        }
        self.start_period();
        Chosen::of(chosen.into_iter())
    }
}

/// A thread's source of chance: xorshift64*, which is plenty for sampling.
pub(super) struct Random(Cell<u64>);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        // Neighbouring seeds must not give neighbouring sequences, and the state must not be 0.
        Random(Cell::new((seed.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1))
    }

    fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// How many steps to the next sample, that one included: geometric. `None` for probability 1.
    fn steps_to_sample(&self, probability: f64) -> Option<u64> {
        if probability >= 1.0 {
            return None;
        }
        // In (0, 1], so that the logarithm is finite.
        let uniform = ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64;
        // The conversion saturates: a probability too small to matter waits for ever.
        Some(((uniform.ln() / (-probability).ln_1p()) as u64).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D246: the mean of the waiting times is the inverse of the probability.
    #[test]
    fn waiting_times_are_geometric() {
        let random = Random::new(7);
        for probability in [0.9, 0.5, 0.1, 0.01] {
            let n = 20_000;
            let mut waits = (0..n).map(|_| random.steps_to_sample(probability).unwrap());
            let ones = waits.by_ref().take(n / 2).filter(|&wait| wait == 1).count() as f64 / (n / 2) as f64;
            assert!((ones - probability).abs() < 0.02, "{ones} of the waits are 1 for {probability}");
            let mean = waits.sum::<u64>() as f64 / (n / 2) as f64;
            assert!((mean * probability - 1.0).abs() < 0.05, "the mean wait for {probability} is {mean}");
        }
        assert_eq!(random.steps_to_sample(1.0), None);
        assert!(random.steps_to_sample(f64::MIN_POSITIVE).unwrap() > 1 << 40);
    }
}
