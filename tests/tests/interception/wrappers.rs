//! What wrappers say about themselves, what their results share, and what interpreters hear of (P126 to P138, P143, P144).

use keyway::{Geometry, MemoryFormat, MetadataAnswer, MetadataPolicy, MetadataQuery, with_mode};

use super::*;

/// A class that answers questions, or declines to.
struct Custom {
    policy: MetadataPolicy,
    answer: fn(MetadataQuery) -> MetadataAnswer,
}

impl TensorSubclass for Custom {
    fn handle(&self, _: &mut Call<'_>) -> Result<Answer> {
        Err(Error::value("no operator is called"))
    }

    fn metadata_policy(&self) -> MetadataPolicy {
        self.policy
    }

    fn metadata(&self, _: &Tensor, query: MetadataQuery) -> Result<MetadataAnswer> {
        assert!(snapshot().is_some(), "P33");
        Ok((self.answer)(query))
    }
}

fn custom(policy: MetadataPolicy, answer: fn(MetadataQuery) -> MetadataAnswer) -> Tensor {
    let metadata = WrapperMetadata::new(&[2, 3], DType::Float32, Device::CPU).unwrap();
    Tensor::wrapper(Custom { policy, answer }, metadata)
}

const STRIDES: MetadataPolicy = MetadataPolicy { strides: true, sizes: false, device: false, layout: false };
const SIZES: MetadataPolicy = MetadataPolicy { sizes: true, ..STRIDES };

/// SUB-48, SUB-50, SUB-51, P126, P128: stored, answered or declined, for what the policy covers alone.
#[test]
fn a_class_answers_what_its_policy_covers() -> Result<()> {
    let ints = |tensor: &Tensor, query| tensor.metadata(query).map(|value| value.as_ints().unwrap().to_vec());
    let stored = custom(SIZES, |_| MetadataAnswer::Stored);
    assert_eq!(ints(&stored, MetadataQuery::Sizes)?, [2, 3]);
    assert_eq!(ints(&stored, MetadataQuery::Strides)?, [3, 1]);
    let answered = custom(SIZES, |query| match query {
        MetadataQuery::Sizes => MetadataAnswer::Value(vec![5i64, 3].into()),
        MetadataQuery::Strides => MetadataAnswer::Value(vec![4i64, 2].into()),
        _ => MetadataAnswer::Stored,
    });
    assert_eq!(ints(&answered, MetadataQuery::Sizes)?, [5, 3]);
    assert_eq!(ints(&answered, MetadataQuery::Strides)?, [4, 2]);
    assert_eq!(answered.sizes(), [2, 3], "kernels see what is stored");
    let declined = custom(STRIDES, |_| MetadataAnswer::Declined);
    let contiguous = MetadataQuery::IsContiguous(MemoryFormat::Contiguous);
    for query in [contiguous, MetadataQuery::Strides, MetadataQuery::IsNonOverlappingAndDense] {
        let error = declined.metadata(query).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AllDeclined);
        assert!(error.to_string().contains(query.name()), "{error}");
    }
    assert_eq!(ints(&declined, MetadataQuery::Sizes)?, [2, 3], "sizes are not in the policy");
    assert_eq!(keyway::with_dispatch_disabled(|| ints(&declined, MetadataQuery::Strides))?, [3, 1]);
    assert_untouched();
    Ok(())
}

/// SUB-53, P128, P129: the device has to be answered; an answer of another kind names what is expected.
#[test]
fn answers_are_checked() -> Result<()> {
    let device = MetadataPolicy { device: true, ..MetadataPolicy::default() };
    let meta = custom(device, |_| MetadataAnswer::Value(Device::META.into()));
    assert!(matches!(meta.metadata(MetadataQuery::Device)?, Value::Device(Device::META)));
    let silent = custom(device, |_| MetadataAnswer::Stored);
    assert_eq!(silent.metadata(MetadataQuery::Device).unwrap_err().kind(), ErrorKind::WrongValueKind);
    let wrong = custom(SIZES, |_| MetadataAnswer::Value("many".into()));
    let error = wrong.metadata(MetadataQuery::Dim).unwrap_err().to_string();
    assert!(error.contains("dim returned invalid type str, expected int"), "{error}");
    Ok(())
}

/// P130: a mode that is on is asked first.
#[test]
fn a_mode_is_asked_about_metadata_first() -> Result<()> {
    struct Sevens;
    impl DispatchMode for Sevens {
        fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
            forward(call)
        }

        fn metadata(&self, _: &Tensor, query: MetadataQuery) -> Result<MetadataAnswer> {
            Ok(match query {
                MetadataQuery::Numel => MetadataAnswer::Value(Value::Int(7)),
                _ => MetadataAnswer::Declined,
            })
        }
    }
    let x = custom(SIZES, |_| MetadataAnswer::Stored);
    with_mode(&Mode::new(Sevens), || {
        assert!(matches!(x.metadata(MetadataQuery::Numel), Ok(Value::Int(7))));
        assert!(
            matches!(x.metadata(MetadataQuery::Dim), Err(error) if error.kind() == ErrorKind::WrongValueKind)
        );
        assert!(matches!(x.metadata(MetadataQuery::StorageOffset), Ok(Value::Int(0))));
    })
}

