//! Repeated forecasts of given windows: the first call allocates buffers, later calls reuse them.

use std::ops::Range;

use super::decode::{Decoded, Purpose, decode};
use super::shard_forecast::columns;
use super::shards::windows_in_call;
use super::workers::Worker;
use crate::batch::{Drawn, PresetWindows, WindowValues, lens};
use crate::data::Window;
use crate::models::Instance;
use crate::runtime::{self, Pool};

/// A worker and its buffers for each thread that may take part.
pub(crate) struct Resident {
    lanes: Vec<Lane>,
    /// Windows per shard: the same as for other forecasts, so that results are identical.
    shard: usize,
    pool: Option<Pool>,
}

/// The buffers of one thread.
struct Lane {
    /// One worker for single windows and one for several: the operations differ, as some are skipped for one window.
    workers: [Worker; 2],
    decoded: Decoded,
    windows: PresetWindows,
    drawn: Vec<Drawn>,
    /// Scratch space of a forecast, and its columns.
    work: Vec<f64>,
    forecast: Vec<f64>,
}

/// A call, as seen by all threads.
struct Call<'a> {
    model: &'a Instance,
    numbers: WindowValues<'a>,
    windows: usize,
    shard: usize,
    /// Values in a window's forecast.
    size: usize,
    quantile: f32,
    sorted: bool,
}

impl Resident {
    /// How many threads a call with this many windows can use: each takes whole shards.
    pub(crate) fn useful_threads(model: &Instance, windows: usize) -> usize {
        windows.div_ceil(windows_in_call(model))
    }

    /// For calls with up to `batch` windows, on the threads of `pool` or on the caller's.
    pub(crate) fn new(model: &Instance, batch: usize, pool: Option<Pool>) -> Self {
        let shard = windows_in_call(model);
        let lane = || Lane {
            workers: Default::default(),
            decoded: Decoded::default(),
            windows: PresetWindows::new(model, shard.min(batch)),
            drawn: Vec::new(),
            work: Vec::new(),
            forecast: Vec::new(),
        };
        let threads = pool.as_ref().map_or(1, |pool| pool.threads());
        let lanes = threads.min(Self::useful_threads(model, batch)).max(1);
        Self { lanes: (0..lanes).map(|_| lane()).collect(), shard, pool }
    }

    /// Bytes of activations.
    pub(crate) fn memory(&self) -> usize {
        let of = |lane: &Lane| lane.workers.iter().map(Worker::memory).sum::<usize>();
        self.lanes.iter().map(of).sum()
    }

    /// Windows that all threads together process at once.
    pub(crate) fn at_once(&self) -> usize {
        self.lanes.len() * self.shard
    }

    /// The forecasts of `windows` windows in the units of the data: `[windows, series, h, columns]`; at `quantile`, for an
    /// implicit quantile loss. `sorted` sorts the quantiles of each step.
    pub(crate) fn forecast(
        &mut self,
        model: &Instance,
        numbers: WindowValues<'_>,
        windows: usize,
        (quantile, sorted): (f32, bool),
        out: &mut [f32],
    ) {
        let size = model.series * model.common.h * model.loss.outputs.len();
        let call = Call { model, numbers, windows, shard: self.shard, size, quantile, sorted };
        let shards = windows.div_ceil(self.shard);
        let used = self.lanes.len().min(shards);
        let lanes = &mut self.lanes[..used];
        match &self.pool {
            Some(pool) if used > 1 => pool.install(|| call.spread(lanes, 0..shards, out)),
            _ => call.spread(lanes, 0..shards, out),
        }
    }
}

impl Call<'_> {
    /// Distributes the shards evenly over the lanes.
    fn spread(&self, lanes: &mut [Lane], shards: Range<usize>, out: &mut [f32]) {
        if let [lane] = lanes {
            for (shard, out) in shards.zip(out.chunks_mut(self.shard * self.size)) {
                self.run(lane, shard, out);
            }
            return;
        }
        let half = lanes.len() / 2;
        let middle = shards.start + shards.len() * half / lanes.len();
        let (left, right) = lanes.split_at_mut(half);
        let (before, after) = out.split_at_mut((middle - shards.start) * self.shard * self.size);
        runtime::join(
            || self.spread(left, shards.start..middle, before),
            || self.spread(right, middle..shards.end, after),
        );
    }

    fn run(&self, lane: &mut Lane, shard: usize, out: &mut [f32]) {
        let model = self.model;
        let first = shard * self.shard;
        let windows = self.shard.min(self.windows - first);
        let purpose = Purpose::Forecast {
            loss: &self.model.loss,
            quantile: self.quantile,
            sorted: self.sorted,
            observed: false,
            blocks: None,
        };
        let Lane { workers, decoded, windows: given, drawn, work, forecast } = lane;
        let worker = &mut workers[usize::from(windows > 1)];
        given.fill(&self.numbers, first..first + windows);
        given.with_source(windows, |source, drawn| {
            worker.batch.fill(model, &model.valid_loss, source, drawn, lens(model));
        });
        decode(model, worker, purpose, first, decoded);
        // A window is sampled as if it were the only one, so its samples do not depend on its position in the batch.
        let alone =
            |row| Drawn { window: Window { series: row % model.series, start: 0 }, count: 1 };
        drawn.clear();
        drawn.extend((0..windows * model.series).map(alone));
        forecast.clear();
        let g = &worker.batch;
        columns(model, drawn, g, &decoded.values, purpose, [work, forecast]);
        out.iter_mut().zip(&*forecast).for_each(|(to, v)| *to = *v as f32);
    }
}
