//! The built-in keys as constants, under the field's own names.
//!
//! Nothing but constants: what a key is stands in [`crate::key`], the names and their order in `keyway_schema::keys`.
//! A unit test of [`crate::key`] holds each constant against that table.

use crate::key::{Backend, DispatchKey, Functionality};

#[expect(
    non_upper_case_globals,
    missing_docs,
    reason = "the field's own names, listed in keyway_schema::keys"
)]
impl Backend {
    pub const CPU: Backend = Backend(0);
    pub const CUDA: Backend = Backend(1);
    pub const HIP: Backend = Backend(2);
    pub const XLA: Backend = Backend(3);
    pub const MPS: Backend = Backend(4);
    pub const IPU: Backend = Backend(5);
    pub const XPU: Backend = Backend(6);
    pub const HPU: Backend = Backend(7);
    pub const VE: Backend = Backend(8);
    pub const Lazy: Backend = Backend(9);
    pub const MTIA: Backend = Backend(10);
    pub const MAIA: Backend = Backend(11);
    pub const PrivateUse1: Backend = Backend(12);
    pub const PrivateUse2: Backend = Backend(13);
    pub const PrivateUse3: Backend = Backend(14);
    pub const Meta: Backend = Backend(63);
}

/// The building blocks: functionalities that have one run-time key per backend.
#[expect(
    non_upper_case_globals,
    missing_docs,
    reason = "the field's own names, listed in keyway_schema::keys"
)]
impl Functionality {
    pub const Dense: Functionality = Functionality(1);
    pub const Quantized: Functionality = Functionality(5);
    pub const Sparse: Functionality = Functionality(8);
    pub const SparseCsr: Functionality = Functionality(9);
    pub const NestedTensor: Functionality = Functionality(10);
    pub const AutogradFunctionality: Functionality = Functionality(21);
    pub const AutocastFunctionality: Functionality = Functionality(34);
}

