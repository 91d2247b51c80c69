"""MLP: which of its variants have fixtures. Format: `__init__.py`."""

import numpy as np
import torch
from neuralforecast.losses.pytorch import GMM, MAE, NBMM, PMM, DistributionLoss, MQLoss, weighted_average
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


def masked(loss_class):
    """A mixture whose joint likelihood leaves out what the mask does. Upstream's takes the zeros that fill it for data: of every
    series, the windows that reach beyond its end."""

    def loss(self, y, distr_args, mask=None):
        distr = self.get_distribution(distr_args=distr_args)
        log_prob = distr.component_distribution.log_prob(distr._pad(y)) * (mask != 0).unsqueeze(-1)
        for axis, joint in enumerate([self.batch_correlation, self.horizon_correlation]):
            log_prob = log_prob.sum(dim=axis, keepdim=True) if joint else log_prob
        log_weights = torch.log_softmax(distr.mixture_distribution.logits, dim=-1)
        return weighted_average(-torch.logsumexp(log_prob + log_weights, dim=-1), weights=mask)

    return type(loss_class.__name__, (loss_class,), {"__call__": loss})


COUNTS = ({}, {}, LENGTHS, None, np.round)

TRAINING = [
    ("mlp_robust", TRAIN),
    ("mlp_gmm_horizon", dict(TRAIN, scaler_type="identity",
                             loss=masked(GMM)(n_components=2, weighted=True, horizon_correlation=True, **SAMPLED))),
    # A validation loss with batch_correlation is another one here.
    ("mlp_pmm_batch", dict(TRAIN, loss=masked(PMM)(n_components=3, batch_correlation=True, **SAMPLED), valid_loss=MAE()), *COUNTS),
    ("mlp_nbmm", dict(TRAIN, loss=NBMM(n_components=2, **SAMPLED)), *COUNTS),
    ("mlp_negative_binomial", dict(TRAIN, learning_rate=1e-3, loss=DistributionLoss("NegativeBinomial", **SAMPLED)), *COUNTS),
    ("mlp_exog_mq", dict(TRAIN, loss=MQLoss(level=[80]), scaler_type="standard", **EXOG_2, learning_rate=2e-3)),
]
