//! Counting floating-point operations.

use keyway::{Result, Tensor, Value, with_mode};
use keyway_modes::{FlopCounting, FlopFormulas, Formula, Term};
use keyway_ops::{TensorMethods, aten};

use super::{Network, Odd, call, waves};

fn flops(f: impl FnOnce() -> Result<Tensor>) -> u64 {
    let flops = FlopCounting::new();
    with_mode(&flops.mode(), f).unwrap().unwrap();
    assert!(flops.unknown().is_empty(), "{flops}");
    flops.total()
}

#[test]
fn products_count_two_for_each_pair_of_numbers() {
    let (x, y) = (waves(&[2, 3]), waves(&[3, 5]));
    assert_eq!(flops(|| x.mm(&y)), 2 * 2 * 3 * 5);
    assert_eq!(flops(|| x.matmul(&y)), 2 * 2 * 3 * 5);
    assert_eq!(flops(|| waves(&[7, 2, 3]).bmm(&waves(&[7, 3, 5]))), 7 * 2 * 2 * 3 * 5);
    assert_eq!(flops(|| waves(&[5]).addmm(&x, &y)), 2 * 2 * 3 * 5);
    assert_eq!(flops(|| x.mv(&waves(&[3]))), 2 * 2 * 3);
    assert_eq!(flops(|| waves(&[9]).dot(&waves(&[9]))), 2 * 9);
    let out = waves(&[2, 5]);
    assert_eq!(flops(|| aten::mm::out.call(&x, &y, &out).cloned()), 2 * 2 * 3 * 5);
}

#[test]
fn pointwise_operators_count_elements_and_views_nothing() {
    let x = waves(&[2, 3]);
    assert_eq!(flops(|| x.add(&waves(&[4, 1, 3]))), 4 * 2 * 3);
    assert_eq!(flops(|| x.mul_(&waves(&[3])).cloned()), 6);
    assert_eq!(flops(|| x.t()?.unsqueeze(0)?.clone_tensor()), 0);
    assert_eq!(flops(|| aten::zeros::default.call(&[8], None, None, None, None)), 0);
    assert_eq!(flops(|| x.sum()), 6);
}

#[test]
fn a_network_adds_up_and_prints_the_dearest_first() {
    let flops = FlopCounting::new();
    with_mode(&flops.mode(), || Network::new().run(&waves(&[2, 4]))).unwrap().unwrap();
    let expected = "\
operator          calls  FLOPs     %
aten::mm              2     72  69.2
aten::_softmax        1     20  19.2
aten::add.Tensor      1      6   5.8
aten::relu            1      6   5.8
104 FLOPs";
    assert_eq!(flops.to_string(), expected);
}

#[test]
fn unknown_operators_are_named_until_a_formula_is_given() {
    let mut odd = Odd::new("odd_flops");
    let f = odd.with("f(Tensor self) -> Tensor", |x: &Tensor| -> Result<Tensor> { x.exp() });
    let x = waves(&[3]);
    let unknown = FlopCounting::new();
    with_mode(&unknown.mode(), || call(f, &x)).unwrap().unwrap();
    assert_eq!((unknown.total(), unknown.unknown()), (0, vec!["odd_flops::f"]));
    assert!(unknown.to_string().ends_with("0 FLOPs, without those of odd_flops::f"), "{unknown}");

    let formulas =
        FlopFormulas::default().with("odd_flops::f", Formula::product(4).times(Term::Numel("self")));
    let known = FlopCounting::with(formulas);
    with_mode(&known.mode(), || call(f, &x)).unwrap().unwrap();
    assert_eq!((known.total(), known.unknown()), (12, vec![]));

    let custom = Formula::custom(|call| match call.arguments {
        [Value::Tensor(x)] if x.dim() == 1 => Some(100),
        _ => None,
    });
    let custom = FlopCounting::with(FlopFormulas::none().with("odd_flops::f", custom));
    with_mode(&custom.mode(), || call(f, &x).and_then(|_| call(f, &waves(&[1, 1])))).unwrap().unwrap();
    assert_eq!((custom.total(), custom.unknown()), (100, vec!["odd_flops::f"]));
}

/// Calls that fail computed nothing.
#[test]
fn calls_that_fail_do_not_count() {
    let flops = FlopCounting::new();
    with_mode(&flops.mode(), || waves(&[2, 3]).mm(&waves(&[2, 3]))).unwrap().unwrap_err();
    assert_eq!((flops.total(), flops.rows().len()), (0, 0));
}
