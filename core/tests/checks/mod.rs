//! Rows of a table, each checked by itself: one that fails does not hide the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many rows were checked, and what failed.
#[derive(Default)]
pub(crate) struct Checks {
    rows: usize,
    failed: Vec<String>,
}

impl Checks {
    /// Checks one row. A panic is kept for the end, with the row's name.
    pub(crate) fn row(&mut self, name: impl std::fmt::Display, check: impl FnOnce()) {
        self.rows += 1;
        let Err(panic) = catch_unwind(AssertUnwindSafe(check)) else { return };
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        self.failed.push(format!("{name}: {text}"));
    }

    /// Panics with all rows that failed, and where there was none to check; else the number of rows.
    #[track_caller]
    pub(crate) fn finish(self) -> usize {
        let Self { rows, failed } = self;
        assert!(rows > 0, "nothing was checked");
        assert!(failed.is_empty(), "{} of {rows} rows\n{}", failed.len(), failed.join("\n"));
        rows
    }
}
