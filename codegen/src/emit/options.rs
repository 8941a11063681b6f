//! Argument structs: for operators with many arguments that have defaults, a struct of those, so that callers name only
//! what they change (Y263).

use crate::emit::operator::{Handle, Parameter};
use crate::emit::text::Writer;

/// From how many arguments with defaults on an operator has a struct of them.
const MANY: usize = 3;

/// Whether the operator has an argument struct.
pub(crate) fn has_options(handle: &Handle<'_>) -> bool {
    handle.parameters.iter().filter(|p| p.default.is_some()).count() >= MANY
}

/// The structs of one base name, for its module: `empty::options::memory_format`.
pub(crate) fn structs(handles: &[&Handle<'_>], w: &mut Writer) {
    let handles: Vec<_> = handles.iter().filter(|handle| has_options(handle)).collect();
    if handles.is_empty() {
        return;
    }
    w.gap();
    w.doc("The arguments with defaults, by overload.");
    w.block("pub mod options", |w| {
        for handle in handles {
            let name = handle.entry.name();
            let (overload, lifetime) = (&handle.path[1], lifetime(handle, "'a"));
            w.gap();
            w.doc(&format!("The arguments of `{name}` that have defaults, each at first with its own."));
            w.line("#[derive(Clone)]");
            w.block(&format!("pub struct {overload}{lifetime}"), |w| {
                for (parameter, _) in with_defaults(handle) {
                    w.doc(&format!("`{}`", schema_text(handle, parameter)));
                    w.line(&format!("pub {}: {},", parameter.name, parameter.ty.replace('&', "&'a ")));
                }
            });
            w.gap();
            let header =
                format!("impl ::std::default::Default for {overload}{}", self::lifetime(handle, "'_"));
            w.block(&header, |w| {
                w.block("fn default() -> Self", |w| {
                    w.line(&format!("{overload} {{"));
                    for (parameter, default) in with_defaults(handle) {
                        w.line(&format!("    {}: {default},", parameter.name));
                    }
                    w.line("}");
                });
            });
        }
    });
}

/// The call with a struct: a function of the handle, and a free one if the operator has functions.
pub(crate) fn calls(handle: &Handle<'_>, w: &mut Writer) {
    if !has_options(handle) {
        return;
    }
    let [module, overload] = &handle.path;
    let is_taken = handle.parameters.iter().any(|p| p.name == "options");
    let options = if is_taken { "__options" } else { "options" };
    let required = handle.parameters.iter().filter(|p| p.default.is_none());
    let mut list: Vec<String> = required.clone().map(|p| format!("{}: {}", p.name, p.ty)).collect();
    list.push(format!("{options}: {module}::options::{overload}{}", lifetime(handle, "'_")));
    let mut names: Vec<String> = required.map(|p| p.name.clone()).collect();
    names.push(options.to_owned());
    w.gap();
    w.block(&format!("impl {}", handle.path()), |w| {
        w.doc("Calls the operator with the arguments that have no default, and a struct of those that do:");
        w.doc("`Default` fills in what is not changed.");
        w.line("#[inline]");
        let parameters: Vec<String> = std::iter::once("&self".to_owned()).chain(list.clone()).collect();
        w.function(&format!("pub fn call_with{}", handle.lifetime()), &parameters, &handle.result(), |w| {
            let value = |p: &Parameter| match p.default {
                Some(_) => format!("{options}.{}", p.name),
                None => p.name.clone(),
            };
            let values: Vec<String> = handle.parameters.iter().map(value).collect();
            w.call("self.call", &values, "");
        });
    });
    if !handle.entry.variants.function || handle.entry.manual_cpp_binding {
        return;
    }
    w.gap();
    let path = handle.path().replace("r#", "");
    w.doc(&format!(
        "`{}` with a struct of the arguments that have defaults. See [`{path}`].",
        handle.short_name
    ));
    w.line("#[inline]");
    let name = keyway_schema::identifiers::item(&format!("{}_with", handle.short_name));
    w.function(&format!("pub fn {name}{}", handle.lifetime()), &list, &handle.result(), |w| {
        w.call(&format!("{}.call_with", handle.path()), &names, "");
    });
}

fn with_defaults<'h>(handle: &'h Handle<'_>) -> impl Iterator<Item = (&'h Parameter, &'h String)> {
    handle.parameters.iter().filter_map(|p| Some((p, p.default.as_ref()?)))
}

/// `<lifetime>` if a field borrows.
fn lifetime(handle: &Handle<'_>, lifetime: &str) -> String {
    match with_defaults(handle).any(|(p, _)| p.ty.contains('&')) {
        true => format!("<{lifetime}>"),
        false => String::new(),
    }
}

/// The argument as the schema writes it.
fn schema_text(handle: &Handle<'_>, parameter: &Parameter) -> String {
    let position = handle.parameters.iter().position(|p| p.name == parameter.name);
    position.map_or_else(String::new, |at| handle.entry.schema.arguments[at].to_string())
}
