//! Rust identifiers for the names of schemas (yaml.md section 10.2): one rule for the generator and for `#[kernel]`.

/// Words that cannot be identifiers in the 2024 edition: strict and reserved keywords.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Whether a word is a keyword of Rust.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// An identifier for a module, function or constant: raw for a keyword (`r#where`), because `_` after a name means
/// in-place; `self_` for the four words that cannot be raw (Y266, Y267).
pub fn item(name: &str) -> String {
    match name {
        "self" | "Self" | "super" | "crate" => format!("{name}_"),
        _ if is_keyword(name) => format!("r#{name}"),
        _ => name.to_owned(),
    }
}

/// An identifier for an overload; the default overload is called `default`, which no overload may be (Y270).
pub fn overload(name: &str) -> String {
    item(if name.is_empty() { "default" } else { name })
}

/// An identifier for an argument: `_` after a keyword (Y266).
pub fn argument(name: &str) -> String {
    if is_keyword(name) { format!("{name}_") } else { name.to_owned() }
}

/// Whether the text is an ASCII identifier that is not a keyword.
pub fn is_identifier(text: &str) -> bool {
    is_word(text) && !is_keyword(text)
}

/// Whether the text is an ASCII identifier when written raw: keywords count, but for the four that cannot be raw.
pub fn is_raw_identifier(text: &str) -> bool {
    is_word(text) && !matches!(text, "self" | "Self" | "super" | "crate")
}

fn is_word(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text != "_"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_escaped_as_their_place_allows() {
        assert_eq!(item("where"), "r#where");
        assert_eq!(item("self"), "self_");
        assert_eq!(item("add_"), "add_");
        assert_eq!(argument("unsafe"), "unsafe_");
        assert!(
            is_identifier("__and__") && !is_identifier("where") && !is_identifier("") && !is_identifier("_")
        );
        assert!(is_raw_identifier("where") && !is_raw_identifier("crate") && !is_raw_identifier("1a"));
    }
}
