//! The generated tests, one for each operator, and what the operators compute.

use keyway::Tensor;
use {crate}::mine;

keyway::operator_tests!();

#[test]
fn the_scaled_sum_is_what_it_says() -> keyway::Result<()> {
    let x = Tensor::from_slice(&[1.0_f32, 2.0], &[2])?;
    assert_eq!(mine::scaled_add::default.call(&x, &x, 2.0)?.to_vec::<f32>()?, [3.0, 6.0]);
    assert_eq!(mine::twice(&x)?.to_vec::<f32>()?, [2.0, 4.0]);
    Ok(())
}
