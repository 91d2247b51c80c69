"""MLP: which of its variants have fixtures. Format: `__init__.py`."""

import numpy as np
from neuralforecast.losses.pytorch import GMM, NBMM, PMM, DistributionLoss, MQLoss
from neuralforecast.models import MLP

from . import CATEGORIES, EXOG, EXOG_2, LENGTHS, SHORT

MODEL = MLP

PLAIN = dict(h=4, input_size=9, hidden_size=10)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2", "x3"])),
        ("stat_exog", dict(stat_exog_list=["s1", "s2"])),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog", dict(loss=MQLoss(quantiles=[0.1, 0.5, 0.7]), **EXOG)),
        ("layers_1", dict(num_layers=1)),
        ("layers_4", dict(num_layers=4)),
        ("h_1", dict(h=1)),
    ]),
]

TRAIN = dict(SHORT, hidden_size=8, scaler_type="robust")

SAMPLED = dict(level=[80], return_params=True, num_samples=20_000)
# Of the same length: upstream fills what comes before a shorter series with zeros, and a joint likelihood takes them for data.
EQUAL = [60, 60, 60]
COUNTS = ({}, {}, LENGTHS, None, np.round)

TRAINING = [
    ("mlp_robust", TRAIN),
    ("mlp_gmm_horizon", dict(TRAIN, loss=GMM(n_components=2, weighted=True, horizon_correlation=True, **SAMPLED)), {}, {}, EQUAL),
    ("mlp_pmm_batch", dict(TRAIN, loss=PMM(n_components=3, batch_correlation=True, **SAMPLED)),
     {}, {}, EQUAL, None, np.round),
    ("mlp_nbmm", dict(TRAIN, loss=NBMM(n_components=2, **SAMPLED)), *COUNTS),
    ("mlp_negative_binomial", dict(TRAIN, loss=DistributionLoss("NegativeBinomial", **SAMPLED)), *COUNTS),
    ("mlp_exog_mq", dict(TRAIN, loss=MQLoss(level=[80]), scaler_type="standard", **EXOG_2, learning_rate=2e-3)),
]
