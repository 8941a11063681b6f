//! The parser against the recorded verdicts of the reference parsers and against every schema of the reference list.
//!
//! The data is not in the repository: `KEYWAY_CONFORMANCE` names the folder that holds it. Without it these tests say
//! that they were skipped.

use std::path::{Path, PathBuf};

use keyway_schema::{Code, parse};

/// Schemas that the strict reference parser accepts and this one refuses on purpose: the code, the clause that says
/// why, and the schemas.
const STRICTER: &[(Code, &str, &[&str])] = &[
    (
        Code::Whitespace,
        "Y65: the two leaks of whitespace are closed",
        &["foo (Tensor x) -> Tensor", "foo(Tensor x) -> Tensor "],
    ),
    (
        Code::UnknownWord,
        "Y55, Y281: the words that are defaults are a fixed set",
        &[
            "foo(float x=inf) -> ()",
            "foo(float x=nan) -> ()",
            "foo(bool x=true) -> ()",
            "foo(int x=banana) -> ()",
            "foo(MemoryFormat m=channels_last) -> ()",
            "foo(int r=Sum) -> ()",
        ],
    ),
    (
        Code::BadNumber,
        "Y9, Y56: numbers are decimal and fit 64 bits; Y279: a whole number has one spelling",
        &[
            "foo(float x=-inf) -> ()",
            "foo(float x=+1) -> ()",
            "foo(float x=.5) -> ()",
            "foo(float x=1e999) -> ()",
            "foo(int x=0x1F) -> ()",
            "foo(int x=007) -> ()",
            "foo(int x=9223372036854775808) -> ()",
        ],
    ),
    (
        Code::DefaultType,
        "Y33, Y281: a default has the type of its argument",
        &[
            "foo(int x=1.5) -> ()",
            "foo(int x=None) -> ()",
            "foo(Tensor x=None) -> ()",
            "foo(Tensor[] x=[]) -> ()",
            "foo(int[] x=0) -> ()",
        ],
    ),
    (
        Code::DefaultOrder,
        "Y58, Y281: positional arguments with defaults come last",
        &["foo(int x=1, int y) -> ()"],
    ),
    (Code::DuplicateArgument, "Y33, Y281: names of arguments are unique", &["foo(int x, int x) -> ()"]),
    (Code::ReservedWord, "Y59: reserved words", &["foo(int in) -> ()"]),
    (Code::BadOverload, "Y59: reserved overloads", &["foo.default(int x) -> ()"]),
    (Code::BadName, "Y14: one namespace, no dots in overloads", &["a::b::c(int x) -> ()"]),
    (
        Code::UnknownType,
        "Y9, Y11: types that only one of the reference parsers knows",
        &["foo(DimVector x) -> ()", "foo(GraphModule x) -> ()"],
    ),
];

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWAY_CONFORMANCE").map(|folder| PathBuf::from(folder).join("data"));
    if folder.is_none() {
        println!("skipped: KEYWAY_CONFORMANCE is not set");
    }
    folder
}

fn rows(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn exception(schema: &str) -> Option<Code> {
    STRICTER.iter().find(|(_, _, schemas)| schemas.contains(&schema)).map(|(code, ..)| *code)
}

#[test]
fn verdicts_are_those_of_the_strict_reference_parser() {
    let Some(folder) = folder() else { return };
    let rows = rows(&folder, "schema_dialect_vectors.tsv");
    let (mut differences, mut exceptions) = (Vec::new(), 0);
    for row in &rows {
        let [text, verdict, printed, kind] = [0, 1, 2, 3].map(|i| row[i].as_str());
        let parsed = parse(text);
        let codes: Vec<String> = parsed.errors.iter().map(|e| e.code.to_string()).collect();
        let agrees = match (verdict, exception(text)) {
            ("ok", Some(code)) => {
                exceptions += 1;
                parsed.errors.iter().any(|e| e.code == code)
            }
            ("ok", None) => {
                parsed.into_result().is_ok_and(|s| s.to_string() == printed && s.kind().to_string() == kind)
            }
            _ => !parsed.errors.is_empty(),
        };
        if !agrees {
            differences.push(format!("{text}\n    {verdict} {printed}; here {codes:?}"));
        }
    }
    println!("{} vectors, {exceptions} of them stricter on purpose", rows.len());
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    let listed: usize = STRICTER.iter().map(|(.., schemas)| schemas.len()).sum();
    assert_eq!(exceptions, listed, "every listed exception is a vector that the reference parser accepts");
}

#[test]
fn every_schema_of_the_reference_list_prints_as_it_was_written() {
    let Some(folder) = folder() else { return };
    let rows = rows(&folder, "schema_roundtrip.tsv");
    let mut differences = Vec::new();
    for row in &rows {
        match parse(&row[0]).into_result() {
            Ok(schema) if schema.to_string() == row[0] => {}
            Ok(schema) => differences.push(format!("{}\n    printed {schema}", row[0])),
            Err(errors) => differences.push(format!("{}\n    {errors}", row[0])),
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(rows.len(), 2590);
}

#[test]
fn every_derived_schema_of_the_reference_prints_as_it_was_written() {
    let Some(folder) = folder() else { return };
    let rows = rows(&folder, "autogen_ops.tsv");
    let mut differences = Vec::new();
    for row in &rows {
        let parsed = parse(&row[2]);
        let same = parsed.schema.as_ref().is_some_and(|schema| schema.to_string() == row[2]);
        let kind = parsed.schema.as_ref().map(|schema| schema.kind().to_string());
        if !same || kind.as_deref() != Some(&row[1]) || !parsed.errors.is_empty() {
            differences.push(format!("{} {kind:?} {:?}", row[2], parsed.errors));
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(rows.len(), 520);
}
