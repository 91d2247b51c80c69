//! [Periods of windows](crate::kernels::periods): the strongest ones, and values of several periods added with weights. Which
//! periods these are has no derivative.

use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::periods as kernels;
use kernels::{ByPeriod, Sizes};

/// Inputs: x `[B, T, C]`, and perhaps the counts of the windows; output `[B, count]`. Keeps the frequencies first.
struct StrongestPeriods {
    count: usize,
    /// Whether all windows have the same: those that are strongest on average.
    shared: bool,
}

impl StrongestPeriods {
    fn sizes(&self, x: Shape) -> Sizes {
        let [windows, steps, channels] = [0, 1, 2].map(|axis| x.dims()[axis]);
        Sizes { windows, steps, channels, count: self.count }
    }
}

impl Op for StrongestPeriods {
    fn describe(&self) -> Description {
        Description::new("strongest_periods").with("count", self.count).with("shared", self.shared)
    }

    fn kept(&self, x: &Inputs<'_>, _shape: Shape) -> usize {
        self.sizes(x.shape(0)).kept()
    }

    fn keeps_exact(&self) -> bool {
        true
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let n = self.sizes(x.shape(0));
        out.keep(n.kept());
        let counts = if x.count() == 2 { x.data(1) } else { &[] };
        kernels::strongest(x.compute(), n, self.shared, [x.data(0), counts], out.data, out.kept);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = self.sizes(b.input_shape(0));
        let mut kept = b.take_kept();
        b.accumulate(0, |b, dx| kernels::strongest_grad(b.compute(), n, b.grad(), &mut kept, dx));
        b.give_kept(kept);
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// Inputs: v `[count, B, P, C]`, weights `[B, count]` and frequencies `[B, count]`; output `[B, T, C]`.
struct PeriodMix;

fn by_period(v: Shape, out: Shape) -> ByPeriod {
    let [count, windows, cells, channels] = [0, 1, 2, 3].map(|axis| v.dims()[axis]);
    let steps = out.dims()[1];
    ByPeriod { windows, steps, stride: cells * channels, size: steps * channels, count }
}

impl Op for PeriodMix {
    fn describe(&self) -> Description {
        Description::new("period_mix")
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let inputs = [0, 1, 2].map(|i| x.data(i));
        kernels::mix(x.compute(), by_period(x.shape(0), out.shape), inputs, out.data);
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let n = by_period(b.input_shape(0), b.shape());
        b.accumulate(0, |b, dv| {
            kernels::mix_values_grad(n, [b.grad(), b.input(1), b.input(2)], dv);
        });
        b.accumulate(1, |b, dw| {
            kernels::mix_weights_grad(n, [b.grad(), b.input(0), b.input(2)], dw);
        });
    }

    fn reads(&self) -> Reads {
        Reads::Inputs
    }
}

impl<'t> Var<'t> {
    /// Of each window `[B, T, C]` the `count` strongest frequencies but the constant, in ascending order, and their amplitudes:
    /// the mean of `|X_f|` over the channels. Returns `[amplitudes, frequencies]`, both `[B, count]`; frequency `f` has the
    /// period of `⌊T/f⌋` steps.
    ///
    /// With `shared`, all windows have the frequencies that are strongest on average, where a window counts as often as it was drawn.
    #[track_caller]
    pub fn strongest_periods(self, count: usize, shared: bool) -> [Self; 2] {
        let shape = self.shape();
        assert_eq!(shape.rank(), 3, "windows with steps and channels: {shape:?}");
        let [windows, steps] = [0, 1].map(|axis| shape.dims()[axis]);
        assert!((1..=steps / 2).contains(&count), "{count} frequencies of {steps} steps");
        let (op, out) = (StrongestPeriods { count, shared }, Shape::from([windows, count]));
        let amplitudes = match self.tape.counts().filter(|_| shared) {
            Some(counts) => {
                assert_eq!(counts.dim(0), windows, "a count for each window");
                self.tape.record(op, &[self, counts], out)
            }
            None => self.tape.record(op, &[self], out),
        };
        [amplitudes, self.tape.kept_output(amplitudes, 0, out)]
    }

    /// `Σ w[b, i]·v[i, b]` over the periods of a window: `[B, steps, C]` of values `[count, B, P, C]`, of which steps behind
    /// `steps` are left out, weights and frequencies `[B, count]`. Where frequencies have the same period, the values of the first are those of all.
    #[track_caller]
    pub fn period_mix(self, weights: Var<'t>, frequencies: Var<'t>, steps: usize) -> Self {
        let v = self.shape();
        assert!(v.rank() == 4 && v.dims()[2] >= steps, "{steps} steps of {v:?}");
        for other in [weights, frequencies] {
            assert_eq!(other.shape().dims(), [v.dims()[1], v.dims()[0]], "{v:?}");
        }
        let out = [v.dims()[1], steps, v.last()];
        self.tape.record(PeriodMix, &[self, weights, frequencies], out)
    }
}
