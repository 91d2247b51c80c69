//! Forecasts of the future: one window for each series, right after its last row.

use crate::data::{Panel, forecast_window};
use crate::models::Instance;
use crate::train::{Drawn, Outputs, Runner, Source};
use crate::{Error, ErrorCode, Result};

/// The columns of one model's forecast.
pub(crate) fn forecast_model(
    runner: &Runner,
    model: &Instance,
    name: &str,
    panel: &Panel,
    future: &[(String, Vec<f64>)],
) -> Result<Vec<(String, Vec<f32>)>> {
    let h = model.train.h;
    let input = model.recurrence().map_or(model.train.input_size, |r| r.inference_input_size + 1);
    let ahead = |name: &String| {
        let column =
            future.iter().find(|(n, _)| n == name).expect("future values of all columns were read");
        &column.1[..]
    };
    let source = Source::new(model, panel, 0)?
        .with_future(model.train.futr_exog_list.iter().map(ahead).collect(), h);
    let drawn: Vec<Drawn> = (0..panel.n_series())
        .map(|i| Drawn { window: forecast_window(panel, i, input), count: 1 })
        .collect();
    let outputs = model.loss.outputs();
    let mut columns: Vec<Vec<f32>> = vec![Vec::with_capacity(drawn.len() * h); outputs];
    runner.forecast(model, &source, &drawn, [input, h], Outputs::Forecast, |_, shard| {
        for step in shard.unscaled(model).chunks_exact(outputs) {
            columns.iter_mut().zip(step).for_each(|(column, v)| column.push(*v as f32));
        }
    });
    let not_finite = |column: &Vec<f32>| column.iter().position(|v| !v.is_finite());
    if let Some(row) = columns.iter().find_map(not_finite) {
        let id = panel.id(row / h);
        let message = format!(
            "the forecast of {name} for series \"{id}\" is not a finite number; \
             train again with a lower learningRate, or set scalerType"
        );
        return Err(Error::new(ErrorCode::Diverged, message).with(|d| {
            d.model = Some(name.into());
            d.unique_id = Some(id);
        }));
    }
    let titles = model.loss.output_names.iter().map(|suffix| format!("{name}{suffix}"));
    Ok(titles.zip(columns).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::data::{PanelOptions, Table};
    use crate::models::ModelSpec;

    #[test]
    fn a_forecast_that_overflows_is_an_error_and_not_an_infinity() {
        let options = json!({ "h": 2, "inputSize": 3 });
        let options = options.as_object().unwrap().clone();
        let mut model = Instance::new(&ModelSpec { model: "DLinear".into(), options }).unwrap();
        model.set_parameter("linear_trend.weight", &[2, 3], &[f32::MAX; 6]).unwrap();
        let table = Table::one_series(vec![5.0; 9]);
        let (panel, _) = Panel::from_table(&table, &PanelOptions::default()).unwrap();
        let error = forecast_model(&Runner::default(), &model, "DLinear", &panel, &[]).unwrap_err();
        assert_eq!(error.code, ErrorCode::Diverged);
        assert_eq!(error.details.unique_id, Some(panel.id(0)));
    }
}
