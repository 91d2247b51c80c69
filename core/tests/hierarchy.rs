//! HINT around models of every kind: its forecasts add up, and are those of the wrapped model's own samples.

mod bits;
mod checks;
mod rows;
mod scratch;
#[expect(dead_code, reason = "forecasters are made here")]
mod series;

use checks::Checks;
use neuro_divergent::{
    Control, FitMode, FitOptions, Forecast, InsampleOptions, ModelSpec, NeuralForecast,
    PredictOptions, SaveOptions,
};
use scratch::{Scratch, predict, same_after_loading};
use serde_json::{Value, json};
use series::{panel, spec};

/// Series `s0` and `s1` sum others: `s0` is all three, `s1` the first with half of the third.
const AGGREGATES: [[f64; 3]; 2] = [[1.0, 1.0, 1.0], [1.0, 0.0, 0.5]];
const METHODS: [&str; 3] = ["BottomUp", "MinTraceOLS", "MinTraceWLS"];

fn summing() -> Value {
    let [a, b] = AGGREGATES;
    json!([a, b, [1, 0, 0], [0, 1, 0], [0, 0, 1]])
}

/// Options of a small model that forecasts a distribution.
fn probabilistic(more: Value) -> Value {
    let mut all = json!({
        "h": 4, "inputSize": 8, "maxSteps": 3, "windowsBatchSize": 16, "scalerType": "standard",
        "loss": { "kind": "DistributionLoss", "args": { "distribution": "Normal", "level": [80], "numSamples": 60 } },
    });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn hint(model: &ModelSpec, reconciliation: &str, more: Value) -> ModelSpec {
    let mut options = json!({ "model": model, "S": summing(), "reconciliation": reconciliation });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ModelSpec { model: "HINT".into(), options: options.as_object().unwrap().clone() }
}

fn fitted(models: Vec<ModelSpec>) -> NeuralForecast {
    let mut nf = NeuralForecast::new(models, None).unwrap();
    nf.fit(&panel(5, 40), &FitOptions::default(), &Control::default()).unwrap();
    nf
}

fn forecast(nf: &NeuralForecast) -> Forecast {
    predict(nf, &PredictOptions::default())
}

/// Value of each of five series at each row of a column: `[series][row]`.
fn of_series(forecast: &Forecast, column: &str) -> Vec<Vec<f64>> {
    let values = forecast.column(column).unwrap();
    let rows = |i: usize| forecast.series_rows(&format!("s{i}")).unwrap();
    (0..5).map(|i| values[rows(i)].iter().map(|v| f64::from(*v)).collect()).collect()
}

/// Panics unless the column adds up to 1e-4 of the sizes that are added, at every row.
#[track_caller]
fn assert_adds_up(forecast: &Forecast, column: &str) {
    let all = of_series(forecast, column);
    assert!(!all[0].is_empty());
    for (row, (aggregate, weights)) in AGGREGATES
        .iter()
        .enumerate()
        .flat_map(|(i, w)| (0..all[i].len()).map(move |row| (row, (i, w))))
    {
        let parts = weights.iter().zip(&all[2..]).map(|(w, of)| w * of[row]);
        let (sum, size) = parts.fold((0.0, 0.0), |(sum, size), v| (sum + v, size + v.abs()));
        let off = (all[aggregate][row] - sum).abs();
        assert!(off <= 1e-4 * size, "{column}, s{aggregate}, row {row}: {off} of {size}");
    }
}

#[test]
fn forecasts_add_up_whatever_model_is_wrapped() {
    let mut checks = Checks::default();
    for (name, more) in [
        ("MLP", json!({})),
        ("NHITS", json!({ "scalerType": "robust" })),
        ("TFT", json!({ "futrExogList": [] })),
        ("GRU", json!({})),
        ("GRU", json!({ "recurrent": true })),
        ("DeepAR", json!({ "trajectorySamples": 30 })),
        ("TSMixer", json!({})),
        ("TimeXer", json!({})),
        ("MLP", json!({ "scalerType": "identity" })),
    ] {
        for how in METHODS {
            checks.row(format!("{name} {more} {how}"), || {
                let nf =
                    fitted(vec![hint(&spec(name, &probabilistic(more.clone())), how, json!({}))]);
                let next = forecast(&nf);
                let titles: Vec<&str> = next.columns.iter().map(|c| c.name.as_str()).collect();
                assert_eq!(titles, ["HINT", "HINT-median", "HINT-lo-80", "HINT-hi-80"]);
                assert_adds_up(&next, "HINT");
                let (lo, hi) = next.interval("HINT", 80.0).unwrap();
                let median = next.column("HINT-median").unwrap();
                assert!(lo.iter().zip(median).zip(hi).all(|((lo, m), hi)| lo < m && m < hi));

                let further = PredictOptions { h: Some(9), ..PredictOptions::default() };
                assert_adds_up(&predict(&nf, &further), "HINT");
                let before = InsampleOptions { step_size: 3, ..InsampleOptions::default() };
                let before = nf.predict_insample(&before, &Control::default()).unwrap();
                assert_eq!(before.series_rows("s1").unwrap().len(), 13 * 4);
                assert_adds_up(&before, "HINT");
            });
        }
    }
    assert_eq!(checks.finish(), 27);
}

/// `S·P` of MinTraceOLS from its definition, `S·(SᵀS)⁻¹·Sᵀ`, applied to forecasts of five series.
fn least_squares(y: &[f64]) -> Vec<f64> {
    let s = summing();
    let s = |i: usize, j: usize| s[i][j].as_f64().unwrap();
    let (mut gram, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
    for i in 0..5 {
        for j in 0..3 {
            right[j] += s(i, j) * y[i];
            (0..3).for_each(|k| gram[j][k] += s(i, j) * s(i, k));
        }
    }
    let det = |m: &[[f64; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
            - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    let bottom = |j: usize| {
        let mut replaced = gram;
        (0..3).for_each(|i| replaced[i][j] = right[i]); // Cramer's rule
        det(&replaced) / det(&gram)
    };
    (0..5).map(|i| (0..3).map(|j| s(i, j) * bottom(j)).sum()).collect()
}

#[test]
fn means_are_the_reconciled_means_of_the_wrapped_model() {
    for name in ["MLP", "TSMixer"] {
        let model = spec(name, &probabilistic(json!({})));
        let nf = fitted(vec![
            model.clone(),
            hint(&model, "MinTraceOLS", json!({})),
            hint(&model, "BottomUp", json!({ "alias": "up" })),
            hint(&model, "Identity", json!({ "alias": "same" })),
        ]);
        let next = forecast(&nf);
        let [own, ols, up] = [name, "HINT", "up"].map(|column| of_series(&next, column));
        for t in 0..4 {
            let y: Vec<f64> = own.iter().map(|of| of[t]).collect();
            let expected = least_squares(&y);
            for i in 0..5 {
                let off = (ols[i][t] - expected[i]).abs();
                assert!(off < 1e-5 * expected[i].abs().max(1.0), "{name} s{i}: {off}");
                if i >= 2 {
                    assert!((up[i][t] - y[i]).abs() < 1e-5 * y[i].abs(), "bottom series stay");
                }
            }
        }
        // Quantiles of the bottom series stay too; without reconciliation everything does, to the bit.
        for suffix in ["", "-median", "-lo-80", "-hi-80"] {
            let [own, up] = [name, "up"].map(|of| of_series(&next, &format!("{of}{suffix}")));
            let off = (2..5).flat_map(|i| own[i].iter().zip(&up[i]).map(|(a, b)| (a - b).abs()));
            assert!(off.fold(0.0, f64::max) < 1e-4, "{suffix}");
            let [own, same] =
                [name, "same"].map(|of| next.column(&format!("{of}{suffix}")).unwrap());
            assert_eq!(bits::of(own), bits::of(same), "{suffix}");
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let model = spec("MLP", &probabilistic(json!({})));
    let nf = fitted(vec![hint(&model, "MinTraceWLS", json!({}))]);
    let with = |threads| {
        let control = Control { threads: Some(threads), ..Control::default() };
        bits::of_forecast(&nf.predict(&PredictOptions::default(), &control).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn rows_may_be_named_in_any_order() {
    let model = spec("MLP", &probabilistic(json!({})));
    // The aggregates are s4 and s2, the bottom series s3, s0 and s1.
    let ids = json!(["s4", "s2", "s3", "s0", "s1"]);
    let nf = fitted(vec![hint(&model, "MinTraceOLS", json!({ "ids": ids }))]);
    let next = of_series(&forecast(&nf), "HINT");
    for t in 0..4 {
        let [s0, s1, s2, s3, s4] = [0, 1, 2, 3, 4].map(|i| next[i][t]);
        assert!((s4 - (s3 + s0 + s1)).abs() < 1e-4 * s4.abs());
        assert!((s2 - (s3 + 0.5 * s1)).abs() < 1e-4 * s2.abs());
    }
}

#[test]
fn other_histories_of_the_same_series_are_reconciled() {
    let model = spec("MLP", &probabilistic(json!({})));
    let nf = fitted(vec![hint(&model, "MinTraceOLS", json!({}))]);
    // All rows but the last of each series, in reverse order.
    let table = panel(5, 40);
    let kept = (0..table.rows()).rev().filter(|row| row % 40 != 39);
    let data = rows::pick(&table, kept);
    let next = predict(&nf, &PredictOptions { data: Some(data), ..PredictOptions::default() });
    assert_eq!(next.times[..4], [39, 40, 41, 42]);
    assert_adds_up(&next, "HINT");
}

#[test]
fn a_saved_one_forecasts_the_same_and_goes_on() {
    let of = |max_steps: usize| {
        let model = spec("MLP", &probabilistic(json!({ "maxSteps": max_steps })));
        let ids = json!({ "ids": ["s0", "s1", "s2", "s3", "s4"], "alias": "sums" });
        fitted(vec![hint(&model, "MinTraceOLS", json!({})), hint(&model, "BottomUp", ids), model])
    };
    let nf = of(3);
    same_after_loading("HINT", &nf, &PredictOptions::default());
    let (files, alone) = (nf.to_files(true).unwrap(), nf.to_files(false).unwrap());
    let mut loaded = NeuralForecast::from_files(files).unwrap();
    assert_eq!(loaded.names(), ["HINT", "sums", "MLP"]);
    let kept = |spec: &ModelSpec| {
        let part =
            ["S", "reconciliation", "ids", "alias"].map(|name| spec.options.get(name).cloned());
        (spec.model.clone(), part, spec.options.get("model").map(|m| m["options"]["h"].clone()))
    };
    let specs = |nf: &NeuralForecast| nf.specs().iter().map(kept).collect::<Vec<_>>();
    assert_eq!(specs(&loaded), specs(&nf));
    assert_eq!(nf.specs()[0].options["model"]["model"], "MLP");

    // Three steps and three more are six.
    let options =
        FitOptions { mode: FitMode::Continue, max_steps: Some(3), ..FitOptions::default() };
    loaded.fit(&panel(5, 40), &options, &Control::default()).unwrap();
    assert_eq!(bits::of_forecast(&forecast(&loaded)), bits::of_forecast(&forecast(&of(6))));

    // Without the data, the rows of S are still those of the series that the model was fitted on.
    let alone = NeuralForecast::from_files(alone).unwrap();
    let with = |table| {
        let options = PredictOptions { data: Some(table), ..PredictOptions::default() };
        alone.predict(&options, &Control::default())
    };
    let whole = with(panel(5, 40)).unwrap();
    assert_eq!(bits::of_forecast(&whole), bits::of_forecast(&forecast(&nf)));
    let e = with(rows::pick(&panel(6, 40), 40..240)).unwrap_err();
    assert_eq!(
        e.message,
        "S has a row for each of the 5 series that HINT was fitted on, and series \"s0\" is missing from the data; \
         give exactly these series"
    );

    // Fitted anew, it may be on other series.
    let mut anew = NeuralForecast::from_files(nf.to_files(true).unwrap()).unwrap();
    let e =
        anew.fit(&rows::pick(&panel(6, 40), 40..240), &FitOptions::default(), &Control::default());
    assert_eq!(
        e.unwrap_err().message,
        "S has a row for each of the 5 series that ids names, and series \"s0\" is missing from the data; give \
         exactly these series",
        "only those that are named stay"
    );
}

#[test]
fn what_a_checkpoint_says_of_it_is_checked() {
    let model = spec("MLP", &probabilistic(json!({})));
    let files = fitted(vec![hint(&model, "MinTraceOLS", json!({}))]).to_files(true).unwrap();
    let text = String::from_utf8(files["neural-trader.json"].clone()).unwrap();
    let mut checks = Checks::default();
    for (from, to, expected) in [
        ("\"MinTraceOLS\"", "\"Best\"", "option \"reconciliation\" must be"),
        ("[1.0,1.0,1.0]", "[1.0,1.0]", "S[1] has 3 columns, and S[0] has 2"),
        ("[1.0,1.0,1.0]", "7", "option \"S[0]\" must be a list of numbers, got 7"),
        ("\"series\":[\"s0\",", "\"series\":[", "ids names 4 series, and S has 5 rows"),
        ("\"series\":[\"s0\",", "\"series\":[\"s1\",", "ids names series \"s1\" twice"),
        (
            "\"series\":[\"s0\",",
            "\"series\":[0,",
            "option \"series\" must be a list of identifiers",
        ),
        ("\"S\":", "\"T\":", "HINT has no option \"T\""),
    ] {
        checks.row(format!("{from} {to}"), || {
            assert_eq!(text.matches(from).count(), 1, "{text}");
            let mut files = files.clone();
            files.insert("neural-trader.json".into(), text.replace(from, to).into_bytes());
            let e = NeuralForecast::from_files(files).err().expect("refused");
            assert_eq!(serde_json::to_value(e.code).unwrap(), "ERR_NF_CHECKPOINT", "{e}");
            let expected = format!("neural-trader.json: hint: {expected}");
            assert!(e.message.starts_with(&expected), "{}", e.message);
        });
    }
    checks.finish();
}

#[test]
fn python_finds_the_wrapped_model() {
    let model = spec("MLP", &probabilistic(json!({})));
    let nf = fitted(vec![hint(&model, "MinTraceOLS", json!({}))]);
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let text = std::fs::read(scratch.dir().join("configuration.json")).unwrap();
    let configuration: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(configuration["configuration"]["alias_to_model"], json!({ "HINT": "mlp" }));
}
