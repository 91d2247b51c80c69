//! Resampling of rows to another length by interpolation: each new value is a weighted sum of a few old ones.
//!
//! Positions and weights are those of PyTorch's `interpolate(size=..)` with `align_corners=False`: `nearest`, `linear`,
//! and along the width of `bicubic` (Keys' kernel with a = -0.75, the edge values repeated).

/// The kind of interpolation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest value at or before the position.
    Nearest,
    /// Linear between the two neighbours.
    Linear,
    /// Cubic convolution of the four neighbours.
    Cubic,
}

/// For each new value, the indices and weights of the old ones.
#[derive(Clone, Debug)]
pub struct Taps {
    mode: Interpolation,
    from: usize,
    to: usize,
    /// Old values per new one.
    width: usize,
    index: Vec<u32>,
    weight: Vec<f32>,
}

impl Taps {
    /// The table for rows of `from` values and results of `to` values.
    ///
    /// # Panics
    /// When either length is 0.
    pub fn new(mode: Interpolation, from: usize, to: usize) -> Self {
        assert!(from > 0 && to > 0, "a row of no values cannot be resampled");
        let width = match mode {
            Interpolation::Nearest => 1,
            Interpolation::Linear => 2,
            Interpolation::Cubic => 4,
        };
        let mut taps = Self { mode, from, to, width, index: vec![], weight: vec![] };
        let scale = from as f32 / to as f32;
        let last = from as i64 - 1;
        let mut push = |index: i64, weight: f32| {
            taps.index.push(index.clamp(0, last) as u32);
            taps.weight.push(weight);
        };
        for i in 0..to {
            let center = scale * (i as f32 + 0.5) - 0.5;
            match mode {
                Interpolation::Nearest => push((i as f32 * scale).floor() as i64, 1.0),
                Interpolation::Linear => {
                    let center = center.max(0.0);
                    let t = center - center.floor();
                    push(center as i64, 1.0 - t);
                    push(center as i64 + 1, t);
                }
                Interpolation::Cubic => {
                    let t = center - center.floor();
                    for (k, weight) in cubic_weights(t).into_iter().enumerate() {
                        push(center.floor() as i64 + k as i64 - 1, weight);
                    }
                }
            }
        }
        taps
    }

    /// The interpolation, and the old and the new length.
    pub fn kind(&self) -> (Interpolation, usize, usize) {
        (self.mode, self.from, self.to)
    }

    /// Length of the given rows.
    pub fn from(&self) -> usize {
        self.from
    }

    /// Length of the new rows.
    pub fn to(&self) -> usize {
        self.to
    }

    /// Checks that `old` and `new` have the same number of rows.
    #[track_caller]
    fn check(&self, old: usize, new: usize) {
        assert!(old.is_multiple_of(self.from), "not rows of {} values", self.from);
        assert_eq!(new, old / self.from * self.to, "resampled rows differ in length");
    }

    /// The new rows `y` `[rows, to]` of `x` `[rows, from]`.
    #[track_caller]
    pub fn resample(&self, x: &[f32], y: &mut [f32]) {
        self.check(x.len(), y.len());
        for (x, y) in x.chunks_exact(self.from).zip(y.chunks_exact_mut(self.to)) {
            let taps =
                self.index.chunks_exact(self.width).zip(self.weight.chunks_exact(self.width));
            for ((index, weight), y) in taps.zip(y) {
                *y = index.iter().zip(weight).map(|(&i, w)| w * x[i as usize]).sum();
            }
        }
    }

    /// The gradient of [`Taps::resample`], its transpose: adds `g` `[rows, to]` to `dx` `[rows, from]`.
    #[track_caller]
    pub fn resample_grad(&self, g: &[f32], dx: &mut [f32]) {
        self.check(dx.len(), g.len());
        for (dx, g) in dx.chunks_exact_mut(self.from).zip(g.chunks_exact(self.to)) {
            let taps =
                self.index.chunks_exact(self.width).zip(self.weight.chunks_exact(self.width));
            for ((index, weight), g) in taps.zip(g) {
                for (&i, w) in index.iter().zip(weight) {
                    dx[i as usize] += w * g;
                }
            }
        }
    }
}

