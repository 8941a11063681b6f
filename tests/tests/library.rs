//! Blocks of registrations: what may stand in which, where kernels without a key go, who is told, what can be listed.

use std::sync::{Arc, Mutex};

use keyway::{
    AliasAnalysis, AliasKey, Backend, Device, DispatchKey, ErrorKind, Kernel, KeySet, Library, LibraryKind,
    Operator, OperatorChange, RegistrationKey, Result, Tensor, TypedOperator, Value, check_invariants,
    dangling_operators, find_operator, listen, operators, operators_with_kernel, register_kernel,
};

const CPU: DispatchKey = DispatchKey::CPU;
const CUDA: DispatchKey = DispatchKey::CUDA;

/// A kernel of `(Tensor x) -> str` that answers with a word.
fn says(word: &'static str) -> Kernel {
    Kernel::from_fn(move |_: &Tensor| -> Result<String> { Ok(word.to_owned()) }).named(word)
}

fn tensor(key: DispatchKey) -> Tensor {
    let tensor = Tensor::from_slice(&[1.0f32], &[1]).unwrap();
    tensor.set_key_set(KeySet::of(key));
    tensor
}

/// What the operator answers for a tensor with this key, or what is wrong.
fn ask(operator: &'static Operator, key: DispatchKey) -> Result<String, ErrorKind> {
    match operator.call([tensor(key).into()]).and_then(|mut stack| stack.pop()) {
        Ok(Value::Str(word)) => Ok(word.to_string()),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.kind()),
    }
}

fn said(word: &str) -> Result<String, ErrorKind> {
    Ok(word.to_owned())
}

/// REG-01, REG-02, REG-03, D126 to D128.
#[test]
fn a_definition_is_found_until_its_block_is_dropped() -> Result<()> {
    let mut library = Library::define("lib_found")?;
    let f = library.def("f.over(Tensor x) -> str")?;
    library.def("no_tensors(int x, float y=0.5) -> ()")?;
    assert_eq!(find_operator("lib_found::f.over")?, f);
    assert_eq!(find_operator("lib_found::f").unwrap_err().kind(), ErrorKind::UnknownOperator);
    assert_eq!(ask(f, CPU), Err(ErrorKind::NoKernel));
    drop(library);
    assert_eq!(find_operator("lib_found::f.over").unwrap_err().kind(), ErrorKind::UnknownOperator);
    Ok(())
}

/// REG-15, REG-16, D193: two overloads, a third name that nobody has, reserved and unreserved overload names.
#[test]
fn overloads_are_operators_of_their_own() -> Result<()> {
    let mut library = Library::define("lib_overloads")?;
    for name in ["f.a", "f", "f.default2", "f._x"] {
        library.def(&format!("{name}(Tensor x) -> str"))?;
        assert_eq!(
            find_operator(&format!("lib_overloads::{name}"))?.name(),
            format!("lib_overloads::{name}")
        );
    }
    assert_eq!(find_operator("lib_overloads::f.b").unwrap_err().kind(), ErrorKind::UnknownOperator);
    for name in ["f.default", "f.__x"] {
        let error = library.def(&format!("{name}(Tensor x) -> str")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IllegalOverload, "{error}");
        assert_eq!(library.kernel(name, CPU, says("no")).unwrap_err().kind(), ErrorKind::IllegalOverload);
    }
    Ok(())
}

