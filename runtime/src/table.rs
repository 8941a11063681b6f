//! The dispatch table of an operator: a pure function of its kernels and the backend fallbacks.
//!
//! A table is computed whole, never patched, so it cannot depend on the order of registration (law 2, better than
//! D152). Which kernel a key gets is decided in [`Registrations::resolve`] and nowhere else (dispatch.md D137 to D147);
//! a dump prints the very cells that calls use.
//!
//! Layout: a number per key names one of a few cells. These arrays are shared by all operators that have the same
//! pattern of kernels, so an operator pays for its distinct cells only. Typed calls have an array of their own, which
//! is wider so that finding a function in it takes no other look-up.

mod row;

use std::any::TypeId;
use std::fmt;
use std::hash::{Hash, Hasher};

use parking_lot::Mutex;

use crate::added_keys::{self, ADDED_FUNCTIONALITIES, FIRST_FUNCTIONALITY, FUNCTIONALITY_PLACES};
use crate::erased::Erased;
use crate::fallback;
use crate::kernel::Kernel;
use crate::key::{AliasKey, Backend, DispatchKey, Functionality, RegistrationKey};
use crate::key_set::KeySet;
use crate::retired::Interned;

pub use row::TableRow;

/// Slots of a per-backend functionality: one per bit of the backend word, so that backends added at run time have one.
const ROW: usize = 64;
/// Functionality numbers that have an offset, 0 (`Undefined`) to the highest bit.
const NUMBERS: usize = 65;

/// For each functionality number: the first slot, and which backend bits choose among its slots.
struct Offset {
    first: u16,
    backends: u64,
}

const OFFSETS: [Offset; NUMBERS] = {
    let mut offsets = [const { Offset { first: 0, backends: 0 } }; NUMBERS];
    let mut next = 0;
    let mut number = 0;
    while number <= keyway_schema::keys::FUNCTIONALITIES.len() {
        let per_backend =
            number > 0 && keyway_schema::keys::FUNCTIONALITIES[number - 1].per_backend_prefix.is_some();
        offsets[number] = Offset { first: next, backends: if per_backend { u64::MAX } else { 0 } };
        next += if per_backend { ROW as u16 } else { 1 };
        number += 1;
    }
    // Added functionalities share one slot, whose cell has no typed function: their order is not that of their bits,
    // so calls with one of them take the long way.
    while number < NUMBERS {
        offsets[number] = Offset { first: next, backends: 0 };
        number += 1;
    }
    offsets
};

const SLOTS: usize = OFFSETS[FIRST_FUNCTIONALITY].first as usize + 1;

/// Where the cells and the typed functions of the keys are. Shared by operators.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Layout {
    functions: FunctionPlaces,
    cells: [u16; SLOTS],
}

impl Layout {
    const EMPTY: Layout =
        Layout { functions: FunctionPlaces([[FunctionPlace::Nowhere; ROW]; ROW]), cells: [0; SLOTS] };
}

/// For each functionality number and each backend bit the place of the typed function: one cache line for each
/// functionality. Rows of functionalities that are not per backend are filled with one place, so that the look-up need
/// not ask; those of added ones and of the mark of observed calls stay empty.
#[derive(Clone, PartialEq, Eq, Hash)]
#[repr(align(64))]
struct FunctionPlaces([[FunctionPlace; ROW]; ROW]);

impl FunctionPlaces {
    fn set(&mut self, key: DispatchKey, place: FunctionPlace) {
        let set = KeySet::of(key);
        let row = &mut self.0[key.number() as usize];
        match key.backend() {
            Some(_) => row[highest_bit(set.backends)] = place,
            None => row.fill(place),
        }
    }
}

/// A place in a table's array of typed functions. An enumeration, so that the compiler knows that it is inside.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[rustfmt::skip]
enum FunctionPlace {
    /// No typed function, or one of a kernel beyond the fifteenth, which the long way finds.
    Nowhere, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15,
}

impl FunctionPlace {
    const COUNT: usize = 16;

    #[rustfmt::skip]
    const ALL: [FunctionPlace; FunctionPlace::COUNT] = {
        use FunctionPlace::*;
        [Nowhere, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15]
    };
}

/// The highest bit's number; 0 for none, which is what a set without a backend means (D46).
#[inline]
fn highest_bit(bits: u64) -> usize {
    63 - (bits | 1).leading_zeros() as usize
}

/// The slot a set is looked up in (D44): the highest functionality, and for building blocks the highest backend.
#[inline]
fn slot_of(functionalities: u64, backends: u64) -> usize {
    let number = 63 - ((functionalities << 1) | 1).leading_zeros();
    let offset = &OFFSETS[number as usize];
    let backend = 63 - ((backends & offset.backends) | 1).leading_zeros();
    offset.first as usize + backend as usize
}

