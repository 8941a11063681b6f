//! Shows the backend at work: handwritten digits recognised on the chip, and what happens on the way.

#[path = "../../../digits/data.rs"]
mod data;
mod screen;

use std::collections::BTreeMap;
use std::error::Error;

use chip::{fall_back_to_host, take_fallen_back, to_chip, to_host, traced};
use keyway::{DType, DispatchKey, Functionality, KeySet, Operator, Result, Scalar, Tensor, register_kernel};
use keyway_ops::{TensorMethods, aten};

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let chip = chip::register()?;
    let fallback = fall_back_to_host()?;
    keys()?;
    digits()?;
    the_way_of_a_call()?;
    autograd(chip)?;
    written_on_the_host()?;
    tables(chip);
    drop(fallback);
    mistakes()?;
    Ok(())
}

fn keys() -> Result<()> {
    screen::heading(
        1,
        "A backend from outside",
        "Added at run time by a crate that Keyway does not know; its kernels are #[kernel(\"aten::mm\", \"Chip\")].",
    );
    let x = to_chip(&Tensor::from_slice(&[1.0f32, 2.0, 3.0], &[3])?)?;
    screen::result("a tensor:", format!("{x:?}"));
    screen::result("its keys:", x.key_set());
    let memory = x.storage().downcast::<chip::ChipMemory>();
    screen::result("its memory:", memory.map_or(String::new(), |memory| format!("{memory:?}")));
    let autograd: DispatchKey = "AutogradChip".parse()?;
    screen::result("a key by its name:", format!("{autograd}, of {:?}", autograd.backend()));
    Ok(())
}

/// The labels of the nearest known images. It does not know where it runs.
fn nearest(queries: &Tensor, known: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let norms = known.mul(known)?.sum_dim(Some(&[1]))?;
    let products = queries.mm(&known.t()?)?;
    let distances = norms.add_with(&products, Scalar::Int(-2))?;
    labels.index_select(0, &distances.argmin_with(Some(1), false)?)
}

fn digits() -> std::result::Result<(), Box<dyn Error>> {
    screen::heading(
        2,
        "Handwritten digits, by nearest neighbour, on the chip",
        "Real images; 1,000 are known, the next 200 are asked. The same function runs on the host.",
    );
    let all = data::load()?;
    let images = all.images.to_dtype(DType::Float32)?;
    let parts = |images: &Tensor, labels: &Tensor| -> Result<[Tensor; 3]> {
        Ok([images.narrow(0, 1000, 200)?, images.narrow(0, 0, 1000)?, labels.narrow(0, 0, 1000)?])
    };
    let [queries, known, labels] = parts(&images, &all.labels)?;
    let (truth, expected) = (all.labels.narrow(0, 1000, 200)?, nearest(&queries, &known, &labels)?);

    let [queries, known, labels] = parts(&to_chip(&images)?, &to_chip(&all.labels)?)?;
    take_fallen_back();
    let (predicted, calls) = traced(|| nearest(&queries, &known, &labels))?;
    let (predicted, fallen_back) = (to_host(&predicted?)?, take_fallen_back());
    let right = predicted.eq_tensor(&truth)?.to_dtype(DType::Float64)?.mean()?.item()?;
    screen::result("accuracy:", format!("{:.3}", right.to_f64()));
    let same = predicted.to_vec::<i64>()? == expected.to_vec::<i64>()?;
    screen::result("as on the host:", if same { "all 200 answers" } else { "no" });
    screen::gap();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    calls
        .iter()
        .filter(|call| call.depth == 0)
        .for_each(|call| *counts.entry(call.operator).or_default() += 1);
    let rows: Vec<_> = counts
        .iter()
        .map(|(operator, count)| {
            let ran =
                if fallen_back.contains_key(operator) { "the host, by the fallback" } else { "the chip" };
            [(*operator).to_owned(), count.to_string(), ran.to_owned()]
        })
        .collect();
    screen::table(["operator", "calls", "ran on"], &rows);
    Ok(())
}

fn write_calls(calls: &[chip::TracedCall]) {
    let rows: Vec<_> = calls
        .iter()
        .map(|call| {
            let operator = format!("{}{}", "  ".repeat(call.depth), call.operator);
            [operator, call.next.to_string(), call.arguments.clone()]
        })
        .collect();
    screen::table(["operator", "goes on to", "arguments"], &rows);
}

