//! Any text keeps the promises of the schema parser.

#![no_main]

#[path = "../../schema/tests/contract/mod.rs"]
mod contract;

libfuzzer_sys::fuzz_target!(|text: &str| contract::check(text));
