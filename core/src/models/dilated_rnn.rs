//! DilatedRNN: recurrent layers with dilated (skip) connections, so that upper layers remember further back.
//!
//! Chang et al. 2017, <https://arxiv.org/abs/1710.02224>. ResLSTM: Kim et al. 2017, <https://arxiv.org/abs/1701.03360>.
//! Upstream: `models/dilated_rnn.py`.

use super::encoder_decoder::encoder_input;
use super::prelude::*;

choices! {
    /// Recurrent cell. Upstream also lists `AttentiveLSTM`, but its forward pass fails.
    pub enum CellType {
        /// Gated recurrent unit.
        Gru = "GRU",
        /// Elman RNN.
        Rnn = "RNN",
        /// Long short-term memory.
        Lstm = "LSTM",
        /// LSTM with a residual connection from input to output.
        ResLstm = "ResLSTM",
    }
}

options! {
    /// Options of [`DilatedRNN`] in addition to the shared ones.
    pub struct Options {
        /// Recurrent cell of every layer.
        pub cell_type: CellType = CellType::Lstm,
        /// Dilation of each layer in each group; every group but the first has a residual connection.
        pub dilations: Vec<Vec<usize>> = vec![vec![1, 2], vec![4, 8]];
            fits complete "a list of groups, each a list of whole numbers ≥ 1, none empty",
        /// Units of every layer.
        pub encoder_hidden_size: usize = 128; at least 1,
        /// Units of the decoder's hidden layers.
        pub decoder_hidden_size: usize = 128; at least 1,
        /// Layers of the decoder, including the output layer.
        pub decoder_layers: usize = 2; at least 1,
        /// Activation of the decoder's hidden layers.
        pub decoder_activation: Option<Activation> = None,
    }
}

/// Whether every group has a layer, and every dilation is at least 1.
fn complete(groups: &[Vec<usize>]) -> bool {
    let of_one = |group: &Vec<usize>| !group.is_empty() && group.iter().all(|d| *d > 0);
    !groups.is_empty() && groups.iter().all(of_one)
}

/// The gates i, f, o are sigmoids of `x·W_iiᵀ + b + h·W_ihᵀ + b + c·W_icᵀ + b`; `c = f⊙c + i⊙tanh(h·W_hhᵀ + b)`;
/// `h = o⊙(tanh(c) + x)`, with `x·W_irᵀ` in place of `x` where the sizes differ.
struct ResLstm {
    input: [Param; 2],
    hidden: [Param; 2],
    cell: [Param; 2],
    candidate: [Param; 2],
    residual: Option<Param>,
    size: usize,
}

impl ResLstm {
    fn new(p: &Path<'_>, inputs: usize, size: usize) -> Self {
        // Upstream stores the sizes as tensors.
        p.untrained("input_size", [1], Init::Constant(inputs as f32));
        p.untrained("hidden_size", [1], Init::Constant(size as f32));
        let declare = |weight: &str, bias: &str, outputs: usize, inputs: usize| {
            [
                p.param(weight, [outputs, inputs], Init::Normal(1.0)),
                p.param(bias, [outputs], Init::Normal(1.0)),
            ]
        };
        let (ir, init) = ([size, inputs], Init::Normal(1.0));
        let residual = (inputs != size).then(|| p.param("weight_ir", ir, init));
        if residual.is_none() {
            p.untrained("weight_ir", ir, init); // declared but unused, as in upstream
        }
        Self {
            input: declare("weight_ii", "bias_ii", 3 * size, inputs),
            hidden: declare("weight_ih", "bias_ih", 3 * size, size),
            cell: declare("weight_ic", "bias_ic", 3 * size, size),
            candidate: declare("weight_hh", "bias_hh", size, size),
            residual,
            size,
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, size) = (x.tape(), self.size);
        let affine = |x: Var<'t>, [weight, bias]: [Param; 2]| {
            x.linear(tape.param(weight), Some(tape.param(bias)))
        };
        let gates = affine(x, self.input); // [B, T, 3H]
        let residual = self.residual.map_or(x, |w| x.linear(tape.param(w), None)); // [B, T, H]
        through_time(x, size, |t, [h, c]| {
            let gates = step(gates, t) + affine(h, self.hidden) + affine(c, self.cell); // [B, 3H]
            let [i, f, o] = [0, 1, 2].map(|k| gates.slice(1, k * size, size).sigmoid());
            let c = f * c + i * affine(h, self.candidate).tanh();
            [o * (c.tanh() + step(residual, t)), c]
        })
    }
}

