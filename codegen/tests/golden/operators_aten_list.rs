/// Every operator of the namespace, in the order of the list.
pub static OPERATORS: &[&::keyway::Operator] = &[
    OPERATOR_add_Tensor.operator(),
    OPERATOR_add__Tensor.operator(),
    OPERATOR_where_self.operator(),
    OPERATOR_make.operator(),
];

::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }

/// The names of operators that are not built, full and sorted: their kernels are dropped.
#[doc(hidden)]
pub static UNSELECTED: &[&str] = &[];

/// The names of the namespace's operators, `name.overload`, sorted.
#[doc(hidden)]
pub static NAMES: &[&str] = &[
    "add.Tensor",
    "add_.Tensor",
    "make",
    "where.self",
];

/// The names of those that are structured, sorted.
#[doc(hidden)]
pub static STRUCTURED: &[&str] = &[
];

/// Whether the list has this operator of `aten`: `name`, or `name.overload`.
pub fn is_aten_op(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// The operators by tag, in the order of the list.
pub mod tagged {
    /// Operators tagged `inplace`: writes its first argument and returns it.
    pub static INPLACE: &[&::keyway::Operator] = &[
        super::OPERATOR_add__Tensor.operator(),
    ];
}
