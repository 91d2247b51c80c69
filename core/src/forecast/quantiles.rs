//! Requested quantiles, and forecasts at any quantile level by models that support it. Upstream: `core.py:
//! _generate_forecasts`.

use super::columns::Columns;
use super::result::list;
use crate::models::Instance;
use crate::objective::{
    Objective, Output, check_level, check_quantile, hinted, levels, meant_level, meant_quantile,
    same,
};
use crate::{Error, ErrorCode, Result};

/// The quantile levels at which an implicit quantile network forecasts, whatever is requested.
const GRID: [f32; 11] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

/// The quantiles that a forecast must have.
#[derive(Clone, Debug, Default)]
pub(super) struct QuantileRequest {
    /// Quantile level and output, ascending; empty if nothing was requested.
    outputs: Vec<(f64, Output)>,
    /// As the user wrote them: levels, or quantiles.
    level: Vec<f64>,
    written: Vec<f64>,
    /// Whether a model that lacks some of them may give those that it has instead, at least two.
    or_own: bool,
}

impl QuantileRequest {
    /// The request of the options `level` and `quantiles`, of which at most one may be given.
    pub(super) fn new(level: &[f64], quantiles: &[f64]) -> Result<Self> {
        if !level.is_empty() && !quantiles.is_empty() {
            let message = "give level or quantiles, not both: a level stands for two quantiles";
            return Err(Error::new(ErrorCode::InvalidOption, message)
                .with(|d| d.option = Some("quantiles".into())));
        }
        level.iter().try_for_each(|l| check_level("level", *l))?;
        quantiles.iter().try_for_each(|q| check_quantile("quantiles", *q))?;
        // Differs from upstream, which rounds levels to integers in the column names.
        let bounds = level.iter().flat_map(|l| Output::bounds(*l));
        let outputs = bounds.chain(quantiles.iter().map(|q| Output::quantile(&(*q).into())));
        let mut outputs: Vec<_> = outputs.filter_map(|o| Some((o.tau()?, o))).collect();
        outputs.sort_by(|a, b| a.0.total_cmp(&b.0));
        outputs.dedup_by(|a, b| a.0 == b.0);
        Ok(Self { outputs, level: level.to_vec(), written: quantiles.to_vec(), or_own: false })
    }

    /// The same request, for which a model that lacks some of these quantiles gives those that it has.
    pub(super) fn or_those_of_the_model(self) -> Self {
        Self { or_own: true, ..self }
    }

    /// Whether a model gives its own quantiles instead of these.
    fn gives_own(&self, model: &Instance) -> bool {
        let own = model.loss.outputs.iter().filter(|output| output.tau().is_some()).count();
        self.or_own && !model.forecasts_any_quantile() && own >= 2
    }

    /// The number of quantiles.
    pub(super) fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Quantile level and output of each, ascending.
    pub(super) fn outputs(&self) -> &[(f64, Output)] {
        &self.outputs
    }

    /// Whether a model has some of these quantiles only by a calibration.
    pub(super) fn are_calibrated(&self, model: &Instance) -> bool {
        let own = |(tau, _): &(f64, Output)| model.loss.outputs.iter().any(|o| o.is_quantile(*tau));
        !model.forecasts_any_quantile() && !self.gives_own(model) && !self.outputs.iter().all(own)
    }

    /// Refuses quantiles that a model was not trained for, unless it forecasts any or is `calibrated`.
    pub(super) fn check(
        &self,
        models: &[Instance],
        names: &[String],
        calibrated: impl Fn(&str) -> bool,
    ) -> Result<()> {
        for (model, name) in models.iter().zip(names) {
            if model.forecasts_any_quantile() || calibrated(name) || self.gives_own(model) {
                continue;
            }
            if self.or_own {
                return Err(without_quantiles(name));
            }
            let outputs = &model.loss.outputs;
            let levels = levels(outputs.iter());
            if let Some(level) = self.level.iter().find(|l| !levels.iter().any(|k| same(*k, **l))) {
                return Err(no_interval(name, *level, levels));
            }
            if let Some(q) =
                self.written.iter().find(|q| !outputs.iter().any(|o| o.is_quantile(**q)))
            {
                let known: Vec<f64> = outputs.iter().filter_map(Output::tau).collect();
                return Err(no_quantile(name, *q, &known));
            }
        }
        Ok(())
    }

