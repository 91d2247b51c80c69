//! NBEATS: stacked blocks, each explains a part of the past and adds its continuation, made of basis functions.
//!
//! Oreshkin et al. 2020, "N-BEATS: Neural basis expansion analysis for interpretable time series forecasting",
//! <https://arxiv.org/abs/1905.10437>. Upstream: `models/nbeats.py`.

use super::prelude::*;
use crate::options::Zero;

choices! {
    /// What the blocks of a stack are made of.
    pub enum StackType {
        /// Values themselves.
        Identity = "identity",
        /// Slow functions of time.
        Trend = "trend",
        /// Cosines and sines.
        Seasonality = "seasonality",
    }
}

options! {
    /// Options of [`NBEATS`], beside the shared ones.
    pub struct Options {
        /// Kind of each stack.
        pub stack_types: Vec<StackType> = vec![StackType::Identity, StackType::Trend, StackType::Seasonality],
        /// Blocks in each stack.
        pub n_blocks: Vec<usize> = vec![1, 1, 1],
        /// Units in and out of every hidden layer of a block.
        pub mlp_units: Vec<Vec<usize>> = vec![vec![512, 512]; 3],
        /// Functions that make up a trend.
        pub basis: TrendBasis = TrendBasis::Polynomial,
        /// How many of them, beside the first.
        pub n_basis: usize = 2,
        /// Harmonics of a season per step of frequency.
        pub n_harmonics: usize = 2,
        /// Dropout; upstream has none in these blocks, so only 0 is possible.
        pub dropout_prob_theta: Zero = Zero,
        /// Activation of the hidden layers.
        pub activation: BlockActivation = BlockActivation(Activation::Relu),
        /// Whether the blocks of a stack are one and the same.
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
        Ok(Self { blocks })
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
