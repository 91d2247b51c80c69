"""Lets upstream's TimeMixer draw the convolution between scales that ours draws: it makes a new one in every forward pass.

Ours: `core/src/models/timemixer.rs: drawn_kernel`. While training, the weights are a function of (seed, step); else always the
same. Reference: neuralforecast 3.3.0. Imported by other scripts; makes nothing by itself.
"""

from contextlib import contextmanager

import numpy as np
import torch
from neuralforecast.models import TimeMixer

from quantiles import uniform

KERNELS = 11  # stream


@contextmanager
def convolved_as_ours(model, seed: int, step):
    """Replaces the initial weights of convolutions; `step` tells the number of the training step. Does nothing to other models."""
    original = torch.nn.init.kaiming_uniform_

    def fill(weight, **_):
        drawn = uniform(*((seed, KERNELS, step()) if model.training else (0, KERNELS, 0)), np.arange(weight.numel()))
        bound = np.float32(1 / np.sqrt(np.float32(weight[0].numel())))
        with torch.no_grad():
            weight.copy_(torch.from_numpy(bound * (2 * drawn - 1)).reshape(weight.shape))

    if isinstance(model, TimeMixer):
        torch.nn.init.kaiming_uniform_ = fill
    try:
        yield
    finally:
        torch.nn.init.kaiming_uniform_ = original
