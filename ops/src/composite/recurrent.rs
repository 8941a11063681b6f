//! Recurrent cells, and layers of them over sequences: plain ones, gated ones (GRU) and those with long short-term memory.

use keyway::{Result, Tensor, kernel};

use crate::TensorMethods;
use crate::aten;
use crate::shape::window::refused;

/// The weights of one cell: of its input and of its state, and the biases and the projection if there are.
#[derive(Clone, Copy)]
struct Weights<'w> {
    input: &'w Tensor,
    hidden: &'w Tensor,
    input_bias: Option<&'w Tensor>,
    hidden_bias: Option<&'w Tensor>,
    projection: Option<&'w Tensor>,
}

impl Weights<'_> {
    fn of_input(&self, x: &Tensor) -> Result<Tensor> {
        aten::linear::default.call(x, self.input, self.input_bias)
    }

    fn of_hidden(&self, state: &Tensor) -> Result<Tensor> {
        aten::linear::default.call(state, self.hidden, self.hidden_bias)
    }
}

/// What a cell does with its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Tanh,
    Relu,
    Gated,
    Memory,
}

/// A state: what a cell gives, and what it remembers.
#[derive(Clone)]
struct State {
    hidden: Tensor,
    memory: Option<Tensor>,
}

impl Cell {
    /// The next state, given what the weights make of the input.
    fn step(self, of_input: &Tensor, state: &State, weights: Weights<'_>) -> Result<State> {
        let of_hidden = weights.of_hidden(&state.hidden)?;
        let without_memory = |hidden| Ok(State { hidden, memory: None });
        match self {
            Cell::Tanh => without_memory(of_input.add(&of_hidden)?.tanh()?),
            Cell::Relu => without_memory(of_input.add(&of_hidden)?.relu()?),
            Cell::Gated => {
                let ([reset_in, update_in, new_in], [reset_by, update_by, new_by]) =
                    (parts(of_input)?, parts(&of_hidden)?);
                let reset = reset_in.add(&reset_by)?.sigmoid()?;
                let update = update_in.add(&update_by)?.sigmoid()?;
                let new = new_in.add(&new_by.mul(&reset)?)?.tanh()?;
                without_memory(state.hidden.sub(&new)?.mul(&update)?.add(&new)?)
            }
            Cell::Memory => {
                let [take, forget, new, give] = parts(&of_input.add(&of_hidden)?)?;
                let held =
                    state.memory.as_ref().ok_or_else(|| refused("the cell has no memory".to_owned()))?;
                let kept = forget.sigmoid()?.mul(held)?;
                let memory = kept.add(&take.sigmoid()?.mul(&new.tanh()?)?)?;
                let mut hidden = give.sigmoid()?.mul(&memory.tanh()?)?;
                if let Some(projection) = weights.projection {
                    hidden = aten::linear::default.call(&hidden, projection, None)?;
                }
                Ok(State { hidden, memory: Some(memory) })
            }
        }
    }
}

/// Gates side by side in the last dimension.
fn parts<const N: usize>(gates: &Tensor) -> Result<[Tensor; N]> {
    let width = gates.sizes().last().copied().unwrap_or(0);
    match aten::chunk::default.call(gates, N as i64, -1)?.try_into() {
        Ok(parts) if width % N as i64 == 0 => Ok(parts),
        _ => Err(refused(format!("{width} rows of weights do not fall into {N} gates"))),
    }
}

fn check_state(name: &str, x: &Tensor, hidden: &Tensor, weight: &Tensor, gates: i64) -> Result<()> {
    let (width, rows) = (hidden.sizes().last().copied(), weight.sizes().first().copied());
    let leading = |x: &Tensor| x.sizes().split_last().map(|(_, leading)| leading.to_vec());
    match leading(x) == leading(hidden) && width.map(|width| width.saturating_mul(gates)) == rows {
        true => Ok(()),
        false => Err(refused(format!(
            "`{name}` of sizes {:?} does not fit `input` of sizes {:?} and weights of sizes {:?}",
            hidden.sizes(),
            x.sizes(),
            weight.sizes()
        ))),
    }
}

