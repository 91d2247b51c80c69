//! The horizon of one window, the input of a loss.

/// Numbers of either type: f32 in training, f64 in validation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl<'a> From<&'a [f32]> for Values<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::F32(values)
    }
}

impl<'a> From<&'a [f64]> for Values<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self::F64(values)
    }
}

impl Values<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    pub(crate) fn get(self, i: usize) -> f64 {
        match self {
            Self::F32(values) => f64::from(values[i]),
            Self::F64(values) => values[i],
        }
    }

    /// The `i`-th of `n` equal parts.
    pub(super) fn part(self, i: usize, n: usize) -> Self {
        let range = i * self.len() / n..(i + 1) * self.len() / n;
        match self {
            Self::F32(values) => Self::F32(&values[range]),
            Self::F64(values) => Self::F64(&values[range]),
        }
    }
}

/// The horizon of one window: `y` and `weights` have one number per step, `y_hat` one or more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon<'a> {
    /// The target, on the scale of the loss's [`Target`](super::Target).
    pub(crate) y: Values<'a>,
    pub(crate) y_hat: Values<'a>,
    /// The product of availability, sample weight, horizon weight and count.
    pub(crate) weights: &'a [f32],
    /// How often the window was drawn.
    pub(crate) count: f64,
    /// The quantiles that the numbers of a step estimate; empty if they are not quantiles.
    pub(crate) taus: &'a [f32],
    /// The quantile of each number of the forecast, if quantiles were drawn for each number; empty if all steps have `taus`.
    pub(crate) drawn: &'a [f32],
    /// For a loss that uses it, the standard deviation across the series of the window at each step, plus 0.01; otherwise
    /// empty.
    pub(crate) spread: &'a [f64],
    /// Shift and scale of the window for a loss with [`Target::Original`](super::Target::Original); otherwise 0 and 1.
    pub(crate) affine: [f64; 2],
}

impl Horizon<'_> {
    pub(super) fn len(&self) -> usize {
        self.y.len()
    }

    /// Numbers per step of the forecast.
    pub(super) fn numbers(&self) -> usize {
        self.y_hat.len() / self.y.len()
    }

    /// Actual value and `o`-th number of step `t`. A point forecast counts as the forecast of every quantile.
    pub(super) fn point(&self, t: usize, o: usize) -> [f64; 2] {
        let numbers = self.numbers();
        [self.y.get(t), self.y_hat.get(t * numbers + o.min(numbers - 1))]
    }

    pub(super) fn error(&self, t: usize, o: usize) -> f64 {
        let [y, y_hat] = self.point(t, o);
        y - y_hat
    }

    /// The quantile that number `o` of step `t` estimates; without meaning for a loss without quantiles.
    pub(super) fn tau(&self, t: usize, o: usize) -> f64 {
        let drawn = self.drawn.get(t * self.numbers() + o);
        drawn.or_else(|| self.taus.get(o)).map_or(0.5, |q| f64::from(*q))
    }

    /// Index and weight of every step whose weight is not 0.
    pub(super) fn weighted(&self) -> impl Iterator<Item = (usize, f64)> {
        let steps = self.weights.iter().enumerate().filter(|(_, w)| **w != 0.0);
        steps.map(|(t, w)| (t, f64::from(*w)))
    }

    /// Availability times sample weight, upstream's mask, for a loss without horizon weights.
    pub(super) fn masks(&self) -> impl Iterator<Item = f64> {
        self.weights.iter().map(|w| f64::from(*w) / self.count)
    }
}
