//! Damaged and malicious checkpoints give an error that names the file, never a panic or a huge allocation.

use std::fs;

use serde_json::{Value, json};

use super::super::tagged::TAG;
use super::super::weights::{RawTensor, serialize};
use super::super::{Files, OWN_FILE, read};
use super::{Scratch, decode, files, fixture, fixtures};
use crate::ErrorCode;

fn check(files: &Files) {
    if let Err(e) = decode(files) {
        assert_eq!(e.code, ErrorCode::Checkpoint, "{e}");
        assert!(!e.message.is_empty());
    }
}

#[test]
fn cut_and_flipped_files_never_panic() {
    for dir in fixtures() {
        let mut files = files(&dir);
        for name in files.keys().cloned().collect::<Vec<_>>() {
            let whole = files[&name].clone();
            for part in 0..50 {
                files.insert(name.clone(), whole[..whole.len() * part / 50].to_vec());
                assert_eq!(
                    decode(&files).unwrap_err().code,
                    ErrorCode::Checkpoint,
                    "{name} cut at {part}/50"
                );
            }
            // A linear congruential generator: the same positions each time.
            let mut state = 1u64;
            for _ in 0..200 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let mut spoiled = whole.clone();
                let at = (state >> 33) as usize % whole.len();
                spoiled[at] ^= 1 << (state >> 29 & 7);
                files.insert(name.clone(), spoiled);
                check(&files);
            }
            files.insert(name, whole);
        }
    }
}

#[test]
fn each_missing_file_is_named() {
    for dir in [fixture("checkpoints/exogenous"), fixture("checkpoints/integers")] {
        for (name, expected) in [
            ("dataset.safetensors", "dataset.safetensors is missing"),
            ("configuration.safetensors", "configuration.safetensors: tensor"),
        ] {
            let mut files = files(&dir);
            files.remove(name);
            let e = decode(&files).unwrap_err();
            assert!(e.code == ErrorCode::Checkpoint && e.message.contains(expected), "{e}");
        }
    }
    let mut files = files(&fixture("checkpoints/monthly"));
    files.retain(|name, _| !name.starts_with("NHITS"));
    assert!(decode(&files).unwrap_err().message.contains("at least one"));
}

/// The error after a change of one field in a JSON file of `checkpoints/monthly`.
fn with_field(file: &str, pointer: &str, value: Value) -> String {
    let mut files = files(&fixture("checkpoints/monthly"));
    let mut document: Value = serde_json::from_slice(&files[file]).unwrap();
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not in {file}")) = value;
    files.insert(file.into(), document.to_string().into_bytes());
    let e = decode(&files).unwrap_err();
    assert_eq!(e.code, ErrorCode::Checkpoint);
    e.message
}

