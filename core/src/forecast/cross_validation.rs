//! Cross-validation: forecasts of the last rows of each series by models that have not seen them. Upstream: `core.py:
//! cross_validation`.
//!
//! A forecast is computed from the rows before its cutoff, and its models are trained on the rows before the cutoff of the first
//! forecast that they make. Scalers, categories and filled values come from those rows too.
//!
//! *Differs from upstream:* the forecaster stays as it is. Every training starts from newly initialized weights, so that folds
//! do not depend on each other and run at the same time; upstream continues from the weights of the fold before. Scalers of
//! whole series see no row after the cutoff; upstream without `refit` fits them to all rows. Without `refit`, forecasts may be
//! longer than the models' `h` too.

use std::ops::Range;

use super::calls::{CrossValidationOptions, FitOptions, Refit};
use super::folds::{self, AtOnce};
use super::horizon::horizon;
use super::memory::trainings_at_once;
use super::neural_forecast::NeuralForecast;
use super::pipeline::Pipeline;
use super::quantiles::QuantileRequest;
use super::result::Forecast;
use super::same_series::{check_same, renewed};
use super::training_data::TrainingData;
use super::within::Within;
use crate::control::Control;
use crate::data::{
    Frequency, LocalScalers, OnMissing, Panel, PanelOptions, Table, Vocabularies, with_roles,
};
use crate::options::Options;
use crate::{Error, ErrorCode, Result};

impl NeuralForecast {
    /// Forecasts the last rows of each series as if they were still to come. The result has cutoffs and, after the models'
    /// columns, the target itself, NaN where it is missing. The forecaster does not change.
    pub fn cross_validation(
        &self,
        table: &Table,
        options: &CrossValidationOptions,
        control: &Control,
    ) -> Result<Forecast> {
        control.watched(|| self.cross_validated(table, options, control))
    }

    fn cross_validated(
        &self,
        table: &Table,
        options: &CrossValidationOptions,
        control: &Control,
    ) -> Result<Forecast> {
        options.check()?;
        check_fitted_use(options)?;
        let plan = Plan::new(options, horizon(&self.models, options.h)?)?;
        let all = self.rows(table, options, plan)?;
        if options.use_fitted {
            return all.forecasts(self, 0..plan.windows, control);
        }
        let at_once = self.at_once(&all, control)?;
        let parts = plan.parts(options.refit);
        let forecasts = folds::each(
            &parts,
            at_once,
            control,
            |part| part.start,
            |part, control| all.fold(self, part.clone(), control),
        )?;
        Ok(one_after_the_other(forecasts))
    }

    /// Reads and checks the table.
    fn rows<'a>(
        &self,
        table: &Table,
        options: &'a CrossValidationOptions,
        plan: Plan,
    ) -> Result<Rows<'a>> {
        let fitted = match options.use_fitted {
            true => Some(self.require_fitted()?),
            false => self.kept.check_fit().map(|()| None)?,
        };
        let names = options.names.clone().or_else(|| fitted.map(|f| f.names.clone()));
        let names = names.unwrap_or_default();
        self.models.check_columns(&names)?;
        self.models.check_titles(&[("the cutoff", "cutoff")])?;
        let calibration = fitted.and_then(|fitted| fitted.calibration.as_ref());
        let calibrated = |model: &str| {
            options.prediction_intervals.is_some()
                || calibration.is_some_and(|calibration| calibration.of(model).is_some())
        };
        QuantileRequest::new(&options.level, &options.quantiles)?.check(
            &self.models,
            &self.names(),
            calibrated,
        )?;
        let categories = self.models.columns(|m| &m.common.cat_exog_list);
        let vocabularies = match fitted {
            Some(fitted) => fitted.vocabularies.clone(),
            None => Vocabularies::learn(table, options.static_table.as_ref(), &categories)?,
        };
        let on_missing = options.on_missing.or_else(|| fitted?.on_missing);
        let panel_options = PanelOptions {
            names,
            frequency: fitted.map(|f| f.frequency).or(self.frequency),
            on_gap: options.on_gap.or(fitted.map(|f| f.on_gap)).unwrap_or_default(),
            on_missing,
            ..self.panel_options(options.static_table.clone(), &vocabularies)
        };
        let (mut panel, frequency) = Panel::unsettled(table, &panel_options)
            .map_err(|e| with_roles(e, table, &panel_options))?;
        panel.warn_of_missing(on_missing);
        plan.check_lengths(&panel)?;
        self.check_hierarchies(&panel)?;
        if let Some(fitted) = fitted {
            check_same(&self.models, fitted.panel.as_deref(), &panel)?;
        }
        Ok(Rows { panel, frequency, vocabularies, on_missing, plan, options })
    }

    /// As many trainings at the same time as there are threads and memory for.
    fn at_once(&self, all: &Rows<'_>, control: &Control) -> Result<AtOnce> {
        let Rows { plan, options, .. } = *all;
        let last = plan.parts(options.refit).last().map_or(0, |part| part.start);
        let TrainingData { panel, vocabularies, val_size, .. } = all.training(self, last)?;
        let new = |of| renewed(of, &panel, &vocabularies, false);
        let models = self.models.iter().map(new).collect::<Result<Vec<_>>>()?;
        let scales = self.scaling.temporal.is_some();
        let most = plan.parts(options.refit).len();
        trainings_at_once(&models, &panel, val_size, scales, most, control)
    }
}

