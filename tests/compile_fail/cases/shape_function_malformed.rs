use keyway::{OutputMeta, Result, Scalar, Tensor, structured};
keyway_compile_fail::sample_operators!();

#[structured(scale)]
fn unquoted(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[structured("sample::scale.out", CPU)]
fn with_a_key(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[structured("scale.out")]
fn without_a_namespace(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[structured("sample::scale..out")]
fn not_a_name(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[structured("sample::scale.out")]
struct NotAFunction;

#[structured("sample::scale.out")]
async fn asynchronous(self_: &Tensor, by: Scalar) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[structured("sample::scale.out")]
fn generic(self_: &Tensor, by: impl Into<Scalar>) -> Result<OutputMeta> {
    let _ = by;
    OutputMeta::contiguous(self_.sizes(), self_.dtype(), self_.device())
}

#[structured("sample::scale.out")]
fn without_a_result(self_: &Tensor, by: Scalar) {
    let _ = (self_, by);
}

fn main() {}
