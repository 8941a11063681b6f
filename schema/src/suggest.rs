//! The nearest of some names to a mistyped one, for "did you mean" in messages.

/// The candidate nearest to `name`, or `None` if none is near enough to be a likely misspelling
/// (at most a third of the name's characters differ). Of equally near ones the shortest wins, for a key hit once too
/// often is a likelier slip than a wrong one, and that likelier than one left out; then the first.
///
/// ```
/// use keyway_schema::suggest::nearest;
/// assert_eq!(nearest("CPUU", ["CUDA", "CPU"]), Some("CPU"));
/// assert_eq!(nearest("addd", ["addr", "add"]), Some("add"));
/// assert_eq!(nearest("banana", ["CUDA", "CPU"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count().div_ceil(3);
    let ranked = candidates.into_iter().map(|candidate| (distance(name, candidate), candidate));
    let near = ranked.filter(|(distance, _)| *distance <= limit);
    near.min_by_key(|(distance, candidate)| (*distance, candidate.len())).map(|(_, candidate)| candidate)
}

/// Edit distance with insertions, deletions and substitutions, blind to ASCII case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(!ca.eq_ignore_ascii_case(cb));
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
