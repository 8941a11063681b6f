//! What happens on devices, told to the one interpreter that traces it (P143).

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::device::Device;
use crate::interpreter::{InterpreterRef, SnapshotGuard};

/// Something a backend did on a device. Numbers are the backend's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceEvent {
    /// An event was made.
    EventCreation(u64),
    /// An event was deleted.
    EventDeletion(u64),
    /// An event was recorded on a stream.
    EventRecord(u64, u64),
    /// A stream waits for an event.
    EventWait(u64, u64),
    /// The host waited for an event.
    EventSynchronization(u64),
    /// Memory was allocated at an address.
    MemoryAllocation(u64),
    /// Memory was freed.
    MemoryDeallocation(u64),
    /// A stream was made.
    StreamCreation(u64),
    /// The host waited for a stream.
    StreamSynchronization(u64),
    /// The host waited for a device.
    DeviceSynchronization(Device),
}

static TRACER: OnceLock<InterpreterRef> = OnceLock::new();
/// Whether there is a tracer: what backends pay for when there is none.
static IS_TRACED: AtomicBool = AtomicBool::new(false);

/// Makes an interpreter the tracer of this process. The first is it, for good; says whether this one is.
pub fn set_device_tracer(interpreter: InterpreterRef) -> bool {
    let is_it = *TRACER.get_or_init(|| interpreter) == interpreter;
    IS_TRACED.store(true, Ordering::Release);
    is_it
}

/// Tells the tracer, if there is one that still lives. For backends.
#[inline]
pub fn trace_device(event: &DeviceEvent) {
    if IS_TRACED.load(Ordering::Acquire)
        && let Some(vtable) = TRACER.get().and_then(|tracer| tracer.alive())
    {
        let _snapshot = SnapshotGuard::set_if_none();
        vtable.trace_device(event);
    }
}
