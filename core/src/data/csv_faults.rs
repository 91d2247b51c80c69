//! Faults of files that cannot be read as CSV: another format, an open quote, another separator.

use crate::{Error, ErrorCode};

/// How files of other formats begin, and what to do with them.
const FORMATS: [(&[u8], &str); 17] = [
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first"),
    (b"BZh", "is compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ\x00", "is compressed with xz; unpack it first"),
    (b"PK\x03\x04", "is a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook; save the sheet as CSV"),
    (b"PAR1", "is a Parquet file; only CSV can be read, so convert it"),
    (b"ARROW1", "is an Arrow file; only CSV can be read, so convert it"),
    (b"FEA1", "is a Feather file; only CSV can be read, so convert it"),
    (b"SQLite format 3\x00", "is an SQLite database; export the table as CSV"),
    (b"%PDF-", "is a PDF; only CSV can be read"),
    (b"<!DOCTYPE", "is an HTML page; only CSV can be read"),
    (b"<html", "is an HTML page; only CSV can be read"),
    (b"{\"", "is JSON; parse it and pass rows or columns"),
    (b"{\n", "is JSON; parse it and pass rows or columns"),
    (b"[{", "is JSON; parse it and pass rows or columns"),
    (b"[\n", "is JSON; parse it and pass rows or columns"),
];
/// Separators that are not supported.
const SEPARATORS: [(char, &str); 5] =
    [('|', "\"|\""), (':', "\":\""), ('^', "\"^\""), ('~', "\"~\""), (' ', "spaces")];

/// What a file is instead of CSV text in UTF-8.
pub(super) fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let wide = |b: &[u8]| (b[0] == 0) != (b[1] == 0) && (b[2] == 0) != (b[3] == 0);
    if bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || bytes.get(..4).is_some_and(wide)
    {
        return Some("is text in UTF-16; save it as UTF-8");
    }
    let known = FORMATS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what);
    known.or_else(|| {
        let beginning = &bytes[..bytes.len().min(1024)];
        beginning
            .contains(&0)
            .then_some("is not text, as it has bytes of value 0; only CSV can be read")
    })
}

/// The line in which a quote opens that is never closed.
pub(super) fn open_quote(bytes: &[u8], delimiter: u8) -> Option<usize> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Bare,
        Quoted,
        AfterQuote,
    }
    if !bytes.contains(&b'"') {
        return None;
    }
    let (mut at, mut line, mut opened) = (At::Start, 1, 1);
    for byte in bytes {
        at = match (at, *byte) {
            (At::Start, b'"') => {
                opened = line;
                At::Quoted
            }
            (At::Quoted, b'"') => At::AfterQuote,
            (At::AfterQuote, b'"') | (At::Quoted, _) => At::Quoted,
            (_, b) if b == delimiter || b == b'\n' || b == b'\r' => At::Start,
            _ => At::Bare,
        };
        line += usize::from(*byte == b'\n');
    }
    (at == At::Quoted).then_some(opened)
}

/// What separates the columns of a file that seems to have only one.
pub(super) fn other_separator(bytes: &[u8]) -> Option<&'static str> {
    let mut lines = bytes.split(|b| *b == b'\n').map(String::from_utf8_lossy);
    let (header, first) = (lines.next()?, lines.next()?);
    let parts = |line: &str, separator: char| match separator {
        ' ' => line.split_whitespace().count(),
        _ => line.split(separator).count(),
    };
    let separates = |c: char| parts(&header, c) > 1 && parts(&header, c) == parts(&first, c);
    SEPARATORS.iter().find(|(c, _)| separates(*c)).map(|(_, name)| *name)
}

/// The error for a failure of the CSV reader, with its line.
pub(super) fn unreadable(error: &csv::Error, name: &str, delimiter: u8) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let values = if *len == 1 { "1 value".to_string() } else { format!("{len} values") };
            let hint = match delimiter {
                _ if *expected_len == 1 => "is line 1 the header?",
                b',' if len > expected_len => {
                    "quote values that contain a comma, or separate columns by semicolons if commas mark decimals"
                }
                _ if len > expected_len => "quote values that contain the separator",
                _ if *len == 1 => "fill in the missing ones, or separate them as the header does",
                _ => "fill in the missing ones",
            };
            let columns = if *expected_len == 1 { "column" } else { "columns" };
            format!("{values}, but the header has {expected_len} {columns}; {hint}")
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

    #[test]
    fn what_is_not_csv_is_said_to_be_what_it_is() {
        for (bytes, what) in [
            (&b"\xff\xfed\0s\0"[..], "UTF-16"),
            (b"\xfe\xff\0d\0s", "UTF-16"),
            (b"d\0s\0,\0", "UTF-16"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"PAR1", "Parquet"),
            (b"ARROW1\0\0", "Arrow"),
            (b"PK\x03\x04", "Excel"),
            (b"[{\"ds\": 1}]", "JSON"),
            (b"{\n  \"ds\": 1", "JSON"),
            (b"ds,y\n1,\0\n", "not text"),
        ] {
            assert!(other_format(bytes).is_some_and(|said| said.contains(what)), "{what}");
        }
        assert_eq!(other_format(b"ds,y\n1,2\n"), None);
        assert_eq!(other_format(b""), None);
    }

    #[test]
    fn an_open_quote_is_found_in_its_line() {
        for (text, line) in [
            ("a,b\n1,\"x\n2,y\n", Some(2)),
            ("a,b\n\"1\n2\",3\n\"4,5\n", Some(4)),
            ("\"a,b\n1,2\n", Some(1)),
            ("a,b\n1,\"x\"\"\n", Some(2)),
            ("a,b\n1,\"x\"\"y\"\n", None),
            ("a,b\n1,5\" pipe\n", None),
            ("a,b\n1,\"two\nlines\"\n", None),
        ] {
            assert_eq!(open_quote(text.as_bytes(), b','), line, "{text}");
        }
    }

    #[test]
    fn other_separators_are_named() {
        for (text, separator) in [
            ("ds|y\n2024-01-01|5\n", Some("\"|\"")),
            ("ds   y\n2024-01-01 5\n", Some("spaces")),
            ("sales total\n5\n", None),
            ("y\n5\n", None),
        ] {
            assert_eq!(other_separator(text.as_bytes()), separator, "{text}");
        }
    }
}
