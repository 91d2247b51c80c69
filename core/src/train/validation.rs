//! The validation loss: the model's error on rows that training did not see.

use std::ops::Range;

use crate::Result;
use crate::batch::{Drawn, Source};
use crate::control::Control;
use crate::data::{Panel, ValidationWindows, groups};
use crate::infer::{Purpose, Workers};
use crate::models::Instance;
use crate::objective::{Horizons, Totals};

/// The validation loss on the original scale: the mean over batches, weighted by their number of windows.
pub(super) fn validate(
    workers: &Workers,
    model: &Instance,
    panel: &Panel,
    val_size: usize,
    control: &Control,
) -> Result<f64> {
    let common = &model.common;
    let lens = [model.input_size(), common.h];
    let source = Source::new(model, panel, 0)?.unweighted();
    let batch = common.valid_batch_size.unwrap_or(common.batch_size);
    let all = groups(panel, model.spec.multivariate);
    let [input, h] = lens;
    let (longest, step) = (panel.max_len(), common.step_size);
    let cut = ValidationWindows { longest, input, h, val_size, step };
    let (mut sum, mut windows) = (0.0, 0);
    for some in all.chunks(batch) {
        control.check()?;
        let of = |group: &Range<usize>| cut.of(panel, group.clone());
        let drawn: Vec<Drawn> =
            some.iter().flat_map(of).map(|window| Drawn { window, count: 1 }).collect();
        let size =
            usize::try_from(common.inference_windows_batch_size).unwrap_or(drawn.len()).max(1);
        for part in drawn.chunks(size.saturating_mul(model.series)) {
            let loss = mean_loss(workers, model, &source, part, windows, lens);
            sum += part.len() as f64 * loss;
            windows += part.len();
        }
    }
    let loss: f64 = sum / windows as f64;
    Ok(if loss.is_finite() { loss } else { f64::INFINITY })
}

/// The loss of `drawn`, which start at window `first` of the validation.
fn mean_loss(
    workers: &Workers,
    model: &Instance,
    source: &Source<'_>,
    drawn: &[Drawn],
    first: usize,
    lens: [usize; 2],
) -> f64 {
    let (mut sums, mut totals) = (vec![[0.0; 2]; model.series], Totals::default());
    let loss = &model.valid_loss;
    // Differs from upstream: an implicit quantile loss scores each value at the quantile drawn for it. With validLoss,
    // upstream scores such values at the median.
    workers.forecast(
        model,
        source,
        drawn,
        lens,
        Purpose::Validation { first },
        |windows, shard| {
            totals += &shard.totals(model, windows);
            let counts: Vec<f32> = windows.iter().map(|d| d.count as f32).collect();
            let judged = shard.judged(model);
            let horizons = Horizons::new(loss, judged.windows(&counts, model.series));
            (0..windows.len()).for_each(|i| loss.add(&horizons.at(i), &mut sums[i % model.series]));
        },
    );
    loss.mean(&sums, &totals)
}
