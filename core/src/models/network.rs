//! A model that was built, with its type erased.

use serde_json::Value;

use super::{Batch, Model, Part, Recurrence, Sharding};
use crate::tape::Var;

/// Object-safe form of [`Model`].
pub(crate) trait Network: Send + Sync {
    fn recurrence(&self) -> Option<Recurrence>;
    fn sharding(&self) -> Sharding;
    fn couples_windows(&self) -> bool;
    fn interpretable(&self) -> bool;
    fn parts(&self) -> Vec<Part>;
    fn pinned(&self) -> Vec<(&'static str, Value)>;
    fn bytes_besides(&self, at_once: usize, all: usize) -> usize;
    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t>;
}

impl<M: Model> Network for M {
    fn recurrence(&self) -> Option<Recurrence> {
        Model::recurrence(self)
    }

    fn sharding(&self) -> Sharding {
        Model::sharding(self)
    }

    fn couples_windows(&self) -> bool {
        Model::couples_windows(self)
    }

    fn interpretable(&self) -> bool {
        M::INTERPRETABLE
    }

    fn parts(&self) -> Vec<Part> {
        Model::parts(self)
    }

    fn pinned(&self) -> Vec<(&'static str, Value)> {
        Model::pinned(self)
    }

    fn bytes_besides(&self, at_once: usize, all: usize) -> usize {
        Model::bytes_besides(self, at_once, all)
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        Model::forward(self, batch)
    }
}
