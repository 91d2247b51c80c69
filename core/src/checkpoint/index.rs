//! Identifiers and times of the dataset's rows, which are stored in the configuration.

use serde_json::{Map, Value, json};

use super::tagged::{TAG, TENSOR_PREFIX, Tagged, dates, numpy};
use super::weights::{RawTensor, Tensors};
use crate::Result;
use crate::data::{ColumnNames, Ids, Panel, TimeKind, TimeUnit};

/// The fields as stored, and the tensors to which they refer.
pub(super) struct Index<'a> {
    pub(super) file: &'a str,
    pub(super) ids: &'a Value,
    pub(super) last_times: &'a Value,
    pub(super) times: &'a Value,
    pub(super) tensors: &'a Tensors<'a>,
}

impl Index<'_> {
    /// The time of each row. Checks that times increase within each series and that `last_dates` has the last ones.
    pub(super) fn times(&self, indptr: &[usize]) -> Result<(TimeKind, Vec<i64>)> {
        let all = Tagged::new(self.times, self.file, "ds", self.tensors);
        let (kind, times) = all.times()?;
        let rows = indptr[indptr.len() - 1];
        if times.len() != rows {
            return Err(all.wrong(&format!("{rows} times, one per row, there are {}", times.len())));
        }
        if let Some(w) = indptr.windows(2).find(|w| !times[w[0]..w[1]].is_sorted_by(|a, b| a < b)) {
            return Err(all.wrong(&format!("rising times in rows {} to {}", w[0], w[1])));
        }
        let stored = Tagged::new(self.last_times, self.file, "last_dates", self.tensors);
        let (_, last) = stored.times()?;
        if last.len() != indptr.len() - 1
            || last.iter().zip(&indptr[1..]).any(|(t, end)| *t != times[end - 1])
        {
            return Err(stored.wrong("the last time of each series in \"ds\""));
        }
        Ok((kind, times))
    }

    /// The identifier of each series. Checks that they are sorted and distinct.
    pub(super) fn ids(&self, series: usize) -> Result<Ids> {
        let tagged = Tagged::new(self.ids, self.file, "uids", self.tensors);
        let (count, sorted, ids) = match tagged.integers() {
            Ok(ids) => {
                let sorted = ids.is_sorted_by(|a, b| a < b);
                (ids.len(), sorted, Ids::Int(ids))
            }
            Err(_) => {
                let ids = tagged
                    .texts()
                    .map_err(|_| tagged.wrong("identifiers, all texts or all integers"))?;
                let sorted = ids.is_sorted_by(|a, b| a < b);
                (ids.len(), sorted, Ids::Text(ids))
            }
        };
        if count != series || !sorted {
            return Err(tagged.wrong(&format!("{series} identifiers, sorted and all different")));
        }
        Ok(ids)
    }
}

/// Identifiers and times as fields and tensors of the configuration.
pub(super) fn encode(
    panel: &Panel,
    names: &ColumnNames,
    polars: bool,
) -> Result<(Map<String, Value>, Vec<RawTensor>)> {
    let (mut fields, mut tensors) = (Map::new(), Vec::new());
    let list = |dtype: &str, name: &str, values: Value| {
        let kind = if polars { "polars" } else { "pandas" };
        json!({ TAG: "index", "kind": kind, "dtype": dtype, "name": name, "values": values })
    };
    let ids = match &panel.ids {
        Ids::Text(ids) if polars => list("String", &names.id, ids.clone().into()),
        Ids::Int(ids) if polars => list("Int64", &names.id, ids.clone().into()),
        Ids::Text(ids) => json!({
            TAG: "series", "kind": "pandas", "name": names.id, "dtype": "str",
            "data": { TAG: "index", "kind": "numpy", "dtype": "object", "values": ids }
        }),
        Ids::Int(ids) => {
            tensors.push(RawTensor::i64s(
                format!("{TENSOR_PREFIX}uids.values"),
                vec![ids.len()],
                ids,
            ));
            json!({
                TAG: "series", "kind": "pandas", "name": names.id, "dtype": "int64", "data": numpy("uids.values", "int64")
            })
        }
    };
    fields.insert("uids".into(), ids);
    let last: Vec<i64> = panel.indptr[1..].iter().map(|end| panel.times[end - 1]).collect();
    let (last, all) = match &panel.time_kind {
        TimeKind::Step => {
            let dtype = if polars { "Int64" } else { "int64" };
            tensors.push(RawTensor::i64s(
                format!("{TENSOR_PREFIX}ds"),
                vec![panel.times.len()],
                &panel.times,
            ));
            (list(dtype, &names.time, last.into()), numpy("ds", "int64"))
        }
        TimeKind::Date { unit, time_zone } => {
            let zone = *time_zone;
            // polars has no dates in seconds
            let unit = if polars && *unit == TimeUnit::S { &TimeUnit::Ms } else { unit };
            let kind = if polars { "polars" } else { "pandas" };
            let mut last = dates("last_dates", kind, *unit, zone, &last, &mut tensors)?;
            // As in Python: an array of dates, or an index without a name if there is a time zone.
            let mut all = dates(
                "ds",
                if zone.is_some() { kind } else { "numpy" },
                *unit,
                zone,
                &panel.times,
                &mut tensors,
            )?;
            if !polars {
                last.insert("name".into(), names.time.as_str().into());
                if zone.is_some() {
                    all.insert("name".into(), Value::Null);
                }
            }
            (last.into(), all.into())
        }
    };
    fields.insert("last_dates".into(), last);
    fields.insert("ds".into(), all);
    Ok((fields, tensors))
}
