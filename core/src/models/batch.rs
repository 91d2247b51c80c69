//! What a model sees of a batch of windows.

use super::concat_present;
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

    /// `y` `[B, L]` and all that is known beside it in one row a window: historic, future, static columns.
    pub(crate) fn flattened(&self, y: Var<'t>) -> Var<'t> {
        let flat = |x: Var<'t>| x.reshape([x.dim(0), x.dim(1) * x.dim(2)]);
        let parts = [Some(y), self.hist_exog.map(flat), self.futr_exog.map(flat), self.stat_exog];
        concat_present(parts, 1) // [B, L·(1 + X) + (L + h)·F + S]
    }
}
