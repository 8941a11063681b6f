//! Python stubs (`.pyi`) of a list's operators, from the model the Rust is emitted from.
//!
//! The text is one module: the methods of `Tensor`, the functions of the default namespace, and
//! `ops.NAMESPACE.NAME.OVERLOAD` for every operator, the default overload called `default`. Operators of other
//! namespaces, and those with a `python_module`, are reached through `ops` only. It depends on the list alone.

use std::collections::BTreeMap;

use keyway_schema::{Argument, BaseType, Default, Return, Schema, Type};

use crate::emit::text::{Writer, literal};
use crate::model::{DEFAULT_NAMESPACE, OperatorEntry, OperatorList};

/// Names that are words of Python: such an argument or operator gets a `_` behind it.
const PYTHON_WORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Types under names that no method can hide.
const PREAMBLE: &str = "\
import builtins
from typing import Any, Iterator, Sequence, TypeAlias, TypeVar, overload

_int: TypeAlias = builtins.int
_float: TypeAlias = builtins.float
_complex: TypeAlias = builtins.complex
_bool: TypeAlias = builtins.bool
_str: TypeAlias = builtins.str
_Number: TypeAlias = _int | _float | _bool | _complex
_Class = TypeVar(\"_Class\")

class dtype:
    @property
    def itemsize(self) -> _int: ...
    @property
    def is_floating_point(self) -> _bool: ...
    @property
    def is_complex(self) -> _bool: ...
    @property
    def is_signed(self) -> _bool: ...
class device:
    def __init__(self, device: Any, index: _int | None = None) -> None: ...
    @property
    def type(self) -> _str: ...
    @property
    def index(self) -> _int | None: ...
class layout: ...
class memory_format: ...
class qscheme: ...
class Generator:
    def __init__(self, seed: _int = 0, device: Any = None) -> None: ...
class Storage: ...
class Stream: ...
_dtype: TypeAlias = dtype
_layout: TypeAlias = layout
_device: TypeAlias = device
_memory_format: TypeAlias = memory_format
_qscheme: TypeAlias = qscheme

class OpOverload:
    @property
    def name(self) -> _str: ...
    @property
    def namespace(self) -> _str: ...
    @property
    def overload(self) -> _str: ...
    @property
    def schema(self) -> _str: ...
    @property
    def tags(self) -> list[_str]: ...
    @property
    def __name__(self) -> _str: ...
    def redispatch(self, keyset: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    def py_impl(self, key_or_class: Any) -> Any: ...
    def has_kernel_for_dispatch_key(self, key: _str) -> _bool: ...
    def kernel_keys(self) -> list[_str]: ...
    def dump_table(self) -> _str: ...
    def explain(self, keys: Any) -> _str: ...
    def __copy__(self) -> OpOverload: ...
    def __deepcopy__(self, memo: Any, /) -> OpOverload: ...

class OpOverloadPacket:
    @property
    def name(self) -> _str: ...
    @property
    def __name__(self) -> _str: ...
    def overloads(self) -> list[_str]: ...";

/// The stub file of a list.
///
/// ```
/// use keyway_codegen::{Source, emit, load};
///
/// let list = load(Source::new(
///     "ops.yaml",
///     "- func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor\n  variants: function, method\n",
/// ))
/// .unwrap();
/// let text = emit::stubs(&list, "    def tolist(self) -> Any: ...\n", "");
/// assert!(text.contains("    def add(self, other: Tensor, *, alpha: _Number = 1) -> Tensor: ..."));
/// assert!(text.contains("def add(self: Tensor, other: Tensor, *, alpha: _Number = 1) -> Tensor: ..."));
/// assert!(text.contains("class _aten_add__Tensor(OpOverload):"));
/// assert!(text.contains("    def tolist(self) -> Any: ..."));
/// ```
///
/// `members` is what the class `Tensor` has besides the operators, as indented lines of a stub; a name that is defined there takes the place
/// of an operator's method. `package` is the stub of the package that takes the functions over: a name that is defined there takes the place
/// of an operator's function.
pub fn stubs(list: &OperatorList, members: &str, package: &str) -> String {
    let mut w = Writer::default();
    w.line(&format!("# The operators of {}, for type checkers and editors. Generated.", file_name(list)));
    w.line("from __future__ import annotations");
    w.gap();
    PREAMBLE.lines().for_each(|line| w.line(line));
    tensor(list, members, &mut w);
    w.gap();
    w.line("_Tensor: TypeAlias = Tensor");
    functions(list, package, &mut w);
    operators(list, &mut w);
    w.finish()
}

/// The list's name without the folders of this machine.
fn file_name(list: &OperatorList) -> &str {
    list.source.name().rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Entries by the name they are called by.
fn by_name(
    list: &OperatorList,
    is_wanted: impl Fn(&OperatorEntry) -> bool,
) -> BTreeMap<&str, Vec<&OperatorEntry>> {
    let mut named: BTreeMap<&str, Vec<&OperatorEntry>> = BTreeMap::new();
    for entry in list.operators.iter().filter(|entry| is_wanted(entry)) {
        named.entry(&entry.schema.name.name).or_default().push(entry);
    }
    named
}

/// One definition, or several as overloads.
fn definitions(name: &str, parameters: &[(String, String)], w: &mut Writer) {
    for (list, result) in parameters {
        if parameters.len() > 1 {
            w.line("@overload");
        }
        w.line(&format!("def {}({list}) -> {result}: ...", identifier(name)));
    }
}

fn tensor(list: &OperatorList, members: &str, w: &mut Writer) {
    w.gap();
    w.line("class Tensor:");
    members.lines().for_each(|line| w.line(line));
    let taken: Vec<&str> = members.lines().filter_map(defined_name).collect();
    let methods = by_name(list, |entry| {
        entry.variants.method
            && !entry.manual_cpp_binding
            && !taken.contains(&entry.schema.name.name.as_str())
    });
    w.indented(|w| {
        if methods.is_empty() && members.is_empty() {
            w.line("...");
        }
        for (name, entries) in methods {
            let parameters = entries.iter().flat_map(|entry| method(&entry.schema)).collect::<Vec<_>>();
            definitions(name, &parameters, w);
        }
    });
}

/// The name that a line of a stub defines.
fn defined_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    match line.strip_prefix("def ") {
        Some(function) => function.split('(').next(),
        None => line.split_once(": ").map(|(name, _)| name).filter(|name| !name.contains(' ')),
    }
}

fn functions(list: &OperatorList, package: &str, w: &mut Writer) {
    w.gap();
    let taken: Vec<&str> =
        package.lines().filter(|line| !line.starts_with(' ')).filter_map(defined_name).collect();
    let is_function = |entry: &OperatorEntry| {
        entry.variants.function
            && !entry.manual_cpp_binding
            && entry.python_module.is_none()
            && entry.namespace() == DEFAULT_NAMESPACE
            && !taken.contains(&entry.schema.name.name.as_str())
    };
    for (name, entries) in by_name(list, is_function) {
        let parameters = entries.iter().flat_map(|entry| spread(&entry.schema, None)).collect::<Vec<_>>();
        definitions(name, &parameters, w);
    }
}

/// `ops`: a class for each overload, for each name, and for each namespace.
fn operators(list: &OperatorList, w: &mut Writer) {
    let mut namespaces: BTreeMap<&str, BTreeMap<&str, Vec<&OperatorEntry>>> = BTreeMap::new();
    for entry in &list.operators {
        let names = namespaces.entry(entry.namespace()).or_default();
        names.entry(&entry.schema.name.name).or_default().push(entry);
    }
    for (namespace, names) in &namespaces {
        for (name, entries) in names {
            packet(&format!("_{namespace}_{name}"), entries, w);
        }
        w.gap();
        w.line(&format!("class _{namespace}_namespace:"));
        w.indented(|w| {
            names.keys().for_each(|name| w.line(&format!("{}: _{namespace}_{name}", identifier(name))))
        });
    }
    w.gap();
    w.line("class _Operators:");
    w.indented(|w| {
        if namespaces.is_empty() {
            w.line("...");
        }
        namespaces.keys().for_each(|name| w.line(&format!("{}: _{name}_namespace", identifier(name))));
    });
    w.gap();
    w.line("ops: _Operators");
}

fn packet(class: &str, entries: &[&OperatorEntry], w: &mut Writer) {
    let overload = |entry: &OperatorEntry| match entry.schema.name.overload.as_str() {
        "" => "default".to_owned(),
        overload => overload.to_owned(),
    };
    // The receiver of the call is named so that an argument `self` has its name.
    let call = |entry: &OperatorEntry| {
        let (list, result) = function(&entry.schema);
        // An overload called `Tensor` hides the class inside of a packet.
        let (list, result) = (list.replace(": Tensor", ": _Tensor"), result.replace("Tensor", "_Tensor"));
        let list = list.replace("[Tensor", "[_Tensor");
        (if list.is_empty() { "_op".to_owned() } else { format!("_op, {list}") }, result)
    };
    for entry in entries {
        w.gap();
        w.line(&format!("class {class}__{}(OpOverload):", overload(entry)));
        w.indented(|w| definitions("__call__", &[call(entry)], w));
    }
    w.gap();
    w.line(&format!("class {class}(OpOverloadPacket):"));
    w.indented(|w| {
        for entry in entries {
            let name = overload(entry);
            w.line(&format!("{}: {class}__{name}", identifier(&name)));
        }
        let calls: Vec<_> = entries.iter().map(|entry| call(entry)).collect();
        definitions("__call__", &calls, w);
    });
}

fn function(schema: &Schema) -> (String, String) {
    (parameters(schema.arguments.iter(), None), result(&schema.returns))
}

/// The forms of a method: as the schema has it, and with the integers of its only list one by one.
fn method(schema: &Schema) -> Vec<(String, String)> {
    let mut forms = spread(schema, schema.self_index());
    for (list, _) in &mut forms {
        *list = if list.is_empty() { "self".to_owned() } else { format!("self, {list}") };
    }
    forms
}

/// The forms of a function, or of a method without its receiver.
fn spread(schema: &Schema, receiver: Option<usize>) -> Vec<(String, String)> {
    let others = schema.arguments.iter().enumerate().filter(|(position, _)| Some(*position) != receiver);
    let others: Vec<&Argument> = others.map(|(_, argument)| argument).collect();
    let mut forms = vec![parameters(others.iter().copied(), None)];
    let mut by_position = others.iter().filter(|argument| !argument.keyword_only);
    if let (Some(only), None) = (by_position.next(), by_position.next())
        && is_integers(&only.ty)
    {
        forms.push(parameters(others.iter().copied(), Some(&only.name)));
    }
    forms.into_iter().map(|list| (list, result(&schema.returns))).collect()
}

fn is_integers(ty: &Type) -> bool {
    match ty {
        Type::Optional(inner) => is_integers(inner),
        Type::List(element, _) => matches!(**element, Type::Base(BaseType::Int | BaseType::SymInt)),
        Type::Base(_) | Type::Class { .. } => false,
    }
}

/// The parameters; the integers of a list named `spread` are given one by one.
fn parameters<'s>(arguments: impl Iterator<Item = &'s Argument>, spread: Option<&str>) -> String {
    let mut parts = Vec::new();
    let mut has_star = spread.is_some();
    for argument in arguments {
        if Some(argument.name.as_str()) == spread {
            parts.push(format!("*{}: _int", identifier(&argument.name)));
            continue;
        }
        if argument.keyword_only && !has_star {
            parts.push("*".to_owned());
            has_star = true;
        }
        let default = match &argument.default {
            Some(default) => format!(" = {}", value(default)),
            None => String::new(),
        };
        parts.push(format!("{}: {}{default}", identifier(&argument.name), argument_type(&argument.ty)));
    }
    parts.join(", ")
}

fn result(returns: &[Return]) -> String {
    let types: Vec<String> = returns.iter().map(|ret| return_type(&ret.ty)).collect();
    match &types[..] {
        [] => "None".to_owned(),
        [one] => one.clone(),
        several => format!("tuple[{}]", several.join(", ")),
    }
}

fn identifier(name: &str) -> String {
    if PYTHON_WORDS.contains(&name) { format!("{name}_") } else { name.to_owned() }
}

fn argument_type(ty: &Type) -> String {
    match ty {
        Type::Base(BaseType::Device) => "_device | _str".to_owned(),
        Type::Base(base) => base_type(*base).to_owned(),
        Type::Class { .. } => "Any".to_owned(),
        Type::Optional(inner) => format!("{} | None", argument_type(inner)),
        Type::List(element, None) => format!("Sequence[{}]", argument_type(element)),
        // One value stands for a list of a known size (Y40).
        Type::List(element, Some(_)) => {
            let element = argument_type(element);
            format!("{element} | Sequence[{element}]")
        }
    }
}

fn return_type(ty: &Type) -> String {
    match ty {
        // Of which kind a number is depends on the tensor; with a union nothing could be done but ask.
        Type::Base(BaseType::Scalar) => "Any".to_owned(),
        Type::Base(base) => base_type(*base).to_owned(),
        Type::Class { .. } => "Any".to_owned(),
        Type::Optional(inner) => format!("{} | None", return_type(inner)),
        Type::List(element, _) => format!("list[{}]", return_type(element)),
    }
}

fn base_type(base: BaseType) -> &'static str {
    match base {
        BaseType::Tensor => "Tensor",
        BaseType::Int | BaseType::SymInt | BaseType::DeviceIndex => "_int",
        BaseType::Float => "_float",
        BaseType::Bool | BaseType::SymBool => "_bool",
        BaseType::Str => "_str",
        BaseType::Scalar => "_Number",
        BaseType::ScalarType => "_dtype",
        BaseType::Layout => "_layout",
        BaseType::Device => "_device",
        BaseType::MemoryFormat => "_memory_format",
        BaseType::QScheme => "_qscheme",
        BaseType::Generator => "Generator",
        BaseType::Storage => "Storage",
        BaseType::Stream => "Stream",
    }
}

/// A default, as far as Python writes it the same; what has no literal is there but not shown.
fn value(default: &Default) -> String {
    match default {
        Default::None => "None".to_owned(),
        Default::Bool(true) => "True".to_owned(),
        Default::Bool(false) => "False".to_owned(),
        Default::Int(value) => value.to_string(),
        Default::Float { value, .. } if value.is_finite() => format!("{value:?}"),
        Default::Str { value, .. } if value.is_ascii() && !value.contains(char::is_control) => literal(value),
        Default::Float { .. } | Default::Str { .. } | Default::List(_) | Default::Symbol(_) => {
            "...".to_owned()
        }
    }
}
