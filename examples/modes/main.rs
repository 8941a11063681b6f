//! Every mode of `keyway-modes` on a small network, whose code none of them changes.
//!
//!     cargo run --release --bin modes
//!
//! Logging, counting, FLOPs, fake tensors on a device that is not there, a traced graph that runs again, a record that is checked,
//! the operators a build needs, the first NaN, and kernels checked against their schemas.

use anstyle::Style;
use keyway::{Backend, DType, Device, Error, Result, Tensor, with_mode};
use keyway_modes::{
    Counting, FakeMode, FlopCounting, Graph, Logging, MetaCheck, NanWatch, SchemaCheck, SelectionRecorder,
    Tracing, trace_verified,
};
use keyway_ops::TensorMethods;

/// A network of two layers.
struct Network {
    first: Tensor,
    bias: Tensor,
    second: Tensor,
}

impl Network {
    fn new() -> Result<Network> {
        Ok(Network { first: waves(&[8, 16])?, bias: waves(&[16])?, second: waves(&[16, 4])? })
    }

    /// Its tensors on a device that there need not be.
    fn fake(mode: &FakeMode, width: i64, device: Device) -> Result<Network> {
        let tensor = |sizes: &[i64]| mode.tensor(sizes, DType::Float32, device);
        Ok(Network { first: tensor(&[8, width])?, bias: tensor(&[width])?, second: tensor(&[width, 4])? })
    }

    fn run(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = x.matmul(&self.first)?.add(&self.bias)?.relu()?;
        hidden.matmul(&self.second)?.softmax(1)
    }
}

/// Numbers that are not all the same.
fn waves(sizes: &[i64]) -> Result<Tensor> {
    let numel: i64 = sizes.iter().product();
    let elements: Vec<f32> = (0..numel).map(|i| (i as f32 * 0.37).sin()).collect();
    Tensor::from_slice(&elements, sizes)
}

fn heading(text: &str) {
    let bold = Style::new().bold().underline();
    anstream::println!("\n{bold}{text}{bold:#}");
}

fn main() -> Result<()> {
    keyway_ops::register();
    let (network, x) = (Network::new()?, waves(&[2, 8])?);
    heading("Logging: each call, and what composite operators consist of");
    log(&network, &x)?;
    heading("Counting calls and floating-point operations");
    count(&network, &x)?;
    heading("Fake tensors: a layer that would not fit, on a device that is not there");
    fake()?;
    heading("Tracing: a graph that runs again on other inputs");
    let graph = traced(&network, &x)?;
    anstream::println!("{graph}");
    heading("Replay: a record that says whether anything computes something else");
    replay(&network, &x)?;
    heading("Selection: the operators that a build for this program needs");
    select(&network, &x)?;
    heading("NaN: the operator that made the first one");
    watch(&network, &x)?;
    heading(
        "Checks: kernels write to and alias what their schemas say, and Meta kernels promise the right sizes",
    );
    check(&network, &x)
}

fn log(network: &Network, x: &Tensor) -> Result<()> {
    let log = Logging::to(|line| anstream::println!("{}", line.styled()));
    with_mode(&log.mode(), || {
        with_mode(&log.composite_mode(), || log.section("network", || network.run(x)))
    })???;
    Ok(())
}

fn count(network: &Network, x: &Tensor) -> Result<()> {
    let (calls, flops) = (Counting::new(), FlopCounting::new());
    // Modes stand on each other; both see every call.
    with_mode(&calls.mode(), || with_mode(&flops.mode(), || network.run(x)))???;
    anstream::println!("{calls}\n\n{flops}");
    Ok(())
}

fn fake() -> Result<()> {
    let (mode, device) = (FakeMode::new(), Device { backend: Backend::CUDA, index: Some(0) });
    let network = Network::fake(&mode, 1 << 30, device)?;
    let x = mode.tensor(&[1 << 20, 8], DType::Float32, device)?;
    let result = with_mode(&mode.mode(), || network.run(&x))??;
    anstream::println!("hidden layer of {} numbers; result: {result:?}", 1u64 << 50);
    let refused = TensorMethods::item(&result.sum()?).unwrap_err();
    anstream::println!("asked for its sum: {refused}");
    Ok(())
}

fn traced(network: &Network, x: &Tensor) -> Result<Graph> {
    // Runs the graph once more on a copy of the input and compares each result, bit for bit.
    let (graph, _) = trace_verified(std::slice::from_ref(x), |inputs| Ok(vec![network.run(&inputs[0])?]))?;
    let other = x.neg()?;
    let (again, expected) = (graph.run(std::slice::from_ref(&other))?, network.run(&other)?);
    match again[0].to_vec::<f32>()? == expected.to_vec::<f32>()? {
        true => Ok(graph),
        false => Err(Error::value("the graph computes something else than the network")),
    }
}

fn replay(network: &Network, x: &Tensor) -> Result<()> {
    let recording = Tracing::with_fingerprints(&[]);
    let result = with_mode(&recording.mode(), || network.run(x))??;
    let record = recording.finish(&[result])?.to_text()?;
    record.parse::<Graph>()?.check(&[])?;
    anstream::println!("the record of {} bytes replays to the same results", record.len());
    let forged = record.replacen("relu", "abs", 1);
    let found = forged.parse::<Graph>()?.check(&[]).unwrap_err();
    anstream::println!("with another operator in it: {found}");
    Ok(())
}

fn select(network: &Network, x: &Tensor) -> Result<()> {
    let recorder = SelectionRecorder::new();
    let recording = recorder.record_thread();
    network.run(x)?;
    drop(recording);
    anstream::print!("{}", recorder.to_list());
    Ok(())
}

fn watch(network: &Network, x: &Tensor) -> Result<()> {
    let broken = Network { bias: network.bias.log()?, ..Network::new()? };
    let watch = NanWatch::recording();
    with_mode(&watch.mode(), || broken.run(&x.sqrt()?))??;
    for finding in watch.findings() {
        anstream::println!("{finding}");
    }
    Ok(())
}

fn check(network: &Network, x: &Tensor) -> Result<()> {
    let (schemas, meta) = (SchemaCheck::new(), MetaCheck::new());
    with_mode(&schemas.mode(), || with_mode(&meta.mode(), || network.run(x)))???;
    anstream::println!("{schemas}\n{meta}");
    Ok(())
}
