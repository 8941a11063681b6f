//! Elements sampled at places of a grid: which inputs and grids fit each other.

use keyway::{Error, OutputMeta, Result, Tensor};

use super::window::refused;

/// How an element is made of those around its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interpolation {
    /// Weighted by how near they are.
    Linear,
    /// The nearest one.
    Nearest,
    /// By cubic convolution.
    Cubic,
}

/// What is beyond the border of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// Zeros.
    Zeros,
    /// The elements on the border.
    Border,
    /// The elements mirrored at the border.
    Reflection,
}

/// A sampling whose parts fit each other.
pub(crate) struct Sampling {
    pub(crate) interpolation: Interpolation,
    pub(crate) beyond: Beyond,
    /// The samples, with the channels of the input and the extents of the grid.
    pub(crate) output: OutputMeta,
}

impl Sampling {
    /// The sampling of planes or blocks (`rank` 2 or 3).
    pub(crate) fn new(
        input: &Tensor,
        grid: &Tensor,
        rank: usize,
        interpolation: i64,
        padding: i64,
    ) -> Result<Sampling> {
        let (sizes, places) = (input.sizes(), grid.sizes());
        let fits = sizes.len() == rank + 2
            && places.len() == rank + 2
            && sizes[0] == places[0]
            && places[rank + 1] == rank as i64
            && !sizes[2..].contains(&0);
        if !fits {
            return Err(refused(format!(
                "`input` of sizes {sizes:?} must have samples, channels and {rank} extents, and `grid` of sizes \
                 {places:?} as many samples, {rank} extents and {rank} coordinates for each place"
            )));
        }
        if input.dtype() != grid.dtype() {
            let dtypes = format!("`input` is {} and `grid` {}", input.dtype(), grid.dtype());
            return Err(refused(format!("{dtypes}; convert one of them")));
        }
        if !input.dtype().is_floating_point() {
            return Err(Error::not_implemented(format!("not implemented for {}", input.dtype())));
        }
        let interpolation = match interpolation {
            0 => Interpolation::Linear,
            1 => Interpolation::Nearest,
            2 if rank == 2 => Interpolation::Cubic,
            other => {
                return Err(refused(format!(
                    "`interpolation_mode` must be 0 (linear), 1 (nearest) or, for planes, 2 (cubic), it is {other}"
                )));
            }
        };
        let beyond = match padding {
            0 => Beyond::Zeros,
            1 => Beyond::Border,
            2 => Beyond::Reflection,
            other => {
                return Err(refused(format!(
                    "`padding_mode` must be 0 (zeros), 1 (border) or 2 (reflection), it is {other}"
                )));
            }
        };
        let sizes = [&sizes[..2], &places[1..=rank]].concat();
        let output = OutputMeta::contiguous(&sizes, input.dtype(), input.device())?;
        Ok(Sampling { interpolation, beyond, output })
    }
}
