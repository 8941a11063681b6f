//! Wall-clock times of dispatch, for people. What is gated are instruction counts: see `instructions`.

use divan::Bencher;

fn main() {
    divan::main();
}

#[divan::bench(args = keyway_benches::cases().iter().map(|case| case.name).collect::<Vec<_>>())]
fn dispatch(bencher: Bencher<'_, '_>, name: &str) {
    let case = keyway_benches::cases().into_iter().find(|case| case.name == name);
    let mut repeat = case.expect("the names come from the cases").repeat;
    // A thousand calls an iteration, so that the clock's own cost vanishes; the counter turns it into calls.
    bencher.counter(divan::counter::ItemsCount::new(1000u32)).bench_local(|| repeat(1000));
}
