//! A checkpoint that is held in memory: forecasts need no file system, threads or charts. Also run with
//! `--no-default-features`.

use std::collections::BTreeMap;
use std::path::Path;

use neuro_divergent::{Control, Error, ErrorCode, Forecast, NeuralForecast, PredictOptions};
use serde_json::Value;

type Files = BTreeMap<String, Vec<u8>>;

/// The files of a checkpoint that Python wrote.
fn files(name: &str) -> Files {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints").join(name);
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        (name, std::fs::read(path).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(entry).collect()
}

fn expected(name: &str, column: &str) -> Vec<f64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints");
    let text = std::fs::read_to_string(folder.join(format!("{name}.expected.json"))).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let values = expected["forecast"][column].as_array().unwrap();
    values.iter().map(|v| v.as_f64().unwrap()).collect()
}

fn forecast(nf: &NeuralForecast) -> Forecast {
    nf.predict(&PredictOptions::default(), &Control::default()).unwrap()
}

#[test]
fn a_checkpoint_in_memory_forecasts_what_python_forecasts() {
    let nf = NeuralForecast::from_files(files("monthly")).unwrap();
    let forecast = forecast(&nf);
    let (ours, theirs) = (forecast.column("NHITS").unwrap(), expected("monthly", "NHITS"));
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((f64::from(*ours) - theirs).abs() < 1e-5 * largest, "{ours} against {theirs}");
    }
}

#[test]
fn it_is_written_to_memory_and_read_again() {
    let nf = NeuralForecast::from_files(files("monthly")).unwrap();
    let again = NeuralForecast::from_files(nf.to_files(true).unwrap()).unwrap();
    assert_eq!(forecast(&again), forecast(&nf));
    let bare = nf.to_files(false).unwrap();
    assert!(!bare.contains_key("dataset.json"));
    let bare = NeuralForecast::from_files(bare).unwrap();
    let refused = bare.predict(&PredictOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFitted);
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let refused = |files: Files| -> Error {
        NeuralForecast::from_files(files).err().expect("it is no checkpoint")
    };
    let nothing = refused(Files::new());
    assert_eq!(nothing.code, ErrorCode::Checkpoint);
    assert_eq!(nothing.message, "configuration.json is missing");
    let mut cut = files("monthly");
    let weights = cut.get_mut("NHITS_0.safetensors").unwrap();
    weights.truncate(weights.len() - 4);
    assert_eq!(refused(cut).code, ErrorCode::Checkpoint);
}
