//! The forecaster: fits models on a panel and forecasts it. Upstream: `core.py: NeuralForecast`.

use std::borrow::Cow;
use std::sync::Arc;

use super::calls::{FitOptions, Init, PredictOptions};
use super::column::Column;
use super::columns::Job;
use super::horizon::{forecast_model, horizon};
use super::lacking::{Begins, refuse_missing, short_series};
use super::memory::{check_forecasts, check_weights};
use super::quantiles::Asked;
use super::reading::{check_cardinalities, unseen};
use super::report::{FitReport, MemoryUsage};
use super::result::Forecast;
use super::saved::Kept;
use super::series::check_same;
use super::training_data::TrainingData;
use super::training_run::Training;
use crate::data::{
    ColumnNames, Frequency, LocalScalers, LocalScaling, NumericTime, OnGap, OnMissing, Panel,
    PanelOptions, Table, TimeReading, TimeZone, Vocabularies, future_exogenous,
};
use crate::memory::Allowed;
use crate::models::{Instance, ModelSpec};
use crate::options::Options;
use crate::train::{Control, Progress, Runner, TrainingState};
use crate::{Error, ErrorCode, Result, runtime};

/// Models, and the data they were fitted on.
pub struct NeuralForecast {
    pub(super) models: Vec<Instance>,
    pub(super) frequency: Option<Frequency>,
    pub(super) time_zone: Option<TimeZone>,
    pub(super) reading: TimeReading,
    pub(super) fitted: Option<Fitted>,
    /// How whole series are scaled before any model sees them.
    pub(super) scaling: LocalScaling,
    /// What a loaded checkpoint holds beside.
    pub(super) kept: Kept,
    /// Buffers of forecasts, kept for the next one.
    pub(super) runner: Runner,
}

/// What fitting leaves beside the weights.
pub(super) struct Fitted {
    pub(super) frequency: Frequency,
    pub(super) names: ColumnNames,
    /// `None` after loading a checkpoint that was saved without its data.
    pub(super) panel: Option<Arc<Panel>>,
    /// The categories of columns: what numbers in `panel` mean.
    pub(super) vocabularies: Vocabularies,
    /// What the models see `panel` scaled by.
    pub(super) scalers: LocalScalers,
    /// What to do where a series skips a time.
    pub(super) on_gap: OnGap,
    /// What to do with missing values.
    pub(super) on_missing: Option<OnMissing>,
    /// Of each model; `None` where a checkpoint has none.
    pub(super) training: Vec<Option<TrainingState>>,
}

impl NeuralForecast {
    /// Checks the options of all models. Without a frequency it is inferred from the data.
    pub fn new(models: Vec<ModelSpec>, frequency: Option<Frequency>) -> Result<Self> {
        // Weights come when it is fitted.
        let blank = |spec: &ModelSpec| Instance::blank(spec, &Vocabularies::default(), None);
        let models: Vec<Instance> = models.iter().map(blank).collect::<Result<_>>()?;
        models.iter().try_for_each(Instance::check_written)?;
        let forecaster = Self::of(models, frequency)?;
        forecaster.check_aliases()?;
        Ok(forecaster)
    }

