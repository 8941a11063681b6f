//! Operators: the entry that calls go through.
//!
//! An [`Operator`] lives as long as the process, so handles never dangle (better than D129): generated ones are
//! constants, operators defined at run time are made once per name and kept. Its table is computed at its first
//! call and after each change (law 8). What is registered is kept by [`crate::registry`].

use std::any::TypeId;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use keyway_schema::Schema;
use parking_lot::Mutex;

use crate::boxing;
use crate::definition::{Definition, ValueCheck, WrittenArguments};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::kernel::{Kernel, Use};
use crate::key::{DispatchKey, RegistrationKey};
use crate::key_set::KeySet;
use crate::local::{LocalKeySets, local_key_sets};
use crate::observer;
use crate::published::Published;
use crate::registry;
use crate::stack::{self, Stack};
use crate::table::{Registrations, Table, TableRow, UNBUILT};
use crate::value::Value;

/// An operator: its name, schema, kernels and dispatch table.
pub struct Operator {
    name: &'static str,
    /// The schema of a generated operator, parsed when first needed.
    generated_schema: Option<&'static str>,
    /// The tags of a generated operator.
    pub(crate) generated_tags: &'static [&'static str],
    /// Whether a generated operator was not selected when its list was built.
    pub(crate) unselected: bool,
    signature: Option<TypeId>,
    /// What calls use; before the first call and after a change the table that says "compute me".
    table: Published<Table>,
    /// Nothing if there is none, or none has been asked for yet.
    definition: Published<Option<Definition>>,
    /// Whether observers see its calls (D252).
    observed: AtomicBool,
    /// Its number among the operators that handlers asked for by name; 0 if none did.
    interception_number: AtomicU32,
    pub(crate) state: Mutex<State>,
}

/// The definition of an operator that has none, or whose own has not been asked for yet.
static UNDEFINED: Option<Definition> = None;

/// What is registered for an operator. Changed only with the registry's lock held.
pub(crate) struct State {
    pub(crate) kernels: Registrations,
    /// Set when two `#[kernel]`s claim one key: every call says so.
    pub(crate) conflict: Option<(RegistrationKey, Option<Place>, Option<Place>)>,
}

impl Operator {
    pub(crate) const fn new(
        name: &'static str,
        generated_schema: Option<&'static str>,
        signature: Option<TypeId>,
    ) -> Operator {
        Operator {
            name,
            generated_schema,
            generated_tags: &[],
            unselected: false,
            signature,
            table: Published::new(&UNBUILT),
            definition: Published::new(&UNDEFINED),
            observed: AtomicBool::new(true),
            interception_number: AtomicU32::new(0),
            state: Mutex::new(State { kernels: Registrations::new(), conflict: None }),
        }
    }

    pub(crate) fn is_unselected(&self) -> bool {
        self.unselected
    }

