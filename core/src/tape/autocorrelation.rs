//! [Autocorrelation](crate::kernels::autocorrelation): correlations of queries and keys, and values averaged over the most
//! similar delays. Upstream: `models/autoformer.py: AutoCorrelation`.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::autocorrelation::{
    Window, aggregate, aggregate_grad, correlate, correlate_grad, weight_gradients,
};
use crate::kernels::elementwise::{add_assign, axpy};
use crate::kernels::softmax::{softmax, softmax_grad};
use crate::kernels::top::largest;

/// Inputs: q `[B, L, C]`, k `[B, S, C]`; output `[B, L]`.
struct Correlation;

/// The sizes of a window of `steps` steps, for keys or values `[B, S, C]`.
fn window(steps: usize, k: Shape) -> Window {
    Window { steps, given: k.dims()[1], channels: k.dims()[2] }
}

impl Op for Correlation {
    fn describe(&self) -> Description {
        Description::new("correlation")
    }

    /// All products of steps of a window; in the backward pass also the gradients of both inputs.
    fn kept(&self, x: &Inputs<'_>, shape: Shape) -> usize {
        let products = window(shape.last(), x.shape(1)).products();
        products.saturating_add(x.shape(0).size()).saturating_add(x.shape(1).size())
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = window(out.shape.last(), x.shape(1));
        out.keep(n.products()); // the backward needs more, see `kept`
        let pairs = x.data(0).chunks_exact(n.steps * n.channels);
        let pairs = pairs.zip(x.data(1).chunks_exact(n.given * n.channels));
        for ((q, k), r) in pairs.zip(out.data.chunks_exact_mut(n.steps)) {
            correlate(x.compute(), n, [q, k], out.kept, r);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = window(b.shape().last(), b.input_shape(1));
        let lengths = [0, 1].map(|i| b.input_shape(i).size());
        let mut kept = b.take_kept();
        kept.resize(n.products() + lengths[0] + lengths[1], 0.0);
        let (products, grads) = kept.split_at_mut(n.products());
        grads.fill(0.0);
        let (dq, dk) = grads.split_at_mut(lengths[0]);
        let [of_q, of_k] = [n.steps, n.given].map(|steps| steps * n.channels);
        let pairs = b.input(0).chunks_exact(of_q).zip(b.input(1).chunks_exact(of_k));
        let grads = dq.chunks_exact_mut(of_q).zip(dk.chunks_exact_mut(of_k));
        for (((q, k), (dq, dk)), dr) in pairs.zip(grads).zip(b.grad().chunks_exact(n.steps)) {
            correlate_grad(b.compute(), n, [q, k], dr, products, [dq, dk]);
        }
        for (i, grad) in [dq, dk].into_iter().enumerate() {
            b.accumulate(i, |_, dx| add_assign(dx, grad));
        }
        b.give_kept(kept);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

/// Inputs: r `[B, delays]`, v `[B, S, C]`, and perhaps the counts of the windows; output `[B, L, C]`.
struct Aggregation {
    /// Delays that values are averaged over.
    top: usize,
    /// Whether all windows have the same delays: those that are best on average.
    shared: bool,
}

impl Aggregation {
    /// Writes the delays of each window `[B, top]` and their weights `[B, top]`; `spare` is twice as long as a row of `r`.
    fn choose(&self, r: &[f32], counts: &[f32], [delays, weights, spare]: [&mut [f32]; 3]) {
        let (mean, spare) = spare.split_at_mut(spare.len() / 2);
        let rows = r.chunks_exact(mean.len());
        if self.shared {
            mean.fill(0.0);
            for (i, row) in rows.clone().enumerate() {
                axpy(mean, counts.get(i).copied().unwrap_or(1.0), row);
            }
            largest(mean, spare, &mut delays[..self.top]);
            let rows = delays.len() / self.top;
            (1..rows).for_each(|i| delays.copy_within(..self.top, i * self.top));
        } else {
            for (row, delays) in rows.clone().zip(delays.chunks_exact_mut(self.top)) {
                largest(row, spare, delays);
            }
        }
        let chosen = delays.chunks_exact(self.top).zip(weights.chunks_exact_mut(self.top));
        for ((delays, weights), row) in chosen.zip(rows) {
            let scores = &mut spare[..self.top];
            scores.iter_mut().zip(delays).for_each(|(to, delay)| *to = row[*delay as usize]);
            softmax(scores, self.top, weights);
        }
    }
}

impl Op for Aggregation {
    fn describe(&self) -> Description {
        Description::new("delay_aggregation").with("top", self.top).with("shared", self.shared)
    }

    /// Delays and weights, and twice a row of correlations.
    fn kept(&self, x: &Inputs<'_>, shape: Shape) -> usize {
        let chosen = shape.dims()[0].saturating_mul(2).saturating_mul(self.top);
        chosen.saturating_add(2 * x.shape(0).last())
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = window(out.shape.dims()[1], x.shape(1));
        let chosen = out.shape.dims()[0] * self.top;
        out.keep(self.kept(x, out.shape));
        let (delays, rest) = out.kept.split_at_mut(chosen);
        let (weights, spare) = rest.split_at_mut(chosen);
        let counts = if x.count() == 3 { x.data(2) } else { &[] };
        self.choose(x.data(0), counts, [&mut *delays, &mut *weights, spare]);
        let of_v = x.data(1).chunks_exact(n.given * n.channels);
        let of_y = out.data.chunks_exact_mut(n.steps * n.channels);
        let chosen = delays.chunks_exact(self.top).zip(weights.chunks_exact(self.top));
        for ((v, y), (delays, weights)) in of_v.zip(of_y).zip(chosen) {
            aggregate(n, v, delays, weights, y);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = window(b.shape().dims()[1], b.input_shape(1));
        let chosen = b.shape().dims()[0] * self.top;
        let mut kept = b.take_kept();
        let (delays, rest) = kept.split_at_mut(chosen);
        let (weights, spare) = rest.split_at_mut(chosen);
        let (delays, weights) = (&*delays, &*weights);
        let rows = || delays.chunks_exact(self.top).zip(weights.chunks_exact(self.top));
        let size = n.steps * n.channels;
        b.accumulate(0, |b, dr| {
            let (of_weights, rest) = spare.split_at_mut(spare.len() / 2);
            let of_weights = &mut of_weights[..self.top];
            let pairs = b.grad().chunks_exact(size);
            let pairs = pairs.zip(b.input(1).chunks_exact(n.given * n.channels));
            let delays_in_row = dr.len() / b.shape().dims()[0];
            for (((delays, weights), (g, v)), dr) in
                rows().zip(pairs).zip(dr.chunks_exact_mut(delays_in_row))
            {
                weight_gradients(n, g, v, delays, of_weights);
                let of_scores = &mut rest[..self.top];
                of_scores.fill(0.0);
                softmax_grad(weights, of_weights, self.top, of_scores);
                delays.iter().zip(of_scores).for_each(|(delay, d)| dr[*delay as usize] += *d);
            }
        });
        b.accumulate(1, |b, dv| {
            let pairs = b.grad().chunks_exact(size).zip(dv.chunks_exact_mut(n.given * n.channels));
            pairs.zip(rows()).for_each(|((g, dv), chosen)| aggregate_grad(n, g, chosen, dv));
        });
        b.give_kept(kept);
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// How similar these queries `[B, L, C]` are to keys `[B, S, C]` at each delay: `1/C Σ q[(t + τ) mod L]·k[t]`, `[B, L]`.
    /// Keys beyond step `L` are left out, missing ones are zeros.
    #[track_caller]
    pub fn correlation(self, k: Self) -> Self {
        let (q, k_shape) = (self.shape(), k.shape());
        assert_eq!([q.rank(), k_shape.rank()], [3; 2], "correlation of {q:?} and {k_shape:?}");
        let [rows, steps, channels] = [0, 1, 2].map(|axis| q.dims()[axis]);
        assert_eq!([k_shape.dims()[0], k_shape.last()], [rows, channels], "keys of {q:?}");
        self.tape.record(Correlation, &[self, k], [rows, steps])
    }

    /// Values `[B, S, C]` moved by each of the `top` delays with the largest of these correlations `[B, delays]`, times the
    /// softmax of these, added: `[B, steps, C]`. Values beyond `steps` are left out, missing ones are zeros.
    ///
    /// While training, all windows have the delays that are best on average, where a window counts as often as it was drawn.
    #[track_caller]
    pub fn delay_aggregation(self, v: Self, steps: usize, top: usize) -> Self {
        let (r, shape) = (self.shape(), v.shape());
        assert!(
            r.rank() == 2 && shape.rank() == 3 && r.dims()[0] == shape.dims()[0],
            "{r:?}, {shape:?}"
        );
        assert!((1..=r.last()).contains(&top) && r.last() <= steps, "{top} of {r:?} in {steps}");
        let (out, shared) = ([r.dims()[0], steps, shape.last()], self.tape.is_training());
        match self.tape.counts().filter(|_| shared) {
            Some(counts) => {
                assert_eq!(counts.dim(0), r.dims()[0], "a count for each row");
                self.tape.record(Aggregation { top, shared }, &[self, v, counts], out)
            }
            None => self.tape.record(Aggregation { top, shared }, &[self, v], out),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Tape;
    use crate::rng::{Key, Stream};

    /// Values moved by one delay, of windows with these correlations, drawn so often.
    fn moved(training: bool, r: &[f32], counts: &[f32]) -> Vec<f32> {
        let tape = Tape::default();
        tape.reset(&Arc::default(), training.then(|| Key::new(1, Stream::Dropout, 1)));
        let rows = counts.len();
        if training {
            tape.set_counts(tape.constant([rows], counts));
        }
        let r = tape.constant([rows, 3], r);
        let v: Vec<f32> = (0..rows).flat_map(|_| [10.0, 11.0, 12.0]).collect();
        let v = tape.constant([rows, 3, 1], &v);
        r.delay_aggregation(v, 3, 1).data().to_vec()
    }

    #[test]
    fn while_training_all_windows_have_the_delay_that_is_best_on_average() {
        let r = [1.0, 0.0, 3.0, 0.0, 0.0, 5.0, 4.0, 0.0, 0.0];
        let [at_0, at_2] = [[10.0, 11.0, 12.0], [12.0, 10.0, 11.0]];
        assert_eq!(moved(false, &r, &[1.0; 3]), [at_2, at_2, at_0].concat());
        assert_eq!(moved(true, &r, &[1.0; 3]), [at_2; 3].concat());
        // The last window counts as often as it was drawn.
        assert_eq!(moved(true, &r, &[1.0, 1.0, 3.0]), [at_0; 3].concat());
        let again = [&r[..], &r[6..], &r[6..]].concat();
        assert_eq!(moved(true, &again, &[1.0; 5]), [at_0; 5].concat());
    }
}
