/// Every operator of the namespace, in the order of the list.
pub static OPERATORS: &[&::keyway::Operator] = &[
    OPERATOR_copy_.operator(),
    OPERATOR_scale.operator(),
    OPERATOR_scale_.operator(),
    OPERATOR_scale_out.operator(),
    OPERATOR_total.operator(),
    OPERATOR_total_out.operator(),
    OPERATOR_halves.operator(),
    OPERATOR_halves_out.operator(),
    OPERATOR_mix.operator(),
    OPERATOR_mix_.operator(),
    OPERATOR_mix_out.operator(),
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
        super::OPERATOR_copy_.operator(),
        super::OPERATOR_scale_.operator(),
        super::OPERATOR_mix_.operator(),
    ];

    /// Operators tagged `out`: writes its results to its out arguments and returns them.
    pub static OUT: &[&::keyway::Operator] = &[
        super::OPERATOR_scale_out.operator(),
        super::OPERATOR_total_out.operator(),
        super::OPERATOR_halves_out.operator(),
        super::OPERATOR_mix_out.operator(),
    ];
}

/// Copies the result of a structured operator to the argument that it is written to.
fn __kw_copy_result(target: &::keyway::Tensor, source: &::keyway::Tensor) -> ::keyway::Result<()> {
    copy_::default.call(target, source).map(|_| ())
}
