//! An mLSTM layer: a memory that is a matrix, written and read by keys and queries as attention is, and decayed by gates.
//!
//! Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory", <https://arxiv.org/abs/2405.04517>, section 2.3 and figure 11. Upstream:
//! `blocks/mlstm/{layer,cell}.py` of the package `xlstm`.

use super::conv::ChannelConv;
use super::layer_norm::ResidualNorm;
use super::linear::Linear;
use super::params::{Init, Path};
use super::slstm::{HEADS, KERNEL, small_deviation, up_projected};
use crate::tape::{Param, Tape, Var};

/// Size of the blocks that queries, keys and values are projected in.
const BLOCK: usize = 4;

/// The sizes and options of a layer.
#[derive(Clone, Copy, Debug)]
pub struct MLstmOptions {
    /// Numbers per step.
    pub hidden: usize,
    /// Blocks of the model, on which initial weights depend.
    pub blocks: usize,
    /// Whether projections have biases.
    pub bias: bool,
    /// Dropout of the output.
    pub dropout: f32,
}

/// A projection of blocks of four numbers each.
#[derive(Clone, Copy, Debug)]
struct BlockLinear {
    weight: Param,
    bias: Option<Param>,
}

impl BlockLinear {
    fn new(path: &Path<'_>, size: usize, deviation: f32, bias: bool) -> Self {
        let shape = [size / BLOCK, BLOCK, BLOCK];
        Self {
            weight: path.param("weight", shape, Init::Normal(deviation)),
            bias: bias.then(|| path.param("bias", [size], Init::Constant(0.0))),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        x.linear_blocks(tape.param(self.weight), self.bias.map(|b| tape.param(b)))
    }

    /// The weight `[n, I]` and the bias of a linear map `w` `[n, I]` of what this projection gives.
    fn then<'t>(&self, w: Var<'t>) -> (Var<'t>, Option<Var<'t>>) {
        let (tape, size) = (w.tape(), w.dim(1));
        let transposed = tape.param(self.weight).permute(&[0, 2, 1]);
        let bias = self.bias.map(|b| tape.param(b).reshape([1, size]).linear(w, None));
        (w.linear_blocks(transposed, None), bias.map(|bias| bias.reshape([w.dim(0)])))
    }
}

/// A layer.
#[derive(Clone, Copy, Debug)]
pub struct MLstm {
    up: Linear,
    conv: ChannelConv,
    /// Of queries, keys and values.
    projections: [BlockLinear; 3],
    /// Weights and biases of the input gates and the forget gates.
    gates: [[Param; 2]; 2],
    norm: ResidualNorm,
    skip: Param,
    down: Linear,
    inner: usize,
    dropout: f32,
}

impl MLstm {
    /// Declares `proj_up`, `q_proj`, `k_proj`, `v_proj`, `conv1d.conv`, `mlstm_cell`, `learnable_skip` and `proj_down`.
    pub fn new(path: &Path<'_>, o: MLstmOptions) -> Self {
        let inner = up_projected(2.0, o.hidden);
        let small = small_deviation(o.hidden);
        let cell = path.sub("mlstm_cell");
        let gate = |name: &str| {
            let shape = [HEADS, inner.saturating_mul(3)];
            cell.sub(name).param("weight", shape, Init::Constant(0.0))
        };
        let (input, forget) = (cell.sub("igate"), cell.sub("fgate"));
        let steady = || (0..HEADS).map(|h| 3.0 + 3.0 * h as f32 / (HEADS - 1) as f32).collect();
        Self {
            up: Linear::normal(
                &path.sub("proj_up"),
                [o.hidden, inner.saturating_mul(2)],
                small,
                o.bias,
            ),
            projections: ["q_proj", "k_proj", "v_proj"]
                .map(|name| BlockLinear::new(&path.sub(name), inner, small, o.bias)),
            conv: ChannelConv::new(&path.sub("conv1d").sub("conv"), inner, KERNEL),
            gates: [
                [gate("igate"), input.param("bias", [HEADS], Init::Normal(0.1))],
                [gate("fgate"), forget.param_from("bias", [HEADS], steady)],
            ],
            norm: ResidualNorm::new(&cell.sub("outnorm"), inner, HEADS),
            skip: path.param("learnable_skip", [inner], Init::Constant(1.0)),
            down: Linear::normal(
                &path.sub("proj_down"),
                [inner, o.hidden],
                2.0 / o.blocks as f32 / (o.hidden as f32).sqrt(),
                o.bias,
            ),
            inner,
            dropout: o.dropout,
        }
    }

    /// Maps `[B, T, D]` to `[B, T, D]`. A step sees itself and earlier steps only.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let values = self.up.forward_outputs(x, 0, self.inner); // [B, T, I]
        let gate = self.up.forward_outputs(x, self.inner, self.inner);
        let recent = self.conv.forward(values).silu();
        let [q, k, v] = self.projections;
        let gates = self.gates(tape, recent, values); // [B, T, 2·H]
        let read = q.forward(recent).mlstm(k.forward(recent), v.forward(values), gates);
        let output = self.norm.forward(read).skip_gate(tape.param(self.skip), recent, gate);
        self.down.forward(output).dropout(self.dropout)
    }

    /// Pre-activations of the gates, which are linear maps of queries, keys and values. Those are linear maps too, so weights are
    /// multiplied first: queries and keys are both maps of `recent`, and gates are few.
    fn gates<'t>(&self, tape: &'t Tape, recent: Var<'t>, values: Var<'t>) -> Var<'t> {
        let both = |i: usize| Var::concat(&self.gates.map(|gate| tape.param(gate[i])), 0);
        let (weight, bias) = (both(0), both(1));
        let of = |i: usize| self.projections[i].then(weight.slice(1, i * self.inner, self.inner));
        let ([q, k, v], [of_q, of_k, of_v]) = {
            let parts = [0, 1, 2].map(of);
            (parts.map(|(weight, _)| weight), parts.map(|(_, bias)| bias))
        };
        let bias = [of_q, of_k, of_v].into_iter().flatten().fold(bias, |sum, b| sum + b);
        recent.linear(q + k, Some(bias)) + values.linear(v, None)
    }
}
