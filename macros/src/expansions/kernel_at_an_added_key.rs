fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    todo(a, b, alpha)
}
const _: () = {
    static REGISTRATION: ::keyway::KernelRegistration = ::keyway::KernelRegistration::named(
        aten::add::Tensor.operator(),
        "NPU",
        aten::add::Tensor
            .kernel(|__keyway_keys, __keyway_0, __keyway_1, __keyway_2| ::keyway::__private::in_operator(
                add(__keyway_0, __keyway_1, __keyway_2),
                "aten::add.Tensor",
            ))
            .named("add")
            .at(::std::file!(), ::std::line!()),
    );
    ::keyway::__private::inventory::submit! {
        ::keyway::CollectedKernel(& REGISTRATION)
    }
};
