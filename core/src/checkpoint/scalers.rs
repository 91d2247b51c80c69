//! Statistics of local scalers in the form of Python's configuration: a tagged value with the type and a table of two
//! columns.

use serde_json::{Map, Value, json};

use super::fail;
use super::tagged::{TAG, TENSOR_PREFIX, Tagged, numpy, tag};
use super::weights::{RawTensor, Tensors};
use crate::Result;
use crate::data::LocalScalers;
use crate::options::OptionValue;
use crate::scalers::{LocalScalerType, SeriesScaler};

/// The type of a scaler; `None` for null.
pub(super) fn kind(place: &Tagged<'_>, value: &Value) -> Result<Option<LocalScalerType>> {
    match value {
        Value::Null => Ok(None),
        value => {
            let expected = || format!("null or {}", LocalScalerType::expected());
            LocalScalerType::read(value).map(Some).ok_or_else(|| place.wrong(&expected()))
        }
    }
}

/// Reads the scaler of each column.
pub(super) fn decode(
    file: &str,
    field: &str,
    value: &Value,
    tensors: &Tensors<'_>,
) -> Result<Vec<(String, SeriesScaler)>> {
    let columns = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Object(columns) => columns,
        other => return Err(Tagged::new(other, file, field, tensors).wrong("an object of scalers")),
    };
    let scaler = |(column, value): (&String, &Value)| {
        let place = Tagged::new(value, file, field, tensors);
        let of_type = kind(&place, &value["type"])?.filter(|_| tag(value) == Some("scaler"));
        let kind = of_type.ok_or_else(|| place.wrong("a scaler for each column"))?;
        let (shape, values) = Tagged::new(&value["stats_"], file, field, tensors).numbers()?;
        let (pairs, rest) = values.as_chunks::<2>();
        // For Box-Cox the second number has no meaning: Python leaves it uninitialized.
        let used = |[first, second]: &[f64; 2]| match kind {
            LocalScalerType::Boxcox => [*first, 0.0],
            _ => [*first, *second],
        };
        let statistics: Vec<[f64; 2]> = pairs.iter().map(used).collect();
        let finite = statistics.iter().flatten().all(|v| v.is_finite());
        if shape != [statistics.len(), 2] || !rest.is_empty() || !finite {
            let expected =
                format!("two finite statistics per series, those of {column:?} have shape");
            return Err(place.wrong(&format!("{expected} {shape:?}")));
        }
        Ok((column.clone(), SeriesScaler { kind, statistics }))
    };
    columns.iter().map(scaler).collect()
}

/// Refuses scalers without one for the target, which scales forecasts back, unless no column has a scaler.
pub(super) fn check_target(scalers: &LocalScalers, target: &str) -> Result<()> {
    let has = |(name, _): &(String, SeriesScaler)| name == target;
    if scalers.temporal.is_empty() || scalers.temporal.iter().any(has) {
        return Ok(());
    }
    Err(fail(format!(
        "configuration.json: \"scalers_\" has none for the target {target:?}; save again"
    )))
}

/// Writes the scaler of each column; the statistics go into `tensors`.
pub(super) fn encode(
    field: &str,
    scalers: &[(String, SeriesScaler)],
    tensors: &mut Vec<RawTensor>,
) -> Value {
    let columns = scalers.iter().map(|(column, scaler)| {
        let path = format!("{field}.{column}.stats_");
        let shape = vec![scaler.statistics.len(), 2];
        let (name, values) = (format!("{TENSOR_PREFIX}{path}"), scaler.statistics.as_flattened());
        let short: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        // In f32, as in Python, if that is exact.
        let (tensor, dtype) = if values.iter().zip(&short).all(|(v, s)| *v == f64::from(*s)) {
            (RawTensor::f32s(name, shape, &short), "float32")
        } else {
            (RawTensor::f64s(name, shape, values), "float64")
        };
        tensors.push(tensor);
        let stats = numpy(&path, dtype);
        (column.clone(), json!({ TAG: "scaler", "type": scaler.kind.name(), "stats_": stats }))
    });
    Value::Object(columns.collect::<Map<_, _>>())
}
