//! The checked model of an operator list: what the emitter and the command read.
//!
//! Plain data, filled by `resolve` and vouched for by `check`. No YAML and no Rust tokens here.

use std::ops::Range;

use keyway_schema::{OperatorName, Schema, SchemaKind, identifiers};

use crate::source::Source;

/// The namespace of operators written without one (Y157).
pub const DEFAULT_NAMESPACE: &str = "aten";

/// The key of an operator without a table.
const IMPLICIT: &str = "CompositeImplicitAutograd";

/// A checked operator list.
#[derive(Clone, Debug, Default)]
pub struct OperatorList {
    /// Where it was read from.
    pub source: Source,
    /// The operators: the entries in the order of the file, and after them the derived ones.
    pub operators: Vec<OperatorEntry>,
    /// The variants of each operator, in the order of their first members.
    pub groups: Vec<Group>,
    /// The views with their copies and in-place forms.
    pub view_groups: Vec<ViewGroup>,
    /// Names in `autogen` fields that nothing is derived for, because all variants are implicit composites (Y185).
    pub not_derived: Vec<OperatorName>,
}

/// The variants of one operator: entries of one signature, at most one of each kind (Y202). The numbers are positions
/// in [`OperatorList::operators`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The variant that writes nothing.
    pub functional: Option<usize>,
    /// The variant that writes `self`.
    pub inplace: Option<usize>,
    /// The variant that writes another argument.
    pub mutable: Option<usize>,
    /// The variant that writes out arguments.
    pub out: Option<usize>,
}

impl Group {
    /// The members, in the order of the fields.
    pub fn members(&self) -> impl Iterator<Item = usize> {
        [self.functional, self.inplace, self.mutable, self.out].into_iter().flatten()
    }

    /// Whether there is a functional and an out variant, so that each can stand for the other (Y203).
    pub fn is_complete(&self) -> bool {
        self.functional.is_some() && self.out.is_some()
    }
}

/// A view with the operators that do the same to a copy and in place (Y215). Positions as in [`Group`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewGroup {
    /// The view.
    pub view: usize,
    /// The operator that copies what the view would share.
    pub copy: Option<usize>,
    /// The operator that makes the view of its own argument.
    pub inplace: Option<usize>,
}

/// What a derived operator was derived from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// The operator, the base of its group (Y205).
    pub from: OperatorName,
    /// Its position in [`OperatorList::operators`].
    pub base: usize,
}

/// What an operator with the tag `inplace_view` gives its argument besides another layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Another size: it is no view of what was there.
    Size,
    /// Another storage: its variants are derived as those of an operator that writes.
    Storage,
}

/// What an operator does for the kernels of derived variants. Further arguments take their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// It returns a copy of its first argument.
    Copy,
    /// It writes its second argument to its first.
    Write,
    /// It gives its first argument the size that is its second.
    Resize,
}

impl OperatorList {
    /// The operators that are written in the list, not derived.
    pub fn written(&self) -> &[OperatorEntry] {
        &self.operators[..self.operators.partition_point(|entry| entry.derived.is_none())]
    }

    /// The derived operators.
    pub fn derived(&self) -> &[OperatorEntry] {
        &self.operators[self.written().len()..]
    }

    /// The entry of this operator. A name without a namespace means [`DEFAULT_NAMESPACE`].
    pub fn find(&self, name: &OperatorName) -> Option<&OperatorEntry> {
        let namespace = name.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        self.operators.iter().find(|entry| {
            let known = &entry.schema.name;
            known.name == name.name
                && known.overload == name.overload
                && known.namespace.as_deref() == Some(namespace)
        })
    }
}

/// Where the operator can be called as what (Y159).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variants {
    /// As a free function.
    pub function: bool,
    /// As a method of the tensor.
    pub method: bool,
}

/// Whether all tensor arguments must be on one device (Y182).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DeviceCheck {
    /// They must; checked before the kernel of a device backend runs.
    #[default]
    ExactSame,
    /// No check.
    NoCheck,
}

