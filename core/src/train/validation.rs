//! The validation loss: the model's error on rows that training did not see.

use std::ops::Range;

use crate::Result;
use crate::batch::{Drawn, Source};
use crate::control::Control;
use crate::data::{Panel, ValidationWindows, groups};
use crate::infer::{AT_ONCE, Purpose, Workers, parts};
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
    let batch = common.series_in_forecast();
    let all = groups(panel, model.spec.multivariate);
    let [input, h] = lens;
    let (longest, step) = (panel.max_len(), common.step_size);
    let cut = ValidationWindows { longest, input, h, val_size, step };
    let (mut sum, mut windows) = (0.0, 0);
    // A batch of short series has few windows, too few for all threads: several are forecast at once.
    for some in all.chunks(batch.saturating_mul(AT_ONCE)) {
        control.check()?;
        let of = |group: &Range<usize>| cut.of(panel, group.clone());
        let draw = |batch: &[Range<usize>]| -> Vec<Drawn> {
            batch.iter().flat_map(of).map(|window| Drawn { window, count: 1 }).collect()
        };
        let drawn: Vec<Vec<Drawn>> = some.chunks(batch).map(draw).collect();
        let parts: Vec<&[Drawn]> = drawn.iter().flat_map(|batch| parts(model, batch)).collect();
        for (part, loss) in parts.iter().zip(losses(workers, model, &source, &parts, windows, lens))
        {
            sum += part.len() as f64 * loss;
            windows += part.len();
        }
    }
    let loss: f64 = sum / windows as f64;
    Ok(if loss.is_finite() { loss } else { f64::INFINITY })
}

/// The mean loss of each part. The parts start at window `first` of the validation.
fn losses(
    workers: &Workers,
    model: &Instance,
    source: &Source<'_>,
    parts: &[&[Drawn]],
    first: usize,
    lens: [usize; 2],
) -> Vec<f64> {
    let mut all = vec![(vec![[0.0; 2]; model.series], Totals::default()); parts.len()];
    let loss = &model.valid_loss;
    // Differs from upstream: an implicit quantile loss scores each value at the quantile drawn for it. With validLoss,
    // upstream scores such values at the median.
    workers.forecast(
        model,
        source,
        parts,
        lens,
        Purpose::Validation { first },
        |part, windows, shard| {
            let (sums, totals) = &mut all[part];
            *totals += &shard.totals(model, windows);
            let counts: Vec<f32> = windows.iter().map(|d| d.count as f32).collect();
            let judged = shard.judged(model);
            let horizons = Horizons::new(loss, judged.windows(&counts, model.series));
            (0..windows.len()).for_each(|i| loss.add(&horizons.at(i), &mut sums[i % model.series]));
        },
    );
    all.iter().map(|(sums, totals)| loss.mean(sums, totals)).collect()
}
