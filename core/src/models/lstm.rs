//! LSTM: an encoder that remembers, and a decoder; or, with `recurrent`, an encoder that forecasts step by step.
//!
//! Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"; Sak et al. 2014, <https://arxiv.org/abs/1402.1128>.
//! Upstream: `models/lstm.py`.

use super::prelude::*;

options! {
    /// Options of [`LSTM`], beside the shared ones.
    pub struct Options {
        /// Steps of input while forecasting with `recurrent`; `inputSize` when left out.
        pub inference_input_size: Option<usize> = None,
        /// Steps of horizon while training with `recurrent`.
        pub h_train: usize = 1,
        /// Layers of the encoder.
        pub encoder_n_layers: usize = 2,
        /// Units of the encoder.
        pub encoder_hidden_size: usize = 128,
        /// Whether the encoder has biases.
        pub encoder_bias: bool = true,
        /// Dropout between the layers of the encoder, from 0 to 1.
        pub encoder_dropout: f64 = 0.0,
        /// Units of the decoder's hidden layers.
        pub decoder_hidden_size: usize = 128,
        /// Layers of the decoder, the last one included.
        pub decoder_layers: usize = 2,
        /// Activation of the decoder's hidden layers.
        pub decoder_activation: Option<Activation> = None,
        /// Forecast one step at a time and feed it back, instead of all steps at once.
        pub recurrent: bool = false,
    }
}

/// All steps of the horizon at once.
struct Decoder {
    upsample: Option<Linear>,
    mlp: Mlp,
}

/// The model.
pub struct LSTM {
    encoder: Lstm,
    /// `None` when recurrent: then the encoder's projection is the forecast.
    decoder: Option<Decoder>,
    recurrence: Option<Recurrence>,
    dims: Dims,
}

impl Model for LSTM {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "LSTM",
        family: "recurrent",
        paper: "https://arxiv.org/abs/1402.1128",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
    };

    fn train() -> Train {
        Train { scaler_type: ScalerType::Robust, windows_batch_size: Some(128), ..Train::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let counts = [
            ("hTrain", o.h_train),
            ("encoderNLayers", o.encoder_n_layers),
            ("encoderHiddenSize", o.encoder_hidden_size),
            ("decoderLayers", o.decoder_layers),
            ("decoderHiddenSize", o.decoder_hidden_size),
            ("inferenceInputSize", o.inference_input_size.unwrap_or(1)),
        ];
        if let Some((name, n)) = counts.into_iter().find(|(_, n)| *n == 0) {
            return Err(Error::option(name, "a whole number ≥ 1", n));
        }
        if !(0.0..1.0).contains(&o.encoder_dropout) {
            return Err(Error::option(
                "encoderDropout",
                "a number from 0 to below 1",
                o.encoder_dropout,
            ));
        }
        if o.recurrent && o.encoder_hidden_size <= dims.outputs {
            let expected = "more than the outputs of the loss when recurrent";
            return Err(Error::option("encoderHiddenSize", expected, o.encoder_hidden_size));
        }
        if o.h_train > dims.h {
            return Err(Error::option("hTrain", &format!("at most h ({})", dims.h), o.h_train));
        }
        let encoder = LstmOptions {
            inputs: 1 + dims.hist + dims.stat + dims.futr,
            hidden: o.encoder_hidden_size,
            layers: o.encoder_n_layers,
            bias: o.encoder_bias,
            dropout: o.encoder_dropout as f32,
            projection: if o.recurrent { dims.outputs } else { 0 },
        };
        let encoder = Lstm::new(&p.sub("hist_encoder"), encoder);
        let decoder = (!o.recurrent).then(|| {
            let sizes = [o.encoder_hidden_size + dims.futr, o.decoder_hidden_size, dims.outputs];
            let activation = o.decoder_activation.unwrap_or(Activation::Relu);
            let mlp = Mlp::new(&p.sub("mlp_decoder"), sizes, o.decoder_layers, activation);
            let long = dims.h > dims.input;
            Decoder {
                mlp,
                upsample: long
                    .then(|| Linear::new(&p.sub("upsample_sequence"), dims.input, dims.h)),
            }
        });
        let recurrence = o.recurrent.then(|| Recurrence {
            h_train: o.h_train,
            inference_input_size: o.inference_input_size.unwrap_or(dims.input),
        });
        Ok(Self { encoder, decoder, recurrence, dims })
    }

    fn recurrence(&self) -> Option<Recurrence> {
        self.recurrence
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let [rows, steps] = [batch.size(), batch.insample_y.dim(1)];
        let y = batch.insample_y.reshape([rows, steps, 1]);
        let stat = batch.stat_exog.map(|s| s.reshape([rows, 1, s.dim(1)]).repeat(1, steps));
        let futr = batch.futr_exog.map(|f| f.slice(1, 0, steps));
        let input = concat_present([Some(y), batch.hist_exog, stat, futr], 2); // [B, L, 1 + X + S + F]

        let hidden = self.encoder.forward(input, batch.state); // [B, L, hidden], or [B, L, O] when recurrent
        let Some(decoder) = &self.decoder else { return hidden };
        let hidden = match &decoder.upsample {
            Some(upsample) => upsample.forward(hidden.transpose()).transpose(),
            None => hidden.last(1, self.dims.h),
        }; // [B, h, hidden]
        let futr = batch.futr_exog.map(|f| f.last(1, self.dims.h));
        decoder.mlp.forward(concat_present([Some(hidden), futr], 2)) // [B, h, O]
    }
}
