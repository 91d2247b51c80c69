//! Forecasts as sums of parts. Upstream: `_base_model.py: decompose`, of single models.

use super::calls::{DecomposeOptions, PredictOptions};
use super::column::Column;
use super::neural_forecast::NeuralForecast;
use super::quantiles::QuantileRequest;
use super::result::Forecast;
use crate::control::Control;
use crate::options::Options;
use crate::{Error, ErrorCode, Result};

impl NeuralForecast {
    /// The point forecasts of models that add up parts (NBEATS, NBEATSx, NHITS), and columns of the parts, whose sum they are: the
    /// last value of the input (`NBEATS-level`), and what each stack adds (`NBEATS-trend`). A part is the change of the forecast
    /// when its stack is added to those before, on the scale of the target. Other models are left out.
    pub fn decompose(&self, options: &DecomposeOptions, control: &Control) -> Result<Forecast> {
        control.watched(|| {
            options.check()?;
            let predict = PredictOptions {
                data: options.data.clone(),
                static_table: options.static_table.clone(),
                future: options.future.clone(),
                on_gap: options.on_gap,
                on_missing: options.on_missing,
                on_short: options.on_short,
                ..PredictOptions::default()
            };
            let forecast = |part: Option<usize>| {
                let request = (QuantileRequest::default(), part);
                self.forecast_ahead(&predict, request, control, |forecast, _| Ok(forecast))
            };
            let whole = forecast(None)?;
            let parts = self.models.iter().map(|model| model.network.parts());
            let models: Vec<_> = parts.zip(self.names()).enumerate().collect();
            let models = models.iter().filter(|(_, (parts, _))| !parts.is_empty());
            let Some(most) = models.clone().map(|(_, (parts, _))| parts.len()).max() else {
                let names = self.names().join(", ");
                let message = format!(
                    "the forecasts of {names} are no sums of parts; those of NBEATS, NBEATSx and NHITS are"
                );
                return Err(Error::new(ErrorCode::Unsupported, message)
                    .with(|d| d.model = self.names().into_iter().next()));
            };
            let sums = (0..most).map(|part| forecast(Some(part))).collect::<Result<Vec<_>>>()?;
            let mut columns = Vec::new();
            for (index, (parts, name)) in models {
                let all = whole.point(name)?;
                let up_to = |part: usize| match part < parts.len() {
                    true => sums[part].point(name),
                    false => Ok(all),
                };
                let of = |column: &&Column| matches!(&column.of, Some((of, _)) if of == index);
                let own = whole.columns.iter().filter(of).find(|column| column.values == all);
                columns.extend(own.cloned());
                let column = |part: &str, values| Column {
                    name: format!("{name}-{part}"),
                    of: None,
                    values,
                };
                columns.push(column("level", up_to(0)?.to_vec()));
                for (i, part) in parts.iter().enumerate() {
                    let pairs = up_to(i + 1)?.iter().zip(up_to(i)?);
                    columns.push(column(&part.name, pairs.map(|(sum, before)| sum - before).collect()));
                }
            }
            Ok(Forecast { columns, ..whole })
        })
    }
}
