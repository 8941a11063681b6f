//! Counting floating-point operations by formulas on shapes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use keyway::schema::OperatorName;
use keyway::{Answer, Call, DispatchMode, Mode, Operator, Result, Tensor, Value};
use parking_lot::Mutex;

use crate::table::aligned;

/// A number that a formula takes from a call. `result` names the first result, everything else an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The number of elements of a tensor.
    Numel(&'static str),
    /// The extent of a dimension of a tensor; negative ones count from the end.
    Extent(&'static str, i64),
}

type Custom = dyn Fn(&FlopCall<'_>) -> Option<u64> + Send + Sync;

/// How many floating-point operations a call of an operator stands for. A multiplication and an addition are two.
///
/// ```
/// use keyway_modes::{Formula, Term};
/// // 2 m k n for a product of an m by k and a k by n matrix.
/// let product = Formula::product(2).times(Term::Numel("result")).times(Term::Extent("self", -1));
/// assert_eq!(format!("{product:?}"), "2 * numel(result) * extent(self, -1)");
/// ```
#[derive(Clone)]
pub struct Formula(Kind);

#[derive(Clone)]
enum Kind {
    Product { factor: u64, times: Vec<Term>, over: Vec<Term> },
    Custom(Arc<Custom>),
}

impl Formula {
    /// A number, to be multiplied and divided by terms.
    pub fn product(factor: u64) -> Formula {
        Formula(Kind::Product { factor, times: Vec::new(), over: Vec::new() })
    }

    /// This formula times a term. A function of its own is left as it is.
    #[must_use]
    pub fn times(mut self, term: Term) -> Formula {
        if let Kind::Product { times, .. } = &mut self.0 {
            times.push(term);
        }
        self
    }

    /// This formula divided by a term. A function of its own is left as it is.
    #[must_use]
    pub fn over(mut self, term: Term) -> Formula {
        if let Kind::Product { over, .. } = &mut self.0 {
            over.push(term);
        }
        self
    }

    /// A function of the call; `None` if it cannot tell, which makes the operator one of the unknown.
    pub fn custom(count: impl Fn(&FlopCall<'_>) -> Option<u64> + Send + Sync + 'static) -> Formula {
        Formula(Kind::Custom(Arc::new(count)))
    }

    /// The number for a call; `None` if the call lacks what the formula asks for.
    pub fn count(&self, call: &FlopCall<'_>) -> Option<u64> {
        match &self.0 {
            Kind::Custom(count) => count(call),
            Kind::Product { factor, times, over } => {
                let product = |terms: &[Term], from: u64| {
                    terms.iter().try_fold(from, |product, &term| product.checked_mul(call.term(term)?))
                };
                let (upper, lower) = (product(times, *factor)?, product(over, 1)?);
                if upper == 0 { Some(0) } else { upper.checked_div(lower) }
            }
        }
    }
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kind::Product { factor, times, over } = &self.0 else { return f.write_str("a function") };
        let term = |term: &Term| match term {
            Term::Numel(name) => format!("numel({name})"),
            Term::Extent(name, dim) => format!("extent({name}, {dim})"),
        };
        write!(f, "{factor}")?;
        times.iter().try_for_each(|factor| write!(f, " * {}", term(factor)))?;
        over.iter().try_for_each(|divisor| write!(f, " / {}", term(divisor)))
    }
}

/// A call that returned, as formulas see it.
#[derive(Clone, Copy, Debug)]
pub struct FlopCall<'a> {
    /// The operator.
    pub operator: &'static Operator,
    /// Its arguments in schema order.
    pub arguments: &'a [Value],
    /// Its results.
    pub results: &'a [Value],
}

impl FlopCall<'_> {
    /// The tensor that is the first result, for `result`, or the argument of this name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        if name == "result" {
            return self.results.first()?.as_tensor();
        }
        let arguments = &self.operator.schema()?.arguments;
        self.arguments.get(arguments.iter().position(|argument| argument.name == name)?)?.as_tensor()
    }

    fn term(&self, term: Term) -> Option<u64> {
        match term {
            Term::Numel(name) => Some(self.tensor(name)?.numel() as u64),
            Term::Extent(name, dim) => {
                let sizes = self.tensor(name)?.sizes();
                let at = if dim < 0 { dim + sizes.len() as i64 } else { dim };
                u64::try_from(*sizes.get(usize::try_from(at).ok()?)?).ok()
            }
        }
    }
}

