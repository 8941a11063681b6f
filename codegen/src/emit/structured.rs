//! Structured operators (Y175 to Y180): the traits that a shape function and the kernels of backends implement, and the
//! functional, in-place and out forms made of them, each a function of few lines that calls the runtime.
//!
//! For `add.out` there are the traits `Shape_add_out` (implemented by `#[structured]`) and `Implementation_add_out` (by
//! `#[kernel(..., structured)]`), and a function of the handle's type that makes the kernels of all forms.

use std::collections::BTreeMap;

use keyway_schema::{Argument, BaseType, Schema, SchemaKind, Type, identifiers};

use crate::emit::Unselected;
use crate::emit::operator::Handle;
use crate::emit::text::{Writer, literal};
use crate::emit::types::{argument_type, return_type};
use crate::model::Service;

/// The name of [`copying`].
const COPY: &str = "__kw_copy_result";

/// The forms of one structured operator.
pub(crate) struct Structured<'h, 'a> {
    out: &'h Handle<'a>,
    /// The handles that take their kernels from it, in the order of the list, without itself.
    delegates: Vec<&'h Handle<'a>>,
    /// The arguments of kernels, out arguments apart.
    arguments: Vec<KernelArgument>,
    precomputed: Vec<Precomputed>,
}

/// An argument of a structured kernel that is no out argument.
struct KernelArgument {
    name: String,
    ty: String,
    is_precomputed: bool,
}

/// A value that the shape function finds out for kernels.
struct Precomputed {
    name: String,
    owned: String,
    /// What a kernel gets of the field.
    passed: String,
}

/// The structured operators of a list by the position of their out form, and why some have none.
pub(crate) fn of<'h, 'a>(
    handles: &'h [Handle<'a>],
    unselected: Unselected,
) -> Result<Vec<(usize, Structured<'h, 'a>)>, (usize, String)> {
    let mut delegates: BTreeMap<String, Vec<&Handle<'_>>> = BTreeMap::new();
    for handle in handles.iter().filter(|handle| handle.is_selected || unselected == Unselected::Kept) {
        if let Some(name) = &handle.entry.structured_delegate {
            delegates.entry(format!("{}::{name}", handle.entry.namespace())).or_default().push(handle);
        }
    }
    let structured = handles.iter().enumerate().filter(|(_, handle)| handle.entry.structured);
    structured
        .map(|(position, out)| {
            let delegates = delegates.remove(&out.entry.name().to_string()).unwrap_or_default();
            let (arguments, precomputed) = arguments(out).map_err(|reason| (position, reason))?;
            Ok((position, Structured { out, delegates, arguments, precomputed }))
        })
        .collect()
}

