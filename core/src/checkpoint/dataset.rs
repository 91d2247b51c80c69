//! The panel as Python's dataset: f32 columns and row offsets.
//!
//! Columns with values that f32 cannot represent are also stored as f64 in a file of our own, which [`decode`] prefers.

use serde_json::{Map, Value, json};

use super::index::{self, Index};
use super::tagged::{TENSOR_PREFIX, Tagged, column_index, numpy, torch};
use super::weights::{RawTensor, Tensors, serialize};
use super::{EXACT_FILE, Files, Sources, Unknown, fail};
use crate::data::{ColumnNames, Ids, LocalScalers, MissingRows, Panel, scaler_of};
use crate::scalers::SeriesScaler;
use crate::{Error, ErrorCode, Result};

/// Python's names for these columns, whatever their names in the table.
const MASK: &str = "available_mask";
const WEIGHT: &str = "sample_weight";

/// Fields that are interpreted.
const KNOWN: [&str; 6] = ["temporal", "temporal_cols", "indptr", "y_idx", "static", "static_cols"];

const JSON: &str = "dataset.json";
const TENSORS: &str = "dataset.safetensors";

/// Reads and checks the dataset.
pub(super) fn decode(
    files: &Sources,
    index: &Index<'_>,
    names: &ColumnNames,
    scalers: &LocalScalers,
) -> Result<(Panel, Unknown)> {
    let document: Value = super::json(JSON, &super::file(files, JSON)?.bytes()?)?;
    if document["dataset_class"] != "TimeSeriesDataset" {
        return Err(fail(format!(
            "{JSON}: dataset_class must be \"TimeSeriesDataset\", found {}; save with save_dataset=False",
            document["dataset_class"]
        )));
    }
    let Some(file) = files.get(TENSORS) else {
        return Err(fail(format!("{TENSORS} is missing beside {JSON}")));
    };
    let tensors = Tensors::parse(TENSORS, file.open()?)?;
    let exact = match files.get(EXACT_FILE) {
        Some(file) => Tensors::parse(EXACT_FILE, file.open()?)?,
        None => Tensors::none(EXACT_FILE),
    };
    let fields = &document["fields"];
    let tagged = |field: &'static str| Tagged::new(&fields[field], JSON, field, &tensors);

    let columns = tagged("temporal_cols").texts()?;
    let (rows, mut temporal) = table(&tagged("temporal"), &columns)?;
    let (static_rows, mut statics) = if fields["static"].is_null() {
        (0, Vec::new())
    } else {
        table(&tagged("static"), &tagged("static_cols").texts()?)?
    };

    let indptr = offsets(&tagged("indptr"), rows)?;
    let series = indptr.len() - 1;
    if !fields["static"].is_null() && static_rows != series {
        return Err(fail(format!(
            "{JSON}: \"static\" must have {series} rows, one per series, found {static_rows}"
        )));
    }
    let (time_kind, times) = index.times(&indptr)?;
    as_given(&mut temporal, &scalers.temporal, &indptr, &exact, "temporal")?;
    as_given(&mut statics, &scalers.statics, &[0, series], &exact, "static")?;

    let target = fields["y_idx"]
        .as_u64()
        .and_then(|i| usize::try_from(i).ok())
        .filter(|i| *i < temporal.len());
    let target = target.ok_or_else(|| {
        fail(format!(
            "{JSON}: \"y_idx\" must be below {}, found {}",
            columns.len(),
            fields["y_idx"]
        ))
    })?;
    let y = temporal.remove(target);
    if y.0 != names.target {
        return Err(fail(format!(
            "{JSON}: the target is column {:?}, but configuration.json calls it {:?}",
            y.0, names.target
        )));
    }
    temporal.insert(0, y);
    let mut take = |name: &str| {
        let at = temporal.iter().skip(1).position(|(n, _)| n == name)?;
        Some(temporal.remove(at + 1).1.into_iter().map(|v| v as f32).collect::<Vec<f32>>())
    };
    let (mask, weight) = (take(MASK).unwrap_or_else(|| vec![1.0; rows]), take(WEIGHT));
    if let Some(at) = mask.iter().chain(weight.iter().flatten()).position(|v| !v.is_finite()) {
        return Err(fail(format!(
            "{TENSORS}: row {} of {MASK:?} or {WEIGHT:?} is not finite",
            at % rows.max(1)
        )));
    }
    for (name, values) in &mut temporal {
        for (row, value) in values.iter_mut().enumerate().filter(|(_, v)| v.is_nan()) {
            if mask[row] != 0.0 {
                return Err(fail(format!(
                    "{TENSORS}: row {row} of column {name:?} is not a number, but available"
                )));
            }
            *value = 0.0;
        }
    }
    let (names, ids) = (names.clone(), index.ids(series)?);
    let unknown = unknown(&document, &tensors)?;
    let panel = Panel {
        names,
        ids,
        indptr,
        times,
        time_kind,
        temporal,
        mask,
        missing: MissingRows::default(),
        weight,
        statics,
        warnings: Vec::new(),
    };
    Ok((panel, unknown))
}