/// REG-18, REG-24, REG-25, REG-26, D122, D182.
#[test]
fn one_block_owns_a_namespace_and_fragments_add_to_it() -> Result<()> {
    let mut early = Library::fragment("lib_blocks")?;
    early.def("early(int x) -> int")?;
    let mut owner = Library::define("lib_blocks")?;
    owner.def("lib_blocks::owned(int x) -> int")?;
    let mut late = Library::fragment("lib_blocks")?;
    late.def("late(int x) -> int")?;
    assert_eq!(Library::define("lib_blocks").unwrap_err().kind(), ErrorKind::DuplicateLibrary);
    for name in ["early", "owned", "late"] {
        find_operator(&format!("lib_blocks::{name}"))?;
    }
    for namespace in ["", "two words", "a::b", "1st"] {
        assert_eq!(Library::fragment(namespace).unwrap_err().kind(), ErrorKind::SchemaSyntax, "{namespace}");
    }
    drop(owner);
    let again = Library::define("lib_blocks")?;
    assert_eq!(
        (again.kind(), again.namespace(), again.key()),
        (LibraryKind::Definitions, Some("lib_blocks"), None)
    );
    Ok(())
}

/// REG-22, REG-67, D188, D189: a block's key is the key of what stands in it; a device stands for its backend's key.
#[test]
fn a_block_may_have_a_key() -> Result<()> {
    let mut library = Library::define("lib_keyed")?;
    let f = library.def("f(Tensor x) -> str")?;
    let mut on_cpu = Library::implement_at("lib_keyed", Device::CPU);
    on_cpu.default_kernel("f", says("cpu"))?;
    on_cpu.def("g(Tensor x) -> str").unwrap_err();
    assert_eq!(on_cpu.kernel("f", CUDA, says("cuda")).unwrap_err().kind(), ErrorKind::KeyMismatch);
    let mut on_xla = Library::implement_at("lib_keyed", Backend::XLA);
    on_xla.kernel("f", DispatchKey::XLA, says("xla"))?;
    assert_eq!((ask(f, CPU), ask(f, DispatchKey::XLA)), (said("cpu"), said("xla")));
    drop(on_cpu);
    assert_eq!((ask(f, CPU), ask(f, DispatchKey::XLA)), (Err(ErrorKind::NoKernel), said("xla")));
    Ok(())
}

/// D101, D185, DSP-04: a kernel for no particular key is for all of them.
#[test]
fn a_kernel_without_a_key_serves_every_key() -> Result<()> {
    let mut library = Library::define("lib_catch_all")?;
    let f = library.def_kernel("f(Tensor x) -> str", says("any"))?;
    assert_eq!(f.kernel_keys(), [RegistrationKey::Alias(AliasKey::CompositeImplicitAutograd)]);
    for key in
        [CPU, DispatchKey::XLA, DispatchKey::SparseCPU, DispatchKey::AutogradCPU, DispatchKey::AutogradXLA]
    {
        assert_eq!(ask(f, key), said("any"), "{key}");
    }
    Ok(())
}

/// REG-45 to REG-47, D104, D107: the newer of two kernels runs, whichever block is dropped first.
#[test]
fn the_newest_kernel_that_is_left_runs() -> Result<()> {
    let mut library = Library::define("lib_newest")?;
    let f = library.def("f(Tensor x) -> str")?;
    for drops_newer in [true, false] {
        let (mut older, mut newer) = (Library::implement("lib_newest"), Library::implement("lib_newest"));
        older.kernel("f", CPU, says("older"))?;
        newer.override_kernel("f", CPU, says("newer"))?;
        assert_eq!(ask(f, CPU), said("newer"));
        let (first, second) = if drops_newer { (newer, older) } else { (older, newer) };
        drop(first);
        assert_eq!(ask(f, CPU), said(if drops_newer { "older" } else { "newer" }));
        drop(second);
        assert_eq!(ask(f, CPU), Err(ErrorKind::NoKernel));
    }
    Ok(())
}

