//! Defining operators and registering kernels at run time, in blocks that undo themselves.

use keyway_schema::{OperatorName, Schema};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::kernel::Kernel;
use crate::key::RegistrationKey;
use crate::operator::Operator;
use crate::registry::{self, Registration};

/// A block of registrations in one namespace (dispatch.md section 12). Dropping it takes away what it registered.
///
/// ```
/// use keyway::{DispatchKey, Kernel, Library, Value, AliasKey};
/// let mut library = Library::define("demo")?;
/// let twice = library.def("twice(int x) -> int")?;
/// library.kernel("twice", AliasKey::CompositeExplicitAutograd, Kernel::closure(|_, _, stack| {
///     let Value::Int(x) = stack.pop()? else { unreachable!("checked by the schema") };
///     stack.push(2 * x);
///     Ok(())
/// }))?;
/// assert!(matches!(twice.call([Value::Int(21)])?.pop()?, Value::Int(42)));
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Debug)]
pub struct Library {
    namespace: String,
    may_define: bool,
    registrations: Vec<Registration>,
}

impl Library {
    /// The one block that owns a namespace.
    ///
    /// # Errors
    /// `DuplicateLibrary` if another one does, naming both places (D122).
    #[track_caller]
    pub fn define(namespace: &str) -> Result<Library> {
        let owned = registry::register_namespace(namespace, Place::here())?;
        Ok(Library { namespace: namespace.to_owned(), may_define: true, registrations: vec![owned] })
    }

    /// A block that adds to a namespace, whoever owns it (D182).
    pub fn fragment(namespace: &str) -> Library {
        Library { namespace: namespace.to_owned(), may_define: true, registrations: Vec::new() }
    }

    /// A block of kernels for operators defined elsewhere.
    pub fn implement(namespace: &str) -> Library {
        Library { namespace: namespace.to_owned(), may_define: false, registrations: Vec::new() }
    }

    /// Defines an operator by its schema, with or without the namespace in front (D183).
    ///
    /// # Errors
    /// `SchemaSyntax` with the position, `NamespaceMismatch`, `DuplicateDef` naming both places, `DefNotAllowedHere` in
    /// a block of kernels. Nothing is registered then.
    #[track_caller]
    pub fn def(&mut self, schema: &str) -> Result<&'static Operator> {
        let place = Place::here();
        if !self.may_define {
            let message =
                format!("a block of kernels cannot define `{schema}`; use Library::define or fragment");
            return Err(Error::new(ErrorKind::DefNotAllowedHere, message));
        }
        let mut parsed: Schema = schema.parse().map_err(|errors| {
            Error::new(ErrorKind::SchemaSyntax, format!("in the schema `{schema}`: {errors}"))
        })?;
        self.qualify(&mut parsed.name)?;
        let (operator, registration) = registry::register_definition(&parsed.name.clone(), parsed, place)?;
        self.registrations.push(registration);
        Ok(operator)
    }

    /// Registers a kernel for an operator, named with or without the namespace, defined already or later (D188).
    ///
    /// # Errors
    /// `DuplicateKernel` naming both places, `NamespaceMismatch`, `SchemaMismatch`.
    #[track_caller]
    pub fn kernel(&mut self, name: &str, key: impl Into<RegistrationKey>, kernel: Kernel) -> Result<()> {
        self.register(name, key.into(), kernel, false)
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
        self.register(name, key.into(), kernel, true)
    }

    #[track_caller]
    fn register(&mut self, name: &str, key: RegistrationKey, kernel: Kernel, overriding: bool) -> Result<()> {
        let mut name = split(name);
        self.qualify(&mut name)?;
        self.registrations.push(registry::register_kernel(&name.to_string(), key, kernel, overriding)?);
        Ok(())
    }

    fn qualify(&self, name: &mut OperatorName) -> Result<()> {
        match name.namespace.get_or_insert_with(|| self.namespace.clone()) {
            namespace if *namespace == self.namespace => Ok(()),
            namespace => {
                let message = format!("`{namespace}` is not the block's namespace `{}`", self.namespace);
                Err(Error::new(ErrorKind::NamespaceMismatch, message).in_operator(name.to_string()))
            }
        }
    }

    /// Leaves everything registered until the process ends.
    pub fn keep(self) {
        self.registrations.into_iter().for_each(Registration::keep);
    }
}

/// `ns::name.overload` in its parts.
fn split(name: &str) -> OperatorName {
    let (namespace, rest) = match name.split_once("::") {
        Some((namespace, rest)) => (Some(namespace.to_owned()), rest),
        None => (None, name),
    };
    let (name, overload) = rest.split_once('.').unwrap_or((rest, ""));
    OperatorName { namespace, name: name.to_owned(), overload: overload.to_owned() }
}
