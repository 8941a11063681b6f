//! What a profiler collected.

use std::borrow::Cow;
use std::time::Duration;

use crate::key::DispatchKey;
use crate::observer::Scope;
use crate::operator::Operator;
use crate::profiler::table::ProfileTable;

/// The events of a profile, by thread and then in the order they started.
#[derive(Clone, Debug)]
pub struct Profile {
    events: Vec<ProfileEvent>,
    threads: Vec<ProfileThread>,
    wall: Duration,
}

/// One call, or one record by hand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProfileEvent {
    /// The operator's full name, or the record's.
    pub name: Cow<'static, str>,
    /// The operator; `None` for a record by hand.
    pub operator: Option<&'static Operator>,
    /// What kind of record it is.
    pub scope: Scope,
    /// The key of the first kernel that ran; `Undefined` for a record by hand.
    pub key: DispatchKey,
    /// The logical number of the thread.
    pub thread: u64,
    /// When it started, since the profiler did.
    pub start: Duration,
    /// How long it took.
    pub duration: Duration,
    /// How long it took without the events inside.
    pub self_time: Duration,
    /// How many events it is inside of.
    pub depth: usize,
    /// The position of the event it is directly inside of.
    pub parent: Option<usize>,
    /// The sizes of the tensors among its arguments, lists taken apart; empty unless shapes were asked for.
    pub shapes: Vec<Vec<i64>>,
    /// The place in the order of the autograd layer's work, or -1.
    pub sequence_number: i64,
    /// How it ended.
    pub ending: Ending,
}

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It returned.
    Returned,
    /// It reported an error.
    Failed,
    /// It panicked.
    Panicked,
    /// It had not ended when the profile did; its duration is up to there.
    Open,
}

impl Ending {
    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Returned => "returned",
            Ending::Failed => "failed",
            Ending::Panicked => "panicked",
            Ending::Open => "open",
        }
    }
}

impl Default for ProfileEvent {
    fn default() -> ProfileEvent {
        ProfileEvent {
            name: Cow::Borrowed(""),
            operator: None,
            scope: Scope::User,
            key: DispatchKey::Undefined,
            thread: 0,
            start: Duration::ZERO,
            duration: Duration::ZERO,
            self_time: Duration::ZERO,
            depth: 0,
            parent: None,
            shapes: Vec::new(),
            sequence_number: -1,
            ending: Ending::Open,
        }
    }
}

/// A thread that has events in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileThread {
    /// Its logical number.
    pub number: u64,
    /// Its name, if it has one.
    pub name: Option<String>,
}

impl Profile {
    pub(super) fn new(mut events: Vec<ProfileEvent>, threads: Vec<ProfileThread>, wall: Duration) -> Profile {
        for at in 0..events.len() {
            let ProfileEvent { duration, parent, .. } = events[at];
            events[at].self_time = duration;
            if let Some(parent) = parent {
                // The parent stands before, so its own duration is in already.
                events[parent].self_time = events[parent].self_time.saturating_sub(duration);
            }
        }
        Profile { events, threads, wall }
    }

    /// Every event.
    pub fn events(&self) -> &[ProfileEvent] {
        &self.events
    }

    /// The threads that have events, by their numbers.
    pub fn threads(&self) -> &[ProfileThread] {
        &self.threads
    }

    /// How long it was collected.
    pub fn wall_time(&self) -> Duration {
        self.wall
    }

    /// What each operator cost at each key, and with each shapes where they were collected; dearest first by the time
    /// of its own.
    pub fn table(&self) -> ProfileTable {
        ProfileTable::of(self)
    }
}
