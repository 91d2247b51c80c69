"""Lets upstream's implicit quantile losses draw the quantiles that ours draws, so that trainings can be compared.

Ours: `core/src/rng.rs`, Philox 4x32-10 of (seed, stream, step, index), index the place among the windows and steps of a batch.
Reference: neuralforecast 3.3.0. Imported by `training.py`; makes nothing by itself.
"""

from contextlib import contextmanager

import numpy as np
import torch
from neuralforecast.losses.pytorch import HuberIQLoss, IQLoss

TRAINING, VALIDATION = 5, 6  # streams
LOW = np.uint64(0xFFFFFFFF)


def uniform(seed: int, stream: int, step: int, index: np.ndarray) -> np.ndarray:
    """`Key::uniform`: the top 24 bits of a word of the block that the index is in."""
    block = (index // 4).astype(np.uint64)
    words = [block & LOW, block >> np.uint64(32), np.full_like(block, step), np.full_like(block, stream)]
    keys = [np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)]
    for _ in range(10):
        p0, p1 = words[0] * np.uint64(0xD2511F53), words[2] * np.uint64(0xCD9E8D57)
        words = [(p1 >> np.uint64(32)) ^ words[1] ^ keys[0], p1 & LOW, (p0 >> np.uint64(32)) ^ words[3] ^ keys[1], p0 & LOW]
        keys = [(keys[0] + np.uint64(0x9E3779B9)) & LOW, (keys[1] + np.uint64(0xBB67AE85)) & LOW]
    word = np.choose((index % 4).astype(np.int64), words)
    return ((word >> np.uint64(8)).astype(np.float64) / 2**24).astype(np.float32)


@contextmanager
def drawn_as_ours(model):
    """Replaces the sampling of an implicit quantile loss; does nothing to a model with another loss.

    While a recurrent model is validated, each step is fed back at the quantile that it is measured at.
    """
    if not isinstance(model.loss, (IQLoss, HuberIQLoss)):
        yield
        return
    validates, decoded, validation_step = False, 0, model.validation_step

    def sample(sample_size, device):
        nonlocal decoded
        rows, steps, _ = sample_size
        begin, horizon = 0, steps
        if validates and model.RECURRENT:
            horizon = model.horizon_backup
            begin, decoded = (decoded, decoded + 1) if steps == 1 else (0, 0)
        index = np.arange(rows)[:, None] * horizon + begin + np.arange(steps)
        stream, step = (VALIDATION, 0) if validates else (TRAINING, model.global_step)
        quantiles = torch.from_numpy(uniform(model.random_seed, stream, step, index)).reshape(*sample_size, 1)
        model.loss.q = quantiles.squeeze(-1)
        return quantiles

    def validate(*arguments):
        nonlocal validates
        validates = True
        try:
            return validation_step(*arguments)
        finally:
            validates = False

    model.loss._sample_quantiles, model.validation_step = sample, validate
    yield
    del model.loss._sample_quantiles, model.validation_step
