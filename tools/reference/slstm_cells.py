"""Lets the package `xlstm` run an sLSTM without CUDA, with the weights as its CUDA code, and so every checkpoint, has them.

Upstream's model always asks for the CUDA code. Its arithmetic is replaced by that of the package's code without CUDA (`vanilla`), in
f32. Imported for its effect. Reference: xlstm 2.0.6.
"""

import torch
from xlstm.blocks.slstm.cell import sLSTMCell_cuda
from xlstm.blocks.slstm.src.vanilla import slstm_forward, slstm_pointwise_function_registry

begin = sLSTMCell_cuda.__init__


def without_device(self, config, skip_backend_init=False):
    begin(self, config, skip_backend_init=True)


def vanilla(weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A recurrent weight `[H, d, 4·d]` and a bias `[H·4·d]` as `vanilla` takes them: `[H, 4·d, d]` and `[4·H·d]`."""
    heads, width, _ = weight.shape
    weight = weight.reshape(heads, width, 4, width).permute(0, 2, 3, 1).reshape(heads, 4 * width, width)
    return weight, bias.reshape(heads, 4, width).transpose(0, 1).reshape(-1)


def states(self, training, gates, state):
    """All states, from pre-activations `[T, B, H·4·d]`."""
    steps, batch, _ = gates.shape
    heads, width = self.config.num_heads, self.config.head_dim
    gates = gates.reshape(steps, batch, heads, 4, width).transpose(2, 3).reshape(steps, batch, -1)
    function = slstm_pointwise_function_registry[self.config.function]
    return slstm_forward(gates, state, *vanilla(self._recurrent_kernel, self._bias), function)[0]


sLSTMCell_cuda.__init__ = without_device
sLSTMCell_cuda._impl = states
