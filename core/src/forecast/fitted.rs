//! What fitting leaves beside the weights of the models.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Result;
use crate::data::{ColumnNames, Frequency, LocalScalers, OnGap, OnMissing, Panel, Vocabularies};
use crate::train::TrainingState;

/// What fitting leaves beside the weights.
pub(super) struct Fitted {
    pub(super) frequency: Frequency,
    pub(super) names: ColumnNames,
    /// `None` after loading a checkpoint that was saved without its data.
    pub(super) panel: Option<Arc<Panel>>,
    /// The categories of columns: what numbers in `panel` mean.
    pub(super) vocabularies: Vocabularies,
    /// What the models see `panel` scaled by.
    pub(super) scalers: LocalScalers,
    /// What to do where a series skips a time.
    pub(super) on_gap: OnGap,
    /// What to do with missing values.
    pub(super) on_missing: Option<OnMissing>,
    /// Of each model; `None` where a checkpoint has none.
    pub(super) training: Vec<Option<TrainingState>>,
}

impl Fitted {
    /// The training data, with other choices for missing values than fitting made: what it has filled stays filled.
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
