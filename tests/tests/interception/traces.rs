//! The reference traces of interpreter.md section 22, as far as they are not about Python's own syntax (P248 to P263).
//!
//! P254 and P255 (what Python's factories and indexing call), P256 (autograd) and the repetition of P253 with Python values belong to the
//! front in Python.

use keyway::{
    Kernel, KeySet, Library, ModeGuard, Stack, mode_stack, with_included, with_mode, with_restored_snapshot,
};

use super::*;

/// P248, P249: the second mode is below the first, and the included set is as before at the end.
#[test]
fn p248_p249_modes_see_a_call_from_the_top_down() -> Result<()> {
    let log = Log::default();
    let (m1, m2) = (mode("M1", &log, forward), mode("M2", &log, forward));
    let x = tensor(&[3.0]);
    let product = with_mode(&m1, || with_mode(&m2, || mul(&x, &x)))???;
    assert_eq!(elements(&product), [9.0]);
    assert_eq!(log.take(), ["M2 aten::mul.Tensor 1 true []", "M1 aten::mul.Tensor 0 false []"]);
    with_mode(&m1, || with_mode(&m1, || mul(&x, &x)))???;
    assert_eq!(log.take(), ["M1 aten::mul.Tensor 1 true []", "M1 aten::mul.Tensor 0 false []"]);
    assert_untouched();
    Ok(())
}

/// P250: mode, then class; the class's inner call is seen by nobody.
#[test]
fn p250_a_mode_forwards_to_a_class() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let w = A::tensor(&x, &log, A::unwrap);
    with_mode(&mode("M", &log, forward), || add(&w, &w))??;
    assert_eq!(log.take(), ["M aten::add.Tensor 0 false [\"A\"]", "A aten::add.Tensor 0 [\"A\"]"]);
    assert_untouched();
    Ok(())
}

/// P251: mode, class with the full stack, the mode again for the inner call; declined with nobody left.
#[test]
fn p251_a_declining_mode_is_asked_again() -> Result<()> {
    let log = Log::default();
    let w = A::tensor(&tensor(&[1.0]), &log, A::unwrap);
    let error = with_mode(&mode("M", &log, decline), || add(&w, &w))?.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AllDeclined);
    assert_eq!(
        log.take(),
        [
            "M aten::add.Tensor 0 false [\"A\"]",
            "A aten::add.Tensor 1 [\"A\"]",
            "M aten::add.Tensor 0 false []",
        ]
    );
    assert_untouched();
    Ok(())
}

/// P252.
#[test]
fn p252_a_declining_class_passes_to_the_next() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let n = N::tensor(&x, &log, |_, call| decline(call));
    let a = A::tensor(&x, &log, |_, call| {
        call.answer([tensor(&[5.0]).into()])?;
        Ok(Answer::Done)
    });
    assert_eq!(elements(&add(&n, &a)?), [5.0]);
    assert_eq!(log.take(), ["N aten::add.Tensor 0 [\"N\", \"A\"]", "A aten::add.Tensor 0 [\"N\", \"A\"]"]);
    let error = add(&n, &n).unwrap_err().to_string();
    assert!(error.contains("N"), "{error}");
    Ok(())
}

/// P253: interior arguments stay, trailing ones and keywords equal to their defaults go; `out` is a keyword.
#[test]
fn p253_arguments_are_split_as_a_user_would_give_them() -> Result<()> {
    let seen = Log::default();
    let log = seen.clone();
    let m = mode("M", &Log::default(), move |call| {
        let given = call.given_arguments();
        let names: Vec<&str> = given.named.iter().map(|&(name, _)| name).collect();
        log.write(format!("{} {} {names:?}", call.operator(), given.positional.len()));
        forward(call)
    });
    let x = tensor(&[1.0]);
    with_mode(&m, || -> Result<()> {
        call("aten::clamp", [(&x).into(), Value::None, Value::Int(3)])?;
        call("aten::clamp", [(&x).into(), Value::Int(0), Value::None])?;
        call("aten::sum.dim_IntList", [(&x).into(), vec![0i64].into(), Value::Bool(true)])?;
        find_operator("aten::add.out")?
            .call_named([(&x).into(), (&x).into()], [("out", tensor(&[0.0]).into())])?;
        let full = find_operator("aten::full")?;
        full.call_named([vec![2i64].into(), Value::Bool(true)], [("device", Device::CPU.into())])?;
        Ok(())
    })??;
    let seen: Vec<String> = seen.take().into_iter().filter(|line| !line.contains("fill")).collect();
    assert_eq!(
        seen,
        [
            "aten::clamp 3 []",
            "aten::clamp 2 []",
            "aten::sum.dim_IntList 3 []",
            "aten::add.out 2 [\"out\"]",
            "aten::full 2 [\"device\"]",
        ]
    );
    Ok(())
}

