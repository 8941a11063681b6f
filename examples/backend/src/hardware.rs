//! The chip itself, simulated: a processor with memory of its own.
//!
//! It runs on its own thread, and its memory is that thread's: the host holds numbers of blocks and can only send
//! commands, so nothing that was not written for the chip can read what is in them. Commands run in the order they
//! were sent, while the host goes on; only reading a block back waits. What the host sends has been checked
//! ([`crate::memory`]), as drivers do.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use keyway::Dims;

/// Which block of the chip's memory.
pub(crate) type Block = u64;

/// Elements of a block: sizes and strides over it.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) block: Block,
    pub(crate) sizes: Dims,
    pub(crate) strides: Dims,
    pub(crate) offset: i64,
}

/// What an elementwise program reads.
#[derive(Debug)]
pub(crate) enum Input {
    /// Elements on the chip.
    View(View),
    /// One number that came with the command.
    Number(f32),
}

/// The programs the chip has. They compute in `float32`.
#[derive(Debug)]
pub(crate) enum Program {
    /// `a + alpha * b`.
    Add { alpha: f32 },
    /// `a * b`.
    Multiply,
    /// The larger of `a` and zero.
    Relu,
}

/// What the host can ask for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Makes a block of so many zero bytes, or makes one that is there so long.
    Allocate(Block, usize),
    /// Forgets a block.
    Free(Block),
    /// Replaces the beginning of a block.
    Write(Block, Vec<u8>),
    /// Sends a whole block back.
    Read(Block, Sender<Vec<u8>>),
    /// Copies elements of so many bytes.
    Copy { from: View, to: View, width: usize },
    /// Runs a program on each element of `out`.
    Elementwise { program: Program, inputs: Vec<Input>, out: View },
    /// The matrix product of two views.
    Product { a: View, b: View, out: View },
}

/// Sends a command to the chip.
pub(crate) fn send(command: Command) {
    static QUEUE: LazyLock<Sender<Command>> = LazyLock::new(|| {
        let (queue, commands) = channel();
        thread::spawn(|| Processor::default().run(commands));
        queue
    });
    // The thread ends with the process, so there is always somebody who receives.
    let _ = QUEUE.send(command);
}

/// The chip's thread.
#[derive(Default)]
struct Processor {
    blocks: HashMap<Block, Vec<u8>>,
}

impl Processor {
    fn run(mut self, commands: Receiver<Command>) {
        for command in commands {
            self.execute(command);
        }
    }

    fn execute(&mut self, command: Command) {
        match command {
            Command::Allocate(block, bytes) => self.blocks.entry(block).or_default().resize(bytes, 0),
            Command::Free(block) => drop(self.blocks.remove(&block)),
            Command::Write(block, bytes) => self.bytes(block)[..bytes.len()].copy_from_slice(&bytes),
            Command::Read(block, reply) => {
                // Who asked may have given up.
                let _ = reply.send(self.bytes(block).to_vec());
            }
            Command::Copy { from, to, width } => self.copy(&from, &to, width),
            Command::Elementwise { program, inputs, out } => {
                let inputs: Vec<_> = inputs.iter().map(|input| self.operand(input)).collect();
                let results = (0..positions(&out).count()).map(|at| compute(&program, &inputs, at)).collect();
                self.store(&out, results);
            }
            Command::Product { a, b, out } => {
                let (rows, inner, columns) = (a.sizes[0] as usize, a.sizes[1] as usize, b.sizes[1] as usize);
                let (a, b) = (self.load(&a), self.load(&b));
                let results = product(&a, &b, rows, inner, columns);
                self.store(&out, results);
            }
        }
    }

    fn bytes(&mut self, block: Block) -> &mut Vec<u8> {
        self.blocks.entry(block).or_default()
    }

    fn copy(&mut self, from: &View, to: &View, width: usize) {
        let source = self.bytes(from.block);
        let elements: Vec<Vec<u8>> =
            positions(from).map(|at| source[at * width..][..width].to_vec()).collect();
        let target = self.bytes(to.block);
        for (at, element) in positions(to).zip(elements) {
            target[at * width..][..width].copy_from_slice(&element);
        }
    }

    fn operand(&mut self, input: &Input) -> Operand {
        match input {
            Input::View(view) => Operand::Elements(self.load(view)),
            Input::Number(number) => Operand::Number(*number),
        }
    }

    /// The elements of a view in row-major order.
    fn load(&mut self, view: &View) -> Vec<f32> {
        let bytes = self.bytes(view.block);
        let element = |at: usize| std::array::from_fn(|i| bytes[at * size_of::<f32>() + i]);
        positions(view).map(|at| f32::from_ne_bytes(element(at))).collect()
    }

    fn store(&mut self, view: &View, elements: Vec<f32>) {
        let bytes = self.bytes(view.block);
        for (at, element) in positions(view).zip(elements) {
            bytes[at * size_of::<f32>()..][..size_of::<f32>()].copy_from_slice(&element.to_ne_bytes());
        }
    }
}

/// An input in the processor's registers.
enum Operand {
    Elements(Vec<f32>),
    Number(f32),
}

fn compute(program: &Program, inputs: &[Operand], at: usize) -> f32 {
    let input = |number: usize| match &inputs[number] {
        Operand::Elements(elements) => elements[at],
        Operand::Number(number) => *number,
    };
    match program {
        Program::Add { alpha } => input(0) + alpha * input(1),
        Program::Multiply => input(0) * input(1),
        // As on the host, NaN stays NaN.
        Program::Relu if input(0) < 0.0 => 0.0,
        Program::Relu => input(0),
    }
}

fn product(a: &[f32], b: &[f32], rows: usize, inner: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows * columns];
    for row in 0..rows {
        let sums = &mut out[row * columns..][..columns];
        for k in 0..inner {
            let factor = a[row * inner + k];
            for (sum, element) in sums.iter_mut().zip(&b[k * columns..][..columns]) {
                *sum += factor * element;
            }
        }
    }
    out
}

/// The places of a view's elements in its block, in row-major order.
fn positions(view: &View) -> impl Iterator<Item = usize> + '_ {
    let count: i64 = view.sizes.iter().product();
    (0..count).map(|element| {
        let mut rest = element;
        let dimensions = view.sizes.iter().zip(&view.strides).rev();
        let steps = dimensions.map(|(size, stride)| {
            let index = rest % size;
            rest /= size;
            index * stride
        });
        (view.offset + steps.sum::<i64>()) as usize
    })
}
