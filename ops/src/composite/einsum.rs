//! Sums of products by an equation of subscripts: `ij,jk->ik` is the product of two matrices.
//!
//! Each operand is brought to one order of all subscripts, with a dimension of one element for each that it lacks. Two
//! operands at a time are multiplied, batch by batch, as matrices: what both have and the rest needs is the batch, what both
//! have and nothing else needs is summed over, the others are rows and columns.

use keyway::{Result, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::window::refused;

/// A dimension of the equation: a letter, or one of those that an ellipsis stands for, counted from the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subscript {
    Ellipsis(usize),
    Letter(char),
}

/// The subscripts of one operand or of the result; `None` stands for an ellipsis.
fn parse(text: &str) -> Result<Vec<Option<char>>> {
    let mut subscripts = Vec::new();
    let mut rest = text.chars().filter(|c| !c.is_whitespace()).peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_ascii_alphabetic() => subscripts.push(Some(c)),
            '.' if rest.next() == Some('.') && rest.next() == Some('.') && !subscripts.contains(&None) => {
                subscripts.push(None);
            }
            other => {
                return Err(refused(format!(
                    "`equation` has {other:?} in {text:?}, where letters and one `...` may be"
                )));
            }
        }
    }
    Ok(subscripts)
}

/// An operand's subscripts, one for each of its dimensions.
fn expanded(subscripts: &[Option<char>], dims: usize) -> Result<Vec<Subscript>> {
    let letters = subscripts.iter().flatten().count();
    let has_ellipsis = subscripts.contains(&None);
    if letters > dims || (letters < dims && !has_ellipsis) {
        return Err(refused(format!(
            "`equation` has {letters} subscripts for an operand of {dims} dimensions"
        )));
    }
    let hidden = dims - letters;
    let each = subscripts.iter().flat_map(|subscript| match subscript {
        Some(letter) => vec![Subscript::Letter(*letter)],
        None => (0..hidden).rev().map(Subscript::Ellipsis).collect(),
    });
    Ok(each.collect())
}

/// An operand whose dimensions are named, each once.
#[derive(Clone)]
struct Operand {
    tensor: Tensor,
    subscripts: Vec<Subscript>,
}

impl Operand {
    /// Repeated subscripts become diagonals.
    fn new(tensor: &Tensor, subscripts: &[Subscript]) -> Result<Operand> {
        let (mut tensor, mut own) = (tensor.clone(), subscripts.to_vec());
        while let Some((first, second)) = repeated(&own) {
            let (a, b) = (tensor.sizes()[first], tensor.sizes()[second]);
            if a != b {
                return Err(refused(format!("a repeated subscript has dimensions of {a} and {b} elements")));
            }
            tensor = aten::diagonal::default.call(&tensor, 0, first as i64, second as i64)?;
            let subscript = own[first];
            own = own.into_iter().filter(|&other| other != subscript).chain([subscript]).collect();
        }
        Ok(Operand { tensor, subscripts: own })
    }

    fn size(&self, subscript: Subscript) -> Option<i64> {
        let at = self.subscripts.iter().position(|&own| own == subscript)?;
        Some(self.tensor.sizes()[at])
    }

    /// The dimensions in an order of subscripts, with one element for those it lacks.
    fn in_order(&self, order: &[Subscript]) -> Result<Tensor> {
        let held: Vec<i64> = order
            .iter()
            .filter_map(|subscript| self.subscripts.iter().position(|own| own == subscript))
            .map(|at| at as i64)
            .collect();
        let mut tensor = self.tensor.permute(&held)?;
        for (at, subscript) in order.iter().enumerate() {
            if !self.subscripts.contains(subscript) {
                tensor = tensor.unsqueeze(at as i64)?;
            }
        }
        Ok(tensor)
    }

    /// The sums over all subscripts but some.
    fn summed_to(self, kept: impl Fn(Subscript) -> bool) -> Result<Operand> {
        let gone: Vec<i64> =
            (0..self.subscripts.len()).filter(|&at| !kept(self.subscripts[at])).map(|at| at as i64).collect();
        if gone.is_empty() {
            return Ok(self);
        }
        let tensor = aten::sum::dim_IntList.call(&self.tensor, Some(&gone), false, None)?;
        let subscripts = self.subscripts.into_iter().filter(|&subscript| kept(subscript)).collect();
        Ok(Operand { tensor, subscripts })
    }

