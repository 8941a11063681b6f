//! `docs/operators.md`: every bundled operator, found out by asking and by trying, and what `Meta` covers.
//!
//! `KEYWAY_BLESS=1` writes the table anew. Its last column, the recorded calls that pass, is counted, and compared, where
//! `KEYWAY_CONFORMANCE` names a folder with all of them; without it the numbers of the table stay.

#[path = "../../ops/tests/operators/samples.rs"]
mod samples;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use keyway::schema::SchemaKind;
use keyway::testing::{copied_arguments, sample_arguments};
use keyway::{DType, Operator, Result, Stack, Tensor, Value, find_operator};
use keyway_ops::{TensorMethods, aten};
use keyway_tests::golden::run_folder;

const HEAD: &str = "# The bundled operators

Written by `KEYWAY_BLESS=1 cargo test -p keyway-tests --test operator_table`. An operator's dtypes are those of its first tensor, or of
its result if it makes one, that some overload accepts; `E` stands for CompositeExplicitAutograd and `I` for
CompositeImplicitAutograd; the last column counts recorded calls of PyTorch that give the recorded results.

| operator | overloads | dtypes | kernels | recorded calls |
|---|---|---|---|--:|
";

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    /// All columns but the last one.
    cells: String,
    recorded: usize,
}

/// The operators of the bundled list by base name.
fn by_base_name() -> BTreeMap<String, Vec<&'static Operator>> {
    keyway_ops::register();
    let mut names: BTreeMap<String, Vec<&'static Operator>> = BTreeMap::new();
    for operator in keyway::operators() {
        if let Some(schema) = operator.schema().filter(|_| operator.name().starts_with("aten::")) {
            names.entry(schema.name.name.clone()).or_default().push(operator);
        }
    }
    names
}

