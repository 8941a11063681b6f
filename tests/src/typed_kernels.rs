//! The kernels of `tests.yaml`, one for each way of writing a kernel.

use keyway::{
    DType, Device, DispatchKey, Error, Generator, KeySet, Layout, MemoryFormat, Result, Scalar, Tensor,
    kernel,
};

use crate::typed;

#[kernel("typed::scale", CPU)]
fn scale(x: &Tensor, by: Scalar) -> Result<Tensor> {
    let scaled: Vec<f32> = x.to_vec::<f32>()?.into_iter().map(|v| v * by.to_f64() as f32).collect();
    Tensor::from_slice(&scaled, x.sizes())
}

#[kernel("typed::keys", CPU)]
fn keys(keys: KeySet, _x: &Tensor) -> Result<i64> {
    Ok(keys.iter().count() as i64)
}

#[kernel("typed::twice", CompositeExplicitAutograd)]
fn twice(x: &Tensor) -> Result<Tensor> {
    typed::scale::default.call(x, Scalar::Int(2))
}

#[kernel("typed::everything", CPU)]
#[expect(clippy::too_many_arguments, reason = "one of every kind")]
fn everything(
    a: &Tensor,
    b: Option<&Tensor>,
    c: &[Tensor],
    d: i64,
    e: &[i64],
    f: Option<&[i64]>,
    g: f64,
    h: bool,
    i: &str,
    j: Scalar,
    k: DType,
    l: Option<Layout>,
    m: Option<Device>,
    n: Option<MemoryFormat>,
    o: &[bool],
    p: Option<&[f64]>,
) -> Result<(Tensor, i64, Vec<Tensor>)> {
    let sum = d
        + e.iter().sum::<i64>()
        + f.map_or(0, |f| f.iter().sum())
        + g as i64
        + i64::from(h)
        + i.len() as i64;
    let more = j.to_i64() + k.size() as i64 + o.len() as i64 + p.map_or(0, |p| p.len() as i64);
    let given = [b.is_some(), l.is_some(), m.is_some(), n.is_some()].iter().filter(|&&is| is).count() as i64;
    Ok((a.clone(), sum + more + given, c.to_vec()))
}

#[kernel("typed::negate_", CPU)]
fn negate_(x: &Tensor) -> Result<()> {
    x.storage().write()?.elements::<f32>()?.iter_mut().for_each(|v| *v = -*v);
    Ok(())
}

#[kernel("typed::split.out", CPU)]
fn split_out(x: &Tensor, low: &Tensor, high: &Tensor) -> Result<()> {
    let elements = x.to_vec::<f32>()?;
    if elements.len() != 2 * low.numel() || low.numel() != high.numel() {
        return Err(Error::shape(format!(
            "`self` has {} elements, `low` and `high` must have half",
            elements.len()
        )));
    }
    let (first, second) = elements.split_at(low.numel());
    low.storage().write()?.elements::<f32>()?.copy_from_slice(first);
    high.storage().write()?.elements::<f32>()?.copy_from_slice(second);
    Ok(())
}

/// A test has a second one: in one crate the compiler refuses it.
#[kernel("typed::claimed", CPU)]
fn claimed(x: &Tensor) -> Result<Tensor> {
    Ok(x.clone())
}

/// One bit for each key of interest.
#[kernel("typed::sources", CompositeExplicitAutograd)]
fn sources(
    keys: KeySet,
    _g: Option<&Generator>,
    _a: Option<&[Tensor]>,
    _b: &[Option<Tensor>],
    _c: &[Tensor],
) -> Result<i64> {
    let interesting = [DispatchKey::CPU, DispatchKey::CUDA, DispatchKey::XLA, DispatchKey::Meta].into_iter();
    Ok(interesting.enumerate().map(|(bit, key)| i64::from(keys.contains(key)) << bit).sum())
}
