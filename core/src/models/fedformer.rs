//! FEDformer: a transformer that forecasts trend and season, with attention among a few frequencies.
//!
//! Zhou et al. 2022, "FEDformer: Frequency Enhanced Decomposed Transformer for Long-term Series Forecasting",
//! <https://arxiv.org/abs/2201.12740>. Upstream: `models/fedformer.py`.

use super::dlinear::is_odd;
use super::prelude::*;
use super::seasonal_one_pass::{Attending, SeasonalOnePass, seasonal_settings};
use super::start_tokens::StartTokens;
use crate::memory;
use crate::nn::{FourierBlock, FourierCrossAttention, Frequencies};
use crate::numpy_random::NumpyRandom;

choices! {
    /// Which basis the attention works in.
    pub enum Version {
        /// Sines and cosines; the only one that upstream has.
        Fourier = "Fourier",
    }
}

choices! {
    /// Which frequencies the attention sees.
    pub enum ModeSelect {
        /// Some of all, drawn as NumPy draws them from `randomSeed`.
        Random = "random",
        /// The lowest.
        Low = "low",
    }
}

options! {
    /// Options of [`FEDformer`] in addition to the shared ones.
    pub struct Options {
        /// Known steps that the decoder sees, as a share of `inputSize`; rounded up.
        pub decoder_input_size_multiplier: f64 = 0.5; positive,
        /// Basis of the attention.
        pub version: Version = Version::Fourier,
        /// Frequencies that the attention sees; at most half of the steps.
        pub modes: usize = 64; at least 1,
        /// How they are chosen.
        pub mode_select: ModeSelect = ModeSelect::Random,
        /// Numbers per step in the encoder and the decoder.
        pub hidden_size: usize = 128; at least 8,
        /// Dropout of embeddings and layers, from 0 to 1.
        pub dropout: f64 = 0.05; probability,
        /// Heads of each attention; there must be 8, as in upstream.
        pub n_head: usize = 8; at least 1; fits is_eight "8",
        /// Hidden units of the feed-forward blocks; with 0, four times `hiddenSize`.
        pub conv_hidden_size: usize = 32,
        /// Activation of the feed-forward blocks.
        pub activation: TransformerActivation = TransformerActivation::Gelu,
        /// Layers of the encoder.
        pub encoder_layers: usize = 2,
        /// Layers of the decoder.
        pub decoder_layers: usize = 1; at least 1,
        /// Length of the moving average that extracts the trend; must be odd.
        pub moving_avg_window: usize = 25; at least 1; fits is_odd "an odd number",
    }
}

fn is_eight(number: &usize) -> bool {
    *number == 8
}

/// The model.
pub struct FEDformer(SeasonalOnePass);

impl Model for FEDformer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "FEDformer",
        family: "transformer",
        paper: "https://arxiv.org/abs/2201.12740",
        exogenous: Exogenous { futr: true, hist: false, stat: false, cat: true },
        multivariate: false,
        sharding: Sharding::Recurrent,
    };

    const CAN_EXCLUDE_TARGET: bool = false;

    fn defaults() -> CommonOptions {
        CommonOptions { max_steps: 5000, learning_rate: 1e-4, ..CommonOptions::default() }
    }

    fn check(shared: &CommonOptions) -> Result<()> {
        // NumPy's limit, whose numbers choose the frequencies.
        match u32::try_from(shared.random_seed) {
            Ok(_) => Ok(()),
            Err(_) => {
                Err(Error::option("randomSeed", "a whole number below 2³²", shared.random_seed))
            }
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, .. } = dims;
        let decoded = StartTokens::new(dims, o.decoder_input_size_multiplier)?.steps();
        // As upstream, the decoder's frequencies are chosen as if it saw half of the input.
        let assumed = (input / 2).saturating_add(h);
        let mut random = NumpyRandom::new(dims.seed as u32);
        let mut choose = |steps: usize| chosen(o, steps, &mut random);
        let [encoder, decoder, queries, keys] = [input, assumed, assumed, input].map(&mut choose);
        let reached = decoder.iter().chain(&queries).max().map_or(0, |last| last + 1);
        if reached > decoded / 2 + 1 {
            let expected = format!(
                "large enough for {reached} frequencies of the decoder, whose {decoded} steps have {}",
                decoded / 2 + 1
            );
            let given = o.decoder_input_size_multiplier;
            return Err(Error::option("decoderInputSizeMultiplier", &expected, given));
        }
        let encoder = Frequencies::new(input, encoder);
        let decoder = Frequencies::new(decoded, decoder);
        let cross = [Frequencies::new(decoded, queries), Frequencies::new(input, keys)];

        // All layers of a kind share their weights.
        let mut blocks: [Option<FourierBlock>; 2] = [None, None];
        let mut crossing: Option<FourierCrossAttention> = None;
        let attention = |p: &Path<'_>, heads: [usize; 2], layer| {
            let (inner, [hidden, count]) = (p.sub("inner_correlation"), heads);
            let sizes = [count, hidden / count];
            let (block, frequencies) = match layer {
                Attending::Encoder => (&mut blocks[0], &encoder),
                Attending::Decoder => (&mut blocks[1], &decoder),
                Attending::Cross => {
                    let shared = shared(&mut crossing, &inner, FourierCrossAttention::tie, || {
                        let frequencies = [&cross[0], &cross[1]];
                        FourierCrossAttention::new(&inner, sizes, hidden, frequencies)
                    });
                    return AttentionLayer::new(p, heads, shared);
                }
            };
            let shared = shared(block, &inner, FourierBlock::tie, || {
                FourierBlock::new(&inner, sizes, hidden, frequencies)
            });
            AttentionLayer::new(p, heads, shared)
        };
        Ok(Self(SeasonalOnePass::new(p, dims, &seasonal_settings!(o), attention)?))
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.0.forward(batch)
    }
}

/// The mechanism of the first layer, or a new one. Upstream has its weights in every layer.
fn shared<M: Clone>(
    first: &mut Option<M>,
    path: &Path<'_>,
    tie: impl Fn(&M, &Path<'_>),
    new: impl FnOnce() -> M,
) -> M {
    if let Some(first) = first {
        tie(first, path);
        return first.clone();
    }
    first.insert(new()).clone()
}

/// The frequencies that attention sees of a sequence of so many steps, in ascending order. Upstream: `get_frequency_modes`.
fn chosen(o: &Options, steps: usize, random: &mut NumpyRandom) -> Vec<usize> {
    let modes = o.modes.min(steps / 2);
    let mut all = Vec::new();
    match o.mode_select {
        ModeSelect::Low => {
            memory::reserve(&mut all, modes);
            all.extend(0..modes);
        }
        ModeSelect::Random => {
            memory::reserve(&mut all, steps / 2);
            all.extend(0..steps / 2);
            random.shuffle(&mut all);
            all.truncate(modes);
            all.sort_unstable();
        }
    }
    all
}
