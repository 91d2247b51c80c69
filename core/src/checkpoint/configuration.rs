//! `configuration.json`: horizon, frequency, names, and the index of the dataset.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::index::Index;
use super::tagged::Tagged;
use super::weights::{Tensors, serialize};
use super::{
    Checkpoint, Files, Sources, Unknown, calibration, dataset, fail, scalers, vocabularies,
};
use crate::Result;
use crate::conformal::Calibration;
use crate::data::{ColumnNames, LocalScalers, LocalScaling, Panel, Vocabularies};
use crate::scalers::LocalScalerType;

const JSON: &str = "configuration.json";
const TENSORS: &str = "configuration.safetensors";
/// Fields that are interpreted, and therefore never among the unknown ones.
const KNOWN: [&str; 16] = [
    "h",
    "freq",
    "_fitted",
    "id_col",
    "time_col",
    "target_col",
    "uids",
    "last_dates",
    "ds",
    "local_scaler_type",
    "local_static_scaler_type",
    "scalers_",
    "static_scalers_",
    "categorical_vocab_",
    calibration::INTERVALS,
    calibration::SCORES,
];

/// The parsed configuration.
pub(super) struct Configuration<'a> {
    pub(super) h: usize,
    pub(super) frequency: String,
    pub(super) frequency_is_step: bool,
    pub(super) fitted: bool,
    pub(super) names: ColumnNames,
    pub(super) polars: bool,
    pub(super) scaling: LocalScaling,
    pub(super) scalers: LocalScalers,
    pub(super) vocabularies: Vocabularies,
    pub(super) calibration: Option<Calibration>,
    /// Lower-case class of each model name.
    pub(super) classes: HashMap<String, String>,
    pub(super) unknown: Unknown,
    /// Identifiers, last times and times.
    index: [Value; 3],
    tensors: Tensors<'a>,
}

impl Configuration<'_> {
    /// Reads the dataset, if there is one.
    pub(super) fn panel(
        &self,
        files: &Sources,
        names: &ColumnNames,
    ) -> Result<Option<(Panel, Unknown)>> {
        if !files.contains_key("dataset.json") {
            return Ok(None);
        }
        let [ids, last_times, times] = &self.index;
        let index = Index { file: JSON, ids, last_times, times, tensors: &self.tensors };
        dataset::decode(files, &index, names, &self.scalers).map(Some)
    }
}

/// Reads `configuration.json` and the tensors beside it.
pub(super) fn decode(files: &Sources) -> Result<Configuration<'_>> {
    let mut document: Map<String, Value> = super::json(JSON, &super::file(files, JSON)?.bytes()?)?;
    let format = document.shift_remove("nf_format").unwrap_or_default();
    if format != "2" {
        let found = format;
        return Err(fail(format!(
            "{JSON}: \"nf_format\" must be \"2\", found {found}; the checkpoint has another version"
        )));
    }
    let Some(Value::Object(mut fields)) = document.shift_remove("configuration") else {
        return Err(fail(format!("{JSON}: \"configuration\" must be an object; save again")));
    };
    let tensors = match files.get(TENSORS) {
        Some(file) => Tensors::parse(TENSORS, file.open()?)?,
        None => Tensors::none(TENSORS),
    };
    let wrong = |field: &str, expected: &str, found: &Value| {
        Tagged::new(found, JSON, field, &tensors).wrong(expected)
    };
    let mut take = |field: &str| fields.shift_remove(field).unwrap_or(Value::Null);

    let h = take("h");
    let h = h
        .as_u64()
        .filter(|h| (1..1 << 31).contains(h))
        .ok_or_else(|| wrong("h", "a positive integer", &h))?;
    let (frequency, frequency_is_step) = match take("freq") {
        Value::String(text) => (text, false),
        Value::Number(n) if n.is_u64() || n.is_i64() => (n.to_string(), true),
        other => return Err(wrong("freq", "a string or an integer", &other)),
    };
    let fitted = take("_fitted");
    let fitted = fitted.as_bool().ok_or_else(|| wrong("_fitted", "true or false", &fitted))?;
    let mut name = |field: &str, default: String| match take(field) {
        Value::Null => Ok(default),
        Value::String(text) => Ok(text),
        other => Err(wrong(field, "a column name", &other)),
    };
    let ColumnNames { id, time, target, weight, mask } = ColumnNames::default();
    let (id, time, target) =
        (name("id_col", id)?, name("time_col", time)?, name("target_col", target)?);
    let names = ColumnNames { id, time, target, weight, mask };
    let classes = match take("alias_to_model") {
        Value::Null => HashMap::new(),
        found => serde_json::from_value(found.clone())
            .map_err(|_| wrong("alias_to_model", "an object of model names and classes", &found))?,
    };
    let index = ["uids", "last_dates", "ds"].map(&mut take);
    let kind = |field: &str, found: Value| {
        scalers::kind(&Tagged::new(&found, JSON, field, &tensors), &found)
    };
    let scaling = LocalScaling {
        temporal: kind("local_scaler_type", take("local_scaler_type"))?,
        statics: kind("local_static_scaler_type", take("local_static_scaler_type"))?,
    };
    let fitted_scalers = |field: &str, found: Value| scalers::decode(JSON, field, &found, &tensors);
    let scalers = LocalScalers {
        temporal: fitted_scalers("scalers_", take("scalers_"))?,
        statics: fitted_scalers("static_scalers_", take("static_scalers_"))?,
    };
    scalers::check_target(&scalers, &names.target)?;
    let vocabularies = take("categorical_vocab_");
    let vocabularies = vocabularies::decode(JSON, "categorical_vocab_", &vocabularies, &tensors)?;
    let stored = [calibration::INTERVALS, calibration::SCORES].map(&mut take);
    let calibration =
        calibration::decode(JSON, [&stored[0], &stored[1]], &names, h as usize, &tensors)?;
    let mut unknown = Unknown { fields, tensors: Vec::new(), around: document };
    for (field, value) in &unknown.fields {
        Tagged::new(value, JSON, field, &tensors).collect_tensors(&mut unknown.tensors)?;
    }
    let polars = index[0]["kind"] == "polars" || index[1]["kind"] == "polars";
    let h = h as usize;
    Ok(Configuration {
        h,
        frequency,
        frequency_is_step,
        fitted,
        names,
        polars,
        scaling,
        scalers,
        vocabularies,
        calibration,
        classes,
        unknown,
        index,
        tensors,
    })
}

