//! Convolutions by their public names: samples without a batch dimension, padding by a word.

use keyway::{Error, Result, Scalar, Tensor, kernel};

use crate::aten;
use crate::shape::convolution::{Parameters, same_padding};
use crate::shape::window::{for_each_dimension, refused};

/// Runs a convolution of samples of `rank` dimensions, with a batch dimension put in where there is none.
fn convolve(
    rank: usize,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    parameters: Parameters<'_>,
) -> Result<Tensor> {
    let run = |input: &Tensor| {
        let Parameters { stride, padding, dilation, transposed, output_padding, groups } = parameters;
        let (stride, padding) =
            (for_each_dimension("stride", stride, rank)?, for_each_dimension("padding", padding, rank)?);
        let (dilation, output_padding) = (
            for_each_dimension("dilation", dilation, rank)?,
            for_each_dimension("output_padding", output_padding, rank)?,
        );
        let operator = aten::convolution::default;
        operator.call(input, weight, bias, &stride, &padding, &dilation, transposed, &output_padding, groups)
    };
    if weight.dim() != rank + 2 {
        return Err(refused(format!(
            "`weight` must have {} dimensions, its sizes are {:?}",
            rank + 2,
            weight.sizes()
        )));
    }
    match input.dim() {
        dim if dim == rank + 2 => run(input),
        dim if dim == rank + 1 => {
            let batched = run(&aten::unsqueeze::default.call(input, 0)?)?;
            aten::squeeze::dim.call(&batched, 0)
        }
        _ => Err(refused(format!(
            "`input` must have {} dimensions, or {} with a batch, its sizes are {:?}",
            rank + 1,
            rank + 2,
            input.sizes()
        ))),
    }
}

macro_rules! convolutions {
    ($($operator:tt $kernel:ident($rank:literal);)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel(
            input: &Tensor,
            weight: &Tensor,
            bias: Option<&Tensor>,
            stride: &[i64],
            padding: &[i64],
            dilation: &[i64],
            groups: i64,
        ) -> Result<Tensor> {
            let parameters =
                Parameters { stride, padding, dilation, transposed: false, output_padding: &[0], groups };
            convolve($rank, input, weight, bias, parameters)
        }
    )*};
}
convolutions! {
    "aten::conv1d" conv1d(1);
    "aten::conv2d" conv2d(2);
    "aten::conv3d" conv3d(3);
}

macro_rules! transposed_convolutions {
    ($($operator:tt $kernel:ident($rank:literal);)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel(
            input: &Tensor,
            weight: &Tensor,
            bias: Option<&Tensor>,
            stride: &[i64],
            padding: &[i64],
            output_padding: &[i64],
            groups: i64,
            dilation: &[i64],
        ) -> Result<Tensor> {
            let parameters = Parameters { stride, padding, dilation, transposed: true, output_padding, groups };
            convolve($rank, input, weight, bias, parameters)
        }
    )*};
}
transposed_convolutions! {
    "aten::conv_transpose1d" conv_transpose1d(1);
    "aten::conv_transpose2d.input" conv_transpose2d_input(2);
    "aten::conv_transpose3d.input" conv_transpose3d_input(3);
}

macro_rules! padded_convolutions {
    ($($operator:tt $kernel:ident($rank:literal);)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel(
            input: &Tensor,
            weight: &Tensor,
            bias: Option<&Tensor>,
            stride: &[i64],
            padding: &str,
            dilation: &[i64],
            groups: i64,
        ) -> Result<Tensor> {
            let parameters =
                Parameters { stride, padding: &[0], dilation, transposed: false, output_padding: &[0], groups };
            padded($rank, input, weight, bias, padding, parameters)
        }
    )*};
}
padded_convolutions! {
    "aten::conv1d.padding" conv1d_padding(1);
    "aten::conv2d.padding" conv2d_padding(2);
    "aten::conv3d.padding" conv3d_padding(3);
}

/// A convolution with padding by a word. Where the two sides differ, the second one is padded beforehand.
fn padded(
    rank: usize,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    padding: &str,
    parameters: Parameters<'_>,
) -> Result<Tensor> {
    match padding {
        "valid" => convolve(rank, input, weight, bias, parameters),
        "same" => {
            let kernel = weight.sizes().get(2..).unwrap_or_default();
            let around = same_padding(kernel, parameters.stride, parameters.dilation)?;
            let padding: Vec<i64> = around.iter().map(|(before, _)| *before).collect();
            let parameters = Parameters { padding: &padding, ..parameters };
            if around.iter().all(|(before, after)| before == after) {
                return convolve(rank, input, weight, bias, parameters);
            }
            let rest: Vec<i64> =
                around.iter().rev().flat_map(|(before, after)| [0, after - before]).collect();
            let padded = aten::constant_pad_nd::default.call(input, &rest, Scalar::Int(0))?;
            convolve(rank, &padded, weight, bias, parameters)
        }
        other => Err(Error::new(
            keyway::ErrorKind::Runtime,
            format!("`padding` must be numbers, \"same\" or \"valid\", it is {other:?}"),
        )),
    }
}
