//! NBEATSx: NBEATS whose blocks take exogenous columns as input, or as basis.
//!
//! Olivares et al. 2022, "Neural basis expansion analysis with exogenous variables: Forecasting electricity prices with
//! NBEATSx", <https://arxiv.org/abs/2104.05522>. Upstream: `models/nbeatsx.py`.

use super::prelude::*;

choices! {
    /// Basis of the blocks of a stack.
    pub enum StackType {
        /// No basis: the values themselves.
        Identity = "identity",
        /// Polynomials of time.
        Trend = "trend",
        /// Fourier terms: cosines and sines.
        Seasonality = "seasonality",
        /// Future and static exogenous columns.
        Exogenous = "exogenous",
    }
}

options! {
    /// Options of [`NBEATSx`] in addition to the shared ones.
    pub struct Options {
        /// Basis of each stack.
        pub stack_types: Vec<StackType> = vec![StackType::Identity, StackType::Trend, StackType::Seasonality],
        /// Blocks in each stack.
        pub n_blocks: Vec<usize> = vec![1, 1, 1],
        /// Input and output units of each hidden layer of a block.
        pub mlp_units: Vec<Vec<usize>> = vec![vec![512, 512]; 3],
        /// Degree of the trend polynomial.
        pub n_polynomials: usize = 2,
        /// Resolution of the seasonal basis: its Fourier frequencies are 1 / nHarmonics apart.
        pub n_harmonics: usize = 2,
        /// Dropout after every hidden layer, from 0 to 1.
        pub dropout_prob_theta: f64 = 0.0; probability,
        /// Activation of the hidden layers.
        pub activation: BlockActivation = BlockActivation(Activation::Relu),
        /// Whether the blocks of a stack share their weights.
        pub shared_weights: bool = false,
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

/// The model.
pub struct NBEATSx {
    blocks: Vec<BasisBlock>,
    exogenous: bool,
    dims: Dims,
    parts: Vec<Part>,
}

impl Model for NBEATSx {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "NBEATSx",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2104.05522",
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
        let sizes = dims.of_basis();
        let basis = |stack: usize, p: &Path<'_>| match o.stack_types[stack] {
            StackType::Identity => Basis::identity(sizes),
            StackType::Trend => Basis::trend(p, TrendBasis::Polynomial, o.n_polynomials, sizes),
            StackType::Seasonality => Basis::seasonality(p, o.n_harmonics, sizes),
            StackType::Exogenous => Basis::exogenous(dims.futr + dims.stat, sizes),
        };
        let (counts, inputs) = ((&o.n_blocks[..], o.shared_weights), dims.flattened());
        let blocks = BasisBlock::stacks(&p.sub("blocks"), inputs, counts, o.mlp(), basis);
        let exogenous = o.stack_types.contains(&StackType::Exogenous);
        let parts =
            parts(&o.stack_types.iter().map(|kind| kind.name()).collect::<Vec<_>>(), &o.n_blocks);
        Ok(Self { blocks, exogenous, dims, parts })
    }

    fn parts(&self) -> Vec<Part> {
        self.parts.clone()
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let steps = self.dims.input + self.dims.h;
        let constant = |s: Var<'t>| s.unsqueeze(1).repeat(1, steps); // [B, L + h, S]
        let columns = || concat_present([batch.futr_exog, batch.stat_exog.map(constant)], 2);
        let exogenous = self.exogenous.then(columns); // [B, L + h, F + S]
        doubly_residual(batch.insample_y, batch.insample_mask, &self.blocks, |block, residuals| {
            block.forward(batch.flattened(residuals), exogenous)
        }) // [B, h, O]
    }
}

fn check(dims: Dims, o: &Options) -> Result<()> {
    for_each_stack("nBlocks", &o.n_blocks, o.stack_types.len())?;
    o.mlp().check()?;
    let functions = |kind: &&StackType| matches!(kind, StackType::Trend | StackType::Seasonality);
    if let Some(kind) = o.stack_types.iter().find(functions).filter(|_| dims.h == 1) {
        let expected = "neither \"trend\" nor \"seasonality\", with h: 1";
        return Err(Error::option("stackTypes", expected, kind.name()));
    }
    // Upstream silently reuses the basis of the previous stack here, or fails.
    if o.stack_types.contains(&StackType::Exogenous) && dims.futr + dims.stat == 0 {
        let expected = "without \"exogenous\" where there is neither futrExogList nor statExogList";
        return Err(Error::option("stackTypes", expected, "exogenous"));
    }
    // Such blocks give the same forecast for every output; upstream fails.
    if dims.outputs > 1 && o.stack_types.iter().all(|kind| *kind == StackType::Exogenous) {
        let expected = "more than \"exogenous\" with a loss of several outputs";
        return Err(Error::option("stackTypes", expected, "exogenous"));
    }
    Ok(())
}
