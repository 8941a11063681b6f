//! Gradients that were not asked for are undefined: typed calls get them as `Option<Tensor>`.

use keyway::{ErrorKind, Result, Tensor, find_operator};
use keyway_ops::{TensorMethods, aten};

type Gradients = (Option<Tensor>, Option<Tensor>, Option<Tensor>);

fn numbers(sizes: &[i64]) -> Tensor {
    let count: i64 = sizes.iter().product();
    Tensor::from_slice(&(0..count).map(|i| (i % 5) as f32 - 1.5).collect::<Vec<f32>>(), sizes).unwrap()
}

/// Compares the gradients under each mask with all of them.
fn check_masks(call: impl Fn(&[bool]) -> Result<Gradients>) -> Result<()> {
    let whole = call(&[true; 3])?;
    let whole = [whole.0, whole.1, whole.2].map(|gradient| gradient.expect("it was asked for"));
    for mask in MASKS {
        let found = call(&mask)?;
        for ((found, whole), asked) in [found.0, found.1, found.2].iter().zip(&whole).zip(mask) {
            let fits = match found {
                Some(found) => asked && found.equal(whole)?,
                None => !asked,
            };
            assert!(fits, "{mask:?}");
        }
    }
    Ok(())
}

const MASKS: [[bool; 3]; 4] =
    [[true, false, true], [false, true, false], [false, false, true], [false, false, false]];

#[test]
fn gradients_of_convolutions_come_where_they_are_asked_for() -> Result<()> {
    type Arguments = (
        &'static Tensor,
        &'static Tensor,
        &'static Tensor,
        Option<&'static [i64]>,
        &'static [i64],
        &'static [i64],
        &'static [i64],
        bool,
        &'static [i64],
        i64,
        &'static [bool],
    );
    keyway_ops::register();
    let backward = find_operator("aten::convolution_backward")?.typed::<Arguments, Gradients>()?;
    let (grad, input, weight) = (numbers(&[1, 2, 3, 3]), numbers(&[1, 2, 4, 4]), numbers(&[2, 2, 2, 2]));
    check_masks(|mask| {
        let (bias, one, none): (_, &[i64], &[i64]) = (Some(&[2i64][..]), &[1, 1], &[0, 0]);
        backward.call((&grad, &input, &weight, bias, one, none, one, false, none, 1, mask))
    })
}

#[test]
fn gradients_of_layer_norm_come_where_they_are_asked_for() -> Result<()> {
    type Arguments = (
        &'static Tensor,
        &'static Tensor,
        &'static [i64],
        &'static Tensor,
        &'static Tensor,
        Option<&'static Tensor>,
        Option<&'static Tensor>,
        &'static [bool],
    );
    keyway_ops::register();
    let backward = find_operator("aten::native_layer_norm_backward")?.typed::<Arguments, Gradients>()?;
    let (x, weight, bias) = (numbers(&[2, 4]), numbers(&[4]), numbers(&[4]));
    let (_, mean, rstd) =
        aten::native_layer_norm::default.call(&x, &[4], Some(&weight), Some(&bias), 1e-5)?;
    let grad = numbers(&[2, 4]).mul_scalar(2)?;
    check_masks(|mask| backward.call((&grad, &x, &[4], &mean, &rstd, Some(&weight), Some(&bias), mask)))?;
    // The generated handle has tensors for results, and says what to do instead.
    let handle = aten::native_layer_norm_backward::default;
    let error = handle.call(&grad, &x, &[4], &mean, &rstd, Some(&weight), Some(&bias), &MASKS[0]);
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongValueKind);
    assert!(error.to_string().contains("Option<Tensor>"), "{error}");
    Ok(())
}