/// The parts of a dataset that are not interpreted.
fn unknown(document: &Value, tensors: &Tensors<'_>) -> Result<Unknown> {
    let mut unknown = Unknown::default();
    let entries = |value: &Value| value.as_object().cloned().unwrap_or_default();
    for (name, value) in entries(document) {
        let usual = name == "extra" && value == extra();
        if !usual && !["dataset_class", "fields"].contains(&name.as_str()) {
            unknown.around.insert(name, value);
        }
    }
    for (name, value) in entries(&document["fields"]) {
        if !KNOWN.contains(&name.as_str()) {
            Tagged::new(&value, JSON, "fields", tensors).collect_tensors(&mut unknown.tensors)?;
            unknown.fields.insert(name, value);
        }
    }
    Ok(unknown)
}

/// The default of `extra`, which Python's class has besides its fields.
fn extra() -> Value {
    json!({ "updated": false })
}

/// The columns of a two-dimensional tensor.
#[expect(clippy::type_complexity, reason = "it is the form the panel has")]
fn table(tagged: &Tagged<'_>, columns: &[String]) -> Result<(usize, Vec<(String, Vec<f64>)>)> {
    let (shape, values) = tagged.numbers()?;
    let &[rows, width] = shape.as_slice() else {
        return Err(tagged.wrong(&format!("a table, its shape is {shape:?}")));
    };
    if width != columns.len() || (1..width).any(|i| columns[..i].contains(&columns[i])) {
        return Err(tagged.wrong(&format!(
            "a table of columns {columns:?}, all different; its shape is {shape:?}"
        )));
    }
    let column = |(i, column): (usize, &String)| {
        (column.clone(), values.iter().skip(i).step_by(width).copied().collect())
    };
    Ok((rows, columns.iter().enumerate().map(column).collect()))
}

/// Undoes the scaling of stored columns, or takes their exact values if these are stored too.
fn as_given(
    columns: &mut [(String, Vec<f64>)],
    scalers: &[(String, SeriesScaler)],
    groups: &[usize],
    exact: &Tensors<'_>,
    name: &str,
) -> Result<()> {
    let series = groups.len() - 1;
    if let Some((column, s)) = scalers.iter().find(|(_, s)| s.statistics.len() != series) {
        let found = s.statistics.len();
        return Err(fail(format!(
            "{JSON}: the scaler of column {column:?} must have statistics of {series}, found {found}"
        )));
    }
    for (column, values) in columns {
        let scaler = scaler_of(scalers, column);
        let key = format!("{name}.{column}");
        if exact.names().any(|n| n == key) {
            let given = exact.numbers(&key)?.1;
            if given.len() != values.len() || !would_store(&given, values, scaler, groups) {
                return Err(fail(format!(
                    "{}: {key:?} differs from the values in {TENSORS}; delete {EXACT_FILE}",
                    exact.file()
                )));
            }
            *values = given;
        } else if let Some(scaler) = scaler {
            scaler.unscale_all(values, groups);
        }
    }
    Ok(())
}

