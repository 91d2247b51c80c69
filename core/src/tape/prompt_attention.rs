//! Causal attention that also sees keys and values from before the tape: those of a prompt, another one for each row.

use std::sync::Arc;

use super::{Backward, Description, Inputs, Op, Output, Shape, Var};
use crate::kernels::Compute;
use crate::kernels::attention::{Attention, Head, HeadGrads, Rows, STATISTICS};
use crate::kernels::attention_mask::Mask;
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::Mat;

/// Keys and values of every layer for steps that come before those on the tape.
pub struct Earlier {
    /// How many steps.
    pub steps: usize,
    /// Keys and values of each layer, `[steps, H·d]`.
    pub layers: Vec<[Vec<f32>; 2]>,
}

impl Earlier {
    /// Bytes of its numbers.
    pub fn bytes(&self) -> usize {
        let numbers = self.layers.iter().flatten().map(Vec::capacity).sum::<usize>();
        numbers * size_of::<f32>()
    }
}

struct AttendAfter {
    scale: f32,
    layer: usize,
    /// For each row.
    earlier: Arc<[Arc<Earlier>]>,
    /// The most steps of these.
    most: usize,
}

/// Rows, steps on the tape, heads, width of a head.
#[derive(Clone, Copy)]
struct Sizes {
    rows: usize,
    steps: usize,
    heads: usize,
    width: usize,
}

impl Sizes {
    fn new(shape: Shape) -> Self {
        let [rows, steps, heads, width] = [0, 1, 2, 3].map(|i| shape.dims()[i]);
        Self { rows, steps, heads, width }
    }

    /// Numbers of a step.
    fn stride(self) -> usize {
        self.heads * self.width
    }

    /// Numbers of a row on the tape.
    fn row(self) -> usize {
        self.steps * self.stride()
    }

    fn statistics(self) -> usize {
        STATISTICS * self.heads * self.steps
    }

    fn head(self, data: &[f32], head: usize, rows: usize) -> Mat<'_> {
        let data = &data[head * self.width..];
        Mat { data, rows, cols: self.width, row_stride: self.stride(), col_stride: 1 }
    }

    fn rows(self, data: &mut [f32], head: usize) -> Rows<'_> {
        Rows { data: &mut data[head * self.width..], stride: self.stride() }
    }
}

impl AttendAfter {
    /// Numbers of the keys, or the values, that a row sees at most.
    fn seen(&self, s: Sizes) -> usize {
        (self.most + s.steps) * s.stride()
    }

    /// Writes what row `b` sees, earlier ones first; returns how many steps that is.
    fn gather(&self, s: Sizes, b: usize, own: [&[f32]; 2], to: [&mut [f32]; 2]) -> usize {
        let earlier = &self.earlier[b];
        let split = earlier.steps * s.stride();
        for ((to, own), before) in to.into_iter().zip(own).zip(&earlier.layers[self.layer]) {
            to[..split].copy_from_slice(before);
            to[split..split + s.row()].copy_from_slice(&own[b * s.row()..][..s.row()]);
        }
        earlier.steps + s.steps
    }

    fn attention<'a>(&self, compute: Compute, mask: &'a Mask) -> Attention<'a> {
        Attention { scale: self.scale, mask, compute, drop: None }
    }
}

impl Op for AttendAfter {
    fn describe(&self) -> Description {
        let attend = Description::new("attention_after").with("scale", self.scale);
        attend.with("layer", self.layer)
    }

    /// The statistics of each query, and the keys and values that one row sees.
    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let s = Sizes::new(x.shape(0));
        s.rows * s.statistics() + 2 * self.seen(s)
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    /// The gradients of one row: of its queries, and of the keys and values that it sees.
    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let s = Sizes::new(x.shape(0));
        s.row() + 2 * self.seen(s)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let s = Sizes::new(x.shape(0));
        out.keep(self.kept(x, out.shape));
        let (statistics, seen) = out.kept.split_at_mut(s.rows * s.statistics());
        let (keys, values) = seen.split_at_mut(self.seen(s));
        for b in 0..s.rows {
            let steps = self.gather(s, b, [x.data(1), x.data(2)], [keys, values]);
            let mask = Mask::CausalAfter(steps - s.steps);
            let of_row = &mut statistics[b * s.statistics()..][..s.statistics()];
            for (h, statistics) in of_row.chunks_exact_mut(STATISTICS * s.steps).enumerate() {
                let q = s.head(&x.data(0)[b * s.row()..], h, s.steps);
                let of = Head { q, k: s.head(keys, h, steps), v: s.head(values, h, steps) };
                let out = s.rows(&mut out.data[b * s.row()..][..s.row()], h);
                self.attention(x.compute(), &mask).forward(of, out, statistics);
            }
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let s = Sizes::new(b.input_shape(0));
        let mut kept = b.take_kept();
        let mut scratch = b.take_scratch(s.row() + 2 * self.seen(s));
        let (statistics, seen) = kept.split_at_mut(s.rows * s.statistics());
        let (keys, values) = seen.split_at_mut(self.seen(s));
        let (dq, rest) = scratch.split_at_mut(s.row());
        let (dk, dv) = rest.split_at_mut(self.seen(s));
        for row in 0..s.rows {
            let steps = self.gather(s, row, [b.input(1), b.input(2)], [keys, values]);
            let before = steps - s.steps;
            let mask = Mask::CausalAfter(before);
            let range = row * s.row()..(row + 1) * s.row();
            let all = before * s.stride()..steps * s.stride();
            dq.fill(0.0);
            [&mut *dk, &mut *dv].into_iter().for_each(|grad| grad[..all.end].fill(0.0));
            let of_row = &statistics[row * s.statistics()..][..s.statistics()];
            for (h, statistics) in of_row.chunks_exact(STATISTICS * s.steps).enumerate() {
                let q = s.head(&b.input(0)[range.clone()], h, s.steps);
                let of = Head { q, k: s.head(keys, h, steps), v: s.head(values, h, steps) };
                let outputs = [b.output(), b.grad()];
                let outputs = outputs.map(|x| s.head(&x[range.clone()], h, s.steps));
                let grads = HeadGrads { q: s.rows(dq, h), k: s.rows(dk, h), v: s.rows(dv, h) };
                self.attention(b.compute(), &mask).backward(of, outputs, statistics, grads);
            }
            // The earlier steps are constants.
            b.accumulate(0, |_, dx| add_assign(&mut dx[range.clone()], dq));
            b.accumulate(1, |_, dx| add_assign(&mut dx[range.clone()], &dk[all.clone()]));
            b.accumulate(2, |_, dx| add_assign(&mut dx[range.clone()], &dv[all.clone()]));
        }
        b.give_scratch(scratch);
        b.give_kept(kept);
    }
}

