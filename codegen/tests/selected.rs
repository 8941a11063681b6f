//! A build of selected operators, compiled and called: what `selected/ops.yaml` generates with `selected/selection.txt`
//! stands beside it, and is kept as it would be generated now (`KEYWAY_BLESS=1` writes it anew).

use std::fs;
use std::path::{Path, PathBuf};

use keyway::{OutputMeta, Result, Scalar, Tensor, find_operator, kernel, structured};
use keyway_codegen::Build;
use keyway_codegen::select::Selection;

include!("selected/operators.rs");

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/selected")
}

fn build() -> Build {
    // Names without an overload mean all of them: the file's `scale` is `scale` and `scale.out`.
    Build::new(folder().join("ops.yaml")).select_from(folder().join("selection.txt"))
}

#[test]
fn the_generated_files_are_those_of_now() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("selected-files");
    build().out_dir(&out).generate().unwrap();
    for file in [
        "operators.rs",
        "operators/aten/d.rs",
        "operators/aten/k.rs",
        "operators/aten/list.rs",
        "operators/aten/s.rs",
    ] {
        let made = fs::read_to_string(out.join(file)).unwrap();
        if std::env::var_os("KEYWAY_BLESS").is_some() {
            fs::write(folder().join(file), &made).unwrap();
        }
        assert!(fs::read_to_string(folder().join(file)).unwrap_or_default() == made, "{file} differs");
    }
}

#[kernel("aten::kept", CPU)]
fn kept(self_: &Tensor) -> Result<Tensor> {
    Ok(self_.clone())
}

#[kernel("aten::dropped", CPU)]
fn dropped(self_: &Tensor) -> Result<Tensor> {
    Ok(self_.clone())
}

#[structured("aten::scale.out")]
fn scale_shape(self_: &Tensor, _by: Scalar) -> Result<OutputMeta> {
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[kernel("aten::scale.out", CPU, structured)]
fn scale_out(_self: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let mut memory = out.storage().write()?;
    memory.elements::<f64>()?.fill(by.to_f64());
    Ok(())
}

#[test]
fn selected_operators_work() {
    let x = Tensor::from_slice(&[1.0], &[1]).unwrap();
    assert!(aten::kept(&x).unwrap().is_same(&x));
    assert_eq!(aten::scale(&x, 3).unwrap().to_vec::<f64>().unwrap(), [3.0]);
    assert!(find_operator("aten::kept").is_ok() && find_operator("aten::scale.out").is_ok());
    assert!(
        aten::OPERATORS.iter().all(|operator| !["aten::dropped", "aten::scale_"].contains(&operator.name()))
    );
}

#[test]
fn others_say_that_they_were_not_selected_by_name_and_by_handle() {
    let x = Tensor::from_slice(&[1.0], &[1]).unwrap();
    let by_name = find_operator("aten::dropped").unwrap_err().to_string();
    assert!(by_name.contains("`aten::dropped` was not selected"), "{by_name}");
    let by_handle = aten::dropped(&x).unwrap_err().to_string();
    assert!(by_handle.contains("was not selected"), "{by_handle}");
    let in_place = aten::scale_::default.call(&x, Scalar::Int(2)).unwrap_err().to_string();
    assert!(in_place.contains("`aten::scale_` was not selected"), "{in_place}");
    assert!(keyway::collected_problems().is_empty());
}

#[test]
fn what_is_left_out_has_no_handle_and_is_known_by_name() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("selected-left-out");
    build().leave_out_unselected().out_dir(&out).generate().unwrap();
    assert!(!out.join("operators/aten/d.rs").exists());
    let list = fs::read_to_string(out.join("operators/aten/list.rs")).unwrap();
    assert!(list.contains("pub static UNSELECTED: &[&str] = &[\n    \"aten::dropped\",\n"), "{list}");
    let shard = fs::read_to_string(out.join("operators/aten/s.rs")).unwrap();
    assert!(!shard.contains("pub mod scale_ ") && shard.contains("FORMS: usize = 2"), "{shard}");
}

#[test]
fn a_selection_that_means_nothing_is_an_error_of_the_build() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("selected-wrong");
    let wrong = build().select(Selection::new().operators(["keptt"])).out_dir(out).generate().unwrap_err();
    assert_eq!(wrong.to_string(), "the list has no operator `keptt`; did you mean `aten::kept`?");
}
