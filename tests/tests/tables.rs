//! Which kernel a key gets: the verified tables of dispatch.md D147, for every order of registration and removal.

use keyway::{
    AliasKey, DispatchKey, Kernel, Library, Operator, Origin, Registration, RegistrationKey, register_kernel,
};

const COLUMNS: [DispatchKey; 9] = [
    DispatchKey::Undefined,
    DispatchKey::CPU,
    DispatchKey::XLA,
    DispatchKey::SparseCPU,
    DispatchKey::NestedTensorCPU,
    DispatchKey::AutogradOther,
    DispatchKey::AutogradCPU,
    DispatchKey::AutogradCUDA,
    DispatchKey::AutogradNestedTensor,
];

/// Registrations, then the cells of [`COLUMNS`]: a key's name, `-` for none of them (a fallback or nothing), `?` for
/// ambiguous. AutogradMTIA, where PyTorch forgets the backend (D144), is not a column.
const ROWS: [(&str, &str); 18] = [
    ("", "- - - - - - - - -"),
    ("CIA", "CIA CIA CIA CIA CIA CIA CIA CIA CIA"),
    ("CEA", "CEA CEA CEA CEA - - - - -"),
    ("CEANF", "CEANF CEANF - - - - - - -"),
    ("CEA CEANF", "CEANF CEANF CEA CEA - - - - -"),
    ("CIA CEA", "CEA CEA CEA CEA - - - - -"),
    ("CIA CEANF", "CEANF CEANF CIA CIA CIA CIA CIA CIA CIA"),
    ("CIA CPU", "CIA CPU CIA CIA CIA CIA - CIA CIA"),
    ("CIA CPU Autograd", "CIA CPU CIA CIA CIA CIA Autograd CIA CIA"),
    ("CIA Autograd", "CIA CIA CIA CIA CIA CIA CIA CIA CIA"),
    ("CIA MkldnnCPU Autograd", "CIA CIA CIA CIA CIA ? CIA CIA CIA"),
    ("MkldnnCPU Autograd", "- - - - - Autograd Autograd Autograd Autograd"),
    ("CIA FPGA AutogradOther", "CIA CIA CIA CIA CIA AutogradOther CIA CIA CIA"),
    ("CIA CIANT", "CIA CIA CIA CIA CIANT CIA CIA CIA CIANT"),
    ("CIANT Autograd", "- - - - CIANT Autograd Autograd Autograd CIANT"),
    ("CIA NestedTensorCPU", "CIA CIA CIA CIA NestedTensorCPU CIA CIA CIA -"),
    ("Autograd", "- - - - - Autograd Autograd Autograd Autograd"),
    ("Autograd AutogradCPU", "- - - - - Autograd AutogradCPU Autograd Autograd"),
];

fn key(word: &str) -> RegistrationKey {
    match word {
        "CIA" => AliasKey::CompositeImplicitAutograd.into(),
        "CEA" => AliasKey::CompositeExplicitAutograd.into(),
        "CEANF" => AliasKey::CompositeExplicitAutogradNonFunctional.into(),
        "CIANT" => AliasKey::CompositeImplicitAutogradNestedTensor.into(),
        word => word.parse().unwrap(),
    }
}

fn register(operator: &Operator, word: &'static str) -> Registration {
    let kernel = Kernel::boxed(|_, _, _| Ok(())).named(word);
    register_kernel(operator.name(), key(word), kernel, false).unwrap()
}

/// The cells as the rows write them.
fn cells(operator: &'static Operator) -> String {
    let rows = operator.table();
    let cell = |column: DispatchKey| match rows.iter().find(|row| row.key == column) {
        Some(row) if row.origin == Origin::AmbiguousAutogradOther => "?",
        Some(row) if row.origin != Origin::BackendFallback => row.kernel,
        _ => "-",
    };
    COLUMNS.map(cell).join(" ")
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    match n {
        0 => vec![vec![]],
        n => permutations(n - 1)
            .into_iter()
            .flat_map(|shorter| {
                (0..n).map(move |at| {
                    let mut longer = shorter.clone();
                    longer.insert(at, n - 1);
                    longer
                })
            })
            .collect(),
    }
}

/// D147 and D155, D319.3, TB-71: the same table for every order, and after every removal the table of what is left.
#[test]
fn tables_depend_on_what_is_registered_and_not_on_the_order() {
    let mut library = Library::define("tables").unwrap();
    let operator = library.def("f(Tensor x) -> Tensor").unwrap();
    let fresh = library.def("g(Tensor x) -> Tensor").unwrap();
    for (registrations, expected) in ROWS {
        let words: Vec<&str> = registrations.split_whitespace().collect();
        for order in permutations(words.len()) {
            let mut held: Vec<Option<Registration>> = words.iter().map(|_| None).collect();
            for &at in &order {
                held[at] = Some(register(operator, words[at]));
                let _ = operator.table();
            }
            assert_eq!(cells(operator), expected, "{registrations} in the order {order:?}");
            for &at in &order {
                held[at] = None;
                let left = words.iter().zip(&held).filter(|(_, held)| held.is_some());
                let _left: Vec<_> = left.map(|(word, _)| register(fresh, word)).collect();
                assert_eq!(
                    operator.table(),
                    in_place_of(operator, fresh),
                    "{registrations} without {}",
                    words[at]
                );
            }
        }
    }
}

/// The table of `fresh` with the places of `operator`'s kernels, which are registered on other lines.
fn in_place_of(operator: &'static Operator, fresh: &'static Operator) -> Vec<keyway::TableRow> {
    let own = operator.table();
    let place = |key| own.iter().find(|row| row.key == key).and_then(|row| row.place);
    fresh.table().into_iter().map(|row| keyway::TableRow { place: place(row.key), ..row }).collect()
}

/// D144, D297: every backend's autograd key knows its backend, also those PyTorch forgets.
#[test]
fn every_backend_kernel_keeps_its_autograd_key_from_decomposing() {
    let mut library = Library::define("backends").unwrap();
    let operator = library.def("f(Tensor x) -> Tensor").unwrap();
    let _composite = register(operator, "CIA");
    let _autograd = register(operator, "Autograd");
    for (backend, autograd) in [
        ("CPU", DispatchKey::AutogradCPU),
        ("HIP", DispatchKey::AutogradHIP),
        ("VE", DispatchKey::AutogradVE),
        ("MTIA", DispatchKey::AutogradMTIA),
        ("Meta", DispatchKey::AutogradMeta),
    ] {
        let _kernel = register(operator, backend);
        let row = operator.table().into_iter().find(|row| row.key == autograd).unwrap();
        assert_eq!(row.origin, Origin::AutogradKernel, "{backend}");
    }
}
