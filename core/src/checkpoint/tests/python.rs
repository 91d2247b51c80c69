//! Python's checkpoints are read, and written back with the same contents.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::{OWN_FILE, StoredTensor, encode, read, write};
use super::{Scratch, decode, files, fixture, fixtures};
use crate::data::{Ids, TimeKind, TimeUnit, TimeZone};

fn document(dir: &Path, file: &str) -> Value {
    serde_json::from_slice(&fs::read(dir.join(file)).unwrap()).unwrap()
}

fn tensor<'a>(tensors: &'a [StoredTensor], name: &str) -> &'a StoredTensor {
    tensors.iter().find(|t| t.name == name).unwrap_or_else(|| panic!("no tensor {name}"))
}

#[test]
fn every_python_checkpoint_survives_reading_and_writing() {
    for dir in fixtures() {
        let scratch = Scratch::new();
        let checkpoint = read(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        write(&scratch.path("copy"), &checkpoint, false).unwrap();
        // This includes derived quantiles and constants, which Python's strict loading requires.
        assert_eq!(read(&scratch.path("copy")).unwrap(), checkpoint, "{}", dir.display());

        let theirs = document(&dir, "configuration.json");
        let ours = document(&scratch.path("copy"), "configuration.json");
        assert_eq!(ours["configuration"], theirs["configuration"], "{}", dir.display());
        if dir.join("dataset.json").exists() {
            assert_eq!(
                document(&scratch.path("copy"), "dataset.json"),
                document(&dir, "dataset.json")
            );
        }
        let mut names: Vec<String> =
            files(&dir).into_keys().chain([OWN_FILE.to_string()]).collect();
        names.sort();
        assert_eq!(files(&scratch.path("copy")).into_keys().collect::<Vec<_>>(), names);
    }
}

#[test]
fn the_same_checkpoint_is_the_same_bytes() {
    let checkpoint = read(&fixture("checkpoints/three_models")).unwrap();
    assert_eq!(encode(&checkpoint).unwrap(), encode(&checkpoint).unwrap());
}

#[test]
fn models_come_with_names_options_and_parameters() {
    let c = read(&fixture("checkpoints_unusual/settings")).unwrap();
    let names: Vec<_> = c.models.iter().map(|m| (m.name.as_str(), m.class.as_str())).collect();
    assert_eq!(names, [("LSTM", "LSTM"), ("My net", "DLinear"), ("recurrent", "LSTM")]);
    let net = &c.models[1];
    assert_eq!(
        net.options["loss"],
        json!({ "kind": "MAE", "args": { "horizonWeight": [1.0, 2.0] } })
    );
    assert_eq!(
        net.options["optimizer"],
        json!({ "kind": "AdamW", "weightDecay": 0.01, "betas": [0.9, 0.99] })
    );
    assert_eq!(net.options["lrScheduler"], json!({ "kind": "step", "stepSize": 5, "gamma": 0.3 }));
    assert_eq!(net.options["gradientClipVal"], 1.0);
    assert_eq!(net.unknown.fields["dataloader_kwargs"], json!({ "num_workers": 0 }));
    assert_eq!(net.unknown.fields["accelerator"], "cpu");
    assert_eq!(tensor(&net.tensors, "linear_trend.weight").shape, [2, 4]);
    let direct = &c.models[0];
    assert_eq!(direct.options["inputSize"], -1);
    assert_eq!(
        direct.options["loss"],
        json!({ "kind": "MQLoss", "args": { "quantiles": [0.1, 0.5, 0.9] } })
    );
    for name in ["loss.quantiles", "valid_loss.quantiles"] {
        assert_eq!(tensor(&direct.tensors, name).data, [0.1, 0.5, 0.9]);
    }
    let recurrent = &c.models[2];
    assert_eq!(recurrent.options["inputSize"], 4);
    assert_eq!(recurrent.options["hTrain"], 1);
    assert_eq!(tensor(&recurrent.tensors, "scaler.revin_weight").shape, [1, 1, 1, 1]);
}

#[test]
fn dates_steps_and_identifiers_are_read_as_they_are() {
    let day = 86_400_000;
    let new_year = 1_577_836_800_000; // 2020-01-01
    for (name, unit, zone, start) in [
        ("time_zone", TimeUnit::Us, Some("Europe/Berlin"), new_year - 3_600_000),
        ("nanoseconds", TimeUnit::Ns, None, new_year),
        ("polars_dates", TimeUnit::Us, None, new_year),
    ] {
        let c = read(&fixture(&format!("checkpoints_unusual/{name}"))).unwrap();
        let panel = c.panel.unwrap();
        assert_eq!(
            panel.time_kind,
            TimeKind::Date { unit, time_zone: zone.map(|z| TimeZone::parse(z).unwrap()) }
        );
        assert_eq!(panel.times[..3], [start, start + day, start + 2 * day], "{name}");
        assert_eq!(
            (panel.ids, panel.indptr),
            (Ids::Text(vec!["a".into(), "b".into()]), vec![0, 24, 51])
        );
        assert_eq!(c.polars, name == "polars_dates");
    }
    let c = read(&fixture("checkpoints_unusual/polars_steps")).unwrap();
    assert_eq!((c.frequency.as_str(), c.frequency_is_step, c.h, c.fitted), ("1", true, 2, true));
    let panel = c.panel.unwrap();
    assert_eq!((panel.time_kind, panel.ids), (TimeKind::Step, Ids::Int(vec![3, 10])));
    assert_eq!(panel.times[22..26], [22, 23, 0, 1]);
}

#[test]
fn masks_weights_and_exogenous_columns_find_their_places() {
    let panel = read(&fixture("checkpoints_unusual/masked")).unwrap().panel.unwrap();
    assert_eq!(panel.mask[..8], [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    let weight = panel.weight.unwrap();
    assert_eq!((weight[0], weight[50]), (0.5, 1.0));
    let columns: Vec<_> = panel.temporal.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(columns, ["y"]);
    assert_eq!(panel.temporal[0].1[0], 0.0);
    let panel = read(&fixture("checkpoints/exogenous")).unwrap().panel.unwrap();
    assert_eq!(panel.temporal[0].0, "y");
    assert!(panel.temporal.len() > 1 && !panel.statics.is_empty() && panel.weight.is_none());
    assert!(panel.temporal.iter().all(|(_, v)| v.len() == panel.times.len()));
}

#[test]
fn what_is_not_interpreted_is_kept() {
    let c = read(&fixture("checkpoints_unusual/conformal")).unwrap();
    assert!(c.unknown.fields.is_empty() && c.unknown.tensors.is_empty());
    let calibration = c.calibration.unwrap();
    assert_eq!((calibration.intervals.n_windows, calibration.h), (2, 2));
    assert_eq!(calibration.scores.len(), 1);
    let c = read(&fixture("checkpoints_unusual/changed_quantiles")).unwrap();
    assert_eq!(tensor(&c.models[0].tensors, "loss.quantiles").data, [0.3, 0.6]);
    assert_eq!(
        c.models[0].unknown.fields["loss.state"]["state"]["output_names"],
        json!(["", "_ql0.3", "_ql0.6"])
    );
}

#[test]
fn tied_complex_and_learned_loss_parameters_are_read() {
    let tcn = &read(&fixture("checkpoints_unusual/shared_convolutions")).unwrap().models[1];
    let of = |name: &str| &tensor(&tcn.tensors, &format!("hist_encoder.tcn.0.{name}.weight")).data;
    assert_eq!(of("conv"), of("causalconv.0"));
    let fed = &read(&fixture("checkpoints_unusual/complex")).unwrap().models[0];
    let weights = fed.tensors.iter().find(|t| t.name.ends_with(".weights1")).unwrap();
    assert_eq!(weights.shape.last(), Some(&2));
    assert_eq!(fed.options["movingAvgWindow"], 25);
    let c = read(&fixture("checkpoints_unusual/distributions")).unwrap();
    let implicit = c.models.iter().find(|m| m.name == "implicit").unwrap();
    assert_eq!(
        tensor(&implicit.tensors, "loss.quantile_layer.integers").data,
        [0.0, 1.0, 2.0, 3.0]
    );
    assert_eq!(
        tensor(&implicit.tensors, "valid_loss.quantile_layer.output_layer.0.weight").shape,
        [4, 4]
    );
}

#[test]
fn the_order_of_models_is_ours() {
    let mut c = read(&fixture("checkpoints/three_models")).unwrap();
    c.models.reverse();
    assert_eq!(decode(&encode(&c).unwrap()).unwrap(), c);
    let twice = read(&fixture("checkpoints/same_name_twice")).unwrap();
    let names: Vec<_> = twice.models.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["DLinear", "DLinear"]);
    assert_ne!(twice.models[0].tensors, twice.models[1].tensors);
}
