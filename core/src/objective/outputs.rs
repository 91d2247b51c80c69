//! The columns of a forecast and their names, which are upstream's. Upstream: `losses/pytorch.py: level_to_outputs,
//! quantiles_to_outputs`.

use std::fmt;

use serde_json::Value;

/// Quantiles and levels that differ by less are the same, because column names hold decimal numbers.
const SAME: f64 = 1e-9;

pub(crate) fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < SAME
}

/// A column of a forecast. Its `Display` text is the suffix after the model's name in the column's name.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// The point forecast, or the mean of a distribution: `NHITS`.
    Point,
    /// The median: `NHITS-median`.
    Median,
    /// The lower bound of the prediction interval of a level in percent: `NHITS-lo-90`.
    Lo(Named),
    /// The upper bound of that interval: `NHITS-hi-90`.
    Hi(Named),
    /// A quantile between 0 and 1: `NHITS_ql0.9`.
    Quantile(Named),
    /// A quantile between 0 and 1 estimated by a Huber loss with this `delta`: `NHITS_q0.9_d1.0`.
    HuberQuantile(Named, Named),
    /// A parameter of a distribution, by its name: `NHITS-scale`.
    Parameter(String),
}

/// A number and its text in the name of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    value: f64,
    text: String,
}

impl Named {
    /// The number.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// A number as given, in Python's notation: `0.9`, `1.0`, `2`, `1e-05`.
    fn written(number: &Value) -> Self {
        Self { value: number.as_f64().unwrap_or(f64::NAN), text: python_text(number) }
    }

    /// A level as given: `80`, `97.5`.
    fn level(level: f64) -> Self {
        Self { value: level, text: level.to_string() }
    }

    /// A level that follows from a quantile, with at most two decimals: `80.0`.
    fn rounded(level: f64) -> Self {
        let two = (level * 100.0).round() / 100.0;
        let text = if two.fract() == 0.0 { format!("{two:.1}") } else { two.to_string() };
        Self { value: level, text }
    }

    /// Whether it is this number, by value or by text.
    fn is(&self, number: f64) -> bool {
        same(self.value, number) || self.text.parse() == Ok(number)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point => Ok(()),
            Self::Median => f.write_str("-median"),
            Self::Lo(level) => write!(f, "-lo-{level}"),
            Self::Hi(level) => write!(f, "-hi-{level}"),
            Self::Quantile(tau) => write!(f, "_ql{tau}"),
            Self::HuberQuantile(tau, delta) => write!(f, "_q{tau}_d{delta}"),
            Self::Parameter(name) => write!(f, "-{name}"),
        }
    }
}

impl Output {
    /// The quantile between 0 and 1 that the column estimates; `None` for a point forecast and for parameters.
    pub fn tau(&self) -> Option<f64> {
        match self {
            Self::Point | Self::Parameter(_) => None,
            Self::Median => Some(0.5),
            Self::Lo(level) => Some((50.0 - level.value / 2.0) / 100.0),
            Self::Hi(level) => Some((50.0 + level.value / 2.0) / 100.0),
            Self::Quantile(tau) | Self::HuberQuantile(tau, _) => Some(tau.value),
        }
    }

    /// Whether it is the lower bound of the interval of a level in percent.
    pub fn is_lower(&self, level: f64) -> bool {
        matches!(self, Self::Lo(own) if own.is(level))
    }

    /// Whether it is the upper bound of the interval of a level in percent.
    pub fn is_upper(&self, level: f64) -> bool {
        matches!(self, Self::Hi(own) if own.is(level))
    }

    /// Whether it estimates the quantile `tau`.
    pub fn is_quantile(&self, tau: f64) -> bool {
        self.tau().is_some_and(|own| same(own, tau))
    }

    /// The column of a quantile, named as given.
    pub(crate) fn quantile(tau: &Value) -> Self {
        Self::Quantile(Named::written(tau))
    }

    /// The column of a quantile and a `delta`, named as given.
    pub(super) fn huber_quantile(tau: &Value, delta: &Value) -> Self {
        Self::HuberQuantile(Named::written(tau), Named::written(delta))
    }

    /// Lower and upper bound of a level, named as given.
    pub(crate) fn bounds(level: f64) -> [Self; 2] {
        [Self::Lo(Named::level(level)), Self::Hi(Named::level(level))]
    }

    /// The bound or median that corresponds to a quantile.
    fn of_tau(tau: f64) -> Self {
        match tau {
            q if q < 0.5 => Self::Lo(Named::rounded(100.0 - 200.0 * q)),
            q if q > 0.5 => Self::Hi(Named::rounded(100.0 - 200.0 * (1.0 - q))),
            _ => Self::Median,
        }
    }

