//! Rules of one entry (yaml.md sections 3.2 and 3.3).

use std::ops::Range;

use keyway_schema::{Argument, BaseType, Code, SchemaKind, Type};

use crate::diagnostics::{Diagnostic, Sink};
use crate::model::{DeviceCheck, DispatchLine, OperatorEntry};
use crate::resolve::fields::Fields;
use crate::vocabulary::{PYTHON_KEYWORDS, STRUCTURED_KEYS};

/// What the rules need.
struct Rules<'e> {
    entry: &'e OperatorEntry,
    fields: &'e Fields<'e>,
    sink: &'e Sink,
}

/// Reports every rule the entry breaks.
pub(super) fn check(entry: &OperatorEntry, fields: &Fields<'_>, sink: &Sink) {
    let rules = Rules { entry, fields, sink };
    rules.variants();
    rules.method_name();
    rules.structured();
    rules.needs_structured();
    rules.ufunc();
    rules.precomputed();
    rules.table();
    rules.factory();
    rules.arguments();
    rules.types();
    rules.changes();
    rules.remaining_flags();
}

impl Rules<'_> {
    fn report(&self, code: Code, place: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.sink.report(Diagnostic::new(code, place, message).help(help));
    }

    fn is_out(&self) -> bool {
        self.entry.schema.out_arguments().next().is_some()
    }

    /// Where an argument's name stands. Only reports need it, so the schema is read once more.
    fn argument_place(&self, argument: &Argument) -> Range<usize> {
        let node = self.fields.value("func");
        let spans = |text| keyway_schema::parse(text).spans.arguments;
        let index = self.entry.schema.arguments.iter().position(|a| a.name == argument.name);
        node.and_then(|node| Some(node.inside(&spans(node.scalar()?).get(index?)?.name)))
            .unwrap_or_else(|| self.entry.span.clone())
    }

    /// Y93, Y109, Y160.
    fn variants(&self) {
        let place = self.fields.value_place("variants");
        if self.is_out() {
            if self.entry.variants.method {
                let message = "an operator with out arguments is a function only";
                self.report(Code::OutVariants, place, message, "remove `variants`");
            }
            return;
        }
        if !self.entry.variants.method {
            return;
        }
        match self.entry.schema.self_argument() {
            Some(receiver) if receiver.ty.is_plain_tensor() => {}
            Some(receiver) => {
                let message = format!("a method needs a `Tensor self`, but here `self` is `{}`", receiver.ty);
                self.report(Code::MethodSelf, place.clone(), message, "write `variants: function`");
            }
            None => self.report(
                Code::MethodSelf,
                place.clone(),
                "a method needs a positional argument `Tensor self`",
                "call the argument `self`, or write `variants: function`",
            ),
        }
        if self.entry.python_module.is_some() {
            self.report(
                Code::MethodInModule,
                place,
                "an operator in a submodule has no method",
                "write `variants: function`, or remove `python_module`",
            );
        }
    }

    /// Y273.
    fn method_name(&self) {
        if self.entry.method_name.is_some() && !self.entry.variants.method {
            let place = self.fields.key_place("method_name");
            self.report(
                Code::BadMethodName,
                place,
                "`method_name` on an operator that is no method",
                "write `variants: function, method`, or remove `method_name`",
            );
        }
    }

    /// Y110, Y111.
    fn structured(&self) {
        let structured = self.entry.structured;
        let delegate = self.entry.structured_delegate.is_some();
        let (field, wrong) = match (structured, delegate) {
            (true, true) => {
                let message = "an operator is structured or delegates to a structured one, not both";
                let place = self.fields.key_place("structured_delegate");
                return self.report(Code::StructuredKind, place, message, "remove one of the two fields");
            }
            (true, false) => ("structured", self.entry.kind() != SchemaKind::Out),
            (false, true) => ("structured_delegate", self.entry.kind() == SchemaKind::Out),
            (false, false) => return,
        };
        if wrong {
            let message = format!("`{field}` on an operator of the kind {}", self.entry.kind());
            let help = "the out operator is `structured: True`; the functional and in-place ones say `structured_delegate: NAME.out`";
            self.report(Code::StructuredKind, self.fields.key_place(field), message, help);
        }
        if !self.entry.device_guard {
            let message = format!("`{field}` and `device_guard: False` exclude each other");
            self.report(
                Code::StructuredKind,
                self.fields.key_place("device_guard"),
                message,
                "remove `device_guard`",
            );
        }
        if structured && !wrong && self.entry.ufunc_inner_loop.is_empty() && self.entry.kernels().is_empty() {
            let message = "a structured operator has at least one kernel";
            let help = "add `dispatch:` with a line for a backend, `CPU: kernel`";
            self.report(Code::StructuredKernels, self.fields.key_place("structured"), message, help);
        }
    }

    /// Y95, Y106, Y113.
    fn needs_structured(&self) {
        if self.entry.structured {
            return;
        }
        for field in ["precomputed", "structured_inherits", "ufunc_inner_loop"] {
            if self.fields.has(field) {
                let message = format!("`{field}` on an operator that is not structured");
                let help = "add `structured: True`, or remove the field";
                self.report(Code::NeedsStructured, self.fields.key_place(field), message, help);
            }
        }
    }

    /// Y106.
    fn ufunc(&self) {
        if self.entry.ufunc_inner_loop.is_empty() {
            return;
        }
        for line in self.entry.dispatch.iter().flatten() {
            if line.key == "CPU" || line.key == "CUDA" {
                let message = format!("`ufunc_inner_loop` supplies the kernel for {} itself", line.key);
                self.report(Code::BadUfunc, line.span.clone(), message, "remove the line");
            }
        }
    }

    /// Y134.
    fn precomputed(&self) {
        let lines = &self.entry.precomputed;
        for (i, line) in lines.iter().enumerate() {
            let problem = match line.split_once(" -> ") {
                None if i + 1 < lines.len() => Some("the line without an arrow is the last one"),
                Some((replaced, _)) if replaced.contains(' ') => {
                    Some("an argument's name stands before the arrow")
                }
                _ => None,
            };
            let added = line.split_once(" -> ").map_or(line.as_str(), |(_, added)| added);
            let shouting =
                added.split(", ").filter_map(|part| part.rsplit(' ').next()).any(is_all_upper_case);
            let problem = problem.or(shouting.then_some("a new name is not all upper-case"));
            if let Some(problem) = problem {
                let place = self.fields.value_place("precomputed");
                let help = "write `argument -> type name, type name`";
                self.report(Code::BadPrecomputed, place, format!("`{line}`: {problem}"), help);
            }
        }
    }

    /// Y97, Y101, Y108. Y102, which would have implicit kernels renamed after their operator, is not taken
    /// over: overloads share that name, and Rust functions cannot.
    fn table(&self) {
        let Some(table) = &self.entry.dispatch else { return };
        let place = || self.fields.key_place("dispatch");
        if self.entry.manual_kernel_registration {
            let message = "kernels are registered by hand and listed here too";
            self.report(
                Code::ManualTable,
                place(),
                message,
                "remove `dispatch` or `manual_kernel_registration`",
            );
        }
        if let [only] = table.as_slice()
            && only.key == "CompositeImplicitAutograd"
            && only.kernel == self.entry.default_kernel_name()
            && only.kernel_path.is_empty()
        {
            let message = "the table says what holds without it";
            self.report(Code::UselessTable, place(), message, "remove `dispatch`");
        }
        self.composites(table);
        self.kernel_kinds(table);
        self.kernel_modules(table);
        if self.entry.structured_delegate.is_some() {
            for line in table.iter().filter(|line| STRUCTURED_KEYS.contains(&line.key.as_str())) {
                let message =
                    format!("the kernel for {} comes from the operator that this one delegates to", line.key);
                self.report(Code::DelegatedKey, line.span.clone(), message, "remove the line");
            }
        }
    }

    /// Y155: kernels that cannot be, because of the schema or because a structured operator supplies them itself.
    fn kernel_kinds(&self, table: &[DispatchLine]) {
        let entry = self.entry;
        for line in table {
            let own = matches!(line.key.as_str(), "Meta" | "CompositeExplicitAutogradNonFunctional");
            let (message, help) = if line.takes_symint() && !entry.schema.has_symint_arguments() {
                let message = "a kernel for symbolic integers, but no argument is `SymInt`";
                (message.to_owned(), "drop `_symint` from the name, or write `SymInt` in the schema")
            } else if entry.structured && own {
                (format!("a structured operator makes the kernel for {} itself", line.key), "remove the line")
            } else {
                continue;
            };
            self.report(Code::ImpossibleKernel, line.span.clone(), message, help);
        }
        if entry.structured && entry.manual_kernel_registration {
            let place = self.fields.key_place("manual_kernel_registration");
            let message = "the kernels of a structured operator are not registered by hand";
            self.report(Code::ImpossibleKernel, place, message, "remove `manual_kernel_registration`");
        }
    }

    /// Y154: one operator, one module of kernels.
    fn kernel_modules(&self, table: &[DispatchLine]) {
        let Some(first) = table.first() else { return };
        let module = |line: &DispatchLine| match line.kernel_path.is_empty() {
            true => "no module".to_owned(),
            false => format!("`{}`", line.kernel_path.join("::")),
        };
        if let Some(other) = table.iter().find(|line| line.kernel_path != first.kernel_path) {
            let message = format!("the kernel for {} is in {}", other.key, module(other));
            let report = Diagnostic::new(Code::KernelNamespaces, other.span.clone(), message)
                .help("move them into one module, or take one in by `use`")
                .related(first.span.clone(), format!("this one is in {}", module(first)));
            self.sink.report(report);
        }
    }

    /// Y155: types that no code can be generated for.
    fn types(&self) {
        let schema = &self.entry.schema;
        let impossible = |message: String, span, help| self.report(Code::ImpossibleType, span, message, help);
        for argument in schema.arguments.iter().filter(|argument| is_unsized_bools(&argument.ty)) {
            let message = format!("`{}` is a list of bool without a size", argument.name);
            impossible(
                message,
                self.argument_place(argument),
                "say how many there are, `bool[2]` for instance",
            );
        }
        for returned in &schema.returns {
            let span = || self.entry.span.clone();
            match &returned.ty {
                Type::List(_, Some(_)) => {
                    impossible(
                        format!("`{}` is returned", returned.ty),
                        span(),
                        "return the list without a size",
                    );
                }
                Type::List(..) if returned.is_write() => {
                    let message = "a list of tensors is returned with a write annotation".to_owned();
                    impossible(message, span(), "return nothing: the caller has the list");
                }
                _ => {}
            }
        }
    }

    /// Y282: what an in-place view changes can only be said of one.
    fn changes(&self) {
        if self.entry.changes.is_some() && !self.entry.has_tag("inplace_view") {
            let place = self.fields.key_place("changes");
            let message = "`changes` on an operator without the tag `inplace_view`";
            self.report(Code::BadChanges, place, message, "add the tag, or remove the field");
        }
    }

    /// Y104.
    fn composites(&self, table: &[DispatchLine]) {
        let composites: Vec<_> = table.iter().filter(|line| line.key.starts_with("Composite")).collect();
        let nested = composites.iter().any(|line| line.key == "CompositeImplicitAutogradNestedTensor");
        let non_functional =
            composites.iter().any(|line| line.key == "CompositeExplicitAutogradNonFunctional");
        let allowed = if nested && !non_functional { 2 } else { 1 };
        if composites.len() > allowed {
            let second = composites[1].span.clone();
            let message = format!("`{}` and `{}` exclude each other", composites[0].key, composites[1].key);
            self.report(
                Code::CompositeCount,
                second,
                message,
                "keep the one that says how gradients are found",
            );
        }
    }

    /// Y103.
    fn factory(&self) {
        let entry = self.entry;
        let no_kernels = entry.dispatch.is_none() && !entry.structured && entry.structured_delegate.is_none();
        if !no_kernels || entry.manual_kernel_registration {
            return;
        }
        let name = &entry.schema.name.name;
        let makes_tensors = name.starts_with("new_") || name.ends_with("_like");
        let from_nothing = entry.schema.tensor_options().is_some() && !entry.schema.has_tensor_arguments();
        if makes_tensors || from_nothing {
            let help =
                "add `dispatch:` with `CompositeExplicitAutograd: kernel`, or with the kernels of backends";
            self.report(
                Code::FactoryTable,
                entry.span.clone(),
                "an operator that makes tensors needs a dispatch table",
                help,
            );
        }
    }

    /// Y112, Y149.
    fn arguments(&self) {
        let schema = &self.entry.schema;
        for name in &self.entry.cpp_no_default_args {
            let place = self.fields.value_place("cpp_no_default_args");
            match schema.argument(name) {
                Some(Argument { default: Some(_), .. }) => {}
                Some(_) => {
                    let message = format!("`{name}` has no default");
                    self.report(Code::NoSuchDefault, place, message, "list arguments that have one");
                }
                None => {
                    let message = format!("there is no argument `{name}`");
                    let near = keyway_schema::suggest::nearest(
                        name,
                        schema.arguments.iter().map(|a| a.name.as_str()),
                    );
                    let help = near.map_or("list arguments of this operator".to_owned(), |n| {
                        format!("did you mean `{n}`?")
                    });
                    self.report(Code::NoSuchDefault, place, message, help);
                }
            }
        }
        for name in self.entry.python_keyword_arguments.iter().filter(|name| schema.argument(name).is_none())
        {
            let place = self.fields.value_place("python_keyword_arguments");
            let message = format!("there is no argument `{name}`");
            self.report(Code::KeywordArgument, place, message, "list arguments of this operator");
        }
        for argument in &schema.arguments {
            let excepted = self.entry.python_keyword_arguments.contains(&argument.name);
            if PYTHON_KEYWORDS.contains(&argument.name.as_str()) && !excepted {
                let message = format!("`{}` is a keyword of Python", argument.name);
                let help = format!("choose another name, `{}_` for instance", argument.name);
                self.report(Code::KeywordArgument, self.argument_place(argument), message, help);
            }
        }
    }

    /// Y88, Y114, and Y115 in the form of Y281: a Generator argument, not a part of a name, makes an operator random.
    fn remaining_flags(&self) {
        let entry = self.entry;
        if entry.use_const_ref_for_mutable_tensors && self.is_out() {
            let field = "use_const_ref_for_mutable_tensors";
            let message = format!("`{field}` on an operator with out arguments");
            self.report(Code::ConstRefOut, self.fields.key_place(field), message, "remove the field");
        }
        if entry.schema.name.name.starts_with("_foreach") && entry.device_check != DeviceCheck::NoCheck {
            let message = "the tensors of a `_foreach` operator may be on several devices";
            self.report(Code::ForeachDeviceCheck, entry.span.clone(), message, "add `device_check: NoCheck`");
        }
        let generator = entry.schema.arguments.iter().find(|a| a.ty.base() == Some(BaseType::Generator));
        if let Some(generator) = generator.filter(|_| !entry.has_tag("nondeterministic_seeded")) {
            let message = "an operator that takes a Generator is random";
            self.report(
                Code::RandomTag,
                self.argument_place(generator),
                message,
                "add `tags: nondeterministic_seeded`",
            );
        }
    }
}

fn is_unsized_bools(ty: &Type) -> bool {
    match ty {
        Type::List(element, None) => **element == Type::Base(BaseType::Bool),
        Type::Optional(of) => is_unsized_bools(of),
        _ => false,
    }
}

fn is_all_upper_case(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_uppercase()) && !word.bytes().any(|b| b.is_ascii_lowercase())
}
