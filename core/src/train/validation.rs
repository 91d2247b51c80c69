//! The validation loss: what the model makes of rows that training did not see.

use super::gather::Source;
use super::report::Control;
use super::runner::{Purpose, Runner};
use super::sampler::Drawn;
use crate::Result;
use crate::data::{Panel, validation_windows};
use crate::losses::{Horizon, Totals};
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
    let source = Source::new(model, panel, 0)?.unweighted();
    let batch = train.valid_batch_size.unwrap_or(train.batch_size);
    let all: Vec<usize> = (0..panel.n_series()).collect();
    let (mut sum, mut windows) = (0.0, 0);
    for series in all.chunks(batch) {
        control.check()?;
        let cut = |i: &usize| validation_windows(panel, *i, lens, val_size, train.step_size);
        let drawn: Vec<Drawn> =
            series.iter().flat_map(cut).map(|window| Drawn { window, count: 1 }).collect();
        let size =
            usize::try_from(train.inference_windows_batch_size).unwrap_or(drawn.len()).max(1);
        for part in drawn.chunks(size) {
            let loss = mean_loss(runner, model, &source, part, windows, lens);
            sum += part.len() as f64 * loss;
            windows += part.len();
        }
    }
    let loss: f64 = sum / windows as f64;
    Ok(if loss.is_finite() { loss } else { f64::INFINITY })
}

/// The loss of `drawn`, which begin with the `first`-th window of the validation.
fn mean_loss(
    runner: &Runner,
    model: &Instance,
    source: &Source<'_>,
    drawn: &[Drawn],
    first: usize,
    lens: [usize; 2],
) -> f64 {
    let (mut sums, mut totals) = ([0.0; 2], Totals::default());
    let (loss, h) = (&model.valid_loss, lens[1]);
    // Differs from upstream, which measures at the median what was forecast at drawn quantiles if validLoss is given: an
    // implicit quantile loss measures each number at the quantile that it was drawn at.
    runner.forecast(model, source, drawn, lens, Purpose::Validation { first }, |windows, shard| {
        totals += shard.totals(model, windows);
        let forecast = shard.unscaled(model);
        let outputs = h * model.loss.outputs();
        for (i, drawn) in windows.iter().enumerate() {
            let at = Horizon {
                y: &shard.actual[i * h..][..h],
                y_hat: &forecast[i * outputs..][..outputs],
                weights: &shard.weights[i * h..][..h],
                count: f64::from(drawn.count),
                levels: if shard.levels.is_empty() {
                    &[]
                } else {
                    &shard.levels[i * outputs..][..outputs]
                },
            };
            loss.add(&at, &mut sums);
        }
    });
    loss.mean(sums, &totals)
}
