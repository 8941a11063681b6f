//! Derived variants: an out or a functional operator from another variant (Y207 to Y212).

use keyway_schema::{AliasInfo, Argument, OperatorName, Return, Schema, SchemaKind};

use super::INHERITED_TAGS;
use crate::model::{Derived, DeviceCheck, DispatchLine, OperatorEntry, Variants};

/// The variant of this kind, functional or out, of the entry at `position`.
pub(super) fn variant(base: &OperatorEntry, position: usize, kind: SchemaKind) -> OperatorEntry {
    let schema = match kind {
        SchemaKind::Functional => functional(&base.schema),
        _ => out(&base.schema),
    };
    let tags = std::iter::once("generated").chain(INHERITED_TAGS.into_iter().filter(|tag| base.has_tag(tag)));
    let tags = tags.map(str::to_owned).collect();
    let kernel = kernel_name(&schema, base.schema.has_symint_arguments());
    let line = DispatchLine {
        key: "CompositeExplicitAutograd".to_owned(),
        kernel,
        kernel_path: Vec::new(),
        span: base.span.clone(),
    };
    OperatorEntry {
        schema,
        variants: Variants { function: true, method: false },
        dispatch: Some(vec![line]),
        structured: false,
        structured_delegate: None,
        structured_inherits: None,
        precomputed: Vec::new(),
        ufunc_inner_loop: Vec::new(),
        device_check: DeviceCheck::NoCheck,
        device_guard: false,
        autogen: Vec::new(),
        manual_cpp_binding: false,
        manual_kernel_registration: false,
        python_module: None,
        category_override: None,
        cpp_no_default_args: Vec::new(),
        use_const_ref_for_mutable_tensors: false,
        tags,
        method_name: None,
        doc: None,
        derive: true,
        grouped_with: None,
        changes: None,
        serves: None,
        python_keyword_arguments: base.python_keyword_arguments.clone(),
        derived: Some(Derived { from: base.name().clone(), base: position }),
        place: base.place,
        span: base.span.clone(),
    }
}

/// Y212: an out kernel is called by name and overload run together, a functional one by its name.
fn kernel_name(schema: &Schema, takes_symint: bool) -> String {
    let is_out = schema.out_arguments().next().is_some();
    let name = if is_out { schema.name.unambiguous_name() } else { schema.name.name.clone() };
    if takes_symint { name + "_symint" } else { name }
}

/// The functional variant of a schema that writes (Y211).
fn functional(base: &Schema) -> Schema {
    let mut made = base.functional_form();
    if base.kind() == SchemaKind::Mutable {
        made.name.name.push_str("_functional");
    }
    made.name.overload = base.name.overload.clone();
    made
}

/// The out variant of a schema (Y208 to Y210).
fn out(base: &Schema) -> Schema {
    let overload = match base.name.overload.as_str() {
        "" => "out".to_owned(),
        overload => format!("{overload}_out"),
    };
    let mut name = OperatorName { overload, ..base.name.clone() };
    let (mut arguments, outs, returns) = match base.kind() {
        SchemaKind::Inplace => {
            name.name = base.name.variant_base();
            let mut arguments = base.arguments.clone();
            let mut receiver = base.self_index().map(|index| &mut arguments[index]);
            let alias = receiver.as_mut().and_then(|argument| argument.alias.take());
            let outs = receiver.map(|argument| out_argument("out".to_owned(), argument, alias));
            (arguments, outs.into_iter().collect(), base.returns.clone())
        }
        kind => {
            let arguments = match kind {
                SchemaKind::Functional => base.signature().arguments,
                _ => base.arguments.clone(),
            };
            let (outs, returns) = out_arguments(base);
            (arguments, outs, returns)
        }
    };
    arguments.extend(outs);
    Schema { name, arguments, returns }
}

fn out_argument(name: String, like: &Argument, alias: Option<AliasInfo>) -> Argument {
    Argument { name, ty: like.ty.clone(), alias, default: None, keyword_only: true, is_out: true }
}

/// One out argument for each return with a tensor in it, and the returns that remain (Y209).
fn out_arguments(base: &Schema) -> (Vec<Argument>, Vec<Return>) {
    let used: Vec<char> = base
        .arguments
        .iter()
        .filter_map(|argument| argument.alias.as_ref())
        .flat_map(|alias| alias.before.iter().copied())
        .collect();
    let free: Vec<char> = ('a'..='z').filter(|letter| !used.contains(letter)).collect();
    let all_plain = base.returns.iter().all(|returned| returned.ty.is_plain_tensor());
    let one = base.returns.len() == 1;
    let (mut outs, mut returns) = (Vec::new(), Vec::new());
    for (i, returned) in base.returns.iter().enumerate() {
        if !returned.ty.is_tensor_like() {
            returns.push(returned.clone());
            continue;
        }
        let alias =
            free.get(i).map(|&letter| AliasInfo { before: vec![letter], is_write: true, after: None });
        let name = if one { "out".to_owned() } else { format!("out{i}") };
        if all_plain {
            returns.push(Return { name: None, ty: returned.ty.clone(), alias: alias.clone() });
        }
        outs.push(Argument {
            name,
            ty: returned.ty.clone(),
            alias,
            default: None,
            keyword_only: true,
            is_out: true,
        });
    }
    (outs, returns)
}
