//! The multilayer perceptron of a block. Upstream: `layers` of the blocks of NBEATS, NBEATSx and NHITS.

use super::activation::{Activate, Activation};
use super::linear::Linear;
use super::params::Path;
use crate::tape::Var;
use crate::{Error, Result};

/// An affine layer, then affine layers each followed by an activation and dropout, then an affine layer.
#[derive(Clone, Debug)]
pub struct BlockMlp {
    first: Linear,
    hidden: Vec<Linear>,
    output: Linear,
    activate: Activate,
    dropout: f32,
}

/// The layers of a [`BlockMlp`].
#[derive(Clone, Copy, Debug)]
pub struct BlockMlpOptions<'o> {
    /// Inputs and outputs of every hidden layer.
    pub units: &'o [Vec<usize>],
    /// The activation between the layers.
    pub activation: Activation,
    /// Dropout after every hidden layer.
    pub dropout: f64,
}

impl BlockMlpOptions<'_> {
    /// Refuses layers that do not fit each other.
    pub fn check(&self) -> Result<()> {
        let fits = |pair: &[Vec<usize>]| pair[0][1] == pair[1][0];
        let pairs = self.units.iter().all(|u| u.len() == 2 && u.iter().all(|n| *n > 0));
        if self.units.is_empty() || !pairs || !self.units.windows(2).all(fits) {
            let expected = "a list of [in, out] pairs where each in is the out before it";
            return Err(Error::option("mlpUnits", expected, self.units));
        }
        Ok(())
    }

    /// Positions in upstream's nn.Sequential from one hidden layer to the next: linear, activation, perhaps dropout.
    fn step(&self) -> usize {
        if self.dropout > 0.0 { 3 } else { 2 }
    }
}

impl BlockMlp {
    /// Declares a perceptron from `inputs` to `outputs` numbers.
    pub fn new(path: &Path<'_>, inputs: usize, outputs: usize, o: BlockMlpOptions<'_>) -> Self {
        let step = o.step();
        let first = Linear::new(&path.sub(0), inputs, o.units[0][0]);
        let activate = Activate::new(&path.sub(2), o.activation);
        let layer = |(i, units): (usize, &Vec<usize>)| {
            if i > 0 {
                activate.tie(&path.sub(2 + i * step));
            }
            Linear::new(&path.sub(1 + i * step), units[0], units[1])
        };
        let hidden: Vec<_> = o.units.iter().enumerate().map(layer).collect();
        let last = o.units[o.units.len() - 1][1];
        let output = Linear::new(&path.sub(1 + hidden.len() * step), last, outputs);
        Self { first, hidden, output, activate, dropout: o.dropout as f32 }
    }

    /// Declares that upstream has the same perceptron at another path too.
    pub fn tie(&self, path: &Path<'_>, o: BlockMlpOptions<'_>) {
        let step = o.step();
        self.first.tie(&path.sub(0));
        for (i, layer) in self.hidden.iter().enumerate() {
            layer.tie(&path.sub(1 + i * step));
            self.activate.tie(&path.sub(2 + i * step));
        }
        self.output.tie(&path.sub(1 + self.hidden.len() * step));
    }

    /// Applies it to the last axis of `x`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let hidden = |x: Var<'t>, layer: &Linear| {
            layer.forward_then(x, &self.activate).dropout(self.dropout)
        };
        self.output.forward(self.hidden.iter().fold(self.first.forward(x), hidden))
    }
}
