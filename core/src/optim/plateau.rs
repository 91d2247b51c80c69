//! The schedule `plateau`: the rate falls when the validation loss no longer improves, as `ReduceLROnPlateau`.
//!
//! It is updated with the loss of each validation check. Upstream cannot train with this schedule: it does not give
//! Lightning a metric to monitor, and Lightning raises an error.

use serde::{Deserialize, Serialize};

use super::lr_scheduler::within;
use crate::Result;
use crate::options::{choices, options};

choices! {
    /// Which losses are better.
    pub enum Better {
        /// Smaller ones.
        Min = "min",
        /// Larger ones.
        Max = "max",
    }
}

choices! {
    /// How the threshold of an improvement is measured.
    pub enum ThresholdMode {
        /// As a fraction of the best loss.
        Rel = "rel",
        /// As an absolute difference from the best loss.
        Abs = "abs",
    }
}

options! {
    /// `plateau`: multiplies the rate by `factor` after more than `patience` checks without improvement.
    pub struct Plateau {
        /// Whether smaller or larger losses are better.
        pub mode: Better = Better::Min,
        /// Factor of each reduction.
        pub factor: f64 = 0.1,
        /// Validation checks without improvement that are tolerated before a reduction.
        pub patience: usize = 10,
        /// The smallest change that counts as an improvement.
        pub threshold: f64 = 1e-4,
        /// Whether the threshold is a fraction of the best loss or an absolute difference from it.
        pub threshold_mode: ThresholdMode = ThresholdMode::Rel,
        /// Validation checks after a reduction that do not count as checks without improvement.
        pub cooldown: usize = 0,
        /// The lowest rate.
        pub min_lr: f64 = 0.0,
        /// A reduction by no more than this is skipped.
        pub eps: f64 = 1e-8,
    }
}

/// The state that is kept between checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlateauState {
    /// The current rate.
    pub(crate) rate: f64,
    best: Option<f64>,
    bad_checks: usize,
    cooling: usize,
}

impl Plateau {
    /// Refuses values out of range.
    pub(super) fn checked(self) -> Result<Self> {
        within(
            "factor",
            self.factor,
            self.factor > 0.0 && self.factor < 1.0,
            "a number between 0 and 1",
        )?;
        for (name, value) in
            [("threshold", self.threshold), ("minLr", self.min_lr), ("eps", self.eps)]
        {
            within(name, value, value >= 0.0, "a number ≥ 0")?;
        }
        Ok(self)
    }

    fn is_better(&self, loss: f64, best: f64) -> bool {
        match (self.mode, self.threshold_mode) {
            (Better::Min, ThresholdMode::Rel) => loss < best * (1.0 - self.threshold),
            (Better::Min, ThresholdMode::Abs) => loss < best - self.threshold,
            (Better::Max, ThresholdMode::Rel) => loss > best * (1.0 + self.threshold),
            (Better::Max, ThresholdMode::Abs) => loss > best + self.threshold,
        }
    }
}

impl PlateauState {
    pub(crate) fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }

    /// Resets everything but the rate, since losses on other data are not comparable.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.rate);
    }

    /// Updates the rate with the loss of a validation check. A non-finite loss is no improvement.
    pub(crate) fn tell(&mut self, settings: &Plateau, loss: f64) {
        if loss.is_finite() && self.best.is_none_or(|best| settings.is_better(loss, best)) {
            (self.best, self.bad_checks) = (Some(loss), 0);
        } else {
            self.bad_checks = self.bad_checks.saturating_add(1);
        }
        if self.cooling > 0 {
            (self.cooling, self.bad_checks) = (self.cooling - 1, 0);
        }
        if self.bad_checks > settings.patience {
            let lower = (self.rate * settings.factor).max(settings.min_lr);
            if self.rate - lower > settings.eps {
                self.rate = lower;
            }
            (self.cooling, self.bad_checks) = (settings.cooldown, 0);
        }
    }
}
