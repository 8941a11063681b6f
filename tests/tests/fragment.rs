//! GEN-25: a crate may add operators to a namespace that another crate's list has.

use keyway::{Result, Tensor, find_operator, kernel};
use keyway_ops::TensorMethods;

/// The operators that are added. Those of the namespace's own crate are not in here.
#[allow(dead_code, unreachable_pub, reason = "the test uses a part of what is generated")]
mod added {
    include!(concat!(env!("OUT_DIR"), "/fragment/operators.rs"));
}

use added::aten;

#[kernel("aten::halve", CompositeImplicitAutograd)]
fn halve(self_: &Tensor) -> Result<Tensor> {
    self_.div_scalar(2)
}

#[test]
fn operators_are_added_to_a_namespace_of_another_crate() -> Result<()> {
    let x = Tensor::from_slice(&[1.0f32, 5.0], &[2])?;
    assert_eq!(aten::TensorMethods::halve(&x)?.to_vec::<f32>()?, [0.5, 2.5]);
    assert_eq!(aten::halve(&x)?.relu()?.to_vec::<f32>()?, [0.5, 2.5]);
    for name in ["aten::halve", "aten::relu"] {
        assert_eq!(find_operator(name)?.name(), name);
    }
    assert!(aten::is_aten_op("halve") && !aten::is_aten_op("relu"), "each list knows its own");
    assert!(keyway_ops::aten::is_aten_op("relu") && !keyway_ops::aten::is_aten_op("halve"));
    assert_eq!(keyway::collected_problems(), [""; 0]);
    Ok(())
}