/// Kernels of one step without memory.
macro_rules! cells {
    ($($operator:tt $kernel:ident = $cell:ident, $gates:literal;)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel(
            input: &Tensor,
            hx: &Tensor,
            w_ih: &Tensor,
            w_hh: &Tensor,
            b_ih: Option<&Tensor>,
            b_hh: Option<&Tensor>,
        ) -> Result<Tensor> {
            check_state("hx", input, hx, w_hh, $gates)?;
            let weights =
                Weights { input: w_ih, hidden: w_hh, input_bias: b_ih, hidden_bias: b_hh, projection: None };
            let state = State { hidden: hx.clone(), memory: None };
            Ok(Cell::$cell.step(&weights.of_input(input)?, &state, weights)?.hidden)
        }
    )*};
}
cells! {
    "aten::rnn_tanh_cell" rnn_tanh_cell = Tanh, 1;
    "aten::rnn_relu_cell" rnn_relu_cell = Relu, 1;
    "aten::gru_cell" gru_cell = Gated, 3;
}

/// The two tensors of a state with memory.
fn pair(hx: &[Tensor]) -> Result<(&Tensor, &Tensor)> {
    match hx {
        [hidden, memory] => Ok((hidden, memory)),
        _ => Err(refused(format!("`hx` must have 2 tensors, state and memory, it has {}", hx.len()))),
    }
}

#[kernel("aten::lstm_cell", CompositeImplicitAutograd)]
fn lstm_cell(
    input: &Tensor,
    hx: &[Tensor],
    w_ih: &Tensor,
    w_hh: &Tensor,
    b_ih: Option<&Tensor>,
    b_hh: Option<&Tensor>,
) -> Result<(Tensor, Tensor)> {
    let (hidden, memory) = pair(hx)?;
    check_state("hx[0]", input, hidden, w_hh, 4)?;
    check_state("hx[1]", input, memory, w_hh, 4)?;
    let weights =
        Weights { input: w_ih, hidden: w_hh, input_bias: b_ih, hidden_bias: b_hh, projection: None };
    let state = State { hidden: hidden.clone(), memory: Some(memory.clone()) };
    let State { hidden, memory } = Cell::Memory.step(&weights.of_input(input)?, &state, weights)?;
    memory.map(|memory| (hidden, memory)).ok_or_else(|| refused("the cell lost its memory".to_owned()))
}

/// How layers follow each other.
#[derive(Clone, Copy)]
struct Layers {
    count: i64,
    dropout: f64,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
}

impl Layers {
    fn directions(self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    /// The weights of each layer and direction, of which a list has those of one after those of the other.
    fn weights<'w>(
        self,
        params: &'w [Tensor],
        has_biases: bool,
        is_projected: bool,
    ) -> Result<Vec<Weights<'w>>> {
        let of_cell = 2 + if has_biases { 2 } else { 0 } + usize::from(is_projected);
        let cells = (self.count.max(0) as usize).saturating_mul(self.directions());
        if cells == 0 || params.len() != cells.saturating_mul(of_cell) {
            return Err(refused(format!(
                "`params` must have {of_cell} tensors for each of {cells} cells of {} layers, it has {}",
                self.count,
                params.len()
            )));
        }
        let of = |params: &'w [Tensor]| match params {
            [input, hidden, rest @ ..] => {
                let (biases, rest) = rest.split_at(if has_biases { 2 } else { 0 });
                let [input_bias, hidden_bias] = [0, 1].map(|at| biases.get(at));
                Some(Weights { input, hidden, input_bias, hidden_bias, projection: rest.first() })
            }
            _ => None,
        };
        Ok(params.chunks_exact(of_cell).filter_map(of).collect())
    }

    /// One layer in one direction over a sequence: what it gives at each place, and the last state.
    fn run(
        cell: Cell,
        x: &Tensor,
        state: State,
        weights: Weights<'_>,
        backwards: bool,
    ) -> Result<(Tensor, State)> {
        let of_input = weights.of_input(x)?;
        let len = x.sizes()[0];
        let (mut state, mut given) = (state, Vec::with_capacity(len as usize));
        for step in 0..len {
            let at = if backwards { len - 1 - step } else { step };
            state = cell.step(&aten::select::int.call(&of_input, 0, at)?, &state, weights)?;
            given.push(state.hidden.clone());
        }
        if backwards {
            given.reverse();
        }
        Ok((aten::stack::default.call(&given, 0)?, state))
    }

    /// All layers over a sequence: what the last one gives, and the last states of all.
    fn of_sequence(
        self,
        cell: Cell,
        input: &Tensor,
        states: Vec<State>,
        weights: &[Weights<'_>],
    ) -> Result<(Tensor, Vec<State>)> {
        let mut x = if self.batch_first { input.transpose(0, 1)? } else { input.clone() };
        let mut last = Vec::with_capacity(states.len());
        let cells: Vec<_> = states.into_iter().zip(weights.iter().copied()).collect();
        let layers = cells.chunks_exact(self.directions());
        let count = layers.len();
        for (layer, directions) in layers.enumerate() {
            let mut given = Vec::new();
            for (direction, (state, weights)) in directions.iter().enumerate() {
                let (out, state) = Layers::run(cell, &x, state.clone(), *weights, direction == 1)?;
                given.push(out);
                last.push(state);
            }
            x = if given.len() == 1 { given.remove(0) } else { aten::cat::default.call(&given, -1)? };
            if self.dropout > 0.0 && self.train && layer + 1 < count {
                x = aten::dropout::default.call(&x, self.dropout, true)?;
            }
        }
        Ok((if self.batch_first { x.transpose(0, 1)? } else { x }, last))
    }
}

