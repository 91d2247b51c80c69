//! Saving and loading forecasters: conversion between instances and stored models. The format is in [`crate::checkpoint`].

use std::collections::BTreeSet;
#[cfg(feature = "io")]
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

#[cfg(feature = "io")]
use super::calls::SaveOptions;
use super::fitted::Fitted;
#[cfg(feature = "io")]
use super::memory::{check_loading, check_saving};
use super::neural_forecast::NeuralForecast;
use super::persisted_categories;
use super::persisted_hierarchy;
use super::persisted_training;
use crate::checkpoint::{
    self, Checkpoint, Files, Parameters, Sources, StoredModel, StoredState, StoredTensor, Unknown,
};
#[cfg(feature = "io")]
use crate::control::Control;
use crate::data::{Frequency, NumericTime, OnGap, TimeKind, TimeZone, Unit, Vocabularies};
use crate::interrupt::look;
use crate::models::Instance;
use crate::models::{CommonOptions, ValMonitor};
use crate::optim::LrScheduler;
use crate::options::OptionValue;
use crate::train::TrainingState;
use crate::{Error, ErrorCode, Result};

/// Contents of a loaded checkpoint that are not used here, kept so that saving it again loses nothing.
#[derive(Default)]
pub(super) struct Passthrough {
    configuration: Unknown,
    /// Unknown contents of the loaded data, dropped when other data replaces it.
    dataset: Unknown,
    extra: Map<String, Value>,
    models: Vec<ModelPassthrough>,
}

/// The same for one model.
#[derive(Clone, Default)]
struct ModelPassthrough {
    /// Training options that are not supported here.
    training: Map<String, Value>,
    unknown: Unknown,
}

impl Passthrough {
    /// Drops what belongs to the loaded data, when other data replaces it.
    pub(super) fn forget_dataset(&mut self) {
        self.dataset = Unknown::default();
    }

    /// Refuses to train again with options that are not supported here.
    pub(super) fn check_fit(&self) -> Result<()> {
        let Some(name) = self.models.iter().find_map(|m| m.training.keys().next()) else {
            return Ok(());
        };
        let message = format!(
            "the loaded model was trained with \"{name}\", which is not supported; it forecasts, but cannot be fitted again"
        );
        Err(Error::new(ErrorCode::Unsupported, message).with(|d| d.option = Some(name.clone())))
    }
}

/// Whether a value is a null that Python writes for an option that was not given. Two options are excepted, because null is
/// not their default.
fn says_nothing(name: &str, value: &Value) -> bool {
    value.is_null() && !["validLoss", "windowsBatchSize"].contains(&name)
}

/// Whether a value is Python's default, which need not be written.
fn is_default_in_python(name: &str, value: &Value) -> bool {
    match name {
        "precision" => value == "f32",
        "optimizer" => *value == json!({ "kind": "Adam" }),
        "gradientClipAlgorithm" => value == "norm",
        "accumulateGradBatches" => value == 1,
        "valMonitor" => value == "ptl/val_loss",
        // Python's TimeMixer takes an empty list for columns, and has no option to leave the target out.
        "futrExogList" => *value == json!([]),
        "excludeInsampleY" => *value == json!(false),
        // Python classes without categories do not have these options.
        "catExogList" => *value == json!([]),
        "categoricalCardinalities" => *value == json!({}),
        "catEmbDim" => value == "fastai",
        _ => false,
    }
}

impl NeuralForecast {
    /// The checkpoint as files by name, for systems without a file system.
    pub fn to_files(&self, save_dataset: bool) -> Result<Files> {
        checkpoint::to_files(&self.whole(save_dataset)?)
    }

    /// Reads a checkpoint, written by this crate or by Python's NeuralForecast, from files by name.
    pub fn from_files(files: Files) -> Result<Self> {
        Self::of_files(&checkpoint::in_memory(files))
    }

    /// Writes a checkpoint that this crate and Python's NeuralForecast 3.3.0 can read. After a crash, either the old or the
    /// new checkpoint is there.
    #[cfg(feature = "io")]
    pub fn save(&self, dir: &Path, options: &SaveOptions) -> Result<()> {
        self.save_with(dir, options, &Control::default())
    }

