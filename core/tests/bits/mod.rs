//! Numbers as bits: equal means byte-identical, where `==` takes 0 for -0 and no NaN for itself.

use neuro_divergent::Forecast;

/// The bits of these numbers.
pub(crate) fn of(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Name and bits of each column of a forecast.
pub(crate) fn of_forecast(forecast: &Forecast) -> Vec<(String, Vec<u32>)> {
    forecast.columns.iter().map(|c| (c.name.clone(), of(&c.values))).collect()
}
