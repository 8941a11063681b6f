/// A copy, for a kernel that may only write to copies.
fn __kw_copy(tensor: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    clone::default.call(tensor)
}

/// A copy in row-major order, for what a view would share.
fn __kw_dense_copy(tensor: &::keyway::Tensor) -> ::keyway::Result<::keyway::Tensor> {
    clone::default.call(tensor)
}

/// Writes a result to an argument, which takes its size. Another dtype or device is an error.
fn __kw_write(target: &::keyway::Tensor, source: &::keyway::Tensor) -> ::keyway::Result<()> {
    if target.dtype() != source.dtype() || target.device() != source.device() {
        return ::std::result::Result::Err(::keyway::Error::dtype(::std::format!(
            "the result is {} on {}, but the out argument is {} on {}",
            source.dtype(), source.device(), target.dtype(), target.device(),
        )));
    }
    if target.sizes() != source.sizes() {
        let sizes = source.sizes();
        resize_::default.call(target, sizes)?;
    }
    copy_::default.call(target, source).map(|_| ())
}

/// Writes results to the tensors of a list.
fn __kw_write_all(targets: &[::keyway::Tensor], sources: &[::keyway::Tensor]) -> ::keyway::Result<()> {
    if targets.len() != sources.len() {
        return ::std::result::Result::Err(::keyway::Error::shape(::std::format!(
            "{} results for {} out arguments", sources.len(), targets.len(),
        )));
    }
    targets.iter().zip(sources).try_for_each(|(target, source)| __kw_write(target, source))
}