    /// The same with cancellation and a memory limit. If it is cancelled, what was there before is kept.
    #[cfg(feature = "io")]
    pub fn save_with(&self, dir: &Path, options: &SaveOptions, control: &Control) -> Result<()> {
        control.watched(|| {
            check_saving(self, control)?;
            checkpoint::write(dir, &self.whole(options.save_dataset)?, options.overwrite)
        })
    }

    fn whole(&self, save_dataset: bool) -> Result<Checkpoint> {
        let Some(fitted) = &self.fitted else {
            return Err(Error::new(
                ErrorCode::NotFitted,
                "nothing is fitted yet; call fit before save",
            ));
        };
        if save_dataset && fitted.panel.is_none() {
            let message = "this forecaster was loaded without its data; set saveDataset: false to save the models alone";
            return Err(Error::new(ErrorCode::NotFitted, message));
        }
        let mut checkpoint = self.checkpoint(fitted, save_dataset);
        let state = |i: usize| fitted.training.get(i).and_then(Option::as_ref);
        let models = self.models.iter().enumerate();
        checkpoint.models = models.map(|(i, m)| self.stored(i, m, state(i))).collect();
        Ok(checkpoint)
    }

    /// A checkpoint of the fitted data, without models.
    pub(super) fn checkpoint(&self, fitted: &Fitted, save_dataset: bool) -> Checkpoint {
        let mut extra = self.kept.extra.clone();
        extra.insert(
            "order".into(),
            json!(self.models.iter().map(Instance::name).collect::<Vec<_>>()),
        );
        extra.extend(fitted.frequency.zone().map(|z| (TIME_ZONE.into(), json!(z.to_string()))));
        extra.extend(self.reading.unit.map(|unit| (TIME_UNIT.into(), json!(unit.name()))));
        for name in [ON_GAP, ON_MISSING] {
            extra.remove(name); // options of an earlier run
        }
        if fitted.on_gap != OnGap::default() {
            extra.insert(ON_GAP.into(), fitted.on_gap.name().into());
        }
        extra.extend(fitted.on_missing.map(|how| (ON_MISSING.into(), how.name().into())));
        Checkpoint {
            models: Vec::new(),
            h: self.h(),
            frequency: fitted.frequency.to_pandas(),
            frequency_is_step: fitted.frequency.is_step(),
            fitted: true,
            names: fitted.names.clone(),
            scaling: self.scaling,
            scalers: fitted.scalers.clone(),
            vocabularies: fitted.vocabularies.clone(),
            calibration: fitted.calibration.clone(),
            panel: fitted.panel.as_deref().filter(|_| save_dataset).cloned(),
            // Polars has a name for the same day of each month, pandas has none.
            polars: matches!(fitted.frequency.unit(), Unit::SameDay(_)),
            extra,
            unknown: self.kept.configuration.clone(),
            dataset: self.kept.dataset.clone(),
        }
    }

    /// The `i`-th model in its current state, possibly during training.
    pub(super) fn stored(
        &self,
        i: usize,
        model: &Instance,
        state: Option<&TrainingState>,
    ) -> StoredModel {
        let kept = self.kept.models.get(i).cloned().unwrap_or_default();
        let values = state.map_or(&model.values[..], |state| state.weights(model)[0]);
        let state = state.map(|state| persisted_training::stored(model, state));
        StoredModel { state, ..stored(model, values, kept) }
    }

    /// Refuses a path that [`NeuralForecast::save`] would not replace even with `overwrite`, for a check before training.
    #[cfg(feature = "io")]
    pub fn check_replaceable(dir: &Path) -> Result<()> {
        checkpoint::check_replaceable(dir)
    }

    /// Reads a checkpoint, written by this crate or by Python's NeuralForecast.
    #[cfg(feature = "io")]
    pub fn load(dir: &Path) -> Result<Self> {
        Self::load_with(dir, &Control::default())
    }

    /// The same with cancellation and a memory limit.
    #[cfg(feature = "io")]
    pub fn load_with(dir: &Path, control: &Control) -> Result<Self> {
        control.watched(|| {
            let files = checkpoint::on_disk(dir)?;
            check_loading(dir, &files, control)?;
            Self::of_files(&files)
        })
    }