fn the_way_of_a_call() -> Result<()> {
    screen::heading(
        3,
        "Written down by a layer above autograd",
        "`ChipTrace` is a key of this crate's own. Indented: called by a kernel of the operator library.",
    );
    let x = to_chip(&Tensor::from_slice(&[1.0f32, -2.0, 3.0, -4.0], &[2, 2])?)?;
    let (outcome, calls) = traced(|| -> Result<()> {
        let device = Some(chip::register()?.device());
        aten::ones::default.call(&[2], None, None, device, None)?;
        x.relu()?.add_(&x.t()?)?;
        aten::cat::default.call(&[x.clone(), x.clone()], 0)?;
        Ok(())
    })?;
    outcome?;
    write_calls(&calls);
    Ok(())
}

fn autograd(chip: chip::Chip) -> Result<()> {
    screen::heading(
        4,
        "Autograd passes through, unless somebody wants it",
        "Tensors carry AutogradChip. It falls through for each operator without a kernel there; here relu gets one.",
    );
    let key = DispatchKey::of(Functionality::AutogradFunctionality, chip.device().backend);
    let kernel = aten::relu::default.kernel(|keys, x| {
        screen::lines("  (the autograd kernel of relu would record the call now)");
        aten::relu::default.redispatch(keys & KeySet::after_autograd(), x)
    });
    let _registration = register_kernel("aten::relu", key, kernel, false)?;
    let x = to_chip(&Tensor::from_slice(&[1.0f32, -2.0], &[2])?)?;
    let (results, calls) = traced(|| (x.relu(), x.mul(&x)))?;
    write_calls(&calls);
    screen::result("relu and square:", format!("{:?} {:?}", read(&results.0?)?, read(&results.1?)?));
    Ok(())
}

fn read(x: &Tensor) -> Result<Vec<f32>> {
    to_host(x)?.to_vec()
}

fn written_on_the_host() -> Result<()> {
    screen::heading(
        5,
        "Written by the host, and back on the chip",
        "The chip has no kernel for fill_: the fallback copies the block of memory there and back.",
    );
    let x = to_chip(&Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3])?)?;
    let column = x.t()?.narrow(0, 1, 1)?;
    screen::result("a column, as a view on the chip:", format!("{column:?} {:?}", read(&column)?));
    let filled = column.fill_(0.0)?;
    screen::result("filled; the same tensor:", filled.is_same(&column));
    screen::result("what it is a view of:", format!("{:?}", read(&x)?));
    let half = Tensor::from_slice(&[0.5f64], &[])?;
    screen::result("times a number on the host:", format!("{:?}", read(&x.mul(&half)?)?));
    Ok(())
}

fn tables(chip: chip::Chip) {
    screen::heading(
        6,
        "Dispatch tables",
        "The rows of the chip, as calls use them, from the highest key down.",
    );
    let autograd = DispatchKey::of(Functionality::AutogradFunctionality, chip.device().backend);
    let shown = [chip.trace_key(), autograd, chip.key()];
    let operators: [&'static Operator; 3] =
        [aten::mm::default.operator(), aten::exp::default.operator(), aten::add_::Tensor.operator()];
    let mut rows = Vec::new();
    for operator in operators {
        for row in operator.table().into_iter().rev().filter(|row| shown.contains(&row.key)) {
            let kernel = if row.is_fallthrough { "skipped" } else { row.kernel };
            rows.push(
                [operator.name(), &row.key.to_string(), kernel, &row.origin.to_string()].map(str::to_owned),
            );
        }
    }
    screen::table(["operator", "key", "kernel", "because of"], &rows);
}

fn mistakes() -> Result<()> {
    screen::heading(7, "Mistakes", "The fallback is gone now; and memory of the chip is not for the host.");
    let x = to_chip(&Tensor::from_slice(&[1.0f32, 2.0], &[2])?)?;
    for mistake in [
        x.exp().map(drop),
        x.add(&Tensor::from_slice(&[1.0f32, 2.0], &[2])?).map(drop),
        x.to_vec::<f32>().map(drop),
        chip_is_full().map(drop),
    ] {
        if let Err(error) = mistake {
            screen::lines(error);
            screen::gap();
        }
    }
    Ok(())
}

fn chip_is_full() -> Result<Tensor> {
    let device = Some(chip::register()?.device());
    aten::empty::memory_format.call(&[1 << 30], None, None, device, None, None)
}
