//! The panel: all series one after the other, columns in `f64`, times on a calendar, missing values masked.

/// What the columns of a table are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnNames {
    /// Series identifier. `unique_id`; `uniqueId` is accepted too.
    pub id: String,
    /// Time. `ds`.
    pub time: String,
    /// Target. `y`.
    pub target: String,
    /// Optional weight of each row in the training loss. `sample_weight`.
    pub weight: String,
    /// Optional availability of each row: 0 masks it. `available_mask`.
    pub mask: String,
}

impl Default for ColumnNames {
    fn default() -> Self {
        Self {
            id: "unique_id".into(),
            time: "ds".into(),
            target: "y".into(),
            weight: "sample_weight".into(),
            mask: "available_mask".into(),
        }
    }
}

/// Identifiers of the series, sorted; text or integers as the table had them.
#[derive(Clone, Debug, PartialEq)]
pub enum Ids {
    /// Text, sorted by code point.
    Text(Vec<String>),
    /// Integers, sorted by value.
    Int(Vec<i64>),
}

/// What a time is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeKind {
    /// A step number.
    Step,
    /// A date: milliseconds since 1970 in `Panel::times`.
    Date {
        /// The unit that dates had in the source, for checkpoints.
        unit: TimeUnit,
        /// The time zone dates are shown in, if any; `times` are UTC.
        time_zone: Option<String>,
    },
}

/// Unit of a stored date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

/// Sorted series of any lengths, ready to be cut into windows.
///
/// Series `i` is rows `indptr[i]..indptr[i + 1]` of every temporal column.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Names of the special columns.
    pub names: ColumnNames,
    /// Identifier of each series, sorted.
    pub ids: Ids,
    /// Row offsets of the series: one more than there are series.
    pub indptr: Vec<usize>,
    /// Time of each row: milliseconds since 1970, or a step number.
    pub times: Vec<i64>,
    /// What `times` means.
    pub time_kind: TimeKind,
    /// Name and values of the temporal columns: the target first, then exogenous ones. 0 where masked.
    pub temporal: Vec<(String, Vec<f64>)>,
    /// 1 where a row is available, 0 where its target is missing.
    pub mask: Vec<f32>,
    /// Weight of each row in the training loss, if given.
    pub weight: Option<Vec<f32>>,
    /// Name and per-series values of the static columns.
    pub statics: Vec<(String, Vec<f64>)>,
    /// What was noticed and is not an error.
    pub warnings: Vec<String>,
}
