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
