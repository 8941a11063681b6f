//! All modes at once: what is computed stays the same, whatever their order, and nothing is left behind.

use keyway::testing::{copied_arguments, sample_arguments};
use keyway::{
    Generator, Mode, Result, Stack, Tensor, Value, find_operator, local_key_sets, mode_stack_len, with_mode,
};
use keyway_modes::{Counting, FlopCounting, Logging, MetaCheck, NanWatch, SchemaCheck, Tracing};
use keyway_ops::TensorMethods;

use super::every_operator::{is_silent, repeats_itself};
use super::{Network, Odd, call, panics, waves};

fn modes() -> Vec<Mode> {
    vec![
        Logging::collecting().mode(),
        Counting::new().mode(),
        FlopCounting::new().mode(),
        NanWatch::recording().mode(),
        SchemaCheck::new().mode(),
        MetaCheck::new().mode(),
        Tracing::with_fingerprints(&[]).mode(),
        Logging::collecting().composite_mode(),
    ]
}

/// Runs `f` with modes on, the first lowest.
fn under<R>(modes: &[Mode], f: impl FnOnce() -> R) -> R {
    match modes.split_first() {
        None => f(),
        Some((mode, rest)) => with_mode(mode, || under_dyn(rest, f)).unwrap(),
    }
}

/// Ends the recursion of types.
fn under_dyn<R>(modes: &[Mode], f: impl FnOnce() -> R) -> R {
    let mut f = Some(f);
    let mut result = None;
    let run: &mut dyn FnMut() = &mut || result = f.take().map(|f| f());
    under::<()>(modes, run);
    result.expect("it ran")
}

fn elements(values: &[Value]) -> Vec<String> {
    let of = |tensor: &Tensor| {
        let read = tensor.storage().read().unwrap();
        format!("{:?} {:?} {:?}", tensor.dtype(), tensor.geometry(), read.bytes())
    };
    let tensors = |value: &Value| value.tensors().map(of).collect::<Vec<_>>().join(" ");
    values
        .iter()
        .map(|value| if value.tensors().next().is_some() { tensors(value) } else { value.to_string() })
        .collect()
}

/// Calls a sample, and says what came out and what is left in the arguments.
fn outcome(operator: &'static keyway::Operator, sample: &[Value]) -> Result<(Vec<String>, Vec<String>)> {
    let arguments = copied_arguments(sample);
    let mut stack: Stack = arguments.iter().cloned().collect();
    operator.call_boxed(&mut stack)?;
    Ok((elements(&stack), elements(&arguments)))
}

#[test]
fn every_operator_computes_the_same_under_all_modes_in_any_order() {
    keyway_ops::register();
    let mut modes = modes();
    let before = local_key_sets();
    let bundled = keyway::operators().into_iter().filter(|operator| operator.name().starts_with("aten::"));
    for operator in bundled {
        for sample in sample_arguments(operator) {
            modes.rotate_left(1);
            let plain = outcome(operator, &sample).unwrap();
            if !repeats_itself(operator, &sample).unwrap() {
                continue;
            }
            match under(&modes, || outcome(operator, &sample)) {
                Ok(observed) => assert_eq!(observed, plain, "{operator}"),
                // The check of schemas finds those that say less than their kernels do.
                Err(error) => assert!(is_silent(&error), "{operator}: {error}"),
            }
        }
    }
    assert_eq!((mode_stack_len(), local_key_sets()), (0, before));
}

#[test]
fn errors_and_panics_pass_through_all_of_them() {
    let mut odd = Odd::new("odd_together");
    let (fails, panicking) = (odd.failing(), odd.panicking());
    let (modes, x) = (modes(), waves(&[2]));
    let before = local_key_sets();
    assert_eq!(under(&modes, || call(fails, &x)).unwrap_err().to_string(), "on purpose");
    panics(|| drop(under(&modes, || call(panicking, &x))));
    assert_eq!((mode_stack_len(), local_key_sets()), (0, before));
    let network = Network::new();
    let result = under(&modes, || network.run(&waves(&[2, 4]))).unwrap();
    assert_eq!(
        result.to_vec::<f32>().unwrap(),
        network.run(&waves(&[2, 4])).unwrap().to_vec::<f32>().unwrap()
    );
}

/// What has no text is named; the graph is shown and runs all the same.
#[test]
fn a_graph_with_a_generator_runs_but_has_no_text() {
    let mut odd = Odd::new("odd_generator");
    let f = odd
        .with("f(Tensor self, Generator g) -> Tensor", |x: &Tensor, g: &Generator| -> Result<Tensor> {
            x.add_scalar(g.reserve(1).1 as i64)
        });
    let x = waves(&[2]);
    let tracing = Tracing::new(std::slice::from_ref(&x));
    let generator = Generator::new(keyway::Device::CPU, 7);
    with_mode(&tracing.mode(), || f.call([(&x).into(), generator.clone().into()]).map(drop))
        .unwrap()
        .unwrap();
    let graph = tracing.finish(&[]).unwrap();
    let error = graph.to_text().unwrap_err();
    assert_eq!(error.operator(), Some("odd_generator::f"));
    assert!(graph.to_string().contains("odd_generator::f(%0, ...)"), "{graph}");
    graph.run(&[x]).unwrap();
    assert_eq!(generator.reserve(1).1, 2);
    assert!(find_operator("odd_generator::f").is_ok());
}
