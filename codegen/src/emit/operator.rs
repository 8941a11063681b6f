//! The handle of one operator: its static entry, `call`, `redispatch`.

use keyway_schema::{BaseType, Type, identifiers};

use crate::emit::signature::{Results, Typed};
use crate::emit::text::{Writer, literal};
use crate::emit::types::default_value;
use crate::model::OperatorEntry;

const LIVED_TENSOR: &str = "&'a ::keyway::Tensor";

/// Everything about one operator that emission needs, computed once.
pub(crate) struct Handle<'a> {
    pub(crate) entry: &'a OperatorEntry,
    pub(crate) typed: Typed,
    /// Module and struct, `add` and `Tensor`.
    pub(crate) path: [String; 2],
    /// Name of the short form as a function and method; a long form of it ends in `_with`.
    pub(crate) short_name: String,
    pub(crate) parameters: Vec<Parameter>,
    /// Whether it is built; if not, its kernels are dropped and calls say why.
    pub(crate) is_selected: bool,
    /// Its derived kernel, if it has one.
    pub(crate) derived_kernel: Option<GeneratedKernel>,
    /// The traits and kernels of a structured operator.
    pub(crate) structured_kernels: Option<String>,
}

/// A kernel that the generator writes.
pub(crate) struct GeneratedKernel {
    /// The kernel's function, named and not a closure: those cost the compiler twice as much.
    pub(crate) function: String,
    /// Its registration, for the list of its file.
    pub(crate) registration: String,
}

/// One parameter of an emitted function.
pub(crate) struct Parameter {
    /// The argument's name as a Rust identifier.
    pub(crate) name: String,
    /// Its type, with the lifetime that ties it to a result.
    pub(crate) ty: String,
    pub(crate) default: Option<String>,
    pub(crate) is_self: bool,
    pub(crate) takes_scalar: bool,
}

impl<'a> Handle<'a> {
    pub(crate) fn new(entry: &'a OperatorEntry, typed: Typed, short_name: String) -> Handle<'a> {
        let parameters = parameters(entry, &typed);
        let path = entry.handle_path();
        Handle {
            entry,
            path,
            typed,
            short_name,
            parameters,
            is_selected: true,
            derived_kernel: None,
            structured_kernels: None,
        }
    }

    /// `add::Tensor`.
    pub(crate) fn path(&self) -> String {
        self.path.join("::")
    }

    /// `name: type` for each parameter.
    pub(crate) fn parameter_list(&self) -> Vec<String> {
        self.parameters.iter().map(|p| format!("{}: {}", p.name, p.ty)).collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.parameters.iter().map(|p| p.name.clone()).collect()
    }

    /// The static of the operator: what handles refer to, and generated code where it can.
    pub(crate) fn operator_static(&self) -> String {
        format!("OPERATOR_{}", self.entry.schema.name.unambiguous_name())
    }

    /// The parameters of a kernel, called `a_NAME`: no item and no keyword can have such a name. The key set has the name
    /// that is given.
    pub(crate) fn kernel_parameters(&self, keys: &str) -> Vec<String> {
        let own = self.parameters.iter().zip(&self.typed.arguments);
        let own = own.map(|(p, ty)| format!("a_{}: {ty}", p.name));
        std::iter::once(format!("{keys}: ::keyway::KeySet")).chain(own).collect()
    }

    /// What a kernel returns.
    pub(crate) fn kernel_result(&self) -> String {
        match &self.typed.results {
            Results::Owned(ty) => format!("::keyway::Result<{ty}>"),
            Results::Arguments(_) => "::keyway::Result<()>".to_owned(),
        }
    }

    pub(crate) fn lifetime(&self) -> &'static str {
        match self.typed.results {
            Results::Arguments(_) => "<'a>",
            Results::Owned(_) => "",
        }
    }

    /// The type of a call's result.
    pub(crate) fn result(&self) -> String {
        let inner = match &self.typed.results {
            Results::Owned(ty) => ty.clone(),
            Results::Arguments(positions) if positions.len() == 1 => LIVED_TENSOR.to_owned(),
            Results::Arguments(positions) => format!("({})", vec![LIVED_TENSOR; positions.len()].join(", ")),
        };
        format!("::keyway::Result<{inner}>")
    }

    /// What turns the adapter's result into the call's.
    fn finish(&self) -> String {
        let Results::Arguments(positions) = &self.typed.results else { return String::new() };
        let names: Vec<&str> = positions.iter().map(|&p| self.parameters[p].name.as_str()).collect();
        match &names[..] {
            [one] => format!(".map(|()| {one})"),
            many => format!(".map(|()| ({}))", many.join(", ")),
        }
    }

    /// The struct, for the module of the base name. Its methods stand outside of that module: a unit struct named
    /// `out` would capture parameters of that name.
    pub(crate) fn declaration(&self, w: &mut Writer) {
        w.gap();
        if let Some(doc) = &self.entry.doc {
            w.doc(doc);
            w.doc("\n");
        } else if let Some(derived) = &self.entry.derived {
            w.doc(&format!("Derived from `{}`.\n\n", derived.from));
        }
        w.doc(&format!("```text\n{}\n```", self.entry.schema));
        w.line(&format!("pub struct {};", self.path[1]));
    }

