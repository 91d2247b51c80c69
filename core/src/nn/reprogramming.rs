//! Patches said in the words of a language model: attention from patches to prototypes of words. Upstream:
//! `models/timellm.py: ReprogrammingLayer`.

use super::linear::Linear;
use super::params::Path;
use crate::tape::{Mask, Var};

/// Sizes of a [`Reprogramming`].
#[derive(Clone, Copy, Debug)]
pub struct ReprogrammingSizes {
    /// Numbers of a patch.
    pub patch: usize,
    /// Heads.
    pub heads: usize,
    /// Numbers of a query, a key and a value per head. Upstream: `d_keys`.
    pub keys: usize,
    /// Numbers of a word.
    pub word: usize,
}

/// `out(softmax(q kᵀ/√d) v)` with queries of patches, and keys and values of prototypes, which are the same for all windows.
#[derive(Clone, Copy, Debug)]
pub struct Reprogramming {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    sizes: ReprogrammingSizes,
    dropout: f32,
}

impl Reprogramming {
    /// Declares `query_projection`, `key_projection`, `value_projection` and `out_projection`. While training, weights of the
    /// attention are dropped with probability `dropout`.
    pub fn new(path: &Path<'_>, sizes: ReprogrammingSizes, dropout: f32) -> Self {
        let ReprogrammingSizes { patch, heads, keys, word } = sizes;
        let width = keys.saturating_mul(heads);
        let linear = |name, from, to| Linear::new(&path.sub(name), from, to);
        Self {
            query: linear("query_projection", patch, width),
            key: linear("key_projection", word, width),
            value: linear("value_projection", word, width),
            out: linear("out_projection", width, word),
            sizes,
            dropout,
        }
    }

    /// Patches `[B, n, patch]` in terms of prototypes `[S, word]`: `[B, n, word]`.
    pub fn forward<'t>(&self, patches: Var<'t>, prototypes: Var<'t>) -> Var<'t> {
        let ReprogrammingSizes { patch, heads, keys, .. } = self.sizes;
        let (rows, count, all) = (patches.dim(0), patches.dim(1), prototypes.dim(0));
        let queries = rows * count;
        let q = self.query.forward(patches.reshape([queries, patch]));
        let q = q.reshape([1, queries, heads, keys]);
        let [k, v] = [&self.key, &self.value]
            .map(|layer| layer.forward(prototypes).reshape([1, all, heads, keys]));
        let scale = 1.0 / (keys as f32).sqrt();
        let mixed = q.attention(k, v, scale, &Mask::All, self.dropout);
        self.out.forward(mixed.reshape([rows, count, heads * keys]))
    }
}
