//! Quantile losses, and what their outputs are called. Upstream: `losses/pytorch.py: QuantileLoss, MQLoss, HuberQLoss, HuberMQLoss`.

use serde_json::Value;

use super::robust::{huber, huber_slope};

/// A loss of one number whose least mean is at the quantile `q`. `e` is `y - ŷ`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pinball {
    /// `max(q·e, (q - 1)·e)`
    Plain,
    /// `q·huber(e)` below the actual value, `(1 - q)·huber(e)` above: HuberQLoss.
    OfHuber { delta: f64 },
    /// `huber(q·e)` below the actual value, `huber((1 - q)·e)` above: HuberMQLoss.
    InHuber { delta: f64 },
}

impl Pinball {
    pub(super) fn value(self, q: f64, error: f64) -> f64 {
        let side = if error >= 0.0 { q } else { 1.0 - q };
        match self {
            Self::Plain => side * error.abs(),
            Self::OfHuber { delta } => side * huber(error, delta),
            Self::InHuber { delta } => huber(side * error, delta),
        }
    }

    /// Derivative with respect to `ŷ`; at no error the mean of both sides, as torch has it.
    pub(super) fn slope(self, q: f64, error: f64) -> f64 {
        let side = if error >= 0.0 { q } else { 1.0 - q };
        match self {
            Self::Plain if error == 0.0 => 0.5 - q,
            Self::Plain => -side * error.signum(),
            Self::OfHuber { delta } => -side * huber_slope(error, delta),
            Self::InHuber { delta } => -side * huber_slope(side * error, delta),
        }
    }
}

/// Upstream's `level_to_outputs`: the median first, then the bounds from low to high.
pub(super) fn outputs_of_levels(levels: &[f64]) -> (Vec<f32>, Vec<String>) {
    let bounds =
        |l: &f64| [(50.0 - l / 2.0, format!("-lo-{l}")), (50.0 + l / 2.0, format!("-hi-{l}"))];
    let mut outputs: Vec<(f64, String)> = without_repeats(levels).iter().flat_map(bounds).collect();
    outputs.sort_by(|a, b| a.0.total_cmp(&b.0));
    outputs.insert(0, (50.0, "-median".into()));
    outputs.into_iter().map(|(q, name)| (q as f32 / 100.0, name)).unzip()
}

/// Upstream's `quantiles_to_outputs`: in the given order.
pub(super) fn outputs_of_quantiles(quantiles: &[f64]) -> (Vec<f32>, Vec<String>) {
    let level = |l: f64| {
        let rounded = (l * 100.0).round() / 100.0;
        if rounded.fract() == 0.0 { format!("{rounded:.1}") } else { rounded.to_string() }
    };
    let name = |q: f64| match q {
        q if q < 0.5 => format!("-lo-{}", level(100.0 - 200.0 * q)),
        q if q > 0.5 => format!("-hi-{}", level(100.0 - 200.0 * (1.0 - q))),
        _ => "-median".into(),
    };
    without_repeats(quantiles).into_iter().map(|q| (q as f32, name(q))).unzip()
}

fn without_repeats(list: &[f64]) -> Vec<f64> {
    let mut unique: Vec<f64> = Vec::with_capacity(list.len());
    list.iter().for_each(|v| {
        if !unique.contains(v) {
            unique.push(*v);
        }
    });
    unique
}

/// A number as Python writes it, whole ones as they were given: `0.9`, `1.0`, `2`, `1e-05`.
pub(crate) fn python_text(number: &Value) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let text = format!("{float:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let sign = if exponent.starts_with('-') { '-' } else { '+' };
            format!("{digits}e{sign}{:0>2}", exponent.trim_start_matches('-'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn slopes_are_those_of_the_values() {
        let losses =
            [Pinball::Plain, Pinball::OfHuber { delta: 0.5 }, Pinball::InHuber { delta: 0.5 }];
        for loss in losses {
            for error in [-2.0, -0.75, -0.25, 0.25, 0.75, 2.0] {
                let up = loss.value(0.9, error - 1e-6) - loss.value(0.9, error + 1e-6);
                assert!((up / 2e-6 - loss.slope(0.9, error)).abs() < 1e-8, "{loss:?} {error}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        let texts = [json!(0.9), json!(1.0), json!(2), json!(0.00001), json!(0.00025)];
        assert_eq!(texts.map(|v| python_text(&v)), ["0.9", "1.0", "2", "1e-05", "0.00025"]);
    }
}
