//! Conformal prediction intervals: upstream's from Python's checkpoints, as wide as they should be, kept over saving, and refused
//! where nothing was calibrated.

mod bits;
mod checks;
mod rows;
mod scratch;
mod series;

use std::fs;
use std::path::{Path, PathBuf};

use checks::Checks;
use neuro_divergent::conformal::{ConformalMethod, PredictionIntervals};
use neuro_divergent::data::{Column, LocalScaling, Panel, PanelOptions, Table};
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, CrossValidationOptions, Error, ErrorCode, FitMode, FitOptions, Forecast,
    InsampleOptions, Metric, NeuralForecast, PredictOptions, Refit, evaluate,
};
use rows::pick;
use scratch::{Scratch, same_after_loading};
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

const H: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/conformal")
}

fn options() -> Value {
    json!({ "h": H, "inputSize": 8, "maxSteps": 20, "scalerType": "standard" })
}

fn fit(intervals: Option<PredictionIntervals>) -> FitOptions {
    FitOptions { prediction_intervals: intervals, ..FitOptions::default() }
}

fn windows(n_windows: usize, step_size: usize) -> PredictionIntervals {
    PredictionIntervals { n_windows, step_size, ..PredictionIntervals::default() }
}

fn fitted(
    model: &str,
    more: &Value,
    table: &Table,
    intervals: PredictionIntervals,
) -> NeuralForecast {
    let mut all = options();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut nf = forecaster(model, &all);
    nf.fit(table, &fit(Some(intervals)), &Control::default()).unwrap();
    nf
}

fn predict(nf: &NeuralForecast, level: &[f64], quantiles: &[f64]) -> Result<Forecast, Error> {
    let (level, quantiles) = (level.to_vec(), quantiles.to_vec());
    nf.predict(&PredictOptions { level, quantiles, ..Default::default() }, &Control::default())
}

fn titles(forecast: &Forecast) -> Vec<&str> {
    forecast.columns.iter().map(|column| &column.name[..]).collect()
}

