//! TimeXer: a transformer over the patches of a series that sees the other series and the exogenous columns through one global
//! token.
//!
//! Wang et al. 2024, "TimeXer: Empowering Transformers for Time Series Forecasting with Exogenous Variables",
//! <https://arxiv.org/abs/2402.19072>. Upstream: `models/timexer.py`.

use super::heads::heads;
use super::prelude::*;
use super::start_tokens::is_even;
use crate::nn::{
    FlattenHead, GlobalTokenEmbedding, GlobalTokenEncoder, GlobalTokenLayer, InvertedEmbedding,
    MOST_STEPS, Patches,
};

options! {
    /// Options of [`TimeXer`] in addition to the shared ones.
    pub struct Options {
        /// Steps of a patch; at most `inputSize`. Patches lie side by side from the first step on; steps that fill no patch
        /// are seen by the global token only.
        pub patch_len: usize = 16; at least 1,
        /// Numbers per token.
        pub hidden_size: usize = 512; at least 2; fits is_even "an even number",
        /// Heads of each attention.
        pub n_heads: usize = 8; at least 1,
        /// Layers of the encoder.
        pub e_layers: usize = 2,
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub d_ff: usize = 2048,
        /// Dropout of embeddings, attention weights, layers and the forecast, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Whether windows are normalized and forecasts denormalized.
        pub use_norm: bool = true,
    }
}

/// The model.
pub struct TimeXer {
    norm: Option<RevIn>,
    endogenous: GlobalTokenEmbedding,
    exogenous: InvertedEmbedding,
    encoder: GlobalTokenEncoder,
    head: FlattenHead,
    dims: Dims,
}

impl Model for TimeXer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TimeXer",
        family: "transformer",
        paper: "https://arxiv.org/abs/2402.19072",
        exogenous: Exogenous { futr: false, hist: true, stat: true, cat: true },
        multivariate: true,
        sharding: Sharding::Recurrent,
    };

    /// Its attention has no factor.
    const IGNORED: &'static [&'static str] = &["factor"];

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, outputs, series, .. } = dims;
        let (hidden, dropout) = (o.hidden_size, o.dropout as f32);
        let patches = Patches::adjacent(input, o.patch_len);
        check_patches(patches, input)?;
        let sizes = TransformerSizes::new(hidden, o.d_ff, o.dropout, TransformerActivation::Relu);
        let heads = heads("nHeads", [hidden, o.n_heads])?;
        let p_encoder = p.sub("encoder");
        let encoder = layers(o.e_layers, |i| {
            let p = p_encoder.sub("layers").sub(i);
            let attention = |name| {
                let attention = FullAttention { causal: false, dropout };
                AttentionLayer::new(&p.sub(name), heads, attention)
            };
            GlobalTokenLayer::new(&p, ["self_attention", "cross_attention"].map(attention), sizes)
        });
        let (endogenous, exogenous) =
            (p.sub("en_embedding"), p.sub("ex_embedding").sub("value_embedding"));
        let embed = if o.e_layers > 0 { InvertedEmbedding::new } else { InvertedEmbedding::unused };
        let tokens = [patches.count + 1, hidden];
        Ok(Self {
            norm: o.use_norm.then(RevIn::plain),
            endogenous: GlobalTokenEmbedding::new(&endogenous, patches, [series, hidden], dropout),
            exogenous: embed(&exogenous, [input, hidden], dropout),
            encoder: GlobalTokenEncoder::new(&p_encoder, encoder, hidden),
            head: FlattenHead::new(&p.sub("head"), tokens, h * outputs, dropout),
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { input, h, outputs, series, .. } = self.dims;
        let windows = batch.size();
        // The variables that a global token sees: all series, each historic column of each series, all static columns.
        let hist = batch.hist_exog.map(|x| {
            let x = x.transpose(); // [B, X, N, L]
            x.reshape([windows, x.dim(1) * series, input])
        });
        let stat = batch.stat_exog.map(|x| {
            let all = x.reshape([1, x.shape().size(), 1]);
            all.repeat(2, input).repeat(0, windows) // [B, N·S, L]
        });
        let forecast = |y: Var<'t>| {
            let y = y.transpose(); // [B, N, L]
            let variables = || self.exogenous.forward(concat_present([Some(y), hist, stat], 1)); // [B, C, D]
            let encoded = self.encoder.forward(self.endogenous.forward(y), variables);
            let forecast = self.head.forward(encoded); // [B·N, h·O]
            forecast.reshape([windows, series, h * outputs]).transpose()
        };
        let y = batch.insample_y; // [B, L, N]
        let forecast = match &self.norm {
            Some(norm) => norm.around(y, forecast),
            None => forecast(y),
        };
        forecast.reshape([windows, h, outputs * series])
    }
}

/// There must be a patch, and no more than upstream's table has positions.
fn check_patches(patches: Patches, input: usize) -> Result<()> {
    let expected = if patches.count == 0 {
        format!("at most inputSize ({input})")
    } else if patches.count > MOST_STEPS {
        format!("so large that inputSize ({input}) has at most {MOST_STEPS} patches")
    } else {
        return Ok(());
    };
    Err(Error::option("patchLen", &expected, patches.size))
}
