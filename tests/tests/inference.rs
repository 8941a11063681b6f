//! Kernels from plain functions: every kind of argument and result, the schema their type implies, the checks of it, and
//! typed handles.

use std::sync::atomic::{AtomicI64, Ordering};

use keyway::{
    AliasKey, DType, Device, DispatchKey, ErrorKind, Kernel, KeySet, Layout, Library, List, MemoryFormat,
    Operator, Result, Scalar, Stack, Tensor, TypedHandle, Value,
};

const ALL: AliasKey = AliasKey::CompositeExplicitAutograd;

fn tensor() -> Tensor {
    Tensor::from_slice(&[1.0f32, 2.0], &[2]).unwrap()
}

/// The one result of a boxed call.
fn one(operator: &'static Operator, arguments: impl IntoIterator<Item = Value>) -> Value {
    let mut stack: Stack = arguments.into_iter().collect();
    operator.call_boxed(&mut stack).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(stack.len(), 1);
    stack.pop().unwrap()
}

fn is_same(a: &Value, b: &Value) -> bool {
    let tensors = a.tensors().zip(b.tensors()).all(|(a, b)| a.is_same(b));
    tensors && format!("{a:?}") == format!("{b:?}")
}

/// Defines `ns::f(ty x) -> ty` by an identity function, and passes values through it: boxed, through a typed handle made
/// of boxed calls, and through a boxed kernel under a typed call.
macro_rules! passes {
    ($namespace:ident, $declared:literal, $arg:ty => $result:ty, |$x:ident| $give:expr, $kind:literal, [$($value:expr),* $(,)?]) => {{
        let mut library = Library::define(stringify!($namespace))?;
        let declared = concat!("declared(", $declared, " x) -> ", $declared);
        let declared = library.def(declared)?;
        let identity = |$x: $arg| -> Result<$result> { Ok($give) };
        library.kernel_fn("declared", ALL, identity)?;
        let inferred = library.def_fn("inferred", identity)?;
        let schema = inferred.schema().unwrap().to_string();
        assert!(schema.starts_with(concat!(stringify!($namespace), "::inferred(")), "{schema}");
        let handle = declared.typed::<($arg,), $result>()?;
        $(
            let value: Value = Value::from($value);
            for operator in [declared, inferred] {
                let back = one(operator, [value.clone()]);
                assert!(is_same(&back, &value), "{back:?} for {value:?}");
                assert!([$kind, "None"].contains(&back.kind_name()) || $kind == "Scalar", "{}", back.kind_name());
            }
            let argument = <<$arg as keyway::Parameter>::Argument<'_> as keyway::Argument<'_>>::from_value(&value);
            let typed = handle.call((argument.expect("the value is of this kind"),))?;
            let mut stack = Stack::new();
            keyway::Returns::push(typed, &mut stack);
            assert!(is_same(&stack.pop()?, &value));
        )*
        library.override_kernel("declared", ALL, Kernel::boxed(|_, _, _| Ok(())))?;
        $(
            let value: Value = Value::from($value);
            let argument = <<$arg as keyway::Parameter>::Argument<'_> as keyway::Argument<'_>>::from_value(&value);
            let mut stack = Stack::new();
            keyway::Returns::push(handle.call((argument.unwrap(),))?, &mut stack);
            assert!(is_same(&stack.pop()?, &value), "a boxed kernel under a typed call");
        )*
    }};
}

/// BOX-01 to BOX-05, BOX-07, BOX-08, BOX-11, D222 to D226, D235.
#[test]
fn every_single_kind_passes_through() -> Result<()> {
    passes!(inf_tensor, "Tensor", &Tensor => Tensor, |x| x.clone(), "Tensor", [tensor()]);
    passes!(inf_int, "int", i64 => i64, |x| x, "int", [i64::MIN, 0i64, 7i64]);
    passes!(inf_float, "float", f64 => f64, |x| x, "float", [0.5, -1e300]);
    passes!(inf_bool, "bool", bool => bool, |x| x, "bool", [true, false]);
    passes!(inf_str, "str", &str => String, |x| x.to_owned(), "str", ["", "text"]);
    passes!(inf_scalar, "Scalar", Scalar => Scalar, |x| x, "Scalar", [
        Scalar::Int(2), Scalar::Float(0.5), Scalar::Bool(true), Scalar::Complex(1.0, -1.0),
    ]);
    passes!(inf_dtype, "ScalarType", DType => DType, |x| x, "ScalarType", [DType::Float64]);
    passes!(inf_layout, "Layout", Layout => Layout, |x| x, "Layout", [Layout::Strided]);
    passes!(inf_format, "MemoryFormat", MemoryFormat => MemoryFormat, |x| x, "MemoryFormat", [MemoryFormat::Contiguous]);
    passes!(inf_device, "Device", Device => Device, |x| x, "Device", [
        Device { index: Some(1), ..Device::META },
    ]);
    Ok(())
}

