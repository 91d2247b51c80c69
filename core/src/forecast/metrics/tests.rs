//! Tests of the scores, against numbers from utilsforecast.

use super::*;
use crate::data::{ColumnNames, Ids, MissingRows};
use crate::forecast::Column;

const NAN: f64 = f64::NAN;

fn panel(series: &[(&str, i64, &[f64])]) -> Panel {
    let mut indptr = vec![0];
    let (mut times, mut y) = (Vec::new(), Vec::new());
    for (_, first, values) in series {
        times.extend((*first..).take(values.len()));
        y.extend_from_slice(values);
        indptr.push(y.len());
    }
    Panel {
        names: ColumnNames::default(),
        ids: Ids::Text(series.iter().map(|s| s.0.into()).collect()),
        indptr,
        times,
        time_kind: TimeKind::Step,
        mask: y.iter().map(|v| if v.is_nan() { 0.0 } else { 1.0 }).collect(),
        temporal: vec![("y".into(), y.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect())],
        weight: None,
        statics: vec![],
        missing: MissingRows::default(),
        warnings: vec![],
    }
}

fn train() -> Panel {
    panel(&[
        ("a", 1, &[1.0, 3.0, 2.0, 5.0, 4.0, NAN, 7.0, 6.0]),
        ("b", 3, &[10.0, 0.0, 20.0, 5.0, 15.0, 30.0]),
    ])
}

fn actual() -> Panel {
    panel(&[("a", 9, &[8.0, 7.0, 9.0]), ("b", 8, &[30.0, 0.0, 12.0, NAN])])
}

fn forecast() -> Forecast {
    let models = ["M".to_string(), "N".into()];
    let column = |name: &str, values: [f32; 6]| Column::named(name, &models, values.to_vec());
    Forecast {
        names: ColumnNames::default(),
        ids: Ids::Text(vec!["a".into(), "b".into()]),
        h: 3,
        times: vec![9, 10, 11, 9, 10, 11],
        time_kind: TimeKind::Step,
        columns: vec![
            column("M", [7.5, 7.25, 10.0, 1.0, 10.0, 3.0]),
            column("M-lo-80", [6.0, 7.5, 8.0, -1.0, 9.0, 1.0]),
            column("M-hi-80", [9.0, 8.0, 11.0, 2.0, 11.0, 5.0]),
            column("N", [8.0, 8.0, 8.0, 0.0, 11.0, 1.0]),
        ],
        models: models.to_vec(),
        warnings: vec![],
        indptr: vec![0, 3, 6],
        cutoff: None,
        interpretations: Vec::new(),
        paths: None,
    }
}

// train = DataFrame({'unique_id': ['a']*8 + ['b']*6, 'ds': [*range(1, 9), *range(3, 9)],
//     'y': [1, 3, 2, 5, 4, nan, 7, 6, 10, 0, 20, 5, 15, 30]})
// df = DataFrame({'unique_id': ['a']*3 + ['b']*3, 'ds': [9, 10, 11]*2, 'y': [8, 7, 9, 0, 12, nan],
//     'M': [7.5, 7.25, 10, 1, 10, 3], 'N': [8, 8, 8, 0, 11, 1],
//     'M-lo-80': [6, 7.5, 8, -1, 9, 1], 'M-hi-80': [9, 8, 11, 2, 11, 5]})
// losses.mae(df, ['M', 'N'])[['M', 'N']].mean(), and so for mse, rmse, mape, smape
// losses.mase(df, ['M', 'N'], seasonality=2, train_df=train)[['M', 'N']].mean()
#[test]
fn point_scores_equal_utilsforecast() {
    use Metric::*;
    let scores =
        evaluate(&forecast(), &actual(), Some(&train()), 2, &[Mae, Mse, Rmse, Mape, Smape, Mase])
            .unwrap();
    let expected = [
        (
            "M",
            [
                (Mae, 1.0416666666666667),
                (Mse, 1.46875),
                (Rmse, 1.1212883289251687),
                (Mape, 0.11822089947089946),
                (Smape, 0.28979952324604275),
                (Mase, 0.21250000000000002),
            ],
        ),
        (
            "N",
            [
                (Mae, 0.5833333333333333),
                (Mse, 0.5833333333333333),
                (Rmse, 0.7618016810571369),
                (Mape, 0.08399470899470898),
                (Smape, 0.03178459789712987),
                (Mase, 0.18888888888888888),
            ],
        ),
    ];
    for ((model, scores), (expected_model, expected)) in scores.models.iter().zip(expected) {
        assert_eq!(model, expected_model);
        for ((metric, score), (expected_metric, expected)) in scores.iter().zip(expected) {
            assert_eq!(*metric, expected_metric);
            assert!(
                (score - expected).abs() < 1e-12,
                "{model} {metric}: {score} instead of {expected}"
            );
        }
    }
}

