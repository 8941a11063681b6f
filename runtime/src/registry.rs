//! What is registered in the process: operators by name, kernels, fallbacks.
//!
//! One lock orders all changes; calls never take it. A change happens whole or not at all and returns an owned
//! [`Registration`] (law 3). What `#[kernel]`, `#[fallback]` and generated lists announced is collected here once,
//! sorted, before the first look.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use keyway_schema::{OperatorName, Schema, suggest};
use parking_lot::{Mutex, MutexGuard};

use crate::announced::{
    CollectedFallback, CollectedKernel, CollectedKernels, FallbackRegistration, KernelRegistration,
    OperatorList, UnselectedOperators,
};
use crate::definition::Definition;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::inference;
use crate::kernel::Kernel;
use crate::key::{DispatchKey, RegistrationKey};
use crate::listener::{self, OperatorChange};
use crate::name_index::NameIndex;
use crate::operator::Operator;
use crate::retired::Retired;
use crate::table::{Fallbacks, Table};

#[derive(Default)]
struct Registry {
    fallbacks: Fallbacks,
    /// Kernels for keys that nobody has added yet.
    waiting: Vec<&'static KernelRegistration>,
    /// Fallbacks of such keys.
    waiting_fallbacks: Vec<&'static FallbackRegistration>,
    namespaces: BTreeMap<String, Place>,
    /// How many registrations keep a name, with or without definition and kernels (D123).
    names: BTreeMap<&'static str, usize>,
    /// What could not be collected; [`collected_problems`] tells.
    problems: Vec<Error>,
    retired: Retired,
}

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);
/// Operators by name. Changed only with the registry's lock held, read without.
static OPERATORS: NameIndex = NameIndex::new();
static COLLECTED: AtomicBool = AtomicBool::new(false);

fn registry() -> MutexGuard<'static, Registry> {
    let mut registry = REGISTRY.lock();
    if !COLLECTED.load(Ordering::Relaxed) {
        registry.collect();
        COLLECTED.store(true, Ordering::Release);
    }
    registry
}

/// Takes in what generated lists, `#[kernel]` and `#[fallback]` announced, if that has not happened yet. Happens by
/// itself before the first look-up and the first call; a crate's `register` function calls it so that naming the
/// function keeps the linker from dropping the crate.
pub fn collect() {
    if !COLLECTED.load(Ordering::Acquire) {
        drop(registry());
    }
}

/// What was wrong with the announcements collected from linked crates: fallbacks that claim one key, operators that
/// claim one name. Two kernels for one key are reported by every call of their operator instead.
pub fn collected_problems() -> Vec<String> {
    let registry = registry();
    let waiting = registry.waiting.iter().map(|kernel| {
        let KernelRegistration { operator, key, kernel, .. } = kernel;
        format!("{operator}: {kernel:?} waits for the key {key:?}, which nobody has added")
    });
    let fallbacks = registry.waiting_fallbacks.iter().map(|FallbackRegistration { key, kernel }| {
        format!("the fallback {kernel:?} waits for the key {key:?}, which nobody has added")
    });
    registry.problems.iter().map(ToString::to_string).chain(waiting).chain(fallbacks).collect()
}

/// Adds a key, has every table computed again and lets kernels in that waited for it. Nothing is computed or checked
/// while the key is there and the tables do not have it.
pub(crate) fn add_key<K>(add: impl FnOnce() -> Result<K>) -> Result<K> {
    let mut registry = registry();
    let key = add()?;
    let waiting = std::mem::take(&mut registry.waiting);
    registry.announce(waiting);
    let waiting = std::mem::take(&mut registry.waiting_fallbacks);
    registry.announce_fallbacks(waiting);
    registry.unpublish_all();
    Ok(key)
}

