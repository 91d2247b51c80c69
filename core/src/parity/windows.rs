//! Which windows are cut for training, validation and forecasting.

use std::ops::Range;

use serde_json::Value;

use super::checks::Checks;
use super::json;
use crate::data::{
    ColumnNames, Ids, MissingRows, Panel, TimeKind, TrainWindows, ValidationWindows, Window,
    forecast_window, groups,
};
use crate::models::Availability;
use crate::options::OptionValue;

fn panel(case: &Value) -> Panel {
    let lengths: Vec<usize> =
        case["lengths"].as_array().unwrap().iter().map(|l| l.as_u64().unwrap() as usize).collect();
    let (mut indptr, mut times, mut mask) = (vec![0], Vec::new(), Vec::new());
    for (i, len) in lengths.iter().enumerate() {
        let holes = case["holes"][i].as_array().unwrap();
        times.extend(0..*len as i64);
        mask.extend(
            (0..*len).map(|t| {
                if holes.iter().any(|h| h.as_u64() == Some(t as u64)) { 0.0 } else { 1.0 }
            }),
        );
        indptr.push(times.len());
    }
    Panel {
        names: ColumnNames::default(),
        ids: Ids::Int((0..lengths.len() as i64).collect()),
        indptr,
        temporal: vec![("y".into(), vec![1.0; times.len()])],
        times,
        time_kind: TimeKind::Step,
        mask,
        weight: None,
        statics: Vec::new(),
        missing: MissingRows::default(),
        warnings: Vec::new(),
    }
}

/// Compares with the windows of upstream's fixture, which does not say where windows without data begin.
fn compare(name: &str, part: &Value, windows: &[Window]) {
    if part.get("error").is_some() {
        assert!(windows.is_empty(), "{name}: upstream refuses, we find {windows:?}");
        return;
    }
    let expected = part["windows"].as_array().unwrap();
    assert_eq!(windows.len(), expected.len(), "{name}: {windows:?} against {expected:?}");
    for (w, e) in windows.iter().zip(expected) {
        assert_eq!(Some(w.series as u64), e[0].as_u64(), "{name}");
        if !e[1].is_null() {
            assert_eq!(Some(w.start), e[1].as_i64(), "{name}");
        }
    }
}

#[test]
fn windows_are_upstreams() {
    let cases = json("windows.json")["cases"].as_array().unwrap().clone();
    let mut checks = Checks::default();
    for case in cases.iter().filter(|c| c["testSize"] == 0) {
        checks.row(case["name"].as_str().unwrap(), || check(case));
    }
    assert!(checks.finish() >= 25);
}

fn check(case: &Value) {
    let (name, o) = (case["name"].as_str().unwrap(), &case["options"]);
    let panel = panel(case);
    let number = |key: &str, default: usize| {
        o.get(key).and_then(Value::as_u64).map_or(default, |v| v as usize)
    };
    let recurrent = o.get("recurrent") == Some(&true.into());
    let h = number("h", 0);
    let input = number("inputSize", 0) + usize::from(recurrent);
    let val_size = case["valSize"].as_u64().unwrap() as usize;
    let longest = panel.max_len();
    let cut = TrainWindows {
        longest,
        input,
        horizon: if recurrent { number("hTrain", 1) } else { h },
        pad_end: h,
        step: number("stepSize", 1),
        start_padding: o.get("startPaddingEnabled") == Some(&true.into()),
        availability: o
            .get("trainingDataAvailabilityThreshold")
            .map_or([0.0; 2], |v| Availability::read(v).unwrap().0),
        held_out: val_size,
    };
    let groups = groups(&panel, o.get("multivariate") == Some(&true.into()));
    let all = |f: &dyn Fn(Range<usize>) -> Vec<Window>| {
        groups.iter().cloned().flat_map(f).collect::<Vec<_>>()
    };
    let mut train = Vec::new();
    groups.iter().for_each(|group| cut.add(&panel, group.clone(), &mut train));
    compare(&format!("{name} train"), &case["train"], &train);
    if let Some(val) = case.get("val") {
        let cut = ValidationWindows { longest, input, h, val_size, step: cut.step };
        compare(&format!("{name} val"), val, &all(&|group| cut.of(&panel, group).collect()));
    }
    let of = |group| forecast_window(&panel, group, input).collect();
    compare(&format!("{name} predict"), &case["predict"], &all(&of));
}
