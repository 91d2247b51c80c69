//! Noisy seasonal series, the same on every run, and forecasters of every registered model that are quick to train.

#[path = "../language/mod.rs"]
pub(crate) mod language;

use neuro_divergent::data::{Column, Table};
use neuro_divergent::{ModelSpec, NeuralForecast, describe};
use serde_json::{Map, Value, json};

/// Steps of a season.
pub(crate) const SEASON: usize = 12;
/// Standard deviation of the noise.
const NOISE: f64 = 2.0;

/// Standard normal, a function of its place: longer tables begin as shorter ones do.
fn normal(series: usize, row: usize) -> f64 {
    let mut state = (series as u64) << 32 | row as u64;
    let mut uniform = || {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let (radius, angle) = (uniform(), uniform());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// Level, trend, two harmonics of the season, and noise; `price` drives the target, `visits` follows it.
pub(crate) fn panel(series: usize, rows: usize) -> Table {
    let places: Vec<(usize, usize)> =
        (0..series).flat_map(|i| (0..rows).map(move |t| (i, t))).collect();
    let price = |(i, t): (usize, usize)| f64::from(u8::from((t + 2 * i) % 5 == 0));
    let y = |(i, t): (usize, usize)| {
        let phase = std::f64::consts::TAU * (t as f64 / SEASON as f64 + i as f64 / 7.0);
        let trend = 1.5 * NOISE * t as f64 / SEASON as f64;
        let season = 8.0 * phase.sin() + 3.0 * (2.0 * phase).cos();
        20.0 * (i + 1) as f64 + trend + season + 2.0 * price((i, t)) + NOISE * normal(i, t)
    };
    let column = |f: &dyn Fn((usize, usize)) -> f64| {
        Column::Float(places.iter().map(|place| f(*place)).collect())
    };
    let id = |(i, _): &(usize, usize)| Some(format!("s{i}"));
    Table::new(vec![
        ("unique_id".into(), Column::Text(places.iter().map(id).collect())),
        ("ds".into(), Column::Int(places.iter().map(|(_, t)| *t as i64).collect())),
        ("y".into(), column(&y)),
        ("price".into(), column(&price)),
        ("visits".into(), column(&|place| 0.5 * y(place))),
    ])
    .expect("names differ, lengths agree")
}

/// What [`describe`] says of each model, by name.
pub(crate) fn models() -> Vec<(String, Value)> {
    let all = describe();
    let named = |m: &Value| (m["name"].as_str().expect("a model has a name").into(), m.clone());
    all.as_array().expect("describe gives a list").iter().map(named).collect()
}

/// Own options that a model needs, and those that make it small. Models that are not here train with their defaults.
fn small(model: &str) -> Value {
    match model {
        "KAN" | "MLP" => json!({ "hiddenSize": 32 }),
        "NBEATS" => json!({ "mlpUnits": [[32, 32], [32, 32]], "nBasis": 3 }), // as many as splines want
        "NBEATSx" | "NHITS" => json!({ "mlpUnits": [[32, 32], [32, 32]] }),
        "TiDE" => json!({ "hiddenSize": 32, "decoderOutputDim": 8, "temporalDecoderDim": 16 }),
        "GRU" | "LSTM" | "RNN" => json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16 }),
        "DilatedRNN" => {
            json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16, "dilations": [[1, 2], [4]] })
        }
        "DeepAR" => json!({ "lstmHiddenSize": 16, "lstmDropout": 0.0 }),
        "TFT" => json!({ "hiddenSize": 16, "dropout": 0.0 }),
        "Autoformer" | "FEDformer" | "Informer" | "VanillaTransformer" => {
            json!({ "hiddenSize": 16, "convHiddenSize": 16, "dropout": 0.0 })
        }
        "PatchTST" => {
            json!({ "hiddenSize": 16, "nHeads": 4, "linearHiddenSize": 16, "patchLen": 4, "stride": 2, "dropout": 0.0 })
        }
        "iTransformer" => json!({ "hiddenSize": 16, "dFf": 16, "dropout": 0.0 }),
        "SOFTS" | "SOFTSSharp" => {
            json!({ "hiddenSize": 16, "dCore": 16, "dFf": 16, "dropout": 0.0 })
        }
        "TimeMixer" => json!({ "dModel": 16, "dFf": 16, "eLayers": 2, "dropout": 0.0 }),
        "TimesNet" => {
            json!({ "hiddenSize": 8, "convHiddenSize": 8, "topK": 2, "numKernels": 3, "encoderLayers": 1, "dropout": 0.0 })
        }
        "TimeXer" => json!({ "hiddenSize": 16, "dFf": 16, "patchLen": 4, "dropout": 0.0 }),
        "StemGNN" => json!({ "multiLayer": 2, "dropoutRate": 0.0 }),
        "XLinear" => json!({ "hiddenSize": 16, "temporalFf": 16, "channelFf": 16 }),
        "TSMixer" | "TSMixerx" => json!({ "ffDim": 16 }),
        "MLPMultivariate" => json!({ "hiddenSize": 32 }),
        "TCN" => {
            json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16, "dilations": [1, 2, 4, 8] })
        }
        "xLSTM" => {
            json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16, "encoderDropout": 0.0 })
        }
        other => language::needed(other).into(),
    }
}

/// A small model with these options. A loss is judged by itself, whatever the model's default is.
pub(crate) fn spec(model: &str, options: &Value) -> ModelSpec {
    let mut all: Map<String, Value> =
        small(model).as_object().expect("options are an object").clone();
    if options.get("loss").is_some() {
        all.insert("validLoss".into(), Value::Null);
    }
    all.extend(options.as_object().expect("options are an object").clone());
    ModelSpec { model: model.into(), options: all }
}

/// A forecaster of one small model with these options.
pub(crate) fn forecaster(model: &str, options: &Value) -> NeuralForecast {
    NeuralForecast::new(vec![spec(model, options)], None)
        .unwrap_or_else(|e| panic!("{model} with {options}: {e}"))
}
