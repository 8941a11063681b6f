//! A naive model of keys, sets of keys and tables, in names: what the runtime does with bits and ranks, done with lists.
//!
//! Written from the specification alone (dispatch.md sections 1, 2 and 7). It knows built-in keys by name, and is told
//! of added ones.

use std::collections::{BTreeMap, BTreeSet};

use keyway::schema::keys::{BACKENDS, FUNCTIONALITIES};

/// The keys there are, in order.
#[derive(Clone, Debug)]
pub struct Universe {
    backends: Vec<String>,
    /// Names, lowest first.
    functionalities: Vec<String>,
    /// Blocks by name: the prefix, and whether built-in backends have keys of it.
    blocks: BTreeMap<String, (String, bool)>,
    /// Functionalities that are backends of their own.
    backend_like: BTreeSet<String>,
}

/// A set: functionalities and backends by name, of which it means the product (D26).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Functionalities, blocks and plain ones.
    pub functionalities: BTreeSet<String>,
    /// Backends.
    pub backends: BTreeSet<String>,
}

/// A key in its two parts; no backend for a functionality that has one key for all.
pub type Parts = (String, Option<String>);

impl Universe {
    /// The built-in keys.
    pub fn builtin() -> Universe {
        let blocks = FUNCTIONALITIES.iter().filter_map(|f| {
            Some((f.name.to_owned(), (f.per_backend_prefix?.to_owned(), f.for_builtin_backends)))
        });
        Universe {
            backends: BACKENDS.map(str::to_owned).to_vec(),
            functionalities: FUNCTIONALITIES.iter().map(|f| f.name.to_owned()).collect(),
            blocks: blocks.collect(),
            backend_like: ["FPGA", "Vulkan", "Metal", "CustomRNGKeyId", "MkldnnCPU"]
                .map(str::to_owned)
                .into(),
        }
    }

    /// Adds a backend below `Meta`.
    pub fn add_backend(&mut self, name: &str) {
        self.backends.insert(self.backends.len() - 1, name.to_owned());
    }

    /// Adds a functionality beside another.
    pub fn add_functionality(&mut self, name: &str, beside: &str, above: bool, backend_like: bool) {
        let at = self.functionalities.iter().position(|f| f == beside).expect("it is there");
        self.functionalities.insert(at + usize::from(above), name.to_owned());
        if backend_like {
            self.backend_like.insert(name.to_owned());
        }
    }

    /// Whether a functionality has a key for each backend.
    pub fn is_block(&self, functionality: &str) -> bool {
        self.blocks.contains_key(functionality)
    }

    /// Functionalities, lowest first.
    pub fn functionalities(&self) -> &[String] {
        &self.functionalities
    }

    /// Backends, lowest first.
    pub fn backends(&self) -> &[String] {
        &self.backends
    }

    /// Every run-time key, lowest first, with its name.
    pub fn keys(&self) -> Vec<(String, Parts)> {
        let keys_of = |functionality: &String| -> Vec<(String, Parts)> {
            let Some((prefix, for_builtin)) = self.blocks.get(functionality) else {
                return vec![(functionality.clone(), (functionality.clone(), None))];
            };
            let backends = self.backends.iter().filter(|b| *for_builtin || !BACKENDS.contains(&b.as_str()));
            backends.map(|b| (format!("{prefix}{b}"), (functionality.clone(), Some(b.clone())))).collect()
        };
        self.functionalities.iter().flat_map(keys_of).collect()
    }

    /// The parts of a run-time key's name.
    fn parts(&self, name: &str) -> Option<Parts> {
        let plain = self.functionalities.iter().find(|f| *f == name && !self.is_block(f));
        let in_block = |(block, (prefix, _)): (&String, &(String, bool))| {
            let backend = name.strip_prefix(prefix.as_str())?;
            self.backends.iter().any(|b| b == backend).then(|| (block.clone(), Some(backend.to_owned())))
        };
        plain.map(|plain| (plain.clone(), None)).or_else(|| self.blocks.iter().find_map(in_block))
    }

    /// The keys a set lists, lowest first (D48).
    pub fn listed(&self, names: &Names) -> Vec<String> {
        self.keys().into_iter().filter(|(_, key)| names.has(key)).map(|(name, _)| name).collect()
    }

    /// The highest key of a set (D43); a block without a backend means CPU's (D46).
    pub fn highest(&self, names: &Names) -> String {
        let highest = self.functionalities.iter().rev().find(|f| names.functionalities.contains(*f));
        let Some(functionality) = highest else { return "Undefined".to_owned() };
        let backend = self.backends.iter().rev().find(|b| names.backends.contains(*b));
        match self.blocks.get(functionality) {
            Some((prefix, _)) => format!("{prefix}{}", backend.map_or("CPU", String::as_str)),
            None => functionality.clone(),
        }
    }

    /// What is below a functionality, every backend, and the Python dispatcher (D30).
    pub fn after(&self, functionality: &str) -> Names {
        let below = self.functionalities.iter().take_while(|f| *f != functionality).cloned();
        Names {
            functionalities: below.chain(["PythonDispatcher".to_owned()]).collect(),
            backends: self.backends.iter().cloned().collect(),
        }
    }

