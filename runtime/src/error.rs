//! The one error type: a kind, the operator, the key, and a text made on demand.
//!
//! Errors are values (law 6): user mistakes never panic. An [`Error`] is one pointer, so that results of kernels stay
//! small. What a message says is decided where the error is made; only the missing-kernel error, which needs the
//! operator's table, is rendered here from data.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::added_keys;
use crate::key::DispatchKey;

/// The result of everything that can fail in Keyway.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where something was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The source file, as the compiler names it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl Place {
    /// The place of the caller.
    #[track_caller]
    pub fn here() -> Place {
        let location = std::panic::Location::caller();
        Place { file: location.file(), line: location.line() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What went wrong (dispatch.md section 18, last column, and the kinds a kernel reports).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A string is not a key's name, or names a key that cannot stand here.
    UnknownKey,
    /// A key has this name already.
    DuplicateKey,
    /// No operator has this name.
    UnknownOperator,
    /// The operator is named but not defined: kernels without a schema, or a definition that was dropped.
    MissingDef,
    /// The operator is defined already.
    DuplicateDef,
    /// The namespace is defined already.
    DuplicateLibrary,
    /// Another kernel is registered for the same operator and key.
    DuplicateKernel,
    /// Another fallback is registered for the same key.
    DuplicateFallback,
    /// A schema string cannot be read.
    SchemaSyntax,
    /// A schema can be read but breaks a rule across its parts.
    SchemaInvalid,
    /// An overload name that is reserved: `default`, or one that begins with two underscores.
    IllegalOverload,
    /// Only a name was given where a definition needs a schema.
    SchemaExpected,
    /// A schema was given where a kernel needs only its operator's name.
    NameExpected,
    /// A definition by name alone came with a kernel that carries no types to make a schema from.
    CannotInferSchema,
    /// A name or a schema names another namespace than the library it is registered in.
    NamespaceMismatch,
    /// A kernel's types are not what the schema says.
    SchemaMismatch,
    /// A typed handle or a typed kernel is of other types than its operator.
    SignatureMismatch,
    /// A block of kernels defines nothing.
    DefNotAllowedHere,
    /// A fallback stands in a block of kernels only.
    FallbackNotAllowedHere,
    /// A fallback serves all namespaces, so its block must be for all of them.
    FallbackMustBeGlobal,
    /// The namespace `_`, which stands for all of them, cannot stand here.
    WildcardNotAllowed,
    /// A block that defines operators has no key.
    KeyNotAllowed,
    /// A key is needed, from the block or from the call.
    KeyRequired,
    /// The key given differs from the key of the block.
    KeyMismatch,
    /// No kernel for the key the call was dispatched to.
    NoKernel,
    /// No kernel is registered at exactly the key that was asked for.
    NoKernelAtKey,
    /// The registration that a kernel was taken from is gone.
    KernelGone,
    /// A kernel that is to be skipped was called by hand.
    FallthroughReached,
    /// No key was left to dispatch to, and no kernel serves calls without one.
    NoKernelForUndefined,
    /// A call came to a key of an interpreter and there was no mode, class or interpreter to ask (interpreter.md P21, P42).
    NobodyToAsk,
    /// Every mode and class that was asked declined the call.
    AllDeclined,
    /// Re-entrant dispatch without a snapshot to go back to.
    NoSnapshot,
    /// The mode stack was used out of order: emptied, filled twice, left in the wrong order.
    ModeStack,
    /// The interpreter behind an object is gone.
    InterpreterGone,
    /// An object belongs to another interpreter.
    ForeignInterpreter,
    /// A rule is registered for the operator and the type already.
    DuplicateRule,
    /// No `Meta` kernel.
    NoMetaKernel,
    /// `AutogradOther` serves several backends and no one kernel is right for all of them.
    AmbiguousAutogradOther,
    /// The shape rule is kept by a module that is not loaded.
    FakeImplNotLoaded,
    /// A value was taken from an empty stack.
    StackEmpty,
    /// A boxed call found fewer values than the operator has arguments.
    StackTooShort,
    /// A value is not of the kind the schema says.
    WrongValueKind,
    /// A boxed kernel left another number of results than the schema says.
    WrongResultCount,
    /// Too many positional arguments.
    TooManyInputs,
    /// An argument that a user gave is not of the type the schema says.
    WrongInputType,
    /// A required argument is missing.
    MissingInput,
    /// An argument is named that the schema does not have.
    UnknownInput,
    /// Sizes do not fit each other.
    Shape,
    /// An index or a dimension is out of range.
    Index,
    /// A value is not acceptable.
    Value,
    /// A dtype or another type is not acceptable.
    Type,
    /// Not implemented for this input.
    NotImplemented,
    /// Anything else a kernel reports.
    Runtime,
}

/// An error: one pointer wide.
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operator: Option<Cow<'static, str>>,
    key: Option<DispatchKey>,
    text: Text,
    origin: Option<Arc<dyn Any + Send + Sync>>,
}