/// One kernel of an operator: a dispatch key and the function registered to it (Y162).
///
/// A line of the file with several keys, `CPU, CUDA: add`, becomes one of these for each key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchLine {
    /// The dispatch key's name, one of [`crate::vocabulary::TABLE_KEYS`].
    pub key: String,
    /// The kernel function's name, without its path. May be a keyword of Rust (`where`): write it with
    /// [`identifiers::item`].
    pub kernel: String,
    /// The path before the function's name (up to three names), if one is written (Y163).
    pub kernel_path: Vec<String>,
    /// The place of the key in the file, in bytes; for an implicit line the place of `func`.
    pub span: Range<usize>,
}

impl DispatchLine {
    /// Whether the kernel takes symbolic integers (Y165).
    pub fn takes_symint(&self) -> bool {
        self.kernel.contains("_symint")
    }
}

/// A position for people: lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One operator of the list with all fields of its entry (yaml.md section 4).
#[derive(Clone, Debug)]
pub struct OperatorEntry {
    /// The schema, with its namespace filled in.
    pub schema: Schema,
    /// `variants` (Y159).
    pub variants: Variants,
    /// `dispatch` as written; `None` when there is no table, `Some` of an empty one for `dispatch: {}` (Y166, Y167).
    /// What an operator really has is [`OperatorEntry::kernels`].
    pub dispatch: Option<Vec<DispatchLine>>,
    /// `structured` (Y175).
    pub structured: bool,
    /// `structured_delegate`: the out operator this one takes its kernels from (Y176).
    pub structured_delegate: Option<OperatorName>,
    /// `structured_inherits` (Y178).
    pub structured_inherits: Option<String>,
    /// `precomputed`, line by line as written (Y179).
    pub precomputed: Vec<String>,
    /// `ufunc_inner_loop`: ufunc keys and what stands beside them; a bare text has the key `Generic` (Y181).
    pub ufunc_inner_loop: Vec<(String, String)>,
    /// `device_check` (Y182).
    pub device_check: DeviceCheck,
    /// `device_guard` (Y183).
    pub device_guard: bool,
    /// `autogen`: operators to be derived from this one (Y184).
    pub autogen: Vec<OperatorName>,
    /// `manual_cpp_binding`: no public function or method is made under the operator's name (Y186).
    pub manual_cpp_binding: bool,
    /// `manual_kernel_registration` (Y187).
    pub manual_kernel_registration: bool,
    /// `python_module` (Y188).
    pub python_module: Option<String>,
    /// `category_override` (Y189).
    pub category_override: Option<String>,
    /// `cpp_no_default_args` (Y190).
    pub cpp_no_default_args: Vec<String>,
    /// `use_const_ref_for_mutable_tensors` (Y191).
    pub use_const_ref_for_mutable_tensors: bool,
    /// `tags` as written, in order (Y193); see [`OperatorEntry::all_tags`] for the automatic ones too.
    pub tags: Vec<String>,
    /// `method_name`, of Keyway: what the Rust method is called when the operator's own name will not do (Y273).
    pub method_name: Option<String>,
    /// `doc`, of Keyway: a paragraph of documentation for the generated items.
    pub doc: Option<String>,
    /// `derive`, of Keyway: whether variants are derived from the entry, and missed when they cannot be (Y282).
    pub derive: bool,
    /// `grouped_with`, of Keyway: the operator whose signature stands for this one's when variants are grouped (Y282).
    pub grouped_with: Option<OperatorName>,
    /// `changes`, of Keyway: what an operator tagged `inplace_view` changes besides strides (Y282).
    pub changes: Option<Changes>,
    /// `python_keyword_arguments`, of Keyway: arguments that may be named by keywords of Python (Y282).
    pub python_keyword_arguments: Vec<String>,
    /// `serves`, of Keyway: what kernels of derived variants use the operator for.
    pub serves: Option<Service>,
    /// What it was derived from; `None` for what is written in the list.
    pub derived: Option<Derived>,
    /// Where the entry's `func` starts.
    pub place: Place,
    /// The bytes of the `func` text in the file.
    pub span: Range<usize>,
}

