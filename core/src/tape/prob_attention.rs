//! [ProbSparse attention](crate::kernels::prob_sparse) of many heads. Upstream: `models/informer.py: ProbAttention`.

use super::attention::Sizes;
use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::attention::{HeadGrads, Rows};
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::Mat;
use crate::kernels::prob_sparse::{HeadSizes, ProbSparse};
use crate::rng::{Key, Stream};

struct ProbAttend {
    attention: ProbSparse,
}

impl Sizes {
    fn of_head(self) -> HeadSizes {
        let Self { queries, keys, width, values, .. } = self;
        HeadSizes { queries, keys, width, values }
    }
}

impl ProbAttend {
    /// Numbers that all heads keep, and those of the sample.
    fn lengths(&self, s: Sizes) -> [usize; 2] {
        let heads = s.batch.saturating_mul(s.heads);
        let kept = self.attention.kept(s.of_head()).saturating_mul(heads);
        [kept, s.queries.saturating_mul(self.attention.sampled)]
    }
}

impl Op for ProbAttend {
    fn describe(&self) -> Description {
        let ProbSparse { scale, causal, sampled, top, key } = self.attention;
        Description::new("prob_attention")
            .with("scale", scale)
            .with("causal", causal)
            .with("sampled", sampled)
            .with("top", top)
            .drawn(key, 0)
    }

    /// What heads keep, the sample and scratch; in the backward pass also the gradients of all inputs.
    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let s = Sizes::new(x.shape(0).dims(), x.shape(2).dims());
        let lengths = self.lengths(s).into_iter().chain([0, 1, 2].map(|i| x.shape(i).size()));
        lengths.fold(self.attention.scratch(s.of_head()), usize::saturating_add)
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let s = Sizes::new(x.shape(0).dims(), x.shape(2).dims());
        let (n, inputs) = (s.of_head(), [x.data(0), x.data(1), x.data(2)]);
        let [heads, sample] = self.lengths(s);
        let scratch = self.attention.scratch(n);
        out.keep(heads + sample + scratch); // the backward needs more, see `kept`
        let (kept, rest) = out.kept.split_at_mut(heads);
        let (sample, scratch) = rest.split_at_mut(sample);
        self.attention.sample(n, sample);
        let kept = kept.chunks_exact_mut(self.attention.kept(n));
        let of_heads = out.data.chunks_exact_mut(s.queries * s.values);
        for (((b, h), kept), data) in s.each_head().zip(kept).zip(of_heads) {
            let rows = Rows { data, stride: s.values };
            let head = (s.inputs(inputs, b, h), n);
            self.attention.forward(x.compute(), head, sample, rows, [kept, &mut *scratch]);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let s = Sizes::new(b.input_shape(0).dims(), b.input_shape(2).dims());
        let (n, [heads, _]) = (s.of_head(), self.lengths(s));
        // Inputs may be the same value, so their gradients are computed separately before they are added.
        let lengths = [0, 1, 2].map(|i| b.input_shape(i).size());
        let scratch = self.attention.scratch(n);
        let mut all = b.take_kept();
        all.resize(heads + scratch + lengths.iter().sum::<usize>(), 0.0);
        let (kept, rest) = all.split_at_mut(heads);
        let (scratch, grads) = rest.split_at_mut(scratch);
        grads.fill(0.0);
        let (dq, rest) = grads.split_at_mut(lengths[0]);
        let (dk, dv) = rest.split_at_mut(lengths[1]);
        let inputs = [b.input(0), b.input(1), b.input(2)];
        let kept = kept.chunks_exact_mut(self.attention.kept(n));
        let of_heads = b.grad().chunks_exact(s.queries * s.values);
        for (((row, h), kept), g) in s.each_head().zip(kept).zip(of_heads) {
            let g = Mat::new(g, s.queries, s.values);
            let grads = HeadGrads {
                q: s.rows(dq, row, h, s.queries, s.width),
                k: s.rows(dk, row, h, s.keys, s.width),
                v: s.rows(dv, row, h, s.keys, s.values),
            };
            let head = (s.inputs(inputs, row, h), n);
            self.attention.backward(b.compute(), head, g, grads, [kept, &mut *scratch]);
        }
        for (i, grad) in [dq, dk, dv].into_iter().enumerate() {
            b.accumulate(i, |_, dx| add_assign(dx, grad));
        }
        b.give_kept(all);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// `softmax(scale·q kᵀ) v` of the `top` queries whose weights are farthest from uniform; other queries get the mean of
    /// the values, or with `causal`, which needs as many keys as queries, their sum up to the query's own.
    ///
    /// Queries `[B, L, H, d]`, keys `[B, S, H, d]` and values `[B, S, H, e]` give `[B, H, L, e]`: heads come first. Each query is judged by
    /// `sampled` keys, drawn with replacement for each `layer`: others at every step while training, else always the same.
    #[track_caller]
    pub fn prob_attention(
        self,
        k: Self,
        v: Self,
        scale: f32,
        causal: bool,
        [sampled, top]: [usize; 2],
        layer: u32,
    ) -> Self {
        let s = self.heads_of(k, v);
        assert!(!causal || s.queries == s.keys, "as many queries as keys: {s:?}");
        assert!(sampled > 0 && (1..=s.queries).contains(&top), "{sampled} and {top} of {s:?}");
        let always = Key::new(0, Stream::Keys, 0).layer(layer);
        let key = self.tape.drawn(Stream::Keys, layer).unwrap_or(always);
        let attention = ProbSparse { scale, causal, sampled, top, key };
        let shape = [s.batch, s.heads, s.queries, s.values];
        self.tape.record(ProbAttend { attention }, &[self, k, v], shape)
    }
}
