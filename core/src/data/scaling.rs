//! Scaling of a panel, series by series, and scaling forecasts back. Upstream: `core.py: _scalers_fit_transform` and its
//! like.

use std::borrow::Cow;

use super::panel::Panel;
use super::vocabulary::Vocabularies;
use crate::scalers::{LocalScalerType, SeriesScaler};
use crate::{Error, ErrorCode, Result};

/// How a panel is scaled before any model sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalScaling {
    /// Scaler of the target and the exogenous columns, fitted to each series.
    pub temporal: Option<LocalScalerType>,
    /// Scaler of the static columns, each fitted over all series.
    pub statics: Option<LocalScalerType>,
}

/// The fitted scalers of the columns of a panel; columns without a scaler are not scaled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocalScalers {
    /// Name and scaler of temporal columns: one group of rows per series.
    pub temporal: Vec<(String, SeriesScaler)>,
    /// Name and scaler of static columns: one group.
    pub statics: Vec<(String, SeriesScaler)>,
}

impl LocalScalers {
    /// Fits scalers to the available values of a panel. Box-Cox refuses negative values, as upstream. Categories are not
    /// scaled.
    pub fn fit(panel: &Panel, how: LocalScaling, categories: &Vocabularies) -> Result<Self> {
        let mut scalers = Self::default();
        let scaled = |(name, _): &&(String, Vec<f64>)| categories.get(name).is_none();
        if let Some(kind) = how.temporal {
            let available = |row: usize| panel.mask[row] > 0.0;
            for (name, values) in panel.temporal.iter().filter(scaled) {
                let negative = |row: &usize| available(*row) && values[*row] < 0.0;
                if kind == LocalScalerType::Boxcox
                    && let Some(row) = (0..values.len()).find(negative)
                {
                    let series = panel.indptr.partition_point(|start| *start <= row) - 1;
                    let (id, t) = (panel.id(series), panel.times[row]);
                    let at = format!("at {}, ", panel.format_time(t));
                    return Err(is_negative("localScalerType", &id, &at, name, values[row])
                        .with(|d| d.ds = Some(t)));
                }
                let scaler = SeriesScaler::fit(kind, values, &panel.indptr, available);
                scalers.temporal.push((name.clone(), scaler));
            }
        }
        if let Some(kind) = how.statics {
            for (name, values) in panel.statics.iter().filter(scaled) {
                let negative = values.iter().position(|v| *v < 0.0);
                if let (LocalScalerType::Boxcox, Some(i)) = (kind, negative) {
                    let (option, id) = ("localStaticScalerType", panel.id(i));
                    return Err(is_negative(option, &id, "", name, values[i]));
                }
                let scaler = SeriesScaler::fit(kind, values, &[0, values.len()], |_| true);
                scalers.statics.push((name.clone(), scaler));
            }
        }
        Ok(scalers)
    }

    /// Whether nothing is scaled.
    pub fn is_empty(&self) -> bool {
        self.temporal.is_empty() && self.statics.is_empty()
    }

    /// The panel as models see it; its series must be those that the scalers were fitted to.
    pub fn scaled<'a>(&self, panel: &'a Panel) -> Cow<'a, Panel> {
        if self.is_empty() {
            return Cow::Borrowed(panel);
        }
        let mut panel = panel.clone();
        for (name, values) in &mut panel.temporal {
            if let Some(scaler) = scaler_of(&self.temporal, name) {
                scaler.scale_all(values, &panel.indptr);
            }
        }
        for (name, values) in &mut panel.statics {
            if let Some(scaler) = scaler_of(&self.statics, name) {
                let groups = [0, values.len()];
                scaler.scale_all(values, &groups);
            }
        }
        Cow::Owned(panel)
    }

    /// Scales future values of exogenous columns, `h` per series.
    pub fn scale_future(&self, future: &mut [(String, Vec<f64>)], h: usize) {
        for (name, values) in future {
            if let Some(scaler) = scaler_of(&self.temporal, name) {
                let groups: Vec<usize> = (0..=values.len()).step_by(h).collect();
                scaler.scale_all(values, &groups);
            }
        }
    }

    /// Scales a column of forecasts of the target back: rows `groups[i]..groups[i + 1]` belong to series `i`. An error if a
    /// value is not finite then.
    pub fn unscale_forecast(
        &self,
        panel: &Panel,
        column: &str,
        values: &mut [f32],
        groups: &[usize],
    ) -> Result<()> {
        let Some(scaler) = scaler_of(&self.temporal, &panel.names.target) else { return Ok(()) };
        for (i, rows) in groups.windows(2).enumerate() {
            let values = &mut values[rows[0]..rows[1]];
            values.iter_mut().for_each(|v| *v = scaler.unscale(i, f64::from(*v)) as f32);
            if values.iter().any(|v| !v.is_finite()) {
                return Err(overflow(column, &panel.id(i)));
            }
        }
        Ok(())
    }
}

/// The scaler of the column `name`.
pub(crate) fn scaler_of<'a>(
    scalers: &'a [(String, SeriesScaler)],
    name: &str,
) -> Option<&'a SeriesScaler> {
    scalers.iter().find(|(other, _)| other == name).map(|(_, scaler)| scaler)
}