impl Registry {
    fn collect(&mut self) {
        let mut operators: Vec<_> =
            inventory::iter::<OperatorList>().flat_map(|list| list.0).copied().collect();
        operators.sort_by_key(|operator| operator.name());
        for operator in operators {
            if *OPERATORS.insert(operator) != *operator {
                let message = "two linked operator lists define it; calls by name reach the first";
                self.problems.push(Error::new(ErrorKind::DuplicateDef, message).in_operator(operator.name()));
            }
        }
        self.collect_kernels();
        self.collect_fallbacks();
    }

    fn collect_kernels(&mut self) {
        let several = inventory::iter::<CollectedKernels>().flat_map(|kernels| kernels.0);
        let kernels = inventory::iter::<CollectedKernel>().map(|kernel| kernel.0).chain(several);
        self.announce(kernels.filter(|registration| !registration.is_unselected()).collect());
    }

    fn announce(&mut self, kernels: Vec<&'static KernelRegistration>) {
        let mut known = Vec::new();
        for kernel in kernels {
            match kernel.key.resolve() {
                Some(key) => {
                    let place = kernel.kernel.place();
                    known.push((kernel.operator.name(), key, kernel.overriding, place, kernel));
                }
                None => self.waiting.push(kernel),
            }
        }
        known.sort_by_key(|(name, key, overriding, place, _)| (*name, *key, *overriding, *place));
        // One after the other: of two for one key, the first may be overridden by one that says so, once.
        let mut overridden = None;
        for (name, key, overriding, place, KernelRegistration { operator, kernel, .. }) in known {
            OPERATORS.insert(operator);
            let mut state = operator.state.lock();
            let may_override = overriding && overridden != Some((name, key));
            match state.kernels.at(key) {
                Some(first) if !may_override => state.conflict = Some((key, first.place(), place)),
                _ => state.kernels.add(key, kernel),
            }
            if overriding {
                overridden = Some((name, key));
            }
        }
    }

    fn collect_fallbacks(&mut self) {
        self.announce_fallbacks(inventory::iter::<CollectedFallback>().map(|fallback| fallback.0).collect());
    }

    fn announce_fallbacks(&mut self, fallbacks: Vec<&'static FallbackRegistration>) {
        let mut known = Vec::new();
        for fallback in fallbacks {
            match fallback.key.resolve() {
                Some(key) => known.push((key, &fallback.kernel)),
                None => self.waiting_fallbacks.push(fallback),
            }
        }
        known.sort_by_key(|(key, kernel)| (*key, kernel.place()));
        for (key, kernel) in known {
            if let Err(problem) = self.add_fallback(key, kernel) {
                self.problems.push(problem);
            }
        }
    }

    fn check_fallback(&self, key: RegistrationKey, kernel: &Kernel) -> Result<()> {
        if let Some((key, held)) = self.fallbacks.conflict(key) {
            let message = format!("{key} has a fallback already: {held:?}; this one is {kernel:?}");
            return Err(Error::new(ErrorKind::DuplicateFallback, message).at_key(key));
        }
        Ok(())
    }

    fn add_fallback(&mut self, key: RegistrationKey, kernel: &'static Kernel) -> Result<()> {
        self.check_fallback(key, kernel)?;
        self.fallbacks.add(key, kernel);
        self.unpublish_all();
        Ok(())
    }

    fn unpublish_all(&self) {
        OPERATORS.iter().for_each(Operator::unpublish);
    }

    /// Whether anything is registered for an operator.
    fn is_in_use(&self, operator: &Operator) -> bool {
        operator.is_defined()
            || self.names.contains_key(operator.name())
            || !operator.state.lock().kernels.is_empty()
    }

    /// The entry of a name; a new one is made once and kept.
    fn entry(&mut self, name: &str) -> &'static Operator {
        if let Some(operator) = OPERATORS.get(name) {
            return operator;
        }
        let name: &'static str = String::leak(name.to_owned());
        let operator: &'static Operator = Box::leak(Box::new(Operator::new(name, None, None)));
        OPERATORS.insert(operator)
    }
}

