//! The checked model of an operator list: what the emitter and the command read.
//!
//! Plain data, filled by `resolve` and vouched for by `check`. No YAML and no Rust tokens here.

use std::ops::Range;

use keyway_schema::{OperatorName, Schema, SchemaKind, identifiers};

use crate::source::Source;

/// The namespace of operators written without one (Y157).
pub const DEFAULT_NAMESPACE: &str = "aten";

/// A checked operator list.
#[derive(Clone, Debug)]
pub struct OperatorList {
    /// Where it was read from.
    pub source: Source,
    /// The entries, in the order of the file.
    pub operators: Vec<OperatorEntry>,
}

impl OperatorList {
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
        if self.structured || self.structured_delegate.is_some() || self.manual_kernel_registration {
            return Vec::new();
        }
        vec![DispatchLine {
            key: "CompositeImplicitAutograd".to_owned(),
            kernel: self.default_kernel_name(),
            kernel_path: Vec::new(),
            span: self.span.clone(),
        }]
    }

    /// The tags as written and, after them, the automatic ones: `inplace` and `out` by kind (Y222).
    pub fn all_tags(&self) -> Vec<&str> {
        let mut tags: Vec<&str> = self.tags.iter().map(String::as_str).collect();
        let automatic = match self.kind() {
            SchemaKind::Inplace => Some("inplace"),
            SchemaKind::Out | SchemaKind::Scratch => Some("out"),
            SchemaKind::Functional | SchemaKind::Mutable => None,
        };
        tags.extend(automatic.filter(|tag| !self.has_tag(tag)));
        tags
    }

    /// Whether the entry was written with this tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|t| t == tag)
    }

    /// Whether the operator returns a view of an argument (Y214).
    pub fn is_view(&self) -> bool {
        let resizes = matches!(self.schema.name.name.as_str(), "resize_" | "resize_as_");
        self.schema.is_view() || (self.has_tag("inplace_view") && !resizes)
    }

    /// The path of the generated handle below `ops`, `add::Tensor`; the default overload is called `default` (Y270).
    /// Words of Rust are escaped: raw where possible, else with `_` after them (Y265, Y267).
    pub fn handle_path(&self) -> [String; 2] {
        let name = &self.schema.name;
        [identifiers::item(&name.name), identifiers::overload(&name.overload)]
    }
}
