//! Sequences of views against a model that knows no strides: the position in the base of each element, index by index.

use keyway::{Result, Tensor};
use keyway_ops::TensorMethods;
use proptest::prelude::*;

use crate::broadcasting::indices;

/// A view as the list of the base's elements that it shows.
#[derive(Clone, Debug)]
struct Model {
    sizes: Vec<i64>,
    /// In row-major order.
    places: Vec<i64>,
}

impl Model {
    fn at(&self, index: &[i64]) -> i64 {
        let place = self.sizes.iter().zip(index).fold(0, |at, (&size, &i)| at * size + i);
        self.places[place as usize]
    }

    /// A view of other sizes, whose elements are found by an index into this one.
    fn view(&self, sizes: Vec<i64>, index_of: impl Fn(&[i64]) -> Vec<i64>) -> Model {
        let places = indices(&sizes).iter().map(|index| self.at(&index_of(index))).collect();
        Model { sizes, places }
    }
}

/// One step: numbers from which each view makes arguments that fit.
#[derive(Clone, Copy, Debug)]
struct Step {
    view: usize,
    a: usize,
    b: usize,
    c: usize,
}

fn with(index: &[i64], d: usize, value: i64) -> Vec<i64> {
    let mut changed = index.to_vec();
    changed[d] = value;
    changed
}

fn inserted(index: &[i64], d: usize, value: i64) -> Vec<i64> {
    [&index[..d], &[value], &index[d..]].concat()
}

fn removed(index: &[i64], d: usize) -> Vec<i64> {
    [&index[..d], &index[d + 1..]].concat()
}

/// How many views [`applied`] knows.
const VIEWS: usize = 10;

/// A step taken by the operator and by the model; nothing where no arguments fit.
fn applied(x: &Tensor, model: &Model, step: Step) -> Result<Option<(Tensor, Model)>> {
    let rank = model.sizes.len();
    let Step { view, a, b, c } = step;
    if view == 0 {
        let d = a % (rank + 1);
        let sizes = inserted(&model.sizes, d, 1);
        return Ok(Some((x.unsqueeze(d as i64)?, model.view(sizes, |index| removed(index, d)))));
    }
    if rank == 0 {
        return Ok(None);
    }
    let (d, e) = (a % rank, b % rank);
    let size = model.sizes[d];
    Ok(match view {
        1 => {
            let mut sizes = model.sizes.clone();
            sizes.swap(d, e);
            let swapped = |index: &[i64]| {
                let mut index = index.to_vec();
                index.swap(d, e);
                index
            };
            Some((x.transpose(d as i64 - rank as i64, e as i64)?, model.view(sizes, swapped)))
        }
        2 if size > 0 => {
            let i = (b as i64) % size;
            // Counted from the end.
            let view = x.select(d as i64, i - size)?;
            Some((view, model.view(removed(&model.sizes, d), |index| inserted(index, d, i))))
        }
        3 => {
            let (start, step) = ((b as i64) % (size + 1), 1 + (c as i64) % 3);
            let sizes = with(&model.sizes, d, (size - start + step - 1) / step);
            let view = x.slice_with(d as i64, Some(start), None, step)?;
            Some((view, model.view(sizes, |index| with(index, d, start + index[d] * step))))
        }
        4 if size == 1 => {
            let wide = 1 + (b as i64) % 3;
            let sizes = with(&model.sizes, d, wide);
            Some((x.expand(&sizes)?, model.view(sizes.clone(), |index| with(index, d, 0))))
        }
        5 if size == 1 => {
            let sizes = removed(&model.sizes, d);
            Some((x.squeeze_dim(d as i64)?, model.view(sizes, |index| inserted(index, d, 0))))
        }
        6 if d != e => {
            let offset = (c as i64) % 2;
            let len = size.min(model.sizes[e] - offset).max(0);
            let (low, high) = (d.min(e), d.max(e));
            let outer = removed(&removed(&model.sizes, high), low);
            let sizes = [&outer[..], &[len]].concat();
            let along = |index: &[i64]| {
                let (&i, outer) = index.split_last().expect("it has the dimension of the diagonal");
                let (at_low, at_high) = if d < e { (i, i + offset) } else { (i + offset, i) };
                inserted(&inserted(outer, low, at_low), high, at_high)
            };
            Some((x.diagonal_with(offset, d as i64, e as i64)?, model.view(sizes, along)))
        }
        7 if size > 0 => {
            let (width, step) = (1 + (b as i64) % size, 1 + (c as i64) % 2);
            let sizes = [with(&model.sizes, d, (size - width) / step + 1), vec![width]].concat();
            let unfolded = |index: &[i64]| {
                let (&k, outer) = index.split_last().expect("it has the dimension of the windows");
                with(outer, d, outer[d] * step + k)
            };
            Some((x.unfold(d as i64, width, step)?, model.view(sizes, unfolded)))
        }
        8 => {
            let source = model.sizes.clone();
            let order: Vec<usize> = (0..rank).map(|i| (i + b) % rank).collect();
            let sizes = order.iter().map(|&i| source[i]).collect();
            let dims: Vec<i64> = order.iter().map(|&i| i as i64).collect();
            let permuted = |index: &[i64]| {
                let mut back = vec![0; rank];
                order.iter().zip(index).for_each(|(&i, &value)| back[i] = value);
                back
            };
            Some((x.permute(&dims)?, model.view(sizes, permuted)))
        }
        9 => {
            // Another division into dimensions, where it needs no copy.
            let sizes = [&model.sizes[..d], &[model.sizes[d..].iter().product()]].concat();
            let Ok(view) = x.view(&sizes) else { return Ok(None) };
            Some((view, Model { sizes, places: model.places.clone() }))
        }
        _ => None,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step =
        (0..VIEWS, 0..12usize, 0..12usize, 0..12usize).prop_map(|(view, a, b, c)| Step { view, a, b, c });
    prop::collection::vec(step, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn views_show_the_elements_that_the_model_says(steps in steps(), sizes in prop::collection::vec(1..5i64, 0..4)) {
        let count: i64 = sizes.iter().product();
        let base = Tensor::from_slice(&(0..count).collect::<Vec<i64>>(), &sizes).unwrap();
        let (mut x, mut model) = (base.clone(), Model { sizes, places: (0..count).collect() });
        for step in steps {
            if let Some((view, viewed)) = applied(&x, &model, step).unwrap() {
                (x, model) = (view, viewed);
            }
            prop_assert_eq!(x.sizes(), &model.sizes[..]);
            prop_assert_eq!(x.to_vec::<i64>().unwrap(), model.places.clone());
            prop_assert!(x.shares_storage(&base));
            prop_assert_eq!(x.contiguous().unwrap().to_vec::<i64>().unwrap(), model.places.clone());
        }
        // What is written to the view is written to the base, and nothing else is.
        let mut distinct = model.places.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() == model.places.len() {
            x.neg_().unwrap();
            let written = |place: i64| if model.places.contains(&place) { -place } else { place };
            prop_assert_eq!(base.to_vec::<i64>().unwrap(), (0..count).map(written).collect::<Vec<i64>>());
        } else if x.numel() > 0 && x.sizes().iter().zip(x.strides()).any(|(&size, &stride)| size > 1 && stride == 0) {
            // As in ATen: where elements were repeated that is refused; other overlaps are not looked for.
            prop_assert!(x.neg_().is_err(), "all along a dimension one element is meant");
        }
    }
}