#[derive(Clone)]
enum Text {
    Message(Cow<'static, str>),
    /// Keys with a kernel of their own, for the missing-kernel error; if no key was left, why.
    Available(Vec<String>, Option<String>),
}

impl Error {
    /// An error of a kind with a message: one sentence that says what is wrong and, where it can, what to do.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Error {
        let text = Text::Message(message.into());
        Error(Box::new(Inner { kind, operator: None, key: None, text, origin: None }))
    }

    /// Sizes do not fit.
    #[cold]
    pub fn shape(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::Shape, message)
    }

    /// An index or a dimension is out of range.
    #[cold]
    pub fn index(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::Index, message)
    }

    /// A value is not acceptable.
    #[cold]
    pub fn value(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::Value, message)
    }

    /// A dtype is not acceptable.
    #[cold]
    pub fn dtype(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::Type, message)
    }

    /// Not implemented for this input.
    #[cold]
    pub fn not_implemented(message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(ErrorKind::NotImplemented, message)
    }

    #[cold]
    pub(crate) fn no_kernel(operator: &str, key: DispatchKey, available: Vec<String>) -> Error {
        if crate::registry::is_unselected(operator) {
            return Error::new(ErrorKind::UnknownOperator, crate::registry::not_selected(operator));
        }
        let kind = match key {
            DispatchKey::Undefined => ErrorKind::NoKernelForUndefined,
            _ => ErrorKind::NoKernel,
        };
        Error(Box::new(Inner {
            kind,
            operator: Some(operator.to_owned().into()),
            key: Some(key),
            text: Text::Available(available, None),
            origin: None,
        }))
    }

    /// A missing-kernel error of a call that has no key left, with what became of its keys (better than D160).
    #[cold]
    #[must_use]
    pub(crate) fn masked(mut self, kind: ErrorKind, reason: String) -> Error {
        self.0.kind = kind;
        if let Text::Available(_, why) = &mut self.0.text {
            *why = Some(reason);
        }
        self
    }

    /// This error with the operator it happened in, unless one nearer to the cause is named already.
    #[cold]
    #[must_use]
    pub fn in_operator(mut self, operator: impl Into<Cow<'static, str>>) -> Error {
        self.0.operator.get_or_insert(operator.into());
        self
    }

    /// This error with the key it is about.
    #[cold]
    #[must_use]
    pub fn at_key(mut self, key: DispatchKey) -> Error {
        self.0.key = Some(key);
        self
    }

    /// This error with what another language raised, which comes out of the runtime again as it went in (P23).
    #[cold]
    #[must_use]
    pub fn with_origin(mut self, origin: Arc<dyn Any + Send + Sync>) -> Error {
        self.0.origin = Some(origin);
        self
    }

    /// What another language raised, if this error came from there and it is of this type.
    pub fn origin<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.origin.as_ref()?.downcast_ref()
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operator's full name, if the error is about one.
    pub fn operator(&self) -> Option<&str> {
        self.0.operator.as_deref()
    }

    /// The key, if the error is about one.
    pub fn key(&self) -> Option<DispatchKey> {
        self.0.key
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = self.operator().unwrap_or("the operator");
        match &self.0.text {
            Text::Message(message) => match self.operator() {
                Some(operator) => write!(f, "{operator}: {message}"),
                None => f.write_str(message),
            },
            Text::Available(available, why) => {
                match self.0.key {
                    Some(DispatchKey::Undefined) | None => {
                        let why = why.as_deref().unwrap_or("no argument brings one");
                        write!(f, "{operator}: no key is left to dispatch to: {why}")?;
                        if self.kind() == ErrorKind::FallthroughReached {
                            write!(f, "; its kernel for calls without a key only says to go on")?;
                        }
                    }
                    Some(key) => write!(f, "{operator}: no kernel for {key}")?,
                }
                match available.is_empty() {
                    true => write!(f, "\n  it has no kernel at all; write one: ")?,
                    false => {
                        write!(f, "\n  it has kernels for {}; for another write: ", available.join(", "))?
                    }
                }
                let key = match self.0.key {
                    None | Some(DispatchKey::Undefined) => "CompositeExplicitAutograd".to_owned(),
                    // The attribute takes the name of a key that the compiler does not know in quotes.
                    Some(key) if added_keys::is_added(key) => format!("\"{key}\""),
                    Some(key) => key.to_string(),
                };
                write!(f, "#[kernel(\"{operator}\", {key})]")?;
                match self.0.key {
                    None | Some(DispatchKey::Undefined) => {
                        write!(f, "\n  the path: keyway explain {operator}")
                    }
                    Some(key) => write!(f, "\n  the path: keyway explain {operator} --keys {key}"),
                }
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}
