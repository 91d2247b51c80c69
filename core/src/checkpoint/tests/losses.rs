//! Every loss with all its arguments, and the model with it, is restored from a checkpoint.

use serde_json::{Value, json};

use super::Scratch;
use crate::control::Control;
use crate::data::{Frequency, Table};
use crate::forecast::{FitOptions, Forecast, NeuralForecast, PredictOptions, SaveOptions};
use crate::models::ModelSpec;

/// Pairs of loss and validation loss.
fn pairs() -> Vec<[Value; 2]> {
    let of = |kind: &str, args: Value| json!({ "kind": kind, "args": args });
    let weight = json!({ "horizonWeight": [1.0, 0.1, 2.5] });
    vec![
        [of("MAE", weight.clone()), of("RMSE", weight.clone())],
        [of("MSE", weight.clone()), of("Accuracy", json!({}))],
        [of("RMSE", weight.clone()), of("MAPE", weight.clone())],
        [of("MAPE", weight.clone()), of("sCRPS", json!({ "quantiles": [0.9, 0.1] }))],
        [of("SMAPE", weight.clone()), of("sCRPS", json!({ "level": [90, 50] }))],
        [
            of("MASE", json!({ "seasonality": 4, "horizonWeight": [1.0, 0.0, 2.0] })),
            of("MASE", json!({ "seasonality": 1 })),
        ],
        [
            of("FreDF", json!({ "alpha": 0.25, "horizonWeight": [1.0, 3.0, 2.0] })),
            of("FreDF", json!({})),
        ],
        [of("HuberLoss", json!({ "delta": 0.7 })), of("TukeyLoss", json!({ "c": 3.5 }))],
        [of("TukeyLoss", json!({ "c": 2.0, "normalize": false })), of("MSE", json!({}))],
        [of("QuantileLoss", json!({ "q": 0.9 })), of("QuantileLoss", json!({ "q": 0.5 }))],
        [
            of("HuberQLoss", json!({ "q": 0.1, "delta": 2.5 })),
            of("MQLoss", json!({ "quantiles": [0.1, 0.5] })),
        ],
        [
            of("MQLoss", json!({ "level": [80, 97.5], "horizonWeight": [1.0, 0.5, 2.0] })),
            of("HuberMQLoss", json!({ "level": [80, 97.5], "delta": 0.5 })),
        ],
        [
            of("HuberMQLoss", json!({ "quantiles": [0.9, 0.25], "delta": 0.5 })),
            of("MQLoss", json!({ "quantiles": [0.9, 0.25] })),
        ],
        [
            of("IQLoss", json!({ "cosEmbeddingDim": 7, "concentration0": 2.0 })),
            of("IQLoss", json!({ "horizonWeight": [1.0, 0.0, 2.0] })),
        ],
        [
            of("HuberIQLoss", json!({ "cosEmbeddingDim": 5, "concentration1": 0.5, "delta": 2.0 })),
            of("HuberIQLoss", json!({ "cosEmbeddingDim": 5 })),
        ],
    ]
}

fn spec(i: usize, [loss, valid]: [Value; 2]) -> ModelSpec {
    let options = json!({
        "h": 3, "inputSize": 6, "maxSteps": 2, "movingAvgWindow": 3, "valCheckSteps": 1,
        "alias": format!("M{i}"), "loss": loss, "validLoss": valid,
    });
    ModelSpec { model: "DLinear".into(), options: options.as_object().unwrap().clone() }
}

/// The forecast of the models, after a check that saving and loading does not change it.
fn forecast_of_both(specs: Vec<ModelSpec>, y: Vec<f64>) -> Forecast {
    let mut ours = NeuralForecast::new(specs.clone(), Some(Frequency::step(1).unwrap())).unwrap();
    let options = FitOptions { val_size: 6, ..FitOptions::default() };
    ours.fit(&Table::one_series(y), &options, &Control::default()).unwrap();

    let scratch = Scratch::new();
    let dir = scratch.path("losses");
    ours.save(&dir, &SaveOptions::default()).unwrap();
    let back = NeuralForecast::load(&dir).unwrap();
    for (before, after) in specs.iter().zip(back.specs()) {
        for option in ["loss", "validLoss"] {
            // The default null is left out.
            let of = |spec: &ModelSpec| spec.options.get(option).cloned().unwrap_or_default();
            assert_eq!(of(before), of(&after));
        }
    }
    let forecast =
        |nf: &NeuralForecast| nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
    assert_eq!(forecast(&ours), forecast(&back));
    forecast(&back)
}

#[test]
fn every_loss_comes_back_with_its_arguments_and_forecasts_the_same() {
    let specs = pairs().into_iter().enumerate().map(|(i, pair)| spec(i, pair)).collect();
    let y = (0..40).map(|t| 10.0 + f64::from(t * t % 13)).collect();
    let names: Vec<String> =
        forecast_of_both(specs, y).columns.into_iter().map(|column| column.name).collect();
    for name in
        ["M9_ql0.9", "M10_q0.1_d2.5", "M11-lo-97.5", "M12-hi-80.0", "M12-lo-50.0", "M13_ql0.5"]
    {
        assert!(names.iter().any(|n| n == name), "{name} is not among {names:?}");
    }
}

/// Poisson and Bernoulli on a series of zeros and ones.
#[test]
fn distributions_of_whole_numbers_come_back_and_forecast_the_same() {
    let of = |args: Value| json!({ "kind": "DistributionLoss", "args": args });
    let counts = json!({ "distribution": "Poisson", "level": [80], "returnParams": true });
    let flags = json!({ "distribution": "Bernoulli", "numSamples": 50, "quantiles": [0.25, 0.9] });
    let specs = [counts, flags].map(of).into_iter().enumerate();
    let specs = specs.map(|(i, loss)| spec(i, [loss, Value::Null])).collect();
    let y = (0..40).map(|t| f64::from(u8::from(t * t % 13 > 6))).collect();
    let forecast = forecast_of_both(specs, y);
    let names: Vec<&str> = forecast.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(
        names,
        ["M0", "M0-median", "M0-lo-80", "M0-hi-80", "M0-loc", "M1", "M1-lo-50.0", "M1-hi-80.0"]
    );
}
