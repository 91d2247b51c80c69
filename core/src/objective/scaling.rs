//! How the numbers of one window are scaled, and back.

use crate::scalers::{ScalerType, Statistics};

/// The scaler of a model and the statistics of one of its windows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaling {
    pub(crate) scaler: ScalerType,
    /// Those of the window's input.
    pub(crate) own: Statistics,
    /// Those that forecasts are scaled back with: revin has an affine map on top.
    pub(crate) back: Statistics,
}

impl Scaling {
    /// A network's number on the scale of the target.
    pub(crate) fn unscale(&self, z: f32) -> f64 {
        self.scaler.unscale(z, self.back)
    }

    /// Shift and scale of the window, where it has some.
    pub(crate) fn affine(&self) -> [f64; 2] {
        let Statistics { shift, scale } = self.own.finite();
        [shift, scale]
    }

    /// A number on the scale of the target as the network sees it.
    pub(crate) fn scale(&self, y: f64) -> f32 {
        self.scaler.scale(y, self.own.finite())
    }
}
