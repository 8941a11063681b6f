fn trace(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    todo()
}
const _: () = {
    static REGISTRATION: ::keyway::FallbackRegistration = ::keyway::FallbackRegistration::new(
        ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::Tracer),
        ::keyway::Kernel::boxed(|__keyway_0, __keyway_1, __keyway_2| {
                ::keyway::__private::returned_boxed(
                    trace(
                        ::keyway::__private::argument::<&'_ Operator, _>(__keyway_0),
                        ::keyway::__private::argument::<KeySet, _>(__keyway_1),
                        ::keyway::__private::argument::<&mut Stack, _>(__keyway_2),
                    ),
                )
            })
            .named("trace")
            .at(::std::file!(), ::std::line!()),
    );
    ::keyway::__private::inventory::submit! {
        ::keyway::CollectedFallback(& REGISTRATION)
    }
};
const _: () = {
    static REGISTRATION: ::keyway::FallbackRegistration = ::keyway::FallbackRegistration::new(
        ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::Python),
        ::keyway::Kernel::boxed(|__keyway_0, __keyway_1, __keyway_2| {
                ::keyway::__private::returned_boxed(
                    trace(
                        ::keyway::__private::argument::<&'_ Operator, _>(__keyway_0),
                        ::keyway::__private::argument::<KeySet, _>(__keyway_1),
                        ::keyway::__private::argument::<&mut Stack, _>(__keyway_2),
                    ),
                )
            })
            .named("trace")
            .at(::std::file!(), ::std::line!()),
    );
    ::keyway::__private::inventory::submit! {
        ::keyway::CollectedFallback(& REGISTRATION)
    }
};