/// Computes an operator's table and publishes it.
pub(crate) fn build_table(operator: &'static Operator) -> &'static Table {
    let registry = registry();
    let state = operator.state.lock();
    let table = match state.conflict.is_some() {
        // No cell has a kernel, so that every call reports the conflict.
        true => Table::without_kernels(),
        false => state.kernels.table(&registry.fallbacks, operator.signature()),
    };
    operator.publish(table.shared())
}

/// The operator of this full name (`aten::add.Tensor`), generated or defined at run time.
///
/// # Errors
/// `UnknownOperator` with the nearest name; `MissingDef` if there are kernels for the name but no definition.
pub fn find_operator(name: &str) -> Result<&'static Operator> {
    collect();
    let found = OPERATORS.get(name);
    match found {
        Some(operator) if operator.definition().is_some() => Ok(operator),
        _ => Err(not_found(name, found)),
    }
}

#[cold]
fn not_found(name: &str, found: Option<&'static Operator>) -> Error {
    let registry = registry();
    match found {
        Some(operator) if registry.is_in_use(operator) => operator.undefined(),
        _ if is_unselected(name) => Error::new(ErrorKind::UnknownOperator, not_selected(name)),
        _ => {
            let in_use = by_name().into_iter().filter(|operator| registry.is_in_use(operator));
            let message = match suggest::nearest(name, in_use.map(|operator| operator.name())) {
                Some(near) => format!("there is no operator `{name}`; did you mean `{near}`?"),
                None => format!("there is no operator `{name}`"),
            };
            Error::new(ErrorKind::UnknownOperator, message)
        }
    }
}

/// Whether an operator was left out when its list was built.
pub(crate) fn is_unselected(name: &str) -> bool {
    inventory::iter::<UnselectedOperators>().any(|list| list.0.contains(&name))
}

/// What is said of such an operator.
pub(crate) fn not_selected(name: &str) -> String {
    format!(
        "the operator `{name}` was not selected when its list was built; add it to the selection and build again"
    )
}

/// Every operator there ever was, by name.
fn by_name() -> Vec<&'static Operator> {
    let mut operators: Vec<_> = OPERATORS.iter().collect();
    operators.sort_unstable_by_key(|operator| operator.name());
    operators
}

/// An operator with its schema, unless that is a generated one which nobody has looked at yet.
pub(crate) type Defined = (&'static Operator, Option<&'static Schema>);

/// Hands over the operators that are defined, by name, while nothing can change.
pub(crate) fn with_defined(f: impl FnOnce(&mut dyn Iterator<Item = Defined>)) {
    let _held = registry();
    let defined = by_name().into_iter().filter(|operator| operator.is_defined());
    f(&mut defined.map(|operator| (operator, operator.parsed_definition().map(|parsed| &parsed.schema))));
}

/// Hands over every operator and the fallbacks, while nothing can change.
pub(crate) fn with_all(f: impl FnOnce(&mut dyn Iterator<Item = &'static Operator>, &Fallbacks)) {
    let registry = registry();
    f(&mut by_name().into_iter(), &registry.fallbacks);
}

/// The active kernel of an operator at exactly this key.
pub(crate) fn kernel_at(operator: &Operator, key: RegistrationKey) -> Option<&'static Kernel> {
    collect();
    operator.state.lock().kernels.at(key)
}

/// The kernels of an operator by key, the newest first.
pub(crate) fn kernels_of(operator: &Operator) -> Vec<(RegistrationKey, Vec<&'static Kernel>)> {
    collect();
    let state = operator.state.lock();
    let newest_first =
        |kernels: &mut dyn DoubleEndedIterator<Item = &'static Kernel>| kernels.rev().collect();
    state.kernels.entries().map(|(key, mut kernels)| (key, newest_first(&mut kernels))).collect()
}

/// The fallback of a run-time key, registered or the runtime's own.
pub(crate) fn fallback_at(key: DispatchKey) -> Option<&'static Kernel> {
    registry().fallbacks.get(key)
}

