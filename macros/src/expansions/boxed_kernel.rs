fn trace(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    todo()
}
#[doc(hidden)]
#[macro_export]
#[allow(non_local_definitions, reason = "only its name matters")]
macro_rules! KW0510_two_kernels_of_aten_relu_at_Tracer {
    () => {};
}
const _: () = {
    #[allow(
        dead_code,
        non_upper_case_globals,
        reason = "the operator of the namespace shadows it"
    )]
    static OPERATOR_relu: ::keyway::TypedOperator<
        ::keyway::__private::NoSignature<
            for<> fn(
                ::keyway::KeySet,
                &'static Operator,
                KeySet,
                &mut Stack,
            ) -> Result<()>,
        >,
    > = ::keyway::TypedOperator::new("", "");
    const _: () = ::keyway::__private::known(
        "aten",
        "relu",
        aten::NAMES,
        aten::UNSELECTED,
    );
    const _: () = {
        static REGISTRATION: ::keyway::KernelRegistration = ::keyway::KernelRegistration::new(
            {
                #[allow(
                    unused_imports,
                    reason = "an operator that is not there is not taken in"
                )]
                use aten::*;
                &OPERATOR_relu
            }
                .operator(),
            ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::Tracer),
            if ::keyway::__private::is_among("relu", aten::NAMES) {
                ::keyway::Kernel::boxed(|__keyway_0, __keyway_1, __keyway_2| {
                    ::keyway::__private::returned_boxed(
                        trace(
                            ::keyway::__private::argument::<&'_ Operator, _>(__keyway_0),
                            ::keyway::__private::argument::<KeySet, _>(__keyway_1),
                            ::keyway::__private::argument::<&mut Stack, _>(__keyway_2),
                        ),
                    )
                })
            } else {
                ::keyway::Kernel::unselected()
            }
                .named("trace")
                .at(::std::file!(), ::std::line!()),
        );
        ::keyway::__private::inventory::submit! {
            ::keyway::CollectedKernel(& REGISTRATION)
        }
    };
};
