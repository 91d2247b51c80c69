//! Latent correlation: a graph of the series, learned from their windows by attention, and polynomials of its Laplacian.
//!
//! Cao et al. 2020, <https://arxiv.org/abs/2103.07719>, sections 3.2 and 3.3. Upstream: `models/stemgnn.py:
//! latent_correlation_layer, self_graph_attention, cheb_polynomial`.

use super::params::{Init, Path};
use super::recurrent::{Cell, Recurrent, RecurrentOptions};
use crate::tape::{Param, Var};

/// Polynomials of a graph: Chebyshev's of orders 1 to 3, and upstream's of order 0, which is 0 instead of the identity.
pub(super) const POLYNOMIALS: usize = 4;
/// Added to the roots of the degrees.
const EPS: f32 = 1e-7;

/// A graph of `N` series: a recurrent layer goes through the series of a window, and attention compares its outputs.
#[derive(Clone, Debug)]
pub struct LatentCorrelation {
    recurrent: Recurrent,
    key: Param,
    query: Param,
    leak: f32,
    dropout: f32,
    independent: bool,
}

impl LatentCorrelation {
    /// Declares `weight_key`, `weight_query` and `GRU` for so many series and steps. Scores below 0 are multiplied by `leak`.
    ///
    /// All windows of a batch have one graph, the mean of theirs, unless they are `independent`.
    pub fn new(
        path: &Path<'_>,
        [series, steps]: [usize; 2],
        [leak, dropout]: [f32; 2],
        independent: bool,
    ) -> Self {
        // torch's xavier_uniform_ with a gain of √2, as upstream rounds it.
        let init = Init::Uniform(1.414 * (6.0 / (series + 1) as f32).sqrt());
        let options = RecurrentOptions {
            cell: Cell::Gru,
            inputs: steps,
            hidden: series,
            layers: 1,
            bias: true,
            dropout: 0.0,
            projection: 0,
        };
        Self {
            recurrent: Recurrent::new(&path.sub("GRU"), options),
            key: path.param("weight_key", [series, 1], init),
            query: path.param("weight_query", [series, 1], init),
            leak,
            dropout,
            independent,
        }
    }

    /// The Laplacian of each window of `x` `[B, N, L]`, or of the batch: `[B or 1, N, N]`.
    ///
    /// The degrees of independent windows are those before dropout, which could leave a series without any.
    pub fn laplacian<'t>(&self, x: Var<'t>) -> Var<'t> {
        let (tape, series) = (x.tape(), x.dim(1));
        let states = self.recurrent.forward(x, None).transpose(); // [B, N, N]: those of all series for each unit
        let of = |weight: Param| states.linear(tape.param(weight).reshape([1, series]), None);
        let scores = of(self.key) + of(self.query).transpose(); // [B, N, N]
        let weights = self.leaky(scores).softmax();
        let mut graph = weights.dropout(self.dropout);
        let mut degrees_of = weights;
        if !self.independent {
            graph = graph.mean_of_windows();
            degrees_of = graph;
        }

        let degrees = degrees_of.sum_axis(2); // [B, N]
        let graph = (graph + graph.transpose()).scale(0.5);
        let one = tape.constant([1], &[1.0]);
        let factors = one / degrees.sqrt().add_scalar(EPS);
        let diagonal = identity(graph) * degrees.unsqueeze(2);
        (diagonal - graph) * factors.unsqueeze(2) * factors.unsqueeze(1)
    }

    fn leaky<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.scale(self.leak) + x.relu().scale(1.0 - self.leak)
    }
}

/// The identity of the size of matrices `[.., N, N]`.
fn identity(of: Var<'_>) -> Var<'_> {
    let n = of.shape().last();
    of.tape().input([n, n], |to| {
        to.fill(0.0);
        to.iter_mut().step_by(n + 1).for_each(|x| *x = 1.0);
    })
}

/// The Fourier transforms over the orders of the [polynomials](POLYNOMIALS) of Laplacians `[G, N, N]`, one above the other:
/// the real parts of frequencies 0, 1 and 2, then the imaginary part of frequency 1, `[G, 4·N, N]`. Frequency 3 is the
/// conjugate of 1, and the other imaginary parts are 0.
pub fn spectral_polynomials(first: Var<'_>) -> Var<'_> {
    // The polynomials `0, L, 2·L², 2·L·(2·L²) - L`.
    let second = first.matmul(first).scale(2.0);
    let third = first.matmul(second).scale(2.0) - first;
    let odd = first + third;
    Var::concat(&[odd + second, -second, second - odd, third - first], 1)
}
