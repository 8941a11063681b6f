//! Model checks: the runtime's own source, compiled against `loom`, in every interleaving of a few threads.

#[cfg(test)]
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicPtr, Ordering};
}

#[cfg(test)]
#[path = "../../../runtime/src/published.rs"]
mod published;

#[cfg(test)]
mod tests {
    use loom::cell::UnsafeCell;
    use loom::sync::atomic::{AtomicU64, Ordering};
    use loom::sync::{Arc, RwLock};
    use loom::thread;

    use crate::published::Published;

    /// A table whose contents loom watches: reading them while or before they are written is an error in the model.
    struct Table {
        generation: UnsafeCell<usize>,
    }

    #[allow(unsafe_code, reason = "loom's cell is not Sync; the model proves it is used as if it were")]
    // SAFETY: written before it is published and only read after, which is what the model checks.
    unsafe impl Sync for Table {}

    fn table(generation: usize) -> &'static Table {
        let table = Table { generation: UnsafeCell::new(0) };
        table.generation.with_mut(|value| {
            #[allow(unsafe_code, reason = "the table is not shared yet")]
            // SAFETY: nobody else has it.
            unsafe {
                *value = generation;
            }
        });
        Box::leak(Box::new(table))
    }

    fn generation(table: &Table) -> usize {
        table.generation.with(|value| {
            #[allow(unsafe_code, reason = "loom checks that no write is concurrent")]
            // SAFETY: published tables are not written; loom fails the test otherwise.
            unsafe {
                *value
            }
        })
    }

    /// Law 4: a call sees the old or the new table, complete, while a writer replaces it twice.
    #[test]
    fn a_reader_sees_an_old_or_a_new_table_and_never_half_of_one() {
        loom::model(|| {
            let published = Arc::new(Published::new(table(1)));
            let writer = {
                let published = published.clone();
                thread::spawn(move || {
                    published.set(table(2));
                    published.set(table(3));
                })
            };
            let reader = {
                let published = published.clone();
                thread::spawn(move || {
                    let (first, second) = (generation(published.get()), generation(published.get()));
                    assert!((1..=3).contains(&first) && first <= second, "{first} then {second}");
                })
            };
            writer.join().unwrap();
            reader.join().unwrap();
            assert_eq!(generation(published.get()), 3);
        });
    }

    /// Law 4: a closure kernel's state is dropped after the calls that took a share of it, and a call that finds it gone
    /// looks again and finds the next kernel. The protocol of `Kernel::retire` and `call_body`.
    #[test]
    fn a_kernels_state_outlives_the_calls_inside_it() {
        type State = Arc<RwLock<Option<Arc<usize>>>>;
        loom::model(|| {
            let states: [State; 2] = [1, 2].map(|answer| Arc::new(RwLock::new(Some(Arc::new(answer)))));
            let current = Arc::new(Published::new(table(0)));
            let caller = {
                let (states, current) = (states.clone(), current.clone());
                thread::spawn(move || {
                    loop {
                        let at = generation(current.get());
                        let taken = states[at].read().unwrap().clone();
                        match taken {
                            Some(answer) => return assert_eq!(*answer, at + 1),
                            None => thread::yield_now(),
                        }
                    }
                })
            };
            current.set(table(1));
            *states[0].write().unwrap() = None;
            caller.join().unwrap();
        });
    }

    /// Law 4: a call whose table is from before a kernel's place was used again does not run what moved in, unless the
    /// table of now means it. The protocol of `Kernel::revive` and `call_body`: table 0 leads to the place, table 1 to
    /// another kernel, which answers 100; what moves in is hidden by that one, so that no table ever means it.
    #[test]
    fn a_call_does_not_run_what_moved_into_its_kernels_place() {
        loom::model(|| {
            let place = Arc::new((AtomicU64::new(0), RwLock::new(Some(Arc::new(1)))));
            let current = Arc::new(Published::new(table(0)));
            let caller = {
                let (place, current) = (place.clone(), current.clone());
                thread::spawn(move || {
                    let mut answer = None;
                    while answer.is_none() {
                        answer = match generation(current.get()) {
                            1 => Some(100),
                            _ => call_in_place(&place, &current),
                        };
                        thread::yield_now();
                    }
                    assert!(matches!(answer, Some(1 | 100)), "{answer:?}");
                })
            };
            current.set(table(1));
            *place.1.write().unwrap() = None;
            place.0.fetch_add(1, Ordering::Release);
            *place.1.write().unwrap() = Some(Arc::new(2));
            caller.join().unwrap();
        });
    }

    /// What a call gets from the kernel's place, or nothing if it has to look at the table again.
    fn call_in_place(
        (uses, state): &(AtomicU64, RwLock<Option<Arc<usize>>>),
        current: &Published<Table>,
    ) -> Option<usize> {
        let before = uses.load(Ordering::Acquire);
        let found = state.read().unwrap().clone()?;
        let now = uses.load(Ordering::Acquire);
        let is_meant = now == 0 || (generation(current.get()) == 0 && uses.load(Ordering::Acquire) == before);
        is_meant.then_some(*found)
    }
}
