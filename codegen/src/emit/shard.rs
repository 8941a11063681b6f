//! The files of a namespace. Operators are spread over them by their root names, so that a changed entry changes the
//! file of its letter and no other.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::File;
use crate::emit::derived::Services;
use crate::emit::forms;
use crate::emit::operator::Handle;
use crate::emit::options;
use crate::emit::structured;
use crate::emit::text::{Writer, literal};

/// A tag that all operators of a namespace have says nothing in a list.
const EVERYWHERE: &str = "pt2_compliant_tag";

/// The names of a namespace's files, without `.rs`, in order.
pub(super) fn names(handles: &[&Handle<'_>]) -> Vec<String> {
    let letters: BTreeSet<String> = handles.iter().map(|handle| shard_of(handle)).collect();
    let methods = handles.iter().any(|handle| forms::has_methods(handle)).then_some("methods");
    let derived = handles.iter().any(|handle| handle.derived_kernel.is_some()).then_some("derived");
    letters.into_iter().chain(methods.into_iter().chain(derived).chain(["list"]).map(str::to_owned)).collect()
}

/// The first letter of the root name. The names of the other files are longer.
fn shard_of(handle: &Handle<'_>) -> String {
    let root = handle.entry.schema.name.root_name();
    let letter = root.chars().find(char::is_ascii_alphanumeric).unwrap_or('_');
    letter.to_ascii_lowercase().to_string()
}

/// The files of a namespace.
pub(super) fn files(
    namespace: &str,
    handles: &[&Handle<'_>],
    left_out: &[String],
    services: Option<&Services>,
    copy: Option<&String>,
) -> Vec<File> {
    let mut shards: BTreeMap<String, Vec<&Handle<'_>>> = BTreeMap::new();
    for handle in handles {
        shards.entry(shard_of(handle)).or_default().push(handle);
    }
    let file = |name: &str, text: String| File { path: format!("operators/{namespace}/{name}.rs"), text };
    let mut files: Vec<File> =
        shards.iter().map(|(name, handles)| file(name, shard(name, handles))).collect();
    if handles.iter().any(|handle| forms::has_methods(handle)) {
        files.push(file("methods", methods(namespace, handles)));
    }
    if let Some(services) = services.filter(|_| handles.iter().any(|handle| handle.derived_kernel.is_some()))
    {
        files.push(file("derived", services.text()));
    }
    let mut list = list(namespace, handles, left_out);
    if let Some(copy) = copy.filter(|_| handles.iter().any(|handle| handle.structured_kernels.is_some())) {
        list.push('\n');
        list.push_str(&structured::copying(copy));
    }
    files.push(file("list", list));
    files
}

fn shard(name: &str, handles: &[&Handle<'_>]) -> String {
    let mut w = Writer::default();
    let mut registrations = Vec::new();
    let mut modules: BTreeMap<&str, Vec<&Handle<'_>>> = BTreeMap::new();
    for handle in handles {
        modules.entry(&handle.path[0]).or_default().push(handle);
    }
    for (module, handles) in modules {
        w.gap();
        w.doc(&format!("The overloads of `{}`.", module.trim_start_matches("r#")));
        w.block(&format!("pub mod {module}"), |w| {
            handles.iter().for_each(|handle| handle.declaration(w));
            options::structs(&handles, w);
        });
        for handle in handles {
            handle.implementation(&mut w);
            forms::functions(handle, &mut w);
            options::calls(handle, &mut w);
            let selecting = handle.backend_select();
            for kernel in handle.derived_kernel.iter().chain(&selecting) {
                w.gap();
                kernel.function.lines().for_each(|line| w.line(line));
                registrations.push(kernel.registration.clone());
            }
            if let Some(structured) = &handle.structured_kernels {
                w.gap();
                structured.lines().for_each(|line| w.line(line));
            }
        }
    }
    register(name, &registrations, &mut w);
    w.finish()
}

/// All registrations of a file at once: each announcement is two statics and a function that runs when the program starts.
fn register(shard: &str, registrations: &[String], w: &mut Writer) {
    if registrations.is_empty() {
        return;
    }
    let name = format!("KERNELS_{shard}");
    w.gap();
    w.line("#[doc(hidden)]");
    w.line(&format!("static {name}: [::keyway::KernelRegistration; {}] = [", registrations.len()));
    w.indented(|w| registrations.iter().for_each(|registration| w.line(&format!("{registration},"))));
    w.line("];");
    w.gap();
    w.line(&format!("::keyway::__private::inventory::submit! {{ ::keyway::CollectedKernels(&{name}) }}"));
}

fn methods(namespace: &str, handles: &[&Handle<'_>]) -> String {
    let mut w = Writer::default();
    w.doc(&format!("The operators of `{namespace}` that are methods of tensors."));
    w.block("pub trait TensorMethods", |w| {
        w.doc("The tensor itself.");
        w.line("fn as_tensor(&self) -> &::keyway::Tensor;");
        handles.iter().filter(|handle| forms::has_methods(handle)).for_each(|handle| {
            forms::methods(handle, w);
        });
    });
    w.gap();
    w.block("impl TensorMethods for ::keyway::Tensor", |w| {
        w.line("#[inline]");
        w.block("fn as_tensor(&self) -> &::keyway::Tensor", |w| w.line("self"));
    });
    w.finish()
}

fn list(namespace: &str, all: &[&Handle<'_>], left_out: &[String]) -> String {
    let mut w = Writer::default();
    let handles: Vec<&Handle<'_>> = all.iter().copied().filter(|handle| handle.is_selected).collect();
    w.doc("Every operator of the namespace, in the order of the list.");
    operators(&mut w, "OPERATORS", &handles);
    w.gap();
    w.line("::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }");
    w.gap();
    unselected(&mut w, all, left_out);
    let mut names: Vec<String> = all.iter().map(|handle| short_text(handle)).collect();
    names.sort_unstable();
    w.doc("The names of the namespace's operators, `name.overload`, sorted.");
    w.line("#[doc(hidden)]");
    w.line("pub static NAMES: &[&str] = &[");
    w.indented(|w| names.iter().for_each(|name| w.line(&format!("{},", literal(name)))));
    w.line("];");
    w.gap();
    let mut structured: Vec<String> =
        all.iter().filter(|handle| handle.entry.structured).map(|handle| short_text(handle)).collect();
    structured.sort_unstable();
    w.doc("The names of those that are structured, sorted.");
    w.line("#[doc(hidden)]");
    w.line("pub static STRUCTURED: &[&str] = &[");
    w.indented(|w| structured.iter().for_each(|name| w.line(&format!("{},", literal(name)))));
    w.line("];");
    w.gap();
    w.doc(&format!("Whether the list has this operator of `{namespace}`: `name`, or `name.overload`."));
    w.function(&format!("pub fn is_{namespace}_op"), &["name: &str".to_owned()], "bool", |w| {
        w.line("NAMES.binary_search(&name).is_ok()");
    });
    w.gap();
    w.doc("The operators by tag, in the order of the list.");
    w.block("pub mod tagged", |w| by_tag(&handles, w));
    w.finish()
}

/// The names of operators that are not built, so that whoever looks for one learns why it is missing.
fn unselected(w: &mut Writer, all: &[&Handle<'_>], left_out: &[String]) {
    let kept = all.iter().filter(|handle| !handle.is_selected).map(|handle| handle.entry.name().to_string());
    let mut names: Vec<String> = kept.chain(left_out.iter().cloned()).collect();
    names.sort_unstable();
    w.doc("The names of operators that are not built, full and sorted: their kernels are dropped.");
    w.line("#[doc(hidden)]");
    if names.is_empty() {
        w.line("pub static UNSELECTED: &[&str] = &[];");
        w.gap();
        return;
    }
    w.line("pub static UNSELECTED: &[&str] = &[");
    w.indented(|w| names.iter().for_each(|name| w.line(&format!("{},", literal(name)))));
    w.line("];");
    w.gap();
    w.line("::keyway::__private::inventory::submit! {");
    w.line("    ::keyway::UnselectedOperators(UNSELECTED)");
    w.line("}");
    w.gap();
}

/// One list for each tag that is written in the list or follows from the kind.
fn by_tag(handles: &[&Handle<'_>], w: &mut Writer) {
    let mut tags: BTreeMap<&str, Vec<&Handle<'_>>> = BTreeMap::new();
    for handle in handles {
        for tag in handle.entry.all_tags().into_iter().filter(|tag| *tag != EVERYWHERE) {
            tags.entry(tag).or_default().push(handle);
        }
    }
    for (tag, handles) in tags {
        let meaning = crate::vocabulary::find_tag(tag).map_or("", |tag| tag.meaning);
        w.gap();
        w.doc(&format!("Operators tagged `{tag}`: {meaning}."));
        w.line(&format!("pub static {}: &[&::keyway::Operator] = &[", tag.to_ascii_uppercase()));
        w.indented(|w| {
            handles
                .iter()
                .for_each(|handle| w.line(&format!("super::{}.operator(),", handle.operator_static())));
        });
        w.line("];");
    }
}

fn operators(w: &mut Writer, name: &str, handles: &[&Handle<'_>]) {
    w.line(&format!("pub static {name}: &[&::keyway::Operator] = &["));
    w.indented(|w| {
        handles.iter().for_each(|handle| w.line(&format!("{}.operator(),", handle.operator_static())))
    });
    w.line("];");
}

fn short_text(handle: &Handle<'_>) -> String {
    let name = &handle.entry.schema.name;
    match name.overload.as_str() {
        "" => name.name.clone(),
        overload => format!("{}.{overload}", name.name),
    }
}
