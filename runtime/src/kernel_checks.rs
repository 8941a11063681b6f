//! What `#[kernel]` has the compiler check, in words of its own: that the operator exists, how many arguments it has, of
//! which types they and the result are.
//!
//! The codes are those of `keyway_schema::codes`. Nothing here runs: it is taken in by constants and inlined away.

use std::marker::PhantomData;

use crate::error::Result;
use crate::kernel::Kernel;
use crate::key_set::KeySet;
use crate::signature::Signature;
use crate::typed_operator::TypedOperator;

/// A signature of `N` arguments. Implemented by [`signature!`](crate::signature).
#[diagnostic::on_unimplemented(
    message = "KW0503: the function has {N} arguments, its operator has another number of them",
    label = "{N} arguments, a key set before them not counted",
    note = "a kernel takes all arguments of the schema, in its order; `keyway explain KW0503` says more"
)]
pub trait TakesArguments<const N: usize>: Signature<Fn = <Self as TakesArguments<N>>::Function> {
    /// The type of its kernels.
    type Function: Copy;
}

/// A typed kernel of an operator, from a function of `N` arguments.
pub const fn typed<const N: usize, S: TakesArguments<N>>(
    operator: &'static TypedOperator<S>,
    f: <S as TakesArguments<N>>::Function,
) -> Kernel {
    match operator.is_unselected() {
        // Nothing refers to the function then, so that it is not in the program.
        true => Kernel::unselected(),
        false => Kernel::typed::<S>(f),
    }
}

/// What an operator gives to an argument of type `T`: a `T`.
#[diagnostic::on_unimplemented(
    message = "KW0504: the operator gives `{Self}` here, the function takes `{T}`",
    label = "the schema says `{Self}`",
    note = "arguments come in the order of the schema and are borrowed, written ones too; `keyway explain KW0504` says more"
)]
pub trait GivenAs<T> {
    /// The value.
    fn given(self) -> T;
}

impl<T> GivenAs<T> for T {
    #[inline(always)]
    fn given(self) -> T {
        self
    }
}

/// An argument on its way from the operator to the function.
#[inline(always)]
pub fn argument<T, G: GivenAs<T>>(value: G) -> T {
    value.given()
}

/// What a function may return where `Expected` is wanted: the same.
#[diagnostic::on_unimplemented(
    message = "KW0505: the operator returns `{Expected}`, the function `{Self}`",
    label = "must be `{Expected}`",
    note = "kernels of in-place and out forms return `Result<()>`; `keyway explain KW0505` says more"
)]
pub trait KernelResult<Expected> {
    /// The result, with the operator's name in its error.
    fn of(self, operator: &'static str) -> Expected;
}

impl<T> KernelResult<Result<T>> for Result<T> {
    #[inline(always)]
    fn of(self, operator: &'static str) -> Result<T> {
        self.map_err(|error| error.in_operator(operator))
    }
}

/// What no operator returns. With these, the compiler cannot guess what is expected from what the function returns, and
/// compares the two with the message above.
#[derive(Debug)]
pub enum Unexpected<const WHICH: bool> {}

impl<R> KernelResult<Unexpected<true>> for R {
    fn of(self, _: &'static str) -> Unexpected<true> {
        unreachable!("no operator returns it")
    }
}

impl<R> KernelResult<Unexpected<false>> for R {
    fn of(self, _: &'static str) -> Unexpected<false> {
        unreachable!("no operator returns it")
    }
}

/// A kernel's result on its way to the caller, with the operator's name in its error.
#[inline(always)]
pub fn returned<Expected, R: KernelResult<Expected>>(result: R, operator: &'static str) -> Expected {
    result.of(operator)
}

/// As [`returned`], for boxed functions, which serve operators of any name.
#[inline(always)]
pub fn returned_boxed<R: BoxedResult>(result: R) -> Result<()> {
    result.same()
}

/// What a boxed kernel or a fallback returns.
#[diagnostic::on_unimplemented(
    message = "KW0511: a boxed kernel returns `Result<()>`, the function `{Self}`",
    label = "must be `Result<()>`",
    note = "results go on the stack; `keyway explain KW0511` says more"
)]
pub trait BoxedResult {
    /// The result.
    fn same(self) -> Result<()>;
}

impl BoxedResult for Result<()> {
    #[inline(always)]
    fn same(self) -> Result<()> {
        self
    }
}