/// Whether the exact values, scaled and rounded to f32, are the stored ones. With a scaler a small difference is accepted,
/// because machines differ in the rounding of logarithms.
fn would_store(
    given: &[f64],
    stored: &[f64],
    scaler: Option<&SeriesScaler>,
    groups: &[usize],
) -> bool {
    let mut given = given.to_vec();
    let tolerance = if scaler.is_some() { 1e-6 } else { 0.0 };
    if let Some(scaler) = scaler {
        scaler.scale_all(&mut given, groups);
    }
    given.iter().zip(stored).all(|(a, b)| {
        let (a, b) = (*a as f32, *b as f32);
        a.to_bits() == b.to_bits() || (a - b).abs() <= tolerance * b.abs().max(1.0)
    })
}

fn offsets(tagged: &Tagged<'_>, rows: usize) -> Result<Vec<usize>> {
    let stored = tagged.integers()?;
    let offsets: Option<Vec<usize>> = stored.iter().map(|v| usize::try_from(*v).ok()).collect();
    offsets
        .filter(|o| {
            o.len() >= 2 && o[0] == 0 && o[o.len() - 1] == rows && o.windows(2).all(|w| w[0] < w[1])
        })
        .ok_or_else(|| tagged.wrong(&format!("row offsets that rise from 0 to {rows}")))
}

/// An encoded dataset: its fields and tensors in the configuration, and its own files.
pub(super) struct Encoded {
    pub(super) fields: Map<String, Value>,
    pub(super) tensors: Vec<RawTensor>,
    pub(super) files: Files,
}

