//! Options that all models share. Upstream: `common/_base_model.py: BaseModel.__init__`.

use serde_json::{Value, json};

use super::categories::{Cardinalities, CatEmbDim};
use super::precision::Precision;
use crate::objective::{LossSpec, Losses, Objective};
use crate::optim::{LrScheduler, Optimizer, Schedule};
use crate::options::{OptionValue, Options, choices, options};
use crate::scalers::ScalerType;
use crate::{Error, ErrorCode, Result};

/// Shares of the points of a window that must be available for training: of the input and of the horizon.
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
    /// How gradients are limited.
    pub enum ClipAlgorithm {
        /// All together, by their norm.
        Norm = "norm",
        /// Each by itself.
        Value = "value",
    }
}

choices! {
    /// What early stopping looks at, named as upstream names it.
    pub enum ValMonitor {
        /// The validation loss.
        ValLoss = "ptl/val_loss",
        /// The same, under the name that it has while a batch is validated.
        ValidLoss = "valid_loss",
        /// The training loss of the step before the check.
        TrainLoss = "train_loss",
    }
}

options! {
    /// Options that all models share; each model may change the defaults.
    pub struct CommonOptions {
        /// Steps to forecast.
        pub h: usize = 0; at least 1; at most 1_000_000,
        /// Steps of history that the model sees.
        pub input_size: usize = 0; at least 1; at most 1_000_000,
        /// Name of the result's columns, instead of the model's.
        pub alias: Option<String> = None; fits no_path "text without slashes, not empty",
        /// Columns known in advance, such as holidays or prices.
        pub futr_exog_list: Vec<String> = Vec::new(),
        /// Columns known until the forecast begins.
        pub hist_exog_list: Vec<String> = Vec::new(),
        /// Columns of the static table, one value per series.
        pub stat_exog_list: Vec<String> = Vec::new(),
        /// Series that the model sees at once: all of the data. As many as there are when left out.
        pub n_series: Option<usize> = None; at least 1; at most 1_000_000,
        /// Which of these columns hold categories: text, numbers or true and false. They are embedded, not scaled.
        pub cat_exog_list: Vec<String> = Vec::new(),
        /// How many different values columns of categories have at most; those in the training data when left out.
        pub categorical_cardinalities: Cardinalities = Cardinalities::default(),
        /// How many numbers stand for a category: a rule that goes by how many there are, or the same for every column.
        pub cat_emb_dim: CatEmbDim = CatEmbDim::FastAi,
        /// Hides the target's own history from the model.
        pub exclude_insample_y: bool = false,
        /// What training minimises.
        pub loss: LossSpec = LossSpec::named("MAE"),
        /// What validation measures; the loss when left out.
        pub valid_loss: Option<LossSpec> = None,
        /// Training steps.
        pub max_steps: usize = 1000; at least 1,
        /// Learning rate at the beginning.
        pub learning_rate: f64 = 1e-3; positive,
        /// The format of values between operations while training; `'bf16'` is quicker where the processor multiplies it.
        /// Weights, sums and forecasts are f32.
        pub precision: Precision = Precision::F32,
        /// How often the learning rate is halved, evenly over the steps; -1 for never.
        pub num_lr_decays: i64 = -1,
        /// Validation checks without improvement after which training stops; -1 for never.
        pub early_stop_patience_steps: i64 = -1,
        /// The loss that must improve for training to go on, and by which the best weights are chosen. It is looked at with
        /// each validation check.
        pub val_monitor: ValMonitor = ValMonitor::ValLoss,
        /// Training steps between validation checks.
        pub val_check_steps: usize = 100; at least 1,
        /// Whether the weights of the best validation check are kept instead of the last; true when early stopping is on.
        pub restore_best: Option<bool> = None,
        /// Series per step.
        pub batch_size: usize = 32; at least 1,
        /// Series per batch of validation; batchSize when left out.
        pub valid_batch_size: Option<usize> = None; at least 1,
        /// Windows per step, drawn from the series of the step; null for all of them.
        pub windows_batch_size: Option<usize> = Some(1024); at least 1; at most 1_000_000_000,
        /// Windows per batch of validation; -1 for all.
        pub inference_windows_batch_size: i64 = 1024; at least 1 or all,
        /// Steps between the beginnings of windows.
        pub step_size: usize = 1; at least 1,
        /// Whether windows may begin before the series, padded with zeros.
        pub start_padding_enabled: bool = false,
        /// Share of a window's points that must be available: of both parts, or of input and horizon.
        pub training_data_availability_threshold: Availability = Availability([0.0; 2]),
        /// Whether the last batch of series of an epoch is left out when it is not full.
        pub drop_last_loader: bool = false,
        /// How each window is scaled.
        pub scaler_type: ScalerType = ScalerType::Identity,
        /// Seed of everything random.
        pub random_seed: i64 = 1; at least 0,
        /// Optimizer; Adam when left out.
        pub optimizer: Optimizer = Optimizer::default(),
        /// How the learning rate changes, instead of by numLrDecays. It goes by steps since the model was new, over
        /// maxSteps, whatever fit is told.
        pub lr_scheduler: Option<LrScheduler> = None,
        /// The most that a gradient may be; see gradientClipAlgorithm.
        pub gradient_clip_val: Option<f64> = None; positive,
        /// Whether gradientClipVal limits the gradient's norm, and longer ones are shortened, or each of its numbers.
        pub gradient_clip_algorithm: ClipAlgorithm = ClipAlgorithm::Norm,
        /// Batches whose mean gradient makes a step. The last batch of an epoch makes one too, with what is there:
        /// with fewer than accumulateGradBatches × batchSize series, nothing more is accumulated.
        pub accumulate_grad_batches: usize = 1; at least 1,
        /// Shards that the windows of a step are cut into at least; as many as the model is fast with when left out. A step
        /// uses no more threads than it has shards. Results depend on their number by rounding alone.
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

/// Whether a name can be that of a file.
fn no_path(alias: &Option<String>) -> bool {
    alias.as_deref().is_none_or(|a| !a.is_empty() && !a.contains(['/', '\\', '\0']))
}

impl CommonOptions {
    /// The defaults that upstream's multivariate models share: a window has all series, so a step has fewer of them.
    pub(crate) fn multivariate() -> Self {
        Self { windows_batch_size: Some(32), inference_windows_batch_size: 32, ..Self::default() }
    }

    /// Refuses what is missing, out of range, or does not fit the rest.
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

    /// How the learning rate changes.
    pub(crate) fn schedule(&self) -> Result<Schedule> {
        match &self.lr_scheduler {
            Some(given) => Schedule::new(given, self.learning_rate, self.max_steps),
            None => Ok(Schedule::halving(self.learning_rate, self.num_lr_decays, self.max_steps)),
        }
    }

    /// Loss and validation loss, checked against each other as upstream does.
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

    /// Whether the best weights are kept instead of the last.
    pub fn restores_best(&self) -> bool {
        self.restore_best.unwrap_or(self.early_stop_patience_steps > 0)
    }
}