fn slot_of_key(key: DispatchKey) -> usize {
    let set = KeySet::of(key);
    slot_of(set.functionalities, set.backends)
}

/// Why a key has the kernel it has. Prints as the words of the field's table dumps (D137).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Registered at this very key.
    Kernel,
    /// From `CompositeExplicitAutograd` or its non-functional form.
    DefaultBackendKernel,
    /// From `CompositeImplicitAutogradNestedTensor`.
    NestedKernel,
    /// From `CompositeImplicitAutograd`.
    MathKernel,
    /// From `Autograd`.
    AutogradKernel,
    /// From `FuncTorchBatchedDecomposition`.
    BatchedKernel,
    /// The fallback of this key.
    BackendFallback,
    /// Several backends share `AutogradOther` and no one kernel is right.
    AmbiguousAutogradOther,
    /// No kernel.
    Missing,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Origin::Kernel => "kernel",
            Origin::DefaultBackendKernel => "default backend kernel",
            Origin::NestedKernel => "nested kernel",
            Origin::MathKernel => "math kernel",
            Origin::AutogradKernel => "autograd kernel",
            Origin::BatchedKernel => "batched kernel",
            Origin::BackendFallback => "backend fallback",
            Origin::AmbiguousAutogradOther => "ambiguous autogradother",
            Origin::Missing => "missing",
        })
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Cell {
    /// Whether the kernel has a typed function of the operator's own signature.
    pub(crate) is_typed: bool,
    /// The kernel to call; none for a fallthrough.
    pub(crate) callable: Option<&'static Kernel>,
    pub(crate) kernel: Option<&'static Kernel>,
    pub(crate) origin: Origin,
}

/// By which kernel it is, not by what that kernel does.
impl PartialEq for Cell {
    fn eq(&self, other: &Cell) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Cell {}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl Cell {
    fn identity(&self) -> (bool, Option<*const Kernel>, Option<*const Kernel>, Origin) {
        let address = |kernel: Option<&'static Kernel>| kernel.map(std::ptr::from_ref);
        (self.is_typed, address(self.callable), address(self.kernel), self.origin)
    }

    const MISSING: Cell = Cell { is_typed: false, callable: None, kernel: None, origin: Origin::Missing };

    pub(crate) fn is_fallthrough(&self) -> bool {
        self.callable.is_none() && self.kernel.is_some()
    }
}

/// A computed table. Immutable; published by pointer, never freed, one copy of each (docs/decisions/0003).
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Table {
    /// Functionalities that some key does not fall through at.
    mask: u64,
    layout: &'static Layout,
    /// The typed functions, at the places that the layout names; the first is none.
    functions: [Option<Erased>; FunctionPlace::COUNT],
    cells: &'static [Cell],
    /// Cells of added functionalities.
    added: [u16; FUNCTIONALITY_PLACES],
    /// Whether this is a real table and not the one that says "compute me".
    pub(crate) is_built: bool,
}

/// The table of every operator before its first call.
pub(crate) static UNBUILT: Table = NO_KERNELS;

const NO_KERNELS: Table = Table {
    mask: u64::MAX,
    layout: &Layout::EMPTY,
    functions: [None; FunctionPlace::COUNT],
    cells: &[Cell::MISSING],
    added: [0; FUNCTIONALITY_PLACES],
    is_built: false,
};

impl Table {
    /// A table in which no key has a kernel.
    pub(crate) fn without_kernels() -> Table {
        Table { is_built: true, ..NO_KERNELS }
    }

    /// The one copy of the table, for good. Registering and dropping the same again and again makes no new ones.
    pub(crate) fn shared(self) -> &'static Table {
        static TABLES: Mutex<Interned<Table>> = Mutex::new(Interned::new());
        TABLES.lock().get(&self, || Box::leak(Box::new(self.clone())))
    }

    /// The typed function for a set of keys, and the set without the functionalities that fall through. The short way of
    /// typed calls; what it does not find may still be there.
    #[inline]
    pub(crate) fn find_function(&self, keys: KeySet) -> Option<(Erased, KeySet)> {
        let functionalities = keys.functionalities & self.mask;
        let number = highest_bit(functionalities << 1);
        let place = self.layout.functions.0[number][highest_bit(keys.backends)];
        let function = self.functions[place as usize]?;
        Some((function, KeySet { functionalities, backends: keys.backends }))
    }

