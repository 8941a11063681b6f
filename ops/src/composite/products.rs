//! Products composed of matrix products, and of pointwise products of views.

use keyway::{Error, ErrorKind, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::matmul as rules;
use crate::shape::window::refused;

/// `beta` times a summand, expanded, plus `alpha` times a product. A `beta` of zero takes even not-a-number away.
fn weighted(added: &Tensor, product: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    let scaled = if alpha.to_f64() == 1.0 { product.clone() } else { product.mul_scalar(alpha)? };
    let added = aten::expand::default.call(added, product.sizes(), false)?;
    match beta.to_f64() {
        0.0 => Ok(scaled),
        1.0 => added.add(&scaled),
        _ => added.mul_scalar(beta)?.add(&scaled),
    }
}

#[kernel("aten::addmv", CompositeExplicitAutograd)]
fn addmv(self_: &Tensor, mat: &Tensor, vec: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    rules::same_dtype(&[("self", self_), ("mat", mat), ("vec", vec)])?;
    let sizes = rules::matrix_vector(mat.sizes(), vec.sizes())?;
    let column = aten::expand::default.call(self_, &sizes, false)?.unsqueeze(1)?;
    aten::addmm::default.call(&column, mat, &vec.unsqueeze(1)?, beta, alpha)?.squeeze_dim(1)
}

#[kernel("aten::baddbmm", CompositeExplicitAutograd)]
fn baddbmm(self_: &Tensor, batch1: &Tensor, batch2: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    rules::same_dtype(&[("self", self_), ("batch1", batch1), ("batch2", batch2)])?;
    weighted(self_, &batch1.bmm(batch2)?, beta, alpha)
}

/// One product over batches and columns together.
#[kernel("aten::addbmm", CompositeExplicitAutograd)]
fn addbmm(self_: &Tensor, batch1: &Tensor, batch2: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    rules::batches(batch1.sizes(), batch2.sizes())?;
    let (&[count, rows, inner], &[_, _, columns]) = (batch1.sizes(), batch2.sizes()) else {
        return Err(refused("`batch1` and `batch2` must have 3 dimensions".to_owned()));
    };
    let a = batch1.transpose(0, 1)?.reshape(&[rows, count * inner])?;
    let b = batch2.reshape(&[count * inner, columns])?;
    aten::addmm::default.call(self_, &a, &b, beta, alpha)
}

fn check_vector(name: &str, x: &Tensor) -> Result<()> {
    match x.dim() {
        1 => Ok(()),
        _ => Err(refused(format!("`{name}` must have 1 dimension, its sizes are {:?}", x.sizes()))),
    }
}

#[kernel("aten::addr", CompositeExplicitAutograd)]
fn addr(self_: &Tensor, vec1: &Tensor, vec2: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    check_vector("vec1", vec1)?;
    check_vector("vec2", vec2)?;
    weighted(self_, &vec1.unsqueeze(1)?.mul(vec2)?, beta, alpha)
}

#[kernel("aten::outer", CompositeImplicitAutograd)]
fn outer(self_: &Tensor, vec2: &Tensor) -> Result<Tensor> {
    check_vector("self", self_)?;
    check_vector("vec2", vec2)?;
    self_.unsqueeze(1)?.mul(vec2)
}

#[kernel("aten::ger", CompositeImplicitAutograd)]
fn ger(self_: &Tensor, vec2: &Tensor) -> Result<Tensor> {
    aten::outer::default.call(self_, vec2)
}

#[kernel("aten::vdot", CompositeExplicitAutograd)]
fn vdot(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    aten::dot::default.call(&self_.conj_physical()?, other)
}

#[kernel("aten::inner", CompositeImplicitAutograd)]
fn inner(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    if self_.dim() == 0 || other.dim() == 0 {
        return self_.mul(other);
    }
    let (Some((columns, a)), Some((others, b))) = (self_.sizes().split_last(), other.sizes().split_last())
    else {
        return self_.mul(other);
    };
    if columns != others {
        return Err(refused(format!(
            "`self` of sizes {:?} and `other` of sizes {:?} must have the same last extent",
            self_.sizes(),
            other.sizes()
        )));
    }
    let rows = |x: &Tensor, sizes: &[i64]| x.reshape(&[sizes.iter().product(), *columns]);
    let product = rows(self_, a)?.mm(&rows(other, b)?.t()?)?;
    product.reshape(&[a, b].concat())
}

/// Sizes of both tensors alternate, so that a pointwise product makes the blocks.
#[kernel("aten::kron", CompositeImplicitAutograd)]
fn kron(self_: &Tensor, other: &Tensor) -> Result<Tensor> {
    let rank = self_.dim().max(other.dim());
    let padded = |x: &Tensor| [vec![1; rank - x.dim()], x.sizes().to_vec()].concat();
    let (a, b) = (padded(self_), padded(other));
    let spread = |sizes: &[i64], at: usize| {
        let mut spread = vec![1; 2 * rank];
        sizes.iter().enumerate().for_each(|(d, &size)| spread[2 * d + at] = size);
        spread
    };
    let blocks = self_.reshape(&spread(&a, 0))?.mul(&other.reshape(&spread(&b, 1))?)?;
    let merged: Vec<i64> = a.iter().zip(&b).map(|(a, b)| a.saturating_mul(*b)).collect();
    blocks.reshape(&merged)
}

#[kernel("aten::linear", CompositeImplicitAutograd)]
fn linear(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let transposed = weight.t()?;
    match bias {
        Some(bias) if input.dim() == 2 && weight.dim() == 2 => input_addmm(bias, input, &transposed),
        Some(bias) => input.matmul(&transposed)?.add(bias),
        None => input.matmul(&transposed),
    }
}

fn input_addmm(bias: &Tensor, input: &Tensor, weight: &Tensor) -> Result<Tensor> {
    aten::addmm::default.call(bias, input, weight, Scalar::Int(1), Scalar::Int(1))
}

/// In the order that takes the fewest products of elements.
#[kernel("aten::chain_matmul", CompositeImplicitAutograd)]
fn chain_matmul(matrices: &[Tensor]) -> Result<Tensor> {
    let extent = |x: &Tensor, d: usize| match x.sizes() {
        sizes @ [_, _] => Ok(sizes[d]),
        sizes => Err(refused(format!("`matrices` must have 2 dimensions each, one has sizes {sizes:?}"))),
    };
    let [first, rest @ ..] = matrices else {
        return Err(Error::new(ErrorKind::Runtime, "`matrices` must hold at least one matrix"));
    };
    let mut extents = vec![extent(first, 0)?, extent(first, 1)?];
    for matrix in rest {
        extent(matrix, 0)?;
        extents.push(extent(matrix, 1)?);
    }
    let count = matrices.len();
    let mut cost = vec![vec![0i128; count]; count];
    let mut split = vec![vec![0; count]; count];
    for len in 1..count {
        for from in 0..count - len {
            let to = from + len;
            let price = |middle: usize| {
                let product = [from, middle + 1, to + 1].map(|d| i128::from(extents[d]));
                cost[from][middle] + cost[middle + 1][to] + product.iter().product::<i128>()
            };
            let (middle, least) = (from..to)
                .map(|middle| (middle, price(middle)))
                .min_by_key(|(_, price)| *price)
                .unwrap_or((from, 0));
            (cost[from][to], split[from][to]) = (least, middle);
        }
    }
    product_of(matrices, &split, 0, count - 1)
}

fn product_of(matrices: &[Tensor], split: &[Vec<usize>], from: usize, to: usize) -> Result<Tensor> {
    if from == to {
        return Ok(matrices[from].clone());
    }
    let middle = split[from][to];
    product_of(matrices, split, from, middle)?.mm(&product_of(matrices, split, middle + 1, to)?)
}
