//! The file of a backend: which operators of a list it has kernels for.
//!
//! ```yaml
//! backend: XLA
//! supported:        # kernels at the key XLA
//! - abs
//! - add.Tensor
//! autograd:         # kernels at the key AutogradXLA, for operators that bring their own gradient
//! - max_pool2d
//! ```
//!
//! [`read`] checks it against the list; [`kernels_of_backend`](crate::emit::kernels_of_backend) writes the kernels to go on
//! from.

use std::collections::BTreeMap;
use std::ops::Range;

use keyway_schema::{Code, OperatorName, keys, parse_name, suggest};

use crate::diagnostics::{Diagnostic, Diagnostics, Sink};
use crate::load::tree::{self, Class, Node, Value};
use crate::model::{DEFAULT_NAMESPACE, OperatorList};
use crate::source::Source;

/// The fields of the file.
const FIELDS: [&str; 3] = ["backend", "supported", "autograd"];

/// What the file of a backend says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The dispatch key of its kernels.
    pub key: String,
    /// The operators with kernels at that key: positions in the list, in the order of the file.
    pub supported: Vec<usize>,
    /// The operators with kernels at its autograd key.
    pub autograd: Vec<usize>,
}

/// An operator that the file names, and where.
struct Named {
    position: usize,
    field: &'static str,
    span: Range<usize>,
}

/// Reads the file of a backend and checks it against the list.
///
/// # Errors
/// All mistakes in it: of YAML; unknown fields (KW0301); lists that are none (KW0303); a backend that is missing (KW0601) or no
/// dispatch key (KW0306); operators that the list does not have (KW0602), that stand twice, or whose variants are split over
/// both fields (KW0603); gradients for a backend without a key for them (KW0604).
pub fn read(source: Source, list: &OperatorList) -> Result<Backend, Diagnostics> {
    let sink = Sink::new();
    let mut backend = Backend { key: String::new(), supported: Vec::new(), autograd: Vec::new() };
    if let Some(tree) = tree::read(&source, &sink) {
        let fields = fields(&tree, &sink);
        // What is no mapping was reported, once.
        if sink.is_empty() || matches!(tree.value, Value::Mapping(_)) {
            backend.key = key(fields.get("backend").copied(), &tree, &sink).unwrap_or_default();
        }
        let mut named = Vec::new();
        for field in ["supported", "autograd"] {
            if let Some(node) = fields.get(field) {
                named.extend(operators(field, node, list, &sink));
            }
        }
        if let Some(gradient) =
            fields.get("autograd").filter(|_| named.iter().any(|one| one.field == "autograd"))
        {
            check_autograd(&backend.key, gradient, &sink);
        }
        check_twice(&named, list, &sink);
        check_groups(&named, list, &sink);
        let of = |field| named.iter().filter(move |one| one.field == field).map(|one| one.position);
        (backend.supported, backend.autograd) = (of("supported").collect(), of("autograd").collect());
    }
    sink.check(&source)?;
    Ok(backend)
}

fn fields<'t, 's>(tree: &'t Node<'s>, sink: &Sink) -> BTreeMap<&'static str, &'t Node<'s>> {
    let mut found = BTreeMap::new();
    let Value::Mapping(pairs) = &tree.value else {
        // An empty file says no backend, which is reported.
        if tree.class() != Some(Class::Null) {
            let message = format!("the file is {}, not a mapping", tree.kind_name());
            sink.report(
                Diagnostic::new(Code::NotAMapping, tree.span.clone(), message)
                    .help("write `backend: KEY` and `supported:` with a list of operators"),
            );
        }
        return found;
    };
    for (key, value) in pairs {
        let text = key.scalar().unwrap_or_default();
        match FIELDS.into_iter().find(|field| *field == text) {
            Some(field) => {
                found.insert(field, value);
            }
            None => {
                let near = suggest::nearest(text, FIELDS).map(|near| format!("did you mean `{near}`? "));
                sink.report(
                    Diagnostic::new(Code::UnknownField, key.span.clone(), format!("unknown field `{text}`"))
                        .help(format!(
                            "{}the fields are `backend`, `supported` and `autograd`",
                            near.unwrap_or_default()
                        )),
                );
            }
        }
    }
    found
}