#[expect(
    non_upper_case_globals,
    missing_docs,
    reason = "the field's own names, listed in keyway_schema::keys"
)]
impl DispatchKey {
    pub const Undefined: DispatchKey = DispatchKey::plain(0);
    pub const CPU: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::CPU);
    pub const CUDA: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::CUDA);
    pub const HIP: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::HIP);
    pub const XLA: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::XLA);
    pub const MPS: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::MPS);
    pub const IPU: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::IPU);
    pub const XPU: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::XPU);
    pub const HPU: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::HPU);
    pub const VE: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::VE);
    pub const Lazy: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::Lazy);
    pub const MTIA: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::MTIA);
    pub const MAIA: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::MAIA);
    pub const PrivateUse1: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::PrivateUse1);
    pub const PrivateUse2: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::PrivateUse2);
    pub const PrivateUse3: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::PrivateUse3);
    pub const Meta: DispatchKey = DispatchKey::of(Functionality::Dense, Backend::Meta);
    pub const FPGA: DispatchKey = DispatchKey::plain(2);
    pub const Vulkan: DispatchKey = DispatchKey::plain(3);
    pub const Metal: DispatchKey = DispatchKey::plain(4);
    pub const QuantizedCPU: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::CPU);
    pub const QuantizedCUDA: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::CUDA);
    pub const QuantizedHIP: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::HIP);
    pub const QuantizedXLA: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::XLA);
    pub const QuantizedMPS: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::MPS);
    pub const QuantizedIPU: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::IPU);
    pub const QuantizedXPU: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::XPU);
    pub const QuantizedHPU: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::HPU);
    pub const QuantizedVE: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::VE);
    pub const QuantizedLazy: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::Lazy);
    pub const QuantizedMTIA: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::MTIA);
    pub const QuantizedMAIA: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::MAIA);
    pub const QuantizedPrivateUse1: DispatchKey =
        DispatchKey::of(Functionality::Quantized, Backend::PrivateUse1);
    pub const QuantizedPrivateUse2: DispatchKey =
        DispatchKey::of(Functionality::Quantized, Backend::PrivateUse2);
    pub const QuantizedPrivateUse3: DispatchKey =
        DispatchKey::of(Functionality::Quantized, Backend::PrivateUse3);
    pub const QuantizedMeta: DispatchKey = DispatchKey::of(Functionality::Quantized, Backend::Meta);
    pub const CustomRNGKeyId: DispatchKey = DispatchKey::plain(6);
    pub const MkldnnCPU: DispatchKey = DispatchKey::plain(7);
    pub const SparseCPU: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::CPU);
    pub const SparseCUDA: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::CUDA);
    pub const SparseHIP: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::HIP);
    pub const SparseXLA: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::XLA);
    pub const SparseMPS: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::MPS);
    pub const SparseIPU: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::IPU);
    pub const SparseXPU: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::XPU);
    pub const SparseHPU: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::HPU);
    pub const SparseVE: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::VE);
    pub const SparseLazy: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::Lazy);
    pub const SparseMTIA: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::MTIA);
    pub const SparseMAIA: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::MAIA);
    pub const SparsePrivateUse1: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::PrivateUse1);
    pub const SparsePrivateUse2: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::PrivateUse2);
    pub const SparsePrivateUse3: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::PrivateUse3);
    pub const SparseMeta: DispatchKey = DispatchKey::of(Functionality::Sparse, Backend::Meta);
    pub const SparseCsrCPU: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::CPU);
    pub const SparseCsrCUDA: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::CUDA);
    pub const SparseCsrHIP: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::HIP);
    pub const SparseCsrXLA: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::XLA);
    pub const SparseCsrMPS: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::MPS);
    pub const SparseCsrIPU: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::IPU);
    pub const SparseCsrXPU: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::XPU);
    pub const SparseCsrHPU: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::HPU);
    pub const SparseCsrVE: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::VE);
    pub const SparseCsrLazy: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::Lazy);
    pub const SparseCsrMTIA: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::MTIA);
    pub const SparseCsrMAIA: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::MAIA);
    pub const SparseCsrPrivateUse1: DispatchKey =
        DispatchKey::of(Functionality::SparseCsr, Backend::PrivateUse1);
    pub const SparseCsrPrivateUse2: DispatchKey =
        DispatchKey::of(Functionality::SparseCsr, Backend::PrivateUse2);
    pub const SparseCsrPrivateUse3: DispatchKey =
        DispatchKey::of(Functionality::SparseCsr, Backend::PrivateUse3);
    pub const SparseCsrMeta: DispatchKey = DispatchKey::of(Functionality::SparseCsr, Backend::Meta);
    pub const NestedTensorCPU: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::CPU);
    pub const NestedTensorCUDA: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::CUDA);
    pub const NestedTensorHIP: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::HIP);
    pub const NestedTensorXLA: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::XLA);
    pub const NestedTensorMPS: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::MPS);
    pub const NestedTensorIPU: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::IPU);
    pub const NestedTensorXPU: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::XPU);
    pub const NestedTensorHPU: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::HPU);
    pub const NestedTensorVE: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::VE);
    pub const NestedTensorLazy: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::Lazy);
    pub const NestedTensorMTIA: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::MTIA);
    pub const NestedTensorMAIA: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::MAIA);
    pub const NestedTensorPrivateUse1: DispatchKey =
        DispatchKey::of(Functionality::NestedTensor, Backend::PrivateUse1);
    pub const NestedTensorPrivateUse2: DispatchKey =
        DispatchKey::of(Functionality::NestedTensor, Backend::PrivateUse2);
    pub const NestedTensorPrivateUse3: DispatchKey =
        DispatchKey::of(Functionality::NestedTensor, Backend::PrivateUse3);
    pub const NestedTensorMeta: DispatchKey = DispatchKey::of(Functionality::NestedTensor, Backend::Meta);
    pub const BackendSelect: DispatchKey = DispatchKey::plain(11);
    pub const Fake: DispatchKey = DispatchKey::plain(12);
    pub const Python: DispatchKey = DispatchKey::plain(13);
    pub const FuncTorchDynamicLayerBackMode: DispatchKey = DispatchKey::plain(14);
    pub const Functionalize: DispatchKey = DispatchKey::plain(15);
    pub const Conjugate: DispatchKey = DispatchKey::plain(16);
    pub const Negative: DispatchKey = DispatchKey::plain(17);
    pub const ZeroTensor: DispatchKey = DispatchKey::plain(18);
    pub const ADInplaceOrView: DispatchKey = DispatchKey::plain(19);
    pub const AutogradOther: DispatchKey = DispatchKey::plain(20);
    pub const AutogradCPU: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::CPU);
    pub const AutogradCUDA: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::CUDA);
    pub const AutogradHIP: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::HIP);
    pub const AutogradXLA: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::XLA);
    pub const AutogradMPS: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::MPS);
    pub const AutogradIPU: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::IPU);
    pub const AutogradXPU: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::XPU);
    pub const AutogradHPU: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::HPU);
    pub const AutogradVE: DispatchKey = DispatchKey::of(Functionality::AutogradFunctionality, Backend::VE);
    pub const AutogradLazy: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::Lazy);
    pub const AutogradMTIA: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::MTIA);
    pub const AutogradMAIA: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::MAIA);
    pub const AutogradPrivateUse1: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::PrivateUse1);
    pub const AutogradPrivateUse2: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::PrivateUse2);
    pub const AutogradPrivateUse3: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::PrivateUse3);
    pub const AutogradMeta: DispatchKey =
        DispatchKey::of(Functionality::AutogradFunctionality, Backend::Meta);
    pub const AutogradNestedTensor: DispatchKey = DispatchKey::plain(22);
    pub const Tracer: DispatchKey = DispatchKey::plain(23);
    pub const AutocastCPU: DispatchKey = DispatchKey::plain(24);
    pub const AutocastMTIA: DispatchKey = DispatchKey::plain(25);
    pub const AutocastMAIA: DispatchKey = DispatchKey::plain(26);
    pub const AutocastXPU: DispatchKey = DispatchKey::plain(27);
    pub const AutocastIPU: DispatchKey = DispatchKey::plain(28);
    pub const AutocastHPU: DispatchKey = DispatchKey::plain(29);
    pub const AutocastXLA: DispatchKey = DispatchKey::plain(30);
    pub const AutocastMPS: DispatchKey = DispatchKey::plain(31);
    pub const AutocastCUDA: DispatchKey = DispatchKey::plain(32);
    pub const AutocastPrivateUse1: DispatchKey = DispatchKey::plain(33);
    pub const FuncTorchBatched: DispatchKey = DispatchKey::plain(35);
    pub const BatchedNestedTensor: DispatchKey = DispatchKey::plain(36);
    pub const FuncTorchVmapMode: DispatchKey = DispatchKey::plain(37);
    pub const Batched: DispatchKey = DispatchKey::plain(38);
    pub const VmapMode: DispatchKey = DispatchKey::plain(39);
    pub const FuncTorchGradWrapper: DispatchKey = DispatchKey::plain(40);
    pub const DeferredInit: DispatchKey = DispatchKey::plain(41);
    pub const PythonTLSSnapshot: DispatchKey = DispatchKey::plain(42);
    pub const FuncTorchDynamicLayerFrontMode: DispatchKey = DispatchKey::plain(43);
    pub const TESTING_ONLY_GenericWrapper: DispatchKey = DispatchKey::plain(44);
    pub const TESTING_ONLY_GenericMode: DispatchKey = DispatchKey::plain(45);
    pub const PreDispatch: DispatchKey = DispatchKey::plain(46);
    pub const PythonDispatcher: DispatchKey = DispatchKey::plain(47);
}
