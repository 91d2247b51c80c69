//! Contents that only this library has are written next to Python's and restored.

use serde_json::{Map, Value, json};

use super::super::{Checkpoint, EXACT_FILE, OWN_FILE, StoredModel, StoredTensor, encode};
use super::{decode, files, fixture};
use crate::ErrorCode;
use crate::data::{ColumnNames, Ids, MissingRows, Panel, TimeKind, TimeUnit};

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("not an object") };
    map
}

pub(super) fn small() -> Checkpoint {
    let names = ColumnNames {
        weight: "w".into(),
        mask: "ok".into(),
        target: "price".into(),
        ..ColumnNames::default()
    };
    let mut missing = MissingRows::default();
    missing.set("price", vec![1]);
    let panel = Panel {
        names: names.clone(),
        ids: Ids::Text(vec!["a".into(), "ä".into()]),
        indptr: vec![0, 2, 3],
        times: vec![-1, 86_400_000, 5],
        time_kind: TimeKind::Date { unit: TimeUnit::Ms, time_zone: None },
        temporal: vec![
            ("price".into(), vec![1e9 + 0.001, -0.0, 1e300]),
            ("x".into(), vec![0.5, 0.25, -1.0]),
        ],
        mask: vec![1.0, 0.0, 1.0],
        weight: Some(vec![1.0, 0.5, 0.1]),
        statics: vec![("s".into(), vec![0.1, 2.0])],
        missing,
        warnings: Vec::new(),
    };
    let options = object(json!({
        "h": 2, "inputSize": 4, "restoreBest": true, "precision": "bf16",
        "lrScheduler": { "kind": "warmupCosine", "warmup": 0.1 }
    }));
    let tensors = vec![StoredTensor {
        name: "w".into(),
        shape: vec![1, 2],
        data: vec![1.0, f32::MIN_POSITIVE],
    }];
    let model = StoredModel {
        name: "NLinear".into(),
        class: "NLinear".into(),
        options,
        tensors,
        ..StoredModel::default()
    };
    Checkpoint {
        models: vec![model],
        h: 2,
        frequency: "D".into(),
        fitted: true,
        names,
        panel: Some(panel),
        extra: object(json!({ "seed": 7, "log": [1.5] })),
        ..Checkpoint::default()
    }
}

#[test]
fn options_names_extras_and_exact_values_come_back() {
    let c = small();
    let files = encode(&c).unwrap();
    let mut read = decode(&files).unwrap();
    read.unknown = c.unknown.clone(); // the defaults of Python's other fields are written
    let (ours, back) = (c.panel.as_ref().unwrap(), read.panel.as_ref().unwrap());
    assert_eq!(back.temporal[0].1[0].to_bits(), ours.temporal[0].1[0].to_bits());
    assert!(back.temporal[0].1[1].is_sign_negative());
    assert_eq!(read, c);
    let python = String::from_utf8_lossy(&files["NLinear_0.safetensors"]);
    assert!(
        !python.contains("restore") && !python.contains("precision") && !python.contains("epochs")
    );
    let dataset: Value = serde_json::from_slice(&files["dataset.json"]).unwrap();
    let columns = &dataset["fields"]["temporal_cols"]["values"];
    assert_eq!(*columns, json!(["price", "x", "sample_weight", "available_mask"]));
}

#[test]
fn exact_values_are_only_written_where_32_bits_lose_them() {
    let mut c = small();
    assert!(encode(&c).unwrap().contains_key(EXACT_FILE));
    let panel = c.panel.as_mut().unwrap();
    panel.temporal[0].1 = vec![1.5, 2.5, -0.0];
    panel.statics.clear();
    assert!(!encode(&c).unwrap().contains_key(EXACT_FILE));
    // Exact values of another dataset are refused.
    let mut files = encode(&c).unwrap();
    files.insert(EXACT_FILE.into(), encode(&small()).unwrap()[EXACT_FILE].clone());
    assert!(decode(&files).unwrap_err().message.contains("delete neural-trader.dataset"));
}

#[test]
fn a_checkpoint_without_our_files_is_read() {
    let mut files = encode(&small()).unwrap();
    files.remove(OWN_FILE);
    files.remove(EXACT_FILE);
    let read = decode(&files).unwrap();
    assert_eq!(read.panel.unwrap().temporal[0].1[0], 1e9);
    assert_eq!(
        (read.names.weight.as_str(), read.names.mask.as_str()),
        ("sample_weight", "available_mask")
    );
    assert!(read.extra.is_empty() && !read.models[0].options.contains_key("precision"));
}

