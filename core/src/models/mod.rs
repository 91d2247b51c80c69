//! Models: one file each, registered by one line below.
//!
//! A model is specified by its options: the shared ones and its own. [`Model::common`] returns the shared ones with the
//! model's defaults; its own options have defaults too.
//!
//! ```
//! use neuro_divergent::NeuralForecast;
//! use neuro_divergent::data::Frequency;
//! use neuro_divergent::models::{CommonOptions, LSTM, Model, NHITS, nhits};
//! use neuro_divergent::scalers::ScalerType;
//!
//! let nhits = NHITS::spec(
//!     CommonOptions { scaler_type: ScalerType::Robust, max_steps: 300, ..NHITS::common(12, 24) },
//!     nhits::Options { mlp_units: vec![vec![64, 64]; 3], ..Default::default() },
//! );
//! let lstm = LSTM::spec(LSTM::common(12, 24), Default::default());
//! let forecaster = NeuralForecast::new(vec![nhits, lstm], Some(Frequency::parse("MS")?))?;
//! assert_eq!(forecaster.names(), ["NHITS", "LSTM"]);
//! # Ok::<(), neuro_divergent::Error>(())
//! ```

pub mod autoformer;
mod batch;
pub mod bitcn;
mod categories;
mod common_options;
pub mod deepar;
pub mod deepnpts;
mod description;
pub mod dilated_rnn;
pub mod dlinear;
mod encoder_decoder;
mod entry;
mod exogenous;
pub mod fedformer;
pub mod gru;
mod heads;
pub mod hint;
pub mod informer;
mod instance;
pub mod itransformer;
pub mod kan;
pub mod lstm;
pub mod mlp;
pub mod mlpmultivariate;
pub mod nbeats;
pub mod nbeatsx;
mod network;
pub mod nhits;
pub mod nlinear;
mod one_pass;
pub mod patchtst;
mod precision;
pub(crate) mod prelude;
pub mod rlinear;
pub mod rmok;
pub mod rnn;
mod seasonal_one_pass;
mod series_core;
pub(crate) mod shown;
pub mod softs;
pub mod softssharp;
mod stacks;
mod start_tokens;
pub mod stemgnn;
pub mod tcn;
pub mod tft;
pub mod tide;
#[cfg(feature = "llm")]
pub mod timellm;
pub mod timemixer;
pub mod timesnet;
pub mod timexer;
pub mod tsmixer;
pub mod tsmixerx;
pub mod vanillatransformer;
mod wrapping;
pub mod xlinear;
pub mod xlstm;

pub use batch::Batch;
pub use categories::{Cardinalities, CatEmbDim};
pub use common_options::{Availability, ClipAlgorithm, CommonOptions, ValMonitor};
pub(crate) use description::default_options;
pub use description::{describe, describe_wrappers};
pub(crate) use entry::Entry;
use entry::entry;
pub(crate) use exogenous::InputStream;
use exogenous::Streams;
pub use hint::HINT;
pub(crate) use hint::Hint;
pub use instance::{Instance, ModelSpec};
pub(crate) use network::Network;
pub use precision::Precision;
pub use stacks::Part;

use serde_json::{Value, json};

use crate::nn::{BasisDims, Path};
use crate::options::Options;
use crate::tape::Var;
use crate::{Error, ErrorCode, Result, nearest};

/// The kinds of exogenous columns that a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exogenous {
    /// Known in advance.
    pub futr: bool,
    /// Known up to the forecast origin.
    pub hist: bool,
    /// Static.
    pub stat: bool,
    /// Whether they may be categorical.
    pub cat: bool,
}

impl Exogenous {
    /// None at all.
    pub const NONE: Self = Self { futr: false, hist: false, stat: false, cat: false };

    /// The option for each kind, and whether the model takes it.
    pub fn options(self) -> [(&'static str, bool); 4] {
        [
            ("futrExogList", self.futr),
            ("histExogList", self.hist),
            ("statExogList", self.stat),
            ("catExogList", self.cat),
        ]
    }
}

/// The properties of a model class.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Upstream's class name.
    pub name: &'static str,
    /// Family, for the table of models.
    pub family: &'static str,
    /// Link to the paper.
    pub paper: &'static str,
    /// The exogenous inputs it takes.
    pub exogenous: Exogenous,
    /// Whether it sees all series at once and has weights for each of them; otherwise one series at a time.
    pub multivariate: bool,
    /// How its training steps are sharded.
    pub sharding: Sharding,
}

