//! Sample paths: values of several steps that belong together, drawn from the quantiles of each step. Upstream: `utils.py:
//! gaussian_copula_sample, schaake_shuffle_sample`.
//!
//! A path takes one quantile level for each step. How the levels of a path depend on each other comes from the history.

use crate::options::choices;
use crate::rng::{Key, Stream};
use crate::special::normal_cdf;
use crate::variates::{standard_normal, uniform};

choices! {
    /// How the steps of a path depend on each other.
    pub enum Dependence: default GaussianCopula {
        /// Like neighbors of an autoregressive process, whose correlation is that of the differences of the history.
        GaussianCopula = "gaussian_copula",
        /// Like the ranks of stretches of the history (Clark et al. 2004). It must be at least as long as the horizon.
        SchaakeShuffle = "schaake_shuffle",
    }
}

/// The quantiles of a forecast: ascending levels, and for each of them the value of each step.
pub(crate) struct Marginals<'a> {
    pub(crate) levels: &'a [f64],
    pub(crate) values: Vec<&'a [f32]>,
}

impl Marginals<'_> {
    fn steps(&self) -> usize {
        self.values[0].len()
    }

    /// The value of a step at a level, which is taken into the range of the levels, interpolated linearly.
    fn at(&self, step: usize, level: f64) -> f32 {
        let (levels, last) = (self.levels, self.levels.len() - 1);
        let above = levels.partition_point(|l| *l < level).clamp(1, last.max(1));
        let value = |i: usize| f64::from(self.values[i.min(last)][step]);
        if last == 0 {
            return value(0) as f32;
        }
        let level = level.clamp(levels[0], levels[last]);
        let share = (level - levels[above - 1]) / (levels[above] - levels[above - 1]);
        (value(above - 1) + share * (value(above) - value(above - 1))) as f32
    }

    /// A level within the range of the levels.
    fn level(&self, uniform: f64) -> f64 {
        let (first, last) = (self.levels[0], self.levels[self.levels.len() - 1]);
        first + uniform * (last - first)
    }
}

/// `paths` paths of a series, path by path. `history` has its known values.
pub(crate) fn paths(
    how: Dependence,
    marginals: &Marginals<'_>,
    history: &[f64],
    paths: usize,
    key: Key,
) -> Vec<f32> {
    match how {
        Dependence::GaussianCopula => autoregressive(marginals, history, paths, key),
        Dependence::SchaakeShuffle => shuffled(marginals, history, paths, key),
    }
}

