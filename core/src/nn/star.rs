//! Star aggregation and dispatch: variables exchange what they have in common through one core, instead of each with each.
//!
//! Han et al. 2024, <https://arxiv.org/abs/2404.14197>, section 3.2. Upstream: `models/softs.py: STAD`,
//! `models/softssharp.py: STADSharp, PositionalEmbedding`.

use super::data_embedding::{MOST_STEPS, positions_table};
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::params::{Init, Path};
use super::transformer::{FeedForward, TransformerSizes};
use crate::rng::Stream;
use crate::tape::{Param, Var};

/// Positions of the variables, added at a random part of the training steps, and with that share of their size else.
#[derive(Clone, Copy, Debug)]
pub struct VariablePositions {
    table: Param,
    scale: Param,
    probability: f32,
}

impl VariablePositions {
    /// Declares `positional_embedding.position_embedding` and `pe_scale`. They are added at a step with this probability.
    ///
    /// `hidden` is even, and there are at most [`MOST_STEPS`] variables.
    pub fn new(path: &Path<'_>, hidden: usize, probability: f32) -> Self {
        let table = path.sub("positional_embedding").table(
            "position_embedding",
            [1, MOST_STEPS, hidden],
            move || positions_table(MOST_STEPS, hidden),
        );
        Self { table, scale: path.param("pe_scale", [], Init::Constant(1.0)), probability }
    }

    /// `[B, N, D]` with the positions of its variables; `layer` is the number of the layer.
    fn add_to<'t>(&self, x: Var<'t>, layer: u32) -> Var<'t> {
        let tape = x.tape();
        let share = match tape.drawn(Stream::Positions, layer) {
            Some(key) => f32::from(u8::from(key.uniform(0) < self.probability)),
            None => self.probability,
        };
        // Adding nothing at the other steps keeps the recording the same.
        let positions = tape.fixed(self.table).slice(1, 0, x.dim(1));
        x + (positions * tape.param(self.scale)).scale(share)
    }
}

/// The exchange of a layer: every variable proposes a core, the proposals are pooled, and the pooled core is mixed into every
/// variable.
///
/// While training, each number of the core is that of one variable, drawn by the softmax over the variables; else it is their
/// mean with these weights.
#[derive(Clone, Copy, Debug)]
pub struct Star {
    positions: Option<VariablePositions>,
    proposal: [Linear; 2],
    mixing: [Linear; 2],
    dropout: f32,
    layer: u32,
}

impl Star {
    /// Declares `gen1` to `gen4`, from `hidden` numbers of a variable over `core` numbers of the core. `layer` numbers the layers
    /// of a model.
    pub fn new(path: &Path<'_>, [hidden, core]: [usize; 2], layer: u32) -> Self {
        let linear = |name, from, to| Linear::new(&path.sub(name), from, to);
        Self {
            positions: None,
            proposal: [linear("gen1", hidden, hidden), linear("gen2", hidden, core)],
            mixing: [linear("gen3", hidden + core, hidden), linear("gen4", hidden, hidden)],
            dropout: 0.0,
            layer,
        }
    }

    /// Adds positions to the variables, and dropout in front of the maps but the first.
    #[must_use]
    pub fn sharp(self, positions: VariablePositions, dropout: f32) -> Self {
        Self { positions: Some(positions), dropout, ..self }
    }

    /// `[B, N, D]` to `[B, N, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.positions.map_or(x, |positions| positions.add_to(x, self.layer));
        let [hidden, core] = self.proposal;
        let proposals = core.forward(hidden.forward(x).gelu().dropout(self.dropout)); // [B, N, C]

        // The part of the core is the same for all variables of a window, unless it is dropped from each separately.
        let core = self.pooled(proposals).unsqueeze(1); // [B, 1, C]
        let core = match self.dropout > 0.0 && x.tape().is_training() {
            true => core.repeat(1, x.dim(1)).dropout(self.dropout),
            false => core,
        };
        let [fused, out] = self.mixing;
        out.forward(fused.forward_parts([Some(x), Some(core)]).gelu().dropout(self.dropout))
    }

    /// The core `[B, C]` of the proposals `[B, N, C]`.
    fn pooled<'t>(&self, proposals: Var<'t>) -> Var<'t> {
        if proposals.tape().is_training() {
            return proposals.stochastic_pool(self.layer);
        }
        let of_variables = proposals.transpose(); // [B, C, N]
        (of_variables.softmax() * of_variables).sum_axis(2)
    }
}

/// A layer of an encoder of variables: the exchange, then a feed-forward block, each with a residual connection and a layer
/// norm. Upstream: `common/_modules.py: TransEncoderLayer`.
#[derive(Clone, Copy, Debug)]
pub struct StarLayer {
    star: Star,
    feed_forward: FeedForward,
    norms: [LayerNorm; 2],
    dropout: f32,
}

impl StarLayer {
    /// Declares `conv1`, `conv2`, `norm1` and `norm2`; the exchange lies at `path.sub("attention")`.
    pub fn new(path: &Path<'_>, star: Star, sizes: TransformerSizes) -> Self {
        Self {
            star,
            feed_forward: FeedForward::new(path, sizes, true),
            norms: ["norm1", "norm2"].map(|name| LayerNorm::new(&path.sub(name), sizes.hidden)),
            dropout: sizes.dropout,
        }
    }

    /// `[B, N, D]` to `[B, N, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [first, second] = &self.norms;
        let x = first.forward(x + self.star.forward(x).dropout(self.dropout));
        second.forward(x + self.feed_forward.forward(x))
    }
}
