//! What RNN, GRU and LSTM have in common: a recurrent encoder and a decoder of all steps; or, when recurrent, an encoder
//! that forecasts step by step.

use super::prelude::*;

/// Options of the three, with the names of each other's.
pub(super) struct Settings {
    pub(super) cell: Cell,
    pub(super) inference_input_size: Option<usize>,
    pub(super) h_train: usize,
    pub(super) encoder_n_layers: usize,
    pub(super) encoder_hidden_size: usize,
    pub(super) encoder_bias: bool,
    pub(super) encoder_dropout: f64,
    pub(super) decoder_hidden_size: usize,
    pub(super) decoder_layers: usize,
    pub(super) decoder_activation: Option<Activation>,
    pub(super) recurrent: bool,
}

/// From hidden states to the forecast.
enum Decoder {
    /// All steps of the horizon at once.
    Direct { upsample: Option<Linear>, mlp: Mlp },
    /// Each step by itself.
    Stepwise(Linear),
    /// Each step by itself: the projection inside an LSTM.
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
        let encoder = RecurrentOptions {
            cell: o.cell,
            inputs: 1 + dims.hist + dims.stat + dims.futr,
            hidden: o.encoder_hidden_size,
            layers: o.encoder_n_layers,
            bias: o.encoder_bias,
            dropout: o.encoder_dropout as f32,
            projection: if projected { dims.outputs } else { 0 },
        };
        let encoder = Recurrent::new(&p.sub("hist_encoder"), encoder);
        let decoder = if projected {
            Decoder::Projected
        } else if o.recurrent {
            Decoder::Stepwise(Linear::new(&p.sub("proj"), o.encoder_hidden_size, dims.outputs))
        } else {
            let sizes = [o.encoder_hidden_size + dims.futr, o.decoder_hidden_size, dims.outputs];
            let activation = o.decoder_activation.unwrap_or(Activation::Relu);
            let mlp = Mlp::new(&p.sub("mlp_decoder"), sizes, o.decoder_layers, activation);
            let long = dims.h > dims.input;
            let upsample =
                long.then(|| Linear::new(&p.sub("upsample_sequence"), dims.input, dims.h));
            Decoder::Direct { upsample, mlp }
        };
        let recurrence = o.recurrent.then(|| Recurrence {
            h_train: o.h_train,
            inference_input_size: o.inference_input_size.unwrap_or(dims.input),
        });
        Ok(Self { encoder, decoder, recurrence, dims })
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

/// Everything known of each step of the input: `[B, L, 1 + X + S + F]`.
pub(super) fn encoder_input<'t>(batch: &Batch<'t>) -> Var<'t> {
    let [rows, steps] = [batch.size(), batch.insample_y.dim(1)];
    let y = batch.insample_y.reshape([rows, steps, 1]);
    let stat = batch.stat_exog.map(|s| s.reshape([rows, 1, s.dim(1)]).repeat(1, steps));
    let futr = batch.futr_exog.map(|f| f.slice(1, 0, steps));
    concat_present([Some(y), batch.hist_exog, stat, futr], 2)
}

fn check(dims: Dims, o: &Settings) -> Result<()> {
    at_least_one([
        ("hTrain", o.h_train),
        ("encoderNLayers", o.encoder_n_layers),
        ("encoderHiddenSize", o.encoder_hidden_size),
        ("decoderLayers", o.decoder_layers),
        ("decoderHiddenSize", o.decoder_hidden_size),
        ("inferenceInputSize", o.inference_input_size.unwrap_or(1)),
    ])?;
    probability("encoderDropout", o.encoder_dropout)?;
    if o.recurrent && o.cell == Cell::Lstm && o.encoder_hidden_size <= dims.outputs {
        let expected = "more than the outputs of the loss when recurrent";
        return Err(Error::option("encoderHiddenSize", expected, o.encoder_hidden_size));
    }
    if o.h_train > dims.h {
        return Err(Error::option("hTrain", &format!("at most h ({})", dims.h), o.h_train));
    }
    Ok(())
}

/// Refuses sizes of nothing.
pub(super) fn at_least_one<const N: usize>(counts: [(&str, usize); N]) -> Result<()> {
    match counts.into_iter().find(|(_, n)| *n == 0) {
        Some((name, n)) => Err(Error::option(name, "a whole number ≥ 1", n)),
        None => Ok(()),
    }
}

/// Refuses what is no probability of dropping.
pub(super) fn probability(name: &str, p: f64) -> Result<()> {
    match (0.0..1.0).contains(&p) {
        true => Ok(()),
        false => Err(Error::option(name, "a number from 0 to below 1", p)),
    }
}