fn overload_of(operator: &'static Operator) -> &'static str {
    operator.name().split_once('.').map_or("default", |(_, overload)| overload)
}

fn call(operator: &'static Operator, arguments: Vec<Value>) -> Result<()> {
    let mut stack: Stack = arguments.into_iter().collect();
    operator.call_boxed(&mut stack)
}

fn converted(x: &Tensor, dtype: DType) -> Result<Value> {
    aten::_to_copy_with(x, aten::_to_copy::options::default { dtype: Some(dtype), ..Default::default() })
        .map(Into::into)
}

/// The arguments with the first tensor, and others of its dtype, in a dtype; or the dtype asked for in it.
fn in_dtype(operator: &'static Operator, sample: &[Value], dtype: DType) -> Result<Vec<Value>> {
    let mut arguments = copied_arguments(sample);
    let Some(own) = sample.iter().flat_map(Value::tensors).next().map(Tensor::dtype) else {
        let asked =
            operator.schema().and_then(|schema| schema.arguments.iter().position(|a| a.name == "dtype"));
        if let Some(position) = asked {
            arguments[position] = Value::DType(dtype);
        }
        return Ok(arguments);
    };
    for argument in &mut arguments {
        let tensors: Vec<Tensor> = argument.tensors().cloned().collect();
        match argument {
            Value::Tensor(x) if x.dtype() == own => *argument = converted(&x.clone(), dtype)?,
            Value::List(_) if !tensors.is_empty() && tensors.iter().all(|x| x.dtype() == own) => {
                let converted = tensors.iter().map(|x| x.to_dtype(dtype)).collect::<Result<Vec<Tensor>>>();
                *argument = converted?.into();
            }
            _ => {}
        }
    }
    Ok(arguments)
}

/// Whether a dtype means something for an operator: it has a tensor, or makes one of a dtype that is asked for.
fn has_dtypes(operator: &'static Operator, sample: &[Value]) -> bool {
    let asked = operator.schema().is_some_and(|schema| schema.arguments.iter().any(|a| a.name == "dtype"));
    let quantised = sample.iter().flat_map(Value::tensors).any(|x| x.quantizer().is_some());
    !quantised && (asked || sample.iter().any(|value| value.tensors().next().is_some()))
}

/// Groups of dtypes in few words.
const GROUPS: [(&str, &[DType]); 3] = [
    ("integers", &[DType::UInt8, DType::Int8, DType::Int16, DType::Int32, DType::Int64]),
    ("floats", &[DType::Float16, DType::BFloat16, DType::Float32, DType::Float64]),
    ("complex", &[DType::Complex64, DType::Complex128]),
];

fn dtypes_of(overloads: &[&'static Operator]) -> String {
    let all: Vec<DType> = DType::ALL.into_iter().filter(|dtype| !dtype.is_quantized()).collect();
    let mut accepted: Vec<DType> = Vec::new();
    let mut meaningful = false;
    for &operator in overloads {
        // An out form takes its dtype from two sides.
        if operator.schema().is_none_or(|schema| schema.kind() == SchemaKind::Out) && overloads.len() > 1 {
            continue;
        }
        for sample in sample_arguments(operator).iter().filter(|sample| has_dtypes(operator, sample)) {
            meaningful = true;
            for &dtype in &all {
                if !accepted.contains(&dtype)
                    && in_dtype(operator, sample, dtype)
                        .and_then(|arguments| call(operator, arguments))
                        .is_ok()
                {
                    accepted.push(dtype);
                }
            }
        }
    }
    match (meaningful, accepted.len() == all.len()) {
        (false, _) => "–".to_owned(),
        (true, true) => "all".to_owned(),
        (true, false) => in_words(&accepted),
    }
}

fn in_words(accepted: &[DType]) -> String {
    let mut words = Vec::new();
    if accepted.contains(&DType::Bool) {
        words.push("bool".to_owned());
    }
    for (name, group) in GROUPS {
        let held: Vec<String> =
            group.iter().filter(|d| accepted.contains(d)).map(ToString::to_string).collect();
        match held.len() == group.len() {
            true => words.push(name.to_owned()),
            false => words.extend(held),
        }
    }
    words.join(", ")
}

fn keys_of(overloads: &[&'static Operator]) -> String {
    let mut keys: Vec<String> = overloads
        .iter()
        .flat_map(|operator| operator.kernel_keys())
        .map(|key| match key.to_string().as_str() {
            "CompositeExplicitAutograd" => "E".to_owned(),
            "CompositeImplicitAutograd" => "I".to_owned(),
            key => key.to_owned(),
        })
        .collect();
    keys.sort();
    keys.dedup();
    keys.join(", ")
}

/// The recorded calls that pass by base name, if the folder is there.
fn recorded() -> Option<BTreeMap<String, usize>> {
    let folder = std::env::var_os("KEYWAY_CONFORMANCE")?;
    let report = run_folder(&PathBuf::from(folder).join("golden/public"));
    let mut counts = BTreeMap::new();
    for (overload, passed) in report.passed() {
        let name = overload.trim_start_matches("aten::").split('.').next().unwrap_or_default();
        *counts.entry(name.to_owned()).or_default() += passed;
    }
    Some(counts)
}

/// The rows of a table as text.
fn read(text: &str) -> BTreeMap<String, Row> {
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|line| {
        let (cells, recorded) = line.trim_end_matches(" |").rsplit_once(" | ")?;
        let name = cells.split('`').nth(1)?.to_owned();
        Some((name, Row { cells: cells.to_owned(), recorded: recorded.parse().ok()? }))
    })
    .collect()
}

#[test]
fn the_table_of_operators_is_that_of_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operators.md");
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    let (rows, recorded) = (read(&held), recorded());
    if recorded.is_none() {
        println!(
            "skipped: recorded calls are not counted, KEYWAY_CONFORMANCE does not name a folder with them"
        );
    }
    let mut text = HEAD.to_owned();
    for (name, overloads) in by_base_name() {
        let kinds: Vec<&str> = overloads.iter().map(|&operator| overload_of(operator)).collect();
        let count = match &recorded {
            Some(counts) => counts.get(&name).copied().unwrap_or(0),
            None => rows.get(&name).map_or(0, |row| row.recorded),
        };
        let (kinds, dtypes, keys) = (kinds.join(", "), dtypes_of(&overloads), keys_of(&overloads));
        writeln!(text, "| `{name}` | {kinds} | {dtypes} | {keys} | {count} |").expect("text can be added to");
    }
    if std::env::var_os("KEYWAY_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the table can be written");
        return;
    }
    let fresh = read(&text);
    for (name, row) in &fresh {
        assert_eq!(
            rows.get(name),
            Some(row),
            "docs/operators.md is not that of ops.yaml; KEYWAY_BLESS=1 writes it anew"
        );
    }
    assert_eq!(held, text, "docs/operators.md is not that of ops.yaml; KEYWAY_BLESS=1 writes it anew");
}

/// Whether `Meta` has to know the operator: its result has a size, which does not depend on data.
fn has_shape_rule(operator: &'static Operator) -> bool {
    let gives_tensors =
        operator.schema().is_some_and(|schema| schema.returns.iter().any(|ret| ret.ty.is_tensor_like()));
    gives_tensors && !operator.needs_data()
}

#[test]
fn meta_covers_every_operator_whose_sizes_do_not_depend_on_data() {
    let operators: Vec<&'static Operator> =
        by_base_name().into_values().flatten().filter(|&operator| has_shape_rule(operator)).collect();
    let meta = |key: &str| key.parse().expect("the key is known");
    let is_covered = |operator: &&&'static Operator| {
        let quantised = operator.has_kernel_at(keyway::DispatchKey::QuantizedCPU);
        operator.has_computed_kernel(meta("Meta"))
            || (quantised && operator.has_computed_kernel(meta("QuantizedMeta")))
    };
    let covered = operators.iter().filter(is_covered).count();
    println!("Meta covers {covered} of {} operators with a shape rule", operators.len());
    let missing: Vec<&str> =
        operators.iter().filter(|operator| !is_covered(operator)).map(|operator| operator.name()).collect();
    assert!(missing.is_empty(), "without a Meta kernel: {missing:?}");
    assert!(find_operator("aten::nonzero").is_ok_and(|nonzero| !has_shape_rule(nonzero)));
}
