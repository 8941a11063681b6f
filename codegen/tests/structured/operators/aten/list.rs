/// Every operator of the namespace, in the order of the list.
pub static OPERATORS: &[&::keyway::Operator] = &[
    copy_::default.operator(),
    scale::default.operator(),
    scale_::default.operator(),
    scale::out.operator(),
    total::default.operator(),
    total::out.operator(),
    halves::default.operator(),
    halves::out.operator(),
    mix::default.operator(),
    mix_::default.operator(),
    mix::out.operator(),
];

::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }

/// The names of operators that are not built, full and sorted: their kernels are dropped.
#[doc(hidden)]
pub static UNSELECTED: &[&str] = &[];

/// The names of the namespace's operators, `name.overload`, sorted.
#[doc(hidden)]
pub static NAMES: &[&str] = &[
    "copy_",
    "halves",
    "halves.out",
    "mix",
    "mix.out",
    "mix_",
    "scale",
    "scale.out",
    "scale_",
    "total",
    "total.out",
];

/// The names of those that are structured, sorted.
#[doc(hidden)]
pub static STRUCTURED: &[&str] = &[
    "halves.out",
    "mix.out",
    "scale.out",
    "total.out",
];

/// Whether the list has this operator of `aten`: `name`, or `name.overload`.
pub fn is_aten_op(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// The operators by tag, in the order of the list.
pub mod tagged {
    /// Operators tagged `inplace`: writes its first argument and returns it.
    pub static INPLACE: &[&::keyway::Operator] = &[
        super::copy_::default.operator(),
        super::scale_::default.operator(),
        super::mix_::default.operator(),
    ];

    /// Operators tagged `out`: writes its results to its out arguments and returns them.
    pub static OUT: &[&::keyway::Operator] = &[
        super::scale::out.operator(),
        super::total::out.operator(),
        super::halves::out.operator(),
        super::mix::out.operator(),
    ];
}
