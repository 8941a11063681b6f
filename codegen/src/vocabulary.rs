//! The closed vocabularies of the operator list: fields, dispatch keys of tables, tags.

/// The dispatch keys a table may name (Y99). Kernels for other keys are registered from Rust.
pub const TABLE_KEYS: [&str; 30] = [
    "CPU",
    "SparseCPU",
    "SparseCsrCPU",
    "MkldnnCPU",
    "CUDA",
    "MPS",
    "XPU",
    "SparseXPU",
    "SparseCsrXPU",
    "SparseCUDA",
    "SparseCsrCUDA",
    "SparseMPS",
    "SparseCsrMPS",
    "QuantizedCPU",
    "QuantizedCUDA",
    "CompositeImplicitAutograd",
    "CompositeImplicitAutogradNestedTensor",
    "CompositeExplicitAutograd",
    "CompositeExplicitAutogradNonFunctional",
    "NestedTensorCPU",
    "NestedTensorCUDA",
    "NestedTensorXPU",
    "NestedTensorHPU",
    "Meta",
    "SparseMeta",
    "SparseCsrMeta",
    "QuantizedMeta",
    "NestedTensorMeta",
    "ZeroTensor",
    "MTIA",
];

/// Backends whose kernels a structured operator supplies itself (Y108, Y164).
pub const STRUCTURED_KEYS: [&str; 5] = ["CPU", "CUDA", "MPS", "XPU", "MTIA"];

/// The fields of an entry: 18 of PyTorch (Y4) and seven of Keyway.
pub const FIELDS: [&str; 25] = [
    "func",
    "variants",
    "dispatch",
    "structured",
    "structured_delegate",
    "structured_inherits",
    "precomputed",
    "ufunc_inner_loop",
    "autogen",
    "device_check",
    "device_guard",
    "manual_cpp_binding",
    "manual_kernel_registration",
    "python_module",
    "category_override",
    "cpp_no_default_args",
    "tags",
    "use_const_ref_for_mutable_tensors",
    "method_name",
    "doc",
    "derive",
    "grouped_with",
    "changes",
    "serves",
    "python_keyword_arguments",
];

/// Words that are keywords of Python and so cannot name arguments (Y60), less those the schema language reserves.
pub const PYTHON_KEYWORDS: [&str; 9] =
    ["async", "await", "except", "finally", "from", "lambda", "nonlocal", "try", "yield"];

/// The low-level keys of `ufunc_inner_loop` (Y82).
pub const UFUNC_KEYS: [&str; 7] = [
    "CUDAFunctor",
    "CUDAFunctorOnOther",
    "CUDAFunctorOnSelf",
    "CPUScalar",
    "CPUVector",
    "ScalarOnly",
    "Generic",
];

/// The dtypes a ufunc loop may list (Y81).
pub const UFUNC_DTYPES: [&str; 18] = [
    "Byte",
    "Char",
    "Short",
    "Int",
    "Long",
    "Half",
    "Float",
    "Double",
    "ComplexHalf",
    "ComplexFloat",
    "ComplexDouble",
    "Bool",
    "BFloat16",
    "Float8_e5m2",
    "Float8_e5m2fnuz",
    "Float8_e4m3fn",
    "Float8_e4m3fnuz",
    "Float8_e8m0fnu",
];

/// The classes of dtypes a ufunc loop may list (Y81).
pub const UFUNC_DTYPE_CLASSES: [&str; 6] =
    ["Integral", "Floating", "Complex", "All", "AllAndComplex", "FloatingAndComplex"];

/// A tag of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The name written in the list.
    pub name: &'static str,
    /// What it says about the operator.
    pub meaning: &'static str,
}

const fn tag(name: &'static str, meaning: &'static str) -> Tag {
    Tag { name, meaning }
}

/// All tags (Y254).
pub const TAGS: [Tag; 20] = [
    tag("inplace_view", "changes only how its argument is laid out, not its data"),
    tag("pt2_compliant_tag", "works when whole programs are compiled"),
    tag("view_copy", "copies what the view operator of the same root would share"),
    tag("dynamic_output_shape", "the shape of the result depends on data"),
    tag("data_dependent_output", "a result that is not a tensor depends on data; cannot run without data"),
    tag("generated", "derived, not written in the list"),
    tag("nondeterministic_seeded", "random, controlled by a generator"),
    tag("nondeterministic_bitwise", "may differ in single bits from run to run"),
    tag("needs_exact_strides", "compilers keep the strides of its inputs exactly"),
    tag("needs_contiguous_strides", "compilers make its inputs contiguous"),
    tag("needs_fixed_stride_order", "compilers keep the order of its inputs' strides"),
    tag("flexible_layout", "compilers may choose the strides of its inputs"),
    tag("core", "belongs to the small functional set that compilers build on"),
    tag("pointwise", "each element of the result depends on the matching elements of the inputs only"),
    tag(
        "maybe_aliasing_or_mutating",
        "whether it aliases or writes depends on its arguments; to be decomposed",
    ),
    tag("cudagraph_unsafe", "cannot be captured in a device graph"),
    tag("reduction", "aggregates over dimensions"),
    tag("inplace", "writes its first argument and returns it"),
    tag("out", "writes its results to its out arguments and returns them"),
    tag("out_variant", "an older word for `out`, without effect"),
];

/// The tag with this name.
pub fn find_tag(name: &str) -> Option<&'static Tag> {
    TAGS.iter().find(|tag| tag.name == name)
}
