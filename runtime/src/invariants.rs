//! What must hold of every operator at any time, and the check of it.

use std::fmt;

use crate::key::{AliasKey, DispatchKey};
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::registry;
use crate::table::{Fallbacks, Registrations, Table};

/// Something that must hold of an operator and does not (D173). Each is a defect of the runtime, never of its user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The schema is of another name than the operator.
    SchemaName {
        /// The operator.
        operator: &'static Operator,
        /// The name in the schema.
        name: String,
    },
    /// Calls use another kernel than the registrations say, by the identity of kernels (better than D174).
    StaleTable {
        /// The operator.
        operator: &'static Operator,
        /// The key.
        key: DispatchKey,
        /// The kernel that calls use.
        used: String,
        /// The kernel that the registrations say.
        registered: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::SchemaName { operator, name } => write!(f, "{operator}: its schema is of `{name}`"),
            Violation::StaleTable { operator, key, used, registered } => {
                write!(f, "{operator}: calls at {key} use {used}, registered is {registered}")
            }
        }
    }
}

/// Checks every operator: its schema is its own, and its table, if it has been computed, is what its kernels and the fallbacks say now (D173). Empty unless the runtime is broken.
///
/// ```
/// assert!(keyway::check_invariants().is_empty());
/// ```
pub fn check_invariants() -> Vec<Violation> {
    let mut violations = Vec::new();
    registry::with_all(|operators, fallbacks| {
        for operator in operators {
            check_operator(operator, fallbacks, &mut violations);
        }
    });
    violations
}

fn check_operator(operator: &'static Operator, fallbacks: &Fallbacks, violations: &mut Vec<Violation>) {
    if let Some(definition) = operator.definition() {
        let name = definition.schema.name.to_string();
        if name != operator.name() {
            violations.push(Violation::SchemaName { operator, name });
        }
    }
    let state = operator.state.lock();
    let table = operator.current_table();
    // A table that is not computed yet, or says that two kernels claim one key, has nothing to compare.
    if table.is_built && state.conflict.is_none() {
        check_table(operator, table, &state.kernels, fallbacks, violations);
    }
}

fn check_table(
    operator: &'static Operator,
    table: &Table,
    kernels: &Registrations,
    fallbacks: &Fallbacks,
    violations: &mut Vec<Violation>,
) {
    let aliases = AliasKey::ALL.map(KeySet::of_alias);
    for key in std::iter::once(DispatchKey::Undefined).chain(DispatchKey::all()) {
        let cell = table.cell(key);
        let (kernel, origin) = kernels.resolve(key, fallbacks, &aliases);
        if cell.kernel.map(std::ptr::from_ref) != kernel.map(std::ptr::from_ref) || cell.origin != origin {
            let [used, registered] =
                [(cell.kernel, cell.origin), (kernel, origin)].map(|(kernel, origin)| {
                    kernel.map_or("none".to_owned(), |kernel| format!("{kernel:?} [{origin}]"))
                });
            violations.push(Violation::StaleTable { operator, key, used, registered });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernel;
    use crate::library::Library;

    /// D174: two kernels made alike are two kernels.
    #[test]
    fn a_stale_table_is_found_by_the_identity_of_kernels() {
        let mut library = Library::define("stale").unwrap();
        let operator = library.def("f(int x) -> int").unwrap();
        let kernel = || Kernel::closure(|_, _, _| Ok(()));
        library.kernel("f", DispatchKey::CPU, kernel()).unwrap();
        let _ = operator.table();
        assert!(check_invariants().is_empty());

        static ALIKE: Kernel = Kernel::boxed(|_, _, _| Ok(())).named("alike");
        operator.state.lock().kernels.add(DispatchKey::CPU.into(), &ALIKE);
        let found = check_invariants();
        let [Violation::StaleTable { operator: stale, key: DispatchKey::CPU, .. }] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(*stale, operator);
        assert!(found[0].to_string().contains("registered is alike"), "{}", found[0]);

        operator.state.lock().kernels.remove(&ALIKE);
        assert!(check_invariants().is_empty());
    }
}