/// The states of all layers and directions, and whether they fit a sequence of samples.
fn states(input: &Tensor, hidden: &Tensor, memory: Option<&Tensor>, layers: Layers) -> Result<Vec<State>> {
    let batch = input.sizes().get(if layers.batch_first { 0 } else { 1 });
    let count = layers.count.max(0).saturating_mul(layers.directions() as i64);
    let fits = |state: &Tensor| matches!(state.sizes(), &[cells, samples, _] if cells == count && Some(&samples) == batch);
    if input.dim() != 3 || input.sizes()[usize::from(layers.batch_first)] == 0 {
        return Err(refused(format!(
            "`input` must have 3 dimensions and at least one step, its sizes are {:?}",
            input.sizes()
        )));
    }
    if !fits(hidden) || !memory.is_none_or(fits) {
        return Err(refused(format!(
            "`hx` must have the sizes [{count}, {}, width], it has {:?}",
            batch.copied().unwrap_or(0),
            hidden.sizes()
        )));
    }
    let at = |state: &Tensor, cell| aten::select::int.call(state, 0, cell);
    (0..count)
        .map(|cell| {
            let memory = memory.map(|memory| at(memory, cell)).transpose()?;
            Ok(State { hidden: at(hidden, cell)?, memory })
        })
        .collect()
}

/// Kernels of layers without memory.
macro_rules! layers {
    ($($operator:tt $kernel:ident = $cell:ident;)*) => {$(
        #[kernel($operator, CompositeImplicitAutograd)]
        fn $kernel(
            input: &Tensor,
            hx: &Tensor,
            params: &[Tensor],
            has_biases: bool,
            num_layers: i64,
            dropout: f64,
            train: bool,
            bidirectional: bool,
            batch_first: bool,
        ) -> Result<(Tensor, Tensor)> {
            let layers = Layers { count: num_layers, dropout, train, bidirectional, batch_first };
            let weights = layers.weights(params, has_biases, false)?;
            let states = states(input, hx, None, layers)?;
            let (out, last) = layers.of_sequence(Cell::$cell, input, states, &weights)?;
            let hidden: Vec<Tensor> = last.into_iter().map(|state| state.hidden).collect();
            Ok((out, aten::stack::default.call(&hidden, 0)?))
        }
    )*};
}
layers! {
    "aten::rnn_tanh.input" rnn_tanh_input = Tanh;
    "aten::rnn_relu.input" rnn_relu_input = Relu;
    "aten::gru.input" gru_input = Gated;
}

#[kernel("aten::lstm.input", CompositeImplicitAutograd)]
fn lstm_input(
    input: &Tensor,
    hx: &[Tensor],
    params: &[Tensor],
    has_biases: bool,
    num_layers: i64,
    dropout: f64,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Result<(Tensor, Tensor, Tensor)> {
    let (hidden, memory) = pair(hx)?;
    let layers = Layers { count: num_layers, dropout, train, bidirectional, batch_first };
    let is_projected = hidden.sizes().last() != memory.sizes().last();
    let weights = layers.weights(params, has_biases, is_projected)?;
    let states = states(input, hidden, Some(memory), layers)?;
    let (out, last) = layers.of_sequence(Cell::Memory, input, states, &weights)?;
    let hidden: Vec<Tensor> = last.iter().map(|state| state.hidden.clone()).collect();
    let memory: Vec<Tensor> = last.into_iter().filter_map(|state| state.memory).collect();
    Ok((out, aten::stack::default.call(&hidden, 0)?, aten::stack::default.call(&memory, 0)?))
}
