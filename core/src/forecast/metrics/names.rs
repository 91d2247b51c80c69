//! The metrics and their names.

use std::fmt;
use std::str::FromStr;

use super::Observed;
use crate::objective::{meant_level, meant_quantile};
use crate::options::choices;
use crate::{Error, ErrorCode, Result, nearest};

choices! {
    /// Parts of forecasts that are scored one by one.
    pub enum By: default Series {
        /// The forecasts of each series.
        Series = "series",
        /// The forecasts from each cutoff, of all series.
        Cutoff = "cutoff",
        /// Each forecast of a series from a cutoff.
        Forecast = "forecast",
    }
}

impl By {
    /// Series and cutoff of each part.
    pub(super) fn parts(self, observed: &[Observed]) -> Result<Vec<(Option<usize>, Option<i64>)>> {
        if self != Self::Series && observed.iter().any(|o| o.cutoff.is_none()) {
            let expected = "\"series\" for forecasts without cutoffs";
            return Err(Error::option(
                "by",
                expected,
                if self == Self::Cutoff { "cutoff" } else { "forecast" },
            ));
        }
        let part = |o: &Observed| match self {
            Self::Series => (Some(o.series), None),
            Self::Cutoff => (None, o.cutoff),
            Self::Forecast => (Some(o.series), o.cutoff),
        };
        let mut parts: Vec<_> = observed.iter().map(part).collect();
        parts.sort_unstable();
        parts.dedup();
        Ok(parts)
    }
}

/// A score of a forecast. Lower is better, except for coverage and accuracy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// Mean absolute error.
    Mae,
    /// Mean squared error.
    Mse,
    /// Root of the mean squared error of each forecast of a series.
    Rmse,
    /// Mean absolute error relative to the actual value; actual zeros are skipped. A fraction, not percent.
    Mape,
    /// Mean of `|y - ŷ| / (|y| + |ŷ|)`: from 0 to 1; other definitions are twice as large. 0 if both are 0.
    Smape,
    /// Mean absolute error, relative to that of the seasonal naive forecast inside the training data.
    Mase,
    /// Root of the mean squared error, relative to that of the seasonal naive forecast inside the training data.
    Rmsse,
    /// Mean absolute error, relative to that of the benchmark.
    Rmae,
    /// Mean squared error of all series, relative to that of the benchmark and 1e-5. Upstream: `losses/pytorch.py: relMSE`.
    RelMse,
    /// Share of forecasts that are the actual value, to the last bit of an f32. Upstream: `losses/pytorch.py: Accuracy`.
    Accuracy,
    /// Mean quantile loss of a model's interval bounds and median.
    MqLoss,
    /// Quantile loss of a model's forecast of this quantile.
    Quantile(f64),
    /// Twice the quantile losses of all series, summed over a model's quantiles, relative to the sum of absolute actual
    /// values and 1e-5. Upstream: `losses/pytorch.py: sCRPS`.
    Scrps,
    /// Twice the mean quantile loss over a model's quantiles, relative to the mean absolute actual value, for each forecast of a
    /// series (Rangapuram et al. 2021, <https://proceedings.mlr.press/v139/rangapuram21a.html>).
    ScaledCrps,
    /// Share of actual values within the interval of this level, in percent; bounds count as within.
    Coverage(f64),
}

const NAMES: [(&str, Metric); 13] = [
    ("mae", Metric::Mae),
    ("mse", Metric::Mse),
    ("rmse", Metric::Rmse),
    ("mape", Metric::Mape),
    ("smape", Metric::Smape),
    ("mase", Metric::Mase),
    ("rmsse", Metric::Rmsse),
    ("rmae", Metric::Rmae),
    ("relmse", Metric::RelMse),
    ("accuracy", Metric::Accuracy),
    ("mqloss", Metric::MqLoss),
    ("scrps", Metric::Scrps),
    ("scaledcrps", Metric::ScaledCrps),
];

impl Metric {
    /// The metrics that are used if none are named.
    pub const USUAL: [Self; 3] = [Self::Mae, Self::Smape, Self::Mase];
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (self, NAMES.iter().find(|(_, metric)| metric == self)) {
            (_, Some((name, _))) => f.write_str(name),
            (Self::Coverage(level), None) => write!(f, "coverage-{level}"),
            (Self::Quantile(q), None) => write!(f, "ql-{q}"),
            (other, None) => unreachable!("{other:?} has no name"),
        }
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.to_lowercase();
        let level = || {
            name.strip_prefix("coverage-")?
                .parse()
                .ok()
                .filter(|level| *level == 0.0 || (1.0..=100.0).contains(level))
        };
        let quantile =
            || name.strip_prefix("ql-")?.parse().ok().filter(|q| (0.0..=1.0).contains(q));
        let named = NAMES.iter().find(|(n, _)| *n == name).map(|(_, metric)| *metric);
        let numbered = || level().map(Self::Coverage).or_else(|| quantile().map(Self::Quantile));
        named.or_else(numbered).ok_or_else(|| {
            let names: Vec<&str> =
                NAMES.iter().map(|(n, _)| *n).chain(["coverage-90", "ql-0.9"]).collect();
            let hint = meant(&name)
                .or_else(|| nearest(text, names.iter().copied()).map(String::from))
                .map(|n| format!(" (did you mean \"{n}\"?)"));
            Error::new(
                ErrorCode::InvalidOption,
                format!(
                    "there is no metric \"{text}\"{}; there are {} (any level, any quantile)",
                    hint.unwrap_or_default(),
                    names.join(", ")
                ),
            )
            .with(|d| {
                d.option = Some("metrics".into());
                d.expected = Some(names.into());
                d.actual = Some(text.into());
            })
        })
    }
}

/// The level or quantile that was meant, if a fraction was given for a percentage or the reverse.
fn meant(name: &str) -> Option<String> {
    let number = |prefix: &str| name.strip_prefix(prefix)?.parse::<f64>().ok();
    let level = number("coverage-").and_then(meant_level).map(|level| format!("coverage-{level}"));
    level.or_else(|| number("ql-").and_then(meant_quantile).map(|q| format!("ql-{q}")))
}
