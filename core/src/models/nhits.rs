//! NHITS: stacked blocks, each looks at the window at its own resolution and adds a forecast of its own rate.
//!
//! Challu et al. 2023, "NHITS: Neural Hierarchical Interpolation for Time Series Forecasting",
//! <https://arxiv.org/abs/2201.12886>. Upstream: `models/nhits.py`.

use super::prelude::*;

choices! {
    /// How a window becomes coarser.
    pub enum PoolingMode {
        /// Greatest value.
        Max = "MaxPool1d",
        /// Mean.
        Avg = "AvgPool1d",
    }
}

choices! {
    /// How few knots become a forecast of every step.
    pub enum InterpolationMode {
        /// Straight lines.
        Linear = "linear",
        /// Steps.
        Nearest = "nearest",
        /// Cubic convolution; one output only.
        Cubic = "cubic",
    }
}

options! {
    /// Options of [`NHITS`], beside the shared ones.
    pub struct Options {
        /// Kind of each stack; only "identity" exists.
        pub stack_types: Vec<String> = vec!["identity".into(); 3],
        /// Blocks in each stack.
        pub n_blocks: Vec<usize> = vec![1, 1, 1],
        /// Units in and out of every hidden layer of a block.
        pub mlp_units: Vec<Vec<usize>> = vec![vec![512, 512]; 3],
        /// Pooling window of each stack.
        pub n_pool_kernel_size: Vec<usize> = vec![2, 2, 1],
        /// Steps of the horizon per knot, for each stack.
        pub n_freq_downsample: Vec<usize> = vec![4, 2, 1],
        /// How the input is pooled.
        pub pooling_mode: PoolingMode = PoolingMode::Max,
        /// How knots become a forecast.
        pub interpolation_mode: InterpolationMode = InterpolationMode::Linear,
        /// Dropout after every hidden layer, from 0 to 1.
        pub dropout_prob_theta: f64 = 0.0,
        /// Activation of the hidden layers.
        pub activation: BlockActivation = BlockActivation(Activation::Relu),
    }
}

/// Pools its inputs, maps them to a backcast and knots, interpolates the knots.
struct Block {
    pool: (PoolMode, usize),
    first: Linear,
    hidden: Vec<Linear>,
    output: Linear,
    activate: Activate,
    dropout: f32,
    interpolation: Interpolation,
    dims: Dims,
}

impl Block {
    fn new(p: &Path<'_>, dims: Dims, o: &Options, stack: usize) -> Self {
        let kernel = o.n_pool_kernel_size[stack];
        let (past, whole) = (dims.input.div_ceil(kernel), (dims.input + dims.h).div_ceil(kernel));
        let inputs = past * (1 + dims.hist) + whole * dims.futr + dims.stat;
        let knots = dims.outputs * (dims.h / o.n_freq_downsample[stack]).max(1);

        // Positions in upstream's nn.Sequential: one linear, then (linear, activation[, dropout]) per hidden layer.
        let p = p.sub("layers");
        let step = if o.dropout_prob_theta > 0.0 { 3 } else { 2 };
        let first = Linear::new(&p.sub(0), inputs, o.mlp_units[0][0]);
        let activate = Activate::new(&p.sub(2), o.activation.0);
        let layer = |(i, units): (usize, &Vec<usize>)| {
            if i > 0 {
                activate.tie(&p.sub(2 + i * step));
            }
            Linear::new(&p.sub(1 + i * step), units[0], units[1])
        };
        let hidden: Vec<_> = o.mlp_units.iter().enumerate().map(layer).collect();
        let last = o.mlp_units[o.mlp_units.len() - 1][1];
        let output = Linear::new(&p.sub(1 + hidden.len() * step), last, dims.input + knots);

        let mode = match o.pooling_mode {
            PoolingMode::Max => PoolMode::Max,
            PoolingMode::Avg => PoolMode::Avg,
        };
        let interpolation = match o.interpolation_mode {
            InterpolationMode::Linear => Interpolation::Linear,
            InterpolationMode::Nearest => Interpolation::Nearest,
            InterpolationMode::Cubic => Interpolation::Cubic,
        };
        let dropout = o.dropout_prob_theta as f32;
        Self { pool: (mode, kernel), first, hidden, output, activate, dropout, interpolation, dims }
    }