/// Refuses options of training where there is none.
fn check_fitted_use(options: &CrossValidationOptions) -> Result<()> {
    let given = [
        ("refit", options.refit != Refit::Never),
        ("valSize", options.val_size > 0),
        ("maxSteps", options.max_steps.is_some()),
        ("predictionIntervals", options.prediction_intervals.is_some()),
    ];
    let Some((name, _)) = given.iter().find(|(_, given)| options.use_fitted && *given) else {
        return Ok(());
    };
    let message =
        format!("{name} is for training, and useFitted does not train; leave one of them out");
    Err(Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some((*name).into())))
}

/// Where forecasts begin: `windows` of them, `step` rows apart, of `h` steps each, to the end of every series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) h: usize,
    pub(super) step: usize,
    pub(super) windows: usize,
}

impl Plan {
    fn new(options: &CrossValidationOptions, h: usize) -> Result<Self> {
        let step = options.step_size;
        let windows = match (options.n_windows, options.test_size) {
            (windows, None) => windows.unwrap_or(1),
            (None, Some(size)) if size >= h && (size - h).is_multiple_of(step) => {
                (size - h) / step + 1
            }
            (None, Some(size)) => {
                let expected = match step {
                    1 => format!("at least h ({h})"),
                    _ => format!("h ({h}), or more by a multiple of stepSize ({step})"),
                };
                return Err(Error::option("testSize", &expected, size));
            }
            (Some(_), Some(size)) => {
                return Err(Error::option("testSize", "left out where nWindows is given", size));
            }
        };
        let plan = Self { h, step, windows };
        match (windows - 1).checked_mul(step).and_then(|rows| rows.checked_add(h)) {
            Some(_) => Ok(plan),
            None => Err(Error::option("nWindows", "a smaller number", windows)),
        }
    }

    /// The rows of each series after the cutoff of a forecast.
    fn after(self, window: usize) -> usize {
        self.h + (self.windows - 1 - window) * self.step
    }

    /// The forecasts of each training.
    fn parts(self, refit: Refit) -> Vec<Range<usize>> {
        let size = refit.windows(self.windows);
        let part = |start: usize| start..(start + size).min(self.windows);
        (0..self.windows).step_by(size).map(part).collect()
    }

    /// Every series must have a row before the first cutoff.
    pub(super) fn check_lengths(self, panel: &Panel) -> Result<()> {
        let needed = self.after(0) + 1;
        let Some(short) = (0..panel.n_series()).find(|i| panel.len(*i) < needed) else {
            return Ok(());
        };
        let (id, len, Self { h, step, windows }) = (panel.id(short), panel.len(short), self);
        let message = format!(
            "series \"{id}\" has {len} rows; {windows} forecasts (nWindows) of {h} steps, {step} rows apart (stepSize), \
             need at least {needed}; ask for fewer, or leave the series out"
        );
        Err(Error::new(ErrorCode::ShortSeries, message).with(|d| {
            d.unique_id = Some(id);
            d.option = Some("nWindows".into());
            d.expected = Some(needed.into());
            d.actual = Some(len.into());
        }))
    }
}

/// All rows, before missing values are treated.
pub(super) struct Rows<'a> {
    pub(super) panel: Panel,
    pub(super) frequency: Frequency,
    /// The categories of all rows; with fitted models, those that they know.
    pub(super) vocabularies: Vocabularies,
    pub(super) on_missing: Option<OnMissing>,
    pub(super) plan: Plan,
    pub(super) options: &'a CrossValidationOptions,
}

