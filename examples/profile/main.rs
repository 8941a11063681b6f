//! Profiles a small network on two threads: a table of what each operator cost, and a trace for Perfetto.
//!
//!     cargo run --release --bin profile -- trace.json
//!
//! Without a file name there is no trace. Open the trace at <https://ui.perfetto.dev>.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use keyway::{Profile, Profiler, Result, Tensor, with_record};
use keyway_ops::TensorMethods;

const BATCH: i64 = 64;
const WIDTH: i64 = 128;
const STEPS: usize = 20;

/// A network of two layers.
struct Network {
    first: Tensor,
    second: Tensor,
}

impl Network {
    fn new() -> Result<Network> {
        Ok(Network { first: waves(WIDTH, WIDTH)?, second: waves(WIDTH, 10)? })
    }

    fn probabilities(&self, images: &Tensor) -> Result<Tensor> {
        let hidden = with_record("first layer", || images.matmul(&self.first)?.relu())?;
        with_record("second layer", || hidden.matmul(&self.second)?.softmax(1))
    }
}

/// A matrix of numbers that are not all the same.
fn waves(rows: i64, columns: i64) -> Result<Tensor> {
    let elements: Vec<f32> = (0..rows * columns).map(|i| (i as f32 * 0.37).sin()).collect();
    Tensor::from_slice(&elements, &[rows, columns])
}

fn run(network: &Network) -> Result<()> {
    let images = waves(BATCH, WIDTH)?;
    for _ in 0..STEPS {
        with_record("step", || network.probabilities(&images))?;
    }
    Ok(())
}

fn profiled() -> Result<Profile> {
    let network = Network::new()?;
    let profiling = Profiler::new().all_threads().shapes().start();
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().name("worker".to_owned());
        let worker = worker.spawn_scoped(scope, || run(&network)).expect("a thread can be started");
        run(&network)?;
        worker.join().expect("the worker does not panic")
    })?;
    Ok(profiling.finish())
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    keyway_ops::register();
    let profile = profiled()?;
    writeln!(io::stdout(), "{}", profile.table())?;
    if let Some(path) = std::env::args_os().nth(1) {
        let mut file = BufWriter::new(File::create(&path)?);
        profile.write_chrome_trace(&mut file)?;
        file.flush()?;
        writeln!(io::stdout(), "trace in {}; open it at https://ui.perfetto.dev", path.display())?;
    }
    Ok(())
}
