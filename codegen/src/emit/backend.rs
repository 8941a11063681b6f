//! The kernels that a backend has to write, as Rust to go on from.

use std::collections::BTreeSet;

use keyway_schema::identifiers;

use crate::backend::Backend;
use crate::emit::operator::Handle;
use crate::emit::text::{Writer, literal};
use crate::emit::{Unsupported, handles, structured};
use crate::model::OperatorList;

/// What generated code names in full and people import.
const PREFIXES: [&str; 4] = ["::keyway::", "::std::option::", "::std::vec::", "::std::string::"];

/// A function for each operator of a backend, annotated with `#[kernel]`, of the right type, and not written yet: each says
/// so when it is called. A structured operator gets a structured kernel.
///
/// # Errors
/// Every operator of the list whose schema has a type without a Rust counterpart.
pub fn kernels_of_backend(list: &OperatorList, backend: &Backend) -> Result<String, Vec<Unsupported>> {
    let handles = handles(list)?;
    let autograd = format!("Autograd{}", backend.key);
    let of_backend = backend.supported.iter().map(|&position| (position, backend.key.as_str()));
    let of_autograd = backend.autograd.iter().map(|&position| (position, autograd.as_str()));
    let mut kernels = Writer::default();
    for (position, key) in of_backend.chain(of_autograd) {
        let handle = &handles[position];
        kernel(handle, key, &mut kernels)
            .map_err(|reason| vec![Unsupported { operator: handle.entry.name().to_string(), reason }])?;
    }
    let kernels = kernels.finish();
    let mut w = Writer::default();
    w.line(&format!("//! Kernels of the backend `{}`.", backend.key));
    if !kernels.is_empty() {
        w.line("//!");
        w.line(
            "//! The namespaces of the operators must be in scope: `use keyway_ops::aten;`, for instance.",
        );
        w.gap();
        w.line(&format!("use keyway::{{{}}};", imported(&kernels).join(", ")));
        w.gap();
    }
    Ok(w.finish() + &PREFIXES.iter().fold(kernels, |text, prefix| text.replace(prefix, "")))
}

/// The items of the runtime that the kernels name.
fn imported(kernels: &str) -> Vec<String> {
    let word = |rest: &str| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
    };
    let named: BTreeSet<String> = kernels.split("::keyway::").skip(1).map(word).collect();
    named.into_iter().chain(["kernel".to_owned()]).collect()
}

fn kernel(handle: &Handle<'_>, key: &str, w: &mut Writer) -> Result<(), String> {
    let (entry, name) = (handle.entry, handle.entry.name().to_string());
    let is_structured = entry.structured && !key.starts_with("Autograd");
    let parameters = match is_structured {
        true => structured::kernel_parameters(handle)?,
        false => {
            let own = handle.parameters.iter().zip(&handle.typed.arguments);
            own.map(|(p, ty)| format!("{}: {ty}", p.name)).collect()
        }
    };
    let result = if is_structured { "::keyway::Result<()>".to_owned() } else { handle.kernel_result() };
    w.gap();
    w.doc(&format!("`{}`", entry.schema));
    let word = if is_structured { ", structured" } else { "" };
    w.line(&format!("#[kernel({}, {key}{word})]", literal(&name)));
    let function = identifiers::item(&entry.schema.name.unambiguous_name().to_ascii_lowercase());
    w.function(&format!("fn {function}"), &parameters, &result, |w| {
        let names = parameters.iter().filter_map(|p| p.split(':').next()).collect::<Vec<_>>();
        w.line(&format!("let _ = ({}{});", names.join(", "), if names.len() == 1 { "," } else { "" }));
        let message = literal(&format!("the kernel of {name} at {key} is not written"));
        w.line(&format!("Err(::keyway::Error::not_implemented({message}))"));
    });
    Ok(())
}
