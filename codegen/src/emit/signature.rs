//! Signatures: what operators of the same argument and result types share.

use std::collections::BTreeMap;

use keyway_schema::Schema;

use crate::emit::text::Writer;
use crate::emit::types::{RustType, argument_type, return_type};

/// More arguments than this no tuple of the runtime takes.
const MOST_ARGUMENTS: usize = 48;

/// The longest name written out; a longer one ends in a hash of the rest.
const LONGEST_NAME: usize = 96;

/// The typed form of one operator's schema.
pub(crate) struct Typed {
    /// The signature's name.
    pub(crate) name: String,
    /// Types of the arguments, in schema order.
    pub(crate) arguments: Vec<String>,
    pub(crate) results: Results,
}

/// What a typed call gives.
pub(crate) enum Results {
    /// New values.
    Owned(String),
    /// The arguments at these positions, for in-place and out forms.
    Arguments(Vec<usize>),
}

impl Typed {
    /// The typed form of a schema.
    ///
    /// # Errors
    /// The schema type that has no Rust type; too many arguments.
    pub(crate) fn of(schema: &Schema) -> Result<Typed, String> {
        if schema.arguments.len() > MOST_ARGUMENTS {
            let count = schema.arguments.len();
            return Err(format!(
                "{count} arguments are more than the {MOST_ARGUMENTS} a typed call can have"
            ));
        }
        let mut words = Vec::new();
        let mut arguments = Vec::new();
        for argument in &schema.arguments {
            let RustType { text, word } =
                argument_type(&argument.ty).ok_or_else(|| unsupported("argument", &argument.ty))?;
            words.push(word);
            arguments.push(text);
        }
        words.push("to".to_owned());
        let results = results_of(schema, &mut words)?;
        Ok(Typed { name: shortened(words.join("_")), arguments, results })
    }

    /// The line that declares the signature.
    fn declaration(&self) -> String {
        let lived = |ty: &String| ty.replace('&', "&'a ");
        let parameters: Vec<String> =
            self.arguments.iter().enumerate().map(|(i, ty)| format!("a{i}: {}", lived(ty))).collect();
        let results = match &self.results {
            Results::Owned(ty) => ty.clone(),
            Results::Arguments(positions) => format!("{positions:?}"),
        };
        format!("::keyway::signature! {{ pub {}<'a> = ({}) -> {results} }}", self.name, parameters.join(", "))
    }
}

fn unsupported(what: &str, ty: &keyway_schema::Type) -> String {
    format!("{what} type `{ty}` has no Rust type")
}

fn results_of(schema: &Schema, words: &mut Vec<String>) -> Result<Results, String> {
    let aliased: Option<Vec<usize>> =
        schema.returns.iter().map(|ret| written_argument(schema, ret)).collect();
    if let Some(positions) = aliased.filter(|positions| !positions.is_empty()) {
        words.extend(positions.iter().map(|p| format!("arg{p}")));
        return Ok(Results::Arguments(positions));
    }
    let mut types = Vec::new();
    for ret in &schema.returns {
        let RustType { text, word } = return_type(ret).ok_or_else(|| unsupported("result", &ret.ty))?;
        words.push(word);
        types.push(text);
    }
    Ok(Results::Owned(match types.len() {
        1 => types.remove(0),
        _ => format!("({})", types.join(", ")),
    }))
}

/// The position of the argument that a written return is (Y118, Y125).
pub(crate) fn written_argument(schema: &Schema, ret: &keyway_schema::Return) -> Option<usize> {
    let alias = ret.alias.as_ref().filter(|alias| alias.is_write)?;
    schema
        .arguments
        .iter()
        .position(|a| a.alias.as_ref().is_some_and(|own| own.is_write && own.before == alias.before))
}

fn shortened(name: String) -> String {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    // FNV-1a: a short, stable tail; names this long differ at the end as well as at the front.
    let hash =
        name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    format!("{}_{hash:016x}", &name[..LONGEST_NAME - 17])
}

/// The distinct signatures of a list, by name.
#[derive(Default)]
pub(crate) struct Signatures(BTreeMap<String, String>);

impl Signatures {
    pub(crate) fn add(&mut self, typed: &Typed) {
        self.0.entry(typed.name.clone()).or_insert_with(|| typed.declaration());
    }

    /// The declarations, one a line.
    pub(crate) fn text(&self) -> String {
        let mut writer = Writer::default();
        self.0.values().for_each(|declaration| writer.line(declaration));
        writer.finish()
    }
}
