//! What users ask of a call, and what they are told of a fit and of memory.

use serde::Serialize;

use super::checkpoint_writer::TrainingCheckpoint;
use super::missing_inputs::OnShort;
#[cfg(doc)]
use super::neural_forecast::NeuralForecast;
use super::training_run::FitMode;
use crate::data::{ColumnNames, OnGap, OnMissing, Table};
use crate::train::ModelReport;

/// Options of [`NeuralForecast::fit`].
#[derive(Clone, Debug, Default)]
pub struct FitOptions {
    /// What the columns are called.
    pub names: ColumnNames,
    /// One row per series: the static columns.
    pub static_table: Option<Table>,
    /// Rows at the end of each series that validate; 0, or at least `h`.
    pub val_size: usize,
    /// Rows that validate, in a table of their own: as many for each series, right after those of training.
    pub val_data: Option<Table>,
    /// What to do where a series skips a time; holds for later forecasts too.
    pub on_gap: OnGap,
    /// What to do with missing values, and with those of later forecasts. When left out, those of the target are masked,
    /// and a forecast whose input has one is an error.
    pub on_missing: Option<OnMissing>,
    /// Where training begins.
    pub mode: FitMode,
    /// Training steps of this run, for all models; each model's own maxSteps when left out. Schedules go by the model's.
    pub max_steps: Option<usize>,
    /// Saves the forecaster while it is trained, so that a run that was killed can go on.
    pub checkpoint: Option<TrainingCheckpoint>,
}

/// Options of [`NeuralForecast::predict`].
#[derive(Clone, Debug)]
pub struct PredictOptions {
    /// History to forecast from, of known or new series; the training data when left out.
    pub data: Option<Table>,
    /// Static columns of `data`.
    pub static_table: Option<Table>,
    /// Future values of the columns that models know in advance.
    pub future: Option<Table>,
    /// Interval levels that the forecast must have.
    pub level: Vec<f64>,
    /// Quantiles that it must have, instead of levels.
    pub quantiles: Vec<f64>,
    /// Puts the quantiles of each row in order, so that none crosses another; false leaves them as the network gives them.
    pub sort_quantiles: bool,
    /// Steps to forecast, when more than the models were trained for.
    pub h: Option<usize>,
    /// What to do where a series of `data` skips a time; what fitting was told, when left out.
    pub on_gap: Option<OnGap>,
    /// What to do with missing values that fitting has not filled; what fitting was told, when left out.
    pub on_missing: Option<OnMissing>,
    /// What to do with series shorter than the input.
    pub on_short: OnShort,
}

impl Default for PredictOptions {
    fn default() -> Self {
        Self {
            data: None,
            static_table: None,
            future: None,
            level: Vec::new(),
            quantiles: Vec::new(),
            sort_quantiles: true,
            h: None,
            on_gap: None,
            on_missing: None,
            on_short: OnShort::default(),
        }
    }
}

/// How training went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FitReport {
    /// One for each model, in order.
    pub models: Vec<ModelReport>,
    /// Seed of the first model.
    pub seed: i64,
    /// What was noticed in the data and is not an error.
    pub data_warnings: Vec<String>,
}

/// Bytes held.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct MemoryUsage {
    /// Parameters of all models.
    pub weights: usize,
    /// The training data.
    pub dataset: usize,
    /// What training keeps to go on: the optimizer's memory, and the last weights beside the best.
    pub training: usize,
    /// Buffers of the last run that are kept for the next.
    pub workspace: usize,
}
