//! The files of a namespace. Operators are spread over them by their root names, so that a changed entry changes the
//! file of its letter and no other.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::File;
use crate::emit::derived::Services;
use crate::emit::forms;
use crate::emit::operator::Handle;
use crate::emit::text::Writer;

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
pub(super) fn files(namespace: &str, handles: &[&Handle<'_>], services: Option<&Services>) -> Vec<File> {
    let mut shards: BTreeMap<String, Vec<&Handle<'_>>> = BTreeMap::new();
    for handle in handles {
        shards.entry(shard_of(handle)).or_default().push(handle);
    }
    let file = |name: &str, text: String| File { path: format!("operators/{namespace}/{name}.rs"), text };
    let mut files: Vec<File> = shards.iter().map(|(name, handles)| file(name, shard(handles))).collect();
    if handles.iter().any(|handle| forms::has_methods(handle)) {
        files.push(file("methods", methods(namespace, handles)));
    }
    if let Some(services) = services.filter(|_| handles.iter().any(|handle| handle.derived_kernel.is_some()))
    {
        files.push(file("derived", services.text()));
    }
    files.push(file("list", list(handles)));
    files
}

fn shard(handles: &[&Handle<'_>]) -> String {
    let mut w = Writer::default();
    let mut modules: BTreeMap<&str, Vec<&Handle<'_>>> = BTreeMap::new();
    for handle in handles {
        modules.entry(&handle.path[0]).or_default().push(handle);
    }
    for (module, handles) in modules {
        w.gap();
        w.doc(&format!("The overloads of `{}`.", module.trim_start_matches("r#")));
        w.block(&format!("pub mod {module}"), |w| {
            handles.iter().for_each(|handle| handle.declaration(w));
        });
        for handle in handles {
            handle.implementation(&mut w);
            forms::functions(handle, &mut w);
            handle.backend_select(&mut w);
            if let Some(kernel) = &handle.derived_kernel {
                w.gap();
                kernel.lines().for_each(|line| w.line(line));
            }
        }
    }
    w.finish()
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

fn list(handles: &[&Handle<'_>]) -> String {
    let mut w = Writer::default();
    w.doc("Every operator of the namespace, in the order of the list.");
    w.line("pub static OPERATORS: &[&::keyway::Operator] = &[");
    w.indented(|w| handles.iter().for_each(|handle| w.line(&format!("{}.operator(),", handle.path()))));
    w.line("];");
    w.gap();
    w.line("::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }");
    w.finish()
}
