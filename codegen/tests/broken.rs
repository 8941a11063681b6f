//! Broken operator lists and what is said about them.
//!
//! For every `broken/NAME.yaml` the file `broken/NAME.txt` holds the rendered mistakes and, below a line of dashes, their
//! one-line forms. With `KEYWAY_BLESS=1` the texts are written anew; look at the difference before committing it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use keyway_codegen::{Diagnostics, Rendering, Source, load};
use keyway_schema::Code;

/// Codes that no text can provoke here: the first is about the file system, the second needs two readers of YAML to
/// differ, which none of the known texts makes them do.
const WITHOUT_EXAMPLE: &[Code] = &[Code::CannotRead, Code::ReadersDisagree];

fn broken_lists() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

fn mistakes(path: &Path) -> Diagnostics {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    Source::from_bytes(name, std::fs::read(path).unwrap())
        .and_then(load)
        .err()
        .unwrap_or_else(|| panic!("{} has no mistakes", path.display()))
}

#[test]
fn every_broken_list_is_reported_as_expected() {
    let bless = std::env::var_os("KEYWAY_BLESS").is_some();
    let files = broken_lists();
    assert!(files.len() >= 80, "{} broken lists", files.len());
    let mut differing = Vec::new();
    for path in &files {
        let found = mistakes(path);
        let text = format!("{}\n\n-----\n{}\n", found.render(Rendering::Plain), found.lines().join("\n"));
        let expected_path = path.with_extension("txt");
        if bless {
            std::fs::write(&expected_path, text).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if expected != text {
            differing.push(format!(
                "=== {}\n--- expected\n{expected}\n--- found\n{text}",
                expected_path.display()
            ));
        }
    }
    println!("{} broken lists", files.len());
    assert!(differing.is_empty(), "{}\nKEYWAY_BLESS=1 accepts what was found", differing.join("\n"));
}

#[test]
fn every_code_has_an_example() {
    let mut seen = BTreeSet::new();
    for path in broken_lists() {
        seen.extend(mistakes(&path).iter().map(|report| report.code));
    }
    let missing: Vec<String> = Code::ALL
        .iter()
        .filter(|code| code.number() < 500 && !seen.contains(code) && !WITHOUT_EXAMPLE.contains(code))
        .map(|code| format!("{code} {}", code.title()))
        .collect();
    assert!(missing.is_empty(), "no broken list for: {}", missing.join(", "));
}

#[test]
fn places_lie_inside_the_text_and_reports_say_what_to_do() {
    for path in broken_lists() {
        let found = mistakes(&path);
        let text = found.source().text();
        for report in found.iter() {
            assert!(text.get(report.span.clone()).is_some(), "{}: {report:?}", path.display());
            assert!(
                report.help.as_ref().is_some_and(|help| !help.is_empty()),
                "{}: {report:?}",
                path.display()
            );
            assert!(!report.message.ends_with('.'), "{}: {report:?}", path.display());
        }
    }
}
