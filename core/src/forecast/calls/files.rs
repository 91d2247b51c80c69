//! Files as users name them.

use std::path::PathBuf;

use crate::Result;
use crate::data::{CsvOptions, Decimal, Table, read_csv_as};
use crate::options::{choices, options};

choices! {
    /// How a file is written.
    pub enum FileFormat {
        /// Comma-separated values.
        Csv = "csv",
    }
}

options! {
    /// A CSV file, read off the JavaScript thread.
    pub struct FileInput {
        /// Where it is.
        pub path: PathBuf = PathBuf::new(),
        /// How it is written.
        pub format: FileFormat = FileFormat::Csv,
        /// What marks decimals; with `','` the columns are separated by semicolons or tabs.
        pub decimal: Decimal = Decimal::Point,
    }
}

impl FileInput {
    /// The table in it.
    pub fn read(self) -> Result<Table> {
        read_csv_as(self.path, CsvOptions { decimal: self.decimal })
    }
}
