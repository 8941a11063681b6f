//! Defining operators and registering kernels at run time, in blocks that undo themselves.
//!
//! A [`Library`] is a block of registrations in one namespace (dispatch.md section 12). It says what may stand in it,
//! adds its namespace to names, and owns what it registered. Each registration happens whole or not at all.

use std::fmt;

use keyway_schema::{Code, OperatorName, Schema, SchemaErrors, identifiers, parse_name};

use crate::definition::{AliasAnalysis, Definition};
use crate::device::Device;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::function_kernel::KernelFunction;
use crate::inference;
use crate::kernel::Kernel;
use crate::key::{AliasKey, Backend, DispatchKey, Functionality, RegistrationKey};
use crate::operator::Operator;
use crate::registry::{self, Registration};
use crate::retired;

/// What a block is for, and so what may stand in it (D179).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LibraryKind {
    /// The one block that owns a namespace: definitions and kernels.
    Definitions,
    /// Adds definitions and kernels to a namespace, whoever owns it; any number of them.
    Fragment,
    /// Kernels for operators defined elsewhere, and fallbacks; any number of them.
    Kernels,
}

impl fmt::Display for LibraryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LibraryKind::Definitions => "block of definitions",
            LibraryKind::Fragment => "fragment",
            LibraryKind::Kernels => "block of kernels",
        })
    }
}

/// The namespace that stands for all of them (D180).
const WILDCARD: &str = "_";

/// A block of registrations in one namespace (dispatch.md section 12). Dropping it takes away what it registered.
///
/// ```
/// use keyway::{DispatchKey, Library, Result, Tensor, Value};
/// let mut library = Library::define("demo")?;
/// let scale = library.def("scale(Tensor x, int by=2) -> int")?;
/// library.kernel_fn("scale", DispatchKey::CPU, |x: &Tensor, by: i64| -> Result<i64> { Ok(x.sizes()[0] * by) })?;
/// let twice = library.def_fn("twice", |x: i64| -> Result<i64> { Ok(2 * x) })?;
/// assert_eq!(twice.schema().unwrap().to_string(), "demo::twice(int _0) -> int");
/// assert!(matches!(twice.call([Value::Int(21)])?.pop()?, Value::Int(42)));
/// let x = Tensor::from_slice(&[1.0f32, 2.0], &[2])?;
/// assert!(matches!(scale.call([x.into()])?.pop()?, Value::Int(4)));
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Debug)]
pub struct Library {
    kind: LibraryKind,
    /// `None` in a block for all namespaces.
    namespace: Option<String>,
    key: Option<RegistrationKey>,
    fake_module: Option<&'static str>,
    place: Place,
    /// Where definitions are written, if not in Rust.
    written: Option<Place>,
    registrations: Vec<Registration>,
}

impl Library {
    /// The one block that owns a namespace.
    ///
    /// # Errors
    /// `DuplicateLibrary` if another one does, naming both places (D122); `WildcardNotAllowed` for `_` (D180).
    #[track_caller]
    pub fn define(namespace: &str) -> Result<Library> {
        Library::open(LibraryKind::Definitions, namespace, None)
    }

    /// A block that adds to a namespace, whoever owns it, and also if nobody does (D182).
    ///
    /// # Errors
    /// `WildcardNotAllowed` for `_` (D180).
    #[track_caller]
    pub fn fragment(namespace: &str) -> Result<Library> {
        Library::open(LibraryKind::Fragment, namespace, None)
    }

    /// A block of kernels for operators defined elsewhere. The namespace `_` makes it a block of fallbacks.
    #[track_caller]
    pub fn implement(namespace: &str) -> Library {
        Library::block(LibraryKind::Kernels, namespace, None)
    }

    /// A block of kernels for one key (D179).
    #[track_caller]
    pub fn implement_at(namespace: &str, key: impl Into<RegistrationKey>) -> Library {
        Library::block(LibraryKind::Kernels, namespace, Some(key.into()))
    }

    /// A block of any kind; what the other constructors come down to, for front ends that get the kind as data.
    ///
    /// # Errors
    /// `KeyNotAllowed` for a key with a kind that defines operators (D181), `WildcardNotAllowed` for `_` with such a
    /// kind (D180), `SchemaSyntax` for what is no namespace, `DuplicateLibrary` (D122).
    #[track_caller]
    pub fn open(kind: LibraryKind, namespace: &str, key: Option<RegistrationKey>) -> Result<Library> {
        Library::block(kind, namespace, key).opened(namespace)
    }

