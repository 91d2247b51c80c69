//! KAN: a Kolmogorov–Arnold network over all inputs of a window, which learns functions of single numbers and sums them.
//!
//! Liu et al. 2024, "KAN: Kolmogorov-Arnold Networks", <https://arxiv.org/abs/2404.19756>. Upstream: `models/kan.py`.

use serde_json::{Value, json};

use super::prelude::*;
use crate::nn::{KanLinear, KanOptions};
use crate::tape::HIGHEST_ORDER;

/// Units of the hidden layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HiddenSize {
    /// The same in all.
    All(usize),
    /// Of each layer.
    Each(Vec<usize>),
}

impl OptionValue for HiddenSize {
    fn expected() -> String {
        "a whole number ≥ 0, or a list of them".into()
    }
    fn ts() -> String {
        "number | readonly number[]".into()
    }
    fn read(value: &Value) -> Option<Self> {
        if value.is_array() {
            return OptionValue::read(value).map(Self::Each);
        }
        OptionValue::read(value).map(Self::All)
    }
    fn write(&self) -> Value {
        match self {
            Self::All(size) => json!(size),
            Self::Each(sizes) => json!(sizes),
        }
    }
}

fn is_range(range: &Vec<f64>) -> bool {
    matches!(**range, [from, to] if from < to)
}

options! {
    /// Options of [`KAN`] in addition to the shared ones.
    pub struct Options {
        /// Intervals of the grid of the splines.
        pub grid_size: usize = 5; at least 1,
        /// Order of the splines, from 1 to 15: 3 is cubic.
        pub spline_order: usize = 3; from 1 to 15,
        /// Scale of the random splines that training begins with.
        pub scale_noise: f64 = 0.1; at least 0,
        /// Scale of the initial weights of the base function, which is SiLU: the larger, the smaller the weights, as upstream.
        pub scale_base: f64 = 1.0; at least 0,
        /// The same for the weights that the splines are multiplied by.
        pub scale_spline: f64 = 1.0; at least 0,
        /// Where the grid begins and ends. Beyond it splines fall to 0, within as many intervals as their order.
        pub grid_range: Vec<f64> = vec![-1.0, 1.0]; fits is_range "two numbers, the first less than the second",
        /// Hidden layers.
        pub n_hidden_layers: usize = 1,
        /// Units of each hidden layer: one number, or a list with a number for each layer.
        pub hidden_size: HiddenSize = HiddenSize::All(512); at least 1,
    }
}

const _: () = assert!(HIGHEST_ORDER == 15, "the rule for splineOrder");

impl Options {
    /// The splines of every layer.
    fn splines(&self) -> Result<KanOptions> {
        let range = [self.grid_range[0], self.grid_range[1]];
        let options = KanOptions {
            grid_size: self.grid_size,
            order: self.spline_order,
            range,
            scale_noise: self.scale_noise,
            scale_base: self.scale_base,
            scale_spline: self.scale_spline,
        };
        let [from, to] = range.map(|edge| edge as f32);
        let step = (f64::from(to) - f64::from(from)) / self.grid_size as f64;
        let largest = from.abs().max(to.abs()) + (step * self.spline_order as f64) as f32;
        // Neighbouring knots must differ, and the reciprocals of their distances be finite.
        if !largest.is_finite() || step < f64::from(8.0 * f32::EPSILON * largest) || step < 1e-30 {
            let expected =
                format!("a range that has gridSize ({}) intervals in f32", self.grid_size);
            return Err(Error::option("gridRange", &expected, format!("{:?}", self.grid_range)));
        }
        Ok(options)
    }

    /// Units of the `i`-th hidden layer.
    fn hidden(&self, i: usize) -> usize {
        match &self.hidden_size {
            HiddenSize::All(size) => *size,
            HiddenSize::Each(sizes) => sizes[i],
        }
    }
}

/// The model.
///
/// *Differs from upstream:* splines of an order above 15 are refused, where upstream takes any from 1 on.
pub struct KAN {
    layers: Vec<KanLinear>,
    dims: Dims,
}

impl Model for KAN {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "KAN",
        family: "Kolmogorov–Arnold network",
        paper: "https://arxiv.org/abs/2404.19756",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Cached,
    };

    /// Upstream never moves its grids, and does not hand on the other: its splines always have a weight of their own.
    const IGNORED: &'static [&'static str] = &["grid_eps", "enable_standalone_scale_spline"];

    fn defaults() -> CommonOptions {
        CommonOptions { inference_windows_batch_size: -1, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let hidden = o.n_hidden_layers;
        if let HiddenSize::Each(sizes) = &o.hidden_size
            && sizes.len() != hidden
        {
            let expected = format!("a number, or a list with nHiddenLayers ({hidden}) of them");
            return Err(Error::option("hiddenSize", &expected, format!("{sizes:?}")));
        }
        let splines = o.splines()?;
        let p = p.sub("layers");
        let layer = |i: usize| {
            let inputs = if i == 0 { dims.flattened() } else { o.hidden(i - 1) };
            let outputs = if i == hidden { dims.h * dims.outputs } else { o.hidden(i) };
            KanLinear::new(&p.sub(i), inputs, outputs, splines)
        };
        Ok(Self { layers: layers(hidden.saturating_add(1), layer), dims })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let x = batch.flattened(batch.insample_y); // [B, inputs]
        let y = self.layers.iter().fold(x, |x, layer| layer.forward(x));
        y.reshape([batch.size(), self.dims.h, self.dims.outputs])
    }
}
