//! NBEATS: stacked blocks; each fits a part of the input with basis functions and adds its extrapolation to the forecast.
//!
//! Oreshkin et al. 2020, "N-BEATS: Neural basis expansion analysis for interpretable time series forecasting",
//! <https://arxiv.org/abs/1905.10437>. Upstream: `models/nbeats.py`.

use super::prelude::*;
use crate::options::Zero;

choices! {
    /// Basis of the blocks of a stack.
    pub enum StackType {
        /// No basis: the values themselves.
        Identity = "identity",
        /// Slowly varying functions of time.
        Trend = "trend",
        /// Fourier terms: cosines and sines.
        Seasonality = "seasonality",
    }
}

options! {
    /// Options of [`NBEATS`] in addition to the shared ones.
    pub struct Options {
        /// Basis of each stack.
        pub stack_types: Vec<StackType> = vec![StackType::Identity, StackType::Trend, StackType::Seasonality],
        /// Blocks in each stack.
        pub n_blocks: Vec<usize> = vec![1, 1, 1],
        /// Input and output units of each hidden layer of a block.
        pub mlp_units: Vec<Vec<usize>> = vec![vec![512, 512]; 3],
        /// Basis functions of the trend.
        pub basis: TrendBasis = TrendBasis::Polynomial,
        /// Number of basis functions besides the first.
        pub n_basis: usize = 2,
        /// Resolution of the seasonal basis: its Fourier frequencies are 1 / nHarmonics apart.
        pub n_harmonics: usize = 2,
        /// Dropout. Upstream's blocks have none, so only 0 is allowed.
        pub dropout_prob_theta: Zero = Zero,
        /// Activation of the hidden layers.
        pub activation: BlockActivation = BlockActivation(Activation::Relu),
        /// Whether the blocks of a stack share their weights.
        pub shared_weights: bool = false,
    }
}

impl Options {
    fn mlp(&self) -> BlockMlpOptions<'_> {
        BlockMlpOptions { units: &self.mlp_units, activation: self.activation.0, dropout: 0.0 }
    }
}

/// The model.
pub struct NBEATS {
    blocks: Vec<BasisBlock>,
    parts: Vec<Part>,
}

impl Model for NBEATS {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "NBEATS",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/1905.10437",
        exogenous: Exogenous::NONE,
        multivariate: false,
        sharding: Sharding::Cached,
    };
    const IGNORED: &'static [&'static str] = &["n_polynomials"];

    fn defaults() -> CommonOptions {
        CommonOptions {
            num_lr_decays: 3,
            inference_windows_batch_size: -1,
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        check(dims, o)?;
        let sizes = dims.of_basis();
        let basis = |stack: usize, p: &Path<'_>| match o.stack_types[stack] {
            StackType::Identity => Basis::identity(sizes),
            StackType::Trend => Basis::trend(p, o.basis, o.n_basis, sizes),
            StackType::Seasonality => Basis::seasonality(p, o.n_harmonics, sizes),
        };
        let counts = (&o.n_blocks[..], o.shared_weights);
        let blocks = BasisBlock::stacks(&p.sub("blocks"), dims.input, counts, o.mlp(), basis);
        let parts =
            parts(&o.stack_types.iter().map(|kind| kind.name()).collect::<Vec<_>>(), &o.n_blocks);
        Ok(Self { blocks, parts })
    }

    fn parts(&self) -> Vec<Part> {
        self.parts.clone()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        doubly_residual(batch.insample_y, batch.insample_mask, &self.blocks, |block, residuals| {
            block.forward(residuals, None)
        }) // [B, h, O]
    }
}

fn check(dims: Dims, o: &Options) -> Result<()> {
    for_each_stack("nBlocks", &o.n_blocks, o.stack_types.len())?;
    o.mlp().check()?;
    let functions = |kind: &&StackType| **kind != StackType::Identity;
    if let Some(kind) = o.stack_types.iter().find(functions).filter(|_| dims.h == 1) {
        let expected = "\"identity\" only, with h: 1";
        return Err(Error::option("stackTypes", expected, kind.name()));
    }
    if o.n_basis < o.basis.least() {
        let expected = format!("at least {} with basis \"{}\"", o.basis.least(), o.basis.name());
        return Err(Error::option("nBasis", &expected, o.n_basis));
    }
    Ok(())
}