/// What a shape function returns.
#[diagnostic::on_unimplemented(
    message = "KW0513: a shape function returns `Result<OutputMeta>`, the function `{Self}`",
    label = "must be a `Result`",
    note = "`keyway explain KW0513` says more"
)]
pub trait ResultOf {
    /// What it returns if all goes well.
    type Value;

    /// The same.
    fn result(self) -> Result<Self::Value>;
}

impl<T> ResultOf for Result<T> {
    type Value = T;

    #[inline(always)]
    fn result(self) -> Result<T> {
        self
    }
}

/// The signature of an operator that does not exist. `#[kernel]` puts an operator of it where that of the list would
/// be found, so that one unknown name gives the one message of [`known`].
#[derive(Debug)]
pub struct NoSignature<F>(PhantomData<F>);

impl<F: Copy + Send + Sync + 'static> Signature for NoSignature<F> {
    type Fn = F;
    type Arguments<'a> = ();
    type Returns = ();
    const GIVEN_BACK: &'static [usize] = &[];

    fn apply(_: F, _: KeySet, (): Self::Arguments<'_>) -> Result<()> {
        Err(crate::error::Error::not_implemented("there is no such operator"))
    }
}

impl<const N: usize, F: Copy + Send + Sync + 'static> TakesArguments<N> for NoSignature<F> {
    type Function = F;
}

/// Evaluated by the compiler for each kernel.
///
/// # Panics
/// If `operator`, `name.overload`, is not one of the sorted names of its namespace, nor, with the namespace before it, one of
/// those that are not built: the message, which is then the compiler's, has the nearest one.
#[track_caller]
pub const fn known(namespace: &str, operator: &str, names: &[&str], unselected: &[&str]) {
    let full = Message::new().then(namespace).then("::").then(operator);
    if is_among(operator, names) || is_among(full.text(), unselected) {
        return;
    }
    let message = Message::new().then("KW0502: there is no operator `").then(full.text()).then("`");
    let message = match nearest(operator, names) {
        Some(near) => message.then("; did you mean `").then(namespace).then("::").then(near).then("`?"),
        None => message.then(" in the list its namespace was generated from"),
    };
    panic!("{}", message.text());
}

/// As [`known`], for `#[structured]` and structured kernels: `structured` are the sorted names of structured operators.
///
/// # Panics
/// If there is no such operator, or it is not structured; the message has the nearest one that is.
#[track_caller]
pub const fn known_structured(
    namespace: &str,
    operator: &str,
    names: &[&str],
    unselected: &[&str],
    structured: &[&str],
) {
    known(namespace, operator, names, unselected);
    if is_among(operator, structured) || !is_among(operator, names) {
        return;
    }
    let message = Message::new()
        .then("KW0512: `")
        .then(namespace)
        .then("::")
        .then(operator)
        .then("` is not structured");
    let message = match nearest(operator, structured) {
        Some(near) => message.then("; did you mean `").then(namespace).then("::").then(near).then("`?"),
        None => message.then(": its entry would say `structured: True`"),
    };
    panic!("{}", message.text());
}

/// Whether a name is one of some sorted ones.
pub const fn is_among(name: &str, names: &[&str]) -> bool {
    let (mut low, mut high) = (0, names.len());
    while low < high {
        let middle = (low + high) / 2;
        match order(names[middle].as_bytes(), name.as_bytes()) {
            0 => return true,
            1 => high = middle,
            _ => low = middle + 1,
        }
    }
    false
}

/// 0 if they are equal, 1 if the first comes after the second, 2 if before.
const fn order(a: &[u8], b: &[u8]) -> u8 {
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return if a[at] > b[at] { 1 } else { 2 };
        }
        at += 1;
    }
    if a.len() == b.len() {
        0
    } else if a.len() > b.len() {
        1
    } else {
        2
    }
}

/// The longest name that is compared letter by letter.
const LONGEST: usize = 63;

