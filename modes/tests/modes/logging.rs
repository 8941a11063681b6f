//! Logging.

use std::sync::{Arc, Mutex};

use keyway::{ThreadState, mode_stack_len, with_mode};
use keyway_modes::{LogOutcome, Logging};
use keyway_ops::{TensorMethods, aten};

use super::{Network, Odd, call, panics, waves, wrap};

/// Both halves of a log around `f`.
fn logged<R>(log: &Logging, f: impl FnOnce() -> R) -> R {
    with_mode(&log.mode(), || with_mode(&log.composite_mode(), f).unwrap()).unwrap()
}

#[test]
fn lines_have_shapes_given_arguments_and_results() {
    let (x, y) = (waves(&[2, 3]), waves(&[3]));
    let log = Logging::collecting();
    with_mode(&log.mode(), || {
        aten::add::Tensor.call(&x, &y, 2.into()).unwrap();
        x.split(1).unwrap();
        aten::cat::default.call(&[x.clone(), x.clone()], 1).unwrap();
        x.sum().unwrap();
    })
    .unwrap();
    assert_eq!(
        log.lines(),
        [
            "aten::add.Tensor(float32[2, 3], float32[3], alpha=2) -> float32[2, 3]",
            "aten::split.Tensor(float32[2, 3], 1) -> [float32[1, 3], float32[1, 3]]",
            "aten::cat([float32[2, 3], float32[2, 3]], 1) -> float32[2, 6]",
            "aten::sum(float32[2, 3]) -> float32[]",
        ]
    );
}

#[test]
fn composite_operators_and_sections_indent_what_they_consist_of() {
    let network = Network::new();
    let log = Logging::collecting();
    logged(&log, || log.section("network", || network.run(&waves(&[2, 4])).unwrap()));
    assert_eq!(
        log.lines(),
        [
            "network",
            "  aten::matmul(float32[2, 4], float32[4, 3])",
            "    aten::mm(float32[2, 4], float32[4, 3]) -> float32[2, 3]",
            "    -> float32[2, 3]",
            "  aten::add.Tensor(float32[2, 3], float32[3]) -> float32[2, 3]",
            "  aten::relu(float32[2, 3]) -> float32[2, 3]",
            "  aten::matmul(float32[2, 3], float32[3, 2])",
            "    aten::mm(float32[2, 3], float32[3, 2]) -> float32[2, 2]",
            "    -> float32[2, 2]",
            "  aten::softmax.int(float32[2, 2], 1)",
            "    aten::_softmax(float32[2, 2], 1, false) -> float32[2, 2]",
            "    -> float32[2, 2]",
        ]
    );
}

#[test]
fn errors_and_panics_end_their_lines() {
    let mut odd = Odd::new("odd_logging");
    let (fails, panicking) = (odd.failing(), odd.panicking());
    let x = waves(&[2]);
    let log = Logging::collecting();
    panics(|| {
        logged(&log, || {
            log.section("all", || {
                call(fails, &x).unwrap_err();
                call(panicking, &x).unwrap();
            })
        })
    });
    logged(&log, || x.relu()).unwrap();
    assert_eq!(
        log.lines(),
        [
            "all",
            "  odd_logging::fails(float32[2]) failed: on purpose",
            "  odd_logging::panics(float32[2]) panicked",
            "  panicked",
            "aten::relu(float32[2]) -> float32[2]",
        ]
    );
    assert_eq!(mode_stack_len(), 0);
}

#[test]
fn threads_have_indentation_of_their_own() {
    let x = waves(&[2]);
    let log = Logging::collecting();
    logged(&log, || {
        log.section("here", || {
            let state = ThreadState::capture();
            std::thread::scope(|scope| scope.spawn(|| state.with(|| x.relu().unwrap())).join().map(drop))
                .unwrap();
        });
    });
    assert_eq!(log.lines(), ["aten::relu(float32[2]) -> float32[2]", "here"]);
}

/// P250: the mode sees the wrapper; what the wrapper calls is not offered to it again.
#[test]
fn a_wrapper_is_logged_as_what_it_says_it_is() {
    let log = Logging::collecting();
    let result = with_mode(&log.mode(), || wrap(&waves(&[2, 2])).relu()).unwrap().unwrap();
    assert!(result.subclass::<super::Wrapper>().is_some());
    assert_eq!(log.lines(), ["aten::relu(float32[2, 2]) -> float32[2, 2]"]);
}

#[test]
fn writers_get_plain_lines_and_styled_ones_have_colours() {
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (written, lines) = (Written::default(), Logging::collecting());
    let text = Logging::to_writer(written.clone());
    with_mode(&text.mode(), || with_mode(&lines.mode(), || waves(&[1]).exp()).unwrap()).unwrap().unwrap();
    assert_eq!(written.0.lock().unwrap().as_slice(), b"aten::exp(float32[1]) -> float32[1]\n");
    let line = &lines.collected_lines()[0];
    assert_eq!(line.outcome, Some(LogOutcome::Returned("float32[1]".to_owned())));
    let styled = line.styled().to_string();
    assert!(styled.starts_with("\u{1b}[1maten::exp\u{1b}[0m"), "{styled:?}");
}
