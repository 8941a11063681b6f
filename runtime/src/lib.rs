//! Keyway: an operator framework.
//!
//! Operators are described by schemas, called typed or boxed, and dispatched by keys to kernels: for backends, and for
//! layers such as autograd, modes and tracing. This crate is the runtime: keys, key sets, thread-local state, tensors'
//! heads, values, tables, registration, boxing, fallbacks. It knows no concrete operator, no concrete mode and no
//! Python; operators come from an operator list (`ops.yaml`) through `keyway-codegen`, kernels from [`#[kernel]`](kernel).
//!
//! A call computes the union of its arguments' key sets, applies the thread's included and excluded sets, and looks the
//! highest key up in the operator's table: no lock, no allocation, no shared write.

mod added_keys;
mod alias_analysis;
mod announced;
mod arguments;
mod backend_select;
mod boxing;
mod builtin_keys;
mod definition;
mod device;
mod dtype;
mod erased;
mod error;
mod explain;
mod fallback;
mod freed_blocks;
mod function_kernel;
mod geometry;
mod host_bytes;
mod in_place;
mod inference;
mod inputs;
mod interpreter;
mod invariants;
mod kernel;
mod kernel_checks;
mod key;
mod key_set;
mod library;
mod listener;
mod local;
mod mode;
mod name_index;
#[doc(hidden)]
pub mod observer;
mod opaque;
mod operator;
mod overlap;
mod profiler;
mod published;
mod quantizer;
mod queries;
mod registry;
mod retired;
mod scalar;
mod signature;
mod stack;
mod storage;
#[doc(hidden)]
pub mod structured;
mod table;
mod tensor;
#[cfg(feature = "testing")]
pub mod testing;
mod thread_state;
mod typed_handle;
mod typed_operator;
mod value;
mod window;

pub use announced::{
    AnnouncedKey, CollectedFallback, CollectedKernel, CollectedKernels, FallbackRegistration,
    KernelRegistration, OperatorList, UnselectedOperators,
};
pub use backend_select::select_backend;
pub use boxing::{Argument, Returns};
pub use definition::AliasAnalysis;
pub use device::{Device, Layout, MemoryFormat};
pub use dtype::{DType, Element};
pub use error::{Error, ErrorKind, Place, Result};
pub use explain::{Explanation, Step, Verdict};
pub use freed_blocks::release_freed_memory;
pub use function_kernel::KernelFunction;
pub use geometry::{Dims, Geometry, contiguous_strides};
pub use half::{bf16, f16};
pub use host_bytes::SmallBytes;
pub use inference::{InferredSchema, Parameter, ResultType, ResultTypes};
pub use interpreter::{
    Answer, Call, DeviceEvent, ForeignObject, GivenArguments, Handler, HandlerType, Interpreter,
    InterpreterRef, MetadataAnswer, MetadataPolicy, MetadataQuery, MissingKernelReporter, ObjectAddress,
    ObjectSlot, PythonDispatcherGuard, RestoredSnapshotGuard, Rule, RuleRegistration, SnapshotGuard,
    StashedSnapshotGuard, TensorSubclass, WrapperMetadata, python_dispatcher, register_interpreter,
    register_rule, set_device_tracer, snapshot, trace_device, with_python_dispatcher, with_restored_snapshot,
};
pub use invariants::{Violation, check_invariants};
pub use kernel::{BoxedFn, Kernel};
pub use key::{AliasKey, Backend, DispatchKey, Functionality, RegistrationKey};
pub use key_set::KeySet;
pub use keyway_macros::{fallback, kernel, structured};
pub use keyway_schema as schema;
pub use library::{Library, LibraryKind};
pub use listener::{ListenerGuard, OperatorChange, listen};
pub use local::{
    KeySetGuard, LocalKeySets, local_key_sets, set_excluded, set_included, with_excluded, with_included,
    with_key_sets,
};
pub use mode::{
    DeclineRule, DispatchMode, ForeignModeTraits, Mode, ModeGuard, ModeSlot, ModeStack, ModeStackGuard,
    ModeToken, OperatorSet, any_modes_set, capture_modes, current_mode, disable_dispatch, enter_mode,
    leave_mode, mode_at, mode_in_slot, mode_stack, mode_stack_len, modes_enabled, pop_mode, put_mode,
    set_mode, unset_mode, with_decline_rule, with_dispatch_disabled, with_mode, with_modes_disabled,
};
pub use num_complex::Complex;
pub use observer::{
    ObservationGuard, Observer, ObserverFailure, ObserverGuard, Outcome, Record, RecordBuilder, RecordEnd,
    RecordGuard, RecordStart, Scope, Scopes, ThreadObservers, ThreadObserversGuard, clear_process_observers,
    clear_thread_observers, has_observers, has_process_observers, has_thread_observers, is_observation_on,
    logical_thread_id, set_default_node_id, set_sequence_numbers, with_observation, with_record,
};
pub use opaque::{Generator, Object, QScheme, Stream};
pub use operator::Operator;
pub use profiler::{
    Ending, Profile, ProfileEvent, ProfileRow, ProfileTable, ProfileThread, Profiler, Profiling,
};
pub use quantizer::Quantizer;
pub use queries::KernelHandle;
pub use registry::{
    Registration, collect, collected_problems, dangling_operators, find_operator, operators,
    operators_with_kernel, register_fallback, register_kernel,
};
pub use scalar::Scalar;
pub use signature::Signature;
pub use stack::Stack;
pub use storage::{HostMemory, OpaqueStorage, Storage, StoragePin, StorageRead, StorageWrite, WeakStorage};
pub use structured::{DTypeRule, OutputMeta, StructuredMeta, WithoutElements};
pub use table::{Origin, TableRow};
pub use tensor::{Tensor, WeakTensor};
pub use thread_state::ThreadState;
pub use typed_handle::{ArgumentTypes, TypedHandle};
pub use typed_operator::TypedOperator;
pub use value::{List, Value};

/// What macros and generated code name besides the public items.
#[doc(hidden)]
pub mod __private {
    pub use inventory;

    pub use crate::kernel_checks::{
        BoxedResult, GivenAs, KernelResult, NoSignature, ResultOf, TakesArguments, argument, is_among, known,
        known_structured, returned, returned_boxed, typed,
    };
}

/// Takes in the operators that `keyway_codegen::Build` generated in this crate's build script.
#[macro_export]
macro_rules! include_operators {
    () => {
        include!(concat!(env!("OUT_DIR"), "/operators.rs"));
    };
}

/// Takes in the generated tests of this crate's operators, one for each; for an integration test that has the
/// namespaces in scope. Needs the feature `testing`.
#[cfg(feature = "testing")]
#[macro_export]
macro_rules! operator_tests {
    () => {
        include!(concat!(env!("OUT_DIR"), "/operator_tests.rs"));
    };
}

/// Gives the arguments that tests call operators with, for those that trying finds none for; for an integration test beside
/// [`operator_tests!`]. Needs the feature `testing`.
///
/// ```ignore
/// keyway::operator_samples! {
///     "digits::vote" => [[elements(&[1i64, 2, 1], &[3]), Value::Int(10)]];
/// }
/// ```
#[cfg(feature = "testing")]
#[macro_export]
macro_rules! operator_samples {
    ($($operator:literal => [$([$($value:expr),* $(,)?]),* $(,)?];)*) => {$(
        $crate::__private::inventory::submit! {
            $crate::testing::GivenSamples {
                operator: $operator,
                make: || vec![$(vec![$(::std::convert::Into::into($value)),*]),*],
            }
        }
    )*};
}