#[test]
fn wrong_fields_are_named() {
    let c = "/configuration";
    let d = "/fields";
    let claim =
        json!({ TAG: "tensor", "key": "__hparams__.claimed", "kind": "numpy", "dtype": "int64" });
    let stats = |shape: Value, values: Value| {
        let array = json!({ TAG: "array", "shape": shape, "values": values });
        json!({ TAG: "scaler", "type": "standard", "stats_": array })
    };
    for (file, pointer, value, expected) in [
        (
            "configuration.json",
            "/nf_format".into(),
            json!("3"),
            "\"nf_format\" must be \"2\", found \"3\"",
        ),
        ("configuration.json", c.into(), json!([]), "\"configuration\" must be an object"),
        (
            "configuration.json",
            format!("{c}/h"),
            json!(0),
            "\"h\" must be a positive integer, found 0",
        ),
        ("configuration.json", format!("{c}/h"), json!(1u64 << 40), "\"h\" must be"),
        ("configuration.json", format!("{c}/freq"), json!(1.5), "\"freq\" must be"),
        ("configuration.json", format!("{c}/_fitted"), Value::Null, "\"_fitted\" must be"),
        ("configuration.json", format!("{c}/id_col"), json!(3), "\"id_col\" must be"),
        (
            "configuration.json",
            format!("{c}/target_col"),
            json!("z"),
            "column \"y\", but configuration.json calls it \"z\"",
        ),
        (
            "configuration.json",
            format!("{c}/alias_to_model"),
            json!({ "NHITS": "os.system" }),
            "class \"os.system\" is not known",
        ),
        (
            "configuration.json",
            format!("{c}/alias_to_model"),
            json!({ "NHITS": "lstm" }),
            "holds a NHITS",
        ),
        (
            "configuration.json",
            format!("{c}/alias_to_model"),
            json!({ "NHITS": 1 }),
            "\"alias_to_model\" must be",
        ),
        (
            "configuration.json",
            format!("{c}/uids"),
            json!({ TAG: "index", "values": ["a"] }),
            "identifiers, sorted",
        ),
        (
            "configuration.json",
            format!("{c}/uids"),
            json!({ TAG: "index", "values": [[], {}] }),
            "\"uids\" must be identifiers",
        ),
        ("configuration.json", format!("{c}/ds"), json!([1, 2]), "\"ds\" must be"),
        (
            "configuration.json",
            format!("{c}/ds"),
            claim.clone(),
            "\"__hparams__.claimed\" is missing",
        ),
        (
            "configuration.json",
            format!("{c}/last_dates"),
            json!([]),
            "\"last_dates\" must be the last time",
        ),
        (
            "configuration.json",
            format!("{c}/scalers_"),
            json!({ "y": { TAG: "scaler", "type": "standard", "stats_": claim } }),
            "\"__hparams__.claimed\" is missing",
        ),
        (
            "configuration.json",
            format!("{c}/scalers_"),
            json!({ "y": { TAG: "scaler", "type": "pickle" } }),
            "\"scalers_\" must be null or \"standard\", \"robust\"",
        ),
        (
            "configuration.json",
            format!("{c}/scalers_"),
            json!({ "y": {} }),
            "a scaler for each column",
        ),
        ("configuration.json", format!("{c}/scalers_"), json!([]), "an object of scalers"),
        (
            "configuration.json",
            format!("{c}/scalers_"),
            json!({ "y": stats(json!([1, 3]), json!([1, 2, 3])) }),
            "two finite statistics per series",
        ),
        (
            "configuration.json",
            format!("{c}/scalers_"),
            json!({ "y": stats(json!([3, 2]), json!([0, 1, 0, 1, 0, 1])) }),
            "the scaler of column \"y\" must have statistics of 2, found 3",
        ),
        (
            "configuration.json",
            format!("{c}/scalers_"),
            json!({ "x": stats(json!([2, 2]), json!([0, 1, 0, 1])) }),
            "\"scalers_\" has none for the target \"y\"",
        ),
        (
            "configuration.json",
            format!("{c}/local_scaler_type"),
            json!("log"),
            "\"local_scaler_type\" must be null or \"standard\", ",
        ),
        (
            "dataset.json",
            "/dataset_class".into(),
            json!("LocalFilesTimeSeriesDataset"),
            "save with save_dataset=False",
        ),
        ("dataset.json", d.into(), json!(7), "\"temporal_cols\" must be"),
        (
            "dataset.json",
            format!("{d}/temporal"),
            json!({ TAG: "tensor" }),
            "a tensor tag with a key",
        ),
        ("dataset.json", format!("{d}/temporal_cols"), json!(["y", "y"]), "all different"),
        ("dataset.json", format!("{d}/temporal_cols"), json!(["y"]), "all different"),
        ("dataset.json", format!("{d}/y_idx"), json!(9), "\"y_idx\" must be below 2, found 9"),
        ("dataset.json", format!("{d}/y_idx"), json!(-1), "\"y_idx\" must be below"),
        ("dataset.json", format!("{d}/indptr"), json!([0, 1_000_000_000]), "row offsets that rise"),
        ("dataset.json", format!("{d}/indptr"), json!([0, 9, 3, 40]), "row offsets that rise"),
        ("dataset.json", format!("{d}/indptr"), json!([0, -5, 40]), "row offsets that rise"),
        ("dataset.json", format!("{d}/indptr"), json!([]), "row offsets that rise"),
        (
            "dataset.json",
            format!("{d}/static"),
            json!({ TAG: "array", "shape": [1], "values": [1] }),
            "must be",
        ),
    ] {
        let message = with_field(file, &pointer, value);
        assert!(message.contains(expected), "{pointer}: {message}");
    }
}

#[test]
fn deep_json_and_nan_are_refused() {
    for text in [
        "[".repeat(1 << 20),
        "{\"a\":".repeat(1 << 18),
        "{\"nf_format\":\"2\",\"configuration\":{\"h\":NaN}}".into(),
    ] {
        let mut files = files(&fixture("checkpoints/monthly"));
        files.insert("configuration.json".into(), text.into_bytes());
        let e = decode(&files).unwrap_err();
        assert!(e.message.starts_with("configuration.json: not readable as JSON"), "{e}");
    }
}

