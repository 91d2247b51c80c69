//! Files as options.

use std::path::PathBuf;

use crate::Result;
use crate::data::{CsvOptions, Decimal, Table, read_csv_as};
use crate::options::{choices, options};

choices! {
    /// Format of a file.
    pub enum FileFormat {
        /// Comma-separated values.
        Csv = "csv",
    }
}

options! {
    /// A CSV file, read off the JavaScript thread.
    pub struct FileInput {
        /// Path of the file.
        pub path: PathBuf = PathBuf::new(),
        /// Format of the file.
        pub format: FileFormat = FileFormat::Csv,
        /// The decimal separator; with `','`, columns are separated by semicolons or tabs.
        pub decimal: Decimal = Decimal::Point,
    }
}

impl FileInput {
    /// Reads the table.
    pub fn read(self) -> Result<Table> {
        read_csv_as(self.path, CsvOptions { decimal: self.decimal })
    }
}