/// The call by which results are copied, in each namespace that has an operator for it. `path` is where a namespace's
/// handles are.
pub(crate) fn copies(
    handles: &[Handle<'_>],
    path: impl Fn(&Handle<'_>) -> String,
) -> BTreeMap<String, String> {
    let mut copies = BTreeMap::new();
    for handle in handles.iter().filter(|handle| handle.entry.serves == Some(Service::Write)) {
        let rest = handle.parameters.iter().skip(2).map(|p| p.default.clone());
        let values: Option<Vec<String>> =
            ["target", "source"].map(|name| Some(name.to_owned())).into_iter().chain(rest).collect();
        if let Some(values) = values {
            let call = format!("{}.call({}).map(|_| ())", path(handle), values.join(", "));
            copies.insert(handle.entry.namespace().to_owned(), call);
        }
    }
    copies
}

/// The parameters of a structured kernel, `name: type`, for a person to go on from.
pub(crate) fn kernel_parameters(out: &Handle<'_>) -> Result<Vec<String>, String> {
    let (arguments, _) = arguments(out)?;
    let plan = out.entry.structured_inherits.as_ref().map(|ty| format!("plan: &{ty}"));
    let own = arguments.iter().map(|KernelArgument { name, ty, .. }| {
        // Without the prefix that keeps generated names apart.
        format!("{}: {ty}", name.strip_prefix("a_").unwrap_or(name))
    });
    let outs = out
        .entry
        .schema
        .out_arguments()
        .map(|argument| format!("{}: &::keyway::Tensor", identifiers::argument(&argument.name)));
    Ok(plan.into_iter().chain(own).chain(outs).collect())
}

/// The arguments of kernels: those of the schema, some replaced by precomputed ones, and further precomputed ones.
fn arguments(out: &Handle<'_>) -> Result<(Vec<KernelArgument>, Vec<Precomputed>), String> {
    let (mut replaced, mut further) = (BTreeMap::new(), Vec::new());
    for line in &out.entry.precomputed {
        match line.split_once(" -> ") {
            Some((argument, added)) => {
                replaced.insert(argument.trim().to_owned(), values(added)?);
            }
            None => further.extend(values(line)?),
        }
    }
    let (mut made, mut precomputed) = (Vec::new(), Vec::new());
    let mut add = |values: Vec<(KernelArgument, Precomputed)>, made: &mut Vec<KernelArgument>| {
        for (argument, value) in values {
            made.push(argument);
            precomputed.push(value);
        }
    };
    for (argument, ty) in out.entry.schema.arguments.iter().zip(&out.typed.arguments) {
        match replaced.remove(&argument.name) {
            _ if argument.is_out => {}
            Some(values) => add(values, &mut made),
            None => made.push(KernelArgument {
                name: a(&identifiers::argument(&argument.name)),
                ty: ty.clone(),
                is_precomputed: false,
            }),
        }
    }
    if let Some((name, _)) = replaced.pop_first() {
        return Err(format!("`precomputed` replaces `{name}`, which is no argument"));
    }
    add(further, &mut made);
    Ok((made, precomputed))
}

/// The values of a line of `precomputed`.
fn values(line: &str) -> Result<Vec<(KernelArgument, Precomputed)>, String> {
    // `DimVector` is a list of sizes that only `precomputed` knows (Y179). The rest is written like arguments.
    let schema = format!("precomputed({}) -> ()", line.trim().replace("DimVector ", "int[] "));
    let parsed: Result<Schema, _> = schema.parse();
    let schema = parsed.map_err(|problem| format!("`precomputed`: `{line}`: {problem}"))?;
    schema.arguments.iter().map(value).collect()
}

fn value(argument: &Argument) -> Result<(KernelArgument, Precomputed), String> {
    let unknown = || format!("`precomputed`: the type `{}` has no Rust type", argument.ty);
    let passed = argument_type(&argument.ty).ok_or_else(unknown)?.text;
    let owned = return_type(&keyway_schema::Return { name: None, ty: argument.ty.clone(), alias: None })
        .ok_or_else(unknown)?
        .text;
    let name = identifiers::argument(&argument.name);
    let field = format!("computed.{name}");
    let value = match &argument.ty {
        Type::List(..)
        | Type::Base(BaseType::Tensor | BaseType::Generator | BaseType::Storage | BaseType::Str) => {
            format!("&{field}")
        }
        Type::Optional(inner) => match &**inner {
            Type::List(..) | Type::Base(BaseType::Str) => format!("{field}.as_deref()"),
            Type::Base(BaseType::Tensor | BaseType::Generator | BaseType::Storage) => {
                format!("{field}.as_ref()")
            }
            _ => field,
        },
        _ => field,
    };
    Ok((
        KernelArgument { name: a(&name), ty: passed, is_precomputed: true },
        Precomputed { name, owned, passed: value },
    ))
}

/// The function that is the kernel of a form.
fn form_name(handle: &Handle<'_>) -> String {
    format!("__kw_form_{}", handle.entry.schema.name.unambiguous_name())
}

/// What copies a result to the argument that is written, for all structured operators of a namespace.
pub(crate) fn copying(copy: &str) -> String {
    let mut w = Writer::default();
    w.gap();
    w.doc("Copies the result of a structured operator to the argument that it is written to.");
    let parameters = ["target: &::keyway::Tensor", "source: &::keyway::Tensor"].map(str::to_owned);
    w.function(&format!("fn {COPY}"), &parameters, "::keyway::Result<()>", |w| w.line(copy));
    w.finish()
}

/// A local name that no item and no keyword can have.
fn a(name: &str) -> String {
    format!("a_{name}")
}

impl Structured<'_, '_> {
    /// `Shape_add_out`: how `#[structured]` and `#[kernel(..., structured)]` find a part. A path into a module that is not
    /// there could not be stood in for, and re-exports cost the compiler far more than items.
    fn part(&self, part: &str) -> String {
        format!("{part}_{}", self.out.entry.schema.name.unambiguous_name())
    }

    fn has_plan(&self) -> bool {
        self.out.entry.structured_inherits.is_some()
    }

    /// The traits, the function on the handle, and the kernels of the forms. `copies` says whether an
    /// operator of the namespace copies.
    pub(crate) fn text(&self, copies: bool) -> String {
        let mut w = Writer::default();
        self.precomputed(&mut w);
        self.traits(&mut w);
        w.gap();
        w.line("#[doc(hidden)]");
        w.line(&format!("pub type {} = {};", self.part("Structured"), self.out.path()));
        w.gap();
        w.block(&format!("impl {}", self.out.path()), |w| self.kernels(w));
        for handle in self.forms() {
            w.gap();
            self.form(handle, copies, &mut w);
        }
        w.finish()
    }

    /// The struct of precomputed values, in a module of its own.
    fn precomputed(&self, w: &mut Writer) {
        if self.precomputed.is_empty() {
            return;
        }
        w.doc(&format!("What `{}` finds out for its kernels.", self.out.entry.name()));
        w.block(&format!("pub mod {}", self.part("structured")), |w| {
            w.doc("What the shape function finds out for kernels.");
            w.line("#[derive(Clone, Debug)]");
            w.block("pub struct Precomputed", |w| {
                for value in &self.precomputed {
                    w.doc("See the list's `precomputed`.");
                    w.line(&format!("pub {}: {},", value.name, value.owned));
                }
            });
        });
        w.gap();
    }

    fn traits(&self, w: &mut Writer) {
        let name = self.out.entry.name().to_string();
        let computed = match self.precomputed.is_empty() {
            true => "()".to_owned(),
            false => format!("{}::Precomputed", self.part("structured")),
        };
        let implementation = self.part("Implementation");
        w.doc(&format!("The shape function of `{name}`."));
        w.line("#[diagnostic::on_unimplemented(");
        let message = format!("the structured operator `{name}` has no shape function");
        w.line(&format!("    message = {},", literal(&message)));
        w.line("    label = \"its shape function is missing\",");
        let note = format!("write one with `#[structured({name:?})]`, in the crate of the operator list");
        w.line(&format!("    note = {},", literal(&note)));
        w.line(")]");
        w.block(&format!("pub trait {}", self.part("Shape")), |w| {
            w.doc("What it returns.");
            w.line(&format!("type Meta: ::keyway::StructuredMeta<Precomputed = {computed}>;"));
            w.doc("What the results will be.\n\n# Errors\nWhat the operator refuses.");
            w.call("fn meta", &self.shape_parameters(), " -> ::keyway::Result<Self::Meta>;");
        });
        w.gap();
        let mut parameters: Vec<String> =
            self.has_plan().then(|| "plan: &P".to_owned()).into_iter().collect();
        parameters
            .extend(self.arguments.iter().map(|argument| format!("{}: {}", argument.name, argument.ty)));
        parameters.extend(self.outs().map(|(name, _)| format!("{}: &::keyway::Tensor", a(&name))));
        let has_shortcut = self.has_shortcut();
        if has_shortcut {
            self.shortcut(w);
        }
        w.doc(&format!("A kernel of `{name}`."));
        w.block(&format!("pub trait {implementation}<P>"), |w| {
            w.doc("Whether what it fills may be, element for element, an input.");
            w.line("const IN_PLACE: bool = false;");
            if has_shortcut {
                w.doc("What the functional form asks first.");
                let shortcut = self.part("Shortcut");
                w.line(&format!(
                    "const SHORTCUT: ::std::option::Option<{shortcut}> = ::std::option::Option::None;"
                ));
            }
            w.gap();
            w.doc("Fills the out arguments.\n\n# Errors\nWhat goes wrong.");
            w.call("fn run", &parameters, " -> ::keyway::Result<()>;");
            w.doc("Makes a tensor to be filled.\n\n# Errors\nThat there is no such memory.");
            w.block("fn allocate(meta: &::keyway::OutputMeta) -> ::keyway::Result<::keyway::Tensor>", |w| {
                w.line("meta.allocate()")
            });
        });
        w.gap();
        let unused: Vec<String> = parameters.iter().map(|parameter| format!("_{parameter}")).collect();
        w.block(&format!("impl<P> {implementation}<P> for ::keyway::WithoutElements"), |w| {
            w.line("const IN_PLACE: bool = true;");
            w.gap();
            w.function("fn run", &unused, "::keyway::Result<()>", |w| {
                w.line("::std::result::Result::Ok(())")
            });
        });
    }

    /// Whether there is a functional form of one result, which kernels may give without a plan.
    fn has_shortcut(&self) -> bool {
        let is_functional = |handle: &&Handle<'_>| matches!(handle.entry.kind(), SchemaKind::Functional);
        self.outs().count() == 1 && self.delegates.iter().any(is_functional)
    }

    /// The type of functions that the functional form asks first.
    fn shortcut(&self, w: &mut Writer) {
        w.doc(
            "A function that gives a result without a plan, or nothing: then it is planned, made and filled.",
        );
        let types: Vec<&str> = self.inputs().map(|(_, ty)| ty.as_str()).collect();
        let (shortcut, types) = (self.part("Shortcut"), types.join(", "));
        w.line(&format!("pub type {shortcut} = fn({types}) -> ::std::option::Option<::keyway::Tensor>;"));
        w.gap();
    }

    fn outs(&self) -> impl Iterator<Item = (String, &Argument)> {
        self.out
            .entry
            .schema
            .out_arguments()
            .map(|argument| (identifiers::argument(&argument.name), argument))
    }

    /// The arguments of the shape function: those of the schema without out arguments.
    fn inputs(&self) -> impl Iterator<Item = (&Argument, &String)> {
        let all = self.out.entry.schema.arguments.iter().zip(&self.out.typed.arguments);
        all.filter(|(argument, _)| !argument.is_out)
    }

    fn shape_parameters(&self) -> Vec<String> {
        self.inputs()
            .map(|(argument, ty)| format!("{}: {ty}", a(&identifiers::argument(&argument.name))))
            .collect()
    }

    fn kernels(&self, w: &mut Writer) {
        w.doc("How many forms there are.");
        w.line(&format!("pub const FORMS: usize = {};", self.delegates.len() + 1));
        w.gap();
        w.doc("The kernels of all forms. `#[structured]` and `#[kernel(..., structured)]` call it.");
        w.line(&format!("pub const fn structured<{}>(", self.generics()));
        w.line("    key: ::keyway::AnnouncedKey,");
        w.line("    name: &'static str,");
        w.line("    place: (&'static str, u32),");
        w.line(") -> [::keyway::KernelRegistration; Self::FORMS] {");
        w.indented(|w| {
            w.line("[");
            w.indented(|w| {
                for handle in self.forms() {
                    let (operator, form) = (handle.operator_static(), form_name(handle));
                    w.line(&format!("{operator}.structured(key, {form}::<M, I>, name, place),"));
                }
            });
            w.line("]");
        });
        w.line("}");
    }

    fn forms(&self) -> impl Iterator<Item = &Handle<'_>> {
        std::iter::once(self.out).chain(self.delegates.iter().copied())
    }

    fn generics(&self) -> String {
        let (shape, implementation) = (self.part("Shape"), self.part("Implementation"));
        format!("M: {shape}, I: {implementation}<<M::Meta as ::keyway::StructuredMeta>::Plan>")
    }

    /// The kernel of one form.
    fn form(&self, handle: &Handle<'_>, copies: bool, w: &mut Writer) {
        let header = format!("fn {}<{}>", form_name(handle), self.generics());
        w.function(&header, &handle.kernel_parameters("_"), &handle.kernel_result(), |w| {
            match handle.entry.kind() {
                SchemaKind::Functional => self.functional(handle, w),
                _ => self.writing(handle, copies, w),
            }
        });
    }

    fn functional(&self, handle: &Handle<'_>, w: &mut Writer) {
        let outs: Vec<String> = self.outs().map(|(name, _)| a(&name)).collect();
        let (function, pattern) = match &outs[..] {
            [one] => ("fill_one", one.clone()),
            several => ("fill", format!("[{}]", several.join(", "))),
        };
        if outs.len() == 1 {
            let own = self.own_names(handle).join(", ");
            w.line("if let ::std::option::Option::Some(shortcut) = I::SHORTCUT");
            w.line(&format!("    && let ::std::option::Option::Some(made) = shortcut({own})"));
            w.line("{");
            w.line("    return ::std::result::Result::Ok(made);");
            w.line("}");
        }
        w.line(&format!("::keyway::structured::{function}("));
        w.indented(|w| {
            w.line(&format!("{},", literal(&handle.entry.name().to_string())));
            w.line(&format!("{},", self.shape(handle)));
            w.line("I::allocate,");
            w.line(&format!("|{}, {pattern}| {},", self.meta_name(), self.run(handle, &outs)));
        });
        w.line(")");
    }

    /// An in-place or an out form.
    fn writing(&self, handle: &Handle<'_>, copies: bool, w: &mut Writer) {
        let targets: Vec<String> = match handle.entry.kind() {
            SchemaKind::Out | SchemaKind::Scratch => self.outs().map(|(name, _)| a(&name)).collect(),
            _ => vec![a(&self.receiver(handle))],
        };
        // Without a dtype asked for, the result has that of the argument it goes to.
        let dtype = self.inputs().find(|(argument, _)| {
            argument.name == "dtype"
                && argument.ty == Type::Optional(Box::new(Type::Base(BaseType::ScalarType)))
        });
        if let (Some(_), [one]) = (dtype, &targets[..]) {
            w.line(&format!("let a_dtype = a_dtype.or(::std::option::Option::Some({one}.dtype()));"));
        }
        let function =
            if matches!(handle.entry.kind(), SchemaKind::Inplace) { "write_in_place" } else { "write_out" };
        let filled: Vec<String> = (0..targets.len()).map(|i| format!("filled[{i}]")).collect();
        w.line(&format!("::keyway::structured::{function}("));
        w.indented(|w| {
            w.line(&format!("{},", literal(&handle.entry.name().to_string())));
            w.line(&format!("{},", self.shape(handle)));
            w.line("::keyway::structured::Written {");
            w.line(&format!("    targets: &[{}],", targets.join(", ")));
            w.line(&format!("    inputs: {},", self.tensors(handle)));
            w.line(&format!(
                "    copy: {},",
                if copies { COPY } else { "::keyway::structured::cannot_copy" }
            ));
            w.line("    allocate: I::allocate,");
            w.line("    in_place: I::IN_PLACE,");
            w.line("},");
            w.line(&format!("|{}, filled| {},", self.meta_name(), self.run(handle, &filled)));
        });
        w.line(")");
    }

    fn receiver(&self, handle: &Handle<'_>) -> String {
        let receiver = handle.parameters.iter().find(|p| p.is_self);
        receiver.map_or_else(|| "self_".to_owned(), |p| p.name.clone())
    }

    fn shape(&self, handle: &Handle<'_>) -> String {
        format!("M::meta({})", self.own_names(handle).join(", "))
    }

    /// The names of the arguments that are no out arguments in one form, by position.
    fn own_names(&self, handle: &Handle<'_>) -> Vec<String> {
        let arguments = handle.entry.schema.arguments.iter().zip(&handle.parameters);
        arguments.filter(|(argument, _)| !argument.is_out).map(|(_, p)| a(&p.name)).collect()
    }

    /// What the shape function said, where the kernel gets some of it.
    fn meta_name(&self) -> &'static str {
        if self.has_plan() || !self.precomputed.is_empty() { "meta" } else { "_" }
    }

    /// The call of the backend's kernel.
    fn run(&self, handle: &Handle<'_>, outs: &[String]) -> String {
        let own: BTreeMap<String, String> = self
            .inputs()
            .map(|(argument, _)| a(&identifiers::argument(&argument.name)))
            .zip(self.own_names(handle))
            .collect();
        let mut computed = self.precomputed.iter();
        let mut values: Vec<String> =
            self.has_plan().then(|| "::keyway::StructuredMeta::plan(meta)".to_owned()).into_iter().collect();
        for argument in &self.arguments {
            values.push(match argument.is_precomputed {
                true => computed.next().map(|value| value.passed.clone()).unwrap_or_default(),
                false => own.get(&argument.name).cloned().unwrap_or_else(|| argument.name.clone()),
            });
        }
        values.extend(outs.iter().cloned());
        let call = format!("I::run({})", values.join(", "));
        match self.precomputed.is_empty() {
            true => call,
            false => format!("{{ let computed = ::keyway::StructuredMeta::precomputed(meta); {call} }}"),
        }
    }

    /// The tensors that are read, as a slice of references.
    fn tensors(&self, handle: &Handle<'_>) -> String {
        let names = self.own_names(handle);
        let all: Vec<(&Type, &String)> = self
            .inputs()
            .map(|(argument, _)| &argument.ty)
            .zip(&names)
            .filter(|(ty, _)| ty.is_tensor_like())
            .collect();
        if all.iter().all(|(ty, _)| ty.is_plain_tensor()) {
            let names: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
            return format!("&[{}]", names.join(", "));
        }
        let parts = all.iter().map(|(ty, name)| match ty {
            Type::Optional(_) => format!(".chain({name})"),
            Type::List(element, _) if element.is_plain_tensor() => format!(".chain({name})"),
            Type::List(..) => format!(".chain({name}.iter().flatten())"),
            _ => format!(".chain([{name}])"),
        });
        let chain: String = parts.collect();
        format!("&::std::iter::empty::<&::keyway::Tensor>(){chain}.collect::<::std::vec::Vec<_>>()")
    }
}
