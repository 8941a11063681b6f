//! Which operators of a list are built: those named in a list, a YAML or a recorded trace, or those with given tags.
//!
//! A [`Selection`] is what was asked for, in words; [`Selection::apply`] finds the operators of a list it means and what
//! these need: the operator a derived variant calls, and the out operator whose kernels a structured one runs.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use keyway_schema::{OperatorName, suggest};

use crate::model::{DEFAULT_NAMESPACE, OperatorEntry, OperatorList, Service};
use crate::vocabulary;

/// Operators asked for by name and by tag.
///
/// ```
/// use keyway_codegen::select::Selection;
/// use keyway_codegen::{Source, load};
///
/// let list = load(Source::new(
///     "ops.yaml",
///     "- func: relu(Tensor self) -> Tensor\n- func: abs(Tensor self) -> Tensor\n  tags: core\n",
/// ))
/// .unwrap();
/// let selected = Selection::new().operators(["relu"]).apply(&list).unwrap();
/// assert_eq!(selected.names(&list), ["aten::relu"]);
/// let selected = Selection::new().tags(["core"]).apply(&list).unwrap();
/// assert_eq!(selected.names(&list), ["aten::abs"]);
///
/// let mistake = Selection::new().operators(["rely"]).apply(&list).unwrap_err();
/// assert!(mistake.to_string().contains("did you mean `aten::relu`"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    names: BTreeSet<String>,
    tags: BTreeSet<String>,
    /// Names from traces: they may be those of other lists, or no operators at all.
    traced: BTreeSet<String>,
}

impl Selection {
    /// A selection of nothing, to be added to.
    pub fn new() -> Selection {
        Selection::default()
    }

    /// Adds operators by name: `aten::add.Tensor` is one operator, `aten::add` all overloads of that name, and a name
    /// without a namespace is one of [`DEFAULT_NAMESPACE`].
    #[must_use]
    pub fn operators<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Selection {
        self.names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds all operators with one of these tags, automatic ones (`inplace`, `out`, `generated`) included.
    #[must_use]
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Selection {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Adds what another selection asks for.
    #[must_use]
    pub fn and(mut self, other: Selection) -> Selection {
        self.names.extend(other.names);
        self.tags.extend(other.tags);
        self.traced.extend(other.traced);
        self
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.tags.is_empty() && self.traced.is_empty()
    }

    /// The operators of a list that are asked for, and those they need.
    ///
    /// # Errors
    /// All names the list does not have and all tags that do not exist, each with the nearest; a trace none of whose
    /// names the list has; a selection of nothing.
    pub fn apply(&self, list: &OperatorList) -> Result<Selected, SelectionError> {
        let index = Index::of(list);
        let mut problems = Vec::new();
        let mut chosen = BTreeSet::new();
        for name in &self.names {
            match index.find(name) {
                Some(found) => chosen.extend(found),
                None => problems.push(index.unknown(name)),
            }
        }
        for tag in &self.tags {
            if vocabulary::find_tag(tag).is_none() {
                problems.push(unknown_tag(tag));
            }
            let tagged = |entry: &&OperatorEntry| entry.all_tags().contains(&tag.as_str());
            let positions = list.operators.iter().enumerate().filter(|(_, entry)| tagged(entry));
            chosen.extend(positions.map(|(position, _)| position));
        }
        let traced: Vec<usize> = self.traced.iter().filter_map(|name| index.find(name)).flatten().collect();
        if traced.is_empty() && !self.traced.is_empty() {
            problems.push("no event of the trace is named like an operator of the list".to_owned());
        }
        chosen.extend(traced);
        if problems.is_empty() && chosen.is_empty() {
            problems.push("nothing is selected: name operators or tags".to_owned());
        }
        if !problems.is_empty() {
            return Err(SelectionError { problems });
        }
        let asked = chosen.clone();
        index.add_needed(list, &mut chosen);
        Ok(Selected { asked, chosen })
    }
}

/// The operators of a list that are built, by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    asked: BTreeSet<usize>,
    chosen: BTreeSet<usize>,
}

impl Selected {
    /// Whether the operator at this position of [`OperatorList::operators`] is built.
    pub fn contains(&self, position: usize) -> bool {
        self.chosen.contains(&position)
    }

    /// The positions of what is built, in the order of the list.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        self.chosen.iter().copied()
    }

    /// How many operators are built.
    pub fn len(&self) -> usize {
        self.chosen.len()
    }

