use keyway::{Result, Scalar, Tensor, kernel};
use keyway_compile_fail::sample;

#[kernel("sample::add", CPU)]
fn add(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
    let _ = (b, alpha);
    Ok(a.clone())
}

mod elsewhere {
    use super::*;

    #[kernel("sample::add", CPU)]
    fn plus(a: &Tensor, b: &Tensor, alpha: Scalar) -> Result<Tensor> {
        add(a, b, alpha)
    }

    mod still_further {
        use super::*;

        #[kernel("sample::scale.out", CUDA, structured)]
        fn scale(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
            let _ = (self_, by, out);
            Ok(())
        }
    }
}

#[kernel("sample::scale.out", CUDA, structured)]
fn scale(self_: &Tensor, by: Scalar, out: &Tensor) -> Result<()> {
    let _ = (self_, by, out);
    Ok(())
}

fn main() {}
