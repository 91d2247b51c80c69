//! Reconciliation against upstream's matrices and forecasts, and the properties that it has for any hierarchy.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::objective::{LossSpec, Objective};
use crate::options::OptionValue;
use crate::parity::json;

const METHODS: [Reconciliation; 3] =
    [Reconciliation::BottomUp, Reconciliation::MinTraceOls, Reconciliation::MinTraceWls];

/// All numbers of nested lists, in order.
fn flat(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(items) => items.iter().flat_map(flat).collect(),
        None => vec![value.as_f64().unwrap()],
    }
}

fn prepared(s: &SummingMatrix, how: Reconciliation) -> Reconciler {
    how.check(s).unwrap();
    Reconciler::new(s, how).unwrap().unwrap()
}

/// `S·P`, `[series, series]`: the reconciled columns of an identity matrix.
fn matrix(s: &SummingMatrix, how: Reconciliation) -> Vec<f64> {
    let n = s.series();
    let mut columns = vec![0.0; n * n];
    (0..n).for_each(|i| columns[i * n + i] = 1.0);
    prepared(s, how).apply(s, &mut columns, n);
    columns
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < tolerance, "{what}: off by {worst}");
}

fn hierarchies() -> Value {
    json("hierarchies.json")
}

fn each_case(file: &Value, mut visit: impl FnMut(&str, &Value, SummingMatrix, Reconciliation)) {
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let s = SummingMatrix::read(&case["S"]).unwrap();
        let how = Reconciliation::read(&case["reconciliation"]).unwrap();
        visit(case["name"].as_str().unwrap(), case, s, how);
    }
}

#[test]
fn matrices_are_upstreams() {
    each_case(&hierarchies(), |name, case, s, how| {
        let (found, n) = (matrix(&s, how), s.series());
        assert_close(&found, &flat(&case["SP"]), 1e-13, name);
        // The last rows of S are an identity matrix, so the last rows of S·P are P.
        assert_close(&found[s.aggregates() * n..], &flat(&case["P"]), 1e-13, name);
    });
}

#[test]
fn forecasts_of_given_samples_are_upstreams() {
    let file = hierarchies();
    let taus: Vec<f32> = flat(&file["quantiles"]).iter().map(|q| *q as f32).collect();
    let args = serde_json::json!({ "distribution": "Normal", "level": [80] });
    let spec =
        LossSpec { kind: "DistributionLoss".into(), args: args.as_object().unwrap().clone() };
    let objective = Objective::new(&spec, 2, "loss").unwrap();
    assert_eq!(objective.taus[..], taus);
    each_case(&file, |name, case, s, how| {
        let (given, expected) = (flat(&case["samples"]), flat(&case["forecast"]));
        let steps = 2 * 2;
        let count = given.len() / (s.series() * steps);
        let (reconciler, of_step) = (prepared(&s, how), 1 + taus.len());
        for step in 0..steps {
            let at = |series: usize| (series * steps + step) * count;
            let samples = (0..s.series()).flat_map(|i| &given[at(i)..][..count]).copied();
            let mut samples: Vec<f64> = samples.collect();
            reconciler.apply(&s, &mut samples, count);
            let mut found = Vec::new();
            for samples in samples.chunks_exact_mut(count) {
                objective.summarize(samples, &mut found);
            }
            let expected =
                (0..s.series()).flat_map(|i| &expected[(i * steps + step) * of_step..][..of_step]);
            let expected: Vec<f64> = expected.copied().collect();
            let means = |all: &[f64]| all.iter().copied().step_by(of_step).collect::<Vec<_>>();
            assert_close(&means(&found), &means(&expected), 1e-10, name);
            // Upstream's quantiles are at places among the samples that are rounded to f32.
            assert_close(&found, &expected, 1e-5, name);
        }
    });
}

/// Aggregates' rows, forecasts of 5 samples, and what the bottom series forecast.
fn hierarchy(least: f64) -> impl Strategy<Value = (SummingMatrix, Vec<f64>)> {
    (1usize..8, 0usize..7).prop_flat_map(move |(bottom, aggregates)| {
        let weight = prop_oneof![Just(0.0), Just(1.0), least..3.0f64];
        let rows = proptest::collection::vec(proptest::collection::vec(weight, bottom), aggregates);
        let forecasts = proptest::collection::vec(-1e4..1e4f64, (bottom + aggregates) * 5);
        (rows, forecasts).prop_map(move |(mut rows, forecasts)| {
            // An aggregate has at least one series.
            rows.iter_mut().enumerate().for_each(|(i, row)| row[i % bottom] = 1.0);
            let unit = |j: usize| (0..bottom).map(|k| f64::from(u8::from(j == k))).collect();
            rows.extend((0..bottom).map(unit));
            (SummingMatrix::new(rows).unwrap(), forecasts)
        })
    })
}

