//! What Autoformer and FEDformer have in common: an encoder of what is above the trend of the past, and a decoder that
//! forecasts trend and season of all steps in one pass. They differ in the attention.

use super::heads::heads;
use super::prelude::*;
use super::start_tokens::StartTokens;
use crate::nn::{SeasonalDecoder, SeasonalDecoderLayer, SeasonalEncoder, SeasonalEncoderLayer};

/// Sizes and settings of such a model.
pub(super) struct SeasonalSettings {
    pub decoder_input_size_multiplier: f64,
    pub hidden_size: usize,
    pub dropout: f64,
    pub n_head: usize,
    pub conv_hidden_size: usize,
    pub activation: TransformerActivation,
    pub encoder_layers: usize,
    pub decoder_layers: usize,
    pub moving_avg_window: usize,
}

/// The options of a model that [`SeasonalSettings`] consist of.
macro_rules! seasonal_settings {
    ($options:expr) => {
        $crate::models::seasonal_one_pass::SeasonalSettings {
            decoder_input_size_multiplier: $options.decoder_input_size_multiplier,
            hidden_size: $options.hidden_size,
            dropout: $options.dropout,
            n_head: $options.n_head,
            conv_hidden_size: $options.conv_hidden_size,
            activation: $options.activation,
            encoder_layers: $options.encoder_layers,
            decoder_layers: $options.decoder_layers,
            moving_avg_window: $options.moving_avg_window,
        }
    };
}
pub(super) use seasonal_settings;

/// The attention layers of such a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attending {
    Encoder,
    Decoder,
    /// The decoder's, to the encoder's output.
    Cross,
}

/// A transformer that forecasts trend and season.
pub(super) struct SeasonalOnePass {
    start: StartTokens,
    embeddings: [DataEmbedding; 2],
    encoder: SeasonalEncoder,
    decoder: SeasonalDecoder,
    window: usize,
    h: usize,
}

impl SeasonalOnePass {
    /// Declares all parameters. `attention` makes an attention layer of this width and with as many heads at a path.
    pub(super) fn new(
        p: &Path<'_>,
        dims: Dims,
        o: &SeasonalSettings,
        mut attention: impl FnMut(&Path<'_>, [usize; 2], Attending) -> AttentionLayer,
    ) -> Result<Self> {
        let (hidden, window) = (o.hidden_size, o.moving_avg_window);
        let sizes = TransformerSizes::new(hidden, o.conv_hidden_size, o.dropout, o.activation);
        let start = StartTokens::new(dims, o.decoder_input_size_multiplier)?;
        let heads = heads("nHead", [hidden, o.n_head])?;
        let embeddings = start.embeddings(p, hidden, false, sizes.dropout)?;

        let p_encoder = p.sub("encoder");
        let encoder = layers(o.encoder_layers, |i| {
            let p = p_encoder.sub("attn_layers").sub(i);
            let attention = attention(&p.sub("attention"), heads, Attending::Encoder);
            SeasonalEncoderLayer::new(&p, attention, sizes, window)
        });
        let p_decoder = p.sub("decoder");
        let decoder = layers(o.decoder_layers, |i| {
            let p = p_decoder.sub("layers").sub(i);
            let to_itself = attention(&p.sub("self_attention"), heads, Attending::Decoder);
            let cross = attention(&p.sub("cross_attention"), heads, Attending::Cross);
            SeasonalDecoderLayer::new(&p, [to_itself, cross], sizes, dims.outputs, window)
        });
        Ok(Self {
            start,
            embeddings,
            encoder: SeasonalEncoder::new(&p_encoder, encoder, hidden),
            decoder: SeasonalDecoder::new(&p_decoder, decoder, [hidden, dims.outputs]),
            window,
            h: dims.h,
        })
    }

    pub(super) fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let y = batch.insample_y; // [B, L]
        let trend = y.moving_average(self.window); // [B, L]
        let begun = self.start.followed_by(trend, y.mean_axis(1).unsqueeze(1)); // [B, M, 1]
        let season = self.start.followed_by_zeros(y - trend); // [B, M, 1]
        let [past, all] = self.start.columns(batch);
        let [encoding, decoding] = &self.embeddings;
        let encoded = self.encoder.forward(encoding.forward(y.unsqueeze(2), past)); // [B, L, D]
        self.decoder.forward(decoding.forward(season, all), encoded, begun, self.h) // [B, h, O]
    }
}
