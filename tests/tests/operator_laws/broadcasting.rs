//! Broadcasting, against the rule said index by index: sizes are aligned at the end, and one element goes with any number.

use keyway::{Result, Tensor};
use keyway_ops::{TensorMethods, aten};
use proptest::prelude::*;

/// Sizes, some of which broadcast with each other.
fn sizes() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop::sample::select(vec![1i64, 1, 2, 3, 0]), 0..4)
}

fn tensor(sizes: &[i64], from: i64) -> Tensor {
    let count: i64 = sizes.iter().product();
    Tensor::from_slice(&(from..from + count).collect::<Vec<i64>>(), sizes).unwrap()
}

/// The extent from the end, that of a missing dimension is one.
fn extent(sizes: &[i64], from_end: usize) -> i64 {
    sizes.len().checked_sub(from_end + 1).map_or(1, |d| sizes[d])
}

/// The sizes that two broadcast to, by the rule.
fn broadcast(a: &[i64], b: &[i64]) -> Option<Vec<i64>> {
    let rank = a.len().max(b.len());
    let each = (0..rank).rev().map(|from_end| match (extent(a, from_end), extent(b, from_end)) {
        (x, y) if x == y => Some(x),
        (1, y) => Some(y),
        (x, 1) => Some(x),
        _ => None,
    });
    each.collect()
}

/// The element of a tensor in row-major order that goes with an index into the broadcast sizes.
fn element(sizes: &[i64], index: &[i64]) -> i64 {
    let skipped = index.len() - sizes.len();
    sizes.iter().zip(&index[skipped..]).fold(0, |at, (&size, &i)| at * size + if size == 1 { 0 } else { i })
}

/// All indices into sizes, in row-major order.
pub(crate) fn indices(sizes: &[i64]) -> Vec<Vec<i64>> {
    sizes.iter().fold(vec![Vec::new()], |found, &size| {
        found.iter().flat_map(|index| (0..size).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}

fn sum(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.add(b)
}

proptest! {
    #[test]
    fn an_element_of_the_result_comes_from_the_elements_with_its_index(a in sizes(), b in sizes()) {
        let (x, y) = (tensor(&a, 0), tensor(&b, 1000));
        let Some(expected) = broadcast(&a, &b) else {
            prop_assert!(sum(&x, &y).is_err());
            return Ok(());
        };
        let result = sum(&x, &y).unwrap();
        prop_assert_eq!(result.sizes(), &expected[..]);
        let elements: Vec<i64> =
            indices(&expected).iter().map(|index| element(&a, index) + 1000 + element(&b, index)).collect();
        prop_assert_eq!(result.to_vec::<i64>().unwrap(), elements);
    }

    #[test]
    fn broadcasting_is_commutative_and_associative(a in sizes(), b in sizes(), c in sizes()) {
        let [x, y, z] = [tensor(&a, 0), tensor(&b, 100), tensor(&c, 10_000)];
        match (sum(&x, &y), sum(&y, &x)) {
            (Ok(one), Ok(other)) => prop_assert!(one.equal(&other).unwrap()),
            (one, other) => prop_assert!(one.is_err() && other.is_err()),
        }
        let from_left = sum(&x, &y).and_then(|sum_of_two| sum(&sum_of_two, &z));
        let from_right = sum(&y, &z).and_then(|sum_of_two| sum(&x, &sum_of_two));
        match (from_left, from_right) {
            (Ok(one), Ok(other)) => prop_assert!(one.equal(&other).unwrap()),
            (one, other) => prop_assert!(one.is_err() && other.is_err()),
        }
    }

    #[test]
    fn expanding_first_changes_nothing(a in sizes(), b in sizes()) {
        let tensors = [tensor(&a, 3), tensor(&b, 50)];
        if let Ok(expanded) = aten::broadcast_tensors(&tensors) {
            let direct = sum(&tensors[0], &tensors[1]).unwrap();
            prop_assert!(sum(&expanded[0], &expanded[1]).unwrap().equal(&direct).unwrap());
            prop_assert!(expanded.iter().zip(&tensors).all(|(e, t)| e.shares_storage(t)));
        }
    }

    #[test]
    fn a_sum_over_what_was_broadcast_undoes_it(a in sizes(), b in sizes()) {
        if let Some(wide) = broadcast(&a, &b) {
            let x = tensor(&a, 1);
            let copies = wide.iter().product::<i64>() / a.iter().product::<i64>().max(1);
            let back = x.expand(&wide).unwrap().sum_to_size(&a).unwrap();
            prop_assert!(back.equal(&x.mul_scalar(copies).unwrap()).unwrap());
        }
    }
}
