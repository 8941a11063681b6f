//! What kind of thing is observed (D239).

use std::fmt;

/// The kind of a record. Operators are [`Scope::Function`]; the others are for records opened by hand (D239).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scope {
    /// Operators.
    Function = 0,
    /// Nodes of a backward pass.
    BackwardFunction = 1,
    /// Functions of a scripting language.
    ScriptFunction = 2,
    /// Kernels of one dtype.
    KernelFunctionDtype = 3,
    /// Methods of custom classes.
    CustomClass = 4,
    /// Generic build features.
    BuildFeature = 5,
    /// Runs of a lite interpreter.
    LiteInterpreter = 6,
    /// What a user names.
    User = 7,
    /// Operators of a static runtime.
    StaticRuntimeOp = 8,
    /// Models of a static runtime.
    StaticRuntimeModel = 9,
}

impl Scope {
    /// Every scope, in the order of their numbers.
    pub const ALL: [Scope; 10] = [
        Scope::Function,
        Scope::BackwardFunction,
        Scope::ScriptFunction,
        Scope::KernelFunctionDtype,
        Scope::CustomClass,
        Scope::BuildFeature,
        Scope::LiteInterpreter,
        Scope::User,
        Scope::StaticRuntimeOp,
        Scope::StaticRuntimeModel,
    ];

    /// Its name in lower case: `function`, `user`.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Function => "function",
            Scope::BackwardFunction => "backward_function",
            Scope::ScriptFunction => "script_function",
            Scope::KernelFunctionDtype => "kernel_function_dtype",
            Scope::CustomClass => "custom_class",
            Scope::BuildFeature => "build_feature",
            Scope::LiteInterpreter => "lite_interpreter",
            Scope::User => "user",
            Scope::StaticRuntimeOp => "static_runtime_op",
            Scope::StaticRuntimeModel => "static_runtime_model",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scopes(u16);

impl Scopes {
    /// Every scope.
    pub const ALL: Scopes = Scopes((1 << Scope::ALL.len()) - 1);

    /// Whether a scope is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }
}

impl FromIterator<Scope> for Scopes {
    /// The set of these scopes; none at all means every scope (D240).
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        match scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u8) {
            0 => Scopes::ALL,
            set => Scopes(set),
        }
    }
}
