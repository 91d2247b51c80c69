//! The forecaster: fits models on a panel and forecasts it. Upstream: `core.py: NeuralForecast`.

use std::borrow::Borrow;
use std::sync::Arc;

use super::calls::{FitMode, FitOptions, Init};
use super::fitted::Fitted;
use super::inputs::{check_cardinalities, unseen};
use super::memory::check_weights;
use super::models::Models;
use super::persistence::Passthrough;
use super::report::{FitReport, MemoryUsage};
use super::training_data::TrainingData;
use super::training_run::Training;
use crate::control::Control;
use crate::data::{
    Frequency, LocalScaling, NumericTime, Panel, Table, TimeReading, TimeZone, Vocabularies,
};
use crate::infer::Workers;
use crate::memory::Allowed;
use crate::models::{Hint, Instance, ModelSpec};
use crate::train::TrainingState;
use crate::{Error, ErrorCode, Result, runtime};

/// Models, and the data they were fitted on.
pub struct NeuralForecast {
    pub(super) models: Models,
    pub(super) frequency: Option<Frequency>,
    pub(super) time_zone: Option<TimeZone>,
    pub(super) reading: TimeReading,
    pub(super) fitted: Option<Fitted>,
    /// How whole series are scaled before any model sees them.
    pub(super) scaling: LocalScaling,
    /// Contents of a loaded checkpoint that are not used here.
    pub(super) kept: Passthrough,
    /// Buffers of forecasts, kept for the next one.
    pub(super) workers: Workers,
}

impl NeuralForecast {
    /// A forecaster with these models. Checks the options of all models. Without a frequency, it is inferred from the data.
    pub fn new(models: Vec<ModelSpec>, frequency: Option<Frequency>) -> Result<Self> {
        // `fit` allocates the weights.
        let blank = |spec: &ModelSpec| Instance::blank(spec, &Vocabularies::default(), None);
        let models: Vec<Instance> = models.iter().map(blank).collect::<Result<_>>()?;
        models.iter().try_for_each(Instance::check_written)?;
        let forecaster = Self::of(models, frequency)?;
        forecaster.models.check_aliases()?;
        Ok(forecaster)
    }

    /// A forecaster with these options. `machine_zone` is the time zone of the machine: messages suggest it if dates are
    /// midnights in it.
    pub fn from_options(init: Init, machine_zone: Option<TimeZone>) -> Result<Self> {
        let Init { models, freq, time_zone, time_unit, .. } = init;
        let scaling = LocalScaling {
            temporal: init.local_scaler_type,
            statics: init.local_static_scaler_type,
        };
        let mut forecaster = Self::new(models, freq)?.with_local_scaling(scaling);
        if let Some(zone) = time_zone {
            forecaster = forecaster.with_time_zone(zone)?;
        }
        if let Some(unit) = time_unit {
            forecaster = forecaster.with_time_unit(unit)?;
        }
        forecaster.reading.machine_zone = machine_zone;
        forecaster.check_unscaled_sums()?;
        Ok(forecaster)
    }

