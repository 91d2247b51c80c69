"""Skeleton: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import Skeleton

from . import SHORT

MODEL = Skeleton

PLAIN = dict(h=4, input_size=12)

FORWARD = [
    (PLAIN, [
        ("plain", dict()),
        ("mq", dict(loss=MQLoss(level=[80, 90]))),
    ]),
]

TRAINING = [
    ("skeleton_standard", dict(SHORT, scaler_type="standard")),
    ("skeleton_padded", dict(SHORT, scaler_type="robust", start_padding_enabled=True)),
]
