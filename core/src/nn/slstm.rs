//! An sLSTM layer: heads with exponential gates, whose cells are divided by what their gates let in; and the gated feed-forward
//! block that follows it.
//!
//! Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory", <https://arxiv.org/abs/2405.04517>, section 2.2 and figure 10. Upstream:
//! `blocks/slstm/{layer,cell}.py` and `components/feedforward.py` of the package `xlstm`.

use super::conv::ChannelConv;
use super::layer_norm::ResidualNorm;
use super::linear::Linear;
use super::params::{Init, Path};
use crate::tape::{Param, Var};

/// Heads of a layer.
pub(super) const HEADS: usize = 4;
/// Steps that a convolution sees.
pub(super) const KERNEL: usize = 4;
/// Widths of projections are multiples of this.
const MULTIPLE: f64 = 64.0;
/// The factor by which the feed-forward block is wider than its input.
const FEED_FORWARD: f64 = 1.3;

/// The width of a projection that is so many times as wide as its input.
pub(super) fn up_projected(factor: f64, hidden: usize) -> usize {
    ((factor * hidden as f64 / MULTIPLE).ceil() * MULTIPLE) as usize
}

/// The deviation of initial weights by Nguyen & Salazar 2019, <https://arxiv.org/abs/1910.05895>.
pub(super) fn small_deviation(hidden: usize) -> f32 {
    (2.0 / (5.0 * hidden as f32)).sqrt()
}

/// The sizes and options of a layer.
#[derive(Clone, Copy, Debug)]
pub struct SLstmOptions {
    /// Numbers per step, a multiple of the heads and at least two for each.
    pub hidden: usize,
    /// Blocks of the model, on which initial weights depend.
    pub blocks: usize,
    /// Which of these blocks it is in, from 0.
    pub block: usize,
    /// Dropout of the heads' outputs.
    pub dropout: f32,
}

impl SLstmOptions {
    /// The numbers that a layer must have: whether it can have `hidden`.
    pub fn fits(hidden: usize) -> bool {
        hidden.is_multiple_of(HEADS) && hidden > HEADS
    }
}

/// A layer.
#[derive(Clone, Copy, Debug)]
pub struct SLstm {
    conv: ChannelConv,
    /// Weights of the gates i, f, z and o.
    gates: [Param; 4],
    recurrent: Param,
    bias: Param,
    norm: ResidualNorm,
    dropout: f32,
}

impl SLstm {
    /// Declares `conv1d.conv`, `fgate`, `igate`, `zgate`, `ogate`, `slstm_cell` and `group_norm`. The weights of the cell are those of
    /// upstream's CUDA code.
    pub fn new(path: &Path<'_>, o: SLstmOptions) -> Self {
        let (width, cell) = (o.hidden / HEADS, path.sub("slstm_cell"));
        let small = Init::Normal(small_deviation(o.hidden));
        let gate = |name: &str| path.sub(name).param("weight", [HEADS, width, width], small);
        Self {
            conv: ChannelConv::new(&path.sub("conv1d").sub("conv"), o.hidden, KERNEL),
            // As upstream, the layer called `fgate` makes the input gate, and `igate` the forget gate.
            gates: ["fgate", "igate", "zgate", "ogate"].map(gate),
            recurrent: cell.param(
                "_recurrent_kernel_",
                [HEADS, width, width.saturating_mul(4)],
                Init::Constant(0.0),
            ),
            bias: cell.param_from("_bias_", [o.hidden.saturating_mul(4)], move || initial_bias(o)),
            norm: ResidualNorm::new(&path.sub("group_norm"), o.hidden, HEADS),
            dropout: o.dropout,
        }
    }

    /// Maps `[B, T, D]` to `[B, T, D]`. A step sees itself and earlier steps only.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let [i, f, z, o] = self.gates.map(|gate| tape.param(gate));
        let recent = self.conv.forward(x).silu();
        let gates = recent.linear_blocks(Var::concat(&[i, f], 1), None); // [B, T, H·2·d]
        let of_cell = x.linear_blocks(Var::concat(&[z, o], 1), None);
        let y = gates.slstm(of_cell, tape.param(self.recurrent), tape.param(self.bias));
        self.norm.forward(y.dropout(self.dropout))
    }
}

/// Zeros, except for forget gates, which forget more from number to number of a head, and later in later blocks.
fn initial_bias(o: SLstmOptions) -> Vec<f32> {
    let width = o.hidden / HEADS;
    let depth = o.block as f32 / (o.blocks.max(2) - 1) as f32;
    let forget = |i: usize| {
        let place = i as f32 / (width - 1) as f32;
        5.0 - 12.0 * place.powf(0.3 + 1.3 * depth)
    };
    let of_gate = |gate: usize, i: usize| if gate == 1 { forget(i) } else { 0.0 };
    (0..4 * o.hidden).map(|at| of_gate(at / width % 4, at % width)).collect()
}

/// A feed-forward block whose hidden layer is gated.
#[derive(Clone, Copy, Debug)]
pub struct GatedFeedForward {
    up: Linear,
    down: Linear,
    inner: usize,
}

impl GatedFeedForward {
    /// Declares `proj_up` and `proj_down`, for a model of so many blocks.
    pub fn new(path: &Path<'_>, hidden: usize, blocks: usize) -> Self {
        let inner = up_projected(FEED_FORWARD, hidden);
        let deviation = 2.0 / blocks as f32 / (hidden as f32).sqrt();
        let small = small_deviation(hidden);
        Self {
            up: Linear::normal(
                &path.sub("proj_up"),
                [hidden, inner.saturating_mul(2)],
                small,
                false,
            ),
            down: Linear::normal(&path.sub("proj_down"), [inner, hidden], deviation, false),
            inner,
        }
    }

    /// Applies it to the last axis of `x`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let gate = self.up.forward_outputs(x, 0, self.inner);
        let values = self.up.forward_outputs(x, self.inner, self.inner);
        self.down.forward(gate.gelu() * values)
    }
}
