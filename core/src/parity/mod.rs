//! Parity with upstream: fixtures made by NeuralForecast 3.3.0 are reproduced. See `tools/reference/`.

#[path = "../../tests/checks/mod.rs"]
mod checks;
mod distributions;
#[path = "../../tests/language/mod.rs"]
pub(crate) mod language;
mod likelihoods;
mod local_scalers;
mod losses;
mod metrics;
mod models;
mod ops;
mod program;
mod scalers;
mod schedules;
mod training;
mod windows;

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::Value;

/// The directory of the fixtures.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub(crate) fn json(name: &str) -> Value {
    let text = fs::read_to_string(fixtures().join(name)).expect("the fixture is committed");
    serde_json::from_str(&text).expect("a fixture is JSON")
}

/// All `.safetensors` files in a folder, sorted; there is at least one.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(fixtures().join(folder)).expect("the folder is committed");
    let mut files: Vec<PathBuf> = entries
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "safetensors"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

/// A tensor of a fixture.
#[derive(Clone, Debug)]
struct Tensor {
    shape: Vec<usize>,
    data: Vec<f32>,
}

/// A fixture file: tensors and metadata.
struct Fixture {
    name: String,
    bytes: Vec<u8>,
}

impl Fixture {
    fn open(path: &Path) -> Self {
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into(),
            bytes: fs::read(path).unwrap(),
        }
    }

    fn meta(&self, key: &str) -> String {
        self.metadata(key).unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }

    fn metadata(&self, key: &str) -> Option<String> {
        let (_, header) = SafeTensors::read_metadata(&self.bytes).unwrap();
        header.metadata().as_ref().unwrap().get(key).cloned()
    }

    fn options(&self) -> serde_json::Map<String, Value> {
        let mut options: serde_json::Map<String, Value> =
            serde_json::from_str(&self.meta("options")).unwrap();
        if let Some(Value::String(name)) = options.get("llm") {
            let folder = language::folder(name).to_string_lossy().into_owned();
            options.insert("llm".into(), folder.into());
        }
        options
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let mut names: Vec<String> = tensors
            .names()
            .into_iter()
            .filter_map(|n| n.strip_prefix(prefix))
            .map(String::from)
            .collect();
        names.sort();
        names
    }

    fn get(&self, name: &str) -> Option<Tensor> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let t = tensors.tensor(name).ok()?;
        let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
        let whole = |b: &[u8]| i64::from_le_bytes(b.try_into().unwrap()) as f32;
        let half = |b: &[u8]| i32::from_le_bytes(b.try_into().unwrap()) as f32;
        let data = match t.dtype() {
            safetensors::Dtype::F32 => t.data().chunks(4).map(number).collect(),
            safetensors::Dtype::I64 => t.data().chunks(8).map(whole).collect(),
            safetensors::Dtype::I32 => t.data().chunks(4).map(half).collect(),
            safetensors::Dtype::F64 => t
                .data()
                .chunks(8)
                .map(|b| f64::from_le_bytes(b.try_into().unwrap()) as f32)
                .collect(),
            other => panic!("{name} is {other:?}"),
        };
        Some(Tensor { shape: t.shape().to_vec(), data })
    }

    fn tensor(&self, name: &str) -> Tensor {
        self.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }
}

/// Panics unless all numbers agree within `tolerance` times the largest expected magnitude. Infinities must be equal.
#[track_caller]
fn assert_close(what: &str, got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len(), "{what}: other size");
    let finite = expected.iter().filter(|v| v.is_finite());
    let scale = finite.fold(1e-6f32, |m, v| m.max(v.abs()));
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        let close = g == e || (g - e).abs() <= tolerance * scale;
        assert!(close, "{what}[{i}]: {g} against {e} (scale {scale})");
    }
}

fn floats(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(list) => list.iter().flat_map(floats).collect(),
        other => vec![other.as_f64().unwrap_or(f64::NAN) as f32],
    }
}
