//! A stack of recurrent layers. Upstream: `torch.nn.LSTM`, `GRU` and `RNN` with `batch_first=True`.

use std::cell::RefCell;

use super::params::{Init, Path, layers};
use crate::tape::{Param, RecurrentWeights, Tape, Var};

/// The kind of recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Long short-term memory: four gates, hidden and cell state.
    Lstm,
    /// Gated recurrent unit: three gates.
    Gru,
    /// Elman network: tanh.
    Rnn,
}

impl Cell {
    fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::Rnn => 1,
        }
    }
}

/// The sizes and options of a stack.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentOptions {
    /// The cell of every layer.
    pub cell: Cell,
    /// Inputs per step.
    pub inputs: usize,
    /// Size of the state.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Whether gates have biases.
    pub bias: bool,
    /// Dropout between layers.
    pub dropout: f32,
    /// Size to which the hidden state of an LSTM is projected; 0 for none.
    pub projection: usize,
}

/// The state of every layer, carried from one forward pass to the next while decoding: the hidden state, and the cell state of
/// an LSTM.
#[derive(Default, Debug)]
pub struct RecurrentState(RefCell<Vec<[Vec<f32>; 2]>>);

impl RecurrentState {
    /// Resets it to that before the first step. Its memory is kept.
    pub(crate) fn forget(&mut self) {
        self.0.get_mut().iter_mut().flatten().for_each(Vec::clear);
    }
}

#[derive(Clone, Copy, Debug)]
struct Layer {
    input: Param,
    hidden: Param,
    biases: Option<[Param; 2]>,
    projection: Option<Param>,
}

impl Layer {
    fn weights<'t>(&self, tape: &'t Tape) -> RecurrentWeights<'t> {
        RecurrentWeights {
            input: tape.param(self.input),
            hidden: tape.param(self.hidden),
            biases: self.biases.map(|b| b.map(|p| tape.param(p))),
        }
    }
}

/// A stack of recurrent layers.
#[derive(Clone, Debug)]
pub struct Recurrent {
    cell: Cell,
    layers: Vec<Layer>,
    hidden: usize,
    dropout: f32,
}

impl Recurrent {
    /// Declares `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_hr_l0`, … uniform in `±1/√hidden`.
    pub fn new(path: &Path<'_>, o: RecurrentOptions) -> Self {
        assert!(o.projection == 0 || o.cell == Cell::Lstm, "only an LSTM has a projection");
        let init = Init::Uniform(1.0 / (o.hidden as f32).sqrt());
        let outputs = if o.projection > 0 { o.projection } else { o.hidden };
        let gates = o.cell.gates() * o.hidden;
        let layers = layers(o.layers, |l| {
            let inputs = if l == 0 { o.inputs } else { outputs };
            let declare =
                |name: &str, shape: &[usize]| path.param(format!("{name}_l{l}"), shape, init);
            Layer {
                input: declare("weight_ih", &[gates, inputs]),
                hidden: declare("weight_hh", &[gates, outputs]),
                biases: o.bias.then(|| ["bias_ih", "bias_hh"].map(|name| declare(name, &[gates]))),
                projection: (o.projection > 0).then(|| declare("weight_hr", &[outputs, o.hidden])),
            }
        });
        Self { cell: o.cell, layers, hidden: o.hidden, dropout: o.dropout }
    }

    /// Maps `[B, T, inputs]` to the top layer's outputs `[B, T, outputs]`. With a state, it starts from that state and updates it.
    pub fn forward<'t>(&self, x: Var<'t>, state: Option<&RecurrentState>) -> Var<'t> {
        let mut x = x;
        for (l, layer) in self.layers.iter().enumerate() {
            let before = state.and_then(|s| {
                let s = s.0.borrow();
                let [r, c] = s.get(l).filter(|[r, _]| !r.is_empty())?; // empty before the first step
                let batch = x.dim(0);
                let of = |v: &Vec<f32>| x.tape().constant([batch, v.len() / batch], v);
                let hidden = of(r);
                Some([hidden, if c.is_empty() { hidden } else { of(c) }])
            });
            let y = self.layer(layer, x, before);
            if let Some(state) = state {
                let mut state = state.0.borrow_mut();
                if l == state.len() {
                    state.push(Default::default());
                }
                let hidden = ("hidden", y.last(1, 1).squeeze(1));
                let cell = (self.cell == Cell::Lstm).then(|| ("cell", y.lstm_cell(self.hidden)));
                for (i, (part, after)) in [Some(hidden), cell].into_iter().flatten().enumerate() {
                    x.tape().carry(l, part, before.map(|before| before[i]), after);
                    state[l][i].clear();
                    state[l][i].extend_from_slice(&after.data());
                }
            }
            x = if l + 1 < self.layers.len() { y.dropout(self.dropout) } else { y };
        }
        x
    }

    /// Maps `[B, T, inputs]` with this stack, then `[B, T', inputs]` with `next`, a stack of as many layers that begins, layer
    /// by layer, in the states in which this one ends. This one begins in `initial` of each layer: the hidden state and the
    /// cell state of an LSTM, `[B, hidden]` each; twice the hidden state for other cells. Gradients flow through all states.
    pub fn followed_by<'t>(
        &self,
        next: &Self,
        [mut x, mut then]: [Var<'t>; 2],
        initial: impl Fn(usize) -> Option<[Var<'t>; 2]>,
    ) -> [Var<'t>; 2] {
        for (l, (layer, next_layer)) in self.layers.iter().zip(&next.layers).enumerate() {
            let before = initial(l);
            let after = match self.cell {
                Cell::Lstm => {
                    let [outputs, cell] = x.lstm_and_cell(layer.weights(x.tape()), before);
                    x = outputs;
                    [x.last(1, 1).squeeze(1), cell]
                }
                Cell::Gru | Cell::Rnn => {
                    x = self.layer(layer, x, before);
                    [x.last(1, 1).squeeze(1); 2]
                }
            };
            then = next.layer(next_layer, then, Some(after));
        }
        [x, then]
    }

    fn layer<'t>(&self, layer: &Layer, x: Var<'t>, before: Option<[Var<'t>; 2]>) -> Var<'t> {
        let tape = x.tape();
        let weights = layer.weights(tape);
        let hidden = before.map(|[hidden, _]| hidden);
        match self.cell {
            Cell::Lstm => x.lstm(weights, layer.projection.map(|p| tape.param(p)), before),
            Cell::Gru => x.gru(weights, hidden),
            Cell::Rnn => x.rnn(weights, hidden),
        }
    }
}
