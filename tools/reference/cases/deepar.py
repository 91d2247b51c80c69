"""DeepAR: which of its variants have fixtures. Format: `__init__.py`."""

import numpy as np
from neuralforecast.losses.pytorch import MAE, DistributionLoss, MQLoss
from neuralforecast.models import DeepAR

from . import CATEGORIES, EXOG, EXOG_2, LENGTHS, SHORT

MODEL = DeepAR

SMALL = dict(h=4, input_size=7, lstm_hidden_size=8, lstm_dropout=0.0, trajectory_samples=40_000)
NORMAL = DistributionLoss("Normal", level=[80])

FORWARD = [
    (SMALL, [
        ("student_t", {}),
        ("student_t_h_train_3", dict(h_train=3)),
        ("student_t_exog", dict(h_train=2, **EXOG)),
        ("student_t_categories", dict(h_train=2, **CATEGORIES)),
        ("student_t_decoder_2", dict(decoder_hidden_layers=2, decoder_hidden_size=6, decoder_activation="Tanh")),
        ("normal", dict(h_train=2, lstm_n_layers=1, loss=NORMAL)),
        ("normal_params", dict(h_train=4, loss=DistributionLoss("Normal", quantiles=[0.9, 0.25], return_params=True))),
        ("poisson", dict(h_train=2, loss=DistributionLoss("Poisson", level=[80]))),
        ("bernoulli", dict(h_train=2, loss=DistributionLoss("Bernoulli", quantiles=[0.3], return_params=True))),
        ("mae", dict(h_train=2, loss=MAE())),
        ("mq", dict(h_train=2, loss=MQLoss(level=[80]), valid_loss=MQLoss(level=[80]))),
    ]),
]

TRAIN = dict(SHORT, lstm_hidden_size=8, lstm_dropout=0.0, trajectory_samples=20_000)
PARAMS = dict(level=[80], return_params=True, num_samples=20_000)

TRAINING = [
    ("deepar_student_t", dict(TRAIN, scaler_type="standard", h_train=2, loss=DistributionLoss("StudentT", **PARAMS))),
    ("deepar_normal_exog", dict(TRAIN, scaler_type="robust", h_train=3, loss=DistributionLoss("Normal", **PARAMS), **EXOG_2)),
    ("deepar_poisson_exog", dict(TRAIN, scaler_type="standard", h_train=2, loss=DistributionLoss("Poisson", **PARAMS), **EXOG_2),
     {}, {}, LENGTHS, None, np.round),
    ("deepar_valid_likelihood", dict(TRAIN, scaler_type="invariant", loss=DistributionLoss("StudentT", **PARAMS),
                                     valid_loss=None)),
    ("deepar_valid_mq", dict(TRAIN, scaler_type="standard", loss=DistributionLoss("Normal", **PARAMS),
                             valid_loss=MQLoss(level=[80]))),
]
