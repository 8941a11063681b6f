//! Instructions per call, counted by valgrind and compared with a budget.
//!
//! Counts are exact and repeatable, so they can gate: each case runs twice under callgrind with different numbers of calls, and
//! the difference is what a call costs.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::{env, fs};

use crate::Case;

/// Calls of the short and the long run.
const CALLS: [u64; 2] = [1_000, 11_000];

/// The whole of a program that counts its cases and compares them with the file `budget`: fails over budget and says so, and
/// passes where there is no valgrind. `KEYWAY_BLESS=1` writes the counts of now into the budget.
///
/// # Panics
/// If the budget cannot be read, or valgrind does not answer as it does.
pub fn main(cases: fn() -> Vec<Case>, budget: &str) -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let [_, flag, case, calls] = &arguments[..]
        && flag == "--case"
    {
        run(cases(), case, calls.parse().expect("a number of calls"));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instruction counts: skipped, valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    let counts: Vec<(&str, u64)> = cases().iter().map(|case| (case.name, count(case.name))).collect();
    if env::var_os("KEYWAY_BLESS").is_some() {
        bless(&counts, budget);
        return ExitCode::SUCCESS;
    }
    report(&counts, &allowed(budget))
}

fn run(cases: Vec<Case>, name: &str, calls: u64) {
    let case = cases.into_iter().find(|case| case.name == name);
    (case.expect("a case of this name").repeat)(calls);
}

/// Instructions per call.
fn count(name: &str) -> u64 {
    let [short, long] = CALLS.map(|calls| instructions(name, calls));
    (long - short).div_ceil(CALLS[1] - CALLS[0])
}

fn instructions(name: &str, calls: u64) -> u64 {
    let own = env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args(["--case", name, &calls.to_string()])
        .output()
        .expect("valgrind runs");
    let text = String::from_utf8_lossy(&output.stderr);
    let collected =
        text.lines().find_map(|line| line.split_once("Collected :")).map(|(_, count)| count.trim());
    collected
        .and_then(|count| count.parse().ok())
        .unwrap_or_else(|| panic!("no count in valgrind's answer:\n{text}"))
}

fn allowed(budget: &str) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(budget).expect("the budget is there");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let (name, count) = line.rsplit_once(": ").expect("lines are `name: count`");
            (name.to_owned(), count.trim().parse().expect("a count is a number"))
        })
        .collect()
}

fn bless(counts: &[(&str, u64)], budget: &str) {
    let text = fs::read_to_string(budget).unwrap_or_default();
    let head: String =
        text.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let lines: String = counts.iter().map(|(name, count)| format!("{name}: {count}\n")).collect();
    fs::write(budget, format!("{head}\n{lines}")).expect("the budget can be written");
}

fn report(counts: &[(&str, u64)], budget: &BTreeMap<String, u64>) -> ExitCode {
    println!("{:44} {:>12} {:>8}", "instructions per call", "counted", "budget");
    let mut over = 0;
    for (name, count) in counts {
        let allowed = budget.get(*name).copied();
        let verdict = match allowed {
            Some(allowed) if *count <= allowed => "",
            Some(_) => "  over budget",
            None => "  not in the budget",
        };
        over += usize::from(!verdict.is_empty());
        println!("{name:44} {count:>12} {:>8}{verdict}", allowed.map_or("-".to_owned(), |a| a.to_string()));
    }
    if over > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
