//! Tests of the scores, against numbers from utilsforecast.

use super::*;
use crate::data::{ColumnNames, Ids, MissingRows};

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
    Forecast {
        names: ColumnNames::default(),
        ids: Ids::Text(vec!["a".into(), "b".into()]),
        h: 3,
        times: vec![9, 10, 11, 9, 10, 11],
        time_kind: TimeKind::Step,
        columns: vec![
            ("M".into(), vec![7.5, 7.25, 10.0, 1.0, 10.0, 3.0]),
            ("M-lo-80".into(), vec![6.0, 7.5, 8.0, -1.0, 9.0, 1.0]),
            ("M-hi-80".into(), vec![9.0, 8.0, 11.0, 2.0, 11.0, 5.0]),
            ("N".into(), vec![8.0, 8.0, 8.0, 0.0, 11.0, 1.0]),
        ],
        models: vec!["M".into(), "N".into()],
        indptr: vec![0, 3, 6],
        cutoff: None,
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
    for ((model, scores), (expected_model, expected)) in scores.iter().zip(expected) {
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
    assert!((scores[0].1[0].1 - 0.2833333333333333).abs() < 1e-12);
    assert!((scores[0].1[1].1 - 0.5833333333333333).abs() < 1e-12);
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
    assert_eq!(e.message, "the actual table has no series \"b\" (did you mean \"a\"?); it has a");
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
    assert!(scores[0].1[0].1.is_nan());
    assert_eq!(scores[1].1[1].1, 4.0);
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
        "rmae",
        "relmse",
        "accuracy",
        "mqloss",
        "scrps",
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
