//! Rust source from a checked model.
//!
//! Emitted code is thin (law 9): declarations, absolute `::keyway` paths, calls into the runtime. It contains no
//! unsafe code and no path of this machine, and is the same for the same list. Everything about YAML and checking is
//! over by now.
//!
//! | file | what is in it |
//! |---|---|
//! | `operators.rs` | the modules of the namespaces; takes in the others |
//! | `operators/signatures.rs` | the adapters, one for each signature |
//! | `operators/NAMESPACE/LETTER.rs` | the operators whose root names begin with the letter |
//! | `operators/NAMESPACE/methods.rs` | the methods of tensors |
//! | `operators/NAMESPACE/derived.rs` | what kernels of derived variants share |
//! | `operators/NAMESPACE/list.rs` | all operators of the namespace |
//! | `operator_tests.rs` | one test for each operator |

mod backend;
mod derived;
mod forms;
mod operator;
mod options;
mod shard;
mod signature;
mod structured;
mod stubs;
mod tests;
mod text;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use keyway_schema::{SchemaKind, identifiers};

pub use backend::kernels_of_backend;
pub use stubs::stubs;

use crate::emit::operator::Handle;
use crate::emit::signature::{Signatures, Typed};
use crate::emit::text::Writer;
use crate::model::{OperatorEntry, OperatorList};
use crate::select::Selected;

/// An entry that no Rust can be generated for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The operator's full name.
    pub operator: String,
    /// Why.
    pub reason: String,
}

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder of generated files, with `/` on every system.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What becomes of operators that are not selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unselected {
    /// They keep their handles, so that kernels and calls of them compile; their kernels are dropped.
    #[default]
    Kept,
    /// Nothing is generated for them, which makes the crate smaller to build; code that names them does not compile.
    LeftOut,
}

/// The Rust source of a list, typed handles, schemas, adapters, functions, methods, and the tests of it, one for each
/// operator. The file to be included comes first.
///
/// # Errors
/// Every entry whose schema has a type without a Rust counterpart.
pub fn emit(list: &OperatorList) -> Result<Vec<File>, Vec<Unsupported>> {
    emit_with(list, &Options::default())
}

/// What is generated of a list, and on top of what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'l> {
    /// The operators that are built; nothing means all.
    pub selected: Option<&'l Selected>,
    /// What becomes of the others. Calls of them say that they were not selected.
    pub unselected: Unselected,
    /// The list that this one extends.
    pub base: Option<Base<'l>>,
}

/// A list of another crate, whose operators copy, write and resize for namespaces that have no such operators (`serves`).
#[derive(Clone, Copy, Debug)]
pub struct Base<'l> {
    /// The crate, as Rust names it: `keyway_ops`.
    pub krate: &'l str,
    /// Its list.
    pub list: &'l OperatorList,
}

/// The Rust source of a list as [`emit`] makes it, with options.
///
/// # Errors
/// As [`emit`]; an operator of the list that the base has too.
pub fn emit_with(list: &OperatorList, options: &Options<'_>) -> Result<Vec<File>, Vec<Unsupported>> {
    let unselected = options.unselected;
    let mut handles = handles(list)?;
    if let Some(selected) = options.selected {
        for (position, handle) in handles.iter_mut().enumerate() {
            handle.is_selected = selected.contains(position);
        }
    }
    let Serving { services, copies } = serving(list, &handles, options.base)?;
    for (position, kernel) in derived::kernels(list, &handles, &services) {
        handles[position].derived_kernel = Some(kernel).filter(|_| handles[position].is_selected);
    }
    let structured = structured_kernels(&handles, unselected, &copies)?;
    for (position, kernels) in structured {
        handles[position].structured_kernels = Some(kernels);
    }
    let is_emitted = |handle: &&Handle<'_>| handle.is_selected || unselected == Unselected::Kept;
    let emitted: Vec<&Handle<'_>> = handles.iter().filter(is_emitted).collect();
    let mut left_out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for handle in handles.iter().filter(|handle| !is_emitted(handle)) {
        left_out.entry(handle.entry.namespace()).or_default().push(handle.entry.name().to_string());
    }
    let mut signatures = Signatures::default();
    emitted.iter().for_each(|handle| signatures.add(&handle.typed));
    let namespaces = by_namespace(&emitted);
    let mut files = vec![
        File { path: "operators.rs".to_owned(), text: root(&namespaces) },
        File { path: "operators/signatures.rs".to_owned(), text: signatures.text() },
        File { path: "operator_tests.rs".to_owned(), text: emit_tests(&namespaces) },
    ];
    for (name, handles) in &namespaces {
        let left_out = left_out.get(name).map_or(&[][..], Vec::as_slice);
        files.extend(shard::files(name, handles, left_out, services.get(*name), copies.get(*name)));
    }
    Ok(files)
}

