//! Keys added at run time: backends by name, functionalities at a place in the order.
//!
//! Keys are added and never taken away, so reading them needs no lock. A backend takes a bit between the built-in ones
//! and `Meta`; a functionality takes one of the spare bits, and its place in the order is a rank beside it. Built-in
//! functionalities rank by their bits, so sets without added ones are ordered by their highest bit alone.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use keyway_schema::keys::{self, BACKENDS, FUNCTIONALITIES};
use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};
use crate::key::{Backend, DispatchKey, Functionality};

/// The first backend bit for added ones; `Meta` has the last bit of the word.
const FIRST_BACKEND: usize = BACKENDS.len() - 1;
const BACKEND_PLACES: usize = 63 - FIRST_BACKEND;

/// The number of the first added functionality; bit 62 and 63 of the word stay free.
pub(crate) const FIRST_FUNCTIONALITY: usize = FUNCTIONALITIES.len() + 1;
pub(crate) const FUNCTIONALITY_PLACES: usize = 62 - FUNCTIONALITIES.len();

/// The bits of added functionalities in a set.
pub(crate) const ADDED_FUNCTIONALITIES: u64 = ((1 << FUNCTIONALITY_PLACES) - 1) << (FIRST_FUNCTIONALITY - 1);

/// For each functionality by number, the bits of those below it in the order: what a kernel masks its keys with when it passes a
/// call on, so it is kept ready.
static BELOW: [AtomicU64; 64] = {
    let mut below = [const { AtomicU64::new(0) }; 64];
    let mut number = 1;
    while number <= FUNCTIONALITIES.len() {
        below[number] = AtomicU64::new((1 << (number - 1)) - 1);
        number += 1;
    }
    below
};

struct Added {
    name: &'static str,
    rank: u64,
}

static ADDED_BACKENDS: [OnceLock<&'static str>; BACKEND_PLACES] = [const { OnceLock::new() }; BACKEND_PLACES];
static BACKEND_COUNT: AtomicUsize = AtomicUsize::new(0);
static ADDED: [OnceLock<Added>; FUNCTIONALITY_PLACES] = [const { OnceLock::new() }; FUNCTIONALITY_PLACES];
static ADDED_COUNT: AtomicUsize = AtomicUsize::new(0);
/// Bits of added functionalities that are backends of their own.
static BACKEND_LIKE: AtomicU64 = AtomicU64::new(0);
/// Orders additions.
static ADDING: Mutex<()> = Mutex::new(());

/// How many backends there are in the word below `Meta`.
pub(crate) fn backends_below_meta() -> usize {
    FIRST_BACKEND + BACKEND_COUNT.load(Ordering::Acquire)
}

pub(crate) fn is_added_backend(backend: Backend) -> bool {
    (FIRST_BACKEND..63).contains(&(backend.0 as usize))
}

pub(crate) fn backend_name(backend: Backend) -> &'static str {
    match backend.0 as usize {
        63 => BACKENDS[BACKENDS.len() - 1],
        at if at < FIRST_BACKEND => BACKENDS[at],
        at => ADDED_BACKENDS[at - FIRST_BACKEND].get().copied().unwrap_or("an unknown backend"),
    }
}

pub(crate) fn functionality_count() -> usize {
    ADDED_COUNT.load(Ordering::Acquire)
}

pub(crate) fn functionality_name(number: u8) -> &'static str {
    match (number as usize).checked_sub(FIRST_FUNCTIONALITY) {
        None => FUNCTIONALITIES[number as usize - 1].name,
        Some(at) => ADDED[at].get().map_or("an unknown functionality", |added| added.name),
    }
}

/// Where a functionality stands in the order; higher is handled first. 0 is `Undefined`.
pub(crate) fn rank(number: u8) -> u64 {
    match (number as usize).checked_sub(FIRST_FUNCTIONALITY) {
        None => u64::from(number) << 32,
        Some(at) => ADDED[at].get().map_or(0, |added| added.rank),
    }
}

/// The bits of the functionalities below one; none for 0.
#[inline]
pub(crate) fn below(number: u8) -> u64 {
    BELOW[usize::from(number) % BELOW.len()].load(Ordering::Acquire)
}

/// Has a new functionality stand below those that rank higher, and those that rank lower below it.
fn put_in_order(number: usize, rank: u64) {
    let bit = 1 << (number - 1);
    for held in Functionality::all() {
        if self::rank(held.0) > rank {
            BELOW[usize::from(held.0)].fetch_or(bit, Ordering::Release);
        } else {
            BELOW[number].fetch_or(1 << (held.0 - 1), Ordering::Release);
        }
    }
}

/// Bits of added functionalities that belong to the backend keys, like `FPGA` among the built-in ones.
pub(crate) fn backend_like() -> u64 {
    BACKEND_LIKE.load(Ordering::Acquire)
}