    /// As [`Init`] says, on a machine with a time zone, which messages name where dates are midnights of it.
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
            models,
            time_zone: frequency.and_then(Frequency::zone),
            reading: TimeReading::default(),
            frequency,
            fitted: None,
            scaling: LocalScaling::default(),
            kept: Kept::default(),
            runner: Runner::default(),
        })
    }

    /// With scalers of whole series and of static columns; forecasts are scaled back.
    #[must_use]
    pub fn with_local_scaling(mut self, scaling: LocalScaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// By the clocks of a time zone: dates without an offset are read in it, days and dates are those there.
    pub fn with_time_zone(mut self, zone: TimeZone) -> Result<Self> {
        self.time_zone = Some(zone);
        self.frequency = self.frequency.map(|f| f.in_zone(Some(zone))).transpose()?;
        Ok(self)
    }

    /// With times in numbers of this unit, in every table; texts and dates say themselves what they are.
    pub fn with_time_unit(mut self, unit: NumericTime) -> Result<Self> {
        if let Some(steps) = self.frequency.filter(|f| f.is_step()) {
            let expected = format!("left out for step numbers (frequency {steps})");
            return Err(Error::option("timeUnit", &expected, unit.name()));
        }
        self.reading.unit = Some(unit);
        Ok(self)
    }

    /// On a machine with this time zone: messages name it where dates are midnights of it.
    #[must_use]
    pub fn with_machine_zone(mut self, zone: TimeZone) -> Self {
        self.reading.machine_zone = Some(zone);
        self
    }

    /// How times are read beside their frequency.
    pub fn time_reading(&self) -> TimeReading {
        self.reading
    }

    /// Steps of a forecast.
    pub fn h(&self) -> usize {
        self.models[0].common.h
    }

    /// The models as the user wrote them.
    pub fn specs(&self) -> Vec<ModelSpec> {
        self.models.iter().map(|m| m.given.clone()).collect()
    }

    /// Column of each model's result: its name, with a number from the second of the same name on, as upstream.
    pub fn names(&self) -> Vec<String> {
        let mut seen: Vec<&str> = Vec::new();
        let name = |m: &'_ Instance, before: usize| match before {
            0 => m.name().to_string(),
            n => format!("{}{n}", m.name()),
        };
        let mut names = Vec::with_capacity(self.models.len());
        for model in &self.models {
            let before = seen.iter().filter(|n| **n == model.name()).count();
            names.push(name(model, before));
            seen.push(model.name());
        }
        names
    }

    /// Whether there is something to forecast with.
    pub fn fitted(&self) -> bool {
        self.fitted.is_some()
    }

    /// Whether a run was interrupted, and loaded from what it saved on its way: [`FitMode::Continue`] finishes it.
    pub fn interrupted(&self) -> bool {
        self.states().any(|state| !state.place.done)
    }

    fn states(&self) -> impl Iterator<Item = &TrainingState> {
        self.fitted.iter().flat_map(|fitted| fitted.training.iter().flatten())
    }

    /// The training data, if any.
    pub fn panel(&self) -> Option<&Panel> {
        self.fitted.as_ref()?.panel.as_deref()
    }

    /// The training data, if any, to keep without a copy.
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
            workspace: self.runner.memory(),
        }
    }

    /// Trains all models on a table. On an error everything stays as it was.
    pub fn fit(
        &mut self,
        table: &Table,
        options: &FitOptions,
        control: &Control,
    ) -> Result<FitReport> {
        control.watched(|| self.fit_watched(table, options, control))
    }

    fn fit_watched(
        &mut self,
        table: &Table,
        options: &FitOptions,
        control: &Control,
    ) -> Result<FitReport> {
        self.kept.check_fit()?;
        self.check_columns(&options.names)?;
        let TrainingData { panel, frequency, vocabularies, scalers, val_size } =
            self.training_data(table, options)?;

        let mut training =
            Training::prepare(self, &panel, options, &vocabularies, val_size, control)?;
        let mut data_warnings = panel.warnings.clone();
        data_warnings.extend(unseen(&panel, &vocabularies));
        data_warnings.append(&mut training.warnings);
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
            training: Vec::new(),
        };
        let reports = runtime::run(control.threads, || {
            training.run(self, &fitted, val_size, options, control)
        })?;
        fitted.training = training.states.into_iter().map(Some).collect();
        self.models = training.models;
        self.kept.forget_dataset();
        self.fitted = Some(fitted);
        Ok(FitReport { models: reports, seed: self.models[0].common.random_seed, data_warnings })
    }

    /// Forecasts the steps after the end of every series.
    pub fn predict(&self, options: &PredictOptions, control: &Control) -> Result<Forecast> {
        control.watched(|| self.predict_watched(options, control))
    }

    fn predict_watched(&self, options: &PredictOptions, control: &Control) -> Result<Forecast> {
        options.check()?;
        let fitted = self.require_fitted()?;
        self.check_titles(&[
            ("the id column", &fitted.names.id),
            ("the time column", &fitted.names.time),
        ])?;
        let frequency = fitted.frequency;
        let on_missing = options.on_missing.or(fitted.on_missing);
        let given = match &options.data {
            Some(table) => {
                let panel_options = PanelOptions {
                    names: fitted.names.clone(),
                    frequency: Some(frequency),
                    on_gap: options.on_gap.unwrap_or(fitted.on_gap),
                    on_missing,
                    ..self.panel_options(options.static_table.clone(), &fitted.vocabularies)
                };
                let panel = Panel::from_table(table, &panel_options)?.0;
                check_same(&self.models, fitted.panel.as_deref(), &panel)?;
                Some(panel)
            }
            None => None,
        };
        let trained = match given {
            Some(_) => None,
            None => fitted.settled(options.on_missing)?,
        };
        let Some(panel) = given.as_ref().or(trained.as_deref()) else {
            let message = "this checkpoint was saved without its data; give the history as data";
            return Err(Error::new(ErrorCode::NotFitted, message));
        };
        refuse_missing(&self.models, panel, Begins::AfterEnd, on_missing)?;
        let mut warnings = match &given {
            Some(panel) => [panel.warnings.clone(), unseen(panel, &fitted.vocabularies)].concat(),
            None => Vec::new(),
        };
        warnings.extend(short_series(&self.models, panel, Begins::AfterEnd, options.on_short)?);
        let h = horizon(&self.models, options.h)?;
        check_forecasts(self, [panel.n_series(), h], control)?;
        let sorted = options.sort_quantiles;
        let asked = Asked::new(&options.level, &options.quantiles)?;
        asked.check(&self.models, &self.names())?;
        let known_ahead = self.columns(|m| &m.common.futr_exog_list);
        let mut future = match (&options.future, known_ahead.is_empty()) {
            (_, true) => Vec::new(),
            (Some(table), false) => {
                let vocabularies = &fitted.vocabularies;
                future_exogenous(
                    table,
                    panel,
                    frequency,
                    h,
                    &known_ahead,
                    vocabularies,
                    self.reading,
                )?
            }
            (None, false) => {
                let list = known_ahead.join(", ");
                let message = format!(
                    "future values of {list} are needed: {h} rows per series; give them as future"
                );
                return Err(Error::new(ErrorCode::FutureExog, message)
                    .with(|d| d.column = known_ahead.first().cloned()));
            }
        };
        // New histories have statistics of their own.
        let scalers = match &given {
            Some(panel) => {
                Cow::Owned(LocalScalers::fit(panel, self.scaling, &fitted.vocabularies)?)
            }
            None => Cow::Borrowed(&fitted.scalers),
        };
        let scaled = scalers.scaled(panel);
        scalers.scale_future(&mut future, h);
        let mut columns = runtime::run(control.threads, || {
            let mut columns = Vec::new();
            for (i, (model, name)) in self.models.iter().zip(self.names()).enumerate() {
                control.check()?;
                let (runner, name) = (&self.runner, &name[..]);
                let of_model = asked.columns(model, |quantile| {
                    let job =
                        Job { runner, model, name, panel: &scaled, control, quantile, sorted };
                    forecast_model(job, &future, h)
                })?;
                let column = |(output, values)| Column::new(i, name, output, values);
                columns.extend(of_model.into_iter().map(column));
                control.tell(|| Progress::done("predict", name));
            }
            Ok(columns)
        })?;
        let groups: Vec<usize> = (0..=panel.n_series()).map(|i| i * h).collect();
        for Column { name, values, .. } in &mut columns {
            scalers.unscale_forecast(panel, name, values, &groups)?;
        }
        Ok(Forecast {
            names: fitted.names.clone(),
            ids: panel.ids.clone(),
            h,
            times: panel.future_times(frequency, h),
            time_kind: panel.time_kind.clone(),
            columns,
            models: self.names(),
            warnings,
            indptr: groups,
            cutoff: None,
        })
    }

    pub(super) fn require_fitted(&self) -> Result<&Fitted> {
        self.fitted.as_ref().ok_or_else(|| {
            let message = "nothing is fitted yet; call fit, or load a checkpoint";
            Error::new(ErrorCode::NotFitted, message)
        })
    }
}
