/// Every operator of the namespace, in the order of the list.
pub static OPERATORS: &[&::keyway::Operator] = &[
    OPERATOR_kept.operator(),
    OPERATOR_scale.operator(),
    OPERATOR_scale_out.operator(),
];

::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }

/// The names of operators that are not built, full and sorted: their kernels are dropped.
#[doc(hidden)]
pub static UNSELECTED: &[&str] = &[
    "aten::dropped",
    "aten::scale_",
];

::keyway::__private::inventory::submit! {
    ::keyway::UnselectedOperators(UNSELECTED)
}

/// The names of the namespace's operators, `name.overload`, sorted.
#[doc(hidden)]
pub static NAMES: &[&str] = &[
    "dropped",
    "kept",
    "scale",
    "scale.out",
    "scale_",
];

/// The names of those that are structured, sorted.
#[doc(hidden)]
pub static STRUCTURED: &[&str] = &[
    "scale.out",
];

/// Whether the list has this operator of `aten`: `name`, or `name.overload`.
pub fn is_aten_op(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// The operators by tag, in the order of the list.
pub mod tagged {
    /// Operators tagged `out`: writes its results to its out arguments and returns them.
    pub static OUT: &[&::keyway::Operator] = &[
        super::OPERATOR_scale_out.operator(),
    ];
}