    /// This block, if it may be what it says (D180, D181), with its namespace taken.
    fn opened(self, namespace: &str) -> Result<Library> {
        let mut library = self;
        let kind = library.kind;
        if kind == LibraryKind::Kernels {
            return Ok(library);
        }
        if let Some(key) = library.key {
            let message =
                format!("a {library} has no key; give {key} with each kernel, or open a block of kernels");
            return Err(Error::new(ErrorKind::KeyNotAllowed, message));
        }
        if library.namespace.is_none() {
            let message = format!("a {library} needs a namespace of its own, `_` stands for all of them");
            return Err(Error::new(ErrorKind::WildcardNotAllowed, message));
        }
        if !identifiers::is_raw_identifier(namespace) && !identifiers::is_keyword(namespace) {
            let message =
                format!("`{namespace}` cannot be a namespace; it is one word of letters, digits and `_`");
            return Err(Error::new(ErrorKind::SchemaSyntax, message));
        }
        if kind == LibraryKind::Definitions {
            library.registrations.push(registry::register_namespace(namespace, library.place)?);
        }
        Ok(library)
    }

    /// [`Library::open`] for front ends in another language, which say where the block is written there.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub fn open_at(
        kind: LibraryKind,
        namespace: &str,
        key: Option<RegistrationKey>,
        place: Place,
    ) -> Result<Library> {
        let mut library = Library::block(kind, namespace, key);
        library.place = place;
        library.opened(namespace)
    }

    /// Says where the definitions from here on are written, in another language.
    pub fn set_place(&mut self, place: Place) {
        self.written = Some(place);
    }

    #[track_caller]
    fn block(kind: LibraryKind, namespace: &str, key: Option<RegistrationKey>) -> Library {
        let namespace = (namespace != WILDCARD).then(|| namespace.to_owned());
        let place = Place::here();
        Library { kind, namespace, key, fake_module: None, place, written: None, registrations: Vec::new() }
    }

    /// What the block is for.
    pub fn kind(&self) -> LibraryKind {
        self.kind
    }

    /// The block's namespace; `None` in a block for all of them.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The block's key, if it has one.
    pub fn key(&self) -> Option<RegistrationKey> {
        self.key
    }

    /// Declares that the shape rules (fake implementations) of the operators defined from here on are registered by
    /// another module, for example a Python one: until it is loaded, calls on `Meta` say so (D168, D194).
    pub fn fake_module(&mut self, module: &str) {
        self.fake_module = Some(retired::text(module));
    }

    /// Defines an operator by its schema, with or without the namespace in front (D183).
    ///
    /// # Errors
    /// `SchemaSyntax`, `SchemaInvalid` and `IllegalOverload` (D193) with the position; `SchemaExpected` for a name alone
    /// (D184); `NamespaceMismatch`; `DefNotAllowedHere` in a block of kernels; `DuplicateDef` naming both places (D99);
    /// `SchemaMismatch` if a kernel that is there already disagrees (D117). Nothing is registered then.
    #[track_caller]
    pub fn def(&mut self, schema: &str) -> Result<&'static Operator> {
        self.def_tagged(schema, &[])
    }

    /// Defines an operator that has tags, for example `pointwise` (D134).
    ///
    /// # Errors
    /// As [`Library::def`].
    #[track_caller]
    pub fn def_tagged(&mut self, schema: &str, tags: &[&str]) -> Result<&'static Operator> {
        let place = self.written.unwrap_or(Place::here());
        self.def_at(schema, tags, AliasAnalysis::FromSchema, place)
    }

    /// Defines an operator and says what may be taken for granted about its memory besides what the schema says.
    ///
    /// # Errors
    /// As [`Library::def`]; `SchemaInvalid` for a pure operator whose schema says that memory is shared or written.
    #[track_caller]
    pub fn def_with_alias_analysis(
        &mut self,
        schema: &str,
        alias_analysis: AliasAnalysis,
    ) -> Result<&'static Operator> {
        let place = self.written.unwrap_or(Place::here());
        self.def_at(schema, &[], alias_analysis, place)
    }

    fn def_at(
        &mut self,
        schema: &str,
        tags: &[&str],
        alias_analysis: AliasAnalysis,
        place: Place,
    ) -> Result<&'static Operator> {
        self.may_define(schema, place)?;
        if !schema.contains('(') && parse_name(schema).is_ok() {
            let message = format!(
                "`{schema}` is only a name; write its arguments and results, `{schema}(Tensor x) -> Tensor`"
            );
            return Err(Error::new(ErrorKind::SchemaExpected, message));
        }
        let schema = self.parse(schema)?;
        let shares = schema.arguments.iter().any(|argument| argument.alias.is_some());
        if alias_analysis == AliasAnalysis::Pure && shares {
            let message =
                format!("`{schema}` says that memory is shared or written; a pure operator does neither");
            return Err(Error::new(ErrorKind::SchemaInvalid, message));
        }
        let definition = self.definition(schema, tags, place).with_alias_analysis(alias_analysis);
        self.register_definition(definition, place)
    }

    /// Defines an operator by its schema, or by its name alone with the schema that the kernel's function implies
    /// (D185, D186), and registers the kernel: for every backend and as composite (catch-all, D101).
    ///
    /// # Errors
    /// As [`Library::def`] and [`Library::kernel`]; `CannotInferSchema` for a name alone with a kernel that was not made
    /// by [`Kernel::from_fn`] or with argument names that do not fit. Nothing is registered then.
    #[track_caller]
    pub fn def_kernel(&mut self, text: &str, mut kernel: Kernel) -> Result<&'static Operator> {
        let place = Place::here();
        self.may_define(text, place)?;
        kernel.set_place(place);
        let (schema, alias_analysis) = match parse_name(text) {
            Ok(name) => (self.parse(&inferred_schema(&name, &kernel, place)?)?, AliasAnalysis::Conservative),
            Err(_) => (self.parse(text)?, AliasAnalysis::FromSchema),
        };
        let definition = self.definition(schema, &[], place).with_alias_analysis(alias_analysis);
        // Before anybody hears of the definition.
        inference::check_kernel(&definition, &kernel)?;
        let operator = self.register_definition(definition, place)?;
        let key = self.key.unwrap_or(CATCH_ALL);
        match registry::register_kernel(operator.name(), key, kernel, false) {
            Ok(registration) => self.registrations.push(registration),
            Err(error) => {
                self.registrations.pop();
                return Err(error);
            }
        }
        Ok(operator)
    }

    /// Defines an operator by a function: [`Library::def_kernel`] of [`Kernel::from_fn`].
    ///
    /// # Errors
    /// As [`Library::def_kernel`].
    #[track_caller]
    pub fn def_fn<Marker>(
        &mut self,
        text: &str,
        f: impl KernelFunction<Marker>,
    ) -> Result<&'static Operator> {
        self.def_kernel(text, Kernel::from_fn(f))
    }

    /// Keeps the name of an operator that is defined elsewhere or later (D123): until then, looking it up says that its
    /// definition is missing, not that nobody knows it.
    ///
    /// # Errors
    /// `NameExpected` for a whole schema, `NamespaceMismatch`.
    pub fn name(&mut self, name: &str) -> Result<&'static Operator> {
        let name = self.qualified_name(name)?;
        let (operator, registration) = registry::register_name(&name);
        self.registrations.push(registration);
        Ok(operator)
    }

    /// Registers a kernel for an operator, named with or without the namespace, defined already or later (D188).
    ///
    /// # Errors
    /// `NameExpected` for a whole schema; `NamespaceMismatch`; `WildcardNotAllowed` in a block for all namespaces (D190);
    /// `KeyMismatch` if the block is for another key; `DuplicateKernel` naming both places; `SchemaMismatch` (D115).
    /// Nothing is registered then.
    #[track_caller]
    pub fn kernel(&mut self, name: &str, key: impl Into<RegistrationKey>, kernel: Kernel) -> Result<()> {
        let key = self.agreed_key(key.into())?;
        self.register(name, key, kernel, false)
    }

    /// Registers a function as a kernel: [`Library::kernel`] of [`Kernel::from_fn`].
    ///
    /// # Errors
    /// As [`Library::kernel`].
    #[track_caller]
    pub fn kernel_fn<Marker>(
        &mut self,
        name: &str,
        key: impl Into<RegistrationKey>,
        f: impl KernelFunction<Marker>,
    ) -> Result<()> {
        self.kernel(name, key, Kernel::from_fn(f))
    }

    /// Registers a kernel at the block's key; in a block without one for every backend and as composite (catch-all,
    /// D101), that is at `CompositeImplicitAutograd`.
    ///
    /// # Errors
    /// As [`Library::kernel`].
    #[track_caller]
    pub fn default_kernel(&mut self, name: &str, kernel: Kernel) -> Result<()> {
        self.register(name, self.key.unwrap_or(CATCH_ALL), kernel, false)
    }

    /// Registers a kernel and hides the one that is there, until this block is dropped (D104, D107).
    ///
    /// # Errors
    /// As [`Library::kernel`], but for `DuplicateKernel`.
    #[track_caller]
    pub fn override_kernel(
        &mut self,
        name: &str,
        key: impl Into<RegistrationKey>,
        kernel: Kernel,
    ) -> Result<()> {
        let key = self.agreed_key(key.into())?;
        self.register(name, key, kernel, true)
    }

    /// Registers a boxed kernel for every operator that has none of its own at the block's key. An alias key stands for
    /// each of its run-time keys, all of them or none (D191, better than D192).
    ///
    /// ```
    /// use keyway::{DispatchKey, Kernel, Library};
    /// let mut fallbacks = Library::implement_at("_", DispatchKey::DeferredInit);
    /// fallbacks.fallback(Kernel::fallthrough())?;
    /// # Ok::<(), keyway::Error>(())
    /// ```
    ///
    /// # Errors
    /// `FallbackNotAllowedHere` in a block that defines operators, `FallbackMustBeGlobal` in a block of one namespace,
    /// `KeyRequired` in a block without a key, `DuplicateFallback` naming both places, `SignatureMismatch` for a kernel that
    /// is not boxed. Nothing is registered then.
    #[track_caller]
    pub fn fallback(&mut self, kernel: Kernel) -> Result<()> {
        self.may_fall_back()?;
        let Some(key) = self.key else {
            let message =
                format!("a fallback needs a key, and this {self} has none; use Library::fallback_at");
            return Err(Error::new(ErrorKind::KeyRequired, message));
        };
        self.registrations.push(registry::register_fallback(key, kernel)?);
        Ok(())
    }

    /// Registers a fallback at a key, in a block without one.
    ///
    /// # Errors
    /// As [`Library::fallback`]; `KeyMismatch` if the block is for another key.
    #[track_caller]
    pub fn fallback_at(&mut self, key: impl Into<RegistrationKey>, kernel: Kernel) -> Result<()> {
        self.may_fall_back()?;
        let key = self.agreed_key(key.into())?;
        self.registrations.push(registry::register_fallback(key, kernel)?);
        Ok(())
    }

    /// Leaves everything registered until the process ends.
    pub fn keep(self) {
        self.registrations.into_iter().for_each(Registration::keep);
    }

    fn may_define(&self, what: &str, place: Place) -> Result<()> {
        if self.kind != LibraryKind::Kernels {
            return Ok(());
        }
        let message =
            format!("`{what}` cannot be defined at {place} in a {self}; use Library::define or fragment");
        Err(Error::new(ErrorKind::DefNotAllowedHere, message))
    }

    fn may_fall_back(&self) -> Result<()> {
        match (&self.namespace, self.kind) {
            (_, LibraryKind::Definitions | LibraryKind::Fragment) => {
                let message =
                    format!("a fallback cannot stand in a {self}; use Library::implement_at(\"_\", key)");
                Err(Error::new(ErrorKind::FallbackNotAllowedHere, message))
            }
            (Some(_), LibraryKind::Kernels) => {
                let message = format!(
                    "a fallback serves every namespace, not only that of this {self}; use Library::implement_at(\"_\", key)"
                );
                Err(Error::new(ErrorKind::FallbackMustBeGlobal, message))
            }
            (None, LibraryKind::Kernels) => Ok(()),
        }
    }

    fn agreed_key(&self, key: RegistrationKey) -> Result<RegistrationKey> {
        match self.key {
            Some(own) if own != key => {
                let message = format!("the kernel is for {key}, this {self} is for {own}");
                Err(Error::new(ErrorKind::KeyMismatch, message))
            }
            _ => Ok(key),
        }
    }

    #[track_caller]
    fn register(&mut self, name: &str, key: RegistrationKey, kernel: Kernel, overriding: bool) -> Result<()> {
        let name = self.qualified_name(name)?;
        self.registrations.push(registry::register_kernel(&name.to_string(), key, kernel, overriding)?);
        Ok(())
    }

    fn definition(&self, schema: Schema, tags: &[&str], place: Place) -> Definition {
        Definition::new(schema, Some(place))
            .with_tags(retired::texts(tags))
            .with_fake_module(self.fake_module)
    }

    fn register_definition(&mut self, definition: Definition, place: Place) -> Result<&'static Operator> {
        let name = definition.schema.name.clone();
        let (operator, registration) = registry::register_definition(&name, definition, place)?;
        self.registrations.push(registration);
        Ok(operator)
    }

    /// A schema with the block's namespace.
    fn parse(&self, text: &str) -> Result<Schema> {
        let mut schema: Schema = text.parse().map_err(|errors| schema_error("schema", text, &errors))?;
        self.qualify(&mut schema.name)?;
        Ok(schema)
    }

    fn qualified_name(&self, text: &str) -> Result<OperatorName> {
        if text.contains('(') {
            let message = format!("`{text}` is a whole schema; only the operator's name belongs here");
            return Err(Error::new(ErrorKind::NameExpected, message));
        }
        let mut name = parse_name(text).map_err(|errors| schema_error("name", text, &errors))?;
        self.qualify(&mut name)?;
        Ok(name)
    }

    fn qualify(&self, name: &mut OperatorName) -> Result<()> {
        let Some(own) = &self.namespace else {
            let message = format!("this {self} takes fallbacks only; open one for the operator's namespace");
            return Err(Error::new(ErrorKind::WildcardNotAllowed, message).in_operator(name.to_string()));
        };
        match name.namespace.get_or_insert_with(|| own.clone()) {
            namespace if namespace == own => Ok(()),
            namespace => {
                let message = format!("the namespace `{namespace}` is not that of this {self}");
                Err(Error::new(ErrorKind::NamespaceMismatch, message).in_operator(name.to_string()))
            }
        }
    }
}

