//! Values of the target that a distribution has no likelihood of are refused before training, with series, time and column.

mod checks;
#[expect(dead_code, reason = "the series are of zeros and ones")]
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, ColumnNames, LocalScaling, OnMissing, Table};
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, Error, ErrorCode, FitMode, FitOptions, NeuralForecast, PredictOptions,
};
use serde_json::json;
use series::forecaster;

const ROWS: usize = 30;
/// Of the row that is wrong: the fifth of the second series.
const WRONG: usize = ROWS + 5;

/// Two series of zeros and ones but for one value.
fn table(wrong: f64) -> Table {
    let y = |row: usize| if row == WRONG { wrong } else { f64::from(u8::from(row * row % 7 > 2)) };
    let id = |row: usize| Some(["a", "b"][row / ROWS].to_string());
    Table::new(vec![
        ("unique_id".into(), Column::Text((0..2 * ROWS).map(id).collect())),
        ("ds".into(), Column::Int((0..2 * ROWS).map(|row| (row % ROWS) as i64).collect())),
        ("y".into(), Column::Float((0..2 * ROWS).map(y).collect())),
    ])
    .unwrap()
}

fn model(distribution: &str) -> NeuralForecast {
    let args = json!({ "distribution": distribution, "returnParams": true, "numSamples": 1000 });
    let options = json!({
        "h": 4, "inputSize": 8, "maxSteps": 2, "scalerType": "standard",
        "loss": { "kind": "DistributionLoss", "args": args },
    });
    forecaster("NHITS", &options)
}

fn fit(nf: &mut NeuralForecast, table: &Table, options: &FitOptions) -> Result<(), Error> {
    nf.fit(table, options, &Control::default()).map(drop)
}

/// All columns: means and quantiles of samples, which are counts, and the parameters.
fn forecast(nf: &NeuralForecast) -> Vec<f32> {
    let forecast = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
    forecast.columns.into_iter().flat_map(|column| column.values).collect()
}

/// What a model forecasts that is fitted on this table.
fn fitted(distribution: &str, table: &Table, on_missing: Option<OnMissing>) -> Vec<f32> {
    let mut nf = model(distribution);
    fit(&mut nf, table, &FitOptions { on_missing, ..FitOptions::default() }).unwrap();
    forecast(&nf)
}

/// That this is what a refusal says, and that it names the same in its details.
#[track_caller]
fn says(e: &Error, column: &str, wrong: f64, message: &str) {
    assert_eq!((e.code, &*e.message), (ErrorCode::InvalidOption, message));
    let d = &e.details;
    assert_eq!(d.option.as_deref(), Some("loss.distribution"));
    assert_eq!(
        (d.model.as_deref(), d.unique_id.as_deref(), d.ds, d.column.as_deref()),
        (Some("NHITS"), Some("b"), Some(5), Some(column))
    );
    assert_eq!(d.actual, Some(json!(wrong)));
}

#[test]
fn what_a_distribution_cannot_be_is_refused_with_its_place() {
    let mut checks = Checks::default();
    for (distribution, wrong, expected) in [
        ("Poisson", -1.0, "0 or more"),
        ("Poisson", -1e-9, "0 or more"),
        ("NegativeBinomial", -0.5, "0 or more"),
        ("Bernoulli", 0.5, "0 or 1"),
        ("Bernoulli", -1.0, "0 or 1"),
        ("Bernoulli", 2.0, "0 or 1"),
    ] {
        checks.row(format!("{distribution} {wrong}"), || {
            let mut nf = model(distribution);
            let e = fit(&mut nf, &table(wrong), &FitOptions::default()).unwrap_err();
            let message = format!(
                "series \"b\": at 5, column \"y\" is {wrong}; the {distribution} distribution that NHITS learns needs {expected}; \
                 choose another distribution"
            );
            says(&e, "y", wrong, &message);
            assert!(!nf.fitted());
        });
    }
    checks.finish();
}

