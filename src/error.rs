//! Passes errors to JavaScript: as JSON in the message, which `js/error.js` turns into a `NeuralForecastError`.

use std::any::Any;

use engine::ErrorCode;
use serde_json::json;

/// The error that napi throws or rejects with.
pub(crate) fn to_napi(e: engine::Error) -> napi::Error {
    let text = json!({ "code": e.code, "message": e.message, "details": e.details }).to_string();
    napi::Error::from_reason(text)
}

/// The error for a caught panic, which is a bug in this library.
pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> napi::Error {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    let message = "a bug in the library; please report it, with the cause";
    napi::Error::from_reason(
        json!({ "code": ErrorCode::Internal, "message": message, "details": {}, "cause": said })
            .to_string(),
    )
}