fn key(node: Option<&Node<'_>>, tree: &Node<'_>, sink: &Sink) -> Option<String> {
    let text = node.filter(|node| node.class() != Some(Class::Null)).and_then(Node::scalar);
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        let start = tree.span.start;
        let span = node.map_or(start..start, |node| node.span.clone());
        sink.report(
            Diagnostic::new(Code::BackendMissing, span, "a value for `backend` must be given")
                .help("write `backend: XLA`, or the key of yours"),
        );
        return None;
    };
    if matches!(keys::parse(text), Some(keys::Key::Plain { .. } | keys::Key::PerBackend { .. })) {
        return Some(text.to_owned());
    }
    let known = keys::registrable_names();
    let help = match suggest::nearest(text, known.iter().map(String::as_str)) {
        Some(near) => format!("`backend` must be a dispatch key; did you mean `{near}`?"),
        None => "`backend` must be a dispatch key, `XLA` or `PrivateUse1` for instance".to_owned(),
    };
    sink.report(
        Diagnostic::new(
            Code::UnknownDispatchKey,
            node.map_or(0..0, |node| node.span.clone()),
            format!("unknown dispatch key `{text}`"),
        )
        .help(help),
    );
    None
}

fn operators(field: &'static str, node: &Node<'_>, list: &OperatorList, sink: &Sink) -> Vec<Named> {
    let items = match &node.value {
        Value::Sequence(items) => items,
        _ if node.class() == Some(Class::Null) => return Vec::new(),
        _ => {
            let shown = node.scalar().map(|text| format!(" (`{text}`)")).unwrap_or_default();
            let message = format!("`{field}` is {}{shown}, not a list", node.kind_name());
            sink.report(
                Diagnostic::new(Code::WrongKind, node.span.clone(), message)
                    .help("write one operator a line, each after `- `"),
            );
            return Vec::new();
        }
    };
    let found = items.iter().filter_map(|item| {
        let position = item.scalar().and_then(|text| find(text, list));
        if position.is_none() {
            unknown(item, list, sink);
        }
        Some(Named { position: position?, field, span: item.span.clone() })
    });
    found.collect()
}

fn find(text: &str, list: &OperatorList) -> Option<usize> {
    let name = parse_name(text).ok()?;
    let namespace = Some(name.namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()));
    let name = OperatorName { namespace, ..name };
    list.operators.iter().position(|entry| *entry.name() == name)
}

fn unknown(item: &Node<'_>, list: &OperatorList, sink: &Sink) {
    let text = item.scalar().unwrap_or_default();
    let short = |entry: &crate::OperatorEntry| {
        let full = entry.name().to_string();
        full.strip_prefix("aten::").map_or(full.clone(), str::to_owned)
    };
    let overloads: Vec<String> = list
        .operators
        .iter()
        .filter(|entry| entry.schema.name.name == text)
        .map(|entry| format!("`{}`", short(entry)))
        .collect();
    let help = match overloads.is_empty() {
        false => format!("name one of its overloads: {}", overloads.join(", ")),
        true => {
            let names: Vec<String> = list.operators.iter().map(short).collect();
            match suggest::nearest(text, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "operators are named as in the list, `add.Tensor`".to_owned(),
            }
        }
    };
    let message = match item.scalar() {
        Some(text) => format!("`{text}` is no operator of {}", list.source.name()),
        None => format!("here is {}, not an operator's name", item.kind_name()),
    };
    sink.report(Diagnostic::new(Code::BackendOperator, item.span.clone(), message).help(help));
}

fn check_autograd(key: &str, field: &Node<'_>, sink: &Sink) {
    if !key.is_empty() && keys::parse(&format!("Autograd{key}")).is_none() {
        sink.report(
            Diagnostic::new(
                Code::NoAutogradKey,
                field.span.clone(),
                format!("`{key}` has no key for gradients, there is no `Autograd{key}`"),
            )
            .help("leave `autograd` out"),
        );
    }
}

fn check_twice(named: &[Named], list: &OperatorList, sink: &Sink) {
    for (at, one) in named.iter().enumerate() {
        if let Some(first) = named[..at].iter().find(|first| first.position == one.position) {
            let message = format!("`{}` stands twice", list.operators[one.position].name());
            sink.report(
                Diagnostic::new(Code::DuplicateOperator, one.span.clone(), message)
                    .help("keep one of the two")
                    .related(first.span.clone(), "the first one"),
            );
        }
    }
}

/// All variants of an operator go to one key: a kernel for gradients of one of them serves the others, too.
fn check_groups(named: &[Named], list: &OperatorList, sink: &Sink) {
    for group in &list.groups {
        let members: Vec<usize> = group.members().collect();
        let of = |field| named.iter().find(|one| one.field == field && members.contains(&one.position));
        if let (Some(plain), Some(gradient)) = (of("supported"), of("autograd"))
            && plain.position != gradient.position
        {
            let name = |one: &Named| list.operators[one.position].name().to_string();
            let message = format!(
                "`{}` stands under `autograd`, and `{}`, a variant of the same operator, under `supported`",
                name(gradient),
                name(plain)
            );
            sink.report(
                Diagnostic::new(Code::BackendSplit, gradient.span.clone(), message)
                    .help("put all variants under one of the two")
                    .related(plain.span.clone(), "the other variant"),
            );
        }
    }
}
