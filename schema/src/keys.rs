//! The built-in dispatch keys: their names, their order and what each one is.
//!
//! This table is the one place that knows the names (dispatch.md D4, D6, D10). The runtime builds its key type from
//! it, the generator checks `dispatch:` tables against it, and `#[kernel]` checks its key arguments against it.
//! What a key *does* (sets, tables, fallbacks) belongs to the runtime.

/// Backend components in ascending priority (D4). The position is the backend's index.
pub const BACKENDS: [&str; 16] = [
    "CPU",
    "CUDA",
    "HIP",
    "XLA",
    "MPS",
    "IPU",
    "XPU",
    "HPU",
    "VE",
    "Lazy",
    "MTIA",
    "MAIA",
    "PrivateUse1",
    "PrivateUse2",
    "PrivateUse3",
    "Meta",
];

/// One functionality key (D6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Functionality {
    /// The key's own name, for a building block the name of the block (`Dense`).
    pub name: &'static str,
    /// For a building block, what stands before a backend's name in its run-time keys (`""` for `Dense`);
    /// `None` for a functionality that has one key for all backends.
    pub per_backend_prefix: Option<&'static str>,
    /// Whether a building block has keys for the built-in backends; all have them for backends added at run time.
    pub for_builtin_backends: bool,
}

const fn one(name: &'static str) -> Functionality {
    Functionality { name, per_backend_prefix: None, for_builtin_backends: true }
}

const fn block(name: &'static str, prefix: &'static str) -> Functionality {
    Functionality { name, per_backend_prefix: Some(prefix), for_builtin_backends: true }
}

/// Functionality keys in ascending priority (D6), without `Undefined`. One is Keyway's own: the autocast keys of backends
/// added at run time are a building block, where built-in backends have a key each.
pub const FUNCTIONALITIES: [Functionality; 47] = [
    block("Dense", ""),
    one("FPGA"),
    one("Vulkan"),
    one("Metal"),
    block("Quantized", "Quantized"),
    one("CustomRNGKeyId"),
    one("MkldnnCPU"),
    block("Sparse", "Sparse"),
    block("SparseCsr", "SparseCsr"),
    block("NestedTensor", "NestedTensor"),
    one("BackendSelect"),
    one("Fake"),
    one("Python"),
    one("FuncTorchDynamicLayerBackMode"),
    one("Functionalize"),
    one("Conjugate"),
    one("Negative"),
    one("ZeroTensor"),
    one("ADInplaceOrView"),
    one("AutogradOther"),
    block("AutogradFunctionality", "Autograd"),
    one("AutogradNestedTensor"),
    one("Tracer"),
    one("AutocastCPU"),
    one("AutocastMTIA"),
    one("AutocastMAIA"),
    one("AutocastXPU"),
    one("AutocastIPU"),
    one("AutocastHPU"),
    one("AutocastXLA"),
    one("AutocastMPS"),
    one("AutocastCUDA"),
    one("AutocastPrivateUse1"),
    Functionality { for_builtin_backends: false, ..block("AutocastFunctionality", "Autocast") },
    one("FuncTorchBatched"),
    one("BatchedNestedTensor"),
    one("FuncTorchVmapMode"),
    one("Batched"),
    one("VmapMode"),
    one("FuncTorchGradWrapper"),
    one("DeferredInit"),
    one("PythonTLSSnapshot"),
    one("FuncTorchDynamicLayerFrontMode"),
    one("TESTING_ONLY_GenericWrapper"),
    one("TESTING_ONLY_GenericMode"),
    one("PreDispatch"),
    one("PythonDispatcher"),
];

/// Alias keys (D10): registered to, never dispatched to.
pub const ALIASES: [&str; 6] = [
    "Autograd",
    "CompositeImplicitAutograd",
    "FuncTorchBatchedDecomposition",
    "CompositeImplicitAutogradNestedTensor",
    "CompositeExplicitAutograd",
    "CompositeExplicitAutogradNonFunctional",
];

/// What a key's name stands for. Positions index [`FUNCTIONALITIES`], [`BACKENDS`] and [`ALIASES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The key for "no key" (`Undefined`).
    Undefined,
    /// A functionality with one key for all backends.
    Plain {
        /// Position in [`FUNCTIONALITIES`].
        functionality: usize,
    },
    /// A per-backend run-time key such as `CPU` or `AutogradCUDA`.
    PerBackend {
        /// Position in [`FUNCTIONALITIES`].
        functionality: usize,
        /// Position in [`BACKENDS`].
        backend: usize,
    },
    /// A building block such as `Dense`: part of key sets, never registered to.
    BuildingBlock {
        /// Position in [`FUNCTIONALITIES`].
        functionality: usize,
    },
    /// An alias key.
    Alias {
        /// Position in [`ALIASES`].
        alias: usize,
    },
}

/// Finds the key with this name. Exact and case-sensitive; the inverse of printing for every key (better than D19).
///
/// ```
/// use keyway_schema::keys::{Key, parse};
/// assert_eq!(parse("AutogradHIP"), Some(Key::PerBackend { functionality: 20, backend: 2 }));
/// assert_eq!(parse("cpu"), None);
/// ```
pub fn parse(name: &str) -> Option<Key> {
    if name == "Undefined" {
        return Some(Key::Undefined);
    }
    if let Some(alias) = ALIASES.iter().position(|&a| a == name) {
        return Some(Key::Alias { alias });
    }
    for (functionality, f) in FUNCTIONALITIES.iter().enumerate() {
        if f.name == name {
            return Some(match f.per_backend_prefix {
                Some(_) => Key::BuildingBlock { functionality },
                None => Key::Plain { functionality },
            });
        }
    }
    per_backend(name)
}

fn per_backend(name: &str) -> Option<Key> {
    FUNCTIONALITIES.iter().enumerate().filter(|(_, f)| f.for_builtin_backends).find_map(
        |(functionality, f)| {
            let rest = name.strip_prefix(f.per_backend_prefix?)?;
            let backend = BACKENDS.iter().position(|&b| b == rest)?;
            Some(Key::PerBackend { functionality, backend })
        },
    )
}

/// Every name a kernel can be registered to: run-time keys in ascending priority, then alias keys.
pub fn registrable_names() -> Vec<String> {
    let mut names = Vec::new();
    for f in FUNCTIONALITIES.iter().filter(|f| f.for_builtin_backends) {
        match f.per_backend_prefix {
            Some(prefix) => names.extend(BACKENDS.iter().map(|b| format!("{prefix}{b}"))),
            None => names.push(f.name.to_owned()),
        }
    }
    names.extend(ALIASES.iter().map(|&a| a.to_owned()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registrable_name_parses_and_names_are_distinct() {
        let names = registrable_names();
        assert_eq!(names.len(), 136 + 6);
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        for name in &names {
            assert!(
                !matches!(parse(name), None | Some(Key::BuildingBlock { .. } | Key::Undefined)),
                "{name} must parse to a key that can be registered to"
            );
        }
    }
}
