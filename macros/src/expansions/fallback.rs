fn trace(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    todo()
}
const _: () = {
    static REGISTRATION: ::keyway::FallbackRegistration = ::keyway::FallbackRegistration::new(
        ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::Tracer),
        ::keyway::Kernel::boxed(trace).named("trace").at(::std::file!(), ::std::line!()),
    );
    ::keyway::__private::inventory::submit! {
        ::keyway::CollectedFallback(& REGISTRATION)
    }
};
const _: () = {
    static REGISTRATION: ::keyway::FallbackRegistration = ::keyway::FallbackRegistration::new(
        ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::Python),
        ::keyway::Kernel::boxed(trace).named("trace").at(::std::file!(), ::std::line!()),
    );
    ::keyway::__private::inventory::submit! {
        ::keyway::CollectedFallback(& REGISTRATION)
    }
};
