//! The modes of `keyway-modes` as Python context managers, on one stack with those of Python.

use keyway::{Mode, Tensor};
use keyway_modes::{Counting, FakeMode, FlopCounting, Logging, NanWatch, SchemaCheck};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::exceptions::OrRaise;
use crate::modes::{enter_scope, leave_scope};
use crate::tensor::{expect_tensor, wrap};
use crate::types::{device_of, dtype_of};
use crate::values::Integers;

/// What the classes of this module share: a mode of Rust that `with` puts on.
#[pyclass(frozen, subclass, name = "RustModeScope", module = "keyway")]
struct Scope(Mode);

#[pymethods]
impl Scope {
    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        enter_scope(slf.as_any(), &slf.get().0)?;
        Ok(slf.clone())
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        leave_scope(slf.as_any())
    }

    fn __repr__(&self) -> String {
        format!("<mode {} of Rust>", self.0.handler().name())
    }
}

/// Collects a line for each call: `with LoggingMode() as log: ...; log.lines()`.
#[pyclass(frozen, extends = Scope, name = "LoggingMode", module = "keyway")]
struct LoggingMode(Logging);

#[pymethods]
impl LoggingMode {
    #[new]
    fn new() -> PyClassInitializer<LoggingMode> {
        let logging = Logging::collecting();
        let mode = logging.mode();
        PyClassInitializer::from(Scope(mode)).add_subclass(LoggingMode(logging))
    }

    /// The lines so far.
    fn lines(&self) -> Vec<String> {
        self.0.lines()
    }
}

/// Counts how often each operator is called.
#[pyclass(frozen, extends = Scope, name = "CountingMode", module = "keyway")]
struct CountingMode(Counting);

#[pymethods]
impl CountingMode {
    #[new]
    fn new() -> PyClassInitializer<CountingMode> {
        let counting = Counting::new();
        let mode = counting.mode();
        PyClassInitializer::from(Scope(mode)).add_subclass(CountingMode(counting))
    }

    /// The calls of an operator, by its full name, or of all.
    #[pyo3(signature = (operator=None))]
    fn count(&self, operator: Option<&str>) -> u64 {
        operator.map_or_else(|| self.0.total(), |operator| self.0.of(operator))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

/// Counts the arithmetic that the calls stand for.
#[pyclass(frozen, extends = Scope, name = "FlopCounterMode", module = "keyway")]
struct FlopCounterMode(FlopCounting);

#[pymethods]
impl FlopCounterMode {
    #[new]
    fn new() -> PyClassInitializer<FlopCounterMode> {
        let counting = FlopCounting::new();
        let mode = counting.mode();
        PyClassInitializer::from(Scope(mode)).add_subclass(FlopCounterMode(counting))
    }

    /// All of it.
    fn total(&self) -> u64 {
        self.0.total()
    }

    /// By operator.
    fn by_operator<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        for row in self.0.rows() {
            counts.set_item(row.operator, row.flops)?;
        }
        Ok(counts)
    }

    /// The operators that were called and have no formula.
    fn unknown(&self) -> Vec<&'static str> {
        self.0.unknown()
    }
}

/// Tensors with sizes, dtype and device but without data.
#[pyclass(frozen, extends = Scope, name = "FakeTensorMode", module = "keyway")]
struct FakeTensorMode(FakeMode);

#[pymethods]
impl FakeTensorMode {
    #[new]
    fn new() -> PyClassInitializer<FakeTensorMode> {
        let fake = FakeMode::new();
        let mode = fake.mode();
        PyClassInitializer::from(Scope(mode)).add_subclass(FakeTensorMode(fake))
    }

    /// A fake tensor that is like another one.
    #[pyo3(name = "from_tensor")]
    fn convert<'py>(&self, tensor: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = tensor.py();
        wrap(py, self.0.convert(&expect_tensor(tensor)?).or_raise(py)?)
    }

    /// A fake tensor of these sizes.
    #[pyo3(signature = (size, dtype=None, device=None))]
    fn empty<'py>(
        &self,
        py: Python<'py>,
        size: Integers,
        dtype: Option<&Bound<'py, PyAny>>,
        device: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let dtype = dtype.and_then(dtype_of).unwrap_or(keyway::DType::Float32);
        let device = device.map(device_of).transpose()?.flatten().unwrap_or(keyway::Device::CPU);
        let tensor: Tensor = self.0.tensor(&size, dtype, device).or_raise(py)?;
        wrap(py, tensor)
    }
}

/// Whether a tensor is a fake one.
#[pyfunction]
fn is_fake(tensor: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(keyway_modes::is_fake(&expect_tensor(tensor)?))
}

/// Raises at the first operator that makes a NaN or an infinity.
#[pyclass(frozen, extends = Scope, name = "NanWatchMode", module = "keyway")]
struct NanWatchMode;

#[pymethods]
impl NanWatchMode {
    #[new]
    fn new() -> PyClassInitializer<NanWatchMode> {
        PyClassInitializer::from(Scope(NanWatch::failing().mode())).add_subclass(NanWatchMode)
    }
}

/// Checks that kernels write to and alias just what their schemas say.
#[pyclass(frozen, extends = Scope, name = "SchemaCheckMode", module = "keyway")]
struct SchemaCheckMode(SchemaCheck);

#[pymethods]
impl SchemaCheckMode {
    #[new]
    fn new() -> PyClassInitializer<SchemaCheckMode> {
        let check = SchemaCheck::new();
        let mode = check.mode();
        PyClassInitializer::from(Scope(mode)).add_subclass(SchemaCheckMode(check))
    }

    /// How many calls were checked.
    fn checked(&self) -> u64 {
        self.0.checked()
    }
}

/// Adds the classes.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Scope>()?;
    module.add_class::<LoggingMode>()?;
    module.add_class::<CountingMode>()?;
    module.add_class::<FlopCounterMode>()?;
    module.add_class::<FakeTensorMode>()?;
    module.add_class::<NanWatchMode>()?;
    module.add_class::<SchemaCheckMode>()?;
    module.add_function(wrap_pyfunction!(is_fake, module)?)
}
