//! Losses of several quantiles per step.

use super::{Elementwise, Formula, Given, Judges, Loss, Made, Pinball, PinballInHuber, loss};
use crate::Result;
use crate::objective::batch::{Factors, Totals};
use crate::objective::levels::{are_levels, are_quantiles};

loss! {
    /// Quantile loss of several quantiles, for prediction intervals.
    pub struct MQLoss: "MQLoss", "mq", quantiles weighted {}
}

impl Loss for MQLoss {
    fn make(self, given: &Given<'_>) -> Result<Made> {
        let estimated = given.estimated(self.level, self.quantiles)?;
        Ok(Made::quantiles(EachQuantile(Pinball), estimated))
    }
}

loss! {
    /// Huber loss of the quantile losses of several quantiles: quadratic for quantile losses up to `delta`.
    pub struct HuberMQLoss: "HuberMQLoss", "huberMQ", quantiles weighted {
        /// Size of a quantile loss at which the Huber loss becomes linear.
        pub delta: f64 = 1.0; positive,
    }
}

impl Loss for HuberMQLoss {
    fn make(self, given: &Given<'_>) -> Result<Made> {
        let estimated = given.estimated(self.level, self.quantiles)?;
        Ok(Made::quantiles(EachQuantile(PinballInHuber(self.delta)), estimated))
    }
}

/// The sum over the quantiles of the weighted means over the points.
#[derive(Debug)]
struct EachQuantile<L>(L);

impl<L: Elementwise + std::fmt::Debug + Send + Sync + 'static> Formula for EachQuantile<L> {
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        Some(&self.0)
    }

    fn judges(&self) -> Judges {
        Judges::Quantiles
    }
}

loss! {
    /// Scaled CRPS: twice the sum of the quantile losses, divided by the sum of the absolute actual values; only as
    /// `validLoss`.
    pub struct ScaledCrps: "sCRPS", "sCRPS", quantiles {}
}

impl Loss for ScaledCrps {
    fn make(self, given: &Given<'_>) -> Result<Made> {
        let estimated = given.estimated(self.level, self.quantiles)?;
        let taus = estimated.into_iter().map(|(tau, _)| tau).collect();
        Ok(Made { taus, ..Made::point(Crps) })
    }
}

/// `2·Σ w·pinball / (Σ |y| + 1e-5)`
#[derive(Debug)]
struct Crps;

impl Formula for Crps {
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        Some(&Pinball)
    }

    fn is_trainable(&self) -> bool {
        false
    }

    fn judges(&self) -> Judges {
        Judges::Quantiles
    }

    fn tallies(&self) -> bool {
        true
    }

    fn tally(&self, window: &super::Tally<'_>, totals: &mut Totals) {
        totals.size += window.actual.iter().map(|y| y.abs()).sum::<f64>();
    }

    fn factors(&self, totals: &Totals) -> Factors {
        let factor = if totals.weight > 0.0 { 2.0 / (totals.size + 1e-5) } else { 0.0 };
        Factors::Same([factor, 0.0])
    }
}
