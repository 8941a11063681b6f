//! Fake tensors.

use keyway::{
    Backend, DType, Device, ErrorKind, Geometry, ModeSlot, Result, Tensor, ThreadState, mode_in_slot,
    with_mode,
};
use keyway_modes::{Counting, FakeMode, FakeTensor, Logging, is_fake};
use keyway_ops::{TensorMethods, aten};

use super::{Network, Odd, call, panics, waves, wrap};

const CUDA: Device = Device { backend: Backend::CUDA, index: Some(1) };

fn fake(sizes: &[i64], device: Device) -> Tensor {
    FakeMode::new().tensor(sizes, DType::Float32, device).unwrap()
}

fn on<R>(f: impl FnOnce() -> R) -> R {
    with_mode(&FakeMode::new().mode(), f).unwrap()
}

#[test]
fn a_network_keeps_sizes_dtypes_strides_and_devices_without_data() {
    let network = Network::new();
    let real = network.run(&waves(&[2, 4])).unwrap();
    let result = on(|| network.run(&waves(&[2, 4]))).unwrap();
    assert!(is_fake(&result) && !is_fake(&real));
    assert_eq!((result.sizes(), result.strides()), (real.sizes(), real.strides()));
    assert_eq!((result.dtype(), result.device()), (DType::Float32, Device::CPU));
    assert!(result.to_vec::<f32>().is_err());
    let far = on(|| fake(&[8, 4], CUDA).relu()?.sum()).unwrap();
    assert_eq!((far.device(), far.dim()), (CUDA, 0));
}

/// A terabyte is no matter, and no kernel of the device is needed.
#[test]
fn what_would_not_fit_can_be_tried_out() {
    let x = fake(&[1 << 20, 1 << 20], CUDA);
    let y = on(|| x.mm(&x)?.add(&x)).unwrap();
    assert_eq!((y.numel(), y.device()), (1 << 40, CUDA));
}

#[test]
fn factories_make_fakes_on_the_device_they_are_told() {
    let (plain, far, like) = on(|| {
        let far = aten::ones::default.call(&[3], None, None, Some(CUDA), None).unwrap();
        let plain = aten::zeros::default.call(&[2], Some(DType::Int64), None, None, None).unwrap();
        let like = aten::zeros_like::default.call(&far, None, None, None, None, None).unwrap();
        (plain, far, like)
    });
    assert!([&plain, &far, &like].into_iter().all(is_fake));
    assert_eq!((plain.device(), plain.dtype()), (Device::CPU, DType::Int64));
    assert_eq!((far.device(), like.device()), (CUDA, CUDA));
}

#[test]
fn in_place_forms_give_back_their_argument_and_views_share_memory() {
    let x = fake(&[2, 3], CUDA);
    on(|| {
        assert!(x.add_(&fake(&[3], CUDA)).unwrap().is_same(&x));
        let view = x.t().unwrap();
        assert!(view.shares_storage(&x) && !x.exp().unwrap().shares_storage(&x));
        let parts = x.split(1).unwrap();
        assert!(parts.iter().all(|part| is_fake(part) && part.device() == CUDA));
        let out = fake(&[0], CUDA);
        aten::add::out.call(&x, &x, 1.into(), &out).unwrap();
        assert_eq!(out.sizes(), [2, 3]);
    });
}

#[test]
fn data_that_is_asked_for_is_an_error_that_names_the_operator() {
    let error = on(|| TensorMethods::item(&fake(&[1], Device::CPU))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotImplemented);
    let message = error.to_string();
    assert!(message.starts_with("aten::_local_scalar_dense: its result depends on elements"), "{message}");
    let mut odd = Odd::new("odd_fake");
    let f = odd.with("f(Tensor self) -> Tensor", |x: &Tensor| -> Result<Tensor> { x.exp() });
    let error = on(|| call(f, &fake(&[1], Device::CPU))).unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::NoMetaKernel, Some("odd_fake::f")));
}

#[test]
fn devices_must_fit() {
    let (here, far) = (fake(&[2], Device::CPU), fake(&[2], CUDA));
    let error = on(|| here.add(&far)).unwrap_err();
    assert!(
        error.to_string().contains("aten::add.Tensor: its tensors are on different devices, cpu and cuda:1")
    );
    // A tensor without dimensions on the host goes with any device; copies go anywhere.
    assert_eq!(on(|| fake(&[], Device::CPU).add(&far)).unwrap().device(), CUDA);
    on(|| here.copy_(&far).map(drop)).unwrap();
    assert_eq!(on(|| far.add_scalar(2)).unwrap().device(), CUDA);
}