#[test]
fn intervals_of_pythons_checkpoints_are_upstreams() {
    let mut checks = Checks::default();
    for name in ["months", "steps"] {
        let nf = NeuralForecast::load(&folder().join(name)).unwrap();
        let text = fs::read_to_string(folder().join(format!("{name}.expected.json"))).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let numbers = |key: &str| -> Vec<f64> {
            expected[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
        };
        for (frame, level, quantiles) in [
            ("ofLevel", numbers("level"), Vec::new()),
            ("ofQuantiles", Vec::new(), numbers("quantiles")),
        ] {
            checks.row(format!("{name} {frame}"), || {
                let forecast = predict(&nf, &level, &quantiles).unwrap();
                let frame = expected[frame].as_object().unwrap();
                let theirs: Vec<&String> = frame.keys().skip(2).collect();
                assert_eq!(theirs.len(), forecast.columns.len());
                for (title, column) in theirs.iter().zip(&forecast.columns) {
                    // Upstream's own name for quantiles of these intervals has a dash.
                    assert_eq!(title.replace("-ql", "_ql"), column.name);
                    let values = frame[*title].as_array().unwrap();
                    for (ours, theirs) in column.values.iter().zip(values) {
                        let theirs = theirs.as_f64().unwrap();
                        let off = (f64::from(*ours) - theirs).abs();
                        assert!(off <= 1e-5 * theirs.abs().max(1.0), "{title}: {ours}, {theirs}");
                    }
                }
            });
        }
    }
    assert_eq!(checks.finish(), 4);
}

#[test]
fn a_calibration_is_saved_as_python_saves_it() {
    for name in ["months", "steps"] {
        let nf = NeuralForecast::load(&folder().join(name)).unwrap();
        let dir = Scratch::new();
        nf.save(&dir.dir(), &Default::default()).unwrap();
        let configuration = |dir: &Path| -> Value {
            let text = fs::read_to_string(dir.join("configuration.json")).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["configuration"].clone()
        };
        let [theirs, ours] = [configuration(&folder().join(name)), configuration(&dir.dir())];
        assert_eq!(ours["prediction_intervals"], theirs["prediction_intervals"]);
        // Python wrote that of `steps` from polars; ours is of pandas.
        if name == "months" {
            assert_eq!(ours["_cs_df"], theirs["_cs_df"]);
        }
        let again = NeuralForecast::load(&dir.dir()).unwrap();
        assert_eq!(predict(&again, &[80.0], &[]).unwrap(), predict(&nf, &[80.0], &[]).unwrap());
    }
}

#[test]
fn every_model_forecasts_intervals() {
    let table = panel(2, 40);
    let mut checks = Checks::default();
    for (name, _) in models() {
        checks.row(&name, || {
            let nf = fitted(&name, &json!({ "maxSteps": 1 }), &table, windows(3, 2));
            let forecast = predict(&nf, &[80.0], &[]).unwrap();
            let (lo, hi) = forecast.interval(&name, 80.0).unwrap();
            assert_eq!(lo.len(), 2 * H);
            assert!(lo.iter().zip(hi).all(|(lo, hi)| lo.is_finite() && lo <= hi), "{lo:?} {hi:?}");
        });
    }
    checks.finish();
}

/// The quantile `q` of some numbers, as numpy computes it.
fn quantile(mut numbers: Vec<f64>, q: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let place = q * (numbers.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    numbers[below] + (numbers[above] - numbers[below]) * place.fract()
}

#[test]
fn intervals_are_quantiles_of_the_errors_of_a_cross_validation() {
    let table = panel(3, 60);
    let scaling = LocalScaling { temporal: Some(LocalScalerType::Standard), statics: None };
    for method in [ConformalMethod::Distribution, ConformalMethod::Error] {
        let new = || forecaster("NHITS", &options()).with_local_scaling(scaling);
        let intervals = PredictionIntervals { method, ..windows(6, 2) };
        let mut nf = new();
        nf.fit(&table, &fit(Some(intervals)), &Control::default()).unwrap();
        let cv = CrossValidationOptions { n_windows: Some(6), step_size: 2, ..Default::default() };
        let cv = new().cross_validation(&table, &cv, &Control::default()).unwrap();
        let (point, y) = (cv.column("NHITS").unwrap(), cv.column("y").unwrap());
        let forecast = predict(&nf, &[80.0], &[]).unwrap();
        assert_eq!(titles(&forecast), ["NHITS", "NHITS-lo-80", "NHITS-hi-80"]);
        let (lo, hi) = forecast.interval("NHITS", 80.0).unwrap();
        let mean = forecast.column("NHITS").unwrap();
        for (row, mean) in mean.iter().enumerate() {
            let (series, step) = (row / H, row % H);
            let errors: Vec<f64> = (0..6)
                .map(|window| (series * 6 + window) * H + step)
                .map(|at| (f64::from(point[at]) - f64::from(y[at])).abs())
                .collect();
            let distance = match method {
                ConformalMethod::Distribution => {
                    quantile(errors.iter().flat_map(|e| [-e, *e]).collect(), 0.9)
                }
                ConformalMethod::Error => quantile(errors, 0.8),
            };
            for (bound, distance) in [(lo[row], -distance), (hi[row], distance)] {
                let expected = f64::from(*mean) + distance;
                assert!(
                    (f64::from(bound) - expected).abs() < 1e-3,
                    "{method:?}: {bound}, {expected}"
                );
            }
        }
    }
}

#[test]
fn levels_and_quantiles_give_the_same_bands_in_order() {
    let table = panel(2, 60);
    for method in [ConformalMethod::Distribution, ConformalMethod::Error] {
        let intervals = PredictionIntervals { method, ..windows(9, 1) };
        let nf = fitted("DLinear", &json!({}), &table, intervals);
        let level = predict(&nf, &[50.0, 80.0], &[]).unwrap();
        let quantiles = [0.1, 0.25, 0.5, 0.75, 0.9];
        let bands = predict(&nf, &[], &quantiles).unwrap();
        for (title, q) in [("-lo-80", 0.1), ("-lo-50", 0.25), ("-hi-50", 0.75), ("-hi-80", 0.9)] {
            let of_level = level.column(&format!("DLinear{title}")).unwrap();
            assert_eq!(of_level, bands.quantile("DLinear", q).unwrap(), "{method:?} {title}");
        }
        assert_eq!(bands.quantile("DLinear", 0.5).unwrap(), level.column("DLinear").unwrap());
        let all = quantiles.map(|q| bands.quantile("DLinear", q).unwrap());
        for row in 0..2 * H {
            assert!(all.windows(2).all(|pair| pair[0][row] <= pair[1][row]), "{method:?} {row}");
        }
    }
}

/// Of 60 series with normal noise, 240 values that were not seen: a share of 0.8 has a standard error of 0.026.
#[test]
fn as_many_values_are_within_as_the_level_says() {
    let (series, rows) = (60, 100);
    let whole = panel(series, rows);
    let train = pick(&whole, (0..whole.rows()).filter(|row| row % rows < rows - H));
    let actual = Panel::from_table(&whole, &PanelOptions::default()).unwrap().0;
    for method in [ConformalMethod::Distribution, ConformalMethod::Error] {
        let intervals = PredictionIntervals { method, ..windows(40, 1) };
        let more = json!({ "inputSize": 24, "maxSteps": 300, "learningRate": 1e-2 });
        let nf = fitted("DLinear", &more, &train, intervals);
        let forecast = predict(&nf, &[80.0, 90.0], &[]).unwrap();
        for (level, error) in [(80.0, 0.026), (90.0, 0.019)] {
            let metrics = [Metric::Coverage(level)];
            let share = evaluate(&forecast, &actual, None, 1, &metrics).unwrap().models[0].1[0].1;
            let off = share - level / 100.0;
            assert!(off.abs() < 3.0 * error, "{method:?} {level}: {share}");
        }
    }
}

#[test]
fn models_keep_the_quantiles_that_they_have() {
    let table = panel(2, 60);
    let mq = json!({ "kind": "MQLoss", "args": { "level": [80] } });
    let normal =
        json!({ "kind": "DistributionLoss", "args": { "distribution": "Normal", "level": [80] } });
    let with = |more: Value| {
        let mut all = options();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let models = vec![
        spec("NLinear", &with(json!({}))),
        spec("NHITS", &with(json!({ "loss": mq, "alias": "bands" }))),
        spec("NHITS", &with(json!({ "loss": normal, "alias": "normal" }))),
    ];
    let mut nf = NeuralForecast::new(models.clone(), None).unwrap();
    nf.fit(&table, &fit(Some(windows(4, 1))), &Control::default()).unwrap();
    let mut plain = NeuralForecast::new(models, None).unwrap();
    plain.fit(&table, &fit(None), &Control::default()).unwrap();
    let (own, without) = (predict(&nf, &[80.0], &[]).unwrap(), predict(&plain, &[], &[]).unwrap());
    for name in ["NLinear", "bands-lo-80", "bands-median", "normal-lo-80", "normal"] {
        assert_eq!(own.column(name).unwrap(), without.column(name).unwrap(), "{name}");
    }
    let other = predict(&nf, &[95.0], &[]).unwrap();
    let expected = [
        "NLinear",
        "NLinear-lo-95",
        "NLinear-hi-95",
        "bands-median",
        "bands-lo-95",
        "bands-hi-95",
        "normal",
        "normal-median",
        "normal-lo-95",
        "normal-hi-95",
    ];
    assert_eq!(titles(&other), expected);
    assert_eq!(predict(&nf, &[], &[]).unwrap().columns, without.columns, "nothing was asked for");
    let options = PredictOptions { level: vec![95.0], ..PredictOptions::default() };
    same_after_loading("calibrated", &nf, &options);
}

#[test]
fn each_fold_of_a_cross_validation_is_calibrated() {
    let table = panel(2, 60);
    let nf = forecaster("DLinear", &options());
    for refit in [Refit::Never, Refit::Every(1)] {
        let options = CrossValidationOptions {
            n_windows: Some(2),
            step_size: H,
            refit,
            level: vec![80.0],
            prediction_intervals: Some(windows(5, 1)),
            ..Default::default()
        };
        let cv = nf.cross_validation(&table, &options, &Control::default()).unwrap();
        assert_eq!(titles(&cv), ["DLinear", "DLinear-lo-80", "DLinear-hi-80", "y"]);
        let mut by_hand = forecaster("DLinear", &self::options());
        let before = pick(&table, (0..table.rows()).filter(|row| row % 60 < 52));
        by_hand.fit(&before, &fit(Some(windows(5, 1))), &Control::default()).unwrap();
        let expected = predict(&by_hand, &[80.0], &[]).unwrap();
        for title in ["DLinear-lo-80", "DLinear-hi-80"] {
            let (ours, theirs) = (cv.column(title).unwrap(), expected.column(title).unwrap());
            for (row, theirs) in theirs.iter().enumerate() {
                let ours = ours[row / H * 2 * H + row % H];
                assert!((ours - theirs).abs() < 1e-3, "{refit:?} {title} {row}: {ours}, {theirs}");
            }
        }
    }
}

#[test]
fn what_was_not_calibrated_is_refused() {
    let table = panel(2, 60);
    let mut nf = fitted("DLinear", &json!({}), &table, windows(4, 1));
    let refused = |what: Result<Forecast, Error>, code: ErrorCode, part: &str| {
        let e = what.unwrap_err();
        assert_eq!(e.code, code, "{e}");
        assert!(e.message.contains(part), "{e}");
    };
    let control = Control::default();
    let level = vec![80.0];
    let far = PredictOptions { level: level.clone(), h: Some(8), ..Default::default() };
    refused(
        nf.predict(&far, &control),
        ErrorCode::Unsupported,
        "calibrated for 4 steps (h), not for 8",
    );
    let mut other = panel(3, 30);
    let Column::Text(ids) = &mut other.columns[0].1 else { panic!("ids are texts") };
    *ids = (0..90).map(|row| Some(["s0", "s1", "new"][row / 30])).collect();
    let data = PredictOptions { data: Some(other), level: level.clone(), ..Default::default() };
    refused(
        nf.predict(&data, &control),
        ErrorCode::Unsupported,
        "series \"new\" was not in the training data",
    );
    let insample = InsampleOptions { level: level.clone(), ..Default::default() };
    refused(
        nf.predict_insample(&insample, &control),
        ErrorCode::Unsupported,
        "which predictInsample forecasts",
    );

    let goes_on = FitOptions { mode: FitMode::Continue, ..fit(Some(windows(4, 1))) };
    let e = nf.fit(&table, &goes_on, &control).unwrap_err();
    assert_eq!(e.details.option.as_deref(), Some("predictionIntervals"));
    let goes_on = FitOptions { mode: FitMode::Continue, ..fit(None) };
    let warnings = nf.fit(&table, &goes_on, &control).unwrap().data_warnings;
    assert!(warnings[0].contains("calibrated for other weights"), "{warnings:?}");
    refused(predict(&nf, &level, &[]), ErrorCode::InvalidOption, "or fit with predictionIntervals");

    let e = nf.fit(&table, &fit(Some(windows(60, 1))), &control).unwrap_err();
    assert_eq!(e.code, ErrorCode::ShortSeries, "{e}");
    assert!(e.message.starts_with("predictionIntervals: series \"s0\" has 60 rows"), "{e}");
    let e = nf.fit(&table, &fit(Some(windows(1, 1))), &control).unwrap_err();
    assert_eq!(e.details.option.as_deref(), Some("predictionIntervals.nWindows"), "{e}");
}
