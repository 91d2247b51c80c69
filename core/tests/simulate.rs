//! Sample paths: their quantiles are those of the forecast, their steps depend on each other, and they are the same every time.

mod bits;
mod rows;
mod series;

use bits::of_forecast;
use neuro_divergent::conformal::PredictionIntervals;
use neuro_divergent::data::Table;
use neuro_divergent::simulation::Dependence;
use neuro_divergent::{
    Control, ErrorCode, FitOptions, Forecast, NeuralForecast, PredictOptions, SimulateOptions,
};
use rows::pick;
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

const H: usize = 4;

fn options(more: &Value) -> Value {
    let mut all = json!({ "h": H, "inputSize": 12, "maxSteps": 20, "scalerType": "standard" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// Models with quantiles of every kind: a distribution, trained ones, all of them, and calibrated ones.
fn fitted(table: &Table) -> NeuralForecast {
    let normal =
        json!({ "kind": "DistributionLoss", "args": { "distribution": "Normal", "level": [80] } });
    let mq = json!({ "kind": "MQLoss", "args": { "level": [50, 80, 95] } });
    let iq = json!({ "kind": "IQLoss", "args": {} });
    let models = vec![
        spec("NHITS", &options(&json!({ "loss": normal, "alias": "normal" }))),
        spec("NHITS", &options(&json!({ "loss": mq, "alias": "trained" }))),
        spec("NHITS", &options(&json!({ "loss": iq, "alias": "implicit" }))),
        spec("DLinear", &options(&json!({ "alias": "calibrated" }))),
    ];
    let mut nf = NeuralForecast::new(models, None).unwrap();
    let intervals = PredictionIntervals { n_windows: 10, ..PredictionIntervals::default() };
    let fit = FitOptions { prediction_intervals: Some(intervals), ..FitOptions::default() };
    nf.fit(table, &fit, &Control::default()).unwrap();
    nf
}

fn simulate(nf: &NeuralForecast, options: &SimulateOptions) -> Forecast {
    nf.simulate(options, &Control::default()).unwrap()
}

#[test]
fn paths_have_the_quantiles_of_the_forecast() {
    let table = panel(2, 60);
    let nf = fitted(&table);
    let names = ["normal", "trained", "implicit", "calibrated"];
    let asked = PredictOptions { quantiles: vec![0.1, 0.5, 0.9], ..PredictOptions::default() };
    let forecast = nf.predict(&asked, &Control::default()).unwrap();
    for method in [Dependence::GaussianCopula, Dependence::SchaakeShuffle] {
        let n = 4000;
        let paths = simulate(&nf, &SimulateOptions { n_paths: n, method, ..Default::default() });
        assert_eq!((paths.paths, paths.indptr), (Some(n), vec![0, n * H, 2 * n * H]));
        assert_eq!(paths.times[..2 * H], [&forecast.times[..H], &forecast.times[..H]].concat());
        for name in names {
            let values = &paths.columns.iter().find(|c| c.name == name).unwrap().values;
            for q in [0.1, 0.5, 0.9] {
                let expected = forecast.quantile(name, q).unwrap();
                for (row, bound) in expected.iter().enumerate() {
                    let (series, step) = (row / H, row % H);
                    let of_step = values[series * n * H..][..n * H].iter().skip(step).step_by(H);
                    let share = of_step.filter(|v| **v <= *bound).count() as f64 / n as f64;
                    // The shuffle draws levels from the lowest to the highest known one.
                    let lowest = if name == "trained" { 0.025 } else { 0.01 };
                    let level = match method {
                        Dependence::GaussianCopula => q,
                        Dependence::SchaakeShuffle => (q - lowest) / (1.0 - 2.0 * lowest),
                    };
                    let off = share - level;
                    assert!(off.abs() < 0.03, "{method:?} {name} {row}: {share} below {q}");
                }
            }
        }
    }
}

#[test]
fn every_model_is_simulated() {
    let table = panel(2, 40);
    for (name, _) in models() {
        let mut nf = forecaster(&name, &options(&json!({ "maxSteps": 1 })));
        let intervals = PredictionIntervals { n_windows: 3, ..PredictionIntervals::default() };
        let fit = FitOptions { prediction_intervals: Some(intervals), ..FitOptions::default() };
        nf.fit(&table, &fit, &Control::default()).unwrap();
        let paths = simulate(&nf, &SimulateOptions { n_paths: 3, ..Default::default() });
        let values = paths.column(&name).unwrap();
        assert_eq!(values.len(), 2 * 3 * H, "{name}");
        assert!(values.iter().all(|v| v.is_finite()), "{name}: {values:?}");
    }
}

#[test]
fn paths_are_the_same_with_any_number_of_threads_and_others_with_another_seed() {
    let table = panel(3, 60);
    let nf = fitted(&table);
    let with = |threads: usize, seed: Option<i64>| {
        let control = Control { threads: Some(threads), ..Control::default() };
        let options = SimulateOptions { n_paths: 7, seed, ..SimulateOptions::default() };
        of_forecast(&nf.simulate(&options, &control).unwrap())
    };
    let one = with(1, None);
    assert_eq!(one, with(3, None));
    assert_eq!(one, with(2, Some(1)), "the seed of the models");
    assert_ne!(one, with(1, Some(2)));
    // A path of few is the same path of many.
    let many = simulate(&nf, &SimulateOptions { n_paths: 20, ..Default::default() });
    let few = simulate(&nf, &SimulateOptions { n_paths: 3, ..Default::default() });
    assert_eq!(many.columns[0].values[..3 * H], few.columns[0].values[..3 * H]);
    assert!(
        few.to_csv()
            .starts_with("unique_id,ds,sample_id,normal,trained,implicit,calibrated\ns0,60,0,")
    );
}

#[test]
fn histories_and_horizons_are_those_of_predict() {
    let table = panel(2, 60);
    let nf = fitted(&table);
    let data = Some(pick(&table, (0..table.rows()).filter(|row| row % 60 < 50)));
    let ahead = SimulateOptions { n_paths: 2, data, ..SimulateOptions::default() };
    assert_eq!(simulate(&nf, &ahead).times[..H], [50, 51, 52, 53]);
    let far = SimulateOptions { h: Some(9), ..SimulateOptions::default() };
    let e = nf.simulate(&far, &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::Unsupported, "{e}");
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let table = panel(1, 60);
    let mut nf = forecaster("DLinear", &options(&json!({})));
    nf.fit(&table, &FitOptions::default(), &Control::default()).unwrap();
    let refused = |options: SimulateOptions, control: &Control| {
        let e = nf.simulate(&options, control).unwrap_err();
        (e.code, e.message)
    };
    let d = SimulateOptions::default;
    let (code, message) = refused(d(), &Control::default());
    assert_eq!(code, ErrorCode::Unsupported);
    assert!(
        message.starts_with("simulate needs quantiles, and DLinear has no two of them"),
        "{message}"
    );
    let (code, _) = refused(SimulateOptions { n_paths: 0, ..d() }, &Control::default());
    assert_eq!(code, ErrorCode::InvalidOption);
    let (code, _) = refused(SimulateOptions { quantiles: vec![0.0], ..d() }, &Control::default());
    assert_eq!(code, ErrorCode::InvalidOption);

    let nf = fitted(&table);
    let short = Some(pick(&table, 57..60));
    let shuffle = SimulateOptions { method: Dependence::SchaakeShuffle, data: short, ..d() };
    let e = nf.simulate(&shuffle, &Control::default()).unwrap_err();
    assert_eq!(
        (e.code, e.details.option.as_deref()),
        (ErrorCode::ShortSeries, Some("method")),
        "{e}"
    );
    let limited = Control { memory_limit: Some(30 << 20), ..Control::default() };
    let many = SimulateOptions { n_paths: 1_000_000, ..d() };
    let e = nf.simulate(&many, &limited).unwrap_err();
    assert_eq!(
        (e.code, e.details.option.as_deref()),
        (ErrorCode::MemoryLimit, Some("nPaths")),
        "{e}"
    );
}
