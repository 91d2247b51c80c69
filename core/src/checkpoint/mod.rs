//! Checkpoints in the v2 directory format of NeuralForecast 3.3.0, so that this library and Python load each other's.
//!
//! A directory holds `<name>_<n>.safetensors` for each model, `configuration.json` with `configuration.safetensors`, and,
//! if the data was saved, `dataset.json` with `dataset.safetensors`. Information that the format cannot hold is in
//! `neural-trader.json`, `neural-trader.dataset` and `neural-trader.state`, which Python's loader ignores.
//!
//! Checkpoints are untrusted: every length, offset, shape, type, name and count is checked before use, and every fault is
//! an [`ErrorCode::Checkpoint`]. Only regular files directly in the directory are opened.

#[cfg(feature = "io")]
mod atomic;
mod calibration;
mod configuration;
mod dataset;
#[cfg(feature = "io")]
mod disk;
#[cfg(feature = "io")]
mod folder;
mod header;
mod index;
mod losses;
mod model;
mod naming;
mod options;
mod parameters;
mod scalers;
mod source;
mod state;
mod tagged;
mod vocabularies;
mod weights;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

#[cfg(feature = "io")]
pub(crate) use disk::{check_replaceable, on_disk, sizes};
#[cfg(feature = "io")]
pub use disk::{read, write};
pub(crate) use naming::{COUNTED, HIERARCHY};
pub(crate) use parameters::Parameters;
pub use safetensors::Dtype;
pub use weights::RawTensor;

use crate::conformal::Calibration;
use crate::data::{ColumnNames, LocalScalers, LocalScaling, MissingRows, Panel, Vocabularies};
use crate::{Error, ErrorCode, Result, runtime};
pub(crate) use calibration::check as check_calibration;
use source::Source;

/// Options, names and values that Python's format cannot hold.
const OWN_FILE: &str = "neural-trader.json";
/// Columns of the panel in f64, if f32 loses precision. The extension is not `.safetensors`, because Python would take the
/// file for a model.
const EXACT_FILE: &str = "neural-trader.dataset";

/// The training state, with which training can be resumed.
const STATE_FILE: &str = "neural-trader.state";

/// The files of a directory, by name.
pub type Files = BTreeMap<String, Vec<u8>>;
/// The files of a directory, read on demand.
pub(crate) type Sources = BTreeMap<String, Source>;

/// A parameter or buffer of the `state_dict`.
///
/// Complex numbers have an additional last axis of 2: real and imaginary part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredTensor {
    /// Its name in the `state_dict`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub data: Vec<f32>,
}

/// Contents that are not interpreted: kept as read and written back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unknown {
    /// Fields as stored.
    pub fields: Map<String, Value>,
    /// The tensors to which they refer.
    pub tensors: Vec<RawTensor>,
    /// Other contents of their file: fields of the document, or metadata.
    pub around: Map<String, Value>,
}

/// The training state, with which training can be resumed: numbers and arrays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredState {
    /// The numbers, by name.
    pub numbers: Map<String, Value>,
    /// The arrays.
    pub tensors: Vec<StoredTensor>,
}

/// A model in a checkpoint: name, class, options and parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredModel {
    /// Alias or class: the name of its forecast columns.
    pub name: String,
    /// Class, in upstream's spelling.
    pub class: String,
    /// Options in camelCase. An absent option has its default; options that were null by default are absent.
    ///
    /// `inputSize` is the user's value: for recurrent models without the additional step, and -1 for upstream's default of
    /// three times the horizon.
    pub options: Map<String, Value>,
    /// The `state_dict`, sorted by name, with each shared tensor under all of its names.
    ///
    /// For writing, only the parameters and buffers of the model are needed: quantiles and constants of the losses are
    /// derived.
    pub tensors: Vec<StoredTensor>,
    /// Hyper-parameters that are not interpreted, such as settings of Python's trainer.
    pub unknown: Unknown,
    /// The training state, which Python ignores.
    pub state: Option<StoredState>,
}

/// The contents of a checkpoint directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// The models.
    pub models: Vec<StoredModel>,
    /// The horizon.
    pub h: usize,
    /// The frequency in Python's notation, such as `MS`, or an integer as text.
    pub frequency: String,
    /// Whether the frequency is an integer.
    pub frequency_is_step: bool,
    /// Whether the models were fitted.
    pub fitted: bool,
    /// Names of the special columns.
    pub names: ColumnNames,
    /// The scaler types of whole series and of static columns.
    pub scaling: LocalScaling,
    /// The fitted scalers.
    pub scalers: LocalScalers,
    /// The categories of categorical columns, whose values in the data are codes.
    pub vocabularies: Vocabularies,
    /// The calibration of prediction intervals, if there is one.
    pub calibration: Option<Calibration>,
    /// The data, if it was saved. Not scaled here; in the directory it is scaled by `scalers`.
    pub panel: Option<Panel>,
    /// Whether Python's tables are polars frames, not pandas ones. Only Python uses it, for example for its frequencies.
    pub polars: bool,
    /// Additional values of this library, which Python ignores.
    pub extra: Map<String, Value>,
    /// Contents of the configuration that are not interpreted.
    pub unknown: Unknown,
    /// Contents of the dataset's files that are not interpreted.
    pub dataset: Unknown,
}