/// Whether a kernel belongs to a live registration of an operator or of a fallback.
pub(crate) fn is_registered(operator: &Operator, kernel: &'static Kernel) -> bool {
    let registry = registry();
    let state = operator.state.lock();
    let own = state.kernels.all().any(|held| std::ptr::eq(held, kernel));
    own || registry.fallbacks.holds(kernel)
}

/// Every operator that has a kernel at exactly this key, alias keys included, by name (D134).
pub fn operators_with_kernel(key: impl Into<RegistrationKey>) -> Vec<&'static Operator> {
    let key = key.into();
    collect();
    by_name().into_iter().filter(|operator| operator.state.lock().kernels.at(key).is_some()).collect()
}

/// Every operator that is defined, by name.
pub fn operators() -> Vec<&'static Operator> {
    collect();
    by_name().into_iter().filter(|operator| operator.schema().is_some()).collect()
}

/// Operators that have kernels but no definition, by name (D96).
pub fn dangling_operators() -> Vec<&'static Operator> {
    collect();
    by_name().into_iter().filter(|o| o.schema().is_none() && !o.state.lock().kernels.is_empty()).collect()
}

/// Something registered at run time. Dropping it takes it away again; what it hid shows again, in whatever order
/// registrations are dropped.
#[must_use = "dropping a registration takes away what was registered; `keep` it to have it for good"]
#[derive(Debug)]
pub struct Registration(Option<Undo>);

