//! Stretches of a series as vectors: a series is cut into patches, and each becomes a token by a linear map.
//!
//! Nie et al. 2023, <https://arxiv.org/abs/2211.14730>, section 3.1. Upstream: `models/patchtst.py: PatchTST_backbone,
//! TSTiEncoder`, `models/timexer.py: EnEmbedding`.

use super::linear::Linear;
use super::params::{Init, Path};
use crate::tape::{Edge, Param, Steps, Var};

/// Where the patches of a series lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// Steps of a patch.
    pub size: usize,
    /// Steps from the beginning of one patch to that of the next.
    pub stride: usize,
    /// Patches of a series.
    pub count: usize,
    /// How often the last step is repeated, so that the last patch is full.
    padding: usize,
}

impl Patches {
    /// Patches side by side, as many as fit from the first step on. Upstream: `EnEmbedding`.
    pub fn adjacent(input: usize, size: usize) -> Self {
        Self { size, stride: size, count: input / size, padding: 0 }
    }

    /// Overlapping patches of a series that is continued by `stride` copies of its last step; a patch is at most as long as
    /// that. Upstream: `padding_patch="end"`.
    pub fn padded(input: usize, size: usize, stride: usize) -> Self {
        let size = size.min(input.saturating_add(stride));
        let count = (input.saturating_add(stride) - size) / stride + 1;
        // Behind the series, a patch sees nothing but its last step, wherever it begins.
        let stride = stride.min(input);
        let reach = size.saturating_add((count - 1) * stride);
        Self { size, stride, count, padding: reach.saturating_sub(input) }
    }
}

/// A linear map of each patch. It is a convolution whose kernel is a patch, so no patch is copied by itself.
#[derive(Clone, Copy, Debug)]
pub struct PatchEmbedding {
    projection: Linear,
    patches: Patches,
}

impl PatchEmbedding {
    /// Declares `weight [hidden, size]` and, with `bias`, `bias [hidden]`.
    pub fn new(path: &Path<'_>, patches: Patches, hidden: usize, bias: bool) -> Self {
        let made = if bias { Linear::new } else { Linear::without_bias };
        Self { projection: made(path, patches.size, hidden), patches }
    }

    /// The tokens `[R, P, D]` of series `[R, L]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let Patches { size, stride, padding, .. } = self.patches;
        let (weight, bias) = self.projection.on(x.tape());
        let kernel = weight.reshape([weight.dim(0), 1, size]);
        let steps = Steps { kernel: size, stride, dilation: 1, padding: [0, 0] };
        x.pad(1, [0, padding], Edge::Replicate).unsqueeze(2).conv(1, kernel, bias, steps)
    }
}

/// A vector for the place of each patch, which is added to its token. Upstream: `models/patchtst.py:
/// positional_encoding("zeros")`.
#[derive(Clone, Copy, Debug)]
pub struct PatchPositions {
    vectors: Param,
    learned: bool,
}

impl PatchPositions {
    /// Declares `W_pos [count, hidden]`, random near 0, which is learned or stays as it is.
    pub fn new(path: &Path<'_>, tokens: [usize; 2], learned: bool) -> Self {
        let near_zero = Init::Uniform(0.02);
        let vectors = if learned {
            path.param("W_pos", tokens, near_zero)
        } else {
            path.untrained("W_pos", tokens, near_zero)
        };
        Self { vectors, learned }
    }

    /// Adds them to the tokens `[R, P, D]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        x + if self.learned { tape.param(self.vectors) } else { tape.fixed(self.vectors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Params;
    use crate::tape::Tape;

    #[test]
    fn patches_are_counted_as_upstream_does() {
        let of = |input, size, stride| {
            let Patches { size, count, padding, .. } = Patches::padded(input, size, stride);
            [size, count, padding]
        };
        assert_eq!(of(24, 16, 8), [16, 3, 8]);
        assert_eq!(of(7, 3, 2), [3, 4, 2]);
        assert_eq!(of(8, 3, 2), [3, 4, 1], "the last copy of the last step is in no patch");
        assert_eq!(of(5, 16, 8), [13, 1, 8], "a patch is at most as long as the padded series");
        assert_eq!(of(5, 3, 50), [3, 2, 3], "the second patch is the last step alone");
        let adjacent = Patches::adjacent(11, 4);
        assert_eq!((adjacent.count, adjacent.stride, adjacent.padding), (2, 4, 0));
    }

    /// The patches themselves: the map is the identity.
    fn patches(series: &[f32], of: Patches) -> Vec<f32> {
        let (params, tape) = (Params::default(), Tape::default());
        let embedding = PatchEmbedding::new(&params.root(), of, of.size, false);
        let mut identity = vec![0.0; of.size * of.size];
        identity.iter_mut().step_by(of.size + 1).for_each(|v| *v = 1.0);
        tape.reset(&std::sync::Arc::new(identity), None);
        let x = tape.constant([1, series.len()], series);
        embedding.forward(x).data().to_vec()
    }

    #[test]
    fn patches_overlap_and_repeat_the_last_step() {
        let series = [1.0, 2.0, 3.0, 4.0, 5.0];
        let padded = patches(&series, Patches::padded(5, 3, 2));
        assert_eq!(padded, [1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0]);
        let apart = patches(&series, Patches::padded(5, 2, 9));
        assert_eq!(apart, [1.0, 2.0, 5.0, 5.0]);
        assert_eq!(patches(&series, Patches::adjacent(5, 2)), [1.0, 2.0, 3.0, 4.0]);
    }
}
