//! Tracing, graphs and their replay.

use std::slice::from_ref;
use std::sync::atomic::{AtomicU64, Ordering};

use keyway::{
    Backend, DType, Device, ErrorKind, Geometry, Result, Scalar, Tensor, ThreadState, Value, mode_stack_len,
    with_mode,
};
use keyway_modes::{FakeMode, Graph, Statement, Tracing, is_fake, trace, trace_verified};
use keyway_ops::{TensorMethods, aten};

use super::{Network, Odd, call, panics, waves, wrap};

/// The same text after reading it back.
fn read_back(graph: &Graph) -> Graph {
    let text = graph.to_text().unwrap();
    let again: Graph = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(again.to_text().unwrap(), text);
    again
}

#[test]
fn a_network_becomes_a_readable_graph_that_runs_again() {
    let network = Network::new();
    let x = waves(&[2, 4]);
    let (graph, outputs) = trace(from_ref(&x), |t| Ok(vec![network.run(&t[0])?])).unwrap();
    let text = graph.to_string();
    let calls: Vec<&str> = text.lines().filter(|line| line.contains("::")).map(str::trim).collect();
    assert_eq!(
        calls,
        [
            "%2: float32[2, 3] = aten::mm(%0, %1)",
            "%4: float32[2, 3] = aten::add.Tensor(%2, %3)",
            "%5: float32[2, 3] = aten::relu(%4)",
            "%7: float32[2, 2] = aten::mm(%5, %6)",
            "%8: float32[2, 2] = aten::_softmax(%7, 1, false)",
        ]
    );
    assert!(text.starts_with("graph(%0: float32[2, 4]):\n") && text.ends_with("  return %8\n"), "{text}");
    assert!(text.contains("... 12 in all])"), "{text}");
    let other = waves(&[4, 2]).t().unwrap().clone_tensor().unwrap();
    for graph in [read_back(&graph), graph] {
        let again = graph.run(from_ref(&x)).unwrap();
        assert_eq!(again[0].to_vec::<f32>().unwrap(), outputs[0].to_vec::<f32>().unwrap());
        let expected = network.run(&other).unwrap();
        assert_eq!(
            graph.run(from_ref(&other)).unwrap()[0].to_vec::<f32>().unwrap(),
            expected.to_vec::<f32>().unwrap()
        );
    }
}

#[test]
fn writes_and_views_are_replayed_as_they_were() {
    let x = waves(&[2, 3]);
    let weights = waves(&[3]);
    let (graph, _) = trace_verified(&[x], |t| {
        let view = t[0].t()?;
        view.add_(&view)?;
        weights.mul_scalar_(2)?;
        let out = Tensor::from_slice(&[0.0f32; 0], &[0])?;
        aten::add::out.call(&t[0], &weights, 3.into(), &out)?;
        let parts = out.split_with(1, 1)?;
        let (values, indices) = aten::cat::default.call(&parts, 0)?.sort_with(0, true)?;
        Ok(vec![values, indices, t[0].clone()])
    })
    .unwrap();
    let text = graph.to_string();
    assert!(text.contains("  %1: float32[3, 2] #") && text.contains(" = aten::t(%0)\n"), "{text}");
    assert!(text.contains("  %1 #") && text.contains(" = aten::add_.Tensor(%1, %1)"), "{text}");
    // The constant was copied before it was written to, so each run starts from the same.
    for graph in [read_back(&graph), graph.clone(), graph] {
        graph.check(&[waves(&[2, 3])]).unwrap();
    }
}

