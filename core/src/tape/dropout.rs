//! Dropout: each number is zeroed with probability `p`, the others are scaled by `1 / (1 - p)`.
//!
//! The mask is a function of a random-number key and the position in the batch, so it is never stored and does not
//! depend on how the batch is cut into shards.

use super::{Backward, Inputs, Op, Output, Var};
use crate::kernels::random::drop_add;
use crate::rng::Key;

#[derive(Debug)]
struct Dropout {
    p: f32,
    key: Key,
    first: usize,
}

impl Dropout {
    /// `to[i] += from[i]·mask[i] / (1 - p)`
    fn apply(&self, from: &[f32], to: &mut [f32]) {
        drop_add(self.key, self.first as u64, self.p, from, to);
    }
}

impl Op for Dropout {
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.data.fill(0.0);
        self.apply(x.data(0), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| self.apply(b.grad(), dx));
    }
}

impl Var<'_> {
    /// Drops numbers with probability `p` while training; the axis of the batch comes first.
    pub fn dropout(self, p: f32) -> Self {
        match self.tape.next_dropout() {
            Some((key, row)) if p > 0.0 => {
                let per_row = self.shape().size() / self.dim(0).max(1);
                self.tape.record(Dropout { p, key, first: row * per_row }, &[self], self.shape())
            }
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Tape;
    use crate::rng::{Key, Stream};

    #[test]
    fn masks_keep_the_mean_and_do_not_depend_on_shards() {
        let key = Key::new(3, Stream::Dropout, 5);
        let dropped = |first, rows: usize| {
            let tape = Tape::default();
            tape.reset(&Arc::default(), Some(key));
            tape.set_first_row(first);
            tape.constant([rows, 100], &vec![1.0; rows * 100]).dropout(0.25).data().to_vec()
        };
        let whole = dropped(0, 200);
        let mean = whole.iter().sum::<f32>() / whole.len() as f32;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!(whole.iter().all(|v| *v == 0.0 || (*v - 4.0 / 3.0).abs() < 1e-6));
        assert_eq!(dropped(150, 50), whole[150 * 100..]);
    }

    #[test]
    fn forecasting_drops_nothing() {
        let tape = Tape::default();
        let x = tape.constant([1, 3], &[1.0, 2.0, 3.0]);
        assert_eq!(x.dropout(0.9).data()[..], [1.0, 2.0, 3.0]);
    }
}
