//! Sample paths of the steps after the end of every series. Upstream: `core.py: simulate`.

use super::calls::{PredictOptions, SimulateOptions};
use super::column::Column;
use super::neural_forecast::NeuralForecast;
use super::quantiles::QuantileRequest;
use super::result::Forecast;
use crate::control::Control;
use crate::data::Panel;
use crate::interrupt::look;
use crate::memory::{Needs, Smaller};
use crate::objective::Output;
use crate::options::Options;
use crate::rng::{Key, Stream};
use crate::simulation::{Dependence, Marginals, paths};
use crate::{Error, ErrorCode, Result, memory, runtime};

impl NeuralForecast {
    /// Draws paths of the steps after the end of every series: rows by series, then path, then time. All models have the same
    /// quantile levels in a path.
    pub fn simulate(&self, options: &SimulateOptions, control: &Control) -> Result<Forecast> {
        control.watched(|| {
            options.check()?;
            let usual = || (1..100).map(|percent| f64::from(percent) / 100.0).collect();
            let levels = match &options.quantiles[..] {
                [] => usual(),
                given => given.to_vec(),
            };
            let predict = PredictOptions {
                data: options.data.clone(),
                static_table: options.static_table.clone(),
                future: options.future.clone(),
                h: options.h,
                on_gap: options.on_gap,
                on_missing: options.on_missing,
                on_short: options.on_short,
                ..PredictOptions::default()
            };
            let request = QuantileRequest::new(&[], &levels)?.or_those_of_the_model();
            self.forecast_ahead(&predict, (request, None), control, |forecast, panel| {
                self.simulated(forecast, panel, options, control)
            })
        })
    }

    fn simulated(
        &self,
        forecast: Forecast,
        panel: &Panel,
        options: &SimulateOptions,
        control: &Control,
    ) -> Result<Forecast> {
        let (h, n, series) = (forecast.h, options.n_paths, panel.n_series());
        let rows = series.saturating_mul(n).saturating_mul(h);
        let mut needs = Needs::default();
        let row = 2 * size_of::<f32>() * self.models.len() + size_of::<i64>();
        needs.add("sample paths", rows.saturating_mul(row));
        needs.check(control.allowed(), "simulating", || Smaller::option("nPaths", n))?;
        let history = |i: usize| -> Vec<f64> {
            let known = panel.rows(i).filter(|row| panel.mask[*row] > 0.0);
            known.map(|row| panel.target()[row]).collect()
        };
        if options.method == Dependence::SchaakeShuffle {
            check_histories(panel, h)?;
        }
        let seed = options.seed.unwrap_or(self.models[0].common.random_seed) as u64;
        let mut columns = Vec::new();
        for (index, model) in forecast.models.iter().enumerate() {
            control.check()?;
            let mut quantiles = forecast.quantiles(model);
            quantiles.sort_by(|a, b| a.0.total_cmp(&b.0));
            let levels: Vec<f64> = quantiles.iter().map(|(level, _)| *level).collect();
            let drawn = runtime::run(control.threads, || {
                Ok(runtime::map((0..series).collect(), |i| {
                    look();
                    let rows = forecast.rows(i);
                    let values = quantiles.iter().map(|(_, all)| &all[rows.clone()]).collect();
                    let marginals = Marginals { levels: &levels, values };
                    let key = Key::new(seed, Stream::Paths, i as u32);
                    paths(options.method, &marginals, &history(i), n, key)
                }))
            })?;
            let mut values = Vec::new();
            memory::reserve(&mut values, rows);
            drawn.iter().for_each(|of_series| values.extend_from_slice(of_series));
            columns.push(Column::new(index, model, Output::Point, values));
        }
        let of_series = |i: usize| std::iter::repeat_n(&forecast.times[forecast.rows(i)], n);
        let times = (0..series).flat_map(of_series).flatten().copied().collect();
        let indptr = (0..=series).map(|i| i * n * h).collect();
        Ok(Forecast { columns, times, indptr, paths: Some(n), ..forecast })
    }
}

/// Stretches of the history must be as long as the horizon.
fn check_histories(panel: &Panel, h: usize) -> Result<()> {
    let known = |i: usize| panel.rows(i).filter(|row| panel.mask[*row] > 0.0).count();
    let Some(short) = (0..panel.n_series()).find(|i| known(*i) < h) else { return Ok(()) };
    let (id, n) = (panel.id(short), known(short));
    let message = format!(
        "series \"{id}\" has {n} values; the Schaake shuffle takes stretches of {h} (h) from the history; \
         give more rows, or use the method \"gaussian_copula\""
    );
    Err(Error::new(ErrorCode::ShortSeries, message).with(|d| {
        d.unique_id = Some(id);
        d.option = Some("method".into());
        d.expected = Some(h.into());
        d.actual = Some(n.into());
    }))
}
