//! The training and validation rows of a run, from one table or two. Upstream: `core.py: fit`.

use std::collections::HashSet;

use super::calls::FitOptions;
use super::neural_forecast::NeuralForecast;
use crate::data::{
    Frequency, LocalScalers, OnMissing, Panel, PanelOptions, Table, Vocabularies, with_roles,
};
use crate::optim::Schedule;
use crate::{Error, ErrorCode, Result};

/// The rows of a run.
pub(super) struct TrainingData {
    /// Training rows of each series, then its validation rows.
    pub(super) panel: Panel,
    pub(super) frequency: Frequency,
    /// Categories of the training table; when training continues, those learned before.
    pub(super) vocabularies: Vocabularies,
    /// Scalers fitted to the training table.
    pub(super) scalers: LocalScalers,
    /// Number of validation rows at the end of each series.
    pub(super) val_size: usize,
    /// The rows before missing values were treated, for a calibration.
    pub(super) unsettled: Option<Panel>,
    /// How missing values are treated.
    pub(super) on_missing: Option<OnMissing>,
}

impl NeuralForecast {
    /// Reads and checks the tables of a run.
    pub(super) fn training_data(
        &self,
        table: &Table,
        options: &FitOptions,
    ) -> Result<TrainingData> {
        let vocabularies = self.vocabularies(table, options)?;
        let mut panel_options = PanelOptions {
            names: options.names.clone(),
            frequency: self.frequency,
            on_gap: options.on_gap,
            on_missing: options.on_missing,
            ..self.panel_options(options.static_table.clone(), &vocabularies)
        };
        let (mut panel, frequency) = Panel::unsettled(table, &panel_options)
            .map_err(|e| with_roles(e, table, &panel_options))?;
        let mut unsettled = options.prediction_intervals.as_ref().map(|_| panel.clone());
        panel.settle_missing(options.on_missing, &vocabularies)?;
        // Differs from upstream, which scales the training rows and leaves those of valData unscaled.
        let scalers = LocalScalers::fit(&panel, self.scaling, &vocabularies)?;
        let mut val_size = options.val_size;
        if let Some(table) = &options.val_data {
            if val_size > 0 {
                let expected = "0 or left out where there is valData";
                return Err(Error::option("valSize", expected, val_size));
            }
            panel_options.frequency = Some(frequency);
            let (validation, _) =
                Panel::unsettled(table, &panel_options).map_err(|e| e.within("valData"))?;
            val_size = check(&panel, &validation, frequency, self.h())?;
            panel = panel.followed_by(&validation);
            unsettled = unsettled.map(|rows| rows.followed_by(&validation));
            // After appending to the training rows, so that values missing at the start of valData are filled from those.
            panel
                .settle_missing(options.on_missing, &vocabularies)
                .map_err(|e| e.within("valData"))?;
        }
        panel.warn_of_missing(options.on_missing);
        self.check_sizes(&panel, val_size, options.val_data.is_some())?;
        let on_missing = options.on_missing;
        Ok(TrainingData {
            panel,
            frequency,
            vocabularies,
            scalers,
            val_size,
            unsettled,
            on_missing,
        })
    }

    /// The same for rows that are read already, whose missing values have not been treated.
    pub(super) fn training_data_of(
        &self,
        mut panel: Panel,
        frequency: Frequency,
        vocabularies: Vocabularies,
        on_missing: Option<OnMissing>,
        val_size: usize,
        calibrates: bool,
    ) -> Result<TrainingData> {
        let unsettled = calibrates.then(|| panel.clone());
        panel.settle_missing(on_missing, &vocabularies)?;
        panel.check_available()?;
        let scalers = LocalScalers::fit(&panel, self.scaling, &vocabularies)?;
        self.check_sizes(&panel, val_size, false)?;
        Ok(TrainingData {
            panel,
            frequency,
            vocabularies,
            scalers,
            val_size,
            unsettled,
            on_missing,
        })
    }

