use keyway::Kernel;

fn main() {
    let _ = Kernel::from_fn(|x: i64| x + 1);
}
