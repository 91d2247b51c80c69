//! An instance that HINT wraps: it is the wrapped model, with its own network and options, under HINT's name.

use std::sync::Arc;

use super::hint::{self, Hint};
use super::{Instance, ModelSpec};
use crate::Result;
use crate::data::Vocabularies;

impl Instance {
    /// This model, wrapped by HINT.
    pub(crate) fn wrapped(mut self, hint: Hint) -> Result<Self> {
        hint.check(&self)?;
        self.common.alias.clone_from(&hint.alias);
        self.hint = Some(Arc::new(hint));
        Ok(self)
    }

    /// As [`Self::blank`], for other options of this model or data; wrapped by HINT as this one is.
    pub(crate) fn again(
        &self,
        given: &ModelSpec,
        vocabularies: &Vocabularies,
        series: Option<usize>,
    ) -> Result<Self> {
        let mut other = Self::blank(given, vocabularies, series)?;
        if let Some(hint) = &self.hint {
            other.common.alias.clone_from(&hint.alias);
            other.hint = Some(hint.clone());
        }
        Ok(other)
    }

    /// The spec as the user wrote it.
    pub fn written(&self) -> ModelSpec {
        self.hint.as_ref().map_or_else(|| self.given.clone(), |hint| hint.spec(&self.given))
    }

    /// Whether it forecasts any quantile, not only those of its loss: it learned all of them, or a distribution.
    pub(crate) fn forecasts_any_quantile(&self) -> bool {
        self.head.takes_any_quantile() || self.loss.samples() > 0
    }

    /// How its forecasts are reconciled, if they are.
    pub(crate) fn reconciled(&self) -> Option<&Hint> {
        self.hint.as_deref().filter(|hint| hint.changes())
    }

    /// The name of the model as users choose it: HINT for one that HINT wraps.
    pub(crate) fn class(&self) -> &'static str {
        if self.hint.is_some() { hint::NAME } else { self.spec.name }
    }

    /// Samples per step of a forecast by a loss that samples.
    pub(crate) fn samples(&self) -> usize {
        self.recurrence().map_or(self.loss.samples(), |r| r.trajectory_samples)
    }
}
