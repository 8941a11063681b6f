//! Each file of `cases/` must fail to compile, with the message beside it. `TRYBUILD=overwrite` writes the messages of now.

#[test]
fn mistakes_are_reported_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
