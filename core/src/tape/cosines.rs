//! The cosine embedding of implicit quantile networks: `cos(π·k·x)` of a quantile level `x`, for `k` from 0. Derivative: `-π·k·sin(π·k·x)`.

use std::f64::consts::PI;

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};

struct Cosines;

/// Visits `k`, `cos(π·k·x)` and `sin(π·k·x)`, each computed from the previous by a rotation.
fn turns(x: f32, count: usize, mut visit: impl FnMut(usize, f64, f64)) {
    let (sin_step, cos_step) = (PI * f64::from(x)).sin_cos();
    let (mut cos, mut sin) = (1.0, 0.0);
    for k in 0..count {
        visit(k, cos, sin);
        (cos, sin) = (cos * cos_step - sin * sin_step, sin * cos_step + cos * sin_step);
    }
}

impl Op for Cosines {
    fn describe(&self) -> Description {
        Description::new("cosines")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let count = out.shape.last();
        for (row, x) in out.data.chunks_exact_mut(count).zip(x.data(0)) {
            turns(*x, count, |k, cos, _| row[k] = cos as f32);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let count = b.shape().last();
        b.accumulate(0, |b, dx| {
            for ((dx, x), g) in dx.iter_mut().zip(b.input(0)).zip(b.grad().chunks_exact(count)) {
                let mut slope = 0.0;
                turns(*x, count, |k, _, sin| slope -= PI * k as f64 * sin * f64::from(g[k]));
                *dx += slope as f32;
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl Var<'_> {
    /// The first `count` cosines of each number: `[numbers, count]`.
    pub fn cosines(self, count: usize) -> Self {
        self.tape.record(Cosines, &[self], [self.shape().size(), count])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tape;
    use super::*;

    #[test]
    fn many_turns_stay_exact() {
        let tape = Tape::default();
        let levels = [0.0, 0.013, 0.5, 0.77, 0.999, 1.0];
        let cosines = tape.constant([6], &levels).cosines(4096);
        for (row, x) in cosines.data().chunks(4096).zip(levels) {
            for (k, cosine) in row.iter().enumerate() {
                let expected = (PI * f64::from(x) * k as f64).cos() as f32;
                assert!((cosine - expected).abs() < 1e-7, "{k} of {x}: {cosine}, {expected}");
            }
        }
    }
}
