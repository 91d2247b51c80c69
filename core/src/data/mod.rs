//! Tables in, panels out: what users have becomes sorted, checked series on a calendar.

mod panel;

pub use panel::{ColumnNames, Ids, Panel, TimeKind, TimeUnit};
