//! Learned embeddings of categories. Upstream: `torch.nn.Embedding`, `_base_model.py: _lookup_embedding`.

use super::params::{Init, Path};
use crate::tape::{Param, Var};

/// A row for each category, numbered from 1. Number 0 stands for categories that were not in the training data.
#[derive(Clone, Copy, Debug)]
pub struct Embedding {
    weight: Param,
}

impl Embedding {
    /// Declares `weight [1 + categories, size]`, standard normal as in torch. Row 0 is there because upstream has it, and is
    /// never used.
    pub fn new(path: &Path<'_>, categories: usize, size: usize) -> Self {
        Self { weight: path.param("weight", [1 + categories, size], Init::Normal(1.0)) }
    }

    /// Size of an embedding.
    pub fn size(&self) -> usize {
        self.weight.shape.last()
    }

    /// The rows of the categories `[..]`: `[.., size]`. Number 0 gets the mean of all learned rows.
    pub fn forward<'t>(&self, codes: Var<'t>) -> Var<'t> {
        let tape = codes.tape();
        let categories = self.weight.shape.dims()[0] - 1;
        let known = tape.param(self.weight).slice(0, 1, categories); // [C, E]
        let unseen = known.mean_axis(0).unsqueeze(0);
        Var::concat(&[unseen, known], 0).rows(codes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nn::Params;
    use crate::tape::Tape;

    #[test]
    fn an_unseen_category_is_the_mean_of_the_learned_ones() {
        let params = Params::default();
        let embedding = Embedding::new(&params.root(), 3, 2);
        let values = Arc::new(vec![9.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 9.0]);
        let tape = Tape::default();
        tape.reset(&values, None);
        let rows = embedding.forward(tape.constant([1, 3], &[3.0, 0.0, 1.0]));
        assert_eq!(rows.shape().dims(), [1, 3, 2]);
        assert_eq!(rows.data()[..], [5.0, 9.0, 3.0, 5.0, 1.0, 2.0]);

        let weights = tape.constant([1, 3, 2], &[1.0, 1.0, 3.0, 6.0, 1.0, 1.0]);
        let mut grads = vec![0.0; 8];
        tape.backward((rows * weights).sum(), &mut grads);
        assert_eq!(grads, [0.0, 0.0, 2.0, 3.0, 1.0, 2.0, 2.0, 3.0]);
    }

    #[test]
    fn rows_begin_normal() {
        let params = Params::default();
        Embedding::new(&params.root(), 999, 50);
        let entries = params.into_entries();
        assert_eq!(entries[0].name, "weight");
        let mut values = vec![0.0; 50_000];
        entries[0].initialize(0, 3, &mut values);
        let mean = |f: fn(f64) -> f64| {
            values.iter().map(|v| f(f64::from(*v))).sum::<f64>() / values.len() as f64
        };
        let moments = [mean(|v| v), mean(|v| v * v), mean(|v| v.powi(3)), mean(|v| v.powi(4))];
        // Five standard errors, and 0.1 at most: the variances of the powers are 1, 2, 15 and 96.
        for (i, (normal, variance)) in
            [(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0)].into_iter().enumerate()
        {
            let error = f64::min(5.0 * f64::sqrt(variance / 50_000.0), 0.1);
            assert!((moments[i] - normal).abs() < error, "{moments:?}");
        }
    }
}