/// The largest error of a sum among forecasts as they are given out, in f32, relative to the sum of the sizes of its parts.
fn incoherence(s: &SummingMatrix, forecasts: &[f64], count: usize) -> f64 {
    let value = |series: usize, k: usize| f64::from(forecasts[series * count + k] as f32);
    let mut worst = 0.0f64;
    for (i, row) in s.rows()[..s.aggregates()].iter().enumerate() {
        for k in 0..count {
            let parts = row.iter().enumerate().map(|(j, w)| w * value(s.aggregates() + j, k));
            let (sum, size) = parts.fold((0.0, 0.0), |(sum, size), v| (sum + v, size + v.abs()));
            worst = worst.max((value(i, k) - sum).abs() / size.max(f64::MIN_POSITIVE));
        }
    }
    worst
}

proptest! {
    #[test]
    fn samples_and_their_mean_add_up_in_any_hierarchy((s, given) in hierarchy(0.1)) {
        for how in METHODS {
            let mut forecasts = given.clone();
            prepared(&s, how).apply(&s, &mut forecasts, 5);
            prop_assert!(incoherence(&s, &forecasts, 5) < 1e-4);
            let mean: Vec<f64> = forecasts.chunks_exact(5).map(|of| of.iter().sum::<f64>() / 5.0).collect();
            prop_assert!(incoherence(&s, &mean, 1) < 1e-4);
        }
    }

    #[test]
    fn what_adds_up_stays_as_it_is((s, given) in hierarchy(0.1)) {
        for how in METHODS {
            let mut coherent = given.clone();
            prepared(&s, Reconciliation::BottomUp).apply(&s, &mut coherent, 5);
            let before = coherent.clone();
            prepared(&s, how).apply(&s, &mut coherent, 5);
            let off = before.iter().zip(&coherent).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            prop_assert!(off < 1e-7, "{how:?}: {off}");
        }
    }

    #[test]
    fn least_squares_are_least((s, given) in hierarchy(-3.0), other in proptest::collection::vec(-1e4..1e4f64, 8)) {
        let mut found = given.clone();
        prepared(&s, Reconciliation::MinTraceOls).apply(&s, &mut found, 5);
        // Any other coherent forecast is farther away from what was given.
        let mut others = found.clone();
        let bottom = s.aggregates() * 5;
        others[bottom..].iter_mut().zip(other.iter().cycle()).for_each(|(v, by)| *v += by);
        prepared(&s, Reconciliation::BottomUp).apply(&s, &mut others, 5);
        let distance = |to: &[f64]| given.iter().zip(to).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        prop_assert!(distance(&found) <= distance(&others) * (1.0 + 1e-9));
    }
}

#[test]
fn sums_that_are_no_variances_are_refused() {
    let rows = vec![vec![1.0, -1.0], vec![1.0, 0.0], vec![0.0, 1.0]];
    let s = SummingMatrix::new(rows).unwrap();
    assert!(Reconciliation::MinTraceOls.check(&s).is_ok());
    assert_eq!(
        Reconciliation::MinTraceWls.check(&s).unwrap_err().message,
        "MinTraceWLS takes the sum of a row of S for a variance, and S[0] sums to 0; use reconciliation \"MinTraceOLS\""
    );
}

#[test]
fn entries_of_too_different_sizes_are_refused() {
    let rows = vec![vec![1e200, 1.0], vec![1.0, 0.0], vec![0.0, 1.0]];
    let s = SummingMatrix::new(rows).unwrap();
    let error = Reconciler::new(&s, Reconciliation::MinTraceOls).unwrap_err();
    assert_eq!(
        error.message,
        "the entries of S differ too much in size for 64-bit numbers; scale them"
    );
}

#[test]
fn the_plan_of_memory_is_what_is_held() {
    let unit = |j: usize| (0..3).map(|k| f64::from(u8::from(j == k))).collect();
    let rows = [vec![vec![1.0; 3]; 9], (0..3).map(unit).collect()].concat();
    let s = SummingMatrix::new(rows).unwrap();
    for how in METHODS {
        assert_eq!(prepared(&s, how).bytes(), Reconciler::planned(&s, how), "{how:?}");
    }
    assert!(Reconciler::new(&s, Reconciliation::Identity).unwrap().is_none());
}
