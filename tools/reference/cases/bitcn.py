"""BiTCN: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import BiTCN

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = BiTCN

PLAIN = dict(h=4, input_size=9, hidden_size=8, dropout=0.0)

FORWARD = [
    (PLAIN, [
        ("plain", {}),
        ("exog", EXOG),
        ("categories", CATEGORIES),
        ("futr_exog", dict(futr_exog_list=["f1"])),
        ("hist_exog", dict(hist_exog_list=["x1", "x2"])),
        ("stat_exog", dict(stat_exog_list=["s1"])),
        ("mq", dict(loss=MQLoss(level=[80]))),
        ("mq_exog", dict(loss=MQLoss(quantiles=[0.1, 0.5, 0.7]), **EXOG)),
        ("input_power_of_2", dict(input_size=8)),
        ("input_2", dict(input_size=2, **EXOG)),
        ("h_1", dict(h=1, **EXOG)),
        ("hidden_12", dict(hidden_size=12, **EXOG)),
    ]),
]

TRAIN = dict(SHORT, hidden_size=8, dropout=0.0)

TRAINING = [
    ("bitcn_identity", dict(TRAIN, scaler_type="identity", learning_rate=1e-3)),
    ("bitcn_standard_exog", dict(TRAIN, scaler_type="standard", **EXOG_2, learning_rate=2e-3)),
    ("bitcn_robust_mq", dict(TRAIN, scaler_type="robust", loss=MQLoss(level=[80]))),
    ("bitcn_exog_without_y", dict(TRAIN, scaler_type="standard", **EXOG_2, exclude_insample_y=True, learning_rate=2e-3)),
]
