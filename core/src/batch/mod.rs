//! Batches: the rows of windows, scaled and laid out as the inputs of a model.

mod builder;
mod column_reader;
mod preset_windows;
mod series_last;
mod source;
mod unscaled_windows;

pub(crate) use builder::{BatchBuilder, Lens, seen};
pub(crate) use preset_windows::{PresetWindows, WindowValues, lens};
pub(crate) use series_last::rows;
pub(crate) use source::Source;

use crate::data::Window;

/// A window and how often it was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) window: Window,
    pub(crate) count: u32,
}