/// Step `t` of `[B, T, n]`: `[B, n]`.
fn step(x: Var<'_>, t: usize) -> Var<'_> {
    x.slice(1, t, 1).reshape([x.dim(0), x.dim(2)])
}

/// Runs a cell over the steps of `x`, starting from zero states; returns its outputs `[B, T, H]`.
fn through_time<'t>(
    x: Var<'t>,
    size: usize,
    cell: impl Fn(usize, [Var<'t>; 2]) -> [Var<'t>; 2],
) -> Var<'t> {
    let [rows, steps] = [x.dim(0), x.dim(1)];
    let zeros = x.tape().input([rows, size], |to| to.fill(0.0));
    let mut state = [zeros, zeros];
    let outputs: Vec<Var<'t>> = (0..steps)
        .map(|t| {
            state = cell(t, state);
            state[0].reshape([rows, 1, size])
        })
        .collect();
    Var::concat(&outputs, 1)
}

enum LayerCell {
    Fused(Recurrent),
    Residual(Box<ResLstm>),
}

/// A layer whose state at each step comes from `dilation` steps earlier.
struct Layer {
    cell: LayerCell,
    dilation: usize,
}

impl Layer {
    fn new(p: &Path<'_>, kind: CellType, [inputs, hidden, dilation]: [usize; 3]) -> Self {
        let fused = |cell| {
            let options = RecurrentOptions {
                cell,
                inputs,
                hidden,
                layers: 1,
                bias: true,
                dropout: 0.0,
                projection: 0,
            };
            LayerCell::Fused(Recurrent::new(p, options))
        };
        let cell = match kind {
            CellType::Gru => fused(Cell::Gru),
            CellType::Rnn => fused(Cell::Rnn),
            CellType::Lstm => fused(Cell::Lstm),
            CellType::ResLstm => {
                LayerCell::Residual(Box::new(ResLstm::new(&p.sub("cell"), inputs, hidden)))
            }
        };
        Self { cell, dilation }
    }

    /// Splits the steps into `dilation` interleaved sequences, padded with zeros to equal length.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let ([rows, steps, inputs], d) = ([x.dim(0), x.dim(1), x.dim(2)], self.dilation);
        let long = steps.div_ceil(d);
        let padded = match long * d - steps {
            0 => x,
            more => {
                let zeros = x.tape().input([rows, more, inputs], |to| to.fill(0.0));
                Var::concat(&[x, zeros], 1)
            }
        };
        let apart = padded.reshape([rows, long, d, inputs]).permute(&[0, 2, 1, 3]);
        let apart = apart.reshape([rows * d, long, inputs]); // [B·d, L/d, C]
        let y = match &self.cell {
            LayerCell::Fused(cell) => cell.forward(apart, None),
            LayerCell::Residual(cell) => cell.forward(apart),
        };
        let hidden = y.dim(2);
        let together = y.reshape([rows, d, long, hidden]).permute(&[0, 2, 1, 3]);
        together.reshape([rows, long * d, hidden]).slice(1, 0, steps) // [B, L, H]
    }
}

/// The model.
pub struct DilatedRNN {
    groups: Vec<Vec<Layer>>,
    context: Linear,
    decoder: Mlp,
    dims: Dims,
}

impl Model for DilatedRNN {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "DilatedRNN",
        family: "recurrent",
        paper: "https://arxiv.org/abs/1710.02224",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Recurrent,
    };
    const IGNORED: &'static [&'static str] = &["context_size"];

    fn defaults() -> CommonOptions {
        CommonOptions {
            num_lr_decays: 3,
            scaler_type: ScalerType::Robust,
            windows_batch_size: Some(128),
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let mut inputs = 1 + dims.hist + dims.stat + dims.futr;
        let mut groups = Vec::new();
        for (g, dilations) in o.dilations.iter().enumerate() {
            let cells = p.sub("rnn_stack").sub(g).sub("cells");
            let layer = |(i, dilation): (usize, &usize)| {
                let sizes = [inputs, o.encoder_hidden_size, *dilation];
                inputs = o.encoder_hidden_size;
                Layer::new(&cells.sub(i), o.cell_type, sizes)
            };
            groups.push(dilations.iter().enumerate().map(layer).collect());
        }
        let sizes = [o.encoder_hidden_size + dims.futr, o.decoder_hidden_size, dims.outputs];
        let activation = o.decoder_activation.unwrap_or(Activation::Relu);
        Ok(Self {
            groups,
            context: Linear::new(&p.sub("context_adapter"), dims.input, dims.h),
            decoder: Mlp::new(&p.sub("mlp_decoder"), sizes, o.decoder_layers, activation),
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let mut x = encoder_input(batch); // [B, L, 1 + X + S + F]
        for (g, layers) in self.groups.iter().enumerate() {
            let y = layers.iter().fold(x, |x, layer| layer.forward(x)); // [B, L, H]
            x = if g > 0 { y + x } else { y };
        }
        let context = self.context.forward(x.transpose()).transpose(); // [B, h, H]
        let futr = batch.futr_exog.map(|f| f.last(1, self.dims.h));
        self.decoder.forward(concat_present([Some(context), futr], 2)) // [B, h, O]
    }
}
