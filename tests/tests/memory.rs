//! What registering and dropping again and again costs: no memory (docs/decisions/0003). Alone in its process, which it
//! measures.

use std::fs;

use keyway::{
    AliasKey, DispatchKey, Kernel, Library, LibraryKind, Result, Tensor, Value, register_fallback,
    register_kernel,
};

/// How much memory the process has, in bytes; none where the system does not say.
fn resident() -> Option<usize> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split_whitespace().nth(1)?.parse::<usize>().ok()? * 4096)
}

/// Every kind of registration once, each called and dropped.
fn come_and_go(times: usize, x: &Tensor) -> Result<()> {
    for n in 0..times {
        let mut library = Library::define("churn")?;
        let operator = library.def_tagged("f(Tensor x) -> int", &["core"])?;
        let answer = n as i64;
        library.kernel(
            "f",
            DispatchKey::CPU,
            Kernel::from_fn(move |_: &Tensor| -> Result<i64> { Ok(answer) }),
        )?;
        let function = register_kernel(
            "churn::f",
            AliasKey::CompositeImplicitAutograd,
            Kernel::boxed(|_, _, _| Ok(())),
            false,
        )?;
        let fallback = register_fallback(DispatchKey::Tracer, Kernel::fallthrough())?;
        let called = operator.call([x.into()])?.pop()?;
        assert!(matches!(called, Value::Int(found) if found == answer), "{called:?}");
        drop((fallback, function));
        let mut more = Library::open(LibraryKind::Fragment, "churn", None)?;
        more.def("g(Tensor x) -> int")?;
    }
    Ok(())
}

/// D300, D302, law 4: superseded tables, kernels and definitions are used again instead of piling up.
#[test]
fn registering_and_dropping_does_not_grow_the_process() -> Result<()> {
    const TIMES: usize = 5_000;
    let x = Tensor::from_slice(&[1.0f32], &[1])?;
    come_and_go(TIMES / 10, &x)?;
    let Some(before) = resident() else {
        println!("skipped: the system does not say how much memory a process has");
        return Ok(());
    };
    come_and_go(TIMES, &x)?;
    let grown = resident().unwrap_or(before).saturating_sub(before);
    println!("{TIMES} rounds of six registrations: {grown} bytes more");
    // One table alone is more than 400 bytes, and a round makes several.
    assert!(grown < TIMES * 20, "{grown} bytes more after {TIMES} rounds");
    Ok(())
}