/// REG-08, REG-52 to REG-55: each key its own kernel, each operator its own, an inner block over an outer one.
#[test]
fn kernels_of_nested_blocks_come_and_go() -> Result<()> {
    let mut outer = Library::define("lib_nested")?;
    let (f, g) = (outer.def("f(Tensor x) -> str")?, outer.def("g(Tensor x) -> str")?);
    outer.kernel("f", CPU, says("f on cpu"))?;
    outer.kernel("g", CPU, says("g on cpu"))?;
    {
        let mut inner = Library::implement("lib_nested");
        inner.kernel("f", CUDA, says("f on cuda"))?;
        assert_eq!((ask(f, CPU), ask(f, CUDA)), (said("f on cpu"), said("f on cuda")));
        assert_eq!((ask(g, CPU), ask(g, CUDA)), (said("g on cpu"), Err(ErrorKind::NoKernel)));
        let error = f.call([tensor(DispatchKey::XLA).into()]).unwrap_err();
        let text = error.to_string();
        assert!(["lib_nested::f", "XLA", "CPU, CUDA"].iter().all(|word| text.contains(word)), "{text}");
    }
    assert_eq!((ask(f, CPU), ask(f, CUDA)), (said("f on cpu"), Err(ErrorKind::NoKernel)));
    drop(outer);
    assert_eq!(ask(f, CPU), Err(ErrorKind::MissingDef));
    Ok(())
}

/// REG-56, D208: only the key set given counts.
#[test]
fn redispatch_goes_by_the_given_keys_alone() -> Result<()> {
    let mut library = Library::define("lib_redispatch")?;
    let f = library.def("f(Tensor x) -> str")?;
    library.kernel("f", CPU, says("cpu"))?;
    let on_cpu = f.typed::<(&Tensor,), String>()?.redispatch(KeySet::of(CPU), (&tensor(CUDA),))?;
    assert_eq!(on_cpu, "cpu");
    let refused = f.typed::<(&Tensor,), String>()?.redispatch(KeySet::of(CUDA), (&tensor(CPU),));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NoKernel);
    Ok(())
}

/// REG-28, REG-30, D96, D123: kernels and names before the definition.
#[test]
fn names_and_kernels_may_come_before_the_definition() -> Result<()> {
    let mut kernels = Library::implement("lib_early");
    let named = kernels.name("f")?;
    assert_eq!(find_operator("lib_early::f").unwrap_err().kind(), ErrorKind::MissingDef);
    assert!(!dangling_operators().contains(&named), "a name alone is no implementation");
    kernels.kernel("f", CPU, says("early"))?;
    assert!(dangling_operators().contains(&named));
    assert!(named.dump_state().contains("schema: (none)"), "{}", named.dump_state());
    let mut library = Library::define("lib_early")?;
    assert_eq!(library.def("f(Tensor x) -> str")?, named);
    assert!(!dangling_operators().contains(&named));
    assert_eq!(ask(named, CPU), said("early"));
    drop((library, kernels));
    assert!(!dangling_operators().contains(&named));
    assert_eq!(find_operator("lib_early::f").unwrap_err().kind(), ErrorKind::UnknownOperator);
    Ok(())
}

/// What a listener has heard of the operators of one namespace.
fn hear(namespace: &'static str) -> (Arc<Mutex<Vec<String>>>, impl Fn(OperatorChange) + Send + Sync) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    let listener = move |change: OperatorChange| {
        let sign = if change.is_defined() { "+" } else { "-" };
        let text = format!("{sign}{}", change.schema().unwrap());
        if text[1..].starts_with(namespace) {
            log.lock().unwrap().push(text);
        }
    };
    (heard, listener)
}

/// REG-59, D170: existing definitions first, then each one that comes and goes; kernels are not reported.
#[test]
fn a_listener_hears_of_definitions() -> Result<()> {
    let mut library = Library::define("lib_heard")?;
    library.def("old(int x) -> int")?;
    let (heard, listener) = hear("lib_heard::");
    let guard = listen(listener);
    assert_eq!(*heard.lock().unwrap(), ["+lib_heard::old(int x) -> int"]);
    let mut kernels = Library::implement("lib_heard");
    kernels.kernel("new", CPU, says("new"))?;
    let mut fragment = Library::fragment("lib_heard")?;
    fragment.def("new(Tensor x) -> str")?;
    assert_eq!(fragment.def("new(Tensor x) -> str").unwrap_err().kind(), ErrorKind::DuplicateDef);
    let mistyped = Kernel::from_fn(|x: i64| -> Result<i64> { Ok(x) });
    let error = fragment.def_kernel("refused(float x) -> float", mistyped).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().matches("library.rs:").count()),
        (ErrorKind::SchemaMismatch, 2)
    );
    drop(fragment);
    let new = "lib_heard::new(Tensor x) -> str";
    assert_eq!(heard.lock().unwrap()[1..], [format!("+{new}"), format!("-{new}")]);
    drop(guard);
    library.def("later(int x) -> int")?;
    assert_eq!(heard.lock().unwrap().len(), 3);
    Ok(())
}

