//! What the parser promises for every text whatever: the tests and the fuzzer hold it to the same.

use keyway_schema::{parse, parse_name};

/// Parses the text and checks what was promised: no panic, places inside the text and in order, help for every mistake, a
/// value with a place for each part, and that what is printed is what was written.
pub(crate) fn check(text: &str) {
    let parsed = parse(text);
    for error in &parsed.errors {
        assert!(text.get(error.span.clone()).is_some(), "{error:?} in {text:?}");
        assert!(error.help.is_some(), "{error:?} in {text:?}");
    }
    assert!(parsed.errors.windows(2).all(|w| w[0].span.start <= w[1].span.start), "{text:?}");
    match &parsed.schema {
        Some(schema) => {
            assert_eq!(schema.arguments.len(), parsed.spans.arguments.len());
            assert_eq!(schema.returns.len(), parsed.spans.returns.len());
            let printed = schema.to_string();
            let _ = (schema.kind(), schema.is_view(), schema.is_mutable(), schema.tensor_options());
            if parsed.errors.is_empty() {
                assert_eq!(printed, text);
                assert_eq!(parse(&printed).schema.as_ref(), Some(schema));
            }
        }
        None => assert!(!parsed.errors.is_empty(), "{text:?}"),
    }
    if let Ok(name) = parse_name(text) {
        assert_eq!(name.to_string(), text);
    }
}
