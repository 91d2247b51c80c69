//! Numbers embedded as vectors: `x·v + b` for each column. Upstream: `models/tft.py: TFTEmbedding`.

use super::{Init, Linear, Path};
use crate::tape::{Param, Var};

/// A vector and a bias for each column.
#[derive(Clone, Copy, Debug)]
pub struct ValueEmbedding {
    vectors: Param,
    biases: Param,
}

impl ValueEmbedding {
    /// Declares `{name}_vectors` and `{name}_bias`, `[columns, size]`: Xavier normal, and 0.
    pub fn new(path: &Path<'_>, name: &str, columns: usize, size: usize) -> Self {
        let deviation = (2.0 / (columns + size) as f32).sqrt();
        let declare =
            |part: &str, init| path.param(format!("{name}_{part}"), [columns, size], init);
        Self {
            vectors: declare("vectors", Init::Normal(deviation)),
            biases: declare("bias", Init::Constant(0.0)),
        }
    }

    /// Embeds the last axis of `[.., columns]`.
    pub fn forward<'t>(&self, values: Var<'t>) -> EmbeddedValues<'t> {
        let (tape, [columns, size]) = (values.tape(), [0, 1].map(|i| self.vectors.shape.dims()[i]));
        let [vectors, biases] = [self.vectors, self.biases].map(|p| tape.param(p));
        EmbeddedValues { values, vectors, biases, columns, size }
    }
}

/// Embedded values `[.., n]`: the `i`-th of a row stands for the vector `x·v + b` with row `i` of `vectors` and `biases`.
///
/// The vectors `[.., n, size]` are not computed: a linear layer of them is one of the values, with a smaller weight.
#[derive(Clone, Copy)]
pub struct EmbeddedValues<'t> {
    values: Var<'t>,
    vectors: Var<'t>,
    biases: Var<'t>,
    columns: usize,
    size: usize,
}

impl<'t> EmbeddedValues<'t> {
    /// How many values a row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The weights of a single column: 1 for each value.
    pub fn ones(self) -> Var<'t> {
        self.values.tape().input(self.values.shape(), |to| to.fill(1.0))
    }

    /// `len` steps from `start` on of `[B, T, n]`.
    #[must_use]
    pub fn steps(self, start: usize, len: usize) -> Self {
        Self { values: self.values.slice(1, start, len), ..self }
    }

    /// One column.
    #[must_use]
    pub fn column(self, i: usize) -> Self {
        if self.columns == 1 {
            return self;
        }
        let values = self.values.slice(self.values.shape().rank() - 1, i, 1);
        let [vectors, biases] = [self.vectors, self.biases].map(|v| v.slice(0, i, 1));
        Self { values, vectors, biases, columns: 1, ..self }
    }

    /// The columns of both, these first.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let join = |parts: [Var<'t>; 2], axis| Var::concat(&parts, axis);
        Self {
            values: join([self.values, other.values], self.values.shape().rank() - 1),
            vectors: join([self.vectors, other.vectors], 0),
            biases: join([self.biases, other.biases], 0),
            columns: self.columns + other.columns,
            ..self
        }
    }

    /// The vectors of the only column: `[.., size]`.
    #[track_caller]
    pub fn vectors(self) -> Var<'t> {
        assert_eq!(self.columns, 1, "the vectors of one column");
        let weight = self.vectors.reshape([self.size, 1]);
        self.values.linear(weight, Some(self.biases.reshape([self.size])))
    }

    /// A linear layer of all vectors of a row, one after the other: `[.., outputs]`.
    ///
    /// `W·[x_1·v_1 + b_1, ..] + w` is `x·(W·v) + (W·b + w)`, with the products of each column's part of `W`.
    pub fn through(self, layer: &Linear) -> Var<'t> {
        let (weight, bias) = layer.on(self.values.tape());
        let (outputs, [columns, size]) = (weight.dim(0), [self.columns, self.size]);
        let of_values = (weight.reshape([outputs, columns, size]) * self.vectors).sum_axis(2);
        let of_biases = self.biases.reshape([1, columns * size]).linear(weight, bias);
        self.values.linear(of_values, Some(of_biases.reshape([outputs])))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nn::Params;
    use crate::tape::Tape;

    #[test]
    fn a_layer_of_the_values_is_the_layer_of_their_vectors() {
        let params = Params::default();
        let p = params.root();
        let [one, two] =
            [("a", 2), ("b", 1)].map(|(name, columns)| ValueEmbedding::new(&p, name, columns, 4));
        let layer = Linear::new(&p.sub("layer"), 12, 5);
        let values: Vec<f32> = (0..params.size()).map(|i| (i as f32 * 0.7).sin()).collect();
        let tape = Tape::default();
        tape.reset(&Arc::new(values), None);
        let x = tape.constant([2, 3], &[0.5, -1.0, 2.0, 1.5, 0.0, -0.7]);
        let embedded = one.forward(x.slice(1, 0, 2)).and(two.forward(x.slice(1, 2, 1)));
        assert_eq!(embedded.columns(), 3);
        let vectors = [0, 1, 2].map(|i| embedded.column(i).vectors());
        assert_eq!(vectors[0].shape().dims(), [2, 4]);
        let [of_vectors, of_values] =
            [layer.forward(Var::concat(&vectors, 1)), embedded.through(&layer)];
        assert_eq!(of_values.shape().dims(), [2, 5]);
        for (a, b) in of_values.data().iter().zip(&*of_vectors.data()) {
            assert!((a - b).abs() < 1e-6, "{a} against {b}");
        }
    }

    #[test]
    fn vectors_begin_as_xavier_normal_and_biases_as_zero() {
        let params = Params::default();
        ValueEmbedding::new(&params.root(), "tgt_embedding", 4, 4096);
        let entries = params.into_entries();
        assert_eq!(entries[0].name, "tgt_embedding_vectors");
        assert_eq!(entries[1].name, "tgt_embedding_bias");
        let mut values = vec![1.0; 2 * 4 * 4096];
        entries.iter().enumerate().for_each(|(i, e)| e.initialize(i, 5, &mut values));
        let (vectors, biases) = values.split_at(4 * 4096);
        let square = |v: &f32| f64::from(*v).powi(2);
        let variance = vectors.iter().map(square).sum::<f64>() / vectors.len() as f64;
        let expected = 2.0 / (4.0 + 4096.0);
        // Five standard errors of a variance.
        let error = 5.0 * f64::sqrt(2.0 / vectors.len() as f64);
        assert!((variance / expected - 1.0).abs() < error, "{variance} of {expected}");
        assert!(biases.iter().all(|b| *b == 0.0));
    }
}
