"""RLinear: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from rlinear import RLinear

from . import SHORT

MODEL = RLinear

PLAIN = dict(h=4, input_size=12, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80, 90]))),
        ("without_revin", dict(revin=False)),
        ("h_1", dict(h=1, input_size=5)),
    ]),
]

TRAIN = dict(SHORT, dropout=0.0)

TRAINING = [
    ("rlinear_identity", TRAIN),
    ("rlinear_standard_mq", dict(TRAIN, scaler_type="standard", loss=MQLoss(level=[80]))),
]
