//! GRU: an encoder of gated recurrent units with a decoder or, with `recurrent`, an encoder that forecasts step by step.
//!
//! Cho et al. 2014, <https://arxiv.org/abs/1409.1259>; Chung et al. 2014, <https://arxiv.org/abs/1412.3555>.
//! Upstream: `models/gru.py`.

use super::encoder_decoder::{EncoderDecoder, encoder_decoder_options};
use super::prelude::*;

encoder_decoder_options! {
    /// Options of [`GRU`] in addition to the shared ones.
    hidden: 200,
    own: {}
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
        sharding: Sharding::Recurrent,
    };
    const IGNORED: &'static [&'static str] = &["context_size", "encoder_activation"];

    fn defaults() -> CommonOptions {
        EncoderDecoder::defaults()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        EncoderDecoder::new(p, dims, &o.with(Cell::Gru)).map(Self)
    }

    fn recurrence(&self) -> Option<Recurrence> {
        self.0.recurrence()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}