    /// Parses the text after a model's name in a column's name; `None` if no output has such a name.
    pub fn parse(text: &str) -> Option<Self> {
        let named = |text: &str| {
            let value = text.parse().ok()?;
            Some(Named { value, text: text.into() })
        };
        if let Some(level) = text.strip_prefix("-lo-") {
            return named(level).map(Self::Lo);
        }
        if let Some(level) = text.strip_prefix("-hi-") {
            return named(level).map(Self::Hi);
        }
        if let Some(tau) = text.strip_prefix("_ql") {
            return named(tau).map(Self::Quantile);
        }
        if let Some((tau, delta)) = text.strip_prefix("_q").and_then(|t| t.split_once("_d")) {
            return Some(Self::HuberQuantile(named(tau)?, named(delta)?));
        }
        match text {
            "" => Some(Self::Point),
            "-median" => Some(Self::Median),
            _ => text.strip_prefix('-').map(|name| Self::Parameter(name.into())),
        }
    }
}

/// The levels in percent, ascending, whose two bounds are both among these outputs.
pub(crate) fn levels<'a>(outputs: impl Iterator<Item = &'a Output> + Clone) -> Vec<f64> {
    let lower = outputs.clone().filter_map(|output| match output {
        Output::Lo(level) => Some(level),
        _ => None,
    });
    let both = lower.filter(|level| outputs.clone().any(|o| o.is_upper(level.value)));
    let mut levels: Vec<f64> = both.map(|level| (level.value * 1e9).round() / 1e9).collect();
    levels.sort_by(f64::total_cmp);
    levels
}

/// Columns of quantiles, each with the quantile that the loss uses.
pub(super) type Estimated = Vec<(f32, Output)>;

/// The columns of levels: the median first, then the bounds in ascending order.
pub(super) fn of_levels(levels: &[f64]) -> Estimated {
    let both = |l: f64| {
        let [lo, hi] = Output::bounds(l);
        [(50.0 - l / 2.0, lo), (50.0 + l / 2.0, hi)]
    };
    let mut all: Vec<(f64, Output)> = without_repeats(levels).into_iter().flat_map(both).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.insert(0, (50.0, Output::Median));
    // As upstream, which divides in f32.
    all.into_iter().map(|(percent, output)| (percent as f32 / 100.0, output)).collect()
}

/// The columns of quantiles, in the given order.
pub(super) fn of_taus(taus: &[f64]) -> Estimated {
    without_repeats(taus).into_iter().map(|tau| (tau as f32, Output::of_tau(tau))).collect()
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

/// A number in Python's notation; integers as given.
fn python_text(number: &Value) -> String {
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
    use serde_json::json;

    use super::*;

    fn names(outputs: &Estimated) -> Vec<String> {
        outputs.iter().map(|(_, output)| output.to_string()).collect()
    }

    #[test]
    fn levels_and_quantiles_have_upstreams_names() {
        let of = of_levels(&[80.0, 97.5, 80.0]);
        assert_eq!(names(&of), ["-median", "-lo-97.5", "-lo-80", "-hi-80", "-hi-97.5"]);
        for (tau, output) in &of {
            assert_eq!(output.tau().unwrap() as f32, *tau);
        }
        assert_eq!(names(&of_taus(&[0.1, 0.5, 0.975])), ["-lo-80.0", "-median", "-hi-95.0"]);
        let both = |all: &Estimated| levels(all.iter().map(|(_, output)| output));
        assert_eq!(both(&of), [80.0, 97.5]);
        assert_eq!(both(&of_taus(&[0.1, 0.9, 0.2])), [80.0], "0.2 has no counterpart");
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        let texts = [json!(0.9), json!(1.0), json!(2), json!(0.00001), json!(0.00025)];
        assert_eq!(texts.map(|v| python_text(&v)), ["0.9", "1.0", "2", "1e-05", "0.00025"]);
        assert_eq!(Output::huber_quantile(&json!(0.3), &json!(2)).to_string(), "_q0.3_d2");
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in
            ["", "-median", "-lo-80", "-hi-97.5", "-lo-80.0", "_ql0.9", "_q0.3_d1.0", "-loc"]
        {
            assert_eq!(Output::parse(text).unwrap().to_string(), text);
        }
        for text in ["x", "_ql", "-lo-x", "_q0.3", "median"] {
            assert_eq!(Output::parse(text), None, "{text}");
        }
        assert_eq!(Output::parse("-df"), Some(Output::Parameter("df".into())));
    }

    #[test]
    fn outputs_are_found_by_level_and_quantile() {
        let [lo, hi] = Output::bounds(80.0);
        assert!(lo.is_lower(80.0) && !lo.is_upper(80.0) && lo.is_quantile(0.1));
        assert!(hi.is_upper(80.0) && hi.is_quantile(0.9) && !hi.is_quantile(0.1));
        let odd = Output::of_tau(0.123_456);
        assert_eq!(odd.to_string(), "-lo-75.31");
        assert!(odd.is_lower(75.31) && odd.is_quantile(0.123_456));
    }
}
