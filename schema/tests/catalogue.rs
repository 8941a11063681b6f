//! The behaviours of the catalogue's area SCH that are about schemas alone. Where the reference accepts more than the
//! portable dialect, the test says what is refused instead (Y9, Y11).

use keyway_schema::Slot::{Argument, Return};
use keyway_schema::{AliasAfter, Code, Default, Schema, compatibility, parse};

fn schema(text: &str) -> Schema {
    text.parse().unwrap_or_else(|errors| panic!("{text}: {errors}"))
}

/// The codes of the mistakes, the help of the first, and the text that it points at.
fn mistakes(text: &str) -> (Vec<Code>, String, String) {
    let errors = parse(text).errors;
    let first = errors.first().unwrap_or_else(|| panic!("{text} has no mistake"));
    let (help, place) = (first.help.clone().unwrap_or_default(), text[first.span.clone()].to_owned());
    (errors.iter().map(|error| error.code).collect(), help, place)
}

/// SCH-01: one canonical form. Keyway has no second spelling: what the reference would normalise is refused with the
/// canonical one.
#[test]
fn there_is_one_spelling() {
    let canonical = "f(Tensor x) -> Tensor";
    assert_eq!(schema(canonical).to_string(), canonical);
    for odd in ["f( Tensor x) -> Tensor", "f(Tensor  x) -> Tensor", "f(Tensor x)->Tensor"] {
        assert_eq!(mistakes(odd).0[0], Code::Whitespace, "{odd}");
    }
    assert_eq!(mistakes("f(Tensor x) -> (Tensor)").0, [Code::BadReturns]);
}

/// SCH-02.
#[test]
fn namespace_name_and_overload_are_kept() {
    let name = schema("ns::f.ov(Tensor x) -> Tensor").name;
    assert_eq!((name.namespace.as_deref(), &*name.name, &*name.overload), (Some("ns"), "f", "ov"));
    assert_eq!(schema("ns::f.ov(Tensor x) -> Tensor").to_string(), "ns::f.ov(Tensor x) -> Tensor");
}

/// SCH-03: what was expected and found, with a mark under the place.
#[test]
fn broken_frames_say_what_was_expected_and_where() {
    for (text, code) in [
        ("f(Tensor x, ) -> Tensor", Code::UnexpectedText),
        ("f(Tensor x)", Code::MissingReturns),
        ("f(Tensor x -> Tensor", Code::UnexpectedText),
        ("f(Tensor) -> Tensor", Code::MissingArgumentName),
        ("f", Code::UnexpectedText),
        ("(Tensor x) -> Tensor", Code::BadName),
    ] {
        let parsed = parse(text);
        assert!(parsed.errors.iter().any(|error| error.code == code), "{text}: {:?}", parsed.errors);
        let first = &parsed.errors[0];
        assert!(!first.message.is_empty() && first.span.end <= text.len(), "{text}: {first:?}");
    }
}

/// SCH-04.
#[test]
fn unknown_types_are_told_with_what_there_is() {
    for (text, place, advice) in [
        ("f(Tensr x) -> Tensor", "Tensr", "write `Tensor`"),
        (
            "f(Tensor x) -> Anything",
            "Anything",
            "types are a fixed set of base types under `?` (optional) and `[]` (list)",
        ),
    ] {
        let (codes, help, found) = mistakes(text);
        assert_eq!((codes, found.as_str(), help.as_str()), (vec![Code::UnknownType], place, advice));
    }
}

/// SCH-05.
#[test]
fn types_of_other_languages_are_told_with_ours() {
    assert_eq!(mistakes("f(int64_t x) -> Tensor").1, "write `int`");
    assert_eq!(mistakes("f(double x) -> Tensor").1, "write `float`");
}

/// SCH-08, SCH-09.
#[test]
fn alias_annotations_are_kept_and_read() {
    for text in [
        "f(Tensor(a) x) -> Tensor(a)",
        "f(Tensor(a!) x) -> ()",
        "f(Tensor(a -> *) x) -> Tensor(a)[]",
        "f(Tensor(a|b) x) -> ()",
        "f(Tensor(a! -> a|b) x) -> ()",
        "f(Tensor(a!)[] x) -> ()",
        "f(Tensor(a!)? x) -> ()",
    ] {
        assert_eq!(schema(text).to_string(), text);
    }
    let alias = |text| schema(text).arguments[0].alias.clone().unwrap();
    let plain = alias("f(Tensor(a) x) -> ()");
    assert_eq!((plain.before, plain.is_write, plain.after), (vec!['a'], false, None), "after equals before");
    let moved = alias("f(Tensor(a! -> a|b) x) -> ()");
    assert!(moved.is_write);
    assert_eq!((moved.before, moved.after), (vec!['a'], Some(AliasAfter::Sets(vec!['a', 'b']))));
    assert!(alias("f(Tensor(a -> *) x) -> Tensor(a)[]").becomes_wildcard());
    // An outer set beside an inner one is not in the portable dialect (Y49).
    assert!(mistakes("f(Tensor(a)[](b!) x) -> ()").0.contains(&Code::AliasPlace));
}

