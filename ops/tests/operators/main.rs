//! One generated test for each operator of `ops.yaml`: see `keyway::testing::check_operator`.

mod samples;

use keyway_ops::aten;

keyway::operator_tests!();

/// The list's tags are the operators' (D134).
#[test]
fn operators_carry_the_tags_of_their_entries() {
    assert!(aten::add::Tensor.operator().has_tag("pointwise"));
    assert!(aten::add::out.operator().has_tag("out") && !aten::mm::default.operator().has_tag("pointwise"));
}
