//! Batch normalisation with running statistics. Upstream: `torch.nn.BatchNorm1d`.

use super::params::{Init, Path};
use crate::tape::{BatchStatistics, Param, Update, Var};

/// Added to the variance. This and the next are torch's defaults.
const EPS: f32 = 1e-5;
/// Weight of a new batch in the running statistics.
const MOMENTUM: f32 = 0.1;

/// Normalises channels: by the statistics of the batch while training, else by running statistics.
///
/// A batch of a model with this layer is [not split into shards](crate::models::Sharding::Whole).
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm1d {
    affine: [Param; 2],
    running: [Param; 2],
    batches: Param,
    eps: f32,
    momentum: f32,
}

impl BatchNorm1d {
    /// Declares `weight`, `bias`, `running_mean`, `running_var` and `num_batches_tracked` for so many channels.
    pub fn new(path: &Path<'_>, channels: usize) -> Self {
        let constant = |c| Init::Constant(c);
        Self {
            affine: [
                path.param("weight", [channels], constant(1.0)),
                path.param("bias", [channels], constant(0.0)),
            ],
            running: [
                path.untrained("running_mean", [channels], constant(0.0)),
                path.untrained("running_var", [channels], constant(1.0)),
            ],
            batches: path.untrained("num_batches_tracked", [], constant(0.0)),
            eps: EPS,
            momentum: MOMENTUM,
        }
    }

    /// Sets the number that is added to the variance.
    #[must_use]
    pub fn eps(self, eps: f32) -> Self {
        Self { eps, ..self }
    }

    /// Sets the weight of a new batch in the running statistics.
    #[must_use]
    pub fn momentum(self, momentum: f32) -> Self {
        Self { momentum, ..self }
    }

    /// Normalises the channels along `axis`: 1 as in torch, or the last axis, which saves a transposition. The batch is the first
    /// axis.
    pub fn forward<'t>(&self, x: Var<'t>, axis: usize) -> Var<'t> {
        let tape = x.tape();
        let affine = self.affine.map(|p| tape.param(p));
        if !tape.is_training() {
            return x.normalized(axis, affine, self.running.map(|p| tape.param(p)), self.eps);
        }
        let y = x.batch_norm(axis, affine, self.eps);
        let BatchStatistics { mean, variance } = y.batch_statistics();
        for (param, mut add) in self.running.into_iter().zip([mean, variance]) {
            add.iter_mut().for_each(|v| *v *= self.momentum);
            tape.update(Update { param, keep: 1.0 - self.momentum, add });
        }
        tape.update(Update { param: self.batches, keep: 1.0, add: vec![1.0] });
        y
    }
}
