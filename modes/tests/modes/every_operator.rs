//! Every bundled operator, on arguments it accepts: its kernels do what its schema says, `Meta` promises what the host gives, and
//! a traced call reads back and computes the same again.

use keyway::testing::{copied_arguments, fails_for_want_of_data, sample_arguments};
use keyway::{Operator, Stack, Tensor, Value, operators, with_mode};
use keyway_modes::{FakeMode, Graph, MetaCheck, SchemaCheck, Tracing, is_fake};

fn bundled() -> impl Iterator<Item = &'static Operator> {
    keyway_ops::register();
    operators().into_iter().filter(|operator| operator.name().starts_with("aten::"))
}

/// Operators whose schemas are ATen's and do not say all that their kernels do, as ATen's do not.
const SILENT: [&str; 3] = ["aten::_unsafe_view", "aten::native_batch_norm", "aten::native_batch_norm.out"];

/// Whether an error is about one of them, called on the way or itself.
pub(super) fn is_silent(error: &keyway::Error) -> bool {
    error.operator().is_some_and(|name| SILENT.contains(&name))
}

/// Whether runs on the same arguments give the same: those of random numbers do not.
pub(super) fn repeats_itself(operator: &'static Operator, arguments: &[Value]) -> keyway::Result<bool> {
    let once = || -> keyway::Result<Vec<Vec<u8>>> {
        let results = run(operator, &copied_arguments(arguments))?;
        let bytes = |tensor: &Tensor| Ok(tensor.storage().read()?.bytes().to_vec());
        results.iter().flat_map(Value::tensors).map(bytes).collect()
    };
    let first = once()?;
    // Few truth values may be the same by chance.
    for _ in 0..20 {
        if once()? != first {
            return Ok(false);
        }
    }
    Ok(!operator.has_tag("nondeterministic_seeded"))
}

/// Runs `f` on samples of each operator and gives back what went wrong, but that there are no results without data.
fn problems(f: impl Fn(&'static Operator, Vec<Value>) -> keyway::Result<()>) -> Vec<String> {
    let mut seen = 0;
    let mut problems = Vec::new();
    for operator in bundled() {
        for arguments in sample_arguments(operator) {
            seen += 1;
            if let Err(error) = f(operator, copied_arguments(&arguments))
                && !fails_for_want_of_data(&error)
            {
                problems.push(format!("{error}"));
            }
        }
    }
    assert!(seen > 400, "{seen} calls");
    problems
}

fn run(operator: &'static Operator, arguments: &[Value]) -> keyway::Result<Stack> {
    let mut stack: Stack = arguments.iter().cloned().collect();
    operator.call_boxed(&mut stack)?;
    Ok(stack)
}

#[test]
fn kernels_write_to_and_alias_what_their_schemas_say() {
    let mode = SchemaCheck::new().mode();
    let problems =
        problems(|operator, arguments| match with_mode(&mode, || run(operator, &arguments).map(drop))? {
            Err(error) if is_silent(&error) => Ok(()),
            outcome => outcome,
        });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn meta_kernels_promise_what_the_host_gives() {
    let mode = MetaCheck::new().mode();
    let problems = problems(|operator, arguments| with_mode(&mode, || run(operator, &arguments).map(drop))?);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Composite operators are decomposed above the mode, on fake tensors themselves.
#[test]
fn fake_tensors_come_out_as_real_ones_would() {
    let problems = problems(|operator, arguments| {
        if operator.has_tag("data_dependent_output") {
            return Ok(());
        }
        let fake = FakeMode::new();
        let mut fakes: Stack = copied_arguments(&arguments).into_iter().collect();
        for value in fakes.iter_mut() {
            value.map_tensors(&mut |tensor| fake.convert(tensor).map(Some))?;
        }
        let on_fakes = with_mode(&fake.mode(), || run(operator, &fakes))??;
        let real = run(operator, &arguments)?;
        let layouts = |values: &[Value]| -> Vec<_> {
            let tensors = values.iter().flat_map(Value::tensors);
            tensors.map(|t| (t.dtype(), t.geometry().clone(), t.device())).collect()
        };
        assert!(on_fakes.iter().flat_map(Value::tensors).all(is_fake), "{operator} left a real tensor");
        for (what, fakes, real) in [("results", &on_fakes[..], &real[..]), ("arguments", &fakes, &arguments)]
        {
            let (fakes, real) = (layouts(fakes), layouts(real));
            assert_eq!(fakes, real, "{operator}: {what} that are fake and real");
        }
        Ok(())
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn traced_calls_read_back_and_compute_the_same_again() {
    let problems = problems(|operator, arguments| {
        if !repeats_itself(operator, &arguments)? {
            return Ok(());
        }
        let recording = Tracing::with_fingerprints(&[]);
        let results = with_mode(&recording.mode(), || run(operator, &arguments))??;
        let outputs: Vec<Tensor> = results.iter().flat_map(Value::tensors).cloned().collect();
        let text = recording.finish(&outputs)?.to_text()?;
        let graph: Graph = text.parse()?;
        assert_eq!(graph.to_text()?, text);
        graph.check(&[]).map(drop)
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
