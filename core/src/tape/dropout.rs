//! Dropout: each number is zeroed with probability `p`, the others are scaled by `1 / (1 - p)`.
//!
//! The mask is a function of a random-number key and the position in the batch, so it is never stored and does not
//! depend on how the batch is cut into shards.

use super::{Backward, Inputs, Op, Output, Var};
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
        let keep = 1.0 / (1.0 - self.p);
        for (i, (f, t)) in from.iter().zip(to).enumerate() {
            if self.key.uniform((self.first + i) as u64) >= self.p {
                *t += f * keep;
            }
        }
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
    /// Drops numbers with probability `p` while training; the axis of the batch comes first, perhaps with others in it.
    pub fn dropout(self, p: f32) -> Self {
        match self.tape.next_dropout(self.shape().size()) {
            Some((key, first)) if p > 0.0 => {
                self.tape.record(Dropout { p, key, first }, &[self], self.shape())
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
            tape.set_rows(first, rows);
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
