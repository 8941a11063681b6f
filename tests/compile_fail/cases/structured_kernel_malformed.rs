use keyway::{KeySet, Operator, OutputMeta, Result, Scalar, Stack, Tensor, fallback, kernel};
#[allow(unused_imports, reason = "the mistakes are below")]
use keyway_compile_fail::sample;

#[kernel("sample::scale.out", CPU, structured, boxed)]
fn boxed(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let _ = (operator, keys, stack);
    Ok(())
}

fn empty(meta: &OutputMeta) -> Result<Tensor> {
    meta.allocate()
}

#[kernel("sample::add", CPU, allocate = empty)]
fn allocating(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    let _ = (b, alpha);
    Ok(a.clone())
}

#[kernel("sample::add_", CPU, in_place)]
fn in_place(a: &Tensor, b: &Tensor) -> Result<()> {
    let _ = (a, b);
    Ok(())
}

#[kernel("sample::scale.out", CPUU, structured)]
fn key_unknown(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

#[kernel("sample::scale.out", structured)]
fn key_missing(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

#[kernel("sample::scale.out", CPU, structured)]
fn generic<T>(self_: &Tensor, by: T, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

#[kernel("sample::scale.out", CUDA, structured)]
fn scale_without(self_: &Tensor, by: Scalar, out: &Tensor) {
    let _ = (self_, by, out);
}

#[fallback(CPU, structured, in_place)]
fn fallback_words(operator: &'static Operator, keys: KeySet, stack: &mut Stack) -> Result<()> {
    let _ = (operator, keys, stack);
    Ok(())
}

fn main() {
    let _ = empty;
}