impl Rows<'_> {
    /// The rows before the cutoff of a forecast.
    fn before(&self, window: usize) -> Panel {
        self.panel.split_tail(self.plan.after(window)).0
    }

    /// What to train on for the forecasts from `window` on.
    fn training(&self, forecaster: &NeuralForecast, window: usize) -> Result<TrainingData> {
        let mut panel = self.before(window);
        let (vocabularies, recoding) = self.vocabularies.occurring(&panel);
        recoding.apply(&mut panel);
        let CrossValidationOptions { val_size, prediction_intervals, .. } = self.options;
        let (frequency, on_missing) = (self.frequency, self.on_missing);
        let calibrates = prediction_intervals.is_some();
        forecaster
            .training_data_of(panel, frequency, vocabularies, on_missing, *val_size, calibrates)
            .map_err(|e| e.within("the rows before the first forecast"))
    }

    /// Forecasts of these windows by models that are trained on the rows before them.
    pub(super) fn fold(
        &self,
        forecaster: &NeuralForecast,
        windows: Range<usize>,
        control: &Control,
    ) -> Result<Forecast> {
        let fit = FitOptions {
            max_steps: self.options.max_steps,
            prediction_intervals: self.options.prediction_intervals.clone(),
            ..FitOptions::default()
        };
        let data = self.training(forecaster, windows.start)?;
        let (models, fitted, _) = forecaster.trained(data, &fit, control)?;
        self.forecasts(&forecaster.like_this(models, Some(fitted)), windows, control)
    }

    /// Forecasts of these windows by a fitted forecaster.
    fn forecasts(
        &self,
        forecaster: &NeuralForecast,
        windows: Range<usize>,
        control: &Control,
    ) -> Result<Forecast> {
        let Self { options, plan, frequency, on_missing, .. } = *self;
        let fitted = forecaster.require_fitted()?;
        let request = QuantileRequest::new(&options.level, &options.quantiles)?;
        let pipeline = Pipeline::new(forecaster, request, options.sort_quantiles, control)?;
        pipeline.check_horizon(plan.h)?;
        let mut all = self.panel.clone();
        let scalers = match options.use_fitted {
            true => {
                let mut before = self.before(windows.start);
                before.settle_missing(on_missing, &fitted.vocabularies)?;
                LocalScalers::fit(&before, forecaster.scaling, &fitted.vocabularies)?
            }
            false => {
                self.vocabularies.occurring(&self.before(windows.start)).1.apply(&mut all);
                fitted.scalers.clone()
            }
        };
        // An interpolated value depends on the next one, which may be after a later cutoff.
        let looks_ahead = on_missing == Some(OnMissing::Interpolate) && !all.missing.is_empty();
        let apart = looks_ahead || plan.h > forecaster.h();
        let size = if apart { 1 } else { windows.len() };
        let forecast = |start: usize| {
            let count = size.min(windows.end - start);
            let last = start + count - 1;
            let (seen, _) = all.split_tail(plan.after(last) - plan.h);
            let (mut panel, horizons) = seen.split_tail(plan.h + (count - 1) * plan.step);
            panel.settle_missing(on_missing, &fitted.vocabularies)?;
            let mut panel = panel.followed_by(&horizons);
            panel.settle_missing(on_missing, &fitted.vocabularies)?;
            let (h, step) = (plan.h, plan.step);
            let (panel, scalers) = (&panel, &scalers);
            let windows = Some(count);
            let within = Within { panel, scalers, frequency, on_missing, h, step, windows };
            forecaster.forecast_within(&within, &pipeline, control)
        };
        let forecasts = windows.clone().step_by(size).map(forecast).collect::<Result<Vec<_>>>()?;
        let mut forecast = one_after_the_other(forecasts);
        let mut warnings = self.panel.warnings.clone();
        warnings.append(&mut forecast.warnings);
        Ok(Forecast { warnings, ..forecast })
    }
}

/// Forecasts of the same series by the same models, each of later times than the one before, in one table.
fn one_after_the_other(forecasts: Vec<Forecast>) -> Forecast {
    let mut each = forecasts.iter();
    let first = each.next().expect("there is at least one forecast");
    if each.len() == 0 {
        return forecasts.into_iter().next().expect("there is one");
    }
    let series = first.indptr.len() - 1;
    fn joined<T: Copy>(
        forecasts: &[Forecast],
        series: usize,
        values: impl Fn(&Forecast) -> &[T],
    ) -> Vec<T> {
        let of_series =
            |i: usize| forecasts.iter().flat_map(move |f| f.rows(i).map(move |row| (f, row)));
        (0..series).flat_map(of_series).map(|(f, row)| values(f)[row]).collect()
    }
    let mut all = first.clone();
    all.times = joined(&forecasts, series, |f| &f.times);
    let cutoff = joined(&forecasts, series, |f| f.cutoff.as_deref().unwrap_or_default());
    all.cutoff = Some(cutoff);
    for (i, column) in all.columns.iter_mut().enumerate() {
        column.values = joined(&forecasts, series, |f| &f.columns[i].values);
    }
    let offset = |i: &usize| forecasts.iter().map(|f| f.indptr[*i]).sum();
    all.indptr = (0..=series).collect::<Vec<_>>().iter().map(offset).collect();
    all.warnings.clear();
    for warning in forecasts.iter().flat_map(|f| &f.warnings) {
        if !all.warnings.contains(warning) {
            all.warnings.push(warning.clone());
        }
    }
    all
}
