//! Golden vectors: calls recorded from PyTorch, run here and compared.
//!
//! A folder holds JSON files, each an array of samples: an operator, its arguments, and the results or the error it
//! gave. [`run_folder`] calls every sample boxed, by name, and counts what passed per overload. What this library
//! cannot express (a dtype it lacks, an operator it does not list) is unsupported, not failed. Successful samples are
//! run a second time on `Meta` tensors, which must give the same sizes, strides and dtypes.

mod compare;
mod read;
mod report;

use std::path::Path;

use keyway::{Operator, Result, Stack, Value, find_operator};
use serde_json::Value as Json;

pub use report::{Outcome, Report};

/// Samples that record an accident, and why nobody should match it.
const ACCIDENTS: [(&str, &str); 2] = [
    (
        "sqrt.out#5",
        "the recorded single-precision root is not the nearest number, the tolerance is for doubles",
    ),
    (
        "dequantize.self#5",
        "the argument itself is given back, though the schema says that the result is a new tensor",
    ),
];

/// Runs every sample of every `*.json` file of a folder, in the order of file names.
///
/// # Panics
/// If a file cannot be read or is no array of samples.
pub fn run_folder(folder: &Path) -> Report {
    let mut report = Report::default();
    let files = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.expect("the folder can be listed").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let samples: Vec<Json> =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for sample in samples {
            let text = |key: &str| sample[key].as_str().unwrap_or_default().to_owned();
            report.add(text("op"), text("id"), run_sample(&sample));
        }
    }
    report
}

/// One sample's arguments, as values on a stack.
struct Call {
    operator: &'static Operator,
    stack: Stack,
}

/// Runs one sample.
pub fn run_sample(sample: &Json) -> Outcome {
    if let Some((_, reason)) = ACCIDENTS.iter().find(|(id, _)| sample["id"] == *id) {
        return Outcome::Unsupported((*reason).to_owned());
    }
    let call = match prepare(sample) {
        Ok(call) => call,
        Err(reason) => return Outcome::Unsupported(reason),
    };
    let arguments: Vec<Value> = call.stack.to_vec();
    if let Some(seed) = sample["seed"].as_u64() {
        keyway_ops::random::manual_seed(seed);
    }
    let ran = run(call.operator, arguments.iter().cloned().collect());
    let compared = match (&ran, sample["error"].as_object()) {
        (Ok(_), Some(_)) => Err(format!("it should fail: {}", sample["error"]["message"])),
        (Err(error), None) => Err(format!("it fails: {error}")),
        (Err(error), Some(_)) => compare::error(error, sample["error"]["type"].as_str().unwrap_or_default()),
        (Ok(results), None) => compare::results(sample, call.operator, &arguments, results)
            .and_then(|()| on_meta(sample, results)),
    };
    match compared {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::Failed(reason),
    }
}

/// The operator and its arguments, or why this library has no such thing.
fn prepare(sample: &Json) -> Result<Call, String> {
    let name = sample["op"].as_str().ok_or("no operator is named")?;
    let operator = find_operator(name).map_err(|_| format!("`{name}` is not listed"))?;
    let stack = read::arguments(sample, operator)?;
    Ok(Call { operator, stack })
}

fn run(operator: &'static Operator, mut stack: Stack) -> Result<Vec<Value>> {
    operator.call_boxed(&mut stack)?;
    Ok(stack.to_vec())
}

/// Runs the sample on `Meta` tensors and compares geometry and dtype of the results.
fn on_meta(sample: &Json, results: &[Value]) -> Result<(), String> {
    let call = prepare(sample)?;
    let (arguments, any) = read::to_meta(&call.stack);
    if !any || has_no_layout(call.operator) {
        return Ok(());
    }
    let on_meta = match run(call.operator, arguments) {
        Err(error) if keyway::testing::fails_for_want_of_data(&error) => return Ok(()),
        ran => ran.map_err(|error| format!("on meta it fails: {error}"))?,
    };
    let described = |values: &[Value]| -> Vec<String> { values.iter().map(compare::describe).collect() };
    let (expected, got) = (described(results), described(&on_meta));
    match expected == got {
        true => Ok(()),
        false => Err(format!("on meta the result is {got:?}, on the host {expected:?}")),
    }
}

/// Whether there is no result without data: numbers, and tensors whose sizes depend on elements.
fn has_no_layout(operator: &'static Operator) -> bool {
    let gives_tensors =
        |schema: &keyway::schema::Schema| schema.returns.iter().any(|ret| ret.ty.is_tensor_like());
    operator.needs_data() || !operator.schema().is_some_and(gives_tensors)
}
