//! Which windows a step trains on: series first, then windows of these series, each distinct window once with its count.

use crate::data::{Panel, TrainWindows, Window};
use crate::models::Instance;
use crate::rng::{Key, Stream};
use crate::{Error, ErrorCode, Result};

/// A window and how often it was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) window: Window,
    pub(crate) count: u32,
}

/// Draws the windows of each step, a function of the seed and the step.
pub(crate) struct Sampler {
    /// Windows of each series.
    windows: Vec<Vec<Window>>,
    seed: u64,
    batch_size: usize,
    drop_last: bool,
    windows_batch_size: Option<usize>,
    /// Order of the series in the current epoch, and where in it the next step begins.
    order: Vec<usize>,
    next: usize,
    epoch: u32,
    /// Reused from step to step.
    candidates: Vec<Window>,
    counts: Vec<u32>,
    picks: Vec<u32>,
}

impl Sampler {
    pub(crate) fn new(model: &Instance, panel: &Panel, val_size: usize) -> Result<Self> {
        let train = &model.train;
        let cut = TrainWindows {
            input: model.input_size(),
            horizon: model.recurrence().map_or(train.h, |r| r.h_train),
            pad_end: train.h,
            step: train.step_size,
            start_padding: train.start_padding_enabled,
            availability: train.training_data_availability_threshold.0,
            held_out: val_size,
        };
        let windows: Vec<_> = (0..panel.n_series()).map(|i| cut.of_series(panel, i)).collect();
        if windows.iter().all(Vec::is_empty) {
            return Err(too_short(model, panel, val_size));
        }
        Ok(Self {
            order: (0..windows.len()).collect(),
            windows,
            seed: train.random_seed as u64,
            batch_size: train.batch_size,
            drop_last: train.drop_last_loader,
            windows_batch_size: train.windows_batch_size,
            next: usize::MAX,
            epoch: 0,
            candidates: Vec::new(),
            counts: Vec::new(),
            picks: Vec::new(),
        })
    }

    /// The distinct windows of a step, in the order of series and time within the batch.
    pub(crate) fn draw(&mut self, step: usize, drawn: &mut Vec<Drawn>) {
        drawn.clear();
        // Series whose windows are all unavailable make an empty batch: the next one is taken.
        while drawn.is_empty() {
            self.next_candidates();
            let n = self.candidates.len();
            let key = Key::new(self.seed, Stream::Windows, step as u32);
            self.counts.clear();
            self.counts.resize(n, 0);
            match self.windows_batch_size {
                None => self.counts.fill(1),
                Some(size) if n == 0 || n < size => {
                    (0..size as u64)
                        .filter(|_| n > 0)
                        .for_each(|i| self.counts[key.below(i, n)] += 1);
                }
                Some(size) => {
                    self.picks.clear();
                    self.picks.extend(0..n as u32);
                    key.shuffle(&mut self.picks, size);
                    self.picks[..size].iter().for_each(|i| self.counts[*i as usize] = 1);
                }
            }
            let distinct =
                self.candidates.iter().zip(&self.counts).filter(|(_, count)| **count > 0);
            drawn.extend(distinct.map(|(window, count)| Drawn { window: *window, count: *count }));
        }
    }

    /// The windows of the next batch of series.
    fn next_candidates(&mut self) {
        let n = self.order.len();
        let full = self.next.saturating_add(self.batch_size) <= n;
        if self.next >= n || (self.drop_last && !full && n >= self.batch_size) {
            self.order.sort_unstable();
            Key::new(self.seed, Stream::Series, self.epoch).shuffle(&mut self.order, n);
            self.epoch += 1;
            self.next = 0;
        }
        let end = (self.next + self.batch_size).min(n);
        self.candidates.clear();
        for series in &self.order[self.next..end] {
            self.candidates.extend_from_slice(&self.windows[*series]);
        }
        self.next = end;
    }
}

fn too_short(model: &Instance, panel: &Panel, val_size: usize) -> Error {
    let longest = (0..panel.n_series()).max_by_key(|i| panel.rows(*i).len()).unwrap_or(0);
    let len = panel.rows(longest).len();
    let (name, input) = (model.name(), model.train.input_size);
    let message = format!(
        "{name} finds no window to train on: the longest series, \"{}\", has {len} rows{}, and a window is \
         {input} rows (inputSize) with an available one after them; shorten inputSize or set startPaddingEnabled: true",
        panel.id(longest),
        if val_size > 0 {
            format!(" of which valSize keeps {val_size} out")
        } else {
            String::new()
        },
    );
    Error::new(ErrorCode::ShortSeries, message).with(|d| {
        d.model = Some(name.into());
        d.unique_id = Some(panel.id(longest));
        d.expected = Some(input.into());
        d.actual = Some(len.into());
    })
}