impl OperatorEntry {
    /// The operator's name, namespace included.
    pub fn name(&self) -> &OperatorName {
        &self.schema.name
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.schema.name.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// The kind of variant.
    pub fn kind(&self) -> SchemaKind {
        self.schema.kind()
    }

    /// What the kernel is called when nothing else is said: the operator's name, and `_out` after it for an out
    /// operator; the overload plays no part (Y166).
    pub fn default_kernel_name(&self) -> String {
        let name = &self.schema.name.name;
        if self.schema.out_arguments().next().is_some() { format!("{name}_out") } else { name.clone() }
    }

    /// The kernels the operator has: the table as written, or, without one, the default kernel under
    /// CompositeImplicitAutograd (Y166). Empty for `dispatch: {}`, for delegates and for operators registered by hand.
    pub fn kernels(&self) -> Vec<DispatchLine> {
        if let Some(written) = &self.dispatch {
            return written.clone();
        }
        if self.is_of_structured_group() || self.manual_kernel_registration {
            return Vec::new();
        }
        vec![DispatchLine {
            key: IMPLICIT.to_owned(),
            kernel: self.default_kernel_name(),
            kernel_path: Vec::new(),
            span: self.span.clone(),
        }]
    }

    /// The tags as written and, after them, the automatic ones: `inplace` and `out` by kind, and for operators of the
    /// default namespace `pt2_compliant_tag` (Y222).
    pub fn all_tags(&self) -> Vec<&str> {
        let mut tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let by_kind = match self.kind() {
            SchemaKind::Inplace => Some("inplace"),
            SchemaKind::Out | SchemaKind::Scratch => Some("out"),
            SchemaKind::Functional | SchemaKind::Mutable => None,
        };
        let by_namespace = (self.namespace() == DEFAULT_NAMESPACE).then_some("pt2_compliant_tag");
        tags.extend(by_kind.into_iter().chain(by_namespace).filter(|tag| !self.has_tag(tag)));
        tags
    }

    /// Whether the entry was written with this tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|t| t == tag)
    }

    /// Whether the operator returns a view of an argument (Y214).
    pub fn is_view(&self) -> bool {
        self.schema.is_view() || (self.has_tag("inplace_view") && self.changes != Some(Changes::Size))
    }

    /// Whether it has a kernel at this key.
    pub fn has_kernel(&self, key: &str) -> bool {
        match &self.dispatch {
            Some(table) => table.iter().any(|line| line.key == key),
            None => key == IMPLICIT && !self.is_of_structured_group() && !self.manual_kernel_registration,
        }
    }

    /// Whether a kernel serves every backend, and gradients too (Y172).
    pub fn is_implicit_composite(&self) -> bool {
        self.has_kernel(IMPLICIT)
    }

    /// Whether it is structured or takes its kernels from a structured operator (Y221).
    pub fn is_of_structured_group(&self) -> bool {
        self.structured || self.structured_delegate.is_some()
    }

    /// Whether a view needs an operator that copies what it would share (Y216).
    pub fn demands_copy(&self) -> bool {
        let implicit =
            self.is_implicit_composite() || self.has_kernel("CompositeImplicitAutogradNestedTensor");
        self.is_view()
            && !implicit
            && !self.has_tag("inplace_view")
            && !self.schema.name.name.ends_with("_inverse")
    }

    /// Whether it chooses its backend by a `device` argument (Y223): it has the tensor options, and no tensor it could
    /// take the backend from by its name.
    pub fn needs_backend_select(&self) -> bool {
        let name = &self.schema.name.name;
        self.schema.tensor_options().is_some() && !name.starts_with("new_") && !name.ends_with("_like")
    }

    /// The path of the generated handle below `ops`, `add::Tensor`; the default overload is called `default` (Y270).
    /// Words of Rust are escaped: raw where possible, else with `_` after them (Y265, Y267).
    pub fn handle_path(&self) -> [String; 2] {
        let name = &self.schema.name;
        [identifiers::item(&name.name), identifiers::overload(&name.overload)]
    }
}
