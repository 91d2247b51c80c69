//! One error type: a stable code, a sentence that names the place and the fix, and machine-readable details.

use serde::Serialize;
use serde_json::Value;

/// The result of every fallible call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an error. Codes are stable: programs can branch on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum ErrorCode {
    /// An option has an unknown name, a wrong type or a value out of range.
    #[serde(rename = "ERR_NF_INVALID_OPTION")]
    InvalidOption,
    /// A table lacks a column, has an unusable one, or is empty.
    #[serde(rename = "ERR_NF_SCHEMA")]
    Schema,
    /// A frequency cannot be read or inferred, or the times do not follow it.
    #[serde(rename = "ERR_NF_FREQ")]
    Freq,
    /// A series skips a time.
    #[serde(rename = "ERR_NF_GAP")]
    Gap,
    /// A series has the same time twice.
    #[serde(rename = "ERR_NF_DUPLICATE_TIME")]
    DuplicateTime,
    /// A value is missing where one is needed.
    #[serde(rename = "ERR_NF_MISSING_VALUE")]
    MissingValue,
    /// A series is too short for the input size or the validation split.
    #[serde(rename = "ERR_NF_SHORT_SERIES")]
    ShortSeries,
    /// Future values of exogenous columns are missing.
    #[serde(rename = "ERR_NF_FUTURE_EXOG")]
    FutureExog,
    /// The model does not take this kind of exogenous input.
    #[serde(rename = "ERR_NF_UNSUPPORTED_EXOG")]
    UnsupportedExog,
    /// Forecasting or saving before fitting.
    #[serde(rename = "ERR_NF_NOT_FITTED")]
    NotFitted,
    /// The training loss is not finite.
    #[serde(rename = "ERR_NF_DIVERGED")]
    Diverged,
    /// A checkpoint is missing, corrupt, or cannot be written.
    #[serde(rename = "ERR_NF_CHECKPOINT")]
    Checkpoint,
    /// The work would need more memory than allowed.
    #[serde(rename = "ERR_NF_MEMORY_LIMIT")]
    MemoryLimit,
    /// The forecaster is in use by another call.
    #[serde(rename = "ERR_NF_BUSY")]
    Busy,
    /// The forecaster was disposed of.
    #[serde(rename = "ERR_NF_DISPOSED")]
    Disposed,
    /// The feature is not supported.
    #[serde(rename = "ERR_NF_UNSUPPORTED")]
    Unsupported,
    /// A bug in this library.
    #[serde(rename = "ERR_NF_INTERNAL")]
    Internal,
    /// The caller cancelled the work. Becomes an `AbortError` in JavaScript.
    #[serde(rename = "ABORT_ERR")]
    Aborted,
}

/// Machine-readable details of an error. Every field is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The option at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// The model at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The series at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// The time at fault: milliseconds since 1970, or a step number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ds: Option<i64>,
    /// The column at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
    /// A few of the rows at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<Value>,
}

/// An error: code, message, details.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The kind of error.
    pub code: ErrorCode,
    /// One or two sentences: what is wrong, where, and what to do.
    pub message: String,
    /// Machine-readable details.
    pub details: Box<Details>,
}

impl Error {
    /// An error of this kind.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Box::default() }
    }

    /// An option with a wrong value: `"option must be expected, got actual"`.
    pub fn option(option: &str, expected: &str, actual: impl Into<Value>) -> Self {
        let actual = actual.into();
        Self::new(
            ErrorCode::InvalidOption,
            format!("option \"{option}\" must be {expected}, got {actual}"),
        )
        .with(|d| {
            d.option = Some(option.into());
            d.expected = Some(expected.into());
            d.actual = Some(actual);
        })
    }

    /// Prefixes the message with the table that it is about.
    #[must_use]
    pub(crate) fn within(self, table: &str) -> Self {
        Self { message: format!("{table}: {}", self.message), ..self }
    }

    /// Fills in details.
    #[must_use]
    pub fn with(mut self, fill: impl FnOnce(&mut Details)) -> Self {
        fill(&mut self.details);
        self
    }
}

/// The candidate closest in spelling to `name`, if it is close enough to be what was meant. Case, spaces, `_` and `-` are
/// ignored. The edit distance may be a third of the length of the shorter name, at least 1, but must be 0 if that has fewer
/// than three letters.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = letters(name);
    let near = |c: &'a str| {
        let other = letters(c);
        let shorter = name.len().min(other.len());
        let allowed = if shorter < 3 { 0 } else { (shorter / 3).max(1) };
        let distance = edit_distance(&name, &other);
        (distance <= allowed && !other.is_empty()).then_some((distance, c))
    };
    candidates.into_iter().filter_map(near).min_by_key(|(d, _)| *d).map(|(_, c)| c)
}

fn letters(name: &str) -> Vec<char> {
    let kept = name.chars().filter(|c| !['_', '-', ' '].contains(c));
    kept.flat_map(char::to_lowercase).collect()
}

/// The number of letters to substitute, insert, delete or swap with a neighbor.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let last = &rows[i];
            let mut least = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_strangers_are_not() {
        let names = ["maxSteps", "inputSize", "learningRate"];
        assert_eq!(nearest("maxStep", names), Some("maxSteps"));
        assert_eq!(nearest("input_size", names), Some("inputSize"));
        assert_eq!(nearest("zzz", names), None);
        assert_eq!(nearest("NHIST", ["TiDE", "NHITS"]), Some("NHITS"));
    }

    #[test]
    fn short_names_must_be_really_near() {
        for (name, candidate, meant) in [
            ("p", "y", false),
            ("Y", "y", true),
            ("ds", "dt", false),
            ("ds", "Ds_", true),
            ("tim", "time", true),
            ("date", "time", false),
            ("name", "time", false),
            ("", "_", false),
            ("temprature", "temperature", true),
        ] {
            assert_eq!(nearest(name, [candidate]).is_some(), meant, "{name} {candidate}");
        }
    }

    #[test]
    fn an_option_error_names_option_expectation_and_value() {
        let e = Error::option("h", "a positive integer", -3);
        assert_eq!(e.to_string(), "option \"h\" must be a positive integer, got -3");
        assert_eq!(serde_json::to_value(e.code).unwrap(), "ERR_NF_INVALID_OPTION");
    }
}