#[test]
fn what_a_mixture_cannot_be_is_refused_with_its_place() {
    for kind in ["PMM", "NBMM"] {
        let options = json!({
            "h": 4, "inputSize": 8, "maxSteps": 2, "scalerType": "standard", "loss": { "kind": kind, "args": {} },
        });
        let mut nf = forecaster("NHITS", &options);
        let e = fit(&mut nf, &table(-1.0), &FitOptions::default()).unwrap_err();
        let message = format!(
            "series \"b\": at 5, column \"y\" is -1; the {kind} distribution that NHITS learns needs 0 or more; choose another \
             distribution"
        );
        assert_eq!((e.code, &*e.message), (ErrorCode::InvalidOption, &*message));
        assert_eq!(e.details.option.as_deref(), Some("loss"));
    }
}

#[test]
fn a_mean_that_is_a_multiple_of_a_shift_needs_one() {
    for (name, loss) in [
        (
            "Tweedie",
            json!({ "kind": "DistributionLoss", "args": { "distribution": "Tweedie", "rho": 1.5 } }),
        ),
        ("NBMM", json!({ "kind": "NBMM", "args": {} })),
    ] {
        let options = |scaler: &str| json!({ "h": 4, "inputSize": 8, "maxSteps": 2, "scalerType": scaler, "loss": loss });
        let mut nf = forecaster("NHITS", &options("identity"));
        let e = fit(&mut nf, &table(1.0), &FitOptions::default()).unwrap_err();
        let message = format!(
            "option \"scalerType\" must be one that shifts, such as \"standard\": {name} takes its mean from a window's shift, \
             which is 0 here, got \"identity\""
        );
        assert_eq!((e.code, &*e.message), (ErrorCode::InvalidOption, &*message));
        assert_eq!(e.details.option.as_deref(), Some("scalerType"));
        let mut nf = forecaster("NHITS", &options("standard"));
        fit(&mut nf, &table(1.0), &FitOptions::default()).unwrap();
        assert!(forecast(&nf).iter().all(|v| v.is_finite()));
    }
}

#[test]
fn what_a_distribution_can_be_is_learned() {
    let mut checks = Checks::default();
    for (distribution, fine) in [
        ("Poisson", 0.0),
        ("Poisson", 2.5),
        ("Poisson", 1000.0),
        ("Bernoulli", 0.0),
        ("Bernoulli", 1.0),
        ("Normal", -1.0),
        ("StudentT", 0.5),
    ] {
        checks.row(format!("{distribution} {fine}"), || {
            let mut nf = model(distribution);
            fit(&mut nf, &table(fine), &FitOptions::default()).unwrap();
            let forecast = nf.predict(&PredictOptions::default(), &Control::default()).unwrap();
            let of = |name: &str, row: usize| {
                f64::from(forecast.column(&format!("NHITS{name}")).unwrap()[row])
            };
            for row in 0..8 {
                let (mean, variance) = match distribution {
                    "Poisson" => (of("-loc", row), of("-loc", row)),
                    "Bernoulli" => {
                        (of("-logits", row), of("-logits", row) * (1.0 - of("-logits", row)))
                    }
                    "Normal" => (of("-loc", row), of("-scale", row).powi(2)),
                    _ => {
                        let df = of("-df", row);
                        (of("-loc", row), of("-scale", row).powi(2) * df / (df - 2.0))
                    }
                };
                // The mean of 1000 samples: five standard errors.
                let error = 5.0 * (variance / 1000.0).sqrt();
                assert!(
                    (of("", row) - mean).abs() < error,
                    "{} ± {error}, not {mean}",
                    of("", row)
                );
            }
        });
    }
    checks.finish();
}

