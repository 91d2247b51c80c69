//! What RNN, GRU and LSTM have in common: a recurrent encoder with a decoder for all steps at once or, with `recurrent`,
//! an encoder that forecasts step by step.

use super::prelude::*;

/// Declares the options of such a model. `hidden` is the default size of the encoder; the model's own options follow it,
/// which is upstream's order.
macro_rules! encoder_decoder_options {
    ($(#[doc = $doc:expr])* hidden: $hidden:literal, own: { $($own:tt)* }) => {
        options! {
            $(#[doc = $doc])*
            pub struct Options {
                /// Lookback when forecasting with `recurrent`; `inputSize` when left out.
                pub inference_input_size: Option<usize> = None; at least 1,
                /// Steps of horizon while training with `recurrent`.
                pub h_train: usize = 1; at least 1,
                /// Layers of the encoder.
                pub encoder_n_layers: usize = 2; at least 1,
                /// Units of the encoder.
                pub encoder_hidden_size: usize = $hidden; at least 1,
                $($own)*
                /// Whether the encoder has bias terms.
                pub encoder_bias: bool = true,
                /// Dropout between the layers of the encoder, from 0 to 1.
                pub encoder_dropout: f64 = 0.0; probability,
                /// Units of the decoder's hidden layers.
                pub decoder_hidden_size: usize = 128; at least 1,
                /// Layers of the decoder, including the output layer.
                pub decoder_layers: usize = 2; at least 1,
                /// Activation of the decoder's hidden layers.
                pub decoder_activation: Option<Activation> = None,
                /// Whether to forecast one step at a time and feed it back, instead of all steps at once.
                pub recurrent: bool = false,
            }
        }

        impl Options {
            /// These options as [`EncoderDecoder`] takes them.
            fn with(&self, cell: Cell) -> $crate::models::encoder_decoder::Settings {
                $crate::models::encoder_decoder::Settings {
                    cell,
                    recurrent: self.recurrent,
                    h_train: self.h_train,
                    inference_input_size: self.inference_input_size,
                    encoder: [self.encoder_n_layers, self.encoder_hidden_size],
                    bias: self.encoder_bias,
                    dropout: self.encoder_dropout,
                    decoder: [self.decoder_layers, self.decoder_hidden_size],
                    activation: self.decoder_activation.unwrap_or(Activation::Relu),
                }
            }
        }
    };
}
pub(super) use encoder_decoder_options;

/// The options of all three models.
pub(super) struct Settings {
    pub(super) cell: Cell,
    pub(super) recurrent: bool,
    pub(super) h_train: usize,
    pub(super) inference_input_size: Option<usize>,
    /// Layers and units.
    pub(super) encoder: [usize; 2],
    pub(super) bias: bool,
    pub(super) dropout: f64,
    /// Layers and units.
    pub(super) decoder: [usize; 2],
    pub(super) activation: Activation,
}

/// Maps hidden states to the forecast.
enum Decoder {
    /// All steps of the horizon at once.
    Direct { upsample: Option<Linear>, mlp: Mlp },
    /// Each step separately.
    Stepwise(Linear),
    /// Each step separately, by the projection inside an LSTM.
    Projected,
}

/// Encoder and decoder.
pub(super) struct EncoderDecoder {
    encoder: Recurrent,
    decoder: Decoder,
    recurrence: Option<Recurrence>,
    dims: Dims,
}

impl EncoderDecoder {
    pub(super) fn new(p: &Path<'_>, dims: Dims, o: &Settings) -> Result<Self> {
        check(dims, o)?;
        let projected = o.recurrent && o.cell == Cell::Lstm;
        let ([layers, hidden], [decoder_layers, decoder_hidden]) = (o.encoder, o.decoder);
        let encoder = RecurrentOptions {
            cell: o.cell,
            inputs: 1 + dims.hist + dims.stat + dims.futr,
            hidden,
            layers,
            bias: o.bias,
            dropout: o.dropout as f32,
            projection: if projected { dims.outputs } else { 0 },
        };
        let encoder = Recurrent::new(&p.sub("hist_encoder"), encoder);
        let decoder = if projected {
            Decoder::Projected
        } else if o.recurrent {
            Decoder::Stepwise(Linear::new(&p.sub("proj"), hidden, dims.outputs))
        } else {
            let sizes = [hidden + dims.futr, decoder_hidden, dims.outputs];
            let mlp = Mlp::new(&p.sub("mlp_decoder"), sizes, decoder_layers, o.activation);
            let long = dims.h > dims.input;
            let upsample =
                long.then(|| Linear::new(&p.sub("upsample_sequence"), dims.input, dims.h));
            Decoder::Direct { upsample, mlp }
        };
        let recurrence = o.recurrent.then(|| Recurrence {
            h_train: o.h_train,
            inference_input_size: o.inference_input_size.unwrap_or(dims.input),
            trajectory_samples: 100, // the default of upstream's base class; no option sets it
        });
        Ok(Self { encoder, decoder, recurrence, dims })
    }

    /// The shared options with the defaults of these models.
    pub(super) fn defaults() -> CommonOptions {
        CommonOptions {
            scaler_type: ScalerType::Robust,
            windows_batch_size: Some(128),
            ..CommonOptions::default()
        }
    }

    pub(super) fn recurrence(&self) -> Option<Recurrence> {
        self.recurrence
    }

    pub(super) fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let hidden = self.encoder.forward(encoder_input(batch), batch.state); // [B, L, hidden], or [B, L, O]
        let (upsample, mlp) = match &self.decoder {
            Decoder::Direct { upsample, mlp } => (upsample, mlp),
            Decoder::Stepwise(proj) => return proj.forward(hidden), // [B, L, O]
            Decoder::Projected => return hidden,
        };
        let hidden = match upsample {
            Some(upsample) => upsample.forward(hidden.transpose()).transpose(),
            None => hidden.last(1, self.dims.h),
        }; // [B, h, hidden]
        let futr = batch.futr_exog.map(|f| f.last(1, self.dims.h));
        mlp.forward(concat_present([Some(hidden), futr], 2)) // [B, h, O]
    }
}

/// All inputs of each step of the lookback: `[B, L, 1 + X + S + F]`.
pub(super) fn encoder_input<'t>(batch: &Batch<'t>) -> Var<'t> {
    let [rows, steps] = [batch.size(), batch.insample_y.dim(1)];
    let y = batch.insample_y.reshape([rows, steps, 1]);
    let stat = batch.stat_exog.map(|s| s.reshape([rows, 1, s.dim(1)]).repeat(1, steps));
    let futr = batch.futr_exog.map(|f| f.slice(1, 0, steps));
    concat_present([Some(y), batch.hist_exog, stat, futr], 2)
}

/// Refuses options that contradict each other.
fn check(dims: Dims, o: &Settings) -> Result<()> {
    if o.recurrent && o.cell == Cell::Lstm && o.encoder[1] <= dims.outputs {
        let expected = "more than the outputs of the loss when recurrent";
        return Err(Error::option("encoderHiddenSize", expected, o.encoder[1]));
    }
    if o.h_train > dims.h {
        return Err(Error::option("hTrain", &format!("at most h ({})", dims.h), o.h_train));
    }
    Ok(())
}
