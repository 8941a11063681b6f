//! Rules: what runs instead of a handler, for one operator and one exact type of mode or subclass (P70).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::interpreter::call::{Answer, Call};
use crate::interpreter::candidates::HandlerType;
use crate::operator::Operator;

/// A rule: it is given the call as the handler would be, with the mode off that it speaks for. Its answer stands for the handler's.
pub type Rule = Arc<dyn Fn(&mut Call<'_>) -> Result<Answer> + Send + Sync>;

/// An operator's name, of which there is one each, and the type.
type Key = (&'static str, HandlerType);

static RULES: RwLock<Option<HashMap<Key, (Rule, Place)>>> = RwLock::new(None);
/// How many there are, so that calls look for one only then.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A registered rule; dropping it takes the rule away.
#[must_use = "the rule goes away when this is dropped"]
#[derive(Debug)]
pub struct RuleRegistration(&'static Operator, HandlerType);

/// Registers a rule for an operator and a type, which is matched exactly.
///
/// # Errors
/// `DuplicateRule` if there is one, naming its place (P218, row 67).
#[track_caller]
pub fn register_rule(
    operator: &'static Operator,
    handler: HandlerType,
    rule: Rule,
) -> Result<RuleRegistration> {
    let mut rules = RULES.write();
    let rules = rules.get_or_insert_default();
    if let Some((_, place)) = rules.get(&(operator.name(), handler)) {
        let message = format!("{handler} has a rule for it already, from {place}; drop that one first");
        return Err(Error::new(ErrorKind::DuplicateRule, message).in_operator(operator.name()));
    }
    rules.insert((operator.name(), handler), (rule, Place::here()));
    COUNT.fetch_add(1, Ordering::Release);
    Ok(RuleRegistration(operator, handler))
}

impl Drop for RuleRegistration {
    fn drop(&mut self) {
        let removed = RULES.write().as_mut().and_then(|rules| rules.remove(&(self.0.name(), self.1)));
        COUNT.fetch_sub(1, Ordering::Release);
        // The rule's state may call back; the lock is free by now.
        drop(removed);
    }
}

/// The rule of an operator and a type.
#[inline]
pub(super) fn find(operator: &'static Operator, handler: impl FnOnce() -> HandlerType) -> Option<Rule> {
    if COUNT.load(Ordering::Acquire) == 0 {
        return None;
    }
    let rules = RULES.read();
    rules.as_ref()?.get(&(operator.name(), handler())).map(|(rule, _)| rule.clone())
}
