//! Distributions: their parameters against upstream's, and their samples within the error that sampling has.

use super::{Fixture, Tensor, assert_close};
use crate::losses::{Draws, Law, Likelihood, Loss};
use crate::rng::{Key, Stream};

/// Standard errors that a sampled number may be off; one in two million is more.
const ERRORS: f64 = 5.0;
/// Samples behind the numbers of the fixtures of forwards: `SAMPLES` of `tools/reference/models.py`.
const SAMPLES: usize = 40_000;

/// Standard error of the mean of `n` samples.
fn error_of_mean(law: Law, n: usize) -> f64 {
    let spread = law.freedom.map_or(1.0, |f| (f / (f - 2.0)).sqrt());
    law.scale * spread / (n as f64).sqrt()
}

/// Standard error of a quantile of `n` samples, where it lies: `√(q(1 - q)/n) / p`.
fn error_of_quantile(law: Law, q: f64, at: f64, n: usize) -> f64 {
    (q * (1.0 - q) / n as f64).sqrt() / (-law.loss(at)).exp()
}

/// Mean and quantiles of two samples of `n` from the same law agree as well as such samples do.
fn assert_sampled_alike(
    what: &str,
    law: Law,
    quantiles: &[f32],
    [ours, theirs]: [&[f64]; 2],
    n: usize,
) {
    let of_mean = error_of_mean(law, n);
    let of_quantile = |(q, at): (&f32, &f64)| error_of_quantile(law, f64::from(*q), *at, n);
    let errors =
        std::iter::once(of_mean).chain(quantiles.iter().zip(&theirs[1..]).map(of_quantile));
    for (i, error) in errors.enumerate() {
        let (ours, theirs) = (ours[i], theirs[i]);
        let allowed = ERRORS * std::f64::consts::SQRT_2 * error;
        assert!(
            (ours - theirs).abs() < allowed,
            "{what}[{i}]: {ours} against {theirs} ± {allowed}"
        );
    }
}

/// The distributions of a forward on the scale of the target, and what is sampled from them.
pub(super) fn check(
    name: &str,
    fixture: &Fixture,
    loss: &Loss,
    likelihood: &Likelihood,
    output: &[f32],
) {
    let [shift, scale, expected, sampled] =
        ["loc", "scale", "distr_args", "sampled"].map(|name| fixture.tensor(name));
    let points = expected.data.len() / loss.outputs();
    let per_window = points / shift.data.len();
    let mut parameters = Vec::new();
    let (mut work, mut columns) = (Vec::new(), Vec::new());
    for (point, raw) in output.chunks(loss.outputs()).enumerate() {
        let raw: Vec<f64> = raw.iter().map(|v| f64::from(*v)).collect();
        let window = point / per_window;
        let moved = [shift.data[window], scale.data[window]].map(f64::from);
        let law = likelihood.family.law(&raw).moved(moved);
        parameters.extend(law.freedom.into_iter().chain([law.location, law.scale]));
        let key = Key::new(1, Stream::Samples, window as u32);
        let draws = Draws { key, point: point as u64, count: SAMPLES };
        columns.clear();
        likelihood.columns(law, &loss.quantiles, (draws, false), &mut work, &mut columns);
        assert_eq!(columns.len(), loss.output_names.len());
        let width = 1 + loss.quantiles.len();
        let theirs: Vec<f64> =
            sampled.data[point * width..][..width].iter().map(|v| f64::from(*v)).collect();
        let what = format!("{name} samples of point {point}");
        assert_sampled_alike(&what, law, &loss.quantiles, [&columns[..width], &theirs], SAMPLES);
    }
    let parameters: Vec<f32> = parameters.iter().map(|v| *v as f32).collect();
    let outputs = loss.outputs();
    for i in 0..outputs {
        let of =
            |all: &[f32]| -> Vec<f32> { all.iter().skip(i).step_by(outputs).copied().collect() };
        let what = format!("{name} parameter {i}");
        assert_close(&what, &of(&parameters), &of(&expected.data), 1e-5);
    }
}

/// A forecast with its parameters among the columns: these and a mean that is fed back are upstream's, the rest is sampled.
pub(super) fn check_forecast(
    name: &str,
    loss: &Loss,
    columns: &[(String, Vec<f32>)],
    expected: &Tensor,
    (samples, exact_mean, tolerance): (usize, bool, f32),
) {
    let (width, sampled) = (columns.len(), 1 + loss.quantiles.len());
    assert_eq!(width, sampled + loss.outputs(), "{name}: the parameters are among the columns");
    let theirs =
        |c: usize| -> Vec<f32> { expected.data.iter().skip(c).step_by(width).copied().collect() };
    for (c, (title, values)) in columns.iter().enumerate() {
        if c >= sampled || (c == 0 && exact_mean) {
            assert_close(&format!("{name} forecast {title}"), values, &theirs(c), tolerance);
        }
    }
    for (row, theirs) in expected.data.chunks(width).enumerate() {
        let wide = |v: &f32| f64::from(*v);
        let theirs: Vec<f64> = theirs.iter().map(wide).collect();
        let ours: Vec<f64> = columns.iter().map(|(_, values)| wide(&values[row])).collect();
        let (freedom, [location, scale]) = match theirs[sampled..] {
            [location, scale] => (None, [location, scale]),
            [freedom, location, scale] => (Some(freedom), [location, scale]),
            _ => unreachable!("two or three parameters"),
        };
        let law = Law { location, scale, freedom };
        // What two trainings differ by comes on top: it moves and widens our law against theirs.
        let apart = |own: f64| f64::from(tolerance) * own.abs();
        let slack = apart(location) + 3.0 * apart(scale);
        let ours: Vec<f64> = ours
            .iter()
            .zip(&theirs)
            .map(|(o, t)| {
                let off = o - t;
                t + off.signum() * (off.abs() - slack).max(0.0)
            })
            .collect();
        let what = format!("{name} samples of row {row}");
        assert_sampled_alike(
            &what,
            law,
            &loss.quantiles,
            [&ours[..sampled], &theirs[..sampled]],
            samples,
        );
    }
}
