//! The basis functions of interpretable blocks: trends and harmonics over a window, computed in f64, stored as f32.
//!
//! A table is `[functions, length]`. Upstream: `models/nbeats.py: get_basis, SeasonalityBasis`.

use std::f64::consts::TAU;

use crate::interrupt::look;
use crate::memory;
use crate::options::choices;

choices! {
    /// The basis functions of a trend.
    pub enum TrendBasis {
        /// Legendre polynomials.
        Legendre = "legendre",
        /// Powers of time.
        Polynomial = "polynomial",
        /// Ramps that start at change points.
        Changepoint = "changepoint",
        /// Triangular functions from knot to knot.
        PiecewiseLinear = "piecewise_linear",
        /// Triangular functions around equally spaced centres.
        LinearHat = "linear_hat",
        /// Cubic B-splines.
        Spline = "spline",
        /// Chebyshev polynomials.
        Chebyshev = "chebyshev",
    }
}

/// `n` numbers from `a` to `b`, as NumPy's `linspace`.
fn linspace(a: f64, b: f64, n: usize) -> Vec<f64> {
    let step = if n > 1 { (b - a) / (n - 1) as f64 } else { 0.0 };
    (0..n).map(|i| if n > 1 && i + 1 == n { b } else { a + i as f64 * step }).collect()
}

/// One row for each of `count` functions, from `f(function, time)`.
fn table(times: &[f64], count: usize, f: impl Fn(usize, f64) -> f64) -> Vec<f32> {
    let mut rows = memory::list(count * times.len());
    for (i, row) in rows.chunks_exact_mut(times.len().max(1)).enumerate() {
        look();
        row.iter_mut().zip(times).for_each(|(to, t)| *to = f(i, *t) as f32);
    }
    rows
}

impl TrendBasis {
    /// The least number of functions besides the first one.
    pub fn least(self) -> usize {
        match self {
            Self::Spline => 3,
            Self::LinearHat => 1,
            _ => 0,
        }
    }

    /// The first `count` functions over `length` steps: `[count, length]`.
    pub fn functions(self, length: usize, count: usize) -> Vec<f32> {
        let centred = linspace(-1.0, 1.0, length);
        let unit = linspace(0.0, 1.0, length);
        match self {
            Self::Legendre => table(&centred, count, |i, x| {
                recurrence(i, x, |n| ((2.0 * n + 1.0) / (n + 1.0), n / (n + 1.0)))
            }),
            Self::Chebyshev => table(&centred, count, |i, x| recurrence(i, x, |_| (2.0, 1.0))),
            Self::Polynomial => {
                let times: Vec<f64> = (0..length).map(|t| t as f64 / length as f64).collect();
                table(&times, count, |i, t| t.powi(i as i32))
            }
            Self::Changepoint => {
                let points = linspace(0.0, 1.0, count + 1);
                table(&unit, count, |i, x| (x - points[i + 1]).max(0.0))
            }
            Self::PiecewiseLinear => {
                let knots = linspace(0.0, 1.0, count + 1);
                table(&unit, count, |i, x| {
                    if i == 0 {
                        return 0.0; // as in upstream, the first function is 0
                    }
                    let up = (x - knots[i - 1]) / (knots[i] - knots[i - 1]);
                    let down = (knots[i + 1] - x) / (knots[i + 1] - knots[i]);
                    up.min(down).max(0.0)
                })
            }
            Self::LinearHat => {
                let centres = linspace(0.0, 1.0, count);
                let width = 1.0 / (count - 1) as f64;
                table(&unit, count, |i, x| (1.0 - (x - centres[i]).abs() / width).max(0.0))
            }
            Self::Spline => {
                let knots = spline_knots(count);
                table(&unit, count, |i, x| spline(&knots, count, i, x))
            }
        }
    }
}

/// `p_0 = 1`, `p_1 = x`, `p_(n+1) = a x p_n - b p_(n-1)`, where `step` gives `a` and `b` of `n` from 1 on.
fn recurrence(i: usize, x: f64, step: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut before, mut now) = (1.0, x);
    if i == 0 {
        return before;
    }
    for n in 1..i {
        let (a, b) = step(n as f64);
        (before, now) = (now, a * x * now - b * before);
    }
    now
}

