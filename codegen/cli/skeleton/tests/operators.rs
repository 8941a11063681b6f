//! The generated tests, one for each operator, and a test of what the operators compute.

use keyway::Tensor;
use mine::mine;

keyway::operator_tests!();

#[test]
fn the_scaled_sum_is_what_it_says() -> keyway::Result<()> {
    let x = Tensor::from_slice(&[1.0_f64, 2.0], &[2])?;
    let sum = mine::scaled_add::default.call(&x, &x, 2.0)?;
    assert_eq!(sum.to_vec::<f64>()?, [3.0, 6.0]);
    Ok(())
}
