//! Options that all models share. Upstream: `common/_base_model.py: BaseModel.__init__`.

use serde_json::{Value, json};

use super::categories::{Cardinalities, CatEmbDim};
use super::precision::Precision;
use crate::objective::{LossSpec, Losses, Objective};
use crate::optim::{LrScheduler, Optimizer, Schedule};
use crate::options::{OptionValue, Options, choices, options};
use crate::scalers::ScalerType;
use crate::{Error, ErrorCode, Result};

/// The shares of a window's input and horizon that must be available for training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Availability(pub [f64; 2]);

impl OptionValue for Availability {
    fn expected() -> String {
        "a number from 0 to 1, or two of them".into()
    }
    fn ts() -> String {
        "number | [number, number]".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let both = match value.as_array().map(Vec::as_slice) {
            None => [value.as_f64()?; 2],
            Some([input, horizon]) => [input.as_f64()?, horizon.as_f64()?],
            Some(_) => return None,
        };
        both.iter().all(|v| (0.0..=1.0).contains(v)).then_some(Self(both))
    }
    fn write(&self) -> Value {
        if self.0[0] == self.0[1] { json!(self.0[0]) } else { json!(self.0) }
    }
}

choices! {
    /// How gradients are clipped.
    pub enum ClipAlgorithm {
        /// By the global norm of all gradients.
        Norm = "norm",
        /// Each component separately.
        Value = "value",
    }
}

choices! {
    /// The quantity that early stopping monitors, under upstream's name.
    pub enum ValMonitor {
        /// The validation loss.
        ValLoss = "ptl/val_loss",
        /// The validation loss, under the name that upstream logs it by during validation.
        ValidLoss = "valid_loss",
        /// The training loss of the last step before the check.
        TrainLoss = "train_loss",
    }
}

options! {
    /// Options shared by all models; a model may change their defaults.
    pub struct CommonOptions {
        /// Horizon: the number of steps to forecast.
        pub h: usize = 0; at least 1; at most 1_000_000,
        /// Lookback: the number of past steps that the model sees.
        pub input_size: usize = 0; at least 1; at most 1_000_000,
        /// Name for the forecast columns, instead of the model's name.
        pub alias: Option<String> = None; fits no_path "text without slashes, not empty",
        /// Exogenous columns known in advance, such as holidays or planned prices.
        pub futr_exog_list: Vec<String> = Vec::new(),
        /// Exogenous columns known only up to the forecast origin.
        pub hist_exog_list: Vec<String> = Vec::new(),
        /// Static covariates: columns of the static table, one value per series.
        pub stat_exog_list: Vec<String> = Vec::new(),
        /// Number of series, all of which the model sees at once. Taken from the data when left out.
        pub n_series: Option<usize> = None; at least 1; at most 1_000_000,
        /// Which exogenous columns are categorical: text, numbers or booleans. They are embedded, not scaled.
        pub cat_exog_list: Vec<String> = Vec::new(),
        /// Maximum number of categories of each categorical column; counted in the training data when left out.
        pub categorical_cardinalities: Cardinalities = Cardinalities::default(),
        /// Embedding size of categorical columns: a rule based on their number of categories, or one size for all columns.
        pub cat_emb_dim: CatEmbDim = CatEmbDim::FastAi,
        /// Hides the history of the target from the model, which then sees only exogenous columns.
        pub exclude_insample_y: bool = false,
        /// Training loss.
        pub loss: LossSpec = LossSpec::named("MAE"),
        /// Validation loss; the training loss when left out.
        pub valid_loss: Option<LossSpec> = None,
        /// Maximum number of training steps.
        pub max_steps: usize = 1000; at least 1,
        /// Initial learning rate.
        pub learning_rate: f64 = 1e-3; positive,
        /// Number format of activations and their gradients during training; `'bf16'` is faster on processors that multiply it
        /// natively. Weights, sums and forecasts stay f32.
        pub precision: Precision = Precision::F32,
        /// How many times the learning rate is halved, at equal intervals over maxSteps; -1 for never.
        pub num_lr_decays: i64 = -1,
        /// Early stopping patience: validation checks without improvement before training stops; -1 to disable.
        pub early_stop_patience_steps: i64 = -1,
        /// The loss monitored at each validation check, for early stopping and for choosing the best weights.
        pub val_monitor: ValMonitor = ValMonitor::ValLoss,
        /// Training steps between validation checks.
        pub val_check_steps: usize = 100; at least 1,
        /// Whether to keep the weights of the best validation check instead of the last ones; defaults to true with early
        /// stopping.
        pub restore_best: Option<bool> = None,
        /// Series per training batch.
        pub batch_size: usize = 32; at least 1,
        /// Series per validation batch; batchSize when left out.
        pub valid_batch_size: Option<usize> = None; at least 1,
        /// Windows per training batch, sampled from the batch's series; null for all of them.
        pub windows_batch_size: Option<usize> = Some(1024); at least 1; at most 1_000_000_000,
        /// Windows per validation batch; -1 for all.
        pub inference_windows_batch_size: i64 = 1024; at least 1 or all,
        /// Stride: steps between the starts of consecutive windows.
        pub step_size: usize = 1; at least 1,
        /// Whether windows may start before the series does, padded with zeros.
        pub start_padding_enabled: bool = false,
        /// Minimum share of available points in a training window: one number for input and horizon alike, or one for each.
        pub training_data_availability_threshold: Availability = Availability([0.0; 2]),
        /// Whether to drop the last batch of an epoch when it is incomplete.
        pub drop_last_loader: bool = false,
        /// Scaler applied to each window.
        pub scaler_type: ScalerType = ScalerType::Identity,
        /// Seed of all randomness.
        pub random_seed: i64 = 1; at least 0,
        /// Optimizer; Adam when left out.
        pub optimizer: Optimizer = Optimizer::default(),
        /// Learning-rate schedule, instead of numLrDecays. It counts all steps since the model was created and spans the
        /// model's maxSteps, even if fit is given another number of steps.
        pub lr_scheduler: Option<LrScheduler> = None,
        /// Gradient clipping threshold; see gradientClipAlgorithm.
        pub gradient_clip_val: Option<f64> = None; positive,
        /// Whether gradientClipVal limits the norm of the whole gradient, or the absolute value of each component.
        pub gradient_clip_algorithm: ClipAlgorithm = ClipAlgorithm::Norm,
        /// Batches per optimizer step: their gradients are summed and divided by this number. The last batch of an epoch (a
        /// pass over all series) completes a step. If that step has fewer batches, their sum is divided by
        /// accumulateGradBatches all the same, as in Lightning.
        pub accumulate_grad_batches: usize = 1; at least 1,
        /// Minimum number of shards that the windows of a training step are split into; chosen per model for speed when
        /// left out. A step uses at most one thread per shard. The number changes results only by rounding.
        pub shards: Option<usize> = None; at least 1; at most 1_000_000,
    }
    elsewhere {
        "horizon" => "h",
        "lookback inputlength" => "inputSize",
        "lr" => "learningRate",
        "epochs maxepochs" => "maxSteps",
        "seed" => "randomSeed",
        "scaler" => "scalerType",
        "patience" => "earlyStopPatienceSteps",
    }
}

