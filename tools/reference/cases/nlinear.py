"""NLinear: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import NLinear

from . import SHORT

MODEL = NLinear

FORWARD = [
    (dict(h=4, input_size=12), [
        ("plain", {}),
        ("mq", dict(loss=MQLoss(level=[80, 90]))),
        ("h_1", dict(h=1, input_size=5)),
    ]),
]

TRAINING = [
    ("nlinear_standard", dict(SHORT, scaler_type="standard")),
    ("nlinear_mq_padded", dict(SHORT, scaler_type="minmax", loss=MQLoss(level=[80]), start_padding_enabled=True)),
]
