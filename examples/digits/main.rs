//! Recognises handwritten digits by nearest neighbours, and shows on the way what Keyway is: typed operators from a
//! YAML list, an operator of one's own, dispatch tables, a boxed fallback that watches, `Meta`, and what it all costs.

mod data;
mod neighbours;
mod screen;
mod vote;
mod watch;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use keyway::{Device, Operator, Stack, TableRow, Tensor, kernel};
use keyway_ops::{TensorMethods, aten};

use data::Digits;

keyway::include_operators!();

#[kernel("digits::nothing", CompositeExplicitAutograd)]
fn nothing(_self: &Tensor) -> keyway::Result<()> {
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let all = data::load()?;
    let (known, asked) = halves(&all)?;
    recognise(&known, &asked)?;
    own_operator(&known, &asked)?;
    dispatch_tables(&[aten::mul::Tensor.operator(), aten::matmul::default.operator()]);
    under_a_log(&known, &asked)?;
    on_meta(&known, &asked)?;
    costs(&known, &asked)?;
    Ok(())
}

/// The first half is known, the second is asked.
fn halves(all: &Digits) -> keyway::Result<(Digits, Digits)> {
    let (count, half) = (all.labels.sizes()[0], all.labels.sizes()[0] / 2);
    let part = |start, length| -> keyway::Result<Digits> {
        Ok(Digits {
            images: all.images.narrow(0, start, length)?,
            labels: all.labels.narrow(0, start, length)?,
        })
    };
    Ok((part(0, half)?, part(half, count - half)?))
}

fn recognise(known: &Digits, asked: &Digits) -> keyway::Result<()> {
    screen::heading(
        1,
        "Handwritten digits, by nearest neighbour",
        "1,797 real images of 8x8 pixels; the first half is known, the second is asked.",
    );
    let predicted = neighbours::nearest(&asked.images, &known.images, &known.labels)?;
    let (pixels, labels) = (asked.images.to_vec::<f64>()?, asked.labels.to_vec::<i64>()?);
    let guesses = predicted.to_vec::<i64>()?;
    let (right, wrong): (Vec<_>, Vec<_>) = (0..labels.len()).partition(|&i| labels[i] == guesses[i]);
    let shown: Vec<usize> = right.into_iter().take(3).chain(wrong.into_iter().take(2)).collect();
    let images: Vec<&[f64]> = shown.iter().map(|&i| &pixels[i * 64..i * 64 + 64]).collect();
    let caption = |&i: &usize| match labels[i] == guesses[i] {
        true => format!("is {}", labels[i]),
        false => format!("is {}, taken for {}", labels[i], guesses[i]),
    };
    let captions: Vec<String> = shown.iter().map(caption).collect();
    screen::images(&images, &captions);
    let accuracy = neighbours::accuracy(&predicted, &asked.labels)?;
    screen::result("accuracy:", &format!("{accuracy:.4}"));
    Ok(())
}

fn own_operator(known: &Digits, asked: &Digits) -> keyway::Result<()> {
    screen::heading(
        2,
        "An operator of one's own",
        "One entry in digits.yaml and one #[kernel] function make `digits::vote`.",
    );
    let operator = digits::vote::default.operator();
    screen::note(&operator.schema().map(ToString::to_string).unwrap_or_default());
    let mut rows = Vec::new();
    for k in [1, 3, 5] {
        let predicted = neighbours::vote_of(k, &asked.images, &known.images, &known.labels)?;
        rows.push([k.to_string(), format!("{:.4}", neighbours::accuracy(&predicted, &asked.labels)?)]);
    }
    screen::table(["neighbours that vote", "accuracy"], rows, 0);
    Ok(())
}

