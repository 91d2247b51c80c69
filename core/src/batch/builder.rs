//! Builds a batch from windows: gathers the rows of a shard, scales them, and puts them on a tape.

use super::Drawn;
use super::column_reader::ColumnReader;
use super::source::Source;
use crate::interrupt::look;
use crate::kernels::windows::Span;
use crate::models::{Batch, InputStream, Instance};
use crate::nn::RecurrentState;
use crate::objective::{Objective, Tally, Totals};
use crate::scalers::{ScalerType, Statistics};
use crate::tape::Tape;

/// Scaled rows of some windows. Reused from shard to shard.
#[derive(Default)]
pub(crate) struct BatchBuilder {
    /// Shift and scale of the target of each window.
    pub(crate) statistics: Vec<Statistics>,
    /// The target over the horizon: scaled (for a likelihood, without the scaler's nonlinear part) and on its own scale.
    pub(crate) target: Vec<f32>,
    pub(crate) actual: Vec<f64>,
    /// Weight of each point of the horizon in the loss: availability, sample weight, horizon weight, count.
    pub(crate) weights: Vec<f32>,
    /// How often each window was drawn.
    pub(crate) counts: Vec<f32>,
    /// The input part of the target, scaled.
    pub(crate) insample_y: Vec<f32>,
    pub(super) insample_mask: Vec<f32>,
    pub(super) futr: Vec<f32>,
    pub(super) hist: Vec<f32>,
    pub(super) stat: Vec<f32>,
    column: Vec<f64>,
    mask: Vec<f32>,
    work: Vec<f64>,
    pub(super) spans: Vec<Span>,
    pub(super) factors: Vec<f32>,
    lens: Lens,
}

/// Dimensions of the gathered windows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lens {
    /// Windows, and series per window; the rows of a window are adjacent.
    pub(crate) windows: usize,
    pub(crate) series: usize,
    /// Steps of input, including the additional one of recurrent models.
    pub(crate) input: usize,
    pub(crate) horizon: usize,
    /// Steps that a model sees at once: the input and, for recurrent models, the horizon without its last step.
    pub(crate) seen: usize,
    pub(crate) recurrent: bool,
    pub(crate) futr: usize,
    pub(crate) hist: usize,
    pub(crate) stat: usize,
    /// Whether the model sees all series at once.
    pub(crate) multivariate: bool,
}

pub(crate) fn seen(model: &Instance, [input, horizon]: [usize; 2]) -> usize {
    if model.recurrence().is_some() { input + horizon - 1 } else { input }
}

impl BatchBuilder {
    pub(crate) fn lens(&self) -> Lens {
        self.lens
    }

    /// Empty, with these dimensions, for a dry tape.
    pub(crate) fn blank(lens: Lens) -> Self {
        let stat = vec![0.0; lens.series * lens.stat];
        Self { lens, stat, ..Self::default() }
    }

    /// Gathers `windows` of `input` and `horizon` steps, weighted for `loss`. A window of several series has one entry per
    /// series, next to each other.
    pub(crate) fn fill(
        &mut self,
        model: &Instance,
        loss: &Objective,
        source: &Source<'_>,
        windows: &[Drawn],
        [input, horizon]: [usize; 2],
    ) {
        let lens = Lens {
            windows: windows.len() / model.series,
            series: model.series,
            input,
            horizon,
            seen: seen(model, [input, horizon]),
            recurrent: model.recurrence().is_some(),
            futr: source.futr.len(),
            hist: source.hist.len(),
            stat: source.stat.len(),
            multivariate: model.spec.multivariate,
        };
        self.lens = lens;
        for list in [&mut self.futr, &mut self.hist, &mut self.stat, &mut self.counts] {
            list.clear();
        }
        self.statistics.clear();
        self.actual.clear();
        self.counts.extend(windows.iter().map(|drawn| drawn.count as f32));
        let plain = source.prepared.as_ref().and_then(|prepared| prepared.plain.as_deref());
        if let Some(target) = plain {
            self.copy_plain(target, loss, source, windows);
            if lens.futr + lens.hist + lens.stat == 0 {
                return;
            }
        } else {
            self.insample_y.clear();
            self.insample_mask.clear();
            self.target.clear();
            self.weights.clear();
        }
        for drawn in windows {
            look();
            let reader = ColumnReader { source, window: drawn.window, len: input + horizon };
            reader.read(None, source.mask(), &mut self.mask);
            if plain.is_none() {
                self.add_target(model, &reader);
                self.weigh(loss, source, *drawn);
            }
            self.add_exogenous(model, &reader);
        }
    }

