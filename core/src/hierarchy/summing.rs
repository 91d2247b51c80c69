//! The summing matrix of a hierarchy, read from a list of rows and checked.

use serde_json::{Value, json};

use super::cholesky::add;
use crate::options::OptionValue;
use crate::{Error, ErrorCode};

/// A summing matrix `S = [A; I]`: a row for each series, a column for each bottom series, whose rows come last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummingMatrix {
    rows: Vec<Vec<f64>>,
    /// For each bottom series the aggregates that contain it, with their weights: the columns of `A` without zeros.
    columns: Vec<Vec<(usize, f64)>>,
}

impl SummingMatrix {
    /// A summing matrix with these rows: aggregates first, then the bottom series, whose rows are an identity matrix.
    pub fn new(rows: Vec<Vec<f64>>) -> Result<Self, Error> {
        let width = rows.first().map_or(0, Vec::len);
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != width) {
            return Err(wrong(format!(
                "S[{i}] has {}, and S[0] has {width}; each row needs one for each bottom series",
                columns(row.len())
            )));
        }
        if let Some(place) = place_of(&rows, |v| !v.is_finite()) {
            let [i, j] = place;
            return Err(not_a_number(place, &json!(rows[i][j].to_string())));
        }
        if width == 0 || rows.len() < width {
            return Err(wrong(format!(
                "S has {} and {}; it needs a row for each series and a column for each bottom series, which are among \
                 the series",
                crate::data::counted(rows.len(), "row", "rows"),
                columns(width)
            )));
        }
        let aggregates = rows.len() - width;
        let identity = |i: usize, j: usize| f64::from(u8::from(i == aggregates + j));
        let bottom = (aggregates..rows.len()).flat_map(|i| (0..width).map(move |j| (i, j)));
        let mut bottom = bottom.filter(|(i, j)| rows[*i][*j] != identity(*i, *j));
        if let Some((i, j)) = bottom.next() {
            return Err(wrong(format!(
                "the last {width} of the {} rows of S belong to the bottom series, in the order of its columns, so they \
                 must be an identity matrix, but S[{i}][{j}] is {}, not {}; put the aggregates first, and name the rows \
                 with ids if that is not the order of the series",
                rows.len(),
                rows[i][j],
                identity(i, j)
            )));
        }
        if let Some(i) = rows.iter().position(|row| row.iter().all(|v| *v == 0.0)) {
            return Err(wrong(format!(
                "S[{i}] has only zeros, so this series would be the sum of no others; leave it out of S and the data"
            )));
        }
        let column = |j: usize| {
            let entries = rows[..aggregates].iter().map(|row| row[j]).enumerate();
            entries.filter(|(_, weight)| *weight != 0.0).collect()
        };
        let columns = (0..width).map(column).collect();
        Ok(Self { rows, columns })
    }

    /// The number of series, `a + b`.
    pub fn series(&self) -> usize {
        self.rows.len()
    }

    /// The number of bottom series, `b`.
    pub fn bottom(&self) -> usize {
        self.columns.len()
    }

    /// The number of aggregates, `a`.
    pub fn aggregates(&self) -> usize {
        self.series() - self.bottom()
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// For each bottom series the aggregates that contain it, with their weights.
    pub(super) fn columns(&self) -> &[Vec<(usize, f64)>] {
        &self.columns
    }

    /// `top += factor·A·bottom`, for `count` vectors: `[a, count]` and `[b, count]`.
    pub(super) fn add_sums(&self, top: &mut [f64], factor: f64, bottom: &[f64], count: usize) {
        for (entries, x) in self.columns.iter().zip(bottom.chunks_exact(count)) {
            for (i, weight) in entries {
                add(&mut top[i * count..][..count], factor * weight, x);
            }
        }
    }

    /// `bottom += Aᵀ·top`, for `count` vectors.
    pub(super) fn add_shares(&self, bottom: &mut [f64], top: &[f64], count: usize) {
        for (entries, y) in self.columns.iter().zip(bottom.chunks_exact_mut(count)) {
            for (i, weight) in entries {
                add(y, *weight, &top[i * count..][..count]);
            }
        }
    }
}

fn columns(n: usize) -> String {
    crate::data::counted(n, "column", "columns")
}

/// Row and column of the first number that is found.
fn place_of(rows: &[Vec<f64>], found: impl Fn(f64) -> bool) -> Option<[usize; 2]> {
    rows.iter().enumerate().find_map(|(i, row)| Some([i, row.iter().position(|v| found(*v))?]))
}