#[test]
fn arguments_of_every_kind_read_back() {
    let mut odd = Odd::new("odd_literals");
    let f = odd
        .library
        .def(
            "f(Tensor? x, Tensor?[] xs, Scalar[] s, *, float a=0.5, str b='q', ScalarType? d=None, Device? e=None, \
             Layout? g=None, MemoryFormat? h=None, int[] i=[], bool[] j=[], float[] k=[], str[]? l=None, Scalar m=1, \
             ScalarType[]? n=None, Device[]? o=None, Layout[]? p=None, MemoryFormat[]? q=None, int?[]? r=None) -> str",
        )
        .unwrap();
    let kernel = keyway::Kernel::boxed(|_, _, stack| {
        stack.truncate(stack.len() - 19);
        stack.push("a \"quoted\" = text,\n\u{7f}");
        Ok(())
    });
    odd.library.kernel("f", keyway::DispatchKey::CPU, kernel).unwrap();
    let x = waves(&[1]);
    let named = || {
        [
            ("a", Value::Float(f64::NEG_INFINITY)),
            ("b", "x = \\ \"y\"".into()),
            ("d", DType::Int32.into()),
            ("e", Device { backend: Backend::CUDA, index: Some(3) }.into()),
            ("g", keyway::Layout::Strided.into()),
            ("h", keyway::MemoryFormat::ChannelsLast.into()),
            ("i", vec![1i64, -2].into()),
            ("j", vec![true, false].into()),
            ("k", vec![1.0, f64::MIN_POSITIVE].into()),
            ("l", vec!["a".to_owned(), "], [".to_owned()].into()),
            ("m", Scalar::Complex(1.5, -0.0).into()),
            ("n", vec![DType::Bool, DType::BFloat16].into()),
            ("o", vec![Device::CPU, Device::META].into()),
            ("p", vec![keyway::Layout::Sparse].into()),
            ("q", vec![keyway::MemoryFormat::Contiguous, keyway::MemoryFormat::ChannelsLast3d].into()),
            ("r", vec![Some(4i64), None].into()),
        ]
    };
    let tracing = Tracing::new(from_ref(&x));
    with_mode(&tracing.mode(), || {
        let scalars = vec![Scalar::Int(1), Scalar::Float(1.0), Scalar::Bool(true)];
        let positional = [(&x).into(), vec![Some(x.clone()), None].into(), scalars.into()];
        f.call_named(positional, named()).map(drop)
    })
    .unwrap()
    .unwrap();
    let graph = read_back(&tracing.finish(&[]).unwrap());
    let text = graph.to_text().unwrap();
    assert!(text.contains("odd_literals::f(%0, [%0, None], [1, 1.0, true], a=-inf, b=\"x = \\\\ \\\"y\\\"\", d=int32, e=cuda:3, g=strided, h=channels_last, i=[1, -2], j=[true, false], k=[1.0, 2.2250738585072014e-308], l=[\"a\", \"], [\"], m=complex(1.5, -0.0), n=[bool, bfloat16], o=[cpu, meta], p=[sparse], q=[contiguous_format, channels_last_3d], r=[4, None])"), "{text}");
    assert!(graph.run(&[x]).unwrap().is_empty());
}

#[test]
fn constants_of_every_dtype_read_back_bit_for_bit() {
    let nan = f32::from_bits(0xffc0_0001);
    let tensors = [
        Tensor::from_slice(&[nan, f32::NAN, f32::INFINITY, -0.0, 1e-45], &[5]).unwrap(),
        Tensor::from_slice(&[f64::MAX, 0.1], &[2]).unwrap(),
        Tensor::from_slice(&[i64::MIN, i64::MAX], &[1, 2]).unwrap(),
        Tensor::from_slice(&[i32::MIN], &[]).unwrap(),
        Tensor::from_slice(&[0u8, 255], &[2]).unwrap(),
        Tensor::from_slice(&[true, false], &[2]).unwrap(),
        Tensor::from_slice(&[1.0f32; 0], &[0, 3]).unwrap(),
        waves(&[4, 2]).t().unwrap().select(0, 1).unwrap(),
        Tensor::zeros(&[2], DType::Float32, Device::META).unwrap(),
        Tensor::wrapped_number(2.5.into()).unwrap(),
    ];
    let tracing = Tracing::with_fingerprints(&[]);
    let outputs: Vec<Tensor> =
        with_mode(&tracing.mode(), || tensors.iter().map(|x| x.alias().unwrap()).collect()).unwrap();
    let graph = read_back(&tracing.finish(&outputs).unwrap());
    let again = graph.check(&[]).unwrap();
    for (before, after) in tensors.iter().zip(&again) {
        assert_eq!((before.dtype(), before.device()), (after.dtype(), after.device()));
        assert_eq!(before.geometry(), after.geometry());
    }
}

/// Deterministic replay: a record says which operator computes something else now.
#[test]
fn a_record_names_the_operator_that_changed() {
    static STEP: AtomicU64 = AtomicU64::new(0);
    let mut odd = Odd::new("odd_record");
    let f = odd.with("f(Tensor self) -> Tensor", |x: &Tensor| -> Result<Tensor> {
        x.add_scalar(STEP.load(Ordering::Relaxed) as i64)
    });
    let x = waves(&[3]);
    let recording = Tracing::with_fingerprints(&[]);
    let y = with_mode(&recording.mode(), || call(f, &x.exp()?)?.sum()).unwrap().unwrap();
    let record = recording.finish(&[y]).unwrap().to_text().unwrap();
    let graph: Graph = record.parse().unwrap();
    graph.check(&[]).unwrap();
    STEP.store(1, Ordering::Relaxed);
    let error = graph.check(&[]).unwrap_err();
    assert_eq!(error.operator(), Some("odd_record::f"));
    assert!(error.to_string().contains("not what was recorded"), "{error}");
    graph.run(&[]).unwrap();
}