#[test]
fn steps_and_integer_identifiers_come_back() {
    let mut c = small();
    (c.frequency, c.frequency_is_step) = ("-3".into(), true);
    for polars in [false, true] {
        c.polars = polars;
        let panel = c.panel.as_mut().unwrap();
        (panel.ids, panel.time_kind) = (Ids::Int(vec![i64::MIN, i64::MAX]), TimeKind::Step);
        panel.times = vec![i64::MIN, i64::MAX, 0];
        let read = decode(&encode(&c).unwrap()).unwrap();
        assert_eq!(
            (read.panel, read.polars, read.frequency),
            (c.panel.clone(), polars, "-3".into())
        );
    }
}

#[test]
fn what_cannot_be_saved_is_named() {
    type Spoil = fn(&mut Checkpoint);
    let cases: [(Spoil, &str); 12] = [
        (|c| c.models.clear(), "no model"),
        (|c| c.models[0].name = "../x".into(), "\"../x\" cannot be a file name"),
        (|c| c.models[0].name = String::new(), "cannot be a file name"),
        (|c| c.models[0].class = "Sundial".into(), "class \"Sundial\" is not known"),
        (
            |c| c.models.push(StoredModel { class: "NHITS".into(), ..c.models[0].clone() }),
            "different classes",
        ),
        (
            |c| c.models.push(StoredModel { name: "NLINEAR".into(), ..c.models[0].clone() }),
            "only in case",
        ),
        (|c| c.frequency_is_step = true, "must be an integer, got \"D\""),
        (|c| c.panel.as_mut().unwrap().temporal[1].0 = "available_mask".into(), "reserves"),
        (|c| c.panel.as_mut().unwrap().mask.clear(), "differ in length"),
        (|c| c.panel.as_mut().unwrap().indptr = vec![0, 3, 3], "row offsets"),
        (|c| drop(c.unknown.fields.insert("h".into(), 1.into())), "\"h\" is known"),
        (
            |c| {
                c.panel.as_mut().unwrap().time_kind =
                    TimeKind::Date { unit: TimeUnit::S, time_zone: None }
            },
            "time 5 (ms since 1970) cannot be stored",
        ),
    ];
    for (spoil, expected) in cases {
        let mut c = small();
        spoil(&mut c);
        let e = encode(&c).unwrap_err();
        assert!(e.message.contains(expected), "{e}");
        assert!(matches!(e.code, ErrorCode::Checkpoint | ErrorCode::Internal));
    }
}

#[test]
fn a_newer_file_of_ours_is_refused() {
    let mut files = files(&fixture("checkpoints/monthly"));
    files.insert(
        OWN_FILE.into(),
        br#"{"format":2,"models":[],"weight":"w","mask":"m","extra":{}}"#.to_vec(),
    );
    assert!(decode(&files).unwrap_err().message.contains("format 2 is newer than 1"));
}

/// Sets a field in a JSON file.
fn put(files: &mut super::super::Files, file: &str, path: &str, value: Value) {
    let mut document: Value = serde_json::from_slice(&files[file]).unwrap();
    let (parent, name) = path.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[name] = value;
    files.insert(file.into(), document.to_string().into_bytes());
}

#[test]
fn what_newer_versions_add_is_kept_at_every_level() {
    let newer = json!({ "added": [1, { "by": "a newer version" }] });
    let mut files = encode(&small()).unwrap();
    let places = [
        ("configuration.json", "/newer"),
        ("configuration.json", "/configuration/newer"),
        ("dataset.json", "/newer"),
        ("dataset.json", "/fields/newer"),
        ("dataset.json", "/extra/newer"),
    ];
    for (file, path) in places {
        put(&mut files, file, path, newer.clone());
    }
    let mut read = decode(&files).unwrap();
    read.models[0].unknown.around.insert("newer".into(), "metadata of a model's file".into());

    let written = encode(&read).unwrap();
    for (file, path) in places {
        let document: Value = serde_json::from_slice(&written[file]).unwrap();
        assert_eq!(document.pointer(path), Some(&newer), "{file} {path}");
    }
    let again = decode(&written).unwrap();
    assert_eq!(again.models[0].unknown.around["newer"], "metadata of a model's file");
    assert_eq!(again, read);
}