    /// Whether an output is in the forecast: all are if nothing was requested, else points, medians, distribution
    /// parameters, and what was requested.
    fn wants(&self, output: &Output) -> bool {
        let asked = |tau| same(tau, 0.5) || self.outputs.iter().any(|(other, _)| same(tau, *other));
        self.outputs.is_empty() || self.or_own || output.tau().is_none_or(asked)
    }

    /// The columns of a model. `forecast` computes those of a loss, at one quantile level if the model forecasts any. The result
    /// is all columns but the quantiles that were not requested; for an implicit quantile network, those requested. A
    /// distribution gives any quantile of its samples. Upstream returns all that the loss was trained for.
    ///
    /// Quantiles of an implicit quantile network may cross. As upstream, the quantile `q` is taken from the sorted
    /// forecasts at [`GRID`], interpolated linearly: those at 0.1 and 0.9 are near the network's own at 0.05 and 0.95.
    pub(super) fn columns(
        &self,
        model: &Instance,
        mut forecast: impl FnMut(&Objective, f32) -> Result<Columns>,
    ) -> Result<Columns> {
        if self.are_calibrated(model) {
            // The point forecast, which the intervals are around.
            let mut columns = forecast(&model.loss, unasked(model))?;
            let point = point(columns.iter().map(|(output, _)| output));
            return Ok(point.map(|i| columns.swap_remove(i)).into_iter().collect());
        }
        if self.outputs.is_empty() || !model.head.takes_any_quantile() {
            let trained = |(tau, _): &(f64, Output)| {
                model.loss.outputs.iter().any(|output| output.is_quantile(*tau))
            };
            if model.loss.samples() > 0 && !self.outputs.iter().all(trained) {
                return forecast(&model.loss.at_quantiles(&self.outputs), unasked(model));
            }
            let mut columns = forecast(&model.loss, unasked(model))?;
            columns.retain(|(output, _)| self.wants(output));
            return Ok(columns);
        }
        let mut grid: Vec<Vec<f32>> = Vec::with_capacity(GRID.len());
        for quantile in GRID {
            grid.extend(forecast(&model.loss, quantile)?.into_iter().map(|(_, values)| values));
        }
        let rows = grid[0].len();
        let empty = |(_, output): &(f64, Output)| (output.clone(), Vec::with_capacity(rows));
        let mut columns: Columns = self.outputs.iter().map(empty).collect();
        let mut row = [0.0; GRID.len()];
        for i in 0..rows {
            row.iter_mut().zip(&grid).for_each(|(to, values)| *to = values[i]);
            row.sort_by(f32::total_cmp);
            for ((q, _), (_, column)) in self.outputs.iter().zip(&mut columns) {
                column.push(between(&row, *q));
            }
        }
        Ok(columns)
    }
}

/// The index of the point forecast among outputs: that of the model itself, else its median, else its only output.
pub(super) fn point<'a>(outputs: impl Iterator<Item = &'a Output> + Clone) -> Option<usize> {
    let place = |is: fn(&Output) -> bool| outputs.clone().position(is);
    let only = || (outputs.clone().count() == 1).then_some(0);
    place(|output| *output == Output::Point)
        .or_else(|| place(|output| output.is_quantile(0.5)))
        .or_else(only)
}

/// The quantile level for a model that forecasts any, if the user requests none.
pub(super) fn unasked(model: &Instance) -> f32 {
    model.loss.taus.first().copied().unwrap_or(0.5)
}

/// The error for a model that has no quantiles to simulate from.
fn without_quantiles(model: &str) -> Error {
    let message = format!(
        "simulate needs quantiles, and {model} has no two of them; train with a distribution, `loss.mq` or `loss.iq`, \
         or fit with predictionIntervals"
    );
    Error::new(ErrorCode::Unsupported, message).with(|d| d.model = Some(model.into()))
}

/// The error for a model without an interval of this level.
pub(super) fn no_interval(model: &str, level: f64, levels: Vec<f64>) -> Error {
    let meant = meant_level(level);
    let there = match levels.is_empty() {
        true => "has no intervals".into(),
        false => format!("has the levels {}", list(levels.iter().map(f64::to_string))),
    };
    let fix = match meant {
        Some(_) => "a level is in percent".into(),
        None => format!(
            "to get it, train with `loss.mq({{ level: [{level}] }})`, or fit with predictionIntervals"
        ),
    };
    let error =
        Error::new(ErrorCode::InvalidOption, format!("\"{model}\" {there}, not {level}; {fix}"));
    hinted(error, meant).with(|d| {
        d.option = Some("level".into());
        d.model = Some(model.into());
        d.expected = Some(levels.into());
        d.actual = Some(level.into());
    })
}

