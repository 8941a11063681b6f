//! The front end against the reference operator list and against the recorded verdicts on small lists.
//!
//! The data is not in the repository: `KEYWAY_CONFORMANCE` names the folder that holds it. Without it these tests say
//! that they were skipped.

use std::collections::BTreeMap;
use std::path::PathBuf;

use keyway_codegen::{OperatorList, Source, load};
use keyway_schema::{OperatorName, SchemaKind};

/// Cases the reference refuses and Keyway accepts on purpose.
const LAXER: &[(&str, &str)] = &[
    ("rand in name", "Y281: only a Generator argument asks for the tag"),
    ("dropout arg name", "Y281: only a Generator argument asks for the tag"),
    ("misnamed implicit dispatch", "Y102 is not taken over: overloads cannot share one Rust function"),
];

/// Cases the reference accepts and Keyway refuses on purpose, with the code.
const STRICTER: &[(&str, &str, &str)] = &[
    ("structured no dispatch", "KW0327", "Y281: every structured operator has a kernel"),
    ("autogen wrong no 'out'", "KW0407", "Y281: every name in `autogen` is derived"),
];

/// The code under which each clause of the cases is enforced.
const CODES: &[(&str, &[&str])] = &[
    ("Y5", &["KW0302"]),
    ("Y79", &["KW0306"]),
    ("Y81", &["KW0328"]),
    ("Y84", &["KW0310"]),
    ("Y85", &["KW0303"]),
    ("Y86", &["KW0303"]),
    ("Y87", &["KW0303"]),
    ("Y88", &["KW0326"]),
    ("Y89", &["KW0304"]),
    ("Y90", &["KW0305"]),
    ("Y91", &["KW0317"]),
    ("Y93", &["KW0314"]),
    ("Y95", &["KW0316"]),
    ("Y96", &["KW0303", "KW0311"]),
    ("Y97", &["KW0303", "KW0322"]),
    ("Y99", &["KW0307"]),
    ("Y103", &["KW0321"]),
    ("Y104", &["KW0319"]),
    ("Y106", &["KW0316", "KW0328"]),
    ("Y107", &["KW0301"]),
    ("Y109", &["KW0312"]),
    ("Y110", &["KW0315"]),
    ("Y111", &["KW0315"]),
    ("Y113", &["KW0316"]),
    ("Y114", &["KW0324"]),
    ("Y134", &["KW0329"]),
    ("Y141", &["KW0407"]),
    ("Y143", &["KW0412"]),
    ("Y146", &["KW0401"]),
    ("Y147", &["KW0408"]),
    ("Y151", &["KW0405"]),
    ("Y152", &["KW0406"]),
    ("Y148", &["KW0403"]),
    ("Y149", &["KW0331"]),
    ("Y150", &["KW0404"]),
    ("Y155", &["KW0313"]),
];

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWAY_CONFORMANCE").map(|folder| PathBuf::from(folder).join("data"));
    if folder.is_none() {
        println!("skipped: KEYWAY_CONFORMANCE is not set");
    }
    folder
}