    /// The full name, `aten::add.Tensor`; without the dot for the default overload.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The schema, unless the operator is named but not defined.
    pub fn schema(&'static self) -> Option<&'static Schema> {
        self.definition().map(|definition| &definition.schema)
    }

    /// Where it was defined; `None` for generated operators and undefined ones.
    pub fn definition_place(&'static self) -> Option<Place> {
        self.definition().and_then(|definition| definition.place)
    }

    /// Whether observers see its calls. They do unless told otherwise.
    pub fn is_observed(&self) -> bool {
        self.observed.load(Ordering::Relaxed)
    }

    /// Says whether observers see its calls: not, for operators so small and frequent that recording them would drown
    /// what matters (D252, for any operator and at any time). Calls that have started get their ends.
    pub fn set_observed(&self, observed: bool) {
        self.observed.store(observed, Ordering::Relaxed);
    }

    pub(crate) fn interception_number(&self) -> &AtomicU32 {
        &self.interception_number
    }

    /// Whether a kernel is registered at exactly this key, alias keys included (D135).
    pub fn has_kernel_at(&'static self, key: impl Into<RegistrationKey>) -> bool {
        registry::collect();
        self.state.lock().kernels.at(key).is_some()
    }

    /// The keys kernels are registered at, in order.
    pub fn kernel_keys(&'static self) -> Vec<RegistrationKey> {
        registry::collect();
        self.state.lock().kernels.keys().collect()
    }

    /// The dispatch table that calls use, `Undefined` first, then ascending; keys without a kernel are left out.
    pub fn table(&'static self) -> Vec<TableRow> {
        let table = self.built_table();
        std::iter::once(DispatchKey::Undefined)
            .chain(DispatchKey::all())
            .filter(|&key| table.cell(key).kernel.is_some())
            .map(|key| TableRow::of(key, table.cell(key)))
            .collect()
    }

    /// Calls it with its arguments on top of the stack, in schema order and with defaults filled in (D217, D220).
    ///
    /// # Errors
    /// Wrong number or kind of values, before anything runs; a missing kernel; what the kernel reports; a boxed
    /// kernel whose results are not what the schema says. After an error the stack may hold some of the arguments.
    pub fn call_boxed(&'static self, stack: &mut Stack) -> Result<()> {
        let (definition, base) = self.arguments_of(stack)?;
        let keys = keys_of(definition, &stack[base..]);
        let keys = local_key_sets().apply(keys) | observer::observed_mark();
        let (cell, left) = self.current_table().find(keys);
        match cell.callable {
            Some(kernel) if cell.is_typed => kernel.call_boxed(self, left, stack),
            found => self.call_boxed_unusually(found, keys, stack),
        }
    }

    /// Boxed kernels, and when none was found: observed calls, first calls, missing kernels.
    #[inline(never)]
    fn call_boxed_unusually(
        &'static self,
        found: Option<&'static Kernel>,
        keys: KeySet,
        stack: &mut Stack,
    ) -> Result<()> {
        let (definition, base) = self.arguments_of(stack)?;
        self.check_arguments(definition, &stack[base..])?;
        match (found, keys.unobserved()) {
            (Some(kernel), _) => {
                let keys = self.current_table().masked(keys);
                self.run_checked(definition, base, stack, |stack| kernel.call_boxed(self, keys, stack))
            }
            (None, Some(keys)) => observer::call_boxed(self, base, keys, stack),
            (None, None) => self.run_unproven(definition, base, keys, stack),
        }
    }

    /// Calls it by a key set, without looking at the thread's sets (D208): what a boxed kernel passes the call on with.
    ///
    /// # Errors
    /// As [`Operator::call_boxed`]; arguments are checked by the kernel that takes them.
    pub fn redispatch_boxed(&'static self, keys: KeySet, stack: &mut Stack) -> Result<()> {
        let (definition, base) = self.arguments_of(stack)?;
        match self.proven_kernel(keys) {
            Some((kernel, keys)) => kernel.call_boxed(self, keys, stack),
            None => self.run_unproven(definition, base, keys, stack),
        }
    }

    /// The kernel for a key set if it is a typed one of the operator's own signature: its adapter checks each argument as
    /// it takes it, and it cannot leave anything but what the schema says.
    #[inline]
    fn proven_kernel(&'static self, keys: KeySet) -> Option<(&'static Kernel, KeySet)> {
        let (cell, keys) = self.current_table().find(keys);
        cell.callable.filter(|_| cell.is_typed).map(|kernel| (kernel, keys))
    }

    /// The kernel for a key set as the table has it, whatever it is; none if the table is not built.
    #[inline]
    pub(crate) fn unproven_kernel(&'static self, keys: KeySet) -> Option<(&'static Kernel, KeySet)> {
        let (cell, keys) = self.current_table().find(keys);
        cell.callable.map(|kernel| (kernel, keys))
    }

    fn check_arguments(&'static self, definition: &Definition, arguments: &[Value]) -> Result<()> {
        let wrong = |(value, check): (&Value, &ValueCheck)| value.tag() & check.accepts == 0;
        match arguments.iter().zip(&definition.arguments).position(wrong) {
            Some(position) => Err(self.wrong_kind(position, &arguments[position])),
            None => Ok(()),
        }
    }

    /// Runs whatever the keys lead to and checks what it left. Results that are written arguments are those arguments,
    /// whatever the kernel left (D227, D228).
    fn run_unproven(
        &'static self,
        definition: &Definition,
        base: usize,
        keys: KeySet,
        stack: &mut Stack,
    ) -> Result<()> {
        let (kernel, keys) = self.kernel_for(keys)?;
        self.run_checked(definition, base, stack, |stack| kernel.call_boxed(self, keys, stack))
    }

    /// Runs the kernel that was found for a call whose arguments start at `base` and have been checked.
    pub(crate) fn run_found(
        &'static self,
        kernel: &'static Kernel,
        base: usize,
        keys: KeySet,
        stack: &mut Stack,
    ) -> Result<()> {
        if kernel.typed_for(self.signature).is_some() {
            return kernel.call_boxed(self, keys, stack);
        }
        let definition = self.definition().ok_or_else(|| self.undefined())?;
        self.run_checked(definition, base, stack, |stack| kernel.call_boxed(self, keys, stack))
    }

    /// Runs one kernel, whatever the table says.
    pub(crate) fn run_boxed_kernel(
        &'static self,
        kernel: &'static Kernel,
        use_of: Use,
        keys: KeySet,
        stack: &mut Stack,
    ) -> Result<()> {
        if kernel.is_fallthrough() {
            let message = "the kernel asked for is a fallthrough, which only says to go on at the next key";
            return Err(Error::new(ErrorKind::FallthroughReached, message).in_operator(self.name));
        }
        let (definition, base) = self.arguments_of(stack)?;
        self.check_arguments(definition, &stack[base..])?;
        self.run_checked(definition, base, stack, |stack| kernel.call_given(use_of, self, keys, stack))
    }

    /// Whether a call with these keys runs this kernel by the table of now.
    pub(crate) fn leads_to(&'static self, keys: KeySet, kernel: &Kernel) -> bool {
        self.kernel_for(keys).is_ok_and(|(found, _)| std::ptr::eq(found, kernel))
    }

    /// The keys of a boxed call: those that its arguments and the thread bring, without those that are skipped.
    pub(crate) fn boxed_keys(&'static self, stack: &Stack) -> Result<KeySet> {
        let (definition, base) = self.arguments_of(stack)?;
        let keys = local_key_sets().apply(keys_of(definition, &stack[base..]));
        Ok(self.built_table().find_past_fallthrough(keys).1)
    }

    #[inline]
    fn arguments_of(&'static self, stack: &Stack) -> Result<(&'static Definition, usize)> {
        let definition = self.definition().ok_or_else(|| self.undefined())?;
        match stack.len().checked_sub(definition.arguments.len()) {
            Some(base) => Ok((definition, base)),
            None => Err(self.too_few_values(definition.arguments.len(), stack.len())),
        }
    }

    #[cold]
    pub(crate) fn too_few_values(&self, needed: usize, held: usize) -> Error {
        stack::too_short(needed, held).in_operator(self.name)
    }

    /// The kernel that a key's calls find, if there is one.
    pub(crate) fn computed_cell(&'static self, key: DispatchKey) -> Option<&'static Kernel> {
        self.built_table().cell(key).kernel
    }

    fn run_checked(
        &'static self,
        definition: &Definition,
        base: usize,
        stack: &mut Stack,
        run: impl FnOnce(&mut Stack) -> Result<()>,
    ) -> Result<()> {
        if definition.given_back.is_empty() {
            run(stack)?;
            return self.check_results(definition, stack, base);
        }
        let given_back = definition.written_arguments(&stack[base..]);
        run(stack)?;
        self.check_results(definition, stack, base)?;
        given_back.into_iter().for_each(|(result, argument)| stack[base + result] = argument);
        Ok(())
    }

    /// The arguments that are results, with the positions of those results (D227, D228).
    pub(crate) fn written_arguments(&'static self, arguments: &[Value]) -> WrittenArguments {
        self.definition().map(|definition| definition.written_arguments(arguments)).unwrap_or_default()
    }

    #[inline]
    fn check_results(&self, definition: &Definition, stack: &Stack, base: usize) -> Result<()> {
        let results = stack.get(base..).unwrap_or_default();
        if results.len() != definition.returns.len() {
            return Err(boxing::wrong_count(self, definition.returns.len(), results.len()));
        }
        for (position, (value, check)) in results.iter().zip(&definition.returns).enumerate() {
            if value.tag() & check.accepts == 0 {
                return Err(self.wrong_result(position, value, definition));
            }
        }
        Ok(())
    }

    #[cold]
    fn wrong_result(&self, position: usize, value: &Value, definition: &Definition) -> Error {
        let expected = &definition.schema.returns[position].ty;
        let message =
            format!("result {position} of a boxed kernel must be {expected}, it is {}", value.kind_name());
        Error::new(ErrorKind::WrongValueKind, message).in_operator(self.name)
    }

    #[cold]
    pub(crate) fn wrong_kind(&'static self, position: usize, value: &Value) -> Error {
        let argument = self.schema().and_then(|schema| schema.arguments.get(position));
        let message = match argument {
            Some(a) => format!(
                "argument `{}` (position {position}) must be {}, it is {}",
                a.name,
                a.ty,
                value.kind_name()
            ),
            None => format!("the argument at position {position} cannot be {}", value.kind_name()),
        };
        Error::new(ErrorKind::WrongValueKind, message).in_operator(self.name)
    }

    #[cold]
    pub(crate) fn undefined(&self) -> Error {
        let message =
            "it is named but not defined; define its schema with Library::def or in an operator list";
        Error::new(ErrorKind::MissingDef, message).in_operator(self.name)
    }

    /// The keys that the kernel gets which a call leads to; observers run only if there is one (D169).
    pub(crate) fn keys_of_kernel(&'static self, keys: KeySet) -> Result<KeySet> {
        self.kernel_for(keys).map(|(_, keys)| keys)
    }

    /// The kernel for a key set by all rules: computes the table if it is not there, goes past keys that fall through.
    #[inline]
    pub(crate) fn kernel_for(&'static self, keys: KeySet) -> Result<(&'static Kernel, KeySet)> {
        let (cell, masked) = self.current_table().find(keys);
        match cell.callable {
            Some(kernel) => Ok((kernel, masked)),
            None => self.kernel_by_all_rules(keys),
        }
    }

    #[inline(never)]
    fn kernel_by_all_rules(&'static self, keys: KeySet) -> Result<(&'static Kernel, KeySet)> {
        let (cell, left) = self.built_table().find_past_fallthrough(keys);
        match cell.callable {
            Some(kernel) => Ok((kernel, left)),
            None => Err(self.no_kernel(keys, left, cell.is_fallthrough())),
        }
    }

    /// The error of a call with `keys`, of which `left` did not fall through.
    #[cold]
    fn no_kernel(&'static self, keys: KeySet, left: KeySet, is_fallthrough: bool) -> Error {
        let (conflict, available) = {
            let state = self.state.lock();
            (state.conflict, state.kernels.keys().map(|key| key.to_string()).collect())
        };
        if let Some((key, first, second)) = conflict {
            let place = |place: Option<Place>| place.map_or("an unknown place".to_owned(), |p| p.to_string());
            let message =
                format!("two kernels claim {key}: at {} and at {}; keep one", place(first), place(second));
            return Error::new(ErrorKind::DuplicateKernel, message).in_operator(self.name);
        }
        if self.definition().is_none() {
            return self.undefined();
        }
        if let Some(error) = crate::interpreter::reported(self, left.highest()) {
            return error;
        }
        let error = Error::no_kernel(self.name, left.highest(), available);
        match (left.highest(), is_fallthrough) {
            (DispatchKey::Undefined, true) => error.masked(ErrorKind::FallthroughReached, masked(keys, left)),
            (DispatchKey::Undefined, false) => {
                error.masked(ErrorKind::NoKernelForUndefined, masked(keys, left))
            }
            _ => error,
        }
    }

    #[inline]
    pub(crate) fn current_table(&self) -> &'static Table {
        self.table.get()
    }

    fn built_table(&'static self) -> &'static Table {
        let table = self.current_table();
        if table.is_built { table } else { self.build() }
    }

    #[cold]
    #[inline(never)]
    fn build(&'static self) -> &'static Table {
        registry::build_table(self)
    }

    /// The definition; a generated one is parsed at the first look.
    #[inline]
    pub(crate) fn definition(&'static self) -> Option<&'static Definition> {
        self.definition.get().as_ref().or_else(|| self.generated_definition())
    }

    /// The definition, unless it is a generated one that nobody has looked at yet.
    pub(crate) fn parsed_definition(&self) -> Option<&'static Definition> {
        self.definition.get().as_ref()
    }

    /// Whether it has a definition, parsed already or not.
    pub(crate) fn is_defined(&self) -> bool {
        self.generated_schema.is_some() || self.definition.get().is_some()
    }

    #[cold]
    fn generated_definition(&'static self) -> Option<&'static Definition> {
        // The generator has checked the text; one written by hand that does not parse leaves the operator undefined.
        let schema = self.generated_schema?.parse().ok()?;
        let one_at_a_time = self.state.lock();
        if self.definition.get().is_none() {
            let definition = Definition::new(schema, None).with_tags(self.generated_tags);
            self.define(Box::leak(Box::new(Some(definition))));
        }
        drop(one_at_a_time);
        self.definition()
    }

    /// Defines it. Definitions live as long as the process (docs/decisions/0002).
    pub(crate) fn define(&self, definition: &'static Option<Definition>) {
        self.definition.set(definition);
    }

    /// Makes it undefined; what it was is given back.
    pub(crate) fn undefine(&self) -> &'static Option<Definition> {
        let definition = self.definition.get();
        self.definition.set(&UNDEFINED);
        definition
    }

    /// Makes a table the one that calls use. With the registry's lock held.
    pub(crate) fn publish(&self, table: &'static Table) -> &'static Table {
        self.table.set(table);
        table
    }

    /// Has the table computed again at the next call. With the registry's lock held.
    pub(crate) fn unpublish(&self) {
        self.table.set(&UNBUILT);
    }

    #[cfg(feature = "testing")]
    pub(crate) fn generated_schema(&self) -> Option<&'static str> {
        self.generated_schema
    }

    pub(crate) fn signature(&self) -> Option<TypeId> {
        self.signature
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Operator {
    fn eq(&self, other: &Operator) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Operator {}

/// Why no key of a call is left (better than D160, D307): what fell through, and what the thread excludes.
#[cold]
fn masked(keys: KeySet, left: KeySet) -> String {
    let fresh = LocalKeySets::DEFAULT;
    let fell_through = keys.iter().filter(|&key| !left.contains(key) && !fresh.included.contains(key));
    // Excluding a key of one backend excludes its functionality for all of them (D62): those of the call are named.
    let backends = if keys.backends == 0 { local_key_sets().excluded.backends } else { keys.backends };
    let excluded = KeySet { backends, ..local_key_sets().excluded - fresh.excluded };
    let reasons =
        [(fell_through.collect(), "fell through"), (excluded.iter().collect(), "excluded by the thread")];
    let reasons = reasons.into_iter().filter(|(keys, _): &(Vec<_>, _)| !keys.is_empty());
    let reasons: Vec<String> =
        reasons.map(|(keys, reason)| format!("{} {reason}", highest_named(&keys))).collect();
    match reasons.is_empty() {
        true => "no argument brings one".to_owned(),
        false => reasons.join(", "),
    }
}

/// The names of keys; of many, the highest.
fn highest_named(keys: &[DispatchKey]) -> String {
    const SHOWN: usize = 6;
    let names: Vec<String> = keys.iter().rev().take(SHOWN).map(ToString::to_string).collect();
    match keys.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// The keys that a boxed call's arguments carry. A value of a kind that does not fit carries none; it is reported later.
#[inline]
fn keys_of(definition: &Definition, arguments: &[Value]) -> KeySet {
    definition.dispatch_positions.iter().fold(KeySet::EMPTY, |keys, &position| match &arguments[position] {
        Value::Tensor(tensor) => keys | tensor.key_set(),
        Value::List(_) => keys | keys_in_list(&arguments[position]),
        Value::Generator(generator) => keys | generator.key_set(),
        _ => keys,
    })
}

/// Apart, so that its loops do not take the registers of calls without lists.
#[inline(never)]
fn keys_in_list(list: &Value) -> KeySet {
    list.tensors().fold(KeySet::EMPTY, |keys, tensor| keys | tensor.key_set())
}
