//! Cases of intercepted calls: what a mode, a subclass and the generic fallbacks add to a call.

use std::hint::black_box;

use keyway::{
    Answer, Call, DispatchMode, Mode, OperatorSet, Result, Stack, Tensor, TensorSubclass, WrapperMetadata,
    put_mode,
};

use super::{Case, bench, case, tensor};

/// Calls on.
struct Forwarding;

impl DispatchMode for Forwarding {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        call.forward()?;
        Ok(Answer::Done)
    }
}

/// Answers a call whose result is its argument, which is where it has to be already.
struct Answering;

impl DispatchMode for Answering {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        call.answer_with(|_, _| Ok(()))?;
        Ok(Answer::Done)
    }
}

/// Does what the boxed kernel of one tensor does, so that the difference to its call is what intercepting costs.
struct Discarding;

impl DispatchMode for Discarding {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        call.answer([])?;
        Ok(Answer::Done)
    }
}

/// A class that wants no operator.
struct Idle(OperatorSet);

impl TensorSubclass for Idle {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        call.forward()?;
        Ok(Answer::Done)
    }

    fn operators(&self) -> Option<&OperatorSet> {
        Some(&self.0)
    }
}

fn idle() -> Tensor {
    let inner = tensor();
    let class = Idle(OperatorSet::new([]).expect("there is a place for its key"));
    Tensor::wrapper(class, WrapperMetadata::like(&inner).sharing(&inner))
}

/// Puts modes on the thread's stack when its case first runs, so that other cases are without.
fn under(is_on: &mut bool, modes: usize, make: fn() -> Mode) {
    if !*is_on {
        *is_on = true;
        (0..modes).for_each(|_| put_mode(&make()).expect("a user's mode has no slot"));
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("typed call under a mode that forwards, 1 tensor", (tensor(), false), |(x, is_on)| {
            under(is_on, 1, || Mode::new(Forwarding));
            bench::intercepted::default.call(black_box(x))
        }),
        case!("typed call under three modes that forward, 1 tensor", (tensor(), false), |(x, is_on)| {
            under(is_on, 3, || Mode::new(Forwarding));
            bench::intercepted::default.call(black_box(x))
        }),
        case!("typed call answered by a mode, 1 tensor", (tensor(), false), |(x, is_on)| {
            under(is_on, 1, || Mode::new(Discarding));
            bench::boxed_one::default.call(black_box(x))
        }),
        case!("boxed call answered by a mode, 1 tensor", (Stack::from_iter([tensor()]), false), |(
            stack,
            is_on,
        )| {
            under(is_on, 1, || Mode::new(Answering));
            bench::one_::default.operator().call_boxed(black_box(stack))
        }),
        case!("typed call of the same operator, plain tensor", tensor(), |x| {
            bench::intercepted::default.call(black_box(x))
        }),
        case!("typed call of a subclass that wants nothing, 1 tensor", None, |x| {
            bench::intercepted::default.call(black_box(x.get_or_insert_with(idle)))
        }),
    ]
}
