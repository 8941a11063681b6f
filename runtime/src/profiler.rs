//! A profiler on top of observers: what operators were called, by which key, for how long, inside of what.
//!
//! ```
//! use keyway::{Profiler, with_record};
//!
//! let profiling = Profiler::new().start();
//! with_record("load", || with_record("read", || ()));
//! let profile = profiling.finish();
//!
//! let [load, read] = profile.events() else { panic!("two events") };
//! assert_eq!((load.name.as_ref(), read.name.as_ref(), read.parent), ("load", "read", Some(0)));
//! println!("{}", profile.table());
//! let mut trace = Vec::new();
//! profile.write_chrome_trace(&mut trace)?; // for https://ui.perfetto.dev
//! # Ok::<(), std::io::Error>(())
//! ```

mod collector;
mod profile;
mod table;
mod trace;

use std::sync::Arc;

use crate::observer::{Observer, ObserverGuard, Scope};
use collector::Collector;
pub use profile::{Ending, Profile, ProfileEvent, ProfileThread};
pub use table::{ProfileRow, ProfileTable};

/// What a profile is to hold. By default the calls and records of the calling thread, without shapes.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is profiled until it is started"]
pub struct Profiler {
    shapes: bool,
    all_threads: bool,
    scopes: Vec<Scope>,
}

impl Profiler {
    /// A profiler of the calling thread.
    pub fn new() -> Profiler {
        Profiler::default()
    }

    /// Collects the sizes of the tensors among the arguments. Typed calls then box their arguments.
    pub fn shapes(mut self) -> Profiler {
        self.shapes = true;
        self
    }

    /// Profiles every thread.
    pub fn all_threads(mut self) -> Profiler {
        self.all_threads = true;
        self
    }

    /// Profiles only these scopes; all if none is given.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Profiler {
        self.scopes.extend(scopes);
        self
    }

    /// Begins to collect, until [`Profiling::finish`].
    pub fn start(self) -> Profiling {
        let collector = Arc::new(Collector::new());
        let (starts, ends, shapes) = (collector.clone(), collector.clone(), self.shapes);
        let observer = Observer::new(
            move |record| Ok(starts.start(record, shapes)),
            move |record, opened| {
                opened.into_iter().for_each(|opened| ends.end(opened, record.outcome()));
                Ok(())
            },
        )
        .scopes(self.scopes);
        let observer = if shapes { observer.inputs() } else { observer };
        let guard = if self.all_threads { observer.add_to_process() } else { observer.add_to_thread() };
        Profiling { collector, guard }
    }
}

/// A profile that is being collected. Dropping it throws away what it has.
#[must_use = "the profile is collected until `finish`; dropping it throws it away"]
#[derive(Debug)]
pub struct Profiling {
    collector: Arc<Collector>,
    guard: ObserverGuard,
}

impl Profiling {
    /// Does not collect until [`Profiling::resume`]. What is open goes on.
    pub fn pause(&self) {
        self.guard.disable();
    }

    /// Collects again.
    pub fn resume(&self) {
        self.guard.enable();
    }

    /// Ends collecting. What is still open, in this thread or another, is cut off here ([`Ending::Open`]).
    pub fn finish(self) -> Profile {
        drop(self.guard);
        self.collector.finish()
    }
}
