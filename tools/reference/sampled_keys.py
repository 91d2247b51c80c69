"""Lets upstream's ProbSparse attention sample the keys that ours samples, so that outputs and trainings can be compared.

Ours: `core/src/tape/prob_attention.rs`. While training, the sample of a layer is a function of (seed, step, number of the
layer); else of the number alone. Reference: neuralforecast 3.3.0. Imported by other scripts; makes nothing by itself.
"""

from contextlib import contextmanager

import numpy as np
import torch
from neuralforecast.models.informer import ProbAttention

from quantiles import uniform

KEYS = 8  # stream


def sample(shape: tuple, keys: int, layer: int, seed: int = 0, step: int = 0) -> torch.Tensor:
    """`ProbSparse::sample`: the keys that each query is judged by."""
    drawn = uniform(seed, KEYS + (layer << 8), step, np.arange(np.prod(shape))).astype(np.float64)
    return torch.from_numpy(np.floor(drawn * keys).astype(np.int64)).reshape(shape)


@contextmanager
def sampled_as_ours(model, seed: int, step):
    """Replaces the sampling of all layers; `step` tells the number of the training step. Does nothing without such layers."""
    layers = [module for module in model.modules() if isinstance(module, ProbAttention)]
    original, number = torch.randint, None

    def of_layer(index):
        def before(*_):
            nonlocal number
            number = index
        return before

    def randint(keys, shape):
        training = dict(seed=seed, step=step()) if model.training else {}
        return sample(shape, keys, number, **training)

    hooks = [layer.register_forward_pre_hook(of_layer(i), with_kwargs=True) for i, layer in enumerate(layers)]
    if layers:
        torch.randint = randint
    try:
        yield
    finally:
        torch.randint = original
        for hook in hooks:
            hook.remove()
