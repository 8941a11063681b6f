//! Recording operators for selective builds.

use keyway_codegen::select::Selection;
use keyway_codegen::{Source, load};
use keyway_modes::SelectionRecorder;
use keyway_ops::{TensorMethods, aten};

use super::{Network, waves};

/// What users call, what that is composed of, and what kernels call.
#[test]
fn a_recorded_list_selects_all_that_ran() {
    let recorder = SelectionRecorder::new();
    {
        let _guard = recorder.record_thread();
        Network::new().run(&waves(&[2, 4])).unwrap();
        aten::ones::default.call(&[2], None, None, None, None).unwrap();
    }
    waves(&[2]).exp().unwrap();
    let names = recorder.names();
    for name in
        ["aten::matmul", "aten::mm", "aten::softmax.int", "aten::_softmax", "aten::empty.memory_format"]
    {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    assert!(!names.contains(&"aten::exp"));

    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ops.yaml")).unwrap();
    let list = load(Source::new("ops.yaml", yaml)).unwrap();
    let folder = std::env::temp_dir().join(format!("keyway-selection-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["operators.txt", "operators.yaml"] {
        recorder.write(folder.join(file)).unwrap();
        let selected = Selection::read(folder.join(file)).unwrap().apply(&list).unwrap();
        let selected = selected.names(&list);
        assert!(names.iter().all(|name| selected.iter().any(|held| held == name)), "{file}: {selected:?}");
        assert!(selected.len() < list.operators.len());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_process_records_every_thread() {
    let recorder = SelectionRecorder::new();
    let guard = recorder.record_process();
    let x = waves(&[3]);
    std::thread::scope(|scope| scope.spawn(|| x.rsqrt().unwrap()).join().map(drop)).unwrap();
    drop(guard);
    assert!(recorder.names().contains(&"aten::rsqrt"));
    assert_eq!(SelectionRecorder::new().to_yaml(), "operators: []\n");
    assert_eq!(SelectionRecorder::new().to_list(), "# 0 operators, recorded from a run\n");
}
