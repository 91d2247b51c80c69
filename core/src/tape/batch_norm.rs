//! Batch normalisation: `y = γ (x - μ) / √(σ² + ε) + β`, with statistics of each channel over the whole batch.
//!
//! While training the statistics are those of the batch, and gradients flow through them. A window that was drawn several
//! times has that weight in them. Otherwise the statistics are given.

use super::{Backward, Description, Inputs, Op, Output, Param, Reads, Shape, Var};
use crate::kernels::batch_norm::{
    Channels, channel_squares, channel_sums, channel_sums_grad, normalize, normalize_grad,
};

/// With the statistics of the batch. Inputs: x, γ, β, and perhaps the counts of the windows.
struct BatchNorm {
    axis: usize,
    eps: f32,
}

/// Describes either operation. `training` says that the statistics are those of the batch.
fn describe(training: bool, axis: usize, eps: f32) -> Description {
    Description::new("batch_norm").with("training", training).with("axis", axis).with("eps", eps)
}

/// The layout of the channels, with the weights of the rows.
fn channels<'w>(x: &[usize], axis: usize, weights: &'w [f32]) -> Channels<'w> {
    Channels { count: x[axis], inner: x[axis + 1..].iter().product(), weights }
}

fn narrow(wide: &[f64]) -> impl Iterator<Item = f32> {
    wide.iter().map(|v| *v as f32)
}

impl Op for BatchNorm {
    fn describe(&self) -> Description {
        describe(true, self.axis, self.eps)
    }