    /// Backcast `[B, L]` and forecast `[B, h, O]`.
    fn forward<'t>(&self, residuals: Var<'t>, batch: &Batch<'t>) -> (Var<'t>, Var<'t>) {
        let (mode, kernel) = self.pool;
        let rows = batch.size();
        // [B, T, C] pooled along T, then flattened to [B, ⌈T/k⌉·C]
        let flat = |x: Var<'t>| {
            let pooled = x.transpose().pool(mode, kernel).transpose();
            pooled.reshape([rows, pooled.dim(1) * pooled.dim(2)])
        };
        let parts = [
            Some(residuals.pool(mode, kernel)),
            batch.hist_exog.map(flat),
            batch.futr_exog.map(flat),
            batch.stat_exog,
        ];
        let x = concat_present(parts, 1);

        let hidden = |x: Var<'t>, layer: &Linear| {
            self.activate.forward(layer.forward(x)).dropout(self.dropout)
        };
        let x = self.hidden.iter().fold(self.first.forward(x), hidden);
        let theta = self.output.forward(x); // [B, L + O·knots]

        let knots = theta.dim(1) - self.dims.input;
        let outputs = self.dims.outputs;
        let forecast = theta.last(1, knots).reshape([rows, outputs, knots / outputs]);
        let forecast = forecast.resample(self.interpolation, self.dims.h); // [B, O, h]
        (theta.slice(1, 0, self.dims.input), forecast.transpose())
    }
}

/// The model.
pub struct NHITS {
    blocks: Vec<Block>,
}

impl Model for NHITS {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "NHITS",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2201.12886",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
    };

    fn train() -> Train {
        Train { num_lr_decays: 3, inference_windows_batch_size: -1, ..Train::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        check(dims, o)?;
        let p = p.sub("blocks");
        let stacks =
            o.n_blocks.iter().enumerate().flat_map(|(stack, n)| std::iter::repeat_n(stack, *n));
        Ok(Self {
            blocks: stacks
                .enumerate()
                .map(|(i, stack)| Block::new(&p.sub(i), dims, o, stack))
                .collect(),
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let mask = batch.insample_mask.flip();
        let level = batch.insample_y.last(1, 1).reshape([batch.size(), 1, 1]);
        let start = (batch.insample_y.flip(), level);
        let (_, forecast) = self.blocks.iter().fold(start, |(residuals, forecast), block| {
            let (backcast, block_forecast) = block.forward(residuals, batch);
            ((residuals - backcast) * mask, forecast + block_forecast)
        });
        forecast // [B, h, O]
    }
}

/// One entry per stack, nothing empty, layers that fit each other.
fn check(dims: Dims, o: &Options) -> Result<()> {
    let stacks = o.stack_types.len();
    if let Some(kind) = o.stack_types.iter().find(|k| *k != "identity") {
        return Err(Error::option("stackTypes", "a list of \"identity\"", kind.as_str()));
    }
    let per_stack = [
        ("nBlocks", &o.n_blocks),
        ("nPoolKernelSize", &o.n_pool_kernel_size),
        ("nFreqDownsample", &o.n_freq_downsample),
    ];
    for (name, list) in per_stack {
        if list.len() != stacks || list.contains(&0) {
            let expected = format!("{stacks} numbers ≥ 1, one for each of stackTypes");
            return Err(Error::option(name, &expected, list.clone()));
        }
    }
    let fits = |pair: &[Vec<usize>]| pair[0][1] == pair[1][0];
    let units = &o.mlp_units;
    let pairs = !units.is_empty() && units.iter().all(|u| u.len() == 2 && u.iter().all(|n| *n > 0));
    if !pairs || units[0][0] == 0 || !units.windows(2).all(fits) {
        let expected = "a list of [in, out] pairs where each in is the out before it";
        return Err(Error::option("mlpUnits", expected, units.clone()));
    }
    if !(0.0..1.0).contains(&o.dropout_prob_theta) {
        return Err(Error::option(
            "dropoutProbTheta",
            "a number from 0 to below 1",
            o.dropout_prob_theta,
        ));
    }
    if o.interpolation_mode == InterpolationMode::Cubic && dims.outputs > 1 {
        return Err(Error::option(
            "interpolationMode",
            "linear or nearest with a loss of several outputs",
            "cubic",
        ));
    }
    Ok(())
}
