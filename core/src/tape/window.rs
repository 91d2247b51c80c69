//! Operations along the time of a window: pooling, interpolation, moving average.

use std::sync::Arc;

use super::{Backward, Description, Inputs, Op, Output, Reads, Tape, Var};
use crate::kernels::moving_average::{moving_average, moving_average_grad};
use crate::kernels::moving_average_steps::{moving_average_steps, moving_average_steps_grad};
use crate::kernels::pool;
use crate::kernels::resample::Taps;

pub use crate::kernels::pool::StepWindows;
pub use crate::kernels::resample::Interpolation;

/// How a pooling window becomes one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolMode {
    /// The maximum; the gradient goes to the first of equal numbers.
    Max,
    /// The mean.
    Avg,
}

/// Adjacent windows of `size` numbers; the last one may be shorter.
struct Pool {
    mode: PoolMode,
    size: usize,
}

impl Op for Pool {
    fn describe(&self) -> Description {
        let kind = match self.mode {
            PoolMode::Max => "max_pool",
            PoolMode::Avg => "avg_pool",
        };
        Description::new(kind).with("size", self.size)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let len = x.shape(0).last();
        match self.mode {
            PoolMode::Max => pool::max_pool(x.data(0), len, self.size, out.data),
            PoolMode::Avg => pool::avg_pool(x.data(0), len, self.size, out.data),
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let len = b.input_shape(0).last();
        b.accumulate(0, |b, dx| match self.mode {
            PoolMode::Max => pool::max_pool_grad(b.input(0), len, self.size, b.grad(), dx),
            PoolMode::Avg => pool::avg_pool_grad(len, self.size, b.grad(), dx),
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

/// Interpolation to another length: a sparse linear map, whose transpose is the backward pass.
struct Resample {
    taps: Arc<Taps>,
}

impl Op for Resample {
    fn describe(&self) -> Description {
        let mode = match self.taps.kind().0 {
            Interpolation::Nearest => "nearest",
            Interpolation::Linear => "linear",
            Interpolation::Cubic => "cubic",
        };
        Description::new("resample").with("mode", mode)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        self.taps.resample(x.data(0), out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| self.taps.resample_grad(b.grad(), dx));
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// The centred mean of `size` numbers, with the edge values repeated.
struct MovingAverage {
    size: usize,
}

impl Op for MovingAverage {
    fn describe(&self) -> Description {
        Description::new("moving_average").with("size", self.size)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        moving_average(x.data(0), out.shape.last(), self.size, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| moving_average_grad(b.grad(), b.shape().last(), self.size, dx));
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// The same of each channel of `[B, T, C]` along time, or what the numbers are above it.
struct MovingAverageSteps {
    size: usize,
    remainder: bool,
}

impl Op for MovingAverageSteps {
    fn describe(&self) -> Description {
        let average = Description::new("moving_average_steps").with("size", self.size);
        average.with("remainder", self.remainder)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (_, steps, channels) = out.shape.around(1);
        moving_average_steps(x.data(0), [steps, channels], self.size, self.remainder, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (_, steps, channels) = b.shape().around(1);
        b.accumulate(0, |b, dx| {
            let sizes = [steps, channels];
            moving_average_steps_grad(b.grad(), sizes, self.size, self.remainder, dx);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// The transpose of [`MovingAverage`].
struct MovingAverageTransposed {
    size: usize,
}

impl Op for MovingAverageTransposed {
    fn describe(&self) -> Description {
        Description::new("moving_average_transposed").with("size", self.size)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        out.data.fill(0.0);
        moving_average_grad(x.data(0), out.shape.last(), self.size, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let mut means = b.take_kept();
        means.resize(b.grad().len(), 0.0);
        moving_average(b.grad(), b.shape().last(), self.size, &mut means);
        let spare = b.hand_over(0, means);
        b.give_kept(spare);
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// Overlapping windows along time.
struct MaxPoolSteps {
    windows: StepWindows,
}

impl Op for MaxPoolSteps {
    fn describe(&self) -> Description {
        let StepWindows { size, stride, padding } = self.windows;
        let pool = Description::new("max_pool_steps").with("size", size);
        pool.with("stride", stride).with("padding", padding)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (_, steps, channels) = x.shape(0).around(1);
        pool::max_pool_steps(x.data(0), [steps, channels], self.windows, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (_, steps, channels) = b.input_shape(0).around(1);
        b.accumulate(0, |b, dx| {
            let values = (b.input(0), b.output());
            pool::max_pool_steps_grad(values, [steps, channels], self.windows, b.grad(), dx);
        });
    }
}

impl Tape {
    /// The table of an interpolation.
    fn taps(&self, mode: Interpolation, from: usize, to: usize) -> Arc<Taps> {
        let mut tables = self.taps.borrow_mut();
        if let Some(taps) = tables.iter().find(|taps| taps.kind() == (mode, from, to)) {
            return taps.clone();
        }
        tables.push(Arc::new(Taps::new(mode, from, to)));
        tables[tables.len() - 1].clone()
    }
}

impl Var<'_> {
    /// Pools windows of `size` along the last axis.
    pub fn pool(self, mode: PoolMode, size: usize) -> Self {
        if size == 1 {
            return self;
        }
        let shape = self.shape();
        let pooled = shape.last().div_ceil(size);
        self.tape.record(Pool { mode, size }, &[self], shape.with(shape.rank() - 1, pooled))
    }

    /// The largest value of each channel in windows along time: `[B, T, C]` gives `[B, windows, C]`. The gradient goes to the
    /// first of equal numbers.
    #[track_caller]
    pub fn max_pool_steps(self, windows: StepWindows) -> Self {
        let shape = self.shape();
        let StepWindows { size, stride, padding } = windows;
        let fits = shape.rank() == 3 && size <= shape.dims()[1] + 2 * padding;
        assert!(fits && stride > 0 && 2 * padding <= size, "{windows:?} of {shape:?}");
        let pooled = shape.with(1, windows.count(shape.dims()[1]));
        self.tape.record(MaxPoolSteps { windows }, &[self], pooled)
    }

    /// Interpolates the last axis to `size` numbers.
    pub fn resample(self, mode: Interpolation, size: usize) -> Self {
        let shape = self.shape();
        let taps = self.tape.taps(mode, shape.last(), size);
        self.tape.record(Resample { taps }, &[self], shape.with(shape.rank() - 1, size))
    }

    /// The centred moving average along the last axis, with the edge values repeated. `size` is odd.
    pub fn moving_average(self, size: usize) -> Self {
        self.tape.record(MovingAverage { size }, &[self], self.shape())
    }

    /// The centred moving average of each channel of `[B, T, C]` along time, with the edge values repeated. `size` is odd.
    #[track_caller]
    pub fn moving_average_steps(self, size: usize) -> Self {
        self.decomposed(size, false)
    }

    /// What the numbers of `[B, T, C]` are above their [moving average](Self::moving_average_steps).
    #[track_caller]
    pub fn above_moving_average(self, size: usize) -> Self {
        self.decomposed(size, true)
    }

    #[track_caller]
    fn decomposed(self, size: usize, remainder: bool) -> Self {
        assert!(size % 2 == 1 && self.shape().rank() == 3, "an average of {size} of {self:?}");
        self.tape.record(MovingAverageSteps { size, remainder }, &[self], self.shape())
    }

    /// The transpose of [`Var::moving_average`]: it maps weights of the averages to weights of the numbers, because
    /// `w · moving_average(y) = moving_average_transposed(w) · y`.
    pub fn moving_average_transposed(self, size: usize) -> Self {
        self.tape.record(MovingAverageTransposed { size }, &[self], self.shape())
    }
}
