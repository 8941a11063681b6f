//! Matrix products: which operands fit each other, and the sizes of their product.

use keyway::{Dims, Error, ErrorKind, OutputMeta, Result, Tensor};

use super::view::expanded;

/// All operands of a product must have one dtype; nothing is promoted.
pub(crate) fn same_dtype(operands: &[(&str, &Tensor)]) -> Result<()> {
    let [(first, held), rest @ ..] = operands else { return Ok(()) };
    match rest.iter().find(|(_, tensor)| tensor.dtype() != held.dtype()) {
        None => Ok(()),
        Some((name, other)) => Err(Error::new(
            ErrorKind::Runtime,
            format!(
                "{first} is {} and {name} is {}; convert one of them to the dtype of the other",
                held.dtype(),
                other.dtype()
            ),
        )),
    }
}

fn rank_of(name: &str, sizes: &[i64], rank: usize) -> Result<()> {
    match sizes.len() == rank {
        true => Ok(()),
        false => Err(Error::shape(format!(
            "{name} must have {rank} dimension{}, its sizes are {sizes:?}",
            if rank == 1 { "" } else { "s" }
        ))),
    }
}

fn inner(names: [&str; 2], sizes: [&[i64]; 2], extents: (i64, i64)) -> Result<()> {
    match extents.0 == extents.1 {
        true => Ok(()),
        false => Err(Error::shape(format!(
            "{} of sizes {:?} and {} of sizes {:?} cannot be multiplied: {} columns meet {} rows",
            names[0], sizes[0], names[1], sizes[1], extents.0, extents.1
        ))),
    }
}

/// The sizes of a matrix times a matrix.
fn matrix_matrix(names: [&str; 2], a: &[i64], b: &[i64]) -> Result<Dims> {
    rank_of(names[0], a, 2)?;
    rank_of(names[1], b, 2)?;
    inner(names, [a, b], (a[1], b[0]))?;
    Ok(Dims::from_slice(&[a[0], b[1]]))
}

/// The sizes of the products of two batches of matrices.
pub(crate) fn batches(a: &[i64], b: &[i64]) -> Result<Dims> {
    rank_of("self", a, 3)?;
    rank_of("mat2", b, 3)?;
    if a[0] != b[0] {
        return Err(Error::shape(format!(
            "self holds {} matrices and mat2 {}; expand one of them to the number of the other",
            a[0], b[0]
        )));
    }
    inner(["self", "mat2"], [a, b], (a[2], b[1]))?;
    Ok(Dims::from_slice(&[a[0], a[1], b[2]]))
}

/// `mm`.
pub(crate) fn mm(a: &Tensor, b: &Tensor) -> Result<OutputMeta> {
    let sizes = matrix_matrix(["self", "mat2"], a.sizes(), b.sizes())?;
    same_dtype(&[("self", a), ("mat2", b)])?;
    OutputMeta::contiguous(&sizes, a.dtype(), a.device())
}

/// `bmm`.
pub(crate) fn bmm(a: &Tensor, b: &Tensor) -> Result<OutputMeta> {
    let sizes = batches(a.sizes(), b.sizes())?;
    same_dtype(&[("self", a), ("mat2", b)])?;
    OutputMeta::contiguous(&sizes, a.dtype(), a.device())
}

/// The sizes of a matrix times a vector.
pub(crate) fn matrix_vector(a: &[i64], vector: &[i64]) -> Result<Dims> {
    rank_of("self", a, 2)?;
    rank_of("vec", vector, 1)?;
    inner(["self", "vec"], [a, vector], (a[1], vector[0]))?;
    Ok(Dims::from_slice(&[a[0]]))
}

/// `addmm`, whose summand is expanded to the sizes of the product.
pub(crate) fn addmm(added: &Tensor, a: &Tensor, b: &Tensor) -> Result<OutputMeta> {
    let sizes = matrix_matrix(["mat1", "mat2"], a.sizes(), b.sizes())?;
    expanded(added.geometry(), &sizes)?;
    same_dtype(&[("self", added), ("mat1", a), ("mat2", b)])?;
    OutputMeta::contiguous(&sizes, a.dtype(), a.device())
}

/// Two vectors of one length.
pub(crate) fn vectors(a: &[i64], b: &[i64]) -> Result<()> {
    rank_of("self", a, 1)?;
    rank_of("tensor", b, 1)?;
    match a == b {
        true => Ok(()),
        false => {
            Err(Error::shape(format!("self has {} elements and tensor {}; they must be as many", a[0], b[0])))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_must_fit() {
        let names = ["mat1", "mat2"];
        assert_eq!(matrix_matrix(names, &[2, 3], &[3, 4]).unwrap()[..], [2, 4]);
        assert_eq!(
            matrix_matrix(names, &[2, 3], &[2, 3]).unwrap_err().to_string(),
            "mat1 of sizes [2, 3] and mat2 of sizes [2, 3] cannot be multiplied: 3 columns meet 2 rows"
        );
        assert!(matrix_matrix(names, &[2, 3], &[3]).is_err());
        assert_eq!(batches(&[5, 2, 3], &[5, 3, 4]).unwrap()[..], [5, 2, 4]);
        assert!(batches(&[5, 2, 3], &[1, 3, 4]).is_err() && batches(&[5, 2, 3], &[5, 2, 4]).is_err());
        assert_eq!(matrix_vector(&[2, 3], &[3]).unwrap()[..], [2]);
        assert!(vectors(&[3], &[2]).is_err() && vectors(&[3], &[3]).is_ok());
    }
}