#[derive(Debug)]
enum Undo {
    Kernel(&'static Operator, RegistrationKey, &'static Kernel),
    Definition(&'static Operator),
    Fallback(RegistrationKey, &'static Kernel),
    Namespace(String),
    Name(&'static Operator),
}

impl Registration {
    /// Leaves it registered until the process ends.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Some(undo) = self.0.take() else { return };
        let is_definition = matches!(undo, Undo::Definition(_));
        let mut registry = registry();
        let mut remains = None;
        match undo {
            Undo::Kernel(operator, key, kernel) => {
                operator.state.lock().kernels.remove(kernel);
                operator.unpublish();
                remains = Some(kernel.retire());
                registry.retired.keep_kernel(operator.name(), key, kernel);
            }
            Undo::Definition(operator) => {
                let dropped = operator.undefine();
                if let Some(definition) = dropped {
                    registry.retired.keep_definition(operator.name(), dropped);
                    listener::note(OperatorChange::undefined(operator, &definition.schema));
                }
            }
            Undo::Name(operator) => {
                if let Some(count) = registry.names.get_mut(operator.name()) {
                    *count -= 1;
                }
                registry.names.retain(|_, count| *count > 0);
            }
            Undo::Fallback(key, kernel) => {
                registry.fallbacks.remove(kernel);
                registry.unpublish_all();
                remains = Some(kernel.retire());
                registry.retired.keep_kernel(FOR_ALL, key, kernel);
            }
            Undo::Namespace(namespace) => {
                registry.namespaces.remove(&namespace);
            }
        }
        drop(registry);
        // A user's code may run here, which may register.
        drop(remains);
        if is_definition {
            listener::tell();
        }
    }
}

/// The name that fallbacks are kept under when they are dropped; no operator has it.
const FOR_ALL: &str = "";

/// Registers a kernel for the operator of this full name, defined or not (D96, D100). With `overriding` it hides one
/// that is there.
///
/// # Errors
/// `DuplicateKernel`, naming both places; `SignatureMismatch` for a typed kernel of another operator's signature;
/// `SchemaMismatch` for a function whose type is not what the schema says (D115). Nothing is registered then.
#[track_caller]
pub fn register_kernel(
    name: &str,
    key: impl Into<RegistrationKey>,
    mut kernel: Kernel,
    overriding: bool,
) -> Result<Registration> {
    let key = key.into();
    kernel.set_place(Place::here());
    let mut registry = registry();
    let operator = registry.entry(name);
    if kernel.inferred().is_some()
        && let Some(definition) = operator.definition()
    {
        inference::check_kernel(definition, &kernel)?;
    }
    let mut state = operator.state.lock();
    if kernel.signature().is_some() && kernel.signature() != operator.signature() {
        let message = format!(
            "the typed kernel for {key} is of another operator's signature: {kernel:?}; make it from this operator's \
             handle, or with Kernel::from_fn"
        );
        return Err(Error::new(ErrorKind::SignatureMismatch, message).in_operator(operator.name()));
    }
    if let Some(held) = state.kernels.at(key)
        && !overriding
    {
        let message = format!(
            "{key} has a kernel already: {held:?}; this one is {kernel:?}; ask for overriding to hide it"
        );
        return Err(Error::new(ErrorKind::DuplicateKernel, message).in_operator(operator.name()));
    }
    let kernel = registry.retired.place_kernel(operator.name(), key, kernel);
    state.kernels.add(key, kernel);
    operator.unpublish();
    Ok(Registration(Some(Undo::Kernel(operator, key, kernel))))
}

/// Registers a boxed kernel for every operator that has none of its own at a key; an alias key stands for each of
/// its run-time keys (D119, D191). It hides the runtime's own fallback of that key.
///
/// # Errors
/// `DuplicateFallback`, naming both; `SignatureMismatch` for a typed kernel, which cannot serve every operator (D121).
#[track_caller]
pub fn register_fallback(key: impl Into<RegistrationKey>, mut kernel: Kernel) -> Result<Registration> {
    let key = key.into();
    if kernel.signature().is_some() || kernel.inferred().is_some() {
        let message =
            format!("the fallback of {key} must be a boxed kernel: it serves operators of every signature");
        return Err(Error::new(ErrorKind::SignatureMismatch, message));
    }
    kernel.set_place(Place::here());
    let mut registry = registry();
    registry.check_fallback(key, &kernel)?;
    let kernel = registry.retired.place_kernel(FOR_ALL, key, kernel);
    registry.add_fallback(key, kernel)?;
    Ok(Registration(Some(Undo::Fallback(key, kernel))))
}

/// Defines an operator. Kernels that are there already and carry a schema must agree with it (D98, D117).
pub(crate) fn register_definition(
    name: &OperatorName,
    definition: Definition,
    place: Place,
) -> Result<(&'static Operator, Registration)> {
    let mut registry = registry();
    let operator = registry.entry(&name.to_string());
    if let Some(held) = operator.definition() {
        let held = held.place.map_or("an operator list".to_owned(), |place| place.to_string());
        let message = format!("it is defined already, in {held}; the new definition is at {place}");
        return Err(Error::new(ErrorKind::DuplicateDef, message).in_operator(operator.name()));
    }
    for kernel in operator.state.lock().kernels.all() {
        inference::check_kernel(&definition, kernel)?;
    }
    operator.define(registry.retired.place_definition(operator.name(), definition));
    listener::note(OperatorChange::defined(operator, operator.schema()));
    drop(registry);
    listener::tell();
    Ok((operator, Registration(Some(Undo::Definition(operator)))))
}

/// Keeps a name that has no definition yet (D123).
pub(crate) fn register_name(name: &OperatorName) -> (&'static Operator, Registration) {
    let mut registry = registry();
    let operator = registry.entry(&name.to_string());
    *registry.names.entry(operator.name()).or_default() += 1;
    (operator, Registration(Some(Undo::Name(operator))))
}

/// Claims a namespace.
pub(crate) fn register_namespace(namespace: &str, place: Place) -> Result<Registration> {
    let mut registry = registry();
    if let Some(held) = registry.namespaces.get(namespace) {
        let message = format!(
            "the namespace `{namespace}` is defined at {held} already; add to it from {place} with Library::fragment"
        );
        return Err(Error::new(ErrorKind::DuplicateLibrary, message));
    }
    registry.namespaces.insert(namespace.to_owned(), place);
    Ok(Registration(Some(Undo::Namespace(namespace.to_owned()))))
}
