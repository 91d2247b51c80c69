//! The rows of one window of a column.

use super::source::Source;
use crate::data::Window;

/// Reads the rows of one window.
pub(super) struct ColumnReader<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) window: Window,
    pub(super) len: usize,
}

impl ColumnReader<'_> {
    /// Copies a column over the window: 0 before the series, and after it where `future` has no values.
    pub(super) fn read<T: Copy + Default>(
        &self,
        future: Option<&[T]>,
        column: &[T],
        to: &mut Vec<T>,
    ) {
        let span = self.source.span(self.window);
        let (start, end) = (span.start, span.seen[1]);
        let [from, after] = span.rows(0, self.len);
        to.clear();
        to.resize((from as i64 - start).clamp(0, self.len as i64) as usize, T::default());
        to.extend_from_slice(&column[from..after]);
        let (ahead, series) = (self.source.future_len, self.window.series);
        if let Some(future) = future
            && to.len() < self.len
        {
            let next = (start + to.len() as i64 - end).clamp(0, ahead as i64) as usize;
            let count = (self.len - to.len()).min(ahead - next);
            to.extend_from_slice(&future[series * ahead + next..][..count]);
        }
        to.resize(self.len, T::default());
    }
}
