//! What may be the same memory and what is written, asked of operators and of single calls (D175, D186).

use keyway::schema::Slot;
use keyway::{AliasAnalysis, ErrorKind, Geometry, Kernel, Library, Result, Tensor, Value};

fn tensor(elements: &[f32]) -> Tensor {
    Tensor::from_slice(elements, &[elements.len() as i64]).unwrap()
}

const SELF: Slot = Slot::Argument(0);
const OTHER: Slot = Slot::Argument(1);
const RESULT: Slot = Slot::Return(0);

/// SCH-27: what is given twice is the same memory in that call, and the result with it.
#[test]
fn arguments_given_twice_may_be_the_same_memory() -> Result<()> {
    let mut library = Library::define("lib_bound")?;
    let sub_ = library.def("sub_(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)")?;
    let (x, y) = (tensor(&[1.0]), tensor(&[2.0]));
    let (apart, twice) = ([Value::from(&x), Value::from(&y)], [Value::from(&x), Value::from(&x)]);
    for given in [&[][..], &apart] {
        assert!(!sub_.may_alias(SELF, OTHER, given)? && !sub_.may_alias(OTHER, RESULT, given)?);
        assert_eq!((sub_.may_write(0, given)?, sub_.may_write(1, given)?), (true, false));
    }
    assert!(sub_.may_alias(SELF, OTHER, &twice)? && sub_.may_alias(OTHER, RESULT, &twice)?);
    assert!(sub_.may_write(1, &twice)? && !sub_.may_write(2, &twice)?);
    let view = x.view_as(Geometry::contiguous(&[1, 1])?)?;
    assert!(sub_.may_alias(SELF, OTHER, &[Value::from(&x), Value::from(&view)])?);
    for slot in [Slot::Argument(3), Slot::Return(1)] {
        assert_eq!(sub_.may_alias(SELF, slot, &[]).unwrap_err().kind(), ErrorKind::Index);
    }
    Ok(())
}

/// SCH-30, SCH-31: of an operator of which nothing may be taken for granted, tensors may be the same memory and written, whether
/// its schema is written or inferred. Annotations contradict that: defining it is fine, asking is an error.
#[test]
fn nothing_is_taken_for_granted_of_conservative_operators() -> Result<()> {
    let mut library = Library::define("lib_conservative")?;
    let inferred = library.def_fn("inferred", |x: &Tensor, _: i64| -> Result<Tensor> { Ok(x.clone()) })?;
    let written =
        library.def_with_alias_analysis("written(Tensor x, int n) -> Tensor", AliasAnalysis::Conservative)?;
    for operator in [inferred, written] {
        assert!(operator.may_alias(SELF, RESULT, &[])? && operator.may_write(0, &[])?, "{operator}");
        assert!(!operator.may_alias(OTHER, RESULT, &[])? && !operator.may_write(1, &[])?, "no tensor");
    }
    for schema in ["same(Tensor(a) x) -> Tensor(a)", "differ(Tensor(a) x, Tensor(b) y) -> Tensor(b)"] {
        let operator = library.def_with_alias_analysis(schema, AliasAnalysis::Conservative)?;
        let error = operator.may_alias(SELF, RESULT, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaInvalid);
        assert!(error.to_string().contains("`AliasAnalysis::FromSchema`"), "{error}");
    }
    Ok(())
}

/// SCH-32: a schema that a function's type implies has no annotations to go by, so a name alone cannot ask for them.
#[test]
fn an_inferred_schema_is_never_gone_by() -> Result<()> {
    let mut library = Library::define("lib_from_inferred")?;
    let error = library.def_with_alias_analysis("f", AliasAnalysis::FromSchema).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaExpected);
    let kernel = Kernel::from_fn(|x: &Tensor| -> Result<Tensor> { Ok(x.clone()) });
    assert_eq!(library.def_kernel("f", kernel)?.alias_analysis(), AliasAnalysis::Conservative);
    Ok(())
}

/// SCH-33, SCH-35: a written schema's annotations decide; a pure operator shares and writes nothing.
#[test]
fn a_written_schema_says_what_is_shared_and_written() -> Result<()> {
    let mut library = Library::define("lib_from_schema")?;
    for (schema, shared, written) in [
        ("plain(Tensor x) -> Tensor", false, false),
        ("same(Tensor(a) x) -> Tensor(a)", true, false),
        ("writes_(Tensor(a!) self) -> Tensor(a!)", true, true),
    ] {
        let operator = library.def(schema)?;
        let found = (operator.may_alias(SELF, RESULT, &[])?, operator.may_write(0, &[])?);
        assert_eq!(found, (shared, written), "{schema}");
    }
    let differ = library.def("differ(Tensor(a) x, Tensor(b) y) -> Tensor(b)")?;
    assert!(!differ.may_alias(SELF, RESULT, &[])? && differ.may_alias(OTHER, RESULT, &[])?);
    let pure = library.def_with_alias_analysis("pure(Tensor x) -> Tensor", AliasAnalysis::Pure)?;
    assert!(!pure.may_alias(SELF, RESULT, &[])? && !pure.may_write(0, &[])?);
    Ok(())
}

/// SCH-37, Y13: there are no type variables. What works on several types has an overload for each, and a call that fits none says
/// which argument does not fit.
#[test]
fn operators_over_several_types_have_an_overload_for_each() -> Result<()> {
    let mut library = Library::define("lib_generic")?;
    let error = library.def("first(t[] list, t other) -> t").unwrap_err();
    assert!(error.to_string().contains("unknown type"), "{error}");
    let floats = library.def_fn("first.float", |list: &[f64], _: f64| -> Result<f64> { Ok(list[0]) })?;
    let called = floats.call([Value::from(vec![1.5, 2.5]), Value::Float(0.0)])?.pop()?;
    assert!(matches!(called, Value::Float(first) if first == 1.5));
    let pair = Value::from(vec![1i64, 2]);
    let error = floats.call([Value::from(vec![1.5]), pair]).unwrap_err();
    assert!(error.to_string().contains("`_1`"), "{error}");
    Ok(())
}
