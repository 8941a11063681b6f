//! What can be asked of an operator: its tags, its kernels, what a key leads to, and texts for people.

use std::fmt::Write;

use crate::definition::AliasAnalysis;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::inference::InferredSchema;
use crate::kernel::{Kernel, Use};
use crate::key::{DispatchKey, RegistrationKey};
use crate::key_set::KeySet;
use crate::operator::Operator;
use crate::registry;
use crate::stack::Stack;

/// A kernel taken from an operator's registrations or from its table. It goes on meaning that kernel when another one
/// hides it, and says so when its registration is gone (D136).
#[derive(Clone, Copy, Debug)]
pub struct KernelHandle {
    operator: &'static Operator,
    kernel: &'static Kernel,
    use_of: Use,
    /// Whether it belongs to a registration, and not to the runtime.
    is_registered: bool,
}

impl KernelHandle {
    fn of(operator: &'static Operator, kernel: &'static Kernel) -> KernelHandle {
        let use_of = kernel.use_of_now();
        KernelHandle { operator, kernel, use_of, is_registered: registry::is_registered(operator, kernel) }
    }

    /// The operator it was taken from.
    pub fn operator(&self) -> &'static Operator {
        self.operator
    }

    /// The kernel's name, empty if it has none.
    pub fn name(&self) -> &'static str {
        self.kernel.name()
    }

    /// Where it was written or registered, if known.
    pub fn place(&self) -> Option<Place> {
        self.kernel.place()
    }

    /// Whether calls skip it.
    pub fn is_fallthrough(&self) -> bool {
        self.kernel.is_fallthrough()
    }

    /// The schema that its function's type implies, if it was made by [`Kernel::from_fn`].
    pub fn inferred(&self) -> Option<&'static InferredSchema> {
        self.kernel.inferred()
    }

    /// Calls it with the arguments on the stack, as the dispatcher would with these keys.
    ///
    /// # Errors
    /// `KernelGone` if its registration was dropped, `FallthroughReached` for a kernel that is to be skipped (D159), and
    /// as [`Operator::call_boxed`].
    pub fn call_boxed(&self, keys: KeySet, stack: &mut Stack) -> Result<()> {
        let is_its_own = self.kernel.use_of_now() == self.use_of;
        if self.is_registered && !(is_its_own && registry::is_registered(self.operator, self.kernel)) {
            return Err(self.kernel.gone(self.operator));
        }
        self.operator.run_boxed_kernel(self.kernel, self.use_of, keys, stack)
    }
}

