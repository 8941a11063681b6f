use keyway::{AliasKey, Operator};

fn asked(operator: &'static Operator) -> bool {
    operator.has_computed_kernel(AliasKey::Autograd)
}

fn main() {
    let _ = asked;
}