/// Whether an alias can be part of a file name.
pub(super) fn no_path(alias: &Option<String>) -> bool {
    alias.as_deref().is_none_or(|a| !a.is_empty() && !a.contains(['/', '\\', '\0']))
}

impl CommonOptions {
    /// Series of a batch in validation and forecasts.
    pub(crate) fn series_in_forecast(&self) -> usize {
        self.valid_batch_size.unwrap_or(self.batch_size)
    }

    /// The defaults that upstream's multivariate models share: a window holds all series, so a batch has fewer windows.
    pub(crate) fn multivariate() -> Self {
        Self { windows_batch_size: Some(32), inference_windows_batch_size: 32, ..Self::default() }
    }

    /// Refuses options that are missing, out of range, or contradict each other.
    pub fn check_all(&self) -> Result<()> {
        for (name, value) in [("h", self.h), ("inputSize", self.input_size)] {
            if value == 0 {
                let message = format!("option \"{name}\" is required: a whole number ≥ 1");
                return Err(Error::new(ErrorCode::InvalidOption, message)
                    .with(|d| d.option = Some(name.into())));
            }
        }
        self.check()?;
        self.optimizer.check()?;
        self.schedule().map(drop)
    }

    /// The learning-rate schedule.
    pub(crate) fn schedule(&self) -> Result<Schedule> {
        match &self.lr_scheduler {
            Some(given) => Schedule::new(given, self.learning_rate, self.max_steps),
            None => Ok(Schedule::halving(self.learning_rate, self.num_lr_decays, self.max_steps)),
        }
    }

    /// Training and validation loss, checked against each other as upstream does.
    pub(crate) fn losses(&self) -> Result<[Objective; 2]> {
        let losses = Losses {
            loss: &self.loss,
            valid_loss: self.valid_loss.as_ref(),
            scaler: self.scaler_type,
            input_size: self.input_size,
            h: self.h,
        };
        losses.read()
    }

    /// Whether the best weights are kept instead of the last ones.
    pub fn restores_best(&self) -> bool {
        self.restore_best.unwrap_or(self.early_stop_patience_steps > 0)
    }
}