/// P257: after an error in the top of two the stack, the sets and the snapshot are as before.
#[test]
fn p257_an_error_leaves_everything_as_before() -> Result<()> {
    let log = Log::default();
    let x = tensor(&[1.0]);
    let guards = [ModeGuard::enter(&mode("L", &log, forward))?, ModeGuard::enter(&mode("Boom", &log, fail))?];
    let sets = local_key_sets();
    assert!(add(&x, &x).unwrap_err().to_string().contains("boom"));
    assert_eq!(format!("{:?}", mode_stack()), "[Mode(L), Mode(Boom)]");
    assert_eq!((local_key_sets(), snapshot()), (sets, None));
    assert!(
        sets.included.contains(DispatchKey::Python)
            && !sets.excluded.contains(DispatchKey::PythonTLSSnapshot)
    );
    assert_eq!(with_restored_snapshot(|| ()).unwrap_err().kind(), ErrorKind::NoSnapshot);
    guards.into_iter().rev().try_for_each(ModeGuard::leave)
}

/// P261: explicit redispatch to the keys of interpreters.
#[test]
fn p261_redispatch_to_python_needs_somebody_to_ask() -> Result<()> {
    keyway::collect();
    let add = find_operator("aten::add.Tensor")?;
    let x = tensor(&[1.0]);
    let python_cpu = KeySet::of(DispatchKey::Python).with(DispatchKey::CPU);
    let stack = || -> Stack { [Value::from(&x), (&x).into(), Value::Int(1)].into_iter().collect() };
    let mut on = stack();
    add.redispatch_boxed(python_cpu, &mut on)?;
    assert_eq!(elements(&on.pop()?), [2.0]);
    let log = Log::default();
    let mut on = stack();
    with_mode(&mode("M", &log, forward), || add.redispatch_boxed(python_cpu, &mut on))??;
    assert_eq!(log.take().len(), 1);
    let programmable = KeySet::of(DispatchKey::PythonDispatcher).with(DispatchKey::CPU);
    let error = add.redispatch_boxed(programmable, &mut stack()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NobodyToAsk);
    assert!(error.to_string().contains("PythonDispatcherTLS was not set"), "{error}");
    let zeros = find_operator("aten::zeros")?;
    let mut arguments = zeros.inputs([vec![1i64].into()], [])?;
    let keys = python_cpu.with(DispatchKey::PythonTLSSnapshot);
    let error = zeros.redispatch_boxed(keys, &mut arguments).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NobodyToAsk);
    assert!(error.to_string().contains("no arguments had PyInterpreter"), "{error}");
    // P20: Python in the thread's set without a mode means nothing.
    let included = keys.without(DispatchKey::CPU);
    assert_eq!(elements(&with_included(included, || super::add(&x, &x))?), [2.0]);
    with_included(included, || call("aten::zeros", [vec![1i64].into()]))?;
    assert_untouched();
    Ok(())
}

/// P46: PreDispatch without a mode goes on below.
#[test]
fn p46_pre_dispatch_alone_goes_on() -> Result<()> {
    let neg = find_operator("aten::neg")?;
    let mut stack: Stack = [Value::from(tensor(&[1.0]))].into_iter().collect();
    neg.redispatch_boxed(KeySet::of(DispatchKey::PreDispatch).with(DispatchKey::CPU), &mut stack)?;
    assert_eq!(elements(&stack.pop()?), [-1.0]);
    Ok(())
}

