//! A stack of LSTM layers. Upstream: `torch.nn.LSTM(batch_first=True)`.

use std::cell::RefCell;

use super::params::{Init, Path};
use crate::tape::{LstmWeights, Param, Var};

/// Shape of the stack.
#[derive(Clone, Copy, Debug)]
pub struct LstmOptions {
    /// Numbers per step that go in.
    pub inputs: usize,
    /// Size of the cell.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Whether gates have biases.
    pub bias: bool,
    /// Dropout between layers.
    pub dropout: f32,
    /// Size to which the hidden state is projected; 0 for none.
    pub projection: usize,
}

/// Hidden and cell state of every layer, carried from one forward to the next while decoding.
#[derive(Default, Debug)]
pub struct LstmState(RefCell<Vec<[Vec<f32>; 2]>>);

#[derive(Clone, Copy, Debug)]
struct Layer {
    input: Param,
    hidden: Param,
    biases: Option<[Param; 2]>,
    projection: Option<Param>,
}

/// A stack of LSTM layers.
#[derive(Clone, Debug)]
pub struct Lstm {
    layers: Vec<Layer>,
    hidden: usize,
    dropout: f32,
}

impl Lstm {
    /// Declares `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_hr_l0`, … uniform in `±1/√hidden`.
    pub fn new(path: &Path<'_>, o: LstmOptions) -> Self {
        let init = Init::Uniform(1.0 / (o.hidden as f32).sqrt());
        let outputs = if o.projection > 0 { o.projection } else { o.hidden };
        let gates = 4 * o.hidden;
        let layers = (0..o.layers)
            .map(|l| {
                let inputs = if l == 0 { o.inputs } else { outputs };
                let declare =
                    |name: &str, shape: &[usize]| path.param(format!("{name}_l{l}"), shape, init);
                Layer {
                    input: declare("weight_ih", &[gates, inputs]),
                    hidden: declare("weight_hh", &[gates, outputs]),
                    biases: o
                        .bias
                        .then(|| ["bias_ih", "bias_hh"].map(|name| declare(name, &[gates]))),
                    projection: (o.projection > 0)
                        .then(|| declare("weight_hr", &[outputs, o.hidden])),
                }
            })
            .collect();
        Self { layers, hidden: o.hidden, dropout: o.dropout }
    }

    /// Over `[B, T, inputs]`; gives the top layer's `[B, T, outputs]`. With a state: from it, and into it.
    pub fn forward<'t>(&self, x: Var<'t>, state: Option<&LstmState>) -> Var<'t> {
        let tape = x.tape();
        let mut x = x;
        for (l, layer) in self.layers.iter().enumerate() {
            let weights = LstmWeights {
                input: tape.param(layer.input),
                hidden: tape.param(layer.hidden),
                biases: layer.biases.map(|b| b.map(|p| tape.param(p))),
                projection: layer.projection.map(|p| tape.param(p)),
            };
            let before = state.and_then(|s| {
                let s = s.0.borrow();
                let [r, c] = s.get(l)?; // none before the first step
                let batch = x.dim(0);
                Some([r, c].map(|v| tape.constant([batch, v.len() / batch], v)))
            });
            let y = x.lstm(weights, before);
            if let Some(state) = state {
                let now = [y.last(1, 1).data().to_vec(), y.lstm_cell(self.hidden)];
                let mut state = state.0.borrow_mut();
                match state.get_mut(l) {
                    Some(before) => *before = now,
                    None => state.push(now),
                }
            }
            x = if l + 1 < self.layers.len() { y.dropout(self.dropout) } else { y };
        }
        x
    }
}