/// The weights of the values at -1, 0, 1 and 2 for a position `t` in [0, 1).
fn cubic_weights(t: f32) -> [f32; 4] {
    const A: f32 = -0.75;
    let near = |d: f32| ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0; // distance up to 1
    let far = |d: f32| ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A; // distance 1 to 2
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, inner, numbers};
    use Interpolation::{Cubic, Linear, Nearest};

    const MODES: [Interpolation; 3] = [Nearest, Linear, Cubic];

    #[test]
    fn equal_pytorch() {
        // x = torch.tensor([[[1., -2, 4, 3, 0.5]]])
        // F.interpolate(x, size=n, mode='nearest' | 'linear'), F.interpolate(x[:, None], size=n, mode='bicubic')[0, 0, 0]
        let x = [1.0, -2.0, 4.0, 3.0, 0.5];
        let check = |mode, expected: &[f64]| {
            let mut y = vec![0.0; expected.len()];
            Taps::new(mode, 5, expected.len()).resample(&x, &mut y);
            assert_close(&y, expected, 2e-6);
        };
        check(Nearest, &[1.0, 1.0, 1.0, -2.0, -2.0, 4.0, 4.0, 4.0, 3.0, 3.0, 0.5, 0.5]);
        check(
            Linear,
            &[
                1.0,
                0.625,
                -0.62499988,
                -1.8749998,
                0.25,
                2.749999,
                3.7916667,
                3.375,
                2.8958337,
                1.8541669,
                0.8125,
                0.5,
            ],
        );
        check(
            Cubic,
            &[
                1.3292636,
                0.62499982,
                -1.2456598,
                -2.0746517,
                -0.10156247,
                2.9149294,
                4.4677095,
                4.0305166,
                2.8900096,
                1.7662395,
                0.75097644,
                0.22561312,
            ],
        );
        check(Nearest, &[1.0, 1.0, -2.0, 4.0, 4.0, 3.0, 0.5]);
        check(Linear, &[1.0, -0.71428561, -0.28571367, 4.0, 3.2857141, 1.9285713, 0.5]);
        check(
            Cubic,
            &[1.2361525, -1.3702621, -0.7011649, 3.9999995, 3.7995615, 1.8454814, 0.30320641],
        );
        check(Nearest, &[1.0, -2.0, 3.0]);
        check(Linear, &[5.9604645e-08, 4.0, 1.3333337]);
        check(Cubic, &[-0.27777708, 4.000001, 1.2314811]);
    }

    #[test]
    fn the_same_length_changes_nothing() {
        let x = numbers(2 * 13, 1);
        for mode in MODES {
            let mut y = vec![0.0; x.len()];
            Taps::new(mode, 13, 13).resample(&x, &mut y);
            assert_eq!(y, x);
        }
    }

    #[test]
    fn constants_stay_constant() {
        for mode in MODES {
            for (from, to) in [(1, 1), (1, 9), (2, 7), (5, 67), (24, 3)] {
                let mut y = vec![0.0; to];
                Taps::new(mode, from, to).resample(&vec![2.5; from], &mut y);
                assert_close(&y, &vec![2.5; to], 1e-6);
            }
        }
    }

    #[test]
    fn the_gradient_is_the_adjoint() {
        for mode in MODES {
            for from in [1, 2, 3, 12, 40] {
                for to in 1..=67 {
                    let taps = Taps::new(mode, from, to);
                    let (x, g) = (numbers(3 * from, 1), numbers(3 * to, 2));
                    let (mut y, mut dx) = (vec![0.0; 3 * to], vec![0.0; 3 * from]);
                    taps.resample(&x, &mut y);
                    taps.resample_grad(&g, &mut dx);
                    assert!((inner(&y, &g) - inner(&x, &dx)).abs() < 1e-4, "{mode:?} {from} {to}");
                }
            }
        }
    }
}
