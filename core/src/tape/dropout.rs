//! Dropout: each number is zeroed with probability `p`; the others are scaled by `1 / (1 - p)`.
//!
//! The mask is a function of a random-number key and the position in the batch, so it is never stored and does not
//! depend on how the batch is split into shards.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::Compute;
use crate::kernels::dropout::dropout;
use crate::kernels::matmul::Mode;
use crate::rng::Key;

struct Dropout {
    p: f32,
    key: Key,
    /// The batch axis, and the index of its first row in the whole batch.
    axis: usize,
    first_row: usize,
}

impl Dropout {
    /// Writes `x` after dropout to `to`, or adds it.
    fn apply(&self, compute: Compute, shape: Shape, from: &[f32], to: &mut [f32], add: bool) {
        let (_, rows, inner) = shape.around(self.axis);
        let run = (rows * inner).max(1);
        for (o, (from, to)) in from.chunks_exact(run).zip(to.chunks_exact_mut(run)).enumerate() {
            // Each index before the batch axis has its own range of random numbers, longer than any batch.
            let first = ((o as u64) << 40) + (self.first_row * inner) as u64;
            dropout(compute, self.key, first, self.p, from, to, add);
        }
    }
}

impl Op for Dropout {
    fn describe(&self) -> Description {
        Description::new("dropout")
            .with("probability", self.p)
            .with("axis", self.axis)
            .drawn(self.key, self.first_row)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        self.apply(x.compute(), out.shape, x.data(0), out.data, false);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.set_or_add(0, |b, dx, mode| {
            self.apply(b.compute(), b.shape(), b.grad(), dx, mode == Mode::Add);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

impl Var<'_> {
    /// Dropout with probability `p` while training. The first axis is the batch, or the batch merged with others.
    pub fn dropout(self, p: f32) -> Self {
        self.dropout_along(0, p)
    }

    /// Dropout with probability `p` while training. `axis` is the batch, or the batch merged with others.
    pub fn dropout_along(self, axis: usize, p: f32) -> Self {
        match self.tape.next_dropout(self.dim(axis)) {
            Some((key, first_row)) if p > 0.0 => {
                let op = Dropout { p, key, axis, first_row };
                self.tape.record(op, &[self], self.shape())
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
    fn masks_do_not_depend_on_shards_where_the_batch_is_not_first() {
        let key = Key::new(3, Stream::Dropout, 5);
        let dropped = |first, rows: usize| {
            let tape = Tape::default();
            tape.reset(&Arc::default(), Some(key));
            tape.set_rows(first, rows);
            let x = tape.constant([5, rows, 3], &vec![1.0; 5 * rows * 3]);
            x.dropout_along(1, 0.5).data().to_vec()
        };
        let (whole, part) = (dropped(0, 9), dropped(4, 3));
        for t in 0..5 {
            assert_eq!(part[t * 9..(t + 1) * 9], whole[t * 27 + 12..t * 27 + 21], "step {t}");
        }
        assert_ne!(whole[..27], whole[27..54]);
    }

    #[test]
    fn forecasting_drops_nothing() {
        let tape = Tape::default();
        let x = tape.constant([1, 3], &[1.0, 2.0, 3.0]);
        assert_eq!(x.dropout(0.9).data()[..], [1.0, 2.0, 3.0]);
    }
}
