fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    todo(a, b, alpha)
}
#[doc(hidden)]
#[macro_export]
#[allow(non_local_definitions, reason = "only its name matters")]
macro_rules! KW0510_two_kernels_of_aten_add_Tensor_at_NPU {
    () => {};
}
const _: () = {
    #[allow(
        dead_code,
        non_upper_case_globals,
        reason = "the operator of the namespace shadows it"
    )]
    static OPERATOR_add_Tensor: ::keyway::TypedOperator<
        ::keyway::__private::NoSignature<
            for<> fn(::keyway::KeySet, &Tensor, &Tensor, Scalar) -> Result<Tensor>,
        >,
    > = ::keyway::TypedOperator::new("", "");
    const _: () = ::keyway::__private::known(
        "aten",
        "add.Tensor",
        aten::NAMES,
        aten::UNSELECTED,
    );
    const _: () = {
        static REGISTRATION: ::keyway::KernelRegistration = ::keyway::KernelRegistration::named(
            {
                #[allow(
                    unused_imports,
                    reason = "an operator that is not there is not taken in"
                )]
                use aten::*;
                &OPERATOR_add_Tensor
            }
                .operator(),
            "NPU",
            if ::keyway::__private::is_among("add.Tensor", aten::NAMES) {
                ::keyway::__private::typed::<
                    3usize,
                    _,
                >(
                    {
                        #[allow(
                            unused_imports,
                            reason = "an operator that is not there is not taken in"
                        )]
                        use aten::*;
                        &OPERATOR_add_Tensor
                    },
                    |__keyway_keys, __keyway_0, __keyway_1, __keyway_2| {
                        ::keyway::__private::returned(
                            add(
                                ::keyway::__private::argument::<&Tensor, _>(__keyway_0),
                                ::keyway::__private::argument::<&Tensor, _>(__keyway_1),
                                ::keyway::__private::argument::<Scalar, _>(__keyway_2),
                            ),
                            "aten::add.Tensor",
                        )
                    },
                )
            } else {
                ::keyway::Kernel::unselected()
            }
                .named("add")
                .at(::std::file!(), ::std::line!()),
        );
        ::keyway::__private::inventory::submit! {
            ::keyway::CollectedKernel(& REGISTRATION)
        }
    };
};
