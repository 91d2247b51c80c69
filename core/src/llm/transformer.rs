//! A frozen language model on a tape: what follows a prompt is embedded already, and gradients flow through it.

use std::sync::Arc;

use super::LanguageModel;
use super::config::Activation;
use super::weights::Affine;
use crate::tape::{Earlier, Param, Tape, Var};

impl LanguageModel {
    fn on<'t>(&self, tape: &'t Tape, param: Param) -> Var<'t> {
        tape.shared(&self.weights, param)
    }

    /// The embeddings of all words: `[vocabulary, width]`.
    pub(crate) fn words<'t>(&self, tape: &'t Tape) -> Var<'t> {
        self.on(tape, self.layout.words)
    }

    fn affine_on<'t>(&self, x: Var<'t>, by: Affine) -> Var<'t> {
        let [weight, bias] = [by.weight, by.bias].map(|param| self.on(x.tape(), param));
        x.linear(weight, Some(bias))
    }

    fn norm_on<'t>(&self, x: Var<'t>, by: Affine) -> Var<'t> {
        let [weight, bias] = [by.weight, by.bias].map(|param| self.on(x.tape(), param));
        x.layer_norm(weight, bias, self.config.eps)
    }

    /// The last hidden state of embeddings `[B, n, width]`, each row of which follows its prompt: `[B, n, width]`.
    ///
    /// A prompt has at most `most` tokens. On a dry tape there are no prompts.
    pub(crate) fn follow<'t>(
        &self,
        x: Var<'t>,
        prompts: &Arc<[Arc<Earlier>]>,
        most: usize,
    ) -> Var<'t> {
        let (rows, steps, width, heads) =
            (x.dim(0), x.dim(1), self.config.width, self.config.heads);
        let positions = x.tape().input([rows, steps, width], |to| {
            let of_row = to.chunks_exact_mut((steps * width).max(1));
            for (to, prompt) in of_row.zip(prompts.iter()) {
                let from = self.layout.positions.offset + prompt.steps * width;
                to.copy_from_slice(&self.weights[from..from + steps * width]);
            }
        });
        let mut x = x + positions;
        for (i, layer) in self.layout.layers.iter().enumerate() {
            let projected = self.affine_on(self.norm_on(x, layer.norms[0]), layer.attention);
            let [q, k, v] = [0, 1, 2].map(|part| {
                let part = projected.slice(2, part * width, width);
                part.reshape([rows, steps, heads, width / heads])
            });
            let mixed = q.attention_after([k, v], self.config.scale(i), i, prompts, most);
            x = x + self.affine_on(mixed.reshape([rows, steps, width]), layer.projection);
            let hidden = self.affine_on(self.norm_on(x, layer.norms[1]), layer.inner);
            let active = match self.config.activation {
                Activation::GeluTanh => hidden.gelu_tanh(),
                Activation::Gelu => hidden.gelu(),
                Activation::Relu => hidden.relu(),
                Activation::Silu => hidden.silu(),
                Activation::Tanh => hidden.tanh(),
            };
            x = x + self.affine_on(active, layer.outer);
        }
        self.norm_on(x, self.layout.norm)
    }
}
