//! LSTM: an encoder with long short-term memory and a decoder or, with `recurrent`, an encoder that forecasts step by step.
//!
//! Hochreiter & Schmidhuber 1997, "Long Short-Term Memory"; Sak et al. 2014, <https://arxiv.org/abs/1402.1128>.
//! Upstream: `models/lstm.py`.

use super::encoder_decoder::{EncoderDecoder, encoder_decoder_options};
use super::prelude::*;

encoder_decoder_options! {
    /// Options of [`LSTM`] in addition to the shared ones.
    hidden: 128,
    own: {}
}

/// The model.
pub struct LSTM(EncoderDecoder);

impl Model for LSTM {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "LSTM",
        family: "recurrent",
        paper: "https://arxiv.org/abs/1402.1128",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Recurrent,
    };
    const IGNORED: &'static [&'static str] = &["context_size"];

    fn defaults() -> CommonOptions {
        EncoderDecoder::defaults()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        EncoderDecoder::new(p, dims, &o.with(Cell::Lstm)).map(Self)
    }

    fn recurrence(&self) -> Option<Recurrence> {
        self.0.recurrence()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