/// The nearest name: of the overloads of the same operator, or else of those with few letters that differ.
const fn nearest<'n>(operator: &str, names: &[&'n str]) -> Option<&'n str> {
    let mut overloads = None;
    let (mut least_of_overloads, mut least) = (usize::MAX, operator.len().div_ceil(3) + 1);
    let mut best = None;
    let mut at = 0;
    while at < names.len() {
        let name = names[at];
        if same_base(name.as_bytes(), operator.as_bytes()) {
            let distance = distance(name.as_bytes(), operator.as_bytes());
            if overloads.is_none() || distance < least_of_overloads {
                (overloads, least_of_overloads) = (Some(name), distance);
            }
        } else if name.len().abs_diff(operator.len()) < least
            && share_an_end(name.as_bytes(), operator.as_bytes())
        {
            // Most names are far off in length or ends; the compiler counts the steps of an evaluation.
            let distance = distance(name.as_bytes(), operator.as_bytes());
            if distance < least {
                (best, least) = (Some(name), distance);
            }
        }
        at += 1;
    }
    if overloads.is_some() { overloads } else { best }
}

/// Whether the first or the last letter is the same, as after nearly every slip.
const fn share_an_end(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([first, ..], [other, ..]) if first.eq_ignore_ascii_case(other) => true,
        ([.., last], [.., other]) => last.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// Whether what stands before the overload is the same.
const fn same_base(a: &[u8], b: &[u8]) -> bool {
    let length = base_length(a);
    if length != base_length(b) {
        return false;
    }
    let mut at = 0;
    while at < length {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn base_length(name: &[u8]) -> usize {
    let mut at = 0;
    while at < name.len() && name[at] != b'.' {
        at += 1;
    }
    at
}

/// Edit distance, as `keyway_schema::suggest` counts it, in terms the compiler can evaluate.
const fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let mut row = [0; LONGEST + 1];
    let mut column = 0;
    while column <= b.len() {
        row[column] = column;
        column += 1;
    }
    let mut line = 0;
    while line < a.len() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        let mut column = 0;
        while column < b.len() {
            let same = a[line].eq_ignore_ascii_case(&b[column]);
            let mut cost = if same { diagonal } else { diagonal + 1 };
            diagonal = row[column + 1];
            if diagonal + 1 < cost {
                cost = diagonal + 1;
            }
            if row[column] + 1 < cost {
                cost = row[column] + 1;
            }
            row[column + 1] = cost;
            column += 1;
        }
        line += 1;
    }
    row[b.len()]
}

/// A text put together by the compiler; what does not fit is left out.
struct Message {
    bytes: [u8; 512],
    length: usize,
}

impl Message {
    const fn new() -> Message {
        Message { bytes: [0; 512], length: 0 }
    }

    const fn then(mut self, part: &str) -> Message {
        let part = part.as_bytes();
        let mut at = 0;
        while at < part.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = part[at];
            self.length += 1;
            at += 1;
        }
        self
    }

    const fn text(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "KW0502: there is no such operator",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["add.Scalar", "add.Tensor", "add_.Tensor", "mul", "relu", "scatter_reduce.two"];

    #[test]
    fn names_that_are_not_built_pass() {
        known("aten", "sub", NAMES, &["aten::div", "aten::sub"]);
    }

    #[test]
    fn known_names_pass() {
        NAMES.iter().for_each(|name| known("aten", name, NAMES, &[]));
    }

    #[test]
    fn unknown_names_are_told_with_the_nearest() {
        for (name, near) in [
            ("ad.Tensor", "; did you mean `aten::add.Tensor`?"),
            ("RELU", "; did you mean `aten::relu`?"),
            ("reluu", "; did you mean `aten::relu`?"),
            ("mul.Tensor", "; did you mean `aten::mul`?"),
            ("add.NoSuchOverload", "; did you mean `aten::add.Scalar`?"),
            ("convolution", " in the list its namespace was generated from"),
        ] {
            let panic = std::panic::catch_unwind(|| known("aten", name, NAMES, &[])).unwrap_err();
            let message = panic.downcast_ref::<String>().unwrap();
            assert_eq!(*message, format!("KW0502: there is no operator `aten::{name}`{near}"));
        }
    }

    #[test]
    fn distances_are_those_of_the_other_suggestions() {
        for (a, b) in
            [("add.Tensor", "add.Tensr"), ("relu", "RELU"), ("mul", "relu"), ("", "a"), ("ab", "ba")]
        {
            let near = keyway_schema::suggest::nearest(a, [b]).is_some();
            assert_eq!(distance(a.as_bytes(), b.as_bytes()) <= a.len().div_ceil(3), near, "{a} {b}");
        }
    }
}
