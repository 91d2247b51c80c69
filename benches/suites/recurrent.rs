//! Recurrent models by size of the state and length of the input, and their fused layers alone.

use std::hint::black_box;
use std::sync::Arc;

use neuro_divergent::tape::{Param, RecurrentWeights, Tape, Var};
use subject::{Case, LARGE, Suite, numbers, suite};

/// Sizes of the state.
const HIDDEN: [usize; 2] = [32, 128];
/// Steps of input.
const LENGTHS: [usize; 2] = [24, 96];
/// Windows of a batch.
const WINDOWS: usize = 256;
/// Windows of a shard: what a layer sees.
const ROWS: usize = 64;

fn main() {
    suite(|s| {
        for (model, hidden) in [
            ("LSTM", "encoderHiddenSize"),
            ("GRU", "encoderHiddenSize"),
            ("RNN", "encoderHiddenSize"),
            ("DilatedRNN", "encoderHiddenSize"),
            ("DeepAR", "lstmHiddenSize"),
        ] {
            step(s, model, hidden);
        }
        layers(s);
    });
}

/// Every pair of a size and a length, and how it is called.
fn sizes() -> impl Iterator<Item = (usize, usize, String)> {
    HIDDEN.into_iter().flat_map(|hidden| {
        LENGTHS.map(|length| (hidden, length, format!("state {hidden}, input {length}")))
    })
}

fn step(s: &mut Suite, model: &str, hidden_option: &str) {
    for (hidden, length, name) in sizes() {
        let case = Case::new(model, LARGE)
            .with(hidden_option, hidden)
            .with("inputSize", length)
            .with("h", 12)
            .with("windowsBatchSize", WINDOWS);
        s.step("a training step", model, name, &case, neuro_divergent::runtime::threads());
    }
}

type Layer = for<'t> fn(Var<'t>, RecurrentWeights<'t>) -> Var<'t>;

fn layers(s: &mut Suite) {
    let cells: [(&str, usize, Layer); 3] = [
        ("LSTM", 4, |x, w| x.lstm(w, None, None)),
        ("GRU", 3, |x, w| x.gru(w, None)),
        ("RNN", 1, |x, w| x.rnn(w, None)),
    ];
    for (cell, gates, layer) in cells {
        for (hidden, length, name) in sizes() {
            let mut work = Work::new(gates, hidden, length);
            let group = format!("a layer, {ROWS} windows");
            s.time(&group, &format!("{cell}, forward"), &name, || work.run(layer, false));
            s.time(&group, &format!("{cell}, forward and backward"), &name, || {
                work.run(layer, true);
            });
        }
    }
}

/// A layer whose input is as wide as its state, as the second of a stack is.
struct Work {
    tape: Tape,
    params: Arc<Vec<f32>>,
    /// Weights of the input and of the state, and two biases.
    layout: [Param; 4],
    grads: Vec<f32>,
    x: Vec<f32>,
    shape: [usize; 3],
}

impl Work {
    fn new(gates: usize, hidden: usize, length: usize) -> Self {
        let mut end = 0;
        let mut declare = |shape: &[usize]| {
            let offset = end;
            end += shape.iter().product::<usize>();
            Param { offset, shape: shape.into() }
        };
        let (matrix, vector) = ([gates * hidden, hidden], [gates * hidden]);
        let layout = [declare(&matrix), declare(&matrix), declare(&vector), declare(&vector)];
        let scale = 1.0 / (hidden as f32).sqrt();
        Self {
            tape: Tape::default(),
            params: Arc::new(numbers(end, 1).iter().map(|v| v * scale).collect()),
            layout,
            grads: vec![0.0; end],
            x: numbers(ROWS * length * hidden, 2),
            shape: [ROWS, length, hidden],
        }
    }

    fn run(&mut self, layer: Layer, backward: bool) {
        self.tape.reset(&self.params, None);
        let x = match backward {
            true => self.tape.variable(self.shape, black_box(&self.x)),
            false => self.tape.constant(self.shape, black_box(&self.x)),
        };
        let [input, hidden, a, b] = self.layout.map(|param| self.tape.param(param));
        let y = layer(x, RecurrentWeights { input, hidden, biases: Some([a, b]) });
        if backward {
            self.tape.backward(y.sum(), &mut self.grads);
        } else {
            black_box(y.data()[0]);
        }
    }
}