/// Encodes a checkpoint as the files of a directory.
pub fn to_files(checkpoint: &Checkpoint) -> Result<Files> {
    encode(checkpoint)
}

/// Decodes a checkpoint from the files of a directory, written by this library or by Python's NeuralForecast.
pub fn from_files(files: Files) -> Result<Checkpoint> {
    decode(&in_memory(files))
}

/// Files in memory as sources.
pub(crate) fn in_memory(files: Files) -> Sources {
    files.into_iter().map(|(name, bytes)| (name, Source::Memory(bytes))).collect()
}

/// The result for each model, with its training state.
type Made<T> = Vec<(T, Option<StoredState>)>;

fn fail(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Checkpoint, message)
}

/// A required file.
fn file<'a>(files: &'a Sources, name: &str) -> Result<&'a Source> {
    files.get(name).ok_or_else(|| fail(format!("{name} is missing")))
}

/// Parses JSON. Python's extensions of JSON, such as NaN, are errors.
fn json<T: DeserializeOwned>(place: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| fail(format!("{place}: not readable as JSON: {e}")))
}

fn is_model_file(name: &str) -> bool {
    name.ends_with(".safetensors")
        && !["dataset.safetensors", "configuration.safetensors"].contains(&name)
}

/// The contents of `neural-trader.json`.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sidecar {
    /// Format version, increased when older readers would misinterpret the file.
    format: u32,
    /// Model files in order, with the options that only this library has.
    models: Vec<(String, Map<String, Value>)>,
    /// Name of the sample weight column.
    weight: String,
    /// Name of the available mask column.
    mask: String,
    /// [`Panel::missing`].
    #[serde(default, skip_serializing_if = "MissingRows::is_empty")]
    missing: MissingRows,
    /// [`Checkpoint::extra`].
    extra: Map<String, Value>,
}

fn decode(files: &Sources) -> Result<Checkpoint> {
    let whole = |model, parameters: &Parameters<'_>, _: &_| {
        Ok(StoredModel { tensors: parameters.all()?, ..model })
    };
    let (checkpoint, models) = decode_as(files, whole)?;
    let models = models.into_iter().map(|(model, state)| StoredModel { state, ..model }).collect();
    Ok(Checkpoint { models, ..checkpoint })
}