/// How a training step is cut into shards; one thread takes a shard through the whole model. The size of a shard follows
/// from how much memory a window needs until the backward pass; `train/shards.rs` has the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharding {
    /// Activations of each layer. Shards are small enough for a core's cache.
    Cached,
    /// Activations of each time step, as in recurrent layers. Shards are smaller.
    Recurrent,
    /// Activations of many layers at each time step, as in attention: they outweigh the gradients of any number of
    /// parameters. Shards are small however many parameters there are.
    Sequence,
    /// Hardly more than the window itself, as in linear models. Shards are larger.
    Linear,
    /// No sharding: during training, a window's forecast depends on the other windows of its batch, as with batch
    /// normalisation.
    Whole,
}

/// Sizes a model is built for.
#[derive(Clone, Copy, Debug)]
pub struct Dims {
    /// `L`: steps of input.
    pub input: usize,
    /// `h`: steps of forecast.
    pub h: usize,
    /// `O`: outputs per step, set by the loss.
    pub outputs: usize,
    /// `F`: channels of columns known in advance, including embeddings.
    pub futr: usize,
    /// `X`: channels of columns known up to the forecast origin.
    pub hist: usize,
    /// `S`: channels of static columns.
    pub stat: usize,
    /// `N`: series per window of a multivariate model; 1 for others.
    pub series: usize,
    /// The option `randomSeed`, for what is drawn when a model is built.
    pub seed: u64,
}

impl Dims {
    /// The number of inputs of a window, including its exogenous columns.
    pub(crate) fn flattened(self) -> usize {
        self.input * (1 + self.hist) + (self.input + self.h) * self.futr + self.stat
    }

    /// Sizes for a block's basis.
    pub(crate) fn of_basis(self) -> BasisDims {
        BasisDims { input: self.input, h: self.h, outputs: self.outputs }
    }
}

/// Settings of a model that forecasts one step at a time and feeds it back.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// Horizon during training.
    pub h_train: usize,
    /// Lookback when forecasting.
    pub inference_input_size: usize,
    /// Samples per forecast step, for a loss that samples.
    pub trajectory_samples: usize,
}

/// A model: the counterpart of an upstream class, in one file.
pub trait Model: Send + Sync + Sized + 'static {
    /// Options in addition to the shared ones.
    type Options: Options;
    /// Name and abilities.
    const SPEC: Spec;

    /// Hyperparameters that upstream's class accepts and ignores. Values in a checkpoint are kept and written back.
    const IGNORED: &'static [&'static str] = &[];

    /// Whether it can work without the target's history (`excludeInsampleY`), given some other input.
    const CAN_EXCLUDE_TARGET: bool = true;

    /// Whether it shows the weights of its variables and steps: all values named in [`shown`].
    const INTERPRETABLE: bool = false;

    /// The parts of which its forecast is the sum, after the last value of the input; none if it is no sum.
    fn parts(&self) -> Vec<Part> {
        Vec::new()
    }

    /// The shared options with this model's defaults.
    fn defaults() -> CommonOptions {
        CommonOptions::default()
    }

    /// The shared options for horizon `h` and lookback `input_size`, with this model's defaults.
    fn common(h: usize, input_size: usize) -> CommonOptions {
        CommonOptions { h, input_size, ..Self::defaults() }
    }

    /// This model with these options, for [`NeuralForecast::new`](crate::NeuralForecast::new), which checks them.
    ///
    /// Start the shared ones from [`Model::common`]: the defaults of other models may differ.
    fn spec(common: CommonOptions, own: Self::Options) -> ModelSpec {
        let mut usual = Self::defaults().to_json();
        usual.extend(Self::Options::default().to_json());
        let given = common.to_json().into_iter().chain(own.to_json());
        let options = given.filter(|(name, value)| usual.get(name) != Some(value)).collect();
        ModelSpec { model: Self::SPEC.name.into(), options }
    }

    /// Refuses values of shared options that this model cannot use.
    fn check(_shared: &CommonOptions) -> Result<()> {
        Ok(())
    }

    /// Declares the parameters. Each option has passed its own rules ([`Options::check`]); combinations are checked here.
    fn new(path: &Path<'_>, dims: Dims, options: &Self::Options) -> Result<Self>;

    /// Set for models that forecast step by step.
    fn recurrence(&self) -> Option<Recurrence> {
        None
    }

    /// How its training steps are sharded, where that depends on options.
    fn sharding(&self) -> Sharding {
        Self::SPEC.sharding
    }

    /// Whether what the model makes of a window depends on the other windows of its batch, also outside training. Validation and
    /// forecasts are then cut into upstream's batches (`infer/shards.rs`).
    fn couples_windows(&self) -> bool {
        false
    }

    /// Options that are fixed once the model is made, with their values: all later instances of it, and those of its checkpoints,
    /// have them.
    fn pinned(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Bytes that it holds besides its tapes and parameters while it computes `at_once` of `all` windows.
    fn bytes_besides(&self, _at_once: usize, _all: usize) -> usize {
        0
    }

    /// Forecast of each window on the scale of the input: `[B, h, O]`, or `[B, h, N·O]` for a multivariate model.
    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t>;
}

/// Concatenates the parts that are present along `axis`.
pub(crate) fn concat_present<'t, const N: usize>(
    parts: [Option<Var<'t>>; N],
    axis: usize,
) -> Var<'t> {
    let Some(first) = parts.iter().flatten().next() else { unreachable!("a model has an input") };
    let mut present = [*first; N];
    let mut count = 0;
    for part in parts.into_iter().flatten() {
        present[count] = part;
        count += 1;
    }
    if count == 1 { *first } else { Var::concat(&present[..count], axis) }
}

