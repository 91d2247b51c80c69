//! [Stochastic pooling](crate::kernels::stochastic_pool) of the variables of a window. Upstream: `models/softs.py: STAD`.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::stochastic_pool as kernels;
use crate::rng::{Key, Stream};

/// Keeps the variable that was drawn for each number.
struct StochasticPool {
    key: Key,
    /// The index of the first random number.
    first: usize,
}

impl Op for StochasticPool {
    fn describe(&self) -> Description {
        Description::new("stochastic_pool").drawn(self.key, self.first)
    }

    fn kept(&self, _x: &Inputs<'_>, shape: Shape) -> usize {
        shape.size()
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.keep(out.shape.size());
        let sizes = [x.shape(0).dims()[1], x.shape(0).last()];
        let drawn = (self.key, self.first as u64);
        kernels::stochastic_pool(x.compute(), drawn, x.data(0), sizes, out.kept, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let sizes = [b.input_shape(0).dims()[1], b.input_shape(0).last()];
        b.set_or_add(0, |b, dx, mode| {
            kernels::stochastic_pool_grad(b.compute(), [b.grad(), b.kept()], sizes, dx, mode);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

impl Var<'_> {
    /// One number of each channel of a window, drawn by the softmax over its variables: `[B, N, C]` gives `[B, C]`.
    ///
    /// The gradient goes to the numbers that were drawn. They are others for each `layer`, and at every step while training;
    /// else always the same.
    #[track_caller]
    pub fn stochastic_pool(self, layer: u32) -> Self {
        let shape = self.shape();
        assert!(shape.rank() == 3 && shape.dims()[1] > 0, "stochastic pooling of {self:?}");
        let always = Key::new(0, Stream::Pooling, 0).layer(layer);
        let key = self.tape.drawn(Stream::Pooling, layer).unwrap_or(always);
        let first = self.tape.first_of(shape.dims()[0]) * shape.last();
        self.tape.record(StochasticPool { key, first }, &[self], shape.without(1))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Tape;
    use crate::rng::{Key, Stream};

    #[test]
    fn draws_do_not_depend_on_shards() {
        let x: Vec<f32> = (0..6 * 3 * 5).map(|i| (i as f32 * 0.7).sin()).collect();
        let drawn = |first: usize, rows: usize| {
            let tape = Tape::default();
            tape.reset(&Arc::default(), Some(Key::new(3, Stream::Dropout, 5)));
            tape.set_rows(first, rows);
            let part = tape.constant([rows, 3, 5], &x[first * 15..(first + rows) * 15]);
            part.stochastic_pool(1).data().to_vec()
        };
        let whole = drawn(0, 6);
        assert_eq!(drawn(2, 4), whole[10..]);
        assert_ne!(whole[..5], whole[5..10]);
    }
}
