//! Span tree to entries: each field is read as what it must be, and schemas are parsed.
//!
//! What is wrong with a field alone is reported here: unknown fields, wrong kinds, words that are not in a vocabulary.
//! Whether fields fit each other is for [`crate::check`].

mod dispatch;
pub(crate) mod fields;
mod supplement;

use std::ops::Range;

use keyway_schema::{Code, OperatorName, Schema, parse};

use self::fields::{Fields, Text};
use crate::diagnostics::{Diagnostic, Sink};
use crate::load::tree::{Node, Value};
use crate::model::{Changes, DEFAULT_NAMESPACE, DeviceCheck, OperatorEntry, Service, Variants};
use crate::source::Source;
use crate::vocabulary;

/// An entry on its way to being checked.
pub(crate) struct Draft<'t> {
    /// The operator's name, as soon as that much of the schema was understood.
    pub(crate) name: Option<OperatorName>,
    /// The entry, if its schema has no mistakes.
    pub(crate) entry: Option<OperatorEntry>,
    /// The fields as written, for places.
    pub(crate) fields: Fields<'t>,
}

/// Reads all entries. Mistakes go to the sink.
pub(crate) fn resolve<'t>(source: &Source, tree: &'t Node<'_>, sink: &Sink) -> Vec<Draft<'t>> {
    let Value::Sequence(items) = &tree.value else {
        if !matches!(tree.value, Value::Refused) {
            let message = format!("an operator list is a list of entries, but this is {}", tree.kind_name());
            let span = tree.span.start..tree.span.start;
            sink.report(
                Diagnostic::new(Code::NotAList, span, message).help("start each entry with `- func: `"),
            );
        }
        return Vec::new();
    };
    items.iter().filter_map(|item| draft(source, item, sink)).collect()
}

fn draft<'t>(source: &Source, item: &'t Node<'_>, sink: &Sink) -> Option<Draft<'t>> {
    let Value::Mapping(pairs) = &item.value else {
        if !matches!(item.value, Value::Refused) {
            let message = format!("an entry is a mapping, but this is {}", item.kind_name());
            sink.report(
                Diagnostic::new(Code::NotAMapping, item.span.clone(), message).help("write `- func: ...`"),
            );
        }
        return None;
    };
    let fields = Fields::new(pairs, item.span.clone());
    fields.refuse_unknown(sink);
    let func = func(&fields, sink);
    let name = func.as_ref().and_then(|func| func.schema.as_ref()).map(|schema| schema.name.clone());
    let (schema, span) = match func {
        Some(func) if func.clean => (func.schema, func.span),
        _ => (None, fields.place()),
    };
    let entry = entry(schema, span, source, &fields, sink);
    Some(Draft { name, entry, fields })
}

struct Func {
    schema: Option<Schema>,
    clean: bool,
    span: Range<usize>,
}

fn func(fields: &Fields<'_>, sink: &Sink) -> Option<Func> {
    if !fields.has("func") {
        let mut report = Diagnostic::new(Code::MissingFunc, fields.place(), "the entry has no `func`");
        report.help = Some("add `func: name(arguments) -> returns`".to_owned());
        sink.report(report);
        return None;
    }
    let text = fields.text("func", sink)?;
    let parsed = parse(text.value);
    let clean = parsed.errors.is_empty();
    for error in parsed.errors {
        let span = text.node.inside(&error.span);
        sink.report(Diagnostic::from_schema(error, span));
    }
    let mut schema = parsed.schema;
    if let Some(schema) = &mut schema {
        schema.name.namespace.get_or_insert_with(|| DEFAULT_NAMESPACE.to_owned());
    }
    Some(Func { schema, clean, span: text.node.inside(&(0..text.value.len())) })
}

