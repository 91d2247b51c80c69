//! iTransformer: a transformer whose tokens are whole series, so that its attention mixes series instead of steps.
//!
//! Liu et al. 2024, "iTransformer: Inverted Transformers Are Effective for Time Series Forecasting",
//! <https://arxiv.org/abs/2310.06625>. Upstream: `models/itransformer.py`.

use super::heads::heads;
use super::prelude::*;
use crate::nn::InvertedEmbedding;

options! {
    /// Options of [`ITransformer`] in addition to the shared ones.
    pub struct Options {
        /// Numbers per token.
        pub hidden_size: usize = 512; at least 1,
        /// Heads of each attention.
        pub n_heads: usize = 8; at least 1,
        /// Layers of the encoder.
        pub e_layers: usize = 2,
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub d_ff: usize = 2048,
        /// Dropout of embeddings, attention weights and layers, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Whether windows are normalized and forecasts denormalized.
        pub use_norm: bool = true,
    }
}

/// The model; upstream's name is `iTransformer`.
pub struct ITransformer {
    norm: Option<RevIn>,
    embedding: InvertedEmbedding,
    /// Of the columns known in advance: a token for each column of each series.
    futr: Option<InvertedEmbedding>,
    encoder: Encoder,
    projector: Linear,
    dims: Dims,
}

impl Model for ITransformer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "iTransformer",
        family: "transformer",
        paper: "https://arxiv.org/abs/2310.06625",
        exogenous: Exogenous { futr: true, hist: false, stat: false, cat: false },
        multivariate: true,
        sharding: Sharding::Cached,
    };

    /// Upstream's model has no decoder, and its attention no factor.
    const IGNORED: &'static [&'static str] = &["d_layers", "factor"];

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, outputs, futr, .. } = dims;
        let (hidden, dropout) = (o.hidden_size, o.dropout as f32);
        let sizes = TransformerSizes::new(hidden, o.d_ff, o.dropout, TransformerActivation::Gelu);
        let heads = heads("nHeads", [hidden, o.n_heads])?;
        let embedding = |p: &Path<'_>, steps| InvertedEmbedding::new(p, [steps, hidden], dropout);
        let p_encoder = p.sub("encoder");
        let encoder = layers(o.e_layers, |i| {
            let p = p_encoder.sub("attn_layers").sub(i);
            let attention = FullAttention { causal: false, dropout };
            let attention = AttentionLayer::new(&p.sub("attention"), heads, attention);
            EncoderLayer::new(&p, attention, sizes)
        });
        Ok(Self {
            norm: o.use_norm.then(RevIn::plain),
            embedding: embedding(&p.sub("enc_embedding").sub("value_embedding"), input),
            futr: (futr > 0).then(|| embedding(&p.sub("futr_embedding"), input + h)),
            encoder: Encoder::new(&p_encoder, encoder, hidden),
            projector: Linear::new(&p.sub("projector"), hidden, h * outputs),
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { h, outputs, series, .. } = self.dims;
        let forecast = |y: Var<'t>| {
            let known = batch.futr_exog.zip(self.futr).map(|(x, embedding)| {
                let x = x.permute(&[0, 3, 1, 2]); // [B, N, F, L + h]
                embedding.forward(x.reshape([x.dim(0), series * x.dim(2), x.dim(3)]))
            });
            let target = self.embedding.forward(y.transpose());
            let tokens = concat_present([Some(target), known], 1); // [B, N·(1 + F), D]
            let encoded = self.encoder.forward_first(tokens, series); // [B, N, D]
            self.projector.forward(encoded).transpose() // [B, h·O, N]
        };
        let y = batch.insample_y; // [B, L, N]
        let forecast = match &self.norm {
            Some(norm) => norm.around(y, forecast),
            None => forecast(y),
        };
        forecast.reshape([batch.size(), h, outputs * series])
    }
}
