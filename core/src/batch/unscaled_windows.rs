//! What a run computes once to make its steps cheaper: the target for models without a scaler, whose windows are slices of
//! it, and prefix sums of availability, which give the weight of a batch.

use super::Drawn;
use super::builder::BatchBuilder;
use super::source::Source;
use crate::kernels::windows::copy_windows;
use crate::models::Instance;
use crate::objective::{Objective, Totals};
use crate::scalers::{ScalerType, Statistics};

/// Precomputed data of a run's columns.
pub(super) struct Prepared {
    /// The target for a model without a scaler; `None` if windows are not plain slices of it.
    pub(super) plain: Option<Vec<f32>>,
    /// Prefix sums of availability, one per row and one for the end; `None` if all rows are available.
    available: Option<Vec<f64>>,
}

impl Prepared {
    pub(super) fn new(model: &Instance, target: &[f64], mask: &[f32]) -> Self {
        let common = &model.common;
        let plain = common.scaler_type == ScalerType::Identity && !common.exclude_insample_y;
        let available = mask.iter().any(|m| *m != 1.0).then(|| {
            let mut sum = 0.0;
            let sums = mask.iter().map(|m| {
                sum += f64::from(*m);
                sum
            });
            std::iter::once(0.0).chain(sums).collect()
        });
        let plain = plain.then(|| target.iter().map(|v| *v as f32).collect());
        Self { plain, available }
    }

    /// The number of available rows among `from..to`.
    fn available(&self, from: usize, to: usize) -> f64 {
        match &self.available {
            Some(before) => before[to] - before[from],
            None => (to - from) as f64,
        }
    }
}

impl<'a> Source<'a> {
    /// With the precomputed data for training `model`.
    pub(crate) fn prepared(mut self, model: &Instance) -> Self {
        self.prepared = Some(Prepared::new(model, self.target, self.mask()));
        self
    }

    /// The totals of `windows` for a loss that needs only their weight, if all points of a window have equal weight.
    pub(crate) fn quick_totals(
        &self,
        loss: &Objective,
        windows: &[Drawn],
        [input, horizon]: [usize; 2],
    ) -> Option<Totals> {
        let special = loss.tallies() || loss.horizon_weight.is_some();
        let prepared = self.prepared.as_ref().filter(|_| !special)?;
        let mut totals = Totals::default();
        let mut count = 0;
        for drawn in windows {
            let [from, to] = self.span(drawn.window).rows(input, horizon);
            let weight = self.weight_of(*drawn, [input, horizon]);
            totals.weight += f64::from(weight) * prepared.available(from, to);
            count += u64::from(drawn.count);
        }
        totals.windows = count as f64;
        Some(totals)
    }
}

impl BatchBuilder {
    /// Copies target and availability of all `windows`, and their weights if all points of a window have equal weight.
    pub(super) fn copy_plain(
        &mut self,
        target: &[f32],
        loss: &Objective,
        source: &Source<'_>,
        windows: &[Drawn],
    ) {
        let (n, lens) = (windows.len(), self.lens());
        self.spans.clear();
        self.spans.extend(windows.iter().map(|drawn| source.span(drawn.window)));
        self.insample_y.resize(n * lens.seen, 0.0);
        self.insample_mask.resize(n * lens.seen, 0.0);
        self.target.resize(n * lens.horizon, 0.0);
        self.weights.resize(n * lens.horizon, 0.0);
        copy_windows(target, &self.spans, 0, &[1.0], &mut self.insample_y);
        copy_windows(source.mask(), &self.spans, 0, &[1.0], &mut self.insample_mask);
        copy_windows(target, &self.spans, lens.input, &[1.0], &mut self.target);
        self.statistics.resize(n, Statistics { shift: 0.0, scale: 1.0 });
        let mut factors = std::mem::take(&mut self.factors);
        factors.clear();
        let sizes = [lens.input, lens.horizon];
        factors.extend(windows.iter().map(|drawn| source.weight_of(*drawn, sizes)));
        copy_windows(source.mask(), &self.spans, lens.input, &factors, &mut self.weights);
        self.factors = factors;
        if let Some(weights) = loss.horizon_weight.as_deref() {
            for row in self.weights.chunks_exact_mut(lens.horizon) {
                row.iter_mut().zip(weights).for_each(|(w, of_step)| *w *= of_step);
                row.iter_mut().skip(weights.len()).for_each(|w| *w = 0.0);
            }
        }
    }
}
