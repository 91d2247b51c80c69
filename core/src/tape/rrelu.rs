//! Randomized leaky ReLU: while training, the slope below 0 is drawn for each number. Xu et al. 2015,
//! <https://arxiv.org/abs/1505.00853>. Upstream: `torch.nn.RReLU`.
//!
//! Like a dropout mask, a slope is a function of a key and the position in the batch.

use super::{Backward, Description, Inputs, Op, Output, Reads, Var};
use crate::rng::Key;

/// Slopes are uniform between these while training. While forecasting, the slope is their mean.
const SLOPES: [f32; 2] = [1.0 / 8.0, 1.0 / 3.0];

struct Rrelu {
    /// While training: the key, and the first number's position in the batch.
    drawn: Option<(Key, usize)>,
}

impl Rrelu {
    /// The slope of the `i`-th number, if it is below 0.
    fn slope(&self, i: usize) -> f32 {
        let [low, high] = SLOPES;
        match self.drawn {
            Some((key, first)) => low + (high - low) * key.uniform((first + i) as u64),
            None => (low + high) / 2.0,
        }
    }
}

impl Op for Rrelu {
    fn describe(&self) -> Description {
        let rrelu = Description::new("rrelu").with("slopes", SLOPES);
        match self.drawn {
            Some((key, first)) => rrelu.drawn(key, first),
            None => rrelu,
        }
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        for (i, (y, x)) in out.data.iter_mut().zip(x.data(0)).enumerate() {
            *y = if *x > 0.0 { *x } else { x * self.slope(i) };
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            for (i, ((dx, x), g)) in dx.iter_mut().zip(b.input(0)).zip(b.grad()).enumerate() {
                *dx += if *x > 0.0 { *g } else { g * self.slope(i) };
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl Var<'_> {
    /// `x` where positive, else `x` times a slope between 1/8 and 1/3; the axis of the batch comes first.
    pub fn rrelu(self) -> Self {
        let per_row = self.shape().size() / self.dim(0).max(1);
        let drawn = self.tape.next_dropout(self.dim(0)).map(|(key, row)| (key, row * per_row));
        self.tape.record(Rrelu { drawn }, &[self], self.shape())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Tape;
    use crate::rng::{Key, Stream};

    #[test]
    fn slopes_are_drawn_alike_both_ways_and_do_not_depend_on_shards() {
        let run = |first, rows: usize| {
            let tape = Tape::default();
            tape.reset(&Arc::default(), Some(Key::new(3, Stream::Dropout, 5)));
            tape.set_rows(first, rows);
            let x = tape.variable([rows, 10], &vec![-1.0; rows * 10]);
            let y = x.rrelu();
            tape.backward(y.sum(), &mut Vec::new());
            let y = y.data().to_vec();
            assert!(y.iter().zip(x.grad()).all(|(y, slope)| *y == -slope));
            y
        };
        let whole = run(0, 100);
        assert!(whole.iter().all(|y| (-1.0 / 3.0..=-1.0 / 8.0).contains(y)));
        let mean = whole.iter().sum::<f32>() / 1000.0;
        assert!((mean + 11.0 / 48.0).abs() < 0.01, "{mean}");
        assert_eq!(run(70, 30), whole[700..]);
    }
}
