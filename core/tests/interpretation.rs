//! Interpretations of forecasts are refused where there are none. Their numbers are checked with Python's checkpoints.

mod checks;
mod series;

use checks::Checks;
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, Forecast, NeuralForecast, PredictOptions,
};
use serde_json::{Value, json};

fn sizes() -> Value {
    json!({ "h": 2, "inputSize": 4, "maxSteps": 1 })
}

fn predict(mut nf: NeuralForecast, h: Option<usize>) -> Result<Forecast, Error> {
    nf.fit(&series::panel(2, 30), &FitOptions::default(), &Control::default()).unwrap();
    let asked = PredictOptions { interpretation: true, h, ..PredictOptions::default() };
    nf.predict(&asked, &Control::default())
}

#[track_caller]
fn assert_refused(forecast: Result<Forecast, Error>, model: &str, message: &str) {
    let error = forecast.unwrap_err();
    assert_eq!((error.code, &*error.message), (ErrorCode::Unsupported, message));
    assert_eq!(error.details.option.as_deref(), Some("interpretation"));
    assert_eq!(error.details.model.as_deref(), Some(model));
}

#[test]
fn a_model_has_an_interpretation_or_refuses_it_by_name() {
    let mut checks = Checks::default();
    for (model, _) in series::models() {
        checks.row(&model, || {
            let forecast = predict(series::forecaster(&model, &sizes()), None);
            if model == "TFT" {
                let forecast = forecast.unwrap();
                let found = forecast.interpretation("TFT").unwrap();
                assert_eq!((found.steps(), found.past.values.len()), (6, 8));
                return;
            }
            let message = format!(
                "{model} shows no weights of variables and steps; leave out interpretation"
            );
            assert_refused(forecast, &model, &message);
        });
    }
    assert!(checks.finish() >= 20);
}

#[test]
fn each_model_of_a_forecaster_must_have_one() {
    let specs = ["TFT", "NLinear"].map(|model| series::spec(model, &sizes()));
    let nf = NeuralForecast::new(specs.into(), None).unwrap();
    let message = "NLinear shows no weights of variables and steps; leave out interpretation";
    assert_refused(predict(nf, None), "NLinear", message);
}

#[test]
fn a_forecast_in_several_passes_has_none() {
    let message = "TFT forecasts 3 steps in several passes, and each has its own weights; \
                   leave out interpretation, or h";
    assert_refused(predict(series::forecaster("TFT", &sizes()), Some(3)), "TFT", message);
}
