//! Attention of many heads over few keys: a head in each lane, against tiles, one head after the other.

use std::hint::black_box;

use neuro_divergent::kernels::Compute;
use neuro_divergent::kernels::attention::{Attention, Head, HeadGrads, Rows, STATISTICS};
use neuro_divergent::kernels::attention_in_lanes::HeadsInLanes;
use neuro_divergent::kernels::matmul::Mat;
use neuro_divergent::tape::Mask;
use subject::{numbers, suite};

/// Rows of a call, so that it does not find its inputs in the first cache.
const ROWS: usize = 16;

fn main() {
    suite(|s| {
        for (heads, width) in [(16, 8), (8, 16), (8, 64)] {
            for keys in [2, 6, 12, 24, 42, 64] {
                let mut work = Work::new(heads, keys, width);
                let group = "forward and backward, 16 rows of a batch";
                let what = format!("{heads} heads of {width}, {keys} keys");
                let tiles = s.time(group, &what, "tiles", || work.by_tiles());
                let lanes = s.time(group, &what, "lanes", || work.in_lanes());
                s.ratio(&format!("{what}: tiles → lanes"), &tiles, &lanes, None);
            }
        }
    });
}

/// Inputs, results and gradients: `[ROWS, L, H, d]`.
struct Work {
    lanes: HeadsInLanes,
    inputs: [Vec<f32>; 3],
    g: Vec<f32>,
    out: Vec<f32>,
    statistics: Vec<f32>,
    grads: [Vec<f32>; 3],
}

impl Work {
    fn new(heads: usize, keys: usize, width: usize) -> Self {
        let scale = 1.0 / (width as f32).sqrt();
        let size = ROWS * keys * heads * width;
        Self {
            lanes: HeadsInLanes { heads, queries: keys, keys, width, values: width, scale },
            inputs: [1, 2, 3].map(|seed| numbers(size, seed)),
            g: numbers(size, 4),
            out: vec![0.0; size],
            statistics: vec![0.0; STATISTICS * ROWS * keys * heads],
            grads: [0; 3].map(|_| vec![0.0; size]),
        }
    }

    fn in_lanes(&mut self) {
        let (n, kept) = (self.g.len() / ROWS, self.statistics.len() / ROWS);
        for row in 0..ROWS {
            let part = row * n..(row + 1) * n;
            let inputs = self.inputs.each_ref().map(|x| &black_box(x)[part.clone()]);
            let statistics = &mut self.statistics[row * kept..(row + 1) * kept];
            self.lanes.forward(inputs, &mut self.out[part.clone()], statistics);
            let grads = self.grads.each_mut().map(|d| &mut d[part.clone()]);
            self.lanes.backward(inputs, &self.g[part], statistics, grads);
        }
    }

    fn by_tiles(&mut self) {
        let HeadsInLanes { heads, keys, width, scale, .. } = self.lanes;
        let attention =
            Attention { scale, mask: &Mask::All, compute: Compute::default(), drop: None };
        let (n, stride) = (keys * heads * width, heads * width);
        let of_heads = self.statistics.chunks_exact_mut(STATISTICS * keys).enumerate();
        for (i, statistics) in of_heads {
            let first = i / heads * n + i % heads * width;
            let [q, k, v] =
                self.inputs.each_ref().map(|x| head(black_box(x), first, keys, width, stride));
            let rows = Rows { data: &mut self.out[first..], stride };
            attention.forward(Head { q, k, v }, rows, statistics);
            let outputs = [&self.out, &self.g].map(|x| head(x, first, keys, width, stride));
            let [q_to, k_to, v_to] =
                self.grads.each_mut().map(|d| Rows { data: &mut d[first..], stride });
            let grads = HeadGrads { q: q_to, k: k_to, v: v_to };
            attention.backward(Head { q, k, v }, outputs, statistics, grads);
        }
    }
}

/// A head's rows.
fn head(x: &[f32], first: usize, rows: usize, cols: usize, row_stride: usize) -> Mat<'_> {
    Mat { data: &x[first..], rows, cols, row_stride, col_stride: 1 }
}
