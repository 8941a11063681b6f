//! Laws of the schema language: printing and parsing are inverse, and no text whatever makes the parser panic.

#[path = "contract/mod.rs"]
mod contract;

use contract::check as check_contract;
use keyway_schema::words::BASE_TYPES;
use keyway_schema::{
    AliasAfter, AliasInfo, Argument, BaseType, Default, OperatorName, Return, Schema, Type, parse,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Names that are allowed wherever a name is: not reserved, not in-place, not `..._out`.
fn name() -> impl Strategy<Value = String> {
    "[a-z][a-zA-Z0-9_]{0,6}[a-zA-Z0-9]"
        .prop_filter("reserved", |name| !keyway_schema::words::is_reserved(name) && !name.ends_with("_out"))
        .prop_filter("a word with a meaning of its own", |name| name != "self" && name != "default")
}

fn ty() -> impl Strategy<Value = Type> {
    let class = (name(), name()).prop_map(|(namespace, name)| Type::Class { namespace, name });
    let base = prop_oneof![6 => select(BASE_TYPES.to_vec()).prop_map(Type::Base), 1 => class];
    let optional = |ty: Type| Type::Optional(Box::new(ty));
    let list = |ty: Type, size| Type::List(Box::new(ty), size);
    (base, 0..6u8, 1..9u32).prop_map(move |(base, shape, size)| match shape {
        0 | 1 => base,
        2 => optional(base),
        3 => list(base, None),
        4 => optional(list(base, Some(size))),
        _ => list(optional(base), Some(size)),
    })
}

/// A default that fits the type, if there is one.
fn default(ty: &Type) -> BoxedStrategy<Option<Default>> {
    let number = |text: String| Default::Float { value: text.parse().unwrap(), text };
    let float =
        prop_oneof!["-?[1-9][0-9]{0,3}\\.[0-9]{0,5}", "-?[0-9]\\.[0-9]{1,3}e-?[0-9]{1,2}"].prop_map(number);
    let int = any::<i64>().prop_map(Default::Int);
    let text = "[a-z ]{0,8}".prop_map(|value| Default::Str { text: format!("\"{value}\""), value });
    let symbol =
        |words: &'static [&'static str]| select(words).prop_map(|word| Default::Symbol(word.to_owned()));
    match ty {
        Type::Optional(of) => prop_oneof![Just(Some(Default::None)), default(of)].boxed(),
        Type::List(of, _) => match **of {
            Type::Base(BaseType::Int | BaseType::SymInt) => {
                vec(int, 0..3).prop_map(|items| Some(Default::List(items))).boxed()
            }
            Type::Base(BaseType::Float) => {
                vec(float, 0..3).prop_map(|items| Some(Default::List(items))).boxed()
            }
            _ => Just(None).boxed(),
        },
        Type::Base(BaseType::Int) => prop_oneof![int, symbol(&["Mean"])].prop_map(Some).boxed(),
        Type::Base(BaseType::SymInt | BaseType::DeviceIndex) => int.prop_map(Some).boxed(),
        Type::Base(BaseType::Float | BaseType::Scalar) => prop_oneof![float, int].prop_map(Some).boxed(),
        Type::Base(BaseType::Bool | BaseType::SymBool) => {
            any::<bool>().prop_map(|b| Some(Default::Bool(b))).boxed()
        }
        Type::Base(BaseType::Str | BaseType::Device) => text.prop_map(Some).boxed(),
        Type::Base(BaseType::ScalarType) => symbol(&["long", "float8_e5m2", "bool"]).prop_map(Some).boxed(),
        Type::Base(BaseType::Layout) => symbol(&["strided"]).prop_map(Some).boxed(),
        Type::Base(BaseType::MemoryFormat) => symbol(&["contiguous_format"]).prop_map(Some).boxed(),
        Type::Base(_) | Type::Class { .. } => Just(None).boxed(),
    }
}

/// An argument that is not written; its name is filled in later, so that names are unique.
fn argument() -> impl Strategy<Value = Argument> {
    (ty(), any::<bool>(), any::<bool>()).prop_flat_map(|(ty, keyword_only, with_default)| {
        let default = if with_default { default(&ty) } else { Just(None).boxed() };
        let alias = if ty.is_plain_tensor() { read_alias().boxed() } else { Just(None).boxed() };
        (Just(ty), alias, default).prop_map(move |(ty, alias, default)| {
            let default = default.filter(|_| alias.is_none());
            Argument { name: String::new(), ty, alias, default, keyword_only, is_out: false }
        })
    })
}

fn read_alias() -> impl Strategy<Value = Option<AliasInfo>> {
    let info =
        |before: &str, after| Some(AliasInfo { before: before.chars().collect(), is_write: false, after });
    select(vec![
        None,
        None,
        info("a", None),
        info("ab", None),
        info("b", Some(AliasAfter::Wildcard)),
        info("c", Some(AliasAfter::Sets(vec!['d', 'e']))),
    ])
}

fn returns() -> impl Strategy<Value = Vec<Return>> {
    (vec(ty(), 0..4), any::<bool>()).prop_map(|(types, named)| {
        let name = |i| named.then(|| format!("result{i}"));
        types.into_iter().enumerate().map(|(i, ty)| Return { name: name(i), ty, alias: None }).collect()
    })
}