#[test]
fn real_tensors_are_converted_once_but_never_written_to() {
    let mode = FakeMode::new();
    let x = waves(&[2, 3]);
    let (first, second) = (mode.convert(&x).unwrap(), mode.convert(&x).unwrap());
    assert!(first.is_same(&second));
    let view = mode.convert(&x.t().unwrap()).unwrap();
    assert!(view.shares_storage(&first) && view.sizes() == [3, 2]);
    let before = x.to_vec::<f32>().unwrap();
    let error = with_mode(&mode.mode(), || x.add_(&x).map(drop)).unwrap().unwrap_err();
    assert!(
        error.to_string().contains("aten::add_.Tensor: it would write to `self`, a real tensor"),
        "{error}"
    );
    assert_eq!(x.to_vec::<f32>().unwrap(), before);
    let sum = with_mode(&mode.mode(), || first.add(&x)).unwrap().unwrap();
    assert!(is_fake(&sum));
}

/// Sizes that change in place change on both sides.
#[test]
fn fakes_follow_what_is_resized() {
    let (x, y) = (fake(&[2, 3], CUDA), fake(&[3, 4], CUDA));
    let out = fake(&[0], CUDA);
    let after = on(|| aten::matmul::out.call(&x, &y, &out)?.relu()).unwrap();
    assert_eq!((out.sizes(), after.sizes()), (&[2, 4][..], &[2, 4][..]));
    let mode = FakeMode::new();
    let real = waves(&[2, 3]);
    assert_eq!(mode.convert(&real).unwrap().sizes(), [2, 3]);
    real.set_geometry(Geometry::contiguous(&[6]).unwrap()).unwrap();
    let result = with_mode(&mode.mode(), || mode.convert(&real)?.relu()).unwrap().unwrap();
    assert_eq!(result.sizes(), [6]);
}

/// Memory that is gone is not taken for what lies there later.
#[test]
fn conversion_keeps_no_real_tensor() {
    let mode = FakeMode::new();
    for rows in 1..300 {
        let x = waves(&[rows]);
        let weak = x.downgrade();
        assert_eq!(mode.convert(&x).unwrap().sizes(), [rows]);
        drop(x);
        assert!(weak.upgrade().is_none());
    }
}

#[test]
fn promotion_treats_numbers_as_numbers() {
    let x = FakeMode::new().tensor(&[2], DType::Int64, Device::CPU).unwrap();
    let number = Tensor::wrapped_number(2i64.into()).unwrap();
    let narrow = FakeMode::new().tensor(&[2], DType::Int32, Device::CPU).unwrap();
    assert_eq!(on(|| narrow.add(&number)).unwrap().dtype(), DType::Int32);
    assert_eq!(on(|| x.add_scalar(0.5)).unwrap().dtype(), DType::Float32);
    assert!(is_fake(&on(|| number.add(&number)).unwrap()));
}

/// Outside of the mode, fakes stay fake, and modes see each of their calls once.
#[test]
fn fakes_live_on_outside_of_the_mode() {
    let x = fake(&[2, 3], CUDA);
    let y = x.relu().unwrap().matmul(&fake(&[3, 1], CUDA)).unwrap();
    assert!(is_fake(&y) && y.sizes() == [2, 1] && y.device() == CUDA);
    let counts = Counting::new();
    with_mode(&counts.mode(), || x.exp()).unwrap().unwrap();
    assert_eq!(counts.total(), 1);
    let copy = x.shallow_copy().unwrap();
    assert!(is_fake(&copy) && copy.shares_storage(&x));
}

/// P67: classes that the mode does not know unwrap first, and their inner calls come to it.
#[test]
fn other_classes_unwrap_first() {
    let inner = fake(&[2], CUDA);
    let log = Logging::collecting();
    let result = on(|| with_mode(&log.mode(), || wrap(&inner).relu()).unwrap()).unwrap();
    let held = &result.subclass::<super::Wrapper>().unwrap().0;
    assert!(held.subclass::<FakeTensor>().is_some());
    assert_eq!(log.lines(), ["aten::relu(float32[2] on cuda:1) -> float32[2] on cuda:1"]);
}

#[test]
fn the_slot_is_free_again_after_errors_panics_and_on_other_threads() {
    let mode = FakeMode::new();
    let mut odd = Odd::new("odd_slot");
    let panicking = odd.library.def("panics(Tensor self) -> Tensor").unwrap();
    odd.library
        .kernel_fn("panics", keyway::DispatchKey::Meta, |_: &Tensor| -> Result<Tensor> {
            panic!("on purpose")
        })
        .unwrap();
    panics(|| drop(with_mode(&mode.mode(), || call(panicking, &waves(&[1])))));
    assert!(mode_in_slot(ModeSlot::Fake).is_none());
    let twice = on(|| with_mode(&mode.mode(), || ()).unwrap_err());
    assert_eq!(twice.kind(), ErrorKind::ModeStack);
    let state = with_mode(&mode.mode(), ThreadState::capture).unwrap();
    let is_fake_there = std::thread::spawn(move || state.with(|| is_fake(&waves(&[2]).relu().unwrap())));
    assert!(is_fake_there.join().unwrap());
    assert!(!is_fake(&waves(&[2]).relu().unwrap()));
}