/// The correlation of each difference of a history with the next one.
fn correlation(history: &[f64]) -> f64 {
    let differences: Vec<f64> = history.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let Some(pairs) = differences.len().checked_sub(1).filter(|n| *n > 0) else { return 0.0 };
    let (before, after) = (&differences[..pairs], &differences[1..]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (a, b) = (mean(before), mean(after));
    let [mut both, mut first, mut second] = [0.0; 3];
    for (x, y) in before.iter().zip(after) {
        both += (x - a) * (y - b);
        first += (x - a).powi(2);
        second += (y - b).powi(2);
    }
    let size = (first * second).sqrt();
    if size < 1e-15 { 0.0 } else { (both / size).clamp(-0.99, 0.99) }
}

/// Levels of an autoregressive normal process. As upstream, a negative correlation counts as a positive one.
fn autoregressive(marginals: &Marginals<'_>, history: &[f64], paths: usize, key: Key) -> Vec<f32> {
    let steps = marginals.steps();
    let rho = correlation(history).abs();
    let fresh = (1.0 - rho * rho).sqrt();
    let mut all = Vec::with_capacity(paths * steps);
    for path in 0..paths {
        let mut z = 0.0;
        for step in 0..steps {
            let drawn = standard_normal(key, (path * steps + step) as u64);
            z = if step == 0 { drawn } else { rho * z + fresh * drawn };
            all.push(marginals.at(step, normal_cdf(z)));
        }
    }
    all
}

/// Independent levels for each step, given to paths in the order of stretches of the history.
fn shuffled(marginals: &Marginals<'_>, history: &[f64], paths: usize, key: Key) -> Vec<f32> {
    let steps = marginals.steps();
    let starts = starts(history.len() + 1 - steps, paths, key.of(Stream::Windows));
    let mut all = vec![0.0; paths * steps];
    let mut drawn = Vec::with_capacity(paths);
    let mut order: Vec<usize> = Vec::with_capacity(paths);
    for step in 0..steps {
        drawn.clear();
        drawn.extend((0..paths).map(|path| {
            let level = marginals.level(uniform(key, (path * steps + step) as u64));
            marginals.at(step, level)
        }));
        drawn.sort_by(f32::total_cmp);
        order.clear();
        order.extend(0..paths);
        order.sort_by(|a, b| history[starts[*a] + step].total_cmp(&history[starts[*b] + step]));
        for (path, value) in order.iter().zip(&drawn) {
            all[path * steps + step] = *value;
        }
    }
    all
}

/// Where the stretches of the paths begin: at different places if there are enough.
fn starts(places: usize, paths: usize, key: Key) -> Vec<usize> {
    if places < paths {
        return (0..paths).map(|i| (uniform(key, i as u64) * places as f64) as usize).collect();
    }
    let mut all: Vec<usize> = (0..places).collect();
    for i in 0..paths {
        let other = i + (uniform(key, i as u64) * (places - i) as f64) as usize;
        all.swap(i, other);
    }
    all.truncate(paths);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

    /// Quantiles of 4 steps, `10 · step` apart.
    fn values() -> [Vec<f32>; 3] {
        [0.0, 1.0, 2.0].map(|base| (0..4).map(|step| base + 10.0 * step as f32).collect())
    }

    fn drawn(how: Dependence, history: &[f64], n: usize) -> Vec<f32> {
        let values = values();
        let marginals =
            Marginals { levels: &LEVELS, values: values.iter().map(|v| &v[..]).collect() };
        paths(how, &marginals, history, n, Key::new(3, Stream::Paths, 0))
    }

    /// Correlation of the values of two steps over all paths.
    fn correlated(all: &[f32], [a, b]: [usize; 2]) -> f64 {
        let column = |step: usize| -> Vec<f64> {
            all.chunks_exact(4).map(|path| f64::from(path[step])).collect()
        };
        let (x, y) = (column(a), column(b));
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let (mx, my) = (mean(&x), mean(&y));
        let sum = |f: &dyn Fn(usize) -> f64| (0..x.len()).map(f).sum::<f64>();
        let both = sum(&|i| (x[i] - mx) * (y[i] - my));
        both / (sum(&|i| (x[i] - mx).powi(2)) * sum(&|i| (y[i] - my).powi(2))).sqrt()
    }

    /// A slow wave: its differences, and its stretches, go on as they are.
    fn wave() -> Vec<f64> {
        (0..200).map(|t| (f64::from(t) / 9.0).sin()).collect()
    }

    /// Numbers without memory.
    fn noise() -> Vec<f64> {
        let key = Key::new(1, Stream::Samples, 0);
        (0..400)
            .map(|i| standard_normal(key, i))
            .scan(0.0, |sum, v| {
                *sum += v;
                Some(*sum)
            })
            .collect()
    }

    #[test]
    fn each_step_has_its_quantiles() {
        for how in [Dependence::GaussianCopula, Dependence::SchaakeShuffle] {
            let all = drawn(how, &wave(), 4000);
            for step in 0..4 {
                let base = 10.0 * step as f32;
                let of_step = all.chunks_exact(4).map(|path| path[step] - base);
                let share = of_step.clone().filter(|v| *v < 1.0).count() as f64 / 4000.0;
                assert!((share - 0.5).abs() < 0.04, "{how:?} {step}: {share} below the median");
                assert!(of_step.clone().all(|v| (0.0..=2.0).contains(&v)), "{how:?}");
            }
        }
    }

    #[test]
    fn steps_depend_on_each_other_as_in_the_history() {
        for how in [Dependence::GaussianCopula, Dependence::SchaakeShuffle] {
            let smooth = drawn(how, &wave(), 2000);
            assert!(correlated(&smooth, [0, 1]) > 0.9, "{how:?}: {}", correlated(&smooth, [0, 1]));
            assert!(correlated(&smooth, [0, 1]) > correlated(&smooth, [0, 3]), "{how:?}");
        }
        let rough = drawn(Dependence::GaussianCopula, &noise(), 2000);
        assert!(correlated(&rough, [0, 1]).abs() < 0.15, "{}", correlated(&rough, [0, 1]));
    }

    #[test]
    fn a_short_history_is_used_again() {
        let all = drawn(Dependence::SchaakeShuffle, &[1.0, 2.0, 3.0, 4.0], 8);
        assert_eq!(all.len(), 32);
        assert_eq!(correlation(&[1.0, 2.0]), 0.0);
        assert_eq!(correlation(&[1.0; 9]), 0.0);
        assert_eq!(starts(3, 3, Key::new(0, Stream::Paths, 0)).len(), 3);
    }
}
