"""Lets upstream's models draw what ours draw in their forward passes.

Reference: neuralforecast 3.3.0. Imported by other scripts; makes nothing by itself.
"""

from contextlib import ExitStack, contextmanager

from kernel_draws import convolved_as_ours
from sampled_keys import sampled_as_ours
from star_draws import pooled_as_ours


@contextmanager
def forwards_as_ours(model, seed: int, step):
    """Replaces all draws of this model; `step` tells the number of the training step."""
    with ExitStack() as all_draws:
        for replaced in (convolved_as_ours, sampled_as_ours, pooled_as_ours):
            all_draws.enter_context(replaced(model, seed, step))
        yield
