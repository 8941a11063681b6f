//! Kernels of the backend `XLA`.
//!
//! The namespaces of the operators must be in scope: `use keyway_ops::aten;`, for instance.

use keyway::{Error, Generator, Result, Scalar, Tensor, kernel};

/// `aten::abs(Tensor self) -> Tensor`
#[kernel("aten::abs", XLA)]
fn abs(self_: &Tensor) -> Result<Tensor> {
    let _ = (self_,);
    Err(Error::not_implemented("the kernel of aten::abs at XLA is not written"))
}

/// `aten::add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)`
#[kernel("aten::add.out", XLA, structured)]
fn add_out(
    self_: &Tensor,
    other: &Tensor,
    alpha: Scalar,
    out: &Tensor,
) -> Result<()> {
    let _ = (self_, other, alpha, out);
    Err(Error::not_implemented("the kernel of aten::add.out at XLA is not written"))
}

/// `aten::pool(Tensor self, int[2] size, *, Generator? generator=None) -> (Tensor, Tensor)`
#[kernel("aten::pool", AutogradXLA)]
fn pool(
    self_: &Tensor,
    size: &[i64],
    generator: Option<&Generator>,
) -> Result<(Tensor, Tensor)> {
    let _ = (self_, size, generator);
    Err(Error::not_implemented("the kernel of aten::pool at AutogradXLA is not written"))
}
