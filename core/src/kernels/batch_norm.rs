//! Batch normalisation: statistics of each channel over a batch whose rows are weighted, and their use.
//!
//! Values are `[outer, channels, inner]`. Short blocks are summed in f32 and added in f64, so statistics are as accurate for
//! a long batch as for a short one.

use crate::simd::Simd;

/// Rows that are summed in f32.
const BLOCK: usize = 64;
/// The widest vector.
const WIDEST: usize = 16;

/// The layout of the channels of a batch, and the weights of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Channels<'a> {
    /// Number of channels.
    pub count: usize,
    /// Contiguous values of a channel.
    pub inner: usize,
    /// Weights of the rows, with equally many rows for each weight. Empty: all weights are 1.
    pub weights: &'a [f32],
}

impl Channels<'_> {
    /// Numbers in a row: all channels and the axes inside them.
    fn row(&self) -> usize {
        self.count * self.inner
    }

    /// The weight of row `o` of `rows`.
    #[inline(always)]
    fn weight(&self, o: usize, rows: usize) -> f32 {
        if self.weights.is_empty() { 1.0 } else { self.weights[o / (rows / self.weights.len())] }
    }

    /// The sum of the weights of a channel's values.
    pub fn total(&self, x: &[f32]) -> f64 {
        let rows = x.len() / self.row().max(1);
        let count: f64 = match self.weights.len() {
            0 => rows as f64,
            n => {
                assert_eq!(rows % n, 0, "{n} weights for {rows} rows");
                self.weights.iter().map(|w| f64::from(*w)).sum::<f64>() * (rows / n) as f64
            }
        };
        count * self.inner as f64
    }
}

/// Adds `f(weight of the row, x.., per channel..)` of every value to its channel's sums.
#[inline(always)]
fn sums<S: Simd, const N: usize, const P: usize, const K: usize>(
    s: S,
    at: Channels<'_>,
    x: [&[f32]; N],
    per_channel: [&[f32]; P],
    out: [&mut [f64]; K],
    f: impl Fn(S::V, [S::V; N], [S::V; P]) -> [S::V; K],
) {
    let (channels, inner, row) = (at.count, at.inner, at.row());
    let rows = x[0].len() / row.max(1);
    for first in (0..rows).step_by(BLOCK) {
        let block = first..rows.min(first + BLOCK);
        if inner == 1 {
            for c in (0..channels).step_by(S::LANES) {
                let width = S::LANES.min(channels - c);
                let p = per_channel.map(|p| s.load_at(&p[c..c + width], 0));
                let mut sums = [s.zero(); K];
                for o in block.clone() {
                    let x = x.map(|x| s.load_at(&x[o * row + c..][..width], 0));
                    let values = f(s.splat(at.weight(o, rows)), x, p);
                    unrolled!(k < K {
                        sums[k] = s.add(sums[k], values[k]);
                    });
                }
                unrolled!(k < K {
                    let mut lanes = [0.0; WIDEST];
                    s.store(sums[k], &mut lanes);
                    let out = &mut out[k][c..c + width];
                    out.iter_mut().zip(lanes).for_each(|(out, sum)| *out += f64::from(sum));
                });
            }
        } else {
            for o in block {
                let weight = s.splat(at.weight(o, rows));
                for c in 0..channels {
                    let p = per_channel.map(|p| s.splat(p[c]));
                    let x = x.map(|x| &x[o * row + c * inner..][..inner]);
                    let mut sums = [s.zero(); K];
                    for i in (0..inner).step_by(S::LANES) {
                        // Lanes beyond the run must add nothing: `f` of their zeros need not be 0.
                        let left = inner - i;
                        let values = f(weight, x.map(|x| s.load_at(x, i)), p);
                        unrolled!(k < K {
                            let value = if left >= S::LANES { values[k] } else { first_lanes(s, values[k], left) };
                            sums[k] = s.add(sums[k], value);
                        });
                    }
                    unrolled!(k < K {
                        out[k][c] += f64::from(s.sum(sums[k]));
                    });
                }
            }
        }
    }
}

/// The first `count` lanes, then zeros.
#[inline(always)]
fn first_lanes<S: Simd>(s: S, v: S::V, count: usize) -> S::V {
    let mut lanes = [0.0; WIDEST];
    s.store(v, &mut lanes);
    s.load_partial(&lanes[..count])
}

/// `y = f(weight of the row, y, x.., per channel..)` of every value.
#[inline(always)]
fn each<S: Simd, const N: usize, const P: usize>(
    s: S,
    at: Channels<'_>,
    y: &mut [f32],
    x: [&[f32]; N],
    per_channel: [&[f32]; P],
    f: impl Fn(S::V, S::V, [S::V; N], [S::V; P]) -> S::V,
) {
    let (channels, inner, row) = (at.count, at.inner, at.row());
    let rows = y.len() / row.max(1);
    for (o, y) in y.chunks_exact_mut(row.max(1)).enumerate() {
        let x = x.map(|x| &x[o * row..][..row]);
        let weight = s.splat(at.weight(o, rows));
        if inner == 1 {
            for c in (0..channels).step_by(S::LANES) {
                let value = f(
                    weight,
                    s.load_at(y, c),
                    x.map(|x| s.load_at(x, c)),
                    per_channel.map(|p| s.load_at(p, c)),
                );
                s.store_at(value, y, c);
            }
        } else {
            for (c, y) in y.chunks_exact_mut(inner).enumerate() {
                let x = x.map(|x| &x[c * inner..][..inner]);
                let p = per_channel.map(|p| s.splat(p[c]));
                for i in (0..inner).step_by(S::LANES) {
                    let value = f(weight, s.load_at(y, i), x.map(|x| s.load_at(x, i)), p);
                    s.store_at(value, y, i);
                }
            }
        }
    }
}

