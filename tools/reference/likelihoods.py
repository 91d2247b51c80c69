"""Likelihoods: `core/tests/fixtures/likelihoods.json`, each with its value, gradient, mean and samples.

Reference: neuralforecast 3.3.0, in double precision. Run: `python tools/reference/make.py likelihoods`.
"""

import torch
from neuralforecast.losses.pytorch import GMM, NBMM, PMM, DistributionLoss

from fixture import generator, plain, write_json

HORIZON, SAMPLES = 4, 40_000
# The windows that were drawn: the first one twice.
DRAWN, WINDOWS = [0, 0, 1, 2], 3
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 3.0], dtype=torch.double)
COUNTS, AMOUNTS, BINARY, REAL = "counts", "amounts", "binary", "real"
# name, loss, kind of target
CASES = [
    ("normal", DistributionLoss("Normal"), REAL),
    ("student_t", DistributionLoss("StudentT", level=[80], return_params=True), REAL),
    ("poisson", DistributionLoss("Poisson", level=[80]), COUNTS),
    ("bernoulli", DistributionLoss("Bernoulli", level=[80]), BINARY),
    ("negative_binomial", DistributionLoss("NegativeBinomial", quantiles=[0.9, 0.25], return_params=True), COUNTS),
    ("negative_binomial_weighted", DistributionLoss("NegativeBinomial", level=[80], horizon_weight=WEIGHT), COUNTS),
    ("tweedie", DistributionLoss("Tweedie", rho=1.5), AMOUNTS),
    ("tweedie_near_poisson", DistributionLoss("Tweedie", level=[80], rho=1.1), AMOUNTS),
    ("isqf", DistributionLoss("ISQF"), REAL),
    ("isqf_one_piece", DistributionLoss("ISQF", level=[80], num_pieces=1), REAL),
    ("isqf_quantiles", DistributionLoss("ISQF", quantiles=[0.7, 0.1, 0.95], num_pieces=3), REAL),
    ("isqf_weighted", DistributionLoss("ISQF", level=[50], num_pieces=2, horizon_weight=WEIGHT), REAL),
    ("gmm", GMM(), REAL),
    ("gmm_weighted", GMM(n_components=3, level=[80], weighted=True, return_params=True), REAL),
    ("gmm_horizon", GMM(n_components=2, quantiles=[0.9, 0.25], horizon_correlation=True), REAL),
    ("gmm_horizon_weighted", GMM(n_components=3, level=[80], horizon_correlation=True, weighted=True), REAL),
    ("gmm_batch", GMM(n_components=2, level=[80], batch_correlation=True), REAL),
    ("gmm_both_weighted", GMM(n_components=2, level=[80], batch_correlation=True, horizon_correlation=True, weighted=True), REAL),
    ("pmm", PMM(), COUNTS),
    ("pmm_weighted", PMM(n_components=3, level=[80], weighted=True, return_params=True), COUNTS),
    ("pmm_horizon", PMM(n_components=2, level=[80], horizon_correlation=True), COUNTS),
    ("pmm_batch_weighted", PMM(n_components=2, level=[80], batch_correlation=True, weighted=True), COUNTS),
    ("pmm_both", PMM(n_components=2, level=[80], batch_correlation=True, horizon_correlation=True), COUNTS),
    ("nbmm", NBMM(level=[80]), COUNTS),
    ("nbmm_weighted", NBMM(n_components=3, level=[80], weighted=True, return_params=True), COUNTS),
]


def target(kind: str, loc, scale, rng):
    shape = (WINDOWS, HORIZON, 1)
    if kind == REAL:
        return (torch.randn(shape, generator=rng) * scale + loc).float().double()
    if kind == BINARY:
        return torch.randint(2, shape, generator=rng).double()
    y = torch.randint(8, shape, generator=rng).double()
    return y * 0.75 if kind == AMOUNTS else y


def run(name: str, loss, kind: str, mask) -> dict:
    rng = generator(name)
    numbers = torch.randn(WINDOWS, HORIZON, loss.outputsize_multiplier, generator=rng).double().requires_grad_()
    loc = (3 * torch.rand(WINDOWS, 1, 1, generator=rng) + 0.5).double()
    scale = (0.5 + 2 * torch.rand(WINDOWS, 1, 1, generator=rng)).double()
    y = target(kind, loc, scale, rng)
    if getattr(loss, "horizon_weight", None) is not None:
        loss.horizon_weight = loss.horizon_weight.double()
    args = loss.scale_decouple(output=loss.domain_map(numbers[DRAWN]), loc=loc[DRAWN], scale=scale[DRAWN])
    value = loss(y=y[DRAWN], distr_args=args, mask=mask[DRAWN])
    value.backward()
    torch.manual_seed(1)
    with torch.no_grad():
        args = loss.scale_decouple(output=loss.domain_map(numbers), loc=loc, scale=scale)
        args = [arg.float() if isinstance(arg, torch.Tensor) else arg for arg in args]
        _, mean, quantiles = loss.sample(args, num_samples=SAMPLES)
    sampled = torch.cat([mean.squeeze(2), quantiles.squeeze(2)], dim=-1).float()
    loss.distr_mean = None
    return dict(name=name, loss=plain(loss), outputNames=loss.output_names, y=y.squeeze(-1), numbers=numbers, loc=loc.squeeze(),
                scale=scale.squeeze(), mask=mask.squeeze(-1), value=value, grad=numbers.grad, sampled=sampled)


def make() -> None:
    whole = torch.ones(WINDOWS, HORIZON, 1).double()
    # Sample weights are in the mask. A joint likelihood does not take the zeros that fill what a mask leaves out.
    holes = whole.clone()
    holes[0, 1], holes[1], holes[2, 2:] = 0.0, 0.5, 2.0
    cases = []
    for name, loss, kind in CASES:
        cases.append(run(name, loss, kind, whole))
        joint = getattr(loss, "horizon_correlation", False) or getattr(loss, "batch_correlation", False)
        cases.append(run(f"{name}_masked", loss, kind, holes.clamp(min=0.25) if joint else holes))
    write_json("likelihoods.json", {
        "reference": "neuralforecast 3.3.0",
        "drawn": DRAWN,
        "samples": SAMPLES,
        "shapes": "y, mask [B, h] on the scale of the target; loc, scale [B] of the windows; numbers, grad [B, h, outputs]; value "
                  "the loss of the windows in `drawn`, grad its gradient with respect to numbers; sampled [B, h, 1 + quantiles] "
                  "mean and quantiles of samples",
        "cases": cases,
    })