/// What copies, writes and resizes for the kernels of each namespace.
struct Serving {
    services: BTreeMap<String, derived::Services>,
    copies: BTreeMap<String, String>,
}

/// The operators of the list that serve its kernels, and those of the base for namespaces without.
fn serving(
    list: &OperatorList,
    own: &[Handle<'_>],
    base: Option<Base<'_>>,
) -> Result<Serving, Vec<Unsupported>> {
    let mut services = derived::Services::of(own, |handle| handle.path());
    let mut copies = structured::copies(own, |handle| handle.path());
    let Some(Base { krate, list: base }) = base else { return Ok(Serving { services, copies }) };
    let twice: Vec<Unsupported> = list
        .operators
        .iter()
        .filter(|entry| base.find(entry.name()).is_some())
        .map(|entry| Unsupported {
            operator: entry.name().to_string(),
            reason: format!(
                "the list of `{krate}` has it already; take another namespace, or override its kernel with \
                 `#[kernel(..., overriding)]`"
            ),
        })
        .collect();
    if !twice.is_empty() {
        return Err(twice);
    }
    let of_base = handles(base)?;
    let path = |handle: &Handle<'_>| {
        format!("::{krate}::{}::{}", identifiers::item(handle.entry.namespace()), handle.path())
    };
    let theirs = derived::Services::of(&of_base, path).into_values().next();
    let their_copy = structured::copies(&of_base, path).into_values().next();
    for entry in &list.operators {
        let namespace = entry.namespace();
        if let (false, Some(theirs)) = (services.contains_key(namespace), &theirs) {
            services.insert(namespace.to_owned(), theirs.clone());
        }
        if let (false, Some(copy)) = (copies.contains_key(namespace), &their_copy) {
            copies.insert(namespace.to_owned(), copy.clone());
        }
    }
    Ok(Serving { services, copies })
}

