"""Lets upstream's SOFTS and SOFTSSharp draw what ours draw, so that outputs and trainings can be compared.

Ours: `core/src/kernels/stochastic_pool.rs` and `core/src/nn/star.rs`. While training, the draws of a layer are a function of
(seed, step, number of the layer) and of the place in the batch.
Reference: neuralforecast 3.3.0. Imported by other scripts; makes nothing by itself.
"""

from contextlib import contextmanager

import numpy as np
import torch
from neuralforecast.models.softs import STAD
from neuralforecast.models.softssharp import STADSharp

from quantiles import uniform

POOLING, POSITIONS = 9, 10  # streams


def choose(ratio: torch.Tensor, layer: int, seed: int = 0, step: int = 0) -> torch.Tensor:
    """`kernels::stochastic_pool`: a column of each row of shares, [rows, 1]."""
    drawn = uniform(seed, POOLING + (layer << 8), step, np.arange(len(ratio)))
    sums = ratio.double().cumsum(1)
    return (sums[:, :-1] <= torch.from_numpy(drawn).double()[:, None] * sums[:, -1:]).sum(1, keepdim=True)


@contextmanager
def pooled_as_ours(model, seed: int, step):
    """Replaces the draws of all layers; `step` tells the number of the training step. Does nothing without such layers."""
    layers = [module for module in model.modules() if isinstance(module, (STAD, STADSharp))]
    multinomial, rand, number = torch.multinomial, torch.rand, None

    def of_layer(index):
        def before(*_):
            nonlocal number
            number = index
        return before

    hooks = [layer.register_forward_pre_hook(of_layer(i)) for i, layer in enumerate(layers)]
    if layers:
        torch.multinomial = lambda ratio, _: choose(ratio, number, seed, step())
        torch.rand = lambda *_, **__: torch.from_numpy(uniform(seed, POSITIONS + (number << 8), step(), np.arange(1)))
    try:
        yield
    finally:
        torch.multinomial, torch.rand = multinomial, rand
        for hook in hooks:
            hook.remove()
