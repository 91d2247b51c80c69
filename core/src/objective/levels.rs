//! Levels of prediction intervals, in percent, and quantiles: which values are valid, and the errors for the others.

use crate::{Error, Result};

/// Valid levels, for messages.
pub(super) const LEVEL: &str = "a percentage from 1 to below 100";
/// Valid quantiles, for messages.
pub(super) const QUANTILE: &str = "a number between 0 and 1";

/// Refuses an invalid level. A value below 1 is taken for a fraction that should be in percent.
pub(crate) fn check_level(option: &str, level: f64) -> Result<()> {
    match (1.0..100.0).contains(&level) {
        true => Ok(()),
        false => Err(hinted(Error::option(option, LEVEL, level), meant_level(level))),
    }
}

/// Refuses an invalid quantile. A value above 1 is taken for a percentage.
pub(crate) fn check_quantile(option: &str, q: f64) -> Result<()> {
    match is_quantile(&Some(q)) {
        true => Ok(()),
        false => Err(hinted(Error::option(option, QUANTILE, q), meant_quantile(q))),
    }
}

/// Whether the list is not empty and each level is between 0 and 100. Losses accept these, as upstream; an absent list is
/// valid.
pub(super) fn are_levels(levels: &Option<Vec<f64>>) -> bool {
    let all =
        |levels: &Vec<f64>| !levels.is_empty() && levels.iter().all(|l| *l > 0.0 && *l < 100.0);
    levels.as_ref().is_none_or(all)
}

/// Whether the list is not empty and each quantile is between 0 and 1; an absent list is valid.
pub(super) fn are_quantiles(quantiles: &Option<Vec<f64>>) -> bool {
    let all = |list: &Vec<f64>| !list.is_empty() && list.iter().all(|q| is_quantile(&Some(*q)));
    quantiles.as_ref().is_none_or(all)
}

/// Whether the quantile is between 0 and 1; an absent one is valid.
pub(super) fn is_quantile(q: &Option<f64>) -> bool {
    q.is_none_or(|q| q > 0.0 && q < 1.0)
}

/// The level that a fraction probably stands for: 90 for 0.9.
pub(crate) fn meant_level(level: f64) -> Option<f64> {
    (level > 0.0 && level < 1.0).then(|| rounded(level * 100.0))
}

/// The quantile that a percentage probably stands for: 0.9 for 90.
pub(crate) fn meant_quantile(q: f64) -> Option<f64> {
    (q > 1.0 && q < 100.0).then(|| rounded(q / 100.0))
}

/// The error, with a suggestion if there is one.
pub(crate) fn hinted(mut error: Error, meant: Option<f64>) -> Error {
    if let Some(meant) = meant {
        error.message.push_str(&format!("; did you mean {meant}?"));
    }
    error
}

/// Rounds to 9 decimals, which removes the error of binary fractions.
fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_percentages_are_told_apart() {
        let level = |l| check_level("level", l).map_err(|e| e.to_string());
        let quantile = |q| check_quantile("quantiles", q).map_err(|e| e.to_string());
        for l in [1.0, 80.0, 99.9] {
            assert_eq!(level(l), Ok(()));
        }
        for q in [0.001, 0.5, 0.999] {
            assert_eq!(quantile(q), Ok(()));
        }
        for (result, expected) in [
            (
                level(0.9),
                "\"level\" must be a percentage from 1 to below 100, got 0.9; did you mean 90?",
            ),
            (
                level(0.57),
                "\"level\" must be a percentage from 1 to below 100, got 0.57; did you mean 57?",
            ),
            (level(100.0), "\"level\" must be a percentage from 1 to below 100, got 100.0"),
            (level(0.0), "\"level\" must be a percentage from 1 to below 100, got 0.0"),
            (
                quantile(90.0),
                "\"quantiles\" must be a number between 0 and 1, got 90.0; did you mean 0.9?",
            ),
            (
                quantile(97.5),
                "\"quantiles\" must be a number between 0 and 1, got 97.5; did you mean 0.975?",
            ),
            (quantile(1.0), "\"quantiles\" must be a number between 0 and 1, got 1.0"),
            (quantile(-0.1), "\"quantiles\" must be a number between 0 and 1, got -0.1"),
        ] {
            assert_eq!(result, Err(format!("option {expected}")));
        }
    }
}
