//! Cases of what a program does before it calls: defining operators and finding them by name.

use std::hint::black_box;

use keyway::{Library, find_operator};

use super::{Case, case};

/// A library, when its case first runs, and a number for the next name.
type Defining = (Option<Library>, usize);

fn define(namespace: &str, (library, count): &mut Defining) {
    let library = library.get_or_insert_with(|| Library::fragment(namespace).expect("not a reserved name"));
    *count += 1;
    let schema = format!("operator_{count}(Tensor self, Tensor other) -> Tensor");
    black_box(library.def(&schema).expect("each name is new"));
}

pub(super) fn cases() -> Vec<Case> {
    let names = ["bench::one", "bench::boxed_seven", "bench::intercepted"];
    vec![
        // A namespace for each of a case's two states, whose names are the same.
        Case {
            name: "definition, schema parsed",
            run: {
                let mut state = (None, 0);
                Box::new(move || define("bench_once", &mut state))
            },
            repeat: {
                let mut state = (None, 0);
                Box::new(move |n| (0..n).for_each(|_| define("bench_many", &mut state)))
            },
        },
        case!("look-up by name", names, |names| {
            for name in names.iter() {
                let _ = black_box(find_operator(black_box(name)));
            }
        }),
    ]
}
