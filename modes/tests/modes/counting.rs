//! Counting calls.

use keyway::{ThreadState, with_mode};
use keyway_modes::Counting;
use keyway_ops::TensorMethods;

use super::{Network, Odd, call, panics, waves};

#[test]
fn calls_are_counted_on_every_thread_that_has_the_mode() {
    let network = Network::new();
    let x = waves(&[2, 4]);
    let counts = Counting::new();
    with_mode(&counts.mode(), || {
        network.run(&x).unwrap();
        let state = ThreadState::capture();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| state.with(|| network.run(&x).unwrap()));
            }
        });
    })
    .unwrap();
    assert_eq!((counts.of("aten::mm"), counts.of("aten::relu"), counts.total()), (8, 4, 20));
    x.relu().unwrap();
    assert_eq!(counts.total(), 20);
    assert_eq!(counts.rows()[0].operator, "aten::mm");
    counts.clear();
    assert_eq!(counts.to_string(), "operator  calls\n0 calls of 0 operators");
}

#[test]
fn calls_that_fail_or_panic_are_told_apart() {
    let mut odd = Odd::new("odd_counting");
    let (fails, panicking) = (odd.failing(), odd.panicking());
    let x = waves(&[2]);
    let counts = Counting::new();
    let mode = counts.mode();
    with_mode(&mode, || x.relu()?.relu()).unwrap().unwrap();
    with_mode(&mode, || call(fails, &x)).unwrap().unwrap_err();
    panics(|| drop(with_mode(&mode, || call(panicking, &x))));
    let rows: Vec<_> = counts.rows().iter().map(|row| (row.operator, row.calls, row.unreturned)).collect();
    assert_eq!(rows, [("aten::relu", 2, 0), ("odd_counting::fails", 1, 1), ("odd_counting::panics", 1, 1)]);
    let expected = "\
operator              calls  unreturned
aten::relu                2           0
odd_counting::fails       1           1
odd_counting::panics      1           1
4 calls of 3 operators";
    assert_eq!(counts.to_string(), expected);
}

#[test]
fn two_counts_at_once_see_the_same() {
    let (outer, inner) = (Counting::new(), Counting::new());
    with_mode(&outer.mode(), || {
        waves(&[1]).exp().unwrap();
        with_mode(&inner.mode(), || waves(&[1]).exp().unwrap()).unwrap();
    })
    .unwrap();
    assert_eq!((outer.of("aten::exp"), inner.of("aten::exp")), (2, 1));
}
