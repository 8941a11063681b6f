//! Every in-place form gives what the functional form gives, wherever the elements of `self` lie, and the version counter of the
//! memory tells which of the two wrote.

use keyway::testing::{copied_arguments, functional_form, sample_arguments};
use keyway::{Geometry, Operator, Result, Stack, Tensor, Value, with_element};
use keyway_ops::TensorMethods;
use proptest::prelude::*;

/// How the elements of a tensor may lie in memory.
#[derive(Clone, Copy, Debug)]
struct Lying {
    /// How many elements apart neighbours are.
    step: i64,
    offset: i64,
    /// Whether the first dimension runs fastest.
    backwards: bool,
}

/// The same elements over memory where they lie in another way, with other elements between them.
fn lying(x: &Tensor, how: Lying) -> Result<Tensor> {
    let mut strides = vec![0; x.dim()];
    let mut step = how.step;
    let order: Vec<usize> = if how.backwards { (0..x.dim()).collect() } else { (0..x.dim()).rev().collect() };
    for d in order {
        strides[d] = step;
        step *= x.sizes()[d].max(1);
    }
    let geometry = Geometry::new(x.sizes(), &strides, how.offset)?;
    let len = geometry.storage_len()? as i64 + 3;
    let memory = Tensor::zeros(&[len], x.dtype(), x.device())?;
    let moved = memory.view_as(geometry)?;
    moved.copy_(x)?;
    Ok(moved)
}

fn called(operator: &'static Operator, arguments: &[Value]) -> Result<Vec<Value>> {
    let mut stack: Stack = arguments.iter().cloned().collect();
    operator.call_boxed(&mut stack)?;
    Ok(stack.to_vec())
}

/// The elements as text, so that not-a-number is like itself.
fn elements(x: &Tensor) -> Result<Vec<String>> {
    with_element!(x.dtype(), T => Ok(x.to_vec::<T>()?.iter().map(|x| format!("{x:?}")).collect()))
}

/// The version counters of the arguments that are tensors.
fn versions(arguments: &[Value]) -> Vec<u64> {
    arguments.iter().filter_map(Value::as_tensor).map(Tensor::version).collect()
}

/// The in-place forms of the list whose results are numbers that can be compared: not those of a generator, and not those
/// that change what is shown instead of elements.
fn in_place_forms() -> Vec<(&'static Operator, &'static Operator)> {
    keyway_ops::register();
    let in_place = keyway::operators().into_iter().filter(|operator| {
        operator.name().starts_with("aten::")
            && operator.schema().is_some_and(|schema| schema.kind() == keyway::schema::SchemaKind::Inplace)
            && !operator.has_tag("nondeterministic_seeded")
            && !operator.has_tag("inplace_view")
    });
    in_place.filter_map(|operator| Some((operator, functional_form(operator.schema()?)?))).collect()
}

/// The arguments of the functional form by name.
fn arguments_of(
    functional: &'static Operator,
    in_place: &'static Operator,
    given: &[Value],
) -> Option<Vec<Value>> {
    let names = in_place.schema()?.arguments.iter().map(|argument| argument.name.as_str());
    let stack = functional.inputs([], names.zip(given.iter().cloned())).ok()?;
    Some(stack.to_vec())
}

/// Compares the forms for each sample; gives how many samples both accept.
fn agreeing(in_place: &'static Operator, functional: &'static Operator, how: Lying) -> usize {
    let mut compared = 0;
    for sample in sample_arguments(in_place) {
        let own = copied_arguments(&sample);
        let Some(Value::Tensor(x)) = sample.first() else { continue };
        let Some(arguments) = arguments_of(functional, in_place, &copied_arguments(&sample)) else {
            continue;
        };
        let before = versions(&arguments);
        let Ok(expected) = called(functional, &arguments) else { continue };
        assert_eq!(versions(&arguments), before, "{functional} writes to an argument");
        let target = lying(x, how).unwrap();
        let memory = target.storage().clone();
        let arguments: Vec<Value> =
            std::iter::once(target.clone().into()).chain(own.into_iter().skip(1)).collect();
        let before = (memory.version(), elements(&target).unwrap());
        called(in_place, &arguments).unwrap_or_else(|error| panic!("{in_place} {how:?}: {error}"));
        assert!(
            memory.version() > before.0 || elements(&target).unwrap() == before.1,
            "{in_place}: wrote, and the version counter is as it was"
        );
        let expected = expected[0].as_tensor().unwrap().to_dtype(target.dtype()).unwrap();
        assert_eq!(
            elements(&target).unwrap(),
            elements(&expected).unwrap(),
            "{in_place} and {functional}, {how:?}"
        );
        assert!(target.storage().is_same(&memory), "{in_place}: its memory was replaced");
        compared += 1;
    }
    compared
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn in_place_forms_agree_with_functional_ones(step in 1..4i64, offset in 0..3i64, backwards: bool) {
        let forms = in_place_forms();
        prop_assert!(forms.len() > 100, "only {} in-place forms were found", forms.len());
        for (in_place, functional) in forms {
            let compared = agreeing(in_place, functional, Lying { step, offset, backwards });
            prop_assert!(compared > 0, "{in_place} and {functional} have no sample in common");
        }
    }
}
