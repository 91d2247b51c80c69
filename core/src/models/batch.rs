//! What a model sees of a batch of windows.

use super::concat_present;
use crate::nn::RecurrentState;
use crate::tape::{Tape, Var};

/// Scaled inputs of `B` windows. `L` is the input size, `h` the horizon.
///
/// A multivariate model sees `N` series at once, in the order of their ids: a window is one stretch of time in all of
/// them, each scaled by itself. Its shapes are upstream's: the series are the last axis, columns come before time.
///
/// | | univariate | multivariate |
/// |---|---|---|
/// | `insample_y`, `insample_mask` | `[B, L]` | `[B, L, N]` |
/// | `futr_exog` | `[B, L + h, F]` | `[B, F, L + h, N]` |
/// | `hist_exog` | `[B, L, X]` | `[B, X, L, N]` |
/// | `stat_exog` | `[B, S]` | `[N, S]`: the same for all windows |
/// | forecast | `[B, h, O]` | `[B, h, N·O]` |
#[derive(Clone, Copy)]
pub struct Batch<'t> {
    /// Target before the forecast; a recurrent model sees the training horizon too, shifted by one.
    pub insample_y: Var<'t>,
    /// 1 where `insample_y` is available, else 0.
    pub insample_mask: Var<'t>,
    /// Exogenous columns known in advance.
    pub futr_exog: Option<Var<'t>>,
    /// Exogenous columns known until the forecast.
    pub hist_exog: Option<Var<'t>>,
    /// Columns that do not change in time.
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
