"""TCN: which of its variants have fixtures. Format: `__init__.py`."""

from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import TCN

from . import CATEGORIES, EXOG, EXOG_2, SHORT

MODEL = TCN

PLAIN = dict(h=4, input_size=9, encoder_hidden_size=10, decoder_hidden_size=8, dilations=[1, 2, 4])

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
        ("dilations_beyond_the_input", {"dilations": [1, 2, 4, 8, 16]}),
        ("one_dilation", dict(dilations=[3])),
        ("kernel_3", dict(kernel_size=3)),
        ("kernel_5", dict(kernel_size=5, dilations=[2, 1])),
        ("tanh", dict(encoder_activation="Tanh")),
        ("prelu", dict(encoder_activation="PReLU", decoder_activation="PReLU", decoder_layers=3)),
        ("gelu", dict(encoder_activation="GELU", decoder_activation="GELU")),
        ("decoder_1", dict(decoder_layers=1)),
        ("decoder_3", dict(decoder_layers=3, decoder_activation="Tanh")),
    ]),
]

TRAIN = dict(SHORT, encoder_hidden_size=8, decoder_hidden_size=8, dilations=[1, 2, 4])

TRAINING = [
    ("tcn_robust", dict(TRAIN, scaler_type="robust")),
    ("tcn_standard_exog", dict(TRAIN, scaler_type="standard", **EXOG_2, learning_rate=2e-3)),
    ("tcn_mq", dict(TRAIN, scaler_type="standard", loss=MQLoss(level=[80]), encoder_activation="Tanh")),
]
