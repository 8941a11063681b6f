//! Collecting events: a log for each thread, so that threads do not wait for each other.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use crate::observer::{Outcome, RecordStart};
use crate::profiler::profile::{Ending, Profile, ProfileEvent, ProfileThread};
use crate::value::Value;

pub(super) struct Collector {
    began: Instant,
    logs: Mutex<Vec<SharedLog>>,
}

type SharedLog = Arc<Mutex<Log>>;

/// The events of one thread, in the order they started.
struct Log {
    thread: ProfileThread,
    events: Vec<ProfileEvent>,
    /// Positions of the events that have not ended, outermost first.
    open: Vec<usize>,
    is_finished: bool,
}

/// An event that has started: its log and its position there.
pub(super) struct Opened(SharedLog, usize);

thread_local! {
    /// The log this thread wrote to last, with the address of the collector it belongs to.
    static LAST: RefCell<Option<(usize, SharedLog)>> = const { RefCell::new(None) };
}

impl Collector {
    pub(super) fn new() -> Collector {
        Collector { began: Instant::now(), logs: Mutex::new(Vec::new()) }
    }

    pub(super) fn start(self: &Arc<Self>, record: &RecordStart<'_>, shapes: bool) -> Opened {
        let log = self.log_of_this_thread(record.thread());
        let mut held = log.lock();
        let at = held.events.len();
        let event = ProfileEvent {
            name: match record.operator() {
                Some(operator) => Cow::Borrowed(operator.name()),
                None => Cow::Owned(record.name().to_owned()),
            },
            operator: record.operator(),
            scope: record.scope(),
            key: record.key(),
            thread: record.thread(),
            parent: held.open.last().copied(),
            depth: held.open.len(),
            shapes: if shapes { shapes_of(record.inputs()) } else { Vec::new() },
            sequence_number: record.sequence_number(),
            ending: Ending::Open,
            ..ProfileEvent::default()
        };
        held.events.push(event);
        held.open.push(at);
        // Last, so that the time of all this is not the event's.
        held.events[at].start = self.began.elapsed();
        drop(held);
        Opened(log, at)
    }

    pub(super) fn end(&self, Opened(log, at): Opened, outcome: Outcome<'_>) {
        let now = self.began.elapsed();
        let mut log = log.lock();
        if log.is_finished {
            return;
        }
        let event = &mut log.events[at];
        event.duration = now.saturating_sub(event.start);
        event.ending = match outcome {
            Outcome::Returned => Ending::Returned,
            Outcome::Failed(_) => Ending::Failed,
            Outcome::Panicked => Ending::Panicked,
        };
        // Records by hand may end in another order than the reverse of their starts.
        log.open.retain(|&open| open != at);
    }

    fn log_of_this_thread(self: &Arc<Self>, thread: u64) -> SharedLog {
        let address = Arc::as_ptr(self).addr();
        let last = LAST.try_with(|last| match &*last.borrow() {
            Some((of, log)) if *of == address && !log.lock().is_finished => Some(log.clone()),
            _ => None,
        });
        last.ok().flatten().unwrap_or_else(|| {
            let log = self.find_log(thread);
            // A thread that is ending looks its log up each time.
            let _ = LAST.try_with(|last| last.replace(Some((address, log.clone()))));
            log
        })
    }

    fn find_log(&self, thread: u64) -> SharedLog {
        let mut logs = self.logs.lock();
        if let Some(log) = logs.iter().find(|log| log.lock().thread.number == thread) {
            return log.clone();
        }
        let name = std::thread::current().name().map(str::to_owned);
        let log = Log {
            thread: ProfileThread { number: thread, name },
            events: Vec::new(),
            open: Vec::new(),
            is_finished: false,
        };
        let log = Arc::new(Mutex::new(log));
        logs.push(log.clone());
        log
    }

    /// Takes all events, and closes the logs for those who are late.
    pub(super) fn finish(&self) -> Profile {
        let wall = self.began.elapsed();
        let (mut events, mut threads) = (Vec::new(), Vec::new());
        let mut logs = std::mem::take(&mut *self.logs.lock());
        logs.sort_by_key(|log| log.lock().thread.number);
        for log in logs {
            let mut log = log.lock();
            log.is_finished = true;
            threads.push(log.thread.clone());
            let base = events.len();
            events.extend(std::mem::take(&mut log.events).into_iter().map(|mut event| {
                event.parent = event.parent.map(|parent| parent + base);
                if event.ending == Ending::Open {
                    event.duration = wall.saturating_sub(event.start);
                }
                event
            }));
        }
        Profile::new(events, threads, wall)
    }
}

fn shapes_of(inputs: &[Value]) -> Vec<Vec<i64>> {
    inputs.iter().flat_map(Value::tensors).map(|tensor| tensor.sizes().to_vec()).collect()
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("threads", &self.logs.lock().len()).finish_non_exhaustive()
    }
}
