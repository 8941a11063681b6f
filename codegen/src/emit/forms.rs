//! The short forms of operators: free functions, and methods of tensors.

use keyway_schema::identifiers;

use crate::emit::operator::Handle;
use crate::emit::signature::Results;
use crate::emit::text::Writer;

/// A function, or a provided method of the extension trait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Function,
    Method,
}

/// The short form as a free function. Its long form is the handle's `call`.
pub(crate) fn functions(handle: &Handle<'_>, w: &mut Writer) {
    if handle.entry.variants.function && !handle.entry.manual_cpp_binding {
        short(handle, Form::Function, &format!("`{}.call`", handle.path()), w);
    }
}

/// Whether the operator has methods.
pub(crate) fn has_methods(handle: &Handle<'_>) -> bool {
    handle.entry.variants.method && !handle.entry.manual_cpp_binding
}

/// The short form, and the long one if there are defaults to leave out, as provided methods of the extension trait.
pub(crate) fn methods(handle: &Handle<'_>, w: &mut Writer) {
    let long = format!("`{}_with`", handle.short_name);
    short(handle, Form::Method, &long, w);
    if has_defaults(handle) {
        w.gap();
        w.doc(&format!("`{}` with all arguments given.", handle.short_name));
        write(handle, Form::Method, false, w);
    }
}

fn has_defaults(handle: &Handle<'_>) -> bool {
    handle.parameters.iter().any(|p| p.default.is_some())
}

fn short(handle: &Handle<'_>, form: Form, long: &str, w: &mut Writer) {
    let sentence = handle.entry.doc.as_deref().unwrap_or("Calls the operator.");
    w.gap();
    // Links are written without the raw prefix: `#` would start a fragment.
    w.doc(&format!("{} See [`{}`].", sentence.trim_end(), handle.path().replace("r#", "")));
    if has_defaults(handle) {
        w.doc(&format!("Arguments with defaults take them; {long} takes all."));
    }
    write(handle, form, true, w);
}

fn write(handle: &Handle<'_>, form: Form, is_short: bool, w: &mut Writer) {
    let suffix = if is_short { "" } else { "_with" };
    let name = identifiers::item(&format!("{}{suffix}", handle.short_name));
    let (mut list, mut values) = (Vec::new(), Vec::new());
    if form == Form::Method {
        list.push(if returns_self(handle) { "&'a self".to_owned() } else { "&self".to_owned() });
    }
    for p in &handle.parameters {
        let name = &p.name;
        match &p.default {
            _ if form == Form::Method && p.is_self => values.push("self.as_tensor()".to_owned()),
            Some(default) if is_short => values.push(default.clone()),
            _ if p.takes_scalar => {
                list.push(format!("{name}: impl ::std::convert::Into<::keyway::Scalar>"));
                values.push(format!("{name}.into()"));
            }
            _ => {
                list.push(format!("{name}: {}", p.ty));
                values.push(name.clone());
            }
        }
    }
    let visibility = if form == Form::Method { "" } else { "pub " };
    w.line("#[inline]");
    w.function(&format!("{visibility}fn {name}{}", handle.lifetime()), &list, &handle.result(), |w| {
        w.call(&format!("{}.call", handle.path()), &values, "");
    });
}

fn returns_self(handle: &Handle<'_>) -> bool {
    match &handle.typed.results {
        Results::Arguments(positions) => {
            handle.entry.schema.self_index().is_some_and(|index| positions.contains(&index))
        }
        Results::Owned(_) => false,
    }
}
