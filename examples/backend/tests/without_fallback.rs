//! What is only true while nothing else runs: without the fallback, and what memory is in use.

use chip::{CAPACITY, bytes_in_use, fall_back_to_host, take_fallen_back, to_chip, to_host};
use keyway::{ErrorKind, Result, Tensor};
use keyway_ops::{TensorMethods, aten};

#[test]
fn without_the_fallback_a_missing_kernel_is_an_error() -> Result<()> {
    let chip = chip::register()?;
    let x = to_chip(&Tensor::from_slice(&[-1.0f32, 4.0], &[2])?)?;
    assert_eq!(to_host(&x.relu()?)?.to_vec::<f32>()?, [0.0, 4.0]);

    let error = x.sqrt().unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::NoKernel, Some("aten::sqrt")));
    assert_eq!(error.key(), Some(chip.key()));
    for words in ["aten::sqrt: no kernel for Chip", r#"#[kernel("aten::sqrt", "Chip")]"#] {
        assert!(error.to_string().contains(words), "{error}");
    }

    let fallback = fall_back_to_host()?;
    assert_eq!(fall_back_to_host().unwrap_err().kind(), ErrorKind::DuplicateFallback);
    take_fallen_back();
    assert_eq!(to_host(&x.relu()?.sqrt()?)?.to_vec::<f32>()?, [0.0, 2.0]);
    assert_eq!(take_fallen_back().into_iter().collect::<Vec<_>>(), [("aten::sqrt", 1)]);
    drop(fallback);
    assert_eq!(x.sqrt().unwrap_err().kind(), ErrorKind::NoKernel);

    let before = bytes_in_use();
    let y = x.add(&x)?;
    assert_eq!(bytes_in_use(), before + 8);
    drop(y);
    assert_eq!(bytes_in_use(), before);
    let too_much = [CAPACITY as i64];
    let error = aten::empty::memory_format.call(&too_much, None, None, Some(chip.device()), None, None);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Runtime);
    assert_eq!(bytes_in_use(), before);
    Ok(())
}
