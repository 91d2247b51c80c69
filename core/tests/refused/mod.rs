//! What tests of refusals share: a model's options, and the check of an error.

use neuro_divergent::{Error, ErrorCode};
use serde_json::{Value, json};

/// Small sizes, and more options.
pub(crate) fn with(more: Value) -> Value {
    let mut all = json!({ "h": 4, "inputSize": 8, "maxSteps": 2, "windowsBatchSize": 16 });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// The error, which has this code and message.
#[track_caller]
pub(crate) fn refused<T>(result: Result<T, Error>, code: ErrorCode, message: &str) -> Error {
    let Err(e) = result else { panic!("accepted, instead of: {message}") };
    assert_eq!((e.code, &*e.message), (code, message));
    e
}