simd_fn! {
    /// `out[c] += Σ w x` over channel `c`.
    pub fn channel_sums(s, x: &[f32], at: Channels<'_>, out: &mut [f64]) {
        sums(s, at, [x], [], [out], #[inline(always)] |w, [x], []| [s.mul(w, x)]);
    }
}

simd_fn! {
    /// `out[c] += Σ w (x - mean[c])²` over channel `c`.
    pub fn channel_squares(s, x: &[f32], mean: &[f32], at: Channels<'_>, out: &mut [f64]) {
        sums(s, at, [x], [mean], [out], #[inline(always)] |w, [x], [mean]| {
            let off = s.sub(x, mean);
            [s.mul(s.mul(w, off), off)]
        });
    }
}

simd_fn! {
    /// `y = (x - mean[c]) scale[c] + shift[c]`, the three in this order.
    pub fn normalize(s, x: &[f32], statistics: [&[f32]; 3], at: Channels<'_>, y: &mut [f32]) {
        each(s, at, y, [x], statistics, #[inline(always)] |_, _, [x], [mean, scale, shift]| {
            s.mul_add(s.sub(x, mean), scale, shift)
        });
    }
}

simd_fn! {
    /// `out[0][c] += Σ g` and `out[1][c] += Σ g (x - mean[c])` over channel `c`; rows of `g` are weighted already.
    pub fn channel_sums_grad(s, g: &[f32], x: &[f32], mean: &[f32], at: Channels<'_>, out: [&mut [f64]; 2]) {
        sums(s, at, [g, x], [mean], out, #[inline(always)] |_, [g, x], [mean]| {
            [g, s.mul(g, s.sub(x, mean))]
        });
    }
}

simd_fn! {
    /// `dx += scale[c] g - w (level[c] + slope[c] (x - mean[c]))`, the four in the order mean, scale, level, slope.
    pub fn normalize_grad(s, g: &[f32], x: &[f32], statistics: [&[f32]; 4], at: Channels<'_>, dx: &mut [f32]) {
        each(s, at, dx, [g, x], statistics, #[inline(always)] |w, dx, [g, x], [mean, scale, level, slope]| {
            let through_statistics = s.mul_add(s.sub(x, mean), slope, level);
            s.neg_mul_add(w, through_statistics, s.mul_add(scale, g, dx))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa_and_length, numbers};

    /// Calls `visit` with the weight, channel and index of every value.
    fn walk(at: Channels<'_>, rows: usize, mut visit: impl FnMut(f64, usize, usize)) {
        for o in 0..rows {
            for c in 0..at.count {
                for i in 0..at.inner {
                    visit(at.weight(o, rows).into(), c, (o * at.count + c) * at.inner + i);
                }
            }
        }
    }

    #[test]
    fn sums_and_maps_equal_their_formulas() {
        each_isa_and_length(|n| {
            for (count, inner, rows, weights) in [
                (n, 1, 6, &[1.0, 3.0, 2.0][..]),
                (3, n, 4, &[]),
                (n, 1, 70, &[]),
                (2, n, 2, &[2.0, 5.0]),
            ] {
                let at = Channels { count, inner, weights };
                let size = rows * count * inner;
                let (x, g, y0) = (numbers(size, 1), numbers(size, 2), numbers(size, 3));
                let per: Vec<Vec<f32>> = (4..8).map(|seed| numbers(count, seed)).collect();
                let p = |k: usize, c: usize| f64::from(per[k][c]);
                let [mut plain, mut squares, mut dg, mut dgx] = [(); 4].map(|()| vec![0.0; count]);
                let (mut y, mut dx) = (vec![0.0; size], y0.clone());
                channel_sums(&x, at, &mut plain);
                channel_squares(&x, &per[0], at, &mut squares);
                channel_sums_grad(&g, &x, &per[0], at, [&mut dg, &mut dgx]);
                normalize(&x, [&per[0], &per[1], &per[2]], at, &mut y);
                normalize_grad(&g, &x, [&per[0], &per[1], &per[2], &per[3]], at, &mut dx);

                let mut sums = vec![[0.0; 4]; count];
                let (mut mapped, mut grad) = (vec![0.0; size], vec![0.0; size]);
                let mut total = 0.0;
                walk(at, rows, |w, c, i| {
                    let (x, g) = (f64::from(x[i]), f64::from(g[i]));
                    let off = x - p(0, c);
                    let of = [w * x, w * off * off, g, g * off];
                    sums[c].iter_mut().zip(of).for_each(|(sum, v)| *sum += v);
                    mapped[i] = off * p(1, c) + p(2, c);
                    grad[i] = f64::from(y0[i]) + p(1, c) * g - w * (p(2, c) + off * p(3, c));
                    total += w;
                });
                for (k, got) in [plain, squares, dg, dgx].iter().enumerate() {
                    for (c, got) in got.iter().enumerate() {
                        let bound = 1e-5 * (rows * inner) as f64;
                        assert!((got - sums[c][k]).abs() <= bound, "{got} against {}", sums[c][k]);
                    }
                }
                assert_close(&y, &mapped, 1e-5);
                assert_close(&dx, &grad, 1e-5);
                if size > 0 {
                    assert!((at.total(&x) * count as f64 - total).abs() < 1e-6);
                }
            }
        });
    }
}