    fn of_files(files: &Sources) -> Result<Self> {
        let (checkpoint, mut loaded) = checkpoint::decode_as(files, restored)?;
        if let Some(order) = checkpoint.extra.get("order").and_then(Value::as_array) {
            loaded = in_order(loaded, order);
        }
        let frequency = match checkpoint.frequency_is_step {
            true => Frequency::step(checkpoint.frequency.parse().map_err(|_| {
                Error::new(
                    ErrorCode::Checkpoint,
                    format!("frequency \"{}\" is not a number", checkpoint.frequency),
                )
            })?)?,
            false => Frequency::parse(&checkpoint.frequency)?,
        };
        let frequency = frequency.in_zone(time_zone(&checkpoint)?)?;
        let (mut models, mut kept, mut training) = (Vec::new(), Vec::new(), Vec::new());
        for ((model, kept_of_model), state) in loaded {
            let state = state.map(|state| persisted_training::restored(&model, state));
            training.push(state.transpose()?);
            models.push(model);
            kept.push(kept_of_model);
        }
        let mut forecaster =
            Self::of(models, Some(frequency))?.with_local_scaling(checkpoint.scaling);
        forecaster.reading.unit = time_unit(&checkpoint)?;
        if checkpoint.fitted {
            let on_gap = choice::<OnGap>(&checkpoint, ON_GAP)?.unwrap_or_default();
            let on_missing = choice(&checkpoint, ON_MISSING)?;
            let Checkpoint { names, panel, vocabularies, scalers, calibration, .. } = checkpoint;
            if let Some(calibration) = &calibration {
                checkpoint::check_calibration(calibration, &forecaster.names())?;
            }
            persisted_categories::check(&forecaster.models, panel.as_ref(), &vocabularies)?;
            let panel = panel.map(Arc::new);
            forecaster.fitted = Some(Fitted {
                frequency,
                names,
                panel,
                vocabularies,
                scalers,
                on_gap,
                on_missing,
                calibration,
                training,
            });
        }
        forecaster.kept = Passthrough {
            configuration: checkpoint.unknown,
            dataset: checkpoint.dataset,
            extra: checkpoint.extra,
            models: kept,
        };
        Ok(forecaster)
    }
}

/// Key of the time zone in [`Checkpoint::extra`], for checkpoints without data.
const TIME_ZONE: &str = "timeZone";

/// Keys of the options of `fit` that apply to forecasts too.
const ON_GAP: &str = "onGap";
const ON_MISSING: &str = "onMissing";

/// Reads one of these options.
fn choice<T: OptionValue>(checkpoint: &Checkpoint, name: &str) -> Result<Option<T>> {
    let read = |value: &Value| {
        T::read(value).ok_or_else(|| {
            let message = format!("neural-trader.json: {name} cannot be {value}");
            Error::new(ErrorCode::Checkpoint, message)
        })
    };
    checkpoint.extra.get(name).map(read).transpose()
}

/// The time zone of the stored data, or without data the one stored by itself.
fn time_zone(checkpoint: &Checkpoint) -> Result<Option<TimeZone>> {
    match (&checkpoint.panel, checkpoint.extra.get(TIME_ZONE)) {
        (Some(panel), _) => Ok(match panel.time_kind {
            TimeKind::Date { time_zone, .. } => time_zone,
            TimeKind::Step => None,
        }),
        (None, Some(Value::String(name))) => TimeZone::parse(name).map(Some).map_err(|_| {
            let message = format!("neural-trader.json: there is no time zone {name:?}");
            Error::new(ErrorCode::Checkpoint, message)
        }),
        (None, _) => Ok(None),
    }
}

/// Key of the unit of times in [`Checkpoint::extra`].
const TIME_UNIT: &str = "timeUnit";

/// The unit of numbers in the time column, if one was set.
fn time_unit(checkpoint: &Checkpoint) -> Result<Option<NumericTime>> {
    let Some(Value::String(name)) = checkpoint.extra.get(TIME_UNIT) else { return Ok(None) };
    NumericTime::read(&json!(name)).map(Some).ok_or_else(|| {
        let message = format!("neural-trader.json: there is no unit of times {name:?}");
        Error::new(ErrorCode::Checkpoint, message)
    })
}

/// A model, its contents that are only passed through, and its training state.
type Loaded = ((Instance, ModelPassthrough), Option<StoredState>);

