"""Losses: `core/tests/fixtures/losses.json`, each with its value, gradient and output names.

Reference: neuralforecast 3.3.0. Run: `python tools/reference/make.py losses`.
"""

from functools import partial

import torch
from neuralforecast.losses.pytorch import (MAE, MAPE, MASE, MSE, RMSE, SMAPE, Accuracy, FreDF, HuberIQLoss, HuberLoss,
                                           HuberMQLoss, HuberQLoss, IQLoss, MQLoss, QuantileLoss, TukeyLoss, sCRPS)

from fixture import generator, plain, write_json

BATCH, HORIZON, INPUT = 4, 5, 9
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
    ("rmse", RMSE, {}),
    ("mape", MAPE, {}),
    ("smape", SMAPE, {}),
    ("mase", MASE, dict(seasonality=1)),
    ("mase_season", MASE, dict(seasonality=4)),
    ("fredf", FreDF, {}),
    ("fredf_time", FreDF, dict(alpha=0.0)),
    ("fredf_frequency", FreDF, dict(alpha=1.0)),
    ("tukey", TukeyLoss, {}),
    ("tukey_wide", TukeyLoss, dict(c=1.5, normalize=False)),
    ("ql", QuantileLoss, dict(q=0.9)),
    ("huber_q", HuberQLoss, dict(q=0.3)),
    ("huber_q_half", HuberQLoss, dict(q=0.75, delta=0.5)),
    ("huber_mq_default", HuberMQLoss, {}),
    ("huber_mq_quantiles", HuberMQLoss, dict(quantiles=[0.1, 0.5, 0.9], delta=0.25)),
]
# Of numbers that each have a quantile of their own, `levels`; what else these losses do is in the fixtures of models.
IMPLICIT = [
    ("iq", IQLoss, {}),
    ("huber_iq", HuberIQLoss, dict(delta=0.5)),
]
# Losses that take no horizon weight.
UNWEIGHTED = (TukeyLoss, Accuracy, sCRPS)
# What only measures, of a point forecast: run with and without a mask, no gradient.
MEASURES = [
    ("accuracy", Accuracy, {}),
    ("scrps", sCRPS, {}),
    ("scrps_quantiles", sCRPS, dict(quantiles=[0.1, 0.5, 0.9])),
    ("mq_of_a_point", MQLoss, dict(quantiles=[0.1, 0.5, 0.9])),
    ("huber_mq_of_a_point", HuberMQLoss, dict(level=[90])),
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


def run_implicit(name: str, loss, mask) -> dict:
    rng = generator(name)
    y, y_hat, levels = torch.randn(3, BATCH, HORIZON, 1, generator=rng)
    y_hat = y_hat.requires_grad_()
    loss.q = levels = levels.sigmoid()
    value = loss(y=y, y_hat=y_hat, y_insample=None, mask=mask)
    value.backward()
    return dict(name=name, loss=plain(loss), outputs=1, outputNames=["_ql0.5"], y=y.squeeze(-1), yHat=y_hat, levels=levels,
                mask=None if mask is None else mask.squeeze(-1), value=value, grad=y_hat.grad)


def run_late(name: str, loss, mask, measure: bool) -> dict:
    """As `run`, for what came later: a window's input beside it, forecasts near and far; 0 among the actual values."""
    rng = generator(name)
    outputs = 1 if measure else loss.outputsize_multiplier
    y = torch.randn(BATCH, HORIZON, 1, generator=rng)
    y[1, 3] = 0.0
    insample = torch.randn(BATCH, INPUT, 1, generator=rng)
    insample[3] = 1.0  # a naive forecast of it makes no error
    near = 0.03 if isinstance(loss, TukeyLoss) and loss.normalize else 1.0
    y_hat = y + near * torch.randn(BATCH, HORIZON, outputs, generator=rng)
    y_hat[0, 0] = y[0, 0]
    y_hat[1, 3] = 0.0  # neither a value nor a forecast of it
    y_hat.requires_grad_(not measure)
    value = loss(y=y, y_hat=y_hat if measure else loss.domain_map(y_hat), y_insample=insample, mask=mask)
    if not measure:
        value.backward()
    return dict(name=name, loss=plain(loss), outputs=outputs, outputNames=loss.output_names, y=y.squeeze(-1), yHat=y_hat,
                yInsample=insample.squeeze(-1) if isinstance(loss, MASE) else None,
                mask=None if mask is None else mask.squeeze(-1), value=value, grad=None if measure else y_hat.grad)


def make() -> None:
    holes = (torch.rand(BATCH, HORIZON, 1, generator=generator("mask")) > 0.3).float()
    holes[0, 0] = 1.0
    holes[2] = 0.0
    cases = []
    for name, kind, args in LOSSES:
        case = run if kind in (MAE, MSE, HuberLoss, MQLoss) else partial(run_late, measure=False)
        cases.append(case(name, kind(**args), None))
        cases.append(case(f"{name}_masked", kind(**args), holes))
        if kind not in UNWEIGHTED:
            weighted = kind(**args, horizon_weight=WEIGHT)
            cases.append(case(f"{name}_weighted", weighted, None))
            cases.append(case(f"{name}_weighted_masked", weighted, holes))
        cases.append(case(f"{name}_all_masked", kind(**args), torch.zeros_like(holes)))
    for name, kind, args in MEASURES:
        cases.append(run_late(name, kind(**args), torch.ones_like(holes), True))
        cases.append(run_late(f"{name}_masked", kind(**args), holes, True))
        cases.append(run_late(f"{name}_all_masked", kind(**args), torch.zeros_like(holes), True))
    # Sample weights are in the mask.
    sampled = holes * torch.tensor([0.5, 1.0, 1.0, 3.0])[:, None, None]
    for name, kind, args in LOSSES:
        cases.append(run_late(f"{name}_sample_weights", kind(**args), sampled, False))
    for name, kind, args in MEASURES:
        cases.append(run_late(f"{name}_sample_weights", kind(**args), sampled, True))
    for name, kind, args in IMPLICIT:
        cases.append(run_implicit(name, kind(**args), None))
        cases.append(run_implicit(f"{name}_weighted_masked", kind(**args, horizon_weight=WEIGHT), sampled))
        cases.append(run_implicit(f"{name}_all_masked", kind(**args), torch.zeros_like(holes)))
    write_json("losses.json", {
        "reference": "neuralforecast 3.3.0",
        "shapes": "y, mask [B, h]; yHat, grad [B, h, outputs]; value the scalar loss, grad its gradient with respect to yHat",
        "cases": cases,
    })