/// The traits and kernels of structured operators, by position.
fn structured_kernels(
    handles: &[Handle<'_>],
    unselected: Unselected,
    copies: &BTreeMap<String, String>,
) -> Result<Vec<(usize, String)>, Vec<Unsupported>> {
    let structured = structured::of(handles, unselected).map_err(|(position, reason)| {
        vec![Unsupported { operator: handles[position].entry.name().to_string(), reason }]
    })?;
    let text = |(position, group): &(usize, structured::Structured<'_, '_>)| {
        (*position, group.text(copies.contains_key(handles[*position].entry.namespace())))
    };
    Ok(structured.iter().map(text).collect())
}

/// The Rust source of one operator's handle, for people to read.
///
/// # Errors
/// The reason, if none can be generated for it.
pub fn emit_operator(entry: &OperatorEntry) -> Result<String, Unsupported> {
    let handle = handle(entry, &mut BTreeSet::new())?;
    let mut writer = Writer::default();
    handle.declaration(&mut writer);
    options::structs(&[&handle], &mut writer);
    handle.implementation(&mut writer);
    forms::functions(&handle, &mut writer);
    options::calls(&handle, &mut writer);
    if let Some(kernel) = handle.backend_select() {
        writer.gap();
        kernel.function.lines().for_each(|line| writer.line(line));
    }
    Ok(writer.finish())
}

/// The file that takes in the others.
fn root(namespaces: &BTreeMap<&str, Vec<&Handle<'_>>>) -> String {
    let mut w = Writer::default();
    w.doc("The adapters between typed and boxed calls, one for each signature of the list.");
    w.line("#[doc(hidden)]");
    w.line("#[allow(");
    w.line("    non_camel_case_types, non_snake_case, missing_docs, clippy::style, clippy::complexity,");
    w.line("    reason = \"names are made of schema types\"");
    w.line(")]");
    w.block("pub mod signatures", |w| w.line("include!(\"operators/signatures.rs\");"));
    for (name, handles) in namespaces {
        w.gap();
        w.doc(&format!("The operators of the namespace `{name}`.\n\n# Errors"));
        w.doc("Calls report a missing kernel, and what the kernel reports.");
        w.line("#[allow(");
        w.line("    non_camel_case_types, non_snake_case, non_upper_case_globals,");
        w.line("    clippy::derivable_impls, clippy::needless_lifetimes, clippy::too_many_arguments,");
        w.line("    clippy::type_complexity,");
        w.line("    reason = \"names and arities are those of the schemas\"");
        w.line(")]");
        w.block(&format!("pub mod {}", identifiers::item(name)), |w| {
            for shard in shard::names(handles) {
                w.line(&format!("include!(\"operators/{name}/{shard}.rs\");"));
            }
        });
    }
    w.finish()
}

fn emit_tests(namespaces: &BTreeMap<&str, Vec<&Handle<'_>>>) -> String {
    let mut w = Writer::default();
    for (name, handles) in namespaces {
        w.gap();
        w.line("#[allow(non_snake_case, reason = \"tests are named for operators\")]");
        w.block(&format!("mod {name}_operators"), |w| {
            w.line(&format!("use super::{};", identifiers::item(name)));
            let selected = handles.iter().filter(|handle| handle.is_selected);
            selected.for_each(|handle| tests::test_of(handle, w));
        });
    }
    w.finish()
}

fn handles(list: &OperatorList) -> Result<Vec<Handle<'_>>, Vec<Unsupported>> {
    let mut short_names: BTreeSet<String> =
        list.operators.iter().filter_map(|entry| entry.method_name.clone()).collect();
    let mut made = Vec::new();
    let mut unsupported = Vec::new();
    for entry in &list.operators {
        match handle(entry, &mut short_names) {
            Ok(handle) => made.push(handle),
            Err(reason) => unsupported.push(reason),
        }
    }
    if unsupported.is_empty() { Ok(made) } else { Err(unsupported) }
}

fn handle<'a>(entry: &'a OperatorEntry, taken: &mut BTreeSet<String>) -> Result<Handle<'a>, Unsupported> {
    let typed = Typed::of(&entry.schema)
        .map_err(|reason| Unsupported { operator: entry.name().to_string(), reason })?;
    Ok(Handle::new(entry, typed, short_name(entry, taken)))
}

/// The name of an operator's function and method: as the entry says, else its base name, unless another overload has
/// that; then, and for out forms, base name and overload.
fn short_name(entry: &OperatorEntry, taken: &mut BTreeSet<String>) -> String {
    if let Some(name) = &entry.method_name {
        return name.clone();
    }
    let is_out = matches!(entry.kind(), SchemaKind::Out | SchemaKind::Scratch);
    let unambiguous = entry.schema.name.unambiguous_name();
    let lower = unambiguous.to_ascii_lowercase();
    let plain = Some(entry.schema.name.name.clone()).filter(|_| !is_out);
    let further = (2..).map(|n| format!("{unambiguous}_{n}"));
    let candidates = plain.into_iter().chain([lower, unambiguous.clone()]).chain(further);
    // A long form of one must not be the short form of another.
    let is_free = |name: &String| !taken.contains(name) && !taken.contains(&format!("{name}_with"));
    let free = candidates.into_iter().find(is_free).unwrap_or_default();
    taken.insert(free.clone());
    if entry.schema.arguments.iter().any(|argument| argument.default.is_some()) {
        taken.insert(format!("{free}_with"));
    }
    free
}

fn by_namespace<'h, 'a>(handles: &[&'h Handle<'a>]) -> BTreeMap<&'h str, Vec<&'h Handle<'a>>> {
    let mut namespaces: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for &handle in handles {
        namespaces.entry(handle.entry.namespace()).or_default().push(handle);
    }
    namespaces
}