// obs = df.dropna(subset=['y'])
// losses.mqloss(obs, {'M': ['M-lo-80', 'M-hi-80']}, np.array([.1, .9]))['M'].mean()
// losses.coverage(obs, ['M'], 80)['M'].mean()
#[test]
fn interval_scores_equal_utilsforecast() {
    let f = Forecast { models: vec!["M".into()], ..forecast() };
    let scores =
        evaluate(&f, &actual(), None, 1, &[Metric::MqLoss, Metric::Coverage(80.0)]).unwrap();
    assert!((scores.models[0].1[0].1 - 0.2833333333333333).abs() < 1e-12);
    assert!((scores.models[0].1[1].1 - 0.5833333333333333).abs() < 1e-12);
}

#[test]
fn training_rows_from_the_forecast_on_do_not_count() {
    let longer = panel(&[
        ("a", 1, &[1.0, 3.0, 2.0, 5.0, 4.0, NAN, 7.0, 6.0, 99.0, -99.0]),
        ("b", 3, &[10.0, 0.0, 20.0, 5.0, 15.0, 30.0, 500.0]),
    ]);
    let mase = |train| evaluate(&forecast(), &actual(), Some(train), 2, &[Metric::Mase]).unwrap();
    assert_eq!(mase(&longer), mase(&train()));
}

#[test]
fn what_is_missing_is_named() {
    let evaluate = |actual: &Panel, train: Option<&Panel>, metric| {
        evaluate(&forecast(), actual, train, 2, &[metric])
    };
    let short = panel(&[("a", 9, &[8.0, 7.0, 9.0]), ("b", 9, &[0.0])]);
    let e = evaluate(&short, None, Metric::Mae).unwrap_err();
    assert_eq!(e.code, ErrorCode::MissingValue);
    assert_eq!(
        e.message,
        "series \"b\" has no actual \"y\" at 10; every forecast time needs a row in the actual table"
    );
    assert_eq!((e.details.unique_id.as_deref(), e.details.ds), (Some("b"), Some(10)));
    let e = evaluate(&panel(&[("a", 9, &[8.0, 7.0, 9.0])]), None, Metric::Mae).unwrap_err();
    assert_eq!(e.message, "the actual table has no series \"b\"; it has a");
    let e = evaluate(&actual(), None, Metric::Mase).unwrap_err();
    assert_eq!(e.details.option.as_deref(), Some("train"));
    let e = evaluate(&actual(), None, Metric::Coverage(90.0)).unwrap_err();
    assert!(e.message.starts_with("\"M\" has the levels 80, not 90;"));
    let e = evaluate(&actual(), None, Metric::MqLoss).unwrap_err();
    assert!(e.message.starts_with("\"N\" has no quantiles"), "{e}");
}

#[test]
fn a_score_without_any_value_is_nan() {
    let zeros = panel(&[("a", 9, &[0.0; 3]), ("b", 9, &[0.0, NAN, NAN])]);
    let scores = evaluate(&forecast(), &zeros, None, 1, &[Metric::Mape, Metric::Mae]).unwrap();
    assert!(scores.models[0].1[0].1.is_nan());
    assert_eq!(scores.models[1].1[1].1, 4.0);
}