/// D171, D172: a listener may register, and one that panics harms neither the registration nor the others.
#[test]
fn a_listener_may_register_and_may_panic() -> Result<()> {
    let panics = listen(|change| {
        assert!(!change.operator().name().starts_with("lib_reacts::"), "on purpose");
    });
    let kernels = Arc::new(Mutex::new(Library::implement("lib_reacts")));
    let held = kernels.clone();
    let reacts = listen(move |change| {
        let name = change.operator().name();
        if change.is_defined() && name.starts_with("lib_reacts::") {
            held.lock().unwrap().kernel(name, CPU, says("reaction")).unwrap();
        }
    });
    let mut library = Library::define("lib_reacts")?;
    let f = library.def("f(Tensor x) -> str")?;
    assert_eq!(ask(f, CPU), said("reaction"));
    assert_eq!(library.def("f(Tensor x) -> str").unwrap_err().kind(), ErrorKind::DuplicateDef);
    drop((panics, reacts));
    Ok(())
}

static TAGGED: TypedOperator<Unary> =
    TypedOperator::new("lib_tagged::f", "lib_tagged::f(Tensor x) -> Tensor").tagged(&["generated"]);

keyway::signature! {
    /// `(Tensor) -> Tensor`
    Unary<'a> = (x: &'a Tensor) -> Tensor
}

/// D134, REG-64: tags; every operator that has a kernel at a key.
#[test]
fn operators_are_listed_by_kernel_and_carry_tags() -> Result<()> {
    let mut library = Library::define("lib_listed")?;
    let f = library.def_tagged("f(Tensor x) -> str", &["pointwise", "core"])?;
    let g = library.def("g(Tensor x) -> str")?;
    assert_eq!(f.tags(), ["pointwise", "core"]);
    assert!(f.has_tag("core") && g.tags().is_empty());
    assert_eq!(TAGGED.operator().tags(), ["generated"]);
    library.kernel("f", CPU, says("f"))?;
    library.default_kernel("g", says("g"))?;
    // Other tests define operators at the same time.
    let own = |mut operators: Vec<&'static Operator>| {
        operators.retain(|operator| operator.name().starts_with("lib_listed::"));
        operators
    };
    assert_eq!(own(operators_with_kernel(CPU)), [f], "exact keys only");
    assert_eq!(own(operators_with_kernel(AliasKey::CompositeImplicitAutograd)), [g]);
    assert_eq!(own(operators()), [f, g]);
    Ok(())
}