    /// Mean, variance and `1/√(σ² + ε)` of each channel, and the number of values of a channel.
    fn kept(&self, _x: &Inputs<'_>, shape: Shape) -> usize {
        3 * shape.dims()[self.axis] + 1
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let weights = if x.count() == 4 { x.data(3) } else { &[] };
        let at = channels(out.shape.dims(), self.axis, weights);
        let (n, total) = (at.count, at.total(x.data(0)));
        let mut sums = vec![0.0; n];
        out.keep(self.kept(x, out.shape));
        let kept = &mut *out.kept;
        kept.clear();
        channel_sums(x.data(0), at, &mut sums);
        kept.extend(sums.iter().map(|sum| (sum / total) as f32));
        sums.fill(0.0);
        channel_squares(x.data(0), &kept[..n], at, &mut sums);
        sums.iter_mut().for_each(|sum| *sum /= total);
        kept.extend(narrow(&sums));
        kept.extend(sums.iter().map(|v| (1.0 / (v + f64::from(self.eps)).sqrt()) as f32));
        let scale: Vec<f32> = kept[2 * n..].iter().zip(x.data(1)).map(|(r, w)| r * w).collect();
        normalize(x.data(0), [&kept[..n], &scale, x.data(2)], at, out.data);
        kept.push(total as f32);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let shape = b.shape();
        let n = shape.dims()[self.axis];
        let (mut sums, mut moments) = (vec![0.0; n], vec![0.0; n]);
        let weights = if b.count() == 4 { b.input(3) } else { &[] };
        let at = channels(shape.dims(), self.axis, weights);
        channel_sums_grad(b.grad(), b.input(0), &b.kept()[..n], at, [&mut sums, &mut moments]);
        let spread = |b: &Backward<'_>, c: usize| f64::from(b.kept()[2 * n + c]);
        b.accumulate(0, |b, dx| {
            // The gradient minus its mean and minus its projection on x̂.
            let total = f64::from(b.kept()[3 * n]);
            let [mut scale, mut level, mut slope] = [(); 3].map(|()| Vec::with_capacity(n));
            for c in 0..n {
                let r = spread(b, c);
                let a = r * f64::from(b.input(1)[c]);
                scale.push(a as f32);
                level.push((a * sums[c] / total) as f32);
                slope.push((a * r * r * moments[c] / total) as f32);
            }
            let weights = if b.count() == 4 { b.input(3) } else { &[] };
            let at = channels(shape.dims(), self.axis, weights);
            let per_channel = [&b.kept()[..n], &scale, &level, &slope];
            normalize_grad(b.grad(), b.input(0), per_channel, at, dx);
        });
        b.accumulate(1, |b, dw| {
            (0..n).for_each(|c| dw[c] += (moments[c] * spread(b, c)) as f32);
        });
        b.accumulate(2, |_, db| db.iter_mut().zip(narrow(&sums)).for_each(|(db, sum)| *db += sum));
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

/// With given statistics. Inputs: x, γ, β, mean, variance.
struct Normalized {
    axis: usize,
    eps: f32,
}

impl Normalized {
    /// `γ/√(σ² + ε)` of each channel.
    fn scale(&self, weight: &[f32], variance: &[f32]) -> impl Iterator<Item = f32> {
        weight.iter().zip(variance).map(|(w, v)| w / (v + self.eps).sqrt())
    }
}

impl Op for Normalized {
    fn describe(&self) -> Description {
        describe(false, self.axis, self.eps)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let at = channels(out.shape.dims(), self.axis, &[]);
        out.kept.clear();
        out.kept.extend(self.scale(x.data(1), x.data(4)));
        normalize(x.data(0), [x.data(3), out.kept, x.data(2)], at, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let shape = b.shape();
        let at = channels(shape.dims(), self.axis, &[]);
        let (mut sums, mut moments) = (vec![0.0; at.count], vec![0.0; at.count]);
        channel_sums_grad(b.grad(), b.input(0), b.input(3), at, [&mut sums, &mut moments]);
        b.accumulate(0, |b, dx| {
            let scale: Vec<f32> = self.scale(b.input(1), b.input(4)).collect();
            let still = vec![0.0; at.count];
            normalize_grad(b.grad(), b.input(0), [b.input(3), &scale, &still, &still], at, dx);
        });
        b.accumulate(1, |b, dw| {
            for (c, dw) in dw.iter_mut().enumerate() {
                *dw += moments[c] as f32 / (b.input(4)[c] + self.eps).sqrt();
            }
        });
        b.accumulate(2, |_, db| db.iter_mut().zip(narrow(&sums)).for_each(|(db, sum)| *db += sum));
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

/// Statistics of each channel over a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchStatistics {
    /// Means.
    pub mean: Vec<f32>,
    /// Unbiased variances. torch refuses a batch of a single value; here its variance is 0.
    pub variance: Vec<f32>,
}

/// A change of untrained numbers after a training step: `value ← keep·value + add`.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Which numbers.
    pub param: Param,
    /// The factor of the old values.
    pub keep: f32,
    /// What is added to them.
    pub add: Vec<f32>,
}

impl Update {
    /// Applies the change to the flat buffer of parameters.
    pub fn apply(&self, values: &mut [f32]) {
        let values = &mut values[self.param.range()];
        values.iter_mut().zip(&self.add).for_each(|(v, add)| *v = self.keep * *v + add);
    }
}

impl<'t> Var<'t> {
    /// Normalises the channels along `axis` with their statistics over all other axes, the first of which is the batch; then
    /// `γ·x + β`.
    ///
    /// Along the first axis, each window of the batch has the same number of consecutive rows.
    #[track_caller]
    pub fn batch_norm(self, axis: usize, [weight, bias]: [Self; 2], eps: f32) -> Self {
        assert!(axis > 0 && self.dim(axis) == weight.dim(0), "channels of {self:?} along {axis}");
        let op = BatchNorm { axis, eps };
        match self.tape.counts() {
            Some(counts) => {
                assert_eq!(self.dim(0) % counts.dim(0), 0, "rows of {self:?} for {counts:?}");
                self.tape.record(op, &[self, weight, bias, counts], self.shape())
            }
            None => self.tape.record(op, &[self, weight, bias], self.shape()),
        }
    }

    /// The statistics that [`Var::batch_norm`] found; none on a dry tape.
    pub fn batch_statistics(self) -> BatchStatistics {
        let kept = self.kept();
        let n = kept.len() / 3;
        let total = f64::from(kept.last().copied().unwrap_or(0.0));
        let unbiased = |v: &f32| (f64::from(*v) * total / (total - 1.0).max(1.0)) as f32;
        BatchStatistics {
            mean: kept[..n].to_vec(),
            variance: kept[n..2 * n].iter().map(unbiased).collect(),
        }
    }

    /// Normalises the channels along `axis` with a given mean and variance; then `γ·x + β`.
    #[track_caller]
    pub fn normalized(
        self,
        axis: usize,
        [weight, bias]: [Self; 2],
        [mean, variance]: [Self; 2],
        eps: f32,
    ) -> Self {
        assert!(axis > 0 && self.dim(axis) == weight.dim(0), "channels of {self:?} along {axis}");
        let inputs = [self, weight, bias, mean, variance];
        self.tape.record(Normalized { axis, eps }, &inputs, self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tape;
    use super::*;

    const X: [f32; 8] = [0.5, -1.0, 2.0, 0.25, -0.75, 3.0, 1.5, -2.0];
    const G: [f32; 8] = [1.0, -0.5, 0.25, 2.0, -1.0, 0.75, 0.5, -0.25];

    /// Output, statistics and gradients of x and γ of windows of one step and two channels.
    fn run(counts: &[f32]) -> (Vec<f32>, BatchStatistics, [Vec<f32>; 2]) {
        let tape = Tape::default();
        // A window drawn more than once: either it comes so often, or it counts so often, its gradient too.
        let rows: Vec<f32> = X.chunks(2).zip(counts).flat_map(|(x, _)| x.to_vec()).collect();
        let x = tape.variable([counts.len(), 2], &rows);
        let w = tape.variable([2], &[1.5, 0.5]);
        let b = tape.variable([2], &[0.1, -0.1]);
        tape.set_counts(tape.constant([counts.len()], counts));
        let y = x.batch_norm(1, [w, b], 1e-5);
        let g = G.chunks(2).zip(counts).flat_map(|(g, c)| g.iter().map(move |g| g * c));
        let g = tape.constant([counts.len(), 2], &g.collect::<Vec<_>>());
        let loss = (y * g).sum();
        tape.backward(loss, &mut Vec::new());
        let y = y.data().to_vec();
        (y, x.batch_norm(1, [w, b], 1e-5).batch_statistics(), [x.grad(), w.grad()])
    }

    #[test]
    fn a_window_that_counts_twice_is_two_windows() {
        let (once, expected, [dx, dw]) = {
            let tape = Tape::default();
            let pick = |of: &[f32; 8], rows: &[usize]| -> Vec<f32> {
                rows.iter().flat_map(|r| of[2 * r..2 * r + 2].to_vec()).collect()
            };
            let rows = [0, 1, 1, 2, 3, 3, 3];
            let x = tape.variable([7, 2], &pick(&X, &rows));
            let w = tape.variable([2], &[1.5, 0.5]);
            let b = tape.variable([2], &[0.1, -0.1]);
            let y = x.batch_norm(1, [w, b], 1e-5);
            let loss = (y * tape.constant([7, 2], &pick(&G, &rows))).sum();
            tape.backward(loss, &mut Vec::new());
            let y_data = y.data().to_vec();
            (y_data, y.batch_statistics(), [x.grad(), w.grad()])
        };
        let (y, statistics, [dx_of_counts, dw_of_counts]) = run(&[1.0, 2.0, 1.0, 3.0]);
        let close = |a: &[f32], b: &[f32]| {
            assert_eq!(a.len(), b.len());
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} against {b:?}");
        };
        let first = [0, 1, 3, 4]; // of the copies of each window
        let y_of_first: Vec<f32> =
            first.iter().flat_map(|r| once[2 * r..2 * r + 2].to_vec()).collect();
        close(&y, &y_of_first);
        close(&statistics.mean, &expected.mean);
        close(&statistics.variance, &expected.variance);
        close(&dw_of_counts, &dw);
        let copies = [0..1, 1..3, 3..4, 4..7];
        let summed = copies
            .into_iter()
            .flat_map(|rows| [0, 1].map(|c| rows.clone().map(|r| dx[2 * r + c]).sum::<f32>()));
        close(&dx_of_counts, &summed.collect::<Vec<_>>());
    }

    #[test]
    fn updates_keep_a_share_and_add() {
        let mut values = [9.0, 1.0, 2.0];
        let param = Param { offset: 1, shape: [2].into() };
        Update { param, keep: 0.5, add: vec![1.0, -1.0] }.apply(&mut values);
        assert_eq!(values, [9.0, 1.5, 0.0]);
    }
}
