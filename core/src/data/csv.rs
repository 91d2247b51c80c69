//! CSV files: a header, then rows; the type of each column is found from its values.

use std::path::Path;

use super::columns::is_missing;
use super::csv_faults::{open_quote, other_format, other_separator, unreadable};
use super::table::{Column, Table};
use crate::interrupt::look;
use crate::memory::{Allowed, Needs};
use crate::options::{choices, options};
use crate::{Error, ErrorCode, Result};

choices! {
    /// The decimal separator.
    pub enum Decimal: default Point {
        /// `0.5`
        Point = ".",
        /// `0,5`; columns are separated by semicolons or tabs.
        Comma = ",",
    }
}

impl Decimal {
    fn number(self, text: &str) -> Option<f64> {
        match self {
            Self::Point => text.parse().ok(),
            Self::Comma if text.contains('.') => None,
            Self::Comma => text.replacen(',', ".", 1).parse().ok(),
        }
    }
}

options! {
    /// Format of a CSV file.
    pub struct CsvOptions {
        /// The decimal separator; with `','`, columns are separated by semicolons or tabs.
        pub decimal: Decimal = Decimal::Point,
    }
}

/// Reads a CSV file.
pub fn read_csv(path: impl AsRef<Path>) -> Result<Table> {
    read_csv_as(path, CsvOptions::default())
}

/// Reads a CSV file of this format.
pub fn read_csv_as(path: impl AsRef<Path>, options: CsvOptions) -> Result<Table> {
    let path = path.as_ref();
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(schema(format!("\"{name}\" is a directory; give the path of a CSV file")));
    }
    check_room(path, &name)?;
    let bytes = std::fs::read(path).map_err(|e| schema(format!("cannot read \"{name}\": {e}")))?;
    read(&bytes, &name, options)
}

/// Refuses a file that would not fit in memory: its bytes, the text of its columns, and their values.
fn check_room(path: &Path, name: &str) -> Result<()> {
    let Ok(metadata) = path.metadata() else { return Ok(()) };
    let bytes = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    let mut needs = Needs::default();
    needs.add("its text and values", bytes.saturating_mul(4));
    needs.check(Allowed::ALL, &format!("reading \"{name}\""), || None)
}

/// Reads CSV from text. `name` is its name in messages.
pub fn read_csv_text(text: &str, name: &str) -> Result<Table> {
    read(text.as_bytes(), name, CsvOptions::default())
}

fn schema(message: String) -> Error {
    Error::new(ErrorCode::Schema, message)
}

fn read(bytes: &[u8], name: &str, CsvOptions { decimal }: CsvOptions) -> Result<Table> {
    if let Some(what) = other_format(bytes) {
        return Err(schema(format!("\"{name}\" {what}")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(schema(format!("\"{name}\" is empty; a header and rows are needed")));
    }
    // Empty lines before the header are skipped.
    let text = &bytes[bytes.iter().position(|b| !b"\r\n".contains(b)).unwrap_or(0)..];
    let header_end = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
    let delimiter = delimiter(&text[..header_end]);
    if let Some(line) = open_quote(bytes, delimiter) {
        let problem = "a quote opens here and is never closed; close it, or double it if it is part of the value";
        return Err(schema(format!("\"{name}\", line {line}: {problem}"))
            .with(|d| d.sample = vec![serde_json::json!({ "line": line })]));
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let header = reader.headers().map_err(|e| unreadable(&e, name, delimiter))?.clone();
    if let Some(separator) = other_separator(text).filter(|_| header.len() == 1) {
        return Err(schema(format!(
            "\"{name}\": the columns seem to be separated by {separator}; separate them by commas, semicolons or tabs"
        )));
    }
    let mut texts: Vec<Fields> = header.iter().map(|_| Fields::default()).collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| unreadable(&e, name, delimiter))? {
        look();
        for (column, field) in texts.iter_mut().zip(&record) {
            column.push(field);
        }
    }
    let mut columns = Vec::with_capacity(header.len());
    for (i, (header, texts)) in header.iter().zip(texts).enumerate() {
        let (header, column) = (header.trim(), typed(&texts, decimal));
        if !header.is_empty() {
            if decimal == Decimal::Comma && matches!(column, Column::Text(_)) {
                check_points(&texts, header, name)?;
            }
            columns.push((header.to_string(), column));
        } else if let Some(value) = lost(i, &texts, &column) {
            return Err(schema(format!(
                "\"{name}\", line 1: column {} has no name, but values such as \"{value}\"; name it, or remove it",
                i + 1
            )));
        }
    }
    if columns.is_empty() {
        return Err(schema(format!(
            "\"{name}\", line 1: no column has a name; a header is needed"
        )));
    }
    let table = Table { columns };
    table.check().map_err(|e| e.within(&format!("\"{name}\"")))?;
    Ok(table)
}

/// A value that would be lost because its column has no name. Columns without a name may be dropped if they have no values,
/// or if they are row numbers in first place, as pandas writes them.
fn lost<'a>(place: usize, texts: &'a Fields, column: &Column) -> Option<&'a str> {
    let numbered = |n: &[i64]| n.iter().zip(0..).all(|(n, i)| *n == i);
    let is_index = place == 0 && matches!(column, Column::Int(n) if numbered(n));
    texts.iter().find(|text| !text.trim().is_empty()).filter(|_| !is_index)
}