/// Where a kernel goes that is for no particular key (D101).
const CATCH_ALL: RegistrationKey = RegistrationKey::Alias(AliasKey::CompositeImplicitAutograd);

impl fmt::Display for Library {
    /// As messages name it: `block of kernels of `ns` at CPU (file.rs:1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind;
        match &self.namespace {
            Some(namespace) => write!(f, "{kind} of `{namespace}` ({})", self.place),
            None => write!(f, "{kind} of all namespaces ({})", self.place),
        }
    }
}

/// The text of the schema that a kernel's function implies.
fn inferred_schema(name: &OperatorName, kernel: &Kernel, place: Place) -> Result<String> {
    let refused = |why: &str| {
        let message = format!("{why} ({place}); give the schema");
        Err(Error::new(ErrorKind::CannotInferSchema, message).in_operator(name.to_string()))
    };
    match kernel.inferred() {
        Some(inferred) if inferred.names_fit() => Ok(format!("{name}{inferred}")),
        Some(_) => refused("the names given are not as many as the kernel has arguments"),
        None => refused("only a name is given, and the kernel carries no types to make a schema from"),
    }
}

/// The parser's mistakes as one error, of the kind of the first.
fn schema_error(what: &str, text: &str, errors: &SchemaErrors) -> Error {
    let kind = match errors.0.first().map(|error| error.code) {
        Some(Code::BadOverload) => ErrorKind::IllegalOverload,
        Some(code) if code >= Code::DuplicateArgument => ErrorKind::SchemaInvalid,
        _ => ErrorKind::SchemaSyntax,
    };
    Error::new(kind, format!("in the {what} `{text}`: {errors}"))
}

impl From<Backend> for RegistrationKey {
    /// A backend stands for its dense key: `CPU`, `CUDA`.
    fn from(backend: Backend) -> RegistrationKey {
        DispatchKey::of(Functionality::Dense, backend).into()
    }
}

impl From<Device> for RegistrationKey {
    /// A device stands for the dense key of its backend.
    fn from(device: Device) -> RegistrationKey {
        device.backend.into()
    }
}