/// BOX-13 to BOX-15, BOX-17, BOX-29, BOX-43: absence is kept apart from zero, false and the empty list.
#[test]
fn every_optional_passes_through() -> Result<()> {
    passes!(inf_opt_float, "float?", Option<f64> => Option<f64>, |x| x, "float", [0.0, Value::None]);
    passes!(inf_opt_int, "int?", Option<i64> => Option<i64>, |x| x, "int", [0i64, Value::None]);
    passes!(inf_opt_bool, "bool?", Option<bool> => Option<bool>, |x| x, "bool", [false, Value::None]);
    passes!(inf_opt_tensor, "Tensor?", Option<&Tensor> => Option<Tensor>, |x| x.cloned(), "Tensor", [tensor(), Value::None]);
    passes!(inf_opt_ints, "int[]?", Option<&[i64]> => Option<Vec<i64>>, |x| x.map(<[_]>::to_vec), "int[]", [
        Vec::<i64>::new(), vec![1i64, 2], Value::None,
    ]);
    Ok(())
}

/// BOX-20, BOX-21, BOX-23 to BOX-25, BOX-27, BOX-28, BOX-30.
#[test]
fn every_list_passes_through() -> Result<()> {
    passes!(inf_ints, "int[]", &[i64] => Vec<i64>, |x| x.to_vec(), "int[]", [vec![2i64, 4], Vec::<i64>::new()]);
    passes!(inf_two_ints, "int[2]", &[i64] => Vec<i64>, |x| x.to_vec(), "int[]", [vec![2i64, 4]]);
    passes!(inf_two_bools, "bool[2]", &[bool] => Vec<bool>, |x| x.to_vec(), "bool[]", [vec![true, false]]);
    passes!(inf_floats, "float[]", &[f64] => Vec<f64>, |x| x.to_vec(), "float[]", [vec![0.5, 1.5], Vec::<f64>::new()]);
    passes!(inf_strs, "str[]", &[String] => Vec<String>, |x| x.to_vec(), "str[]", [vec!["a".to_owned()], Vec::<String>::new()]);
    passes!(inf_tensors, "Tensor[]", &[Tensor] => Vec<Tensor>, |x| x.to_vec(), "Tensor[]", [vec![tensor(), tensor()]]);
    passes!(inf_opt_tensors, "Tensor?[]", &[Option<Tensor>] => Vec<Option<Tensor>>, |x| x.to_vec(), "Tensor?[]", [
        vec![None, Some(tensor())],
    ]);
    passes!(inf_opt_int_list, "int?[]", &[Option<i64>] => Vec<Option<i64>>, |x| x.to_vec(), "int?[]", [
        vec![Some(3i64), None, Some(2)], Vec::<Option<i64>>::new(),
    ]);
    passes!(inf_dtypes, "ScalarType[]", &[DType] => Vec<DType>, |x| x.to_vec(), "ScalarType[]", [vec![DType::Bool, DType::Float64]]);
    passes!(inf_layouts, "Layout[]", &[Layout] => Vec<Layout>, |x| x.to_vec(), "Layout[]", [vec![Layout::Sparse, Layout::Strided]]);
    passes!(inf_formats, "MemoryFormat[]", &[MemoryFormat] => Vec<MemoryFormat>, |x| x.to_vec(), "MemoryFormat[]", [
        vec![MemoryFormat::Contiguous, MemoryFormat::ChannelsLast], Vec::<MemoryFormat>::new(),
    ]);
    passes!(inf_devices, "Device[]", &[Device] => Vec<Device>, |x| x.to_vec(), "Device[]", [vec![Device::CPU, Device::META]]);
    passes!(inf_scalars, "Scalar[]", &[Scalar] => Vec<Scalar>, |x| x.to_vec(), "Scalar[]", [vec![Scalar::Int(1), Scalar::Bool(true)]]);
    Ok(())
}