    /// Refuses a validation split that does not fit, and series shorter than the input.
    fn check_sizes(&self, panel: &Panel, val_size: usize, has_val_data: bool) -> Result<()> {
        let h = self.h();
        if val_size > 0 && val_size < h {
            return Err(Error::option("valSize", &format!("0, or at least h ({h})"), val_size));
        }
        for model in self.models.iter() {
            let common = &model.common;
            let needs_validation = match common.schedule()? {
                Schedule::Plateau(_) => Some("lowers its learning rate by the validation loss"),
                _ => (common.early_stop_patience_steps > 0).then_some("stops early"),
            };
            if let (Some(what), 0) = (needs_validation, val_size) {
                let message = format!(
                    "{} {what}, so valSize must be at least h ({h}), or valData given",
                    model.name()
                );
                return Err(Error::new(ErrorCode::InvalidOption, message)
                    .with(|d| d.option = Some("valSize".into())));
            }
            let needed = if common.start_padding_enabled { 1 } else { model.input_size() };
            let Some(short) =
                (0..panel.n_series()).find(|i| panel.rows(*i).len() < needed + val_size)
            else {
                continue;
            };
            let (id, len) = (panel.id(short), panel.rows(short).len());
            let (name, input) = (model.name(), common.input_size);
            let why = match (has_val_data, len >= needed) {
                (true, _) => {
                    format!("{} rows before valData; {name} needs {needed}", len - val_size)
                }
                (false, true) => format!(
                    "{len} rows, of which valSize {val_size} leaves {} to train on; {name} needs {needed}",
                    len.saturating_sub(val_size)
                ),
                (false, false) => format!("{len} rows; {name} needs {}", needed + val_size),
            };
            let of = match common.start_padding_enabled {
                true => String::new(),
                false if len >= needed || has_val_data || val_size == 0 => {
                    format!(" (inputSize {input})")
                }
                false => format!(" (inputSize {input} and valSize {val_size})"),
            };
            let blames_val_size = !has_val_data && len >= needed;
            let fix = match len.saturating_sub(needed) {
                most if blames_val_size && most >= h => format!("lower valSize to at most {most}"),
                _ if blames_val_size => {
                    format!("leave out valSize, which must be at least h ({h})")
                }
                _ => "shorten inputSize, set startPaddingEnabled: true".into(),
            };
            let message = format!("series \"{id}\" has {why}{of}; {fix}, or leave the series out");
            return Err(Error::new(ErrorCode::ShortSeries, message).with(|d| {
                d.option = Some(if blames_val_size { "valSize" } else { "inputSize" }.into());
                d.unique_id = Some(id);
                d.model = Some(model.name().into());
                d.expected = Some((needed + val_size).into());
                d.actual = Some(len.into());
            }));
        }
        Ok(())
    }
}

/// Checks that validation rows continue every series, all by the same number of rows, and returns that number.
///
/// Differs from upstream, which accepts any times, and still uses the last training rows as the input before them.
fn check(panel: &Panel, validation: &Panel, frequency: Frequency, h: usize) -> Result<usize> {
    let fault = |code: ErrorCode, id: &str, message: String| {
        Err(Error::new(code, message).with(|d| {
            d.option = Some("valData".into());
            d.unique_id = Some(id.into());
        }))
    };
    let ids = |p: &Panel| (0..p.n_series()).map(|i| p.id(i)).collect::<Vec<String>>();
    let (trained, validated) = (ids(panel), ids(validation));
    let known: HashSet<&String> = trained.iter().collect();
    if let Some(id) = validated.iter().find(|id| !known.contains(id)) {
        let message = format!(
            "valData has series \"{id}\", which the training data does not have; leave it out, or train on it"
        );
        return fault(ErrorCode::Schema, id, message);
    }
    let known: HashSet<&String> = validated.iter().collect();
    if let Some(id) = trained.iter().find(|id| !known.contains(id)) {
        let message = format!(
            "valData has no rows of series \"{id}\"; every series of the training data needs as many as the others"
        );
        return fault(ErrorCode::Schema, id, message);
    }
    let val_size = validation.len(0);
    for (i, id) in trained.iter().enumerate() {
        let (next, begins) =
            (frequency.advance(panel.last_time(i), 1), validation.times[validation.indptr[i]]);
        if begins != next {
            let code = if begins < next { ErrorCode::DuplicateTime } else { ErrorCode::Gap };
            let message = format!(
                "series \"{id}\": valData begins at {}, but right after the training data is {}",
                panel.format_time(begins),
                panel.format_time(next)
            );
            return fault(code, id, message).map_err(|e: Error| {
                e.with(|d| {
                    (d.ds, d.expected, d.actual) =
                        (Some(begins), Some(next.into()), Some(begins.into()));
                })
            });
        }
        let len = validation.len(i);
        if len != val_size {
            let message = format!(
                "series \"{id}\" has {len} rows of valData, series \"{}\" has {val_size}; every series must have the same number",
                trained[0]
            );
            return fault(ErrorCode::Schema, id, message);
        }
    }
    if validation.weight.is_some() != panel.weight.is_some() {
        let name = &panel.names.weight;
        let message = format!(
            "column \"{name}\" must be both in the training data and in valData, or in neither"
        );
        return fault(ErrorCode::Schema, &trained[0], message);
    }
    if val_size < h {
        let message = format!(
            "valData has {val_size} rows a series; it must have at least h ({h}), as validation forecasts h steps"
        );
        return fault(ErrorCode::ShortSeries, &trained[0], message);
    }
    Ok(val_size)
}
