"""NBEATS: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import NBEATS

from . import SHORT

MODEL = NBEATS

PLAIN = dict(h=6, input_size=12, mlp_units=[[12, 10], [10, 8]])
TREND = dict(stack_types=["trend"], n_blocks=[2], mlp_units=[[8, 8]], input_size=11)
BASES = ("legendre", "polynomial", "changepoint", "piecewise_linear", "linear_hat", "spline", "chebyshev")

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("identity", dict(stack_types=["identity"], n_blocks=[3])),
        ("seasonality_odd", dict(stack_types=["seasonality"], n_blocks=[1], h=7, input_size=10, n_harmonics=1)),
        ("seasonality_3", dict(stack_types=["seasonality"], n_blocks=[2], h=7, n_harmonics=3)),
        ("blocks_2_1_3", dict(n_blocks=[2, 1, 3], mlp_units=[[8, 8]])),
        ("shared", dict(n_blocks=[2, 3, 2], mlp_units=[[8, 8]], shared_weights=True)),
        ("shared_prelu_mq", dict(n_blocks=[1, 2, 2], mlp_units=[[8, 8], [8, 8]], shared_weights=True, activation="PReLU",
                                 loss=MQLoss(quantiles=[0.2, 0.5]))),
        ("h_1", dict(h=1, stack_types=["identity"], n_blocks=[2])),
        ("softplus", dict(activation="Softplus")),
        ("tanh", dict(activation="Tanh")),
        ("selu", dict(activation="SELU")),
        ("leaky_relu", dict(activation="LeakyReLU")),
        ("prelu", dict(activation="PReLU")),
        ("sigmoid", dict(activation="Sigmoid")),
    ]),
    (TREND, [(f"trend_{basis}", dict(basis=basis, n_basis=4, h=9)) for basis in BASES]),
    (TREND, [(f"trend_{basis}_mq", dict(basis=basis, n_basis=3, h=5, loss=MQLoss(level=[80]))) for basis in ("spline", "legendre")]),
    (TREND, [("trend_n_basis_0", dict(basis="polynomial", n_basis=0, h=5))]),
]

TRAIN = dict(SHORT, mlp_units=[[8, 8]], scaler_type="robust")

TRAINING = [
    ("nbeats_robust", TRAIN),
    # Weight decay leaves the bases as they are.
    ("nbeats_shared_decay", dict(TRAIN, n_blocks=[2, 2, 2], shared_weights=True, scaler_type="standard", basis="legendre",
                                 optimizer=torch.optim.Adam, optimizer_kwargs=dict(weight_decay=0.1), learning_rate=2e-3)),
    ("nbeats_mq_spline", dict(TRAIN, loss=MQLoss(level=[80]), basis="spline", n_basis=3, learning_rate=2e-3)),
]