/// What plain tensors answer: channels last, dense in another order, overlapping.
#[test]
fn stored_metadata_knows_memory_formats() -> Result<()> {
    let is = |sizes: &[i64], strides: &[i64], query| -> Result<bool> {
        let metadata = WrapperMetadata {
            geometry: Geometry::new(sizes, strides, 0)?,
            ..WrapperMetadata::new(sizes, DType::Float32, Device::CPU)?
        };
        Ok(matches!(Tensor::foreign_wrapper(metadata).metadata(query)?, Value::Bool(true)))
    };
    let dense = MetadataQuery::IsNonOverlappingAndDense;
    let last = MetadataQuery::IsContiguous(MemoryFormat::ChannelsLast);
    assert!(is(&[2, 3, 4, 5], &[60, 1, 15, 3], last)? && is(&[2, 3, 4, 5], &[60, 1, 15, 3], dense)?);
    assert!(!is(&[2, 3, 4, 5], &[60, 20, 5, 1], last)? && !is(&[2, 3], &[3, 1], last)?);
    assert!(is(&[3, 2], &[1, 3], dense)? && !is(&[3, 2], &[1, 1], dense)? && !is(&[3, 2], &[4, 1], dense)?);
    Ok(())
}

/// Two plain tensors as one.
struct Pair([Tensor; 2]);

impl TensorSubclass for Pair {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        call.with_aliasing(|call| {
            let operator = call.operator();
            let halves = [0, 1].map(|half| -> Result<keyway::Stack> {
                let mut stack: keyway::Stack = call.arguments().iter().cloned().collect();
                for value in stack.iter_mut() {
                    value.map_tensors(&mut |t| Ok(t.subclass::<Pair>().map(|pair| pair.0[half].clone())))?;
                }
                operator.call_boxed(&mut stack)?;
                Ok(stack)
            });
            let [mut first, second] = halves;
            let (first, second) = (first.as_mut().map_err(|e| Error::value(e.to_string()))?, second?);
            for (value, other) in first.iter_mut().zip(second.iter()) {
                let mut others = other.tensors();
                value.map_tensors(&mut |t| {
                    let other = others.next().expect("both halves have as many").clone();
                    Ok(Some(pair([t.clone(), other])))
                })?;
            }
            call.answer(first.iter().cloned())?;
            Ok(Answer::Done)
        })
    }
}

fn pair(halves: [Tensor; 2]) -> Tensor {
    let metadata = WrapperMetadata::like(&halves[0]);
    Tensor::wrapper(Pair(halves), metadata)
}

/// SUB-58, SUB-59, P136: a result shares memory with an argument, or is it, exactly when the plain one does.
#[test]
fn results_share_what_plain_ones_share() -> Result<()> {
    let matrix = || Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], &[2, 2]);
    let wrapped = pair([matrix()?, matrix()?]);
    let plain = matrix()?;
    type Arguments = fn(&Tensor) -> Vec<Value>;
    let cases: [(&str, Arguments); 8] = [
        ("aten::neg", |x| vec![x.into()]),
        ("aten::add_.Tensor", |x| vec![x.into(), x.into()]),
        ("aten::t", |x| vec![x.into()]),
        ("aten::view", |x| vec![x.into(), vec![4i64].into()]),
        ("aten::transpose.int", |x| vec![x.into(), Value::Int(0), Value::Int(1)]),
        ("aten::split.Tensor", |x| vec![x.into(), Value::Int(1)]),
        ("aten::cat", |x| vec![vec![x.clone(), x.clone()].into()]),
        ("aten::add.out", |x| vec![x.into(), x.into()]),
    ];
    for (name, arguments) in cases {
        let describe = |x: &Tensor| -> Result<Vec<String>> {
            let operator = find_operator(name)?;
            let named: Vec<(&str, Value)> =
                if name.ends_with("out") { vec![("out", x.into())] } else { vec![] };
            let results = operator.call_named(arguments(x), named)?;
            let one = |t: &Tensor| {
                let (is_same, shares) = (t.is_same(x), t.shares_storage(x));
                format!("same {is_same}, shares {shares}, {:?} by {:?}", t.sizes(), t.strides())
            };
            Ok(results.iter().flat_map(Value::tensors).map(one).collect())
        };
        assert_eq!(describe(&wrapped)?, describe(&plain)?, "{name}");
    }
    Ok(())
}

/// P144: an operator may say itself why there is no kernel; where it has nothing to say, the usual error is reported.
#[test]
fn an_operator_may_report_its_missing_kernels() -> Result<()> {
    let mut library = keyway::Library::define("missing_kernels")?;
    let f = library.def("f(Tensor x) -> Tensor")?;
    let ask = || f.call([tensor(&[1.0]).into()]).unwrap_err();
    let reporter = f.report_missing_kernel(|key| {
        (key == DispatchKey::CPU).then(|| Error::not_implemented("import the module that has it"))
    });
    assert!(ask().to_string().contains("import the module"));
    drop(reporter);
    assert_eq!(ask().kind(), ErrorKind::NoKernel);
    let quiet = f.report_missing_kernel(|_| None);
    assert_eq!(ask().kind(), ErrorKind::NoKernel);
    drop(quiet);
    Ok(())
}
