/// Every operator of the namespace, in the order of the list.
pub static OPERATORS: &[&::keyway::Operator] = &[
    clone::default.operator(),
    copy_::default.operator(),
    resize_::default.operator(),
    half_::default.operator(),
    pair::default.operator(),
    note::default.operator(),
    all_::default.operator(),
    half::out.operator(),
    half::default.operator(),
    pair::out.operator(),
    note::out.operator(),
    note_functional::default.operator(),
    all::out.operator(),
    all::default.operator(),
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
        super::half::out.operator(),
        super::half::default.operator(),
        super::pair::out.operator(),
        super::note::out.operator(),
        super::note_functional::default.operator(),
        super::all::out.operator(),
        super::all::default.operator(),
    ];

    /// Operators tagged `inplace`: writes its first argument and returns it.
    pub static INPLACE: &[&::keyway::Operator] = &[
        super::copy_::default.operator(),
        super::resize_::default.operator(),
        super::half_::default.operator(),
        super::all_::default.operator(),
    ];

    /// Operators tagged `inplace_view`: changes only how its argument is laid out, not its data.
    pub static INPLACE_VIEW: &[&::keyway::Operator] = &[
        super::resize_::default.operator(),
    ];

    /// Operators tagged `out`: writes its results to its out arguments and returns them.
    pub static OUT: &[&::keyway::Operator] = &[
        super::half::out.operator(),
        super::pair::out.operator(),
        super::note::out.operator(),
        super::all::out.operator(),
    ];
}
