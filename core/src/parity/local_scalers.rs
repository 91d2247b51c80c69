//! Scalers of whole series: statistics, scaled values and the inverse.

use serde_json::Value;

use super::checks::Checks;
use super::json;
use crate::options::OptionValue;
use crate::scalers::{LocalScalerType, SeriesScaler};

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap_or(f64::NAN)],
    }
}

#[track_caller]
fn assert_close(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() <= tolerance * e.abs().max(1.0), "{what}[{i}]: {g} against {e}");
    }
}

#[test]
fn statistics_scaled_values_and_the_way_back_are_upstreams() {
    let fixture = json("local_scalers.json");
    let (cases, h) = (fixture["cases"].as_array().unwrap(), fixture["h"].as_u64().unwrap());
    assert_eq!(cases.len(), 4 * 5 + 4);
    let (mut exact_powers, mut checks) = (0, Checks::default());
    for case in cases {
        let what = format!("{} of {}", case["type"], case["column"]);
        checks.row(what, || exact_powers += check(case, h as usize));
    }
    checks.finish();
    assert!(exact_powers >= 8, "{exact_powers} of 11");
}

/// Checks one case; returns how many of its Box-Cox lambdas agree with upstream's to 1e-5.
fn check(case: &Value, h: usize) -> usize {
    let mut exact_powers = 0;
    let kind = LocalScalerType::read(&case["type"]).unwrap();
    let what = format!("{} of {}", kind.name(), case["column"]);
    let mut groups = vec![0];
    for series in case["values"].as_array().unwrap() {
        groups.push(groups[groups.len() - 1] + series.as_array().unwrap().len());
    }
    let mut values = numbers(&case["values"]);
    let mask: Vec<bool> = values.iter().map(|v| v.is_finite()).collect();
    values.iter_mut().filter(|v| v.is_nan()).for_each(|v| *v = 0.0);
    let ours = SeriesScaler::fit(kind, &values, &groups, |row| mask[row]);
    let statistics = numbers(&case["statistics"]);
    let flat = ours.statistics.as_flattened();
    let boxcox = kind == LocalScalerType::Boxcox;
    if !boxcox {
        assert_close(&what, flat, &statistics, 1e-12);
        assert_close(&what, flat, &numbers(&case["statisticsF32"]), 1e-6);
    } else if case["column"] != "constant" {
        // Any lambda fits a constant series. Elsewhere the f32 likelihood is noisy: lambdas agree within the tolerance of
        // the search.
        assert_close(&what, flat, &statistics, 0.0186);
        let same = |(ours, theirs): (&f64, &f64)| (ours - theirs).abs() < 1e-5;
        exact_powers +=
            flat.iter().step_by(2).zip(statistics.iter().step_by(2)).filter(|p| same(*p)).count();
    }
    // Scaled with upstream's statistics, so that differences in the last digits of lambda do not matter here.
    let scaler = SeriesScaler { kind, statistics: statistics.as_chunks().0.to_vec() };
    scaler.scale_all(&mut values, &groups);
    assert_close(&what, &values, &numbers(&case["scaled"]), 1e-12);
    let mut forecast = numbers(&case["forecast"]);
    let ahead: Vec<usize> = (0..groups.len()).map(|i| i * h).collect();
    scaler.unscale_all(&mut forecast, &ahead);
    assert_close(&what, &forecast, &numbers(&case["inverse"]), 1e-11);
    exact_powers
}
