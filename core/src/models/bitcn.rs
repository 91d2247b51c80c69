//! BiTCN: one stack of dilated convolutions over the past, another over the future exogenous columns.
//!
//! Sprangers, Schelter & de Rijke 2023, "Parameter-Efficient Deep Probabilistic Forecasting",
//! <https://doi.org/10.1016/j.ijforecast.2021.11.011>. Upstream: `models/bitcn.py`.

use super::prelude::*;

options! {
    /// Options of [`BiTCN`] in addition to the shared ones.
    pub struct Options {
        /// Channels of the convolutions.
        pub hidden_size: usize = 16; at least 1,
        /// Dropout after every hidden layer, from 0 to 1.
        pub dropout: f64 = 0.5; probability,
    }
}

/// Kernel size of every convolution.
const KERNEL: usize = 2;

/// The direction in which a stack of convolutions looks.
#[derive(Clone, Copy)]
enum Direction {
    Back,
    Ahead,
}

/// A convolution, and a linear map to the next cell's input and this cell's skip output.
struct Cell {
    conv: Conv1d,
    mix: Conv1d,
    padding: [usize; 2],
    dilation: usize,
    dropout: f32,
}

impl Cell {
    fn new(p: &Path<'_>, i: usize, o: &Options, direction: Direction) -> Self {
        let n = o.hidden_size;
        let dilation = 1 << i;
        Self {
            conv: Conv1d::new(&p.sub("conv1"), [n, n], KERNEL, true),
            mix: Conv1d::new(&p.sub("conv2"), [n, 2 * n], 1, true),
            padding: match direction {
                Direction::Back => [dilation, 0],
                Direction::Ahead => [0, dilation],
            },
            dilation,
            dropout: o.dropout as f32,
        }
    }

    /// The next cell's input and the sum of skip outputs so far, both `[T, B, n]`.
    fn forward<'t>(&self, hidden: Var<'t>, given: Option<Var<'t>>) -> (Var<'t>, Option<Var<'t>>) {
        let x = self.conv.forward(hidden, 0, self.dilation, self.padding).gelu();
        let (x, n) = (x.dropout_along(1, self.dropout), x.dim(2));
        let [change, more] = [0, n].map(|first| self.mix.outputs_of_one_tap(x, first, n));
        (hidden + change, Some(given.map_or(more, |given| given + more)))
    }
}

/// Cells with doubling dilation, enough for the receptive field to cover every step.
struct Stack {
    cells: Vec<Cell>,
}

impl Stack {
    /// For sequences of `steps` steps.
    fn new(p: &Path<'_>, steps: usize, o: &Options, direction: Direction) -> Self {
        let cells = steps.next_power_of_two().ilog2() as usize; // with kernel size 2
        Self { cells: (0..cells).map(|i| Cell::new(&p.sub(i), i, o, direction)).collect() }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let start = (x, None);
        let (_, given) =
            self.cells.iter().fold(start, |(hidden, given), cell| cell.forward(hidden, given));
        given.expect("a stack has a cell")
    }
}

/// Encodes the future exogenous columns, looking ahead from every step.
struct Ahead {
    linear: Linear,
    stack: Stack,
}

/// The model.
pub struct BiTCN {
    linear: Linear,
    back: Stack,
    ahead: Option<Ahead>,
    temporal: [Linear; 2],
    output: Linear,
    dropout: f32,
    dims: Dims,
}

impl Model for BiTCN {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "BiTCN",
        family: "convolution",
        paper: "https://doi.org/10.1016/j.ijforecast.2021.11.011",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Cached,
    };

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, futr, .. } = dims;
        if input < 2 {
            return Err(Error::option("inputSize", "a whole number ≥ 2", input)); // a single step has no past
        }
        let n = o.hidden_size;
        let linear = Linear::new(&p.sub("lin_hist"), 1 + dims.hist + dims.stat + futr, n);
        let back = Stack::new(&p.sub("net_bwd"), input, o, Direction::Back);
        let ahead = (futr > 0).then(|| Ahead {
            linear: Linear::new(&p.sub("lin_futr"), futr, n),
            stack: Stack::new(&p.sub("net_fwd"), h + input, o, Direction::Ahead),
        });
        let streams = if futr > 0 { 3 } else { 1 };
        Ok(Self {
            linear,
            back,
            ahead,
            temporal: [
                Linear::new(&p.sub("temporal_lin1"), input, n),
                Linear::new(&p.sub("temporal_lin2"), n, h),
            ],
            output: Linear::new(&p.sub("output_lin"), streams * n, dims.outputs),
            dropout: o.dropout as f32,
            dims,
        })
    }

    /// Time is the first axis, so that each kernel position of a convolution is one matrix product over all windows.
    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { input, h, .. } = self.dims;
        let rows = batch.size();
        let time_first = |x: Var<'t>| x.permute(&[1, 0, 2]);
        let dropped = |x: Var<'t>| x.dropout_along(1, self.dropout);
        let y = batch.insample_y.transpose().reshape([input, rows, 1]);
        let stat = batch.stat_exog.map(|s| s.reshape([1, rows, s.dim(1)]).repeat(0, input));
        let hist = batch.hist_exog.map(time_first);
        let futr = batch.futr_exog.map(time_first);
        let past = futr.map(|f| f.slice(0, 0, input));
        let x = concat_present([Some(y), hist, stat, past], 2); // [L, B, 1 + X + S + F]

        let ahead = self.ahead.as_ref().zip(futr).map(|(ahead, futr)| {
            ahead.stack.forward(dropped(ahead.linear.forward(futr))) // [L + h, B, n]
        });
        let x = self.back.forward(dropped(self.linear.forward(x))); // [L, B, n]
        let x = concat_present([Some(x), ahead.map(|a| a.slice(0, 0, input))], 2); // [L, B, n or 2n]
        let x = dropped(self.temporal[0].forward_first(x).gelu()); // [n, B, n or 2n]
        let x = self.temporal[1].forward_first(x); // [h, B, n or 2n]
        let x = concat_present([Some(x), ahead.map(|a| a.last(0, h))], 2); // [h, B, n or 3n]
        self.output.forward(x).permute(&[1, 0, 2]) // [B, h, O]
    }
}
