//! GRU: an encoder of gated units, and a decoder; or, with `recurrent`, an encoder that forecasts step by step.
//!
//! Cho et al. 2014, <https://arxiv.org/abs/1409.1259>; Chung et al. 2014, <https://arxiv.org/abs/1412.3555>.
//! Upstream: `models/gru.py`.

use super::encoder_decoder::{EncoderDecoder, Settings};
use super::prelude::*;

options! {
    /// Options of [`GRU`], beside the shared ones.
    pub struct Options {
        /// Steps of input while forecasting with `recurrent`; `inputSize` when left out.
        pub inference_input_size: Option<usize> = None,
        /// Steps of horizon while training with `recurrent`.
        pub h_train: usize = 1,
        /// Layers of the encoder.
        pub encoder_n_layers: usize = 2,
        /// Units of the encoder.
        pub encoder_hidden_size: usize = 200,
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

/// The model.
pub struct GRU(EncoderDecoder);

impl Model for GRU {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "GRU",
        family: "recurrent",
        paper: "https://arxiv.org/abs/1412.3555",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
    };

    fn defaults() -> CommonOptions {
        CommonOptions {
            scaler_type: ScalerType::Robust,
            windows_batch_size: Some(128),
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let settings = Settings {
            cell: Cell::Gru,
            inference_input_size: o.inference_input_size,
            h_train: o.h_train,
            encoder_n_layers: o.encoder_n_layers,
            encoder_hidden_size: o.encoder_hidden_size,
            encoder_bias: o.encoder_bias,
            encoder_dropout: o.encoder_dropout,
            decoder_hidden_size: o.decoder_hidden_size,
            decoder_layers: o.decoder_layers,
            decoder_activation: o.decoder_activation,
            recurrent: o.recurrent,
        };
        EncoderDecoder::new(p, dims, &settings).map(Self)
    }

    fn recurrence(&self) -> Option<Recurrence> {
        self.0.recurrence()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