    /// The cell for a set of keys, and the set without the functionalities that fall through.
    #[inline]
    pub(crate) fn find(&self, keys: KeySet) -> (&Cell, KeySet) {
        let functionalities = keys.functionalities & self.mask;
        let slot = slot_of(functionalities, keys.backends);
        let cell = &self.cells[self.layout.cells[slot] as usize];
        (cell, KeySet { functionalities, backends: keys.backends })
    }

    /// The set without the functionalities that fall through.
    #[inline]
    pub(crate) fn masked(&self, keys: KeySet) -> KeySet {
        KeySet { functionalities: keys.functionalities & self.mask, backends: keys.backends }
    }

    /// Like [`Table::find`] with all rules: the order of added functionalities, and keys that fall through for their
    /// backend only (D90).
    pub(crate) fn find_past_fallthrough(&self, mut keys: KeySet) -> (&Cell, KeySet) {
        keys.functionalities &= self.mask;
        loop {
            let cell = self.highest(keys);
            match keys.highest_functionality() {
                Some(highest) if cell.is_fallthrough() => keys.functionalities &= !highest.bit(),
                _ => return (cell, keys),
            }
        }
    }

    fn highest(&self, keys: KeySet) -> &Cell {
        match keys.highest_functionality() {
            Some(f) if f.0 as usize >= FIRST_FUNCTIONALITY => self.added_cell(f.0),
            _ => {
                let slot = slot_of(keys.functionalities & !ADDED_FUNCTIONALITIES, keys.backends);
                &self.cells[self.layout.cells[slot] as usize]
            }
        }
    }

    fn added_cell(&self, number: u8) -> &Cell {
        &self.cells[self.added[number as usize - FIRST_FUNCTIONALITY] as usize]
    }

    pub(crate) fn cell(&self, key: DispatchKey) -> &Cell {
        match key.number() as usize {
            number if number >= FIRST_FUNCTIONALITY => self.added_cell(key.number()),
            _ => &self.cells[self.layout.cells[slot_of_key(key)] as usize],
        }
    }
}

/// Backend fallbacks. One registered at an alias key serves each of its run-time keys, also those added later.
#[derive(Default)]
pub(crate) struct Fallbacks(Vec<(RegistrationKey, &'static Kernel)>);

impl Fallbacks {
    /// The registered one for a key, or else the one the runtime brings.
    pub(crate) fn get(&self, key: DispatchKey) -> Option<&'static Kernel> {
        self.registered(key).or_else(|| fallback::default_for(key))
    }

    fn registered(&self, key: DispatchKey) -> Option<&'static Kernel> {
        self.0.iter().find(|(held, _)| covers(*held, key)).map(|(_, kernel)| *kernel)
    }

    /// A fallback that serves a key that this one would serve too.
    pub(crate) fn conflict(&self, key: RegistrationKey) -> Option<(DispatchKey, &'static Kernel)> {
        let keys = match key {
            RegistrationKey::Runtime(key) => KeySet::of(key),
            RegistrationKey::Alias(alias) => KeySet::of_alias(alias),
        };
        keys.iter().find_map(|key| self.registered(key).map(|kernel| (key, kernel)))
    }

    pub(crate) fn holds(&self, kernel: &'static Kernel) -> bool {
        self.0.iter().any(|(_, held)| std::ptr::eq(*held, kernel))
    }

    pub(crate) fn add(&mut self, key: RegistrationKey, kernel: &'static Kernel) {
        self.0.push((key, kernel));
    }

    pub(crate) fn remove(&mut self, kernel: &'static Kernel) {
        self.0.retain(|(_, held)| !std::ptr::eq(*held, kernel));
    }
}

fn covers(held: RegistrationKey, key: DispatchKey) -> bool {
    match held {
        RegistrationKey::Runtime(held) => held == key,
        RegistrationKey::Alias(alias) => KeySet::of_alias(alias).contains(key),
    }
}

