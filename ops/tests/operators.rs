//! One generated test for each operator of `ops.yaml`: see `keyway::testing::check_operator`.

use keyway_ops::aten;

keyway::operator_tests!();
