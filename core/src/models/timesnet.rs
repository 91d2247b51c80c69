//! TimesNet: a window is laid out as a grid for each of its strongest periods, and convolved along and across the periods.
//!
//! Wu et al. 2023, "TimesNet: Temporal 2D-Variation Modeling for General Time Series Analysis",
//! <https://arxiv.org/abs/2210.02186>. Upstream: `models/timesnet.py`.

use super::prelude::*;
use super::start_tokens::is_even;
use crate::nn::{Inception, MOST_STEPS};

options! {
    /// Options of [`TimesNet`] in addition to the shared ones.
    pub struct Options {
        /// Numbers per step; must be even.
        pub hidden_size: usize = 64; at least 2; fits is_even "an even number",
        /// Dropout of the embedding, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Channels between the two convolutions of a block.
        pub conv_hidden_size: usize = 64; at least 1,
        /// Periods of a window; at most `(inputSize + h) / 2`.
        pub top_k: usize = 5; at least 1,
        /// Kernels of an inception block: of 1, 3, 5, .. taps along and across the periods.
        pub num_kernels: usize = 6; from 1 to 32,
        /// Blocks.
        pub encoder_layers: usize = 2,
        /// Whether each window has its own periods, so that its forecast depends on that window only. This is not in upstream,
        /// where all windows of a batch have the periods that are strongest on average: while training, and also in validation and
        /// forecasts, in batches of `validBatchSize` series (in-sample: one series) and at most `inferenceWindowsBatchSize` windows.
        pub independent_windows: bool = false,
    }
}

/// A block: convolutions of the grid of each period, added with the softmax of the periods' amplitudes as weights.
struct TimesBlock {
    convolutions: [Inception; 2],
    periods: usize,
    independent: bool,
}

impl TimesBlock {
    /// Maps `[B, T, D]` to the same.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let steps = x.dim(1);
        let [amplitudes, frequencies] = x.strongest_periods(self.periods, !self.independent);
        let [first, second] = &self.convolutions;
        let hidden = first.forward(x, frequencies, steps).gelu(); // [k, B, P, C]
        let by_period = second.forward(hidden, frequencies, steps); // [k, B, P, D]
        by_period.period_mix(amplitudes.softmax(), frequencies, steps) + x
    }
}

/// The model.
///
/// *Differs from upstream:* the constant is never a period, nor more frequencies than there are; upstream divides by zero then.
pub struct TimesNet {
    embedding: DataEmbedding,
    /// From the steps of the input to those of input and horizon.
    predict: Linear,
    blocks: Vec<TimesBlock>,
    /// The same after every block; none without blocks.
    norm: Option<LayerNorm>,
    projection: Linear,
    independent: bool,
    dims: Dims,
}

impl Model for TimesNet {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TimesNet",
        family: "convolution",
        paper: "https://arxiv.org/abs/2210.02186",
        exogenous: Exogenous { futr: true, hist: false, stat: false, cat: true },
        multivariate: false,
        // All windows of a batch have the same periods.
        sharding: Sharding::Whole,
    };

    fn defaults() -> CommonOptions {
        CommonOptions {
            learning_rate: 1e-4,
            windows_batch_size: Some(64),
            inference_windows_batch_size: 256,
            scaler_type: ScalerType::Standard,
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, futr, outputs, .. } = dims;
        let (hidden, steps) = (o.hidden_size, input.saturating_add(h));
        if o.top_k > steps / 2 {
            let expected = format!("at most {}, half of inputSize + h ({steps})", steps / 2);
            return Err(Error::option("topK", &expected, o.top_k));
        }
        if input > MOST_STEPS {
            return Err(Error::option("inputSize", &format!("at most {MOST_STEPS}"), input));
        }
        let block = |i| {
            let p = p.sub("model").sub(i).sub("conv");
            let inner = o.conv_hidden_size;
            TimesBlock {
                convolutions: [
                    Inception::new(&p.sub(0), [hidden, inner], o.num_kernels),
                    Inception::new(&p.sub(2), [inner, hidden], o.num_kernels),
                ],
                periods: o.top_k,
                independent: o.independent_windows,
            }
        };
        let blocks = layers(o.encoder_layers, block);
        let (embedding, dropout) = (p.sub("enc_embedding"), o.dropout as f32);
        Ok(Self {
            blocks,
            embedding: DataEmbedding::new(&embedding, [1, futr], hidden, true, dropout),
            norm: match o.encoder_layers {
                0 => {
                    LayerNorm::unused(&p.sub("layer_norm"), hidden);
                    None
                }
                _ => Some(LayerNorm::new(&p.sub("layer_norm"), hidden)),
            },
            predict: Linear::new(&p.sub("predict_linear"), input, steps),
            projection: Linear::new(&p.sub("projection"), hidden, outputs),
            independent: o.independent_windows,
            dims,
        })
    }

    fn sharding(&self) -> Sharding {
        if self.independent { Sharding::Cached } else { Sharding::Whole }
    }

    fn couples_windows(&self) -> bool {
        !self.independent
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { input, h, .. } = self.dims;
        let columns = batch.futr_exog.map(|futr| futr.slice(1, 0, input));
        let embedded = self.embedding.forward(batch.insample_y.unsqueeze(2), columns); // [B, L, D]
        let extended = self.predict.forward(embedded.transpose()).transpose(); // [B, L + h, D]
        let normalized = |x| self.norm.map_or(x, |norm| norm.forward(x));
        let encoded = self.blocks.iter().fold(extended, |x, block| normalized(block.forward(x)));
        self.projection.forward(encoded.last(1, h)) // [B, h, O]
    }
}
