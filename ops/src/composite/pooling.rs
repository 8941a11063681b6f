//! Pooling and resizing composed of the operators on planes: rows, scales, and elements moved between channels and planes.

use keyway::{Geometry, MemoryFormat, Result, Tensor, kernel};

use crate::aten;
use crate::memory_format::{new_geometry, suggested_format};
use crate::shape::window::refused;

/// Rows as planes of one row.
fn as_planes(x: &Tensor) -> Result<Tensor> {
    match x.dim() {
        2 | 3 => aten::unsqueeze::default.call(x, -2),
        _ => Err(refused(format!("`self` must have 2 or 3 dimensions, its sizes are {:?}", x.sizes()))),
    }
}

/// A parameter for rows as one for planes of one row.
fn of_planes<const N: usize>(parameters: [(&[i64], i64); N]) -> Result<[Vec<i64>; N]> {
    let mut made = [const { Vec::new() }; N];
    for (made, (given, missing)) in made.iter_mut().zip(parameters) {
        match given {
            [] => {}
            [one] => *made = vec![missing, *one],
            several => return Err(refused(format!("{several:?} must be one value, for rows"))),
        }
    }
    Ok(made)
}

#[kernel("aten::avg_pool1d", CompositeExplicitAutograd)]
fn avg_pool1d(
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    ceil_mode: bool,
    count_include_pad: bool,
) -> Result<Tensor> {
    let [kernel, stride, padding] = of_planes([(kernel_size, 1), (stride, 1), (padding, 0)])?;
    let pool = aten::avg_pool2d::default;
    let pooled =
        pool.call(&as_planes(self_)?, &kernel, &stride, &padding, ceil_mode, count_include_pad, None)?;
    aten::squeeze::dim.call(&pooled, -2)
}

#[kernel("aten::max_pool1d_with_indices", CompositeImplicitAutograd)]
fn max_pool1d_with_indices(
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
) -> Result<(Tensor, Tensor)> {
    let parameters = [(kernel_size, 1), (stride, 1), (padding, 0), (dilation, 1)];
    let [kernel, stride, padding, dilation] = of_planes(parameters)?;
    let pool = aten::max_pool2d_with_indices::default;
    let (largest, indices) =
        pool.call(&as_planes(self_)?, &kernel, &stride, &padding, &dilation, ceil_mode)?;
    Ok((aten::squeeze::dim.call(&largest, -2)?, aten::squeeze::dim.call(&indices, -2)?))
}

#[kernel("aten::max_pool1d", CompositeImplicitAutograd)]
fn max_pool1d(
    self_: &Tensor,
    kernel_size: &[i64],
    stride: &[i64],
    padding: &[i64],
    dilation: &[i64],
    ceil_mode: bool,
) -> Result<Tensor> {
    Ok(max_pool1d_with_indices(self_, kernel_size, stride, padding, dilation, ceil_mode)?.0)
}

/// The largest elements of windows, without where they are.
macro_rules! largest {
    ($($operator:tt $kernel:ident = $pool:expr;)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel(
            self_: &Tensor,
            kernel_size: &[i64],
            stride: &[i64],
            padding: &[i64],
            dilation: &[i64],
            ceil_mode: bool,
        ) -> Result<Tensor> {
            Ok($pool.call(self_, kernel_size, stride, padding, dilation, ceil_mode)?.0)
        }
    )*};
}
largest! {
    "aten::max_pool2d" max_pool2d = aten::max_pool2d_with_indices::default;
    "aten::max_pool3d" max_pool3d = aten::max_pool3d_with_indices::default;
}

/// One mean for each plane is a mean, which keeps the memory format.
#[kernel("aten::adaptive_avg_pool2d", CompositeImplicitAutograd)]
fn adaptive_avg_pool2d(self_: &Tensor, output_size: &[i64]) -> Result<Tensor> {
    if output_size != [1, 1] {
        return aten::_adaptive_avg_pool2d::default.call(self_, output_size);
    }
    let mean = aten::mean::dim.call(self_, Some(&[-1, -2]), true, None)?;
    match suggested_format(self_.geometry()) {
        MemoryFormat::ChannelsLast => {
            let geometry = new_geometry(mean.sizes(), MemoryFormat::ChannelsLast)?;
            aten::as_strided::default.call(&mean, geometry.sizes(), geometry.strides(), None)
        }
        _ => Ok(mean),
    }
}