use Term::{Extent, Numel};

/// Product formulas: operators, factor, terms to multiply and terms to divide by.
type Row = (&'static [&'static str], u64, &'static [Term], &'static [Term]);

/// What is known from the start. A name without an overload speaks for all overloads and for in-place forms.
const KNOWN: &[Row] = &[
    (&["mm", "bmm", "matmul", "mv"], 2, &[Numel("result"), Extent("self", -1)], &[]),
    (&["addmm"], 2, &[Numel("result"), Extent("mat1", -1)], &[]),
    (&["addmv"], 2, &[Numel("result"), Extent("mat", -1)], &[]),
    (&["baddbmm"], 2, &[Numel("result"), Extent("batch1", -1)], &[]),
    (&["addbmm"], 2, &[Numel("batch1"), Extent("batch2", -1)], &[]),
    (&["linear"], 2, &[Numel("result"), Extent("input", -1)], &[]),
    (&["dot", "vdot"], 2, &[Numel("self")], &[]),
    // Each element of the result meets the weights of its output channel.
    (
        &["convolution", "conv1d", "conv2d", "conv3d"],
        2,
        &[Numel("result"), Numel("weight")],
        &[Extent("weight", 0)],
    ),
    (&["sum", "mean", "prod", "amax", "amin", "cumsum", "cumprod"], 1, &[Numel("self")], &[]),
    (&["max", "min", "argmax", "argmin", "any", "all"], 1, &[Numel("self")], &[]),
    // The maximum, its subtraction, the exponential, the sum and the division (or logarithm and subtraction).
    (&["_softmax", "_log_softmax", "softmax", "log_softmax"], 5, &[Numel("self")], &[]),
    // These move elements.
    (&["copy", "clone", "_to_copy", "contiguous", "fill", "zero", "cat", "stack", "where"], 0, &[], &[]),
    (&["masked_fill", "index_select", "gather", "embedding", "item", "_local_scalar_dense"], 0, &[], &[]),
    (&["empty_like", "zeros_like", "ones_like", "full_like"], 0, &[], &[]),
];

/// Formulas by operator name.
///
/// An operator's formula is the one of its full name, else the one of its name without overload and without the `_` of an
/// in-place form. Where there is none, an operator tagged `pointwise` counts one operation for each element of its result, and
/// views, copies of views and operators without tensor arguments count none. The rest is unknown.
#[derive(Clone, Debug)]
pub struct FlopFormulas(HashMap<String, Formula>);

impl Default for FlopFormulas {
    /// Matrix products, convolutions, reductions, softmax and what moves elements, of the namespace `aten`.
    fn default() -> FlopFormulas {
        let mut formulas = FlopFormulas::none();
        for &(names, factor, times, over) in KNOWN {
            let formula = Formula(Kind::Product { factor, times: times.to_vec(), over: over.to_vec() });
            for name in names {
                formulas = formulas.with(&format!("aten::{name}"), formula.clone());
            }
        }
        formulas
    }
}

impl FlopFormulas {
    /// No formula by name; the general rules hold.
    pub fn none() -> FlopFormulas {
        FlopFormulas(HashMap::new())
    }

    /// These with one more, which takes the place of one of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, formula: Formula) -> FlopFormulas {
        self.0.insert(name.to_owned(), formula);
        self
    }

    /// The operations of a call; `None` if no formula fits.
    pub fn count(&self, call: &FlopCall<'_>) -> Option<u64> {
        let operator = call.operator;
        let Some(schema) = operator.schema() else { return self.0.get(operator.name())?.count(call) };
        let formula = self.0.get(operator.name()).or_else(|| self.0.get(&family(&schema.name)));
        if let Some(formula) = formula {
            return formula.count(call);
        }
        if operator.has_tag("pointwise") {
            return Some(Numel("result")).and_then(|term| call.term(term));
        }
        let moves_nothing =
            schema.is_view() || !schema.has_tensor_arguments() || schema.name.name.ends_with("_copy");
        moves_nothing.then_some(0)
    }
}

/// The namespace and the name without what marks overloads and kinds.
fn family(name: &OperatorName) -> String {
    match &name.namespace {
        Some(namespace) => format!("{namespace}::{}", name.root_name()),
        None => name.root_name().to_owned(),
    }
}

