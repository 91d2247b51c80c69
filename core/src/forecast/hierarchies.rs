//! Requirements of HINT: the series of its summing matrix, and sums that hold on the scale of the data.

use super::neural_forecast::NeuralForecast;
use crate::data::Panel;
use crate::models::Hint;
use crate::{Error, ErrorCode, Result};

impl NeuralForecast {
    /// The models that HINT wraps.
    pub(super) fn hints(&self) -> impl Iterator<Item = &Hint> {
        self.models.iter().filter_map(|model| model.hint.as_deref())
    }

    /// Refuses series that are not those of the summing matrices, and scalers after which sums do not hold.
    pub(super) fn check_hierarchies(&self, panel: &Panel) -> Result<()> {
        self.check_unscaled_sums()?;
        self.hints().try_for_each(|hint| hint.order(panel).map(drop))
    }

    /// Refuses to reconcile series that are scaled one by one. Upstream adds up the scaled values.
    pub(super) fn check_unscaled_sums(&self) -> Result<()> {
        let reconciled = self.models.iter().find(|model| model.reconciled().is_some());
        let (Some(model), Some(_)) = (reconciled, self.scaling.temporal) else { return Ok(()) };
        let message = format!(
            "localScalerType scales each series by itself, and sums do not hold between scaled series; \
             leave it out and set scalerType of the model that {} wraps",
            model.name()
        );
        Err(Error::new(ErrorCode::Unsupported, message).with(|d| {
            d.option = Some("localScalerType".into());
            d.model = Some(model.name().into());
        }))
    }

    /// Refuses insample forecasts of a hierarchy whose series have different numbers of windows: those of one time are
    /// reconciled together.
    pub(super) fn check_same_windows(&self, panel: &Panel, [h, step]: [usize; 2]) -> Result<()> {
        let Some(model) = self.models.iter().find(|model| model.reconciled().is_some()) else {
            return Ok(());
        };
        let count = |i: usize| (panel.len(i) - h) / step + 1;
        let Some(other) = (1..panel.n_series()).find(|i| count(*i) != count(0)) else {
            return Ok(());
        };
        let rows = |i: usize| format!("series \"{}\" has {} rows", panel.id(i), panel.len(i));
        let message = format!(
            "{} reconciles the forecasts of all series at each time, but {} and {}; \
             train on series of the same length to forecast them with predictInsample",
            model.name(),
            rows(0),
            rows(other)
        );
        Err(Error::new(ErrorCode::Unsupported, message).with(|d| {
            d.model = Some(model.name().into());
            d.unique_id = Some(panel.id(other));
            d.expected = Some(panel.len(0).into());
            d.actual = Some(panel.len(other).into());
        }))
    }
}