/// See [`adaptive_avg_pool2d`].
#[kernel("aten::adaptive_avg_pool3d", CompositeImplicitAutograd)]
fn adaptive_avg_pool3d(self_: &Tensor, output_size: &[i64]) -> Result<Tensor> {
    if output_size != [1, 1, 1] {
        return aten::_adaptive_avg_pool3d::default.call(self_, output_size);
    }
    let mean = aten::mean::dim.call(self_, Some(&[-1, -2, -3]), true, None)?;
    match suggested_format(self_.geometry()) {
        MemoryFormat::ChannelsLast3d => {
            let geometry = new_geometry(mean.sizes(), MemoryFormat::ChannelsLast3d)?;
            aten::as_strided::default.call(&mean, geometry.sizes(), geometry.strides(), None)
        }
        _ => Ok(mean),
    }
}

#[kernel("aten::adaptive_avg_pool1d", CompositeExplicitAutograd)]
fn adaptive_avg_pool1d(self_: &Tensor, output_size: &[i64]) -> Result<Tensor> {
    let [size] = of_planes([(output_size, 1)])?;
    let pooled = aten::adaptive_avg_pool2d::default.call(&as_planes(self_)?, &size)?;
    aten::squeeze::dim.call(&pooled, -2)
}

#[kernel("aten::adaptive_max_pool1d", CompositeImplicitAutograd)]
fn adaptive_max_pool1d(self_: &Tensor, output_size: &[i64]) -> Result<(Tensor, Tensor)> {
    let [size] = of_planes([(output_size, 1)])?;
    let (largest, indices) = aten::adaptive_max_pool2d::default.call(&as_planes(self_)?, &size)?;
    Ok((aten::squeeze::dim.call(&largest, -2)?, aten::squeeze::dim.call(&indices, -2)?))
}

/// The size of resized rows, planes or blocks, and the scales if they were given.
fn resized<const RANK: usize>(
    input: &Tensor,
    output_size: Option<&[i64]>,
    scale_factors: Option<&[f64]>,
) -> Result<(Vec<i64>, [Option<f64>; RANK])> {
    let extents = input.sizes().get(2..).unwrap_or_default();
    match (output_size, scale_factors.map(<[f64; RANK]>::try_from)) {
        (Some(size), None) => Ok((size.to_vec(), [None; RANK])),
        (None, Some(Ok(scales))) if extents.len() == RANK => {
            let size = extents.iter().zip(scales).map(|(&extent, scale)| (extent as f64 * scale) as i64);
            Ok((size.collect(), scales.map(Some)))
        }
        _ => Err(refused(format!("give `output_size` or {RANK} of `scale_factors`, and not both"))),
    }
}

/// Resizing to a size or by scales.
macro_rules! resizing {
    ($($kernel:ident($($own:ident: $type:ty)?): $operator:tt = $to_size:expr, [$($scale:ident),*];)*) => {$(
        #[kernel($operator, CompositeExplicitAutograd)]
        fn $kernel(
            input: &Tensor,
            output_size: Option<&[i64]>,
            $($own: $type,)?
            scale_factors: Option<&[f64]>,
        ) -> Result<Tensor> {
            let (size, [$($scale),*]) = resized(input, output_size, scale_factors)?;
            $to_size.call(input, &size $(, $own)? $(, $scale)*)
        }
    )*};
}
resizing! {
    upsample_nearest1d_vec(): "aten::upsample_nearest1d.vec" = aten::upsample_nearest1d::default, [w];
    upsample_nearest2d_vec(): "aten::upsample_nearest2d.vec" = aten::upsample_nearest2d::default, [h, w];
    upsample_nearest3d_vec(): "aten::upsample_nearest3d.vec" = aten::upsample_nearest3d::default, [d, h, w];
    _upsample_nearest_exact1d_vec(): "aten::_upsample_nearest_exact1d.vec"
        = aten::_upsample_nearest_exact1d::default, [w];
    _upsample_nearest_exact2d_vec(): "aten::_upsample_nearest_exact2d.vec"
        = aten::_upsample_nearest_exact2d::default, [h, w];
    _upsample_nearest_exact3d_vec(): "aten::_upsample_nearest_exact3d.vec"
        = aten::_upsample_nearest_exact3d::default, [d, h, w];
    upsample_linear1d_vec(align_corners: bool): "aten::upsample_linear1d.vec" = aten::upsample_linear1d::default, [w];
    upsample_bilinear2d_vec(align_corners: bool): "aten::upsample_bilinear2d.vec"
        = aten::upsample_bilinear2d::default, [h, w];
    upsample_trilinear3d_vec(align_corners: bool): "aten::upsample_trilinear3d.vec"
        = aten::upsample_trilinear3d::default, [d, h, w];
    upsample_bicubic2d_vec(align_corners: bool): "aten::upsample_bicubic2d.vec"
        = aten::upsample_bicubic2d::default, [h, w];
}

