//! The Node.js addon: it checks and copies inputs, runs work on its own threads and returns the results. Arithmetic, options
//! and defaults are in the engine.

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

/// Version, target, instruction set and default number of threads, as JSON.
#[napi]
pub fn info() -> String {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "target": env!("NF_TARGET"),
        "simd": [engine::simd::isa_name()],
        "threads": engine::runtime::threads(),
        "debug": cfg!(debug_assertions),
    })
    .to_string()
}

/// Every registered model with its options, as JSON.
#[napi]
pub fn describe() -> String {
    engine::describe().to_string()
}

/// What wraps a model, with its options, as JSON.
#[napi]
pub fn describe_wrappers() -> String {
    engine::describe_wrappers().to_string()
}

/// Every call with its options, as JSON.
#[napi]
pub fn calls() -> String {
    engine::calls::describe().to_string()
}

/// Every loss with its JavaScript function and arguments, as JSON.
#[napi]
pub fn losses() -> String {
    engine::losses().to_string()
}

/// The names of all registered models.
#[napi]
pub fn model_names() -> Vec<&'static str> {
    engine::model_names()
}

/// The candidate that a misspelled name most likely means.
#[napi]
pub fn nearest(name: String, candidates: Vec<String>) -> Option<String> {
    engine::nearest(&name, candidates.iter().map(String::as_str)).map(String::from)
}

/// Fails if a checkpoint must not replace what is at `dir`.
#[napi]
pub fn check_replaceable(dir: String) -> Result<()> {
    engine::NeuralForecast::check_replaceable(Path::new(&dir)).map_err(error::to_napi)
}

/// Panics on the JavaScript thread, for a test that the process survives.
#[napi]
pub fn panic_probe_here() -> Result<()> {
    task::here(|| panic!("a probe of the panic handling"))
}

/// Panics on a worker thread, for a test that the process survives.
#[napi]
pub fn panic_probe(env: &Env) -> Result<Object<'_>> {
    task::spawn(env, || -> engine::Result<()> { panic!("a probe of the panic handling") })
}
