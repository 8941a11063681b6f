//! Structured kernels, compiled and called: what `structured/ops.yaml` generates stands beside it, and is kept as it would
//! be generated now (`KEYWAY_BLESS=1` writes it anew). Y175 to Y180.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use keyway::{
    DType, Device, Geometry, OutputMeta, Result, Scalar, StructuredMeta, Tensor, find_operator, kernel,
    structured,
};
use keyway_codegen::{Source, emit, load};

include!("structured/operators.rs");

#[test]
fn the_generated_files_are_those_of_now() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/structured");
    let list = load(Source::read(folder.join("ops.yaml")).unwrap()).unwrap();
    for file in emit::emit(&list).unwrap().into_iter().filter(|file| file.path != "operator_tests.rs") {
        let path = folder.join(&file.path);
        if std::env::var_os("KEYWAY_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.text).unwrap();
        } else {
            assert!(fs::read_to_string(&path).unwrap_or_default() == file.text, "{} differs", file.path);
        }
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec().unwrap()
}

fn tensor(elements: &[f64]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

/// Writes to a tensor without gaps.
fn set(target: &Tensor, elements: &[f64]) -> Result<()> {
    let start = target.storage_offset() as usize;
    let mut memory = target.storage().write()?;
    memory.elements::<f64>()?[start..start + elements.len()].copy_from_slice(elements);
    Ok(())
}

#[kernel("aten::copy_", CPU)]
fn copy_(self_: &Tensor, src: &Tensor) -> Result<()> {
    let (elements, step) = (src.to_vec::<f64>()?, self_.strides().first().copied().unwrap_or(1) as usize);
    let mut memory = self_.storage().write()?;
    for (place, element) in memory.elements::<f64>()?.iter_mut().step_by(step).zip(elements) {
        *place = element;
    }
    Ok(())
}

#[structured("aten::scale.out")]
fn scale_shape(self_: &Tensor, _by: Scalar) -> Result<OutputMeta> {
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[kernel("aten::scale.out", CPU, structured)]
fn scale_out(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let scaled: Vec<f64> = numbers(self_).into_iter().map(|x| x * by.to_f64()).collect();
    set(out, &scaled)
}

/// What the shape function of `total` also finds out.
pub struct Total {
    outputs: OutputMeta,
    asked: Option<DType>,
}

impl StructuredMeta for Total {
    type Plan = Total;
    type Precomputed = ();

    fn outputs(&self) -> &[OutputMeta] {
        std::slice::from_ref(&self.outputs)
    }

    fn plan(&self) -> &Total {
        self
    }

    fn precomputed(&self) -> &() {
        &()
    }
}

#[structured("aten::total.out")]
fn total_shape(
    self_: &Tensor,
    dim: i64,
    dtype: Option<DType>,
) -> Result<(Total, aten::structured_total_out::Precomputed)> {
    let (wrapped, rank) = (dim.rem_euclid(self_.dim() as i64), self_.dim());
    let kept: Vec<i64> = (0..rank).filter(|&d| d as i64 != wrapped).map(|d| self_.sizes()[d]).collect();
    let dtype_of_result = dtype.unwrap_or(DType::Float64);
    let outputs = OutputMeta::contiguous(&kept, dtype_of_result, self_.device())?;
    let len = self_.sizes()[wrapped as usize];
    Ok((Total { outputs, asked: dtype }, aten::structured_total_out::Precomputed { dim: wrapped, kept, len }))
}

#[kernel("aten::total.out", CPU, structured)]
fn total_out(
    plan: &Total,
    self_: &Tensor,
    dim: i64,
    kept: &[i64],
    dtype: Option<DType>,
    len: i64,
    out: &Tensor,
) -> Result<()> {
    assert_eq!((plan.asked, plan.outputs.geometry().sizes()), (dtype, kept));
    let (elements, inner) =
        (numbers(self_), self_.sizes()[dim as usize + 1..].iter().product::<i64>() as usize);
    let sums: Vec<f64> = (0..out.numel())
        .map(|at| {
            let start = at / inner * inner * len as usize + at % inner;
            elements[start..].iter().step_by(inner).take(len as usize).sum()
        })
        .collect();
    set(out, &sums)
}

#[structured("aten::halves.out")]
fn halves_shape(tensors: &[Tensor], _weight: Option<&Tensor>) -> Result<[OutputMeta; 2]> {
    let len = tensors.iter().map(|tensor| tensor.numel() as i64).sum::<i64>();
    let half = |len| OutputMeta::contiguous(&[len], tensors[0].dtype(), tensors[0].device());
    Ok([half(len / 2)?, half(len - len / 2)?])
}

#[kernel("aten::halves.out", CPU, structured)]
fn halves_out(tensors: &[Tensor], weight: Option<&Tensor>, low: &Tensor, high: &Tensor) -> Result<()> {
    let weight = weight.map_or(1.0, |weight| numbers(weight)[0]);
    let all: Vec<f64> = tensors.iter().flat_map(numbers).map(|x| x * weight).collect();
    set(low, &all[..low.numel()])?;
    set(high, &all[low.numel()..])
}

#[structured("aten::mix.out")]
fn mix_shape(self_: &Tensor, _other: &Tensor) -> Result<OutputMeta> {
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

thread_local! {
    /// Whether `mix` filled the memory of an input.
    static REPLACED: Cell<bool> = const { Cell::new(false) };
}

#[kernel("aten::mix.out", CPU, structured, in_place)]
fn mix_out(self_: &Tensor, other: &Tensor, out: &Tensor) -> Result<()> {
    REPLACED.set([self_, other].iter().any(|input| input.storage().is_same(out.storage())));
    let mixed: Vec<f64> = numbers(self_).iter().zip(numbers(other)).map(|(x, y)| x + 10.0 * y).collect();
    set(out, &mixed)
}

#[test]
fn one_kernel_gives_the_functional_the_in_place_and_the_out_form() {
    let x = tensor(&[1.0, 2.0]);
    assert_eq!(numbers(&aten::scale(&x, 3).unwrap()), [3.0, 6.0]);
    assert!(aten::scale_::default.call(&x, Scalar::Int(2)).unwrap().is_same(&x));
    assert_eq!(numbers(&x), [2.0, 4.0]);
    let out = tensor(&[]);
    aten::scale::out.call(&x, Scalar::Int(10), &out).unwrap();
    assert_eq!(numbers(&out), [20.0, 40.0]);
    let boxed = find_operator("aten::scale").unwrap().call([x.into(), keyway::Value::Int(2)]).unwrap();
    assert!(format!("{boxed:?}").contains("Tensor"));
}

#[test]
fn the_shape_function_alone_serves_meta() {
    let x = Tensor::zeros(&[2, 3], DType::Float64, Device::META).unwrap();
    let made = aten::scale(&x, 3).unwrap();
    assert_eq!((made.sizes(), made.device()), (&[2, 3][..], Device::META));
    let total = aten::total::default.call(&x, -1, Some(DType::Float64)).unwrap();
    assert_eq!(total.sizes(), [2]);
    let out = Tensor::zeros(&[0], DType::Float64, Device::META).unwrap();
    aten::scale::out.call(&x, Scalar::Int(1), &out).unwrap();
    assert_eq!(out.sizes(), [2, 3]);
}

#[test]
fn precomputed_values_replace_arguments_and_follow_them() {
    let x = Tensor::from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]).unwrap();
    assert_eq!(numbers(&aten::total::default.call(&x, -1, None).unwrap()), [6.0, 15.0]);
    assert_eq!(numbers(&aten::total::default.call(&x, 0, None).unwrap()), [5.0, 7.0, 9.0]);
}

#[test]
fn an_out_form_takes_the_dtype_of_its_argument_where_none_is_asked_for() {
    let (x, out) = (tensor(&[1.0]), Tensor::zeros(&[], DType::Float32, Device::CPU).unwrap());
    let error = aten::total::out.call(&x, 0, Some(DType::Float64), &out).unwrap_err().to_string();
    assert!(error.contains("must have the dtype of the result, float64, it has float32"), "{error}");
    let out = Tensor::zeros(&[], DType::Float64, Device::CPU).unwrap();
    aten::total::out.call(&x, 0, None, &out).unwrap();
    assert_eq!(numbers(&out), [1.0]);
}

#[test]
fn several_results_and_lists_of_tensors_work() {
    let tensors = [tensor(&[1.0, 2.0]), tensor(&[3.0])];
    let (low, high) = aten::halves::default.call(&tensors, Some(&tensor(&[2.0]))).unwrap();
    assert_eq!((numbers(&low), numbers(&high)), (vec![2.0], vec![4.0, 6.0]));
    let (low, high) = (tensor(&[]), tensor(&[0.0]));
    aten::halves::out.call(&tensors, None, &low, &high).unwrap();
    assert_eq!((numbers(&low), numbers(&high)), (vec![1.0], vec![2.0, 3.0]));
}

#[test]
fn an_out_argument_with_other_strides_or_shared_memory_is_copied_to() {
    let every_second = tensor(&[0.0; 4]).view_as(Geometry::new(&[2], &[2], 0).unwrap()).unwrap();
    aten::scale::out.call(&tensor(&[1.0, 2.0]), Scalar::Int(5), &every_second).unwrap();
    assert_eq!(numbers(&every_second), [5.0, 10.0]);
    let x = tensor(&[1.0, 2.0, 3.0]);
    let view = |offset| x.view_as(Geometry::new(&[2], &[1], offset).unwrap()).unwrap();
    let error = aten::scale::out.call(&view(0), Scalar::Int(2), &view(1)).unwrap_err().to_string();
    assert!(error.contains("share a part of their memory"), "{error}");
    let repeated = tensor(&[1.0]).view_as(Geometry::new(&[2], &[0], 0).unwrap()).unwrap();
    let error = aten::scale_::default.call(&repeated, Scalar::Int(2)).unwrap_err().to_string();
    assert!(error.contains("one place in memory"), "{error}");
}

/// A kernel that says `in_place` fills an input, in-place and out forms alike, but only if all that it reads there are the
/// same elements.
#[test]
fn an_in_place_form_needs_no_tensor_where_the_kernel_can_do_without() {
    let (x, y) = (tensor(&[1.0, 2.0]), tensor(&[3.0, 4.0]));
    aten::mix_::default.call(&x, &y).unwrap();
    assert_eq!((numbers(&x), REPLACED.get()), (vec![31.0, 42.0], true));
    aten::mix::out.call(&x, &y, &y).unwrap();
    assert_eq!((numbers(&y), REPLACED.get()), (vec![61.0, 82.0], true));
    let view = y.view_as(Geometry::new(&[2], &[1], 0).unwrap()).unwrap();
    aten::mix_::default.call(&y, &view).unwrap();
    assert_eq!((numbers(&y), REPLACED.get()), (vec![671.0, 902.0], true));
    aten::mix_::default.call(&tensor(&[1.0]), &tensor(&[2.0])).unwrap();
    assert!(REPLACED.get());
    aten::mix(&x, &x).unwrap();
    assert!(!REPLACED.get());
}

#[test]
fn an_in_place_form_fills_another_tensor_where_its_own_would_be_read_after_it_is_written() {
    let z = tensor(&[1.0, 2.0, 3.0, 4.0]);
    let part = |from, step| z.view_as(Geometry::new(&[2], &[step], from).unwrap()).unwrap();
    // What it reads besides are other elements of the same memory.
    aten::mix_::default.call(&part(0, 1), &part(2, 1)).unwrap();
    assert_eq!((numbers(&z), REPLACED.get()), (vec![31.0, 42.0, 3.0, 4.0], false));
    // A part of them is the same: nothing is written.
    let error = aten::mix_::default.call(&part(0, 1), &part(1, 1)).unwrap_err().to_string();
    assert!(error.contains("share a part of their memory"), "{error}");
    assert_eq!(numbers(&z), [31.0, 42.0, 3.0, 4.0]);
    // The shape function asks for other strides.
    aten::mix_::default.call(&part(0, 2), &tensor(&[1.0, 1.0])).unwrap();
    assert_eq!((numbers(&z), REPLACED.get()), (vec![41.0, 42.0, 13.0, 4.0], false));
}

#[test]
fn what_the_argument_cannot_take_is_an_error_that_names_the_operator() {
    let out = Tensor::zeros(&[2], DType::Float32, Device::CPU).unwrap();
    let error = aten::scale::out.call(&tensor(&[1.0, 2.0]), Scalar::Int(5), &out).unwrap_err();
    assert!(error.to_string().contains("aten::scale.out"), "{error}");
    let meta = Tensor::zeros(&[2], DType::Float64, Device::META).unwrap();
    assert!(aten::scale::out.call(&tensor(&[1.0]), Scalar::Int(5), &meta).is_err());
}
