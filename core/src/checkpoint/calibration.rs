//! The calibration of prediction intervals: Python's `prediction_intervals`, and `_cs_df`, a frame of errors with the series,
//! time and cutoff of each.

use serde_json::{Map, Value, json};

use super::fail;
use super::tagged::{TAG, TENSOR_PREFIX, Tagged, dates, numpy, tag};
use super::weights::{RawTensor, Tensors};
use crate::Result;
use crate::conformal::{Calibration, ConformalMethod, PredictionIntervals};
use crate::data::{ColumnNames, Ids, TimeKind, TimeUnit};
use crate::options::OptionValue;

pub(super) const INTERVALS: &str = "prediction_intervals";
pub(super) const SCORES: &str = "_cs_df";
const CUTOFF: &str = "cutoff";

/// Reads and checks both fields; `None` if they are null.
pub(super) fn decode(
    file: &str,
    [intervals, frame]: [&Value; 2],
    names: &ColumnNames,
    h: usize,
    tensors: &Tensors<'_>,
) -> Result<Option<Calibration>> {
    if intervals.is_null() || frame.is_null() {
        return Ok(None);
    }
    let wrong = |field: &str, value: &Value, expected: &str| {
        Tagged::new(value, file, field, tensors).wrong(expected)
    };
    let number = |name: &str| intervals[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let method = ConformalMethod::read(&intervals["method"]);
    let (Some(method), Some(n_windows), Some(step_size)) =
        (method, number("n_windows").filter(|n| *n >= 2), number("step_size").filter(|n| *n >= 1))
    else {
        return Err(wrong(INTERVALS, intervals, "a method, at least two windows and a step size"));
    };
    let not_a_frame = || wrong(SCORES, frame, "a frame of errors");
    let columns = frame["columns"].as_array().filter(|_| tag(frame) == Some("dataframe"));
    let column = |column: &Value| {
        let [Value::String(name), value] = &column.as_array()?[..] else { return None };
        Some((name.clone(), value.clone()))
    };
    let columns: Option<Vec<(String, Value)>> =
        columns.ok_or_else(not_a_frame)?.iter().map(column).collect();
    let columns = columns.ok_or_else(not_a_frame)?;
    let find = |name: &str| {
        let found = columns.iter().find(|(other, _)| other == name);
        let lacks = || wrong(SCORES, frame, &format!("a frame with the column {name:?}"));
        found.map(|(_, value)| Tagged::new(value, file, SCORES, tensors)).ok_or_else(lacks)
    };
    let (time_kind, times) = find(&names.time)?.times()?;
    let (_, cutoffs) = find(CUTOFF)?.times()?;
    let rows = times.len();
    let of_series = n_windows.saturating_mul(h);
    let whole = format!("a frame of {of_series} rows for each series, sorted by series");
    let ids = find(&names.id)?;
    let ids = match ids.integers() {
        Ok(all) => distinct(&all, of_series).map(Ids::Int),
        Err(_) => distinct(&ids.texts()?, of_series).map(Ids::Text),
    };
    let ids = ids.ok_or_else(|| wrong(SCORES, frame, &whole))?;
    if cutoffs.len() != rows || ids.len().checked_mul(of_series) != Some(rows) {
        return Err(wrong(SCORES, frame, &whole));
    }
    let mut scores = Vec::new();
    for (name, value) in &columns {
        if [&names.id[..], &names.time, CUTOFF].contains(&&name[..]) {
            continue;
        }
        let sizes = Tagged::new(value, file, SCORES, tensors).list()?;
        let is_size = |v: &f64| v.is_nan() || (v.is_finite() && *v >= 0.0);
        if sizes.len() != rows || !sizes.iter().all(is_size) {
            return Err(wrong(SCORES, value, &format!("{rows} sizes of errors of {name:?}")));
        }
        for of_series in sizes.chunks_exact(of_series) {
            if (0..h).any(|step| of_series.iter().skip(step).step_by(h).all(|v| v.is_nan())) {
                let expected = format!("errors of {name:?} at every step of every series");
                return Err(wrong(SCORES, value, &expected));
            }
        }
        scores.push((name.clone(), sizes));
    }
    let intervals = PredictionIntervals { method, n_windows, step_size };
    Ok(Some(Calibration { intervals, h, ids, time_kind, times, cutoffs, scores }))
}

/// The values of consecutive blocks of `size` equal ones, if they are sorted and all different.
fn distinct<T: Clone + Ord>(all: &[T], size: usize) -> Option<Vec<T>> {
    let blocks = all.chunks(size.max(1));
    let of_block = |block: &[T]| {
        let same = block.len() == size && block.iter().all(|v| *v == block[0]);
        same.then(|| block[0].clone())
    };
    let values: Vec<T> = blocks.map(of_block).collect::<Option<_>>()?;
    values.is_sorted_by(|a, b| a < b).then_some(values)
}

/// Both fields. The numbers go into `tensors`.
pub(super) fn encode(
    calibration: Option<&Calibration>,
    names: &ColumnNames,
    polars: bool,
    tensors: &mut Vec<RawTensor>,
) -> Result<[Value; 2]> {
    let Some(all) = calibration else { return Ok([Value::Null, Value::Null]) };
    let PredictionIntervals { method, n_windows, step_size } = &all.intervals;
    let intervals = json!({
        TAG: INTERVALS, "n_windows": n_windows, "method": method.write(), "step_size": step_size,
    });
    let frame = Frame { polars, calibration: all };
    let of_series = n_windows * all.h;
    let mut columns = vec![
        json!([names.id, frame.ids(&names.id, of_series, tensors)]),
        json!([names.time, frame.times(&names.time, &all.times, tensors)?]),
        json!([CUTOFF, frame.times(CUTOFF, &all.cutoffs, tensors)?]),
    ];
    for (model, sizes) in &all.scores {
        columns.push(json!([model, frame.numbers(model, sizes, tensors)]));
    }
    let kind = if polars { "polars" } else { "pandas" };
    Ok([intervals, json!({ TAG: "dataframe", "kind": kind, "columns": columns })])
}

/// How the columns of the frame are stored.
struct Frame<'a> {
    polars: bool,
    calibration: &'a Calibration,
}