    /// Whether none is; a selection that was applied has at least one.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// The full names of what is built, in the order of the list: a list that selects the same again.
    pub fn names(&self, list: &OperatorList) -> Vec<String> {
        self.positions().map(|position| list.operators[position].name().to_string()).collect()
    }

    /// The full names of what nobody asked for and something that was asked for needs.
    pub fn needed(&self, list: &OperatorList) -> Vec<String> {
        let added = self.chosen.difference(&self.asked);
        added.map(|&position| list.operators[position].name().to_string()).collect()
    }
}

/// Why a selection means nothing for a list: one line for each mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionError {
    problems: Vec<String>,
}

impl SelectionError {
    fn one(problem: String) -> SelectionError {
        SelectionError { problems: vec![problem] }
    }

    /// The mistakes.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for SelectionError {}

fn unknown_tag(tag: &str) -> String {
    match suggest::nearest(tag, vocabulary::TAGS.iter().map(|known| known.name)) {
        Some(near) => format!("there is no tag `{tag}`; did you mean `{near}`?"),
        None => format!("there is no tag `{tag}`; see `keyway_codegen::vocabulary::TAGS`"),
    }
}

/// Positions by full name, and by name without overload.
struct Index {
    full: BTreeMap<String, Vec<usize>>,
    overloads: BTreeMap<String, Vec<usize>>,
}

impl Index {
    fn of(list: &OperatorList) -> Index {
        let mut index = Index { full: BTreeMap::new(), overloads: BTreeMap::new() };
        for (position, entry) in list.operators.iter().enumerate() {
            let name = entry.name();
            index.full.entry(name.to_string()).or_default().push(position);
            let plain = OperatorName { overload: String::new(), ..name.clone() };
            index.overloads.entry(plain.to_string()).or_default().push(position);
        }
        index
    }

    /// What a name means: one operator, or all overloads.
    fn find(&self, name: &str) -> Option<Vec<usize>> {
        let full = match name.contains("::") {
            true => name.to_owned(),
            false => format!("{DEFAULT_NAMESPACE}::{name}"),
        };
        // A profiler of PyTorch says `aten::add` for each overload; one that is exactly named so is among them.
        self.overloads.get(&full).or_else(|| self.full.get(&full)).cloned()
    }

    fn unknown(&self, name: &str) -> String {
        let full = if name.contains("::") { name.to_owned() } else { format!("{DEFAULT_NAMESPACE}::{name}") };
        let known = self.full.keys().chain(self.overloads.keys()).map(String::as_str);
        match suggest::nearest(&full, known) {
            Some(near) => format!("the list has no operator `{name}`; did you mean `{near}`?"),
            None => format!("the list has no operator `{name}`"),
        }
    }

    /// Adds what the kernels of chosen operators call, until nothing is missing.
    fn add_needed(&self, list: &OperatorList, chosen: &mut BTreeSet<usize>) {
        let mut open: Vec<usize> = chosen.iter().copied().collect();
        while let Some(position) = open.pop() {
            for needed in self.needed_by(list, position) {
                if chosen.insert(needed) {
                    open.push(needed);
                }
            }
        }
    }

    fn needed_by(&self, list: &OperatorList, position: usize) -> Vec<usize> {
        let entry = &list.operators[position];
        let mut needed = Vec::new();
        if let Some(delegate) = &entry.structured_delegate {
            let name = OperatorName { namespace: Some(entry.namespace().to_owned()), ..delegate.clone() };
            needed.extend(self.full.get(&name.to_string()).into_iter().flatten());
        }
        if let Some(derived) = &entry.derived {
            needed.push(derived.base);
            // An out form of an in-place operator calls the functional one.
            let group = list.groups.iter().find(|group| group.members().any(|member| member == position));
            needed.extend(group.and_then(|group| group.functional).filter(|&one| one != position));
        }
        // The copying twin of a view copies the view.
        let twin = list.view_groups.iter().find(|group| group.copy == Some(position));
        needed.extend(twin.map(|group| group.view));
        if entry.derived.is_some() || entry.is_of_structured_group() || twin.is_some() {
            let serving = |entry: &&OperatorEntry, namespace: &str| {
                entry.namespace() == namespace
                    && matches!(entry.serves, Some(Service::Copy | Service::Write | Service::Resize))
            };
            let services = list.operators.iter().enumerate();
            needed.extend(
                services.filter(|(_, other)| serving(other, entry.namespace())).map(|(position, _)| position),
            );
        }
        needed
    }
}