/// The dimensions of a tensor in other extents, permuted, in extents of the result.
fn rearranged(x: &Tensor, split: &[i64], order: &[usize], merged: &[i64]) -> Result<Tensor> {
    let order: Vec<i64> = order.iter().map(|&d| d as i64).collect();
    let parts = aten::permute::default.call(&aten::reshape::default.call(x, split)?, &order)?;
    let out = aten::reshape::default.call(&parts, merged)?;
    match out.shares_storage(x) {
        true => aten::clone::default.call(&out, Some(MemoryFormat::Contiguous)),
        false => Ok(out),
    }
}

/// The batch dimensions, and channels, height and width.
fn planes_of<'a>(x: &'a Tensor, factor: (&str, i64)) -> Result<(&'a [i64], [i64; 3])> {
    match x.sizes() {
        [batch @ .., channels, height, width] if factor.1 > 0 => Ok((batch, [*channels, *height, *width])),
        sizes => Err(refused(format!(
            "`self` must have at least 3 dimensions and `{}` be positive; they are {sizes:?} and {}",
            factor.0, factor.1
        ))),
    }
}

#[kernel("aten::pixel_shuffle", CompositeExplicitAutograd)]
fn pixel_shuffle(self_: &Tensor, upscale_factor: i64) -> Result<Tensor> {
    let r = upscale_factor;
    let (batch, [channels, height, width]) = planes_of(self_, ("upscale_factor", r))?;
    let square = r.saturating_mul(r);
    if channels % square != 0 {
        return Err(refused(format!("{channels} channels do not fall into squares of {r} by {r}")));
    }
    let (n, out) = (batch.len(), channels / square);
    let order = (0..n).chain([n, n + 3, n + 1, n + 4, n + 2]).collect::<Vec<_>>();
    let merged = [batch, &[out, height.saturating_mul(r), width.saturating_mul(r)]].concat();
    rearranged(self_, &[batch, &[out, r, r, height, width]].concat(), &order, &merged)
}

#[kernel("aten::pixel_unshuffle", CompositeExplicitAutograd)]
fn pixel_unshuffle(self_: &Tensor, downscale_factor: i64) -> Result<Tensor> {
    let r = downscale_factor;
    let (batch, [channels, height, width]) = planes_of(self_, ("downscale_factor", r))?;
    if height % r != 0 || width % r != 0 {
        return Err(refused(format!("planes of {height} by {width} do not fall into squares of {r} by {r}")));
    }
    let n = batch.len();
    let order = (0..n).chain([n, n + 2, n + 4, n + 1, n + 3]).collect::<Vec<_>>();
    let split = [batch, &[channels, height / r, r, width / r, r]].concat();
    rearranged(
        self_,
        &split,
        &order,
        &[batch, &[channels.saturating_mul(r).saturating_mul(r), height / r, width / r]].concat(),
    )
}

#[kernel("aten::channel_shuffle", CompositeExplicitAutograd)]
fn channel_shuffle(self_: &Tensor, groups: i64) -> Result<Tensor> {
    let [samples, channels, rest @ ..] = self_.sizes() else {
        return Err(refused(format!(
            "`self` must have at least 3 dimensions, its sizes are {:?}",
            self_.sizes()
        )));
    };
    if groups <= 0 || channels % groups != 0 {
        return Err(refused(format!("{channels} channels do not fall into {groups} groups")));
    }
    let elements: i64 = rest.iter().product();
    let split = [*samples, groups, channels / groups, elements];
    rearranged(self_, &split, &[0, 2, 1, 3], self_.sizes())
}

/// A view of memory in a given geometry, for results that are filled part by part.
pub(crate) fn part(x: &Tensor, starts: &[i64], sizes: &[i64]) -> Result<Tensor> {
    let offset: i64 = starts.iter().zip(x.strides()).map(|(start, stride)| start * stride).sum();
    x.view_as(Geometry::new(sizes, x.strides(), x.storage_offset() + offset)?)
}
