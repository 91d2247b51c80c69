//! TiDE: a dense encoder of the target and exogenous columns, a dense decoder, and a small temporal decoder per step.
//!
//! Das et al. 2023, "Long-term Forecasting with TiDE: Time-series Dense Encoder", <https://arxiv.org/abs/2304.08424>.
//! Upstream: `models/tide.py`.

use super::prelude::*;
use crate::nn::Init;

options! {
    /// Options of [`TiDE`] in addition to the shared ones.
    pub struct Options {
        /// Units of the encoder, the decoder and the exogenous projections.
        pub hidden_size: usize = 512; at least 1,
        /// Decoder outputs per step of the horizon.
        pub decoder_output_dim: usize = 32; at least 1,
        /// Units of the temporal decoder.
        pub temporal_decoder_dim: usize = 128; at least 1,
        /// Dropout of every residual block, from 0 to 1.
        pub dropout: f64 = 0.3; probability,
        /// Whether every residual block ends in layer normalisation. With a loss of one output, the last one normalises a
        /// single number and so outputs only its bias: the forecast is then linear in the target, as in upstream.
        pub layernorm: bool = true,
        /// Residual blocks of the encoder.
        pub num_encoder_layers: usize = 1; at least 1,
        /// Residual blocks of the decoder.
        pub num_decoder_layers: usize = 1; at least 1,
        /// Size that the exogenous columns of each step are projected to.
        pub temporal_width: usize = 4; at least 1,
    }
}

/// A perceptron with one hidden layer and a linear skip connection. Upstream: `MLPResidual`.
struct Residual {
    hidden: Linear,
    output: Linear,
    skip: Linear,
    norm: Option<LayerNorm>,
    dropout: f32,
}

impl Residual {
    fn new(p: &Path<'_>, [inputs, hidden, outputs]: [usize; 3], o: &Options) -> Self {
        Self {
            norm: o.layernorm.then(|| LayerNorm::new(&p.sub("norm"), outputs)),
            hidden: Linear::new(&p.sub("lin1"), inputs, hidden),
            output: Linear::new(&p.sub("lin2"), hidden, outputs),
            skip: Linear::new(&p.sub("skip"), inputs, outputs),
            dropout: o.dropout as f32,
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.output.forward(self.hidden.forward_relu(x)).dropout(self.dropout);
        let y = y + self.skip.forward(x);
        self.norm.map_or(y, |norm| norm.forward(y))
    }
}

/// Declares a projection of zero columns, which upstream creates but never uses.
fn unused(p: &Path<'_>, hidden: usize, outputs: usize, layernorm: bool) {
    let init = Init::Uniform(1.0 / (hidden as f32).sqrt());
    let (zero, one) = (Init::Constant(0.0), Init::Constant(1.0));
    if layernorm {
        p.untrained("norm.weight", [outputs], one);
        p.untrained("norm.bias", [outputs], zero);
    }
    p.untrained("lin1.weight", [hidden, 0], zero);
    p.untrained("lin1.bias", [hidden], zero);
    p.untrained("lin2.weight", [outputs, hidden], init);
    p.untrained("lin2.bias", [outputs], init);
    p.untrained("skip.weight", [outputs, 0], zero);
    p.untrained("skip.bias", [outputs], zero);
}

/// The model.
pub struct TiDE {
    hist: Option<Residual>,
    futr: Option<Residual>,
    encoder: Vec<Residual>,
    decoder: Vec<Residual>,
    temporal_decoder: Residual,
    skip: Linear,
    dims: Dims,
}

impl Model for TiDE {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TiDE",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2304.08424",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Cached,
    };

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let (hidden, width) = (o.hidden_size, o.temporal_width);
        let Dims { input, h, outputs, .. } = dims;
        let residual = |name: &str, sizes| Residual::new(&p.sub(name), sizes, o);

        let hist_at = "hist_exog_projection";
        let hist = (dims.hist > 0).then(|| residual(hist_at, [dims.hist, hidden, width]));
        if dims.hist == 0 && dims.futr > 0 {
            unused(&p.sub(hist_at), hidden, width, o.layernorm);
        }
        let futr =
            (dims.futr > 0).then(|| residual("futr_exog_projection", [dims.futr, hidden, width]));

        let of = |there: bool, numbers: usize| if there { numbers } else { 0 };
        let steps =
            input * (1 + of(hist.is_some(), width)) + (input + h) * of(futr.is_some(), width);
        let last = |i, layers| i + 1 == layers;
        let encoder = layers(o.num_encoder_layers, |i| {
            let inputs = if i == 0 { steps + dims.stat } else { hidden };
            residual(&format!("dense_encoder.{i}"), [inputs, hidden, hidden])
        });
        let decoder = layers(o.num_decoder_layers, |i| {
            let made = o.decoder_output_dim * h;
            let outputs = if last(i, o.num_decoder_layers) { made } else { hidden };
            residual(&format!("dense_decoder.{i}"), [hidden, hidden, outputs])
        });
        let per_step = o.decoder_output_dim + of(futr.is_some(), width);
        let temporal_decoder =
            residual("temporal_decoder", [per_step, o.temporal_decoder_dim, outputs]);
        let skip = Linear::new(&p.sub("global_skip"), input, h * outputs);
        Ok(Self { hist, futr, encoder, decoder, temporal_decoder, skip, dims })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let (rows, Dims { h, outputs, .. }) = (batch.size(), self.dims);
        let y = batch.insample_y; // [B, L]
        let project = |projection: &Option<Residual>, x: Option<Var<'t>>| {
            projection.as_ref().zip(x).map(|(projection, x)| projection.forward(x))
        };
        let hist = project(&self.hist, batch.hist_exog); // [B, L, width]
        let futr = project(&self.futr, batch.futr_exog); // [B, L + h, width]
        let flat = |x: Var<'t>| x.reshape([rows, x.dim(1) * x.dim(2)]);
        let x = concat_present([Some(y), hist.map(flat), futr.map(flat), batch.stat_exog], 1);

        let through = |x, block: &Residual| block.forward(x);
        let x = self.encoder.iter().fold(x, through); // [B, hidden]
        let x = self.decoder.iter().fold(x, through); // [B, h·D]
        let x = x.reshape([rows, h, x.dim(1) / h]); // [B, h, D]
        let x = concat_present([Some(x), futr.map(|f| f.last(1, h))], 2); // [B, h, D + width]
        let skip = self.skip.forward(y).reshape([rows, h, outputs]);
        self.temporal_decoder.forward(x) + skip // [B, h, O]
    }
}