fn reference_list(folder: PathBuf) -> OperatorList {
    let source = Source::read(folder.join("native_functions.yaml")).unwrap();
    load(source).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn the_reference_list_loads_without_a_mistake() {
    let Some(folder) = folder() else { return };
    let list = reference_list(folder);
    let list = list.written();
    assert_eq!(list.len(), 2590);
    let kinds = |kind| list.iter().filter(|o| o.kind() == kind).count();
    let counted =
        [SchemaKind::Functional, SchemaKind::Out, SchemaKind::Inplace, SchemaKind::Mutable].map(kinds);
    assert_eq!(counted, [1608, 632, 339, 11], "Y196");
    let count = |p: fn(&keyway_codegen::OperatorEntry) -> bool| list.iter().filter(|o| p(o)).count();
    assert_eq!(count(|o| o.schema.is_mutable()), 985, "Y50");
    assert_eq!(count(|o| o.is_view()), 106, "Y214");
    assert_eq!(count(|o| o.dispatch.is_some()), 1663, "Y169");
    assert_eq!(count(|o| o.dispatch.as_ref().is_some_and(Vec::is_empty)), 9, "Y167");
    assert_eq!(count(|o| o.dispatch.is_none() && !o.kernels().is_empty()), 651, "Y166");
    assert_eq!(count(|o| o.variants.method), 726, "Y159");
    assert_eq!(count(|o| o.structured), 279, "Y175");
    assert_eq!(count(|o| o.structured_delegate.is_some()), 390, "Y176");
    assert_eq!(count(|o| !o.autogen.is_empty()), 494, "Y184");
    assert_eq!(list.iter().map(|o| o.autogen.len()).sum::<usize>(), 533, "Y184");
    assert_eq!(count(|o| o.schema.tensor_options().is_some()), 100, "Y31");
    assert_eq!(count(|o| o.schema.has_symint_arguments()), 376, "Y41");
    assert_eq!(count(|o| o.python_module.is_some()), 619, "Y188");
    assert_eq!(count(|o| !o.device_guard), 118, "Y183");
    assert_eq!(count(|o| o.has_tag("pointwise")), 546, "Y254");
    assert_eq!(count(|o| o.all_tags().contains(&"out")), 632, "Y254");
}

#[test]
fn the_derived_operators_are_those_of_the_reference() {
    let Some(folder) = folder() else { return };
    let list = reference_list(folder.clone());
    let text = std::fs::read_to_string(folder.join("autogen_ops.tsv")).unwrap();
    let short = |name: &OperatorName| OperatorName { namespace: None, ..name.clone() }.to_string();
    let found: Vec<String> = list
        .derived()
        .iter()
        .map(|entry| {
            let mut tags = entry.all_tags();
            tags.sort_unstable();
            let mut schema = entry.schema.clone();
            schema.name.namespace = None;
            let from = short(&entry.derived.as_ref().unwrap().from);
            let kernel = &entry.kernels()[0].kernel;
            format!(
                "{}\t{}\t{schema}\t{from}\t{kernel}\t{}",
                short(entry.name()),
                entry.kind(),
                tags.join(",")
            )
        })
        .collect();
    let expected: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(found.len(), expected.len());
    let differing: Vec<String> = found
        .iter()
        .zip(&expected)
        .filter(|(found, expected)| found != *expected)
        .map(|(found, expected)| format!("{expected}\n{found}\n"))
        .collect();
    assert!(differing.is_empty(), "{} rows differ\n{}", differing.len(), differing.join("\n"));
}

/// Y287.
#[test]
fn the_counts_after_derivation_are_those_of_the_reference() {
    let Some(folder) = folder() else { return };
    let list = reference_list(folder);
    let all = &list.operators;
    let kinds = |kind| all.iter().filter(|o| o.kind() == kind).count();
    let counted =
        [SchemaKind::Functional, SchemaKind::Inplace, SchemaKind::Mutable, SchemaKind::Out].map(kinds);
    assert_eq!(counted, [1650, 339, 11, 1110]);
    assert_eq!((list.groups.len(), all.len(), list.not_derived.len()), (1671, 3110, 13));
    let complete: Vec<_> = list.groups.iter().filter(|group| group.is_complete()).collect();
    assert_eq!(complete.len(), 1108, "Y203");
    assert_eq!(complete.iter().map(|group| group.members().count()).sum::<usize>(), 2523, "Y203");
    let structured = complete.iter().filter(|group| group.out.is_some_and(|out| all[out].structured));
    assert_eq!(structured.count(), 279, "Y177");
    let views = &list.view_groups;
    let composite = views.iter().filter(|group| all[group.view].is_implicit_composite());
    assert_eq!(
        (
            views.len(),
            views.iter().filter(|group| group.copy.is_some()).count(),
            views.iter().filter(|group| group.inplace.is_some()).count(),
            composite.count()
        ),
        (91, 43, 10, 49),
        "Y215"
    );
    assert_eq!(all.iter().filter(|o| o.needs_backend_select()).count(), 81, "Y223");
    let tagged = |tag: &str| all.iter().filter(|o| o.all_tags().contains(&tag)).count();
    let tags = ["pt2_compliant_tag", "out", "generated", "inplace", "view_copy", "nondeterministic_seeded"];
    assert_eq!(tags.map(tagged), [3110, 1110, 520, 339, 82, 150], "Y254");
    let explicit = all.iter().filter(|o| o.has_kernel("CompositeExplicitAutograd")).count();
    assert_eq!(explicit, 1064, "Y171");
}

#[test]
fn kernels_by_key_are_those_of_the_reference_list() {
    let Some(folder) = folder() else { return };
    let list = reference_list(folder);
    let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
    for line in list.written().iter().flat_map(|o| o.kernels()) {
        *by_key.entry(line.key).or_default() += 1;
    }
    let expected = [
        ("CUDA", 888),
        ("XPU", 790),
        ("CompositeImplicitAutograd", 741),
        ("CPU", 687),
        ("MPS", 561),
        ("CompositeExplicitAutograd", 544),
        ("SparseCPU", 176),
        ("MTIA", 98),
        ("CompositeExplicitAutogradNonFunctional", 57),
        ("Meta", 46),
        ("ZeroTensor", 8),
        ("CompositeImplicitAutogradNestedTensor", 5),
    ];
    for (key, count) in expected {
        // `ufunc_inner_loop` of one entry supplies a kernel for CPU and for CUDA without a line in the table (Y181).
        let loops = if key == "CPU" || key == "CUDA" { 1 } else { 0 };
        assert_eq!(by_key[key] + loops, count, "{key} (Y171)");
    }
}

#[test]
fn places_point_at_the_schemas() {
    let Some(folder) = folder() else { return };
    let list = reference_list(folder);
    let text = list.source.text();
    for entry in list.written() {
        let written = &text[entry.span.clone()];
        assert_eq!(format!("aten::{written}"), entry.schema.to_string());
        let line = text.lines().nth(entry.place.line - 1).unwrap();
        assert!(line[entry.place.column - 1..].starts_with(written), "{:?}", entry.place);
    }
}

/// An entry list of a case as YAML; JSON is YAML, but `True` is how the list writes it.
fn yaml_of(entries: &serde_yaml::Value) -> String {
    serde_yaml::to_string(entries).unwrap()
}

#[test]
fn small_lists_are_judged_as_by_the_reference() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("yaml_entry_vectors.json")).unwrap();
    let cases: Vec<serde_yaml::Value> = serde_yaml::from_str(&text).unwrap();
    let mut differences = Vec::new();
    let (mut same, mut on_purpose) = (0, 0);
    for case in &cases {
        let name = case["case"].as_str().unwrap();
        let refused = case["stage"].as_str() != Some("ok");
        let outcome = load(Source::new(name, yaml_of(&case["entries"])));
        let lines = outcome.as_ref().err().map(|mistakes| mistakes.lines()).unwrap_or_default();
        let has = |code: &str| lines.iter().any(|line| line.contains(code));
        if LAXER.iter().any(|(case, _)| *case == name) {
            on_purpose += 1;
            assert!(refused && lines.is_empty(), "{name}: {lines:?}");
        } else if let Some((_, code, _)) = STRICTER.iter().find(|(case, ..)| *case == name) {
            on_purpose += 1;
            assert!(!refused && has(code), "{name}: {lines:?}");
        } else if refused {
            let clause = case["clause"].as_str().unwrap();
            let codes = CODES.iter().find(|(c, _)| *c == clause).map_or(&[][..], |(_, codes)| codes);
            if codes.iter().any(|code| has(code)) {
                same += 1
            } else {
                differences.push(format!("{name} ({clause}): {lines:?}"))
            }
        } else if lines.is_empty() {
            same += 1;
        } else {
            differences.push(format!("{name} is accepted by the reference: {lines:?}"));
        }
    }
    println!("{} cases: {same} as the reference, {on_purpose} different on purpose", cases.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(on_purpose, LAXER.len() + STRICTER.len());
}

#[test]
fn truncated_and_damaged_lists_end_in_mistakes_not_in_panics() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("native_functions.yaml")).unwrap();
    let start = text.find("- func: add.Tensor").unwrap();
    let sample: String = text[start..].chars().take(1500).collect();
    for at in 0..sample.len() {
        let _ = load(Source::new("cut", &sample[..at]));
        for damage in ["\"", ":", "\t", "[", "é", "&a ", "\u{0}"] {
            let _ = load(Source::new("damaged", format!("{}{damage}{}", &sample[..at], &sample[at..])));
        }
    }
}