/// Degree of the splines.
const DEGREE: usize = 3;

/// Knots of `count` cubic splines from 0 to 1, the ends repeated.
fn spline_knots(count: usize) -> Vec<f64> {
    let inner = linspace(0.0, 1.0, count - 2);
    [vec![0.0; DEGREE], inner, vec![1.0; DEGREE]].concat()
}

/// The `i`-th of `count` cubic splines at `x`, by Cox and de Boor.
fn spline(knots: &[f64], count: usize, i: usize, x: f64) -> f64 {
    // The interval that x is in; the last one includes its end.
    let interval = (DEGREE..count).rev().find(|k| knots[*k] <= x).unwrap_or(DEGREE);
    let mut b = [0.0; DEGREE + 1]; // b[j]: of the spline that begins at knot interval - degree + j
    b[DEGREE] = 1.0;
    for degree in 1..=DEGREE {
        for j in DEGREE - degree..=DEGREE {
            let from = interval + j - DEGREE;
            let part = |value: f64, above: f64, below: f64| {
                if below > 0.0 { above / below * value } else { 0.0 }
            };
            let rising = part(b[j], x - knots[from], knots[from + degree] - knots[from]);
            let next = if j < DEGREE { b[j + 1] } else { 0.0 };
            let end = knots[from + degree + 1];
            b[j] = rising + part(next, end - x, end - knots[from + 1]);
        }
    }
    (i + DEGREE).checked_sub(interval).and_then(|j| b.get(j)).copied().unwrap_or(0.0)
}

/// The number of harmonics of a horizon of `h`, including the constant.
pub(super) fn harmonic_count(harmonics: usize, h: usize) -> usize {
    1 + (harmonics * h).div_ceil(2).saturating_sub(harmonics)
}

/// Cosines, then sines of the harmonics of a horizon of `h`, over `length` steps: `[2·harmonics, length]`.
///
/// For the past, time runs backwards.
pub(super) fn seasonality(harmonics: usize, h: usize, length: usize, past: bool) -> Vec<f32> {
    let count = harmonic_count(harmonics, h);
    let turn = if past { -TAU } else { TAU };
    let times: Vec<f64> = (0..length).map(|t| turn * (t as f64 / h as f64)).collect();
    let frequency = |i: usize| match i {
        0 => 0.0,
        i => (harmonics + i - 1) as f64 / harmonics as f64,
    };
    let cosines = table(&times, count, |i, t| (t * frequency(i)).cos());
    let sines = table(&times, count, |i, t| (t * frequency(i)).sin());
    [cosines, sines].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splines_add_up_to_one() {
        for count in [4, 5, 9] {
            let table = TrendBasis::Spline.functions(31, count);
            for t in 0..31 {
                let sum: f32 = (0..count).map(|i| table[i * 31 + t]).sum();
                assert!((sum - 1.0).abs() < 1e-6, "{count} at {t}: {sum}");
            }
            assert_eq!((table[0], table[count * 31 - 1]), (1.0, 1.0));
        }
    }

    #[test]
    fn polynomials_are_orthogonal_where_they_should_be() {
        let length = 4001;
        let table = TrendBasis::Legendre.functions(length, 5);
        let product = |i: usize, j: usize| -> f64 {
            let f = |i: usize, t: usize| f64::from(table[i * length + t]);
            (0..length).map(|t| f(i, t) * f(j, t)).sum::<f64>() * 2.0 / length as f64
        };
        for i in 0..5 {
            for j in 0..5 {
                let expected = if i == j { 2.0 / (2 * i + 1) as f64 } else { 0.0 };
                assert!((product(i, j) - expected).abs() < 2e-3, "{i} {j}: {}", product(i, j));
            }
        }
    }

    #[test]
    fn harmonics_end_before_half_the_horizon() {
        assert_eq!(harmonic_count(2, 12), 11);
        assert_eq!(harmonic_count(1, 5), 3);
        assert_eq!(harmonic_count(0, 7), 1);
        let table = seasonality(2, 6, 3, false);
        assert_eq!(table.len(), 2 * harmonic_count(2, 6) * 3);
        assert!((table[3 + 1] - 0.5).abs() < 1e-6, "cos(2π/6)");
    }
}