/// Reads a checkpoint and calls `make` for each model, in parallel with the other models and with reading the training
/// states.
///
/// `make` gets a model without its tensors, which are read on demand. Returns the checkpoint without models, and the results
/// in the order of the models, each with its training state.
pub(crate) fn decode_as<T: Send>(
    files: &Sources,
    make: impl Fn(StoredModel, &Parameters<'_>, &Vocabularies) -> Result<T> + Sync,
) -> Result<(Checkpoint, Made<T>)> {
    let configuration = configuration::decode(files)?;
    let present: Vec<&String> = files.keys().filter(|f| is_model_file(f)).collect();
    let own = match files.get(OWN_FILE) {
        Some(file) => json(OWN_FILE, &file.bytes()?)?,
        None => {
            let models = present.iter().map(|f| ((*f).clone(), Map::new())).collect();
            let ColumnNames { weight, mask, .. } = ColumnNames::default();
            let missing = MissingRows::default();
            Sidecar { format: 1, models, weight, mask, missing, extra: Map::new() }
        }
    };
    if own.format != 1 {
        return Err(fail(format!(
            "{OWN_FILE}: format {} is newer than 1; update this package",
            own.format
        )));
    }
    let named: HashSet<&String> = own.models.iter().map(|(file, _)| file).collect();
    if present.is_empty()
        || named.len() != own.models.len()
        || named != present.iter().copied().collect()
    {
        let named: Vec<_> = own.models.iter().map(|(file, _)| file).collect();
        return Err(fail(format!(
            "the model files must be those that {OWN_FILE} names, at least one: {named:?}, found {present:?}"
        )));
    }
    let model = |(file, options): (String, Map<String, Value>)| {
        let name = file
            .strip_suffix(".safetensors")
            .and_then(|stem| stem.rsplit_once('_'))
            .map(|(name, _)| name);
        let name = name.ok_or_else(|| {
            fail(format!("{file}: a model's file must be named NAME_NUMBER.safetensors"))
        })?;
        let class = configuration.classes.get(name).map_or(name, String::as_str);
        let class = naming::class(class).ok_or_else(|| {
            fail(format!(
                "{file}: model class {class:?} is not known; known are NeuralForecast 3.3.0's own"
            ))
        })?;
        let (mut model, parameters) = model::decode(&file, &files[&file], name, class)?;
        model.options.extend(options);
        let made = make(model, &parameters, &configuration.vocabularies);
        Ok((file, made))
    };
    // The training state may be twice the size of the weights or more. Zeroing memory takes longer than reading the files,
    // so both run in parallel.
    let (states, models) = runtime::run(None, || {
        Ok(runtime::join(|| state::decode(files), || runtime::map(own.models, model)))
    })?;
    let mut states = states?;
    let models = models.into_iter().collect::<Result<Vec<(String, Result<T>)>>>()?;
    let names = ColumnNames { weight: own.weight, mask: own.mask, ..configuration.names.clone() };
    let (mut panel, dataset) = configuration.panel(files, &names)?.unzip();
    if let Some(panel) = &mut panel {
        own.missing.check(panel).map_err(|wrong| fail(format!("{OWN_FILE}: {wrong}")))?;
        panel.missing = own.missing;
    }
    // Errors of damaged files come before errors of valid but unsupported models.
    let with_state = |(file, made): (String, Result<T>)| Ok((made?, states.remove(&file)));
    let models = models.into_iter().map(with_state).collect::<Result<Vec<_>>>()?;
    let checkpoint = Checkpoint {
        models: Vec::new(),
        h: configuration.h,
        frequency: configuration.frequency,
        frequency_is_step: configuration.frequency_is_step,
        fitted: configuration.fitted,
        names,
        scaling: configuration.scaling,
        scalers: configuration.scalers,
        vocabularies: configuration.vocabularies,
        calibration: configuration.calibration,
        panel,
        polars: configuration.polars,
        extra: own.extra,
        unknown: configuration.unknown,
        dataset: dataset.unwrap_or_default(),
    };
    Ok((checkpoint, models))
}

fn encode(checkpoint: &Checkpoint) -> Result<Files> {
    let mut files = Files::new();
    let mut classes: Map<String, Value> = Map::new();
    let (mut own_models, mut counts, mut lowered) =
        (Vec::new(), HashMap::<&str, usize>::new(), HashSet::new());
    let mut states = Vec::new();
    if checkpoint.models.is_empty() {
        return Err(fail("there is no model to save; save at least one"));
    }
    for model in &checkpoint.models {
        let (name, class) = (&model.name, &model.class);
        if name.is_empty()
            || name.len() > 200
            || name.starts_with('.')
            || name.contains(['/', '\\', ':'])
            || name.contains(char::is_control)
        {
            return Err(fail(format!(
                "model name {name:?} cannot be a file name; give an alias of letters and digits"
            )));
        }
        if naming::class(class) != Some(class) {
            return Err(fail(format!(
                "model {name:?}: class {class:?} is not known and cannot be saved"
            )));
        }
        if *classes.entry(name.clone()).or_insert_with(|| class.to_lowercase().into())
            != class.to_lowercase()
        {
            return Err(fail(format!(
                "two models of different classes are called {name:?}; give one an alias"
            )));
        }
        let count = counts.entry(name).or_default();
        let file = format!("{name}_{count}.safetensors");
        *count += 1;
        if !lowered.insert(file.to_lowercase()) {
            return Err(fail(format!(
                "model {name:?} differs from another only in case; give one an alias"
            )));
        }
        let (bytes, own) = model::encode(model)?;
        own_models.push((file.clone(), own));
        states.extend(model.state.as_ref().map(|state| (file.clone(), state)));
        files.insert(file, bytes);
    }
    files.extend(state::encode(&states, &files)?.map(|bytes| (STATE_FILE.into(), bytes)));
    files.extend(configuration::encode(checkpoint, classes)?);
    let ColumnNames { weight, mask, .. } = checkpoint.names.clone();
    let missing = checkpoint.panel.as_ref().map(|p| p.missing.clone()).unwrap_or_default();
    let extra = checkpoint.extra.clone();
    let own = Sidecar { format: 1, models: own_models, weight, mask, missing, extra };
    let own = serde_json::to_vec(&own).map_err(|e| fail(format!("{OWN_FILE}: {e}")))?;
    files.insert(OWN_FILE.into(), own);
    Ok(files)
}
