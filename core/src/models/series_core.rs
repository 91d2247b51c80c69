//! What SOFTS and SOFTSSharp have in common: each series is a token, and layers exchange what series have in common through
//! a core. They differ in the exchange.

use super::prelude::*;
use crate::nn::{InvertedEmbedding, Star, StarLayer};

/// Sizes and settings of such a model.
#[derive(Clone, Copy)]
pub(super) struct Settings {
    pub hidden_size: usize,
    pub d_core: usize,
    pub e_layers: usize,
    pub d_ff: usize,
    pub dropout: f64,
    pub use_norm: bool,
}

/// An encoder of whole series, and a linear map to the forecast of each.
pub(super) struct SeriesCore {
    norm: Option<RevIn>,
    embedding: InvertedEmbedding,
    layers: Vec<StarLayer>,
    projection: Linear,
    dims: Dims,
}

impl SeriesCore {
    /// Declares all parameters. `exchange` makes what it is given the exchange of a layer at this path.
    pub(super) fn new(
        p: &Path<'_>,
        dims: Dims,
        o: Settings,
        exchange: impl Fn(&Path<'_>, Star) -> Star,
    ) -> Self {
        let Dims { input, h, outputs, .. } = dims;
        let hidden = o.hidden_size;
        let sizes = TransformerSizes::new(hidden, o.d_ff, o.dropout, TransformerActivation::Gelu);
        let p_layers = p.sub("encoder").sub("attn_layers");
        let p_embedding = p.sub("enc_embedding").sub("value_embedding");
        Self {
            norm: o.use_norm.then(RevIn::plain),
            embedding: InvertedEmbedding::new(&p_embedding, [input, hidden], sizes.dropout),
            layers: layers(o.e_layers, |i| {
                let p = p_layers.sub(i);
                let p_star = p.sub("attention");
                let star = Star::new(&p_star, [hidden, o.d_core], i as u32);
                StarLayer::new(&p, exchange(&p_star, star), sizes)
            }),
            projection: Linear::new(&p.sub("projection"), hidden, h * outputs),
            dims,
        }
    }

    pub(super) fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { h, outputs, series, .. } = self.dims;
        let forecast = |y: Var<'t>| {
            let tokens = self.embedding.forward(y.transpose()); // [B, N, D]
            let encoded = self.layers.iter().fold(tokens, |x, layer| layer.forward(x));
            self.projection.forward(encoded).transpose() // [B, h·O, N]
        };
        let y = batch.insample_y; // [B, L, N]
        let forecast = match &self.norm {
            Some(norm) => norm.around(y, forecast),
            None => forecast(y),
        };
        forecast.reshape([batch.size(), h, outputs * series])
    }
}
