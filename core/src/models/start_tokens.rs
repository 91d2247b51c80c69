//! The inputs of a decoder that forecasts all steps at once: the last known steps, the start tokens of the Informer paper,
//! then a placeholder for each step of the horizon.

use super::prelude::*;
use crate::nn::{DataEmbedding, MOST_STEPS};
use crate::tape::Edge;

/// How the windows of a model are read by such an encoder and decoder.
#[derive(Clone, Copy)]
pub(super) struct StartTokens {
    /// Steps of the target that the decoder sees.
    known: usize,
    dims: Dims,
}

impl StartTokens {
    /// `⌈L·multiplier⌉` known steps, for the option `decoderInputSizeMultiplier`. They must be fewer than those of the input.
    pub(super) fn new(dims: Dims, multiplier: f64) -> Result<Self> {
        let known = (dims.input as f64 * multiplier).ceil() as usize;
        if known >= dims.input {
            let expected = format!(
                "above 0 and so small that the decoder sees fewer steps than inputSize ({})",
                dims.input
            );
            return Err(Error::option("decoderInputSizeMultiplier", &expected, multiplier));
        }
        Ok(Self { known, dims })
    }

    /// The embeddings of the encoder's and the decoder's steps as `hidden` numbers: `enc_embedding` and `dec_embedding`.
    ///
    /// With `positions`, windows may have no more steps than upstream's table of them.
    pub(super) fn embeddings(
        self,
        p: &Path<'_>,
        hidden: usize,
        positions: bool,
        dropout: f32,
    ) -> Result<[DataEmbedding; 2]> {
        for (option, steps) in [("inputSize", self.dims.input), ("h", self.steps())] {
            if positions && steps > MOST_STEPS {
                let expected =
                    format!("small enough for {MOST_STEPS} steps of encoder and decoder");
                return Err(Error::option(option, &expected, format!("{steps} steps")));
            }
        }
        let sizes = [1, self.dims.futr];
        let embedding = |name| DataEmbedding::new(&p.sub(name), sizes, hidden, positions, dropout);
        Ok(["enc_embedding", "dec_embedding"].map(embedding))
    }

    /// Steps of the decoder: known ones and those of the horizon.
    pub(super) fn steps(self) -> usize {
        self.known + self.dims.h
    }

    /// The last known steps of `x` `[B, L]`, then `ahead` `[B, 1]` at each step of the horizon: `[B, M, 1]`.
    pub(super) fn followed_by<'t>(self, x: Var<'t>, ahead: Var<'t>) -> Var<'t> {
        let ahead = ahead.repeat(1, self.dims.h);
        Var::concat(&[x.last(1, self.known), ahead], 1).unsqueeze(2)
    }

    /// The last known steps of `x` `[B, L]`, then zeros: `[B, M, 1]`.
    pub(super) fn followed_by_zeros<'t>(self, x: Var<'t>) -> Var<'t> {
        x.last(1, self.known).pad(1, [0, self.dims.h], Edge::Zeros).unsqueeze(2)
    }

    /// The exogenous columns of the encoder's steps, `[B, L, F]`, and of the decoder's, `[B, M, F]`.
    pub(super) fn columns<'t>(self, batch: &Batch<'t>) -> [Option<Var<'t>>; 2] {
        let of = |cut: &dyn Fn(Var<'t>) -> Var<'t>| batch.futr_exog.map(cut);
        [of(&|f| f.slice(1, 0, self.dims.input)), of(&|f| f.last(1, self.steps()))]
    }
}

/// Whether sines and cosines can be shared out evenly.
pub(super) fn is_even(number: &usize) -> bool {
    number.is_multiple_of(2)
}