/// The configuration and the dataset as files. `classes` gives the lower-case class of each model name.
pub(super) fn encode(checkpoint: &Checkpoint, classes: Map<String, Value>) -> Result<Files> {
    let Checkpoint { names, frequency, .. } = checkpoint;
    let freq =
        if checkpoint.frequency_is_step {
            let step = frequency.parse::<i64>();
            Value::from(step.map_err(|_| {
                fail(format!("a step frequency must be an integer, got {frequency:?}"))
            })?)
        } else {
            frequency.as_str().into()
        };
    let mut fields = Map::new();
    let mut tensors = Vec::new();
    let [intervals, scores] = calibration::encode(
        checkpoint.calibration.as_ref(),
        names,
        checkpoint.polars,
        &mut tensors,
    )?;
    let known = json!({
        "h": checkpoint.h, "freq": freq, "_fitted": checkpoint.fitted,
        "local_scaler_type": checkpoint.scaling.temporal.map(LocalScalerType::name),
        "local_static_scaler_type": checkpoint.scaling.statics.map(LocalScalerType::name),
        "scalers_": scalers::encode("scalers_", &checkpoint.scalers.temporal, &mut tensors),
        "static_scalers_": scalers::encode("static_scalers_", &checkpoint.scalers.statics, &mut tensors),
        "categorical_vocab_": vocabularies::encode(&checkpoint.vocabularies),
        "id_col": names.id, "time_col": names.time, "target_col": names.target,
        (calibration::INTERVALS): intervals, (calibration::SCORES): scores,
    });
    if let Value::Object(known) = known {
        fields.extend(known);
    }
    for (field, value) in &checkpoint.unknown.fields {
        if KNOWN.contains(&field.as_str()) {
            return Err(fail(format!(
                "{JSON}: {field:?} is known, it must not be among the unknown fields"
            )));
        }
        fields.insert(field.clone(), value.clone());
    }
    tensors.extend(checkpoint.unknown.tensors.iter().cloned());
    let mut files = Files::new();
    if let Some(panel) = &checkpoint.panel {
        let encoded = dataset::encode(
            panel,
            &checkpoint.dataset,
            names,
            &checkpoint.scalers,
            checkpoint.polars,
        )?;
        fields.extend(encoded.fields);
        tensors.extend(encoded.tensors);
        files = encoded.files;
    }
    fields.insert("alias_to_model".into(), classes.into());
    let mut document = checkpoint.unknown.around.clone();
    document.insert("nf_format".into(), "2".into());
    document.insert("configuration".into(), fields.into());
    files.insert(JSON.into(), Value::from(document).to_string().into_bytes());
    if !tensors.is_empty() {
        let notes = [("nf_format", "2".into()), ("shared", "{}".into())];
        files.insert(TENSORS.into(), serialize(tensors, &notes)?);
    }
    Ok(files)
}
