//! TimeMixer: a window is seen at several scales; seasons are mixed from fine to coarse scales, trends from coarse to fine ones,
//! and every scale forecasts.
//!
//! Wang et al. 2024, "TimeMixer: Decomposable Multiscale Mixing for Time Series Forecasting",
//! <https://arxiv.org/abs/2405.14616>. Upstream: `models/timemixer.py`.
//!
//! Hidden values have time first, `[T, R, D]`, for `R` sequences: windows, or with `channelIndependence` series of windows.

use super::dlinear::is_odd;
use super::prelude::*;
use super::start_tokens::is_even;
use crate::nn::{CalendarEmbedding, PastMixing, Scales};
use crate::rng::{Key, Stream};
use crate::tape::{Edge, Steps};

choices! {
    /// How a block splits a sequence into season and trend.
    pub enum Decomposition {
        /// The trend is a moving average.
        MovingAvg = "moving_avg",
        /// By Fourier transform. In upstream's form, the first sequence of a batch is all trend, and the others are all season.
        /// With `independentWindows`, the season is the strongest frequencies, as in the paper.
        DftDecomp = "dft_decomp",
    }
}

choices! {
    /// How the next coarser scale is made of a scale.
    pub enum DownSampling {
        /// Maxima of adjacent steps.
        Max = "max",
        /// Means of adjacent steps.
        Avg = "avg",
        /// A convolution over three steps and all series whose weights are drawn at random at every step, as in upstream. Forecasts
        /// always draw the same ones.
        Conv = "conv",
    }
}

options! {
    /// Options of [`TimeMixer`] in addition to the shared ones.
    pub struct Options {
        /// Numbers per step.
        pub d_model: usize = 32; at least 2; fits is_even "an even number",
        /// Hidden units of the maps of the numbers of a step.
        pub d_ff: usize = 32; at least 1,
        /// Dropout of the embedding, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
        /// Blocks that mix the scales.
        pub e_layers: usize = 4,
        /// Frequencies that are the season, for `decompMethod: "dft_decomp"` with `independentWindows`. Upstream's form only
        /// requires that it is at most `dModel / 2 + 1`.
        pub top_k: usize = 5; at least 1,
        /// How blocks split a sequence into season and trend.
        pub decomp_method: Decomposition = Decomposition::MovingAvg,
        /// Steps of the moving average that is the trend; must be odd.
        pub moving_avg: usize = 25; at least 1; fits is_odd "an odd number",
        /// With 1, each series is a sequence of its own; with 0, all series of a window are one.
        pub channel_independence: usize = 0; from 0 to 1,
        /// Scales beside that of the data.
        pub down_sampling_layers: usize = 1; from 1 to 31,
        /// Steps of a scale that become one step of the next; `inputSize` must be a multiple of the product over all scales.
        pub down_sampling_window: usize = 2; at least 1,
        /// How the next coarser scale is made of a scale.
        pub down_sampling_method: DownSampling = DownSampling::Avg,
        /// Whether windows are normalized and forecasts denormalized (RevIN), each scale with its own affine map.
        pub use_norm: bool = true,
        /// Whether the forecast of a window depends on that window only, with `decompMethod: "dft_decomp"` too. This is not in
        /// upstream, where the first window of a batch is treated differently: while training, and also in validation and in-sample
        /// forecasts, in batches of `inferenceWindowsBatchSize` windows.
        pub independent_windows: bool = false,
    }
}

/// What is specific to the way in which series become sequences.
enum Heads {
    /// All series of a window are one sequence. What is above each scale's trend is embedded; the trend itself goes to the
    /// forecast through two linear maps.
    Shared(Vec<[Linear; 2]>),
    /// Each series is a sequence.
    Independent,
}

/// A scale: its normalization, and its map from steps to the horizon.
struct Scale {
    norm: Option<RevIn>,
    predict: Linear,
}

/// The model.
pub struct TimeMixer {
    scales: Vec<Scale>,
    embedding: CalendarEmbedding,
    blocks: Vec<PastMixing>,
    projection: Linear,
    heads: Heads,
    outputs: Option<Linear>,
    split: Split,
    down_sampling: (DownSampling, usize),
    dims: Dims,
}