/// With decimal commas, refuses a column of numbers with points: these would be read as decimal points later.
fn check_points(texts: &Fields, column: &str, name: &str) -> Result<()> {
    let present =
        || texts.iter().map(str::trim).enumerate().filter(|(_, t)| !is_missing(&t.to_lowercase()));
    if present().any(|(_, text)| text.parse::<f64>().is_err()) {
        return Ok(());
    }
    let Some((row, text)) = present().find(|(_, text)| text.contains('.')) else { return Ok(()) };
    let message = format!(
        "\"{name}\": column \"{column}\", row {}: \"{text}\" has a point, but decimal is \",\"; remove points that group thousands, or leave decimal out if they mark decimals",
        row + 1
    );
    Err(schema(message).with(|d| {
        d.column = Some(column.into());
        d.option = Some("decimal".into());
        d.sample = vec![serde_json::json!({ "row": row })];
    }))
}

/// The delimiter of a header: the most frequent of comma, semicolon and tab outside quotes, the first of these in a tie.
fn delimiter(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(b, _)| b == byte).filter(|_| !quoted) {
            *count += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(b, _)| b)
}

/// The values of a column as text, concatenated.
#[derive(Default)]
struct Fields {
    text: String,
    ends: Vec<usize>,
}

impl Fields {
    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.text[*start..*end])
    }
}

/// Whole numbers, numbers or text: the first type that all values have. Empty values are missing.
fn typed(texts: &Fields, decimal: Decimal) -> Column {
    let whole = |text: &str| if padded(text.trim()) { None } else { text.trim().parse().ok() };
    if let Some(values) = texts.iter().map(whole).collect() {
        return Column::Int(values);
    }
    let number = |text: &str| match text.trim() {
        "" | "NA" | "N/A" | "NaN" | "nan" | "null" | "NULL" | "None" => Some(f64::NAN),
        text if padded(text) => None,
        text => decimal.number(text),
    };
    if let Some(values) = texts.iter().map(number).collect() {
        return Column::Float(values);
    }
    Column::Text(texts.iter().map(|text| (!text.trim().is_empty()).then_some(text)).collect())
}