fn overflow(column: &str, id: &str) -> Error {
    let message = format!(
        "the forecast {column} for series \"{id}\" is not a finite number once it is scaled back; \
         train again with a lower learningRate, or choose another localScalerType"
    );
    Error::new(ErrorCode::Diverged, message).with(|d| {
        d.unique_id = Some(id.into());
        d.column = Some(column.into());
    })
}

fn is_negative(option: &str, id: &str, at: &str, column: &str, value: f64) -> Error {
    let message = format!(
        "series \"{id}\": {at}column \"{column}\" is {value}; {option} \"boxcox\" needs values of 0 or more. \
         Add a constant to the column, or choose another scaler"
    );
    Error::new(ErrorCode::InvalidOption, message).with(|d| {
        d.option = Some(option.into());
        d.unique_id = Some(id.into());
        d.column = Some(column.into());
        d.actual = Some(value.into());
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, PanelOptions, Table};

    const STANDARD: LocalScaling =
        LocalScaling { temporal: Some(LocalScalerType::Standard), statics: None };

    fn panel(y: Vec<f64>) -> Panel {
        let ids = ["a", "a", "a", "b", "b"].map(Some);
        let table = Table::new(vec![
            ("unique_id".into(), Column::Text(ids.into_iter().collect())),
            ("ds".into(), Column::Int(vec![1, 2, 3, 1, 2])),
            ("y".into(), Column::Float(y)),
            ("x".into(), Column::Float(vec![0.0, 2.0, 4.0, -1.0, 3.0])),
        ]);
        let options = PanelOptions { exogenous: vec!["x".into()], ..PanelOptions::default() };
        let mut panel = Panel::from_table(&table.unwrap(), &options).unwrap().0;
        panel.statics = vec![("size".into(), vec![3.0, 7.0])];
        panel
    }

    #[test]
    fn every_series_is_scaled_by_itself_and_masked_values_have_no_say() {
        let panel = panel(vec![1.0, f64::NAN, 5.0, 100.0, 300.0]);
        let scalers = LocalScalers::fit(&panel, STANDARD, &Vocabularies::default()).unwrap();
        let scaled = scalers.scaled(&panel);
        assert_eq!(scaled.target(), [-1.0, -1.5, 1.0, -1.0, 1.0]);
        assert_eq!(scaled.column("x").unwrap(), [-1.0, 0.0, 1.0, -1.0, 1.0]);
        assert_eq!((&scaled.mask, &scaled.statics), (&panel.mask, &panel.statics));
        let mut future = vec![("x".into(), vec![4.0, 6.0, 1.0, 5.0])];
        scalers.scale_future(&mut future, 2);
        assert_eq!(future[0].1, [1.0, 2.0, 0.0, 2.0]);
        let mut forecast = [0.0, 1.0, 0.0, 1.0];
        scalers.unscale_forecast(&panel, "DLinear", &mut forecast, &[0, 2, 4]).unwrap();
        assert_eq!(forecast, [3.0, 5.0, 200.0, 300.0]);
        forecast[3] = f32::MAX;
        let e = scalers.unscale_forecast(&panel, "DLinear", &mut forecast, &[0, 2, 4]).unwrap_err();
        assert_eq!((e.code, e.details.unique_id.as_deref()), (ErrorCode::Diverged, Some("b")));
    }

    #[test]
    fn static_columns_are_scaled_over_all_series() {
        let panel = panel(vec![1.0; 5]);
        let how = LocalScaling { temporal: None, statics: Some(LocalScalerType::Minmax) };
        let scalers = LocalScalers::fit(&panel, how, &Vocabularies::default()).unwrap();
        let scaled = scalers.scaled(&panel);
        assert_eq!(scaled.statics[0].1, [0.0, 1.0]);
        assert_eq!(scaled.temporal, panel.temporal);
    }

    #[test]
    fn nothing_to_scale_copies_nothing() {
        let panel = panel(vec![1.0; 5]);
        let scalers =
            LocalScalers::fit(&panel, LocalScaling::default(), &Vocabularies::default()).unwrap();
        assert!(matches!(scalers.scaled(&panel), Cow::Borrowed(_)));
    }

    #[test]
    fn boxcox_of_negative_values_names_series_column_and_time() {
        let how = LocalScaling {
            temporal: Some(LocalScalerType::Boxcox),
            statics: Some(LocalScalerType::Boxcox),
        };
        let mut panel = panel(vec![1.0; 5]);
        let e = LocalScalers::fit(&panel, how, &Vocabularies::default()).unwrap_err();
        assert_eq!(
            e.message,
            "series \"b\": at 1, column \"x\" is -1; localScalerType \"boxcox\" needs values of 0 or more. \
             Add a constant to the column, or choose another scaler"
        );
        assert_eq!((e.code, e.details.ds), (ErrorCode::InvalidOption, Some(1)));
        panel.mask[3] = 0.0;
        LocalScalers::fit(&panel, how, &Vocabularies::default()).unwrap();
        panel.statics[0].1[1] = -2.0;
        let e = LocalScalers::fit(&panel, how, &Vocabularies::default()).unwrap_err();
        assert!(
            e.message.starts_with("series \"b\": column \"size\" is -2; localStaticScalerType"),
            "{e}"
        );
    }
}
