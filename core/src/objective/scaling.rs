//! Scaling of the numbers of one window, and its inverse.

use crate::scalers::{ScalerType, Statistics};

/// The scaler of a model and the statistics of one of its windows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaling {
    pub(crate) scaler: ScalerType,
    /// The statistics of the window's input.
    pub(crate) own: Statistics,
    /// The statistics that forecasts are scaled back with; for revin they include its affine map.
    pub(crate) back: Statistics,
}

impl Scaling {
    /// Scales a network's number back to the scale of the target.
    pub(crate) fn unscale(&self, z: f32) -> f64 {
        self.scaler.unscale(z, self.back)
    }

    /// Shift and scale of the window's input, always finite; see [`Statistics::finite`].
    pub(crate) fn affine(&self) -> [f64; 2] {
        let Statistics { shift, scale } = self.own.finite();
        [shift, scale]
    }

    /// Scales a value of the target for the network.
    pub(crate) fn scale(&self, y: f64) -> f32 {
        self.scaler.scale(y, self.own.finite())
    }
}
