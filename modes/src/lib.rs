//! Useful modes for Keyway, written against its public interface: what anybody could write.
//!
//! A mode is offered every operator call of the threads whose stack it is on (see [`keyway::DispatchMode`]). Those here share a
//! shape: the type is a cheap handle to what it collects, `mode()` makes the [`keyway::Mode`] to put on, and the handle is read
//! at any time, from any thread.
//!
//! ```
//! use keyway::{Tensor, with_mode};
//! use keyway_modes::Logging;
//! use keyway_ops::TensorMethods;
//!
//! let (x, y) = (Tensor::from_slice(&[1.0f32; 6], &[2, 3])?, Tensor::from_slice(&[2.0f32; 3], &[3])?);
//! let log = Logging::collecting();
//! with_mode(&log.mode(), || x.add(&y)?.relu())??;
//! assert_eq!(
//!     log.lines(),
//!     [
//!         "aten::add.Tensor(float32[2, 3], float32[3]) -> float32[2, 3]",
//!         "aten::relu(float32[2, 3]) -> float32[2, 3]",
//!     ]
//! );
//! # Ok::<(), keyway::Error>(())
//! ```
//!
//! | | |
//! |---|---|
//! | [`Logging`] | writes each call with its shapes; collects the lines for tests |
//! | [`Counting`] | how often each operator was called |
//! | [`FlopCounting`] | how much arithmetic the calls stand for, by formulas that are data |
//! | [`FakeMode`] | tensors with sizes, dtype and device but without data |
//! | [`Tracing`], [`trace`] | records calls as a [`Graph`], which is readable, runs again and reads back from its text |
//! | [`SelectionRecorder`] | the operators that a program needs, for builds that leave the others out |
//! | [`NanWatch`] | the first operator that made a NaN or an infinity |
//! | [`SchemaCheck`] | that kernels write to and alias just what their schemas say |
//! | [`MetaCheck`] | that `Meta` kernels promise what other kernels give |
//!
//! Unlike the runtime, the tables of data here ([`FlopFormulas`], the operators that mix devices) name operators of `aten`; an
//! operator that is not there costs nothing, and no code depends on one.

mod call_text;
mod counting;
mod elements;
mod fake;
mod flops;
mod graph;
mod logging;
mod meta_check;
mod nan_watch;
mod replay;
mod schema_check;
mod selection;
mod table;
mod trace;

pub use call_text::{call_text, values_text};
pub use counting::{Counting, OperatorCount};
pub use fake::{FakeMode, FakeTensor, is_fake};
pub use flops::{FlopCall, FlopCounting, FlopFormulas, Formula, OperatorFlops, Term};
pub use graph::{
    Constant, Graph, GraphCall, Operand, ResultSlot, ResultTensor, Statement, ValueId, ValueInfo, View,
};
pub use logging::{LogLine, LogOutcome, Logging};
pub use meta_check::MetaCheck;
pub use nan_watch::{Finding, NanWatch, NonFinite};
pub use schema_check::{ObservedCall, SchemaCheck};
pub use selection::SelectionRecorder;
pub use trace::{Tracing, trace, trace_verified};