/// Scores of the models M and N, and the warnings.
fn scored(actual: &Panel, train: &Panel, metrics: &[Metric]) -> ([Vec<f64>; 2], Vec<String>) {
    let scores = evaluate(&forecast(), actual, Some(train), 2, metrics).unwrap();
    let of = |i: usize| scores.models[i].1.iter().map(|(_, score)| *score).collect();
    ([of(0), of(1)], scores.warnings)
}

#[test]
fn a_series_that_a_score_would_divide_by_zero_for_is_left_out_and_named() {
    let (whole, warnings) = scored(&actual(), &train(), &[Metric::Mase, Metric::Rmae]);
    assert_eq!(warnings, [""; 0]);
    let constant = [7.0; 8];
    let alone = panel(&[("a", 1, &constant), ("b", 3, &[10.0, 0.0, 20.0, 5.0, 15.0, 30.0])]);
    let (one, warnings) = scored(&actual(), &alone, &[Metric::Mase]);
    assert_eq!(
        warnings,
        [
            "mase leaves out 1 of 2 series (\"a\"): their values repeat every 2 steps, and the seasonal naive error that it \
          divides by is 0"
        ]
    );
    // Errors 1 and 2 of "b", relative to the mean of 10, 5, 5 and 25.
    assert_eq!(one, [vec![1.5 / 11.25], vec![0.5 / 11.25]]);
    assert_ne!(one[0][0], whole[0][0]);
    let short = panel(&[("a", 7, &[7.0, 6.0]), ("b", 3, &[10.0, 0.0, 20.0, 5.0, 15.0, 30.0])]);
    let (same, warnings) = scored(&actual(), &short, &[Metric::Mase]);
    assert_eq!(same, one);
    assert_eq!(
        warnings,
        [
            "mase leaves out 1 of 2 series (\"a\"): they have no values 2 steps apart before the forecast"
        ]
    );
    let both = panel(&[("a", 1, &constant), ("b", 7, &[15.0, 30.0])]);
    let (none, warnings) = scored(&actual(), &both, &[Metric::Mase]);
    assert!(none.iter().flatten().all(|score| score.is_nan()));
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert_eq!(warnings[2], "mase is NaN: there is nothing left to score");
}

#[test]
fn a_benchmark_without_error_or_forecast_has_no_score_relative_to_it() {
    // The seasonal naive forecast of "a" is 8, 7, 8 or 8, 7, 9 …
    let right = panel(&[("a", 9, &[8.0, 7.0, 8.0]), ("b", 9, &[0.0, 12.0, NAN])]);
    let ends = panel(&[("a", 7, &[8.0, 7.0]), ("b", 7, &[15.0, 30.0])]);
    let (rmae, warnings) = scored(&right, &ends, &[Metric::Rmae]);
    assert_eq!(
        warnings,
        [
            "rmae leaves out 1 of 2 series (\"a\"): the error of the benchmark, which it divides by, is 0"
        ]
    );
    assert_eq!(rmae, [vec![1.5 / 16.5], vec![0.5 / 16.5]]);
    // A short series has no seasonal naive forecast at its first step, but one at the second.
    let masked = panel(&[("a", 7, &[NAN, NAN]), ("b", 7, &[15.0, 30.0])]);
    let metrics = [Metric::Rmae, Metric::RelMse];
    let (both, warnings) = scored(&right, &masked, &metrics);
    let left = "leaves out 1 of 2 series (\"a\"): the benchmark has no forecast of them";
    assert_eq!(warnings, [format!("rmae {left}"), format!("relmse {left}")]);
    assert_eq!(both[0][0], 1.5 / 16.5);
    assert!((both[0][1] - 2.5 / (274.5 + 1e-5)).abs() < 1e-12, "{both:?}");
    let exact = panel(&[("a", 9, &[8.0, 7.0, 8.0]), ("b", 9, &[15.0, 30.0, NAN])]);
    let (_, warnings) = scored(&exact, &ends, &[Metric::RelMse]);
    assert_eq!(warnings, ["relmse is relative to 1e-5, as the benchmark makes no error"]);
}

