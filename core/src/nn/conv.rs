//! Convolution along time. Upstream: `torch.nn.Conv1d`, `common/_modules.py: CausalConv1d, TemporalConvolutionEncoder`, and of the
//! package `xlstm` `components/conv.py: CausalConv1d`.

use super::activation::{Activate, Activation};
use super::params::{Init, Path};
use crate::tape::{Edge, Param, Steps, Var};

/// A convolution, initialised as in torch: uniform in `±1/√(channels·kernel)`.
#[derive(Clone, Copy, Debug)]
pub struct Conv1d {
    weight: Param,
    bias: Option<Param>,
    kernel: usize,
}

impl Conv1d {
    /// Declares `weight [outputs, channels, kernel]` and, with `bias`, `bias [outputs]`.
    pub fn new(
        path: &Path<'_>,
        [channels, outputs]: [usize; 2],
        kernel: usize,
        bias: bool,
    ) -> Self {
        let init = Init::Uniform(1.0 / ((channels * kernel).max(1) as f32).sqrt());
        Self {
            weight: path.param("weight", [outputs, channels, kernel], init),
            bias: bias.then(|| path.param("bias", [outputs], init)),
            kernel,
        }
    }

    /// Declares `weight [outputs, channels, kernel]`, normal with variance `2/(channels·kernel)`, as torch's
    /// `kaiming_normal_`.
    pub fn kaiming(path: &Path<'_>, [channels, outputs]: [usize; 2], kernel: usize) -> Self {
        let init = Init::Normal((2.0 / (channels * kernel).max(1) as f32).sqrt());
        Self { weight: path.param("weight", [outputs, channels, kernel], init), bias: None, kernel }
    }

    /// Declares that upstream has the same layer at another path too.
    pub fn tie(&self, path: &Path<'_>) {
        path.tie("weight", self.weight);
        if let Some(bias) = self.bias {
            path.tie("bias", bias);
        }
    }

    /// Convolves along `axis` of `[T, B, C]` (0) or `[B, T, C]` (1), with taps `dilation` apart and zero padding.
    pub fn forward<'t>(
        &self,
        x: Var<'t>,
        axis: usize,
        dilation: usize,
        padding: [usize; 2],
    ) -> Var<'t> {
        let tape = x.tape();
        let steps = Steps { kernel: self.kernel, stride: 1, dilation, padding };
        x.conv(axis, tape.param(self.weight), self.bias.map(|b| tape.param(b)), steps)
    }

    /// Outputs `first..first + n` of a convolution with one tap, which is a linear layer.
    pub fn outputs_of_one_tap<'t>(&self, x: Var<'t>, first: usize, n: usize) -> Var<'t> {
        assert_eq!(self.kernel, 1, "a convolution with one tap");
        let tape = x.tape();
        let [outputs, channels, _] = *self.weight.shape.dims() else { unreachable!() };
        let weight = tape.param(self.weight).reshape([outputs, channels]).slice(0, first, n);
        x.linear(weight, self.bias.map(|b| tape.param(b).slice(0, first, n)))
    }

    /// Convolves `[B, T, C]` along time as a circle: before the first step come the last `padding` ones, after the last step
    /// the first ones.
    pub fn forward_circular<'t>(&self, x: Var<'t>, padding: usize) -> Var<'t> {
        if self.bias.is_none() && self.kernel * self.weight.shape.dims()[0] < x.dim(2) {
            return self.forward_narrow(x, padding);
        }
        self.forward(x.pad(1, [padding, padding], Edge::Circular), 1, 1, [0, 0])
    }
}

impl Conv1d {
    /// The same for few outputs: a product with all taps, whose results are then moved and added. This reads `x` once.
    fn forward_narrow<'t>(&self, x: Var<'t>, padding: usize) -> Var<'t> {
        let outputs = self.weight.shape.dims()[0];
        let taps = x.tape().param(self.weight).permute(&[2, 0, 1]); // [kernel, O, C]
        let taps = taps.reshape([self.kernel * outputs, x.dim(2)]);
        let products = x.linear(taps, None).pad(1, [padding, padding], Edge::Circular);
        let steps = products.dim(1) + 1 - self.kernel;
        let of = |k: usize| products.slice(1, k, steps).slice(2, k * outputs, outputs);
        (1..self.kernel).fold(of(0), |sum, k| sum + of(k))
    }
}

/// A causal convolution of each channel by itself, initialised as in torch: uniform in `±1/√kernel`.
#[derive(Clone, Copy, Debug)]
pub struct ChannelConv {
    weight: Param,
    bias: Param,
}

impl ChannelConv {
    /// Declares `weight [channels, 1, kernel]` and `bias [channels]`.
    pub fn new(path: &Path<'_>, channels: usize, kernel: usize) -> Self {
        let init = Init::Uniform(1.0 / (kernel as f32).sqrt());
        let weight = path.param("weight", [channels, 1, kernel], init);
        Self { weight, bias: path.param("bias", [channels], init) }
    }

    /// Convolves `[B, T, C]` along time. A step sees itself and earlier steps only.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        x.causal_conv(x.tape().param(self.weight), x.tape().param(self.bias))
    }
}

/// A stack of dilated causal convolutions, each followed by an activation.
#[derive(Clone, Debug)]
pub struct TemporalConvolutionEncoder {
    layers: Vec<(Conv1d, Activate, usize)>,
    kernel: usize,
}

impl TemporalConvolutionEncoder {
    /// A layer for each of `dilations`, from `channels` to `outputs`.
    pub fn new(
        path: &Path<'_>,
        [channels, outputs]: [usize; 2],
        kernel: usize,
        dilations: &[usize],
        activation: Activation,
    ) -> Self {
        let layer = |(i, dilation): (usize, &usize)| {
            let path = path.sub("tcn").sub(i);
            let channels = if i == 0 { channels } else { outputs };
            let conv = Conv1d::new(&path.sub("conv"), [channels, outputs], kernel, true);
            let activate = Activate::new(&path.sub("activation"), activation);
            // Upstream wraps its parts in another nn.Sequential.
            let again = path.sub("causalconv");
            conv.tie(&again.sub(0));
            activate.tie(&again.sub(2));
            (conv, activate, *dilation)
        };
        Self { layers: dilations.iter().enumerate().map(layer).collect(), kernel }
    }

    /// Maps `[T, B, channels]` to `[T, B, outputs]`. A step sees itself and earlier steps only.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.layers.iter().fold(x, |x, (conv, activate, dilation)| {
            let back = (self.kernel - 1) * dilation;
            activate.forward(conv.forward(x, 0, *dilation, [back, 0]))
        })
    }
}
