//! Categories in checkpoints: which cardinalities come from the data, and whether all that is stored is consistent.

use serde_json::{Map, Value, json};

use crate::checkpoint::COUNTED;
use crate::data::{Panel, Vocabularies};
use crate::models::{Instance, ModelSpec};
use crate::{Error, ErrorCode, Result};

const CARDINALITIES: &str = "categoricalCardinalities";

/// Stores which columns had their categories counted rather than given: with other data there may be more.
pub(super) fn store(model: &Instance, options: &mut Map<String, Value>) {
    let counted = |name: &&String| model.given_cardinality(name).is_none();
    let counted: Vec<&String> = model.common.cat_exog_list.iter().filter(counted).collect();
    if !counted.is_empty() {
        options.insert(COUNTED.into(), json!(counted));
    }
}

/// The model of these stored options, without weights. Cardinalities that were counted are counted again in the stored
/// vocabularies.
pub(super) fn instance(
    model: String,
    mut options: Map<String, Value>,
    vocabularies: &Vocabularies,
) -> Result<Instance> {
    let counted = options.shift_remove(COUNTED).unwrap_or_default();
    for column in counted.as_array().into_iter().flatten().filter_map(Value::as_str) {
        if vocabularies.get(column).is_none() {
            return Err(without_categories(column));
        }
        if let Some(given) = options.get_mut(CARDINALITIES).and_then(Value::as_object_mut) {
            given.shift_remove(column);
        }
    }
    let model = Instance::blank(&ModelSpec { model, options }, vocabularies, None);
    model.map_err(|e| match e.details.option.as_deref() {
        // Other options are the user's choice; this one must be consistent with the rest of the checkpoint.
        Some(CARDINALITIES) => Error { code: ErrorCode::Checkpoint, ..e },
        _ => e,
    })
}

/// Category codes must be within the vocabulary, so that the embeddings have rows for them.
pub(super) fn check(
    models: &[Instance],
    panel: Option<&Panel>,
    vocabularies: &Vocabularies,
) -> Result<()> {
    for column in models.iter().flat_map(|model| &model.common.cat_exog_list) {
        let vocabulary = vocabularies.get(column).ok_or_else(|| without_categories(column))?;
        let Some(panel) = panel else { continue };
        let numbers = panel.column(column).into_iter().chain(panel.static_column(column)).flatten();
        let is_category = |v: &f64| v.fract() == 0.0 && (0.0..=vocabulary.len() as f64).contains(v);
        if let Some(v) = numbers.copied().find(|v| !is_category(v)) {
            return Err(broken(column, &format!("holds {v}, which is not the code of a category")));
        }
    }
    Ok(())
}

fn without_categories(column: &str) -> Error {
    broken(column, "has no categories in \"categorical_vocab_\"")
}

fn broken(column: &str, what: &str) -> Error {
    let message = format!("the checkpoint's column \"{column}\" of catExogList {what}; save again");
    Error::new(ErrorCode::Checkpoint, message).with(|d| d.column = Some(column.into()))
}
