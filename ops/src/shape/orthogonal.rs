//! Decompositions with orthogonal factors: which are asked for, and the sizes of the factors.

use keyway::{OutputMeta, Result, Tensor};

use super::linalg::{by_columns, matrices, squares};
use super::window::refused;

/// Which factors of QR are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As many orthonormal columns as there are in the smaller extent.
    Reduced,
    /// A whole basis.
    Complete,
    /// The triangle alone.
    OnlyR,
}

impl Mode {
    /// The mode of a name.
    pub(crate) fn of(name: &str) -> Result<Mode> {
        match name {
            "reduced" => Ok(Mode::Reduced),
            "complete" => Ok(Mode::Complete),
            "r" => Ok(Mode::OnlyR),
            other => {
                Err(refused(format!("`mode` must be \"reduced\", \"complete\" or \"r\", it is {other:?}")))
            }
        }
    }
}

/// Which triangle of a Hermitian matrix is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Triangle {
    /// The one below the diagonal.
    Lower,
    /// The one above it.
    Upper,
}

impl Triangle {
    /// The triangle of a name.
    pub(crate) fn of(name: &str) -> Result<Triangle> {
        match name {
            "L" | "l" => Ok(Triangle::Lower),
            "U" | "u" => Ok(Triangle::Upper),
            other => Err(refused(format!("`UPLO` must be \"L\" or \"U\", it is {other:?}"))),
        }
    }
}

/// What is left out.
fn nothing(x: &Tensor) -> Result<OutputMeta> {
    OutputMeta::contiguous(&[0], x.dtype(), x.device())
}

fn factor(batch: &[i64], last: [i64; 2], x: &Tensor) -> Result<OutputMeta> {
    by_columns(&[batch, &last].concat(), x.dtype(), x)
}

/// `linalg_qr`: orthonormal columns and the triangle.
pub(crate) fn qr(a: &Tensor, mode: &str) -> Result<[OutputMeta; 2]> {
    let (batch, [rows, columns]) = matrices(a, "A")?;
    let mode = Mode::of(mode)?;
    let kept = if mode == Mode::Complete { rows } else { rows.min(columns) };
    let q = if mode == Mode::OnlyR { nothing(a)? } else { factor(batch, [rows, kept], a)? };
    Ok([q, factor(batch, [kept, columns], a)?])
}

/// `_linalg_svd`: both sides and the singular values between them.
pub(crate) fn singular(a: &Tensor, full: bool, both_sides: bool) -> Result<[OutputMeta; 3]> {
    let (batch, [rows, columns]) = matrices(a, "A")?;
    let least = rows.min(columns);
    let values = OutputMeta::contiguous(&[batch, &[least]].concat(), a.dtype().to_real(), a.device())?;
    let [left, right] = if full { [rows, columns] } else { [least; 2] };
    match both_sides {
        true => Ok([factor(batch, [rows, left], a)?, values, factor(batch, [right, columns], a)?]),
        false => Ok([nothing(a)?, values, nothing(a)?]),
    }
}

/// `_linalg_eigh`: eigenvalues and eigenvectors.
pub(crate) fn eigen(a: &Tensor, uplo: &str, vectors: bool) -> Result<[OutputMeta; 2]> {
    let (batch, size) = squares(a, "A")?;
    Triangle::of(uplo)?;
    let values = OutputMeta::contiguous(&[batch, &[size]].concat(), a.dtype().to_real(), a.device())?;
    Ok([values, if vectors { factor(batch, [size; 2], a)? } else { nothing(a)? }])
}