/// Reads all fields but `func`, and makes an entry of them if there is a schema.
fn entry(
    schema: Option<Schema>,
    span: Range<usize>,
    source: &Source,
    fields: &Fields<'_>,
    sink: &Sink,
) -> Option<OperatorEntry> {
    let owned = |name| fields.text(name, sink).map(|text| text.value.to_owned());
    let flag = |name| fields.flag(name, sink).unwrap_or(false);
    let variants = variants(fields, sink);
    let dispatch = dispatch::table(fields, sink);
    let structured_delegate = structured_delegate(fields, sink);
    let structured_inherits = structured_inherits(fields, sink);
    let ufunc_inner_loop = ufunc_inner_loop(fields, sink);
    let method_name = method_name(fields, sink);
    let place = source.place(span.start);
    let (structured, device_guard) = (flag("structured"), fields.flag("device_guard", sink).unwrap_or(true));
    let (manual_cpp_binding, manual_kernel_registration) =
        (flag("manual_cpp_binding"), flag("manual_kernel_registration"));
    let use_const_ref_for_mutable_tensors = flag("use_const_ref_for_mutable_tensors");
    let (device_check, autogen, tags) =
        (device_check(fields, sink), autogen(fields, sink), tags(fields, sink));
    let precomputed = fields.texts("precomputed", sink);
    let cpp_no_default_args = fields.texts("cpp_no_default_args", sink);
    let (python_module, category_override, doc) =
        (owned("python_module"), owned("category_override"), owned("doc"));
    let (derive, changes) = (fields.flag("derive", sink).unwrap_or(true), changes(fields, sink));
    let grouped_with = fields.text("grouped_with", sink);
    let grouped_with = grouped_with.and_then(|text| operator_name(text.value, text.place(), sink));
    let python_keyword_arguments = fields.texts("python_keyword_arguments", sink);
    let mut entry = OperatorEntry {
        schema: schema?,
        variants,
        dispatch,
        structured,
        structured_delegate,
        structured_inherits,
        precomputed,
        ufunc_inner_loop,
        device_check,
        device_guard,
        autogen,
        manual_cpp_binding,
        manual_kernel_registration,
        python_module,
        category_override,
        cpp_no_default_args,
        use_const_ref_for_mutable_tensors,
        tags,
        method_name,
        doc,
        derive,
        grouped_with,
        changes,
        serves: serves(fields, sink),
        python_keyword_arguments,
        derived: None,
        place,
        span,
    };
    supplement::apply(&mut entry);
    Some(entry)
}

fn serves(fields: &Fields<'_>, sink: &Sink) -> Option<Service> {
    let text = fields.text("serves", sink)?;
    let service = service(text.value);
    if service.is_none() {
        let message = format!("`{}` is nothing that derived kernels need", text.value);
        sink.report(
            Diagnostic::new(Code::BadService, text.place(), message)
                .help("write `copy`, `write` or `resize`"),
        );
    }
    service
}

fn service(word: &str) -> Option<Service> {
    match word {
        "copy" => Some(Service::Copy),
        "write" => Some(Service::Write),
        "resize" => Some(Service::Resize),
        _ => None,
    }
}

fn changes(fields: &Fields<'_>, sink: &Sink) -> Option<Changes> {
    let text = fields.text("changes", sink)?;
    match text.value {
        "size" => Some(Changes::Size),
        "storage" => Some(Changes::Storage),
        other => {
            let message = format!("`{other}` is nothing that an in-place view changes");
            sink.report(
                Diagnostic::new(Code::BadChanges, text.place(), message).help("write `size` or `storage`"),
            );
            None
        }
    }
}

/// Y89, Y159.
fn variants(fields: &Fields<'_>, sink: &Sink) -> Variants {
    let Some(text) = fields.text("variants", sink) else {
        return Variants { function: true, method: false };
    };
    let mut variants = Variants { function: false, method: false };
    for (word, place) in text.split() {
        match word {
            "function" => variants.function = true,
            "method" => variants.method = true,
            _ => sink.report(
                Diagnostic::new(Code::IllegalVariant, place, format!("`{word}` is not a variant"))
                    .help("write `function`, `method` or `function, method`, with a comma and one space"),
            ),
        }
    }
    variants
}

/// Y90.
fn device_check(fields: &Fields<'_>, sink: &Sink) -> DeviceCheck {
    match fields.text("device_check", sink) {
        Some(Text { value: "NoCheck", .. }) => DeviceCheck::NoCheck,
        None | Some(Text { value: "ExactSame", .. }) => DeviceCheck::ExactSame,
        Some(text) => {
            let message = format!("`{}` is not a device check", text.value);
            sink.report(
                Diagnostic::new(Code::IllegalDeviceCheck, text.place(), message)
                    .help("write `NoCheck` or `ExactSame`"),
            );
            DeviceCheck::ExactSame
        }
    }
}

/// Y91.
fn structured_delegate(fields: &Fields<'_>, sink: &Sink) -> Option<OperatorName> {
    let text = fields.text("structured_delegate", sink)?;
    operator_name(text.value, text.place(), sink)
}

