//! Losses: values by their formulas, gradients by differences.

use keyway::{DType, Result, Tensor};
use keyway_ops::{TensorMethods, aten};

const NONE: i64 = 0;
const MEAN: i64 = 1;
const SUM: i64 = 2;

fn tensor(elements: &[f64]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

fn values(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::Float64).unwrap().to_vec::<f64>().unwrap()
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{found:?} is not {expected:?}");
    }
}

/// The gradient of a loss that is one number, by differences on both sides of each element.
fn by_differences(x: &[f64], loss: impl Fn(&Tensor) -> Result<Tensor>) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let at = |position: usize, step: f64| {
        let mut moved = x.to_vec();
        moved[position] += step;
        loss(&tensor(&moved)).unwrap().item().unwrap().to_f64()
    };
    (0..x.len()).map(|i| (at(i, STEP) - at(i, -STEP)) / (2.0 * STEP)).collect()
}

#[test]
fn binary_cross_entropy_and_its_gradient() -> Result<()> {
    let (x, target, weight) = ([0.2, 0.5, 0.9], tensor(&[1.0, 0.0, 0.25]), tensor(&[1.0, 2.0, 0.5]));
    let loss = |x: &Tensor, reduction| {
        aten::binary_cross_entropy::default.call(x, &target, Some(&weight), reduction)
    };
    let of = |p: f64, t: f64| -(t * p.ln() + (1.0 - t) * (1.0 - p).ln());
    let expected = [of(0.2, 1.0), 2.0 * of(0.5, 0.0), 0.5 * of(0.9, 0.25)];
    assert_near(&values(&loss(&tensor(&x), NONE)?), &expected);
    for reduction in [MEAN, SUM] {
        let one = tensor(&[1.0]);
        let backward = aten::binary_cross_entropy_backward::default;
        let gradient = backward.call(&one, &tensor(&x), &target, Some(&weight), reduction)?;
        assert_near(&values(&gradient), &by_differences(&x, |x| loss(x, reduction)));
    }
    // No logarithm is below -100, and what is no probability is refused.
    assert_eq!(values(&aten::binary_cross_entropy(&tensor(&[0.0]), &tensor(&[1.0]))?), [100.0]);
    let error = aten::binary_cross_entropy(&tensor(&[1.5]), &tensor(&[1.0])).unwrap_err();
    assert!(error.to_string().contains("it holds 1.5"), "{error}");
    // With scores in place of probabilities it is the same.
    let scores = tensor(&[0.3, -2.0, 1.0]);
    let with_scores = aten::binary_cross_entropy_with_logits(&scores, &target)?;
    assert_near(&values(&with_scores), &values(&aten::binary_cross_entropy(&scores.sigmoid()?, &target)?));
    Ok(())
}

#[test]
fn gradients_of_bent_losses_agree_with_differences() -> Result<()> {
    let (x, target) = ([0.1, -3.0, 0.7, 2.5], tensor(&[0.3, 0.5, 0.4, -1.0]));
    let one = tensor(&[1.0]);
    for reduction in [MEAN, SUM] {
        let gradient = aten::smooth_l1_loss_backward(&one, &tensor(&x), &target, reduction, 0.5)?;
        let smooth = |x: &Tensor| aten::smooth_l1_loss::default.call(x, &target, reduction, 0.5);
        assert_near(&values(&gradient), &by_differences(&x, smooth));
        let gradient = aten::huber_loss_backward(&one, &tensor(&x), &target, reduction, 1.5)?;
        let huber = |x: &Tensor| aten::huber_loss::default.call(x, &target, reduction, 1.5);
        assert_near(&values(&gradient), &by_differences(&x, huber));
    }
    let scores = [0.1, -40.0, 0.7, 40.0];
    let (_, buffer) = aten::log_sigmoid_forward(&tensor(&scores))?;
    let gradient = aten::log_sigmoid_backward(&one, &tensor(&scores), &buffer)?;
    assert_near(&values(&gradient), &by_differences(&scores, |x| aten::log_sigmoid(x)?.sum()));
    Ok(())
}

#[test]
fn losses_of_pairs_triples_and_counts() -> Result<()> {
    let rows = |elements: &[f64]| Tensor::from_slice(elements, &[2, 2]);
    let (a, b) = (rows(&[1.0, 0.0, 3.0, 4.0])?, rows(&[0.0, 2.0, 3.0, 4.0])?);
    let embedding = aten::cosine_embedding_loss::default;
    assert_near(&values(&embedding.call(&a, &b, &tensor(&[1.0, -1.0]), 0.25, NONE)?), &[1.0, 0.75]);
    let triplet = aten::triplet_margin_loss::default;
    let found = triplet.call(&a, &b, &rows(&[1.0, 1.0, 0.0, 0.0])?, 1.0, 2.0, 0.0, false, NONE)?;
    assert_near(&values(&found), &[5f64.sqrt() + 1.0 - 1.0, 0.0]);
    let margin = aten::soft_margin_loss(&tensor(&[0.5, -2.0]), &tensor(&[1.0, -1.0]))?;
    assert_near(&values(&margin), &[((1.0 + (-0.5f64).exp()).ln() + (1.0 + (-2f64).exp()).ln()) / 2.0]);
    let poisson = aten::poisson_nll_loss(&tensor(&[0.5, 1.0]), &tensor(&[3.0, 1.0]), true, true, 1e-8, NONE)?;
    let stirling = 3.0 * 3f64.ln() - 3.0 + 0.5 * (2.0 * std::f64::consts::PI * 3.0).ln();
    assert_near(&values(&poisson), &[0.5f64.exp() - 1.5 + stirling, 1f64.exp() - 1.0]);
    Ok(())
}
