//! Kernels with results that may be undefined, which typed kernels do not have: gradients that were not asked for.

use keyway::{Argument, Error, ErrorKind, Result, Stack, Tensor, Value};

/// The argument at a position.
pub(crate) fn argument<'a, A: Argument<'a>>(arguments: &'a [Value], position: usize) -> Result<A> {
    A::from_value(&arguments[position]).ok_or_else(|| {
        Error::new(
            ErrorKind::WrongValueKind,
            format!("the argument at position {position} is of another kind"),
        )
    })
}

/// Replaces the last arguments on the stack, `count` of them, by what a function makes of them.
pub(crate) fn answer<const N: usize>(
    stack: &mut Stack,
    count: usize,
    function: impl FnOnce(&[Value]) -> Result<[Option<Tensor>; N]>,
) -> Result<()> {
    let base = stack.base_of(count)?;
    let results = function(&stack[base..])?;
    stack.truncate(base);
    results.into_iter().for_each(|result| stack.push(result.map_or(Value::None, Value::from)));
    Ok(())
}
