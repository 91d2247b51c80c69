//! What a forecaster reads from tables: the columns of all its models, and their categories.

use serde_json::{Value, json};

use super::calls::{FitMode, FitOptions};
use super::neural_forecast::NeuralForecast;
use crate::data::{NumericTime, Panel, PanelOptions, Table, Vocabularies};
use crate::models::Instance;
use crate::options::OptionValue;
use crate::{Error, ErrorCode, Result};

/// A column has the same categories for all models, so the cardinalities that models declare for it must agree.
pub(super) fn check_cardinalities(models: &[Instance]) -> Result<()> {
    let mut said: Vec<(&String, usize, &Instance)> = Vec::new();
    for model in models {
        for column in &model.common.cat_exog_list {
            let Some(count) = model.given_cardinality(column) else { continue };
            if let Some((_, other, of)) = said.iter().find(|(c, n, _)| *c == column && *n != count)
            {
                let message = format!(
                    "categoricalCardinalities of \"{column}\" must be the same for all models; {} has {other}, {} has {count}",
                    of.name(),
                    model.name()
                );
                return Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
                    d.option = Some("categoricalCardinalities".into());
                    d.column = Some(column.clone());
                }));
            }
            said.push((column, count, model));
        }
    }
    Ok(())
}

/// Warnings of available values whose category is not in the vocabulary: when training continues, in valData and in new
/// histories.
pub(super) fn unseen(panel: &Panel, vocabularies: &Vocabularies) -> Vec<String> {
    let count = |name: &str| {
        let temporal = panel.column(name).map_or(0, |values| {
            values.iter().zip(&panel.mask).filter(|(v, mask)| **v == 0.0 && **mask > 0.0).count()
        });
        let of_series = panel.static_column(name).into_iter().flatten();
        temporal + of_series.filter(|v| **v == 0.0).count()
    };
    let columns = vocabularies.0.iter().map(|(name, _)| (name, count(name)));
    let warning = |(name, n): (&String, usize)| {
        format!(
            "column \"{name}\" has {n} values that are not among the learned categories; they count as unseen"
        )
    };
    columns.filter(|(_, n)| *n > 0).map(warning).collect()
}

impl NeuralForecast {
    /// Names of the id and time columns, the frequency (given or inferred), and the unit of times.
    pub fn layout(&self) -> Value {
        let names = self.panel().map(|panel| panel.names.clone()).unwrap_or_default();
        let freq = self.frequency().map(|frequency| frequency.write());
        let unit = self.reading.unit.map(NumericTime::name);
        json!({ "id": names.id, "time": names.time, "freq": freq, "timeUnit": unit })
    }

    /// The categories for training on a table: learned from it, or kept when training continues.
    pub(super) fn vocabularies(&self, table: &Table, options: &FitOptions) -> Result<Vocabularies> {
        match (&self.fitted, options.mode) {
            (Some(fitted), FitMode::Continue) => Ok(fitted.vocabularies.clone()),
            _ => {
                let columns = self.models.columns(|m| &m.common.cat_exog_list);
                Vocabularies::learn(table, options.static_table.as_ref(), &columns)
            }
        }
    }

    /// Options to read a table with all columns that the models need.
    pub(super) fn panel_options(
        &self,
        static_table: Option<Table>,
        vocabularies: &Vocabularies,
    ) -> PanelOptions {
        PanelOptions {
            exogenous: self
                .models
                .columns_of([|m| &m.common.hist_exog_list, |m| &m.common.futr_exog_list]),
            static_table,
            statics: self.models.columns(|m| &m.common.stat_exog_list),
            vocabularies: vocabularies.clone(),
            time_zone: self.time_zone,
            reading: self.reading,
            ..PanelOptions::default()
        }
    }
}
