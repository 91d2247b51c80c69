//! The validation loss: what the model makes of rows that training did not see.

use std::ops::Range;

use super::gather::Source;
use super::report::Control;
use super::runner::{Outputs, Runner};
use super::sampler::Drawn;
use crate::Result;
use crate::data::{Panel, groups, validation_windows};
use crate::losses::{Horizons, Totals};
use crate::models::Instance;

/// The validation loss, on the original scale: the mean over batches of series and windows, weighted by their windows.
pub(super) fn validate(
    runner: &Runner,
    model: &Instance,
    panel: &Panel,
    val_size: usize,
    control: &Control,
) -> Result<f64> {
    let train = &model.train;
    let lens = [model.input_size(), train.h];
    let source = Source::new(model, panel, 0)?;
    let batch = train.valid_batch_size.unwrap_or(train.batch_size);
    let all = groups(panel, model.spec.multivariate);
    let (mut sum, mut windows) = (0.0, 0.0);
    for some in all.chunks(batch) {
        control.check()?;
        let cut = |group: &Range<usize>| {
            validation_windows(panel, group.clone(), lens, val_size, train.step_size)
        };
        let drawn: Vec<Drawn> =
            some.iter().flat_map(cut).map(|window| Drawn { window, count: 1 }).collect();
        let size =
            usize::try_from(train.inference_windows_batch_size).unwrap_or(drawn.len()).max(1);
        for part in drawn.chunks(size.saturating_mul(model.series)) {
            sum += part.len() as f64 * mean_loss(runner, model, &source, part, lens);
            windows += part.len() as f64;
        }
    }
    let loss: f64 = sum / windows;
    Ok(if loss.is_finite() { loss } else { f64::INFINITY })
}

fn mean_loss(
    runner: &Runner,
    model: &Instance,
    source: &Source<'_>,
    drawn: &[Drawn],
    lens: [usize; 2],
) -> f64 {
    let (mut sums, mut totals) = (vec![[0.0; 2]; model.series], Totals::default());
    let loss = &model.valid_loss;
    runner.forecast(model, source, drawn, lens, Outputs::Network, |windows, shard| {
        totals += &shard.totals(model, windows);
        let forecast = shard.unscaled(model);
        let counts: Vec<f32> = windows.iter().map(|d| d.count as f32).collect();
        let (values, weights) = ([&forecast[..], &shard.actual], [&shard.weights[..], &counts]);
        let all = Horizons::new(loss, values, weights, model.series);
        (0..windows.len()).for_each(|i| loss.add(&all.at(i), &mut sums[i % model.series]));
    });
    loss.mean(&sums, &totals)
}
