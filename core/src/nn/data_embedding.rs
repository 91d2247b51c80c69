//! Steps of a window as vectors: values, positions and exogenous columns, added. Upstream: `common/_modules.py:
//! DataEmbedding, TokenEmbedding, PositionalEmbedding, TimeFeatureEmbedding`.

use super::conv::Conv1d;
use super::linear::Linear;
use super::params::Path;
use crate::tape::{Edge, Param, Var};

/// Positions in the table, as in upstream.
pub const MOST_STEPS: usize = 5000;
/// Steps that a value's embedding sees: the one before, its own, the one after.
const KERNEL: usize = 3;

/// The sum of a convolution of the values, whose ends are joined to a circle, of a fixed table of sines and cosines of the
/// position, and of a linear map of the exogenous columns.
#[derive(Clone, Copy, Debug)]
pub struct DataEmbedding {
    value: Conv1d,
    positions: Option<Param>,
    temporal: Option<Linear>,
    dropout: f32,
}

impl DataEmbedding {
    /// Declares `value_embedding.tokenConv`, `position_embedding.pe` if it `has_positions`, and `temporal_embedding.embed` if
    /// there are exogenous columns, from `[values, columns]` per step to `hidden` numbers.
    ///
    /// Positions need an even `hidden` and windows of at most [`MOST_STEPS`].
    pub fn new(
        path: &Path<'_>,
        [values, columns]: [usize; 2],
        hidden: usize,
        has_positions: bool,
        dropout: f32,
    ) -> Self {
        let value = path.sub("value_embedding").sub("tokenConv");
        let temporal = path.sub("temporal_embedding").sub("embed");
        Self {
            value: Conv1d::kaiming(&value, [values, hidden], KERNEL),
            positions: has_positions.then(|| positions(path, hidden)),
            temporal: (columns > 0).then(|| Linear::without_bias(&temporal, columns, hidden)),
            dropout,
        }
    }

    /// The embedding `[B, T, D]` of values `[B, T, C]` and exogenous columns `[B, T, F]`.
    pub fn forward<'t>(&self, x: Var<'t>, columns: Option<Var<'t>>) -> Var<'t> {
        let steps = x.dim(1);
        let mut sum = self.value.forward_circular(x, KERNEL / 2);
        if let Some(table) = self.positions {
            sum = sum + x.tape().fixed(table).slice(1, 0, steps);
        }
        if let Some((temporal, columns)) = self.temporal.as_ref().zip(columns) {
            sum = sum + temporal.forward(columns);
        }
        sum.dropout(self.dropout)
    }
}

/// The convolution of values alone. Upstream's class has tables of positions and calendars too, which it needs for columns that
/// it does not take. Upstream: `models/timemixer.py: DataEmbedding_wo_pos`.
#[derive(Clone, Copy, Debug)]
pub struct CalendarEmbedding {
    value: Conv1d,
    dropout: f32,
}

impl CalendarEmbedding {
    /// Categories of upstream's tables, by name.
    const CALENDARS: [(&str, usize); 4] =
        [("hour", 24), ("weekday", 7), ("day", 32), ("month", 13)];

    /// Declares `value_embedding.tokenConv`, `position_embedding.pe` and the tables in `temporal_embedding`, from `channels` to
    /// `hidden` numbers per step; `hidden` is even.
    pub fn new(path: &Path<'_>, [channels, hidden]: [usize; 2], dropout: f32) -> Self {
        let value = path.sub("value_embedding").sub("tokenConv");
        positions(path, hidden);
        for (name, count) in Self::CALENDARS {
            let path = path.sub("temporal_embedding").sub(format!("{name}_embed")).sub("emb");
            path.table("weight", [count, hidden], move || positions_table(count, hidden));
        }
        Self { value: Conv1d::kaiming(&value, [channels, hidden], KERNEL), dropout }
    }

    /// `[T, B, C]` to `[T, B, D]`: time comes first.
    pub fn forward_time_first<'t>(&self, x: Var<'t>) -> Var<'t> {
        let around = x.pad(0, [KERNEL / 2; 2], Edge::Circular);
        self.value.forward(around, 0, 1, [0, 0]).dropout_along(1, self.dropout)
    }
}

/// Declares `position_embedding.pe`, upstream's table of positions as `hidden` numbers: `[1, MOST_STEPS, hidden]`.
pub(super) fn positions(path: &Path<'_>, hidden: usize) -> Param {
    let path = path.sub("position_embedding");
    path.table("pe", [1, MOST_STEPS, hidden], move || positions_table(MOST_STEPS, hidden))
}

/// `sin(t·ω)` at even and `cos(t·ω)` at odd places `2i` and `2i + 1`, with `ω = 10000^(-2i/hidden)`: `[steps, hidden]`.
///
/// Frequencies and angles are rounded to f32, as in upstream.
pub(super) fn positions_table(steps: usize, hidden: usize) -> Vec<f32> {
    let rate = -(10_000f64.ln() / hidden as f64) as f32;
    let frequencies: Vec<f32> =
        (0..hidden).step_by(2).map(|i| f64::from(i as f32 * rate).exp() as f32).collect();
    let of_step = |t: usize| {
        frequencies.iter().flat_map(move |frequency| {
            let (sine, cosine) = f64::from(t as f32 * frequency).sin_cos();
            [sine as f32, cosine as f32]
        })
    };
    (0..steps).flat_map(of_step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_upstreams() {
        let table = positions_table(MOST_STEPS, 6);
        // PositionalEmbedding(6).pe[0, t]
        for (t, expected) in [
            (0, [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]),
            (1, [0.84147096, 0.54030234, 0.04639923, 0.99892294, 0.0021544332, 0.9999977]),
            (37, [-0.6435381, 0.76541406, 0.9892747, -0.14606725, 0.0796297, 0.9968245]),
            (4999, [-0.66394955, -0.7477774, -0.4302964, 0.90268767, -0.9746702, -0.2236471]),
        ] {
            let ours = &table[6 * t..6 * (t + 1)];
            let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() < 1e-6;
            assert!(ours.iter().zip(&expected).all(near), "{t}: {ours:?}");
        }
    }
}
