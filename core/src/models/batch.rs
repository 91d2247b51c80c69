//! What a model sees of a batch of windows.

use crate::nn::RecurrentState;
use crate::tape::{Tape, Var};

/// Scaled inputs of `B` windows. `L` is the input size, `h` the horizon.
#[derive(Clone, Copy)]
pub struct Batch<'t> {
    /// Target before the forecast: `[B, L]`; a recurrent model sees the training horizon too, shifted by one.
    pub insample_y: Var<'t>,
    /// 1 where `insample_y` is available, else 0.
    pub insample_mask: Var<'t>,
    /// Exogenous columns known in advance: `[B, L + h, F]`.
    pub futr_exog: Option<Var<'t>>,
    /// Exogenous columns known until the forecast: `[B, L, X]`.
    pub hist_exog: Option<Var<'t>>,
    /// Columns that do not change in time: `[B, S]`.
    pub stat_exog: Option<Var<'t>>,
    /// Where a recurrent model keeps its state while it decodes step by step.
    pub state: Option<&'t RecurrentState>,
}

impl<'t> Batch<'t> {
    /// The tape everything is on.
    pub fn tape(&self) -> &'t Tape {
        self.insample_y.tape()
    }

    /// How many windows there are.
    pub fn size(&self) -> usize {
        self.insample_y.dim(0)
    }
}