    /// The sums of products over the subscripts that the rest does not need.
    fn times(self, other: Operand, kept: impl Fn(Subscript) -> bool) -> Result<Operand> {
        // What only one operand has, or only one with more than one element, can be summed over before.
        let spans = |operand: &Operand, subscript| operand.size(subscript).is_some_and(|size| size != 1);
        let (a, b) = (self, other);
        let in_b = |subscript| kept(subscript) || spans(&b, subscript);
        let in_a = |subscript| kept(subscript) || spans(&a, subscript);
        let (a, b) = (a.clone().summed_to(in_b)?, b.clone().summed_to(in_a)?);
        let mut all: Vec<Subscript> = a.subscripts.iter().chain(&b.subscripts).copied().collect();
        all.sort();
        all.dedup();
        let of = |wanted: fn(bool, bool, bool) -> bool| -> Vec<Subscript> {
            let fits =
                |&subscript: &Subscript| wanted(spans(&a, subscript), spans(&b, subscript), kept(subscript));
            all.iter().copied().filter(fits).collect()
        };
        let batch = of(|a, b, kept| a == b && kept);
        let summed = of(|a, b, kept| a == b && !kept);
        let (rows, columns) = (of(|a, b, _| a && !b), of(|a, b, _| b && !a));
        let size =
            |subscript: &Subscript| a.size(*subscript).unwrap_or(1).max(b.size(*subscript).unwrap_or(1));
        let empty = |subscript: &Subscript| a.size(*subscript) == Some(0) || b.size(*subscript) == Some(0);
        let sizes = |group: &[Subscript]| -> Vec<i64> {
            group.iter().map(|subscript| if empty(subscript) { 0 } else { size(subscript) }).collect()
        };
        let extent = |group: &[Subscript]| sizes(group).iter().product::<i64>();
        let (outer, inner) = (extent(&batch), extent(&summed));
        let left = a.in_order(&[&batch[..], &rows, &summed, &columns].concat())?;
        let right = b.in_order(&[&batch[..], &summed, &columns, &rows].concat())?;
        let product = left.reshape(&[outer, extent(&rows), inner])?.bmm(&right.reshape(&[
            outer,
            inner,
            extent(&columns),
        ])?)?;
        let tensor = product.reshape(&[sizes(&batch), sizes(&rows), sizes(&columns)].concat())?;
        Ok(Operand { tensor, subscripts: [batch, rows, columns].concat() })
    }
}

/// Two places of one subscript.
fn repeated(subscripts: &[Subscript]) -> Option<(usize, usize)> {
    subscripts.iter().enumerate().find_map(|(first, subscript)| {
        let second = subscripts[first + 1..].iter().position(|other| other == subscript)?;
        Some((first, first + 1 + second))
    })
}

/// The subscripts of the result: as written, else those of the ellipsis and then the letters that occur once, in order.
fn result_of(
    written: Option<&str>,
    operands: &[Operand],
    texts: &[Vec<Option<char>>],
) -> Result<Vec<Subscript>> {
    let all = || operands.iter().flat_map(|operand| &operand.subscripts).copied();
    let hidden =
        all().filter_map(|s| if let Subscript::Ellipsis(at) = s { Some(at + 1) } else { None }).max();
    let hidden = (0..hidden.unwrap_or(0)).rev().map(Subscript::Ellipsis);
    let Some(text) = written else {
        let mut letters: Vec<char> = texts.iter().flatten().flatten().copied().collect();
        letters.sort_unstable();
        let once = |&letter: &char| letters.iter().filter(|&&other| other == letter).count() == 1;
        return Ok(hidden.chain(letters.iter().copied().filter(once).map(Subscript::Letter)).collect());
    };
    let mut result = Vec::new();
    for subscript in parse(text)? {
        match subscript {
            None => result.extend(hidden.clone()),
            Some(letter) => result.push(Subscript::Letter(letter)),
        }
    }
    if let Some(unknown) = result.iter().find(|&&subscript| all().all(|other| other != subscript)) {
        return Err(refused(format!("`equation` has {unknown:?} in the result, which no operand has")));
    }
    match repeated(&result) {
        Some((at, _)) => Err(refused(format!("`equation` has {:?} twice in the result", result[at]))),
        None => Ok(result),
    }
}

/// Each subscript must have one extent; one element goes with any.
fn check_extents(operands: &[Operand]) -> Result<()> {
    for operand in operands {
        for (&subscript, &size) in operand.subscripts.iter().zip(operand.tensor.sizes()) {
            let other = operands
                .iter()
                .filter_map(|other| other.size(subscript))
                .find(|&other| other != size && other != 1 && size != 1);
            if let Some(other) = other {
                return Err(refused(format!(
                    "{subscript:?} has {size} elements in one operand and {other} in another"
                )));
            }
        }
    }
    Ok(())
}

/// The order of operands in which `path` multiplies them is one of cost, not of result: they are multiplied from the left.
#[kernel("aten::einsum", CompositeImplicitAutograd)]
fn einsum(equation: &str, tensors: &[Tensor], _path: Option<&[i64]>) -> Result<Tensor> {
    let (inputs, written) = match equation.split_once("->") {
        Some((inputs, result)) => (inputs, Some(result)),
        None => (equation, None),
    };
    let texts: Vec<Vec<Option<char>>> = inputs.split(',').map(parse).collect::<Result<_>>()?;
    if texts.len() != tensors.len() {
        return Err(refused(format!("`equation` has {} operands, there are {}", texts.len(), tensors.len())));
    }
    let operand =
        |(tensor, text): (&Tensor, &Vec<Option<char>>)| Operand::new(tensor, &expanded(text, tensor.dim())?);
    let operands: Vec<Operand> = tensors.iter().zip(&texts).map(operand).collect::<Result<_>>()?;
    check_extents(&operands)?;
    let result = result_of(written, &operands, &texts)?;
    let [first, rest @ ..] = &operands[..] else {
        return Err(refused("`tensors` must hold at least one tensor".to_owned()));
    };
    let mut product = first.clone();
    for (at, operand) in rest.iter().enumerate() {
        let later = &rest[at + 1..];
        let kept = |subscript| {
            result.contains(&subscript) || later.iter().any(|other| other.subscripts.contains(&subscript))
        };
        product = product.times(operand.clone(), kept)?;
    }
    let product = product.summed_to(|subscript| result.contains(&subscript))?;
    product.in_order(&result)
}