#[test]
fn what_is_masked_or_missing_is_no_reason_to_refuse() {
    let mut checks = Checks::default();
    for (distribution, wrong) in [("Poisson", -1.0), ("Bernoulli", 0.5)] {
        checks.row(format!("{distribution} masked"), || {
            let mut masked = table(wrong);
            let mask = (0..2 * ROWS).map(|row| f64::from(u8::from(row != WRONG))).collect();
            masked.columns.push(("available_mask".into(), Column::Float(mask)));
            let mut another = masked.clone();
            another.columns[2] = table(1.0).columns[2].clone();
            // What is masked may be anything.
            assert_eq!(fitted(distribution, &masked, None), fitted(distribution, &another, None));
        });
        checks.row(format!("{distribution} missing"), || {
            let missing = |on_missing| fitted(distribution, &table(f64::NAN), on_missing);
            // The value before is 0.
            let filled = missing(Some(OnMissing::FillForward));
            assert_eq!(filled, fitted(distribution, &table(0.0), None));
            assert_ne!(filled, missing(None));
        });
    }
    checks.finish();
}

#[test]
fn a_scaler_of_whole_series_is_blamed_where_it_makes_them_so() {
    let scaled = |distribution: &str, kind| {
        let scaling = LocalScaling { temporal: Some(kind), statics: None };
        let mut nf = model(distribution).with_local_scaling(scaling);
        fit(&mut nf, &table(1.0), &FitOptions::default())
    };
    let mut checks = Checks::default();
    for (distribution, expected) in [("Poisson", "0 or more"), ("Bernoulli", "0 or 1")] {
        checks.row(distribution, || {
            let e = scaled(distribution, LocalScalerType::Standard).unwrap_err();
            let actual = e.details.actual.as_ref().unwrap().as_f64().unwrap();
            let message = format!(
                "series \"a\": at 0, column \"y\" is {actual} once localScalerType has scaled it; the {distribution} \
                 distribution that NHITS learns needs {expected}; leave localScalerType out, or choose another distribution"
            );
            assert_eq!((e.code, e.message), (ErrorCode::InvalidOption, message));
            assert!((-1.5..-0.5).contains(&actual), "{actual}");
            // Zeros and ones stay what they are.
            scaled(distribution, LocalScalerType::Minmax).unwrap();
        });
    }
    checks.finish();
}

#[test]
fn validation_rows_and_rows_to_go_on_with_are_looked_at_too() {
    let mut nf = model("Poisson");
    fit(&mut nf, &table(1.0), &FitOptions::default()).unwrap();
    let before = forecast(&nf);
    let go_on = FitOptions { mode: FitMode::Continue, ..FitOptions::default() };
    let e = fit(&mut nf, &table(-2.0), &go_on).unwrap_err();
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("b"), Some(5)));
    assert_eq!(forecast(&nf), before, "the forecaster is as it was");

    let ids = (0..8).map(|row| Some(["a", "b"][row / 4].to_string())).collect();
    let later = Table::new(vec![
        ("unique_id".into(), Column::Text(ids)),
        ("ds".into(), Column::Int((0..8).map(|row| 30 + row % 4).collect())),
        ("y".into(), Column::Float((0..8).map(|row| if row == 7 { -1.0 } else { 1.0 }).collect())),
    ]);
    let options = FitOptions { val_data: Some(later.unwrap()), ..FitOptions::default() };
    let e = fit(&mut model("Poisson"), &table(1.0), &options).unwrap_err();
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("b"), Some(33)));
}

#[test]
fn the_column_is_called_as_the_user_calls_it() {
    let mut named = table(0.5);
    named.columns[2].0 = "sold".into();
    let names = ColumnNames { target: "sold".into(), ..ColumnNames::default() };
    let options = FitOptions { names, ..FitOptions::default() };
    let e = fit(&mut model("Bernoulli"), &named, &options).unwrap_err();
    says(
        &e,
        "sold",
        0.5,
        "series \"b\": at 5, column \"sold\" is 0.5; the Bernoulli distribution that NHITS learns needs 0 or 1; \
         choose another distribution",
    );
}