type Five = (Tensor, i64, Vec<Tensor>, Option<i64>, String);

/// BOX-37, BOX-39, BOX-41, BOX-42, BOX-46, BOX-49, BOX-50.
#[test]
fn no_result_several_results_and_mixed_arguments() -> Result<()> {
    let mut library = Library::define("inf_several")?;
    let seen = std::sync::Arc::new(AtomicI64::new(0));
    let sees = seen.clone();
    let nothing = library.def_fn("nothing", move |x: i64| -> Result<()> {
        sees.store(x, Ordering::Relaxed);
        Ok(())
    })?;
    assert!(nothing.call([Value::Int(7)])?.is_empty());
    assert_eq!(seen.load(Ordering::Relaxed), 7);
    let none = library.def_fn("none", || -> Result<i64> { Ok(5) })?;
    assert!(matches!(one(none, []), Value::Int(5)));

    let five = library.def_fn("five", |x: &Tensor, n: i64| -> Result<Five> {
        Ok((x.clone(), n, vec![x.clone()], None, "fifth".to_owned()))
    })?;
    assert_eq!(
        five.schema().unwrap().to_string(),
        "inf_several::five(Tensor _0, int _1) -> (Tensor, int, Tensor[], int?, str)"
    );
    let stack = five.call([tensor().into(), Value::Int(3)])?;
    assert!(matches!(
        &stack[..],
        [Value::Tensor(_), Value::Int(3), Value::List(_), Value::None, Value::Str(_)]
    ));

    let optional = library.def_fn(
        "optional",
        |_: &Tensor,
         x: Option<&Tensor>,
         n: Option<i64>,
         s: Option<&str>|
         -> Result<(Option<Tensor>, Option<i64>, Option<String>)> {
            Ok((x.cloned(), n, s.map(str::to_owned)))
        },
    )?;
    let stack = optional.call([tensor().into(), Value::None, Value::Int(4), Value::None])?;
    assert!(matches!(stack[..], [Value::None, Value::Int(4), Value::None]), "{stack:?}");
    let stack = optional.call([tensor().into(), tensor().into(), Value::None, "text".into()])?;
    assert!(matches!(stack[..], [Value::Tensor(_), Value::None, Value::Str(_)]), "{stack:?}");

    let ints = library.def_fn("ints", |a: i64, b: i64, c: i64| -> Result<Vec<i64>> { Ok(vec![a, b, c]) })?;
    let value = one(ints, [2i64, 4, 6].map(Value::from));
    assert!(matches!(&value, Value::List(list) if matches!(&**list, List::Int(ints) if *ints == [2, 4, 6])));
    let joined = library.def_fn("joined", |_: &Tensor, a: &str, b: &str, n: i64| -> Result<String> {
        Ok(format!("{a}{b}{n}"))
    })?;
    let joined: TypedHandle<(&'static Tensor, &'static str, &'static str, i64), String> = joined.typed()?;
    assert_eq!(joined.call((&tensor(), "hello ", "world", 3))?, "hello world3");
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "as many kinds as there are")]
fn twelve(
    a: i64,
    b: i64,
    c: &[i64],
    d: f64,
    e: &Tensor,
    f: Option<&Tensor>,
    g: bool,
    h: &str,
    i: Scalar,
    j: DType,
    k: Option<i64>,
    l: &[Tensor],
) -> Result<(i64, f64)> {
    let lists = c.iter().sum::<i64>() + l.len() as i64;
    Ok((
        a + b + lists + i64::from(g) + k.unwrap_or(0) + h.len() as i64,
        d + i.to_f64() + (e.numel() + f.map_or(0, Tensor::numel) + j.size()) as f64,
    ))
}

