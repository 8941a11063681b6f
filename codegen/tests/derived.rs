//! Kernels of derived variants, compiled and called: what `derived/ops.yaml` generates stands beside it, and is kept as
//! it would be generated now (`KEYWAY_BLESS=1` writes it anew).

use std::fs;
use std::path::Path;

use keyway::{Geometry, Result, Tensor, kernel};
use keyway_codegen::{Source, emit, load};

include!("derived/operators.rs");

#[test]
fn the_generated_files_are_those_of_now() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/derived");
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

fn set(target: &Tensor, elements: &[f64]) -> Result<()> {
    let mut memory = target.storage().write()?;
    memory.elements::<f64>()?[..elements.len()].copy_from_slice(elements);
    Ok(())
}

#[kernel("aten::clone", CPU)]
fn clone(self_: &Tensor) -> Result<Tensor> {
    Tensor::from_slice(&self_.to_vec::<f64>()?, self_.sizes())
}

#[kernel("aten::copy_", CPU)]
fn copy_(self_: &Tensor, src: &Tensor) -> Result<()> {
    set(self_, &src.to_vec::<f64>()?)
}

#[kernel("aten::resize_", CPU)]
fn resize_(self_: &Tensor, size: &[i64]) -> Result<()> {
    self_.set_geometry(Geometry::contiguous(size)?)
}

#[kernel("aten::half_", CPU)]
fn half_(self_: &Tensor) -> Result<()> {
    let halves: Vec<f64> = self_.to_vec::<f64>()?.iter().map(|x| x / 2.0).collect();
    set(self_, &halves)
}

#[kernel("aten::pair", CPU)]
fn pair(self_: &Tensor) -> Result<(Tensor, Tensor)> {
    let doubled: Vec<f64> = self_.to_vec::<f64>()?.iter().map(|x| x * 2.0).collect();
    Ok((tensor(&doubled), tensor(&[1.0])))
}

#[kernel("aten::note", CPU)]
fn note(self_: &Tensor, seen: &Tensor) -> Result<Tensor> {
    set(seen, &self_.to_vec::<f64>()?)?;
    Ok(tensor(&[7.0]))
}

#[kernel("aten::all_", CPU)]
fn all_(self_: &[Tensor]) -> Result<()> {
    self_.iter().try_for_each(|tensor| set(tensor, &[0.5]))
}

#[test]
fn a_functional_variant_leaves_its_arguments_alone() {
    let x = tensor(&[4.0, 6.0]);
    let half = aten::half::default.call(&x).unwrap();
    assert_eq!((numbers(&half), numbers(&x)), (vec![2.0, 3.0], vec![4.0, 6.0]));
    let seen = tensor(&[0.0]);
    let (result, noted) = aten::note_functional::default.call(&tensor(&[3.0]), &seen).unwrap();
    assert_eq!((numbers(&result), numbers(&noted), numbers(&seen)), (vec![7.0], vec![3.0], vec![0.0]));
    let list = [tensor(&[1.0]), tensor(&[2.0])];
    let halves = aten::all::default.call(&list).unwrap();
    assert_eq!((numbers(&halves[1]), numbers(&list[1])), (vec![0.5], vec![2.0]));
}

#[test]
fn an_out_variant_resizes_and_fills_its_out_arguments() {
    let out = tensor(&[]);
    let returned = aten::half::out.call(&tensor(&[4.0, 6.0]), &out).unwrap();
    assert!(returned.is_same(&out));
    assert_eq!((numbers(&out), out.sizes()), (vec![2.0, 3.0], &[2][..]));
    let (first, second) = (tensor(&[]), tensor(&[0.0]));
    aten::pair::out.call(&tensor(&[1.0]), &first, &second).unwrap();
    assert_eq!((numbers(&first), numbers(&second)), (vec![2.0], vec![1.0]));
    let (seen, out) = (tensor(&[0.0]), tensor(&[0.0]));
    aten::note::out.call(&tensor(&[3.0]), &seen, &out).unwrap();
    assert_eq!((numbers(&seen), numbers(&out)), (vec![3.0], vec![7.0]));
    let targets = [tensor(&[0.0]), tensor(&[0.0])];
    aten::all::out.call(&[tensor(&[1.0]), tensor(&[2.0])], &targets).unwrap();
    assert_eq!(numbers(&targets[0]), [0.5]);
}

#[test]
fn an_out_argument_of_another_dtype_or_number_is_an_error() {
    let out = Tensor::from_slice(&[0_i64], &[1]).unwrap();
    let error = aten::half::out.call(&tensor(&[4.0]), &out).unwrap_err().to_string();
    assert!(error.contains("the out argument is"), "{error}");
    let error = aten::all::out.call(&[tensor(&[1.0])], &[]).unwrap_err().to_string();
    assert!(error.contains("1 results for 0 out arguments"), "{error}");
}