    /// Whether an alias key stands for a key (D55).
    pub fn is_member(&self, alias: &str, (functionality, backend): &Parts) -> bool {
        let f = functionality.as_str();
        let autograd = ["AutogradOther", "AutogradFunctionality", "AutogradNestedTensor"].contains(&f);
        let explicit = f == "Dense" || self.shares_autograd_other(f);
        let functional = !["XLA", "Lazy"].contains(&backend.as_deref().unwrap_or_default());
        match alias {
            "Autograd" => autograd,
            "CompositeImplicitAutograd" => explicit || f == "NestedTensor" || autograd,
            "CompositeExplicitAutograd" => explicit,
            "CompositeExplicitAutogradNonFunctional" => explicit && f != "Sparse" && functional,
            "CompositeImplicitAutogradNestedTensor" => ["NestedTensor", "AutogradNestedTensor"].contains(&f),
            "FuncTorchBatchedDecomposition" => f == "FuncTorchBatched",
            other => panic!("{other} is no alias key"),
        }
    }

    fn shares_autograd_other(&self, functionality: &str) -> bool {
        let blocks = ["Quantized", "Sparse", "SparseCsr"];
        blocks.contains(&functionality) || self.backend_like.contains(functionality)
    }

    /// The kernel of a key and why, by the first rule of D137 that holds. `registered` is what is in force, by the name of
    /// its key.
    pub fn resolve(
        &self,
        name: &str,
        key: &Parts,
        registered: &BTreeMap<String, String>,
    ) -> (String, &'static str) {
        let undefined = name == "Undefined";
        let from = |alias: &str, at_undefined: bool| {
            let covered = if undefined { at_undefined } else { self.is_member(alias, key) };
            registered.get(alias).filter(|_| covered).cloned()
        };
        if let Some(kernel) = registered.get(name) {
            return (kernel.clone(), "kernel");
        }
        let explicit = from("CompositeExplicitAutogradNonFunctional", true);
        if let Some(kernel) = explicit.or_else(|| from("CompositeExplicitAutograd", true)) {
            return (kernel, "default backend kernel");
        }
        if let Some(kernel) = from("CompositeImplicitAutogradNestedTensor", false) {
            return (kernel, "nested kernel");
        }
        if let Some(kernel) = from("CompositeImplicitAutograd", true) {
            let backend_kernel = self.has_backend_kernel(key, registered);
            if name == "AutogradOther" && backend_kernel {
                return ("ambiguous".to_owned(), "ambiguous autogradother");
            }
            if !backend_kernel && !registered.contains_key("CompositeExplicitAutograd") {
                return (kernel, "math kernel");
            }
        }
        if let Some(kernel) = from("Autograd", false) {
            return (kernel, "autograd kernel");
        }
        if let Some(kernel) = from("FuncTorchBatchedDecomposition", false) {
            return (kernel, "batched kernel");
        }
        match default_fallback(name, &key.0) {
            Some(kernel) => (kernel.to_owned(), "backend fallback"),
            None => ("missing".to_owned(), "missing"),
        }
    }

    /// Whether a kernel is registered that an autograd key would bypass (D58, D139).
    fn has_backend_kernel(&self, key: &Parts, registered: &BTreeMap<String, String>) -> bool {
        let is_backend = |(f, b): &Parts| match key.0.as_str() {
            "AutogradOther" => self.shares_autograd_other(f),
            "AutogradNestedTensor" => f == "NestedTensor",
            "AutogradFunctionality" => f == "Dense" && *b == key.1,
            _ => false,
        };
        registered.keys().filter_map(|name| self.parts(name)).any(|parts| is_backend(&parts))
    }
}

fn default_fallback(name: &str, functionality: &str) -> Option<&'static str> {
    let skipped = ["BackendSelect", "ADInplaceOrView", "FuncTorchVmapMode", "VmapMode"]
        .contains(&functionality)
        || ["AutogradOther", "AutogradFunctionality", "AutogradNestedTensor"].contains(&functionality)
        || functionality.starts_with("Autocast");
    match name {
        "Meta" => Some("no Meta kernel"),
        "Python" | "PythonTLSSnapshot" | "PreDispatch" | "PythonDispatcher" => Some("interpreter fallback"),
        _ => skipped.then_some("fallthrough"),
    }
}

impl Names {
    /// The set of one key.
    pub fn of((functionality, backend): Parts) -> Names {
        Names { functionalities: [functionality].into(), backends: backend.into_iter().collect() }
    }

    /// Whether a key is in it.
    pub fn has(&self, (functionality, backend): &Parts) -> bool {
        let backend = backend.as_ref();
        self.functionalities.contains(functionality) && backend.is_none_or(|b| self.backends.contains(b))
    }

    /// All of both.
    pub fn union(&self, other: &Names) -> Names {
        Names {
            functionalities: &self.functionalities | &other.functionalities,
            backends: &self.backends | &other.backends,
        }
    }

    /// What both have, functionalities and backends apart (D36).
    pub fn intersection(&self, other: &Names) -> Names {
        Names {
            functionalities: &self.functionalities & &other.functionalities,
            backends: &self.backends & &other.backends,
        }
    }

    /// Without the functionalities of another; backends stay (D37).
    pub fn difference(&self, other: &Names) -> Names {
        Names { functionalities: &self.functionalities - &other.functionalities, ..self.clone() }
    }

    /// Whether the other's parts are all here (D34).
    pub fn includes(&self, other: &Names) -> bool {
        self.functionalities.is_superset(&other.functionalities) && self.backends.is_superset(&other.backends)
    }
}