#[test]
fn zeros_and_series_without_values_are_counted() {
    let zeros = panel(&[("a", 9, &[0.0, 7.0, 0.0]), ("b", 9, &[0.0, NAN, NAN])]);
    let (scores, warnings) = scored(&zeros, &train(), &[Metric::Mape, Metric::Smape]);
    assert_eq!(
        warnings,
        [
            "mape leaves out 3 values in 2 of 2 series (\"a\", \"b\"): they are 0, and it divides by them"
        ]
    );
    assert_eq!(scores[1][0], 1.0 / 7.0);
    assert!((scores[1][1] - (2.0 + 1.0 / 15.0) / 6.0).abs() < 1e-15);
    let gone = panel(&[("a", 9, &[8.0, 7.0, 9.0]), ("b", 9, &[NAN; 3])]);
    let (_, warnings) = scored(&gone, &train(), &[Metric::Mae, Metric::Mase]);
    assert_eq!(
        warnings,
        ["all scores leave out 1 of 2 series (\"b\"): they have no actual values"]
    );
    let quantiles = Forecast { models: vec!["M".into()], ..forecast() };
    let nothing = panel(&[("a", 9, &[0.0; 3]), ("b", 9, &[0.0; 3])]);
    let scores = evaluate(&quantiles, &nothing, None, 1, &[Metric::Scrps]).unwrap();
    assert_eq!(scores.warnings, ["scrps is relative to 1e-5, as all actual values are 0"]);
}

#[test]
fn a_model_without_a_forecast_of_a_series_is_scored_on_the_others() {
    let mut f = forecast();
    f.columns[3].values[4] = f32::NAN;
    let scores = evaluate(&f, &actual(), None, 1, &[Metric::Mae, Metric::Rmse]).unwrap();
    assert_eq!(
        scores.warnings,
        [
            "the scores of \"N\" leave out 1 of 2 series (\"b\"): it has no forecast of all their times"
        ]
    );
    assert_eq!(
        scores.models[1].1,
        [(Metric::Mae, 2.0 / 3.0), (Metric::Rmse, (2.0_f64 / 3.0).sqrt())]
    );
    f.columns[3].values.fill(f32::NAN);
    let scores = evaluate(&f, &actual(), None, 1, &[Metric::Mae]).unwrap();
    assert_eq!(scores.warnings[1], "mae of \"N\" is NaN: there is nothing left to score");
    assert!(scores.models[1].1[0].1.is_nan() && scores.models[0].1[0].1 > 0.0);
}

#[test]
fn names_of_metrics_are_read_and_written() {
    for name in [
        "mae",
        "mse",
        "rmse",
        "mape",
        "smape",
        "mase",
        "rmsse",
        "rmae",
        "relmse",
        "accuracy",
        "mqloss",
        "scrps",
        "scaledcrps",
        "coverage-97.5",
        "ql-0.25",
    ] {
        assert_eq!(name.parse::<Metric>().unwrap().to_string(), name);
    }
    assert_eq!("sMAPE".parse::<Metric>().unwrap(), Metric::Smape);
    assert!("maes".parse::<Metric>().unwrap_err().message.contains("did you mean \"mae\"?"));
    assert_eq!("relMSE".parse::<Metric>().unwrap(), Metric::RelMse);
    assert!("coverage-120".parse::<Metric>().is_err());
    assert!("ql-1.5".parse::<Metric>().is_err());
}

#[test]
fn the_seasonal_naive_repeats_the_last_season_and_fills_from_earlier_ones() {
    let naive = seasonal_naive(&train(), 4, 3); // "a" ends in NaN 7 6, after 2 5 4
    assert_eq!(naive, [2.0, 7.0, 6.0, 2.0, 5.0, 15.0, 30.0, 5.0]);
    let naive = seasonal_naive(&panel(&[("a", 1, &[4.0, 5.0])]), 4, 3);
    assert!(naive[0].is_nan() && naive[3].is_nan());
    assert_eq!(naive[1..3], [4.0, 5.0]);
}