    /// The operator's static and the struct's methods, for the module of the namespace.
    pub(crate) fn implementation(&self, w: &mut Writer) {
        let operator = self.operator_static();
        let signature = format!("super::signatures::{}", self.typed.name);
        w.gap();
        // `#[kernel]` names it: names of modules and structs could not be told apart from those of a missing one.
        w.line("#[doc(hidden)]");
        w.line(&format!(
            "pub static {operator}: ::keyway::TypedOperator<{signature}> = ::keyway::TypedOperator::new("
        ));
        w.indented(|w| {
            w.line(&format!("{},", literal(&self.entry.name().to_string())));
            w.line(&format!("{},", literal(&self.entry.schema.to_string())));
        });
        let tags: Vec<String> = self.entry.all_tags().into_iter().map(literal).collect();
        let tagged = if tags.is_empty() { String::new() } else { format!(".tagged(&[{}])", tags.join(", ")) };
        let unselected = if self.is_selected { "" } else { ".unselected()" };
        w.line(&format!("){tagged}{unselected};"));
        w.gap();
        w.block(&format!("impl {}", self.path()), |w| {
            let (lifetime, result, finish) = (self.lifetime(), self.result(), self.finish());
            let entry_point = |w: &mut Writer, name: &str, keys: Option<&str>| {
                let keyed = |text: &str| keys.map(|keys| format!("{keys}{text}"));
                let parameters: Vec<String> = std::iter::once("&self".to_owned())
                    .chain(keyed(": ::keyway::KeySet"))
                    .chain(self.parameter_list())
                    .collect();
                let given = keyed(", ").unwrap_or_default();
                w.line("#[inline]");
                w.function(&format!("pub fn {name}{lifetime}"), &parameters, &result, |w| {
                    w.tuple(&format!("{operator}.{name}({given}"), &self.names(), &format!("){finish}"));
                });
            };
            w.doc("Calls the operator: dispatched by its arguments and the thread's key sets.");
            entry_point(w, "call", None);
            w.gap();
            w.doc("Passes a call on by a key set: what a kernel does with the keys it got, less its own.");
            entry_point(w, "redispatch", Some(self.keys_name()));
            w.gap();
            // Inline functions are compiled where they are used: most kernels never are.
            w.doc("The operator itself: name, schema, table, boxed calls.");
            w.line("#[inline]");
            w.function("pub const fn operator", &["&self".to_owned()], "&'static ::keyway::Operator", |w| {
                w.line(&format!("{operator}.operator()"));
            });
            w.gap();
            w.doc("A typed kernel for this operator. `#[kernel]` calls it.");
            w.line("#[inline]");
            let name = if self.is_selected { "f" } else { "_" };
            let function = format!("{name}: <{signature} as ::keyway::Signature>::Fn");
            w.function("pub const fn kernel", &["&self".to_owned(), function], "::keyway::Kernel", |w| {
                match self.is_selected {
                    true => w.line(&format!("::keyway::Kernel::typed::<{signature}>(f)")),
                    false => w.line("::keyway::Kernel::unselected()"),
                }
            });
        });
    }

    /// A name for the key set that is no argument's.
    pub(crate) fn keys_name(&self) -> &'static str {
        if self.parameters.iter().any(|p| p.name == "keys") { "__keys" } else { "keys" }
    }

    /// The kernel at `BackendSelect`: adds the key of the `device` argument and passes the call on (D282).
    pub(crate) fn backend_select(&self) -> Option<GeneratedKernel> {
        if !self.entry.needs_backend_select() || !self.is_selected {
            return None;
        }
        let name = format!("__kw_select_{}", self.entry.schema.name.unambiguous_name());
        let own: Vec<String> = self.parameters.iter().map(|p| format!("a_{}", p.name)).collect();
        let mut w = Writer::default();
        w.function(&format!("fn {name}"), &self.kernel_parameters("keys"), &self.kernel_result(), |w| {
            let start =
                format!("{}.redispatch(::keyway::select_backend(keys, a_device), ", self.operator_static());
            w.tuple(&start, &own, ")");
        });
        let registration = format!("{}.backend_select({name})", self.operator_static());
        Some(GeneratedKernel { function: w.finish(), registration })
    }
}

fn parameters(entry: &OperatorEntry, typed: &Typed) -> Vec<Parameter> {
    let self_index = entry.schema.self_index();
    let returned = |position: usize| match &typed.results {
        Results::Arguments(positions) => positions.contains(&position),
        Results::Owned(_) => false,
    };
    let made = entry.schema.arguments.iter().zip(&typed.arguments).enumerate();
    made.map(|(position, (argument, ty))| Parameter {
        name: identifiers::argument(&argument.name),
        ty: if returned(position) { LIVED_TENSOR.to_owned() } else { ty.clone() },
        default: default_value(argument),
        is_self: Some(position) == self_index,
        takes_scalar: argument.ty == Type::Base(BaseType::Scalar),
    })
    .collect()
}
