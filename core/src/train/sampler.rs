//! Sampling of the windows of a training step: first series, then windows of these series. Each distinct window appears
//! once, with its count.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::batch::Drawn;
use crate::data::{Panel, TrainWindows, Window, groups};
use crate::interrupt::look;
use crate::kernels::random::words;
use crate::models::Instance;
use crate::rng::{Key, Stream, below};
use crate::{Error, ErrorCode, Result};

/// The position of the sampler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Epochs begun.
    epoch: u32,
    /// Series of this epoch that have been in a batch.
    next: usize,
    /// Batches drawn so far; the randomness of the next batch depends on it.
    pub(crate) batch: u32,
}

impl Position {
    /// Starts a new epoch for other data; the epoch and batch counters go on.
    pub(crate) fn begin_epoch(&mut self) {
        self.next = usize::MAX;
    }
}

/// Samples the windows of each batch, as a function of the seed and the batch's number.
///
/// A batch of a multivariate model has all series, in the order of its weights. Differs from upstream, whose loader
/// shuffles the series, so that the weights of one series are trained on others.
pub(crate) struct Sampler {
    /// The windows of all series, one series after the other; for a multivariate model, of all series together.
    windows: Vec<Window>,
    /// The places in `windows` of each series, or of all together: one more than there are lists.
    ends: Vec<usize>,
    /// Series per window.
    series: usize,
    seed: u64,
    batch_size: usize,
    drop_last: bool,
    windows_batch_size: Option<usize>,
    /// Order of the series in the current epoch.
    order: Vec<usize>,
    position: Position,
    /// Reused from step to step.
    counts: Vec<u32>,
    picks: Vec<u32>,
}

impl Sampler {
    /// Starts at a position; the default one is the beginning.
    pub(crate) fn new(
        model: &Instance,
        panel: &Panel,
        val_size: usize,
        position: Position,
    ) -> Result<Self> {
        let common = &model.common;
        let cut = TrainWindows {
            longest: panel.max_len(),
            input: model.input_size(),
            horizon: model.recurrence().map_or(common.h, |r| r.h_train),
            pad_end: common.h,
            step: common.step_size,
            start_padding: common.start_padding_enabled,
            availability: common.training_data_availability_threshold.0,
            held_out: val_size,
        };
        let groups = groups(panel, model.spec.multivariate);
        let (mut windows, mut ends) = (Vec::new(), vec![0]);
        let order: Vec<usize> = (0..groups.len()).collect();
        for group in groups {
            cut.add(panel, group, &mut windows);
            ends.push(windows.len());
        }
        if windows.is_empty() {
            return Err(too_short(model, panel, val_size));
        }
        let mut sampler = Self {
            order,
            windows,
            ends,
            series: model.series,
            seed: common.random_seed as u64,
            batch_size: common.batch_size,
            drop_last: common.drop_last_loader,
            windows_batch_size: common.windows_batch_size,
            position,
            counts: Vec::new(),
            picks: Vec::new(),
        };
        sampler.arrange();
        Ok(sampler)
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Whether the batch drawn last ended its epoch.
    pub(crate) fn epoch_ends(&self) -> bool {
        let (n, next) = (self.order.len(), self.position.next);
        next >= n || (self.drop_last && next.saturating_add(self.batch_size) > n)
    }

    /// Shuffles the series for the epoch.
    fn arrange(&mut self) {
        let (n, epoch) = (self.order.len(), self.position.epoch);
        self.order.sort_unstable();
        if let Some(begun) = epoch.checked_sub(1) {
            Key::new(self.seed, Stream::Series, begun).shuffle(&mut self.order, n);
        }
    }

    /// Draws the distinct windows of a batch, ordered by series as in the batch, then by time. A window of several series
    /// has one entry per series, next to each other.
    pub(crate) fn draw(&mut self, drawn: &mut Vec<Drawn>) {
        let key = Key::new(self.seed, Stream::Windows, self.position.batch);
        self.position.batch = self.position.batch.wrapping_add(1);
        // A batch is empty if no window of its series is available; then the next batch is drawn.
        loop {
            let some = self.next_series();
            let all = || {
                let order = self.order[some.clone()].iter();
                order.map(|i| &self.windows[self.ends[*i]..self.ends[i + 1]])
            };
            let n = all().map(<[Window]>::len).sum::<usize>() / self.series;
            self.counts.clear();
            self.counts.resize(n, u32::from(self.windows_batch_size.is_none()));
            if let Some(size) = self.windows_batch_size.filter(|_| n > 0) {
                if n < size {
                    each_word(key, size, |_, word| self.counts[below(word, n)] += 1);
                } else {
                    // The front of a shuffled list, as `Key::shuffle` computes it.
                    self.picks.clear();
                    self.picks.extend(0..n as u32);
                    each_word(key, size, |i, word| {
                        self.picks.swap(i, i + below(word, n - i));
                        self.counts[self.picks[i] as usize] = 1;
                    });
                }
            }
            let windows = all().flat_map(|windows| windows.chunks_exact(self.series));
            if self.series == 1 {
                // Branch-free: every window is written, and overwritten by the next one if it was not drawn.
                let mut at = 0;
                let nothing = Drawn { window: Window { series: 0, start: 0 }, count: 0 };
                drawn.resize(n, nothing);
                for (window, count) in windows.zip(&self.counts) {
                    drawn[at] = Drawn { window: window[0], count: *count };
                    at += usize::from(*count > 0);
                }
                drawn.truncate(at);
            } else {
                drawn.clear();
                for (windows, count) in windows.zip(&self.counts).filter(|(_, n)| **n > 0) {
                    drawn.extend(windows.iter().map(|w| Drawn { window: *w, count: *count }));
                }
            }
            if !drawn.is_empty() {
                return;
            }
        }
    }

    /// The next batch of series, as a range of `order`.
    fn next_series(&mut self) -> Range<usize> {
        let n = self.order.len();
        let first = self.position.epoch == 0;
        let full = self.position.next.saturating_add(self.batch_size) <= n;
        if first || self.position.next >= n || (self.drop_last && !full && n >= self.batch_size) {
            self.position.epoch = self.position.epoch.wrapping_add(1);
            self.position.next = 0;
            self.arrange();
        }
        let next = self.position.next;
        let end = (next + self.batch_size).min(n);
        self.position.next = end;
        next..end
    }
}

/// Visits the first `size` words of a key, each with its index.
fn each_word(key: Key, size: usize, mut visit: impl FnMut(usize, u32)) {
    let mut some = [0; 256];
    for first in (0..size).step_by(some.len()) {
        look();
        let count = some.len().min(size - first);
        words(key, first as u64 / 4, &mut some[..count]);
        some[..count].iter().enumerate().for_each(|(i, word)| visit(first + i, *word));
    }
}

fn too_short(model: &Instance, panel: &Panel, val_size: usize) -> Error {
    let longest = (0..panel.n_series()).max_by_key(|i| panel.rows(*i).len()).unwrap_or(0);
    let len = panel.rows(longest).len();
    let (name, input) = (model.name(), model.common.input_size);
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