    fn add_target(&mut self, model: &Instance, reader: &ColumnReader<'_>) {
        let Lens { input, seen, .. } = self.lens;
        let s = self.insample(model, reader);
        self.statistics.push(s);
        self.insample_mask.extend_from_slice(&self.mask[..seen]);
        self.target.extend(self.column[input..].iter().map(|v| model.target(*v, s)));
        self.actual.extend_from_slice(&self.column[input..]);
    }

    fn add_exogenous(&mut self, model: &Instance, reader: &ColumnReader<'_>) {
        let Lens { input, horizon, seen, recurrent, .. } = self.lens;
        let (series, scaler) = (reader.window.series, model.common.scaler_type);
        // A recurrent model forecasts t + 1 at step t, so its exogenous columns are one step ahead of the target.
        let ahead = usize::from(recurrent);
        let futr_end = if recurrent { seen + 1 } else { input + horizon };
        let of = |stream: &InputStream, c: usize| {
            // Categories are row indices of their embedding.
            if c < stream.numbers { scaler } else { ScalerType::Identity }
        };
        self.futr_rows(reader, |c| of(&model.streams.futr, c), ahead..futr_end);
        self.hist_rows(reader, |c| of(&model.streams.hist, c), ahead..seen + ahead);
        self.stat.extend(reader.source.stat.iter().map(|column| column[series] as f32));
    }

    /// Reads the target of a window whose mask has been read, and appends its input part.
    fn insample(&mut self, model: &Instance, reader: &ColumnReader<'_>) -> Statistics {
        let (input, scaler) = (self.lens.input, model.common.scaler_type);
        reader.read(None, reader.source.target, &mut self.column);
        let s = scaler.statistics(&self.column[..input], &self.mask[..input], &mut self.work);
        let shown =
            |v: &f64| if model.common.exclude_insample_y { 0.0 } else { scaler.scale(*v, s) };
        self.insample_y.extend(self.column[..self.lens.seen].iter().map(shown));
        s
    }

    /// The divisors of the loss of `windows`.
    pub(crate) fn totals(
        &mut self,
        model: &Instance,
        source: &Source<'_>,
        windows: &[Drawn],
        [input, horizon]: [usize; 2],
    ) -> Totals {
        (self.lens.input, self.lens.horizon) = (input, horizon);
        self.lens.seen = seen(model, [input, horizon]);
        self.weights.clear();
        let mut totals = Totals::default();
        for (i, drawn) in windows.iter().enumerate() {
            look();
            let reader = ColumnReader { source, window: drawn.window, len: input + horizon };
            reader.read(None, &source.panel.mask, &mut self.mask);
            self.weigh(&model.loss, source, *drawn);
            totals.windows += f64::from(drawn.count);
            if model.loss.tallies() {
                self.insample_y.clear();
                let scale = self.insample(model, &reader).scale;
                let insample_y: Vec<f64> = self.insample_y.iter().map(|y| f64::from(*y)).collect();
                let window = Tally {
                    series: i % model.series,
                    count: f64::from(drawn.count),
                    insample_y: &insample_y,
                    actual: &[],
                    weights: &self.weights[self.weights.len() - horizon..],
                    scale,
                };
                model.loss.tally(&window, &mut totals);
            }
        }
        totals.weight = self.weights.iter().map(|w| f64::from(*w)).sum();
        totals
    }

    /// Appends the weights of a window's horizon, whose mask has been read.
    fn weigh(&mut self, loss: &Objective, source: &Source<'_>, drawn: Drawn) {
        let Lens { input, horizon, .. } = self.lens;
        let weight = source.weight_of(drawn, [input, horizon]);
        let horizon_weight = loss.horizon_weight.as_deref();
        // A recurrent model may forecast beyond the horizon weights of its loss.
        let at = |i: usize| horizon_weight.map_or(1.0, |w| w.get(i).copied().unwrap_or(0.0));
        let of_step = |(i, m): (usize, &f32)| m * weight * at(i);
        self.weights.extend(self.mask[input..].iter().enumerate().map(of_step));
    }

    /// Appends rows `range` of all future columns: `[T, F]`.
    fn futr_rows(
        &mut self,
        reader: &ColumnReader<'_>,
        scaler: impl Fn(usize) -> ScalerType,
        range: std::ops::Range<usize>,
    ) {
        let (at, count) = (self.futr.len(), self.lens.futr);
        self.futr.resize(at + range.len() * count, 0.0);
        for (c, values) in reader.source.futr.iter().enumerate() {
            reader.read(reader.source.future.get(c).copied(), values, &mut self.column);
            let scaler = scaler(c);
            let s = scaler.statistics(
                &self.column[..self.lens.input],
                &self.mask[..self.lens.input],
                &mut self.work,
            );
            for (i, t) in range.clone().enumerate() {
                self.futr[at + i * count + c] = scaler.scale(self.column[t], s);
            }
        }
    }

