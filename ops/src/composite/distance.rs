//! Distances between vectors, and attention.

use keyway::{DType, Error, Result, Scalar, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::broadcast::broadcast_sizes;
use crate::shape::window::refused;

/// The p-norm along a dimension.
fn norm(x: &Tensor, p: f64, dim: i64, keepdim: bool) -> Result<Tensor> {
    let magnitude = x.abs()?;
    let sum = |x: &Tensor| aten::sum::dim_IntList.call(x, Some(&[dim]), keepdim, None);
    match p {
        p if p < 0.0 || p.is_nan() => Err(refused(format!("`p` must not be negative, it is {p}"))),
        0.0 => sum(&magnitude.ne_scalar(0)?)?.to_dtype(x.dtype()),
        1.0 => sum(&magnitude),
        2.0 => sum(&magnitude.mul(&magnitude)?)?.sqrt(),
        f64::INFINITY => aten::amax::default.call(&magnitude, &[dim], keepdim),
        p => {
            let power = |x: &Tensor, p: f64| aten::pow::Tensor_Scalar.call(x, Scalar::Float(p));
            power(&sum(&power(&magnitude, p)?)?, 1.0 / p)
        }
    }
}

#[kernel("aten::pairwise_distance", CompositeImplicitAutograd)]
fn pairwise_distance(x1: &Tensor, x2: &Tensor, p: f64, eps: f64, keepdim: bool) -> Result<Tensor> {
    norm(&x1.sub(x2)?.add_scalar(eps)?, p, -1, keepdim)
}

#[kernel("aten::cdist", CompositeExplicitAutograd)]
fn cdist(x1: &Tensor, x2: &Tensor, p: f64, _compute_mode: Option<i64>) -> Result<Tensor> {
    let (a, b) = (x1.sizes(), x2.sizes());
    if a.len() < 2 || b.len() < 2 || a.last() != b.last() {
        return Err(refused(format!(
            "`x1` of sizes {a:?} and `x2` of sizes {b:?} must be matrices, or batches of them, of as many columns"
        )));
    }
    norm(&x1.unsqueeze(-2)?.sub(&x2.unsqueeze(-3)?)?, p, -1, false)
}

/// The distances of each row to those behind it.
#[kernel("aten::_pdist_forward", CompositeExplicitAutograd)]
fn _pdist_forward(self_: &Tensor, p: f64) -> Result<Tensor> {
    let distances = cdist(self_, self_, p, None)?;
    let count = self_.sizes().first().copied().unwrap_or(0);
    let pairs = (0..count).flat_map(|row| (row + 1..count).map(move |other| row * count + other));
    let places: Vec<i64> = pairs.collect();
    let index = Tensor::from_slice(&places, &[places.len() as i64])?;
    aten::index_select::default.call(&distances.reshape(&[-1])?, 0, &index)
}

#[kernel("aten::pdist", CompositeImplicitAutograd)]
fn pdist(self_: &Tensor, p: f64) -> Result<Tensor> {
    match self_.dim() == 2 && self_.dtype().is_floating_point() && p >= 0.0 {
        true => aten::_pdist_forward::default.call(self_, p),
        false => Err(refused(format!(
            "`self` must be a floating-point matrix and `p` not negative; they are {} of sizes {:?} and {p}",
            self_.dtype(),
            self_.sizes()
        ))),
    }
}

#[kernel("aten::cosine_similarity", CompositeImplicitAutograd)]
fn cosine_similarity(x1: &Tensor, x2: &Tensor, dim: i64, eps: f64) -> Result<Tensor> {
    let sizes = broadcast_sizes(x1.sizes(), x2.sizes())?;
    let unit = |x: &Tensor| {
        let x = aten::expand::default.call(x, &sizes, false)?;
        let length = norm(&x, 2.0, dim, true)?.clamp_with(Some(Scalar::Float(eps)), None)?;
        x.div(&length)
    };
    aten::sum::dim_IntList.call(&unit(x1)?.mul(&unit(x2)?)?, Some(&[dim]), false, None)
}

/// Queries, keys and values that fit each other.
fn check_attention(query: &Tensor, key: &Tensor, value: &Tensor) -> Result<()> {
    if [query, key, value].iter().any(|x| x.dim() < 2) {
        return Err(refused(format!(
            "`query`, `key` and `value` must have at least 2 dimensions, their sizes are {:?}, {:?} and {:?}",
            query.sizes(),
            key.sizes(),
            value.sizes()
        )));
    }
    match query.dtype() == key.dtype() && query.dtype() == value.dtype() {
        true => Ok(()),
        false => Err(Error::dtype(format!(
            "`query`, `key` and `value` must have one dtype, they have {}, {} and {}",
            query.dtype(),
            key.dtype(),
            value.dtype()
        ))),
    }
}

#[kernel("aten::scaled_dot_product_attention", CompositeExplicitAutograd)]
fn scaled_dot_product_attention(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    attn_mask: Option<&Tensor>,
    dropout_p: f64,
    is_causal: bool,
    scale: Option<f64>,
    enable_gqa: bool,
) -> Result<Tensor> {
    check_attention(query, key, value)?;
    let mask = attn_mask.map(|mask| added(mask, query)).transpose()?;
    let attend = aten::_scaled_dot_product_attention_math::default;
    Ok(attend.call(query, key, value, mask.as_ref(), dropout_p, is_causal, None, scale, enable_gqa)?.0)
}

#[kernel("aten::_scaled_dot_product_attention_math", CompositeImplicitAutograd)]
fn _scaled_dot_product_attention_math(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    attn_mask: Option<&Tensor>,
    dropout_p: f64,
    is_causal: bool,
    dropout_mask: Option<&Tensor>,
    scale: Option<f64>,
    enable_gqa: bool,
) -> Result<(Tensor, Tensor)> {
    check_attention(query, key, value)?;
    if is_causal && attn_mask.is_some() {
        return Err(refused("give `attn_mask` or set `is_causal`, and not both".to_owned()));
    }
    let heads = |x: &Tensor| if enable_gqa { repeat_heads(x, query) } else { Ok(x.clone()) };
    let (key, value) = (heads(key)?, heads(value)?);
    // Both sides get the root of the factor, so that products stay in range.
    let width = query.sizes()[query.dim() - 1] as f64;
    let factor = scale.unwrap_or(1.0 / width.sqrt());
    let root = factor.abs().sqrt();
    let scaled_key = key.mul_scalar(if factor < 0.0 { -root } else { root })?.transpose(-2, -1)?;
    let mut scores = query.mul_scalar(root)?.matmul(&scaled_key)?;
    if let Some(mask) = causal_or(attn_mask, is_causal, &scores)? {
        scores = scores.add(&mask)?;
    }
    let mut weights = safe_softmax(&scores)?;
    if dropout_p > 0.0 {
        weights = match dropout_mask {
            Some(mask) => {
                let kept = weights.masked_fill(&mask.logical_not()?, 0)?;
                kept.mul_scalar(1.0 / (1.0 - dropout_p))?
            }
            None => aten::dropout(&weights, dropout_p, true)?,
        };
    }
    Ok((weights.matmul(&value)?, weights))
}

/// The heads of keys or values, each as often as there are queries' heads for it.
fn repeat_heads(x: &Tensor, query: &Tensor) -> Result<Tensor> {
    let ([.., own, rows, columns], [.., heads, _, _]) = (x.sizes(), query.sizes()) else {
        return Err(refused("`enable_gqa` needs a dimension of heads".to_owned()));
    };
    if *own == 0 || heads % own != 0 {
        return Err(refused(format!(
            "{own} heads of keys or values do not serve {heads} heads of queries alike"
        )));
    }
    let batch = &x.sizes()[..x.dim() - 3];
    let wide = [batch, &[*own, heads / own, *rows, *columns]].concat();
    let repeated = aten::expand::default.call(&x.unsqueeze(-3)?, &wide, false)?;
    repeated.reshape(&[batch, &[*heads, *rows, *columns]].concat())
}

/// The mask given, whose elements are added whatever they are, or that of what came before.
fn causal_or(mask: Option<&Tensor>, is_causal: bool, scores: &Tensor) -> Result<Option<Tensor>> {
    if !is_causal {
        return Ok(mask.cloned());
    }
    let [.., rows, columns] = scores.sizes() else { return Ok(None) };
    let device = Some(scores.device());
    let count = |n: i64| aten::arange::default.call(Scalar::Int(n), None, None, device, None);
    added(&count(*rows)?.unsqueeze(1)?.ge_tensor(&count(*columns)?)?, scores).map(Some)
}

/// What a mask adds to scores: nothing where it is set, else minus infinity.
fn added(mask: &Tensor, scores: &Tensor) -> Result<Tensor> {
    if mask.dtype() != DType::Bool {
        return Ok(mask.clone());
    }
    let (dtype, device) = (Some(scores.dtype()), Some(scores.device()));
    let zeros = aten::zeros::default.call(mask.sizes(), dtype, None, device, None)?;
    zeros.masked_fill(&mask.logical_not()?, f64::NEG_INFINITY)
}

/// The softmax along the last dimension, zero where everything is masked.
fn safe_softmax(scores: &Tensor) -> Result<Tensor> {
    let weights = scores.softmax(-1)?;
    if scores.sizes().last() == Some(&0) {
        return Ok(weights);
    }
    let masked = scores.eq_scalar(f64::NEG_INFINITY)?;
    let all_masked = aten::all::dim.call(&masked, -1, true)?;
    weights.masked_fill(&all_masked, 0)
}
