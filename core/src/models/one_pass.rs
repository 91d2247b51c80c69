//! What VanillaTransformer and Informer have in common: an encoder of the past, and a decoder that forecasts all steps in one
//! pass. They differ in the attention.

use super::heads::heads;
use super::prelude::*;
use super::start_tokens::StartTokens;
use crate::nn::Mechanism;

/// Sizes and settings of such a model.
pub(super) struct Settings {
    pub decoder_input_size_multiplier: f64,
    pub hidden_size: usize,
    pub dropout: f64,
    pub n_head: usize,
    pub conv_hidden_size: usize,
    pub activation: TransformerActivation,
    pub encoder_layers: usize,
    pub decoder_layers: usize,
    /// Whether distilling layers follow the layers of the encoder.
    pub distil: bool,
}

/// The options of a model that [`Settings`] consist of; what the others are is given.
macro_rules! settings {
    ($options:expr, distil: $distil:expr) => {
        $crate::models::one_pass::Settings {
            decoder_input_size_multiplier: $options.decoder_input_size_multiplier,
            hidden_size: $options.hidden_size,
            dropout: $options.dropout,
            n_head: $options.n_head,
            conv_hidden_size: $options.conv_hidden_size,
            activation: $options.activation,
            encoder_layers: $options.encoder_layers,
            decoder_layers: $options.decoder_layers,
            distil: $distil,
        }
    };
}
pub(super) use settings;

/// A transformer whose decoder sees the last known steps, and a placeholder for each step of the horizon.
pub(super) struct OnePass {
    start: StartTokens,
    embeddings: [DataEmbedding; 2],
    encoder: Encoder,
    decoder: Decoder,
    h: usize,
}

impl OnePass {
    /// Declares all parameters. `mechanism` gives the attention of a layer: whether it is the decoder's to itself, and its
    /// number, counted over encoder and decoder.
    pub(super) fn new<M: Mechanism + 'static>(
        p: &Path<'_>,
        dims: Dims,
        o: &Settings,
        mechanism: impl Fn(bool, u32) -> M,
    ) -> Result<Self> {
        let hidden = o.hidden_size;
        let sizes = TransformerSizes::new(hidden, o.conv_hidden_size, o.dropout, o.activation);
        let start = StartTokens::new(dims, o.decoder_input_size_multiplier)?;
        let heads = heads("nHead", [hidden, o.n_head])?;
        let embeddings = start.embeddings(p, hidden, true, sizes.dropout)?;
        let attention = |p: Path<'_>, to_itself, number: usize| {
            AttentionLayer::new(&p, heads, mechanism(to_itself, number as u32))
        };

        let p_encoder = p.sub("encoder");
        let encoder = layers(o.encoder_layers, |i| {
            let p = p_encoder.sub("attn_layers").sub(i);
            EncoderLayer::new(&p, attention(p.sub("attention"), false, i), sizes)
        });
        let encoder = Encoder::new(&p_encoder, encoder, hidden);
        let encoder = if o.distil { encoder.distilled(&p_encoder, hidden) } else { encoder };

        let p_decoder = p.sub("decoder");
        let decoder = layers(o.decoder_layers, |i| {
            let (p, number) = (p_decoder.sub("layers").sub(i), o.encoder_layers + 2 * i);
            let to_itself = attention(p.sub("self_attention"), true, number);
            let cross = attention(p.sub("cross_attention"), false, number + 1);
            DecoderLayer::new(&p, [to_itself, cross], sizes)
        });
        let decoder = Decoder::new(&p_decoder, decoder, [hidden, dims.outputs]);
        Ok(Self { start, embeddings, encoder, decoder, h: dims.h })
    }

    /// A distilled encoder has batch normalization.
    pub(super) fn sharding(&self) -> Sharding {
        if self.encoder.is_distilled() { Sharding::Whole } else { Sharding::Recurrent }
    }

    pub(super) fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let y = batch.insample_y; // [B, L]
        let [past, all] = self.start.columns(batch);
        let [encoding, decoding] = &self.embeddings;
        let encoded = self.encoder.forward(encoding.forward(y.unsqueeze(2), past)); // [B, S, D]
        let begun = self.start.followed_by_zeros(y); // [B, M, 1]
        self.decoder.forward(decoding.forward(begun, all), encoded, self.h) // [B, h, O]
    }
}