/// The error for a model without a forecast of this quantile.
pub(super) fn no_quantile(model: &str, q: f64, quantiles: &[f64]) -> Error {
    let there: Vec<f64> = quantiles.iter().map(|q| (q * 1e9).round() / 1e9).collect();
    let known = match there.is_empty() {
        true => "has no quantiles, so".into(),
        false => format!("has the quantiles {},", list(there.iter().map(f64::to_string))),
    };
    let meant = meant_quantile(q);
    let fix = match meant {
        Some(_) => "a quantile is between 0 and 1".into(),
        None => format!(
            "to get it, train with `loss.mq({{ quantiles: [{q}] }})` or `loss.iq()`, or fit with predictionIntervals"
        ),
    };
    let error = Error::new(ErrorCode::InvalidOption, format!("\"{model}\" {known} not {q}; {fix}"));
    hinted(error, meant).with(|d| {
        d.option = Some("quantiles".into());
        d.model = Some(model.into());
        d.expected = Some(there.into());
        d.actual = Some(q.into());
    })
}

/// The quantile `q` of sorted numbers, interpolated linearly.
fn between(sorted: &[f32], q: f64) -> f32 {
    let place = q * (sorted.len() - 1) as f64;
    let below = (place as usize).min(sorted.len() - 2);
    let [a, b] = [f64::from(sorted[below]), f64::from(sorted[below + 1])];
    (a + (b - a) * (place - below as f64)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_their_two_quantiles() {
        let names = |level: &[f64], quantiles: &[f64]| {
            let asked = QuantileRequest::new(level, quantiles).unwrap();
            asked.outputs.into_iter().map(|(q, output)| format!("{q}{output}")).collect::<Vec<_>>()
        };
        let expected = ["0.0125-lo-97.5", "0.1-lo-80", "0.9-hi-80", "0.9875-hi-97.5"];
        assert_eq!(names(&[80.0, 97.5, 80.0], &[]), expected);
        assert_eq!(names(&[], &[0.9, 0.5, 0.9]), ["0.5_ql0.5", "0.9_ql0.9"]);
        assert!(names(&[], &[]).is_empty());
    }

    #[test]
    fn what_is_no_quantile_is_refused() {
        for (level, quantiles, option) in [
            (&[80.0][..], &[0.5][..], "quantiles"),
            (&[100.0], &[], "level"),
            (&[], &[0.0], "quantiles"),
            (&[], &[f64::NAN], "quantiles"),
        ] {
            let error = QuantileRequest::new(level, quantiles).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidOption);
            assert_eq!(error.details.option.as_deref(), Some(option));
        }
    }

    #[test]
    fn columns_that_were_not_asked_for_are_left_out() {
        let outputs = [
            "",
            "-median",
            "-lo-90",
            "-lo-80.0",
            "-hi-80.0",
            "-hi-90",
            "-loc",
            "_ql0.3",
            "_q0.9_d1.0",
        ];
        let kept = |level: &[f64], quantiles: &[f64]| {
            let asked = QuantileRequest::new(level, quantiles).unwrap();
            let wanted = |text: &&str| asked.wants(&Output::parse(text).unwrap());
            outputs.into_iter().filter(wanted).collect::<Vec<_>>()
        };
        assert_eq!(kept(&[], &[]), outputs);
        assert_eq!(
            kept(&[80.0], &[]),
            ["", "-median", "-lo-80.0", "-hi-80.0", "-loc", "_q0.9_d1.0"],
            "the upper bound is the quantile 0.9"
        );
        assert_eq!(
            kept(&[], &[0.3, 0.9]),
            ["", "-median", "-hi-80.0", "-loc", "_ql0.3", "_q0.9_d1.0"]
        );
    }

    #[test]
    fn quantiles_lie_between_sorted_numbers() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!(
            [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| between(&sorted, q)),
            [1.0, 1.5, 2.0, 3.0, 4.0]
        );
    }
}
