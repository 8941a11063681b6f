//! Kernels of derived variants (Y213), written with the list's own operators.
//!
//! An out variant calls its functional one and copies the results; a functional variant calls the one that writes on
//! copies; the copying twin of a view copies the view. Which operators of the namespace copy, write and resize is said by the field `serves`; without them the
//! variants are operators without a kernel.

use std::collections::BTreeMap;

use keyway_schema::{BaseType, SchemaKind, Type};

use crate::emit::operator::{GeneratedKernel, Handle};
use crate::emit::signature::Results;
use crate::emit::text::Writer;
use crate::model::{OperatorList, Service, ViewGroup};

/// The key of kernels that serve every backend.
const KEY: &str = "CompositeExplicitAutograd";

/// Resizes where no operator of the list does.
const SET_GEOMETRY: &str = "target.set_geometry(::keyway::Geometry::contiguous(sizes)?)";

/// The calls that copy, write and resize in one namespace.
#[derive(Clone)]
pub(crate) struct Services {
    copy: String,
    /// As `copy`, in row-major order where the operator can be told so.
    dense_copy: String,
    write: String,
    resize: String,
}

impl Services {
    /// Those of each namespace that has operators to copy and to write. `path` is where a namespace's handles are.
    pub(crate) fn of(
        handles: &[Handle<'_>],
        path: impl Fn(&Handle<'_>) -> String,
    ) -> BTreeMap<String, Services> {
        let mut found: BTreeMap<&str, [Option<String>; 3]> = BTreeMap::new();
        let mut dense_copies: BTreeMap<&str, String> = BTreeMap::new();
        for handle in handles {
            let given: &[&str] = match handle.entry.serves {
                Some(Service::Copy) => &["tensor"],
                Some(Service::Write) => &["target", "source"],
                Some(Service::Resize) => &["target", "sizes"],
                None => continue,
            };
            let rest = handle.parameters.iter().skip(given.len()).map(|p| p.default.clone());
            let values: Option<Vec<String>> =
                given.iter().map(|name| Some((*name).to_owned())).chain(rest).collect();
            let call = values.map(|values| format!("{}.call({})", path(handle), values.join(", ")));
            if let (Some(Service::Copy), Some(call)) = (handle.entry.serves, &call) {
                dense_copies.insert(handle.entry.namespace(), dense(handle, call, path(handle)));
            }
            let services = found.entry(handle.entry.namespace()).or_default();
            services[handle.entry.serves.map_or(0, |service| service as usize)] = call;
        }
        let complete = found.into_iter().filter_map(|(namespace, [copy, write, resize])| {
            let resize = resize.unwrap_or_else(|| SET_GEOMETRY.to_owned());
            let dense_copy = dense_copies.get(namespace)?.clone();
            Some((namespace.to_owned(), Services { copy: copy?, dense_copy, write: write?, resize }))
        });
        complete.collect()
    }

    /// What the kernels share.
    pub(crate) fn text(&self) -> String {
        let mut w = Writer::default();
        let parameters = |list: &[&str]| list.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        w.doc("A copy, for a kernel that may only write to copies.");
        w.function(
            "fn __kw_copy",
            &parameters(&["tensor: &::keyway::Tensor"]),
            "::keyway::Result<::keyway::Tensor>",
            |w| {
                w.line(&self.copy);
            },
        );
        w.gap();
        w.doc("A copy in row-major order, for what a view would share.");
        w.function(
            "fn __kw_dense_copy",
            &parameters(&["tensor: &::keyway::Tensor"]),
            "::keyway::Result<::keyway::Tensor>",
            |w| {
                w.line(&self.dense_copy);
            },
        );
        w.gap();
        w.doc("Writes a result to an argument, which takes its size. Another dtype or device is an error.");
        let pair = ["target: &::keyway::Tensor", "source: &::keyway::Tensor"];
        w.function("fn __kw_write", &parameters(&pair), "::keyway::Result<()>", |w| {
            w.block("if target.dtype() != source.dtype() || target.device() != source.device()", |w| {
                w.line("return ::std::result::Result::Err(::keyway::Error::dtype(::std::format!(");
                w.line("    \"the result is {} on {}, but the out argument is {} on {}\",");
                w.line("    source.dtype(), source.device(), target.dtype(), target.device(),");
                w.line(")));");
            });
            w.block("if target.sizes() != source.sizes()", |w| {
                w.line("let sizes = source.sizes();");
                w.line(&format!("{}?;", self.resize));
            });
            w.line(&format!("{}.map(|_| ())", self.write));
        });
        w.gap();
        w.doc("Writes results to the tensors of a list.");
        let lists = ["targets: &[::keyway::Tensor]", "sources: &[::keyway::Tensor]"];
        w.function("fn __kw_write_all", &parameters(&lists), "::keyway::Result<()>", |w| {
            w.block("if targets.len() != sources.len()", |w| {
                w.line("return ::std::result::Result::Err(::keyway::Error::shape(::std::format!(");
                w.line("    \"{} results for {} out arguments\", sources.len(), targets.len(),");
                w.line(")));");
            });
            w.line("targets.iter().zip(sources).try_for_each(|(target, source)| __kw_write(target, source))");
        });
        w.finish()
    }
}

/// The kernel of each derived operator, by position in the list, where there can be one.
pub(crate) fn kernels(
    list: &OperatorList,
    handles: &[Handle<'_>],
    services: &BTreeMap<String, Services>,
) -> Vec<(usize, GeneratedKernel)> {
    let mut made = Vec::new();
    for group in &list.groups {
        for position in group.members() {
            let handle = &handles[position];
            let Some(derived) = &handle.entry.derived else { continue };
            if !services.contains_key(handle.entry.namespace()) {
                continue;
            }
            let base = &handles[derived.base];
            let body = match handle.entry.kind() {
                SchemaKind::Functional => functional_body(handle, base),
                _ => {
                    let source = match base.entry.kind() {
                        SchemaKind::Inplace => group.functional.map(|position| &handles[position]),
                        _ => Some(base),
                    };
                    source.and_then(|source| out_body(handle, base, source))
                }
            };
            made.extend(body.map(|body| (position, kernel(handle, KEY, &body))));
        }
    }
    made.extend(list.view_groups.iter().filter_map(|group| view_copy(group, handles, services)));
    made
}

/// The call that copies, with a memory format of its own set to row-major order.
fn dense(handle: &Handle<'_>, call: &str, path: String) -> String {
    let values = handle.parameters.iter().zip(&handle.entry.schema.arguments).enumerate().map(
        |(at, (p, argument))| match (at, &argument.ty) {
            (0, _) => Some("tensor".to_owned()),
            (_, Type::Optional(inner)) if **inner == Type::Base(BaseType::MemoryFormat) => {
                Some("::std::option::Option::Some(::keyway::MemoryFormat::Contiguous)".to_owned())
            }
            _ => p.default.clone(),
        },
    );
    let values: Option<Vec<String>> = values.collect();
    values.map_or_else(|| call.to_owned(), |values| format!("{path}.call({})", values.join(", ")))
}

/// The kernel of an operator that copies what a view would share (Y216): the view, copied. Only where the entry is tagged so
/// and its one kernel serves every backend.
fn view_copy(
    group: &ViewGroup,
    handles: &[Handle<'_>],
    services: &BTreeMap<String, Services>,
) -> Option<(usize, GeneratedKernel)> {
    let position = group.copy?;
    let (view, handle) = (&handles[group.view], &handles[position]);
    let [line] = &handle.entry.kernels()[..] else { return None };
    let serves_all = ["CompositeExplicitAutograd", "CompositeExplicitAutogradNonFunctional"];
    if !handle.entry.has_tag("view_copy")
        || !serves_all.contains(&line.key.as_str())
        || !services.contains_key(handle.entry.namespace())
        || view.parameters.len() != handle.parameters.len()
    {
        return None;
    }
    let values: Vec<String> = handle.parameters.iter().map(|p| a(&p.name)).collect();
    let call = format!("{}.call({})", view.path(), values.join(", "));
    let body = match view.entry.schema.returns.first()?.ty {
        Type::List(..) => format!("{call}?.iter().map(__kw_dense_copy).collect()"),
        _ => format!("__kw_dense_copy(&{call}?)"),
    };
    Some((position, kernel(handle, &line.key, &[body])))
}

fn kernel(handle: &Handle<'_>, key: &str, body: &[String]) -> GeneratedKernel {
    let mut w = Writer::default();
    let name = format!("__kw_derived_{}", handle.entry.schema.name.unambiguous_name());
    w.function(&format!("fn {name}"), &handle.kernel_parameters("_"), &handle.kernel_result(), |w| {
        body.iter().for_each(|line| w.line(line));
    });
    let registration = format!("{}.derived(::keyway::AliasKey::{key}, {name})", handle.operator_static());
    GeneratedKernel { function: w.finish(), registration }
}

/// A local name that no item and no keyword can have.
fn a(name: &str) -> String {
    format!("a_{name}")
}

fn is_list(ty: &Type) -> bool {
    ty.element().is_some()
}

/// Calls the functional variant, or the mutable base, and writes the results.
fn out_body(handle: &Handle<'_>, base: &Handle<'_>, source: &Handle<'_>) -> Option<Vec<String>> {
    let schema = &handle.entry.schema;
    let outs: Vec<(String, &Type)> = schema
        .out_arguments()
        .map(|argument| (a(&keyway_schema::identifiers::argument(&argument.name)), &argument.ty))
        .collect();
    let (first, first_type) = outs.first()?;
    let like = (!is_list(first_type)).then_some(first.as_str());
    let values: Option<Vec<String>> = source
        .parameters
        .iter()
        .zip(&source.entry.schema.arguments)
        .map(|(parameter, argument)| match handle.parameters.iter().any(|p| p.name == parameter.name) {
            true => Some(a(&parameter.name)),
            false => like.map(|like| option(&argument.name, &argument.ty, like)),
        })
        .collect();
    let values = values?;
    let returns = &source.entry.schema.returns;
    let names: Vec<String> = (0..returns.len()).map(|i| format!("r{i}")).collect();
    let pattern = if names.len() == 1 { names[0].clone() } else { format!("({})", names.join(", ")) };
    let mut body = vec![format!("let {pattern} = {}.call({})?;", source.path(), values.join(", "))];
    // An in-place base writes further arguments, which its functional variant returns after its own results.
    let further = match base.entry.kind() {
        SchemaKind::Inplace => base.entry.schema.written_after_self().collect(),
        _ => Vec::new(),
    };
    let further = further
        .into_iter()
        .map(|argument| (a(&keyway_schema::identifiers::argument(&argument.name)), &argument.ty));
    let mut targets = outs.clone().into_iter().chain(further);
    let mut rest = Vec::new();
    for (returned, name) in returns.iter().zip(&names) {
        if !returned.ty.is_tensor_like() {
            rest.push(name.clone());
            continue;
        }
        let (target, ty) = targets.next()?;
        let helper = if is_list(ty) { "__kw_write_all" } else { "__kw_write" };
        body.push(format!("{helper}({target}, &{name})?;"));
    }
    let result = match (&handle.typed.results, &rest[..]) {
        (Results::Arguments(_), _) | (_, []) => "()".to_owned(),
        (_, [one]) => one.clone(),
        (_, several) => format!("({})", several.join(", ")),
    };
    body.push(format!("::std::result::Result::Ok({result})"));
    Some(body)
}

/// A tensor option that the out variant lacks: as the out argument has it.
fn option(name: &str, ty: &Type, like: &str) -> String {
    let (given, plain) = match name {
        "dtype" => (Some(format!("{like}.dtype()")), String::new()),
        "device" => (Some(format!("{like}.device()")), String::new()),
        "layout" => (None, "::keyway::Layout::Strided".to_owned()),
        _ => (None, "false".to_owned()),
    };
    match (ty, given) {
        (Type::Optional(_), Some(given)) => format!("::std::option::Option::Some({given})"),
        (Type::Optional(_), None) => "::std::option::Option::None".to_owned(),
        (_, given) => given.unwrap_or(plain),
    }
}

/// Copies what the base writes, calls it on the copies, and returns its results and the copies.
fn functional_body(handle: &Handle<'_>, base: &Handle<'_>) -> Option<Vec<String>> {
    let schema = &base.entry.schema;
    let copied = |name: &str| format!("c_{name}");
    let (mut body, mut values) = (Vec::new(), Vec::new());
    for (parameter, argument) in base.parameters.iter().zip(&schema.arguments) {
        let (name, own) = (&parameter.name, a(&parameter.name));
        if !argument.is_write() {
            values.push(own);
            continue;
        }
        let copy = copied(name);
        let (made, given) = match &argument.ty {
            Type::List(..) => (
                format!("{own}.iter().map(__kw_copy).collect::<::keyway::Result<::std::vec::Vec<_>>>()?"),
                format!("&{copy}"),
            ),
            Type::Optional(_) => (format!("{own}.map(__kw_copy).transpose()?"), format!("{copy}.as_ref()")),
            _ => (format!("__kw_copy({own})?"), format!("&{copy}")),
        };
        body.push(format!("let {copy} = {made};"));
        values.push(given);
    }
    let call = format!("{}.call({})?;", base.path(), values.join(", "));
    let mut results: Vec<String> = Vec::new();
    match &base.typed.results {
        Results::Arguments(positions) => {
            body.push(call);
            results.extend(positions.iter().map(|&p| copied(&base.parameters[p].name)));
        }
        Results::Owned(_) => {
            results.extend((0..schema.returns.len()).map(|i| format!("r{i}")));
            match &results[..] {
                [] => body.push(call),
                [one] => body.push(format!("let {one} = {call}")),
                several => body.push(format!("let ({}) = {call}", several.join(", "))),
            }
        }
    }
    let written = schema.written_but_not_returned();
    results
        .extend(written.iter().map(|argument| copied(&keyway_schema::identifiers::argument(&argument.name))));
    if results.len() != handle.entry.schema.returns.len() {
        return None;
    }
    let result = if results.len() == 1 { results.remove(0) } else { format!("({})", results.join(", ")) };
    body.push(format!("::std::result::Result::Ok({result})"));
    Some(body)
}