/// P262: a kernel at autograd runs with the mode on; its redispatch shows the call to the mode; the CPU kernel runs below it.
#[test]
fn p262_kernels_above_and_below_a_mode() -> Result<()> {
    let log = Log::default();
    let mut library = Library::define("trace_262")?;
    let f = library.def("f(Tensor x) -> Tensor")?;
    let above = log.clone();
    let autograd = Kernel::closure(move |operator, keys, stack| {
        above.write(format!("autograd {}", mode_stack_len()));
        operator.redispatch_boxed(keys & KeySet::after_autograd(), stack)
    });
    let below = log.clone();
    let cpu = Kernel::closure(move |_, _, _| {
        below.write(format!("cpu {}", mode_stack_len()));
        Ok(())
    });
    library.kernel("f", DispatchKey::AutogradCPU, autograd)?;
    library.kernel("f", DispatchKey::CPU, cpu)?;
    with_mode(&mode("U", &log, forward), || f.call([tensor(&[1.0]).into()]))??;
    // Inside the handler autograd is off (P10), so the inner call goes to the CPU kernel at once.
    assert_eq!(log.take(), ["autograd 1", "U trace_262::f 0 false []", "cpu 0"]);
    assert_untouched();
    Ok(())
}

/// P27: an operator's own kernel at Python hides it from modes; a fallthrough there too.
#[test]
fn p27_an_operators_own_kernel_at_python_hides_it() -> Result<()> {
    let log = Log::default();
    let mut library = Library::define("trace_27")?;
    let (own, hidden) = (library.def("own(Tensor x) -> Tensor")?, library.def("hidden(Tensor x) -> Tensor")?);
    let written = log.clone();
    let kernel = Kernel::closure(move |operator, keys, stack| {
        written.write("own kernel");
        operator.redispatch_boxed(keys & KeySet::after(DispatchKey::Python), stack)
    });
    library.kernel("own", DispatchKey::Python, kernel)?;
    library.kernel("hidden", DispatchKey::Python, Kernel::fallthrough())?;
    for name in ["own", "hidden"] {
        library.kernel(name, DispatchKey::CPU, Kernel::boxed(|_, _, _| Ok(())))?;
    }
    let x = tensor(&[1.0]);
    with_mode(&mode("M", &log, forward), || {
        own.call([(&x).into()]).and_then(|_| hidden.call([(&x).into()]))
    })??;
    assert_eq!(log.take(), ["own kernel"]);
    Ok(())
}

/// P263: the newest override wins, and its removal shows the one before.
#[test]
fn p263_a_removed_override_shows_the_one_before() -> Result<()> {
    let mut library = Library::define("trace_263")?;
    let f = library.def("f(Tensor x) -> int")?;
    let answering = |answer: i64| {
        Kernel::closure(move |_, _, stack| {
            stack.pop()?;
            stack.push(answer);
            Ok(())
        })
    };
    library.kernel("f", DispatchKey::CPU, answering(1))?;
    let mut over = Library::implement("trace_263");
    over.override_kernel("f", DispatchKey::CPU, answering(2))?;
    let ask = || f.call([tensor(&[1.0]).into()]).and_then(|mut stack| stack.pop());
    assert!(matches!(ask()?, Value::Int(2)));
    drop(over);
    assert!(matches!(ask()?, Value::Int(1)));
    Ok(())
}

/// P15, P16, P25: the ranges that profilers see.
#[test]
fn p25_profilers_see_one_range_for_each_mode() -> Result<()> {
    let names = Log::default();
    let written = names.clone();
    let observer = keyway::Observer::at_start(move |record| {
        written.write(record.name().to_owned());
        Ok(())
    });
    let _observing = observer.add_to_thread();
    let log = Log::default();
    let x = tensor(&[1.0]);
    let a = A::tensor(&x, &log, A::unwrap);
    let (m1, m2) = (mode("M1", &log, forward), mode("M2", &log, forward));
    with_mode(&m1, || with_mode(&m2, || keyway_ops::aten::neg::default.call(&x)))???;
    keyway_ops::aten::neg::default.call(&a)?;
    let expected = [
        "aten::neg",
        "PythonDispatchMode",
        "aten::neg",
        "PythonDispatchMode",
        "aten::neg",
        "aten::neg",
        "PythonSubclass",
        "aten::neg",
    ];
    assert_eq!(names.take(), expected);
    Ok(())
}