/// D135, D136: what is registered, what is computed, and a kernel that is held.
#[test]
fn an_operator_answers_for_its_kernels() -> Result<()> {
    let mut library = Library::define("lib_asked")?;
    let f = library.def("f(Tensor x) -> str")?;
    let sparse = register_kernel("lib_asked::f", DispatchKey::SparseCPU, says("sparse"), false)?;
    let alias = AliasKey::CompositeExplicitAutograd;
    library.kernel("f", alias, says("composite"))?;
    let both = KeySet::from_iter([DispatchKey::SparseCUDA, CPU]);
    assert!(f.has_kernel_in(both), "D33: sets are products");
    assert!(!f.has_kernel_in(KeySet::of(CPU)), "aliases do not count");
    assert!(f.has_kernel_at(alias) && !f.has_kernel_at(CPU));
    assert_eq!(f.kernel_at(alias)?.name(), "composite");
    assert!(f.has_computed_kernel(CPU) && !f.has_computed_kernel(DispatchKey::Tracer));
    let held = f.computed_kernel(DispatchKey::SparseCPU)?;
    assert_eq!((held.name(), held.is_fallthrough(), held.operator()), ("sparse", false, f));
    assert_eq!(held.inferred().unwrap().to_string(), "(Tensor _0) -> str");

    let over = register_kernel("lib_asked::f", DispatchKey::SparseCPU, says("over"), true)?;
    let mut stack = [tensor(CPU)].into_iter().collect();
    held.call_boxed(KeySet::of(CPU), &mut stack)?;
    assert!(matches!(stack.pop()?, Value::Str(word) if word.as_str() == "sparse"), "hidden, not gone");
    drop(sparse);
    let mut stack = [tensor(CPU)].into_iter().collect();
    assert_eq!(held.call_boxed(KeySet::of(CPU), &mut stack).unwrap_err().kind(), ErrorKind::KernelGone);
    drop(over);
    assert_eq!(f.computed_kernel(DispatchKey::Tracer).unwrap_err().kind(), ErrorKind::NoKernel);
    Ok(())
}

/// D213: the kernel at exactly the key, else the key's fallback; the table is not asked.
#[test]
fn a_call_for_a_key_runs_what_is_registered_there() -> Result<()> {
    let mut library = Library::define("lib_for_key")?;
    let f = library.def("f(Tensor x) -> str")?;
    library.kernel("f", CPU, says("cpu"))?;
    library.default_kernel("f", says("composite"))?;
    let call = |key: RegistrationKey| {
        let mut stack = [tensor(CUDA)].into_iter().collect();
        f.call_boxed_for_key(key, &mut stack).and_then(|()| stack.pop()).map(|word| word.to_string())
    };
    assert_eq!(call(CPU.into())?, "\"cpu\"");
    assert_eq!(call(AliasKey::CompositeImplicitAutograd.into())?, "\"composite\"");
    assert_eq!(call(CUDA.into()).unwrap_err().kind(), ErrorKind::NoKernel, "the alias is not looked at");
    assert_eq!(call(AliasKey::Autograd.into()).unwrap_err().kind(), ErrorKind::NoKernel);
    assert_eq!(call(DispatchKey::Meta.into()).unwrap_err().kind(), ErrorKind::NoMetaKernel, "a fallback");
    assert_eq!(call(DispatchKey::AutogradCPU.into()).unwrap_err().kind(), ErrorKind::FallthroughReached);
    Ok(())
}

/// REG-63, D175, D176: the texts for people.
#[test]
fn dumps_say_what_is_registered_and_what_calls_use() -> Result<()> {
    let mut library = Library::define("lib_dumped")?;
    let f = library.def("f(Tensor x) -> str")?;
    library.kernel("f", CPU, says("older"))?;
    library.override_kernel("f", CPU, Kernel::boxed(|_, _, _| Ok(())).named("newer").at("label.rs", 7))?;
    library.kernel("f", AliasKey::Autograd, Kernel::fallthrough())?;
    let state = f.dump_state();
    let lines: Vec<&str> = state.lines().collect();
    assert_eq!(lines[..2], ["name: lib_dumped::f", "schema: lib_dumped::f(Tensor x) -> str"]);
    assert!(lines[2].starts_with("debug: registered at ") && lines[2].contains("library.rs:"), "{state}");
    assert_eq!(lines[3], "CPU: newer (label.rs:7) :: (none) [ boxed ]");
    assert!(lines[4].starts_with("CPU (inactive): older ("), "{state}");
    assert!(lines[4].ends_with(" :: (Tensor _0) -> str [ boxed ]"), "{state}");
    assert!(lines[5].starts_with("Autograd[alias]: fallthrough"), "{state}");
    assert_eq!(lines.len(), 6, "{state}");
    let table = f.dump_table();
    assert!(table.lines().any(|line| line == "CPU: newer registered at label.rs:7 [kernel]"), "{table}");
    assert!(
        table
            .lines()
            .any(|line| line.starts_with("AutogradCPU: fallthrough ") && line.ends_with("[autograd kernel]"))
    );
    assert_eq!(table.lines().count(), f.table().len());
    assert_eq!(check_invariants(), []);
    Ok(())
}

