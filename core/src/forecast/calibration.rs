//! Calibration of conformal prediction intervals, and columns of intervals around forecasts.

use super::calls::{CrossValidationOptions, FitOptions};
use super::column::Column;
use super::cross_validation::{Plan, Rows};
use super::models::Models;
use super::neural_forecast::NeuralForecast;
use super::result::{Forecast, id_text, series_count, series_position};
use super::training_data::TrainingData;
use crate::conformal::{Calibration, PredictionIntervals};
use crate::control::{Control, Progress};
use crate::data::{Ids, Panel};
use crate::models::Instance;
use crate::objective::Output;
use crate::{Error, ErrorCode, Result};

impl NeuralForecast {
    /// The errors of forecasts of the last rows, by models that are trained on the rows before. Models that forecast any quantile
    /// by themselves are left out.
    pub(super) fn calibrated(
        &self,
        data: &TrainingData,
        intervals: &PredictionIntervals,
        options: &FitOptions,
        control: &Control,
    ) -> Result<Calibration> {
        let Some(panel) = &data.unsettled else { unreachable!("the rows are kept for this") };
        let (models, names): (Vec<&Instance>, Vec<String>) = self
            .models
            .iter()
            .zip(self.names())
            .filter(|(model, _)| !model.forecasts_any_quantile())
            .unzip();
        let (h, windows) = (self.h(), intervals.n_windows);
        let mut calibration = Calibration {
            intervals: intervals.clone(),
            h,
            ids: panel.ids.clone(),
            time_kind: panel.time_kind.clone(),
            times: Vec::new(),
            cutoffs: Vec::new(),
            scores: Vec::new(),
        };
        if models.is_empty() {
            return Ok(calibration);
        }
        let plan = Plan { h, step: intervals.step_size, windows };
        plan.check_lengths(panel).map_err(of_intervals)?;
        let options = CrossValidationOptions {
            val_size: data.val_size,
            max_steps: options.max_steps,
            ..CrossValidationOptions::default()
        };
        let rows = Rows {
            panel: panel.clone(),
            frequency: data.frequency,
            vocabularies: data.vocabularies.clone(),
            on_missing: data.on_missing,
            plan,
            options: &options,
        };
        let blank = |of: &&Instance| {
            let series = of.spec.multivariate.then_some(of.series);
            of.again(&of.given, &data.vocabularies, series)
        };
        let blank = models.iter().map(blank).collect::<Result<Vec<_>>>()?;
        let part = self.like_this(Models(blank), None);
        let told =
            |progress: &Progress| Progress { phase: "cv", window: Some(1), ..progress.clone() };
        let limits = [control.threads, control.memory_limit];
        let control = control.part(&control.cancel, limits, told);
        let forecast = rows.fold(&part, 0..windows, &control).map_err(of_intervals)?;
        calibration.scores = names
            .into_iter()
            .zip(&forecast.models)
            .map(|(name, model)| Ok((name, errors(&forecast, model, panel)?)))
            .collect::<Result<_>>()?;
        calibration.cutoffs = forecast.cutoff.unwrap_or_default();
        calibration.times = forecast.times;
        Ok(calibration)
    }
}

/// The sizes of a model's errors. Every series needs one at each step.
fn errors(forecast: &Forecast, model: &str, panel: &Panel) -> Result<Vec<f64>> {
    let (point, y) = (forecast.point(model)?, forecast.column(&panel.names.target)?);
    let sizes: Vec<f64> =
        point.iter().zip(y).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).collect();
    for series in 0..series_count(&forecast.ids) {
        let of_series = &sizes[forecast.rows(series)];
        let unknown =
            |step: &usize| of_series.iter().skip(*step).step_by(forecast.h).all(|e| e.is_nan());
        if let Some(step) = (0..forecast.h).find(unknown) {
            let (id, y) = (id_text(&forecast.ids, series), &panel.names.target);
            let message = format!(
                "predictionIntervals: series \"{id}\" has no available \"{y}\" {} after the start of any forecast; \
                 raise nWindows, or set onMissing",
                if step == 0 { "right".into() } else { format!("{step} rows") }
            );
            return Err(Error::new(ErrorCode::MissingValue, message).with(|d| {
                d.unique_id = Some(id.into());
                d.option = Some("predictionIntervals".into());
                d.column = Some(y.clone());
            }));
        }
    }
    Ok(sizes)
}

/// An error about the options of a calibration.
fn of_intervals(e: Error) -> Error {
    e.within("predictionIntervals")
}

/// The columns of these quantiles around a model's forecast of the series `ids`, whose rows are `rows[i]..rows[i + 1]`.
pub(super) fn intervals(
    calibration: &Calibration,
    (index, name): (usize, &str),
    point: &[f32],
    outputs: &[(f64, Output)],
    (ids, rows): (&Ids, &[usize]),
) -> Result<Vec<Column>> {
    let scores = calibration.of(name).expect("the request was checked");
    let mut columns: Vec<Vec<f32>> = vec![Vec::with_capacity(point.len()); outputs.len()];
    let mut sizes = Vec::new();
    for (i, of_series) in rows.windows(2).enumerate() {
        let id = id_text(ids, i);
        let Some(series) = series_position(&calibration.ids, &id) else {
            let message = format!(
                "series \"{id}\" was not in the training data, so that its prediction intervals are not calibrated; \
                 leave out level and quantiles, or fit with it"
            );
            return Err(Error::new(ErrorCode::Unsupported, message).with(|d| {
                d.unique_id = Some(id.into());
                d.model = Some(name.into());
            }));
        };
        for row in of_series[0]..of_series[1] {
            calibration.sizes(scores, series, (row - of_series[0]) % calibration.h, &mut sizes);
            for ((q, _), column) in outputs.iter().zip(&mut columns) {
                column.push((f64::from(point[row]) + calibration.distance(&sizes, *q)) as f32);
            }
        }
    }
    let column = |((_, output), values): (&(f64, Output), Vec<f32>)| {
        Column::new(index, name, output.clone(), values)
    };
    Ok(outputs.iter().zip(columns).map(column).collect())
}