/// What is registered for one operator: the live kernels in the order of keys, for each key newest last.
#[derive(Default)]
pub(crate) struct Registrations(Vec<(RegistrationKey, &'static Kernel)>);

impl Registrations {
    pub(crate) const fn new() -> Registrations {
        Registrations(Vec::new())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys with a kernel, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = RegistrationKey> + '_ {
        self.entries().map(|(key, _)| key)
    }

    /// Every kernel, also those that others hide.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Kernel> + '_ {
        self.0.iter().map(|(_, kernel)| *kernel)
    }

    /// The active kernel at exactly this key (D104).
    pub(crate) fn at(&self, key: impl Into<RegistrationKey>) -> Option<&'static Kernel> {
        let key = key.into();
        self.0.iter().rev().find(|(k, _)| *k == key).map(|(_, kernel)| *kernel)
    }

    pub(crate) fn add(&mut self, key: RegistrationKey, kernel: &'static Kernel) {
        let at = self.0.partition_point(|(k, _)| *k <= key);
        // Most operators have a few kernels, and there are thousands of operators: no room is kept for more.
        self.0.reserve_exact(1);
        self.0.insert(at, (key, kernel));
    }

    /// For each key its kernels, newest last.
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (RegistrationKey, impl DoubleEndedIterator<Item = &'static Kernel>)> {
        let same_key = |a: &(RegistrationKey, _), b: &(RegistrationKey, _)| a.0 == b.0;
        self.0.chunk_by(same_key).map(|kernels| (kernels[0].0, kernels.iter().map(|(_, kernel)| *kernel)))
    }

    /// Takes one kernel away; what was beneath it shows again (D107).
    pub(crate) fn remove(&mut self, kernel: &'static Kernel) {
        self.0.retain(|(_, k)| !std::ptr::eq(*k, kernel));
    }

    /// The kernel for one key and why: the first hit of D137.
    pub(crate) fn resolve(
        &self,
        key: DispatchKey,
        fallbacks: &Fallbacks,
        aliases: &[KeySet; 6],
    ) -> (Option<&'static Kernel>, Origin) {
        use AliasKey::*;
        let undefined = key == DispatchKey::Undefined;
        let covered = |alias: AliasKey| aliases[alias as usize].contains(key);
        if !undefined && let Some(kernel) = self.at(key) {
            return (Some(kernel), Origin::Kernel);
        }
        for alias in [CompositeExplicitAutogradNonFunctional, CompositeExplicitAutograd] {
            if (undefined || covered(alias))
                && let Some(kernel) = self.at(alias)
            {
                return (Some(kernel), Origin::DefaultBackendKernel);
            }
        }
        if covered(CompositeImplicitAutogradNestedTensor)
            && let Some(kernel) = self.at(CompositeImplicitAutogradNestedTensor)
        {
            return (Some(kernel), Origin::NestedKernel);
        }
        if (undefined || covered(CompositeImplicitAutograd))
            && let Some(kernel) = self.at(CompositeImplicitAutograd)
        {
            if key == DispatchKey::AutogradOther && self.has_kernel_in(KeySet::backends_of_autograd_other()) {
                static AMBIGUOUS: Kernel = Kernel::ambiguous();
                return (Some(&AMBIGUOUS), Origin::AmbiguousAutogradOther);
            }
            if !self.has_backend_kernel(key) {
                return (Some(kernel), Origin::MathKernel);
            }
        }
        if covered(Autograd)
            && let Some(kernel) = self.at(Autograd)
        {
            return (Some(kernel), Origin::AutogradKernel);
        }
        if covered(FuncTorchBatchedDecomposition)
            && let Some(kernel) = self.at(FuncTorchBatchedDecomposition)
        {
            return (Some(kernel), Origin::BatchedKernel);
        }
        match fallbacks.get(key) {
            Some(kernel) => (Some(kernel), Origin::BackendFallback),
            None => (None, Origin::Missing),
        }
    }

    fn has_kernel_in(&self, keys: KeySet) -> bool {
        self.keys().any(|key| matches!(key, RegistrationKey::Runtime(key) if keys.contains(key)))
    }

    /// Whether an autograd key's backend has a kernel that decomposing would bypass (D139). Every backend counts,
    /// also MTIA, HIP and VE, which PyTorch forgets (D144).
    fn has_backend_kernel(&self, key: DispatchKey) -> bool {
        let backends = match (key, key.functionality(), key.backend()) {
            (DispatchKey::AutogradOther, ..) => KeySet::backends_of_autograd_other(),
            (DispatchKey::AutogradNestedTensor, ..) => {
                KeySet::of_alias(AliasKey::CompositeImplicitAutogradNestedTensor)
                    .without(DispatchKey::AutogradNestedTensor)
            }
            (_, Some(Functionality::AutogradFunctionality), Some(backend)) => {
                KeySet::of(DispatchKey::of(Functionality::Dense, backend))
            }
            _ => KeySet::EMPTY,
        };
        self.has_kernel_in(backends) || self.at(AliasKey::CompositeExplicitAutograd).is_some()
    }

    /// The whole table.
    pub(crate) fn table(&self, fallbacks: &Fallbacks, signature: Option<TypeId>) -> Table {
        let mut cells = Cells { signature, cells: vec![Cell::MISSING] };
        let mut functions = Functions { held: [None; FunctionPlace::COUNT], count: 1 };
        let mut layout = Layout::EMPTY;
        let mut added = [0; FUNCTIONALITY_PLACES];
        let mut mask = KeySet::OBSERVED.functionalities;
        let aliases = AliasKey::ALL.map(KeySet::of_alias);
        for key in std::iter::once(DispatchKey::Undefined).chain(DispatchKey::all()) {
            let (kernel, origin) = self.resolve(key, fallbacks, &aliases);
            let at = cells.position(kernel, origin);
            match (key.number() as usize).checked_sub(FIRST_FUNCTIONALITY) {
                Some(place) => added[place] = at,
                None => {
                    layout.cells[slot_of_key(key)] = at;
                    layout.functions.set(key, functions.place(kernel, signature));
                }
            }
            if let Some(functionality) = key.functionality()
                && !kernel.is_some_and(Kernel::is_fallthrough)
            {
                mask |= functionality.bit();
            }
        }
        // Built-in backends have autocast keys of their own, so the block of the added ones is skipped for them.
        let skipped =
            cells.position(fallback::default_for(DispatchKey::BackendSelect), Origin::BackendFallback);
        for backend in Backend::all().filter(|&backend| !added_keys::is_added_backend(backend)) {
            layout.cells[slot_of_key(DispatchKey::of(Functionality::AutocastFunctionality, backend))] =
                skipped;
        }
        let cells = shared_cells(cells.cells);
        Table { mask, layout: shared(layout), functions: functions.held, cells, added, is_built: true }
    }
}

