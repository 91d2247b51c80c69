//! The door between Node.js and the engine: it checks, copies, hands work to a thread of ours and hands back what came
//! out. No arithmetic, no option lists, no defaults: those are the engine's.

mod calls;
mod error;
mod forecast;
mod forecaster;
mod held;
mod predictor;
mod table;
mod task;

use std::path::Path;

use napi::bindgen_prelude::*;
use napi_derive::napi;
use serde_json::json;

/// What this binary is, as JSON: version, target, instruction sets, processors.
#[napi]
pub fn info() -> String {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "target": env!("NF_TARGET"),
        "simd": [engine::simd::isa_name()],
        "threads": std::thread::available_parallelism().map_or(1, usize::from),
        "debug": cfg!(debug_assertions),
    })
    .to_string()
}

/// Every registered model with its options, as JSON.
#[napi]
pub fn describe() -> String {
    engine::describe().to_string()
}

/// Every call with its options, as JSON.
#[napi]
pub fn calls() -> String {
    engine::calls::describe().to_string()
}

/// Every loss with its function and its arguments, as JSON.
#[napi]
pub fn losses() -> String {
    engine::losses().to_string()
}

/// The names of all registered models.
#[napi]
pub fn model_names() -> Vec<&'static str> {
    engine::model_names()
}

/// The candidate that was probably meant.
#[napi]
pub fn nearest(name: String, candidates: Vec<String>) -> Option<String> {
    engine::nearest(&name, candidates.iter().map(String::as_str)).map(String::from)
}

/// Refuses a place that no checkpoint may replace.
#[napi]
pub fn check_replaceable(dir: String) -> Result<()> {
    engine::NeuralForecast::check_replaceable(Path::new(&dir)).map_err(error::to_napi)
}

/// Panics on the JavaScript thread, for the same.
#[napi]
pub fn panic_probe_here() -> Result<()> {
    task::here(|| panic!("a probe of the panic handling"))
}

/// Panics on a worker thread, so that a test can show that the process survives a fault of ours.
#[napi]
pub fn panic_probe(env: &Env) -> Result<Object<'_>> {
    task::spawn(env, || -> engine::Result<()> { panic!("a probe of the panic handling") })
}