/// The models in the order of these names; models of the same name keep their order. Others come last.
fn in_order(mut models: Vec<Loaded>, order: &[Value]) -> Vec<Loaded> {
    let mut ordered = Vec::with_capacity(models.len());
    for name in order {
        if let Some(i) = models.iter().position(|((m, _), _)| *name == m.name()) {
            ordered.push(models.remove(i));
        }
    }
    ordered.append(&mut models);
    ordered
}

fn stored(model: &Instance, values: &[f32], kept: ModelPassthrough) -> StoredModel {
    let mut options = model.all_options();
    options.retain(|name, value| !says_nothing(name, value) && !is_default_in_python(name, value));
    if let Some(schedule) = &model.common.lr_scheduler {
        options.insert("lrScheduler".into(), schedule.explicit(model.common.max_steps).write());
    }
    persisted_categories::store(model, &mut options);
    persisted_hierarchy::store(model, &mut options);
    options.extend(kept.training);
    let tensors = model.entries.iter().flat_map(|entry| {
        look();
        let data = &values[entry.param.offset..][..entry.param.shape.size()];
        let tensor = |name: &String| StoredTensor {
            name: name.clone(),
            shape: entry.param.shape.dims().to_vec(),
            data: data.to_vec(),
        };
        std::iter::once(&entry.name).chain(&entry.ties).map(tensor).collect::<Vec<_>>()
    });
    let (name, class) = (model.name().into(), model.spec.name.into());
    let tensors = tensors.collect();
    StoredModel { name, class, tensors, options, unknown: kept.unknown, state: None }
}

/// A stored model with its weights, and its contents that are only passed through.
fn restored(
    stored: StoredModel,
    parameters: &Parameters<'_>,
    vocabularies: &Vocabularies,
) -> Result<(Instance, ModelPassthrough)> {
    let mut options = stored.options;
    options.retain(|name, value| !says_nothing(name, value));
    let mut training = Map::new();
    if options.get("lrScheduler").is_some_and(|schedule| !is_known(schedule)) {
        training.extend(options.remove_entry("lrScheduler"));
    }
    // Python checks the name only for early stopping.
    if options.get("valMonitor").is_some_and(|name| ValMonitor::read(name).is_none()) {
        training.extend(options.remove_entry("valMonitor"));
    }
    if options.get("inputSize").and_then(Value::as_i64).is_some_and(|v| v < 1) {
        let h = options.get("h").and_then(Value::as_i64).unwrap_or(0);
        options.insert("inputSize".into(), json!(3 * h));
    }
    let hint = persisted_hierarchy::taken(&mut options)?;
    if hint.is_none() && stored.name != stored.class {
        options.insert("alias".into(), json!(stored.name));
    }
    let mut model = persisted_categories::instance(stored.class, options, vocabularies)?;
    if let Some(hint) = hint {
        model = persisted_hierarchy::wrapped(model, hint)?;
    }
    let constant = |name: &str| of_a_loss(name) && !model.has_parameter(name);
    let given: BTreeSet<&str> = parameters.names().filter(|name| !constant(name)).collect();
    for entry in &model.entries {
        if !given.contains(entry.name.as_str()) {
            let (model, name) = (model.name(), &entry.name);
            let message = format!("{model}: parameter \"{name}\" is missing from the checkpoint");
            return Err(Error::new(ErrorCode::Checkpoint, message));
        }
        // Options that need more numbers than the file holds are refused before memory is allocated.
        if entry.param.shape.size() > parameters.numbers(&entry.name)? {
            parameters.read_to(&entry.name, |shape| {
                model.place(&entry.name, shape).map(|_| Default::default())
            })?;
        }
    }
    model.allocate()?;
    for name in given {
        parameters.read_to(name, |shape| model.parameter_mut(name, shape))?;
    }
    Ok((model, ModelPassthrough { training, unknown: stored.unknown }))
}

/// Whether this schedule is supported here; Python has more.
fn is_known(schedule: &Value) -> bool {
    let given = LrScheduler::read(schedule);
    given.is_some_and(|s| {
        CommonOptions { lr_scheduler: Some(s), ..CommonOptions::default() }.schedule().is_ok()
    })
}

/// Whether a parameter belongs to a loss: constants determined by the options and, for some losses, learned values.
fn of_a_loss(name: &str) -> bool {
    name.starts_with("loss.") || name.starts_with("valid_loss.")
}