/// The typed functions of a table in the making.
struct Functions {
    held: [Option<Erased>; FunctionPlace::COUNT],
    count: usize,
}

impl Functions {
    fn place(&mut self, kernel: Option<&'static Kernel>, signature: Option<TypeId>) -> FunctionPlace {
        let Some(function) = kernel.and_then(|kernel| kernel.typed_for(signature)) else {
            return FunctionPlace::Nowhere;
        };
        let known = self.held[..self.count].iter().position(|held| *held == Some(function));
        let at = known.unwrap_or_else(|| {
            if let Some(free) = self.held.get_mut(self.count) {
                *free = Some(function);
                self.count += 1;
                self.count - 1
            } else {
                0
            }
        });
        FunctionPlace::ALL[at]
    }
}

/// The distinct cells of a table in the making.
struct Cells {
    signature: Option<TypeId>,
    cells: Vec<Cell>,
}

impl Cells {
    fn position(&mut self, kernel: Option<&'static Kernel>, origin: Origin) -> u16 {
        let same = |cell: &Cell| cell.origin == origin && same_kernel(cell.kernel, kernel);
        let at = self.cells.iter().position(same).unwrap_or_else(|| {
            let is_typed = kernel.is_some_and(|kernel| kernel.typed_for(self.signature).is_some());
            let callable = kernel.filter(|kernel| !kernel.is_fallthrough());
            self.cells.push(Cell { is_typed, callable, kernel, origin });
            self.cells.len() - 1
        });
        u16::try_from(at).expect("there are fewer keys than that")
    }
}

fn same_kernel(a: Option<&'static Kernel>, b: Option<&'static Kernel>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => std::ptr::eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// The one copy of a list of cells.
fn shared_cells(cells: Vec<Cell>) -> &'static [Cell] {
    static CELLS: Mutex<Interned<[Cell]>> = Mutex::new(Interned::new());
    CELLS.lock().get(&cells, || Vec::leak(cells.clone()))
}

/// The one copy of a layout.
fn shared(layout: Layout) -> &'static Layout {
    static LAYOUTS: Mutex<Interned<Layout>> = Mutex::new(Interned::new());
    LAYOUTS.lock().get(&layout, || Box::leak(Box::new(layout.clone())))
}

/// Keeps [`Backend`] and the slot row in step.
const _: () = assert!(Backend::Meta.0 as usize == ROW - 1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::Operator;

    /// design goal: 512 bytes for an operator with one kernel. The layout is shared by all operators of that pattern.
    #[test]
    fn an_operator_with_one_kernel_takes_at_most_512_bytes() {
        static KERNEL: Kernel = Kernel::boxed(|_, _, _| Ok(()));
        let mut registrations = Registrations::new();
        registrations.add(DispatchKey::CPU.into(), &KERNEL);
        let table = registrations.table(&Fallbacks::default(), None);
        let cells = std::mem::size_of_val(table.cells);
        let listed = registrations.0.capacity() * size_of::<(RegistrationKey, &Kernel)>();
        let total = size_of::<Operator>() + listed + size_of::<Table>() + cells;
        assert!(total <= 512, "{total} bytes, {cells} of them cells");
    }
}
