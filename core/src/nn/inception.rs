//! An inception block: the mean of convolutions of a grid with kernels of several sizes. Upstream: `models/timesnet.py:
//! Inception_Block_V1`.

use super::params::{Init, Path};
use crate::tape::{Param, Tape, Var};

/// Same-padded convolutions with kernels of 1, 3, 5, .. taps in each direction, whose mean is taken.
///
/// That is the convolution with the mean of the kernels, which is what is computed. Each kernel keeps its own weights.
#[derive(Clone, Debug)]
pub struct Inception {
    /// Weight and bias of each kernel.
    kernels: Vec<[Param; 2]>,
}

impl Inception {
    /// Declares `kernels.<i>.weight [outputs, channels, 2i + 1, 2i + 1]`, normal with variance `2/(outputs·taps)`, as torch's
    /// `kaiming_normal_` with `fan_out`, and `kernels.<i>.bias [outputs]`, which is 0.
    pub fn new(path: &Path<'_>, [channels, outputs]: [usize; 2], count: usize) -> Self {
        let kernel = |i: usize| {
            let (path, size) = (path.sub("kernels").sub(i), 2 * i + 1);
            let fan_out = (outputs * size * size).max(1) as f32;
            let init = Init::Normal((2.0 / fan_out).sqrt());
            let weight = path.param("weight", [outputs, channels, size, size], init);
            [weight, path.param("bias", [outputs], Init::Constant(0.0))]
        };
        Self { kernels: super::layers(count, kernel) }
    }

    /// Convolves the grids of these `frequencies` of `steps` steps; see [`Var::grid_conv`].
    pub fn forward<'t>(&self, x: Var<'t>, frequencies: Var<'t>, steps: usize) -> Var<'t> {
        let tape = x.tape();
        let mut weights = [x; Tape::MOST_KERNELS];
        for (to, [weight, _]) in weights.iter_mut().zip(&self.kernels) {
            *to = tape.param(*weight);
        }
        let weight = tape.mean_kernel(&weights[..self.kernels.len()]);
        let biases = self.kernels.iter().map(|[_, bias]| tape.param(*bias));
        let sum = biases.reduce(|sum, bias| sum + bias).expect("a kernel");
        x.grid_conv(frequencies, weight, sum.scale(1.0 / self.kernels.len() as f32), steps)
    }
}
