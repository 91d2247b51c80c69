//! A column of a forecast.

use crate::objective::Output;

/// A column of a forecast: its origin and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name: `NHITS`, `NHITS-median`, `NHITS-lo-90`, or that of the target.
    pub name: String,
    /// The index of its model in [`Forecast::models`](super::Forecast::models), and the output of that model; `None` for
    /// the target, which insample forecasts have too.
    pub of: Option<(usize, Output)>,
    /// A value for each row.
    pub values: Vec<f32>,
}

impl Column {
    /// The output of a model.
    pub(super) fn new(index: usize, model: &str, output: Output, values: Vec<f32>) -> Self {
        Self { name: format!("{model}{output}"), of: Some((index, output)), values }
    }

    /// A column of the model with the longest name that its own begins with.
    #[cfg(test)]
    pub(crate) fn named(name: &str, models: &[String], values: Vec<f32>) -> Self {
        let of = |(i, model): (usize, &String)| {
            let output = Output::parse(name.strip_prefix(model.as_str())?)?;
            Some((model.len(), (i, output)))
        };
        let longest = models.iter().enumerate().filter_map(of).max_by_key(|(len, _)| *len);
        Self { name: name.into(), of: longest.map(|(_, of)| of), values }
    }
}