#[test]
fn times_and_values_that_make_no_sense_are_refused() {
    let spoiled = |file: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut files = files(&fixture("checkpoints/monthly"));
        change(files.get_mut(file).unwrap());
        decode(&files).unwrap_err().message
    };
    let from_end = |n: usize, word: [u8; 4]| {
        move |bytes: &mut Vec<u8>| {
            let at = bytes.len() - n;
            bytes[at..at + 4].copy_from_slice(&word);
        }
    };
    // The last tensor of configuration.safetensors holds times.
    let message = spoiled("configuration.safetensors", &from_end(8, [1, 0, 0, 0]));
    assert!(
        message.contains("must be dates of whole milliseconds") || message.contains("last_dates"),
        "{message}"
    );
    let mut files = files(&fixture("checkpoints/monthly"));
    let table = decode(&files).unwrap().panel.unwrap();
    let mut values: Vec<f32> = table.temporal[0].1.iter().flat_map(|v| [*v as f32, 1.0]).collect();
    values[2] = f32::NAN;
    let offsets: Vec<i32> = table.indptr.iter().map(|v| *v as i32).collect();
    let tensors = |values: &[f32]| {
        vec![
            RawTensor::f32s("__hparams__.temporal", vec![values.len() / 2, 2], values),
            RawTensor::i32s("__hparams__.indptr", vec![offsets.len()], &offsets),
        ]
    };
    files.insert("dataset.safetensors".into(), serialize(tensors(&values), &[]).unwrap());
    assert!(
        decode(&files)
            .unwrap_err()
            .message
            .contains("row 1 of column \"y\" is not a number, but available")
    );
    values[3] = 0.0; // masked now
    files.insert("dataset.safetensors".into(), serialize(tensors(&values), &[]).unwrap());
    let panel = decode(&files).unwrap().panel.unwrap();
    assert_eq!((panel.temporal[0].1[1], panel.mask[1]), (0.0, 0.0));
}

#[test]
fn model_files_cannot_be_chosen_from_elsewhere() {
    for file in ["../secret.safetensors", "/etc/secret_0.safetensors", "NHITS_1.safetensors"] {
        let mut files = files(&fixture("checkpoints/monthly"));
        let own =
            json!({ "format": 1, "models": [[file, {}]], "weight": "w", "mask": "m", "extra": {} });
        files.insert(OWN_FILE.into(), own.to_string().into_bytes());
        assert!(decode(&files).unwrap_err().message.contains(file));
    }
}

#[test]
fn directories_that_are_no_checkpoint_say_what_they_are() {
    let scratch = Scratch::new();
    let message = |name: &str| {
        let e = read(&scratch.path(name)).unwrap_err();
        assert_eq!(e.code, ErrorCode::Checkpoint);
        e.message
    };
    assert!(message("absent").contains("cannot be listed as a directory"));
    fs::create_dir(scratch.path("empty")).unwrap();
    assert!(message("empty").contains("configuration.json is missing"));
    for file in ["NHITS_0.ckpt", "configuration.pkl"] {
        fs::create_dir(scratch.path("old")).unwrap();
        fs::write(scratch.path("old").join(file), "x").unwrap();
        assert!(message("old").contains("`python -m neuralforecast.migrate DIR`"));
        fs::remove_dir_all(scratch.path("old")).unwrap();
    }
    fs::write(scratch.path("file"), "x").unwrap();
    assert!(message("file").contains("cannot be listed as a directory"));
    fs::create_dir_all(scratch.path("odd/configuration.json")).unwrap();
    assert!(message("odd").contains("configuration.json: must be a regular file"));
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    let scratch = Scratch::new();
    let dir = scratch.path("linked");
    fs::create_dir(&dir).unwrap();
    for (name, bytes) in files(&fixture("checkpoints/monthly")) {
        fs::write(dir.join(name), bytes).unwrap();
    }
    assert!(read(&dir).is_ok());
    fs::remove_file(dir.join("dataset.json")).unwrap();
    std::os::unix::fs::symlink(
        fixture("checkpoints/monthly/dataset.json"),
        dir.join("dataset.json"),
    )
    .unwrap();
    assert!(
        read(&dir)
            .unwrap_err()
            .message
            .contains("dataset.json: must be a regular file, found a link")
    );
}
