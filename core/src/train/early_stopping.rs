//! What validation checks decide: which weights are the best so far, and whether to stop early. Upstream: Lightning's
//! `EarlyStopping`, which monitors the loss that `valMonitor` names.

use serde::{Deserialize, Serialize};

use crate::models::ValMonitor;

impl ValMonitor {
    /// The monitored one of the two losses of a check.
    pub(crate) fn of(self, train_loss: f64, val_loss: f64) -> f64 {
        match self {
            Self::ValLoss | Self::ValidLoss => val_loss,
            Self::TrainLoss => train_loss,
        }
    }
}

/// The best validation check so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    /// Its loss; `None` before the first finite one.
    loss: Option<f64>,
    /// Steps done at that check.
    pub(crate) step: usize,
    /// Checks since then, without improvement.
    checks_since: u64,
    /// Whether the loss of the last check was not finite.
    #[serde(default)]
    lost: bool,
}

impl Best {
    /// Records a check; returns whether it is the best so far.
    pub(crate) fn check(&mut self, loss: f64, step: usize) -> bool {
        let better = loss.is_finite() && self.loss.is_none_or(|best| loss < best);
        if better {
            *self = Self { loss: Some(loss), step, checks_since: 0, lost: false };
        } else {
            self.checks_since = self.checks_since.saturating_add(1);
            self.lost = !loss.is_finite();
        }
        better
    }

    /// Whether `patience` checks brought no improvement, or the last loss was not finite. A `patience` below 1 never ends.
    pub(crate) fn patience_is_over(&self, patience: i64) -> bool {
        patience > 0 && (self.lost || self.checks_since >= patience.unsigned_abs())
    }

    /// Restarts the count of checks without improvement.
    pub(crate) fn be_patient_again(&mut self) {
        (self.checks_since, self.lost) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_is_not_finite_ends_any_patience() {
        let mut best = Best::default();
        best.check(1.0, 1);
        best.check(f64::INFINITY, 2);
        assert!(best.patience_is_over(100) && !best.patience_is_over(-1));
        best.check(0.5, 3);
        assert!(!best.patience_is_over(1));
    }

    #[test]
    fn patience_counts_the_checks_since_the_best() {
        let mut best = Best::default();
        let better: Vec<bool> =
            [(f64::INFINITY, 1), (3.0, 2), (3.0, 3), (2.0, 4), (5.0, 5), (4.0, 6)]
                .map(|(loss, step)| best.check(loss, step))
                .into();
        assert_eq!(better, [false, true, false, true, false, false]);
        assert_eq!(best.step, 4);
        assert!(best.patience_is_over(2) && !best.patience_is_over(3));
        assert!(!best.patience_is_over(-1));
        best.be_patient_again();
        assert!(!best.patience_is_over(1));
    }
}
