//! The state of a fitted forecaster, apart from the weights of its models.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Result;
use crate::conformal::Calibration;
use crate::data::{ColumnNames, Frequency, LocalScalers, OnGap, OnMissing, Panel, Vocabularies};
use crate::train::TrainingState;

/// The state of a fitted forecaster, apart from the weights.
pub(super) struct Fitted {
    pub(super) frequency: Frequency,
    pub(super) names: ColumnNames,
    /// `None` after loading a checkpoint that was saved without its data.
    pub(super) panel: Option<Arc<Panel>>,
    /// The categories of columns: the meaning of codes in `panel`.
    pub(super) vocabularies: Vocabularies,
    /// The scalers that are applied to `panel` before the models see it.
    pub(super) scalers: LocalScalers,
    /// What to do where a series skips a time.
    pub(super) on_gap: OnGap,
    /// What to do with missing values.
    pub(super) on_missing: Option<OnMissing>,
    /// The calibration of prediction intervals, if there is one.
    pub(super) calibration: Option<Calibration>,
    /// Training state of each model; `None` if a loaded checkpoint has none.
    pub(super) training: Vec<Option<TrainingState>>,
}

impl Fitted {
    /// The training data with another choice for missing values. Values that `fit` has filled stay filled.
    pub(super) fn settled(&self, how: Option<OnMissing>) -> Result<Option<Cow<'_, Panel>>> {
        match (&self.panel, how) {
            (Some(panel), Some(_)) if !panel.missing.is_empty() => {
                let mut panel = Panel::clone(panel);
                panel.settle_missing(how, &self.vocabularies)?;
                Ok(Some(Cow::Owned(panel)))
            }
            (panel, _) => Ok(panel.as_deref().map(Cow::Borrowed)),
        }
    }
}
