//! `Operator::explain` tells the path that calls take.

use keyway::{
    Backend, DType, Device, DispatchKey, Functionality, KeySet, LocalKeySets, Tensor, Verdict, find_operator,
};
use keyway_tests as _;

fn keys_of(device: Device) -> KeySet {
    Tensor::zeros(&[1], DType::Float32, device).unwrap().key_set()
}

#[test]
fn each_key_is_skipped_with_its_reason_until_one_runs() {
    let scale = find_operator("typed::scale").unwrap();
    let text = scale.explain(keys_of(Device::CPU), LocalKeySets::DEFAULT).to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[0], "typed::scale");
    assert!(lines[1].starts_with("AutocastCPU") && lines[1].ends_with("the thread excludes it"), "{text}");
    assert!(lines[2].starts_with("AutogradCPU") && lines[2].contains("fallthrough"), "{text}");
    assert!(lines[4].contains("included by the thread"), "{text}");
    assert!(
        lines[5].starts_with("CPU") && lines[5].contains("runs scale (tests/src/typed_kernels.rs:"),
        "{text}"
    );
}

/// D85, D213: what is outranked, what is missing, what is left when nothing is.
#[test]
fn outranked_and_missing_keys_are_named() {
    let scale = find_operator("typed::scale").unwrap();
    let mixed = keys_of(Device::CPU) | keys_of(Device::META);
    let explanation = scale.explain(mixed, LocalKeySets::DEFAULT);
    let cpu = explanation.steps.iter().find(|step| step.key == DispatchKey::CPU).unwrap();
    assert_eq!(cpu.verdict, Verdict::Outranked(DispatchKey::Meta));
    let foreign = KeySet::of(DispatchKey::of(Functionality::Dense, Backend::XLA));
    let explanation = scale.explain(foreign, LocalKeySets::DEFAULT);
    assert_eq!(explanation.steps.last().unwrap().verdict, Verdict::Missing);
    let explanation = scale.explain(KeySet::EMPTY, LocalKeySets::DEFAULT);
    assert_eq!(explanation.steps.last().unwrap().key, DispatchKey::Undefined);
}
