//! Panels with other rows: more after the end, or fewer at the beginning.

use super::panel::Panel;

impl Panel {
    /// The same series without the first `skip(i)` rows of each.
    #[must_use]
    pub fn without_first(&self, skip: impl Fn(usize) -> usize) -> Self {
        self.select(|i| {
            let rows = self.rows(i);
            rows.start + skip(i).min(rows.len())..rows.end
        })
    }

    /// The same series with `n` more available rows each. `columns` has the values of temporal columns, `n` per series;
    /// other columns are 0 there. The new rows repeat the last time, which windows do not use.
    #[must_use]
    pub(crate) fn extended(&self, n: usize, columns: &[(String, Vec<f64>)]) -> Self {
        let temporal = self.temporal.iter().map(|(name, values)| {
            let more = columns.iter().find(|(other, _)| other == name);
            let value = |i: usize, step: usize| more.map_or(0.0, |(_, more)| more[i * n + step]);
            (name.clone(), self.with_rows(values, n, value))
        });
        Self {
            names: self.names.clone(),
            ids: self.ids.clone(),
            indptr: self.indptr.iter().enumerate().map(|(i, start)| start + i * n).collect(),
            times: self.with_rows(&self.times, n, |i, _| self.last_time(i)),
            time_kind: self.time_kind.clone(),
            temporal: temporal.collect(),
            mask: self.with_rows(&self.mask, n, |_, _| 1.0),
            missing: self.missing.shifted(&self.indptr, |i| i * n),
            weight: self.weight.as_ref().map(|weight| self.with_rows(weight, n, |_, _| 1.0)),
            statics: self.statics.clone(),
            warnings: self.warnings.clone(),
        }
    }

    /// A column with `n` more values after each series.
    fn with_rows<T: Copy>(
        &self,
        column: &[T],
        n: usize,
        value: impl Fn(usize, usize) -> T,
    ) -> Vec<T> {
        let mut all = Vec::with_capacity(column.len() + self.n_series() * n);
        for i in 0..self.n_series() {
            all.extend_from_slice(&column[self.rows(i)]);
            all.extend((0..n).map(|step| value(i, step)));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{Column, Panel, PanelOptions, Table};

    /// Series 1 with rows 10, 20, 30 and series 2 with row 40; `x` is the negative of the target.
    fn panel() -> Panel {
        let y = vec![10.0, 20.0, 30.0, 40.0];
        let table = Table::new(vec![
            ("unique_id".into(), Column::Int(vec![1, 1, 1, 2])),
            ("ds".into(), Column::Int(vec![5, 6, 7, 7])),
            ("x".into(), Column::Float(y.iter().map(|v| -v).collect())),
            ("y".into(), Column::Float(y)),
        ]);
        let options = PanelOptions {
            exogenous: vec!["x".into()],
            frequency: Some(crate::data::Frequency::step(1).unwrap()),
            ..PanelOptions::default()
        };
        Panel::from_table(&table.unwrap(), &options).unwrap().0
    }

    #[test]
    fn rows_are_added_after_each_series() {
        let longer = panel().extended(2, &[("y".into(), vec![1.0, 2.0, 3.0, 4.0])]);
        assert_eq!(longer.indptr, [0, 5, 8]);
        assert_eq!(longer.target(), [10.0, 20.0, 30.0, 1.0, 2.0, 40.0, 3.0, 4.0]);
        assert_eq!(longer.column("x").unwrap(), [-10.0, -20.0, -30.0, 0.0, 0.0, -40.0, 0.0, 0.0]);
        assert_eq!((longer.mask, longer.times.len()), (vec![1.0; 8], 8));
    }

    #[test]
    fn rows_are_left_out_before_each_series() {
        let shorter = panel().without_first(|i| [2, 0][i]);
        assert_eq!(
            (shorter.indptr.as_slice(), shorter.target()),
            (&[0, 1, 2][..], &[30.0, 40.0][..])
        );
        assert_eq!(shorter.times, [7, 7]);
        assert_eq!(panel().without_first(|_| 2).indptr, [0, 1, 1]);
    }
}