    /// Appends rows `range` of all historic columns: `[T, X]`; rows in the horizon are 0.
    fn hist_rows(
        &mut self,
        reader: &ColumnReader<'_>,
        scaler: impl Fn(usize) -> ScalerType,
        range: std::ops::Range<usize>,
    ) {
        let (at, count, input) = (self.hist.len(), self.lens.hist, self.lens.input);
        self.hist.resize(at + range.len() * count, 0.0);
        for (c, values) in reader.source.hist.iter().enumerate() {
            reader.read(None, values, &mut self.column);
            let scaler = scaler(c);
            let s = scaler.statistics(&self.column[..input], &self.mask[..input], &mut self.work);
            for (i, t) in range.clone().enumerate().take_while(|(_, t)| *t < input) {
                self.hist[at + i * count + c] = scaler.scale(self.column[t], s);
            }
        }
    }

    /// Moves everything to a tape; the gathered rows get the tape's old buffers in exchange.
    pub(crate) fn whole_batch<'t>(&mut self, tape: &'t Tape) -> Batch<'t> {
        if self.lens.multivariate {
            return self.batch_of_all_series(tape);
        }
        let Lens { windows: rows, input, horizon, seen, recurrent, futr, hist, stat, .. } =
            self.lens;
        let futr_len = if recurrent { seen } else { input + horizon };
        Batch {
            insample_y: tape.swap_in([rows, seen], &mut self.insample_y),
            insample_mask: tape.swap_in([rows, seen], &mut self.insample_mask),
            futr_exog: (futr > 0).then(|| tape.swap_in([rows, futr_len, futr], &mut self.futr)),
            hist_exog: (hist > 0).then(|| tape.swap_in([rows, seen, hist], &mut self.hist)),
            stat_exog: (stat > 0).then(|| tape.swap_in([rows, stat], &mut self.stat)),
            state: None,
        }
    }

    /// Steps `from..to` of all inputs on a tape, categories as codes. The target of the first step may be replaced by `y`, a
    /// forecast that is fed back.
    pub(crate) fn batch<'t>(
        &self,
        tape: &'t Tape,
        [from, to]: [usize; 2],
        y: Option<&[f32]>,
        state: Option<&'t RecurrentState>,
    ) -> Batch<'t> {
        if self.lens.multivariate {
            return self.batch_of_all_series(tape);
        }
        let Lens { windows: rows, input, horizon, seen, recurrent, futr, hist, stat, .. } =
            self.lens;
        let steps = |data: &[f32], len: usize, width: usize, range: [usize; 2]| {
            tape.input([rows, range[1] - range[0], width], |out| {
                let size = (range[1] - range[0]) * width;
                for (row, out) in out.chunks_exact_mut(size.max(1)).enumerate() {
                    let at = (row * len + range[0]) * width;
                    out.copy_from_slice(&data[at..at + size]);
                }
            })
        };
        let futr_len = if recurrent { seen } else { input + horizon };
        let futr_range = if recurrent { [from, to] } else { [0, futr_len] };
        let insample_y = match y {
            Some(y) => tape.constant([rows, 1], y),
            None => steps(&self.insample_y, seen, 1, [from, to]).reshape([rows, to - from]),
        };
        Batch {
            insample_y,
            insample_mask: steps(&self.insample_mask, seen, 1, [from, to])
                .reshape([rows, to - from]),
            futr_exog: (futr > 0).then(|| steps(&self.futr, futr_len, futr, futr_range)),
            hist_exog: (hist > 0).then(|| steps(&self.hist, seen, hist, [from, to])),
            stat_exog: (stat > 0).then(|| tape.constant([rows, stat], &self.stat)),
            state,
        }
    }
}

impl Lens {
    /// Bytes of the gathered rows of one shard.
    pub(crate) fn bytes(&self) -> usize {
        let rows = self.windows.saturating_mul(self.series);
        let steps = self.input.saturating_add(self.horizon);
        let columns = 3 + self.futr + self.hist;
        let numbers = steps.saturating_mul(columns).saturating_add(self.stat);
        let each = numbers.saturating_mul(size_of::<f32>());
        let each = each.saturating_add(self.horizon.saturating_mul(2 * size_of::<f64>()));
        rows.saturating_mul(each)
    }
}