    pub(super) fn of(models: Vec<Instance>, frequency: Option<Frequency>) -> Result<Self> {
        let Some(first) = models.first() else {
            return Err(Error::option(
                "models",
                "a list of at least one model",
                serde_json::json!([]),
            ));
        };
        if let Some(other) = models.iter().find(|m| m.common.h != first.common.h) {
            let (a, b) = (first.common.h, other.common.h);
            let message = format!(
                "all models must have the same h; {} has {a}, {} has {b}",
                first.name(),
                other.name()
            );
            return Err(
                Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some("h".into()))
            );
        }
        check_cardinalities(&models)?;
        check_weights(&models, Allowed::ALL)?;
        Ok(Self {
            models: Models(models),
            time_zone: frequency.and_then(Frequency::zone),
            reading: TimeReading::default(),
            frequency,
            fitted: None,
            scaling: LocalScaling::default(),
            kept: Passthrough::default(),
            workers: Workers::default(),
        })
    }

    /// Sets the scalers of whole series and of static columns; forecasts are scaled back.
    #[must_use]
    pub fn with_local_scaling(mut self, scaling: LocalScaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// Sets the time zone: dates without an offset are local times, and days and months follow local time. An error for a
    /// frequency in steps.
    pub fn with_time_zone(mut self, zone: TimeZone) -> Result<Self> {
        self.time_zone = Some(zone);
        self.frequency = self.frequency.map(|f| f.in_zone(Some(zone))).transpose()?;
        Ok(self)
    }

    /// Sets the unit of numbers in the time column, in every table; texts and dates need none. An error for a frequency in
    /// steps.
    pub fn with_time_unit(mut self, unit: NumericTime) -> Result<Self> {
        if let Some(steps) = self.frequency.filter(|f| f.is_step()) {
            let expected = format!("left out for step numbers (frequency {steps})");
            return Err(Error::option("timeUnit", &expected, unit.name()));
        }
        self.reading.unit = Some(unit);
        Ok(self)
    }

    /// Sets the time zone of the machine: messages suggest it if dates are midnights in it.
    #[must_use]
    pub fn with_machine_zone(mut self, zone: TimeZone) -> Self {
        self.reading.machine_zone = Some(zone);
        self
    }

    /// How times are read, apart from their frequency.
    pub fn time_reading(&self) -> TimeReading {
        self.reading
    }

    /// Steps of a forecast.
    pub fn h(&self) -> usize {
        self.models.h()
    }

    /// The models as the user wrote them.
    pub fn specs(&self) -> Vec<ModelSpec> {
        self.models.iter().map(Instance::written).collect()
    }

    /// Name of each model in results: from the second model of the same name on, a number is appended, as upstream.
    pub fn names(&self) -> Vec<String> {
        self.models.names()
    }

    /// Whether the forecaster is fitted.
    pub fn fitted(&self) -> bool {
        self.fitted.is_some()
    }

    /// Whether this is loaded from a checkpoint of an interrupted training run:
    /// [`FitMode::Continue`](super::FitMode::Continue) finishes it.
    pub fn interrupted(&self) -> bool {
        self.states().any(|state| !state.counters.done)
    }

    fn states(&self) -> impl Iterator<Item = &TrainingState> {
        self.fitted.iter().flat_map(|fitted| fitted.training.iter().flatten())
    }

    /// The training data, if any.
    pub fn panel(&self) -> Option<&Panel> {
        self.fitted.as_ref()?.panel.as_deref()
    }

    /// The training data, if any, shared without a copy.
    pub fn shared_panel(&self) -> Option<Arc<Panel>> {
        self.fitted.as_ref()?.panel.clone()
    }

    /// The frequency: as given, or as inferred from the data.
    pub fn frequency(&self) -> Option<Frequency> {
        self.fitted.as_ref().map(|f| f.frequency).or(self.frequency)
    }

    /// Bytes held between runs.
    pub fn memory_usage(&self) -> MemoryUsage {
        let floats: usize = self.models.iter().map(|m| m.values.len()).sum();
        MemoryUsage {
            weights: floats * size_of::<f32>(),
            dataset: self.panel().map_or(0, Panel::bytes),
            training: self.states().map(TrainingState::memory).sum(),
            workspace: self.workers.memory() + self.hints().map(Hint::memory).sum::<usize>(),
        }
    }

    /// Trains all models on a table. On an error, the forecaster is unchanged.
    pub fn fit(
        &mut self,
        table: &Table,
        options: &FitOptions,
        control: &Control,
    ) -> Result<FitReport> {
        control.watched(|| self.fit_watched(table, options, control))
    }

    /// [`NeuralForecast::fit`] on a table that is freed before training begins.
    pub fn fit_owned(
        &mut self,
        table: Table,
        options: &FitOptions,
        control: &Control,
    ) -> Result<FitReport> {
        control.watched(|| self.fit_watched(table, options, control))
    }

    fn fit_watched(
        &mut self,
        table: impl Borrow<Table>,
        options: &FitOptions,
        control: &Control,
    ) -> Result<FitReport> {
        self.kept.check_fit()?;
        self.models.check_columns(&options.names)?;
        let data = self.training_data(table.borrow(), options)?;
        drop(table);
        let (models, fitted, report) = self.trained(data, options, control)?;
        self.models = models;
        self.fitted = Some(fitted);
        self.kept.forget_dataset();
        Ok(report)
    }

    /// The models of this forecaster, trained on these rows.
    pub(super) fn trained(
        &self,
        data: TrainingData,
        options: &FitOptions,
        control: &Control,
    ) -> Result<(Models, Fitted, FitReport)> {
        let before = match options.mode {
            FitMode::Continue => self.fitted.as_ref().and_then(|f| f.calibration.as_ref()),
            FitMode::Fresh => None,
        };
        let calibration = match &options.prediction_intervals {
            Some(_) if options.mode == FitMode::Continue => {
                let expected = "left out with mode \"continue\": a calibration trains anew";
                return Err(Error::option("predictionIntervals", expected, "an object"));
            }
            Some(intervals) => Some(self.calibrated(&data, intervals, options, control)?),
            // An interrupted run goes on to the weights that it was calibrated for.
            None => before.filter(|_| self.interrupted()).cloned(),
        };
        let TrainingData { panel, frequency, vocabularies, scalers, val_size, .. } = data;
        let mut training =
            Training::prepare(self, &panel, options, &vocabularies, val_size, control)?;
        let mut data_warnings = panel.warnings.clone();
        data_warnings.extend(unseen(&panel, &vocabularies));
        data_warnings.append(&mut training.warnings);
        if calibration.is_none() && before.is_some() {
            data_warnings.push(
                "prediction intervals were calibrated for other weights, and are gone; fit anew with predictionIntervals".into(),
            );
        }
        let names = panel.names.clone();
        let panel = Some(Arc::new(panel));
        let FitOptions { on_gap, on_missing, .. } = *options;
        let mut fitted = Fitted {
            frequency,
            names,
            panel,
            vocabularies,
            scalers,
            on_gap,
            on_missing,
            calibration,
            training: Vec::new(),
        };
        let reports = runtime::run(control.threads, || {
            training.run(self, &fitted, val_size, options, control)
        })?;
        fitted.training = training.states.into_iter().map(Some).collect();
        let seed = self.models[0].common.random_seed;
        let report = FitReport { models: reports, seed, data_warnings };
        Ok((Models(training.models), fitted, report))
    }

    /// A forecaster like this one with other models.
    pub(super) fn like_this(&self, models: Models, fitted: Option<Fitted>) -> Self {
        Self {
            models,
            frequency: self.frequency,
            time_zone: self.time_zone,
            reading: self.reading,
            fitted,
            scaling: self.scaling,
            kept: Passthrough::default(),
            workers: Workers::default(),
        }
    }

    pub(super) fn require_fitted(&self) -> Result<&Fitted> {
        self.fitted.as_ref().ok_or_else(|| {
            let message = "nothing is fitted yet; call fit, or load a checkpoint";
            Error::new(ErrorCode::NotFitted, message)
        })
    }
}