/// D191, D192: all the run-time keys of an alias or none of them.
#[test]
fn a_fallback_at_an_alias_is_whole_or_not_at_all() -> Result<()> {
    let mut library = Library::define("lib_fallbacks")?;
    let f = library.def("f(Tensor x) -> str")?;
    library.kernel("f", CPU, says("cpu"))?;
    let mut one = Library::implement_at("_", DispatchKey::NestedTensorCUDA);
    one.fallback(says_boxed("one"))?;
    let mut all = Library::implement("_");
    let error =
        all.fallback_at(AliasKey::CompositeImplicitAutogradNestedTensor, says_boxed("all")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicateFallback);
    assert_eq!(ask(f, DispatchKey::NestedTensorCPU), Err(ErrorKind::NoKernel), "nothing was registered");
    assert_eq!(ask(f, DispatchKey::NestedTensorCUDA), said("one"));
    drop(one);
    all.fallback_at(AliasKey::CompositeImplicitAutogradNestedTensor, says_boxed("all"))?;
    assert_eq!(ask(f, DispatchKey::NestedTensorCPU), said("all"));
    assert_eq!(all.fallback_at(CPU, says("typed")).unwrap_err().kind(), ErrorKind::SignatureMismatch);
    Ok(())
}

/// A boxed kernel that answers with a word.
fn says_boxed(word: &'static str) -> Kernel {
    Kernel::closure(move |operator, _, stack| {
        let arguments = operator.schema().map_or(0, |schema| schema.arguments.len());
        stack.truncate(stack.base_of(arguments)?);
        stack.push(word);
        Ok(())
    })
}

/// D170, better than D171: threads that define and undefine at once are heard in order, each operator's by turns.
#[test]
fn listeners_hear_changes_of_many_threads_in_order() {
    let (heard, listener) = hear("lib_threads");
    let guard = listen(listener);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for _ in 0..50 {
                    let mut library = Library::define(&format!("lib_threads{thread}")).unwrap();
                    library.def("f(int x) -> int").unwrap();
                }
            });
        }
    });
    drop(guard);
    let heard = heard.lock().unwrap();
    for thread in 0..4 {
        let own = format!("lib_threads{thread}::");
        let signs: String =
            heard.iter().filter(|text| text[1..].starts_with(&own)).map(|text| &text[..1]).collect();
        assert_eq!(signs, "+-".repeat(50));
    }
    assert_eq!(check_invariants(), []);
}

/// REG-58, D186: a written schema's annotations count, unless it is said to be pure; a function's type has none, so nothing is known.
#[test]
fn definitions_say_what_is_known_about_memory() -> Result<()> {
    let mut library = Library::define("lib_alias")?;
    let written = library.def("written(Tensor(a!) self) -> Tensor(a!)")?;
    let pure = library.def_with_alias_analysis("pure(Tensor x) -> Tensor", AliasAnalysis::Pure)?;
    let inferred = library.def_fn("inferred", |x: i64| -> Result<i64> { Ok(x) })?;
    assert_eq!(written.alias_analysis(), AliasAnalysis::FromSchema);
    assert_eq!(pure.alias_analysis(), AliasAnalysis::Pure);
    assert_eq!(inferred.alias_analysis(), AliasAnalysis::Conservative);
    let error = library.def_with_alias_analysis("no(Tensor(a!) self) -> Tensor(a!)", AliasAnalysis::Pure);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::SchemaInvalid);
    Ok(())
}
