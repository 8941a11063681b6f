//! `keyway explain`: what an error code means, or which way a call of an operator takes.
//!
//! The only command that knows kernels: those of the bundled library, which is linked for it.

use std::io::{self, Write};

use keyway::{
    Backend, DType, Device, DispatchKey, Error, Explanation, KeySet, LocalKeySets, Operator, RegistrationKey,
    Tensor,
};
use keyway_schema::Code;

use crate::terminal::{HEADING, styled};
use crate::{Outcome, json, terminal};

/// Arguments of `keyway explain`.
#[derive(clap::Args)]
pub(crate) struct Explain {
    /// A code, KW0006 for instance, or an operator of the bundled library, aten::add.Tensor; all codes if left out
    #[arg(value_name = "CODE or OPERATOR")]
    what: Option<String>,
    /// Keys that the arguments of the call carry, with commas between; those of a tensor on the CPU if left out
    #[arg(long, value_name = "KEYS", value_delimiter = ',', conflicts_with = "device")]
    keys: Vec<String>,
    /// The device of the arguments, cpu or meta for instance, in place of their keys
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Keys that the thread includes besides its usual ones
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    include: Vec<String>,
    /// Keys that the thread excludes besides its usual ones
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    exclude: Vec<String>,
    /// The whole table of the operator too
    #[arg(long)]
    table: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "table")]
    json: bool,
}

impl Explain {
    pub(crate) fn run(self, out: &mut impl Write) -> io::Result<Outcome> {
        match self.what.as_deref() {
            None => self.all_codes(out),
            Some(text) if !text.contains("::") => self.code(text, out),
            Some(operator) => match self.path_of(operator) {
                Ok((_, path)) if self.json => {
                    json::write(out, &json::Path::from(&path)).map(|()| Outcome::Well)
                }
                Ok((operator, path)) => self.show(operator, &path, out).map(|()| Outcome::Well),
                Err(error) => {
                    terminal::error(error);
                    Ok(Outcome::Badly)
                }
            },
        }
    }

    fn path_of(&self, operator: &str) -> Result<(&'static Operator, Explanation), Error> {
        keyway_ops::register();
        let operator = keyway::find_operator(operator)?;
        let keys = match (&self.device, self.keys.is_empty()) {
            (Some(device), _) => keys_of_device(device)?,
            (None, true) => keys_of_device("CPU")?,
            (None, false) => set(&self.keys)?,
        };
        let sets = LocalKeySets {
            included: LocalKeySets::DEFAULT.included | set(&self.include)?,
            excluded: LocalKeySets::DEFAULT.excluded | set(&self.exclude)?,
        };
        Ok((operator, operator.explain(keys, sets)))
    }

    fn show(&self, operator: &'static Operator, path: &Explanation, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{path}")?;
        if self.table {
            writeln!(out, "\nThe whole table:")?;
            operator.table().iter().try_for_each(|row| writeln!(out, "  {row}"))?;
        }
        Ok(())
    }

    fn all_codes(&self, out: &mut impl Write) -> io::Result<Outcome> {
        if self.json {
            json::write(out, &Code::ALL.iter().map(|&code| json::Explained::from(code)).collect::<Vec<_>>())?;
            return Ok(Outcome::Well);
        }
        for code in Code::ALL {
            writeln!(out, "{}  {}", styled(HEADING, &code.to_string()), code.title())?;
        }
        Ok(Outcome::Well)
    }

    fn code(&self, text: &str, out: &mut impl Write) -> io::Result<Outcome> {
        let code = match text.to_ascii_uppercase().parse::<Code>() {
            Ok(code) => code,
            Err(error) => {
                terminal::error(format_args!("`{text}` is {error}"));
                terminal::help(
                    "`keyway explain` lists all codes; operators are named with their namespace, aten::add.Tensor",
                );
                return Ok(Outcome::Badly);
            }
        };
        if self.json {
            json::write(out, &json::Explained::from(code))?;
            return Ok(Outcome::Well);
        }
        let name = styled(HEADING, &code.to_string());
        let (title, explanation, clauses) = (code.title(), code.explanation(), code.clauses());
        writeln!(out, "{name}: {title}\n\n{explanation}\n\nClauses: {clauses}")?;
        Ok(Outcome::Well)
    }
}

fn keys_of_device(name: &str) -> Result<KeySet, Error> {
    let backend = Backend::all().find(|backend| backend.name().eq_ignore_ascii_case(name));
    let backend = backend.map_or_else(|| Backend::find(name), Ok)?;
    match backend {
        Backend::CPU | Backend::Meta => {
            Ok(Tensor::zeros(&[], DType::Float32, Device::of(backend))?.key_set())
        }
        other => {
            let blocks = [keyway::Functionality::Dense, keyway::Functionality::AutogradFunctionality];
            let keys = blocks.map(|block| DispatchKey::of(block, other));
            Ok(KeySet::from_iter(keys).with(DispatchKey::ADInplaceOrView))
        }
    }
}

fn set(names: &[String]) -> Result<KeySet, Error> {
    names.iter().try_fold(KeySet::EMPTY, |set, name| match name.trim().parse()? {
        RegistrationKey::Runtime(key) => Ok(set.with(key)),
        RegistrationKey::Alias(alias) => Ok(set | KeySet::of_alias(alias)),
    })
}
