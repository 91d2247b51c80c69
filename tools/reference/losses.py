"""Losses: `core/tests/fixtures/losses.json`, each with its value, gradient and output names.

Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py losses`.
"""

import torch
from neuralforecast.losses.pytorch import MAE, MSE, HuberLoss, MQLoss

from fixture import generator, plain, write_json

BATCH, HORIZON = 4, 5
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 0.0, 3.0])
# name, class, arguments: each runs without a mask, with one, and with a horizon weight beside it.
LOSSES = [
    ("mae", MAE, {}),
    ("mse", MSE, {}),
    ("huber", HuberLoss, {}),
    ("huber_half", HuberLoss, dict(delta=0.5)),
    ("mq_default", MQLoss, {}),
    ("mq_level", MQLoss, dict(level=[80])),
    ("mq_quantiles", MQLoss, dict(quantiles=[0.1, 0.25, 0.5, 0.975])),
]


def run(name: str, loss, mask) -> dict:
    rng = generator(name)
    outputs = loss.outputsize_multiplier
    y = torch.randn(BATCH, HORIZON, 1, generator=rng)
    y_hat = torch.randn(BATCH, HORIZON, outputs, generator=rng).requires_grad_()
    with torch.no_grad():
        y_hat[0, 0] = y[0, 0]  # no error at all: the subgradient upstream takes
    value = loss(y=y, y_hat=loss.domain_map(y_hat), y_insample=None, mask=mask)
    value.backward()
    quantiles = getattr(loss, "quantiles", None)
    return dict(name=name, loss=plain(loss), outputs=outputs, outputNames=loss.output_names, quantiles=quantiles,
                y=y.squeeze(-1), yHat=y_hat, mask=None if mask is None else mask.squeeze(-1),
                value=value, grad=y_hat.grad)


def make() -> None:
    holes = (torch.rand(BATCH, HORIZON, 1, generator=generator("mask")) > 0.3).float()
    holes[0, 0] = 1.0
    holes[2] = 0.0
    cases = []
    for name, kind, args in LOSSES:
        weighted = kind(**args, horizon_weight=WEIGHT)
        cases.append(run(name, kind(**args), None))
        cases.append(run(f"{name}_masked", kind(**args), holes))
        cases.append(run(f"{name}_weighted", weighted, None))
        cases.append(run(f"{name}_weighted_masked", weighted, holes))
        cases.append(run(f"{name}_all_masked", kind(**args), torch.zeros_like(holes)))
    write_json("losses.json", {
        "reference": "neuralforecast 3.3.0",
        "shapes": "y, mask [B, h]; yHat, grad [B, h, outputs]; value the scalar loss, grad its gradient with respect to yHat",
        "cases": cases,
    })
