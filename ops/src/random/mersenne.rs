//! The Mersenne Twister (MT19937) of CPU generators, and its state as bytes.

use keyway::{Error, ErrorKind, Result};

/// How many words a state has.
const WORDS: usize = 624;
/// How far apart the words are that are mixed.
const SHIFT: usize = 397;
/// The bytes of a saved state: seed, how many words are left, whether it is seeded, the next word, the words, three
/// numbers and a flag that older versions kept their normal numbers in, and the kept normal number of this one.
const BYTES: usize = 8 + 4 + 4 + 8 + 8 * WORDS + 3 * 8 + 8 + 8;

/// Makes 32-bit words of a seed, and keeps what a distribution has left over for its next number.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    seed: u64,
    words: [u32; WORDS],
    /// The next word, and how many are left before new ones are made.
    next: usize,
    left: usize,
    /// The second normal number of a pair, in double and in single precision.
    pub(crate) kept_normal: Option<f64>,
    kept_single: Option<f32>,
}

impl Engine {
    /// The engine at the start of a seed's stream. Of the seed the low 32 bits count.
    pub(crate) fn new(seed: u64) -> Engine {
        let mut words = [0; WORDS];
        words[0] = seed as u32;
        for i in 1..WORDS {
            let before: u32 = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Engine { seed, words, next: 0, left: 1, kept_normal: None, kept_single: None }
    }

    /// The seed it was started with.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The next word.
    #[inline]
    pub(crate) fn word(&mut self) -> u32 {
        self.left -= 1;
        if self.left == 0 {
            self.twist();
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// The next two words as one of 64 bits, the first one above.
    #[inline]
    pub(crate) fn double_word(&mut self) -> u64 {
        let above = u64::from(self.word());
        above << 32 | u64::from(self.word())
    }

    /// Makes the next words of the current ones.
    fn twist(&mut self) {
        for i in 0..WORDS {
            let (upper, lower) = (self.words[i] & 0x8000_0000, self.words[(i + 1) % WORDS] & 0x7fff_ffff);
            let odd = if lower & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + SHIFT) % WORDS] ^ ((upper | lower) >> 1) ^ odd;
        }
        (self.next, self.left) = (0, WORDS);
    }

    /// Where it is, in PyTorch's layout.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend(self.seed.to_le_bytes());
        bytes.extend((self.left as u32).to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((self.next as u64).to_le_bytes());
        self.words.iter().for_each(|&word| bytes.extend(u64::from(word).to_le_bytes()));
        let kept = self.kept_normal;
        // The numbers are x, y and rho of older versions, of which y alone is still in use.
        [0.0, kept.unwrap_or(0.0), 0.0].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(u64::from(kept.is_some()).to_le_bytes());
        bytes.extend(self.kept_single.unwrap_or(0.0).to_le_bytes());
        bytes.extend(u32::from(self.kept_single.is_some()).to_le_bytes());
        bytes
    }

    /// The engine of saved bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Engine> {
        let mut rest = bytes;
        let mut take = |count: usize| -> Option<[u8; 8]> {
            let (taken, after) = rest.split_at_checked(count)?;
            rest = after;
            let mut number = [0; 8];
            number[..count].copy_from_slice(taken);
            Some(number)
        };
        let mut number = |count| take(count).map(u64::from_le_bytes);
        let mut read = || -> Option<Engine> {
            let (seed, left, _seeded, next) =
                (number(8)?, number(4)? as usize, number(4)?, number(8)? as usize);
            let mut words = [0; WORDS];
            for word in &mut words {
                *word = number(8)? as u32;
            }
            let (_x, normal, _rho) = (number(8)?, f64::from_bits(number(8)?), number(8)?);
            let kept_normal = (number(8)? as u32 != 0).then_some(normal);
            let single = f32::from_bits(number(4)? as u32);
            let kept_single = (number(4)? & 0xff != 0).then_some(single);
            // Each word taken makes the next position one larger and what is left one smaller.
            let fits = (left, next) == (1, 0) || ((1..=WORDS).contains(&left) && next + left == WORDS + 1);
            fits.then_some(Engine { seed, words, next, left, kept_normal, kept_single })
        };
        let engine = if bytes.len() == BYTES { read() } else { None };
        engine.ok_or_else(|| {
            let message = format!("the {} bytes are no state of a generator on the CPU", bytes.len());
            Error::new(ErrorKind::Runtime, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_reference() {
        let mut engine = Engine::new(5489);
        assert_eq!(engine.word(), 3_499_211_612);
        // The ten thousandth word, which C++ promises of its generator of this name.
        (1..9_999).for_each(|_| {
            engine.word();
        });
        assert_eq!(engine.word(), 4_123_659_995);
    }

    #[test]
    fn a_saved_engine_goes_on_where_it_was() {
        for drawn in [0, 1, 623, 624, 625, 2_000] {
            let mut engine = Engine::new(7);
            (0..drawn).for_each(|_| {
                engine.word();
            });
            engine.kept_normal = Some(0.25);
            let bytes = engine.to_bytes();
            assert_eq!(bytes.len(), 5_056);
            let mut restored = Engine::from_bytes(&bytes).unwrap();
            assert_eq!((restored.seed(), restored.kept_normal), (7, Some(0.25)));
            assert!((0..700).all(|_| restored.word() == engine.word()), "after {drawn} words");
        }
        assert!(Engine::from_bytes(&[0; 5_056]).is_err() && Engine::from_bytes(&[1, 2]).is_err());
    }
}
