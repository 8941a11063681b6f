//! Memory seen as elements of another dtype.

use keyway::{DType, Error, Geometry, Result, Tensor, kernel};

use crate::aten;

/// The same memory as another dtype, with a geometry counted in its elements.
fn seen_as(x: &Tensor, dtype: DType, geometry: Geometry) -> Result<Tensor> {
    Tensor::from_storage(x.storage().clone(), dtype, x.device(), geometry)
}

#[kernel("aten::view.dtype", CompositeExplicitAutograd)]
fn view_dtype(self_: &Tensor, dtype: DType) -> Result<Tensor> {
    let (old, new) = (self_.dtype().size() as i64, dtype.size() as i64);
    let geometry = match () {
        () if old == new => self_.geometry().clone(),
        () if old > new => narrower(self_, dtype, old / new)?,
        () => wider(self_, dtype, new / old)?,
    };
    seen_as(self_, dtype, geometry)
}

/// The last dimension must be a run of memory.
fn last_of(x: &Tensor, dtype: DType) -> Result<usize> {
    let Some(last) = x.dim().checked_sub(1) else {
        return Err(Error::shape(format!(
            "a tensor without dimensions cannot be seen as {dtype}; unsqueeze it"
        )));
    };
    match x.strides()[last] == 1 {
        true => Ok(last),
        false => Err(Error::shape(format!(
            "the last dimension has stride {}, which must be 1 to see {} as {dtype}; clone the tensor first",
            x.strides()[last],
            x.dtype()
        ))),
    }
}

fn narrower(x: &Tensor, dtype: DType, ratio: i64) -> Result<Geometry> {
    let last = last_of(x, dtype)?;
    let (mut sizes, mut strides) = (x.sizes().to_vec(), x.strides().to_vec());
    sizes[last] *= ratio;
    strides[..last].iter_mut().for_each(|stride| *stride *= ratio);
    Geometry::new(&sizes, &strides, x.storage_offset() * ratio)
}

fn wider(x: &Tensor, dtype: DType, ratio: i64) -> Result<Geometry> {
    let last = last_of(x, dtype)?;
    let (mut sizes, mut strides) = (x.sizes().to_vec(), x.strides().to_vec());
    let fits = sizes[last] % ratio == 0
        && x.storage_offset() % ratio == 0
        && strides[..last].iter().all(|stride| stride % ratio == 0);
    if !fits {
        return Err(Error::shape(format!(
            "the last size of {sizes:?}, the other strides of {strides:?} and the offset {} must be divisible by \
             {ratio} to see {} as {dtype}",
            x.storage_offset(),
            x.dtype()
        )));
    }
    sizes[last] /= ratio;
    strides[..last].iter_mut().for_each(|stride| *stride /= ratio);
    Geometry::new(&sizes, &strides, x.storage_offset() / ratio)
}

#[kernel("aten::view_as_complex", CompositeExplicitAutograd)]
fn view_as_complex(self_: &Tensor) -> Result<Tensor> {
    let dtype = match self_.dtype() {
        DType::Float32 => DType::Complex64,
        DType::Float64 => DType::Complex128,
        other => {
            return Err(Error::dtype(format!(
                "complex numbers are made of float32 or float64, not of {other}"
            )));
        }
    };
    let (sizes, strides) = (self_.sizes(), self_.strides());
    let Some((2, outer)) = sizes.split_last().map(|(&last, outer)| (last, outer)) else {
        return Err(Error::shape(format!("the last dimension of sizes {sizes:?} must hold pairs")));
    };
    let outer_strides = &strides[..outer.len()];
    let is_paired = strides[outer.len()] == 1
        && self_.storage_offset() % 2 == 0
        && outer_strides.iter().all(|stride| stride % 2 == 0);
    if !is_paired {
        return Err(Error::shape(format!(
            "pairs must lie side by side at even places, but the strides are {strides:?} and the offset {}",
            self_.storage_offset()
        )));
    }
    let halved: Vec<i64> = outer_strides.iter().map(|stride| stride / 2).collect();
    seen_as(self_, dtype, Geometry::new(outer, &halved, self_.storage_offset() / 2)?)
}

#[kernel("aten::view_as_real", CompositeExplicitAutograd)]
fn view_as_real(self_: &Tensor) -> Result<Tensor> {
    if !self_.dtype().is_complex() {
        return Err(Error::dtype(format!("`self` must be complex, it is {}", self_.dtype())));
    }
    let sizes = [self_.sizes(), &[2]].concat();
    let doubled = self_.strides().iter().map(|stride| stride * 2);
    let strides: Vec<i64> = doubled.chain([1]).collect();
    seen_as(self_, self_.dtype().to_real(), Geometry::new(&sizes, &strides, self_.storage_offset() * 2)?)
}
