fn trace(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    todo()
}
const _: () = {
    static REGISTRATION: ::keyway::KernelRegistration = ::keyway::KernelRegistration::new(
        aten::relu::default.operator(),
        ::keyway::RegistrationKey::Runtime(::keyway::DispatchKey::Tracer),
        ::keyway::Kernel::boxed(trace).named("trace").at(::std::file!(), ::std::line!()),
    );
    ::keyway::__private::inventory::submit! {
        ::keyway::CollectedKernel(& REGISTRATION)
    }
};