fn dispatch_tables(operators: &[&'static Operator]) {
    screen::heading(
        3,
        "Which kernel serves which key, and why",
        "The tables that calls use. Keys from the highest down; a call runs the first that its arguments carry.",
    );
    for operator in operators {
        screen::note(&operator.schema().map(ToString::to_string).unwrap_or_default());
        dispatch_table(operator);
    }
    screen::note(
        "kernel: registered at this very key. math kernel: from CompositeImplicitAutograd, for every backend",
    );
    screen::note("and its autograd. backend fallback: the key's own, for operators without a kernel there.");
}

fn dispatch_table(operator: &'static Operator) {
    let mut rows = operator.table();
    rows.reverse();
    // Neighbouring keys with the same answer make one row.
    let alike = |a: &TableRow, b: &TableRow| (a.kernel, a.origin, a.place) == (b.kernel, b.origin, b.place);
    let rows = rows.chunk_by(alike).map(|rows| {
        let keys = match rows {
            [one] => one.key.to_string(),
            [first, .., last] => format!("{} to {} ({} keys)", first.key, last.key, rows.len()),
            [] => String::new(),
        };
        let kernel = if rows[0].is_fallthrough { "skipped" } else { rows[0].kernel };
        let place = rows[0].place.map(|place| place.to_string()).unwrap_or_default();
        [keys, kernel.to_owned(), rows[0].origin.to_string(), place]
    });
    screen::table(["key", "kernel", "because of", "from"], rows, 4);
}

fn under_a_log(known: &Digits, asked: &Digits) -> keyway::Result<()> {
    screen::heading(
        4,
        "The same computation, watched by a boxed fallback",
        "One function at one key sees every operator, whatever its signature. Indented: called by a kernel.",
    );
    let few = asked.images.narrow(0, 0, 4)?;
    let (predicted, lines) = watch::logged(|| neighbours::nearest(&few, &known.images, &known.labels))?;
    let rows = lines.iter().map(|line| {
        [
            format!("{}{}", "  ".repeat(line.depth), line.operator),
            line.arguments.clone(),
            line.results.clone(),
        ]
    });
    screen::table(["operator", "arguments", "results"], rows, 3);
    screen::note(&format!("predicted {:?}", predicted?.to_vec::<i64>()?));
    Ok(())
}

fn on_meta(known: &Digits, asked: &Digits) -> keyway::Result<()> {
    screen::heading(
        5,
        "The same computation on Meta",
        "Sizes and dtypes without data: the same code, other kernels.",
    );
    let meta = |t: &Tensor| Tensor::zeros(t.sizes(), t.dtype(), Device::META);
    let (images, labels, queries) = (meta(&known.images)?, meta(&known.labels)?, meta(&asked.images)?);
    let (predicted, lines) = watch::logged(|| neighbours::vote_of(3, &queries, &images, &labels))?;
    let rows = lines
        .iter()
        .filter(|line| line.depth == 0)
        .map(|line| [line.operator.to_owned(), line.results.clone()]);
    screen::table(["operator", "results"], rows, 2);
    screen::note(&format!(
        "predicted {:?}; reading it says: {}",
        predicted.as_ref().ok(),
        why_not(predicted.as_ref())
    ));
    Ok(())
}

fn why_not(predicted: Result<&Tensor, &keyway::Error>) -> String {
    predicted.map_or_else(ToString::to_string, |tensor| match tensor.to_vec::<i64>() {
        Ok(_) => "it has data".to_owned(),
        Err(error) => error.to_string(),
    })
}

fn costs(known: &Digits, asked: &Digits) -> keyway::Result<()> {
    screen::heading(
        6,
        "What it costs",
        "Each operator's own time, without that of operators it calls; and what dispatch takes.",
    );
    let (predicted, costs) =
        watch::timed(|| neighbours::nearest(&asked.images, &known.images, &known.labels))?;
    predicted?;
    let total: Duration = costs.iter().map(|(_, cost)| cost.own).sum();
    let rows = costs.iter().map(|(operator, cost)| {
        let share = cost.own.as_secs_f64() / total.as_secs_f64() * 100.0;
        [
            (*operator).to_owned(),
            cost.calls.to_string(),
            format!("{:.1}", cost.own.as_secs_f64() * 1e6),
            format!("{share:.1} %"),
        ]
    });
    screen::table(["operator", "calls", "own time in us", "share"], rows, 1);
    let calls: u32 = costs.iter().map(|(_, cost)| cost.calls).sum();
    let typed = nanoseconds(|x| digits::nothing::default.call(x));
    let boxed = nanoseconds(|x| {
        let mut stack = Stack::new();
        stack.push(x);
        digits::nothing::default.operator().call_boxed(&mut stack)
    });
    let share = typed * f64::from(calls) / (total.as_secs_f64() * 1e9) * 100.0;
    screen::result("a typed call of a kernel that does nothing:", &format!("{typed:.1} ns"));
    screen::result("a boxed call of the same kernel:           ", &format!("{boxed:.1} ns"));
    screen::note(&format!(
        "Dispatch of the {calls} calls above, without the fallback: {share:.4} % of their time."
    ));
    Ok(())
}

/// The best of several rounds, per call.
fn nanoseconds(call: impl Fn(&Tensor) -> keyway::Result<()>) -> f64 {
    const CALLS: u32 = 100_000;
    let Ok(x) = Tensor::zeros(&[1], keyway::DType::Float32, Device::CPU) else { return f64::NAN };
    let round = || {
        let start = Instant::now();
        for _ in 0..CALLS {
            let _ = black_box(call(black_box(&x)));
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    (0..10).map(|_| round()).fold(f64::INFINITY, f64::min)
}
