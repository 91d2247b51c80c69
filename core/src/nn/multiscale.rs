//! Mixing of a series' seasons and trends at several scales: seasons from fine to coarse, trends from coarse to fine.
//!
//! Wang et al. 2024, <https://arxiv.org/abs/2405.14616>, section 3.2. Upstream: `models/timemixer.py:
//! MultiScaleSeasonMixing, MultiScaleTrendMixing, PastDecomposableMixing`.
//!
//! Values have time first, `[T, B, D]`, so that maps of steps and maps of numbers are both products with no transposition.

use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::params::{Path, layers};
use crate::tape::Var;

/// The most scales of a window.
pub const MOST_SCALES: usize = 32;

/// A value of each scale, from the finest to the coarsest.
#[derive(Clone, Copy, Debug)]
pub struct Scales<'t> {
    values: [Var<'t>; MOST_SCALES],
    count: usize,
}

impl<'t> Scales<'t> {
    /// `count` scales, each the `next` of the one before; at most [`MOST_SCALES`].
    pub fn new(finest: Var<'t>, count: usize, next: impl Fn(Var<'t>) -> Var<'t>) -> Self {
        let mut values = [finest; MOST_SCALES];
        for i in 1..count {
            values[i] = next(values[i - 1]);
        }
        Self { values, count }
    }

    /// The values.
    pub fn values(&self) -> &[Var<'t>] {
        &self.values[..self.count]
    }

    /// What `f` makes of the place and the value of each scale.
    #[must_use]
    pub fn map(&self, mut f: impl FnMut(usize, Var<'t>) -> Var<'t>) -> Self {
        let mut mapped = *self;
        for (i, value) in mapped.values[..self.count].iter_mut().enumerate() {
            *value = f(i, *value);
        }
        mapped
    }
}

/// Two affine maps of the steps, with a GELU between them.
#[derive(Clone, Copy, Debug)]
struct Steps([Linear; 2]);

impl Steps {
    /// Declares `0` and `2`.
    fn new(path: &Path<'_>, [from, to]: [usize; 2]) -> Self {
        Self([Linear::new(&path.sub(0), from, to), Linear::new(&path.sub(2), to, to)])
    }

    /// `[from, B, D]` to `[to, B, D]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [first, second] = &self.0;
        second.forward_first(first.forward_first(x).gelu())
    }
}

/// Two affine maps of the numbers of each step, with a GELU between them.
#[derive(Clone, Copy, Debug)]
struct Numbers([Linear; 2]);

impl Numbers {
    /// Declares `0` and `2`.
    fn new(path: &Path<'_>, [size, hidden]: [usize; 2]) -> Self {
        Self([Linear::new(&path.sub(0), size, hidden), Linear::new(&path.sub(2), hidden, size)])
    }

    /// Declares the maps of a block that does not use them.
    fn unused(path: &Path<'_>, [size, hidden]: [usize; 2]) {
        Linear::unused(&path.sub(0), size, hidden);
        Linear::unused(&path.sub(2), hidden, size);
    }

    /// `[T, B, D]` to `[T, B, D]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [first, second] = &self.0;
        second.forward(first.forward(x).gelu())
    }
}

/// Where a block maps the numbers of a step.
#[derive(Clone, Copy, Debug)]
enum Crossing {
    /// Those of seasons and trends, before these are mixed. The block has no residual connection.
    Before(Numbers),
    /// Those of their sum, which is added to the input.
    After(Numbers),
}

/// A block that splits each scale into season and trend, and mixes these over the scales.
#[derive(Debug)]
pub struct PastMixing {
    /// From each scale to the next coarser one.
    seasons: Vec<Steps>,
    /// To each scale from the next coarser one.
    trends: Vec<Steps>,
    crossing: Crossing,
}

impl PastMixing {
    /// Declares the maps for `scales`, the steps of each scale from the finest on, and `[D, hidden]` numbers.
    ///
    /// `independent` says whether each series has a sequence of its own.
    pub fn new(path: &Path<'_>, scales: &[usize], sizes: [usize; 2], independent: bool) -> Self {
        LayerNorm::unused(&path.sub("layer_norm"), sizes[0]);
        let count = scales.len() - 1;
        let down = path.sub("mixing_multi_scale_season").sub("down_sampling_layers");
        let up = path.sub("mixing_multi_scale_trend").sub("up_sampling_layers");
        let (before, after) = (path.sub("cross_layer"), path.sub("out_cross_layer"));
        let crossing = if independent {
            Crossing::After(Numbers::new(&after, sizes))
        } else {
            Numbers::unused(&after, sizes);
            Crossing::Before(Numbers::new(&before, sizes))
        };
        // Upstream numbers the maps of trends from the coarsest scale on.
        let trend = |i: usize| Steps::new(&up.sub(count - 1 - i), [scales[i + 1], scales[i]]);
        Self {
            seasons: layers(count, |i| Steps::new(&down.sub(i), [scales[i], scales[i + 1]])),
            trends: layers(count, trend),
            crossing,
        }
    }

    /// Scales `[T, B, D]` to the same; `split` gives season and trend of one.
    pub fn forward<'t>(
        &self,
        scales: &Scales<'t>,
        split: impl Fn(Var<'t>) -> [Var<'t>; 2],
    ) -> Scales<'t> {
        let (mut seasons, mut trends) = (*scales, *scales);
        for i in 0..scales.count {
            let parts = split(scales.values[i]);
            [seasons.values[i], trends.values[i]] = match &self.crossing {
                Crossing::Before(map) => parts.map(|part| map.forward(part)),
                Crossing::After(_) => parts,
            };
        }
        let (season, trend) = (&mut seasons.values, &mut trends.values);
        for (i, map) in self.seasons.iter().enumerate() {
            season[i + 1] = season[i + 1] + map.forward(season[i]);
        }
        for (i, map) in self.trends.iter().enumerate().rev() {
            trend[i] = trend[i] + map.forward(trend[i + 1]);
        }
        scales.map(|i, x| {
            let mixed = seasons.values[i] + trends.values[i];
            match &self.crossing {
                Crossing::Before(_) => mixed,
                Crossing::After(map) => x + map.forward(mixed),
            }
        })
    }
}