/// Y92.
fn structured_inherits(fields: &Fields<'_>, sink: &Sink) -> Option<String> {
    let text = fields.text("structured_inherits", sink)?;
    if text.value.contains("::") {
        sink.report(
            Diagnostic::new(Code::BadOperatorReference, text.place(), "a class without a namespace is meant")
                .help("write the class's own name"),
        );
    }
    Some(text.value.to_owned())
}

/// Y105.
fn autogen(fields: &Fields<'_>, sink: &Sink) -> Vec<OperatorName> {
    let Some(text) = fields.text("autogen", sink) else { return Vec::new() };
    text.split().into_iter().filter_map(|(name, place)| operator_name(name, place, sink)).collect()
}

/// A name without a namespace that refers to an operator of the list.
fn operator_name(text: &str, place: Range<usize>, sink: &Sink) -> Option<OperatorName> {
    let problem = match keyway_schema::parse_name(text) {
        Ok(name) if name.namespace.is_none() => return Some(name),
        Ok(_) => "a namespace is not allowed here".to_owned(),
        Err(errors) => errors.0.first().map(|e| e.message.clone()).unwrap_or_default(),
    };
    sink.report(
        Diagnostic::new(
            Code::BadOperatorReference,
            place,
            format!("`{text}` does not name an operator: {problem}"),
        )
        .help("write `name` or `name.overload`, several with a comma and one space between them"),
    );
    None
}

/// Y96.
fn tags(fields: &Fields<'_>, sink: &Sink) -> Vec<String> {
    let words = fields.text_or_texts("tags", sink);
    for (word, node) in &words {
        if vocabulary::find_tag(word).is_none() {
            let near = keyway_schema::suggest::nearest(word, vocabulary::TAGS.iter().map(|tag| tag.name));
            let mut report =
                Diagnostic::new(Code::UnknownTag, node.span.clone(), format!("unknown tag `{word}`"));
            report.help = Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if word.contains(',') => "write several tags as a list, `[core, pointwise]`".to_owned(),
                None => format!("the tags are {}", names(vocabulary::TAGS.iter().map(|tag| tag.name))),
            });
            sink.report(report);
        }
    }
    words.into_iter().map(|(word, _)| word.to_owned()).collect()
}

/// Y82, Y83, Y181.
fn ufunc_inner_loop(fields: &Fields<'_>, sink: &Sink) -> Vec<(String, String)> {
    let lines = fields.text_or_mapping("ufunc_inner_loop", "Generic", sink);
    for (key, value) in &lines {
        if !vocabulary::UFUNC_KEYS.contains(&key.value) {
            let message = format!("unknown ufunc key `{}`", key.value);
            let help = format!("the keys are {}", names(vocabulary::UFUNC_KEYS.into_iter()));
            sink.report(Diagnostic::new(Code::BadUfunc, key.place(), message).help(help));
        }
        if let Err(problem) = ufunc_value(value.value) {
            sink.report(
                Diagnostic::new(Code::BadUfunc, value.place(), problem)
                    .help("write `name (All, Half)` for instance"),
            );
        }
    }
    lines.into_iter().map(|(key, value)| (key.value.to_owned(), value.value.to_owned())).collect()
}

fn ufunc_value(value: &str) -> Result<(), String> {
    let (_, rest) =
        value.split_once(" (").ok_or("a name, one space, and dtypes in parentheses are expected")?;
    let dtypes = rest.strip_suffix(')').ok_or("the list of dtypes is not closed with `)`")?;
    let known = |word: &str| {
        vocabulary::UFUNC_DTYPES.contains(&word) || vocabulary::UFUNC_DTYPE_CLASSES.contains(&word)
    };
    match dtypes.split(", ").find(|word| !known(word)) {
        Some(unknown) => Err(format!("unknown dtype `{unknown}`")),
        None => Ok(()),
    }
}

/// Y273.
fn method_name(fields: &Fields<'_>, sink: &Sink) -> Option<String> {
    let text = fields.text("method_name", sink)?;
    if !keyway_schema::identifiers::is_identifier(text.value) {
        let message = format!("`{}` cannot be the name of a method", text.value);
        sink.report(
            Diagnostic::new(Code::BadMethodName, text.place(), message)
                .help("write a Rust identifier that is not a keyword"),
        );
    }
    Some(text.value.to_owned())
}

/// Words for a message: `a`, `b` and `c`.
fn names<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
