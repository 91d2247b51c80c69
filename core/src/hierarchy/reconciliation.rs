//! Reconciliation of forecasts, so that the sums of a hierarchy hold. Upstream: `models/hint.py: get_bottomup_P`,
//! `get_mintrace_ols_P`, `get_mintrace_wls_P`.
//!
//! Upstream computes `P = J - J·W·U·(Uᵀ·W·U)⁻¹·Uᵀ` with `J = [0 | I]` and `U = [I | -A]ᵀ` (Wickramasuriya, Athanasopoulos and
//! Hyndman 2019, "Optimal forecast reconciliation for hierarchical and grouped time series through trace minimization",
//! equation 10), and multiplies samples by `S·P`. `W` is diagonal, and 1 for the bottom series. So the same `P` takes
//! forecasts of aggregates `t` and of the bottom series `b` to
//!
//! ```text
//! b + Aᵀ·M⁻¹·(t - A·b)      M = W_a + A·Aᵀ
//! ```
//!
//! which needs neither `P` nor `S·P`, but the factor of a matrix with a row for each aggregate.

use super::cholesky::{self, Cholesky};
use super::summing::SummingMatrix;
use crate::interrupt::look;
use crate::options::choices;
use crate::{Error, ErrorCode, Result, memory};

choices! {
    /// How forecasts of the series of a hierarchy become coherent.
    pub enum Reconciliation {
        /// Aggregates are the sums of the forecasts of the bottom series; their own forecasts are dropped.
        BottomUp = "BottomUp",
        /// The coherent forecasts that change the forecasts least, in squares: all series have errors of the same variance.
        MinTraceOls = "MinTraceOLS",
        /// The same with the variance of a series proportional to the sum of its row of `S`: how many bottom series it has.
        MinTraceWls = "MinTraceWLS",
        /// None: forecasts stay as they are, and are not coherent.
        Identity = "Identity",
    }
}

/// A summing matrix and a method, ready to reconcile.
#[derive(Clone, Debug)]
pub(crate) struct Reconciler {
    /// Factor of `M`; `None` for bottom-up.
    factor: Option<Cholesky>,
}

impl Reconciliation {
    /// Refuses a matrix that this method cannot use: for [`Self::MinTraceWls`] sums of rows are variances, so they must be
    /// positive.
    pub(crate) fn check(self, s: &SummingMatrix) -> Result<()> {
        if self != Self::MinTraceWls {
            return Ok(());
        }
        let sums = s.rows().iter().map(|row| row.iter().sum::<f64>()).enumerate();
        match sums.into_iter().find(|(_, sum)| *sum <= 0.0) {
            None => Ok(()),
            Some((i, sum)) => Err(wrong(format!(
                "MinTraceWLS takes the sum of a row of S for a variance, and S[{i}] sums to {sum}; \
                 use reconciliation \"MinTraceOLS\""
            ))),
        }
    }
}

impl Reconciler {
    /// Prepares a method for a matrix that it can use; `None` if it changes nothing.
    pub(crate) fn new(s: &SummingMatrix, how: Reconciliation) -> Result<Option<Self>> {
        let weighted = match how {
            Reconciliation::Identity => return Ok(None),
            Reconciliation::BottomUp => return Ok(Some(Self { factor: None })),
            Reconciliation::MinTraceOls => false,
            Reconciliation::MinTraceWls => true,
        };
        let a = s.aggregates();
        let start = |i: usize| i * (i + 1) / 2;
        let mut m = memory::try_list::<f64>(start(a))?;
        for (i, row) in s.rows()[..a].iter().enumerate() {
            m[start(i) + i] = if weighted { row.iter().sum() } else { 1.0 };
        }
        for entries in s.columns() {
            look();
            for (at, (i, x)) in entries.iter().enumerate() {
                for (j, y) in &entries[..=at] {
                    m[start(*i) + j] += x * y;
                }
            }
        }
        let factor = Cholesky::new(a, m).ok_or_else(|| {
            wrong("the entries of S differ too much in size for 64-bit numbers; scale them".into())
        })?;
        Ok(Some(Self { factor: Some(factor) }))
    }

    /// Reconciles `count` forecasts of all series, `[a + b, count]`, in the order of the rows of `s`, its matrix.
    pub(crate) fn apply(&self, s: &SummingMatrix, forecasts: &mut [f64], count: usize) {
        let (top, bottom) = forecasts.split_at_mut(s.aggregates() * count);
        if let Some(factor) = &self.factor {
            s.add_sums(top, -1.0, bottom, count);
            factor.solve(top, count);
            s.add_shares(bottom, top, count);
        }
        top.fill(0.0);
        s.add_sums(top, 1.0, bottom, count);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.factor.as_ref().map_or(0, Cholesky::bytes)
    }

    /// Bytes that the method will hold for a matrix.
    pub(crate) fn planned(s: &SummingMatrix, how: Reconciliation) -> usize {
        match how {
            Reconciliation::Identity | Reconciliation::BottomUp => 0,
            Reconciliation::MinTraceOls | Reconciliation::MinTraceWls => {
                cholesky::bytes(s.aggregates())
            }
        }
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some("S".into()))
}

#[cfg(test)]
mod tests;
