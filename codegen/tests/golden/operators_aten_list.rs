/// Every operator of the namespace, in the order of the list.
pub static OPERATORS: &[&::keyway::Operator] = &[
    add::Tensor.operator(),
    add_::Tensor.operator(),
    r#where::self_.operator(),
    make::default.operator(),
];

::keyway::__private::inventory::submit! { ::keyway::OperatorList(OPERATORS) }
