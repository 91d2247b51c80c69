//! Patches of a window as vectors, as TimeLLM has them. Upstream: `models/timellm.py: PatchEmbedding, TokenEmbedding`.

use super::conv::Conv1d;
use super::params::Path;
use crate::tape::{Edge, Var};

/// Patches that an embedding sees: the one before, its own, the one after.
const KERNEL: usize = 3;

/// Overlapping patches of a window, whose last value is repeated for one stride, and a convolution of them as a circle.
#[derive(Clone, Copy, Debug)]
pub struct SeriesPatches {
    embed: Conv1d,
    length: usize,
    stride: usize,
    dropout: f32,
}

impl SeriesPatches {
    /// Declares `value_embedding.tokenConv`, from patches of `length` values, `stride` apart, to `hidden` numbers each.
    pub fn new(path: &Path<'_>, [length, stride]: [usize; 2], hidden: usize, dropout: f32) -> Self {
        let path = path.sub("value_embedding").sub("tokenConv");
        Self { embed: Conv1d::kaiming(&path, [length, hidden], KERNEL), length, stride, dropout }
    }

    /// The number of patches of a window of `steps`; 0 if it is too short for one.
    pub fn count([length, stride]: [usize; 2], steps: usize) -> usize {
        (steps + stride).checked_sub(length).map_or(0, |rest| rest / stride + 1)
    }

    /// The embedded patches `[B, n, hidden]` of windows `[B, L]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let count = Self::count([self.length, self.stride], x.dim(1));
        let padded = x.unsqueeze(2).pad(1, [0, self.stride], Edge::Replicate).squeeze(2);
        let patch = |i: usize| padded.slice(1, i * self.stride, self.length).unsqueeze(1);
        let patches: Vec<Var<'t>> = (0..count).map(patch).collect();
        let patches = if let [one] = patches[..] { one } else { Var::concat(&patches, 1) }; // [B, n, length]
        self.embed.forward_circular(patches, KERNEL / 2).dropout(self.dropout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Params;
    use crate::tape::Tape;
    use std::sync::Arc;

    #[test]
    fn patches_are_counted_as_upstream_unfolds_them() {
        for (sizes, steps, expected) in [
            ([16, 8], 24, 3),
            ([16, 8], 12, 1),
            ([16, 8], 8, 1),
            ([16, 8], 7, 0),
            ([4, 2], 12, 6),
            ([5, 4], 15, 4),
        ] {
            assert_eq!(SeriesPatches::count(sizes, steps), expected, "{sizes:?} of {steps}");
        }
    }

    #[test]
    fn the_last_value_is_repeated_and_the_last_patch_comes_before_the_first() {
        let params = Params::default();
        let patches = SeriesPatches::new(&params.root(), [2, 2], 1, 0.0);
        let tape = Tape::default();
        // [1, 2, 3]: both values of the patch before, and the first of the patch itself.
        tape.reset(&Arc::new(vec![1.0, 10.0, 0.0, 10.0, 100.0, 0.0]), None);
        let x = tape.constant([1, 3], &[1.0, 2.0, 3.0]);
        // Patches: [1, 2], [3, 3].
        let y = patches.forward(x);
        assert_eq!(y.shape().dims(), [1, 2, 1]);
        assert_eq!(y.data()[..], [3.0 + 30.0 + 10.0 + 200.0, 1.0 + 20.0 + 30.0 + 300.0]);
    }
}