/// What a schema is besides functional.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Functional,
    View,
    Inplace,
    Out(usize),
}

fn written(letter: char) -> Option<AliasInfo> {
    Some(AliasInfo { before: vec![letter], is_write: true, after: None })
}

fn tensor(name: &str, alias: Option<AliasInfo>, is_out: bool) -> Argument {
    let ty = Type::Base(BaseType::Tensor);
    Argument { name: name.to_owned(), ty, alias, default: None, keyword_only: is_out, is_out }
}

fn shape(mut schema: Schema, shape: Shape) -> Schema {
    let result = |alias: &Option<AliasInfo>| Return {
        name: None,
        ty: Type::Base(BaseType::Tensor),
        alias: alias.clone(),
    };
    match shape {
        Shape::Functional => {}
        Shape::View => {
            let alias = Some(AliasInfo { before: vec!['z'], is_write: false, after: None });
            schema.returns = vec![result(&alias)];
            schema.arguments.insert(0, tensor("self", alias, false));
        }
        Shape::Inplace => {
            schema.name.name.push('_');
            schema.returns = vec![result(&written('z'))];
            schema.arguments.insert(0, tensor("self", written('z'), false));
        }
        Shape::Out(count) => {
            let letters = ('w'..='z').take(count);
            schema.returns = letters.clone().map(|letter| result(&written(letter))).collect();
            schema
                .arguments
                .extend(letters.map(|letter| tensor(&format!("out_{letter}"), written(letter), true)));
        }
    }
    schema
}

fn schema() -> impl Strategy<Value = Schema> {
    let name = (prop::option::of(name()), name(), prop_oneof![Just(String::new()), name()])
        .prop_map(|(namespace, name, overload)| OperatorName { namespace, name, overload })
        .prop_filter("functional in the overload asks for a kind", |name| {
            !name.overload.contains("functional")
        });
    let shapes = prop_oneof![
        Just(Shape::Functional),
        Just(Shape::View),
        Just(Shape::Inplace),
        (1..4usize).prop_map(Shape::Out)
    ];
    (name, vec(argument(), 0..6), returns(), shapes).prop_map(|(name, mut arguments, returns, kind)| {
        // Positional ones first, and of these the ones with defaults last; sorting keeps the order otherwise.
        arguments.sort_by_key(|a| (a.keyword_only, !a.keyword_only && a.default.is_some()));
        for (i, argument) in arguments.iter_mut().enumerate() {
            argument.name = format!("x{i}");
        }
        shape(Schema { name, arguments, returns }, kind)
    })
}

/// Texts made of the pieces of schemas, mostly wrong.
fn soup() -> impl Strategy<Value = String> {
    const PIECES: [&str; 36] = [
        "foo",
        "Tensor",
        "int",
        "(",
        ")",
        "[",
        "]",
        "[]",
        "?",
        "!",
        ", ",
        ",",
        " ",
        " -> ",
        "->",
        "()",
        "*",
        "a",
        "b",
        "|",
        "=",
        "1",
        "-",
        "0.5",
        "1e",
        "'x'",
        "\"",
        "\\",
        "::",
        ".",
        "None",
        "out",
        "self",
        "é",
        "\n",
        "__torch__",
    ];
    vec(select(PIECES.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_parses_to_the_same(schema in schema()) {
        let text = schema.to_string();
        let parsed = parse(&text);
        prop_assert!(parsed.errors.is_empty(), "{}\n{:#?}", text, parsed.errors);
        prop_assert_eq!(parsed.schema.as_ref(), Some(&schema), "{}", text);
        let spans = &parsed.spans;
        prop_assert_eq!(&text[spans.name.clone()], schema.name.to_string());
        for (argument, spans) in schema.arguments.iter().zip(&spans.arguments) {
            prop_assert_eq!(&text[spans.name.clone()], &argument.name);
            let default = argument.default.as_ref().map(ToString::to_string);
            prop_assert_eq!(spans.default.clone().map(|span| text[span].to_owned()), default);
            let alias = argument.alias.as_ref().map(ToString::to_string);
            prop_assert_eq!(spans.alias.clone().map(|span| text[span].to_owned()), alias);
        }
    }

    #[test]
    fn damaged_schemas_are_reported_inside_the_text(schema in schema(), at in any::<prop::sample::Index>(), piece in ".{0,3}") {
        let mut text = schema.to_string();
        let at = at.index(text.len() + 1);
        text.insert_str(at, &piece);
        check_contract(&text);
        check_contract(&text[..at]);
    }

    #[test]
    fn any_text_is_reported_inside_the_text(text in "\\PC{0,80}") {
        check_contract(&text);
    }

    #[test]
    fn pieces_of_schemas_are_reported_inside_the_text(text in soup()) {
        check_contract(&text);
    }
}

#[test]
fn long_and_deep_texts_end() {
    for piece in ["(", "[", "[]", "?", "Tensor(a -> ", "int x, ", "((", "'", "\\", "a::", "a.", "*, "] {
        let text = format!("foo({}", piece.repeat(20_000));
        assert!(!parse(&text).errors.is_empty());
        assert!(!parse(&piece.repeat(20_000)).errors.is_empty());
        let returns = format!("foo() -> {}", piece.repeat(20_000));
        assert!(!parse(&returns).errors.is_empty());
    }
}
