//! A model run over one shard: all steps at once, or step by step, feeding back what came out.

use super::workers::Worker;
use crate::batch::{Lens, rows};
use crate::models::Instance;
use crate::nn::RecurrentState;
use crate::objective::{Asked, Place};
use crate::rng::{Key, Stream};
use crate::tape::Compute;

/// What a forecast is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// To be judged, by a loss that may draw quantiles. The first window is the `first`-th of all that are judged.
    Validation { first: usize },
    /// As upstream's `predict`: at this quantile, if the loss knows all of them. Where a recurrent model feeds back the mean
    /// of its outputs, every output is that mean. `sorted` puts the quantiles of a step in order.
    Forecast { quantile: f32, sorted: bool },
}

/// What [`decode`] makes of a shard, in buffers that are used again.
#[derive(Default)]
pub(crate) struct Decoded {
    /// The network's numbers, scaled: `[windows, series, horizon, numbers]`.
    pub(super) values: Vec<f32>,
    /// The quantile that each value was drawn at; empty if none was.
    pub(super) drawn: Vec<f32>,
    fed_back: Vec<f32>,
    state: RecurrentState,
}

/// The forecast of everything gathered, and the quantiles it was drawn at; recurrent models decode step by step, feeding
/// back the mean of their outputs or of the distribution that these stand for. `shard` is the place of the first window among those of the run.
pub(crate) fn decode(
    model: &Instance,
    worker: &Worker,
    purpose: Purpose,
    shard: usize,
    to: &mut Decoded,
) {
    let (tape, g) = (&worker.tape, &worker.batch);
    let Lens { windows, series, input, horizon, .. } = g.lens();
    let n = model.loss.numbers();
    let (asked, row) = match purpose {
        Purpose::Forecast { quantile, .. } => (Asked::Quantile(quantile), shard),
        // Differs from upstream, which draws other quantiles at each check: these are the same, so that checks compare.
        Purpose::Validation { first } => {
            let seed = model.common.random_seed as u64;
            (Asked::Drawn(Key::new(seed, Stream::ValidQuantiles, 0)), first + shard)
        }
    };
    let mapped = |output, step| model.head.forward(output, asked, Place { row, step, horizon });
    to.values.clear();
    to.drawn.clear();
    tape.store_in(None);
    tape.set_compute(Compute::default());
    if model.recurrence().is_none() {
        tape.reset(&model.values, None);
        let output = model.forward(&g.batch(tape, [0, input], None, None));
        let mapped = mapped(rows(output, series), 0);
        to.values.extend_from_slice(&mapped.forecast.data());
        if let Some(drawn) = mapped.drawn {
            to.drawn.extend_from_slice(&drawn.data());
        }
        return;
    }
    let raw = model.loss.keeps_decoded() || matches!(purpose, Purpose::Validation { .. });
    let Decoded { values: forecast, drawn, fed_back, state } = to;
    state.forget();
    forecast.resize(windows * horizon * n, 0.0);
    for t in 0..horizon {
        let tape = if t == 0 { tape } else { &worker.later };
        tape.reset(&model.values, None);
        let range = if t == 0 { [0, input] } else { [input + t - 1, input + t] };
        let y = (t > 0).then_some(&fed_back[..]);
        let output = model.forward(&g.batch(tape, range, y, Some(state))).last(1, 1); // [B, 1, O]
        // Differs from upstream, which validates at other quantiles than it has fed back while it decoded.
        let mapped = mapped(output, t);
        let output = mapped.forecast.data();
        let each = output.chunks_exact(n).zip(&g.statistics);
        fed_back.clear();
        fed_back.extend(each.map(|(o, s)| model.loss.fed_back(o, &model.scaling(*s))));
        for (row, (o, mean)) in output.chunks_exact(n).zip(&*fed_back).enumerate() {
            let to = &mut forecast[(row * horizon + t) * n..][..n];
            if raw { to.copy_from_slice(o) } else { to.fill(*mean) }
        }
        if let Some(own) = mapped.drawn {
            drawn.resize(forecast.len(), 0.0);
            for (row, own) in own.data().chunks_exact(n).enumerate() {
                drawn[(row * horizon + t) * n..][..n].copy_from_slice(own);
            }
        }
    }
}
