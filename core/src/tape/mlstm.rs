//! The memory of an mLSTM, over all steps at once; the formulas are in [`kernels`](crate::kernels::mlstm).
//!
//! Heads are adjacent, `[B, T, H·d]`, as the projections write them. Five numbers per step and head are kept.

use super::{Backward, Description, Inputs, Op, Output, Shape, Var};
use crate::kernels::attention::{Head, HeadGrads, Rows};
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::Mat;
use crate::kernels::mlstm::{Gates, Gradients, MatrixMemory, STATISTICS};
use crate::kernels::scratch::pieces;

/// Inputs: queries, keys, values, and the pre-activations of the gates.
struct Mlstm;

const GATES: usize = 3;

/// Batch, steps, heads, and numbers of a query, key or value.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    batch: usize,
    steps: usize,
    heads: usize,
    width: usize,
}

impl Sizes {
    fn new(x: Shape, gates: Shape) -> Self {
        let heads = gates.last() / 2;
        Self { batch: x.dims()[0], steps: x.dims()[1], heads, width: x.last() / heads }
    }

    fn each_head(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.batch).flat_map(move |b| (0..self.heads).map(move |h| (b, h)))
    }

    /// Where head `h` of row `b` begins.
    fn place(self, b: usize, h: usize) -> usize {
        (b * self.steps * self.heads + h) * self.width
    }

    fn head(self, x: &[f32], b: usize, h: usize) -> Mat<'_> {
        Mat {
            data: &x[self.place(b, h)..],
            rows: self.steps,
            cols: self.width,
            row_stride: self.heads * self.width,
            col_stride: 1,
        }
    }

    fn rows(self, x: &mut [f32], b: usize, h: usize) -> Rows<'_> {
        Rows { data: &mut x[self.place(b, h)..], stride: self.heads * self.width }
    }

    fn gates(self, x: &[f32], b: usize, h: usize) -> Gates<&[f32]> {
        let stride = 2 * self.heads;
        Gates { data: &x[b * self.steps * stride + h..], forget: self.heads, stride }
    }

    /// Numbers that the forward pass keeps of all heads.
    fn statistics(self) -> usize {
        self.batch * self.heads * self.steps * STATISTICS
    }
}

impl Op for Mlstm {
    fn describe(&self) -> Description {
        Description::new("mlstm")
    }

    /// The statistics of all heads, and scratch memory.
    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let s = Sizes::new(x.shape(0), x.shape(GATES));
        s.statistics() + memory(s, x.compute()).scratch()
    }

    /// That of a head, and gradients of queries, keys, values and gates.
    fn scratch(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        let s = Sizes::new(x.shape(0), x.shape(GATES));
        let sizes = [0, 1, 2, GATES].map(|i| x.shape(i).size());
        memory(s, x.compute()).grad_scratch() + sizes.iter().sum::<usize>()
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let s = Sizes::new(x.shape(0), x.shape(GATES));
        let memory = memory(s, x.compute());
        out.keep(self.kept(x, out.shape));
        let (statistics, scratch) = out.kept.split_at_mut(s.statistics());
        let of_heads = statistics.chunks_exact_mut(STATISTICS * s.steps);
        for ((b, h), statistics) in s.each_head().zip(of_heads) {
            let [q, k, v] = [0, 1, 2].map(|i| s.head(x.data(i), b, h));
            let gates = s.gates(x.data(GATES), b, h);
            memory.forward(Head { q, k, v }, &gates, s.rows(out.data, b, h), statistics, scratch);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let s = Sizes::new(b.input_shape(0), b.input_shape(GATES));
        let memory = memory(s, b.compute());
        let sizes = [0, 1, 2, GATES].map(|i| b.input_shape(i).size());
        let [n_q, n_k, n_v, n_gates] = sizes;
        let lengths = [n_q, n_k, n_v, n_gates, memory.grad_scratch()];
        let mut kept = b.take_kept();
        let mut work = b.take_scratch(lengths.iter().sum());
        let [dq, dk, dv, dgates, scratch] = pieces(&mut work, lengths);
        [&mut *dq, &mut *dk, &mut *dv].into_iter().for_each(|d| d.fill(0.0));
        let of_heads = kept[..s.statistics()].chunks_exact_mut(STATISTICS * s.steps);
        for ((row, h), statistics) in s.each_head().zip(of_heads) {
            let [q, k, v] = [0, 1, 2].map(|i| s.head(b.input(i), row, h));
            let outputs = [b.output(), b.grad()].map(|x| s.head(x, row, h));
            let of_head =
                HeadGrads { q: s.rows(dq, row, h), k: s.rows(dk, row, h), v: s.rows(dv, row, h) };
            let data = &mut dgates[row * s.steps * 2 * s.heads + h..];
            let of_gates = Gates { data, forget: s.heads, stride: 2 * s.heads };
            let gates = s.gates(b.input(GATES), row, h);
            let gradients = Gradients { head: of_head, gates: of_gates };
            let head = Head { q, k, v };
            memory.backward(head, &gates, outputs, statistics, gradients, scratch);
        }
        for (i, grad) in [(0, dq), (1, dk), (2, dv), (GATES, dgates)] {
            b.accumulate(i, |_, dx| add_assign(dx, grad));
        }
        b.give_scratch(work);
        b.give_kept(kept);
    }
}

fn memory(s: Sizes, compute: crate::kernels::Compute) -> MatrixMemory {
    MatrixMemory { steps: s.steps, width: s.width, compute }
}

impl<'t> Var<'t> {
    /// What an mLSTM remembers: queries, keys and values are `[B, T, H·d]`; `gates` are the pre-activations of the input gates of
    /// all heads and then of their forget gates, `[B, T, 2·H]`. Gives `[B, T, H·d]`.
    #[track_caller]
    pub fn mlstm(self, k: Self, v: Self, gates: Self) -> Self {
        let (q, g) = (self.shape(), gates.shape());
        let heads = g.last() / 2;
        assert!(
            q.rank() == 3 && [k.shape(), v.shape()] == [q; 2],
            "queries, keys, values of {q:?}"
        );
        let fits = heads > 0 && q.last().is_multiple_of(heads) && g == q.with(2, 2 * heads);
        assert!(fits && q.size() > 0, "{g:?} gates of {q:?}");
        self.tape.record(Mlstm, &[self, k, v, gates], q)
    }
}
