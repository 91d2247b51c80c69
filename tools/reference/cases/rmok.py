"""RMoK: which of its variants have fixtures. Format: `__init__.py`."""

import torch
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import RMoK

from . import SHORT

MODEL = RMoK

PLAIN = dict(h=4, input_size=7, n_series=3, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]))),
        ("not_affine", dict(revin_affine=False)),
        ("one_series", dict(n_series=1)),
        ("taylor_1", dict(taylor_order=1)),
        ("taylor_2", dict(taylor_order=2)),
        ("taylor_5", dict(taylor_order=5)),
        ("jacobi_0", dict(jacobi_degree=0)),
        ("jacobi_1", dict(jacobi_degree=1)),
        ("jacobi_2", dict(jacobi_degree=2)),
        ("morlet", dict(wavelet_function="morlet")),
        ("dog", dict(wavelet_function="dog")),
        ("meyer", dict(wavelet_function="meyer")),
        ("shannon", dict(wavelet_function="shannon")),
        ("h_1", dict(h=1)),
    ]),
]

TRAIN = dict(SHORT, n_series=3, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("rmok_identity", TRAIN),
    ("rmok_morlet_standard", dict(TRAIN, scaler_type="standard", wavelet_function="morlet", revin_affine=False)),
    # Upstream's polynomial of Meyer's wavelet cancels where the wavelet ends. Adam would make steps of these rounding errors.
    ("rmok_meyer_sgd", dict(TRAIN, scaler_type="standard", wavelet_function="meyer", optimizer=torch.optim.SGD,
                            learning_rate=0.05)),
    ("rmok_5_mq", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80])), {}, {}, [72, 60, 51, 66, 57]),
]