impl Frame<'_> {
    /// A column of polars, with its values.
    fn listed(name: &str, dtype: &str, values: Value) -> Value {
        json!({ TAG: "index", "kind": "polars", "dtype": dtype, "name": name, "values": values })
    }

    fn series(name: &str, dtype: &str, data: impl Into<Value>) -> Value {
        json!({ TAG: "series", "kind": "pandas", "name": name, "dtype": dtype, "data": data.into() })
    }

    fn ids(&self, name: &str, rows: usize, tensors: &mut Vec<RawTensor>) -> Value {
        match self.calibration.ids.repeat(rows) {
            Ids::Text(ids) if self.polars => Self::listed(name, "String", ids.into()),
            Ids::Text(ids) => {
                let values =
                    json!({ TAG: "index", "kind": "numpy", "dtype": "object", "values": ids });
                Self::series(name, "str", values)
            }
            Ids::Int(ids) => self.integers(name, &ids, tensors),
        }
    }

    fn integers(&self, name: &str, values: &[i64], tensors: &mut Vec<RawTensor>) -> Value {
        if self.polars {
            return Self::listed(name, "Int64", values.into());
        }
        let path = format!("{SCORES}.{name}.values");
        tensors.push(RawTensor::i64s(format!("{TENSOR_PREFIX}{path}"), vec![values.len()], values));
        Self::series(name, "int64", numpy(&path, "int64"))
    }

    fn times(&self, name: &str, times: &[i64], tensors: &mut Vec<RawTensor>) -> Result<Value> {
        let TimeKind::Date { unit, time_zone } = self.calibration.time_kind else {
            return Ok(self.integers(name, times, tensors));
        };
        let path = format!("{SCORES}.{name}");
        if self.polars {
            // polars has no dates in seconds
            let unit = if unit == TimeUnit::S { TimeUnit::Ms } else { unit };
            return Ok(dates(&path, "polars", unit, time_zone, times, tensors)?.into());
        }
        let stored: Map<String, Value> = dates(&path, "pandas", unit, time_zone, times, tensors)?;
        let unit = stored["unit"].as_str().unwrap_or_default();
        let dtype = match time_zone {
            Some(zone) => format!("datetime64[{unit}, {zone}]"),
            None => format!("datetime64[{unit}]"),
        };
        Ok(Self::series(name, &dtype, stored))
    }

    fn numbers(&self, name: &str, values: &[f64], tensors: &mut Vec<RawTensor>) -> Value {
        if self.polars {
            return Self::listed(name, "Float64", values.into());
        }
        let path = format!("{SCORES}.{name}.values");
        tensors.push(RawTensor::f64s(format!("{TENSOR_PREFIX}{path}"), vec![values.len()], values));
        Self::series(name, "float64", numpy(&path, "float64"))
    }
}

/// A calibration must be of models that there are.
pub(crate) fn check(calibration: &Calibration, models: &[String]) -> Result<()> {
    match calibration.scores.iter().find(|(name, _)| !models.contains(name)) {
        Some((name, _)) => Err(fail(format!(
            "configuration.json: {SCORES:?} has errors of {name:?}, and there is no such model; save again"
        ))),
        None => Ok(()),
    }
}