/// SCH-10. The default of a sized list stays as it is written (Y40, Y279).
#[test]
fn arguments_answer_about_themselves() {
    let schema = schema("f(Tensor(a!) x, int[2] y=3, *, Tensor(b) z) -> ()");
    let [x, y, z] = &schema.arguments[..] else { panic!("three arguments") };
    assert!(x.is_write() && !z.is_write() && !x.keyword_only && z.keyword_only);
    assert_eq!((y.ty.to_string().as_str(), &y.default), ("int[2]", &Some(Default::Int(3))));
}

/// SCH-11. Words keep their spelling (Y279).
#[test]
fn defaults_of_all_forms_are_kept() {
    for text in [
        "f(int n=-1) -> ()",
        "f(float e=1e-05) -> ()",
        "f(bool b=True, bool c=False) -> ()",
        "f(str s='a', str t=\"b\") -> ()",
        "f(Tensor? x=None) -> ()",
        "f(int[] n=[], int[2] m=[0,1], bool[3] b=[True,False,True]) -> ()",
        "f(ScalarType d=long, Layout l=strided, MemoryFormat m=contiguous_format) -> ()",
        "f(Device d=\"cuda:1\") -> ()",
        "f(float e=0.3333333333333333) -> ()",
    ] {
        assert_eq!(schema(text).to_string(), text);
    }
}

/// SCH-17: what of it the portable dialect has, and that the rest is refused by name (Y11).
#[test]
fn nested_types_are_kept_or_refused() {
    for text in [
        "f(Tensor?[] a, int[]? b, SymInt[2] c, Generator? g, Storage s, Stream t) -> ()",
        "f(__torch__.torch.classes.mine.Box x) -> ()",
    ] {
        assert_eq!(schema(text).to_string(), text);
    }
    for text in [
        "f(Dict(str, Tensor) x) -> ()",
        "f((int, Tensor) x) -> ()",
        "f(Future(Tensor) x) -> ()",
        "f(complex x) -> ()",
    ] {
        assert!(mistakes(text).0.contains(&Code::UnknownType), "{text}");
    }
}

/// SCH-19.
#[test]
fn schemas_are_compared_by_their_parts() {
    let one = schema("f(Tensor(a!) x) -> ()");
    assert_eq!(one, schema("f(Tensor(a!) x) -> ()"));
    for other in
        ["f(Tensor(a!) y) -> ()", "g(Tensor(a!) x) -> ()", "f(Tensor(b!) x) -> ()", "f(Tensor x) -> ()"]
    {
        assert_ne!(one, schema(other));
    }
}

/// SCH-20, SCH-21, SCH-22: by position and by name; what is not there is `None`.
#[test]
fn mutability_is_that_of_the_arguments() {
    assert!(schema("f(Tensor(a!) x) -> ()").is_mutable());
    assert!(!schema("f(Tensor(a) x) -> Tensor(a)").is_mutable() && !schema("f(Tensor x) -> ()").is_mutable());
    let sub = schema("sub_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)");
    assert_eq!(
        sub.arguments.iter().map(|argument| argument.is_write()).collect::<Vec<_>>(),
        [true, false, false]
    );
    let by_name = |name| sub.argument(name).map(|argument| argument.is_write());
    let answers = ["self", "other", "alpha", "beta"].map(by_name);
    assert_eq!(answers, [Some(true), Some(false), Some(false), None]);
    assert!(sub.arguments.get(4).is_none());
}

/// SCH-24, SCH-26.
#[test]
fn what_may_alias_follows_from_the_sets() {
    let sub = schema("sub_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)");
    assert!(sub.may_alias(Argument(0), Return(0)));
    assert!(!sub.may_alias(Argument(1), Return(0)) && !sub.may_alias(Argument(0), Argument(1)));
    assert!(!sub.may_alias(Argument(9), Return(0)));
    let split = schema("split(Tensor(a -> *) self, int n) -> Tensor(a)[]");
    assert!(!split.may_alias(Argument(0), Return(0)), "a list is no tensor");
    assert!(
        split.may_contain_alias(Argument(0), Return(0)) && !split.may_contain_alias(Argument(1), Return(0))
    );
}

/// SCH-53.
#[test]
fn a_new_schema_serves_old_callers_or_not() {
    let old = schema("f(Tensor x, int n=1) -> Tensor");
    for (new, serves) in [
        ("f(Tensor x, int n=1) -> Tensor", true),
        ("f(Tensor x, int n=1, int m=0) -> Tensor", true),
        ("f(Tensor x, int n=1, *, int m) -> Tensor", false),
        ("f(Tensor x, int n=2) -> Tensor", false),
        ("f(Tensor x) -> Tensor", false),
    ] {
        assert_eq!(compatibility(&old, &schema(new)).is_backward(), serves, "{new}");
    }
}