fn not_a_number([i, j]: [usize; 2], found: &Value) -> Error {
    wrong(format!("S[{i}][{j}] is {found}; every entry of S must be a finite number"))
        .with(|d| d.actual = Some(found.clone()))
}

fn wrong(message: String) -> Error {
    Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some("S".into()))
}

impl OptionValue for SummingMatrix {
    fn expected() -> String {
        "a list of rows, one for each series, each a list of numbers".into()
    }
    fn ts() -> String {
        Vec::<Vec<f64>>::ts()
    }
    fn read(value: &Value) -> Option<Self> {
        Self::new(OptionValue::read(value)?).ok()
    }
    fn write(&self) -> Value {
        self.rows.write()
    }
    fn fault(name: &str, value: &Value) -> Option<Error> {
        for (i, row) in value.as_array()?.iter().enumerate() {
            let Some(row) = row.as_array() else {
                return Some(Error::option(
                    &format!("{name}[{i}]"),
                    "a list of numbers",
                    row.clone(),
                ));
            };
            let bad = |item: &&Value| f64::read(item).is_none();
            if let Some(found) = row.iter().find(bad) {
                let j = row.iter().position(|item| bad(&item)).unwrap_or(0);
                return Some(not_a_number([i, j], found));
            }
        }
        Self::new(OptionValue::read(value)?).err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::read_option;

    #[test]
    fn a_matrix_is_read_and_written_as_it_is() {
        let given = json!([
            [1.0, 1.0, 1.0],
            [0.0, 0.5, 2.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0]
        ]);
        let s = SummingMatrix::read(&given).unwrap();
        assert_eq!((s.series(), s.bottom(), s.aggregates()), (5, 3, 2));
        assert_eq!(s.write(), given);
        assert_eq!(
            s.columns(),
            [vec![(0, 1.0)], vec![(0, 1.0), (1, 0.5)], vec![(0, 1.0), (1, 2.0)]]
        );
        let mut top = vec![1.0, 10.0];
        s.add_sums(&mut top, -1.0, &[1.0, 2.0, 3.0], 1);
        assert_eq!(top, [-5.0, 3.0]);
        let mut bottom = vec![0.0; 3];
        s.add_shares(&mut bottom, &[1.0, 10.0], 1);
        assert_eq!(bottom, [1.0, 6.0, 21.0]);
    }

    #[test]
    fn what_is_no_summing_matrix_is_refused_with_its_place() {
        let message = |value: Value| {
            let error = read_option::<SummingMatrix>("S", &value, &[]).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidOption);
            assert!(error.details.option.unwrap().starts_with('S'));
            error.message
        };
        for (value, expected) in [
            (
                json!(5),
                "option \"S\" must be a list of rows, one for each series, each a list of numbers, got 5",
            ),
            (json!([[1], 2]), "option \"S[1]\" must be a list of numbers, got 2"),
            (json!([[1], ["NaN"]]), "S[1][0] is \"NaN\"; every entry of S must be a finite number"),
            (json!([[1], [null]]), "S[1][0] is null; every entry of S must be a finite number"),
            (
                json!([[1, 1], [1]]),
                "S[1] has 1 column, and S[0] has 2; each row needs one for each bottom series",
            ),
            (
                json!([[1, 1]]),
                "S has 1 row and 2 columns; it needs a row for each series and a column for each bottom series, which \
                 are among the series",
            ),
            (
                json!([]),
                "S has 0 rows and 0 columns; it needs a row for each series and a column for each bottom series, which \
                 are among the series",
            ),
            (
                json!([[1, 0], [1, 1], [0, 1]]),
                "the last 2 of the 3 rows of S belong to the bottom series, in the order of its columns, so they must \
                 be an identity matrix, but S[1][1] is 1, not 0; put the aggregates first, and name the rows with ids \
                 if that is not the order of the series",
            ),
            (
                json!([[0, 0], [1, 0], [0, 1]]),
                "S[0] has only zeros, so this series would be the sum of no others; leave it out of S and the data",
            ),
        ] {
            assert_eq!(message(value), expected);
        }
        let infinite = SummingMatrix::new(vec![vec![f64::INFINITY], vec![1.0]]).unwrap_err();
        assert_eq!(
            infinite.message,
            "S[0][0] is \"inf\"; every entry of S must be a finite number"
        );
    }
}
