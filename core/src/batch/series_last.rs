//! The batch of a multivariate model: rows ordered by series are laid out as upstream does, with series as the last axis.

use super::builder::{BatchBuilder, Lens};
use crate::models::Batch;
use crate::objective::Objective;
use crate::tape::{Tape, Var};

impl BatchBuilder {
    /// Everything on a tape; see [`Batch`] for the shapes.
    pub(super) fn batch_of_all_series<'t>(&self, tape: &'t Tape) -> Batch<'t> {
        let Lens { windows, series, input, horizon, seen, futr, hist, stat, .. } = self.lens();
        assert_eq!(seen, input, "no multivariate model decodes step by step");
        let series_last = |rows: &[f32], steps: usize, columns: usize| {
            tape.input([windows, columns, steps, series], |to| {
                series_last(rows, [steps, columns, series], to);
            })
        };
        let of_target = |rows| series_last(rows, input, 1).reshape([windows, input, series]);
        Batch {
            insample_y: of_target(&self.insample_y),
            insample_mask: of_target(&self.insample_mask),
            futr_exog: (futr > 0).then(|| series_last(&self.futr, input + horizon, futr)),
            hist_exog: (hist > 0).then(|| series_last(&self.hist, input, hist)),
            stat_exog: (stat > 0)
                .then(|| tape.constant([series, stat], &self.stat[..series * stat])),
            state: None,
        }
    }
}

/// `[B, N, T, C]` as `[B, C, T, N]`.
fn series_last(from: &[f32], [steps, columns, series]: [usize; 3], to: &mut [f32]) {
    let size = steps * columns * series;
    for (from, to) in from.chunks_exact(size).zip(to.chunks_exact_mut(size)) {
        for (i, to) in to.chunks_exact_mut(series).enumerate() {
            let (column, step) = (i / steps, i % steps);
            for (from, to) in from.chunks_exact(steps * columns).zip(to) {
                *to = from[step * columns + column];
            }
        }
    }
}

/// The output of a network `[B, h, N·O]` in the shape of heads and losses, one row per series of each window:
/// `[B·N, h, O]`. The outputs of a step are those of one series after the other, or, for a loss with
/// [`Objective::parameters_first`], one output of all series after the other.
pub(crate) fn rows<'t>(output: Var<'t>, series: usize, loss: &Objective) -> Var<'t> {
    let [windows, h, all] = [0, 1, 2].map(|axis| output.dim(axis));
    let outputs = all / series;
    let output = match loss.parameters_first() && series > 1 {
        true => output.reshape([windows, h, outputs, series]).permute(&[0, 3, 1, 2]),
        false => output.reshape([windows, h, series, outputs]).permute(&[0, 2, 1, 3]),
    };
    output.reshape([windows * series, h, outputs])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::objective::LossSpec;

    #[test]
    fn forecasts_are_laid_out_as_rows_are() {
        let tape = Tape::default();
        // Two windows of three steps, two series, two outputs: the digits of each number are its indices.
        let number =
            |w: usize, t: usize, n: usize, o: usize| (1000 * w + 100 * t + 10 * n + o) as f32;
        let mut forecast = Vec::new();
        let mut by_parameter = Vec::new();
        let mut rows = Vec::new();
        for w in 0..2 {
            for t in 0..3 {
                forecast.extend((0..4).map(|i| number(w, t, i / 2, i % 2)));
                by_parameter.extend((0..4).map(|i| number(w, t, i % 2, i / 2)));
            }
            for n in 0..2 {
                rows.extend((0..6).map(|i| number(w, i / 2, n, i % 2)));
            }
        }
        let quantiles = json!({ "quantiles": [0.1, 0.9] });
        let normal = json!({ "distribution": "Normal" });
        let mixture = json!({ "nComponents": 1 });
        for (kind, args, given) in [
            ("MQLoss", quantiles, &forecast),
            ("GMM", mixture, &forecast),
            ("DistributionLoss", normal, &by_parameter),
        ] {
            let spec = LossSpec { kind: kind.into(), args: args.as_object().unwrap().clone() };
            let loss = Objective::new(&spec, 3, "loss").unwrap();
            let found = super::rows(tape.constant([2, 3, 4], given), 2, &loss);
            assert_eq!((found.shape().dims(), &found.data()[..]), (&[4, 3, 2][..], &rows[..]));
        }
        // The same permutation, with steps as columns and outputs as steps.
        let mut back = vec![0.0; rows.len()];
        series_last(&rows, [3, 2, 2], &mut back);
        assert_eq!(
            back[..4],
            [number(0, 0, 0, 0), number(0, 0, 1, 0), number(0, 1, 0, 0), number(0, 1, 1, 0)]
        );
        assert_eq!(back[6..8], [number(0, 0, 0, 1), number(0, 0, 1, 1)]);
    }
}