/// The added functionality or backend's key of this name.
pub(crate) fn parse(name: &str) -> Option<DispatchKey> {
    if let Some(at) = ADDED.iter().position(|place| place.get().is_some_and(|added| added.name == name)) {
        return Some(DispatchKey::plain((FIRST_FUNCTIONALITY + at) as u8));
    }
    let added = (FIRST_BACKEND..backends_below_meta()).map(|at| Backend(at as u8));
    added.filter(|backend| name.ends_with(backend.name())).find_map(|backend| {
        let prefix = &name[..name.len() - backend.name().len()];
        let block = FUNCTIONALITIES.iter().position(|f| f.per_backend_prefix == Some(prefix))?;
        Some(DispatchKey::of(Functionality(block as u8 + 1), backend))
    })
}

/// The names of all added keys, for "did you mean".
pub(crate) fn names() -> Vec<String> {
    DispatchKey::all().filter(|&key| is_added(key)).map(|key| key.to_string()).collect()
}

/// Whether a key was added, or belongs to a backend that was.
pub(crate) fn is_added(key: DispatchKey) -> bool {
    key.number() as usize >= FIRST_FUNCTIONALITY || key.backend().is_some_and(is_added_backend)
}

fn check_name(name: &str, what: &str) -> Result<()> {
    let mut bytes = name.bytes();
    let is_word = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_word {
        let message = format!("`{name}` cannot name a {what}: use letters, digits and `_`, a letter first");
        return Err(Error::new(ErrorKind::Value, message));
    }
    Ok(())
}

fn is_taken(name: &str) -> bool {
    keys::parse(name).is_some() || parse(name).is_some()
}

fn taken(name: &str) -> Error {
    Error::new(ErrorKind::DuplicateKey, format!("there is a key `{name}` already"))
}

/// Adds a backend below `Meta` and above those added before.
pub(crate) fn add_backend(name: &str) -> Result<Backend> {
    check_name(name, "backend")?;
    let _adding = ADDING.lock();
    // Devices print in lower case, so names that differ in case only would read the same there.
    if let Some(held) = Backend::all().find(|held| held.name().eq_ignore_ascii_case(name)) {
        return Err(taken(held.name()));
    }
    let prefixes = FUNCTIONALITIES.iter().filter_map(|f| f.per_backend_prefix);
    for key in prefixes.map(|prefix| format!("{prefix}{name}")) {
        if is_taken(&key) {
            return Err(taken(&key));
        }
    }
    let at = BACKEND_COUNT.load(Ordering::Acquire);
    let Some(place) = ADDED_BACKENDS.get(at) else {
        let message = format!("{BACKEND_PLACES} backends were added already, which is all that fit");
        return Err(Error::new(ErrorKind::Value, message));
    };
    place.get_or_init(|| String::leak(name.to_owned()));
    BACKEND_COUNT.store(at + 1, Ordering::Release);
    Ok(Backend((FIRST_BACKEND + at) as u8))
}

/// Adds a functionality directly above or below a key's.
pub(crate) fn add_functionality(
    name: &str,
    beside: DispatchKey,
    above: bool,
    backend_like: bool,
) -> Result<DispatchKey> {
    check_name(name, "functionality")?;
    let _adding = ADDING.lock();
    if is_taken(name) {
        return Err(taken(name));
    }
    let at = ADDED_COUNT.load(Ordering::Acquire);
    let Some(place) = ADDED.get(at) else {
        let message =
            format!("{FUNCTIONALITY_PLACES} functionalities were added already, which is all that fit");
        return Err(Error::new(ErrorKind::Value, message));
    };
    let rank = rank_beside(rank(beside.number()), above)?;
    place.get_or_init(|| Added { name: String::leak(name.to_owned()), rank });
    let number = FIRST_FUNCTIONALITY + at;
    if backend_like {
        BACKEND_LIKE.fetch_or(1 << (number - 1), Ordering::Release);
    }
    put_in_order(number, rank);
    ADDED_COUNT.store(at + 1, Ordering::Release);
    Ok(DispatchKey::plain(number as u8))
}

/// Half way to the neighbour.
fn rank_beside(rank: u64, above: bool) -> Result<u64> {
    let ranks = || Functionality::all().map(|f| self::rank(f.0));
    let neighbour = match above {
        true => ranks().find(|&r| r > rank).unwrap_or(rank + (1 << 32)),
        false => ranks().rev().find(|&r| r < rank).unwrap_or(0),
    };
    let middle = rank.midpoint(neighbour);
    if middle == rank || middle == neighbour {
        return Err(Error::new(ErrorKind::Value, "too many functionalities were added at this place"));
    }
    Ok(middle)
}