impl<'t> Var<'t> {
    /// Causal attention of queries, keys and values `[B, n, H, d]`, which also see the keys and values of a layer of `earlier`
    /// steps, others for each row and at most `most`: `[B, n, H, d]`. No gradient flows to these.
    ///
    /// On a dry tape, `earlier` is not read.
    #[track_caller]
    pub fn attention_after(
        self,
        [k, v]: [Self; 2],
        scale: f32,
        layer: usize,
        earlier: &Arc<[Arc<Earlier>]>,
        most: usize,
    ) -> Self {
        let shape = self.shape();
        assert_eq!([k.shape(), v.shape()], [shape; 2], "keys and values are as queries");
        let stride = shape.dims()[2] * shape.dims()[3];
        assert!(self.tape.is_dry() || earlier.len() == shape.dims()[0], "one for each row");
        for of in earlier.iter() {
            let sizes = of.layers[layer].each_ref().map(Vec::len);
            assert!(of.steps <= most && sizes == [of.steps * stride; 2], "steps before the tape");
        }
        let op = AttendAfter { scale, layer, earlier: earlier.clone(), most };
        self.tape.record(op, &[self, k, v], shape)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Mask, Tape};
    use super::Earlier;

    fn wave(len: usize, rate: f32) -> Vec<f32> {
        (0..len).map(|i| (i as f32 * rate).sin()).collect()
    }

    /// Against full attention over all steps of a row, of which the first ones are the earlier.
    #[test]
    fn it_is_causal_attention_over_what_is_before_and_on_the_tape() {
        let (steps, heads, width) = (3, 2, 4);
        let size = heads * width;
        let before = [5, 0, 2];
        let earlier: Vec<Arc<Earlier>> = before
            .iter()
            .map(|n| {
                let other = [wave(n * size, 0.1), wave(n * size, 0.2)];
                let layers = vec![other, [wave(n * size, 0.7), wave(n * size, 1.1)]];
                Arc::new(Earlier { steps: *n, layers })
            })
            .collect();
        let tape = Tape::default();
        let shape = [before.len(), steps, heads, width];
        let own = [0.3, 0.5, 0.9].map(|rate| wave(shape.iter().product(), rate));
        let [q, k, v] = own.each_ref().map(|data| tape.variable(shape, data));
        let y = q.attention_after([k, v], 0.5, 1, &earlier.clone().into(), 6);
        let weights = tape.constant(shape, &wave(own[0].len(), 0.4));
        tape.backward((y * weights).sum(), &mut Vec::new());
        let row = steps * size;
        for (b, n) in before.into_iter().enumerate() {
            let tape = Tape::default();
            let part = |data: &[f32]| data[b * row..][..row].to_vec();
            let one = |data: Vec<f32>, steps| tape.variable([1, steps, heads, width], &data);
            let q_b = one(part(&own[0]), steps);
            let [k_b, v_b] = [0, 1].map(|i| {
                let all = [earlier[b].layers[1][i].clone(), part(&own[i + 1])].concat();
                one(all, n + steps)
            });
            let y_b = q_b.attention(k_b, v_b, 0.5, &Mask::CausalAfter(n), 0.0);
            assert_eq!(y_b.data()[..], y.data()[b * row..][..row]);
            let weights = tape.constant([1, steps, heads, width], &part(&weights.data()));
            tape.backward((y_b * weights).sum(), &mut Vec::new());
            for (ours, whole) in [(q, q_b), (k, k_b), (v, v_b)] {
                let whole = whole.grad();
                assert_eq!(part(&ours.grad()), whole[whole.len() - row..]);
                assert!(whole.iter().any(|g| *g != 0.0));
            }
        }
        let before = y.data().to_vec();
        tape.replay();
        assert_eq!(y.data()[..], before);
    }
}
