//! Decompositions: the parts of a forecast add up to it, and are what their stacks add.

mod series;

use neuro_divergent::data::LocalScaling;
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, DecomposeOptions, ErrorCode, FitOptions, Forecast, NeuralForecast, PredictOptions,
};
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

const H: usize = 4;

fn fitted(specs: Vec<(&str, Value)>, scaling: LocalScaling) -> NeuralForecast {
    let model = |(name, more): (&str, Value)| {
        let mut all = json!({ "h": H, "inputSize": 12, "maxSteps": 10, "scalerType": "standard" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec(name, &all)
    };
    let specs = specs.into_iter().map(model).collect();
    let mut nf = NeuralForecast::new(specs, None).unwrap().with_local_scaling(scaling);
    nf.fit(&panel(2, 60), &FitOptions::default(), &Control::default()).unwrap();
    nf
}

fn decompose(nf: &NeuralForecast) -> Forecast {
    nf.decompose(&DecomposeOptions::default(), &Control::default()).unwrap()
}

fn titles(forecast: &Forecast) -> Vec<&str> {
    forecast.columns.iter().map(|column| &column.name[..]).collect()
}

/// What the columns from the second on add up to, against the first.
#[track_caller]
fn assert_adds_up(forecast: &Forecast, columns: std::ops::Range<usize>) {
    let (whole, parts) = forecast.columns[columns].split_first().unwrap();
    for (row, whole) in whole.values.iter().enumerate() {
        let sum: f64 = parts.iter().map(|part| f64::from(part.values[row])).sum();
        assert!((sum - f64::from(*whole)).abs() < 1e-3, "row {row}: {sum} against {whole}");
    }
}

#[test]
fn parts_add_up_to_the_forecast() {
    let stacks = json!({
        "stackTypes": ["trend", "seasonality", "trend"], "nBlocks": [2, 1, 1], "nBasis": 2,
        "mlpUnits": [[8, 8]],
    });
    let mq = json!({ "kind": "MQLoss", "args": { "level": [80] } });
    for scaling in [None, Some(LocalScalerType::Standard), Some(LocalScalerType::Boxcox)] {
        let scaling = LocalScaling { temporal: scaling, statics: None };
        let specs = vec![
            ("NBEATS", stacks.clone()),
            ("DLinear", json!({})),
            ("NHITS", json!({ "loss": mq, "alias": "bands" })),
        ];
        let nf = fitted(specs, scaling);
        let parts = decompose(&nf);
        let expected = [
            "NBEATS",
            "NBEATS-level",
            "NBEATS-trend-1",
            "NBEATS-seasonality",
            "NBEATS-trend-2",
            "bands-median",
            "bands-level",
            "bands-identity-1",
            "bands-identity-2",
            "bands-identity-3",
        ];
        assert_eq!(titles(&parts), expected);
        assert_adds_up(&parts, 0..5);
        assert_adds_up(&parts, 5..10);
        let forecast = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
        for name in ["NBEATS", "bands-median"] {
            assert_eq!(parts.column(name).unwrap(), forecast.column(name).unwrap());
        }
        // The last value of the input, whatever it is scaled by.
        let y = nf.panel().unwrap().target();
        for (row, level) in parts.column("NBEATS-level").unwrap().iter().enumerate() {
            let last = y[60 * (row / H) + 59];
            assert!((f64::from(*level) - last).abs() < 1e-3 * last, "{level} against {last}");
        }
        let trend = parts.column("NBEATS-trend-1").unwrap();
        assert!(trend.iter().any(|v| v.abs() > 1e-4), "{trend:?}");
    }
}

#[test]
fn the_models_of_residual_blocks_have_parts_and_no_others() {
    let added_up = models().into_iter().map(|(name, _)| name).filter(|name| {
        let nf = fitted(vec![(name, json!({ "maxSteps": 1 }))], LocalScaling::default());
        nf.decompose(&DecomposeOptions::default(), &Control::default()).is_ok()
    });
    assert_eq!(added_up.collect::<Vec<_>>(), ["NBEATS", "NBEATSx", "NHITS"]);
}

#[test]
fn models_without_parts_are_named() {
    let scaling = LocalScaling::default();
    let fresh = forecaster("NBEATS", &json!({ "h": H, "inputSize": 12 }));
    let e = fresh.decompose(&DecomposeOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::NotFitted);
    let nf = fitted(vec![("DLinear", json!({})), ("MLP", json!({}))], scaling);
    let e = nf.decompose(&DecomposeOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::Unsupported);
    assert!(e.message.starts_with("the forecasts of DLinear, MLP are no sums of parts"), "{e}");
}
