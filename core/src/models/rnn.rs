//! RNN: an Elman encoder with a decoder or, with `recurrent`, an encoder that forecasts step by step.
//!
//! Elman 1990, "Finding Structure in Time", <https://doi.org/10.1207/s15516709cog1402_1>.
//! Upstream: `models/rnn.py`.

use super::encoder_decoder::{EncoderDecoder, encoder_decoder_options};
use super::prelude::*;

choices! {
    /// Activation of the encoder. Upstream also accepts `relu` but computes tanh, so a real ReLU could not be saved for it.
    pub enum EncoderActivation {
        /// Hyperbolic tangent.
        Tanh = "tanh",
    }
}

encoder_decoder_options! {
    /// Options of [`RNN`] in addition to the shared ones.
    hidden: 128,
    own: {
        /// Activation of the encoder.
        pub encoder_activation: EncoderActivation = EncoderActivation::Tanh,
    }
}

/// The model.
pub struct RNN(EncoderDecoder);

impl Model for RNN {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "RNN",
        family: "recurrent",
        paper: "https://doi.org/10.1207/s15516709cog1402_1",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Recurrent,
    };
    const IGNORED: &'static [&'static str] = &["context_size", "encoder_activation"];

    fn defaults() -> CommonOptions {
        EncoderDecoder::defaults()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        EncoderDecoder::new(p, dims, &o.with(Cell::Rnn)).map(Self)
    }

    fn recurrence(&self) -> Option<Recurrence> {
        self.0.recurrence()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