/// Encodes a panel, scaled by `scalers`. `polars` says whether Python gets back polars or pandas columns.
pub(super) fn encode(
    panel: &Panel,
    unknown: &Unknown,
    names: &ColumnNames,
    scalers: &LocalScalers,
    polars: bool,
) -> Result<Encoded> {
    check(panel, names)?;
    let rows = panel.times.len();
    let series = panel.indptr.len() - 1;
    let widen = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    let scaled = scalers.scaled(panel);
    let mut temporal = scaled.temporal.clone();
    temporal.extend(panel.weight.iter().map(|w| (WEIGHT.to_string(), widen(w))));
    temporal.push((MASK.into(), widen(&panel.mask)));

    let mut tensors = vec![RawTensor::f32s(
        format!("{TENSOR_PREFIX}temporal"),
        vec![rows, temporal.len()],
        &rowwise(&temporal, rows),
    )];
    let indptr_type =
        match panel.indptr.iter().map(|v| i32::try_from(*v)).collect::<Result<Vec<i32>, _>>() {
            Ok(offsets) => {
                tensors.push(RawTensor::i32s(
                    format!("{TENSOR_PREFIX}indptr"),
                    vec![offsets.len()],
                    &offsets,
                ));
                "int32"
            }
            Err(_) => {
                let offsets: Vec<i64> = panel.indptr.iter().map(|v| *v as i64).collect();
                tensors.push(RawTensor::i64s(
                    format!("{TENSOR_PREFIX}indptr"),
                    vec![offsets.len()],
                    &offsets,
                ));
                "int64"
            }
        };
    let (mut statics, mut static_columns) = (Value::Null, Value::Null);
    if !panel.statics.is_empty() {
        let values = rowwise(&scaled.statics, series);
        tensors.push(RawTensor::f32s(
            format!("{TENSOR_PREFIX}static"),
            vec![series, panel.statics.len()],
            &values,
        ));
        (statics, static_columns) =
            (torch("static"), column_index(panel.statics.iter().map(|(n, _)| n.as_str())));
    }
    let mut document = json!({
        "dataset_class": "TimeSeriesDataset",
        "fields": {
            "temporal": torch("temporal"),
            "temporal_cols": column_index(temporal.iter().map(|(n, _)| n.as_str())),
            "indptr": numpy("indptr", indptr_type),
            "y_idx": 0,
            "static": statics,
            "static_cols": static_columns,
        },
        "extra": extra(),
    });
    for (name, value) in &unknown.around {
        document[name.as_str()] = value.clone();
    }
    for (name, value) in &unknown.fields {
        document["fields"][name.as_str()] = value.clone();
    }
    tensors.extend(unknown.tensors.iter().cloned());
    let mut files = Files::new();
    files.insert(JSON.into(), document.to_string().into_bytes());
    files.insert(
        TENSORS.into(),
        serialize(tensors, &[("nf_format", "2".into()), ("shared", "{}".into())])?,
    );

    let tables = [
        ("temporal", &panel.temporal, &scaled.temporal, &scalers.temporal, &panel.indptr[..]),
        ("static", &panel.statics, &scaled.statics, &scalers.statics, &[0, series][..]),
    ];
    let mut exact = Vec::new();
    for (table, columns, stored, scalers, groups) in tables {
        for ((name, values), (_, stored)) in columns.iter().zip(stored) {
            let mut back: Vec<f64> = stored.iter().map(|v| f64::from(*v as f32)).collect();
            if let Some(scaler) = scaler_of(scalers, name) {
                scaler.unscale_all(&mut back, groups);
            }
            if values.iter().zip(&back).any(|(v, back)| v.to_bits() != back.to_bits()) {
                let name = format!("{table}.{name}");
                exact.push(RawTensor::f64s(name, vec![values.len()], values));
            }
        }
    }
    if !exact.is_empty() {
        files.insert(EXACT_FILE.into(), serialize(exact, &[])?);
    }
    let (fields, tensors) = index::encode(panel, names, polars)?;
    Ok(Encoded { fields, tensors, files })
}

fn rowwise(columns: &[(String, Vec<f64>)], rows: usize) -> Vec<f32> {
    (0..rows).flat_map(|row| columns.iter().map(move |(_, values)| values[row] as f32)).collect()
}

/// Refuses an inconsistent panel, which could not be read back.
fn check(panel: &Panel, names: &ColumnNames) -> Result<()> {
    let fault =
        |what: &str| Err(Error::new(ErrorCode::Internal, format!("cannot save the panel: {what}")));
    let (rows, offsets) = (panel.times.len(), &panel.indptr);
    let rising = offsets.windows(2).all(|w| w[0] < w[1]);
    if offsets.len() < 2 || offsets[0] != 0 || offsets[offsets.len() - 1] != rows || !rising {
        return fault("its row offsets do not rise from 0 to the number of rows");
    }
    let ids = match &panel.ids {
        Ids::Text(ids) => ids.len(),
        Ids::Int(ids) => ids.len(),
    };
    if ids != offsets.len() - 1 || panel.statics.iter().any(|(_, v)| v.len() != ids) {
        return fault("identifiers or static columns do not match the number of series");
    }
    let mask_and_weight = std::iter::once(&panel.mask).chain(&panel.weight);
    if panel.temporal.iter().any(|(_, v)| v.len() != rows)
        || mask_and_weight.into_iter().any(|v| v.len() != rows)
    {
        return fault("its columns differ in length");
    }
    if panel.temporal.first().map(|(name, _)| name) != Some(&names.target) {
        return fault("its first column is not the target");
    }
    match panel.temporal.iter().find(|(name, _)| [MASK, WEIGHT].contains(&name.as_str())) {
        Some((name, _)) => Err(fail(format!(
            "column {name:?} is a name that NeuralForecast reserves; rename the column to save it"
        ))),
        None => Ok(()),
    }
}
