//! The inputs of a model for one batch of windows.

use super::concat_present;
use crate::nn::RecurrentState;
use crate::tape::{Tape, Var};

/// Scaled inputs of `B` windows. `L` is the input size, `h` the horizon.
///
/// A multivariate model sees `N` series at once, in the order of their ids: a window covers the same time steps of all of
/// them, each series scaled separately. Shapes are upstream's: series are the last axis, columns come before time.
///
/// | | univariate | multivariate |
/// |---|---|---|
/// | `insample_y`, `insample_mask` | `[B, L]` | `[B, L, N]` |
/// | `futr_exog` | `[B, L + h, F]` | `[B, F, L + h, N]` |
/// | `hist_exog` | `[B, L, X]` | `[B, X, L, N]` |
/// | `stat_exog` | `[B, S]` | `[N, S]`: shared by all windows |
/// | forecast | `[B, h, O]` | `[B, h, N·O]` |
#[derive(Clone, Copy)]
pub struct Batch<'t> {
    /// The input part of the target; a recurrent model also sees the training horizon, shifted by one step.
    pub insample_y: Var<'t>,
    /// 1 where `insample_y` is available, else 0.
    pub insample_mask: Var<'t>,
    /// Exogenous columns known in advance.
    pub futr_exog: Option<Var<'t>>,
    /// Exogenous columns known up to the forecast origin.
    pub hist_exog: Option<Var<'t>>,
    /// Static columns.
    pub stat_exog: Option<Var<'t>>,
    /// The state of a recurrent model while it decodes step by step.
    pub state: Option<&'t RecurrentState>,
}

impl<'t> Batch<'t> {
    /// The tape that records all inputs.
    pub fn tape(&self) -> &'t Tape {
        self.insample_y.tape()
    }

    /// The number of windows.
    pub fn size(&self) -> usize {
        self.insample_y.dim(0)
    }

    /// One row per window: `y` `[B, L]`, then the historic, future and static columns.
    pub(crate) fn flattened(&self, y: Var<'t>) -> Var<'t> {
        let flat = |x: Var<'t>| x.reshape([x.dim(0), x.dim(1) * x.dim(2)]);
        let parts = [Some(y), self.hist_exog.map(flat), self.futr_exog.map(flat), self.stat_exog];
        concat_present(parts, 1) // [B, L·(1 + X) + (L + h)·F + S]
    }
}
