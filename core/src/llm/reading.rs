//! A language model reads tokens: keys and values of every layer, without a tape.

use std::sync::Arc;

use super::LanguageModel;
use super::config::Activation;
use super::weights::Affine;
use crate::kernels::Compute;
use crate::kernels::attention::{Attention, Head, Rows, STATISTICS};
use crate::kernels::attention_mask::Mask;
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::{Mat, linear};
use crate::kernels::norm::layer_norm;
use crate::kernels::pointwise::{self, map};
use crate::memory::list;
use crate::tape::{Earlier, Param};

impl LanguageModel {
    /// The numbers of a weight.
    fn numbers(&self, param: Param) -> &[f32] {
        &self.weights[param.offset..][..param.shape.size()]
    }

    /// Keys and values of a prompt. It was read before, or its `head` was, or nothing of it.
    pub(crate) fn read(&self, compute: Compute, tokens: &[u32], head: &[u32]) -> Arc<Earlier> {
        if let Some(read) = self.cache.get(tokens) {
            return read;
        }
        let same = head.iter().zip(tokens).take_while(|(a, b)| a == b).count();
        let same = same.min(tokens.len() - 1); // there is something left to read
        let before = (same > 0).then(|| {
            self.cache.get(head).unwrap_or_else(|| {
                let read = Arc::new(self.extend(compute, None, head));
                self.cache.put(head, &read);
                read
            })
        });
        let before = before.as_ref().map(|read| (&**read, same));
        let read = Arc::new(self.extend(compute, before, &tokens[same..]));
        self.cache.put(tokens, &read);
        read
    }

    /// Keys and values of a prompt that is followed by `count` tokens for the end of a text.
    pub(crate) fn padded(
        &self,
        compute: Compute,
        read: &Arc<Earlier>,
        count: usize,
    ) -> Arc<Earlier> {
        if count == 0 {
            return read.clone();
        }
        let pads = vec![self.tokens.end; count];
        Arc::new(self.extend(compute, Some((read, read.steps)), &pads))
    }

    /// Reads `tokens` after the first steps of what was read before.
    pub(super) fn extend(
        &self,
        compute: Compute,
        before: Option<(&Earlier, usize)>,
        tokens: &[u32],
    ) -> Earlier {
        let (width, first) = (self.config.width, before.map_or(0, |(_, steps)| steps));
        let (rows, steps) = (tokens.len(), first + tokens.len());
        let mut x = self.embedded(tokens, first);
        let [mut normed, mut mixed] = [(); 2].map(|()| list::<f32>(rows * width));
        let mut projected = list::<f32>(rows * 3 * width);
        let [mut hidden, mut active] = [(); 2].map(|()| list::<f32>(rows * self.config.inner));
        let mut layers = Vec::with_capacity(self.config.layers);
        for (i, layer) in self.layout.layers.iter().enumerate() {
            self.norm(layer.norms[0], &x, &mut normed);
            self.affine(compute, layer.attention, &normed, &mut projected);
            let [keys, values] = [1, 2].map(|part| {
                let mut all = list::<f32>(steps * width);
                let (old, new) = all.split_at_mut(first * width);
                if let Some((earlier, _)) = before {
                    old.copy_from_slice(&earlier.layers[i][part - 1][..first * width]);
                }
                let rows = new.chunks_exact_mut(width).zip(projected.chunks_exact(3 * width));
                rows.for_each(|(to, from)| to.copy_from_slice(&from[part * width..][..width]));
                all
            });
            if i + 1 < self.config.layers {
                self.attend(compute, i, [&projected, &keys, &values], [rows, first], &mut mixed);
                self.affine(compute, layer.projection, &mixed, &mut normed);
                add_assign(&mut x, &normed);
                self.norm(layer.norms[1], &x, &mut normed);
                self.affine(compute, layer.inner, &normed, &mut hidden);
                self.activate(compute, &hidden, &mut active);
                self.affine(compute, layer.outer, &active, &mut normed);
                add_assign(&mut x, &normed);
            }
            layers.push([keys, values]);
        }
        Earlier { steps, layers }
    }

    /// The embeddings of tokens and of their positions, the first of which is `first`.
    fn embedded(&self, tokens: &[u32], first: usize) -> Vec<f32> {
        let width = self.config.width;
        let mut x = list::<f32>(tokens.len() * width);
        let positions = self.numbers(self.layout.positions);
        for (i, (x, token)) in x.chunks_exact_mut(width).zip(tokens).enumerate() {
            let word = &self.numbers(self.layout.words)[*token as usize * width..][..width];
            let position = &positions[(first + i) * width..][..width];
            x.iter_mut().zip(word.iter().zip(position)).for_each(|(x, (a, b))| *x = a + b);
        }
        x
    }

    fn norm(&self, by: Affine, x: &[f32], y: &mut [f32]) {
        let mut statistics = list::<f32>(2 * x.len() / self.config.width);
        let (weight, bias) = (self.numbers(by.weight), self.numbers(by.bias));
        layer_norm(x, weight, bias, self.config.eps, y, &mut statistics);
    }

    fn affine(&self, compute: Compute, by: Affine, x: &[f32], y: &mut [f32]) {
        let dims = by.weight.shape.dims();
        let bias = Some(self.numbers(by.bias));
        linear(compute, x, self.numbers(by.weight), bias, y, dims[1], dims[0]);
    }

    fn activate(&self, compute: Compute, x: &[f32], y: &mut [f32]) {
        match self.config.activation {
            Activation::GeluTanh => map::<pointwise::GeluTanh>(compute, x, y),
            Activation::Gelu => map::<pointwise::Gelu>(compute, x, y),
            Activation::Relu => map::<pointwise::Relu>(compute, x, y),
            Activation::Silu => map::<pointwise::Silu>(compute, x, y),
            Activation::Tanh => map::<pointwise::Tanh>(compute, x, y),
        }
    }

    /// Causal attention of the last `rows` steps; `projected` holds their queries, keys and values side by side.
    fn attend(
        &self,
        compute: Compute,
        layer: usize,
        [projected, keys, values]: [&[f32]; 3],
        [rows, first]: [usize; 2],
        out: &mut [f32],
    ) {
        let (width, heads) = (self.config.width, self.config.heads);
        let cols = width / heads;
        let mask = Mask::CausalAfter(first);
        let scale = self.config.scale(layer);
        let attention = Attention { scale, mask: &mask, compute, drop: None };
        let mut statistics = list::<f32>(STATISTICS * rows);
        for head in 0..heads {
            let part = |data, rows, row_stride| {
                let data: &[f32] = data;
                Mat { data: &data[head * cols..], rows, cols, row_stride, col_stride: 1 }
            };
            let of = Head {
                q: part(projected, rows, 3 * width),
                k: part(keys, first + rows, width),
                v: part(values, first + rows, width),
            };
            let out = Rows { data: &mut out[head * cols..], stride: width };
            attention.forward(of, out, &mut statistics);
        }
    }
}
