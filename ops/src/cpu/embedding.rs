//! Rows of a matrix combined in bags on the host, and the gradient of embedding.

use keyway::{Error, Result, Tensor, kernel};

use crate::aten;
use crate::cpu::elements::dispatch_dtype;
use crate::cpu::number::Number;
use crate::cpu::plain::{compute, optional, store, to_vec};
use crate::room;
use crate::shape::embedding::{Bags, Combine, gradient};
use crate::shape::window::refused;

/// Gradients are added up row by row; those of one class may be divided by how many there are.
#[kernel("aten::embedding_dense_backward", CPU)]
fn embedding_dense_backward(
    grad_output: &Tensor,
    indices: &Tensor,
    num_weights: i64,
    padding_idx: i64,
    scale_grad_by_freq: bool,
) -> Result<Tensor> {
    let width = gradient(grad_output, indices, num_weights)?;
    let out = Tensor::zeros(&[num_weights, width], grad_output.dtype(), grad_output.device())?;
    let rows = to_vec::<i64>(indices)?;
    let mut counts = room::elements(num_weights as usize, 0usize)?;
    for &row in &rows {
        match counts.get_mut(usize::try_from(row).unwrap_or(usize::MAX)) {
            Some(count) => *count += 1,
            None => return Err(Error::index(format!("`indices` hold {row}, there are {num_weights} rows"))),
        }
    }
    let width = width as usize;
    dispatch_dtype!(floats: grad_output.dtype(), T => compute::<T, 1>(&out, [grad_output], |out, [grad]| {
        for (&row, grad) in rows.iter().zip(grad.chunks_exact(width.max(1))).filter(|(row, _)| **row != padding_idx) {
            let scale = if scale_grad_by_freq { 1.0 / counts[row as usize] as f64 } else { 1.0 };
            let to = &mut out[row as usize * width..][..width];
            to.iter_mut().zip(grad).for_each(|(to, &grad)| *to = to.plus(grad.times(T::from_f64(scale))));
        }
        Ok(())
    }))?;
    Ok(out)
}

/// Which indices are in which bag.
struct Contents {
    /// Where each bag starts, and where the last one ends.
    bounds: Vec<usize>,
    rows: Vec<i64>,
}

impl Contents {
    fn of(indices: &Tensor, offsets: &Tensor, bags: &Bags, rows_of_weight: i64) -> Result<Contents> {
        let rows = to_vec::<i64>(indices)?;
        if let Some(row) = rows.iter().find(|row| !(0..rows_of_weight).contains(row)) {
            return Err(refused(format!("`indices` hold {row}, `weight` has {rows_of_weight} rows")));
        }
        let mut bounds = to_vec::<i64>(offsets)?;
        if bounds.len() as i64 == bags.count {
            bounds.push(rows.len() as i64);
        }
        let starts_at_zero = bounds.first() == Some(&0) || bags.count == 0;
        if !starts_at_zero || !bounds.is_sorted() || bounds.iter().any(|&at| at > rows.len() as i64) {
            return Err(refused(format!(
                "`offsets` must start at 0 and rise to at most {}, the number of indices; they are {bounds:?}",
                rows.len()
            )));
        }
        Ok(Contents { bounds: bounds.into_iter().map(|at| at as usize).collect(), rows })
    }

    /// The positions in the indices of each bag.
    fn each(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.bounds.windows(2).map(|bounds| bounds[0]..bounds[1])
    }
}

/// The combined rows, the bag of each index, the sizes of bags and where largest elements come from; sums keep no sizes.
fn combine(
    weight: &Tensor,
    [indices, offsets]: [&Tensor; 2],
    mode: i64,
    factors: Option<&Tensor>,
    ends: bool,
    padding_idx: i64,
) -> Result<(Tensor, Tensor, Tensor, Tensor)> {
    let bags = Bags::new(weight, [indices, offsets], mode, factors, ends)?;
    let contents = Contents::of(indices, offsets, &bags, weight.sizes()[0])?;
    let [out, bag_of, sizes, places] = bags.outputs.each_ref().map(keyway::OutputMeta::allocate);
    let (out, bag_of, sizes, places) = (out?, bag_of?, sizes?, places?);
    let width = bags.width as usize;
    let mut counts = vec![0i64; bags.count as usize];
    let mut sources = vec![0i64; places.numel()];
    let mut bag_of_index = vec![bags.count.saturating_sub(1); contents.rows.len()];
    dispatch_dtype!(floats: weight.dtype(), T => {
        let factors = optional::<T>(factors)?;
        compute::<T, 1>(&out, [weight], |out, [weight]| {
            out.fill(T::ZERO);
            for (bag, (positions, count)) in contents.each().zip(&mut counts).enumerate() {
                let to = &mut out[bag * width..][..width];
                bag_of_index[positions.clone()].fill(bag as i64);
                for at in positions.filter(|&at| contents.rows[at] != padding_idx) {
                    let row = contents.rows[at];
                    let from = weight[row as usize * width..][..width].iter();
                    let factor = factors.as_ref().map_or(T::ONE, |factors| factors[at]);
                    for (column, (to, &x)) in to.iter_mut().zip(from).enumerate() {
                        match bags.combine {
                            Combine::Sum | Combine::Mean => *to += x * factor,
                            Combine::Largest if *count == 0 || x > *to || x.is_nan() => {
                                (*to, sources[bag * width + column]) = (x, row);
                            }
                            Combine::Largest => {}
                        }
                    }
                    *count += 1;
                }
                if bags.combine == Combine::Mean && *count > 0 {
                    to.iter_mut().for_each(|to| *to /= T::from_i64(*count));
                }
            }
            Ok(())
        })
    })?;
    if bags.combine == Combine::Sum {
        counts.fill(0);
    }
    store(&bag_of, &bag_of_index)?;
    store(&sizes, &counts)?;
    store(&places, if bags.combine == Combine::Largest { &sources } else { &counts })?;
    Ok((out, bag_of, sizes, places))
}

/// Kernels with and without what a gradient needs, which cost the same here.
macro_rules! bags {
    ($($operator:tt $kernel:ident;)*) => {$(
        #[kernel($operator, CPU)]
        fn $kernel(
            weight: &Tensor,
            indices: &Tensor,
            offsets: &Tensor,
            _scale_grad_by_freq: bool,
            mode: i64,
            _sparse: bool,
            per_sample_weights: Option<&Tensor>,
            include_last_offset: bool,
            padding_idx: i64,
        ) -> Result<(Tensor, Tensor, Tensor, Tensor)> {
            combine(weight, [indices, offsets], mode, per_sample_weights, include_last_offset, padding_idx)
        }
    )*};
}
bags! {
    "aten::_embedding_bag" _embedding_bag;
    "aten::_embedding_bag_forward_only" _embedding_bag_forward_only;
}
