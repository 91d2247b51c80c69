//! The models of a forecaster: their names, and the columns that they read.

use std::ops::{Deref, DerefMut};

use crate::models::Instance;

/// The models of a forecaster, at least one, all with the same horizon.
pub(super) struct Models(pub(super) Vec<Instance>);

impl Deref for Models {
    type Target = [Instance];
    fn deref(&self) -> &[Instance] {
        &self.0
    }
}

impl DerefMut for Models {
    fn deref_mut(&mut self) -> &mut [Instance] {
        &mut self.0
    }
}

impl Models {
    /// Steps of a forecast.
    pub(super) fn h(&self) -> usize {
        self[0].common.h
    }

    /// Name of each model in results: from the second model of the same name on, a number is appended, as upstream.
    pub(super) fn names(&self) -> Vec<String> {
        let mut seen: Vec<&str> = Vec::new();
        let name = |m: &'_ Instance, before: usize| match before {
            0 => m.name().to_string(),
            n => format!("{}{n}", m.name()),
        };
        let mut names = Vec::with_capacity(self.len());
        for model in self.iter() {
            let before = seen.iter().filter(|n| **n == model.name()).count();
            names.push(name(model, before));
            seen.push(model.name());
        }
        names
    }

    /// The columns in an option, over all models.
    pub(super) fn columns(&self, list: fn(&Instance) -> &Vec<String>) -> Vec<String> {
        self.columns_of([list])
    }

    /// All exogenous columns.
    pub(super) fn exogenous(&self) -> Vec<String> {
        self.columns_of([
            |m| &m.common.hist_exog_list,
            |m| &m.common.futr_exog_list,
            |m| &m.common.stat_exog_list,
        ])
    }

    pub(super) fn columns_of<const N: usize>(
        &self,
        lists: [fn(&Instance) -> &Vec<String>; N],
    ) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for name in lists.iter().flat_map(|list| self.iter().flat_map(list)) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }
}