/// Counts floating-point operations of calls that return. Prints as a table, the dearest first.
///
/// ```
/// use keyway::{Tensor, with_mode};
/// use keyway_modes::FlopCounting;
/// use keyway_ops::TensorMethods;
///
/// let x = Tensor::from_slice(&[1.0f32; 6], &[2, 3])?;
/// let y = Tensor::from_slice(&[1.0f32; 12], &[3, 4])?;
/// let flops = FlopCounting::new();
/// with_mode(&flops.mode(), || x.matmul(&y)?.relu())??;
/// assert_eq!(flops.total(), 2 * 2 * 3 * 4 + 2 * 4);
/// assert!(flops.unknown().is_empty());
/// # Ok::<(), keyway::Error>(())
/// ```
#[derive(Clone)]
pub struct FlopCounting(Arc<Shared>);

struct Shared {
    formulas: FlopFormulas,
    counts: Mutex<BTreeMap<&'static str, OperatorFlops>>,
}

/// What was counted for one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperatorFlops {
    /// Its full name.
    pub operator: &'static str,
    /// How many calls returned.
    pub calls: u64,
    /// The operations of those whose number is known.
    pub flops: u64,
    /// How many calls no formula fitted.
    pub unknown: u64,
}

impl Default for FlopCounting {
    fn default() -> FlopCounting {
        FlopCounting::with(FlopFormulas::default())
    }
}

impl FlopCounting {
    /// A count by the formulas that are known from the start.
    pub fn new() -> FlopCounting {
        FlopCounting::default()
    }

    /// A count by other formulas.
    pub fn with(formulas: FlopFormulas) -> FlopCounting {
        FlopCounting(Arc::new(Shared { formulas, counts: Mutex::default() }))
    }

    /// The mode.
    pub fn mode(&self) -> Mode {
        Mode::new(self.clone())
    }

    /// All operations that are known of. Numbers beyond 64 bits stay at the largest.
    pub fn total(&self) -> u64 {
        self.0.counts.lock().values().fold(0, |total, row| total.saturating_add(row.flops))
    }

    /// The operators that were called: the dearest first, then by name.
    pub fn rows(&self) -> Vec<OperatorFlops> {
        let mut rows: Vec<OperatorFlops> = self.0.counts.lock().values().copied().collect();
        rows.sort_by(|a, b| b.flops.cmp(&a.flops).then_with(|| a.operator.cmp(b.operator)));
        rows
    }

    /// The operators with calls that no formula fitted, by name: the total lacks them.
    pub fn unknown(&self) -> Vec<&'static str> {
        self.0.counts.lock().values().filter(|row| row.unknown > 0).map(|row| row.operator).collect()
    }

    /// Forgets what was counted.
    pub fn clear(&self) {
        self.0.counts.lock().clear();
    }
}

impl DispatchMode for FlopCounting {
    fn handle(&self, call: &mut Call<'_>) -> Result<Answer> {
        let arguments = call.arguments().to_vec();
        call.forward()?;
        let done = FlopCall { operator: call.operator(), arguments: &arguments, results: call.results() };
        let flops = self.0.formulas.count(&done);
        let operator = call.operator().name();
        let mut counts = self.0.counts.lock();
        let row =
            counts.entry(operator).or_insert(OperatorFlops { operator, calls: 0, flops: 0, unknown: 0 });
        row.calls += 1;
        row.flops = row.flops.saturating_add(flops.unwrap_or(0));
        row.unknown += u64::from(flops.is_none());
        Ok(Answer::Done)
    }

    fn name(&self) -> &str {
        "FLOP counting"
    }
}

impl fmt::Display for FlopCounting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let total = self.total();
        let share = |flops: u64| format!("{:.1}", 100.0 * flops as f64 / total.max(1) as f64);
        let cells = rows.iter().map(|row| {
            let (flops, part) = match row.unknown == row.calls {
                true => ("unknown".to_owned(), String::new()),
                false => (row.flops.to_string(), share(row.flops)),
            };
            [row.operator.to_owned(), row.calls.to_string(), flops, part]
        });
        let columns = [("operator", false), ("calls", true), ("FLOPs", true), ("%", true)];
        write!(f, "{}\n{total} FLOPs", aligned(columns, &cells.collect::<Vec<_>>()))?;
        match self.unknown() {
            unknown if unknown.is_empty() => Ok(()),
            unknown => write!(f, ", without those of {}", unknown.join(", ")),
        }
    }
}

impl fmt::Debug for FlopCounting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FlopCounting").field(&self.rows()).finish()
    }
}
