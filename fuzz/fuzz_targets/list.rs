//! Any bytes keep the promises of reading an operator list.

#![no_main]

#[path = "../../codegen/tests/contract/mod.rs"]
mod contract;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| contract::check(bytes));