macro_rules! registry {
    ($($(#[$only:meta])? $module:ident::$model:ident),* $(,)?) => {
        $($(#[$only])? pub use $module::$model;)*

        /// All models.
        pub(crate) fn registry() -> Vec<Entry> {
            vec![$($(#[$only])? entry::<$module::$model>()),*]
        }
    };
}

registry! {
    autoformer::Autoformer,
    bitcn::BiTCN,
    deepar::DeepAR,
    deepnpts::DeepNPTS,
    dilated_rnn::DilatedRNN,
    dlinear::DLinear,
    fedformer::FEDformer,
    gru::GRU,
    informer::Informer,
    itransformer::ITransformer,
    kan::KAN,
    lstm::LSTM,
    mlp::MLP,
    mlpmultivariate::MLPMultivariate,
    nbeats::NBEATS,
    nbeatsx::NBEATSx,
    nhits::NHITS,
    nlinear::NLinear,
    patchtst::PatchTST,
    rlinear::RLinear,
    rmok::RMoK,
    rnn::RNN,
    softs::SOFTS,
    softssharp::SOFTSSharp,
    stemgnn::StemGNN,
    tcn::TCN,
    tft::TFT,
    tide::TiDE,
    #[cfg(feature = "llm")]
    timellm::TimeLLM,
    timemixer::TimeMixer,
    timesnet::TimesNet,
    timexer::TimeXer,
    tsmixer::TSMixer,
    tsmixerx::TSMixerx,
    vanillatransformer::VanillaTransformer,
    xlinear::XLinear,
    xlstm::XLSTM,
}

/// The registered model of this name.
pub(crate) fn find(name: &str) -> Result<Entry> {
    let all = registry();
    let names: Vec<&str> = all.iter().map(|e| e.spec.name).chain([hint::NAME]).collect();
    let hint = nearest(name, names.iter().copied())
        .map_or(String::new(), |n| format!("did you mean \"{n}\"? "));
    let error = Error::new(
        ErrorCode::Unsupported,
        format!("there is no model \"{name}\"; {hint}models: {}", names.join(", ")),
    )
    .with(|d| {
        d.model = Some(name.into());
        d.expected = Some(json!(names));
    });
    all.into_iter().find(|e| e.spec.name == name).ok_or(error)
}

/// The names of all registered models.
pub fn model_names() -> Vec<&'static str> {
    registry().into_iter().map(|e| e.spec.name).collect()
}

#[cfg(test)]
#[path = "../../../tools/skeleton/model.rs"]
pub mod skeleton;

#[cfg(test)]
mod tests;
