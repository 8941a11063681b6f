//! Texts made to harm: they are refused or read within bounds, and never hang or exhaust memory.

use std::time::{Duration, Instant};

use keyway_codegen::{Diagnostics, Source, load};

/// Far more than any of them takes, on a slow machine without optimisation.
const PATIENCE: Duration = Duration::from_secs(60);

fn mistakes(name: &str, text: String) -> Diagnostics {
    let start = Instant::now();
    let found = load(Source::new(name, text)).expect_err(name);
    // Showing them must end as well.
    let shown = found.lines().len();
    assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
    println!("{name}: {shown} mistakes, {:?}", start.elapsed());
    found
}

fn has(found: &Diagnostics, code: &str) {
    assert!(found.iter().any(|report| report.code.to_string() == code), "{code}: {:?}", found.iter().next());
}

#[test]
fn a_file_of_100_megabytes_is_refused_before_it_is_read() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("huge.yaml");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(100 << 20).unwrap();
    let start = Instant::now();
    has(&Source::read(&path).unwrap_err(), "KW0210");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    std::fs::remove_file(path).unwrap();
    has(&Source::from_bytes("huge", vec![b'#'; 100 << 20]).unwrap_err(), "KW0210");
    has(&load(Source::new("huge", "#".repeat(17 << 20))).unwrap_err(), "KW0210");
}

#[test]
#[cfg(unix)]
fn a_device_without_an_end_is_refused() {
    has(&Source::read("/dev/zero").unwrap_err(), "KW0210");
}

#[test]
fn long_texts_and_wide_mappings_are_refused() {
    let long = "int x, ".repeat(20_000);
    has(&mistakes("a long schema", format!("- func: f({long}) -> ()\n")), "KW0210");
    let keys: String = (0..200_000).map(|i| format!("    K{i}: f\n")).collect();
    has(&mistakes("a wide table", format!("- func: f() -> ()\n  dispatch:\n{keys}")), "KW0210");
    let fields: String = (0..200_000).map(|i| format!("  field{i}: 1\n")).collect();
    has(&mistakes("a wide entry", format!("- func: f() -> ()\n{fields}")), "KW0210");
    let tags = "core, ".repeat(100_000);
    mistakes("many tags", format!("- func: f() -> ()\n  tags: [{tags}cor]\n"));
}

#[test]
fn nesting_ends_at_a_depth() {
    for (name, piece) in
        [("flow lists", "["), ("flow mappings", "{a: "), ("block lists", "- "), ("keys", "? ")]
    {
        let found = mistakes(name, format!("- func: {}", piece.repeat(100_000)));
        assert!(found.len() < 100, "{name}: {}", found.len());
    }
}

#[test]
fn anchors_are_not_expanded() {
    let mut text = String::from("- func: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("- func: &a{level} [{aliases}]\n"));
    }
    has(&mistakes("a billion laughs", text), "KW0207");
}

#[test]
fn many_mistakes_are_all_reported() {
    let entries: String = (0..20_000).map(|i| format!("- func: f{i}(tensor x) -> Tensr\n")).collect();
    assert_eq!(mistakes("broken schemas", entries).len(), 40_000);
    let same = "- func: f(Tensor x) -> Tensor\n".repeat(20_000);
    assert_eq!(mistakes("one operator, many times", same).len(), 19_999);
    let keys = vec!["CPUU"; 2_000].join(", ");
    let found = mistakes("unknown keys", format!("- func: f() -> ()\n  dispatch: {{? '{keys}' : f}}\n"));
    assert_eq!(found.iter().filter(|report| report.code.to_string() == "KW0306").count(), 2_000);
}