#[test]
fn numbers_read_from_tensors_must_stay_the_same() {
    let x = Tensor::from_slice(&[2.0f32], &[1]).unwrap();
    let (graph, _) = trace(from_ref(&x), |t| {
        let n = TensorMethods::item(&t[0])?;
        Ok(vec![t[0].mul_scalar(n)?])
    })
    .unwrap();
    let graph = read_back(&graph);
    assert_eq!(graph.run(&[x]).unwrap()[0].to_vec::<f32>().unwrap(), [4.0]);
    let error = graph.run(&[Tensor::from_slice(&[3.0f32], &[1]).unwrap()]).unwrap_err();
    assert_eq!(error.operator(), Some("aten::_local_scalar_dense"));
    assert!(error.to_string().contains("gave 3.0 and not 2.0"), "{error}");
}

#[test]
fn views_that_no_operator_made_are_lines_of_their_own() {
    let x = waves(&[2, 2]);
    let (graph, outputs) = trace(from_ref(&x), |t| {
        let diagonal = t[0].view_as(Geometry::new(&[2], &[3], 0)?)?;
        diagonal.zero_()?;
        Ok(vec![t[0].exp()?])
    })
    .unwrap();
    assert!(matches!(graph.statements()[0], Statement::View(_)), "{graph}");
    let graph = read_back(&graph);
    let again = graph.run(&[waves(&[2, 2])]).unwrap();
    assert_eq!(again[0].to_vec::<f32>().unwrap(), outputs[0].to_vec::<f32>().unwrap());
    let error = graph.run(&[waves(&[2, 2]).t().unwrap()]).unwrap_err();
    assert!(error.to_string().contains("%0 lies in memory in another way"), "{error}");
}

#[test]
fn what_is_not_an_operator_is_found_by_verification() {
    let x = waves(&[2]);
    let error = trace_verified(&[x], |t| {
        t[0].storage().write()?.elements::<f32>()?[0] = 7.0;
        Ok(vec![t[0].exp()?])
    })
    .unwrap_err();
    assert_eq!(error.operator(), Some("aten::exp"));
    let error = trace_verified(&[waves(&[2])], |t| {
        t[0].storage().write()?.elements::<f32>()?[0] = 7.0;
        Ok(vec![])
    })
    .unwrap_err();
    assert!(error.to_string().starts_with("input 0 of the traced function"), "{error}");
}

/// Tracing stands above fake tensors: a graph of what would not fit.
#[test]
fn fake_tensors_are_traced_without_data() {
    let fake = FakeMode::new();
    let x = fake.tensor(&[1 << 20, 1 << 12], DType::Float32, Device::of(Backend::CUDA)).unwrap();
    let (graph, outputs) =
        with_mode(&fake.mode(), || trace(from_ref(&x), |t| Ok(vec![t[0].mm(&t[0].t()?)?]))).unwrap().unwrap();
    assert!(is_fake(&outputs[0]));
    let text = graph.to_string();
    assert!(text.contains("%2: float32[1048576, 1048576] on cuda = aten::mm(%0, %1)"), "{text}");
    read_back(&graph);
    assert!(is_fake(&graph.run(&[x]).unwrap()[0]));
}

#[test]
fn classes_unwrap_before_they_are_traced() {
    let x = waves(&[2]);
    let tracing = Tracing::new(from_ref(&x));
    let y = with_mode(&tracing.mode(), || wrap(&x).relu()).unwrap().unwrap();
    let inner = y.subclass::<super::Wrapper>().unwrap().0.clone();
    let graph = tracing.finish(&[inner]).unwrap();
    assert_eq!(graph.to_string(), "graph(%0: float32[2]):\n  %1: float32[2] = aten::relu(%0)\n  return %1\n");
}

#[test]
fn failed_calls_leave_no_line_and_panics_no_mode() {
    let mut odd = Odd::new("odd_tracing");
    let (fails, panicking) = (odd.failing(), odd.panicking());
    let (x, unused) = (waves(&[2]), waves(&[2]));
    let (graph, _) = trace(from_ref(&x), |t| {
        call(fails, &unused).unwrap_err();
        Ok(vec![t[0].relu()?])
    })
    .unwrap();
    assert_eq!((graph.statements().len(), graph.values().len()), (1, 2));
    panics(|| drop(trace(&[x], |t| call(panicking, &t[0]).map(|y| vec![y]))));
    assert_eq!(mode_stack_len(), 0);
    let nested = trace(&[], |_| trace(&[], |_| Ok(vec![])).map(|_| vec![])).unwrap_err();
    assert_eq!(nested.kind(), ErrorKind::ModeStack);
}

