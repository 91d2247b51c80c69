//! TCN: an encoder of causal convolutions whose dilation doubles from layer to layer.
//!
//! Bai et al. 2018, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling",
//! <https://arxiv.org/abs/1803.01271>. Upstream: `models/tcn.py`.

use super::prelude::*;

options! {
    /// Options of [`TCN`] in addition to the shared ones.
    pub struct Options {
        /// Has no effect, as in upstream: forecasts use `inputSize`.
        pub inference_input_size: Option<usize> = None; at least 1,
        /// Kernel size of each convolution.
        // With a kernel size of 1, upstream's trimming leaves an empty output.
        pub kernel_size: usize = 2; at least 2,
        /// Dilation of each convolution, one number per layer.
        pub dilations: Vec<usize> = vec![1, 2, 4, 8, 16]; fits look_back "a list of whole numbers ≥ 1",
        /// Channels of the encoder.
        pub encoder_hidden_size: usize = 128; at least 1,
        /// Activation after each convolution.
        pub encoder_activation: Activation = Activation::Relu,
        /// Has no effect, as in upstream; kept for checkpoints.
        pub context_size: usize = 10,
        /// Units of the decoder's hidden layers.
        pub decoder_hidden_size: usize = 128; at least 1,
        /// Layers of the decoder, including the output layer.
        pub decoder_layers: usize = 2; at least 1,
        /// Activation of the decoder's hidden layers.
        pub decoder_activation: Option<Activation> = None,
    }
}

/// The model.
pub struct TCN {
    encoder: TemporalConvolutionEncoder,
    context: Linear,
    decoder: Mlp,
    dims: Dims,
}

impl Model for TCN {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TCN",
        family: "convolution",
        paper: "https://arxiv.org/abs/1803.01271",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions {
            scaler_type: ScalerType::Robust,
            windows_batch_size: Some(128),
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let channels = 1 + dims.hist + dims.stat + dims.futr;
        let hidden = o.encoder_hidden_size;
        let encoder = TemporalConvolutionEncoder::new(
            &p.sub("hist_encoder"),
            [channels, hidden],
            o.kernel_size,
            &o.dilations,
            o.encoder_activation,
        );
        let context = Linear::new(&p.sub("context_adapter"), dims.input, dims.h);
        let sizes = [hidden + dims.futr, o.decoder_hidden_size, dims.outputs];
        let activation = o.decoder_activation.unwrap_or(Activation::Relu);
        let decoder = Mlp::new(&p.sub("mlp_decoder"), sizes, o.decoder_layers, activation);
        Ok(Self { encoder, context, decoder, dims })
    }

    /// Time is the first axis throughout, so that each kernel position of a convolution is one matrix product over all
    /// windows.
    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { input, h, .. } = self.dims;
        let rows = batch.size();
        let time_first = |x: Var<'t>| x.permute(&[1, 0, 2]);
        let y = batch.insample_y.transpose().reshape([input, rows, 1]);
        let stat = batch.stat_exog.map(|s| s.reshape([1, rows, s.dim(1)]).repeat(0, input));
        let hist = batch.hist_exog.map(time_first);
        let futr = batch.futr_exog.map(time_first);
        let past = futr.map(|f| f.slice(0, 0, input));
        let x = concat_present([Some(y), hist, stat, past], 2); // [L, B, 1 + X + S + F]

        let hidden = self.encoder.forward(x); // [L, B, C]
        let context = self.context.forward_first(hidden); // [h, B, C]
        let ahead = futr.map(|f| f.last(0, h));
        let output = self.decoder.forward(concat_present([Some(context), ahead], 2)); // [h, B, O]
        output.permute(&[1, 0, 2])
    }
}

/// Whether there is a layer, and every dilation is at least 1.
fn look_back(dilations: &[usize]) -> bool {
    !dilations.is_empty() && !dilations.contains(&0)
}
