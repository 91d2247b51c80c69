//! A forecast as CSV.

use super::column::Column;
use super::result::{Forecast, id_text, series_count};

const IN_MEMORY: &str = "writing to memory does not fail";

impl Forecast {
    /// The forecast as CSV; NaN is written as an empty field.
    pub fn to_csv(&self) -> String {
        let format = self.time_format();
        let mut csv = csv::Writer::from_writer(Vec::new());
        let header = [self.names.id.as_str(), &self.names.time]
            .into_iter()
            .chain(self.cutoff.as_ref().map(|_| "cutoff"))
            .chain(self.paths.map(|_| "sample_id"))
            .chain(self.columns.iter().map(|column| column.name.as_str()));
        csv.write_record(header).expect(IN_MEMORY);
        for (i, row) in (0..series_count(&self.ids)).flat_map(|i| self.rows(i).map(move |r| (i, r)))
        {
            csv.write_field(id_text(&self.ids, i).as_ref()).expect(IN_MEMORY);
            csv.write_field(format.text(self.times[row])).expect(IN_MEMORY);
            if let Some(cutoff) = &self.cutoff {
                csv.write_field(format.text(cutoff[row])).expect(IN_MEMORY);
            }
            if self.paths.is_some() {
                let path = (row - self.rows(i).start) / self.h;
                csv.write_field(path.to_string()).expect(IN_MEMORY);
            }
            for Column { values, .. } in &self.columns {
                csv.write_field(number_text(values[row])).expect(IN_MEMORY);
            }
            csv.write_record(None::<&[u8]>).expect(IN_MEMORY);
        }
        String::from_utf8(csv.into_inner().expect(IN_MEMORY)).expect("every field is text")
    }
}

/// The shortest decimal number that reads back as `x`; empty for NaN.
fn number_text(x: f32) -> String {
    match x.abs() {
        a if a.is_nan() => String::new(),
        a if a != 0.0 && a.is_finite() && !(1e-5..1e16).contains(&a) => format!("{x:e}"),
        _ => x.to_string(),
    }
}