#[test]
fn threads_record_into_one_graph() {
    let x = waves(&[2]);
    let tracing = Tracing::new(from_ref(&x));
    let outputs = with_mode(&tracing.mode(), || {
        let state = ThreadState::capture();
        std::thread::scope(|scope| {
            let workers = [1, 2, 3].map(|n| {
                let (state, x) = (&state, &x);
                scope.spawn(move || state.with(|| x.add_scalar(n).unwrap().exp().unwrap()))
            });
            workers.map(|worker| worker.join().unwrap())
        })
    })
    .unwrap();
    let graph = read_back(&tracing.finish(&outputs).unwrap());
    assert_eq!(graph.calls().count(), 6);
    for (output, again) in outputs.iter().zip(graph.run(&[x]).unwrap()) {
        assert_eq!(output.to_vec::<f32>().unwrap(), again.to_vec::<f32>().unwrap());
    }
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let (graph, _) = trace(&[waves(&[2, 3])], |t| Ok(vec![t[0].exp()?])).unwrap();
    let count = graph.run(&[]).unwrap_err().to_string();
    assert_eq!(count, "the graph takes 1 inputs, 0 were given");
    let sizes = graph.run(&[waves(&[3, 2])]).unwrap_err().to_string();
    assert!(
        sizes.starts_with("input 0 must be float32[2, 3] as in the graph, it is float32[3, 2]"),
        "{sizes}"
    );
}

#[test]
fn text_that_is_no_graph_is_an_error_with_its_line() {
    let cases = [
        ("", "line 1 of the graph: `graph(` is missing"),
        ("graph():\n", "line 1 of the graph: the graph has no `return`"),
        ("graph(%0: float33[2]):\n  return", "a dtype is missing, near `float33[2]):`"),
        ("graph():\n\n  // a remark\n  return %4", "line 4 of the graph: %4 is not declared above"),
        (
            "graph(%0: float32[2]):\n  %1: float32[2] = aten::exp(%0\n  return",
            "line 2 of the graph: `,` is missing",
        ),
        (
            "graph(%0: float32[2]):\n  %1: float32[2] = aten::exp(%0, 1)\n  return",
            "the operator has fewer arguments",
        ),
        ("graph():\n  %0: float32[3] = constant([1.0])\n  return", "fewer elements than its sizes need"),
        ("graph():\n  return\n  return", "line 3 of the graph: nothing may follow `return`"),
        ("graph(%0: float32[2]):\n  what\n  return", "line 2 of the graph: ` = ` is missing"),
    ];
    for (text, expected) in cases {
        let error = text.parse::<Graph>().unwrap_err();
        assert!(error.to_string().contains(expected), "{text:?} gave: {error}");
    }
    let unknown = "graph(%0: float32[2]):\n  %1: float32[2] = aten::nothing(%0)\n  return".parse::<Graph>();
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::UnknownOperator);
}

/// Whatever is written over a text, reading it gives a graph or an error.
#[test]
fn no_text_is_a_panic() {
    let recording = Tracing::with_fingerprints(&[]);
    let y = with_mode(&recording.mode(), || {
        let column = waves(&[2, 2]).t()?.select(0, 1)?;
        let diagonal = column.view_as(Geometry::new(&[1], &[1], 0)?)?;
        diagonal.add_scalar(0.5)?.split(1)?[0].div_scalar_mode(2, Some("floor"))
    });
    let text = recording.finish(&[y.unwrap().unwrap()]).unwrap().to_text().unwrap();
    text.parse::<Graph>().unwrap();
    let (mut graphs, mut errors) = (0, 0);
    let damaged = |at: usize, by: &str| format!("{}{by}{}", &text[..at], &text[at + 1..]);
    let by =
        ["", "0", "9223372036854775807", "-1", "%", "[", "]", ")", "(", ",", "\"", "\\", " = ", "é", "\n"];
    for at in 0..text.len() {
        for by in by.into_iter().cycle().skip(at).step_by(4).take(4) {
            match damaged(at, by).parse::<Graph>() {
                Ok(graph) => {
                    graphs += usize::from(graph.to_text().is_ok());
                    // A run may fail, and does for most.
                    let _ = graph.check(&[]);
                }
                Err(_) => errors += 1,
            }
        }
    }
    assert!(graphs > 100 && errors > 1000, "{graphs} graphs, {errors} errors");
}