impl Operator {
    /// The tags it was defined with (D134).
    pub fn tags(&'static self) -> &'static [&'static str] {
        self.definition().map_or(&[], |definition| definition.tags)
    }

    /// What may be taken for granted about its memory; nothing where it is not defined.
    pub fn alias_analysis(&'static self) -> AliasAnalysis {
        self.definition().map_or(AliasAnalysis::Conservative, |definition| definition.alias_analysis)
    }

    /// Whether it has a tag.
    pub fn has_tag(&'static self, tag: &str) -> bool {
        self.tags().contains(&tag)
    }

    /// Whether there is no result without data, by its tags: one that depends on elements, or whose size does.
    pub fn needs_data(&'static self) -> bool {
        self.has_tag("data_dependent_output") || self.has_tag("dynamic_output_shape")
    }

    /// The module that keeps its `Meta` kernel, if its library declared one (D194).
    pub fn fake_module(&'static self) -> Option<&'static str> {
        self.definition().and_then(|definition| definition.fake_module)
    }

    /// Whether a kernel is registered at a key of the set; alias keys do not count (D135). Sets are products, so
    /// `{SparseCUDA, CPU}` has a kernel at `SparseCPU`.
    pub fn has_kernel_in(&'static self, keys: KeySet) -> bool {
        let is_in = |key| matches!(key, RegistrationKey::Runtime(key) if keys.contains(key));
        self.kernel_keys().into_iter().any(is_in)
    }

    /// The active kernel at exactly this key, alias keys included (D135).
    ///
    /// # Errors
    /// `NoKernelAtKey`, naming the key and the keys that have one.
    pub fn kernel_at(&'static self, key: impl Into<RegistrationKey>) -> Result<KernelHandle> {
        let key = key.into();
        match registry::kernel_at(self, key) {
            Some(kernel) => Ok(KernelHandle::of(self, kernel)),
            None => {
                let keys: Vec<String> = self.kernel_keys().iter().map(ToString::to_string).collect();
                let message = match keys.is_empty() {
                    true => format!("no kernel is registered at {key}, nor anywhere else"),
                    false => {
                        format!("no kernel is registered at {key}; there are some at {}", keys.join(", "))
                    }
                };
                Err(Error::new(ErrorKind::NoKernelAtKey, message).in_operator(self.name()))
            }
        }
    }

    /// Whether calls that are dispatched to a run-time key find a kernel, whatever it comes from (D135). Alias keys
    /// cannot be asked for: calls never reach them.
    pub fn has_computed_kernel(&'static self, key: DispatchKey) -> bool {
        self.computed_cell(key).is_some()
    }

    /// The kernel that calls find which are dispatched to a run-time key (D136).
    ///
    /// # Errors
    /// `NoKernel` and its relatives.
    pub fn computed_kernel(&'static self, key: DispatchKey) -> Result<KernelHandle> {
        match self.computed_cell(key) {
            Some(kernel) => Ok(KernelHandle::of(self, kernel)),
            None => Err(self.no_kernel_for(key)),
        }
    }

    /// Calls the kernel that is registered at exactly this key, alias keys included, or else the fallback of this key,
    /// whatever the table says (D213). The kernel gets the keys of an ordinary call.
    ///
    /// # Errors
    /// `NoKernel` if there is neither (better than D213), `FallthroughReached` for a kernel that is to be skipped, and as
    /// [`Operator::call_boxed`].
    pub fn call_boxed_for_key(
        &'static self,
        key: impl Into<RegistrationKey>,
        stack: &mut Stack,
    ) -> Result<()> {
        let key = key.into();
        let kernel = registry::kernel_at(self, key).or_else(|| match key {
            RegistrationKey::Runtime(key) => registry::fallback_at(key),
            RegistrationKey::Alias(_) => None,
        });
        match (kernel, key) {
            (Some(kernel), _) => {
                let keys = self.boxed_keys(stack)?;
                self.run_boxed_kernel(kernel, kernel.use_of_now(), keys, stack)
            }
            (None, RegistrationKey::Runtime(key)) => Err(self.no_kernel_for(key)),
            (None, RegistrationKey::Alias(alias)) => {
                let message = format!("no kernel is registered at {alias}; calls by key do not look further");
                Err(Error::new(ErrorKind::NoKernel, message).in_operator(self.name()))
            }
        }
    }

    fn no_kernel_for(&'static self, key: DispatchKey) -> Error {
        let available = self.kernel_keys().iter().map(ToString::to_string).collect();
        Error::no_kernel(self.name(), key, available)
    }

    /// Everything registered for the operator, as text for people: one item a line, kernels by key and the newest
    /// first (D175). Fallbacks are not the operator's own and are not in it.
    pub fn dump_state(&'static self) -> String {
        let mut text = format!("name: {self}\n");
        match self.schema() {
            Some(schema) => {
                let place = self.definition_place();
                let place = place.map_or("in an operator list".to_owned(), |place| format!("at {place}"));
                let _ = writeln!(text, "schema: {schema}\ndebug: registered {place}");
            }
            None => text.push_str("schema: (none)\n"),
        }
        for (key, newest_first) in registry::kernels_of(self) {
            for (position, kernel) in newest_first.into_iter().enumerate() {
                describe(&mut text, key, kernel, position > 0);
            }
        }
        text
    }

    /// The dispatch table that calls use, as text for people: one key a line, with the kernel and where it comes from
    /// (D176). See [`Operator::table`] for the rows.
    pub fn dump_table(&'static self) -> String {
        self.table().iter().map(|row| format!("{row}\n")).collect()
    }
}

fn describe(text: &mut String, key: RegistrationKey, kernel: &Kernel, is_inactive: bool) {
    let alias = if matches!(key, RegistrationKey::Alias(_)) { "[alias]" } else { "" };
    let inactive = if is_inactive { " (inactive)" } else { "" };
    let inferred = kernel.inferred().map_or("(none)".to_owned(), ToString::to_string);
    let mut words = String::new();
    let is_typed = kernel.signature().is_some();
    for (word, holds) in [("fallthrough ", kernel.is_fallthrough()), ("boxed ", true), ("unboxed ", is_typed)]
    {
        words.push_str(if holds { word } else { "" });
    }
    let _ = writeln!(text, "{key}{alias}{inactive}: {kernel:?} :: {inferred} [ {words}]");
}
