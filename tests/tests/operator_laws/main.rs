//! Laws that operators keep for any arguments: broadcasting, promotion, views against a naive index model, in-place forms
//! against functional ones.

mod broadcasting;
mod few;
mod in_place;
mod promotion;
#[path = "../../../ops/tests/operators/samples.rs"]
mod samples;
mod views;
