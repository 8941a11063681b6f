use keyway::kernel;
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
struct Add;

fn main() {}
