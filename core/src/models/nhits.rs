//! NHITS: stacked blocks; each pools the input to its own resolution and adds a forecast interpolated from few knots.
//!
//! Challu et al. 2023, "NHITS: Neural Hierarchical Interpolation for Time Series Forecasting",
//! <https://arxiv.org/abs/2201.12886>. Upstream: `models/nhits.py`.

use super::prelude::*;

choices! {
    /// How the input is pooled.
    pub enum PoolingMode {
        /// Maximum.
        Max = "MaxPool1d",
        /// Mean.
        Avg = "AvgPool1d",
    }
}

/// How a forecast is interpolated from its knots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterpolationMode {
    /// Linear.
    Linear,
    /// Nearest neighbour: a step function.
    Nearest,
    /// Cubic convolution; only for a loss of one output. The number in `cubic-32` was upstream's batch size for
    /// interpolation; it has no effect on results and is kept for checkpoints.
    Cubic(Option<String>),
}

impl OptionValue for InterpolationMode {
    fn expected() -> String {
        "one of linear, nearest, cubic, or cubic-32 with any whole number".into()
    }
    fn ts() -> String {
        "'linear' | 'nearest' | 'cubic' | `cubic-${number}`".into()
    }
    fn read(value: &serde_json::Value) -> Option<Self> {
        match value.as_str()? {
            "linear" => Some(Self::Linear),
            "nearest" => Some(Self::Nearest),
            "cubic" => Some(Self::Cubic(None)),
            text => {
                let digits = text.strip_prefix("cubic-")?;
                let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                whole.then(|| Self::Cubic(Some(digits.into())))
            }
        }
    }
    fn write(&self) -> serde_json::Value {
        match self {
            Self::Linear => "linear".into(),
            Self::Nearest => "nearest".into(),
            Self::Cubic(None) => "cubic".into(),
            Self::Cubic(Some(digits)) => format!("cubic-{digits}").into(),
        }
    }
}

options! {
    /// Options of [`NHITS`] in addition to the shared ones.
    pub struct Options {
        /// Type of each stack; only "identity" exists.
        pub stack_types: Vec<String> = vec!["identity".into(); 3],
        /// Blocks in each stack.
        pub n_blocks: Vec<usize> = vec![1, 1, 1],
        /// Input and output units of each hidden layer of a block.
        pub mlp_units: Vec<Vec<usize>> = vec![vec![512, 512]; 3],
        /// Pooling kernel size of each stack.
        pub n_pool_kernel_size: Vec<usize> = vec![2, 2, 1],
        /// Steps of the horizon per knot of each stack.
        pub n_freq_downsample: Vec<usize> = vec![4, 2, 1],
        /// How the input is pooled.
        pub pooling_mode: PoolingMode = PoolingMode::Max,
        /// How the forecast is interpolated from its knots.
        pub interpolation_mode: InterpolationMode = InterpolationMode::Linear,
        /// Dropout after every hidden layer, from 0 to 1.
        pub dropout_prob_theta: f64 = 0.0; probability,
        /// Activation of the hidden layers.
        pub activation: BlockActivation = BlockActivation(Activation::Relu),
    }
}

impl Options {
    fn mlp(&self) -> BlockMlpOptions<'_> {
        BlockMlpOptions {
            units: &self.mlp_units,
            activation: self.activation.0,
            dropout: self.dropout_prob_theta,
        }
    }
}

/// Pools its inputs, maps them to a backcast and to knots, and interpolates the knots.
struct Block {
    pool: (PoolMode, usize),
    mlp: BlockMlp,
    interpolation: Interpolation,
    dims: Dims,
}

impl Block {
    fn new(p: &Path<'_>, dims: Dims, o: &Options, stack: usize) -> Self {
        let kernel = o.n_pool_kernel_size[stack];
        let (past, whole) = (dims.input.div_ceil(kernel), (dims.input + dims.h).div_ceil(kernel));
        let inputs = past * (1 + dims.hist) + whole * dims.futr + dims.stat;
        let knots = dims.outputs * (dims.h / o.n_freq_downsample[stack]).max(1);

        let mlp = BlockMlp::new(&p.sub("layers"), inputs, dims.input + knots, o.mlp());
        let mode = match o.pooling_mode {
            PoolingMode::Max => PoolMode::Max,
            PoolingMode::Avg => PoolMode::Avg,
        };
        let interpolation = match o.interpolation_mode {
            InterpolationMode::Linear => Interpolation::Linear,
            InterpolationMode::Nearest => Interpolation::Nearest,
            InterpolationMode::Cubic(_) => Interpolation::Cubic,
        };
        Self { pool: (mode, kernel), mlp, interpolation, dims }
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
        let theta = self.mlp.forward(concat_present(parts, 1)); // [B, L + O·knots]

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
    parts: Vec<Part>,
}

impl Model for NHITS {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "NHITS",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2201.12886",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions {
            num_lr_decays: 3,
            inference_windows_batch_size: -1,
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        check(dims, o)?;
        let p = p.sub("blocks");
        let mut blocks = Vec::new();
        for (stack, count) in o.n_blocks.iter().enumerate() {
            for _ in 0..*count {
                blocks.push(Block::new(&p.sub(blocks.len()), dims, o, stack));
            }
        }
        let parts =
            parts(&o.stack_types.iter().map(String::as_str).collect::<Vec<_>>(), &o.n_blocks);
        Ok(Self { blocks, parts })
    }

    fn parts(&self) -> Vec<Part> {
        self.parts.clone()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        doubly_residual(batch.insample_y, batch.insample_mask, &self.blocks, |block, residuals| {
            block.forward(residuals, batch)
        }) // [B, h, O]
    }
}

/// Checks that lists have one entry per stack, none is empty, and consecutive layers have matching sizes.
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
        for_each_stack(name, list, stacks)?;
    }
    o.mlp().check()?;
    if matches!(o.interpolation_mode, InterpolationMode::Cubic(_)) && dims.outputs > 1 {
        return Err(Error::option(
            "interpolationMode",
            "linear or nearest with a loss of several outputs",
            o.interpolation_mode.write(),
        ));
    }
    Ok(())
}
