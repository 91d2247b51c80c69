"""SOFTS: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MAE, MASE, MQLoss
from neuralforecast.models import SOFTS

from . import SHORT

MODEL = SOFTS

PLAIN = dict(h=4, input_size=7, n_series=3, hidden_size=8, d_core=6, d_ff=10, e_layers=2, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_5", dict(n_series=5, loss=MQLoss(quantiles=[0.1, 0.5]))),
        ("no_norm", dict(use_norm=False)),
        ("no_norm_mq", dict(use_norm=False, loss=MQLoss(level=[80]))),
        ("large_core", dict(d_core=21)),
        ("odd_sizes", dict(hidden_size=7, d_core=5)),
        ("one_layer", dict(e_layers=1)),
        ("three_layers", dict(e_layers=3)),
        ("no_layer", dict(e_layers=0)),
        ("d_ff_by_default", dict(d_ff=0)),
        ("one_series", dict(n_series=1)),
        ("h_1", dict(h=1)),
    ]),
]

TRAIN = dict(SHORT, n_series=3, hidden_size=8, d_core=6, d_ff=10, e_layers=2, dropout=0.0, learning_rate=1e-3)

TRAINING = [
    ("softs_identity", TRAIN),
    ("softs_standard", dict(TRAIN, scaler_type="standard", use_norm=False)),
    ("softs_5_mq", dict(TRAIN, n_series=5, scaler_type="robust", loss=MQLoss(level=[80])), {}, {}, [72, 60, 51, 66, 57]),
    ("softs_mase", dict(TRAIN, loss=MAE(), valid_loss=MASE(seasonality=6))),
]
