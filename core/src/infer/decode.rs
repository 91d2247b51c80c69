//! Runs a model over one shard: all steps at once, or step by step with its output fed back.

use super::observations::Observations;
use super::workers::Worker;
use crate::batch::{Lens, rows};
use crate::models::Instance;
use crate::nn::RecurrentState;
use crate::objective::{Asked, Objective, Place};
use crate::rng::{Key, Stream};
use crate::tape::Compute;

/// The purpose of a forecast.
#[derive(Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// Validation, by a loss that may draw quantiles. The shard starts at window `first` of the validation.
    Validation { first: usize },
    /// As upstream's `predict`, with the columns of `loss`: the model's own, or with other quantiles of its distribution. At this
    /// quantile, for an implicit quantile loss. Where a recurrent model feeds back the mean
    /// of its outputs, every output is that mean. `sorted` sorts the quantiles of each step; `observed` keeps what the network
    /// shows of itself; with `blocks`, only the first blocks add to the forecast.
    Forecast {
        loss: &'a Objective,
        quantile: f32,
        sorted: bool,
        observed: bool,
        blocks: Option<usize>,
    },
    /// Only the numbers of the network, from which samples are drawn later.
    Numbers { observed: bool },
}

/// The output of [`decode`] for a shard, in reused buffers.
#[derive(Default)]
pub(crate) struct Decoded {
    /// The network's outputs, scaled: `[windows, series, horizon, numbers]`.
    pub(super) values: Vec<f32>,
    /// The quantile drawn for each value; empty if none was drawn.
    pub(super) drawn: Vec<f32>,
    /// What the network showed, if it was asked to.
    pub(super) observed: Observations,
    fed_back: Vec<f32>,
    state: RecurrentState,
}

/// The forecast of all gathered windows, and the quantiles drawn for it. Recurrent models decode step by step and feed back
/// the mean of their outputs, or of the distribution that these parametrise. `shard` is the index of the first window in
/// the run.
pub(crate) fn decode(
    model: &Instance,
    worker: &Worker,
    purpose: Purpose<'_>,
    shard: usize,
    to: &mut Decoded,
) {
    let (tape, g) = (&worker.tape, &worker.batch);
    let Lens { windows, series, input, horizon, .. } = g.lens();
    let n = model.loss.numbers();
    let (asked, row) = match purpose {
        Purpose::Numbers { .. } => (Asked::Quantile(0.5), shard),
        Purpose::Forecast { quantile, .. } => (Asked::Quantile(quantile), shard),
        // Differs from upstream, which draws new quantiles at each check: here they stay the same, so that checks are
        // comparable.
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
        let observed = match purpose {
            Purpose::Forecast { observed, .. } | Purpose::Numbers { observed } => observed,
            Purpose::Validation { .. } => false,
        };
        tape.observe(observed);
        tape.set_blocks(match purpose {
            Purpose::Forecast { blocks, .. } => blocks,
            _ => None,
        });
        let output = model.forward(&g.batch(tape, [0, input], None, None));
        if observed {
            to.observed = Observations::of(tape);
            tape.observe(false);
        }
        let mapped = mapped(rows(output, series, &model.loss), 0);
        to.values.extend_from_slice(&mapped.forecast.data());
        if let Some(drawn) = mapped.drawn {
            to.drawn.extend_from_slice(&drawn.data());
        }
        return;
    }
    let raw = model.loss.keeps_decoded() || matches!(purpose, Purpose::Validation { .. });
    let Decoded { values: forecast, drawn, fed_back, state, .. } = to;
    state.forget();
    forecast.resize(windows * horizon * n, 0.0);
    for t in 0..horizon {
        let tape = if t == 0 { tape } else { &worker.later };
        tape.reset(&model.values, None);
        let range = if t == 0 { [0, input] } else { [input + t - 1, input + t] };
        let y = (t > 0).then_some(&fed_back[..]);
        let output = model.forward(&g.batch(tape, range, y, Some(state))).last(1, 1); // [B, 1, O]
        // Differs from upstream, which validates at other quantiles than those it fed back while decoding.
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
