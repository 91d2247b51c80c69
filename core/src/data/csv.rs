//! CSV files: a header, then rows; the type of each column is found from its values.

use std::path::Path;

use super::table::{Column, Table};
use crate::{Error, ErrorCode, Result};

/// Reads a CSV file.
pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let bytes = std::fs::read(path)
        .map_err(|e| Error::new(ErrorCode::Schema, format!("cannot read \"{name}\": {e}")))?;
    read(&bytes, &name)
}

/// Reads CSV from text. `name` is what messages call it.
pub fn read_csv_text(text: &str, name: &str) -> Result<Table> {
    read(text.as_bytes(), name)
}

fn read(bytes: &[u8], name: &str) -> Result<Table> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::new(
            ErrorCode::Schema,
            format!("\"{name}\" is empty; a header and rows are needed"),
        ));
    }
    let header_end = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    let delimiter = delimiter(&bytes[..header_end]);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let header = reader.headers().map_err(|e| fault(e, name))?.clone();
    let mut texts: Vec<Texts> = header.iter().map(|_| Texts::default()).collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| fault(e, name))? {
        for (column, field) in texts.iter_mut().zip(&record) {
            column.push(field);
        }
    }
    let columns =
        header.iter().zip(texts).map(|(header, texts)| (header.trim().to_string(), typed(&texts)));
    let table = Table { columns: columns.collect() };
    table.check().map_err(|e| Error { message: format!("\"{name}\": {}", e.message), ..e })?;
    Ok(table)
}

/// A comma, or what else separates a header without commas.
fn delimiter(header: &[u8]) -> u8 {
    let has = |b: &u8| header.contains(b);
    [b',', b';', b'\t'].into_iter().find(has).unwrap_or(b',')
}

/// The values of a column as text, one after the other.
#[derive(Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.text[*start..*end])
    }
}

/// Whole numbers, numbers, or text: the first that all values are. Empty is missing.
fn typed(texts: &Texts) -> Column {
    let whole = |text: &str| if padded(text.trim()) { None } else { text.trim().parse().ok() };
    if let Some(values) = texts.iter().map(whole).collect() {
        return Column::Int(values);
    }
    let number = |text: &str| match text.trim() {
        "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "None" => Some(f64::NAN),
        text if padded(text) => None,
        text => text.parse().ok(),
    };
    if let Some(values) = texts.iter().map(number).collect() {
        return Column::Float(values);
    }
    let present = |text: &str| if text.trim().is_empty() { None } else { Some(text.to_string()) };
    Column::Text(texts.iter().map(present).collect())
}

/// Whether digits begin with a zero: 007 is a name, not a number.
fn padded(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn fault(error: csv::Error, name: &str) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let hint = if len > expected_len {
                "quote values that contain the separator"
            } else {
                "fill in the missing ones"
            };
            format!("{len} values, but the header has {expected_len} columns; {hint}")
        }
        csv::ErrorKind::Utf8 { err, .. } => {
            format!("column {} is not UTF-8 text; save the file as UTF-8", err.field() + 1)
        }
        _ => error.to_string(),
    };
    Error::new(ErrorCode::Schema, format!("\"{name}\", line {line}: {problem}"))
        .with(|d| d.sample = vec![serde_json::json!({ "line": line })])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Frequency, Panel, PanelOptions};

    fn read_text(text: &str) -> Table {
        read_csv_text(text, "x.csv").unwrap()
    }

    #[test]
    fn the_type_of_each_column_is_found() {
        let table = read_text("id,n,x,gap,code,none\na,1,1.5,,007,\n\"b, c\",-2,NaN,3,8,\n");
        assert_eq!(
            table.column("id"),
            Some(&Column::Text(vec![Some("a".into()), Some("b, c".into())]))
        );
        assert_eq!(table.column("n"), Some(&Column::Int(vec![1, -2])));
        assert_eq!(
            table.column("code"),
            Some(&Column::Text(vec![Some("007".into()), Some("8".into())]))
        );
        let Some(Column::Float(x)) = table.column("x") else { panic!("x is not a number") };
        assert!(x[0] == 1.5 && x[1].is_nan());
        let Some(Column::Float(gap)) = table.column("gap") else { panic!("gap is not a number") };
        assert!(gap[0].is_nan() && gap[1] == 3.0);
        assert!(
            matches!(table.column("none"), Some(Column::Float(v)) if v.iter().all(|x| x.is_nan()))
        );
    }

    #[test]
    fn byte_order_marks_other_separators_and_line_ends_are_understood() {
        let expected = read_text("ds,y\n1,2\n");
        for text in [
            "\u{feff}ds,y\n1,2\n",
            "ds;y\n1;2\n",
            "ds\ty\n1\t2",
            "ds, y \r\n1, 2\r\n",
            "\"ds\",\"y\"\n\"1\",\"2\"\n\n",
        ] {
            assert_eq!(read_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn unreadable_files_are_refused_with_name_and_line() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "\"x.csv\" is empty; a header and rows are needed"),
            (b" \n\n", "\"x.csv\" is empty; a header and rows are needed"),
            (
                b"a,b\n1,2\n3\n",
                "\"x.csv\", line 3: 1 values, but the header has 2 columns; fill in the missing ones",
            ),
            (
                b"a,b\n1,2,3\n",
                "\"x.csv\", line 2: 3 values, but the header has 2 columns; quote values that contain the separator",
            ),
            (
                b"a,b\n1,\xff\n",
                "\"x.csv\", line 2: column 2 is not UTF-8 text; save the file as UTF-8",
            ),
            (b"a,a\n1,2\n", "\"x.csv\": column \"a\" occurs twice; rename or drop one of the two"),
        ];
        for (bytes, message) in cases {
            let e = read(bytes, "x.csv").unwrap_err();
            assert_eq!((e.code, e.to_string()), (ErrorCode::Schema, message.into()));
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let e = read_csv("no/such/file.csv").unwrap_err();
        assert_eq!(e.code, ErrorCode::Schema);
        assert!(e.to_string().starts_with("cannot read \"no/such/file.csv\": "), "{e}");
    }

    #[test]
    fn air_passengers_is_monthly() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/air-passengers.csv");
        let (panel, frequency) =
            Panel::from_table(&read_csv(path).unwrap(), &PanelOptions::default()).unwrap();
        assert_eq!(frequency, Frequency::parse("MS").unwrap());
        assert_eq!((panel.id(0), panel.len(0)), ("AirPassengers".into(), 144));
        assert_eq!((panel.target()[0], panel.target()[143]), (112.0, 432.0));
        assert_eq!(panel.target().iter().sum::<f64>(), 40_363.0);
        assert_eq!(panel.format_time(panel.times[0]), "1949-01-01");
        assert_eq!(panel.format_time(panel.last_time(0)), "1960-12-01");
    }
}
