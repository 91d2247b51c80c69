"""Losses of windows that span several series: `core/tests/fixtures/multivariate_losses.json`, each with its value and gradient.

Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py multivariate_losses`.
"""

import torch
from neuralforecast.losses.pytorch import MASE, TukeyLoss

from fixture import generator, plain, write_json
from losses import HORIZON, INPUT, LOSSES, MEASURES, UNWEIGHTED, WEIGHT

BATCH, SERIES = 3, 3


def run(name: str, loss, mask, measure: bool) -> dict:
    """Windows [B, h, N] as upstream sees them, written as [B, N, h]: a row for each series of each window."""
    rng = generator(name)
    outputs = 1 if measure else loss.outputsize_multiplier
    y = torch.randn(BATCH, HORIZON, SERIES, generator=rng)
    y[1, 3, 2] = 0.0
    insample = torch.randn(BATCH, INPUT, SERIES, generator=rng)
    insample[2, :, 1] = 1.0  # a naive forecast of it makes no error
    y_hat = y.unsqueeze(-1) + torch.randn(BATCH, HORIZON, SERIES, outputs, generator=rng)
    y_hat[0, 0, 0] = y[0, 0, 0]
    # As a network gives it; upstream's domain maps make of it what they want.
    y_hat = y_hat.reshape(BATCH, HORIZON, SERIES * outputs).requires_grad_(not measure)
    value = loss(y=y, y_hat=y_hat if measure else loss.domain_map(y_hat), y_insample=insample, mask=mask)
    if not measure:
        value.backward()

    def rows(of_windows):
        return of_windows.reshape(BATCH, -1, SERIES, of_windows.shape[2] // SERIES).permute(0, 2, 1, 3)

    return dict(name=name, loss=plain(loss), outputs=outputs, outputNames=loss.output_names, y=rows(y).squeeze(-1), yHat=rows(y_hat),
                yInsample=rows(insample).squeeze(-1) if isinstance(loss, MASE) else None,
                mask=rows(mask).squeeze(-1), value=value, grad=None if measure else rows(y_hat.grad))


def make() -> None:
    holes = (torch.rand(BATCH, HORIZON, SERIES, generator=generator("multivariate mask")) > 0.3).float()
    holes[1, 2] = 0.0  # a step without any series
    holes[2, :, 1] = 0.0
    # Sample weights are in the mask; each window has its own in each series.
    sampled = holes * torch.tensor([[0.5, 1.0, 2.0], [1.0, 1.5, 3.0], [1.0, 1.0, 1.0]])[:, None]
    cases = []
    for name, kind, args in [*LOSSES, ("tukey_close", TukeyLoss, dict(c=1.0))]:
        name = f"multivariate_{name}"
        if kind in UNWEIGHTED:
            cases.append(run(name, kind(**args), torch.ones_like(holes), False))
            cases.append(run(f"{name}_sample_weights", kind(**args), sampled, False))
        else:
            cases.append(run(f"{name}_weighted", kind(**args, horizon_weight=WEIGHT), sampled, False))
        cases.append(run(f"{name}_masked", kind(**args), holes, False))
    for name, kind, args in MEASURES:
        cases.append(run(f"multivariate_{name}_sample_weights", kind(**args), sampled, True))
    write_json("multivariate_losses.json", {
        "reference": "neuralforecast 3.3.0",
        "shapes": "y, mask [B, N, h]; yHat, grad [B, N, h, outputs]; value the scalar loss, grad its gradient with respect to yHat",
        "series": SERIES,
        "cases": cases,
    })
