//! From tables to panels: user data becomes sorted, checked series on a calendar.
//!
//! A reader ([`read_csv`]) or a caller makes a [`Table`]: typed columns, rows in any order. [`Panel::from_table`] sorts it
//! by series and time, reads or infers the [`Frequency`], and checks every row. Data that it cannot use is refused with an
//! error that names the series and the time. [`future_exogenous`] does the same for values that are known in advance.

mod alias;
mod assembly;
mod calendar;
mod columns;
#[cfg(feature = "io")]
mod csv;
#[cfg(feature = "io")]
mod csv_faults;
mod date_text;
mod extension;
mod frequency;
mod future;
mod gaps;
mod inference;
mod local_midnights;
mod missing;
mod misspelt;
mod number_text;
mod numeric_time;
mod panel;
mod repeated_hours;
mod roles;
mod row_order;
mod scaling;
mod series_id;
mod statics;
mod table;
mod texts;
mod time_zone;
mod times;
mod vocabulary;
mod windows;
mod written;

#[cfg(feature = "io")]
pub use self::csv::{CsvOptions, Decimal, read_csv, read_csv_as, read_csv_text};
pub use assembly::PanelOptions;
pub use calendar::{Calendar, Edge, Period};
pub(crate) use columns::same_name;
pub use date_text::format_time;
pub use frequency::{Frequency, Unit};
pub use future::{future_exogenous, make_future_frame, missing_future};
pub use gaps::OnGap;
pub use missing::{MissingRows, OnMissing};
pub(crate) use missing::{counted, first_few, remedy_of_forecast};
pub use numeric_time::{NumericTime, TimeReading};
pub use panel::{ColumnNames, Ids, Panel, TimeKind, TimeUnit};
pub(crate) use roles::with_roles;
pub(crate) use scaling::scaler_of;
pub use scaling::{LocalScalers, LocalScaling};
pub use series_id::SeriesId;
pub use table::{Column, Table};
pub use texts::Texts;
pub use time_zone::TimeZone;
pub use vocabulary::{Vocabularies, Vocabulary};
pub use windows::{TrainWindows, ValidationWindows, Window, across, forecast_window, groups};