impl Model for TimeMixer {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TimeMixer",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2405.14616",
        exogenous: Exogenous::NONE,
        multivariate: true,
        sharding: Sharding::Cached,
    };

    /// It only concerns columns known in advance, which upstream's class refuses.
    const IGNORED: &'static [&'static str] = &["decoder_input_size_multiplier"];

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, outputs, series, .. } = dims;
        let steps = steps_of_scales(input, o)?;
        check_frequencies(o)?;
        let independent = o.channel_independence == 1;
        let numbered = |name: &str, i: usize| p.sub(name).sub(i);
        let scale = |i: usize| {
            let path = numbered("normalize_layers", i);
            let norm = if o.use_norm {
                Some(RevIn::new(&path, series))
            } else {
                RevIn::unused(&path, series);
                None
            };
            Scale { norm, predict: Linear::new(&numbered("predict_layers", i), steps[i], h) }
        };
        let of_trend = |i: usize| {
            [("out_res_layers", steps[i]), ("regression_layers", h)]
                .map(|(name, to)| Linear::new(&numbered(name, i), steps[i], to))
        };
        let channels = if independent { 1 } else { series };
        let sizes = [o.d_model, o.d_ff];
        let block = |i| PastMixing::new(&numbered("pdm_blocks", i), &steps, sizes, independent);
        let embedding = p.sub("enc_embedding");
        Ok(Self {
            scales: layers(steps.len(), scale),
            embedding: CalendarEmbedding::new(&embedding, [channels, o.d_model], o.dropout as f32),
            blocks: layers(o.e_layers, block),
            projection: Linear::new(&p.sub("projection_layer"), o.d_model, channels),
            heads: match independent {
                true => Heads::Independent,
                false => Heads::Shared(layers(steps.len(), of_trend)),
            },
            outputs: (outputs > 1)
                .then(|| Linear::new(&p.sub("distr_output"), series, series * outputs)),
            split: Split::new(o),
            down_sampling: (o.down_sampling_method, o.down_sampling_window),
            dims,
        })
    }

    /// The first sequence of a batch is treated differently.
    fn couples_windows(&self) -> bool {
        self.split.method == Decomposition::DftDecomp && !self.split.independent_windows
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { h, series, .. } = self.dims;
        let windows = batch.size();
        let mut statistics = None;
        let normalized = self.at_scales(batch.insample_y).map(|i, y| {
            let y = self.scales[i].norm.map_or(y, |norm| {
                let (y, by) = norm.normalize(y);
                statistics.get_or_insert((norm, by));
                y
            });
            y.permute(&[1, 0, 2]) // [T, B, N]
        });

        let mut forecast = None;
        let mut add = |part: Var<'t>| forecast = Some(forecast.map_or(part, |sum| sum + part));
        let embedded = normalized.map(|i, y| {
            let seen = match &self.heads {
                Heads::Shared(of_trend) => {
                    let [season, trend] = self.split.by_moving_average(y);
                    let [first, second] = &of_trend[i];
                    add(second.forward_first(first.forward_first(trend))); // [h, B, N]
                    season
                }
                Heads::Independent => y.reshape([y.dim(0), windows * series, 1]),
            };
            self.embedding.forward_time_first(seen) // [T, R, D]
        });
        let mixed = self
            .blocks
            .iter()
            .fold(embedded, |scales, block| block.forward(&scales, |x| self.split.of(x)));
        for (scale, x) in self.scales.iter().zip(mixed.values()) {
            let part = self.projection.forward(scale.predict.forward_first(*x));
            add(part.reshape([h, windows, series]));
        }
        let forecast = forecast.expect("a scale").permute(&[1, 0, 2]); // [B, h, N]
        let forecast = match statistics {
            Some((norm, by)) => norm.denormalize(forecast, by),
            None => forecast,
        };
        self.outputs.map_or(forecast, |outputs| outputs.forward(forecast)) // [B, h, N·O]
    }
}

impl TimeMixer {
    /// `[B, L, N]` at all scales.
    fn at_scales<'t>(&self, y: Var<'t>) -> Scales<'t> {
        let (method, window) = self.down_sampling;
        let steps = Steps { kernel: KERNEL, stride: window, dilation: 1, padding: [0, 0] };
        let kernel = (method == DownSampling::Conv).then(|| drawn_kernel(y, self.dims.series));
        let pooled = |y: Var<'t>, mode| y.transpose().pool(mode, window).transpose();
        Scales::new(y, self.scales.len(), |y| match (method, kernel) {
            (_, Some(kernel)) => y.pad(1, [1, 1], Edge::Circular).conv(1, kernel, None, steps),
            (DownSampling::Max, None) => pooled(y, PoolMode::Max),
            (DownSampling::Avg | DownSampling::Conv, None) => pooled(y, PoolMode::Avg),
        })
    }
}

/// Steps that a convolution between scales sees.
const KERNEL: usize = 3;

/// The weights `[N, N, 3]` of a convolution, as torch initializes them: upstream makes a new one in every forward pass.
fn drawn_kernel<'t>(y: Var<'t>, series: usize) -> Var<'t> {
    let tape = y.tape();
    let key = tape.drawn(Stream::Kernels, 0).unwrap_or(Key::new(0, Stream::Kernels, 0));
    let bound = 1.0 / ((series * KERNEL) as f32).sqrt();
    tape.input([series, series, KERNEL], |weights| {
        for (i, weight) in (0..).zip(weights) {
            *weight = bound * (2.0 * key.uniform(i) - 1.0);
        }
    })
}

