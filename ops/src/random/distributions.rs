//! From words to numbers: uniform, normal and other distributions, number by number as ATen makes them.
//!
//! What happens at the level of tensors (order of elements, the other method of long normal fills) is in `cpu::random`.

use std::f64::consts::PI;

use super::Engine;

/// One word, of which 24 bits count: from 0 up to, but without, 1.
#[inline]
pub(crate) fn single_uniform(engine: &mut Engine) -> f32 {
    (engine.word() & 0x00ff_ffff) as f32 / (1u32 << 24) as f32
}

/// Two words, of which 53 bits count: from 0 up to, but without, 1.
#[inline]
pub(crate) fn double_uniform(engine: &mut Engine) -> f64 {
    (engine.double_word() & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
}

/// A number of the standard normal distribution. They are made in pairs; the engine keeps the second one.
pub(crate) fn standard_normal(engine: &mut Engine) -> f64 {
    if let Some(kept) = engine.kept_normal.take() {
        return kept;
    }
    let (turn, length) = (double_uniform(engine), double_uniform(engine));
    let (radius, angle) = ((-2.0 * (-length).ln_1p()).sqrt(), 2.0 * PI * turn);
    engine.kept_normal = Some(radius * angle.sin());
    radius * angle.cos()
}

/// A number of the normal distribution.
pub(crate) fn normal(engine: &mut Engine, mean: f64, std: f64) -> f64 {
    standard_normal(engine) * std + mean
}

/// A number whose logarithm is normal.
pub(crate) fn log_normal(engine: &mut Engine, mean: f64, std: f64) -> f64 {
    normal(engine, mean, std).exp()
}

/// The time until something happens that happens `rate` times in a unit.
pub(crate) fn exponential(engine: &mut Engine, rate: f64) -> f64 {
    -(-double_uniform(engine)).ln_1p() / rate
}

/// A number of the Cauchy distribution.
pub(crate) fn cauchy(engine: &mut Engine, median: f64, sigma: f64) -> f64 {
    median + sigma * (PI * (double_uniform(engine) - 0.5)).tan()
}

/// How many tries it takes until one succeeds, with probability `p` each.
pub(crate) fn geometric(engine: &mut Engine, p: f64) -> f64 {
    (double_uniform(engine).ln() / (-p).ln_1p()).ceil()
}

/// Whether a try succeeds, with probability `p`.
pub(crate) fn bernoulli(engine: &mut Engine, p: f64) -> bool {
    double_uniform(engine) < p
}

/// Whether a try succeeds, with a probability in single precision.
pub(crate) fn single_bernoulli(engine: &mut Engine, p: f32) -> bool {
    single_uniform(engine) < p
}

/// Ranges from here on take two words for a number, so that none is much more likely than another.
const WIDE: u64 = 1 << 28;

/// An integer of a range of so many, 0 meaning all there are, from `base` on.
pub(crate) fn integer(engine: &mut Engine, range: u64, base: i64) -> i64 {
    let offset = match range {
        // All there are begin nowhere.
        0 => return engine.double_word() as i64,
        WIDE.. => engine.double_word() % range,
        _ => u64::from(engine.word()) % range,
    };
    base.wrapping_add(offset as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_come_in_pairs() {
        let mut engine = Engine::new(3);
        let first = standard_normal(&mut engine);
        let kept = engine.kept_normal;
        let after_one = engine.clone().word();
        assert_eq!(Some(standard_normal(&mut engine)), kept);
        assert_eq!(engine.word(), after_one, "the second number takes no words");
        assert_ne!(Some(first), kept);
    }

    #[test]
    fn integers_stay_in_their_range_and_wide_ranges_take_two_words() {
        let mut engine = Engine::new(1);
        assert!((0..1_000).all(|_| (-3..4).contains(&integer(&mut engine, 7, -3))));
        let (mut narrow, mut wide) = (Engine::new(1), Engine::new(1));
        integer(&mut narrow, WIDE - 1, 0);
        integer(&mut wide, WIDE, 0);
        narrow.word();
        assert_eq!(narrow.word(), wide.word());
    }
}
