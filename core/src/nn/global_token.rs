//! An encoder of patches that sees other variables through one token: the patches of a series and its global token attend to
//! each other, then the global token alone attends to the tokens of all variables.
//!
//! Wang et al. 2024, <https://arxiv.org/abs/2402.19072>, section 3.2. Upstream: `models/timexer.py: EnEmbedding, Encoder,
//! EncoderLayer`.

use super::attention::AttentionLayer;
use super::data_embedding::positions;
use super::layer_norm::LayerNorm;
use super::params::{Init, Path};
use super::patch_embedding::{PatchEmbedding, Patches};
use super::transformer::{DecoderLayer, TransformerSizes};
use crate::tape::{Param, Var};

/// Embeds the patches of each series with their positions, and adds a learned token of the series behind them.
#[derive(Clone, Copy, Debug)]
pub struct GlobalTokenEmbedding {
    patches: PatchEmbedding,
    token: Param,
    positions: Param,
    count: usize,
    dropout: f32,
}

impl GlobalTokenEmbedding {
    /// Declares `value_embedding`, `glb_token` and `position_embedding.pe` for so many `series`.
    ///
    /// `hidden` must be even, and there may be at most [`MOST_STEPS`](super::MOST_STEPS) patches.
    pub fn new(
        path: &Path<'_>,
        patches: Patches,
        [series, hidden]: [usize; 2],
        dropout: f32,
    ) -> Self {
        Self {
            patches: PatchEmbedding::new(&path.sub("value_embedding"), patches, hidden, false),
            token: path.param("glb_token", [1, series, 1, hidden], Init::Normal(1.0)),
            positions: positions(path, hidden),
            count: patches.count,
            dropout,
        }
    }

    /// The tokens `[B·N, P + 1, D]` of series `[B, N, L]`; the last one is the global token.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, [windows, series, steps]) = (x.tape(), [x.dim(0), x.dim(1), x.dim(2)]);
        let patches = self.patches.forward(x.reshape([windows * series, steps]));
        let patches = patches + tape.fixed(self.positions).slice(1, 0, self.count);
        let hidden = patches.dim(2);
        let token = tape.param(self.token).reshape([1, series, hidden]).repeat(0, windows);
        let token = token.reshape([windows * series, 1, hidden]);
        Var::concat(&[patches, token], 1).dropout(self.dropout)
    }
}

/// A decoder's layer in which only the global token attends to other variables.
pub struct GlobalTokenLayer(DecoderLayer);

impl GlobalTokenLayer {
    /// Declares what [`DecoderLayer::new`] does.
    pub fn new(path: &Path<'_>, attentions: [AttentionLayer; 2], sizes: TransformerSizes) -> Self {
        Self(DecoderLayer::new(path, attentions, sizes))
    }

    /// Maps the tokens `[B·N, P + 1, D]` of the series to as many, given those of all variables, `[B, C, D]`.
    pub fn forward<'t>(&self, x: Var<'t>, variables: Var<'t>) -> Var<'t> {
        let DecoderLayer { attention, cross, feed_forward, norms: [first, second, third], dropout } =
            &self.0;
        let x = first.forward(x + attention.forward(x, x).dropout(*dropout));
        let [rows, tokens, hidden] = [x.dim(0), x.dim(1), x.dim(2)];
        let windows = variables.dim(0);
        let global = x.last(1, 1).reshape([windows, rows / windows.max(1), hidden]); // [B, N, D]
        let seen = cross.forward(global, variables).dropout(*dropout);
        let global = second.forward(global + seen).reshape([rows, 1, hidden]);
        let x = Var::concat(&[x.slice(1, 0, tokens - 1), global], 1);
        third.forward(x + feed_forward.forward(x))
    }
}

/// Layers, then a layer norm.
pub struct GlobalTokenEncoder {
    layers: Vec<GlobalTokenLayer>,
    norm: LayerNorm,
}

impl GlobalTokenEncoder {
    /// Declares `norm`; the layers lie at `path.sub("layers").sub(i)`.
    pub fn new(path: &Path<'_>, layers: Vec<GlobalTokenLayer>, hidden: usize) -> Self {
        Self { layers, norm: LayerNorm::new(&path.sub("norm"), hidden) }
    }

    /// Maps the tokens of the series, given those of all variables, which without layers are not asked for; see
    /// [`GlobalTokenLayer::forward`].
    pub fn forward<'t>(&self, x: Var<'t>, variables: impl FnOnce() -> Var<'t>) -> Var<'t> {
        let Some((first, rest)) = self.layers.split_first() else { return self.norm.forward(x) };
        let variables = variables();
        let x = first.forward(x, variables);
        self.norm.forward(rest.iter().fold(x, |x, layer| layer.forward(x, variables)))
    }
}