/// REG-11: functions, function pointers and closures, up to sixteen arguments.
#[test]
fn functions_pointers_and_closures_of_many_arguments() -> Result<()> {
    let mut library = Library::define("inf_arity")?;
    let f = library.def_fn("f", twelve)?;
    assert_eq!(
        f.schema().unwrap().to_string(),
        "inf_arity::f(int _0, int _1, int[] _2, float _3, Tensor _4, Tensor? _5, bool _6, str _7, Scalar _8, \
         ScalarType _9, int? _10, Tensor[] _11) -> (int, float)"
    );
    assert_eq!(f.kernel_at(AliasKey::CompositeImplicitAutograd)?.name(), "twelve", "a function's own name");
    let arguments = || {
        [
            1i64.into(),
            2i64.into(),
            vec![3i64, 4].into(),
            0.5.into(),
            tensor().into(),
            Value::None,
            true.into(),
            "six".into(),
            Scalar::Float(0.25).into(),
            DType::Float32.into(),
            10i64.into(),
            vec![tensor()].into(),
        ]
    };
    let stack = f.call(arguments())?;
    assert!(matches!(stack[..], [Value::Int(25), Value::Float(sum)] if sum == 6.75), "{stack:?}");
    library.def("g(int x) -> int")?;
    let pointer: fn(i64) -> Result<i64> = |x| Ok(x + 1);
    library.kernel_fn("g", ALL, pointer)?;
    library.def_kernel("h(int x) -> int", Kernel::fallthrough())?;
    library.def_kernel("k(int x) -> int", Kernel::boxed(|_, _, _| Ok(())))?;
    #[rustfmt::skip]
    let sixteen = library.def_fn("sixteen", |a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: i64, j: i64,
        k: i64, l: i64, m: i64, n: i64, o: i64, p: i64| -> Result<i64> { Ok(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p) })?;
    assert!(matches!(one(sixteen, (0..16).map(Value::Int)), Value::Int(120)));
    Ok(())
}

/// REG-06, REG-07, BOX-53, D186: the schema from one typed kernel; a boxed one has none.
#[test]
fn a_definition_by_name_takes_the_schema_of_its_function() -> Result<()> {
    let mut library = Library::define("inf_names")?;
    let f = library
        .def_fn("f", |_: &Tensor, n: i64, _: &[Tensor]| -> Result<(i64, Tensor)> { Ok((n, tensor())) })?;
    let written = "inf_names::f(Tensor x, int n, Tensor[] xs) -> (int, Tensor)".parse().unwrap();
    assert_eq!(
        f.kernel_at(AliasKey::CompositeImplicitAutograd)?.inferred().unwrap().difference(&written),
        None
    );
    library.kernel("f", DispatchKey::CPU, Kernel::boxed(|_, _, _| Ok(())))?;
    assert_eq!(
        library.def_kernel("g", Kernel::boxed(|_, _, _| Ok(()))).unwrap_err().kind(),
        ErrorKind::CannotInferSchema
    );

    let named =
        Kernel::from_fn(|x: i64, by: i64| -> Result<i64> { Ok(x * by) }).with_argument_names(&["x", "by"]);
    let named = library.def_kernel("named.over", named)?;
    assert_eq!(named.schema().unwrap().to_string(), "inf_names::named.over(int x, int by) -> int");
    assert!(matches!(named.call_named([Value::Int(2)], [("by", Value::Int(4))])?[..], [Value::Int(8)]));
    let short = Kernel::from_fn(|x: i64, by: i64| -> Result<i64> { Ok(x * by) }).with_argument_names(&["x"]);
    assert_eq!(library.def_kernel("short", short).unwrap_err().kind(), ErrorKind::CannotInferSchema);
    Ok(())
}

