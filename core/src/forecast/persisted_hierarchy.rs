//! HINT in checkpoints: the model that it wraps is stored as it is, and what HINT adds, beside it. Python's loader, which has
//! no format for HINT, finds the wrapped model.

use serde_json::{Map, Value};

use crate::checkpoint::HIERARCHY;
use crate::models::{Hint, Instance};
use crate::{Error, ErrorCode, Result};

/// Stores what HINT adds to a model.
pub(super) fn store(model: &Instance, options: &mut Map<String, Value>) {
    if let Some(hint) = &model.hint {
        // The alias is that of HINT, which stores it.
        options.shift_remove("alias");
        options.insert(HIERARCHY.into(), hint.to_stored());
    }
}

/// Takes what HINT adds from the options of a stored model.
pub(super) fn taken(options: &mut Map<String, Value>) -> Result<Option<Hint>> {
    let stored = options.shift_remove(HIERARCHY);
    stored.as_ref().map(Hint::of_stored).transpose().map_err(broken)
}

/// The model, wrapped again.
pub(super) fn wrapped(model: Instance, hint: Hint) -> Result<Instance> {
    model.wrapped(hint).map_err(broken)
}

fn broken(e: Error) -> Error {
    let message = format!("neural-trader.json: {HIERARCHY}: {}", e.message);
    Error { code: ErrorCode::Checkpoint, message, ..e }
}
