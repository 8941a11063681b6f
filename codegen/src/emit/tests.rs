//! The generated tests: one for each operator of a list.
//!
//! What is tested is the same for every operator and stands in `keyway::testing`; emitted is only what must be typed.

use keyway_schema::identifiers;

use crate::emit::operator::Handle;
use crate::emit::signature::Results;
use crate::emit::text::{Writer, literal};

/// One test: hands the operator with its typed `call` and `redispatch`, in terms of values, to the checker.
pub(crate) fn test_of(handle: &Handle<'_>, w: &mut Writer) {
    let path = format!("{}::{}", identifiers::item(handle.entry.namespace()), handle.path());
    let arguments: Vec<String> = (0..handle.parameters.len())
        .map(|i| format!("::keyway::testing::argument(arguments, {i})?"))
        .collect();
    let boxed = match &handle.typed.results {
        Results::Owned(_) => "::keyway::testing::values".to_owned(),
        Results::Arguments(positions) if positions.len() == 1 => "|t| ::std::vec![t.into()]".to_owned(),
        Results::Arguments(positions) => {
            let names: Vec<String> = (0..positions.len()).map(|i| format!("t{i}")).collect();
            format!("|({})| ::std::vec![{}.into()]", names.join(", "), names.join(".into(), "))
        }
    };
    let keys: Vec<String> = handle.entry.kernels().into_iter().map(|line| literal(&line.key)).collect();
    w.gap();
    w.line("#[test]");
    w.line("#[allow(unused_variables, reason = \"an operator may have no argument\")]");
    // An operator may be called like a keyword.
    let name = match handle.entry.schema.name.unambiguous_name() {
        name if path.contains(&format!("::r#{name}::")) => format!("r#{name}"),
        name => name,
    };
    w.block(&format!("fn {name}()"), |w| {
        w.line("::keyway::testing::check_operator(");
        w.indented(|w| {
            w.line(&format!("{path}.operator(),"));
            w.line(&format!("&[{}],", keys.join(", ")));
            w.call(&format!("&|arguments| {path}.call"), &arguments, &format!(".map({boxed}),"));
            let keyed: Vec<String> = std::iter::once("keys".to_owned()).chain(arguments.clone()).collect();
            w.call(&format!("&|keys, arguments| {path}.redispatch"), &keyed, &format!(".map({boxed}),"));
        });
        w.line(");");
    });
}