/// Whether a number has leading zeros: 007 is an identifier, not a number.
fn padded(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Frequency, Panel, PanelOptions};
    use crate::options::read_option;

    fn read_text(text: &str) -> Table {
        read_csv_text(text, "x.csv").unwrap()
    }

    #[test]
    fn the_type_of_each_column_is_found() {
        let table = read_text("id,n,x,gap,code,none\na,1,1.5,,007,\n\"b, c\",-2,NaN,3,8,\n");
        assert_eq!(
            table.column("id"),
            Some(&Column::Text(vec![Some("a".into()), Some("b, c".into())].into()))
        );
        assert_eq!(table.column("n"), Some(&Column::Int(vec![1, -2])));
        assert_eq!(
            table.column("code"),
            Some(&Column::Text(vec![Some("007".into()), Some("8".into())].into()))
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
            "\n\r\nds;y\n1;2\n",
        ] {
            assert_eq!(read_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn unreadable_files_are_refused_with_name_and_line() {
        let cases: [(&[u8], &str); 16] = [
            (b"", "\"x.csv\" is empty; a header and rows are needed"),
            (b" \n\n", "\"x.csv\" is empty; a header and rows are needed"),
            (
                b"a,b\n1,2\n3\n",
                "\"x.csv\", line 3: 1 value, but the header has 2 columns; fill in the missing ones, or separate them as the header does",
            ),
            (
                b"a,b\n1,2,3\n",
                "\"x.csv\", line 2: 3 values, but the header has 2 columns; quote values that contain a comma, or separate columns by semicolons if commas mark decimals",
            ),
            (
                b"a,b\n1,\xff\n",
                "\"x.csv\", line 2: column 2 is not UTF-8 text; save the file as UTF-8",
            ),
            (
                b"a;b\n1;2;3\n",
                "\"x.csv\", line 2: 3 values, but the header has 2 columns; quote values that contain the separator",
            ),
            (
                b"a,b\n1,2\n3,\"4\n5,6\n",
                "\"x.csv\", line 3: a quote opens here and is never closed; close it, or double it if it is part of the value",
            ),
            (
                b"ds|y\n1|2\n",
                "\"x.csv\": the columns seem to be separated by \"|\"; separate them by commas, semicolons or tabs",
            ),
            (
                b"ds,,y\n1,5,2\n",
                "\"x.csv\", line 1: column 2 has no name, but values such as \"5\"; name it, or remove it",
            ),
            (b",\n,\n", "\"x.csv\", line 1: no column has a name; a header is needed"),
            (b"\xff\xfed\0s\0", "\"x.csv\" is text in UTF-16; save it as UTF-8"),
            (b"\x1f\x8b\x08\0", "\"x.csv\" is compressed with gzip; unpack it first"),
            (b"PAR1\x15\0", "\"x.csv\" is a Parquet file; only CSV can be read, so convert it"),
            (
                b"a,b,c\n1,2,3\n4,5\n",
                "\"x.csv\", line 3: 2 values, but the header has 3 columns; fill in the missing ones",
            ),
            (
                b"# made by hand\na,b\n",
                "\"x.csv\", line 2: 2 values, but the header has 1 column; is line 1 the header?",
            ),
            (b"a,a\n1,2\n", "\"x.csv\": column \"a\" occurs twice; rename or drop one of the two"),
        ];
        for (bytes, message) in cases {
            let e = read(bytes, "x.csv", CsvOptions::default()).unwrap_err();
            assert_eq!((e.code, e.to_string()), (ErrorCode::Schema, message.into()));
        }
    }

    #[test]
    fn columns_without_a_name_are_left_out_where_nothing_is_lost() {
        let expected = read_text("ds,y\n5,2\n6,3\n");
        assert_eq!(read_text(",ds,y\n0,5,2\n1,6,3\n"), expected);
        assert_eq!(read_text("ds,y,\n5,2,\n6,3, \n"), expected);
    }

    #[test]
    fn the_most_frequent_separator_is_taken() {
        let table = read_text("ds;\"sales, net\";y, z\n1;2;3\n");
        assert_eq!(table.names().collect::<Vec<_>>(), ["ds", "sales, net", "y, z"]);
    }

    #[test]
    fn decimals_may_be_marked_by_commas() {
        let comma = |text: &str| {
            let options = CsvOptions { decimal: Decimal::Comma };
            read(text.as_bytes(), "x.csv", options)
        };
        let table =
            comma("ds;y;n;id\n2024-01-01;0,5;1;a,b\n2024-01-02;-1e3;2;c\n;NA;3;d\n").unwrap();
        let Some(Column::Float(y)) = table.column("y") else { panic!("y is not a number") };
        assert!(y[..2] == [0.5, -1000.0] && y[2].is_nan());
        assert_eq!(table.column("n"), Some(&Column::Int(vec![1, 2, 3])));
        assert!(matches!(table.column("id"), Some(Column::Text(_))));
        assert_eq!(comma("y\n\"1,234\"\n").unwrap().column("y"), Some(&Column::Float(vec![1.234])));
        assert_eq!(
            comma("ds;y\n1;\n2;1.234\n").unwrap_err().to_string(),
            "\"x.csv\": column \"y\", row 2: \"1.234\" has a point, but decimal is \",\"; remove points that group thousands, or leave decimal out if they mark decimals"
        );
        // A column with both is text, and refused where numbers are needed.
        assert!(matches!(comma("y\n\"1.234,5\"\n").unwrap().column("y"), Some(Column::Text(_))));
        assert_eq!(
            read_option::<Decimal>("decimal", &";".into(), &[]).unwrap_err().to_string(),
            "option \"decimal\" must be \".\" or \",\", got \";\""
        );
    }

    #[test]
    fn a_directory_is_no_file() {
        let e = read_csv(env!("CARGO_MANIFEST_DIR")).unwrap_err();
        assert!(
            e.to_string().ends_with("core\" is a directory; give the path of a CSV file"),
            "{e}"
        );
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
