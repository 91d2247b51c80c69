//! What a network shows of itself while it forecasts, averaged over the windows.

use crate::tape::Tape;

/// The sum over all windows of each value that a network showed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observations {
    windows: usize,
    sums: Vec<(&'static str, Vec<f64>)>,
}

impl Observations {
    /// What the last forward pass on this tape showed.
    pub(super) fn of(tape: &Tape) -> Self {
        let mut seen = Self::default();
        for (name, value) in tape.shown() {
            seen.windows = value.dim(0);
            let size = value.shape().size() / seen.windows.max(1);
            let mut sum = vec![0.0; size];
            for window in value.data().chunks_exact(size.max(1)) {
                sum.iter_mut().zip(window).for_each(|(sum, v)| *sum += f64::from(*v));
            }
            seen.sums.push((name, sum));
        }
        seen
    }

    /// Adds those of other windows.
    pub(crate) fn add(&mut self, other: &Self) {
        self.windows += other.windows;
        if self.sums.is_empty() {
            self.sums.clone_from(&other.sums);
            return;
        }
        for ((_, sum), (_, more)) in self.sums.iter_mut().zip(&other.sums) {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }

    /// The mean of a value over all windows; `None` if it was not shown.
    pub(crate) fn mean(&self, name: &str) -> Option<Vec<f32>> {
        let (_, sum) = self.sums.iter().find(|(shown, _)| *shown == name)?;
        Some(sum.iter().map(|sum| (sum / self.windows as f64) as f32).collect())
    }
}
