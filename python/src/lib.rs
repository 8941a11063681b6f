//! CPython as an interpreter of Keyway, and the extension module of the Python package `keyway`.
//!
//! `object` is the bridge between addresses that the runtime keeps and Python objects, `memory` and `dlpack` share memory with NumPy and
//! with whoever speaks DLPack (all unsafe code is in these three and in `vectorcall`); `tensor` the class
//! `Tensor` and the rule that a tensor has one Python object; `values` the conversion of arguments and results by schema type;
//! `overload` the operators as callables; `vectorcall` their calls without a tuple; `parked` what Python code returned, until the caller has it; `handlers` how a call is put to Python code and its results are taken back; `cpython` the
//! interpreter itself. On top: `modes`, `subclass`, `library`, `py_impl`, `metadata`, `key_sets`, `scopes`, `types`, `elements`, `arithmetic`,
//! `interchange`, `storages`, `aliasing`, `rust_modes`, `tracing`, `exceptions`. What users import is in `python/keyway/`.

mod aliasing;
mod arithmetic;
mod cpython;
mod dlpack;
mod elements;
mod exceptions;
mod handlers;
mod interchange;
mod key_sets;
mod library;
mod memory;
mod metadata;
mod modes;
mod object;
mod overload;
mod packet;
mod parked;
mod plan;
mod py_impl;
mod rust_modes;
mod scopes;
mod storages;
mod subclass;
mod tensor;
mod tracing;
mod types;
mod values;
#[cfg(not(feature = "abi3"))]
mod vectorcall;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::exceptions::OrRaise;

/// What this extension was built with.
#[pyfunction]
fn _features() -> Vec<&'static str> {
    let calls = if cfg!(feature = "abi3") { "abi3" } else { "vectorcall" };
    let assertions = cfg!(debug_assertions).then_some("debug assertions");
    std::iter::once(calls).chain(assertions).collect()
}

/// How many threads the work of a large kernel is spread over.
#[pyfunction]
fn get_num_threads() -> usize {
    keyway_ops::threads::get()
}

/// Spreads the work of large kernels over so many threads from now on, in the whole process; one keeps it on the thread that calls.
#[pyfunction]
fn set_num_threads(count: usize) -> PyResult<()> {
    keyway_ops::threads::set(count).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The extension module; `keyway/__init__.py` is what users see.
#[pymodule(gil_used = true)]
fn _keyway(module: &Bound<'_, PyModule>) -> PyResult<()> {
    keyway_ops::register();
    cpython::start(module.py())?;
    metadata::define_questions().or_raise(module.py())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(_features, module)?)?;
    module.add_function(wrap_pyfunction!(get_num_threads, module)?)?;
    module.add_function(wrap_pyfunction!(set_num_threads, module)?)?;
    exceptions::add(module)?;
    tensor::add(module)?;
    types::add(module)?;
    overload::add(module)?;
    packet::add(module)?;
    modes::add(module)?;
    rust_modes::add(module)?;
    tracing::add(module)?;
    scopes::add(module)?;
    subclass::add(module)?;
    library::add(module)?;
    key_sets::add(module)?;
    elements::add(module)?;
    memory::add(module)?;
    aliasing::add(module)?;
    storages::add(module)?;
    dlpack::add(module)
}