/// REG-31, REG-33, REG-34, REG-38, REG-40, D115 to D117: the first difference, whichever comes second.
#[test]
fn a_difference_is_reported_by_position_and_type() -> Result<()> {
    type Make = fn() -> Kernel;
    let cases: [(&str, Make, &str); 11] = [
        (
            "f(Tensor x, int y) -> int",
            || Kernel::from_fn(|_: &Tensor| -> Result<i64> { Ok(0) }),
            "2 arguments are declared, not 1",
        ),
        (
            "f(Tensor x) -> int",
            || Kernel::from_fn(|_: &Tensor, _: i64| -> Result<i64> { Ok(0) }),
            "1 arguments are declared, not 2",
        ),
        (
            "f(Tensor x) -> int",
            || Kernel::from_fn(|| -> Result<i64> { Ok(0) }),
            "1 arguments are declared, not 0",
        ),
        (
            "f(Tensor x, float y) -> int",
            || Kernel::from_fn(|_: &Tensor, _: i64| -> Result<i64> { Ok(0) }),
            "argument 2 (`y`) is declared float, not int",
        ),
        (
            "f(int x) -> int",
            || Kernel::from_fn(|_: &Tensor| -> Result<i64> { Ok(0) }),
            "argument 1 (`x`) is declared int, not Tensor",
        ),
        (
            "f(int x) -> ()",
            || Kernel::from_fn(|x: i64| -> Result<i64> { Ok(x) }),
            "0 results are declared, not 1",
        ),
        (
            "f(int x) -> (int, int)",
            || Kernel::from_fn(|x: i64| -> Result<i64> { Ok(x) }),
            "2 results are declared, not 1",
        ),
        (
            "f(int x) -> int",
            || Kernel::from_fn(|_: i64| -> Result<()> { Ok(()) }),
            "1 results are declared, not 0",
        ),
        (
            "f(int x) -> float",
            || Kernel::from_fn(|x: i64| -> Result<i64> { Ok(x) }),
            "result 1 is declared float, not int",
        ),
        (
            "f(int x) -> (Tensor, float)",
            || Kernel::from_fn(|x: i64| -> Result<(Tensor, i64)> { Ok((tensor(), x)) }),
            "result 2 is declared float, not int",
        ),
        (
            "f(Tensor? x) -> int",
            || Kernel::from_fn(|_: &Tensor| -> Result<i64> { Ok(0) }),
            "argument 1 (`x`) is declared Tensor?, not Tensor",
        ),
    ];
    let mut library = Library::define("inf_differs")?;
    for (schema, kernel, reason) in cases {
        let mut definition = Library::fragment("inf_differs")?;
        let f = definition.def(schema)?;
        let kernel_second = library.kernel("f", DispatchKey::CPU, kernel()).unwrap_err();
        assert!(!f.has_kernel_at(DispatchKey::CPU));
        drop(definition);
        let mut kernels = Library::implement("inf_differs");
        kernels.kernel("f", DispatchKey::CPU, kernel())?;
        let definition_second = library.def(schema).unwrap_err();
        assert!(f.schema().is_none());
        for error in [kernel_second, definition_second] {
            assert_eq!((error.kind(), error.operator()), (ErrorKind::SchemaMismatch, Some("inf_differs::f")));
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
    // D114: nothing of the refused kernels is remembered.
    library.def("f(int x) -> int")?;
    library.kernel_fn("f", ALL, |x: i64| -> Result<i64> { Ok(x) })?;
    Ok(())
}

/// D98: a definition is checked against every kernel, hidden ones included; a symbolic int is an int.
#[test]
fn every_kernel_must_agree_with_a_definition() -> Result<()> {
    let mut library = Library::define("inf_every")?;
    library.kernel_fn("f", DispatchKey::CPU, |_: f64| -> Result<i64> { Ok(0) })?;
    let over = Kernel::from_fn(|x: i64| -> Result<i64> { Ok(x) });
    library.override_kernel("f", DispatchKey::CPU, over)?;
    assert_eq!(library.def("f(SymInt x) -> SymInt").unwrap_err().kind(), ErrorKind::SchemaMismatch);
    library.kernel_fn("g", DispatchKey::CPU, |x: &[i64]| -> Result<i64> { Ok(x.len() as i64) })?;
    library.def("g(SymInt[2] x) -> SymInt")?;
    Ok(())
}

/// BOX-51, BOX-52, BOX-63, D203: closures keep their state, each its own.
#[test]
fn closures_keep_their_state() -> Result<()> {
    let mut library = Library::define("inf_state")?;
    let f = library.def("f(Tensor x) -> int")?;
    let counter = |start: i64| {
        let count = AtomicI64::new(start);
        Kernel::from_fn(move |_: &Tensor| -> Result<i64> { Ok(count.fetch_add(1, Ordering::Relaxed)) })
    };
    library.kernel("f", DispatchKey::CPU, counter(4))?;
    library.kernel("f", DispatchKey::CUDA, counter(40))?;
    let call = |key| {
        let x = tensor();
        x.set_key_set(KeySet::of(key));
        f.typed::<(&Tensor,), i64>()?.call((&x,))
    };
    let counted: Vec<i64> = [DispatchKey::CPU, DispatchKey::CPU, DispatchKey::CUDA, DispatchKey::CPU]
        .into_iter()
        .map(call)
        .collect::<Result<_>>()?;
    assert_eq!(counted, [4, 5, 40, 6]);
    Ok(())
}

/// D200, BOX-69: a function may ask for the keys of its call.
#[test]
fn a_function_may_take_the_key_set_first() -> Result<()> {
    let mut library = Library::define("inf_keys")?;
    let f =
        library.def_fn("f", |keys: KeySet, _: &Tensor| -> Result<i64> { Ok(keys.iter().count() as i64) })?;
    assert_eq!(f.schema().unwrap().to_string(), "inf_keys::f(Tensor _0) -> int", "it is not in the schema");
    let handle = f.typed::<(&Tensor,), i64>()?;
    let two = KeySet::from_iter([DispatchKey::XLA, DispatchKey::Python]);
    assert_eq!(handle.redispatch(KeySet::of(DispatchKey::XLA), (&tensor(),))?, 1);
    library.override_kernel(
        "f",
        DispatchKey::Python,
        Kernel::from_fn(|keys: KeySet, _: &Tensor| -> Result<i64> {
            assert_eq!(keys.highest(), DispatchKey::Python);
            Ok(10 + keys.iter().count() as i64)
        }),
    )?;
    assert_eq!(handle.redispatch(two, (&tensor(),))?, 12);
    Ok(())
}

/// D227, D228, BOX-57, BOX-59: whatever a kernel leaves, written arguments are the results.
#[test]
fn written_arguments_are_the_results() -> Result<()> {
    let mut library = Library::define("inf_written")?;
    let inplace = library.def("f_(Tensor(a!) self, Scalar by) -> Tensor(a!)")?;
    let out =
        library.def("g.out(Tensor x, *, Tensor(a!) low, Tensor(b!) high) -> (Tensor(a!), Tensor(b!))")?;
    // A function may give nothing, or a tensor that is put aside; a boxed kernel may leave anything of the right kind.
    let kernels: [fn() -> (Kernel, Kernel); 3] = [
        || {
            (
                Kernel::from_fn(|_: &Tensor, _: Scalar| -> Result<()> { Ok(()) }),
                Kernel::from_fn(|_: &Tensor, _: &Tensor, _: &Tensor| -> Result<()> { Ok(()) }),
            )
        },
        || {
            (
                Kernel::from_fn(|_: &Tensor, _: Scalar| -> Result<Tensor> { Ok(tensor()) }),
                Kernel::from_fn(|_: &Tensor, _: &Tensor, _: &Tensor| -> Result<(Tensor, Tensor)> {
                    Ok((tensor(), tensor()))
                }),
            )
        },
        || (leaves_new_tensors(), leaves_new_tensors()),
    ];
    for make in kernels {
        let mut block = Library::implement("inf_written");
        let (f, g) = make();
        block.kernel("f_", ALL, f)?;
        block.kernel("g.out", ALL, g)?;
        let (x, low, high) = (tensor(), tensor(), tensor());
        let given = inplace.typed::<(&Tensor, Scalar), Tensor>()?.call((&x, Scalar::Int(1)))?;
        assert!(given.is_same(&x));
        inplace.typed::<(&Tensor, Scalar), ()>()?.call((&x, Scalar::Int(1)))?;
        let stack = out.call_named([(&x).into()], [("high", (&high).into()), ("low", (&low).into())])?;
        assert!(stack[0].as_tensor().unwrap().is_same(&low) && stack[1].as_tensor().unwrap().is_same(&high));
    }
    Ok(())
}

fn leaves_new_tensors() -> Kernel {
    Kernel::boxed(|operator, _, stack| {
        let schema = operator.schema().unwrap();
        stack.truncate(stack.base_of(schema.arguments.len())?);
        schema.returns.iter().for_each(|_| stack.push(tensor()));
        Ok(())
    })
}

/// BOX-55, BOX-56, BOX-74: boxed kernels boxed and typed; D217: the stack below is left alone.
#[test]
fn a_boxed_kernel_serves_typed_handles() -> Result<()> {
    let mut library = Library::define("inf_boxed")?;
    let sum = library.def("sum(int a, int b) -> (int, int)")?;
    let kernel = Kernel::boxed(|_, _, stack| {
        let (Value::Int(b), Value::Int(a)) = (stack.pop()?, stack.pop()?) else {
            unreachable!("checked by the schema")
        };
        stack.push(a + b);
        stack.push(a * b);
        Ok(())
    });
    library.kernel("sum", ALL, kernel)?;
    assert_eq!(sum.typed::<(i64, i64), (i64, i64)>()?.call((3, 4))?, (7, 12));
    let mut stack = Stack::from_iter([77i64, 3, 4]);
    sum.call_boxed(&mut stack)?;
    assert!(matches!(stack[..], [Value::Int(77), Value::Int(7), Value::Int(12)]), "{stack:?}");
    Ok(())
}

/// REG-42, D131, D132, D304: a handle is of the schema's types, with or without kernels, whatever comes later.
#[test]
fn a_handle_is_checked_against_the_schema() -> Result<()> {
    let mut library = Library::define("inf_handle")?;
    let f = library.def("f(Tensor x, SymInt[] n) -> Tensor")?;
    let handle = f.typed::<(&Tensor, &[i64]), Tensor>()?;
    for (error, reason) in [
        (f.typed::<(&Tensor,), Tensor>().unwrap_err(), "2 arguments are declared, not 1"),
        (f.typed::<(&Tensor, i64), Tensor>().unwrap_err(), "argument 2 (`n`) is declared SymInt[], not int"),
        (f.typed::<(&Tensor, &[i64]), i64>().unwrap_err(), "result 1 is declared Tensor, not int"),
    ] {
        assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert_eq!(handle.call((&tensor(), &[1])).unwrap_err().kind(), ErrorKind::NoKernel);
    drop(library);
    assert_eq!(handle.call((&tensor(), &[1])).unwrap_err().kind(), ErrorKind::MissingDef);
    let mut library = Library::define("inf_handle")?;
    library.def_fn("f", |x: i64| -> Result<i64> { Ok(x) })?;
    assert!(handle.call((&tensor(), &[1])).is_err(), "defined anew with another schema");
    assert_eq!(handle.operator(), f);
    Ok(())
}

/// D221, Y53 to Y55: a default of every kind is a value of its argument's type.
#[test]
fn defaults_of_every_kind_are_filled_in() -> Result<()> {
    let mut library = Library::define("inf_defaults")?;
    let f = library.def(
        "f(*, int a=1, float b=2, bool c=True, str d='x', int[2] e=3, float[] g=[0.5,1], Scalar h=1.5, \
         ScalarType i=long, Layout j=strided, MemoryFormat k=contiguous_format, Device l='cuda:1', int m=Mean, \
         Tensor? n=None, int[]? o=[], ScalarType? p=float, bool[2] q=True) -> ()",
    )?;
    let filled: Vec<String> = f.inputs([], [])?.iter().map(Value::to_string).collect();
    let expected = [
        "1",
        "2.0",
        "true",
        "\"x\"",
        "[3, 3]",
        "[0.5, 1.0]",
        "1.5",
        "int64",
        "Strided",
        "Contiguous",
        "cuda:1",
        "1",
        "None",
        "[]",
        "float32",
        "[true, true]",
    ];
    assert_eq!(filled, expected);
    Ok(())
}

/// REG-41, better: a function serves an operator of a list beside its typed kernels, and the typed call boxes for it.
#[test]
fn a_function_serves_an_operator_of_a_list() -> Result<()> {
    use keyway_tests::typed::scale;
    let mut kernels = Library::implement("typed");
    let xla = DispatchKey::XLA;
    kernels.kernel_fn("scale", xla, |x: &Tensor, _: Scalar| -> Result<Tensor> { Ok(x.clone()) })?;
    let error = kernels
        .kernel_fn("scale", DispatchKey::CUDA, |x: &Tensor, _: i64| -> Result<Tensor> { Ok(x.clone()) });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::SchemaMismatch);
    let x = tensor();
    assert!(scale::default.redispatch(KeySet::of(xla), &x, Scalar::Int(3))?.is_same(&x));
    let handle = scale::default.operator().typed::<(&Tensor, Scalar), Tensor>()?;
    assert_eq!(
        handle.call((&x, Scalar::Int(3)))?.to_vec::<f32>()?,
        [3.0, 6.0],
        "the typed kernel of the list"
    );
    Ok(())
}
