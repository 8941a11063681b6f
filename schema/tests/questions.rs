//! What schemas answer about themselves.

use keyway_schema::{Argument, OperatorName, Schema, SchemaKind, Type, parse};

fn schema(text: &str) -> Schema {
    text.parse().unwrap_or_else(|errors| panic!("{text}: {errors}"))
}

fn name(text: &str) -> OperatorName {
    text.parse().unwrap()
}

#[test]
fn kinds_follow_names_and_annotations() {
    let kinds = [
        ("f(Tensor self) -> Tensor", SchemaKind::Functional),
        ("f_(Tensor(a!) self) -> Tensor(a!)", SchemaKind::Inplace),
        ("__ior__(Tensor(a!) self, Tensor other) -> Tensor(a!)", SchemaKind::Inplace),
        ("f.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)", SchemaKind::Out),
        ("f.s(Tensor self, *, Tensor(a!) out, Tensor(b!) _scratch_b) -> Tensor(a!)", SchemaKind::Scratch),
        ("f(Tensor self, Tensor(a!) state) -> Tensor", SchemaKind::Mutable),
        ("f(Tensor(a!) x) -> ()", SchemaKind::Mutable),
        ("f(Tensor(a!) self) -> ()", SchemaKind::Functional),
    ];
    for (text, kind) in kinds {
        assert_eq!(schema(text).kind(), kind, "{text}");
    }
    // Y195: functional by name, yet it writes.
    assert!(schema("f(Tensor(a!) self) -> ()").is_mutable());
}

#[test]
fn arguments_are_sorted_into_positional_keyword_only_and_out() {
    let schema = schema("f.out(Tensor x, int[2] self=0, *, Generator? g=None, Tensor(a!) out) -> Tensor(a!)");
    let names = |arguments: Vec<&Argument>| arguments.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(schema.positional().collect()), ["x", "self"]);
    assert_eq!(names(schema.keyword_only().collect()), ["g"]);
    assert_eq!(names(schema.out_arguments().collect()), ["out"]);
    assert_eq!(schema.self_index(), Some(1));
    assert!(
        schema.has_tensor_arguments() && schema.has_generator_argument() && !schema.has_symint_arguments()
    );
    assert_eq!(schema.aliased_argument(&schema.returns[0]), Some(3));
}

#[test]
fn a_keyword_only_self_is_no_receiver() {
    assert_eq!(schema("f(Tensor x, *, Tensor self) -> Tensor").self_argument(), None);
}

#[test]
fn views_share_memory_with_what_they_do_not_write() {
    assert!(schema("f(Tensor(a) self) -> Tensor(a)").is_view());
    assert!(schema("f(Tensor(a -> *) self) -> Tensor(a)[]").is_view());
    assert!(!schema("f_(Tensor(a!) self) -> Tensor(a!)").is_view());
    assert!(!schema("f(Tensor self) -> Tensor").is_view());
}

#[test]
fn the_tensor_options_are_four_in_a_row() {
    let four = "*, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None";
    assert_eq!(schema(&format!("f(int n, {four}) -> Tensor")).tensor_options(), Some(1..5));
    let positional = four.trim_start_matches("*, ");
    assert_eq!(schema(&format!("f({positional}) -> Tensor")).tensor_options(), None);
    assert_eq!(schema("f(*, ScalarType? dtype=None, Device? device=None) -> Tensor").tensor_options(), None);
}

#[test]
fn types_answer_through_their_suffixes() {
    let ty = |text: &str| schema(&format!("f({text} x) -> ()")).arguments[0].ty.clone();
    assert!(ty("Tensor?[]").is_tensor_like() && !ty("Tensor?[]").is_plain_tensor());
    assert!(ty("Tensor?[]").is_nullable() && ty("int[]?").is_nullable() && !ty("int[2]").is_nullable());
    assert!(matches!(ty("int[2]?"), Type::Optional(of) if matches!(*of, Type::List(_, Some(2)))));
    assert_eq!(ty("__torch__.torch.classes.quantized.Packed").base(), None);
}

#[test]
fn names_know_their_parts() {
    assert_eq!(name("add_.Tensor").unambiguous_name(), "add__Tensor");
    assert_eq!(name("add").unambiguous_name(), "add");
    assert_eq!(name("__and__").root_name(), "and");
    assert_eq!(name("foo__").root_name(), "foo_", "one underscore marks an in-place name (Y18)");
    assert_eq!(name("rrelu_functional").root_name(), "rrelu");
    assert!(name("rrelu_functional").is_functional_twin());
    assert!(name("__a_b__").is_inplace(), "not a dunder name (Y17)");
    assert!(!name("__and__").is_inplace() && name("__iand__").is_inplace());
    assert!("add.".parse::<OperatorName>().is_err() && "add.a.b".parse::<OperatorName>().is_err());
    assert!("add x".parse::<OperatorName>().is_err() && "".parse::<OperatorName>().is_err());
}

#[test]
fn what_was_understood_is_kept_beside_the_mistakes() {
    let parsed = parse("f(double x, Tensor y, int[2] z=[1,2]) -> banana");
    assert_eq!(parsed.errors.len(), 2);
    let schema = parsed.schema.unwrap();
    assert_eq!(schema.arguments.len(), 2);
    assert_eq!(schema.arguments[1].to_string(), "int[2] z=[1,2]");
}

#[test]
fn strings_keep_their_value_and_their_text() {
    use keyway_schema::Default;
    let schema = schema(r#"f(str x='it\'s', str y="\101\n") -> ()"#);
    let value = |i: usize| match &schema.arguments[i].default {
        Some(Default::Str { value, .. }) => value.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!([value(0), value(1)], ["it's".to_owned(), "A\n".to_owned()]);
}