/// The steps of each scale. Upstream's layers fit only if each is a multiple of the next.
fn steps_of_scales(input: usize, o: &Options) -> Result<Vec<usize>> {
    let (count, window) = (o.down_sampling_layers, o.down_sampling_window);
    let coarsest = u32::try_from(count).ok().and_then(|count| window.checked_pow(count));
    if coarsest.is_none_or(|steps| !input.is_multiple_of(steps)) {
        let expected = format!(
            "such that inputSize ({input}) is a multiple of it to the power of downSamplingLayers ({count})"
        );
        return Err(Error::option("downSamplingWindow", &expected, window));
    }
    Ok((0..=count).map(|i| input / window.pow(i as u32)).collect())
}

/// Upstream looks for the strongest of `dModel / 2 + 1` frequencies.
fn check_frequencies(o: &Options) -> Result<()> {
    let most = o.d_model / 2 + 1;
    let upstreams = o.decomp_method == Decomposition::DftDecomp && !o.independent_windows;
    if upstreams && o.top_k > most {
        let expected = format!("at most dModel / 2 + 1 ({most})");
        return Err(Error::option("topK", &expected, o.top_k));
    }
    Ok(())
}

/// Splits sequences into season and trend.
struct Split {
    method: Decomposition,
    window: usize,
    frequencies: usize,
    independent_windows: bool,
}

impl Split {
    fn new(o: &Options) -> Self {
        Self {
            method: o.decomp_method,
            window: o.moving_avg,
            frequencies: o.top_k,
            independent_windows: o.independent_windows,
        }
    }

    /// Season and trend of `[T, R, D]`.
    fn of<'t>(&self, x: Var<'t>) -> [Var<'t>; 2] {
        match (self.method, self.independent_windows) {
            (Decomposition::MovingAvg, _) => self.by_moving_average(x),
            (Decomposition::DftDecomp, true) => self.by_frequencies(x),
            (Decomposition::DftDecomp, false) => self.as_upstream_by_frequencies(x),
        }
    }

    fn by_moving_average<'t>(&self, x: Var<'t>) -> [Var<'t>; 2] {
        let [steps, rows, size] = [0, 1, 2].map(|axis| x.dim(axis));
        let trend = x.reshape([1, steps, rows * size]).moving_average_steps(self.window);
        let trend = trend.reshape([steps, rows, size]);
        [x - trend, trend]
    }

    /// The season is the strongest frequencies of each number over time, without the constant.
    fn by_frequencies<'t>(&self, x: Var<'t>) -> [Var<'t>; 2] {
        let spectrum = x.permute(&[1, 2, 0]).rfft(); // [R, D, F, 2]
        let season = spectrum.strongest_frequencies(self.frequencies).irfft(x.dim(0));
        let season = season.permute(&[2, 0, 1]);
        [season, x - season]
    }

    /// Upstream transforms over the `D` numbers of a step, sets all amplitudes of the first sequence of the batch to 0, and drops
    /// the frequencies whose amplitudes are at most the smallest of the strongest of all steps, which is then 0. So the season is
    /// nothing in the first sequence, and all in the others.
    fn as_upstream_by_frequencies<'t>(&self, x: Var<'t>) -> [Var<'t>; 2] {
        let (tape, rows) = (x.tape(), x.dim(1));
        let number = |shape: [usize; 3], number: f32| tape.input(shape, |to| to.fill(number));
        let first = number([1, 1, 1], if tape.begins_batch() { 0.0 } else { 1.0 });
        let share = match rows {
            1 => first,
            _ => Var::concat(&[first, number([1, rows - 1, 1], 1.0)], 1),
        };
        let season = x * share;
        [season, x - season]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Tape;

    #[test]
    fn the_season_of_independent_windows_is_their_strongest_frequency() {
        let split = Split {
            method: Decomposition::DftDecomp,
            window: 1,
            frequencies: 1,
            independent_windows: true,
        };
        // Two sequences of a number: a level, a strong wave and a weak one.
        let wave =
            |t: usize, turns: usize| (std::f32::consts::TAU * (turns * t) as f32 / 12.0).sin();
        let strong = |t: usize, row: usize| 3.0 * wave(t, 1 + row);
        let rest = |t: usize, row: usize| 7.0 - row as f32 + 0.5 * wave(t, 4);
        let numbers = |of: &dyn Fn(usize, usize) -> f32| -> Vec<f32> {
            (0..12).flat_map(|t| [0, 1].map(|row| of(t, row))).collect()
        };
        let tape = Tape::default();
        let both = numbers(&|t, row| strong(t, row) + rest(t, row));
        let [season, trend] = split.of(tape.constant([12, 2, 1], &both));
        for (part, expected) in [(season, numbers(&strong)), (trend, numbers(&rest))] {
            let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
            assert!(part.data().iter().zip(&expected).all(near), "{:?}", part.data());
        }
    }
}
