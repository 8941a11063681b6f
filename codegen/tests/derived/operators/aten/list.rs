/// Every operator of the namespace, in the order of the list.
pub static OPERATORS: &[&::keyway::Operator] = &[
    OPERATOR_clone.operator(),
    OPERATOR_copy_.operator(),
    OPERATOR_resize_.operator(),
    OPERATOR_half_.operator(),
    OPERATOR_pair.operator(),
    OPERATOR_note.operator(),
    OPERATOR_all_.operator(),
    OPERATOR_half_out.operator(),
    OPERATOR_half.operator(),
    OPERATOR_pair_out.operator(),
    OPERATOR_note_out.operator(),
    OPERATOR_note_functional.operator(),
    OPERATOR_all_out.operator(),
    OPERATOR_all.operator(),
];

::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }

/// The names of operators that are not built, full and sorted: their kernels are dropped.
#[doc(hidden)]
pub static UNSELECTED: &[&str] = &[];

/// The names of the namespace's operators, `name.overload`, sorted.
#[doc(hidden)]
pub static NAMES: &[&str] = &[
    "all",
    "all.out",
    "all_",
    "clone",
    "copy_",
    "half",
    "half.out",
    "half_",
    "note",
    "note.out",
    "note_functional",
    "pair",
    "pair.out",
    "resize_",
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
    /// Operators tagged `generated`: derived, not written in the list.
    pub static GENERATED: &[&::keyway::Operator] = &[
        super::OPERATOR_half_out.operator(),
        super::OPERATOR_half.operator(),
        super::OPERATOR_pair_out.operator(),
        super::OPERATOR_note_out.operator(),
        super::OPERATOR_note_functional.operator(),
        super::OPERATOR_all_out.operator(),
        super::OPERATOR_all.operator(),
    ];

    /// Operators tagged `inplace`: writes its first argument and returns it.
    pub static INPLACE: &[&::keyway::Operator] = &[
        super::OPERATOR_copy_.operator(),
        super::OPERATOR_resize_.operator(),
        super::OPERATOR_half_.operator(),
        super::OPERATOR_all_.operator(),
    ];

    /// Operators tagged `inplace_view`: changes only how its argument is laid out, not its data.
    pub static INPLACE_VIEW: &[&::keyway::Operator] = &[
        super::OPERATOR_resize_.operator(),
    ];

    /// Operators tagged `out`: writes its results to its out arguments and returns them.
    pub static OUT: &[&::keyway::Operator] = &[
        super::OPERATOR_half_out.operator(),
        super::OPERATOR_pair_out.operator(),
        super::OPERATOR_note_out.operator(),
        super::OPERATOR_all_out.operator(),
    ];
}
